# SPDX-License-Identifier: MIT
"""What can be asked of a subject at a point: one number a block, and how it is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tailrace_report import polish, stats, wording
from tailrace_report.campaign import Cell, Point, Subject
from tailrace_report.groups import group_of

if TYPE_CHECKING:
    from tailrace_report.study import Study

PerBlock = dict[int, float]

# The pre-registered table: below which share a difference counts as none, and why. What is not in
# it can be different, and is never called the same.
SAME_WITHIN: dict[str, tuple[float, str]] = {
    "cpu": (0.02, "one machine in fifty"),
    "rate": (0.02, "as CPU time, of which it is the other side"),
    "p50": (0.03, "at low load a wake-up by the hypervisor is in it"),
    "p90": (0.05, "between p50 and p99"),
    "quiet p99": (0.05, "what stalls leave of p99, which spreads several times as much"),
    "p99": (0.10, "runs of one executable differ by as much"),
    "p99.9": (0.25, "some stalls decide it"),
    "memory": (0.01, "pages are counted, hardly any noise is"),
}


def _means(numbers: Iterable[tuple[int, float | None]]) -> PerBlock:
    """Several cells of a block give their mean."""
    found: dict[int, list[float]] = {}
    for block, number in numbers:
        if number is not None:
            found.setdefault(block, []).append(number)
    return {block: sum(values) / len(values) for block, values in sorted(found.items())}


@dataclass(frozen=True)
class Number:
    """One of cell.numbers."""

    key: str
    form: wording.Format = wording.plain
    best_is_low: bool = True
    metric: str = ""  # of SAME_WITHIN

    def per_block(self, study: Study, subject: Subject, point: Point, status: str) -> PerBlock:
        cells = study.sound(subject, point, status, group_of(self.key))
        return _means((cell.block, cell.numbers.get(self.key)) for cell in cells)


@dataclass(frozen=True)
class Quantile:
    """A quantile (ns) of each block's merged histogram.

    A block whose samples do not support it gives no number; and unless all blocks do, there is
    none at all, so that no subject is judged on its longer blocks only. Nor is there one that too
    few stall clusters of the campaign carry (stats.clustered).
    """

    p: float
    histogram: str = "response"
    form: wording.Format = wording.duration
    best_is_low: bool = True

    @property
    def metric(self) -> str:
        return f"p{100 * self.p:g}"

    def per_block(self, study: Study, subject: Subject, point: Point, status: str) -> PerBlock:
        found = study.histograms(subject, point, status, self.histogram)
        if not all(stats.supported(histogram.total, self.p) for histogram in found.values()):
            return {}
        numbers = {block: float(one.quantile(self.p)) for block, one in found.items()}
        stretches = study.stretches(subject, point, status, self.histogram)
        if not stats.clustered((numbers[block], stretches[block]) for block in numbers):
            return {}
        return numbers


@dataclass(frozen=True)
class Typical:
    """`of` (a number of a Slice) in a block's typical kept slice, freed of what the machine did to
    all subjects of the point meanwhile (polish.py), or in the one at `share` of its order. It says
    nothing of what is rare.

    Blocks of fewer than `slices_min` such slices are left out. None at all unless in each of the
    others the slice in the middle has ABOVE_MIN requests in the share `above`. Of cells that were
    not measured in slices it is what `whole` says.
    """

    of: str
    form: wording.Format
    best_is_low: bool = True
    metric: str = ""
    above: float = 1.0
    share: float = polish.HALF
    slices_min: int = 2
    whole: Number | Quantile | None = None

    ABOVE_MIN: ClassVar[int] = 5

    def per_block(self, study: Study, subject: Subject, point: Point, status: str) -> PerBlock:
        if not any(cell.sliced for cell in study.cells(subject, point, status)):
            return self.whole.per_block(study, subject, point, status) if self.whole else {}
        sliced = study.kept_slices(subject, point, status, self.of)
        enough = {at: slices for at, slices in sliced.items() if len(slices) >= self.slices_min}
        for slices in enough.values():
            requests = stats.median([one.operations for one in slices])
            if self.above * requests < self.ABOVE_MIN:
                return {}
        typical = study.typical(point, self.of, self.share)
        blocks = ((block, typical.get((subject, block))) for block in enough)
        return {block: number for block, number in blocks if number is not None}


@dataclass(frozen=True)
class Slope:
    """The sum of the slopes (bytes) of these sides: `user`, `kernel` or both."""

    state: str
    sides: tuple[str, ...]
    form: wording.Format = wording.byte_count
    best_is_low: bool = True
    metric: str = "memory"

    def per_block(self, study: Study, subject: Subject, point: Point, status: str) -> PerBlock:
        cells = self._cells(study, subject, point, status)
        fits = ((cell.block, self._fit(cell)) for cell in cells)
        return _means((block, fit.median if fit else None) for block, fit in fits)

    def fit(self, study: Study, subject: Subject, point: Point) -> stats.Estimate | None:
        """For memory measured in one block only: the slope with the interval of its own fit."""
        cells = self._cells(study, subject, point, study.standing(subject, point))
        fitted = [cell for cell in cells if cell.memory]
        return self._fit(fitted[0]) if len(fitted) == 1 else None

    def _cells(self, study: Study, subject: Subject, point: Point, status: str) -> list[Cell]:
        return study.sound(subject, point, status, *(f"{side}_memory" for side in self.sides))

    def _fit(self, cell: Cell) -> stats.Estimate | None:
        slopes = cell.memory.slopes if cell.memory else {}
        fits = [slopes[self.state, side] for side in self.sides if (self.state, side) in slopes]
        if len(fits) < len(self.sides):
            return None
        low, high = sum(fit.low for fit in fits), sum(fit.high for fit in fits)
        return stats.Estimate(sum(fit.bytes for fit in fits), low, high, 1, "fit")


Measure = Number | Quantile | Typical | Slope  # hashable: what was asked once is not computed again

CPU = Typical(
    "cpu_us_per_op",
    wording.microseconds,
    metric="cpu",
    whole=Number("server.cpu_us_per_op", wording.microseconds, metric="cpu"),
)
RUN_DELAY = Number("server.run_delay_us_per_op", lambda us: wording.duration(1000 * us))
RATE_OF_RUN = Number("load.achieved_per_s", wording.rate, best_is_low=False, metric="rate")
RATE = Typical("achieved_per_s", wording.rate, False, metric="rate", whole=RATE_OF_RUN)
P50 = Typical("p50_ns", wording.duration, metric="p50", above=0.5, whole=Quantile(0.5))
P99 = Quantile(0.99)
# Of fewer slices a lower quartile says how many there are, as much as what they are.
QUIET_P99 = Typical(
    "p99_ns",
    wording.duration,
    metric="quiet p99",
    above=0.01,
    share=polish.QUIET,
    slices_min=5,
)


def quantile(p: float, histogram: str = "response") -> Quantile | Typical:
    """The median is that of the typical slice, in every table."""
    return P50 if p == 0.5 and histogram == "response" else Quantile(p, histogram)


def same_within(measure: Measure) -> float | None:
    """The share of SAME_WITHIN, or None."""
    share, _ = SAME_WITHIN.get(measure.metric, (None, ""))
    return share
