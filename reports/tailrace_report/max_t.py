# SPDX-License-Identifier: MIT
"""Tests of many means at once by flipping signs: max-T, step-down; the error rate of a family.

The only module that a report needs numpy for. A column is one number a generation (missing: NaN)
and is tested for a mean above zero. If its noise is symmetric, a generation is as likely with all
signs of its row turned round; so all 2^n ways to flip whole rows (all for up to stats.FLIPS_EXACT
generations, else FLIPS_DRAWN seeded ones and the real one) are equally likely under the null,
whatever the columns have to do with each other. The p value of a column is the share of ways in
which the largest statistic of the columns that are not yet rejected is as large as its own.

The statistic is a mean over its own standard error, whose variance is drawn, with the weight of
PRIOR_FREEDOM generations, towards the typical one: seven degrees of freedom alone make a critical
value of five. Typical is the lower quartile of the columns, which of all pairs of some subjects is
about the median subject, so that a third of very noisy ones does not blind the others. Columns
with other variances than their neighbours only make the test less powerful, not wrong, since every
way is studentised with the same constant.

What holds: the error rate in the strong sense (whatever else in the table is really different),
for heavy tails, for subjects of very different variance, for missing generations. What does not:
noise that is skewed *and* of very different size from subject to subject, whose differences are
then not symmetric: with exponential noise, three of nine subjects three to five times as noisy,
15 % of campaigns have a false *different* and 17 % a false *same* (2,000 campaigns, simulate.py;
at most 5.1 % in all its other cases). And the typical variance is read
from the real way alone, an error too small for the simulation to resolve.
Relabelling subjects within a generation instead would assume equal variances.
Sources: Westfall and Young 1993 (max-T, step-down); Goeman and Solari 2010, Annals of Statistics 38
(when step-down holds); Smyth 2004, Statistical Applications in Genetics 3 (variances drawn to a
common one).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy
from numpy.typing import NDArray

from tailrace_report import stats

SEED = 20261130
PRIOR_FREEDOM = 4
# Logs that are closer than that are rounding, not noise.
GRAIN = 1e-9
Matrix = NDArray[numpy.float64]


@dataclass(frozen=True)
class Test:
    """Of one column: the corrected p value of "its mean is not above zero", and its standard
    error."""

    p: float
    error: float


def tests(columns: Sequence[Sequence[float]], level: float) -> tuple[list[Test], float]:
    """A test a column, and what the statistic of a column has to exceed at this level (0 to 1). One
    column or more, each of one number a generation, NaN where it has none, two at least.
    Milliseconds for a hundred columns of eight."""
    table = numpy.array(columns, dtype=float).T
    there = ~numpy.isnan(table)
    counts = there.sum(axis=0)
    values = numpy.where(there, table, 0.0)
    squares = (values**2).sum(axis=0)
    means = _flips(len(table)) @ values / counts
    # The sum of squares about zero is the same in every way.
    around = numpy.maximum(squares - counts * means**2, 0.0)
    typical = float(numpy.quantile(around[0] / (counts - 1), 0.25))
    variances = (around + PRIOR_FREEDOM * typical) / (counts - 1 + PRIOR_FREEDOM)
    errors = numpy.sqrt((variances + GRAIN**2) / counts)
    statistics = means / errors
    found = _stepped_down(statistics)
    made = [Test(float(p), float(error)) for p, error in zip(found, errors[0])]
    return made, _critical(statistics.max(axis=1), level)


@lru_cache(maxsize=8)
def _flips(count: int) -> Matrix:
    """Signs, a row a way; the first is the real one."""
    if count <= stats.FLIPS_EXACT:
        ways = numpy.arange(2**count)[:, None] >> numpy.arange(count) & 1
    else:
        # RandomState: its stream is the same in every version of numpy.
        ways = numpy.random.RandomState(SEED).randint(0, 2, (stats.sign_flips(count), count))
        ways[0] = 0
    return 1.0 - 2.0 * ways


def _stepped_down(statistics: Matrix) -> Matrix:
    """Corrected p values from the statistics, a row a way, the first the real one."""
    order = numpy.argsort(-statistics[0], kind="stable")
    largest = numpy.maximum.accumulate(statistics[:, order[::-1]], axis=1)[:, ::-1]
    seen = statistics[0, order]
    # Ways that are equal but for rounding count.
    reached = largest >= seen - 1e-9 * numpy.abs(seen)
    answer = numpy.empty(len(order))
    answer[order] = numpy.maximum.accumulate(reached.mean(axis=0))
    return answer


def _critical(largest: Matrix, level: float) -> float:
    """The value that at most `level` of the ways exceed in a column."""
    ordered = numpy.sort(largest)[::-1]
    return float(ordered[math.floor(level * len(ordered))])
