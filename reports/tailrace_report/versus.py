# SPDX-License-Identifier: MIT
"""epoll or io_uring: the ratio of one to the other by message size and connections, and what
each feature is worth, one switched at a time.

Every ratio is paired within blocks, of valid cells only.
"""

from collections.abc import Iterator

from tailrace_report import stats, wording
from tailrace_report.campaign import OK, Point, Subject
from tailrace_report.figure_versus import Panel, Row, ratio_figure
from tailrace_report.kinds.kind import Drawing, Section
from tailrace_report.measures import CPU, P99, RATE, Measure
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table

MEASURES: tuple[tuple[str, Measure, str], ...] = (
    ("rate", RATE, "higher is better for io_uring"),
    ("CPU per operation", CPU, "lower is better for io_uring"),
    ("p99", P99, "lower is better for io_uring"),
)
RATIO_NOTE = "[ ]: the interval (from six blocks on; below that the range) of the paired ratios."


def pairs(study: Study) -> list[tuple[Subject, Subject]]:
    """A contestant over io_uring and the one over epoll that it is compared with, both valid at one
    closed point.

    Rule: of the same family, but no peers, which differ in more than the backend: the one whose id
    says epoll where the other's says uring, or else the first by order.
    """
    answer = []
    for ring in _best(study, "io_uring"):
        same = [one for one in _best(study, "epoll") if one.family == ring.family != "peer"]
        named = [one for one in same if one.id == ring.id.replace("uring", "epoll")]
        epoll = next(iter(named + same), None)
        if epoll and any(
            study.standing(ring, point) == OK == study.standing(epoll, point)
            for point in study.points_of("closed")
        ):
            answer.append((ring, epoll))
    return answer


def _best(study: Study, backend: str) -> list[Subject]:
    """The best form of each contestant with this backend; of the fewest workers."""
    found: dict[str, Subject] = {}
    for who in study.subjects:  # by workers within a form
        if who.form == "best" and study.campaign.described(who.id).text("backend") == backend:
            found.setdefault(who.id, who)
    return list(found.values())


def switched(study: Study) -> list[tuple[Subject, Subject]]:
    """Every other form of the contestants that are in a pair, with the best form of the same."""
    best = {who.id: who for pair in pairs(study) for who in pair}
    return [
        (who, best[who.id])
        for who in study.subjects
        if who.id in best and who.form not in ("best", "default")
    ]


def ratio(
    study: Study, of: Subject, to: Subject, point: Point, measure: Measure
) -> stats.Estimate | None:
    """Within the blocks that both have; None where there is none."""
    return stats.paired_ratio(*(measure.per_block(study, who, point, OK) for who in (of, to)))


def grid_points(study: Study, pipelined: bool) -> list[Point]:
    """The closed points, in the order of size and connections."""
    return [p for p in study.points_of("closed") if (p.whole("depth") > 1) == pipelined]


def sections(study: Study) -> list[Section]:
    """None where the campaign does not compare the two."""
    if not pairs(study):
        return []
    return [
        Section(
            "versus",
            "epoll or io_uring",
            "What io_uring is to epoll at the same work: ratios within blocks, of the floors and of"
            " the runtimes.",
            [
                Drawing(
                    "versus",
                    "io_uring to epoll by message size and connections",
                    lambda: ratio_figure(list(grid_panels(study))),
                )
            ],
            list(grids(study)),
        ),
        Section(
            "features",
            "io_uring and epoll, feature by feature",
            "Each form changes one thing against the best form of the same contestant.",
            [
                Drawing(
                    "features",
                    "Each feature, switched alone, to the best form",
                    lambda: ratio_figure(list(feature_panels(study))),
                )
            ],
            [features(study)],
        ),
    ]


def grids(study: Study) -> Iterator[Table]:
    """For each pair, mode and measure: a row a message size, a column a number of connections."""
    for of, to in pairs(study):
        for pipelined in (False, True):
            points = grid_points(study, pipelined)
            for name, measure, better in MEASURES:
                cells = {
                    (_size_text(p), p.whole("connections")): found
                    for p in points
                    if (found := ratio(study, of, to, p, measure))
                }
                if cells:
                    mode = "pipelined" if pipelined else "ping-pong"
                    title = f"{name}, {study.labels[of]} / {study.labels[to]}, {mode}; {better}"
                    yield _grid(title, cells)


def _grid(title: str, cells: dict[tuple[str, int], stats.Estimate]) -> Table:
    many = sorted({connections for _, connections in cells})
    heads = [Column(wording.counted(n, "connection")) for n in many]
    table = Table(title, [Column("message", False), *heads], notes=[RATIO_NOTE])
    for size in dict.fromkeys(size for size, _ in cells):
        table.add(size, *(wording.with_interval(cells.get((size, n)), wording.times) for n in many))
    return table


def _size_text(point: Point) -> str:
    size, depth = point.whole("message_bytes"), point.whole("depth")
    return (f"{size:,} B" if size else "-") + (f", depth {depth}" if depth > 1 else "")


def point_text(point: Point) -> str:
    """`50 × 64 B` or `50 × 64 B, depth 16`."""
    return f"{point.whole('connections'):,} × {_size_text(point)}"


def features(study: Study) -> Table:
    """One row a form and point: rate, CPU and p99 of this form to the best form."""
    table = Table(
        "Each feature, switched alone: this form / the best form",
        [Column("form", False), Column("set", False), Column("point", False)]
        + [Column("rate"), Column("CPU per operation"), Column("p99"), Column("blocks")],
    )
    for who, best in switched(study):
        for point in grid_points(study, False) + grid_points(study, True):
            found = [ratio(study, who, best, point, measure) for _, measure, _ in MEASURES]
            if any(found):
                blocks = max(one.blocks for one in found if one)
                texts = [wording.with_interval(one, wording.times) for one in found]
                form = study.labels[who], _options_text(study, who), point_text(point)
                table.add(*form, *texts, str(blocks))
    if table.rows:
        table.notes.append(RATIO_NOTE)
        table.notes.append(
            "A rate below 1 or a CPU above 1 means: the best form is better without this change."
        )
    return table


def _options_text(study: Study, who: Subject) -> str:
    """What the form sets, as on the command line of a target."""
    options = next((c.options for c in study.campaign.cells if c.subject == who), {})
    return " ".join(f"{key}={value}" for key, value in sorted(options.items())) or "-"


def grid_panels(study: Study) -> Iterator[Panel]:
    """For each pair and measure but p99: a row a point, ping-pong first."""
    points = grid_points(study, False) + grid_points(study, True)
    for of, to in pairs(study):
        for name, measure, better in MEASURES[:2]:
            rows = [
                Row(point_text(point), of.id, found)
                for point in points
                if (found := ratio(study, of, to, point, measure))
            ]
            if rows:
                title = f"{name}: {study.labels[of]} / {study.labels[to]}"
                yield Panel(title, better, tuple(rows))


def feature_panels(study: Study) -> Iterator[Panel]:
    """For each point at which three forms or more were measured, and measure: a row a form."""
    for point in grid_points(study, False) + grid_points(study, True):
        for name, measure, _ in MEASURES[:2]:
            rows = [
                Row(study.labels[who], who.id, found)
                for who, best in switched(study)
                if (found := ratio(study, who, best, point, measure))
            ]
            if len(rows) >= 3:
                yield Panel(f"{name}: form / best form", point_text(point), tuple(rows))
