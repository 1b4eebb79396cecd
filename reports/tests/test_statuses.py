# SPDX-License-Identifier: MIT
"""Who was overloaded, and what a failed check leaves of a cell."""

from __future__ import annotations

import unittest
from typing import Any

from reading import page_of, rewritten, rows_of
from tailrace_report import overview, summary, trouble
from tailrace_report.campaign import OK, OVERLOADED
from tailrace_report.kinds import echo
from tailrace_report.load import CampaignError
from tailrace_report.measures import (
    CPU,
    P50,
    QUIET_P99,
    RATE,
    RATE_OF_RUN,
    RUN_DELAY,
    Quantile,
    Slope,
)
from tailrace_report.study import Study
from test_slices import QUIET, Campaign


def failed_check(name: str, *spoils: str) -> dict[str, Any]:
    return dict(name=name, ok=False, value=2, limit=1, text=f"{name} failed", spoils=spoils)


class Overloaded(Campaign):
    def overload(self, blocks: set[int], status: str = OVERLOADED) -> Study:
        """libuv at QUIET in these blocks."""

        def change(cell: dict[str, Any]) -> None:
            at = cell["subject"]["id"], cell["point"]["id"]
            if at == ("libuv", QUIET) and cell["block"] in blocks:
                cell["validity"] = [failed_check("achieved_rate", "latency", "rate", "cpu")]
                cell.update(status=status, cause="87 % of the offered rate")
                cell["load"]["achieved_per_s"] = 8700.0

        return self.changed(change)

    def about(self, study: Study) -> str:
        return " ".join(s.text for s in overview.statements(study) if s.about == "Overloaded")

    def test_who_cannot_keep_up_is_last_and_not_missing(self) -> None:
        study = self.overload({0, 1, 2, 3, 4, 5})
        point = self.point(study)
        entry = study.compare(point, Quantile(0.99)).of(self.who(study, "libuv"))
        assert entry is not None
        self.assertEqual((entry.standing, entry.valid, entry.ratio), (OVERLOADED, False, None))
        row = rows_of(echo.response_table(study, point))["libuv"]
        self.assertEqual(row["generations"], "6 overloaded")
        self.assertIn("libuv achieved 8.70 k/s, while the client was in time", self.about(study))
        self.assertIn("6 overloaded", overview.verdict_counts(study))
        self.assertIn("overloaded | 6 |", summary.markdown(study))
        self.assertIn("6</b> overloaded", page_of(study))
        notes = " ".join(echo.response_table(study, point).notes)
        self.assertIn("could not keep up with the offered rate", notes)

    def test_sentences_name_it_last(self) -> None:
        self.overload({0, 1, 2, 3, 4, 5})
        study = self.only(QUIET)
        (tails,) = [s.text for s in overview.statements(study) if s.about == "Tails"]
        self.assertIn("; overloaded, and so last: libuv ", tails)
        self.assertIn("all others kept up", tails)
        row = rows_of(overview.headline(study))["libuv"]
        self.assertEqual(row["p99 × floor"], "overloaded")

    def test_the_middle_generation_decides(self) -> None:
        for blocks, standing in (({0, 1}, OK), ({0, 1, 2}, OVERLOADED)):
            study = self.overload(blocks)
            libuv = self.who(study, "libuv")
            self.assertEqual(study.standing(libuv, self.point(study)), standing)
            self.assertIn(f"in {len(blocks)} of 6 generations", self.about(study))

    def test_the_record_says_whether_it_was_overloaded(self) -> None:
        study = self.overload({0, 1, 2, 3, 4, 5}, "invalid")
        libuv = self.who(study, "libuv")
        self.assertEqual(study.standing(libuv, self.point(study)), "invalid")
        self.assertEqual(self.about(study), "")

    def test_where_all_are_overloaded_it_is_said(self) -> None:
        def change(cell: dict[str, Any]) -> None:
            if cell["point"]["kind"] == "open":
                cell["status"] = "overloaded"

        study = self.changed(change)
        self.assertNotIn("Invalid", [s.about for s in overview.statements(study)])
        self.assertIn("bare-epoll achieved", self.about(study))


class Spoiled(Campaign):
    """libuv at QUIET is valid, but for what a check spoils in some blocks."""

    def spoil(self, blocks: set[int], *groups: str) -> Study:
        def change(cell: dict[str, Any]) -> None:
            at = cell["subject"]["id"], cell["point"]["id"]
            if at == ("libuv", QUIET) and cell["block"] in blocks:
                cell["validity"] = [failed_check("client_headroom", *groups)]

        return self.changed(change)

    def blocks_of(self, study: Study) -> dict[str, int]:
        """How many blocks libuv has of each."""
        measures = {"p50": P50, "quiet p99": QUIET_P99, "rate": RATE, "cpu": CPU,
                    "send delay": Quantile(0.5, "lateness")}
        who, point = self.who(study, "libuv"), self.point(study)
        return {name: len(measure.per_block(study, who, point, OK))
                for name, measure in measures.items()}

    def test_only_what_a_check_spoils_is_left_out(self) -> None:
        whole = {"p50": 6, "quiet p99": 6, "rate": 6, "cpu": 6, "send delay": 6}
        self.assertEqual(self.blocks_of(self.spoil(set())), whole)
        late = {**whole, "p50": 4, "quiet p99": 4}
        self.assertEqual(self.blocks_of(self.spoil({1, 3}, "latency")), late)
        limit = {**late, "rate": 4}
        self.assertEqual(self.blocks_of(self.spoil({1, 3}, "latency", "rate")), limit)

    def test_so_it_is_for_numbers_of_the_whole_cell(self) -> None:
        for group, left in (("cpu", (4, 6)), ("rate", (6, 4)), ("latency", (6, 6))):
            study = self.spoil({1, 3}, group)
            who, point = self.who(study, "libuv"), self.point(study)
            measures = RUN_DELAY, RATE_OF_RUN
            found = tuple(len(one.per_block(study, who, point, OK)) for one in measures)
            self.assertEqual(found, left, group)

    def test_a_late_client_spoils_the_slices_in_which_it_was_late(self) -> None:
        def late(until: int) -> Study:
            def change(cell: dict[str, Any]) -> None:
                at = cell["subject"]["id"], cell["point"]["id"]
                if at != ("libuv", QUIET) or cell["block"] not in {1, 3}:
                    return
                cell["validity"] = [failed_check("send_lateness", "latency")]
                for one in cell["slices"]:
                    one["client_late"] = one["round"] < until
                    one["p50_ns"] *= 20 if one["client_late"] else 1

            return self.changed(change)

        clean = self.changed(lambda cell: None)
        libuv, point = self.who(clean, "libuv"), self.point(clean)
        whole = P50.per_block(clean, libuv, point, OK)
        some = P50.per_block(late(4), libuv, point, OK)
        self.assertEqual(list(some), list(whole))
        for block, number in some.items():
            self.assertAlmostEqual(number / whole[block], 1.0, delta=0.01)
        study = late(8)
        self.assertEqual(self.blocks_of(study)["p50"], 4)
        self.assertEqual(self.blocks_of(study)["cpu"], 6)
        # Of the merged histogram nothing can be taken out.
        self.assertEqual(len(Quantile(0.9).per_block(late(1), libuv, point, OK)), 4)

    def test_it_is_said_with_its_cause(self) -> None:
        study = self.spoil({1, 3}, "latency")
        rows = [row for row in trouble.cells(study).rows if row[0] == "libuv"]
        self.assertIn(["invalid in latency", "2", QUIET], [row[1:4] for row in rows])
        self.assertIn("ok (2 in part)", overview.verdict_counts(study))
        self.assertIn("invalid in latency", page_of(study))

    def test_where_all_of_it_is_spoiled_there_is_no_number(self) -> None:
        study = self.spoil({0, 1, 2, 3, 4, 5}, "latency")
        point, libuv = self.point(study), self.who(study, "libuv")
        self.assertIsNone(study.compare(point, P50).of(libuv))
        entry = study.compare(point, CPU).of(libuv)
        assert entry is not None and entry.ratio is not None
        self.assertEqual((entry.valid, entry.ratio.blocks), (True, 6))
        self.assertEqual(rows_of(echo.response_table(study, point))["libuv"]["p50"], "-")

    def test_of_memory_the_two_sides_are_apart(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["subject"]["id"] == "libuv" and cell["point"]["kind"] == "memory":
                cell["validity"] = [failed_check("kernel_memory_drift", "kernel_memory")]
            return True

        study = rewritten(self.folder, change)
        (point,) = study.points_of("memory")
        libuv = next(who for who in study.subjects if study.labels[who] == "libuv")
        found = [Slope("idle", sides).per_block(study, libuv, point, OK)
                 for sides in (("user",), ("kernel",), ("user", "kernel"))]
        self.assertEqual([bool(one) for one in found], [True, False, False])

    def test_groups_that_are_no_list_of_texts_refuse_the_campaign(self) -> None:
        with self.assertRaises(CampaignError) as caught:
            self.spoil({1}, 7)  # type: ignore[arg-type]
        self.assertIn("`spoils` is not a list of texts", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
