# SPDX-License-Identifier: MIT
"""scripts/bench with a tailrace that only pretends: what runs, and whose exit code counts."""
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent


class bench_script(unittest.TestCase):
    def bench(self, run, *arguments, report="exit 0", earlier=True):
        """Exit code and what was called, in order, when `tailrace run` does `run`."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, body in (("scripts/setup", "exit 0"), ("scripts/build", "exit 0"),
                               ("scripts/report", report),
                               ("build/release/bin/tailrace", run),
                               ("build/gcc/bin/tailrace", run)):
                file = root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"#!/bin/sh\necho {name} $* >>{root}/calls\n{body}\n")
                file.chmod(0o755)
            shutil.copy(SCRIPTS / "bench", root / "scripts/bench")
            (root / "results").mkdir()
            if earlier:
                (root / "results/latest").symlink_to("earlier")
            code = subprocess.run([root / "scripts/bench", *arguments], check=False,
                                  capture_output=True).returncode
            return code, (root / "calls").read_text().splitlines()

    NEW = "ln -sfn new results/latest; "

    def test_good_run(self):
        code, calls = self.bench(self.NEW + "exit 0", "quick", "")
        self.assertEqual(code, 0)
        self.assertEqual(calls, ["scripts/setup", "scripts/build release programs",
                                 "build/release/bin/tailrace run --profile quick",
                                 "scripts/report"])

    def test_runtimes_and_preset_are_passed_on(self):
        _, calls = self.bench("exit 0", "smoke", "local,threads", "gcc")
        self.assertEqual(calls[1:], [
            "scripts/build gcc programs",
            "build/gcc/bin/tailrace run --profile smoke --runtimes local,threads"])

    def test_peers_by_the_environment(self):
        for value, given in (("1", True), ("0", False), ("", False)):
            with unittest.mock.patch.dict("os.environ", PEERS=value):
                _, calls = self.bench("exit 0", "quick", "")
            self.assertEqual(calls[2].endswith(" --peers"), given, value)

    def test_failed_cells_are_reported_and_fail(self):
        code, calls = self.bench(self.NEW + "exit 7", "quick", "", earlier=False)
        self.assertEqual((code, calls[-1]), (7, "scripts/report"))

    def test_a_run_that_never_began_does_not_redraw_the_last_report(self):
        code, calls = self.bench("exit 2", "nonsense", "")
        self.assertEqual(code, 2)
        self.assertEqual(calls[-1], "build/release/bin/tailrace run --profile nonsense")

    def test_failed_report_fails_a_good_run_only(self):
        self.assertEqual(self.bench(self.NEW + "exit 0", "quick", report="exit 3")[0], 3)
        self.assertEqual(self.bench(self.NEW + "exit 7", "quick", report="exit 3")[0], 7)


if __name__ == "__main__":
    unittest.main()
