# SPDX-License-Identifier: MIT
"""Campaigns that go on until they are decided: levels of the looks, who uses them, when it ends."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import unittest
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import make_campaign
import versus_cells
from reading import page_of, rewritten
from tailrace_report import cli, decide, looks, max_t, overview, simulate, simulate_looks, until
from tailrace_report.errors import CampaignError
from tailrace_report.load import read_campaign, read_looks
from tailrace_report.looks import LEVEL, Looks, levels
from tailrace_report.study import Study

AT = (8, 16, 32)


class Levels(unittest.TestCase):
    def test_together_they_are_never_more_than_the_level(self) -> None:
        for at in (AT, (8,), (6, 7, 8), (8, 9, 10, 11, 12), (8, 80), (10, 20, 30, 40, 50, 60)):
            found = levels(at)
            self.assertEqual(tuple(found), at)
            self.assertLessEqual(sum(found.values()), LEVEL + 1e-12, at)
            self.assertGreater(sum(found.values()), LEVEL - 0.004, at)

    def test_at_no_look_more_is_spent_than_the_function_says(self) -> None:
        for at in (AT, (8, 12, 16), (8, 80)):
            used = 0.0
            for generations, level in levels(at).items():
                used += level
                self.assertLessEqual(used, looks.spent(generations / at[-1]) + 1e-9)
        self.assertEqual(looks.spent(0.0), 0.0)
        self.assertAlmostEqual(looks.spent(1.0), LEVEL)

    def test_the_first_of_8_to_80_generations_can_decide(self) -> None:
        for first in range(8, 81):
            for last in range(first, 81):
                at = (first,) if first == last else (first, last)
                self.assertGreater(levels(at)[first], 0.0, at)
        sure = {"x": {at: 1.2 + 0.001 * at for at in range(8)}}
        (verdict,) = decide.decide(sure, 0.02, levels((8, 80))[8]).values()
        self.assertEqual((verdict.outcome, verdict.p), (decide.DIFFERENT, 2 / 256))

    def test_a_level_is_a_step_of_p_values_or_nothing(self) -> None:
        self.assertEqual(levels(AT)[8], 4 / 256)
        self.assertEqual(levels((6, 80))[6], 0.0)  # 2 / 64 is more than may be spent by then
        self.assertGreater(levels((6, 80))[80], 0.049)
        sure = {"x": {at: 1.2 + 0.001 * at for at in range(6)}}
        (verdict,) = decide.decide(sure, 0.02, 0.0).values()
        self.assertEqual((verdict.outcome, verdict.visible), (decide.OPEN, 0.0))

    def test_a_smaller_level_decides_less_and_promises_less(self) -> None:
        family = {"x": {at: 1.02 + 0.01 * (at % 3) - 0.02 * (at == 7) for at in range(8)}}
        p = decide.decide(family, None)["x"].p
        for level in (p, p - 1e-3):
            found = decide.decide(family, None, level)["x"]
            self.assertEqual(found.outcome == decide.DIFFERENT, p <= level, p)
        wide, narrow = (decide.decide(family, None, level)["x"].visible for level in (0.05, 0.01))
        self.assertLess(wide, narrow)


class Reading(unittest.TestCase):
    def test_what_is_no_plan_of_looks_is_refused(self) -> None:
        good: dict[str, Any] = {"blocks": 8, "looks": {"at": [8, 16], "at_most_minutes": 30}}
        self.assertEqual(looks.read(good), Looks((8, 16), 8, 30.0))
        self.assertIsNone(looks.read({"blocks": 8}))
        for told in ([8], {"at": [], "at_most_minutes": 1}, {"at": [8], "at_most_minutes": 0},
                     {"at": [16, 8], "at_most_minutes": 1}, {"at": [8, 8], "at_most_minutes": 1},
                     {"at": [16], "at_most_minutes": 1}, {"at": ["8"], "at_most_minutes": 1}):
            with self.assertRaises(ValueError):
                looks.read({**good, "looks": told})


class Campaigns(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "c"

    def made(self, blocks: int = 8, **told: Any) -> Path:
        make_campaign.write_campaign(self.folder, blocks=blocks, scale=1)
        self.planned(blocks=blocks, looks={"at": list(AT), "at_most_minutes": 600, **told})
        return self.folder

    def planned(self, **changed: Any) -> None:
        path = self.folder / "plan.json"
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changed}), "utf-8")

    def decided(self, *outcomes: str) -> contextlib.AbstractContextManager[Any]:
        found = [decide.Verdict(outcome, None, visible=0.1) for outcome in outcomes]
        return mock.patch.object(until, "leading", lambda study: iter(found))

    def test_every_verdict_of_a_campaign_is_at_the_level_of_its_look(self) -> None:
        for make in (self.made, self.compared):
            seen = []
            real = max_t.tests

            def noted(columns: Sequence[Sequence[float]], level: float) -> Any:
                seen.append(level)
                return real(columns, level)

            campaign = read_campaign(make())
            with mock.patch.object(max_t, "tests", noted):
                page_of(Study(campaign))
                self.assertEqual(set(seen), {4 / 256})
                seen.clear()
                page_of(Study(replace(campaign, looks=None)))
                self.assertEqual(set(seen), {LEVEL})

    def compared(self) -> Path:
        """With pairs of epoll and io_uring, and claims of them."""
        self.folder = self.folder.with_name("versus")
        versus_cells.write(self.folder, blocks=8)
        self.planned(blocks=8, looks={"at": list(AT), "at_most_minutes": 600})
        return self.folder

    def test_the_report_says_how_often_was_looked(self) -> None:
        study = Study(read_campaign(self.made()))
        (text,) = [one.text for one in overview.statements(study) if one.about == "Looks"]
        self.assertIn("at most 32 generations; looked at after 8.", text)
        self.assertIn("at 1.6 %, so that those of all looks together are wrong", text)
        self.assertIn("in at most 5 %", text)
        plain = Study(replace(study.campaign, looks=None))
        self.assertNotIn("Looks", [one.about for one in overview.statements(plain)])

    def test_it_goes_on_while_a_leading_pair_is_open(self) -> None:
        campaign = read_campaign(self.made())
        with self.decided(decide.SAME, decide.DIFFERENT):
            self.assertEqual(until.of(campaign).generations, None)
        for outcome in (decide.OPEN, decide.NOT_COMPARED):
            with self.decided(decide.SAME, outcome):
                found = until.of(campaign)
            self.assertEqual(found.generations, 16)
            self.assertIn("Look at 8 generations of 32, 1 of 2 leading pairs decided", found.why)
        with self.decided():  # nothing measured that could be compared
            self.assertEqual(until.of(campaign).generations, 16)

    def test_it_ends_at_the_last_look(self) -> None:
        self.made(at=[4, 8])
        with self.decided(decide.OPEN):
            found = until.answer(self.folder)
        self.assertIsNone(found.generations)
        self.assertIn("this was the last look", found.why)

    def test_it_ends_when_the_next_look_would_take_too_long(self) -> None:
        self.made()
        rewritten(self.folder, lambda cell: cell.update(wall_s=1.5) or True)
        taken, each = until.minutes(read_campaign(self.folder))
        needed = taken + 8 * each
        self.assertGreater(each, 0.0)
        for most, goes_on in ((needed * 1.01, True), (needed * 0.99, False)):
            self.planned(looks={"at": list(AT), "at_most_minutes": most})
            with self.decided(decide.OPEN):
                found = until.answer(self.folder)
            self.assertEqual(found.generations, 16 if goes_on else None)
        self.assertIn(f"16 generations take {needed:.1f} minutes", found.why)

    def test_what_is_measured_once_is_no_part_of_a_generation(self) -> None:
        campaign = read_campaign(self.made())
        cells = [replace(cell, wall_s=60.0 if cell.block else 600.0) for cell in campaign.cells]
        in_block = sum(cell.block == 1 for cell in cells)
        taken, each = until.minutes(replace(campaign, cells=tuple(cells)))
        self.assertEqual(each, in_block)
        self.assertEqual(taken, sum(cell.wall_s for cell in cells) / 60)

    def test_a_look_that_is_not_all_measured_is_finished_first(self) -> None:
        self.made()
        path = self.folder / "cells.jsonl"
        path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
        with self.decided(decide.SAME):
            self.assertEqual(until.answer(self.folder).generations, 8)

    def test_leading_pairs_are_those_with_the_floor_in_the_first_table(self) -> None:
        study = Study(read_campaign(self.made()))
        table = overview.headline(study)
        marks = sum(any(mark in text for mark in "≠=?")
                    for row in table.rows for text in row[1:])
        self.assertEqual(len(list(until.leading(study))), marks)
        self.assertGreater(marks, 3)

    def test_the_command_prints_the_generations_or_nothing(self) -> None:
        self.made()
        with self.decided(decide.OPEN):
            self.assertEqual(self.said(), (0, "16\n"))
        with self.decided(decide.SAME):
            self.assertEqual(self.said(), (0, ""))
        self.planned(looks=None)
        self.assertIsNone(read_looks(self.folder))
        self.assertEqual(self.said(), (0, ""))
        self.planned(looks=[])
        self.assertEqual(self.said()[0], 2)
        with self.assertRaisesRegex(CampaignError, "plan.json: `looks` does not have"):
            read_campaign(self.folder)

    def said(self) -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            return cli.main(["until", str(self.folder)]), out.getvalue()


class Simulated(unittest.TestCase):
    """In a short and seeded form: `python3 -m tailrace_report.simulate_looks` is the long one."""

    def cases(self) -> Iterator[simulate.Case]:
        for sizes in (simulate.EQUAL, simulate.UNEQUAL):
            yield simulate.Case(simulate.normal, sizes=sizes, sd=5 * simulate.LOUD)

    def test_stopping_makes_hardly_any_false_difference(self) -> None:
        for case in self.cases():
            found = simulate_looks.played(case, 60)
            self.assertLess(found.ever_different, 0.15)  # 5 % is below it in 999 of 1,000
            self.assertLessEqual(found.false_different, found.ever_different)

    def test_what_is_clear_ends_early_and_what_is_not_does_not(self) -> None:
        case = simulate.Case(simulate.normal, (1.0, 1.3, 1.6), simulate.EQUAL[:3])
        clear = simulate_looks.played(case, 20)
        self.assertEqual((clear.generations, clear.decided), (8.0, 1.0))
        noisy = simulate.Case(simulate.normal, simulate.EQUAL, sd=5 * simulate.LOUD)
        self.assertEqual(simulate_looks.played(noisy, 5).generations, 32.0)


if __name__ == "__main__":
    unittest.main()
