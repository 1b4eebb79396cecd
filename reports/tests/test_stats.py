# SPDX-License-Identifier: MIT
"""The statistics against brute force: coverage by enumeration, groups by trying every set."""

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

    def test_ratio_is_the_median_of_logs_over_shared_blocks(self) -> None:
        ratio = stats.paired_ratio({1: 2.0, 2: 8.0, 9: 5.0}, {1: 1.0, 2: 2.0, 7: 1.0})
        assert ratio is not None
        self.assertAlmostEqual(ratio.median, math.sqrt(2.0 * 4.0))
        self.assertEqual(ratio.blocks, 2)

    def test_no_ratio_without_shared_blocks_or_with_nothing_to_divide_by(self) -> None:
        self.assertIsNone(stats.paired_ratio({1: 1.0}, {2: 1.0}))
        self.assertIsNone(stats.paired_ratio({1: 1.0}, {1: 0.0}))


class Groups(unittest.TestCase):
    def test_identical_contestants_share_a_group_and_a_dear_one_does_not(self) -> None:
        base = {block: 1.0 + 0.01 * (block % 3) for block in range(6)}
        dear = {block: 2 * value for block, value in base.items()}
        answer = stats.groups({"x": base, "y": dict(base), "z": dear})
        self.assertEqual(answer, {"x": "a", "y": "a", "z": "b"})
        turned = stats.groups({"x": base, "y": base, "z": dear}, best_is_low=False)
        self.assertEqual(turned, {"x": "b", "y": "b", "z": "a"})

    def test_a_consistent_but_irrelevant_difference_separates_nothing(self) -> None:
        base = {block: 1.0 for block in range(9)}
        self.assertFalse(stats.separated({b: 1.005 for b in base}, base))
        self.assertTrue(stats.separated({b: 1.02 for b in base}, base))

    def test_one_block_separates_nothing(self) -> None:
        self.assertFalse(stats.separated({0: 5.0}, {0: 1.0}))
        self.assertEqual(stats.groups({"x": {0: 5.0}, "y": {0: 1.0}}), {"x": "a", "y": "a"})

    def test_zero_and_negative_numbers_are_compared_by_sign(self) -> None:
        zero = {b: 0.0 for b in range(6)}
        self.assertFalse(stats.separated(zero, dict(zero)))
        self.assertTrue(stats.separated({b: 5.0 + b for b in zero}, zero))
        self.assertFalse(stats.separated({b: 3.0 - b for b in zero}, zero))

    def test_letters_say_exactly_who_is_separated(self) -> None:
        # Sharing a letter must mean "not separated", for every pair, whatever the relation.
        generator = random.Random(4)
        for _ in range(60):
            names = [f"n{n}" for n in range(generator.randrange(2, 7))]
            numbers = {
                name: {b: generator.choice((1.0, 1.3, 1.7, 2.0, 3.0)) for b in range(6)}
                for name in names
            }
            letters = stats.groups(numbers)
            for one, other in itertools.combinations(names, 2):
                shared = bool(set(letters[one]) & set(letters[other]))
                self.assertEqual(shared, not stats.separated(numbers[one], numbers[other]))
            sets = [
                {n for n in names if letter in letters[n]}
                for letter in set("".join(letters.values()))
            ]
            for one_set, other_set in itertools.permutations(sets, 2):
                self.assertFalse(one_set <= other_set, "a group inside another says nothing new")

    def test_many_names_end_quickly_without_letters(self) -> None:
        numbers = {f"n{n}": {0: 1.0, 1: 1.0} for n in range(stats.GROUPED_MAX + 1)}
        self.assertEqual(stats.groups(numbers), {})


class Support(unittest.TestCase):
    def test_a_hundred_must_lie_above(self) -> None:
        self.assertTrue(stats.supported(10_000, 0.99))
        self.assertFalse(stats.supported(9_999, 0.99))
        self.assertTrue(stats.supported(100_000, 0.999))
        self.assertFalse(stats.supported(20_000, 0.999))


if __name__ == "__main__":
    unittest.main()
