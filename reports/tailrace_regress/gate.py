# SPDX-License-Identifier: MIT
"""The rules of the gate over all counts: exact ones first; those that do not repeat as one family
of tests over rounds made for that, with Benjamini and Hochberg's correction. Times: timed.py. The
same functions decide jobs and the experiment scripts/gate-power.
"""

from collections.abc import Mapping
from dataclasses import replace

from tailrace_regress import inference, metrics, outcome, verdict
from tailrace_regress.samples import BASE, HEAD, Key, Samples
from tailrace_regress.verdict import Finding

Q_COUNTS = 0.01  # false discoveries among the confirmed, at most, of all counts that do not repeat
SHIFTED = "the sum of all kinds did not grow: calls changed places"


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
                one = replace(one, verdict=outcome.SAME, confirmed=False).noted(SHIFTED)
        answer.append(one)
    return answer


def settle_counts(samples: Samples, keys: list[Key], q: float = Q_COUNTS) -> list[Finding]:
    """Verdicts on demoted and banded metrics as one family. `q`: less than Q_COUNTS where rounds
    are looked at more than once."""
    pairs = {key: samples.pairs(key) for key in keys}
    found = {key: verdict.paired(key, pairs[key]) for key in keys}
    p_values = {key: found[key].p or 1.0 for key in keys if found[key].gate}
    return _judged(found, p_values, pairs, q)


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
