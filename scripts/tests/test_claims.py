# SPDX-License-Identifier: MIT
"""scripts/claims with scripts that only pretend: what is measured, what is left out when it goes
on, and whose exit code counts."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
BENCH = "scripts/bench claims"
MICRO = "scripts/micro --rounds 8 --filter /workers:1"


class claims_script(unittest.TestCase):
    def claims(self, bench, micro="touch results/latest/micro.json", report="exit 0", resume="",
               old_micro=False):
        """Exit code and what was called, in order."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "scripts").mkdir()
            for name, body in (("bench", bench), ("micro", micro), ("report", report)):
                file = root / "scripts" / name
                file.write_text(f"#!/bin/sh\necho scripts/{name} $* >>{root}/calls\n{body}\n")
                file.chmod(0o755)
            shutil.copy(SCRIPTS / "claims", root / "scripts/claims")
            for campaign in ("old", "new"):
                (root / "results" / campaign).mkdir(parents=True)
            (root / "results/latest").symlink_to("old")
            if old_micro:
                (root / "results/old/micro.json").touch()
            done = subprocess.run([root / "scripts/claims"], check=False, capture_output=True,
                                  text=True, env={**os.environ, "RESUME": resume})
            return done.returncode, (root / "calls").read_text().splitlines()

    NEW = "ln -sfn new results/latest; "

    def test_a_whole_run(self):
        code, calls = self.claims(self.NEW + "exit 0")
        self.assertEqual((code, calls), (0, [BENCH, MICRO, "scripts/report claims results/new"]))

    def test_one_that_goes_on_measures_nothing_twice(self):
        for name in ("old", "results/old"):
            code, calls = self.claims("exit 0", resume=name, old_micro=True)
            self.assertEqual((code, calls), (0, [BENCH, "scripts/report claims results/old"]))

    def test_failed_cells_are_judged_and_fail(self):
        code, calls = self.claims(self.NEW + "exit 1")
        self.assertEqual((code, len(calls)), (1, 3))

    def test_an_interrupted_or_refused_run_is_not_judged(self):
        for bench in (self.NEW + "exit 130", "exit 2", "exit 1"):
            code, calls = self.claims(bench)
            self.assertEqual((code, calls), (int(bench.rpartition(" ")[2]), [BENCH]))

    def test_without_micro_benchmarks_the_rest_is_judged(self):
        code, calls = self.claims(self.NEW + "exit 0", micro="exit 1")
        self.assertEqual((code, calls[-1]), (1, "scripts/report claims results/new"))


if __name__ == "__main__":
    unittest.main()
