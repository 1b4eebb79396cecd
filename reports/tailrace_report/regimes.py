# SPDX-License-Identifier: MIT
"""Subjects that are one thing in some generations and another in the rest: a ring that batches or
does not, a collector that settled otherwise. No one number sums them up, and none is given.

The rule, on the log ratio of a subject to the other subjects of its generation (so a machine that
changes is not taken for a subject that does): sorted, it falls into two groups of EACH_MIN or more
whose gap is GAP_SHARE or more and wider than RANGES times what either group spans. Of subjects of
one regime that is seen by chance in 0.2 % at eight generations (normal and t with 3 degrees of
freedom; 0.8 % with one in ten generations disturbed tenfold), if their noise is as large as the gap
at all; 1.2 % at six, so below GENERATIONS_MIN nothing is looked for (8,000 draws each).
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tailrace_report import stats

GENERATIONS_MIN, OTHERS_MIN, EACH_MIN = 8, 2, 2
GAP_SHARE, RANGES = 0.10, 3.0
Who = TypeVar("Who", bound=Hashable)


@dataclass(frozen=True)
class Regime:
    """The median of a subject's numbers in these generations."""

    median: float
    generations: tuple[int, ...]


def two_regimes(numbers: Mapping[Who, Mapping[int, float]]) -> dict[Who, tuple[Regime, Regime]]:
    """Those that have two, the smaller first. `numbers`: subject -> number by generation; subjects
    with one that is not positive are left out."""
    logs = {
        who: {at: math.log(value) for at, value in found.items()}
        for who, found in numbers.items()
        if found and min(found.values()) > 0
    }
    centred = {}
    for who, found in logs.items():
        middle = stats.median(list(found.values()))
        centred[who] = {at: log - middle for at, log in found.items()}
    answer = {}
    for who in logs:
        if parts := _parted(_to_others(centred, who)):
            low, high = (
                Regime(stats.median([numbers[who][at] for at in part]), tuple(sorted(part)))
                for part in parts
            )
            answer[who] = (low, high)
    return answer


@dataclass(frozen=True)
class Difference:
    """A figure that tells two groups of generations apart; its median in each."""

    name: str
    low: float  # in the generations of the lower regime
    high: float


def separating(
    parts: tuple[Regime, Regime], figures: Mapping[str, Mapping[int, float]], most: int = 2
) -> list[Difference]:
    """The figures (name -> number by generation) that separate the two regimes best, the best
    first: no number of one group lies among those of the other, and the medians are GAP_SHARE or
    more of the larger apart. Ranked by the gap between the groups over what both span. Figures
    that some of these generations lack are left out."""
    found = []
    for name, numbers in figures.items():
        groups = [[numbers[at] for at in part.generations if at in numbers] for part in parts]
        if any(len(one) < len(part.generations) for one, part in zip(groups, parts)):
            continue
        first, second = groups
        gap = max(min(second) - max(first), min(first) - max(second))
        low, high = stats.median(first), stats.median(second)
        if gap <= 0 or abs(high - low) < GAP_SHARE * max(abs(low), abs(high)):
            continue
        spans = max(first) - min(first) + max(second) - min(second)
        found.append((gap / (gap + spans), Difference(name, low, high)))
    found.sort(key=lambda one: -one[0])
    return [difference for _, difference in found[:most]]


def _to_others(logs: Mapping[Who, Mapping[int, float]], who: Who) -> dict[int, float]:
    """Log ratio to the median of the others, by generation, where there are OTHERS_MIN."""
    answer = {}
    for at, log in logs[who].items():
        others = [found[at] for other, found in logs.items() if other != who and at in found]
        if len(others) >= OTHERS_MIN:
            answer[at] = log - stats.median(others)
    return answer


def _parted(ratios: Mapping[int, float]) -> tuple[list[int], list[int]] | None:
    """The generations of each group, the lower first; None where there is one."""
    order = sorted(ratios, key=lambda at: ratios[at])
    if len(order) < GENERATIONS_MIN:
        return None
    values = [ratios[at] for at in order]
    gaps = {
        cut: values[cut] - values[cut - 1] for cut in range(EACH_MIN, len(order) - EACH_MIN + 1)
    }
    cut = max(gaps, key=lambda at: gaps[at])
    span = max(values[cut - 1] - values[0], values[-1] - values[cut])
    if gaps[cut] < math.log1p(GAP_SHARE) or gaps[cut] <= RANGES * span:
        return None
    return order[:cut], order[cut:]
