# SPDX-License-Identifier: MIT
"""Numbers of a typical slice, apart from what the machine did meanwhile."""

from __future__ import annotations

import random
import statistics
import unittest

from tailrace_report import polish

TRUE = {"a": 5.0, "b": 5.5, "c": 6.0, "d": 10.0}


def measured(speed: list[float]) -> dict[str, dict[int, float]]:
    """Each subject's cost in each round, where the machine is slower by `speed`."""
    return {who: {at: cost * s for at, s in enumerate(speed)} for who, cost in TRUE.items()}


class Typical(unittest.TestCase):
    def assert_ratios(self, found: dict[str, float], places: int = 9) -> None:
        for who, cost in TRUE.items():
            self.assertAlmostEqual(found[who] / found["a"], cost / TRUE["a"], places, who)

    def test_a_machine_that_changes_its_speed_changes_no_ratio(self) -> None:
        found = polish.typical(measured([1.0, 1.0, 1.6, 1.6, 1.6, 0.9]))
        self.assert_ratios(found)
        self.assertAlmostEqual(found["a"], TRUE["a"] * 1.6**0.5)  # between 1.0 and 1.6

    def test_a_change_within_a_round_moves_nobody(self) -> None:
        numbers = measured([1.0, 1.0, 1.0, 1.6, 1.6, 1.6, 1.6])
        for late in ("c", "d"):
            numbers[late][2] *= 1.6
        sums = {who: statistics.mean(seen.values()) for who, seen in numbers.items()}
        self.assertGreater(sums["d"] / sums["a"] / 2, 1.06)
        self.assert_ratios(polish.typical(numbers))

    def test_single_bad_slices_move_nobody(self) -> None:
        numbers = measured([1.0] * 7)
        for at, who in enumerate(TRUE):
            numbers[who][at] *= 20
        self.assert_ratios(polish.typical(numbers))

    def test_a_quiet_slice_is_left_where_most_are_disturbed(self) -> None:
        numbers = measured([1.0] * 8)
        for who in ("a", "c"):
            for at in range(1, 8, 2) if who == "a" else (0, 2, 3, 5, 6):
                numbers[who][at] *= 20
        self.assertGreater(polish.typical(numbers)["c"], 2 * TRUE["c"])
        self.assert_ratios(polish.typical(numbers, polish.QUIET))

    def test_rounds_that_a_subject_lacks_do_not_count_for_it(self) -> None:
        numbers = measured([1.0, 1.6, 1.6, 1.6, 1.0, 1.0])
        numbers["b"] = {at: x for at, x in numbers["b"].items() if at < 4}
        self.assert_ratios(polish.typical(numbers))

    def test_one_subject_alone_is_its_median(self) -> None:
        found = polish.typical({"a": {0: 3.0, 1: 4.0, 2: 90.0}})
        self.assertAlmostEqual(found["a"], 4.0)

    def test_nothing_is_nothing(self) -> None:
        self.assertEqual(polish.typical({}), {})
        self.assertEqual(polish.typical({"a": {}}), {})

    def test_of_changing_speed_and_noise_the_noise_is_left(self) -> None:
        lot, errors = random.Random(5), []
        for _ in range(200):
            speed = [lot.choice((1.0, 1.6)) for _ in range(8)]
            numbers = measured(speed)
            for seen in numbers.values():
                for at in seen:
                    seen[at] *= 1 + lot.gauss(0, 0.01)
            found = polish.typical(numbers)
            errors.append(found["b"] / found["a"] / 1.1 - 1)
        self.assertLess(statistics.stdev(errors), 0.01)
        self.assertLess(abs(statistics.mean(errors)), 0.002)


if __name__ == "__main__":
    unittest.main()
