# SPDX-License-Identifier: MIT
"""That the regression gate compares two executables of somebody else: targets in plain Python, at
places with odd names, measured for real. Standard library only. Usage: own_targets_gate_test.py
SOURCE BIN, where BIN has `tailrace`. Nothing is said of times here but that they were measured."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BIN = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
PROFILE = """looks = [8]
at_most_minutes = 5
contestants = ["plain-echo"]
[[point]]
kind = "closed"
connections = 5
message_bytes = 64
warmup_s = 0.1
duration_s = 0.12
[[point]]
kind = "timer"
tasks = 10
"""
# Finds what lies beside it by its own name.
SCRIPT = '#!/bin/sh\nTAILRACE_FAULT=%s exec "$(dirname "$0")/echo_target.py" "$@"\n'


class OwnTargetsGateTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-own-")) / "it's Läufer $x"
        self.folder.mkdir()
        self.addCleanup(shutil.rmtree, self.folder.parent)

    def script(self, name, fault):
        """A target of that behaviour."""
        shutil.copy2(SOURCE / "harness/tests/echo_target.py", self.folder)
        script = self.folder / name
        script.write_text(SCRIPT % fault)
        script.chmod(0o755)
        return script

    def gate(self, base, head):
        """The exit code, and findings by metric and place."""
        (self.folder / "profile.toml").write_text(PROFILE)
        words = [SOURCE / "scripts/regress", "--base-target", base, "--head-target", head,
                 "--tailrace", BIN / "tailrace", "--profile", self.folder / "profile.toml",
                 "--results", self.folder / "results", "--repeats", "2", "--counts", "6"]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              timeout=500, check=False)
        self.assertIn(done.returncode, (0, 3, 5), done.stdout[-2000:] + done.stderr[-3000:])
        (job,) = (self.folder / "results").iterdir()
        whole = json.loads((job / "regress.json").read_text())
        self.assertEqual(whole["exit_code"], done.returncode)
        self.notes = "\n".join(whole["notes"])
        return done.returncode, {(one["metric"], one["place"]): one for one in whole["findings"]}

    def test_one_call_more_a_message_is_named(self):
        code, found = self.gate(self.script("old", "none"), self.script("new", "sends-twice"))
        self.assertEqual(code, 3)
        calls = found["syscalls.sendto", "cost"]
        self.assertEqual((calls["verdict"], calls["base"], calls["head"]), ("regression", 1, 2))
        for metric in ("cpu_us_per_op", "rate"):
            times = found[metric, "closed-5x64"]
            self.assertEqual(times["method"], "timed")
            self.assertGreaterEqual(times["rounds"], 6)
        self.assertIn("plain-echo has no workload `timer`", self.notes)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
