# SPDX-License-Identifier: MIT
"""What was set for the measurement, and the rule that numbers measured under different settings are
never put into one: the scheduling class of the servers, whether CPUs were kept from going idle, and
a planted neighbour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tailrace_report import wording
from tailrace_report.campaign import AWAKE, FIFO, INVALID, Cell, Check, Point
from tailrace_report.errors import CampaignError
from tailrace_report.tables import Column, Table

if TYPE_CHECKING:
    from tailrace_report.study import Study


def one_setting(cells: Iterable[Cell], name: str) -> tuple[list[Cell], list[str]]:
    """The cells, those as invalid whose CPUs were kept awake otherwise than most at their point;
    and a note on each such point. Raises CampaignError where scheduling classes are mixed at a
    point: the harness refuses that, and no median over both means anything."""
    found = list(cells)
    for point, classes in _classes(found).items():
        if len(classes) > 1:
            mixed = wording.joined(sorted(classes))
            raise CampaignError(
                [f"{name}: cells of the scheduling classes {mixed} at {point}, which are never"
                 " mixed; measure them in campaigns of their own."]
            )
    by_point: dict[str, Counter[str]] = {}
    for cell in found:
        if cell.measured:
            by_point.setdefault(cell.point.id, Counter())[cell.awake] += 1
    usual = {point: counts.most_common(1)[0][0] for point, counts in by_point.items()}
    odd = [c for c in found if c.measured and c.awake != usual[c.point.id]]
    notes = [
        f"{name}: {wording.counted(count, 'cell')} at {point} had the CPUs kept awake otherwise"
        " than the others there; invalid, for the two are never mixed."
        for point, count in sorted(Counter(cell.point.id for cell in odd).items())
    ]
    kept = [_invalid(cell, usual[cell.point.id]) if cell in odd else cell for cell in found]
    return kept, notes


def _classes(cells: Iterable[Cell]) -> dict[str, set[str]]:
    """Point -> scheduling classes of its cells, where they are known."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        if cell.measured and cell.scheduling:
            found.setdefault(cell.point.id, set()).add(cell.scheduling)
    return found


def _invalid(cell: Cell, usual: str) -> Cell:
    text = f"CPUs kept awake: {cell.awake or 'unknown'}, at this point mostly {usual or 'unknown'}"
    check = Check("same_setting", False, text)
    return replace(cell, status=INVALID, cause=text, validity=(*cell.validity, check))


def burden(point: Point) -> float:
    """What a planted neighbour was to burn, as a share of one CPU; 0 without one."""
    numbers = point.numbers
    return numbers.get("neighbour_us", 0.0) * numbers.get("neighbour_per_s", 0.0) / 1e6


def in_fifo(point: Point) -> bool:
    return point.scheduling == FIFO


def place(point: Point) -> tuple[float, float]:
    """Sorts points of one load: those that set nothing first."""
    return float(in_fifo(point)), burden(point)


def title(point: Point) -> str:
    """What the point itself sets: `, in SCHED_FIFO`, `, beside a neighbour (2 ms, 1 a second: 0.2 %
    of a CPU)`; empty where it sets nothing."""
    text = ", in SCHED_FIFO" if in_fifo(point) else ""
    if not burden(point):
        return text
    length = wording.time_unit(1000 * point.numbers["neighbour_us"])
    often = f"{point.numbers['neighbour_per_s']:g} a second"
    share = wording.share(burden(point))
    return f"{text}, beside a neighbour ({length}, {often}: {share} of a CPU)"


def _seen(study: Study, point: Point) -> list[Cell]:
    return [c for c in study.campaign.cells if c.point.id == point.id and c.sliced and c.measured]


def neighbour_share(study: Study, point: Point) -> float:
    """What the planted neighbour had of one CPU, over the slices of all subjects."""
    slices = [one for cell in _seen(study, point) if cell.sliced for one in cell.sliced.slices]
    wall_ns = sum(one.wall_ns for one in slices)
    return sum(one.neighbour_ns for one in slices) / wall_ns if wall_ns else 0.0


def sentences(study: Study) -> list[str]:
    """One for each setting that the records have."""
    sliced = [cell for cell in study.campaign.cells if cell.sliced and cell.measured]
    told = []
    classes = _classes(sliced)
    fifo = [point for point, of_point in classes.items() if FIFO in of_point]
    if fifo:
        where = "" if len(fifo) == len(classes) else f" at {wording.joined(fifo)}"
        told.append(
            f"Servers and client ran in SCHED_FIFO{where}: the tails there are those of the"
            " runtimes, not those that users without such rights live with."
        )
    elif classes:
        told.append("The servers ran in the normal scheduling class, as most users run them.")
    awake = {p.id: {c.awake for c in _seen(study, p)} for p in study.points if _seen(study, p)}
    kept = [point for point, states in awake.items() if AWAKE in states]
    if kept:
        where = "at all points" if len(kept) == len(awake) else f"at {wording.joined(kept)}"
        told.append(f"CPUs were kept from going idle {where}: wake-ups are not in those numbers.")
    for point in study.points:
        if burden(point) and _seen(study, point):
            had = wording.figures(100 * neighbour_share(study, point), 2)
            told.append(
                f"At {point.id} a planted neighbour had {had} % of the servers' CPU, of"
                f" {wording.figures(100 * burden(point), 2)} % planned; no round was dropped for"
                " it."
            )
    return told


def table(study: Study) -> Table:
    """A row a point that was measured in slices; none where no record says what was set."""
    shown = Table(
        "What was set",
        [Column("point", False), Column("scheduling class", False)]
        + [Column("CPUs kept awake", False), Column("neighbour"), Column("it had")],
    )
    for point in study.points:
        cells = _seen(study, point)
        if not any(cell.scheduling or cell.awake for cell in cells) and not burden(point):
            continue
        classes = wording.joined(sorted({c.scheduling for c in cells if c.scheduling}))
        awake = wording.joined(sorted({c.awake for c in cells if c.awake}))
        asked, had = (
            f"{wording.figures(100 * share, 2)} % of a CPU" if burden(point) else wording.MISSING
            for share in (burden(point), neighbour_share(study, point))
        )
        shown.add(point.id, classes or wording.MISSING, awake or wording.MISSING, asked, had)
    return shown
