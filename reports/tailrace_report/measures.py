# SPDX-License-Identifier: MIT
"""What can be asked of a subject at a point: one number a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tailrace_report import stats
from tailrace_report.campaign import Point, Subject

if TYPE_CHECKING:
    from tailrace_report.study import Study

PerBlock = dict[int, float]


class Measure(Protocol):
    """Hashable, so that what was asked once is not computed again."""

    @property
    def best_is_low(self) -> bool: ...

    def per_block(
        self, study: Study, subject: Subject, point: Point, status: str
    ) -> PerBlock: ...


def _means(found: dict[int, list[float]]) -> PerBlock:
    return {block: sum(values) / len(values) for block, values in sorted(found.items())}


@dataclass(frozen=True)
class Number:
    """One of cell.numbers; several cells of a block give their mean."""

    key: str
    best_is_low: bool = True

    def per_block(self, study: Study, subject: Subject, point: Point, status: str) -> PerBlock:
        found: dict[int, list[float]] = {}
        for cell in study.cells(subject, point, status):
            if self.key in cell.numbers:
                found.setdefault(cell.block, []).append(cell.numbers[self.key])
        return _means(found)


@dataclass(frozen=True)
class Quantile:
    """A quantile (ns) of each block's merged histogram.

    A block whose samples do not support it gives no number; and unless all blocks do, there is
    none at all, so that no subject is judged on its longer blocks only.
    """

    p: float
    histogram: str = "response"
    best_is_low: bool = True

    def per_block(self, study: Study, subject: Subject, point: Point, status: str) -> PerBlock:
        found = study.histograms(subject, point, status, self.histogram)
        if not all(stats.supported(histogram.total, self.p) for histogram in found.values()):
            return {}
        return {block: float(histogram.quantile(self.p)) for block, histogram in found.items()}


@dataclass(frozen=True)
class Slope:
    """The sum of the slopes (bytes) of these sides: `user`, `kernel` or both."""

    state: str
    sides: tuple[str, ...]
    best_is_low: bool = True

    def per_block(self, study: Study, subject: Subject, point: Point, status: str) -> PerBlock:
        found: dict[int, list[float]] = {}
        for cell in study.cells(subject, point, status):
            slopes = cell.memory.slopes if cell.memory else {}
            fits = [slopes.get((self.state, side)) for side in self.sides]
            known = [fit.bytes for fit in fits if fit]
            if len(known) == len(self.sides):
                found.setdefault(cell.block, []).append(sum(known))
        return _means(found)


CPU = Number("server.cpu_us_per_op")
RATE = Number("load.achieved_per_s", best_is_low=False)
P50, P99 = Quantile(0.5), Quantile(0.99)
SEND_DELAY = Quantile(0.99, "lateness")
