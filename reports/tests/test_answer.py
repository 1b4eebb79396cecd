# SPDX-License-Identifier: MIT
"""The picture at the head of the page: who is in it, and what stands beside each row."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from reading import rewritten, study_of
from tailrace_report import canvas, page
from tailrace_report.study import Study


class Answer(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c")

    def panels(self, study: Study) -> dict[str, dict[str, str]]:
        """Heading -> name of the row -> text beside it."""
        with canvas.settings():
            drawn = page.opening(study).draw()
        if drawn is None:
            return {}
        found = {}
        for axes in drawn[0].axes:
            rows = [label.get_text() for label in axes.get_yticklabels()]
            texts = {one.xy[1]: one.get_text() for one in axes.texts if hasattr(one, "xy")}
            heading = next(one.get_text() for one in axes.texts if one.get_fontweight() == "bold")
            found[heading] = {name: texts.get(at, "") for at, name in enumerate(rows)}
        return found

    def test_each_panel_has_all_subjects_but_the_floor(self) -> None:
        found = self.panels(study_of(self.folder))
        self.assertEqual(list(found), ["CPU per request", "p50", "quiet p99", "p99",
                                       "memory per idle connection", "closed-loop rate"])
        for rows in found.values():
            self.assertEqual(list(rows), ["local", "local (default)", "libuv", "threads"])
        self.assertRegex(found["CPU per request"]["threads"], r"^1\.9\d× ±\d\.\d % ≠$")
        self.assertRegex(found["closed-loop rate"]["threads"], r"^0\.59×$")

    def test_the_caption_says_at_which_load(self) -> None:
        title = page.opening(study_of(self.folder)).title
        self.assertIn("requests/s (Poisson): CPU per request, p50, quiet p99 and p99.", title)
        self.assertIn("Closed loop, 1,000 connections × 64 B, depth 1: closed-loop rate", title)

    def test_who_has_no_ratio_has_a_word(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["subject"]["id"] == "libuv" and cell["point"]["kind"] == "open":
                cell.update(status="overloaded")
            return cell["subject"]["id"] != "threads" or cell["point"]["kind"] == "memory"

        found = self.panels(rewritten(self.folder, change))
        self.assertEqual(found["p99"]["libuv"], "overloaded")
        self.assertEqual(found["p99"]["threads"], "no number")

    def test_without_a_floor_there_is_no_picture(self) -> None:
        study = rewritten(self.folder, lambda cell: cell["subject"]["id"] != "bare-epoll")
        self.assertEqual(self.panels(study), {})


if __name__ == "__main__":
    unittest.main()
