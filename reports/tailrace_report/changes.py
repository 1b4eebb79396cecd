# SPDX-License-Identifier: MIT
"""Change points of a short series: where its distribution changed for good, by E-divisive.

Hierarchical bisection: the split with the largest energy distance between both sides is kept when
fewer than ALPHA of seeded shuffles of the segment have a split as good, and both sides are looked
at again. No shape is assumed, and one odd campaign is not a change, for a side has at least
SIDE_MIN members. A long series is looked at in windows that overlap, from its end. Source: Matteson
and James, "A nonparametric approach for multiple change point analysis of multivariate data", 2014.
Cost: SHUFFLES times LENGTH_MAX a value where there are changes, far less where there are none.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

SIDE_MIN = 4
SHUFFLES = 199
ALPHA = 0.01
LENGTH_MAX = 120  # of a window


def change_points(values: Sequence[float], seed: int = 0) -> list[int]:
    """Indices at which a new level starts, ascending."""
    lot = random.Random(seed)
    found: list[int] = []
    end = len(values)
    while end > 0:
        start = max(0, end - LENGTH_MAX)
        here = _in_window(values, start, end, lot)
        found += here
        if start == 0:
            break
        # The next window ends where this one's first level does; or, where it is all one level, in
        # its middle, for a change at its border has too few members on one side.
        end = min(here, default=start + LENGTH_MAX // 2)
    return sorted(found)


def _in_window(values: Sequence[float], start: int, end: int, lot: random.Random) -> list[int]:
    found = []
    segments = [(start, end)]
    while segments:
        start, end = segments.pop()
        part = list(values[start:end])
        at, score = best_split(part)
        if at and _rare(part, score, lot):
            found.append(start + at)
            segments += [(start, start + at), (start + at, end)]
    return found


def best_split(values: Sequence[float]) -> tuple[int, float]:
    """(index, energy statistic) of the best split; index 0 where the series is too short."""
    count = len(values)
    if count < 2 * SIDE_MIN:
        return 0, 0.0
    left = cross = 0.0
    right = sum(abs(a - b) for i, a in enumerate(values) for b in values[:i])
    best = (0, 0.0)
    for at in range(1, count - SIDE_MIN + 1):
        moved = values[at - 1]
        before = sum(abs(moved - other) for other in values[: at - 1])
        after = sum(abs(moved - other) for other in values[at:])
        left += before
        right -= after
        cross += after - before
        if at < SIDE_MIN:
            continue
        n, m = at, count - at
        energy = 2 * cross / (n * m) - 2 * left / (n * (n - 1)) - 2 * right / (m * (m - 1))
        score = n * m / count * energy
        if score > best[1]:
            best = (at, score)
    return best


def _rare(values: list[float], score: float, lot: random.Random) -> bool:
    """Whether a shuffle rarely has a split as good. Stops as soon as it cannot be rare any more."""
    allowed = int(ALPHA * (SHUFFLES + 1)) - 1
    as_good = 0
    for _ in range(SHUFFLES):
        lot.shuffle(values)
        as_good += best_split(values)[1] >= score - 1e-12
        if as_good > allowed:
            return False
    return True
