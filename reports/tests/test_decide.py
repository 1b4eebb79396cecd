# SPDX-License-Identifier: MIT
"""Verdicts of a table of ratios: the tests against brute force, and what each outcome needs."""

from __future__ import annotations

import itertools
import math
import random
import statistics
import unittest

from tailrace_report import decide, max_t, stats
from tailrace_report.decide import DIFFERENT, LEVEL, NOT_COMPARED, OPEN, SAME, Pairs

SD = 0.007


def numbers(
    factors: dict[str, float], generations: int = 8, sd: float = SD, seed: int = 1
) -> dict[str, dict[int, float]]:
    """Subject -> number by generation, with a drift that all share."""
    lot = random.Random(seed)
    drift = [lot.gauss(0.0, 0.3) for _ in range(generations)]
    return {
        who: {
            at: factor * math.exp(drift[at] + lot.gauss(0.0, sd / math.sqrt(2)))
            for at in range(generations)
        }
        for who, factor in factors.items()
    }


def by_hand(columns: list[list[float]]) -> list[float]:
    """Corrected p values as the definition has them, a loop for each word of it."""

    def statistic(column: list[float], typical: float) -> float:
        there = [x for x in column if not math.isnan(x)]
        around = statistics.variance(there) * (len(there) - 1)
        weight = max_t.PRIOR_FREEDOM
        variance = (around + weight * typical) / (len(there) - 1 + weight)
        return statistics.fmean(there) / math.sqrt(variance / len(there))

    variances = [statistics.variance(x for x in c if not math.isnan(x)) for c in columns]
    typical = statistics.quantiles(variances, n=4, method="inclusive")[0]
    ways = [
        [statistic([s * x for s, x in zip(signs, column)], typical) for column in columns]
        for signs in itertools.product((1, -1), repeat=len(columns[0]))
    ]
    answer, least, left = [0.0] * len(columns), 0.0, set(range(len(columns)))
    for place in sorted(left, key=lambda at: -ways[0][at]):
        reached = sum(max(way[at] for at in left) >= ways[0][place] - 1e-9 for way in ways)
        least = answer[place] = max(least, reached / len(ways))
        left.remove(place)
    return answer


class MaxT(unittest.TestCase):
    def test_p_values_are_those_of_the_definition(self) -> None:
        lot = random.Random(3)
        columns = [[lot.gauss(mean, 1.0) for _ in range(7)] for mean in (0.0, 0.4, 1.5, -1.0)]
        columns[1][2] = columns[3][0] = math.nan
        found, _ = max_t.tests(columns, LEVEL)
        for test, p in zip(found, by_hand(columns)):
            self.assertAlmostEqual(test.p, p)
        (alone,), _ = max_t.tests([[1.0, 2.0, 3.0, math.nan]], LEVEL)
        self.assertAlmostEqual(alone.error, math.sqrt(1.0 / 3))  # its own variance is the typical

    def test_what_exceeds_the_critical_value_is_rejected_and_nothing_else_at_once(self) -> None:
        lot = random.Random(8)
        for _ in range(50):
            columns = [[lot.gauss(0.6, 1.0) for _ in range(8)] for _ in range(5)]
            found, critical = max_t.tests(columns, LEVEL)
            for column, test in zip(columns, found):
                if statistics.fmean(column) / test.error > critical * (1 + 1e-9):
                    self.assertLessEqual(test.p, LEVEL)
            best = max(statistics.fmean(c) / t.error for c, t in zip(columns, found))
            least = min(test.p for test in found)
            self.assertEqual(best > critical * (1 + 1e-9), least <= LEVEL)

    def test_many_generations_draw_their_ways_and_always_the_same(self) -> None:
        lot = random.Random(5)
        columns = [[lot.gauss(0.3, 1.0) for _ in range(20)] for _ in range(6)]
        first, second = max_t.tests(columns, LEVEL), max_t.tests(columns, LEVEL)
        self.assertEqual(first, second)
        (sure,), _ = max_t.tests([[1.0 + 0.01 * at for at in range(20)]], LEVEL)
        self.assertLess(sure.p, 0.01)
        self.assertGreaterEqual(min(t.p for t in first[0]), 1 / (stats.FLIPS_DRAWN + 1))


class Outcomes(unittest.TestCase):
    def test_each_outcome(self) -> None:
        found = numbers({"a": 1.0, "b": 1.0, "c": 1.05, "d": 1.02})
        found["few"] = {at: found["c"][at] for at in range(5)}
        found["none"] = {at: 0.0 for at in range(8)}
        pairs = Pairs(found, 0.02)
        for one, other, outcome in (
            ("a", "b", SAME), ("c", "a", DIFFERENT), ("a", "c", DIFFERENT),
            ("few", "a", NOT_COMPARED), ("none", "a", NOT_COMPARED), ("x", "a", NOT_COMPARED),
        ):
            self.assertEqual(pairs.of(one, other).outcome, outcome, (one, other))
        wide = Pairs(numbers({"a": 1.0, "b": 1.0, "c": 1.0}, sd=0.05), 0.02)
        self.assertEqual(wide.of("a", "b").outcome, OPEN)
        self.assertGreater(wide.of("a", "b").visible, 0.03)
        self.assertEqual(Pairs(found, None).of("a", "b").outcome, OPEN)

    def test_a_pair_is_the_same_from_both_sides(self) -> None:
        pairs = Pairs(numbers({"a": 1.0, "b": 1.05}), 0.02)
        one, other = pairs.of("a", "b"), pairs.of("b", "a")
        assert one.ratio and other.ratio
        self.assertAlmostEqual(one.ratio.median * other.ratio.median, 1.0)
        self.assertAlmostEqual(one.ratio.low * other.ratio.high, 1.0)
        self.assertEqual((one.outcome, one.p, one.visible), (other.outcome, other.p, other.visible))

    def test_a_real_difference_too_small_to_matter_is_the_same(self) -> None:
        pairs = Pairs(numbers({"a": 1.0, "b": 1.005}, sd=0.001), 0.02)
        self.assertEqual(pairs.of("b", "a").outcome, SAME)
        self.assertEqual(Pairs(numbers({"a": 1.0, "b": 1.005}, sd=0.001), 0.001)
                         .of("b", "a").outcome, DIFFERENT)

    def test_numbers_without_noise_are_decided(self) -> None:
        pairs = Pairs(numbers({"a": 1.0, "b": 1.0, "c": 1.1}, generations=6, sd=0.0), 0.02)
        self.assertEqual(pairs.of("a", "b").outcome, SAME)
        self.assertEqual(pairs.of("c", "b").outcome, DIFFERENT)

    def test_verdicts_never_contradict_the_interval_beside_them(self) -> None:
        for seed in range(300):
            factors = {"a": 1.0, "b": 1.01, "c": 1.02, "d": 1.03}
            factors = dict(list(factors.items())[: 2 + seed % 3])
            pairs = Pairs(numbers(factors, sd=0.012, seed=seed), 0.02)
            for one, other in itertools.combinations(factors, 2):
                verdict = pairs.of(one, other)
                assert verdict.ratio
                if verdict.outcome == SAME:
                    self.assertLess(verdict.ratio.high, 1.02)
                    self.assertGreater(verdict.ratio.low, 1 / 1.02)
                if verdict.outcome == DIFFERENT:
                    self.assertFalse(verdict.ratio.covers(1.0))

    def test_a_very_noisy_subject_does_not_blind_the_others(self) -> None:
        lot = random.Random(6)
        found = numbers({"a": 1.0, "b": 1.0, "c": 1.05})
        found["loud"] = {at: math.exp(lot.gauss(0.0, 0.3)) for at in range(8)}
        pairs = Pairs(found, 0.02)
        self.assertEqual(pairs.of("a", "b").outcome, SAME)
        self.assertEqual(pairs.of("a", "c").outcome, DIFFERENT)
        self.assertEqual(pairs.of("a", "loud").outcome, OPEN)

    def test_below_six_shared_generations_nothing_is_said(self) -> None:
        for generations in range(6):
            found = numbers({"a": 1.0, "b": 2.0}, generations)
            self.assertEqual(Pairs(found, 0.02).of("b", "a").outcome, NOT_COMPARED)
        late = {at + 3: value for at, value in numbers({"b": 2.0})["b"].items()}
        self.assertEqual(Pairs({**numbers({"a": 1.0}), "b": late}, 0.02).of("b", "a").outcome,
                         NOT_COMPARED)

    def test_two_pairs_are_corrected_for_each_other(self) -> None:
        pair = numbers({"a": 1.0, "b": 1.015}, sd=0.013, seed=4)
        alone = decide.decide({"x": stats.shared_ratios(pair["b"], pair["a"])}, None)["x"]
        many = numbers({str(who): 1.0 for who in range(8)}, sd=0.013, seed=5)
        among = Pairs({**pair, **many}, None).of("b", "a")
        self.assertGreater(among.p, alone.p)
        self.assertEqual(among.ratio, alone.ratio)


if __name__ == "__main__":
    unittest.main()
