# SPDX-License-Identifier: MIT
"""Runs every row of one tailrace-micro-* for next to no time and checks what comes out: names, one
result a row, no failures, refusals in one sentence. No time is judged.

usage: micro_command_test.py PROGRAM ID [--no-allocations]
"""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

NAME = re.compile(r"[a-z_]+(/threads:[0-9]+)?/(?P<id>[a-z-]+)/workers:[1-9][0-9]*")
LIMIT_S = 240


class micro_command(unittest.TestCase):
    program, identity, allocations = "", "", True

    def setUp(self):
        said = self.run_program("--list").stderr
        if "no rows" in said:
            self.assertEqual(said.count("\n"), 1, said)
            self.skipTest(said.strip())

    def run_program(self, *words):
        return subprocess.run([self.program, *words], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)

    def test_every_listed_row_is_measured_once(self):
        listed = self.run_program("--list")
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        names = listed.stdout.split()
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            match = NAME.fullmatch(name)
            self.assertTrue(match and match["id"] == self.identity, name)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.json"
            done = self.run_program("--min-time-s", "0.00001", "--out", str(out))
            self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
            rows = json.loads(out.read_text("utf-8"))
        self.assertIn("cpu", json.loads(rows["context"]["tailrace_machine"]))
        self.assertEqual([row["name"] for row in rows["benchmarks"]], names)
        for row in rows["benchmarks"]:
            self.assertNotIn("error_occurred", row)
            self.assertEqual((row["time_unit"], row["run_type"]), ("ns", "iteration"))
            self.assertGreater(row["real_time"], 0)
            self.assertGreater(row["iterations"], 0)
            self.assertEqual("allocations" in row, self.allocations, row["name"])

    def test_the_table_shows_the_plain_names(self):
        name = self.run_program("--list").stdout.split()[-1]
        done = self.run_program("--filter", name, "--min-time-s", "0.00001")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()[3:]], [name])

    def test_a_setting_is_part_of_the_name(self):
        if self.identity != "steal":
            self.skipTest("it has nothing to set")
        names = self.run_program("--set", "lifo=off", "--set", "coop=7", "--list").stdout.split()
        self.assertTrue(all("/steal-lifo-off-coop-7/" in name for name in names), names)

    def test_a_row_that_allocates_counts_at_least_one_and_one_that_does_not_none(self):
        if self.identity != "bare" or not self.allocations:
            self.skipTest("the floor without sanitizers knows exactly")
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.json"
            self.run_program("--min-time-s", "0.00001", "--out", str(out))
            found = {row["name"].split("/")[0]: row["allocations"]
                     for row in json.loads(out.read_text("utf-8"))["benchmarks"]}
        self.assertEqual(found["floor_task_create"], 1)
        self.assertEqual(found["floor_yield_many"], 0)

    def test_bad_usage_is_one_sentence_and_two(self):
        for words in (["--nonsense"], ["--min-time-s", "soon"], ["--min-time-s", "-1"],
                      ["--filter", "no such row"], ["--out"], ["word"], ["--set", "lifo=sideways"],
                      ["--set", "lifo"], ["--set", "workers=8"]):
            done = self.run_program(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith(f"tailrace-micro-{self.identity}: "))

    def test_a_file_that_cannot_be_written_is_one(self):
        name = self.run_program("--list").stdout.split()[-1]
        done = self.run_program("--filter", name, "--out", "/nonexistent/folder/out.json")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("/nonexistent/folder/out.json", done.stderr)


if __name__ == "__main__":
    micro_command.allocations = "--no-allocations" not in sys.argv
    micro_command.program, micro_command.identity = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
