# SPDX-License-Identifier: MIT
"""What a published campaign decided, asked of another: made-up campaigns whose truth is known."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import versus_cells
from reading import rewritten
from tailrace_report import reproduce, stats
from tailrace_report.campaign import Point
from tailrace_report.decide import DIFFERENT, NOTHING, OPEN, SAME, Verdict
from tailrace_report.errors import CampaignError


def verdict(outcome: str, low: float, high: float) -> Verdict:
    ratio = stats.Estimate((low * high) ** 0.5, low, high, 8, "interval")
    return Verdict(outcome, ratio, visible=0.03)


class Reproduced(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.there = versus_cells.write(self.scratch / "there")
        self.here = versus_cells.write(self.scratch / "here")

    def changed(self, **rates: float) -> reproduce.Result:
        """With rates at closed-50x64 times as large here, by contestant."""

        def change(cell: dict[str, Any]) -> bool:
            factor = rates.get(cell["subject"]["id"].replace("-", "_"), 1.0)
            if cell["point"]["id"] == "closed-50x64" and cell["subject"]["form"] == "best":
                cell["load"]["achieved_per_s"] *= factor
            return True

        rewritten(self.here, change)
        return reproduce.compared(self.there, self.here)

    def answers(self, result: reproduce.Result) -> dict[str, str]:
        return {one.text: one.answer for one in result.relations}

    def test_the_same_campaign_holds(self) -> None:
        result = reproduce.compared(self.there, self.here)
        self.assertGreater(result.count(reproduce.HOLDS), 20)
        self.assertEqual(result.count(reproduce.HOLDS), len(result.relations))

    def test_what_is_the_other_way_round_does_not_hold_and_comes_first(self) -> None:
        result = self.changed(bare_uring=0.8)
        text = "bare-uring / bare-epoll, rate at closed-50x64"
        self.assertEqual(self.answers(result)[text], reproduce.DOES_NOT)
        table = reproduce.table(result)
        self.assertEqual(table.rows[0][:2], [text, reproduce.DOES_NOT])
        self.assertIn("≠", table.rows[0][2])
        self.assertIn("1 do not", reproduce.sentence(result))

    def test_a_difference_of_another_size_holds(self) -> None:
        result = self.changed(bare_uring=1.5)
        self.assertEqual(result.count(reproduce.DOES_NOT), 0)

    def test_a_factor_of_the_machine_changes_nothing(self) -> None:
        same = dict.fromkeys(("bare_uring", "bare_epoll", "local", "uring"), 3.0)
        result = self.changed(**same)
        forms = [one for one in result.relations if "(" in one.text]
        others = [one for one in result.relations if one not in forms]
        self.assertEqual({one.answer for one in others}, {reproduce.HOLDS})

    def test_the_rule(self) -> None:
        more, same = verdict(DIFFERENT, 1.02, 1.05), verdict(SAME, 0.99, 1.01)
        for there, here, answer in (
            (more, verdict(DIFFERENT, 1.3, 1.4), reproduce.HOLDS),
            (more, verdict(DIFFERENT, 0.9, 0.95), reproduce.DOES_NOT),
            (more, same, reproduce.DOES_NOT),
            (more, verdict(SAME, 0.99, 1.03), reproduce.STAYS_OPEN),
            (more, verdict(OPEN, 0.9, 0.95), reproduce.STAYS_OPEN),
            (more, NOTHING, reproduce.STAYS_OPEN),
            (same, same, reproduce.HOLDS),
            (same, more, reproduce.DOES_NOT),
            (same, verdict(DIFFERENT, 1.005, 1.05), reproduce.STAYS_OPEN),
        ):
            self.assertEqual(reproduce.judged(there, here)[0], answer, (there, here))

    def test_what_was_not_measured_here_is_open_with_the_cause(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["point"]["id"] == "closed-1x64":
                cell["point"]["depth"] = 7
            if cell["subject"]["id"] == "uring":
                cell.update(status="invalid", cause="noise")
            return cell["point"]["id"] != "closed-1000x64" and cell["subject"]["id"] != "local"

        rewritten(self.here, change)
        result = reproduce.compared(self.there, self.here)
        whys = {one.text: one.why for one in result.relations if one.why}
        at = "bare-uring / bare-epoll, rate at closed-"
        self.assertEqual(whys[f"{at}1000x64"], "this point was not measured here")
        self.assertEqual(whys[f"{at}1x64"], "the point of this name is another load here")
        at = "bare-epoll, CPU per operation at closed-50x64"
        self.assertEqual(whys[f"local / {at}"], "local has no number here")
        self.assertEqual(whys[f"uring / {at}"], "uring is invalid here")
        self.assertEqual(result.count(reproduce.DOES_NOT), 0)

    def test_how_long_was_measured_does_not_matter(self) -> None:
        one = Point("p", "closed", {"connections": 1.0, "duration_s": 1.0})
        other = Point("p", "closed", {"connections": 1.0, "duration_s": 9.0})
        self.assertEqual(reproduce._load(one), reproduce._load(other))

    def test_the_machines_come_first(self) -> None:
        manifest = json.loads((self.here / "manifest.json").read_text("utf-8"))
        manifest["machine"] = {"cpu": {"model": "Another"}}
        (self.here / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        _, text = reproduce.write(self.there, self.here, self.scratch / "out")
        self.assertLess(text.index("Another"), text.index("What was decided there"))
        markdown = (self.scratch / "out" / "reproduced.md").read_text("utf-8")
        self.assertIn("hold here, 0 do not", markdown)

    def test_the_words_of_the_run(self) -> None:
        found = reproduce.words(self.there)
        self.assertEqual(found[:6], ["--profile", "made-up", "--seed", "1", "--blocks", "6"])
        self.assertIn("bare-epoll", found[7].split(","))
        path = self.there / "manifest.json"
        manifest = json.loads(path.read_text("utf-8"))
        for name in ("a b", "--x y", "", None, "x;y"):
            manifest["profile"]["name"] = name
            path.write_text(json.dumps(manifest), "utf-8")
            with self.assertRaises(CampaignError):
                reproduce.words(self.there)


if __name__ == "__main__":
    unittest.main()
