# SPDX-License-Identifier: MIT
"""scripts/reproduce with scripts and a tailrace that only pretend: what runs, and whose exit code
counts."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
RUN = "build/release/bin/tailrace run "


class reproduce_script(unittest.TestCase):
    def reproduce(self, run="exit 0", *arguments, report="exit 0", resume=""):
        """Exit code and what was called, the temporary folder left out, in order."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            bodies = {"scripts/setup": "exit 0", "scripts/build": "exit 0", RUN.split()[0]: run,
                      "scripts/report": f'[ $# -gt 2 ] || {{ echo --seed 1; exit 0; }}; {report}'}
            for name, body in bodies.items():
                file = root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"#!/bin/sh\necho {name} $* >>{root}/calls\n{body}\n")
                file.chmod(0o755)
            shutil.copy(SCRIPTS / "reproduce", root / "scripts/reproduce")
            for campaign in ("old", "new", "published"):
                (root / "results" / campaign).mkdir(parents=True)
            (root / "results/latest").symlink_to("old")
            words = arguments or ("results/published",)
            done = subprocess.run([root / "scripts/reproduce", *words], cwd=root, check=False,
                                  capture_output=True, text=True,
                                  env={**os.environ, "RESUME": resume})
            calls = root / "calls"
            text = calls.read_text() if calls.exists() else ""
            return done.returncode, text.replace(f"{root}/", "").splitlines()

    NEW = "ln -sfn new results/latest; "

    def test_the_plan_is_measured_and_compared(self):
        code, calls = self.reproduce(self.NEW + "exit 0")
        self.assertEqual(code, 0)
        self.assertEqual(calls, ["scripts/report reproduce results/published", "scripts/setup",
                                 "scripts/build release programs", RUN + "--seed 1",
                                 "scripts/report reproduce results/published results/new"])

    def test_what_does_not_hold_ends_it(self):
        for code in (4, 5):
            self.assertEqual(self.reproduce(self.NEW + "exit 0", report=f"exit {code}")[0], code)
        self.assertEqual(self.reproduce(self.NEW + "exit 1", report="exit 5")[0], 5)

    def test_a_run_that_was_interrupted_or_refused_compares_nothing(self):
        for run, code in ((self.NEW + "exit 130", 130), ("exit 2", 2), ("exit 0", 2)):
            found, calls = self.reproduce(run)
            self.assertEqual((found, calls[-1]), (code, RUN + "--seed 1"))

    def test_one_that_goes_on(self):
        _, calls = self.reproduce("exit 0", resume="new")
        self.assertEqual(calls[3:], [RUN + "--resume new",
                                     "scripts/report reproduce results/published results/new"])

    def test_one_that_was_measured_already_is_only_compared(self):
        code, calls = self.reproduce("exit 1", "results/published", "results/new")
        self.assertEqual((code, calls),
                         (0, ["scripts/report reproduce results/published results/new"]))

    def test_a_folder_that_is_not_there_is_refused(self):
        for words in (("nowhere",), ("results/published", "nowhere")):
            self.assertEqual(self.reproduce("exit 0", *words), (2, []))


if __name__ == "__main__":
    unittest.main()
