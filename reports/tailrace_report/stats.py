# SPDX-License-Identifier: MIT
"""The statistics: the block is the unit, never the request, and nothing here averages percentiles.

A subject has one number a block. Over blocks it is summed up by the median with the exact
order-statistic (sign test) interval, which assumes no shape and holds its coverage for skewed
data; below six blocks no 95 % statement exists, so the range is given and called a range.

A ratio of two subjects is taken within the blocks that both have, on the log scale, where what
disturbs both alike is gone and what is left is symmetric if both are disturbed in the same way. So
it is summed up by the Hodges-Lehmann estimate with the exact signed-rank interval. For eight blocks
that covers in 96.1 % whatever the tails of the noise; Student's t covers in 95.2 % (normal), 96.0 %
(t, 3 degrees of freedom) and 97.7 % (one in ten disturbed tenfold) and is 8 % narrower for the
first, the sign interval in 99.2 % and is 60 % wider (20,000 draws each; simulate.py). Where noise
is skewed and of very different size in the two, the difference is not symmetric: 92 % instead of
95 % for exponential noise of five times the size. What may be called a difference: decide.py.
Sources: Conover, Practical Nonparametric Statistics, ch. 3.2 (median) and 5.7 (signed ranks);
Hodges and Lehmann 1963.
Pure functions over plain numbers; no I/O, no randomness, same input same output.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

CONFIDENCE = 0.95
BLOCKS_FOR_INTERVAL = 6
EXCEEDANCES_MIN = 100
FLIPS_EXACT, FLIPS_DRAWN = 11, 2047
# Requests that wait for one stall are one event, not a thousand. The relative error of a quantile
# of a tail that falls like x^-a is about 1 / (a * sqrt(clusters)); stalls here have a of about 2,
# so 20 clusters give 11 %, what p99 may differ by and still be called the same (measures.py).
CLUSTERS_MIN = 20


@dataclass(frozen=True)
class Estimate:
    """Median over `blocks` numbers with low..high; `kind` is `interval` (>= 95 %) or `range`."""

    median: float
    low: float
    high: float
    blocks: int
    kind: str

    def covers(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def half_width(self) -> float:
        """Of a ratio: the share by which it may be larger or smaller."""
        return math.sqrt(self.high / self.low) - 1.0


def median(values: Sequence[float]) -> float:
    """The middle number, or the mean of the middle two. Raises ValueError when there is none."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """The number at this share (0 to 1) of their order, between two neighbours by a straight line
    (Hyndman and Fan 1996, definition 8: as often too low as too high, also of few numbers). Raises
    ValueError when there is none."""
    if not values:
        raise ValueError("no quantile of no numbers")
    ordered = sorted(values)
    at = min(max((len(ordered) + 1 / 3) * share - 2 / 3, 0.0), len(ordered) - 1.0)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def interval_rank(count: int) -> int:
    """Largest r for which [x(r), x(n+1-r)] covers the median with at least CONFIDENCE; or 0.

    Coverage is 1 - 2 P(B <= r - 1), B binomial(n, 1/2): the sign test turned round.
    """
    allowed = (1.0 - CONFIDENCE) / 2 * 2**count
    tail, rank = 0, 0
    while rank < count // 2:
        tail += math.comb(count, rank)
        if tail > allowed:
            break
        rank += 1
    return rank


def estimate(values: Sequence[float]) -> Estimate:
    """The summary of one number a block. Raises ValueError when there is none."""
    ordered = sorted(values)
    rank = interval_rank(len(ordered)) if len(ordered) >= BLOCKS_FOR_INTERVAL else 0
    if rank == 0:
        return Estimate(median(ordered), ordered[0], ordered[-1], len(ordered), "range")
    return Estimate(median(ordered), ordered[rank - 1], ordered[-rank], len(ordered), "interval")


def shared_ratios(of: Mapping[int, float], to: Mapping[int, float]) -> dict[int, float]:
    """of / to in the blocks (keys) that both have; empty where they share none, or where a number
    is not positive: there is no ratio then."""
    shared = sorted(set(of) & set(to))
    if any(of[block] <= 0 or to[block] <= 0 for block in shared):
        return {}
    return {block: of[block] / to[block] for block in shared}


def ratio_estimate(ratios: Mapping[int, float]) -> Estimate | None:
    """The Hodges-Lehmann estimate of positive ratios, one a block, on the log scale, with the exact
    signed-rank interval; below BLOCKS_FOR_INTERVAL the median and the range. None without any."""
    logs = sorted(math.log(ratio) for ratio in ratios.values())
    if not logs:
        return None
    middle, low, high, kind = median(logs), logs[0], logs[-1], "range"
    if len(logs) >= BLOCKS_FOR_INTERVAL:
        means = sorted((a + b) / 2 for place, a in enumerate(logs) for b in logs[: place + 1])
        rank = signed_rank(len(logs))
        middle, low, high, kind = median(means), means[rank - 1], means[-rank], "interval"
    return Estimate(math.exp(middle), math.exp(low), math.exp(high), len(logs), kind)


def paired_ratio(of: Mapping[int, float], to: Mapping[int, float]) -> Estimate | None:
    """of / to within the blocks that both have; None where there is no ratio."""
    return ratio_estimate(shared_ratios(of, to))


@lru_cache(maxsize=64)
def signed_rank(count: int) -> int:
    """Largest r for which the r-th smallest and largest of the means of two (or one) of `count`
    numbers cover the middle of their symmetric distribution with at least CONFIDENCE; or 0.

    It misses to a side when the ranks of one sign sum to less than r: subsets of 1..n by sum.
    """
    ways = [1]
    for rank in range(1, count + 1):
        longer = ways + [0] * rank
        for total, number in enumerate(ways):
            longer[total + rank] += number
        ways = longer
    allowed, tail, answer = (1.0 - CONFIDENCE) / 2 * 2**count, 0, 0
    while tail + ways[answer] <= allowed:
        tail += ways[answer]
        answer += 1
    return answer


def sign_flips(count: int) -> int:
    """How many ways to flip the signs of `count` generations max_t.py looks at, the real one
    included: a p value is a whole number of such parts."""
    return 2**count if count <= FLIPS_EXACT else FLIPS_DRAWN + 1


def supported(total: int, p: float) -> bool:
    """Whether `total` samples carry the quantile p: at least EXCEEDANCES_MIN lie above it."""
    return total * (1.0 - p) >= EXCEEDANCES_MIN - 1e-6


def clustered(parts: Iterable[tuple[float, Sequence[float]]]) -> bool:
    """Whether enough stall clusters carry a quantile. Each part is the quantile of some requests
    and the longest of each stretch of time (100 ms, or a slice) that they came from. A stretch in
    which values lie above is a cluster: CLUSTERS_MIN are needed in all, or every stretch where
    there are fewer, since then it is no single stall that carries it. True where nothing was
    recorded."""
    above = stretches = 0
    for quantile, longest in parts:
        above += sum(value > quantile for value in longest)
        stretches += len(longest)
    return above >= min(CLUSTERS_MIN, stretches)
