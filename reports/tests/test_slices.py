# SPDX-License-Identifier: MIT
"""What slices add: the typical slice, two tails, and quantiles that stall clusters carry."""

from __future__ import annotations

import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make_campaign
from reading import rewritten, rows_of, study_of
from tailrace_report import overview, stats
from tailrace_report.campaign import OK, Point, Subject
from tailrace_report.kinds import echo
from tailrace_report.load import CampaignError
from tailrace_report.measures import QUIET_P99, Quantile
from tailrace_report.slices import AS_LIVED
from tailrace_report.study import Study

QUIET, DISTURBED = "open-50x64-10000", "open-50x64-60000"
Change = Callable[[dict[str, Any]], None]


class Clusters(unittest.TestCase):
    def test_twenty_stretches_must_have_values_above(self) -> None:
        stalls = [5.0] * 80
        self.assertFalse(stats.clustered([(5.0, stalls + [9.0] * 19)]))
        self.assertTrue(stats.clustered([(5.0, stalls + [9.0] * 20)]))

    def test_clusters_are_those_of_all_generations_each_above_its_own(self) -> None:
        self.assertTrue(stats.clustered([(5.0, [9.0] * 10 + [1.0] * 9), (50.0, [90.0] * 10)]))
        self.assertFalse(stats.clustered([(5.0, [9.0] * 10 + [1.0] * 9), (50.0, [9.0] * 10)]))

    def test_of_fewer_stretches_all_must(self) -> None:
        self.assertTrue(stats.clustered([(5.0, [9.0] * 4)]))
        self.assertFalse(stats.clustered([(5.0, [9.0] * 3 + [5.0])]))

    def test_where_nothing_was_recorded_nothing_is_held_back(self) -> None:
        self.assertTrue(stats.clustered([(5.0, []), (7.0, [])]))


class Campaign(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c")

    def changed(self, change: Change) -> Study:
        """With the cells under load changed, the others as they are."""

        def each(cell: dict[str, Any]) -> bool:
            if cell["load"] and cell.get("slices"):
                change(cell)
            return True

        return rewritten(self.folder, each)

    def only(self, point: str) -> Study:
        return rewritten(self.folder, lambda cell: cell["point"]["id"] == point)

    def who(self, study: Study, label: str) -> Subject:
        return next(who for who in study.present(self.point(study)) if study.labels[who] == label)

    def point(self, study: Study, name: str = QUIET) -> Point:
        return next(point for point in study.points if point.id == name)


class Slices(Campaign):
    def test_quiet_p99_is_of_the_quiet_quarter_of_a_generation(self) -> None:
        def change(cell: dict[str, Any]) -> None:
            for at, one in enumerate(cell["slices"]):
                one["p99_ns"] = 1000 * (cell["block"] + 1) * (500 if at < 5 else 1)

        study = self.changed(change)
        local = self.who(study, "local")
        found = QUIET_P99.per_block(study, local, self.point(study), OK)
        self.assertEqual(list(found), list(range(6)))
        for block, number in found.items():
            self.assertAlmostEqual(number, 1000 * (block + 1))
        rows = rows_of(echo.response_table(study, self.point(study)))
        self.assertIn("3.50 µs [1.00, 6.00]", rows["local"]["quiet p99"])
        self.assertRegex(rows["local"]["quiet / floor"], "=$")

    def test_quiet_p99_needs_kept_slices_with_enough_requests(self) -> None:
        def few(cell: dict[str, Any]) -> None:
            for one in cell["slices"]:
                one["operations"] = 499 if cell["block"] == 2 else 500

        def one_kept(cell: dict[str, Any]) -> None:
            for one in cell["slices"]:
                one["operations"], one["kept"] = 500, one["round"] < 4

        for change in (few, one_kept):
            study = self.changed(change)
            self.assertFalse(study.compare(self.point(study), QUIET_P99))

        def enough_kept(cell: dict[str, Any]) -> None:
            for one in cell["slices"]:
                one.update(operations=500, kept=True)

        enough = self.changed(enough_kept)
        self.assertTrue(enough.compare(self.point(enough), QUIET_P99))

    def test_a_tail_that_few_stalls_carry_is_not_printed(self) -> None:
        def stalled(cell: dict[str, Any]) -> None:
            # 18 of 48 slices have a stall, and each block has 200 requests above p99.
            for one in cell["slices"]:
                one["max_ns"] = 10**9 if one["round"] < 3 else 300_000

        study = self.changed(stalled)
        row = rows_of(echo.response_table(study, self.point(study)))["local"]
        self.assertEqual((row["p99"], row["p99.9"]), ("-", "-"))
        self.assertIn("[", row["p90"])
        self.assertFalse(study.compare(self.point(study), Quantile(0.99)))
        note = " ".join(echo.response_table(study, self.point(study)).notes)
        self.assertIn("fewer than 20 stall clusters", note)
        notes = " ".join(overview.headline(self.only(QUIET)).notes)
        self.assertIn("No p99, p99.9: fewer than 100 requests", notes)

    def test_windows_of_the_load_are_counted_rather_than_slices(self) -> None:
        def stalled(cell: dict[str, Any]) -> None:
            cell["load"]["windows"] = [{"max_ns": 10**9}] * 3 + [{"max_ns": 300_000}] * 17

        study = self.changed(stalled)
        self.assertFalse(study.compare(self.point(study), Quantile(0.99)))
        local = self.who(study, "local")
        self.assertEqual(len(study.stretches(local, self.point(study), OK)[0]), 20)

    def test_a_slice_with_requests_that_no_window_has_is_a_stretch_too(self) -> None:
        def unanswered(cell: dict[str, Any]) -> None:
            cell["load"]["windows"] = [{"max_ns": 300_000}] * 20
            for number, one in enumerate(cell["slices"]):
                one["max_ns"] = 300_000 if number else 2 * 10**9

        study = self.changed(unanswered)
        local = self.who(study, "local")
        found = study.stretches(local, self.point(study), OK)[0]
        self.assertEqual((len(found), max(found)), (21, 2 * 10**9))

    def test_two_tails_where_rounds_were_dropped_and_one_elsewhere(self) -> None:
        study = study_of(self.folder)
        quiet = rows_of(echo.response_table(study, self.point(study)))["local"]
        self.assertIn("p99", quiet)
        table = echo.response_table(study, self.point(study, DISTURBED))
        row = rows_of(table)["local"]
        self.assertLess(len(row["p99, undisturbed"]), len(row["p99, as lived"]))
        self.assertIn("29.4 ms]", row["p99, as lived"])
        self.assertIn("as lived: of all rounds", " ".join(table.notes))
        # Blocks without a dropped round lived what they kept.
        local = self.who(study, "local")
        at = local, self.point(study, DISTURBED), OK
        kept, lived = study.histograms(*at), study.histograms(*at, AS_LIVED)
        self.assertEqual([kept[b].slots == lived[b].slots for b in range(6)],
                         [block != 2 for block in range(6)])

    def test_what_had_to_be_kept_is_not_called_undisturbed(self) -> None:
        def change(cell: dict[str, Any]) -> None:
            cell["slices"][0]["others_ns"] = int(0.11 * cell["slices"][0]["wall_ns"])

        study = self.changed(change)
        table = echo.response_table(study, self.point(study, DISTURBED))
        row = rows_of(table)["local"]
        self.assertIn("p99, kept", row)
        self.assertNotIn("p99, undisturbed", row)
        self.assertIn("some that were kept were disturbed too", " ".join(table.notes))

    def test_the_client_s_own_delay_is_shown_where_it_is_known(self) -> None:
        def change(cell: dict[str, Any]) -> None:
            paths = cell["load"]["histograms"]
            if cell["point"]["id"] == QUIET:
                paths["client_delay"] = paths["response"]

        study = self.changed(change)
        columns = [rows_of(echo.response_table(study, self.point(study, name)))["local"]
                   for name in (QUIET, DISTURBED)]
        self.assertEqual(columns[0]["send delay p99"], columns[0]["p99"].partition(" [")[0])
        self.assertEqual(columns[1]["send delay p99"], "14.9 µs")

    def test_slices_that_make_no_sense_refuse_the_campaign(self) -> None:
        flags = {"kept": True, "client_late": False}
        for name in flags:
            with self.assertRaises(CampaignError) as caught:
                self.changed(lambda cell, flag=name: cell["slices"][0].update(flags | {flag: 1}))
            self.assertIn(f"`{name}` of a slice is not true or false", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
