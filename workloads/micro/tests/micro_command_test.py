# SPDX-License-Identifier: MIT
"""Runs every row of one tailrace-micro-* for next to no time and checks what comes out: names, one
result a row, no failures, refusals in one sentence. No time is judged.

usage: micro_command_test.py PROGRAM ID [--no-allocations]
"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

NAME = re.compile(r"[a-z_]+(/threads:[0-9]+)?/(?P<id>[a-z-]+)/workers:[1-9][0-9]*")
LIMIT_S = 240
# Rows that --instructions may have, by what runs the tasks: callgrind's counts of them repeat.
EXACT = {
    "bare": {"floor_spawn_many_local", "floor_yield_many", "floor_context_switch",
             "floor_frame_allocation", "floor_task_create"},
    "threads": {"frame_allocation", "task_create"},
    "a runtime": {"spawn_many_local", "yield_many", "ping_pong", "chained_spawn",
                  "timer_arm_cancel", "context_switch", "channel_handoff", "channel_buffered",
                  "scope_join", "frame_allocation", "task_create"},
}
OPERATIONS_LEAST = 20_000
REQUEST = "desc: Trigger: Client Request: "


class program_case(unittest.TestCase):
    program, identity, allocations = "", "", True

    def setUp(self):
        said = self.run_program("--list").stderr
        if "no rows" in said:
            self.assertEqual(said.count("\n"), 1, said)
            self.skipTest(said.strip())

    def run_program(self, *words):
        return subprocess.run([self.program, *words], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)


class any_program(program_case):
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

    def exact_rows(self):
        """What --instructions has here, by name; skips where it has no valgrind/callgrind.h."""
        done = self.run_program("--instructions", "--filter", "task_create")
        if done.returncode == 3:
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
            self.assertIn("valgrind/callgrind.h", done.stderr)
            self.skipTest(done.stderr.strip())
        names = EXACT.get(self.identity, EXACT["a runtime"])
        return {f"{name}/{self.identity}/workers:1" for name in names}

    def told(self, out):
        """Operations by row, of what --instructions printed."""
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([set(line) for line in lines], [{"row", "operations"}] * len(lines))
        rows = {line["row"]: line["operations"] for line in lines}
        self.assertEqual(len(rows), len(lines))
        return rows

    def test_instructions_are_of_exact_rows_and_tell_operations(self):
        wanted = self.exact_rows()
        listed = self.run_program("--instructions", "--list").stdout.split()
        self.assertEqual((len(listed), set(listed)), (len(wanted), wanted))
        done = self.run_program("--instructions")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = self.told(done.stdout)
        self.assertEqual(list(rows), listed)
        self.assertGreaterEqual(min(rows.values()), OPERATIONS_LEAST)
        again = self.run_program("--instructions")
        self.assertEqual(self.told(again.stdout), rows)

    def test_callgrind_has_a_profile_of_each_row_that_repeats(self):
        wanted = self.exact_rows()
        valgrind = shutil.which("valgrind")
        if valgrind is None or not self.allocations:
            self.skipTest("needs valgrind, and a build without sanitizers")
        rows, counted = self.profiles(valgrind, "")
        self.assertEqual((set(rows), set(counted)), (wanted, wanted))
        for name, instructions in counted.items():
            self.assertGreater(instructions, rows[name], name)  # one an operation at the least
        # What ran before a row is not in its profile, and repeated it is the same.
        create = next(name for name in wanted if "task_create" in name)
        self.assertEqual(self.profiles(valgrind, create)[1], {create: counted[create]})
        name = next((name for name in sorted(wanted) if "yield_many" in name), create)
        self.assertEqual(self.profiles(valgrind, name), self.profiles(valgrind, name))

    def profiles(self, valgrind, name):
        """(operations, instructions) by row, of the rows with this name in theirs."""
        with tempfile.TemporaryDirectory() as folder:
            command = [valgrind, "--tool=callgrind", f"--callgrind-out-file={folder}/out",
                       f"--log-file={folder}/log", self.program, "--instructions"]
            done = subprocess.run([*command, "--filter", name], capture_output=True, text=True,
                                  timeout=LIMIT_S, check=False)
            said = (Path(folder) / "log").read_text("utf-8")
            if done.returncode != 0 and "Collected : " not in said:
                self.skipTest("valgrind gave up on it: " + said[-300:])
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            counted = {}
            for path in Path(folder).glob("out.*"):
                lines = path.read_text("utf-8").splitlines()
                row = next((line for line in lines if line.startswith(REQUEST)), None)
                if row is None:
                    continue  # up to where a row begins
                total = next(line for line in lines if line.startswith("summary: "))
                counted[row.removeprefix(REQUEST)] = int(total.removeprefix("summary: "))
        return self.told(done.stdout), counted

    def test_bad_usage_is_one_sentence_and_two(self):
        for words in (["--nonsense"], ["--min-time-s", "soon"], ["--min-time-s", "-1"],
                      ["--filter", "no such row"], ["--out"], ["word"], ["--set", "lifo=sideways"],
                      ["--instructions", "--out", "x"], ["--instructions", "--min-time-s", "1"],
                      ["--instructions", "--filter", "timer_fire"],
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


class steal_program(program_case):
    def test_a_setting_is_part_of_the_name(self):
        names = self.run_program("--set", "lifo=off", "--set", "coop=7", "--list").stdout.split()
        self.assertTrue(all("/steal-lifo-off-coop-7/" in name for name in names), names)


class floor_program(program_case):
    def test_a_row_that_allocates_counts_at_least_one_and_one_that_does_not_none(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.json"
            self.run_program("--min-time-s", "0.00001", "--out", str(out))
            found = {row["name"].split("/")[0]: row["allocations"]
                     for row in json.loads(out.read_text("utf-8"))["benchmarks"]}
        self.assertEqual(found["floor_task_create"], 1)
        self.assertEqual(found["floor_yield_many"], 0)


if __name__ == "__main__":
    program_case.allocations = "--no-allocations" not in sys.argv
    program_case.program, program_case.identity = sys.argv[1:3]
    cases = [any_program]
    if program_case.identity == "steal":
        cases.append(steal_program)
    if program_case.identity == "bare" and program_case.allocations:  # a sanitizer allocates, too
        cases.append(floor_program)
    names = [case.__name__ for case in cases]
    unittest.main(argv=[sys.argv[0], *names])
