# SPDX-License-Identifier: MIT
"""Looks: when a campaign that goes on until it is decided is looked at, and the level of each look.

Whoever looks several times, and stops when it pleases, has several chances of a false verdict. So
the numbers of generations at which is looked are fixed in the plan, and each look has a level of
its own, which together are LEVEL: alpha spending (Lan and DeMets 1983, Biometrika 70). Their
function for bounds like those of Pocock 1977 is what has been spent by a look; its level is what it
adds. Their other function, for bounds like those of O'Brien and Fleming, would spend 0.00009 in the
first quarter: less than a p value of eight generations can be.

Signs of eight generations can be flipped in 256 ways, and to turn round all of them changes no
size, so that the least p value of a difference is 2/256. P values come in steps, and a level
between two steps is not used up: it is rounded down to one, and what is left falls to later looks.
A level below LEAST steps is 0: nothing can be decided at that look. Looks of 8 to 80 generations,
all that a profile may ask for, always can decide at the first.

A verdict that is false at the look at which the campaign ended was false at one of them, so all
levels together bound the rate, whatever made it end there: decided, out of time, or somebody who
has seen enough. Lan and DeMets win something back from the fact that looks have generations in
common; that would need the joint distribution of all statistics of a family. What it costs:
simulate_looks.py.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailrace_report import stats

LEVEL = 1 - stats.CONFIDENCE
LEAST = 2  # steps that a p value has at least


def spent(share: float) -> float:
    """What of LEVEL may have been spent when this share (0 to 1) of the generations is there."""
    return LEVEL * math.log1p((math.e - 1) * share)


@dataclass(frozen=True)
class Looks:
    """The looks of a plan: `at`: generations, growing; `generations`: of the look that the campaign
    is at or on its way to; `at_most_minutes`: of measuring."""

    at: tuple[int, ...]
    generations: int
    at_most_minutes: float

    @property
    def level(self) -> float:
        """Of the verdicts of the campaign as it is planned now."""
        return levels(self.at)[self.generations]

    @property
    def next(self) -> int | None:
        """Generations of the look after this one."""
        return next((at for at in self.at if at > self.generations), None)


def levels(at: tuple[int, ...]) -> dict[int, float]:
    """Of each of these looks; LEVEL or less together."""
    used, found = 0.0, {}
    for generations in at:
        step = 1 / stats.sign_flips(generations)
        # A little more, so that what is a step but for rounding is one.
        steps = math.floor((spent(generations / at[-1]) - used) / step + 1e-9)
        found[generations] = steps * step if steps >= LEAST else 0.0
        used += found[generations]
    return found


def read(plan: Mapping[str, Any]) -> Looks | None:
    """The looks of a plan.json; None where it has none. Raises ValueError with one clause."""
    told = plan.get("looks")
    if told is None:
        return None
    at, minutes = (told.get(key) if isinstance(told, dict) else None
                   for key in ("at", "at_most_minutes"))
    whole = isinstance(at, list) and at and all(type(one) is int and one > 0 for one in at)
    if not whole or sorted(set(at)) != at or plan.get("blocks") not in at:
        raise ValueError("`looks` does not have growing numbers of generations, `blocks` in them")
    if type(minutes) not in (int, float) or minutes <= 0:
        raise ValueError("`looks` has no `at_most_minutes` above 0")
    return Looks(tuple(at), plan["blocks"], float(minutes))
