# SPDX-License-Identifier: MIT
"""What a typical slice of each subject was, apart from what the machine did meanwhile.

A shared machine changes its speed from one second to the next, for everybody: on two virtual CPUs
an echo cost 5.8, 6.5, 9.3 or 11 us, each for some seconds, by what the hypervisor had placed beside
them. The slices of a round follow one another closely, so that most of them met one state. Two-way
median polish (Tukey, Exploratory Data Analysis, 1977, chapter 11) takes the log of each number as
subject + round + rest, and medians keep single slices, and rounds in which the state changed, from
moving anybody. What it gains: reports/README.md.
"""

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from tailrace_report.stats import median

Who = TypeVar("Who", bound=Hashable)
PASSES_MAX = 50
STILL = 1e-9  # of a log: further passes would change nothing


def typical(numbers: Mapping[Who, Mapping[int, float]]) -> dict[Who, float]:
    """Subject -> round -> number, all above 0, of one generation; any unit. The same unit in the
    result: the subject's number in a round in the middle. Of subjects that did not run together,
    since their connections do not fit at once, rounds of one number are not one time: then this
    adds noise and takes none away. Rounds that a subject lacks do not count for it; who has none is
    not in the result."""
    logs = {who: {at: math.log(x) for at, x in seen.items()} for who, seen in numbers.items()}
    logs = {who: seen for who, seen in logs.items() if seen}
    level = {who: median(list(seen.values())) for who, seen in logs.items()}
    rounds = {at: 0.0 for at in sorted({at for seen in logs.values() for at in seen})}
    for _ in range(PASSES_MAX):
        for at in rounds:
            rounds[at] = median([seen[at] - level[who] for who, seen in logs.items() if at in seen])
        _centre(rounds)
        new = {
            who: median([x - rounds[at] for at, x in seen.items()]) for who, seen in logs.items()
        }
        moved = _largest(abs(new[who] - level[who]) for who in level)
        level = new
        if moved < STILL:
            break
    return {who: math.exp(one) for who, one in level.items()}


def _centre(rounds: dict[int, float]) -> None:
    """So that the round in the middle adds nothing."""
    middle = median(list(rounds.values())) if rounds else 0.0
    for at in rounds:
        rounds[at] -= middle


def _largest(numbers: Iterable[float]) -> float:
    return max(numbers, default=0.0)
