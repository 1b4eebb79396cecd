# SPDX-License-Identifier: MIT
"""How often the gate is wrong, and how often it sees: decisions drawn from a bank of generations
that were really measured.

Each decision takes generations from the bank at random, none twice: some for its head, as many for
the base a second time. It is looked at as a job is. Both arms of a bank are one build, so any
confirmed regression is false. For power, one metric of one target is made worse by a factor in the
head's arm of all its generations.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tailrace_regress import judge, outcome
from tailrace_regress.bank import Round
from tailrace_regress.inference import share_interval
from tailrace_regress.judge import CAMPAIGN, Judgement
from tailrace_regress.outcome import usage
from tailrace_regress.samples import AGAIN, BASE, HEAD, Key, Samples
from tailrace_report import looks

LOOKS = (8, 12, 16)  # of a decision: those of the profile ci
ALL = 2 * LOOKS[-1]


@dataclass(frozen=True)
class Loss:
    """What is planted: `metric` of `target` is `factor` times as large in the head's arm."""

    target: str
    metric: str
    factor: float


@dataclass
class Tally:
    """Of decisions: `regression`: those that confirm one of what is asked about; `words`: verdicts
    by metric, one a place and decision; `generations`: at which they ended; `advisory`: with times
    that decide nothing."""

    decisions: int = 0
    regression: int = 0
    advisory: int = 0
    words: dict[str, Counter[str]] = field(default_factory=dict)
    generations: Counter[int] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)

    def share(self, metric: str, word: str) -> float:
        """Of the verdicts on this metric."""
        counts = self.words.get(metric, Counter())
        return counts[word] / max(1, counts.total())

    def text(self, what: str) -> str:
        low, high = share_interval(self.regression, self.decisions)
        ends = ", ".join(f"{n} after {at}" for at, n in sorted(self.generations.items()))
        return (
            f"{what}: {self.regression} of {self.decisions} decisions confirm a regression"
            f" ({100 * self.regression / self.decisions:.1f} %"
            f" [{100 * low:.1f}, {100 * high:.1f}]); {self.advisory} with times advisory;"
            f" {ends} generations"
        )


def decide(
    rounds: Sequence[Round], decisions: int, seed: int, loss: Loss | None = None
) -> Tally:
    """Draws so many decisions. Raises GateError when the bank is too small for one."""
    if len(rounds) < ALL:
        raise usage(f"the bank holds {len(rounds)} generations, a decision needs {ALL}")
    lot = random.Random(seed)
    tally = Tally()
    for _ in range(decisions):
        chosen = lot.sample(range(len(rounds)), ALL)
        for generations, level in looks.levels(LOOKS).items():
            samples = _samples(rounds, chosen, generations, loss)
            judged = judge.judge({CAMPAIGN: samples}, level=level)
            if not judge.goes_on(judged):
                break
        _count(tally, judged, generations, loss)
    return tally


def _samples(
    rounds: Sequence[Round], chosen: Sequence[int], generations: int, loss: Loss | None
) -> Samples:
    """The first of these of the bank; from the middle on for the base a second time, which the
    first target alone has, as in a job."""
    made = Samples()
    for place, number in enumerate(chosen[:generations]):
        for key, (base, head) in rounds[number].items():
            planted = loss and (key.target, key.metric) == (loss.target, loss.metric)
            made.add(key, BASE, place, base)
            made.add(key, HEAD, place, head * (loss.factor if loss and planted else 1.0))
    for place, number in enumerate(chosen[len(chosen) // 2 :][:generations]):
        first = min((key.target for key in rounds[number]), default="")
        for key, (one, other) in rounds[number].items():
            base = made.arm(key, BASE).get(place)
            if key.target == first and base is not None and one:
                made.add(key, AGAIN, place, base * other / one)
    return made


def _count(tally: Tally, judged: Judgement, generations: int, loss: Loss | None) -> None:
    def concerned(key: Key) -> bool:
        return loss is None or (key.target, key.metric) == (loss.target, loss.metric)

    tally.decisions += 1
    tally.generations[generations] += 1
    tally.advisory += bool(judged.floors.alarm)
    failing = [one for one in judged.failing if concerned(one.key)]
    tally.named.update(str(one.key) for one in failing)
    tally.regression += bool(failing)
    for one in judged.findings:
        if one.gate and concerned(one.key):
            tally.words.setdefault(one.key.metric, Counter())[one.verdict] += 1
