# SPDX-License-Identifier: MIT
"""Hogs and skew in the report: what is compared with what, what is said when parts are missing."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from contestants import NOTHING_STOLEN
from reading import drawn, page_of, rewritten, rows_of, study_of
from tailrace_report import overview
from tailrace_report.kinds import hog
from tailrace_report.measures import P99
from tailrace_report.study import Study


class Uneven(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c", blocks=3, scale=1)

    def only(self, *kinds: str) -> Study:
        return rewritten(self.folder, lambda cell: cell["point"]["kind"] in kinds)

    def test_hogs_are_compared_with_the_same_load_that_burns_nothing(self) -> None:
        study = self.only("hog")
        (point,) = hog.HOG.shown(study)
        calm = hog.calm_partner(study, point)
        assert calm is not None
        self.assertEqual(calm.numbers["burn_us"], 0)
        rows = rows_of(hog.HOG.table(study, point))
        self.assertEqual(set(rows), {"local", "steal", "libuv", "threads"})
        # threads do not wait, loops wait for milliseconds.

        def grown(who: str) -> float:
            return float(rows[who]["p99 with / without"].partition("×")[0])

        self.assertAlmostEqual(grown("threads"), 1.0, delta=0.2)
        self.assertGreater(grown("local"), 20)
        self.assertIn(" ms", rows["local"]["p99"])
        # The hogs' own time is near a burn, and not in the others'.
        self.assertTrue(all(row["hogs' own p50"].startswith("5.") for row in rows.values()))

    def test_other_load_is_no_partner(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["point"]["kind"] == "hog" and cell["point"]["burn_us"] == 0:
                cell["point"]["rate_per_s"] = 4999.0
            return cell["point"]["kind"] == "hog"

        study = rewritten(self.folder, change)
        (point,) = hog.HOG.shown(study)
        self.assertIsNone(hog.calm_partner(study, point))
        for row in rows_of(hog.HOG.table(study, point)).values():
            self.assertEqual((row["p99, nobody burns"], row["p99 with / without"]), ("-", "-"))
        self.assertNotIn("without burning", " ".join(s.text for s in overview.statements(study)))

    def test_invalid_hogs_have_no_ratio_and_no_finding(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["status"] == "ok":
                cell["status"] = "invalid"
            return cell["point"]["kind"] == "hog"

        study = rewritten(self.folder, change)
        (point,) = hog.HOG.shown(study)
        for row in rows_of(hog.HOG.table(study, point)).values():
            self.assertEqual(row["p99 with / without"], "-")
            self.assertIn("3 invalid", row["generations"])
            self.assertIn("s [", row["p99 from sending"])
        self.assertIn("for hogs failed a validity check", overview.statements(study)[0].text)

    def test_a_campaign_of_hogs_and_skew_only_has_its_own_headline(self) -> None:
        study = self.only("hog", "skew")
        table = overview.headline(study)
        quantiles = [f"{w} {q}" for w in ("hogs", "skew") for q in ("p50", "p99", "p99.9")]
        self.assertEqual([column.title for column in table.columns], ["subject", *quantiles])
        self.assertEqual([row[0] for row in table.rows], ["local", "steal", "libuv", "threads"])
        self.assertIn("bare-epoll", " ".join(table.notes))
        self.assertIn("Client and server shared the CPUs", " ".join(table.notes))
        self.assertTrue({"hog", "skew"} <= drawn(study))
        self.assertNotIn("latency", drawn(study))

    def test_beside_others_skew_has_one_column_of_the_first_table(self) -> None:
        study = study_of(self.folder)
        table = overview.headline(study)
        rows = rows_of(table)
        self.assertFalse([title for title in rows["local"] if title.startswith("hogs")])
        (point,) = study.points_of("skew")
        two = next(c for c in study.subjects if c.id == "local" and c.workers == 2)
        entry = study.compare(point, P99).of(two)
        assert entry is not None
        # In the row that has what was measured with one worker.
        self.assertEqual(rows["local"]["skew p99"], entry.middle)
        self.assertNotEqual(rows["local"]["CPU/op"], "-")
        (note,) = [text for text in table.notes if text.startswith("skew p99")]
        self.assertIn("2 workers", note)

    def test_who_cannot_steal_says_so_below_its_tables(self) -> None:
        said = f"steal with one worker: {NOTHING_STOLEN}."
        study = study_of(self.folder)
        (point,) = study.points_of("skew")
        self.assertNotIn(said, hog.SKEW.table(study, point).notes)  # it has two
        self.assertNotIn(said, overview.headline(study).notes)

        def change(cell: dict[str, Any]) -> bool:
            cell["subject"]["workers"] = 1
            return cell["point"]["kind"] == "skew"

        study = rewritten(self.folder, change)
        (point,) = study.points_of("skew")
        self.assertEqual(hog.SKEW.table(study, point).notes.count(said), 1)
        self.assertEqual(overview.headline(study).notes.count(said), 1)

    def test_without_them_there_is_no_section(self) -> None:
        study = self.only("open", "closed")
        page = page_of(study)
        self.assertNotIn('id="hogs"', page)
        self.assertNotIn('id="skew"', page)
        self.assertFalse({"hog", "skew"} & drawn(study))

    def test_workers_are_named_only_where_nothing_else_differs(self) -> None:
        study = study_of(self.folder)
        workers = {c.workers for c in study.subjects if c.id == "local" and c.form == "best"}
        self.assertEqual(workers, {1, 2})
        self.assertEqual({study.labels[c] for c in study.subjects if c.id == "libuv"}, {"libuv"})
        labels = [row[0] for row in overview.headline(study).rows]
        self.assertEqual(len(labels), len(set(labels)))

        def change(cell: dict[str, Any]) -> bool:
            if cell["point"]["kind"] == "skew" and cell["block"] > 1:
                cell["subject"]["workers"] = 4
            return cell["point"]["kind"] == "skew"

        study = rewritten(self.folder, change)
        labels = {study.labels[c] for c in study.subjects if c.id == "libuv"}
        self.assertEqual(labels, {"libuv (2 workers)", "libuv (4 workers)"})

    def test_shared_cpus_are_told_where_they_were_shared(self) -> None:
        study = self.only("skew")
        (point,) = study.points_of("skew")
        self.assertIn("shared the CPUs", " ".join(hog.SKEW.table(study, point).notes))
        self.assertIn("shared the CPUs", " ".join(s.text for s in overview.statements(study)))

        def change(cell: dict[str, Any]) -> bool:
            cell["cpus"] = {"target": "0-1", "client": "2", "disjoint": True, "shared_cpus": None}
            return True

        study = rewritten(self.folder, change)
        (point,) = study.points_of("skew")
        self.assertNotIn("shared", " ".join(hog.SKEW.table(study, point).notes))
        self.assertNotIn("shared the CPUs", " ".join(s.text for s in overview.statements(study)))


if __name__ == "__main__":
    unittest.main()
