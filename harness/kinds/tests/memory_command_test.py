# SPDX-License-Identifier: MIT
"""The command `tailrace` with memory points and targets of which is known what a connection holds:
servers of harness/tests. Standard library only. Usage: memory_command_test.py TAILRACE [sanitized]
(the build is one of a sanitizer, whose allocator holds more than it is asked for)"""

import json
import os
import shutil
import subprocess
import sys
import unittest

import scripted_case

SANITIZED = "sanitized" in sys.argv[2:]
HELD = 1 << 20
OWN_BUFFER = 65_536  # of a connection at most: what was read of a request and could not be sent
FORMS = f"""
[form.calibration]
nothing = {{ behaviour = "hold", held_bytes = "0" }}
held = {{ behaviour = "hold", held_bytes = "{HELD}" }}
ends = {{ behaviour = "reset", after_bytes = "1000" }}
"""


class MemoryCommandTest(scripted_case.ScriptedCase):
    def measure(self, forms, point):
        """The cells by form."""
        profile = os.path.join(self.folder, "memory.toml")
        with open(profile, "w", encoding="utf-8") as file:
            file.write('contestants = ["calibration"]\nblocks = 1\ncosts = false\n'
                       f'forms = {forms}\n{FORMS}[[point]]\nsettle_s = 0.01\n{point}')
        shutil.rmtree(self.results, ignore_errors=True)
        servers = os.path.join(os.path.dirname(scripted_case.TAILRACE), "servers")
        self.done = subprocess.run(
            [scripted_case.TAILRACE, "run", "--name", "c", "--profile", profile, "--targets",
             servers, "--results", self.results],
            capture_output=True, text=True, timeout=200, check=False)
        path = os.path.join(self.results, "c", "cells.jsonl")
        self.assertTrue(os.path.exists(path), self.done.stdout + self.done.stderr)
        with open(path, encoding="utf-8") as file:
            cells = [json.loads(line) for line in file]
        self.require_schema()
        return {cell["subject"]["form"]: cell for cell in cells}

    def slope(self, cell, state, side):
        self.assertIn(cell["status"], ("ok", "invalid"), cell["cause"])
        return cell["memory"]["states"][state][side]["slope_bytes"]

    def test_what_a_blocked_connection_pins_is_read(self):
        point = 'kind = "blocked_memory"\ncounts = [0, 40, 80]\n'
        cells = self.measure(["nothing", "held"], point)
        self.assertEqual(set(cells["held"]["memory"]["states"]), {"blocked"})
        nothing, held = (self.slope(cells[form], "blocked", "user") for form in ("nothing", "held"))
        self.assertGreater(held - nothing, HELD / 2)
        if not SANITIZED:
            # How much of its buffer each of the two needed is a matter of who ran when.
            self.assertAlmostEqual(held - nothing, HELD, delta=OWN_BUFFER + 0.01 * HELD)
            self.assertTrue(1000 < nothing < 3 * OWN_BUFFER, nothing)
        kernel = self.slope(cells["nothing"], "blocked", "kernel")
        if kernel is not None:  # the sockets of this machine as they are, and both ways
            self.assertGreater(kernel, 100_000)
            self.assertLess(kernel, 3 * 196_608)

    def test_a_request_that_is_under_way_lies_in_the_targets_socket(self):
        cells = self.measure(["nothing"], 'kind = "memory"\ncounts = [0, 250, 500]\n')
        used, unread = (self.slope(cells["nothing"], state, "kernel")
                        for state in ("after_echo", "unread"))
        if used is None:
            self.skipTest(cells["nothing"]["memory"]["kernel_cause"])
        # A buffer for the 64 bytes at least; and a socket takes its memory by the page.
        self.assertTrue(64 < unread - used < 8192, unread - used)
        if cells["nothing"]["memory"]["source"] == "computed":
            self.assertAlmostEqual(unread - used, 4096, delta=64)

    def test_who_cannot_be_blocked_is_refused(self):
        small = 'kind = "blocked_memory"\ncounts = [0, 10, 20]\nrequest_bytes = 8192\n'
        for form, point, status, words in [
            ("ends", 'kind = "blocked_memory"\ncounts = [0, 10, 20]\n', "failed",
             "connections whose answers were not read"),
            ("nothing", small, "skipped", "sockets of the target are full of the answer"),
        ]:
            with self.subTest(form):
                cell = self.measure([form], point)[form]
                self.assertEqual(cell["status"], status, cell["cause"])
                self.assertIn(words, cell["cause"])
                self.assertIsNone(cell["memory"])


unittest.main(argv=sys.argv[:1])
