# SPDX-License-Identifier: MIT
"""What can be computed about the figures: label spacing, contrast, gaps, curves, rounding."""

from __future__ import annotations

import itertools
import math
import random
import unittest

from tailrace_report import canvas, figure_lines, labels, palette, wording
from tailrace_report.campaign import Subject
from tailrace_report.canvas import apart
from tailrace_report.figure_latency import curve_of
from tailrace_report.hdr import Histogram
from tailrace_report.kinds.memory import parted
from tailrace_report.stats import Estimate
from tailrace_report.study import Entry
from tailrace_report.tables import markdown_text


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class Colours(unittest.TestCase):
    def test_every_colour_stands_out_on_both_pages(self) -> None:
        for name, pair in palette.HUES.items():
            for colour, paper in zip(pair, palette.PAPER):
                self.assertGreaterEqual(contrast(colour, paper), 3.0, name)
        for name in ("text", "muted"):
            for colour, paper in zip(palette.INK[name], palette.PAPER):
                self.assertGreaterEqual(contrast(colour, paper), 4.5, name)

    def test_no_two_runtimes_of_the_tree_look_alike_and_floors_are_grey(self) -> None:
        floors = "bare bare-epoll bare-uring".split()
        others = (
            "local steal uring libuv asio-epoll asio-uring threads threads-pool tokio"
            " tokio-current tokio-unstable smol async-std glommio monoio go java-virtual"
        ).split()
        looks = [palette.look(name) for name in floors + others]
        self.assertEqual(len(looks), len(set(looks)))
        grey = [palette.look(name).hue == "grey" for name in floors + others]
        self.assertEqual(grey, [True] * len(floors) + [False] * len(others))

    def test_light_colours_differ_so_that_each_has_its_dark_one(self) -> None:
        lights = [pair[0] for pair in (*palette.HUES.values(), *palette.INK.values())]
        self.assertEqual(len(lights), len(set(lights)))

    def test_a_look_stays_from_version_to_version(self) -> None:
        look = palette.Look("vermillion", "#c75300", "#f08040", "<")
        self.assertEqual(palette.look("local"), look)


class Labels(unittest.TestCase):
    def test_labels_never_overlap_and_stay_inside(self) -> None:
        generator = random.Random(2)
        for _ in range(300):
            wanted = [generator.random() * 100 for _ in range(generator.randrange(1, 8))]
            placed = apart(wanted, 11.0, 2.0, 98.0)
            for one, other in itertools.combinations(placed, 2):
                self.assertGreaterEqual(abs(one - other), 11.0 - 1e-9)
            self.assertTrue(all(2.0 - 1e-9 <= y <= 98.0 + 1e-9 for y in placed))
            by_wish = sorted(range(len(wanted)), key=lambda i: wanted[i])
            self.assertEqual(by_wish, sorted(range(len(wanted)), key=lambda i: placed[i]))

    def test_labels_with_room_stay_where_they_are(self) -> None:
        self.assertEqual(apart([50.0, 20.0], 11.0, 0.0, 100.0), [50.0, 20.0])

    def test_names_beside_marks_cover_neither_names_nor_marks(self) -> None:
        generator = random.Random(3)
        room = labels.Box(0.0, 0.0, 320.0, 210.0)
        for _ in range(20):
            crowd = [(generator.gauss(200, 20), generator.gauss(100, 10)) for _ in range(24)]
            asked = [(mark, generator.uniform(10, 50)) for mark in crowd]
            found = labels.places(crowd, asked, 8.75, 3.5, room)
            self.assertTrue(all(box.inside(room) for box in found))
            for one, other in itertools.combinations(found, 2):
                self.assertFalse(one.meets(other))
            for mark in crowd:
                self.assertFalse(any(labels.around(mark, 7, 7).meets(box) for box in found))

    def test_a_name_with_room_stands_above_right_of_its_mark(self) -> None:
        room = labels.Box(0.0, 0.0, 320.0, 210.0)
        (box,) = labels.places([(100.0, 100.0)], [((100.0, 100.0), 30.0)], 8.75, 3.5, room)
        self.assertGreater(box.left, 100.0)
        self.assertGreater(box.bottom, 100.0)
        self.assertTrue(box.touches((100.0, 100.0), 10.5))

    def test_where_no_room_is_left_names_lie_over_one_another(self) -> None:
        marks = [(5.0, 5.0), (5.0, 5.0)]
        room = labels.Box(0.0, 0.0, 60.0, 20.0)
        found = labels.places(marks, [(mark, 45.0) for mark in marks], 8.75, 3.5, room)
        self.assertEqual(len(found), 2)

    def test_thirty_contestants_at_one_spot_have_labels_apart(self) -> None:
        names = [f"contestant-{number}" for number in range(30)]
        lines = {}
        for number, name in enumerate(names):
            who = Subject(name, "best", 1)
            x = 100e6 * (1 + number / 1000)
            late = Estimate(x / 1e3, x / 1e3, x / 1e3, 6, "interval")
            entry = Entry(who, name, late, None, "ok", wording.duration)
            lines[name] = [figure_lines.Mark(x, entry, "", "50 µs")]
        from matplotlib.text import Text

        axis = figure_lines.Axis("time", wording.time_unit)
        with canvas.settings():
            found = figure_lines.lines_figure([figure_lines.Panel("a\nb", lines)], axis, axis)
            assert found is not None
            (axes,) = found[0].axes
            texts = [text for text in axes.texts if text.get_text() in [*names, "50 µs"]]
            found[0].canvas.draw()
            boxes = [Text.get_window_extent(text) for text in texts]  # without their leaders
        self.assertEqual(len(texts), 60)
        for one, other in itertools.combinations(boxes, 2):
            self.assertFalse(one.overlaps(other))

    def test_too_many_labels_share_the_room(self) -> None:
        placed = sorted(apart([50.0] * 21, 11.0, 0.0, 100.0))
        self.assertAlmostEqual(placed[0], 0.0)
        self.assertAlmostEqual(placed[-1], 100.0)


class Curves(unittest.TestCase):
    WHO = Subject("local", "best", 1)

    def test_a_line_ends_where_a_block_no_longer_carries_it(self) -> None:
        blocks = [Histogram({v: 1 for v in range(1, n + 1)}) for n in (20_000, 40_000)]
        curve = curve_of(self.WHO, "local", blocks)
        assert curve is not None
        self.assertAlmostEqual(curve.x[-1], 200.0)
        self.assertAlmostEqual(curve.beyond[-1][0], 600.0)
        at_end = [histogram.quantile(0.995) for histogram in blocks]
        self.assertEqual((curve.low[-1], curve.high[-1]), (min(at_end), max(at_end)))
        self.assertAlmostEqual(curve.middle[-1], sum(at_end) / 2)

    def test_a_line_ends_where_too_few_stalls_carry_it(self) -> None:
        blocks = [Histogram({v: 1 for v in range(1, 20_001)}) for _ in range(2)]
        # All 78 stretches reach 18,000, only 18 of them further.
        longest = [[18_000.0] * 30 + [18_500.0] * 9 for _ in range(2)]
        curve = curve_of(self.WHO, "local", blocks, longest)
        assert curve is not None
        self.assertTrue(10 / 2 < curve.x[-1] < 20_000 / 2_000 + 1e-6, curve.x[-1])
        self.assertEqual(curve.beyond, [])
        self.assertIsNone(curve_of(self.WHO, "local", blocks, [[1.0] * 30] * 2))

    def test_too_few_samples_give_no_line(self) -> None:
        self.assertIsNone(curve_of(self.WHO, "local", [Histogram({5: 150})]))

    def test_one_block_has_no_part_beyond(self) -> None:
        curve = curve_of(self.WHO, "local", [Histogram({5: 5000, 9: 5000})])
        assert curve is not None
        self.assertEqual(curve.beyond, [])


class Scales(unittest.TestCase):
    def test_rows_are_parted_at_a_large_gap_only(self) -> None:
        limit = parted([1500.0, 1900.0, 2100.0, 37_000.0])
        self.assertTrue(2100 < limit < 37_000)
        self.assertEqual(parted([1500.0, 5000.0, 12_000.0]), math.inf)
        self.assertEqual(parted([800.0]), math.inf)


class Words(unittest.TestCase):
    def test_three_figures(self) -> None:
        cases = {3.5149: "3.51", 35.149: "35.1", 351.49: "351", 3514.9: "3,515", 9.996: "10.0"}
        cases |= {0.0: "0", 0.000312: "0.000312", -2.345: "-2.35", 99.96: "100", 0.9999: "1.00"}
        for value, text in cases.items():
            self.assertEqual(wording.figures(value), text)

    def test_durations_pick_their_unit(self) -> None:
        cases = {12: "12.0 ns", 152_000: "152 µs", 999_700: "1.00 ms", 2.5e9: "2.50 s"}
        for value, text in cases.items():
            self.assertEqual(wording.duration(value), text)

    def test_bytes(self) -> None:
        cases = ((-0.3, "0 B"), (-7.2, "-7 B"), (8161.4, "8,161 B"), (12_940.0, "12.9 kB"))
        for value, text in cases:
            self.assertEqual(wording.byte_count(value), text)

    def test_intervals_say_the_unit_once(self) -> None:
        same = Estimate(3.5e5, 3.4e5, 3.6e5, 6, "interval")
        self.assertEqual(wording.with_interval(same, wording.duration), "350 µs [340, 360]")
        mixed = Estimate(9.5e5, 9e5, 1.2e6, 6, "interval")
        self.assertEqual(wording.with_interval(mixed, wording.duration), "950 µs [900 µs, 1.20 ms]")
        self.assertEqual(wording.with_interval(None, wording.duration), "-")

    def test_markdown_cannot_be_broken_out_of(self) -> None:
        escaped = markdown_text("a|b\n# c <img> `x` [l](u) @all &lt;")
        self.assertEqual(escaped, r"a\|b \# c \<img\> \`x\` \[l\](u) \@all \&lt;")


if __name__ == "__main__":
    unittest.main()
