# SPDX-License-Identifier: MIT
"""The rules of the gate over all metrics: exact ones first, then a family of tests in two stages.

First look: every timed metric of the family gets a one-sided sign-flip p; those that lean towards
worse are suspects. Second look: suspects alone get fresh rounds, and only those decide, with
Benjamini and Hochberg's correction over the whole family (a metric that was never suspect counts
with p = 1). So a lucky first look costs minutes, not a red job. Testing once at a fixed number of
rounds, never after each, keeps the stated error. The same functions decide jobs and the experiment
scripts/gate-power.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tailrace_regress import inference, metrics, outcome, verdict
from tailrace_regress.samples import BASE, HEAD, Key, Samples
from tailrace_regress.verdict import Finding

Q = 0.05  # false discoveries among the confirmed, at most, over a family
Q_COUNTS = 0.01  # the same where one look decides, without fresh rounds to recur in
SUSPECT_P = 0.10  # generous: a suspect costs rounds, a missed one the regression
SUSPECT_SHARE = 0.5  # of delta
SHIFTED = "the sum of all kinds did not grow: calls changed places"


@dataclass(frozen=True)
class Floors:
    """What the canaries showed: by metric, how far no change at all moved it (a share); `alarm`
    says why times decide nothing in this job, or is empty."""

    moved: Mapping[str, float] = field(default_factory=dict)
    alarm: str = ""

    def of(self, key: Key) -> float:
        return self.moved.get(key.metric, 0.0)


def settle_exact(samples: Samples) -> tuple[list[Finding], list[Key]]:
    """Verdicts on the metrics that repeat themselves, and the keys that must go the other way:
    banded ones that differ, and those that were assumed exact and are not."""
    found, demoted = [], []
    for key in samples.keys():
        if key.about.kind == metrics.TIMED:
            continue
        base = list(samples.arm(key, BASE).values())
        head = list(samples.arm(key, HEAD).values())
        if not base or not head:
            found.append(verdict.of_one_arm(key, base, head))
            continue
        judge = verdict.exact if key.about.kind == metrics.EXACT else verdict.alike
        answer = judge(key, base, head)
        if answer is None:
            demoted.append(key)
        else:
            found.append(answer)
    return _without_swaps(found), demoted


def _without_swaps(found: list[Finding]) -> list[Finding]:
    """A kind of call that grew while others shrank by as much is no regression of its own."""
    grown: dict[str, float] = {}
    for one in found:
        if one.key.is_call_kind:
            grown[one.key.target] = grown.get(one.key.target, 0.0) + one.head - one.base
    answer = []
    for one in found:
        if one.key.is_call_kind and one.verdict == outcome.REGRESSION:
            if grown[one.key.target] <= verdict.grain(one.key.about, one.base):
                one = replace(one, verdict=outcome.EQUIVALENT, confirmed=False).noted(SHIFTED)
        answer.append(one)
    return answer


def settle_counts(samples: Samples, keys: list[Key]) -> list[Finding]:
    """Verdicts on demoted and banded metrics, from rounds made for that alone: one look, one
    family."""
    pairs = {key: samples.pairs(key) for key in keys}
    found = {key: verdict.paired(key, pairs[key]) for key in keys}
    p_values = {key: found[key].p or 1.0 for key in keys if found[key].gate}
    return _judged(found, p_values, pairs, Q_COUNTS)


def family(samples: Samples) -> list[Key]:
    """The timed keys that decide, fixed by the table and the profile before anything was seen."""
    return [k for k in samples.keys() if k.about.gate and k.about.kind == metrics.TIMED]


def first_look(samples: Samples, keys: list[Key], floors: Floors) -> list[Key]:
    """The suspects: those that need fresh rounds."""
    answer = []
    for key in keys:
        seen = verdict.paired(key, samples.pairs(key), floors.of(key))
        if seen.worse is None or seen.p is None:
            continue
        if seen.p <= SUSPECT_P and seen.worse.median > SUSPECT_SHARE * math.log1p(seen.delta):
            answer.append(key)
    return answer


def second_look(
    samples: Samples, fresh: Samples, keys: list[Key], suspects: list[Key], floors: Floors
) -> list[Finding]:
    """Verdicts on all `keys`: suspects by their fresh rounds, the others by their first ones."""
    pairs = {key: (fresh if key in suspects else samples).pairs(key) for key in keys}
    found = {key: verdict.paired(key, pairs[key], floors.of(key)) for key in keys}
    p_values = {k: found[k].p or 1.0 if k in suspects else 1.0 for k in keys}
    answer = _judged(found, p_values, pairs, Q)
    if not floors.alarm:
        return answer
    moved = (outcome.REGRESSION, outcome.IMPROVEMENT)
    return [
        replace(one, verdict=outcome.INVALID, confirmed=False).noted(floors.alarm)
        if one.verdict in moved
        else one
        for one in answer
    ]


def informational(samples: Samples, decided: list[Finding]) -> list[Finding]:
    """What decides nothing but is worth a row: timed metrics outside of the family."""
    done = {one.key for one in decided}
    rest = [k for k in samples.keys() if k not in done and k.about.kind == metrics.TIMED]
    return [verdict.paired(key, samples.pairs(key)) for key in rest if samples.pairs(key)]


def _judged(
    found: Mapping[Key, Finding],
    p_values: Mapping[Key, float],
    pairs: Mapping[Key, verdict.Pairs],
    q: float,
) -> list[Finding]:
    """`found` with the correction over the family of `p_values`, and with the words that only a
    corrected p value allows. Improvements are a family of their own; they fail nothing."""
    keys = list(p_values)
    worse = dict(zip(keys, inference.adjusted([p_values[key] for key in keys])))
    gains = [verdict.improvement_p(key, pairs[key]) for key in keys]
    better = dict(zip(keys, inference.adjusted(gains)))
    answer = []
    for key, one in found.items():
        one = replace(one, adjusted=worse.get(key))
        if key in worse and worse[key] <= q and verdict.beyond(one):
            one = replace(one, verdict=outcome.REGRESSION, confirmed=True)
        elif key in better and better[key] <= q and verdict.beyond(one, -1):
            one = replace(one, verdict=outcome.IMPROVEMENT)
        answer.append(one)
    return answer
