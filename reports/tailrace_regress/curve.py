# SPDX-License-Identifier: MIT
"""Head / base over the whole latency distribution, with one band for all quantiles at once.

The histograms of an arm's rounds are merged and their quantiles divided. Under "nothing changed"
the labels of a round may be swapped: every relabelling (2^(rounds-1); above RELABELLINGS a seeded
draw) gives a curve that chance alone could have made. Each quantile is scaled by its own spread
over the relabellings, and the 95 % point of the largest scaled distance of a whole curve (max-T,
Westfall and Young 1993) gives the p value of the whole curve and, around what was seen, a band for
all quantiles together, without a correction for their number: it leaves 1 nowhere unless p <= 5 %.
There the median ratio is divided out of the head first, or a true change would widen its own band;
what that takes from the spread of few rounds is given back as Student's t does for a mean.
"""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

from tailrace_regress.campaign_numbers import target_of
from tailrace_regress.samples import BASE, HEAD
from tailrace_report import stats
from tailrace_report.hdr import Histogram
from tailrace_report.load import Campaign

RELABELLINGS = 512
ROUNDS_MIN = 6
STEPS_PER_DECADE = 8
CONFIDENCE = 0.95
# A histogram's own resolution: no spread below it is believed.
SPREAD_MIN = 0.001

Pair = tuple[Histogram, Histogram]


@dataclass(frozen=True)
class Curve:
    """Ratios at x = 1/(1-p), with the joint band; `p` is that of the whole curve."""

    target: str
    point: str
    title: str
    rounds: int
    x: tuple[float, ...]
    ratio: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    p: float


def curves(campaign: Campaign) -> list[Curve]:
    """One for each target and open point whose rounds carry it."""
    rounds: dict[tuple[str, str, str], dict[int, dict[str, Histogram]]] = {}
    for cell in campaign.cells:
        if cell.measured and cell.point.kind == "open" and "response" in cell.histograms:
            key = (target_of(cell), cell.point.id, cell.point.title)
            rounds.setdefault(key, {}).setdefault(cell.block, {})[cell.arm] = cell.histograms[
                "response"
            ]
    found = []
    for (target, point, title), by_round in sorted(rounds.items()):
        pairs = _complete(by_round)
        if len(pairs) >= ROUNDS_MIN:
            found.append(curve(target, point, title, pairs))
    return found


def _complete(by_round: Mapping[int, Mapping[str, Histogram]]) -> list[Pair]:
    return [
        (arms[BASE], arms[HEAD])
        for _, arms in sorted(by_round.items())
        if BASE in arms and HEAD in arms and arms[BASE].total and arms[HEAD].total
    ]


def curve(target: str, point: str, title: str, pairs: list[Pair]) -> Curve:
    """The curve of these rounds. Cost: relabellings x slots of the histograms, about a second."""
    least = min(sum(h.total for h, _ in pairs), sum(h.total for _, h in pairs))
    grid = _grid(least)
    shares = [1 - 1 / x for x in grid]
    seen, spreads, largest = _chance(pairs, shares)
    distance = max(abs(d) / s for d, s in zip(seen, spreads))
    p = max(sum(one >= distance - 1e-9 for one in largest), 1) / len(largest)
    limit = _quantile(largest)
    if p <= 1 - CONFIDENCE:
        shift = math.exp(-stats.median(seen))
        _, spreads, aligned = _chance([(b, _scaled(h, shift)) for b, h in pairs], shares)
        limit = _quantile(aligned) * _few_rounds(len(pairs))
    return Curve(
        target,
        point,
        title,
        len(pairs),
        tuple(grid),
        tuple(math.exp(d) for d in seen),
        tuple(math.exp(d - limit * s) for d, s in zip(seen, spreads)),
        tuple(math.exp(d + limit * s) for d, s in zip(seen, spreads)),
        p,
    )


def _chance(pairs: list[Pair], shares: list[float]) -> tuple[list[float], list[float], list[float]]:
    """Log ratios as measured, their spreads over relabellings, and the ascending largest scaled
    distances of all relabellings."""
    work = _Relabelled(pairs)
    seen = work.log_ratios(shares)
    chance = [work.log_ratios(shares) for _ in work.walk()]
    spreads = [
        max(SPREAD_MIN, math.sqrt(sum(one[i] ** 2 for one in chance) / len(chance)))
        for i in range(len(shares))
    ]
    return seen, spreads, sorted(max(abs(d) / s for d, s in zip(one, spreads)) for one in chance)


def _quantile(ascending: list[float]) -> float:
    return ascending[math.ceil(CONFIDENCE * len(ascending)) - 1]


def _few_rounds(rounds: int) -> float:
    """How much wider an interval from deviations about their own mean must be: the quantile of
    Student's t (by the expansion of Cornish and Fisher) to that of the normal distribution, and
    n / (n - 1) for the variance."""
    z, free = NormalDist().inv_cdf((1 + CONFIDENCE) / 2), rounds - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return t / z * math.sqrt(rounds / free)


def _scaled(histogram: Histogram, factor: float) -> Histogram:
    counts: dict[int, int] = {}
    for value, count in histogram.slots:
        moved = max(1, round(value * factor))
        counts[moved] = counts.get(moved, 0) + count
    return Histogram(counts)


def _grid(total: int) -> list[float]:
    """From the median to the last quantile that one arm's merged histogram carries."""
    steps = itertools.count()
    grid = []
    for step in steps:
        x = 2.0 * 10 ** (step / STEPS_PER_DECADE)
        if not stats.supported(total, 1 - 1 / x):
            break
        grid.append(x)
    return grid or [2.0]


class _Relabelled:
    """Two merged arms whose rounds can be swapped one by one."""

    def __init__(self, pairs: list[Pair]) -> None:
        slots = sorted({value for pair in pairs for h in pair for value, _ in h.slots})
        place = {value: index for index, value in enumerate(slots)}
        self._logs = [math.log(max(value, 1)) for value in slots]
        self._arms = [[0] * len(slots), [0] * len(slots)]
        self._moves: list[list[tuple[int, int]]] = []
        for pair in pairs:
            move = [0] * len(slots)
            for arm, sign in ((0, -1), (1, 1)):
                for value, count in pair[arm].slots:
                    self._arms[arm][place[value]] += count
                    move[place[value]] += sign * count
            self._moves.append([(i, by) for i, by in enumerate(move) if by])
        self._swapped = [False] * len(pairs)

    def log_ratios(self, shares: list[float]) -> list[float]:
        base, head = (self._quantiles(arm, shares) for arm in self._arms)
        return [h - b for b, h in zip(base, head)]

    def _quantiles(self, counts: list[int], shares: list[float]) -> list[float]:
        below = list(itertools.accumulate(counts))
        needs = (max(1, math.ceil(p * below[-1] - 1e-6)) for p in shares)
        return [self._logs[bisect.bisect_left(below, need)] for need in needs]

    def _swap(self, round_: int) -> None:
        sign = -1 if self._swapped[round_] else 1
        base, head = self._arms
        for index, by in self._moves[round_]:
            base[index] += sign * by
            head[index] -= sign * by
        self._swapped[round_] = not self._swapped[round_]

    def walk(self) -> Iterator[None]:
        """Steps through relabellings, the one that was measured among them; the first round keeps
        its labels, for swapping all only turns the sign. A Gray code swaps one round a step."""
        free = len(self._swapped) - 1
        if 2**free <= RELABELLINGS:
            yield
            for step in range(1, 2**free):
                self._swap(1 + (step & -step).bit_length() - 1)
                yield
            return
        lot = random.Random(0)
        yield
        for _ in range(RELABELLINGS - 1):
            for round_ in range(1, free + 1):
                if lot.random() < 0.5:
                    self._swap(round_)
            yield
