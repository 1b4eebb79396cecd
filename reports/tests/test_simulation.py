# SPDX-License-Identifier: MIT
"""Error rates of the verdicts by simulation, in a short and seeded form: `python3 -m
tailrace_report.simulate` is the long one. Limits are those that a rate of 5 % stays below in all
but one of a thousand such draws."""

from __future__ import annotations

import unittest

from tailrace_report import decide, simulate
from tailrace_report.simulate import EQUAL, LOUD, QUIET, UNEQUAL, WITHIN, Case, shares

CAMPAIGNS = 150
RATE_MAX = 0.11
EDGE = (1.0,) * 5 + (1.0 + WITHIN,) * 4
REAL = (1.0,) * 4 + (1.1, 1.2, 1.4, 1.6, 2.0)


class Rates(unittest.TestCase):
    def test_of_identical_subjects_hardly_ever_one_is_called_different(self) -> None:
        for sizes in (EQUAL, UNEQUAL):
            for noise in (simulate.normal, simulate.heavy, simulate.disturbed):
                found = shares(Case(noise, sizes=sizes, sd=5 * LOUD), CAMPAIGNS)
                self.assertLess(found.false_different, RATE_MAX, noise)
                self.assertGreater(found.covered, 0.93, noise)
                self.assertLess(found.covered, 0.98, noise)

    def test_real_differences_elsewhere_in_the_table_make_no_false_ones(self) -> None:
        for sizes in (EQUAL, UNEQUAL[::-1]):
            found = shares(Case(simulate.normal, REAL, sizes), CAMPAIGNS)
            self.assertLess(found.false_different, RATE_MAX)
            self.assertGreater(found.found, 0.9)

    def test_at_the_edge_hardly_ever_one_is_called_the_same(self) -> None:
        for sizes in (EQUAL, UNEQUAL):
            found = shares(Case(simulate.normal, EDGE, sizes, QUIET), CAMPAIGNS)
            self.assertLess(found.false_same, RATE_MAX)

    def test_three_percent_is_seen_and_nothing_is_the_same(self) -> None:
        factors = (1.03, *EQUAL[1:])
        self.assertGreater(shares(Case(simulate.normal, factors, sd=QUIET), 50).found, 0.99)
        self.assertGreater(shares(Case(simulate.normal, factors, sd=LOUD), 50).found, 0.85)
        same = shares(Case(simulate.normal, EQUAL, sd=QUIET), 50).same
        self.assertGreater(same, 0.9)

    def test_what_would_have_been_seen_is_seen_as_often_as_promised(self) -> None:
        case = Case(simulate.normal, sd=3 * LOUD)  # so that all of it is beyond WITHIN
        factors = (1.0 + simulate.promised(case, 40), *EQUAL[1:])
        found = shares(Case(simulate.normal, factors, sd=3 * LOUD), CAMPAIGNS).found
        self.assertGreater(found, decide.POWER - 0.12)
        self.assertLess(found, decide.POWER + 0.12)


if __name__ == "__main__":
    unittest.main()
