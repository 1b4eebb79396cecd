# SPDX-License-Identifier: MIT
"""The rounds of scripts/micro with programs that only pretend: order, failures, what is written."""
import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import rounds

# Answers --list, and measures a row as 7 ns unless told otherwise by the file <row>.says. Of
# --set it knows x=1, which changes its name as tailrace-micro-* do.
PROGRAM = '''#!/usr/bin/env python3
import json, sys
from pathlib import Path
here = Path(__file__).parent
names = %r
if sys.argv[1:2] == ["--set"]:
    if sys.argv[2] != "x=1":
        sys.exit("no such option")
    names = [name.replace("/workers", "-x-1/workers") for name in names]
if sys.argv[-1] == "--list":
    print("\\n".join(names))
    sys.exit(0)
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
name = options["--filter"]
with (here / "calls").open("a") as calls:
    print(name, options["--min-time-s"], len(__import__("os").sched_getaffinity(0)), file=calls)
says = here / (name.replace("/", "_") + ".says")
if says.exists():
    exec(says.read_text())
row = {"name": name, "real_time": 7.5, "time_unit": "ns", "iterations": 100, "allocations": 1.0}
machine = json.dumps({"cpu": {"model": "M", "online": 2}, "kernel": {"release": "6"}})
Path(options["--out"]).write_text(json.dumps(
    {"context": {"tailrace_machine": machine}, "benchmarks": [row]}))
'''
FIRST = ["spawn/one/workers:1", "yield/one/workers:1"]
SECOND = ["spawn/two/workers:1", "yield/two/workers:1"]


class rounds_test(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        for name, rows in (("one", FIRST), ("two", SECOND)):
            program = self.bin / f"tailrace-micro-{name}"
            program.write_text(PROGRAM % rows)
            program.chmod(0o755)

    def run_script(self, *words):
        """(exit code, result or None, standard error)."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = rounds.main(["--bin", str(self.bin), "--results",
                                str(self.root / "results"), *words])
        folder = out.getvalue().strip()
        result = json.loads((Path(folder) / "micro.json").read_text()) if folder else None
        return code, result, err.getvalue()

    def says(self, row, text):
        (self.bin / (row.replace("/", "_") + ".says")).write_text(text)

    def calls(self):
        return [line.split()[0] for line in (self.bin / "calls").read_text().splitlines()]

    def test_every_row_is_measured_once_a_round_and_what_compares_stands_together(self):
        code, result, _ = self.run_script("--rounds", "3", "--seed", "1", "--min-time-s", "0.01")
        self.assertEqual(code, 0)
        calls = self.calls()
        self.assertEqual(len(calls), 12)
        for start in range(0, 12, 4):
            self.assertEqual(sorted(calls[start:start + 4]), sorted(FIRST + SECOND))
        for start in range(0, 12, 2):
            self.assertEqual(len({name.split("/")[0] for name in calls[start:start + 2]}), 1)
        self.assertEqual(len({tuple(calls[i:i + 4]) for i in range(0, 12, 4)}), 3)
        self.assertEqual(len(result["rows"]), 4)
        for row in result["rows"]:
            self.assertEqual(row["ns_per_op"], [7.5] * 3)
            self.assertEqual(row["counters"], {"allocations": [1.0] * 3})
        self.assertEqual(result["context"]["rounds"], 3)
        self.assertEqual(result["context"]["machine"]["cpu"]["model"], "M")

    def test_the_seed_gives_the_order(self):
        orders = []
        for seed in ("5", "5", "6"):
            (self.bin / "calls").unlink(missing_ok=True)
            _, result, _ = self.run_script("--rounds", "4", "--seed", seed)
            self.assertEqual(result["context"]["seed"], int(seed))
            orders.append(self.calls())
        self.assertEqual(orders[0], orders[1])
        self.assertNotEqual(orders[0], orders[2])

    def test_a_row_runs_on_as_many_cpus_as_it_has_workers(self):
        self.run_script("--rounds", "1")
        for line in (self.bin / "calls").read_text().splitlines():
            self.assertEqual(line.split()[1:], ["0.05", "1"])

    def test_a_row_that_fails_is_null_with_its_cause_and_the_others_go_on(self):
        self.says(FIRST[0], "sys.exit('it broke')")
        self.says(FIRST[1], "Path(options['--out']).write_text('{'); sys.exit(0)")
        self.says(SECOND[0], "Path(options['--out']).write_text(json.dumps({'benchmarks': [{"
                  "'name': name, 'error_occurred': True, 'error_message': 'no threads'}]}));"
                  "sys.exit(1)")
        code, result, _ = self.run_script("--rounds", "2")
        self.assertEqual(code, 1)
        causes = {f"{row['benchmark']}/{row['runtime']}": row["cause"] for row in result["rows"]}
        self.assertIn("code 1: it broke", causes["spawn/one"])
        self.assertIn("cannot be read", causes["yield/one"])
        self.assertEqual(causes["spawn/two"], "no threads")
        self.assertIsNone(causes["yield/two"])
        figures = {f"{row['benchmark']}/{row['runtime']}": row["ns_per_op"]
                   for row in result["rows"]}
        self.assertEqual(figures["spawn/one"], [None, None])
        self.assertEqual(figures["yield/two"], [7.5, 7.5])

    def test_counters_stay_beside_their_round(self):
        self.says(FIRST[0], "marker = here / 'failed'\n"
                  "if not marker.exists(): marker.touch(); sys.exit(1)")
        _, result, _ = self.run_script("--rounds", "3", "--filter", FIRST[0])
        self.assertEqual(result["rows"][0]["ns_per_op"], [None, 7.5, 7.5])
        self.assertEqual(result["rows"][0]["counters"], {"allocations": [None, 1.0, 1.0]})

    def test_a_row_that_hangs_is_ended(self):
        self.says(FIRST[0], "__import__('time').sleep(60)")
        limit, rounds.ROW_LIMIT_S = rounds.ROW_LIMIT_S, 0.5
        self.addCleanup(setattr, rounds, "ROW_LIMIT_S", limit)
        _, result, _ = self.run_script("--rounds", "1", "--filter", FIRST[0])
        self.assertIn("longer than", result["rows"][0]["cause"])

    def test_times_that_cannot_be_are_refused(self):
        for value in ("-1", "0", "1e30", "'7'", "None", "True"):
            self.says(FIRST[0], "Path(options['--out']).write_text(json.dumps({'benchmarks': [{"
                      f"'name': name, 'time_unit': 'ns', 'real_time': {value}}}]}})); sys.exit(0)")
            _, result, _ = self.run_script("--rounds", "1", "--filter", FIRST[0], "--results",
                                           str(self.root / f"results{value}"))
            self.assertEqual(result["rows"][0]["ns_per_op"], [None], value)

    def test_ctrl_c_keeps_the_finished_rounds(self):
        self.says(FIRST[0], "marker = here / 'second'\n"
                  "import os, signal\n"
                  "if marker.exists(): os.kill(os.getppid(), signal.SIGINT)\n"
                  "marker.touch()")
        code, result, err = self.run_script("--rounds", "5")
        self.assertEqual((code, result["context"]["rounds"]), (0, 1))
        self.assertTrue(all(row["ns_per_op"] == [7.5] for row in result["rows"]))
        self.assertIn("interrupted", err)

    def test_absent_contestants_are_named_with_their_cause(self):
        _, result, _ = self.run_script("--rounds", "1", "--filter", FIRST[0])
        self.assertEqual(result["skipped"], {"tokio": "tailrace-micro-tokio was not built"})
        (self.bin / "tailrace-target-tokio.absent").write_text("cargo not found, install rustup\n")
        (self.bin / "tailrace-target-one.absent").write_text("stale\n")
        _, result, _ = self.run_script("--rounds", "1", "--results", str(self.root / "more"))
        self.assertEqual(result["skipped"], {"tokio": "cargo not found, install rustup"})

    def test_it_joins_the_newest_campaign_of_this_machine_only(self):
        campaign = self.root / "results" / "quick-1"
        campaign.mkdir(parents=True)
        (self.root / "results" / "latest").symlink_to("quick-1")
        machine = {"cpu": {"model": "M", "online": 2}, "kernel": {"release": "5"}}
        for release, joined in (("5", False), ("6", True)):
            machine["kernel"]["release"] = release
            (campaign / "manifest.json").write_text(json.dumps({"machine": machine}))
            _, _, err = self.run_script("--rounds", "1", "--results", str(self.root / "results"))
            self.assertEqual((campaign / "micro.json").exists(), joined)
            self.assertEqual("quick-1" in err, joined)
        self.assertEqual(len(list((self.root / "results" / "micro").iterdir())), 2)

    def test_also_measures_a_runtime_with_other_options(self):
        code, result, _ = self.run_script("--rounds", "2", "--also", "one:x=1")
        self.assertEqual(code, 0)
        found = {(row["benchmark"], row["runtime"]): row["ns_per_op"] for row in result["rows"]}
        self.assertEqual(len(found), 6)
        self.assertEqual(found["spawn", "one-x-1"], [7.5, 7.5])
        for wrong, said in (("one:x=2", "no such option"), ("three:x=1", "three"),
                            ("../one:x=1", "--also")):
            code, result, err = self.run_script("--also", wrong)
            self.assertEqual((code, result, err.count("\n")), (1, None, 1), wrong)
            self.assertIn(said, err)

    def test_refusals_are_one_sentence(self):
        for words in (["--rounds", "0"], ["--rounds", "x"], ["--min-time-s", "nan"], ["--what"]):
            with self.assertRaises(SystemExit) as left:
                self.run_script(*words)
            self.assertEqual(left.exception.code, 2)
        code, result, err = self.run_script("--filter", "no such row")
        self.assertEqual((code, result, err.count("\n")), (1, None, 1))
        (self.root / "file").write_text("")
        code, _, err = self.run_script("--filter", FIRST[0], "--results", str(self.root / "file"))
        self.assertEqual((code, err.count("\n")), (1, 1))
        (self.bin / "tailrace-micro-bad").write_text("#!/bin/sh\necho nonsense\n")
        (self.bin / "tailrace-micro-bad").chmod(0o755)
        code, _, err = self.run_script()
        self.assertEqual((code, err.count("\n")), (1, 1))
        self.assertIn("tailrace-micro-bad", err)
        code, _, err = self.run_script("--bin", str(self.root))
        self.assertEqual((code, err.count("\n")), (1, 1))
        self.assertIn("libbenchmark-dev", err)


if __name__ == "__main__":
    unittest.main()
