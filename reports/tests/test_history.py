# SPDX-License-Identifier: MIT
"""Trends over stored campaigns: known change points, accepted notes, and comparisons of two."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import random
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import make_campaign
from tailrace_report import accepted, changes, cli, compare, history
from tailrace_report.errors import CampaignError
from tailrace_report.load import read_campaign
from tailrace_report.readings import Place
from tailrace_report.stats import Estimate


def brute_force_split(values: list[float]) -> tuple[int, float]:
    """The energy statistic from its definition, for every split."""
    best = (0, 0.0)
    for at in range(changes.SIDE_MIN, len(values) - changes.SIDE_MIN + 1):
        x, y = values[:at], values[at:]
        between = sum(abs(a - b) for a in x for b in y) * 2 / (len(x) * len(y))
        inside = [
            sum(abs(a - b) for i, a in enumerate(side) for b in side[:i])
            * 2
            / (len(side) * (len(side) - 1))
            for side in (x, y)
        ]
        score = len(x) * len(y) / len(values) * (between - sum(inside))
        if score > best[1]:
            best = (at, score)
    return best


class ChangePoints(unittest.TestCase):
    def test_the_split_is_that_of_the_definition(self) -> None:
        lot = random.Random(1)
        for count in range(8, 20):
            values = [lot.gauss(0, 1) + (2 if n > count // 2 else 0) for n in range(count)]
            at, score = changes.best_split(values)
            expected = brute_force_split(values)
            self.assertEqual(at, expected[0])
            self.assertAlmostEqual(score, expected[1])

    def test_one_step_is_found_where_it_is(self) -> None:
        lot = random.Random(2)
        values = [lot.gauss(0, 0.01) + (0.1 if n >= 12 else 0) for n in range(24)]
        self.assertEqual(changes.change_points(values), [12])

    def test_two_steps(self) -> None:
        lot = random.Random(3)
        levels = [0.0] * 10 + [0.2] * 10 + [0.4] * 10
        values = [lot.gauss(0, 0.01) + level for level in levels]
        self.assertEqual(changes.change_points(values), [10, 20])

    def test_noise_one_odd_value_and_short_series_have_none(self) -> None:
        lot = random.Random(4)
        found = sum(
            bool(changes.change_points([lot.gauss(0, 1) for _ in range(16)])) for _ in range(60)
        )
        self.assertLessEqual(found, 4)
        odd = [lot.gauss(0, 0.01) for _ in range(20)]
        odd[9] = 5.0
        self.assertEqual(changes.change_points(odd), [])
        self.assertEqual(changes.change_points([0.0, 0.0, 0.0, 9.0, 9.0, 9.0]), [])

    def test_a_long_series_is_looked_at_from_its_end(self) -> None:
        values = [0.0] * 300 + [1.0] * 60
        self.assertEqual(changes.change_points(values), [300])

    def test_old_changes_and_those_at_a_border_of_windows_are_found(self) -> None:
        lot = random.Random(6)
        length = changes.LENGTH_MAX
        for at in (20, length, 2 * length + 1, 3 * length):
            values = [lot.gauss(0, 0.01) + (0.2 if n >= at else 0) for n in range(4 * length)]
            self.assertEqual(changes.change_points(values), [at])


def entries(levels: list[float], name: str = "rate") -> list[history.Entry]:
    lot = random.Random(5)
    place = Place("local", "closed-50x64", name)
    found = []
    for number, level in enumerate(levels):
        value = level * (1 + 0.004 * (lot.random() - 0.5))
        one = Estimate(value, value, value, 6, "interval")
        found.append(history.Entry(f"c{number}", f"2026-11-{number + 1:02d}", {place: one}))
    return found


class Trends(unittest.TestCase):
    note = accepted.Note(
        datetime.date(2026, 11, 10), "local", "rate", "*", 1.2, None, "checks"
    )

    def test_a_lower_rate_is_worse_and_a_note_accepts_it(self) -> None:
        trend = entries([100.0] * 8 + [90.0] * 8)
        (one,) = history.changes(trend, [])
        self.assertEqual((one.entry.name, one.campaigns), ("c8", 8))
        self.assertGreater(one.worse, 1.1)
        self.assertEqual(one.note, "not accepted")
        (one,) = history.changes(trend, [self.note])
        self.assertEqual(one.note, "accepted on 2026-11-10: checks")
        ended = replace(
            self.note, date=datetime.date(2026, 11, 1), until=datetime.date(2026, 11, 8)
        )
        (one,) = history.changes(trend, [ended])
        self.assertEqual(one.note, "not accepted")

    def test_a_better_level_needs_no_note_and_a_small_one_is_not_shown(self) -> None:
        (one,) = history.changes(entries([90.0] * 8 + [100.0] * 8), [])
        self.assertEqual((one.note, one.worse < 1), ("", True))
        self.assertEqual(history.changes(entries([100.0] * 8 + [98.5] * 8), []), [])
        odd = [100.0] * 5 + [70.0] + [100.0] * 5 + [98.5] * 11
        self.assertEqual(history.changes(entries(odd), []), [])

    def test_a_few_bytes_of_nearly_none_are_no_change(self) -> None:
        memory = "user_bytes_per_idle_connection"
        self.assertEqual(history.changes(entries([2.0] * 8 + [9.0] * 8, memory), []), [])
        (one,) = history.changes(entries([300.0] * 8 + [330.0] * 8, memory), [])
        self.assertEqual(one.campaigns, 8)

    def test_campaigns_of_other_machines_and_unreadable_ones_stay_apart(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch)
            for number in range(2):
                folder = make_campaign.write_campaign(root / f"c{number}", blocks=1, scale=1)
                manifest = json.loads((folder / "manifest.json").read_text())
                manifest["machine"]["cpu_model"] = f"CPU {number}"
                (folder / "manifest.json").write_text(json.dumps(manifest))
            (root / "latest").symlink_to("c1")
            (root / "bad").mkdir()
            (root / "bad" / "manifest.json").write_text('{"schema": 7}')
            trends, notes = history.collect([root])
            self.assertEqual(sorted(len(entries) for entries in trends.values()), [1, 1])
            self.assertEqual(len(notes), 1)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = cli.main(["history", str(root), "--accepted", str(root / "none.toml")])
            self.assertEqual(code, 0)
            self.assertIn("needs 8 campaigns", out.getvalue())
            self.assertIn("left out: ", err.getvalue())
            with contextlib.redirect_stderr(err):
                self.assertEqual(cli.main(["history", str(root / "nowhere")]), 2)
            with mock.patch.object(history, "CAMPAIGNS_MAX", 1):
                trends, notes = history.collect([root / "c0", root / "c1"])
            (((entry,),)) = trends.values()
            self.assertEqual(entry.name, "c1")
            self.assertIn("left out: 1 campaigns", notes[0])


class Comparisons(unittest.TestCase):
    def test_machines_come_first_and_intervals_tell(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            one = make_campaign.write_campaign(Path(scratch) / "one", blocks=6, scale=1)
            other = make_campaign.write_campaign(Path(scratch) / "other", blocks=6, scale=1)
            manifest = json.loads((other / "manifest.json").read_text())
            manifest["machine"]["kernel"] = "6.2.0-other"
            (other / "manifest.json").write_text(json.dumps(manifest))
            lines = [json.loads(line) for line in (other / "cells.jsonl").read_text().splitlines()]
            for line in lines:
                if line["contestant"]["id"] == "local" and line["cost"].get("server"):
                    line["cost"]["server"]["cpu_us_per_op"] *= 3
            (other / "cells.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
            machine, numbers = compare.tables(one, other)
            self.assertEqual([row[0] for row in machine.rows], ["machine.kernel"])
            self.assertTrue(any("different classes" in note for note in machine.notes))
            words = {row[0]: row[-1] for row in numbers.rows}
            self.assertEqual(words["local, open-50x64-10000: cpu_us_per_op"], "apart")
            self.assertEqual(words["libuv, open-50x64-10000: cpu_us_per_op"], "not apart")


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
            (self.good + "misspelt = 1\n", "unknown key 'misspelt'"),
        ):
            with self.subTest(text=text), self.assertRaises(CampaignError) as caught:
                self.read(text)
            self.assertIn(word, caught.exception.sentences[0])

    def test_an_older_python_says_so(self) -> None:
        with mock.patch.dict("sys.modules", {"tomllib": None}):
            with self.assertRaises(CampaignError) as caught:
                self.read(self.good)
        self.assertIn("3.11", caught.exception.sentences[0])


class Arms(unittest.TestCase):
    def test_arms_are_told_apart_like_forms(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "c", blocks=1, scale=1)
            lines = [json.loads(line) for line in (folder / "cells.jsonl").read_text().splitlines()]
            for line in lines:
                line["arm"] = "head"
            (folder / "cells.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
            forms = {cell.contestant.form for cell in read_campaign(folder).cells}
            self.assertEqual(forms, {"head", "default head"})
            lines[0]["arm"] = 7
            (folder / "cells.jsonl").write_text(json.dumps(lines[0]) + "\n")
            with self.assertRaises(CampaignError):
                read_campaign(folder)


if __name__ == "__main__":
    unittest.main()
