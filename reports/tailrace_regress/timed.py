# SPDX-License-Identifier: MIT
"""Times judged: from one number an arm and generation to verdicts, a family a question.

Of each time the loss of a generation is the log of head over base, turned so that more is worse;
the generation is the unit. A question (metrics.QUESTIONS) has a family of three kinds of tests over
all its points and targets, each kind corrected for all others of it by max-T
(tailrace_report.max_t), one-sided:

- *regression*: the loss is shown to be above zero, its own interval is, and the estimate is beyond
  what matters;
- *improvement*: likewise in the other direction; it fails nothing;
- *same*: both "below what matters" and "above minus that" are shown, and the interval is within. It
  comes first: a loss that is real and too small to matter is none;
- *inconclusive*: neither, with the loss that would have been called in POWER of such jobs.

Questions share the level of the look (tailrace_report.looks), so that in at most 5 % of jobs any
regression is false, whenever they end; likewise any *same*.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

from tailrace_regress import metrics, outcome, verdict
from tailrace_regress.samples import HEAD, Key, Samples
from tailrace_regress.verdict import Finding
from tailrace_report import decide, stats
from tailrace_report.decide import GENERATIONS_MIN, POWER

Losses = Mapping[Key, Mapping[int, float]]  # by generation, logs; more is worse


@dataclass(frozen=True)
class Tested:
    """Corrected p values of one key, `error`: of its mean; `critical`: what the statistic of a
    loss had to exceed; `same`: the larger of both."""

    worse: float
    better: float
    same: float
    error: float
    critical: float


def share(level: float) -> float:
    """What of a level one question may use."""
    return level / len(metrics.QUESTIONS)


def families(samples: Samples) -> list[list[Key]]:
    """The times that decide, by question."""
    keys = [key for key in samples.keys() if key.about.question and key.about.gate]
    found = [[k for k in keys if k.about.question == one] for one in metrics.QUESTIONS]
    return [family for family in found if family]


def losses(samples: Samples, keys: list[Key], of: str = HEAD) -> dict[Key, dict[int, float]]:
    """Of each key, to the base."""
    found: dict[Key, dict[int, float]] = {}
    for key in keys:
        pairs = samples.by_round(key, of)
        logs = {at: verdict.loss(key.about, *pair) for at, pair in pairs.items()}
        found[key] = {at: d for at, d in logs.items() if not math.isnan(d)}
    return found


def tested(family: Losses, level: float) -> dict[Key, Tested]:
    """Of the keys that have GENERATIONS_MIN generations or more. Raises CampaignError where numpy
    is missing."""
    keys = [key for key, logs in family.items() if len(logs) >= GENERATIONS_MIN]

    def shifted(shift: bool, sign: float) -> list[dict[int, float]]:
        return [
            {at: shift * math.log1p(key.about.delta) + sign * d for at, d in family[key].items()}
            for key in keys
        ]

    worse, critical = decide.shown_above_zero(shifted(False, 1.0), level)
    better, _ = decide.shown_above_zero(shifted(False, -1.0), level)
    inside, _ = decide.shown_above_zero(shifted(True, 1.0) + shifted(True, -1.0), level)
    return {
        key: Tested(
            worse[at].p,
            better[at].p,
            max(inside[at].p, inside[at + len(keys)].p),
            worse[at].error,
            critical,
        )
        for at, key in enumerate(keys)
    }


def judged(
    samples: Samples, level: float, floors: Mapping[tuple[str, str], float]
) -> list[Finding]:
    """Verdicts on the times that decide, at a level of all questions together. `floors`: by place
    and metric, the share that the controls moved by themselves."""
    found = []
    for keys in families(samples):
        logs = losses(samples, keys)
        tests = tested(logs, share(level))
        for key in keys:
            floor = floors.get((key.place, key.metric), 0.0)
            found.append(_finding(samples, key, logs[key], tests.get(key), share(level), floor))
    return found


def told(samples: Samples) -> list[Finding]:
    """The times that decide nothing but are worth a row, each for itself."""
    keys = [k for k in samples.keys() if k.about.kind == metrics.TIMED and not k.about.gate]
    return [
        replace(_finding(samples, key, logs, None, 0.0, 0.0), detectable=None)
        for key, logs in losses(samples, keys).items()
        if logs
    ]


def _finding(
    samples: Samples,
    key: Key,
    logs: Mapping[int, float],
    test: Tested | None,
    level: float,
    floor: float,
) -> Finding:
    pairs = samples.pairs(key)
    estimate = stats.ratio_estimate({at: math.exp(d) for at, d in logs.items()})
    if estimate is None:
        return verdict.unmeasured(key)
    ends = (math.log(end) for end in (estimate.median, estimate.low, estimate.high))
    worse = stats.Estimate(*ends, estimate.blocks, estimate.kind)
    delta = max(key.about.delta, floor)
    one = Finding(
        key,
        outcome.INCONCLUSIVE,
        "timed",
        stats.median([before for before, _ in pairs]),
        stats.median([after for _, after in pairs]),
        len(logs),
        delta,
        verdict.as_ratio(worse, key.about),
        worse,
    )
    if test is None:
        return one
    one = replace(one, p=test.worse, adjusted=test.worse, detectable=_detectable(test, delta))
    if test.same <= level and verdict.within(worse, key.about.delta):
        return replace(one, verdict=outcome.SAME)
    if test.worse <= level and verdict.beyond(one):
        return replace(one, verdict=outcome.REGRESSION, confirmed=True)
    if test.better <= level and verdict.beyond(one, -1):
        return replace(one, verdict=outcome.IMPROVEMENT)
    return one


def _detectable(test: Tested, delta: float) -> float | None:
    """The loss (share) that would have been shown, and been beyond delta, in POWER of jobs."""
    if not math.isfinite(test.critical):
        return None
    power = NormalDist().inv_cdf(POWER)
    seen = (test.critical + power) * test.error
    return math.expm1(max(seen, math.log1p(delta) + power * test.error))
