# SPDX-License-Identifier: MIT
"""`tailrace run --arm`: two builds of one target in one campaign; an arm that crashes costs its own
cells and no other; bad arms are refused. Standard library only.
Usage: arms_command_test.py TAILRACE FAKE_TARGET"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TAILRACE, FAKE = (os.path.abspath(path) for path in sys.argv[1:3])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../record/tests"))
import results_schema
POINT = '[[point]]\nkind = "closed"\nconnections = 2\nwarmup_s = 0.05\nduration_s = 0.2\n'


class ArmsCommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tailrace-arms-")
        self.results = os.path.join(self.folder, "results")
        self.profile = os.path.join(self.folder, "test.toml")
        with open(self.profile, "w", encoding="utf-8") as file:
            file.write(f'blocks = 2\ncosts = false\ncontestants = ["fake"]\n{POINT}')

    def tearDown(self):
        shutil.rmtree(self.folder)

    def arm(self, name, script):
        """The option of an arm whose target plays a script; None: that has no target."""
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        if script is not None:
            path = os.path.join(folder, "tailrace-target-fake")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nexec {FAKE} "$@" --set script={script}\n')
            os.chmod(path, 0o755)
        return ["--arm", f"{name}={folder}"]

    def run_it(self, *words):
        return subprocess.run([TAILRACE, "run", "--results", self.results, *words],
                              capture_output=True, text=True, timeout=200, check=False)

    def cells(self):
        with open(os.path.join(self.results, "c", "cells.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_an_arm_that_crashes_costs_its_own_cells(self):
        arms = self.arm("base", "good") + self.arm("head", "dies-mid-run")
        done = self.run_it("--name", "c", "--profile", self.profile, *arms)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        cells = self.cells()
        self.assertEqual(sorted(each["cell"][-4:] for each in cells), ["base"] * 2 + ["head"] * 2)
        for cell in cells:
            self.assertEqual(cell["arm"], cell["subject"]["arm"])
            if cell["arm"] == "head":
                self.assertEqual(cell["status"], "failed")
            else:  # other work on the machine may make it invalid
                self.assertIn(cell["status"], ("ok", "invalid"), cell["cause"])
        self.assertEqual(results_schema.campaign_violations(os.path.join(self.results, "c")), [])

    def test_a_campaign_with_arms_is_resumed_with_them(self):
        arms = self.arm("base", "good") + self.arm("head", None)
        self.run_it("--name", "c", "--profile", self.profile, *arms)
        path = os.path.join(self.results, "c", "cells.jsonl")
        whole = self.cells()
        self.assertEqual({each["arm"]: each["status"] == "skipped" for each in whole},
                         {"base": False, "head": True})
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(whole[0]) + "\n")
        done = self.run_it("--resume", "c")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(sorted(each["cell"] for each in self.cells()),
                         sorted(each["cell"] for each in whole))

    def test_bad_arms_are_refused_in_a_sentence(self):
        good = self.arm("base", "good")
        for arms, words in [
            (good, "nothing to be compared with"),
            (good + good, "given twice"),
            (good + ["--arm", "head"], "is not NAME=FOLDER"),
            (good + ["--arm", "Head=/tmp"], "is not NAME=FOLDER"),
            (good + ["--arm", "head=/no/such/folder"], "there is no folder /no/such/folder"),
        ]:
            done = self.run_it("--name", "c", "--profile", self.profile, *arms)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


unittest.main(argv=sys.argv[:1])
