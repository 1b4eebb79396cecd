# SPDX-License-Identifier: MIT
"""Subjects of two regimes: when they are seen, and that no text sums them up."""

from __future__ import annotations

import math
import random
import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from reading import page_of, rewritten, rows_of
from sliced_cells import set_rate
from tailrace_report import claims, decide, overview
from tailrace_report.kinds import echo
from tailrace_report.regimes import Regime, separating, two_regimes

HIGH = (1, 4, 5, 6, 7)


def numbers(sd: float = 0.01, generations: int = 8, drift: float = 0.3) -> dict[str, Any]:
    """Three of one regime, and `ring`: 165 or 211."""
    lot = random.Random(2)
    drifts = [math.exp(lot.gauss(0.0, drift)) for _ in range(generations)]
    found = {
        who: {at: 200 * drifts[at] * math.exp(lot.gauss(0.0, sd)) for at in range(generations)}
        for who in ("a", "b", "c")
    }
    found["ring"] = {
        at: (211 if at in HIGH else 165) * drifts[at] * math.exp(lot.gauss(0.0, sd))
        for at in range(generations)
    }
    return found


class Rule(unittest.TestCase):
    def test_two_regimes_are_seen_through_the_drift_of_the_machine(self) -> None:
        found = two_regimes(numbers())
        self.assertEqual(list(found), ["ring"])
        low, high = found["ring"]
        self.assertEqual((low.generations, high.generations), ((0, 2, 3), HIGH))

    def test_a_machine_of_two_regimes_is_nobodys(self) -> None:
        found = numbers()
        del found["ring"]
        for values in found.values():
            for at in HIGH:
                values[at] *= 1.5
        self.assertEqual(two_regimes(found), {})

    def test_what_is_not_two_groups_is_not(self) -> None:
        self.assertEqual(two_regimes(numbers(sd=0.1)), {})  # too wide for their gap
        self.assertEqual(two_regimes(numbers(generations=7)), {})
        found = numbers()
        found["ring"] = {at: value * (1.3 if at == 3 else 1.0) for at, value in found["a"].items()}
        self.assertEqual(two_regimes(found), {})  # one far off
        found = numbers(sd=0.001)
        found["ring"] = {at: v * (1.05 if at in HIGH else 1.0) for at, v in found["a"].items()}
        self.assertEqual(two_regimes(found), {})  # too close to matter
        self.assertEqual(two_regimes({"a": found["a"], "b": numbers()["ring"]}), {})  # two alone

    def test_one_regime_is_hardly_ever_taken_for_two(self) -> None:
        lot, seen = random.Random(1), 0
        for _ in range(200):
            table = {
                who: {at: math.exp(lot.gauss(0.0, 0.5)) for at in range(8)} for who in range(5)
            }
            seen += len(two_regimes(table))
        self.assertLess(seen, 10)


class Causes(unittest.TestCase):
    PARTS = Regime(165.0, (0, 2, 3)), Regime(211.0, HIGH)

    def told(self, **figures: dict[int, float]) -> list[str]:
        return [one.name for one in separating(self.PARTS, figures)]

    @staticmethod
    def by_group(low: float, high: float, spread: float = 0.0) -> dict[int, float]:
        return {at: (high if at in HIGH else low) + spread * at for at in range(8)}

    def test_the_figures_that_part_the_groups_best_come_first(self) -> None:
        clear, wide = self.by_group(0.9, 0.1), self.by_group(4.0, 2.0, 0.1)
        alike = self.by_group(1.0, 1.0, 0.2)
        self.assertEqual(self.told(wide=wide, alike=alike, clear=clear), ["clear", "wide"])
        (first, _) = separating(self.PARTS, {"wide": wide, "clear": clear})
        self.assertEqual((first.low, first.high), (0.9, 0.1))

    def test_what_overlaps_hardly_differs_or_is_not_whole_says_nothing(self) -> None:
        overlapping = {**self.by_group(1.0, 2.0), 4: 0.5}
        close = self.by_group(1.0, 1.05)
        holes = {at: n for at, n in self.by_group(1.0, 2.0).items() if at != 3}
        zero = self.by_group(0.0, 0.0)
        self.assertEqual(self.told(a=overlapping, b=close, c=holes, d=zero, e={}), [])

    def test_two_are_enough(self) -> None:
        figures = {name: self.by_group(1.0, 2.0) for name in ("a", "b", "c")}
        self.assertEqual(self.told(**figures), ["a", "b"])


class Texts(unittest.TestCase):
    def test_no_text_sums_them_up(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            who, block = cell["subject"], cell["block"]
            if cell["point"]["id"] != "closed-50x64" or who["form"] != "best":
                return False
            if cell["load"] and who["id"] != "local":
                set_rate(cell, 250e3 + block)
            elif cell["load"]:
                set_rate(cell, (211e3 if block in HIGH else 165e3) + block)
                switches = 0.01 if block in HIGH else 0.9
                cell["cost"]["server"]["voluntary_switches_per_op"] = switches
            return True

        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "c", blocks=8, scale=1)
            study = rewritten(folder, change)
            page = page_of(study)
        (rate,) = [s.text for s in overview.statements(study) if s.about == "Rate"]
        self.assertIn("; two regimes: local 165 k/s in 3 generations, 211 k/s in 5.", rate)
        (why,) = [s.text for s in overview.statements(study) if s.about == "Regimes"]
        self.assertIn("voluntary switches per request (0.900 against 0.0100)", why)
        table = overview.headline(study)
        self.assertEqual(rows_of(table)["local"]["closed rate"], "165 k/s (3) or 211 k/s (5)")
        self.assertIn("a (3) or b (5): two regimes", " ".join(table.notes))
        self.assertIn("165 k/s (3) or 211 k/s (5)", page)
        relation = claims.Relation("local", "closed-50x64", "above", "bare-epoll")
        (judged,) = claims.judged_all([(relation, claims.measured(study, relation))], 0.05)
        self.assertEqual((judged.estimate, judged.state), (None, claims.OPEN))
        self.assertIn("local at closed-50x64: two regimes", judged.why)
        (point,) = study.points
        rows = rows_of(echo.rate_table(study, point))
        self.assertEqual(rows["local"]["rate / floor"], "-")
        compared = study.compare(point, echo.RATE)
        (local,) = compared.split
        for entry in compared.valid:
            found = compared.pairs.of(local.subject, entry.subject)
            self.assertEqual(found.outcome, decide.NOT_COMPARED)


if __name__ == "__main__":
    unittest.main()
