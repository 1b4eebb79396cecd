# SPDX-License-Identifier: MIT
"""Tests and sizes for paired rounds of counts that do not repeat: what decides beside the interval
of stats.py.

A round gives one difference d per count. Under "nothing changed" both arms are exchangeable within
a round, so each sign of d is a coin toss. The size of a difference tells less than its sign there,
because a spoiled round is far off rather than a little, so the signs alone are counted. Families of
such tests go through Benjamini and Hochberg. Sources: Arbuthnot 1710 and Dixon and Mood 1946
(signs); Benjamini and Hochberg 1995; the sizes follow from the binomial distribution behind the
sign interval. Pure functions, no randomness.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from statistics import NormalDist

from tailrace_report import stats

POWER = 0.8
# The scale from the median absolute deviation to the standard deviation of a normal distribution,
# and the factor by which the error of a median is larger than that of a mean.
MAD_TO_SD = 1.4826
MEDIAN_ERROR = math.sqrt(math.pi / 2)


def sign_p(differences: Sequence[float]) -> float:
    """P(at least as many positive differences by tosses of a coin), one-sided. Zeros are left
    out."""
    kept = [d for d in differences if d]
    return _at_most(sum(d < 0 for d in kept), len(kept), 0.5)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's adjusted p values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index], reverse=True)
    answer = [1.0] * len(p_values)
    least = 1.0
    for place, index in enumerate(order):
        least = min(least, p_values[index] * len(p_values) / (len(p_values) - place))
        answer[index] = least
    return answer


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson 1934): what a count of hits allows."""
    if not 0 <= hits <= of or of == 0:
        raise ValueError(f"{hits} hits of {of}")
    tail = (1 - stats.CONFIDENCE) / 2

    def solve(reached: Callable[[float], float]) -> float:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if reached(middle) > tail else (low, middle)
        return low

    low = 0.0 if hits == 0 else 1 - solve(lambda q: _at_most(of - hits, of, q))
    high = 1.0 if hits == of else solve(lambda p: _at_most(hits, of, p))
    return low, high


def _at_most(count: int, of: int, p: float) -> float:
    """P(binomial(of, p) <= count)."""
    return sum(math.comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(count + 1))


def spread(differences: Sequence[float]) -> float:
    """The standard deviation of one difference, from the median absolute deviation, which some
    disturbed rounds do not move; from the squares where more than half are equal."""
    middle = stats.median(differences)
    robust = MAD_TO_SD * stats.median([abs(d - middle) for d in differences])
    if robust > 0 or len(differences) < 2:
        return robust
    return math.sqrt(sum((d - middle) ** 2 for d in differences) / (len(differences) - 1))


@lru_cache(maxsize=4096)
def _share_needed(rounds: int) -> float:
    """The share of positive differences at which the sign interval of so many rounds excludes zero
    in POWER of all jobs; 1.0 when no number of rounds that small can."""
    rank = stats.interval_rank(rounds)
    if rank == 0:
        return 1.0
    low, high = 0.5, 1.0 - 1e-9
    for _ in range(30):
        middle = (low + high) / 2
        # The interval excludes zero when at most rank - 1 of the differences are negative.
        term = reached = middle**rounds
        for k in range(rank - 1):
            term *= (rounds - k) / (k + 1) * (1 - middle) / middle
            reached += term
        low, high = (low, middle) if reached >= POWER else (middle, high)
    return high


def detectable(sd: float, rounds: int, delta: float) -> float:
    """The smallest effect (log ratio) that `rounds` rounds of this spread would call a change in
    POWER of all jobs: the interval excludes zero and the median lies beyond delta. Inf below six
    rounds, where no 95 % statement exists."""
    share = _share_needed(rounds)
    if share >= 1.0:
        return math.inf
    normal = NormalDist()
    beyond = delta + normal.inv_cdf(POWER) * MEDIAN_ERROR * sd / math.sqrt(rounds)
    return max(sd * normal.inv_cdf(share), beyond)
