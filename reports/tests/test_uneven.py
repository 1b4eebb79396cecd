# SPDX-License-Identifier: MIT
"""Hogs and skew in the report: what is compared with what, what is said when parts are missing."""

from __future__ import annotations

import json
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make_campaign
from tailrace_report import finding, headline, uneven
from tailrace_report.build import build
from tailrace_report.load import read_campaign
from tailrace_report.study import Study, calm_partner


class Uneven(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c", blocks=3, scale=1)

    def rewrite(self, change: Callable[[dict[str, Any]], bool]) -> Study:
        """Keeps the cells for which `change` says so, changed as it likes."""
        path = self.folder / "cells.jsonl"
        cells = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        kept = [cell for cell in cells if change(cell)]
        path.write_text("".join(f"{json.dumps(cell)}\n" for cell in kept), "utf-8")
        return Study(read_campaign(self.folder))

    def only(self, *kinds: str) -> Study:
        return self.rewrite(lambda cell: cell["point"]["kind"] in kinds)

    def test_hogs_are_compared_with_the_same_load_that_burns_nothing(self) -> None:
        study = self.only("hog")
        (point,) = uneven.burning_points(study)
        calm = calm_partner(study, point)
        self.assertEqual((calm or point).burn_us, 0)
        rows = {row[0]: row for row in uneven.hogs(study, point).rows}
        self.assertEqual(set(rows), {"local", "steal", "libuv", "threads"})
        # threads do not wait, loops wait for milliseconds.
        self.assertAlmostEqual(float(rows["threads"][9].partition("×")[0]), 1.0, delta=0.2)
        self.assertGreater(float(rows["local"][9].partition("×")[0]), 20)
        self.assertIn(" ms", rows["local"][4])
        # The hogs' own time is near a burn, and not in the others'.
        self.assertTrue(all(row[11].startswith("5.") for row in rows.values()))

    def test_other_load_is_no_partner(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["point"]["kind"] == "hog" and cell["point"]["burn_us"] == 0:
                cell["point"]["rate_per_s"] = 4999.0
            return cell["point"]["kind"] == "hog"

        study = self.rewrite(change)
        (point,) = uneven.burning_points(study)
        self.assertIsNone(calm_partner(study, point))
        for row in uneven.hogs(study, point).rows:
            self.assertEqual(row[8:10], ["-", "-"])
        self.assertNotIn("without burning", finding.statements(study)[0].text)

    def test_gated_hogs_have_no_ratio_and_no_finding(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["status"] == "ok":
                cell["status"] = "gated"
            return cell["point"]["kind"] == "hog"

        study = self.rewrite(change)
        (point,) = uneven.burning_points(study)
        for row in uneven.hogs(study, point).rows:
            self.assertEqual((row[9], row[10]), ("-", "gated"))
            self.assertIn(" µs" if row[0] == "threads" else "s [", row[7])
        self.assertIn("hogs", finding.statements(study)[0].text)

    def test_a_campaign_of_hogs_and_skew_only_has_its_own_headline(self) -> None:
        study = self.only("hog", "skew")
        table = headline.headline(study)
        quantiles = [f"{w} {q}" for w in ("hogs", "skew") for q in ("p50", "p99", "p99.9")]
        self.assertEqual([column.title for column in table.columns], ["contestant", *quantiles])
        self.assertEqual([row[0] for row in table.rows], ["local", "steal", "libuv", "threads"])
        self.assertIn("bare-epoll", " ".join(table.notes))
        self.assertIn("Client and server shared the CPUs", " ".join(table.notes))
        build(self.folder, self.folder / "report")
        names = {path.name for path in (self.folder / "report").iterdir()}
        self.assertTrue({"hog.png", "skew.png"} <= names)
        self.assertNotIn("latency.png", names)

    def test_without_them_there_is_no_section(self) -> None:
        self.only("open", "closed")
        build(self.folder, self.folder / "report")
        page = (self.folder / "report" / "index.html").read_text("utf-8")
        self.assertNotIn('id="hogs"', page)
        self.assertNotIn('id="skew"', page)
        names = {path.name for path in (self.folder / "report").iterdir()}
        self.assertFalse({"hog.png", "skew.png"} & names)

    def test_workers_are_named_only_where_they_tell_two_apart(self) -> None:
        study = Study(read_campaign(self.folder))
        workers = {c.workers for c in study.contestants if c.id == "local" and c.form == "best"}
        self.assertEqual(workers, {1, 2})
        self.assertEqual({study.labels[c] for c in study.contestants if c.id == "libuv"}, {"libuv"})
        labels = [row[0] for row in headline.headline(study).rows]
        self.assertEqual(len(labels), len(set(labels)))

        def change(cell: dict[str, Any]) -> bool:
            if cell["point"]["kind"] == "skew" and cell["block"] > 1:
                cell["contestant"]["workers"] = 4
            return cell["point"]["kind"] == "skew"

        study = self.rewrite(change)
        labels = {study.labels[c] for c in study.contestants if c.id == "libuv"}
        self.assertEqual(labels, {"libuv (2 workers)", "libuv (4 workers)"})

    def test_shared_cpus_are_told_where_they_were_shared(self) -> None:
        study = self.only("skew")
        (point,) = study.points_of("skew")
        self.assertIn("shared the CPUs", " ".join(uneven.skew(study, point).notes))
        self.assertIn("shared the CPUs", " ".join(s.text for s in finding.statements(study)))

        def change(cell: dict[str, Any]) -> bool:
            cell["cpus"] = {"target": "0-1", "client": "2", "disjoint": True, "shared_cpus": None}
            return True

        study = self.rewrite(change)
        (point,) = study.points_of("skew")
        self.assertNotIn("shared", " ".join(uneven.skew(study, point).notes))
        self.assertNotIn("shared", " ".join(s.text for s in finding.statements(study)))


if __name__ == "__main__":
    unittest.main()
