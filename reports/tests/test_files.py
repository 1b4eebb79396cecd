# SPDX-License-Identifier: MIT
"""Reading a file in the report: three experiments apart, each with its proof beside it."""

from __future__ import annotations

import json
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import file_cells
import make_campaign
from tailrace_report import figure_files, files, finding
from tailrace_report.build import build
from tailrace_report.errors import CampaignError
from tailrace_report.load import read_campaign
from tailrace_report.study import Study


class Files(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c", blocks=1, scale=1)
        file_cells.write_cells(self.folder)

    def study(self, change: Callable[[dict[str, Any]], None] = lambda cell: None) -> Study:
        path = self.folder / "cells.jsonl"
        cells = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for cell in cells:
            change(cell)
        path.write_text("".join(f"{json.dumps(cell)}\n" for cell in cells), "utf-8")
        return Study(read_campaign(self.folder))

    def rows(self, study: Study, cache: str, readers: int) -> dict[str, list[str]]:
        points = files.points(study, cache)
        (point,) = [p for p in points if p.option("concurrency") == readers]
        table = files.table(study, point)
        titles = [column.title for column in table.columns]
        return {row[0]: dict(zip(titles, row)) for row in table.rows}  # type: ignore[misc]

    def test_a_point_has_rate_cost_tails_threads_and_proof(self) -> None:
        rows = self.rows(self.study(), "warm", 16)
        self.assertEqual(list(rows), ["uring", "libuv", "threads"])
        ring = rows["uring"]
        self.assertRegex(ring["reads/s"], r"^1,2\d\d k/s")
        self.assertRegex(ring["per second"], r"^5,\d\d\d MB/s")
        self.assertEqual(ring["CPU a read"].partition(" ")[0], "0.800")
        self.assertEqual((ring["threads"], ring["io-wq"]), ("2", "0"))
        self.assertEqual((ring["from devices"], ring["resident"]), ("0.00", "100.0 % / 100.0 %"))
        cold = self.rows(self.study(), "cold", 16)["threads"]
        self.assertEqual(cold["from devices"], "1.00")
        self.assertTrue(cold["resident"].startswith("0.0 % / "), cold["resident"])

    def test_the_kinds_of_page_cache_are_never_one_panel_or_table(self) -> None:
        study = self.study()
        for sweep in (figure_files.IOPS, figure_files.CPU):
            panels = figure_files.panels_of(study, sweep)
            self.assertEqual([cache for cache, _, _ in panels], ["warm", "cold", "direct"])
            for cache, points, lines in panels:
                self.assertEqual({p.cache for p in points}, {cache})
                self.assertEqual([x for x, _ in next(iter(lines.values()))], [1, 16])
        self.assertEqual(figure_files.panels_of(study, figure_files.SPEED), [])
        told = files.statement(study)
        for words in ("in the page cache (4 KiB", "not in the page cache", "past the page cache"):
            self.assertIn(words, told)
        self.assertIn("uring 0.80", told)
        self.assertIn("libuv 6.10", told)

    def test_one_number_of_readers_is_no_sweep(self) -> None:
        file_cells.write_cells(self.folder, readers=(16,))
        study = self.study()
        self.assertEqual(figure_files.panels_of(study, figure_files.IOPS), [])
        build(self.folder, self.folder / "report")
        names = {path.name for path in (self.folder / "report").iterdir()}
        expected = {f"file-{name}.png" for name in ("warm", "cold", "direct", "cost")}
        self.assertTrue(expected <= names)
        self.assertNotIn("file-iops.png", names)

    def test_the_page_shows_all_of_it(self) -> None:
        build(self.folder, self.folder / "report")
        names = {path.name for path in (self.folder / "report").iterdir()}
        self.assertTrue({"file-iops.png", "file-cpu.png"} <= names)
        self.assertNotIn("file-cost.png", names)
        page = (self.folder / "report" / "index.html").read_text("utf-8")
        self.assertIn('id="files"', page)
        self.assertIn("virtual disk", page)

    def test_without_them_there_is_no_section(self) -> None:
        make_campaign.write_campaign(self.folder / "other", blocks=1, scale=1)
        build(self.folder / "other", self.folder / "report")
        page = (self.folder / "report" / "index.html").read_text("utf-8")
        self.assertNotIn('id="files"', page)
        self.assertFalse([p for p in (self.folder / "report").iterdir() if "file" in p.name])

    def test_gated_cells_are_shown_and_not_concluded_from(self) -> None:
        def change(cell: dict[str, Any]) -> None:
            cell["status"] = "gated"

        study = self.study(change)
        self.assertEqual(files.statement(study), "")
        self.assertEqual(self.rows(study, "warm", 16)["uring"]["group by CPU"], "gated")
        self.assertIn("file reads", finding.statements(study)[0].text)

    def test_a_cell_that_cannot_be_believed_is_refused(self) -> None:
        def negative(cell: dict[str, Any]) -> None:
            cell["work"]["counts"]["reads"] = -1

        with self.assertRaises(CampaignError):
            self.study(negative)

    def test_a_cell_without_proof_has_no_numbers(self) -> None:
        def change(cell: dict[str, Any]) -> None:
            cell["file"] = None

        study = self.study(change)
        self.assertEqual(self.rows(study, "warm", 16)["uring"]["reads/s"], "-")
        build(self.folder, self.folder / "report")


if __name__ == "__main__":
    unittest.main()
