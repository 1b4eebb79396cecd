# SPDX-License-Identifier: MIT
"""What was measured, as numbers by metric, arm and round: the only thing that decisions read.

A round is what was measured close together, every arm once, fresh processes each: of a campaign its
generation, of costs a repetition. Numbers of different rounds are never paired; a metric that a
round has for one arm only is left out of it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tailrace_regress import metrics
from tailrace_regress.metrics import Metric

# The arms of a job; the last two are controls: the base a second time, and linked otherwise.
BASE, HEAD, AGAIN, RELINKED = "base", "head", "again", "relinked"
CONTROLS = AGAIN, RELINKED


@dataclass(frozen=True, order=True)
class Key:
    """One number: of this target (id, with its form where that is not the best), at this point of
    the profile or `cost`, under this name."""

    target: str
    place: str
    metric: str

    @property
    def about(self) -> Metric:
        found = metrics.known(self.metric)
        if found is None:
            raise KeyError(self.metric)
        return found

    @property
    def contestant(self) -> str:
        """The id alone, without its form."""
        return self.target.split(" ", 1)[0]

    @property
    def is_call_kind(self) -> bool:
        """Whether it counts one kind of system call, not all."""
        return self.metric.startswith(metrics.CALLS) and self.metric != metrics.ALL_CALLS

    def __str__(self) -> str:
        where = "" if self.place == metrics.COST else f" at {self.place}"
        return f"{self.target}: {self.metric}{where}"


class Samples:
    """Numbers by key, arm and round. A second number for the same place replaces the first."""

    def __init__(self) -> None:
        self._numbers: dict[Key, dict[str, dict[int, float]]] = {}

    def add(self, key: Key, arm: str, round_: int, value: float) -> None:
        """Unknown metrics and what is not finite are none of our business."""
        if metrics.known(key.metric) is not None and math.isfinite(value):
            self._numbers.setdefault(key, {}).setdefault(arm, {})[round_] = value

    def keys(self) -> list[Key]:
        return sorted(self._numbers)

    def arm(self, key: Key, arm: str) -> dict[int, float]:
        """Round -> value, in the order of rounds."""
        return dict(sorted(self._numbers.get(key, {}).get(arm, {}).items()))

    def pairs(self, key: Key, of: str = HEAD, to: str = BASE) -> list[tuple[float, float]]:
        """(to, of) of the rounds that have both."""
        return list(self.by_round(key, of, to).values())

    def by_round(
        self, key: Key, of: str = HEAD, to: str = BASE
    ) -> dict[int, tuple[float, float]]:
        """Round -> (to, of), of the rounds that have both."""
        ones, others = self.arm(key, to), self.arm(key, of)
        return {r: (ones[r], others[r]) for r in ones if r in others}

    def lines(self) -> Iterator[tuple[Key, str, int, float]]:
        """Everything, sorted, for writing it down."""
        for key in self.keys():
            for arm in sorted(self._numbers[key]):
                for round_, value in self.arm(key, arm).items():
                    yield key, arm, round_, value

    def fill_absent_calls(self) -> None:
        """A kind of system call that an arm or round never made counts as 0 in it, wherever that
        round counted the sum."""
        targets = {key.target for key in self._numbers if key.metric.startswith(metrics.CALLS)}
        for target in targets:
            total = Key(target, metrics.COST, metrics.ALL_CALLS)
            kinds = {
                key
                for key in self._numbers
                if key.target == target and key.metric.startswith(metrics.CALLS)
            }
            for arm, counted in self._numbers.get(total, {}).items():
                for key in kinds:
                    for round_ in counted:
                        self._numbers[key].setdefault(arm, {}).setdefault(round_, 0.0)
