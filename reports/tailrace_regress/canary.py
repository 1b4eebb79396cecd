# SPDX-License-Identifier: MIT
"""Canaries: comparisons that must show nothing. Base with a copy of itself says how much this
machine invents; base with its own objects linked at other addresses, how much mere layout moves.

A canary that shows a change as if there were one takes the decision from the clock: times are then
told, and decide nothing. One that shows none still raises the smallest relevant effect to what it
saw. Layout: Mytkowicz et al. 2009; Curtsinger and Berger 2013.
"""

import math

from tailrace_regress import gate, inference, verdict
from tailrace_regress.gate import Floors
from tailrace_regress.samples import BASE, RELINKED, SAME, Key, Samples
from tailrace_report.wording import share

WORDS = {
    SAME: "the base against a copy of itself",
    RELINKED: "the base against itself, linked in another order",
}


def floors(samples: Samples) -> Floors:
    """What the canary rounds allow; without any, nothing is raised."""
    looks: list[tuple[str, Key, verdict.Finding, float]] = []
    for key in gate.family(samples):
        for arm in (SAME, RELINKED):
            pairs = samples.pairs(key, of=arm, to=BASE)
            if pairs:
                seen = verdict.paired(key, pairs)
                two_sided = min(1.0, 2 * min(seen.p or 1.0, verdict.improvement_p(key, pairs)))
                looks.append((arm, key, seen, two_sided))
    moved: dict[str, float] = {}
    alarms = []
    corrected = inference.adjusted([p for *_, p in looks])
    for (arm, key, seen, _), p in zip(looks, corrected):
        if seen.worse is None:
            continue
        size = math.expm1(abs(seen.worse.median))
        moved[key.metric] = max(moved.get(key.metric, 0.0), size)
        if p <= gate.Q and (verdict.beyond(seen) or verdict.beyond(seen, -1)):
            alarms.append(f"{WORDS[arm]} differs too: {key} by {share(size)}")
    return Floors(moved, "; ".join(alarms[:3]))


def sentence(samples: Samples, found: Floors) -> str:
    """One line for the reports: what ran and what it showed."""
    keys = samples.keys()
    ran = [WORDS[arm] for arm in (SAME, RELINKED) if any(samples.arm(k, arm) for k in keys)]
    if not ran:
        return "No canary ran."
    if found.alarm:
        return f"Canary: {found.alarm}. Times decide nothing in this job."
    sizes = ", ".join(f"{name} {share(size)}" for name, size in sorted(found.moved.items()))
    return f"Canaries, {' and '.join(ran)}, showed nothing; moved at most: {sizes}."
