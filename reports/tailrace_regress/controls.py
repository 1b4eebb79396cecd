# SPDX-License-Identifier: MIT
"""Controls: comparisons within the campaign that must show nothing. The base a second time, in
processes of its own, says how much this machine invents; the base with its own objects linked at
other addresses, how much mere layout moves.

A base that differs from itself by more than matters takes the decision from the clock: times are
then told, and decide nothing. What either moved, sure or not, raises the smallest relevant effect
of that time at that point to it. Layout: Mytkowicz et al. 2009; Curtsinger and Berger 2013.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tailrace_regress import timed
from tailrace_regress.samples import AGAIN, BASE, RELINKED, Key, Samples
from tailrace_report import stats
from tailrace_report.wording import share

WORDS = {
    AGAIN: "the base measured a second time",
    RELINKED: "the base linked in another order",
}


@dataclass(frozen=True)
class Floors:
    """What the controls showed: by place and metric, how far no change at all moved it (a share);
    `alarm` says why times decide nothing in this job, or is empty."""

    moved: Mapping[tuple[str, str], float] = field(default_factory=dict)
    alarm: str = ""

    @property
    def by_metric(self) -> dict[str, float]:
        """The most that each metric moved, at any point."""
        names = sorted({metric for _, metric in self.moved})
        return {n: max(size for (_, m), size in self.moved.items() if m == n) for n in names}


def floors(samples: Samples, level: float) -> Floors:
    """What the controls allow; without any, nothing is raised."""
    moved: dict[tuple[str, str], float] = {}
    alarms = []
    for arm in (AGAIN, RELINKED):
        for keys in timed.families(samples):
            logs = timed.losses(samples, keys, arm)
            tests = timed.tested(logs, timed.share(level))
            for key, test in tests.items():
                size = math.expm1(abs(_middle(logs[key])))
                place = key.place, key.metric
                moved[place] = max(moved.get(place, 0.0), size)
                sure = min(test.worse, test.better) <= timed.share(level)
                if arm == AGAIN and sure and size > key.about.delta:
                    alarms.append(f"{WORDS[arm]} differs: {key} by {share(size)}")
    return Floors(moved, "; ".join(alarms[:3]))


def _middle(logs: Mapping[int, float]) -> float:
    found = stats.ratio_estimate({at: math.exp(d) for at, d in logs.items()})
    return math.log(found.median) if found else 0.0


def sentence(samples: Samples, found: Floors) -> str:
    """One line for the reports: what ran and what it showed."""
    keys: list[Key] = [key for family in timed.families(samples) for key in family]
    ran = [text for arm, text in WORDS.items() if any(samples.pairs(k, arm, BASE) for k in keys)]
    if not ran:
        return "No control ran."
    if found.alarm:
        return f"Control: {found.alarm}. Times decide nothing in this job."
    sizes = ", ".join(f"{name} {share(size)}" for name, size in found.by_metric.items())
    return f"Controls, {' and '.join(ran)}: moved at most {sizes or 'nothing that was compared'}."
