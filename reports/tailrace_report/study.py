# SPDX-License-Identifier: MIT
"""A campaign arranged for questions: who was measured at which point, one number a block.

Between load.py (what the files say) and the tables and figures (what is shown). Two rules live
here alone: histograms are merged within (contestant, point, block) before any quantile is taken,
and a contestant with gated cells only is shown from those but never ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tailrace_report import stats
from tailrace_report.cell import Cell, Contestant, Point
from tailrace_report.hdr import Histogram
from tailrace_report.load import Campaign

FLOOR = "bare-epoll"
# One order everywhere: floors, in-house, libraries, OS threads, peers; unknown ids after these.
ORDER = (
    "bare-epoll bare-uring local steal uring libuv asio-epoll asio-uring threads threads-pool "
    "tokio tokio-current smol async-std glommio monoio go java-virtual"
).split()

PerBlock = dict[int, float]
Measure = Callable[["Study", Contestant, Point, str], PerBlock]


@dataclass(frozen=True)
class Entry:
    """One contestant in a comparison. `ratio` is to the floor; `group` is "" when not ranked."""

    contestant: Contestant
    label: str
    estimate: stats.Estimate
    ratio: stats.Estimate | None
    group: str
    ranked: bool
    gated_blocks: int


@dataclass(frozen=True)
class Comparison:
    """All contestants at one point by one measure, in the fixed order of contestants."""

    point: Point
    entries: tuple[Entry, ...]

    def of(self, contestant: Contestant) -> Entry | None:
        return next((e for e in self.entries if e.contestant == contestant), None)

    @property
    def ranked(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.ranked]


class Study:
    """The arranged campaign; made once per report, read-only after that."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self._cells: dict[tuple[Contestant, str], list[Cell]] = {}
        points: dict[str, Point] = {}
        for cell in campaign.cells:
            points.setdefault(cell.point.id, cell.point)
            self._cells.setdefault((cell.contestant, cell.point.id), []).append(cell)
        self.points = sorted(points.values(), key=lambda point: point.order)
        self.contestants = sorted({c.contestant for c in campaign.cells}, key=_contestant_order)
        self.labels = _labels(self.contestants, self._cells)
        self.floor = next((c for c in self.contestants if c.id == FLOOR), None)
        self._merged: dict[tuple[Contestant, str, int, str, str], Histogram] = {}

    def memory_sources(self) -> set[str]:
        """Where the kernel's side of memory was read: cgroup-v2, cgroup-v1, procfs."""
        cells = [cell for group in self._cells.values() for cell in group]
        return {cell.memory.source for cell in cells if cell.memory}

    def points_of(self, *kinds: str) -> list[Point]:
        """Points of these kinds at which at least one cell was measured."""
        return [
            p
            for p in self.points
            if p.kind in kinds and any(self.cells(c, p, "ok", "gated") for c in self.contestants)
        ]

    def cells(self, contestant: Contestant, point: Point, *statuses: str) -> list[Cell]:
        return [c for c in self._cells.get((contestant, point.id), []) if c.status in statuses]

    def standing(self, contestant: Contestant, point: Point) -> str:
        """`ok` when any cell may be ranked, else `gated` when any has numbers, else ""."""
        for status in ("ok", "gated"):
            if self.cells(contestant, point, status):
                return status
        return ""

    def histograms(
        self, contestant: Contestant, point: Point, status: str, name: str = "response"
    ) -> dict[int, Histogram]:
        """Block -> the merged histogram of that block, where it has samples."""
        parts: dict[int, list[Histogram]] = {}
        for cell in self.cells(contestant, point, status):
            if name in cell.histograms:
                parts.setdefault(cell.block, []).append(cell.histograms[name])
        answer: dict[int, Histogram] = {}
        for block, found in sorted(parts.items()):
            key = (contestant, point.id, block, status, name)
            if key not in self._merged:
                self._merged[key] = found[0] if len(found) == 1 else Histogram.merge(found)
            if self._merged[key].total:
                answer[block] = self._merged[key]
        return answer

    def compare(
        self, point: Point, measure: Measure, *, best_is_low: bool = True
    ) -> Comparison | None:
        """Every contestant that has a number at `point`; None when none has."""
        numbers: dict[Contestant, PerBlock] = {}
        standings: dict[Contestant, str] = {}
        for contestant in self.contestants:
            standing = self.standing(contestant, point)
            found = measure(self, contestant, point, standing) if standing else {}
            if found:
                numbers[contestant], standings[contestant] = found, standing
        if not numbers:
            return None
        ranked = {self.labels[c]: n for c, n in numbers.items() if standings[c] == "ok"}
        letters = stats.groups(ranked, best_is_low=best_is_low) if len(ranked) > 1 else {}
        floor = numbers.get(self.floor) if self.floor else None
        if self.floor and standings.get(self.floor) != "ok":
            floor = None
        entries = []
        for contestant, found in numbers.items():
            ok = standings[contestant] == "ok"
            ratio = stats.paired_ratio(found, floor) if floor and ok else None
            entries.append(
                Entry(
                    contestant,
                    self.labels[contestant],
                    stats.estimate(list(found.values())),
                    None if contestant == self.floor else ratio,
                    letters.get(self.labels[contestant], ""),
                    ok,
                    len({c.block for c in self.cells(contestant, point, "gated")}),
                )
            )
        return Comparison(point, tuple(entries))


def number(key: str) -> Measure:
    """The measure that reads one of cell.numbers; several cells of a block give their mean."""

    def measure(study: Study, contestant: Contestant, point: Point, status: str) -> PerBlock:
        found: dict[int, list[float]] = {}
        for cell in study.cells(contestant, point, status):
            if key in cell.numbers:
                found.setdefault(cell.block, []).append(cell.numbers[key])
        return {block: sum(values) / len(values) for block, values in sorted(found.items())}

    return measure


def quantile(p: float, name: str = "response") -> Measure:
    """The measure that takes a quantile (ns) of each block's merged histogram.

    A block whose samples do not support it gives no number; and unless all blocks do, there is
    none at all, so that no contestant is judged on its longer blocks only.
    """

    def measure(study: Study, contestant: Contestant, point: Point, status: str) -> PerBlock:
        found = study.histograms(contestant, point, status, name)
        if not all(stats.supported(histogram.total, p) for histogram in found.values()):
            return {}
        return {block: float(histogram.quantile(p)) for block, histogram in found.items()}

    return measure


def calm_partner(study: Study, burning: Point) -> Point | None:
    """The measured hog point with the same load, at which nobody burns."""
    for point in study.points_of("hog"):
        if not point.burn_us and point.calm == burning.calm:
            return point
    return None


def slope(state: str, *sides: str) -> Measure:
    """The measure that adds the slopes (bytes) of these sides: `user`, `kernel` or both."""

    def measure(study: Study, contestant: Contestant, point: Point, status: str) -> PerBlock:
        found: dict[int, list[float]] = {}
        for cell in study.cells(contestant, point, status):
            memory = cell.memory
            if memory and all((state, side) in memory.slopes for side in sides):
                total = sum(memory.slopes[state, side].bytes for side in sides)
                found.setdefault(cell.block, []).append(total)
        return {block: stats.median(values) for block, values in sorted(found.items())}

    return measure


def fit_interval(
    study: Study, contestant: Contestant, point: Point, state: str, *sides: str
) -> stats.Estimate | None:
    """For memory measured in one block only: the slope with the interval of its own fit."""
    status = study.standing(contestant, point)
    cells = [c for c in study.cells(contestant, point, status) if c.memory]
    if len(cells) != 1 or cells[0].memory is None:
        return None
    fits = [cells[0].memory.slopes.get((state, side)) for side in sides]
    known = [fit for fit in fits if fit is not None]
    if len(known) != len(sides):
        return None
    return stats.Estimate(
        sum(f.bytes for f in known), sum(f.low for f in known), sum(f.high for f in known), 1, "fit"
    )


def _contestant_order(contestant: Contestant) -> tuple[int, str, int, str, int]:
    known = ORDER.index(contestant.id) if contestant.id in ORDER else len(ORDER)
    forms = {"best": 0, "default": 1}
    return known, contestant.id, forms.get(contestant.form, 2), contestant.form, contestant.workers


def _labels(
    contestants: list[Contestant], cells: Iterable[tuple[Contestant, str]]
) -> dict[Contestant, str]:
    """Short names: the id, with the form where it is not the best, and with the workers where they
    tell two apart at a point. Points may have a number of workers of their own."""
    at_point: dict[tuple[str, str, str], set[int]] = {}
    for who, point in cells:
        at_point.setdefault((who.id, who.form, point), set()).add(who.workers)
    several = {key[:2] for key, workers in at_point.items() if len(workers) > 1}
    labels = {}
    for contestant in contestants:
        parts = [contestant.form] if contestant.form != "best" else []
        if (contestant.id, contestant.form) in several:
            parts.append(f"{contestant.workers} workers" if contestant.workers != 1 else "1 worker")
        labels[contestant] = contestant.id + (f" ({', '.join(parts)})" if parts else "")
    return labels
