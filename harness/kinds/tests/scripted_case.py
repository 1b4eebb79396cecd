# SPDX-License-Identifier: MIT
"""What the tests of points that run inside the target share: the command `tailrace`, and a folder
in which its one target is a script of harness/tests. Usage of each: TEST.py TAILRACE"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TAILRACE = os.path.abspath(sys.argv[1])
HARNESS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path[:0] = [os.path.join(HARNESS, "record", "tests"), os.path.join(HARNESS, "tests")]
import fake_campaign
import results_schema


class ScriptedCase(unittest.TestCase):
    target = ""  # the script's name in harness/tests

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tailrace-kind-")
        self.results = os.path.join(self.folder, "results")
        self.script = os.path.join(HARNESS, "tests", self.target)

    def tearDown(self):
        shutil.rmtree(self.folder)

    def run_it(self, points, fault="", more=(), environment=None, command=None):
        """The finished command, and its cells."""
        command = f'TAILRACE_FAULT={fault} exec {command or self.script} "$@"'
        chosen = fake_campaign.prepare(self.folder, command, points)
        shutil.rmtree(os.path.join(self.results, "c"), ignore_errors=True)
        done = subprocess.run(
            [TAILRACE, "run", "--name", "c", *chosen, "--results", self.results, *more],
            capture_output=True, text=True, timeout=200, check=False,
            env={**os.environ, **(environment or {})},
        )
        cells = os.path.join(self.results, "c", "cells.jsonl")
        if not os.path.exists(cells):
            return done, []
        with open(cells, encoding="utf-8") as file:
            return done, [json.loads(line) for line in file]

    def require_schema(self):
        self.assertEqual(results_schema.campaign_violations(os.path.join(self.results, "c")), [])
