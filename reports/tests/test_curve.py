# SPDX-License-Identifier: MIT
"""The ratio curve: what it shows, and that its joint band keeps its promise."""

from __future__ import annotations

import random
import unittest

from tailrace_regress import curve
from tailrace_report.hdr import Histogram


def rounds(count: int, seed: int, factor: float = 1.0, drift: float = 0.1) -> list[curve.Pair]:
    """Pairs of log-normal histograms of 4000 values; the head's are `factor` times as large."""
    lot = random.Random(seed)
    found = []
    for _ in range(count):
        middle = 100_000 * (1 + drift * lot.random())
        pair = []
        for times in (1.0, factor):
            scale = middle * times * (1 + 0.05 * (lot.random() - 0.5))
            counts: dict[int, int] = {}
            for _ in range(4000):
                value = int(scale * lot.lognormvariate(0, 0.3) / 500) * 500 + 500
                counts[value] = counts.get(value, 0) + 1
            pair.append(Histogram(counts))
        found.append((pair[0], pair[1]))
    return found


class Curves(unittest.TestCase):
    def test_a_factor_is_found_at_every_quantile(self) -> None:
        found = curve.curve("local", "open", "t", rounds(9, 1, 1.2))
        for ratio, low, high in zip(found.ratio, found.low, found.high):
            self.assertAlmostEqual(ratio, 1.2, delta=0.06)
            self.assertTrue(1.0 < low < 1.2 < high < 1.5)
        self.assertLessEqual(found.p, 2 / 2**8)

    def test_the_curve_ends_where_its_samples_end(self) -> None:
        found = curve.curve("local", "open", "t", rounds(6, 1))
        self.assertLessEqual(found.x[-1], 6 * 4000 / 100)
        self.assertEqual(found.x[0], 2.0)

    def test_equal_arms_leave_the_band_as_rarely_as_said(self) -> None:
        out = inside = 0
        for seed in range(30):
            found = curve.curve("local", "open", "t", rounds(6, 100 + seed))
            excluded = any(low > 1 or high < 1 for low, high in zip(found.low, found.high))
            out += excluded
            inside += found.p <= 0.05
            self.assertTrue(found.p <= 0.05 or not excluded)
        # 30 curves at 5 %: more than five excluded would be one in a hundred.
        self.assertLessEqual(out, 5)
        self.assertLessEqual(inside, 5)

    def test_the_band_around_a_true_factor_covers_it_as_a_whole(self) -> None:
        missed = 0
        for seed in range(30):
            found = curve.curve("local", "open", "t", rounds(6, 300 + seed, 1.2))
            missed += not all(low <= 1.2 <= high for low, high in zip(found.low, found.high))
        # 30 curves at 5 %, and values are rounded to 500 ns: see above.
        self.assertLessEqual(missed, 5)

    def test_every_relabelling_is_visited_once(self) -> None:
        pairs = rounds(6, 3)
        work = curve._Relabelled(pairs)
        seen = set()
        for _ in work.walk():
            seen.add(tuple(work._swapped))
        self.assertEqual(len(seen), 2**5)
        self.assertTrue(all(not labels[0] for labels in seen))

    def test_many_rounds_draw_some_of_the_relabellings(self) -> None:
        work = curve._Relabelled(rounds(12, 3))
        self.assertEqual(sum(1 for _ in work.walk()), curve.RELABELLINGS)

    def test_swapping_back_and_forth_changes_nothing(self) -> None:
        work = curve._Relabelled(rounds(6, 4))
        before = work.log_ratios([0.5, 0.9])
        for round_ in (1, 3, 3, 1):
            work._swap(round_)
        self.assertEqual(work.log_ratios([0.5, 0.9]), before)
        for round_ in range(6):
            work._swap(round_)
        self.assertEqual(work.log_ratios([0.5, 0.9]), [-one for one in before])


if __name__ == "__main__":
    unittest.main()
