# SPDX-License-Identifier: MIT
"""What may be said of ratios: different, the same within what matters, open, or not compared.

A family is a table of ratios (each subject to each, forms to their best form), each with one number
a generation. Every statement of it is corrected for all others, so that in at most LEVEL of the
campaigns any *different* is false, and likewise any *same*. Where a campaign has looks (looks.py)
each is at a level of its own, so that this holds for all of them together:

- *same*: both "the ratio is above 1 / (1 + within)" and "below 1 + within" are shown. It comes
  first: a difference that is real and too small to matter is the same.
- *different*: the ratio is shown to be above or below 1.
- *open*: neither, with the smallest difference that would have been called different in about
  POWER of such campaigns.
- *not compared*: fewer than GENERATIONS_MIN shared generations, or a number that is not positive.
  That is not *the same*.

The interval beside each ratio is for this ratio alone and, also at a look, of 95 %, so that of an
open one may exclude 1; but a verdict never contradicts it: *same* needs the whole interval within,
*different* one without 1.
The tests and their limits: max_t.py; their error rates: simulate.py,
simulate_looks.py.
"""

import math
import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeVar

from tailrace_report import stats
from tailrace_report.errors import CampaignError
from tailrace_report.looks import LEVEL

if TYPE_CHECKING:
    from tailrace_report.max_t import Test

DIFFERENT, SAME, OPEN, NOT_COMPARED = "different", "same", "open", "not compared"
GENERATIONS_MIN = stats.BLOCKS_FOR_INTERVAL
POWER = 0.8
Who = TypeVar("Who", bound=Hashable)
Ratios = Mapping[int, float]  # by generation


@dataclass(frozen=True)
class Verdict:
    """Of one ratio. `p`: corrected, of *no difference*; `within`: the share that SAME is within;
    `visible`: the share that would have been seen, 0 where nothing could be."""

    outcome: str
    ratio: stats.Estimate | None
    p: float = 1.0
    within: float | None = None
    visible: float = 0.0


NOTHING = Verdict(NOT_COMPARED, None)


class Pairs:
    """Every pair of subjects, decided when it is first asked for. `numbers`: subject -> positive
    number by generation."""

    def __init__(
        self, numbers: Mapping[Hashable, Ratios], within: float | None, level: float = LEVEL
    ) -> None:
        self._numbers, self._within, self._level = numbers, within, level

    def of(self, one: Hashable, other: Hashable) -> Verdict:
        """one / other; NOTHING where either has no numbers."""
        if (one, other) in self._verdicts:
            return self._verdicts[one, other]
        found = self._verdicts.get((other, one), NOTHING)
        return Verdict(found.outcome, _turned(found.ratio), found.p, found.within, found.visible)

    def among(self, who: Iterable[Hashable]) -> list[Verdict]:
        """Those of all pairs of these."""
        some = set(who)
        return [v for (a, b), v in self._verdicts.items() if a in some and b in some]

    @cached_property
    def _verdicts(self) -> dict[tuple[Hashable, Hashable], Verdict]:
        names = list(self._numbers)
        ratios = {
            (a, b): stats.shared_ratios(self._numbers[a], self._numbers[b])
            for place, b in enumerate(names)
            for a in names[place + 1 :]
        }
        return decide(ratios, self._within, self._level)


def _turned(ratio: stats.Estimate | None) -> stats.Estimate | None:
    if ratio is None:
        return None
    ends = 1 / ratio.median, 1 / ratio.high, 1 / ratio.low
    return stats.Estimate(*ends, ratio.blocks, ratio.kind)


def decide(
    family: Mapping[Who, Ratios], within: float | None, level: float = LEVEL
) -> dict[Who, Verdict]:
    """A verdict each. `within`: the share below which no difference matters; None where there is
    no such share. `level`: 0 where nothing can be decided. Raises CampaignError where numpy is
    missing."""
    verdicts = {who: Verdict(NOT_COMPARED, stats.ratio_estimate(r)) for who, r in family.items()}
    tested = [who for who in family if len(family[who]) >= GENERATIONS_MIN]
    logs = [{at: math.log(ratio) for at, ratio in family[who].items()} for who in tested]
    different, critical = _either(logs, 0.0, level)
    same, _ = _either(logs, math.log1p(within), level) if within else ([], math.inf)
    seen = critical + NormalDist().inv_cdf(POWER)
    for place, who in enumerate(tested):
        p, ratio, outcome = min(test.p for test in different[place]), verdicts[who].ratio, OPEN
        if same and all(test.p <= level for test in same[place]) and _inside(ratio, within):
            outcome = SAME
        elif p <= level and not (ratio and ratio.covers(1.0)):
            outcome = DIFFERENT
        visible = math.expm1(seen * different[place][0].error) if level else 0.0
        verdicts[who] = Verdict(outcome, ratio, p, within, visible)
    return verdicts


def _inside(ratio: stats.Estimate | None, within: float | None) -> bool:
    return bool(ratio and within and 1 / (1 + within) < ratio.low and ratio.high < 1 + within)


def _either(
    logs: Sequence[Ratios], shift: float, level: float
) -> tuple[list[tuple["Test", "Test"]], float]:
    """Tests of "above -shift" and of "below shift" for each, in one family, and the critical
    value."""
    above = [{at: shift + log for at, log in one.items()} for one in logs]
    below = [{at: shift - log for at, log in one.items()} for one in logs]
    found, critical = shown_above_zero(above + below, level)
    return list(zip(found[: len(logs)], found[len(logs) :])), critical


def shown_above_zero(
    family: Sequence[Ratios], level: float
) -> tuple[list["Test"], float]:
    """Each with the test of "its mean is above zero", corrected for all of them, and what a
    statistic had to exceed at this level. Numbers of any sign by generation, GENERATIONS_MIN or
    more each. Raises CampaignError where numpy is missing."""
    if not family:
        return [], math.inf
    try:
        from tailrace_report import max_t
    except ImportError as error:
        raise CampaignError([
            f"this Python ({sys.executable}) cannot import numpy ({error}), without which nothing"
            " can be compared; install python3-numpy or set TAILRACE_PYTHON."
        ]) from None
    generations = sorted({at for one in family for at in one})
    columns = [[one.get(at, math.nan) for at in generations] for one in family]
    return max_t.tests(columns, level)
