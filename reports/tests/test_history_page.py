# SPDX-License-Identifier: MIT
"""Trends as a page: what is drawn of made-up histories, how much of it, and that it is safe."""

from __future__ import annotations

import re
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import make_history
import test_report
from tailrace_report import canvas, figure_history, history, history_page
from tailrace_report.history import Entry, Trend

MARKDOWN_BYTES_MAX = 60 << 10
CPU_ONLY = {"cpu_us_per_op": (3.5, 0.01)}
FIGURES = ("cpu-us-per-op", "rate", "p50", "p99", "user-bytes-per-idle-connection")


def written(trends: list[Trend], left_out: list[str] | None = None) -> dict[str, bytes]:
    """Every file of the page of these trends."""
    with tempfile.TemporaryDirectory() as scratch:
        history_page.write(trends, left_out or [], Path(scratch))
        return {path.name: path.read_bytes() for path in Path(scratch).iterdir()}


class Whole(unittest.TestCase):
    files: dict[str, bytes]
    page: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.trends = [make_history.trend(24), make_history.trend(1, machine="<b>other</b>")]
        cls.files = written(cls.trends, ["left out: <i>bad</i>"])
        cls.page = cls.files["index.html"].decode("utf-8")

    trends: list[Trend]

    def test_the_same_trends_give_the_same_bytes(self) -> None:
        again = written([make_history.trend(24), self.trends[1]], ["left out: <i>bad</i>"])
        self.assertEqual(again, self.files)

    def test_each_trend_and_metric_has_its_files(self) -> None:
        wanted = {f"trend-{n}-{name}.{end}" for n in (1, 2) for name in FIGURES
                  for end in ("png", "svg")}
        self.assertEqual(set(self.files), wanted | {"index.html", "summary.md"})
        self.assertTrue(self.files["trend-1-rate.png"].startswith(b"\x89PNG"))

    def test_the_page_is_well_formed_safe_and_needs_nothing_else(self) -> None:
        checker = test_report.check(self.page)
        self.assertEqual((checker.problems, checker.open, checker.scripts), ([], [], 1))
        self.assertEqual(len(checker.ids), len(set(checker.ids)))
        for link in checker.links:
            self.assertTrue(link[1:] in checker.ids or link in self.files, link)
        for hostile in ("<message>", "<b>other", "<i>bad", "<2 cores>"):
            self.assertFalse(hostile in self.page, hostile)
        self.assertIsNone(re.search(r"(?:src|href)=\"?(?:https?:)?//", self.page))

    def test_every_colour_follows_the_reader_to_the_dark(self) -> None:
        for drawing in re.findall(r"<svg .*?</svg>", self.page, re.S):
            fixed = re.findall(r"(?<!,)#[0-9a-f]{6}\b", drawing)
            self.assertEqual(fixed, [])
            self.assertTrue("var(--" in drawing)

    def test_a_change_is_named_with_size_build_date_and_note(self) -> None:
        (one,) = [c for c in self.trends[0].changes if c.place.who == "local"]
        self.assertRegex(one.text, r"^\+1[12]\.\d % worse$")
        self.assertEqual(one.entry.what, f"{one.entry.build} 2026-09-09")
        text = self.files["trend-1-cpu-us-per-op.svg"].decode()
        note = "accepted on 2026-09-20: a check of"
        for words in (one.text, one.entry.what, note, "not accepted"):
            self.assertTrue(words in text, words)
        self.assertTrue("a check of every &lt;message&gt;, for issue 12 | it stays" in self.page)

    def test_the_summary_says_first_what_happened(self) -> None:
        lines = self.files["summary.md"].decode().splitlines()
        total = len(self.trends[0].changes)
        self.assertTrue(lines[0].startswith(f"**{total} lasting changes: "), lines[0])
        rows = [line for line in lines if line.startswith(("| local", "| steal", "| uring"))]
        self.assertIn("not accepted", rows[0])
        self.assertIn(r"every \<message\>", "\n".join(rows))


class Sizes(unittest.TestCase):
    def test_one_campaign_has_marks_and_no_change(self) -> None:
        one = make_history.trend(1)
        self.assertEqual(one.changes, [])
        self.assertIn("needs 8 campaigns", written([one])["summary.md"].decode())
        with canvas.settings():
            shown, rest = figure_history.of_metric(one, "rate")
            figure = figure_history.history_figure(one, shown)
        assert figure is not None
        self.assertEqual((len(figure.axes), rest), (len(make_history.TARGETS), 0))
        marks = [line for line in figure.axes[0].lines if line.get_linestyle() == "None"]
        self.assertEqual(len(marks), 1)

    def test_five_hundred_campaigns_are_all_looked_at_and_still_a_page(self) -> None:
        # A metric a figure tells about the size of the others, and one about all change points.
        with mock.patch.object(make_history, "LEVELS", CPU_ONLY):
            long = make_history.trend(500)
        at = {c.place.who: c.at for c in long.changes if c.worse > 1}
        self.assertEqual(at, {"local": 166, "steal": 166})
        files = written([long])
        self.assertLess(len(files["index.html"]), test_report.HTML_BYTES_MAX)
        self.assertLess(len(files["summary.md"]), MARKDOWN_BYTES_MAX)

    def test_more_panels_than_fit_keep_those_that_changed(self) -> None:
        crowd = {f"one-{n:02d}": 1.0 for n in range(30)}
        targets = mock.patch.object(make_history, "TARGETS", {**crowd, "steal": 1.0})
        with targets, mock.patch.object(make_history, "LEVELS", CPU_ONLY):
            trend = make_history.trend(24)
        shown, rest = figure_history.of_metric(trend, "cpu_us_per_op")
        self.assertEqual((len(shown), rest), (figure_history.PANELS_MAX, 7))
        self.assertIn("steal", {one.place.who for one in shown})
        self.assertTrue("CPU time per operation: 7 more" in written([trend])["index.html"].decode())

    def test_many_trends_with_long_names_stay_bounded(self) -> None:
        trends = [make_history.trend(1, machine=f"{n}|{'x' * 3000}") for n in range(30)]
        with mock.patch.object(history_page, "DRAWN_MAX", 1):
            files = written(trends, [f"left out: {n}" for n in range(200)])
        self.assertLess(len(files["summary.md"]), MARKDOWN_BYTES_MAX)
        self.assertRegex(files["summary.md"].decode(), r"\d+ more parts are left out")
        self.assertTrue("Not drawn" in files["index.html"].decode())
        self.assertEqual(sum(name.endswith(".png") for name in files), len(FIGURES))


class Axes(unittest.TestCase):
    def entry(self, started: str) -> Entry:
        return Entry("c", started, {})

    def test_ticks_tell_campaigns_apart(self) -> None:
        for starts, texts in (
            (["2026-09-01T03:00:00Z"], ["2026-09-01"]),
            (["2026-09-01T03:00:00Z", "2026-09-02T03:00:00Z"], ["2026-09-01", "2026-09-02"]),
            (["2026-09-01T03:00:00Z", "2026-09-01T04:30:00Z"], ["09-01 03:00", "09-01 04:30"]),
            (["2026-09-01T03:00:00Z"] * 2, ["no. 1", "no. 2"]),
            (["", "2026-09-01T03:00:00Z"], ["no. 1", "no. 2"]),
        ):
            places, shown = figure_history.ticks([self.entry(one) for one in starts])
            self.assertEqual((places, shown), (list(range(len(starts))), texts))
        many = [self.entry(f"2026-09-{n + 1:02d}") for n in range(30)]
        self.assertEqual(figure_history.ticks(many)[0], [0, 10, 19, 29])

    def test_a_gap_parts_the_line(self) -> None:
        found = [list(run) for run in figure_history.runs((0, 1, 4, 6, 7))]
        self.assertEqual(found, [[0, 1], [2], [3, 4]])

    def test_who_comes_or_goes_is_said_and_drawn_where_it_was(self) -> None:
        trend = make_history.trend(16)
        by_who = {one.place.who: one for one in trend.series if one.place.name == "p50"}
        self.assertEqual(by_who["uring"].at, tuple(range(4, 16)))
        self.assertEqual(by_who["threads"].at, tuple(range(12)))
        text = written([trend])["trend-1-p50.svg"].decode()
        for words in ("less is better, since 2026-09-05", "less is better, until 2026-09-12"):
            self.assertTrue(words in text, words)

    def test_a_change_after_a_gap_starts_at_its_campaign(self) -> None:
        entries = make_history.entries(24)
        gone = replace(entries[3], numbers={})
        (one,) = [
            change
            for change in history.changes([*entries[:3], gone, *entries[4:]], [])
            if change.place.who == "local"
        ]
        self.assertEqual((one.at, one.entry.name, one.campaigns), (8, "nightly-009", 16))

    def test_next_to_no_bytes_have_ticks_that_differ(self) -> None:
        levels = {"user_bytes_per_idle_connection": (2.0, 0.3)}
        with mock.patch.object(make_history, "LEVELS", levels):
            trend = make_history.trend(9)
        with canvas.settings():
            shown, _ = figure_history.of_metric(trend, "user_bytes_per_idle_connection")
            figure = figure_history.history_figure(trend, shown)
        assert figure is not None
        figure.canvas.draw()
        texts = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        self.assertEqual(len(texts), len(set(texts)))

    def test_names_are_cut_to_one_line(self) -> None:
        self.assertEqual(figure_history.cut("a\nb", 9), "a b")
        self.assertEqual(figure_history.cut("abcdef", 4), "abc…")


if __name__ == "__main__":
    unittest.main()
