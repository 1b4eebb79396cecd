# SPDX-License-Identifier: MIT
"""How often the gate is wrong, and how often it sees: decisions drawn from a bank of real rounds.

Each decision takes rounds from the bank at random, none twice: some are its first look, some its
fresh rounds, some its canary. Both arms of a bank are one build, so any confirmed regression is
false. For power, one metric of one target is made worse by a factor in the head's arm of all its
rounds; the decision then must say regression, or inconclusive, but never equivalent.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from tailrace_regress import judge, outcome
from tailrace_regress.bank import Round
from tailrace_regress.inference import share_interval
from tailrace_regress.job import USUAL
from tailrace_regress.judge import CANARY, FRESH, ROUNDS
from tailrace_regress.outcome import usage
from tailrace_regress.samples import BASE, HEAD, SAME, Key, Samples

# Rounds of a decision, as in a job: of the profile ci, of suspects, of the canary.
FIRST, AGAIN, ALIKE = 12, USUAL["fresh"], USUAL["canary"]
ALL = FIRST + AGAIN + ALIKE


@dataclass(frozen=True)
class Loss:
    """What is planted: `metric` of `target` is `factor` times as large in the head's arm."""

    target: str
    metric: str
    factor: float


@dataclass
class Tally:
    """Decisions by what they said of the planted metric, or of all when nothing was planted."""

    decisions: int = 0
    regression: int = 0
    inconclusive: int = 0
    equivalent: int = 0
    advisory: int = 0
    named: dict[str, int] = field(default_factory=dict)

    def text(self, what: str) -> str:
        low, high = share_interval(self.regression, self.decisions)
        return (
            f"{what}: {self.regression} of {self.decisions} decisions confirm a regression"
            f" ({100 * self.regression / self.decisions:.1f} %"
            f" [{100 * low:.1f}, {100 * high:.1f}]),"
            f" {self.inconclusive} inconclusive, {self.equivalent} equivalent,"
            f" {self.advisory} with times advisory"
        )


def decide(
    rounds: Sequence[Round], decisions: int, seed: int, loss: Loss | None = None
) -> Tally:
    """Draws so many decisions. Raises GateError when the bank is too small for one."""
    if len(rounds) < ALL:
        raise usage(f"the bank holds {len(rounds)} rounds, a decision needs {ALL}")
    lot = random.Random(seed)
    tally = Tally()
    for _ in range(decisions):
        chosen = lot.sample(range(len(rounds)), ALL)
        stages = {
            ROUNDS: _samples(rounds, chosen[:FIRST], HEAD, loss),
            FRESH: _samples(rounds, chosen[FIRST:-ALIKE], HEAD, loss),
            CANARY: _samples(rounds, chosen[-ALIKE:], SAME, None),
        }
        _count(tally, judge.judge(stages), loss)
    return tally


def _samples(
    rounds: Sequence[Round], chosen: Sequence[int], arm: str, loss: Loss | None
) -> Samples:
    """These rounds of the bank, its second arm under the name `arm`; the canary has the first
    target alone, as in a job."""
    made = Samples()
    for number in chosen:
        first = min((key.target for key in rounds[number]), default="")
        for key, (base, head) in rounds[number].items():
            if arm == SAME and key.target != first:
                continue
            planted = loss and (key.target, key.metric) == (loss.target, loss.metric)
            made.add(key, BASE, number, base)
            made.add(key, arm, number, head * (loss.factor if loss and planted else 1.0))
    return made


def _count(tally: Tally, judged: judge.Judgement, loss: Loss | None) -> None:
    def concerned(key: Key) -> bool:
        return loss is None or (key.target, key.metric) == (loss.target, loss.metric)

    tally.decisions += 1
    tally.advisory += bool(judged.floors.alarm)
    failing = [one for one in judged.failing if concerned(one.key)]
    for one in failing:
        tally.named[str(one.key)] = tally.named.get(str(one.key), 0) + 1
    words = {one.verdict for one in judged.findings if one.gate and concerned(one.key)}
    if failing:
        tally.regression += 1
    elif loss is not None and outcome.EQUIVALENT in words:
        tally.equivalent += 1
    elif words & {outcome.INCONCLUSIVE, outcome.INVALID}:
        tally.inconclusive += 1
    else:
        tally.equivalent += 1
