# SPDX-License-Identifier: MIT
"""One metric judged: from its numbers to a word, alone. gate.py judges families of them, timed.py
those of times.

Exact metrics are assumed exact, as benchstat's `assume=exact`: when the repetitions of each arm
agree, any difference counts, after one look. Otherwise the differences of rounds decide: an exact
interval of their median, a sign test, a smallest relevant effect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tailrace_regress import inference, outcome
from tailrace_regress.metrics import Metric
from tailrace_regress.samples import Key
from tailrace_report import stats

Pairs = Sequence[tuple[float, float]]
FEWEST_REPEATS = 2  # a single number proves nothing constant


@dataclass(frozen=True)
class Finding:
    """The verdict on one key. `ratio` is head / base; `worse` is the log ratio turned so that more
    is worse. `p` and `adjusted` are one-sided towards worse; `adjusted` is corrected for the
    family. `detectable` is the smallest loss (share) that these rounds would have called."""

    key: Key
    verdict: str
    method: str  # exact, paired (counts by rounds), timed or none
    base: float
    head: float
    rounds: int
    delta: float
    ratio: stats.Estimate | None = None
    worse: stats.Estimate | None = None
    p: float | None = None
    adjusted: float | None = None
    detectable: float | None = None
    confirmed: bool = False
    accepted: bool = False  # by a note of the project
    note: str = ""

    @property
    def gate(self) -> bool:
        """Whether it decides. A kind of system call does only where it is exact: which of two
        calls waits may differ from run to run, and then their sum decides."""
        return self.key.about.gate and not (self.method == "paired" and self.key.is_call_kind)

    def noted(self, text: str) -> Finding:
        return replace(self, note=f"{self.note}; {text}" if self.note else text)


def exact(key: Key, base: Sequence[float], head: Sequence[float]) -> Finding | None:
    """The verdict when both arms repeat themselves; None when the metric must be demoted."""
    metric = key.about
    if min(len(base), len(head)) < FEWEST_REPEATS:
        return None
    before, after = stats.median(base), stats.median(head)
    if not (_constant(metric, base) and _constant(metric, head)):
        return None
    change = loss(metric, before, after)
    beyond = abs(after - before) > grain(metric, before) and abs(change) > math.log1p(metric.delta)
    word = outcome.SAME
    if beyond:
        word = outcome.REGRESSION if change > 0 else outcome.IMPROVEMENT
    turned = math.exp(change if metric.best_is_low else -change)
    point = stats.Estimate(turned, turned, turned, min(len(base), len(head)), "exact")
    return Finding(
        key,
        word,
        "exact",
        before,
        after,
        point.blocks,
        metric.delta,
        point,
        confirmed=word == outcome.REGRESSION,
    )


def alike(key: Key, base: Sequence[float], head: Sequence[float]) -> Finding | None:
    """The verdict on a banded metric when all repetitions of both arms are the same number, up to
    the grain; None when more rounds must decide it."""
    found = exact(key, base, head) if _constant(key.about, [*base, *head]) else None
    return found if found and found.verdict == outcome.SAME else None


def of_one_arm(key: Key, base: Sequence[float], head: Sequence[float]) -> Finding:
    """What only one arm could tell: nothing to compare, and worth saying."""
    arm = "base" if base else "head"
    before, after = (stats.median(some) if some else math.nan for some in (base, head))
    note = f"measured in the {arm} arm only"
    return Finding(key, outcome.INVALID, "none", before, after, 0, key.about.delta, note=note)


def grain(metric: Metric, value: float) -> float:
    """Numbers closer than this are the same number, in the unit of the metric."""
    return metric.floor + metric.delta / 2 * abs(value)


def _constant(metric: Metric, values: Sequence[float]) -> bool:
    return max(values) - min(values) <= grain(metric, stats.median(values))


def loss(metric: Metric, before: float, after: float) -> float:
    """ln(after / before), both raised by the metric's floor; turned so that more is worse. Numbers
    below zero (slopes may be) count as zero; where that leaves nothing to divide, nan."""
    top, bottom = max(after, 0.0) + metric.floor, max(before, 0.0) + metric.floor
    if top <= 0 or bottom <= 0:
        return math.nan
    change = math.log(top / bottom)
    return change if metric.best_is_low else -change


def differences(metric: Metric, pairs: Pairs) -> list[float]:
    """The loss of each round that has one."""
    found = (loss(metric, before, after) for before, after in pairs)
    return [d for d in found if not math.isnan(d)]


def unmeasured(key: Key) -> Finding:
    """Of a key without a round that has both arms."""
    nan, delta = math.nan, key.about.delta
    return Finding(key, outcome.INVALID, "none", nan, nan, 0, delta, note="no rounds")


def paired(key: Key, pairs: Pairs) -> Finding:
    """What rounds say of a count, before any correction for families: never `regression`, which
    gate.py alone may say."""
    metric = key.about
    losses = differences(metric, pairs)
    if not losses:
        return unmeasured(key)
    worse = stats.estimate(losses)
    sd = inference.spread(losses)
    found = inference.detectable(sd, len(losses), math.log1p(metric.delta))
    word = outcome.SAME if within(worse, metric.delta) else outcome.INCONCLUSIVE
    return Finding(
        key,
        word,
        "paired",
        stats.median([before for before, _ in pairs]),
        stats.median([after for _, after in pairs]),
        len(losses),
        metric.delta,
        as_ratio(worse, metric),
        worse,
        p=inference.sign_p(losses),
        detectable=math.expm1(found) if math.isfinite(found) else None,
    )


def improvement_p(key: Key, pairs: Pairs) -> float:
    """One-sided towards better."""
    return inference.sign_p([-d for d in differences(key.about, pairs)])


def within(worse: stats.Estimate, delta: float) -> bool:
    """Whether the whole interval lies inside the corridor in which nobody would act."""
    corridor = math.log1p(delta)
    return worse.kind == "interval" and -corridor <= worse.low and worse.high <= corridor


def beyond(finding: Finding, sign: int = 1) -> bool:
    """Whether the estimate lies beyond delta and its interval excludes no change."""
    worse = finding.worse
    if worse is None or worse.kind != "interval":
        return False
    near = worse.low if sign > 0 else -worse.high
    return near > 0 and sign * worse.median > math.log1p(finding.delta)


def as_ratio(worse: stats.Estimate, metric: Metric) -> stats.Estimate:
    """head / base from the losses; for metrics of which more is better the ends change places."""
    low, high = (worse.low, worse.high) if metric.best_is_low else (-worse.high, -worse.low)
    middle = worse.median if metric.best_is_low else -worse.median
    return stats.Estimate(
        math.exp(middle), math.exp(low), math.exp(high), worse.blocks, worse.kind
    )
