# SPDX-License-Identifier: MIT
"""The command `tailrace` with file points: a good cell is whole and proven, a target that lies
costs its cell, and what this machine cannot give is skipped with its cause. The target is
harness/tests/file_target.py. Standard library only. Usage: file_command_test.py TAILRACE"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import scripted_case


def point(cache, more=""):
    """A short point over a small file."""
    return f'[[point]]\nkind = "file"\ncache = "{cache}"\nduration_s = 0.1\nfile_mib = 4\n{more}\n'


class FileCommandTest(scripted_case.ScriptedCase):
    target = "file_target.py"

    def test_good_cells_are_whole_and_proven(self):
        done, cells = self.run_it(point("warm") + point("cold") + point("direct"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        by_cache = {cell["point"]["options"]["cache"]: cell for cell in cells}
        self.assertEqual(set(by_cache), {"warm", "cold", "direct"})
        for cache, cell in by_cache.items():
            if cache != "warm" and cell["status"] == "skipped":
                # tmpfs, or what accounts no reads: that is what it has to say.
                why = "keeps the file in memory|accounts no device read|O_DIRECT"
                self.assertRegex(cell["cause"], why)
                continue
            # Other work on the machine may make it invalid; never the proof.
            self.assertIn(cell["status"], ("ok", "invalid"), cell["cause"])
            for check in cell["validity"]:
                self.assertTrue(check["ok"] or not check["name"].startswith("file_"), check)
            file = cell["file"]
            self.assertEqual(file["before"]["pages"], 1024)
            self.assertGreaterEqual(file["threads_peak"], 1)
            self.assertGreater(cell["work"]["counts"]["reads"], 0)
        self.require_schema()
        kept = os.listdir(os.path.join(self.results, ".files"))
        self.assertEqual(kept, ["tailrace-4-MiB-1.stamped"])

    def test_a_target_that_lies_fails_its_cell(self):
        for fault, words in [
            ("wrong-sum", "the stamps that were read sum up to"),
            ("reads-nothing", "the stamps that were read sum up to"),
            ("loses-a-read", "the target says that"),
            ("short-read", "1 reads gave less than a block"),
            ("refused-read", "1 reads were refused"),
            ("lacks-a-count", "`whole_ns` is missing"),
            ("no-histogram", "no histogram `read_ns`"),
        ]:
            with self.subTest(fault):
                done, cells = self.run_it(point("warm"), fault)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertEqual(cells[0]["status"], "failed")
                self.assertIn(words, cells[0]["cause"])

    def test_a_target_that_does_not_read_past_the_cache_is_found_out(self):
        # Its sums are right; the page cache and the device tell.
        _, cells = self.run_it(point("direct"), "not-direct")
        if cells[0]["status"] == "skipped":
            self.skipTest(cells[0]["cause"])
        self.assertEqual(cells[0]["status"], "invalid")
        missed = [check["name"] for check in cells[0]["validity"] if not check["ok"]]
        self.assertIn("file_past_cache", missed)

    def test_a_file_system_in_memory_is_skipped_with_its_cause(self):
        if not os.access("/dev/shm", os.W_OK):
            self.skipTest("no /dev/shm to write to")
        memory = tempfile.mkdtemp(prefix="tailrace-file-", dir="/dev/shm")
        try:
            done, cells = self.run_it(point("cold") + point("direct"), more=["--files", memory])
        finally:
            shutil.rmtree(memory)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(cells), 2)
        for cell in cells:
            self.assertEqual(cell["status"], "skipped", cell["cause"])
            self.assertIn("--files", cell["remedy"])

    def test_no_room_is_skipped_with_its_cause(self):
        _, cells = self.run_it(point("warm").replace("= 4", "= 1048576"))
        self.assertEqual(cells[0]["status"], "skipped")
        self.assertIn("are left alone", cells[0]["cause"])

    def test_bad_points_are_refused_with_a_sentence(self):
        for more, words in [
            ("", "a file point needs cache"),
            ('cache = "hot"', "is not one of warm, cold, direct"),
            ('cache = "warm"\nblock_bytes = 5000', "block_bytes must be a multiple of 4096"),
            ('cache = "warm"\nblock_bytes = 2097152', "block_bytes must be a whole number"),
            ('cache = "warm"\nconcurrency = 0', "concurrency must be a whole number"),
            ('cache = "warm"\nfile_mib = 0', "file_mib must be a whole number"),
            ('cache = "warm"\ntasks = 9', "unknown key"),
        ]:
            done, _ = self.run_it(f'[[point]]\nkind = "file"\n{more}\n')
            self.assertEqual(done.returncode, 2, more)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_the_file_alone(self):
        def file(*more):
            return subprocess.run([scripted_case.TAILRACE, "file", "--folder", self.folder,
                                   "--mib", "2", *more],
                                  capture_output=True, text=True, timeout=60, check=False)

        told = json.loads(file("--cache", "warm").stdout)
        self.assertEqual((told["bytes"], told["resident"]), (2 << 20, told["pages"]))
        self.assertTrue(os.path.exists(told["path"]))
        self.assertEqual(file("--cache", "tepid").returncode, 2)
        self.assertEqual(file("--folder", "/proc/tailrace").returncode, 2)  # twice: bad usage


unittest.main(argv=sys.argv[:1])
