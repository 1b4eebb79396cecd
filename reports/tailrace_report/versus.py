# SPDX-License-Identifier: MIT
"""Tables of "epoll or io_uring": the ratio of one to the other by message size and connections,
and what each feature is worth, one switched at a time.

A pair is a contestant over io_uring and the one over epoll that it is to be compared with: floor
with floor, runtime with runtime. Every ratio is paired within blocks, of ok cells only.
"""

from __future__ import annotations

from dataclasses import dataclass

from tailrace_report import stats, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.study import Measure, Study, number, quantile
from tailrace_report.tables import Column, Table

# io_uring, epoll, what the two have in common.
PAIRS = (
    ("bare-uring", "bare-epoll", "hand-written loops"),
    ("uring", "local", "runtimes"),
)
MEASURES: tuple[tuple[str, Measure, str], ...] = (
    ("rate", number("load.achieved_per_s"), "higher is better for io_uring"),
    ("CPU per operation", number("server.cpu_us_per_op"), "lower is better for io_uring"),
    ("p99", quantile(0.99), "lower is better for io_uring"),
)
RATIO_NOTE = "[ ]: the interval (from six blocks on; below that the range) of the paired ratios."


@dataclass(frozen=True)
class Ratio:
    """of / to at a point by one measure; `estimate` is None where no block has both."""

    point: Point
    of: Contestant
    to: Contestant
    estimate: stats.Estimate | None


def find(study: Study, identity: str, form: str = "best") -> Contestant | None:
    """The contestant in this form; the fewest workers where there are several."""
    found = [c for c in study.contestants if c.id == identity and c.form == form]
    return min(found, key=lambda c: c.workers) if found else None


def ratio(study: Study, of: Contestant, to: Contestant, point: Point, measure: Measure) -> Ratio:
    numbers = measure(study, of, point, "ok"), measure(study, to, point, "ok")
    return Ratio(point, of, to, stats.paired_ratio(*numbers))


def pairs(study: Study) -> list[tuple[Contestant, Contestant, str]]:
    """The pairs of which both have a cell with numbers at one closed point."""
    answer = []
    for over_ring, over_epoll, what in PAIRS:
        of, to = find(study, over_ring), find(study, over_epoll)
        if of and to and any(_both(study, of, to, p) for p in study.points_of("closed")):
            answer.append((of, to, what))
    return answer


def _both(study: Study, of: Contestant, to: Contestant, point: Point) -> bool:
    return all(study.standing(who, point) == "ok" for who in (of, to))


def grid_points(study: Study, pipelined: bool) -> list[Point]:
    """The closed points of the grid, in the order of size and connections."""
    return sorted(
        (p for p in study.points_of("closed") if ((p.depth or 1) > 1) == pipelined),
        key=lambda p: (p.message_bytes or 0, p.connections or 0, p.depth or 1),
    )


def grids(study: Study) -> list[Table]:
    """For each pair, mode and measure: a row a message size, a column a number of connections."""
    answer = []
    for of, to, what in pairs(study):
        for pipelined in (False, True):
            points = grid_points(study, pipelined)
            for name, measure, better in MEASURES:
                table = _grid(study, of, to, points, measure)
                if table is None:
                    continue
                mode = "pipelined" if pipelined else "ping-pong"
                labels = f"{study.labels[of]} / {study.labels[to]}"
                table.title = f"{name}, {labels} ({what}), {mode}; {better}"
                table.notes.append(RATIO_NOTE)
                answer.append(table)
    return answer


def _grid(
    study: Study, of: Contestant, to: Contestant, points: list[Point], measure: Measure
) -> Table | None:
    cells = {}
    for point in points:
        found = ratio(study, of, to, point, measure).estimate
        if found:
            cells[_size_text(point), point.connections or 0] = found
    if not cells:
        return None
    sizes = list(dict.fromkeys(size for size, _ in cells))
    many = sorted({connections for _, connections in cells})
    heads = [f"{n:,} connection{'' if n == 1 else 's'}" for n in many]
    table = Table("", [Column("message", False)] + [Column(head) for head in heads])
    for size in sizes:
        texts = [wording.with_interval(cells.get((size, n)), wording.times) for n in many]
        table.add(size, *texts)
    return table


def _size_text(point: Point) -> str:
    depth = point.depth or 1
    size = f"{point.message_bytes:,} B" if point.message_bytes else "-"
    return size if depth == 1 else f"{size}, depth {depth}"


def point_text(point: Point) -> str:
    """`50 × 64 B` or `50 × 64 B, depth 16`."""
    return f"{point.connections:,} × {_size_text(point)}"


def switched(study: Study) -> list[tuple[Contestant, Contestant]]:
    """Every other form of the contestants that are in a pair, with the best form of the same."""
    answer = []
    known = {identity for pair in PAIRS for identity in pair[:2]}
    for who in study.contestants:
        best = find(study, who.id)
        if who.id in known and who.form not in ("best", "default") and best:
            answer.append((who, best))
    return answer


def features(study: Study) -> Table:
    """One row a form and point: rate, CPU and p99 of this form to the best form."""
    table = Table(
        "Each feature, switched alone: this form / the best form",
        [Column("form", False), Column("set", False), Column("point", False)]
        + [Column("rate"), Column("CPU per operation"), Column("p99"), Column("blocks")],
    )
    for who, best in switched(study):
        for point in grid_points(study, False) + grid_points(study, True):
            found = [ratio(study, who, best, point, m).estimate for _, m, _ in MEASURES]
            if not any(found):
                continue
            blocks = max(one.blocks for one in found if one)
            texts = [wording.with_interval(one, wording.times) for one in found]
            table.add(
                study.labels[who],
                options_text(study, who),
                point_text(point),
                *texts,
                str(blocks),
            )
    if table.rows:
        table.notes.append(RATIO_NOTE)
        table.notes.append(
            "A rate below 1 or a CPU above 1 means: the best form is better without this change."
        )
    return table


def options_text(study: Study, who: Contestant) -> str:
    """What the form sets, as on the command line of a target."""
    options = next((c.options for c in study.campaign.cells if c.contestant == who), {})
    return " ".join(f"{key}={value}" for key, value in sorted(options.items())) or "-"
