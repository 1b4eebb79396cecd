# SPDX-License-Identifier: MIT
"""Instructions of micro benchmarks: what the parsers refuse, and the gate with a pretended
valgrind."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import fake_gate
import test_regress
from tailrace_regress import micro_counts, verdict
from tailrace_regress.outcome import GateError
from tailrace_regress.samples import Key, Samples

LINE = b'{"operations": 20000, "row": "yield_many/local/workers:1"}\n'
HEADER = "# callgrind format\npid: 7\ndesc: Trigger: Client Request"
MICRO = {"yield_many": 48.2, "task_create": 119.0}


class Rows(unittest.TestCase):
    def test_operations_by_row(self) -> None:
        other = LINE.replace(b"yield_many", b"ping_pong").replace(b"20000", b"1")
        found = micro_counts.operations(LINE + other)
        self.assertEqual(
            found, {"yield_many/local/workers:1": 20000, "ping_pong/local/workers:1": 1}
        )
        self.assertEqual(micro_counts.operations(b""), {})

    def test_what_is_no_row_is_refused(self) -> None:
        for data, word in (
            (LINE[:-1], "torn"),
            (LINE + LINE[:20], "torn"),
            (LINE[:20] + b"\n", "not JSON"),
            (b"[]\n", "not a JSON object"),
            (b'{"operations": 1}\n', "'None' is not the name of a row"),
            (b'{"row": "Yield/x", "operations": 1}\n', "'Yield/x' is not the name"),
            (b'{"row": "yield", "operations": 1}\n', "'yield' is not the name"),
            (b'{"row": "../yield/x", "operations": 1}\n', "is not the name"),
            (b'{"row": "y/x", "operations": 0}\n', "the operations of y/x"),
            (b'{"row": "y/x", "operations": true}\n', "the operations of y/x"),
            (b'{"row": "y/x", "operations": 1.5}\n', "the operations of y/x"),
            (b'{"row": "y/x", "operations": 18446744073709551616}\n', "the operations of y/x"),
            (LINE + LINE, "told twice"),
            (b"\xff\n", "not UTF-8"),
            (LINE * 201, "201 rows"),
        ):
            with self.subTest(data=data[:60]), self.assertRaisesRegex(ValueError, word):
                micro_counts.operations(data)


class Profiles(unittest.TestCase):
    def read(self, *texts: str) -> dict[str, int]:
        with tempfile.TemporaryDirectory() as scratch:
            for number, text in enumerate(texts):
                (Path(scratch) / f"out.{number}").write_text(text)
            (Path(scratch) / "out").write_text(f"{HEADER}: at_the_end/x\n\nsummary: 1\n")
            return micro_counts.profiles(Path(scratch))

    def test_the_named_ones_count(self) -> None:
        found = self.read(
            f"{HEADER}\n\nsummary: 7\nfn=(1)\n", f"{HEADER}: y/x\n\nsummary: 99\nfn=(1)\n"
        )
        self.assertEqual(found, {"y/x": 99})

    def test_one_without_a_whole_total_is_refused(self) -> None:
        for rest in ("", "\n\nsummary: 9", "\n\nsummary: -9\n", "\n\nsummary: many\n",
                     "\n\nsummary: 99999999999999999999\n", "\n\nsummary: 9\nsummary: 9\n",
                     "\n" + "x" * micro_counts.HEADER_BYTES_MAX + "\nsummary: 9\n"):
            with self.subTest(rest=rest[:30]), self.assertRaisesRegex(ValueError, "no total"):
                self.read(f"{HEADER}: y/x{rest}")

    def test_every_row_told_has_one(self) -> None:
        self.assertEqual(micro_counts.per_operation({"y/x": 4}, {"y/x": 10, "z/x": 1}), {"y": 2.5})
        with self.assertRaisesRegex(ValueError, "no profile of y/x"):
            micro_counts.per_operation({"y/x": 4}, {"z/x": 1})


class Judged(unittest.TestCase):
    def word(self, base: float, head: float) -> str:
        key = Key("local", "yield_many", "micro.instructions")
        found = verdict.exact(key, [base] * 2, [head] * 2)
        assert found is not None
        return found.verdict

    def test_one_instruction_more_each_time_is_a_regression(self) -> None:
        for base in (16.02, 48.193, 119.045, 346.363):
            self.assertEqual(self.word(base, base + 1), "regression", base)
            self.assertEqual(self.word(base + 1, base), "improvement", base)

    def test_one_in_three_is_not(self) -> None:
        self.assertEqual(self.word(48.193, 48.53), "same")


class Gate(test_regress.Gate):
    def environment(self, **more: str) -> dict[str, str]:
        valgrind = fake_gate.make_harness(self.root / "bin", "valgrind")
        path = f"{valgrind.parent}{os.pathsep}{os.environ['PATH']}"
        return super().environment(**{"PATH": path, **more})

    def gate(
        self, base: dict[str, Any], head: dict[str, Any], *words: str, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run_gate(
            {"micro": MICRO, **base}, {"micro": MICRO, **head}, *words, **more
        )

    def finding(self, name: str) -> dict[str, Any]:
        whole = json.loads((self.folder() / "regress.json").read_text())
        return next(
            one
            for one in whole["findings"]
            if (one["place"], one["metric"]) == (name, "micro.instructions")
        )

    def test_more_instructions_are_three_and_named_everywhere(self) -> None:
        done = self.gate({}, {"micro": {**MICRO, "yield_many": 51.2}})
        self.assertEqual(done.returncode, 3, done.stderr)
        said = "local: micro.instructions at yield_many: 48.20 instructions/op -> 51.20"
        self.assertIn(f"Regression confirmed: {said}", done.stdout)
        for name in ("junit.xml", "regress.sarif", "index.html", "summary.md"):
            text = (self.folder() / name).read_text().replace("&gt;", ">").replace("\\", "")
            self.assertIn(said, text, name)
        sarif = (self.folder() / "regress.sarif").read_text()
        self.assertIn('"uri": "workloads/micro/catalogue.hpp"', sarif)
        found = self.finding("yield_many")
        self.assertEqual((found["method"], found["rounds"]), ("exact", 2))
        self.assertEqual(self.finding("task_create")["verdict"], "same")
        rows = json.loads((self.folder() / "bencher.json").read_text())
        self.assertEqual(rows["local/yield_many"], {"micro-instructions": {"value": 51.2}})

    def test_what_does_not_repeat_gets_rounds_of_its_own(self) -> None:
        done = self.gate({"micro_jitter": 9.0}, {"micro_jitter": 9.0})
        self.assertEqual(done.returncode, 0, done.stderr)
        found = self.finding("yield_many")
        self.assertEqual((found["method"], found["rounds"]), ("paired", 6))

    def test_a_base_without_the_option_is_a_note(self) -> None:
        done = self.gate({"micro_does": "older"}, {})
        self.assertEqual(done.returncode, 0, done.stderr)
        text = (self.folder() / "summary.md").read_text()
        self.assertIn("not measured: local: micro.instructions", text)
        self.assertIn("tailrace-micro-local of the base arm counts none: tailrace-micro-local: "
                      "--instructions was not expected", text.replace("\\", ""))
        self.assertNotIn("yield_many", (self.folder() / "regress.json").read_text())

    def test_benchmarks_of_one_arm_are_a_note(self) -> None:
        done = self.gate({"micro": {"task_create": 119.0}}, {})
        self.assertEqual(done.returncode, 0, done.stderr)
        notes = json.loads((self.folder() / "job.json").read_text())["notes"]
        note = "local: micro.instructions at yield_many (the base arm lacks this benchmark)"
        self.assertIn(f"not measured: {note}", notes)
        self.assertEqual(self.finding("task_create")["verdict"], "same")

    def test_an_arm_without_them_is_a_note(self) -> None:
        done = self.gate({"micro": {}}, {})
        self.assertEqual(done.returncode, 0, done.stderr)
        notes = json.loads((self.folder() / "job.json").read_text())["notes"]
        note = "local: micro.instructions (the base arm has no tailrace-micro-local)"
        self.assertIn(f"not measured: {note}", notes)

    def test_what_valgrind_cannot_run_is_a_note(self) -> None:
        done = self.gate({}, {"micro_does": "unreadable"})
        self.assertEqual(done.returncode, 0, done.stderr)
        notes = json.loads((self.folder() / "job.json").read_text())["notes"]
        note = "valgrind cannot run tailrace-micro-local of the head arm"
        why = "Possibly corrupted debuginfo file."
        self.assertIn(f"not measured: local: micro.instructions ({note}: {why})", notes)

    def test_without_valgrind_it_is_a_note(self) -> None:
        done = self.gate({}, {}, PATH=self.path_without("valgrind"))
        self.assertEqual(done.returncode, 0, done.stderr)
        notes = json.loads((self.folder() / "job.json").read_text())["notes"]
        self.assertIn("not measured: local: micro.instructions (valgrind not found)", notes)

    def path_without(self, program: str) -> str:
        """A folder with links to all that PATH finds, but this."""
        folder = self.root / "path"
        folder.mkdir()
        for place in reversed(os.environ["PATH"].split(os.pathsep)):
            for one in Path(place).iterdir() if Path(place).is_dir() else ():
                if one.name != program:
                    (folder / one.name).unlink(missing_ok=True)
                    (folder / one.name).symlink_to(one)
        return str(folder)

    def test_failures_name_arm_and_program(self) -> None:
        for does, words in (
            ("crash", ("tailrace-micro-local of the head arm fails under valgrind, with -11",
                       "counted twice")),
            ("torn", ("the instructions of tailrace-micro-local of the head arm cannot be read",
                      "torn")),
            ("lose", ("tailrace-micro-local of the head arm cannot be read",
                      "callgrind wrote no profile of yield_many/x/workers:1")),
        ):
            with self.subTest(does=does):
                done = self.gate({}, {"micro_does": does})
                self.assertEqual(done.returncode, 2, done.stderr)
                refusal = [x for x in done.stderr.splitlines() if x.startswith("regress: ")][-1]
                for word in words:
                    self.assertIn(word, refusal)
            for path in [*self.root.glob("base/*"), *self.root.glob("head/*")]:
                path.unlink()
            (self.root / "base").rmdir()
            (self.root / "head").rmdir()

    def test_one_that_takes_too_long_is_ended_and_named(self) -> None:
        behaviour = {"micro": MICRO, "micro_does": "hang"}
        arm = fake_gate.make_arm(self.root / "base", {"local": behaviour})
        with (
            mock.patch.object(micro_counts, "LIMIT_S", 0.5),
            mock.patch.dict(os.environ, self.environment()),
            self.assertRaises(GateError) as caught,
        ):
            micro_counts.rounds({"base": arm}, ["local"], 2, Samples())
        sentence = caught.exception.sentence
        self.assertIn("tailrace-micro-local of the base arm under valgrind: ", sentence)
        self.assertIn("took longer than", sentence)


if __name__ == "__main__":
    unittest.main()
