# SPDX-License-Identifier: MIT
"""The statistics: the block is the unit, never the request, and nothing here averages percentiles.

A contestant has one number a block. Over blocks it is summed up by the median with the exact
order-statistic (sign test) interval, which assumes no shape and holds its coverage for skewed
data; below six blocks no 95 % statement exists, so the range is given and called a range.
Two contestants are compared within the blocks that both have, as the median of log ratios.
Source: Conover, Practical Nonparametric Statistics, ch. 3.2 (interval).
Pure functions over plain numbers; no I/O, no randomness, same input same output.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
BLOCKS_FOR_INTERVAL = 6
EXCEEDANCES_MIN = 100
# A difference below this share is called none, however consistent: nobody would act on it.
RELEVANT_SHARE = 0.01
GROUPED_MAX = 26


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


def interval_rank(count: int, confidence: float = CONFIDENCE) -> int:
    """Largest r for which [x(r), x(n+1-r)] covers the median with at least `confidence`; or 0.

    Coverage is 1 - 2 P(B <= r - 1), B binomial(n, 1/2): the sign test turned round.
    """
    allowed = (1.0 - confidence) / 2 * 2**count
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


def separated(of: Mapping[int, float], to: Mapping[int, float]) -> bool:
    """Whether the two differ in every sense we ask for: the interval of the paired ratio does not
    cover 1, and the ratio is beyond RELEVANT_SHARE. One shared block separates nothing."""
    if of and to and max(of.values()) == 0 == max(to.values()):
        return False
    ratio = paired_ratio(of, to)
    if ratio is None:
        return _separated_by_sign(of, to)
    if ratio.blocks < 2 or ratio.covers(1.0):
        return False
    return abs(math.log(ratio.median)) > math.log1p(RELEVANT_SHARE)


def _separated_by_sign(of: Mapping[int, float], to: Mapping[int, float]) -> bool:
    """For numbers that may be zero or negative (slopes): every paired difference on one side."""
    shared = set(of) & set(to)
    if len(shared) < 2:
        return False
    differences = estimate([of[block] - to[block] for block in shared])
    return not differences.covers(0.0)


def groups(
    numbers: Mapping[str, Mapping[int, float]], *, best_is_low: bool = True
) -> dict[str, str]:
    """Letters for each name: two names that share a letter are not separated; best gets `a`.

    `numbers` is name -> block -> number. Groups are the maximal sets in which no pair is
    separated (a compact letter display), so a name may have several letters, and there is no
    order inside a group. Empty when there are too many names or sets for letters.
    """
    names = sorted((name for name in numbers if numbers[name]), key=str)
    if len(names) > GROUPED_MAX:
        return {}
    sign = 1 if best_is_low else -1
    place = {name: (sign * median(list(numbers[name].values())), name) for name in names}
    near = {
        name: {
            other
            for other in names
            if other != name and not separated(numbers[name], numbers[other])
        }
        for name in names
    }
    sets: list[set[str]] = []
    _maximal_sets(set(), set(names), set(), near, sets.append)
    if len(sets) > GROUPED_MAX:
        return {}
    sets.sort(key=lambda members: sorted(place[name] for name in members))
    letters = {name: "" for name in names}
    for letter, members in zip("abcdefghijklmnopqrstuvwxyz", sets):
        for name in members:
            letters[name] += letter
    return letters


def _maximal_sets(
    chosen: set[str],
    candidates: set[str],
    excluded: set[str],
    near: Mapping[str, set[str]],
    found: Callable[[set[str]], None],
) -> None:
    """Bron and Kerbosch 1973 with a pivot; at most 3^(26/3), some 14,000 sets, for 26 names."""
    if not candidates and not excluded:
        if chosen:
            found(chosen)
        return
    pivot = max(sorted(candidates | excluded), key=lambda name: len(near[name] & candidates))
    for name in sorted(candidates - near[pivot]):
        _maximal_sets(chosen | {name}, candidates & near[name], excluded & near[name], near, found)
        candidates = candidates - {name}
        excluded = excluded | {name}


def supported(total: int, p: float) -> bool:
    """Whether `total` samples carry the quantile p: at least EXCEEDANCES_MIN lie above it."""
    return total * (1.0 - p) >= EXCEEDANCES_MIN - 1e-6
