# SPDX-License-Identifier: MIT
"""The statistics: the block is the unit, never the request, and nothing here averages percentiles.

A subject has one number a block. Over blocks it is summed up by the median with the exact
order-statistic (sign test) interval, which assumes no shape and holds its coverage for skewed
data; below six blocks no 95 % statement exists, so the range is given and called a range.
Two subjects are compared within the blocks that both have, as the median of log ratios: with n
blocks, of subjects that do not differ all n differences have one sign with probability 2 / 2^n.
Source: Conover, Practical Nonparametric Statistics, ch. 3.2 (interval).
Pure functions over plain numbers; no I/O, no randomness, same input same output.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
BLOCKS_FOR_INTERVAL = 6
EXCEEDANCES_MIN = 100
# A difference below this share is called none, however consistent: nobody would act on it.
RELEVANT_SHARE = 0.01


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


def median(values: Sequence[float]) -> float:
    """The middle number, or the mean of the middle two. Raises ValueError when there is none."""
    if not values:
        raise ValueError("no median of no numbers")
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return ordered[middle - 1] + (ordered[middle] - ordered[middle - 1]) / 2


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


def paired_ratio(of: Mapping[int, float], to: Mapping[int, float]) -> Estimate | None:
    """of / to within the blocks that both have (keys), as median of log ratios, exponentiated.

    None when they share no block or a number is not positive (there is no ratio then).
    """
    shared = sorted(set(of) & set(to))
    if not shared or any(of[block] <= 0 or to[block] <= 0 for block in shared):
        return None
    logs = estimate([math.log(of[block]) - math.log(to[block]) for block in shared])
    return Estimate(
        math.exp(logs.median), math.exp(logs.low), math.exp(logs.high), logs.blocks, logs.kind
    )


def differ(of: Mapping[int, float], to: Mapping[int, float]) -> bool | None:
    """Whether the two differ significantly, by `significant` of their paired ratio; None where too
    few blocks are shared to say so."""
    ratio = paired_ratio(of, to)
    if ratio is not None:
        return significant(ratio)
    shared = set(of) & set(to)
    if len(shared) < BLOCKS_FOR_INTERVAL:
        return None
    # Numbers that may be zero or negative (slopes) have differences only.
    return not estimate([of[block] - to[block] for block in shared]).covers(0.0)


def significant(ratio: Estimate) -> bool | None:
    """Whether the interval of a ratio does not cover 1, and it is beyond RELEVANT_SHARE; None where
    it has no interval. For this pair alone: nothing is corrected for the number of pairs."""
    if ratio.kind != "interval":
        return None
    return not ratio.covers(1.0) and abs(math.log(ratio.median)) > math.log1p(RELEVANT_SHARE)


def supported(total: int, p: float) -> bool:
    """Whether `total` samples carry the quantile p: at least EXCEEDANCES_MIN lie above it."""
    return total * (1.0 - p) >= EXCEEDANCES_MIN - 1e-6
