# SPDX-License-Identifier: MIT
"""What a typical slice of each subject was, apart from what the machine did meanwhile.

A shared machine changes its speed from one second to the next, for everybody: on two virtual CPUs
an echo cost 5.8, 6.5, 9.3 or 11 us, each for some seconds, by what the hypervisor had placed beside
them. The slices of a round follow one another closely, so that most of them met one state. Two-way
median polish (Tukey, Exploratory Data Analysis, 1977, chapter 11) takes the log of each number as
subject + round + rest, and medians keep single slices, and rounds in which the state changed, from
moving anybody. What disturbs a tail only ever lengthens it, in half the slices and more: so that
the p99 of a *quiet* slice is asked for, by the lower quartile in place of each median. What it
gains: reports/README.md.
"""

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from tailrace_report.stats import quantile

Who = TypeVar("Who", bound=Hashable)
HALF, QUIET = 0.5, 0.25  # where in the order of its slices is the one that stands for a subject
PASSES_MAX = 50  # reached where quartiles go to and fro between neighbours: closer than noise
STILL = 1e-9  # of a log: further passes would change nothing


def typical(
    numbers: Mapping[Who, Mapping[int, float]], share: float = HALF
) -> dict[Who, float]:
    """Subject -> round -> number, all above 0, of one generation; any unit. The same unit in the
    result: the subject's number in its slice at `share` (0 to 1) of their order, in a round at the
    same of theirs. Of subjects that did not run together, since their connections do not fit at
    once, rounds of one number are not one time: then this adds noise and takes none away. Rounds
    that a subject lacks do not count for it; who has none is not in the result."""
    logs = {who: {at: math.log(x) for at, x in seen.items()} for who, seen in numbers.items()}
    logs = {who: seen for who, seen in logs.items() if seen}
    level = {who: quantile(list(seen.values()), share) for who, seen in logs.items()}
    rounds = {at: 0.0 for at in sorted({at for seen in logs.values() for at in seen})}
    for _ in range(PASSES_MAX):
        for at in rounds:
            others = [seen[at] - level[who] for who, seen in logs.items() if at in seen]
            rounds[at] = quantile(others, share)
        _centre(rounds, share)
        new = {
            who: quantile([x - rounds[at] for at, x in seen.items()], share)
            for who, seen in logs.items()
        }
        moved = _largest(abs(new[who] - level[who]) for who in level)
        level = new
        if moved < STILL:
            break
    return {who: math.exp(one) for who, one in level.items()}


def _centre(rounds: dict[int, float], share: float) -> None:
    """So that the round at this share adds nothing."""
    middle = quantile(list(rounds.values()), share) if rounds else 0.0
    for at in rounds:
        rounds[at] -= middle


def _largest(numbers: Iterable[float]) -> float:
    return max(numbers, default=0.0)
