# SPDX-License-Identifier: MIT
"""Trends over stored campaigns, comparisons of two, accepted notes, and campaigns with arms."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import random
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import make_campaign
import test_report
from reading import rewritten
from sliced_cells import scale_cpu
from tailrace_regress import accepted, campaign_numbers
from tailrace_regress.samples import Key
from tailrace_report import cli, compare, history
from tailrace_report.errors import CampaignError
from tailrace_report.figure_history import Entry
from tailrace_report.history import Trend
from tailrace_report.measures import CPU, QUIET_P99, RATE, Slope
from tailrace_report.readings import METRICS, Place
from tailrace_report.stats import Estimate

POINTS = {"rate": "closed-50x64", "user_bytes_per_idle_connection": "memory"}


def made_up(count: int, subjects: tuple[str, ...] = ("local", "steal")) -> Trend:
    """`count` campaigns, a day apart: `local` gets dearer in the last, `steal` comes after four."""
    lot, entries = random.Random(1), []
    for number in range(count):
        numbers = {}
        for name in METRICS:
            for who in subjects:
                value = 100.0 * (1 + 0.01 * lot.random())
                if who == "local" and name == "cpu_us_per_op" and number == count - 1:
                    value *= 1.2
                if who != "steal" or number >= 4:
                    place = Place(who, POINTS.get(name, "open-50x64-10000"), name)
                    numbers[place] = Estimate(value, 0.99 * value, 1.01 * value, 6, "interval")
        day = datetime.date(2026, 9, 1) + datetime.timedelta(days=number)
        started = f"{day}T03:00:00Z"
        entries.append(Entry(f"nightly-{number:03d}", started, numbers, "build 01234567"))
    return Trend("Made-up CPU <2 cores>", "quick", tuple(entries))


def written(trends: list[Trend], left_out: list[str]) -> dict[str, bytes]:
    """Every file of the page of these trends."""
    with tempfile.TemporaryDirectory() as scratch:
        history.write(trends, left_out, Path(scratch))
        return {path.name: path.read_bytes() for path in Path(scratch).iterdir()}


class Trends(unittest.TestCase):
    def test_the_last_campaign_stands_beside_those_before_and_the_worst_comes_first(self) -> None:
        table = history.table(made_up(12))
        first = table.rows[0]
        self.assertEqual(first[0], "local, open-50x64-10000: cpu_us_per_op")
        self.assertEqual(first[1], "12")
        self.assertEqual(first[-1], "nightly-011 build 01234567 2026-09-12")
        counts = {row[0]: row[1] for row in table.rows}
        self.assertEqual(counts["steal, closed-50x64: rate"], "8")
        alone = history.table(made_up(1))
        self.assertEqual({row[4] for row in alone.rows}, {"-"})

    def test_a_page_is_well_formed_safe_and_needs_nothing_else(self) -> None:
        trends = [made_up(12), made_up(1)]
        files = written(trends, ["left out: <i>bad</i>"])
        page = files["index.html"].decode("utf-8")
        checker = test_report.check(page)
        self.assertEqual((checker.problems, checker.open, checker.scripts), ([], [], 1))
        self.assertEqual(len(checker.ids), len(set(checker.ids)))
        for link in checker.links:
            self.assertTrue(link[1:] in checker.ids or link in files, link)
        for hostile in ("<2 cores>", "<i>bad"):
            self.assertNotIn(hostile, page)
        figures = {f"trend-{n}-{name.replace('_', '-')}.{end}" for n in (1, 2) for name in METRICS
                   for end in ("png", "svg")}
        self.assertEqual(set(files), figures | {"index.html", "summary.md"})
        self.assertIn("14 more are in index.html", written([made_up(9, tuple("abcd"))], [])
                      ["summary.md"].decode())

    def test_campaigns_of_other_machines_and_unreadable_ones_stay_apart(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch)
            for number in range(2):
                folder = make_campaign.write_campaign(root / f"c{number}", blocks=1, scale=1)
                manifest = json.loads((folder / "manifest.json").read_text())
                manifest["machine"]["cpu"]["model"] = f"CPU {number}"
                (folder / "manifest.json").write_text(json.dumps(manifest))
            (root / "latest").symlink_to("c1")
            (root / "bad").mkdir()
            (root / "bad" / "manifest.json").write_text('{"schema": 7}')
            found, notes = history.trends([root])
            self.assertEqual([len(trend.entries) for trend in found], [1, 1])
            self.assertEqual(len(notes), 1)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = cli.main(["history", str(root)])
                self.assertEqual(cli.main(["history", str(root / "nowhere")]), 2)
            self.assertEqual(code, 0)
            self.assertIn("made-up on CPU 1", out.getvalue())
            self.assertIn("left out: ", err.getvalue())
            with mock.patch.object(history, "CAMPAIGNS_MAX", 1):
                for name in ("c0", "c1"):
                    manifest = json.loads((root / name / "manifest.json").read_text())
                    manifest["machine"]["cpu"]["model"] = "same"
                    (root / name / "manifest.json").write_text(json.dumps(manifest))
                ((trend,), notes) = history.trends([root / "c0", root / "c1"])
            self.assertEqual([entry.name for entry in trend.entries], ["c1"])
            self.assertEqual(notes, ["left out: c0 is too old."])


class Comparisons(unittest.TestCase):
    def test_machines_come_first_and_whether_intervals_overlap(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            one = make_campaign.write_campaign(Path(scratch) / "one", blocks=6, scale=1)
            other = make_campaign.write_campaign(Path(scratch) / "other", blocks=6, scale=1)
            manifest = json.loads((other / "manifest.json").read_text())
            manifest["machine"]["kernel"]["release"] = "6.2.0-other"
            (other / "manifest.json").write_text(json.dumps(manifest))

            def change(cell: dict[str, Any]) -> bool:
                if cell["subject"]["id"] == "local" and cell["cost"]:
                    scale_cpu(cell, 3)
                return True

            rewritten(other, change)
            machine, numbers = compare.tables(one, other)
            self.assertEqual([row[0] for row in machine.rows], ["machine.kernel.release"])
            self.assertTrue(any("different classes" in note for note in machine.notes))
            words = {row[0]: row[-1] for row in numbers.rows}
            self.assertEqual(words["local, open-50x64-10000: cpu_us_per_op"], "do not overlap")
            self.assertEqual(words["libuv, open-50x64-10000: cpu_us_per_op"], "overlap")


class Notes(unittest.TestCase):
    good = '[[accepted]]\ndate = 2026-11-21\ntarget = "*"\nmetric = "p50"\nup_to = 1.5\n'
    good += 'reason = "x"\n'

    def read(self, text: str) -> list[accepted.Note]:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "accepted.toml"
            path.write_text(text)
            return accepted.read(path)

    def test_good_notes(self) -> None:
        self.assertEqual(accepted.read(Path("/nonexistent/accepted.toml")), [])
        (note,) = self.read(self.good)
        self.assertEqual((note.place, note.until, note.up_to), ("*", None, 1.5))

    def test_bad_notes_are_refused_with_a_sentence(self) -> None:
        for text, word in (
            ("[[accepted", "Expected"),
            ("x = 1\n", "only [[accepted]]"),
            (self.good.replace('reason = "x"\n', ""), "needs `reason`"),
            (self.good.replace("up_to = 1.5", "up_to = 0.5"), "needs `up_to`"),
            (self.good.replace("up_to = 1.5", "up_to = nan"), "needs `up_to`"),
            (self.good.replace("2026-11-21", '"yesterday"'), "needs `date`"),
            (self.good + 'until = "soon"\n', "not a date"),
            (self.good + "until = 2027-02-01T12:00:00\n", "not a date"),
            (self.good.replace("2026-11-21", "2026-11-21T12:00:00"), "needs `date`"),
            (self.good + "misspelt = 1\n", "unknown key 'misspelt'"),
        ):
            with self.subTest(text=text), self.assertRaises(CampaignError) as caught:
                self.read(text)
            self.assertIn(word, caught.exception.sentences[0])


class Arms(unittest.TestCase):
    def test_arms_are_labelled_like_forms(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "c", blocks=1, scale=1)
            study = rewritten(folder, lambda cell: cell.update(arm="head") or True)
            self.assertEqual({who.form for who in study.subjects}, {"head", "default head"})
            with self.assertRaises(CampaignError):
                rewritten(folder, lambda cell: cell.update(arm=7) or True)

    def test_the_gate_reads_what_reports_show(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "c", blocks=2, scale=1)
            study = rewritten(folder, lambda cell: cell.update(arm="head") or True)
        samples = campaign_numbers.samples_of(study.campaign)
        local = {(k.place, k.metric): k for k in samples.keys() if k.target == "local"}
        for place, metric, measure in (
            ("open-50x64-60000", "quiet_p99", QUIET_P99),
            ("closed-50x64", "rate", RATE),
            ("closed-1000x64", "cpu_us_per_op", CPU),
            ("memory", "kernel_bytes_per_idle_connection", Slope("idle", ("kernel",))),
        ):
            (point,) = (one for one in study.points if one.id == place)
            who = next(one for one in study.subjects if (one.id, one.form) == ("local", "head"))
            shown = measure.per_block(study, who, point, "ok")
            self.assertEqual(samples.arm(local[place, metric], "head"), shown)
            self.assertEqual(set(shown), {0, 1})
        # Invalid cells count too: both of libuv's.
        key = Key("libuv", "open-1000x64-20000", "cpu_us_per_op")
        self.assertEqual(set(samples.arm(key, "head")), {0, 1})

    def test_cells_that_were_skipped_are_a_note_of_the_gate(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "c", blocks=1, scale=1)
            study = rewritten(folder, lambda cell: cell["subject"]["id"] == "uring")
            (note,) = campaign_numbers.check(study.campaign.cells)
            self.assertIn("7 cells are left out: io_uring is refused here", note)


if __name__ == "__main__":
    unittest.main()
