# SPDX-License-Identifier: MIT
"""The statistics against brute force: coverage by enumeration."""

from __future__ import annotations

import itertools
import math
import random
import statistics
import unittest

from tailrace_report import stats


class Medians(unittest.TestCase):
    def test_median_is_the_library_median(self) -> None:
        generator = random.Random(1)
        for count in range(1, 12):
            values = [generator.random() for _ in range(count)]
            self.assertAlmostEqual(stats.median(values), statistics.median(values))
        with self.assertRaises(ValueError):
            stats.median([])

    def test_interval_covers_as_often_as_it_says_and_the_next_would_not(self) -> None:
        # Every pattern of "below the median or not" is equally likely; [x(r), x(n+1-r)] misses
        # when fewer than r lie on one side. Count all 2^n of them.
        for count in range(1, 17):
            rank = stats.interval_rank(count)
            below = [sum(signs) for signs in itertools.product((0, 1), repeat=count)]

            def coverage(at: int) -> float:
                return sum(at <= b <= count - at for b in below) / len(below)

            if rank:
                self.assertGreaterEqual(coverage(rank), stats.CONFIDENCE)
            else:
                self.assertLess(count, stats.BLOCKS_FOR_INTERVAL)
            self.assertLess(coverage(rank + 1), stats.CONFIDENCE)

    def test_known_ranks(self) -> None:
        known = {5: 0, 6: 1, 8: 1, 9: 2, 12: 3, 15: 4, 20: 6, 25: 8}
        self.assertEqual({n: stats.interval_rank(n) for n in known}, known)

    def test_few_blocks_give_a_range_and_say_so(self) -> None:
        self.assertEqual(stats.estimate([3.0, 1.0, 2.0]), stats.Estimate(2.0, 1.0, 3.0, 3, "range"))
        nine = stats.estimate([float(n) for n in range(1, 10)])
        self.assertEqual(nine, stats.Estimate(5.0, 2.0, 8.0, 9, "interval"))


class Ratios(unittest.TestCase):
    def test_pairing_takes_out_the_drift(self) -> None:
        floor = {block: 3.0 * 1.2**block for block in range(8)}
        twice = {block: 2 * value for block, value in floor.items()}
        ratio = stats.paired_ratio(twice, floor)
        assert ratio is not None
        for value in (ratio.median, ratio.low, ratio.high):
            self.assertAlmostEqual(value, 2.0)

    def test_ratio_is_the_middle_of_logs_over_shared_blocks(self) -> None:
        ratio = stats.paired_ratio({1: 2.0, 2: 8.0, 9: 5.0}, {1: 1.0, 2: 2.0, 7: 1.0})
        assert ratio is not None
        self.assertAlmostEqual(ratio.median, math.sqrt(2.0 * 4.0))
        self.assertEqual(ratio.blocks, 2)

    def test_the_interval_of_a_ratio_covers_as_it_says_and_the_next_would_not(self) -> None:
        # Symmetric noise: each rank has either sign, and the ranks of one sign sum to less than r
        # in as many of the 2^n ways as [m(r), m(-r)] misses to that side.
        for count in range(1, 15):
            sums = [
                sum(rank for rank, sign in enumerate(signs, 1) if sign)
                for signs in itertools.product((0, 1), repeat=count)
            ]

            def coverage(rank: int) -> float:
                return 1 - 2 * sum(found < rank for found in sums) / len(sums)

            rank = stats.signed_rank(count)
            if rank:
                self.assertGreaterEqual(coverage(rank), stats.CONFIDENCE)
                self.assertLessEqual(coverage(rank), 0.97)
            else:
                self.assertLess(count, stats.BLOCKS_FOR_INTERVAL)
            self.assertLess(coverage(rank + 1), stats.CONFIDENCE)
        # Published: Conover, table A12; w(0.025) is the largest sum that still rejects.
        known = {6: 1, 7: 3, 8: 4, 9: 6, 10: 9, 12: 14, 16: 30}
        self.assertEqual({n: stats.signed_rank(n) for n in known}, known)

    def test_one_far_off_block_does_not_move_a_ratio_far(self) -> None:
        ratio = stats.ratio_estimate({block: 1.02 + 0.001 * block for block in range(8)} | {3: 9.0})
        assert ratio is not None
        self.assertAlmostEqual(ratio.median, 1.0245, delta=0.001)
        self.assertEqual((ratio.blocks, ratio.kind), (8, "interval"))
        self.assertLess(ratio.low, 1.023)

    def test_no_ratio_without_shared_blocks_or_with_nothing_to_divide_by(self) -> None:
        self.assertIsNone(stats.paired_ratio({1: 1.0}, {2: 1.0}))
        self.assertIsNone(stats.paired_ratio({1: 1.0}, {1: 0.0}))


class Support(unittest.TestCase):
    def test_a_hundred_must_lie_above(self) -> None:
        self.assertTrue(stats.supported(10_000, 0.99))
        self.assertFalse(stats.supported(9_999, 0.99))
        self.assertTrue(stats.supported(100_000, 0.999))
        self.assertFalse(stats.supported(20_000, 0.999))


if __name__ == "__main__":
    unittest.main()
