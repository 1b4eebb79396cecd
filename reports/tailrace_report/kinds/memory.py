# SPDX-License-Identifier: MIT
"""Bytes per connection in its states and per sleeping task: slopes, user and kernel apart. A
connection that is blocked is a kind of point of its own, with counts of its own."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from tailrace_report import stats, wording
from tailrace_report import sentences as say
from tailrace_report.campaign import Point, Subject
from tailrace_report.figure_answer import Shown
from tailrace_report.figure_rows import Panel, rows_figure
from tailrace_report.kinds.kind import Drawing, Headline, Kind, Section, Statement
from tailrace_report.measures import Slope
from tailrace_report.study import Comparison, Study
from tailrace_report.subject_table import Columns, Text, interval_note
from tailrace_report.tables import Table

STATES = {
    "idle": "idle, never used",
    "after_echo": "idle after one echo",
    "unread": "a request come in, not yet read",
    "blocked": "blocked: reader stopped, socket full",
    "retained": "still held after close",
    "sleeping": "sleeping",
}
GAP_RATIO = 4.0
USER, KERNEL, BOTH = ("user",), ("kernel",), ("user", "kernel")
SOURCES = {
    "cgroup-v2": "what is charged to the target's own memory cgroup, and what is known not to be",
    "cgroup-v1": "what is charged to the target's own memory cgroup, and what is known not to be",
    "computed": "the target's kernel objects, counted, times their sizes",
}
SIZES = {
    "slabinfo": "",
    "btf": "the sizes follow from the kernel's type information",
    "table": "the sizes are those of a table for Linux 6.18 on x86-64",
}


class BlockedKind(Kind):
    """Shown with the other states of a connection."""

    name, about = "blocked_memory", "memory of blocked connections"

    def title(self, point: Point) -> str:
        return "memory per blocked connection"


class MemoryKind(Kind):
    """`more`: the names of other kinds whose points have states of the same unit."""

    def __init__(
        self, name: str, about: str, unit: str, idle: str, picture: str, *more: str
    ) -> None:
        self.name, self.about, self.unit, self.idle, self.picture = name, about, unit, idle, picture
        self.more = more

    def title(self, point: Point) -> str:
        return f"memory per {self.unit}" if self.unit == "connection" else "sleeping tasks"

    def state(self, study: Study, point: Point) -> str:
        """The state of the first table and the finding."""
        if self.unit == "task":
            return "sleeping"
        return "after_echo" if study.compare(point, Slope("after_echo", USER)) else "idle"

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        for point in self.points(study)[:1]:
            state = self.state(study, point)
            source, notes = _source(study, point), source_notes(study, point)
            if self.unit == "task":
                both = study.compare(point, Slope(state, BOTH))
                return [Headline(f"B/task{source}", both)], notes
            sides = {"user B/conn": USER, f"kernel B/conn{source}": KERNEL}
            found = [
                Headline(title, study.compare(point, Slope(state, side)))
                for title, side in sides.items()
            ]
            return found, notes
        return [], []

    def pictured(self, study: Study) -> list[Shown]:
        if self.unit == "task":
            return []
        found = [
            study.compare(point, Slope(self.state(study, point), BOTH))
            for point in self.points(study)[:1]
        ]
        return [Shown("memory per idle connection", one) for one in found]

    def statements(self, study: Study) -> list[Statement]:
        for point in self.points(study)[:1]:
            state = self.state(study, point)
            user, kernel, both = (
                study.compare(point, Slope(state, sides)) for sides in (USER, KERNEL, BOTH)
            )
            parts = [
                f"{e.label} {user.middle(e.subject)} user + {kernel.middle(e.subject)} kernel"
                for e in both.best_first()
            ]
            if parts:
                shown = ", ".join(say.ends(parts, say.NAMED_MAX + 1))
                return [Statement("Memory", f"{self.idle} costs {shown}.")]
        return []

    def sections(self, study: Study) -> list[Section]:
        points = study.points_of(self.name, *self.more)
        intro = (
            f"The slope over the number of {self.unit}s, so what a process costs at rest is not in"
            " it; user (proportional set size) and kernel apart, without the client's half."
        )
        what = "by state" if self.unit == "connection" else "while it sleeps"
        drawing = Drawing(
            self.picture,
            f"Memory per {self.unit}, user and kernel, {what}",
            lambda: rows_figure(
                study, list(self._panels(study, points)), f"bytes per {self.unit}", alike=False
            ),
        )
        tables = [table for point in points for table in self.tables(study, point)]
        return [Section(self.picture, f"Memory per {self.unit}", intro, [drawing], tables)]

    def _panels(self, study: Study, points: list[Point]) -> Iterator[Panel]:
        """A state each, of subjects that have both parts; where some cost several times what the
        others do (threads), they stand in a panel of their own."""
        for point in points:
            for state, words in STATES.items():
                user, kernel, both = (
                    study.compare(point, Slope(state, sides)) for sides in (USER, KERNEL, BOTH)
                )
                fits = {who: Slope(state, BOTH).fit(study, who, point) for who in study.subjects}
                entries = [replace(e, estimate=fits[e.subject] or e.estimate) for e in both.entries]
                limit = parted([e.estimate.median for e in entries])
                title = f"solid: user; light: kernel, Per {self.unit}: {words}"
                for heavy in (False, True):
                    shown = tuple(e for e in entries if (e.estimate.median > limit) == heavy)
                    note = partial(_both_text, user, kernel)
                    yield Panel(replace(both, title=title, entries=shown), user, note)

    def tables(self, study: Study, point: Point) -> list[Table]:
        """One table a state: user, kernel and their sum."""
        return [
            self._table(study, point, state)
            for state in STATES
            if study.compare(point, Slope(state, USER))
            or study.compare(point, Slope(state, KERNEL))
        ]

    def _table(self, study: Study, point: Point, state: str) -> Table:
        columns, fits = Columns(study, point), []

        def slope(title: str, sides: tuple[str, ...]) -> Text:
            measure = Slope(state, sides)
            plain = columns.value(title, measure)

            def text(who: Subject) -> str:
                fit = measure.fit(study, who, point)
                if fit is None:
                    return plain.text(who)
                fits.append(fit)
                return wording.with_interval(fit, wording.byte_count)

            return Text(title, text)

        table = columns.table(
            f"Memory per {self.unit}, {STATES[state]} (lower is better)",
            [
                slope("user", USER),
                slope("kernel", KERNEL),
                Text("from", lambda who: _source_of(study, who, point)),
                slope("together", BOTH),
                Text("of the kernel's", lambda who: _parts_text(study, who, point, state)),
            ],
        )
        both = [study.compare(point, Slope(state, side)) for side in (USER, KERNEL)]
        note = "Slope over the number; one generation: [95 % interval of the fit]."
        table.notes.extend(_blocked_notes(point))
        table.notes.extend(_bend_notes(study, point, state))
        table.notes.insert(0, note if fits else interval_note(both))
        table.notes.extend(source_notes(study, point))
        if any(entry.estimate.median < 0 for one in both for entry in one.entries):
            table.notes.append("A slope below zero is noise around nothing, not memory gained.")
        return table


BLOCKED = BlockedKind()
CONNECTIONS = MemoryKind(
    "memory", "connection memory", "connection", "An idle connection", "memory", BLOCKED.name
)
TASKS = MemoryKind("task_memory", "task memory", "task", "A sleeping task", "task-memory")


def parted(totals: Sequence[float]) -> float:
    """The number above which rows are heavy: the middle of the largest gap, if it is large."""
    ordered = sorted(max(total, 1.0) for total in totals)
    gaps = [(high / low, low, high) for low, high in zip(ordered, ordered[1:])]
    ratio, low, high = max(gaps, default=(1.0, 0.0, 0.0))
    return (low * high) ** 0.5 if ratio > GAP_RATIO else math.inf


def _source(study: Study, point: Point) -> str:
    """Behind the heading of a number that is not the cgroup's: ` (computed)`."""
    found = {m.source for m in study.memories(point) if not m.cause}
    shown = sorted(found - {"cgroup-v1", "cgroup-v2"})
    return f" ({', '.join(shown)})" if shown else ""


def _source_of(study: Study, who: Subject, point: Point) -> str:
    """Where this subject's kernel bytes come from."""
    cells = study.sound(who, point, study.standing(who, point), "kernel_memory")
    found = {c.memory.source for c in cells if c.memory and not c.memory.cause}
    return ", ".join(sorted(found)) or wording.MISSING


def source_notes(study: Study, point: Point) -> list[str]:
    """What the sources mean, and why kernel bytes are missing where they are."""
    memories = study.memories(point)
    notes = []
    for source in sorted({m.source for m in memories if not m.cause and m.source in SOURCES}):
        used = {m.size_source for m in memories if m.source == source}
        worst = next((SIZES[name] for name in reversed(SIZES) if name in used), "")
        sizes = f"; {worst}" if source == "computed" and worst else ""
        notes.append(f"kernel, {source}: {SOURCES[source]}{sizes}.")
    notes += [f"Fewer were held: {cause}." for cause in sorted({m.counts for m in memories} - {""})]
    notes += [f"No kernel bytes: {cause}." for cause in sorted({m.cause for m in memories} - {""})]
    return notes


def _bend_notes(study: Study, point: Point, state: str) -> list[str]:
    """Whose memory is not linear in at least half of its cells, with the medians of its pieces."""
    shown = []
    for who in study.subjects:
        for side in BOTH:
            cells = study.sound(who, point, study.standing(who, point), f"{side}_memory")
            measured = [c.memory for c in cells if c.memory and (state, side) in c.memory.slopes]
            bent = [m.bends[state, side] for m in measured if (state, side) in m.bends]
            if not bent or 2 * len(bent) < len(measured):
                continue
            found: dict[tuple[int, int], list[float]] = {}
            for piece, slope in (item for one in bent for item in one.items()):
                found.setdefault(piece, []).append(slope)
            pieces = [
                f"{wording.byte_count(stats.median(slopes))} each from {low:,} to {high:,}"
                for (low, high), slopes in sorted(found.items())
            ]
            shown.append(f"{study.labels[who]}, {side}, {' and '.join(pieces)}")
    if not shown:
        return []
    return [f"Not linear, so that the slope is that of these counts: {'; '.join(shown)}."]


def _blocked_notes(point: Point) -> list[str]:
    """How a socket was filled; nothing for other kinds of points."""
    request, buffer, segment = (
        point.whole(key) for key in ("request_bytes", "receive_buffer_bytes", "segment_bytes")
    )
    if not request:
        return []
    return [
        f"On each connection a request of {request:,} bytes was sent and its answer left unread,"
        f" by a client with a receive buffer of {buffer:,} bytes and segments of {segment:,}; the"
        " kernel's part includes what lies in the server's socket, either way."
    ]


def _both_text(user: Comparison, kernel: Comparison, who: Subject) -> str:
    """`382 + 1,490`, in the unit of their sum."""
    own, rest = (one.estimate.median if (one := c.of(who)) else 0.0 for c in (user, kernel))
    if own + rest < 9999.5:
        return f"{own:,.0f} + {rest:,.0f}"
    return f"{wording.figures(own / 1000)} + {wording.figures(rest / 1000)}"


def _parts_text(study: Study, who: Subject, point: Point, state: str) -> str:
    """The kernel's bytes by kind, medians over cells, largest first."""
    found: dict[str, list[float]] = {}
    for cell in study.sound(who, point, study.standing(who, point), "kernel_memory"):
        for (at, part), value in (cell.memory.kernel_parts if cell.memory else {}).items():
            if at == state:
                found.setdefault(part, []).append(value)
    medians = sorted(((-stats.median(v), part) for part, v in found.items()))
    shown = [f"{part.replace('_', ' ')} {wording.byte_count(-v)}" for v, part in medians if -v >= 1]
    return ", ".join(shown) or wording.MISSING
