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
    def bench(self, run, *arguments, report="exit 0", earlier=True, until=""):
        """Exit code and what was called, in order, when `tailrace run` does `run`. `until`: what
        the shell does when the campaign is at a look."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, body in (("scripts/setup", "exit 0"), ("scripts/build", "exit 0"),
                               ("scripts/report",
                                f'if [ "$1" = until ]; then :; {until}\nelse {report}; fi'),
                               ("build/release/bin/tailrace", run),
                               ("build/gcc/bin/tailrace", run)):
                file = root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"#!/bin/sh\necho {name} $* >>{root}/calls\n{body}\n")
                file.chmod(0o755)
            shutil.copy(SCRIPTS / "bench", root / "scripts/bench")
            (root / "results/old").mkdir(parents=True)
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
                                 "scripts/report until results/new",
                                 "scripts/report results/new"])

    def test_runtimes_and_preset_are_passed_on(self):
        _, calls = self.bench("exit 0", "smoke", "local,threads", "gcc")
        self.assertEqual(calls[1:], [
            "scripts/build gcc programs",
            "build/gcc/bin/tailrace run --profile smoke --runtimes local,threads"])

    RUN = "build/release/bin/tailrace run "

    def test_a_campaign_of_looks_goes_on_until_there_is_no_next(self):
        run = self.NEW + 'case "$*" in *32*) : >$PWD/done;; esac; exit 0'
        until = "[ -e done ] || { [ -e second ] && echo 32 || echo 16; : >second; }"
        code, calls = self.bench(run, "decided", until=until)
        self.assertEqual(code, 0)
        ask = "scripts/report until results/new"
        self.assertEqual(calls[2:], [
            self.RUN + "--profile decided", ask, self.RUN + "--resume results/new --blocks 16",
            ask,
            self.RUN + "--resume results/new --blocks 32", ask, "scripts/report results/new"])

    def test_it_goes_on_where_cells_failed_and_not_where_the_run_did(self):
        for code, asked in ((1, True), (2, False), (130, False)):
            found, calls = self.bench(self.NEW + f"exit {code}", "decided", until="echo 16")
            self.assertEqual(found, code)
            self.assertEqual("scripts/report until results/new" in calls, asked, code)
            self.assertEqual(calls[-1], "scripts/report results/new")

    def test_an_answer_that_does_not_change_or_cannot_be_had_ends_it(self):
        _, calls = self.bench(self.NEW + "exit 0", "decided", until="echo 16")
        self.assertEqual(sum("--blocks 16" in call for call in calls), 1)
        code, calls = self.bench(self.NEW + "exit 0", "decided", until="echo 16; exit 2")
        self.assertEqual((code, sum("--blocks" in call for call in calls)), (0, 0))

    def test_a_campaign_that_was_ended_goes_on(self):
        for name in ("old", "results/old"):
            with unittest.mock.patch.dict("os.environ", RESUME=name):
                _, calls = self.bench("exit 0", "decided")
            self.assertEqual(calls[2:], [self.RUN + f"--resume {name}",
                                         "scripts/report until results/old",
                                         "scripts/report results/old"])

    def test_one_that_is_not_there_is_refused_once(self):
        with unittest.mock.patch.dict("os.environ", RESUME="nowhere"):
            code, calls = self.bench("exit 2", "decided")
        self.assertEqual((code, calls[2:]), (2, [self.RUN + "--resume nowhere"]))

    def test_peers_by_the_environment(self):
        for value, given in (("1", True), ("0", False), ("", False)):
            with unittest.mock.patch.dict("os.environ", PEERS=value):
                _, calls = self.bench("exit 0", "quick", "")
            self.assertEqual(calls[2].endswith(" --peers"), given, value)

    def test_failed_cells_are_reported_and_fail(self):
        code, calls = self.bench(self.NEW + "exit 7", "quick", "", earlier=False)
        self.assertEqual((code, calls[-1]), (7, "scripts/report results/new"))

    def test_a_run_that_never_began_does_not_redraw_the_last_report(self):
        code, calls = self.bench("exit 2", "nonsense", "")
        self.assertEqual(code, 2)
        self.assertEqual(calls[-1], "build/release/bin/tailrace run --profile nonsense")

    def test_failed_report_fails_a_good_run_only(self):
        self.assertEqual(self.bench(self.NEW + "exit 0", "quick", report="exit 3")[0], 3)
        self.assertEqual(self.bench(self.NEW + "exit 7", "quick", report="exit 3")[0], 7)


if __name__ == "__main__":
    unittest.main()
