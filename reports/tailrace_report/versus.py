# SPDX-License-Identifier: MIT
"""epoll or io_uring: the ratio of one to the other by message size and connections, and what
each feature is worth, one switched at a time.

Every ratio is paired within blocks, of valid cells only.
"""

from collections.abc import Iterable, Iterator

from tailrace_report import decide, stats, wording
from tailrace_report.campaign import OK, Point, Subject
from tailrace_report.decide import Verdict
from tailrace_report.figure_versus import Panel, Row, ratio_figure
from tailrace_report.kinds.kind import Drawing, Section
from tailrace_report.measures import CPU, P99, RATE, Measure, same_within
from tailrace_report.study import Study
from tailrace_report.subject_table import legend, marked
from tailrace_report.tables import Column, Table

# Name in claims -> name in texts, what is measured, which way is better.
MEASURES: dict[str, tuple[str, Measure, str]] = {
    "rate": ("rate", RATE, "higher is better for io_uring"),
    "cpu": ("CPU per operation", CPU, "lower is better for io_uring"),
    "p99": ("p99", P99, "lower is better for io_uring"),
}
DRAWN = ("rate", "cpu")
RATIO_NOTE = "[ ]: the interval of the paired ratios; the range below six generations."


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


Decided = dict[tuple[Subject, Point], Verdict]


def decided(
    study: Study, two: Iterable[tuple[Subject, Subject]], points: Iterable[Point], measure: Measure
) -> Decided:
    """of / to at each point where there is a ratio, corrected for one another."""
    places = [(of, to, point) for of, to in two for point in points]
    family = {
        (of, point): stats.shared_ratios(
            *(study.comparable(who, point, measure) for who in (of, to))
        )
        for of, to, point in places
    }
    there = {at: ratios for at, ratios in family.items() if ratios}
    return decide.decide(there, same_within(measure), study.campaign.level)


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
            "What io_uring is to epoll at the same work: ratios within generations, of the floors"
            " and of the runtimes.",
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


def _by_measure(
    study: Study, two: Iterable[tuple[Subject, Subject]], points: list[Point], names: Iterable[str]
) -> Iterator[tuple[str, str, Decided]]:
    """For each measure that has some: name, which way is better, and the ratios of these two."""
    for name, measure, better in map(MEASURES.__getitem__, names):
        if found := decided(study, two, points, measure):
            yield name, better, found


def grids(study: Study) -> Iterator[Table]:
    """For each pair, mode and measure: a row a message size, a column a number of connections."""
    for of, to in pairs(study):
        for pipelined, mode in ((False, "ping-pong"), (True, "pipelined")):
            points = grid_points(study, pipelined)
            for name, better, found in _by_measure(study, [(of, to)], points, MEASURES):
                title = f"{name}, {study.labels[of]} / {study.labels[to]}, {mode}; {better}"
                cells = {(_size_text(p), p.whole("connections")): v for (_, p), v in found.items()}
                table = _grid(title, cells)
                table.notes += legend(study.labels[to], {name: found.values()}, "a table")
                yield table


def _grid(title: str, cells: dict[tuple[str, int], Verdict]) -> Table:
    many = sorted({connections for _, connections in cells})
    heads = [Column(wording.counted(n, "connection")) for n in many]
    table = Table(title, [Column("message", False), *heads], notes=[RATIO_NOTE])
    for size in dict.fromkeys(size for size, _ in cells):
        table.add(size, *(_ratio_text(cells.get((size, n))) for n in many))
    return table


def _ratio_text(verdict: Verdict | None) -> str:
    if verdict is None:
        return wording.MISSING
    return marked(wording.with_interval(verdict.ratio, wording.times), verdict)


def load_of(point: Point) -> tuple[int, int, int]:
    """Connections, message bytes, depth."""
    return point.whole("connections"), point.whole("message_bytes"), point.whole("depth") or 1


def load_text(connections: int, size: int, depth: int = 1) -> str:
    """`50 × 64 B` or `50 × 64 B, depth 16`."""
    return f"{connections:,} × {size:,} B" + (f", depth {depth}" if depth > 1 else "")


def _size_text(point: Point) -> str:
    return load_text(*load_of(point)).partition(" × ")[2]


def features(study: Study) -> Table:
    """One row a form and point: rate, CPU and p99 of this form to the best form."""
    table = Table(
        "Each feature, switched alone: this form / the best form",
        [Column("form", False), Column("set", False), Column("point", False)]
        + [Column(name) for name, *_ in MEASURES.values()]
        + [Column("generations")],
    )
    points = grid_points(study, False) + grid_points(study, True)
    every = [decided(study, switched(study), points, m) for _, m, _ in MEASURES.values()]
    for who, _ in switched(study):
        for point in points:
            found = [one.get((who, point)) for one in every]
            if any(found):
                blocks = max(one.ratio.blocks for one in found if one and one.ratio)
                form = study.labels[who], _options_text(study, who), load_text(*load_of(point))
                table.add(*form, *map(_ratio_text, found), str(blocks))
    if table.rows:
        table.notes.append(RATIO_NOTE)
        shown = {name: one.values() for (name, *_), one in zip(MEASURES.values(), every)}
        table.notes += legend("the best form", shown, "a column")
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
        for name, better, found in _by_measure(study, [(of, to)], points, DRAWN):
            rows = tuple(
                Row(load_text(*load_of(point)), of.id, one.ratio)
                for (_, point), one in found.items()
                if one.ratio
            )
            yield Panel(f"{name}: {study.labels[of]} / {study.labels[to]}", better, rows)


def feature_panels(study: Study) -> Iterator[Panel]:
    """For each point at which three forms or more were measured, and measure: a row a form."""
    for point in grid_points(study, False) + grid_points(study, True):
        for name, _, found in _by_measure(study, switched(study), [point], DRAWN):
            rows = tuple(
                Row(study.labels[who], who.id, one.ratio)
                for (who, _), one in found.items()
                if one.ratio
            )
            if len(rows) >= 3:
                yield Panel(f"{name}: form / best form", load_text(*load_of(point)), rows)
