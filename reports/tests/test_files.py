# SPDX-License-Identifier: MIT
"""Reading a file in the report: three experiments apart, each with its proof beside it."""

from __future__ import annotations

import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import file_cells
import make_campaign
from reading import drawn, page_of, rewritten, rows_of, study_of
from tailrace_report import overview
from tailrace_report.errors import CampaignError
from tailrace_report.kinds import file
from tailrace_report.study import Study

FILE = file.FILE


class Files(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c", blocks=1, scale=1)
        file_cells.write_cells(self.folder)

    def study(self, change: Callable[[dict[str, Any]], None] = lambda cell: None) -> Study:
        return rewritten(self.folder, lambda cell: change(cell) or True)

    def rows(self, study: Study, cache: str, readers: int) -> dict[str, dict[str, str]]:
        points = FILE.of(study, cache)
        (point,) = [p for p in points if p.whole("concurrency") == readers]
        return rows_of(file.file_table(study, point))

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
        for sweep in file.SWEEPS[:2]:
            panels = sweep.panels(study)
            firsts = [panel.title.partition("\n")[0] for panel in panels]
            self.assertEqual([first.lower() for first in firsts], list(file.CACHES.values()))
            for panel in panels:
                for line in panel.lines.values():
                    self.assertEqual([mark.x for mark in line], [1, 16])
        self.assertEqual(file.SWEEPS[2].panels(study), [])
        ((told),) = [s.text for s in FILE.statements(study)]
        for words in ("in the page cache (4 KiB", "not in the page cache", "past the page cache"):
            self.assertIn(words, told)
        self.assertIn("uring 0.80", told)
        self.assertIn("libuv 6.10", told)

    def test_one_number_of_readers_is_no_sweep(self) -> None:
        file_cells.write_cells(self.folder, readers=(16,))
        study = self.study()
        self.assertEqual(file.CPU_SWEEP.panels(study), [])
        files = {name for name in drawn(study) if name.startswith("file")}
        self.assertEqual(files, {f"file-{name}" for name in ("warm", "cold", "direct", "cost")})

    def test_the_page_shows_all_of_it(self) -> None:
        study = self.study()
        files = {name for name in drawn(study) if name.startswith("file")}
        expected = {f"file-{name}" for name in ("warm", "cold", "direct", "iops", "cpu")}
        self.assertEqual(files, expected)
        page = page_of(study)
        self.assertIn('id="files"', page)
        self.assertIn("virtual disk", page)

    def test_without_them_there_is_no_section(self) -> None:
        study = study_of(make_campaign.write_campaign(self.folder / "other", blocks=1, scale=1))
        self.assertNotIn('id="files"', page_of(study))
        self.assertFalse([name for name in drawn(study) if name.startswith("file")])

    def test_invalid_cells_are_shown_and_not_concluded_from(self) -> None:
        study = self.study(lambda cell: cell.update(status="invalid"))
        self.assertEqual(FILE.statements(study), [])
        self.assertEqual(self.rows(study, "warm", 16)["uring"]["generations"], "3 invalid")
        self.assertIn("file reads", overview.statements(study)[0].text)

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
        page_of(study)


if __name__ == "__main__":
    unittest.main()
