# SPDX-License-Identifier: MIT
"""Tests and sizes of paired rounds against brute force and hand-computed values."""

from __future__ import annotations

import math
import random
import unittest

from tailrace_regress import inference
from tailrace_report import stats


class Signs(unittest.TestCase):
    def test_known_values(self) -> None:
        self.assertEqual(inference.sign_p([0.1, 0.2, 0.3]), 1 / 8)
        self.assertEqual(inference.sign_p([-9.0, 0.2, 0.3]), 4 / 8)
        self.assertEqual(inference.sign_p([-1.0, -2.0]), 1.0)
        self.assertEqual(inference.sign_p([]), 1.0)
        self.assertEqual(inference.sign_p([0.0, 0.0, 0.5]), 1 / 2)

    def test_how_far_off_a_round_is_says_nothing(self) -> None:
        some = [0.04] * 11
        self.assertEqual(inference.sign_p([*some, -0.2]), inference.sign_p([*some, -0.001]))
        self.assertEqual(inference.sign_p([*some, -0.2]), 13 / 4096)


class Families(unittest.TestCase):
    def test_the_example_of_1995(self) -> None:
        # Benjamini and Hochberg 1995, section 3.2: of these 15, four are rejected at 0.05.
        p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
        p_values += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
        answer = inference.adjusted(p_values)
        self.assertEqual(sum(p <= 0.05 for p in answer), 4)
        self.assertAlmostEqual(answer[0], 0.0015)
        self.assertAlmostEqual(answer[3], 0.0095 * 15 / 4)
        self.assertEqual(answer[-1], 1.0)

    def test_order_of_arguments_and_monotony(self) -> None:
        self.assertEqual(inference.adjusted([]), [])
        self.assertEqual(inference.adjusted([0.5, 0.01]), [0.5, 0.02])
        # The smaller p may not get the larger answer: 0.04 * 2 / 1 is cut to 0.05.
        self.assertEqual(inference.adjusted([0.04, 0.05]), [0.05, 0.05])


class Shares(unittest.TestCase):
    def test_by_hand(self) -> None:
        # No hit: the upper end solves (1 - p)^n = 0.025; all hits mirror it.
        low, high = inference.share_interval(0, 20)
        self.assertEqual(low, 0.0)
        self.assertAlmostEqual(high, 1 - 0.025 ** (1 / 20))
        self.assertAlmostEqual(inference.share_interval(20, 20)[0], 0.025 ** (1 / 20))
        # 1 of 2: the ends solve 1 - (1 - p)^2 = 0.025 and 1 - p^2 = 0.025.
        low, high = inference.share_interval(1, 2)
        self.assertAlmostEqual(low, 1 - math.sqrt(0.975))
        self.assertAlmostEqual(high, math.sqrt(0.975))
        with self.assertRaises(ValueError):
            inference.share_interval(3, 2)


class Sizes(unittest.TestCase):
    def test_spread_ignores_a_few_wild_rounds(self) -> None:
        calm = [-0.02, -0.01, 0.0, 0.01, 0.02]
        self.assertAlmostEqual(inference.spread(calm), 1.4826 * 0.01)
        self.assertAlmostEqual(inference.spread([*calm, 9.0, -9.0]), 1.4826 * 0.02)
        self.assertGreater(inference.spread([0.0] * 5 + [0.1]), 0.0)
        self.assertEqual(inference.spread([0.0] * 6), 0.0)

    def test_detectable_is_what_a_simulation_detects(self) -> None:
        # At the size that is said to be detected in 80 % of jobs, 80 % of jobs detect it.
        lot, rounds, sd = random.Random(8), 12, 0.05
        size = inference.detectable(sd, rounds, 0.0)
        hits = 0
        for _ in range(2000):
            some = sorted(lot.gauss(size, sd) for _ in range(rounds))
            hits += some[stats.interval_rank(rounds) - 1] > 0
        self.assertAlmostEqual(hits / 2000, inference.POWER, delta=0.03)

    def test_below_six_rounds_nothing_is_detectable(self) -> None:
        self.assertEqual(inference.detectable(0.01, 5, 0.03), math.inf)
        self.assertLess(inference.detectable(0.01, 6, 0.03), math.inf)

    def test_detectable_is_never_less_than_what_matters(self) -> None:
        self.assertGreaterEqual(inference.detectable(1e-9, 30, 0.03), 0.03)
        self.assertEqual(inference.detectable(0.0, 30, 0.03), 0.03)



if __name__ == "__main__":
    unittest.main()
