# SPDX-License-Identifier: MIT
"""The one table that a reader sees first: one row a contestant, one column a job.

Its open-loop column stands for one point, the *lead*: the one that most contestants finished and,
among those, the one with most requests a second (most samples in the tail), so it is chosen by
the data's completeness and never by who looks good at it.
"""

from __future__ import annotations

from collections.abc import Callable

from tailrace_report import sections, timers, uneven, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.study import Comparison, Study, number, quantile, slope
from tailrace_report.tables import Column, Table


def lead(study: Study, kind: str) -> Point | None:
    """The point of `kind` that stands for all in the headline; None when nothing was measured."""

    def merit(point: Point) -> tuple[int, float, int]:
        finished = sum(study.standing(c, point) == "ok" for c in study.contestants)
        return finished, point.rate_per_s or 0.0, -(point.connections or 0)

    points = study.points_of(kind)
    return max(points, key=merit) if points else None


def headline(study: Study) -> Table:
    """Medians only; the sections have the intervals. Rows in the fixed order of contestants."""
    open_point, closed_point = lead(study, "open"), lead(study, "closed")
    cost_point = open_point or closed_point
    specs: list[tuple[str, Comparison | None, wording.Format, bool]] = []

    def column(
        title: str, comparison: Comparison | None, form: wording.Format, group: bool
    ) -> None:
        if comparison:
            specs.append((title, comparison, form, group))

    if cost_point:
        cpu = study.compare(cost_point, number("server.cpu_us_per_op"))
        column("CPU/op", cpu, wording.microseconds, True)
        calls = study.compare(cost_point, number("server.syscalls_per_op"))
        column("calls/op", calls, wording.plain, False)
    if open_point:
        for p, title in ((0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")):
            column(title, study.compare(open_point, quantile(p)), wording.duration, p == 0.99)
    for point in study.points_of("memory"):
        state = "after_echo" if study.compare(point, slope("after_echo", "user")) else "idle"
        user = study.compare(point, slope(state, "user"))
        column("user B/conn", user, wording.byte_count, True)
        column(
            "kernel B/conn", study.compare(point, slope(state, "kernel")), wording.byte_count, False
        )
        break
    for point in study.points_of("task_memory"):
        both = study.compare(point, slope("sleeping", "user", "kernel"))
        column("B/task", both, wording.byte_count, False)
        break
    if closed_point:
        measure = number("load.achieved_per_s")
        rate = study.compare(closed_point, measure, best_is_low=False)
        column("closed rate", rate, wording.rate, True)

    uneven_notes = _uneven(study, column) + _timers(study, column) if not specs else []
    table = Table("", [sections.NAME] + [Column(title) for title, _, _, _ in specs])
    for who in study.contestants:
        texts = [_cell(comparison, who, form, group) for _, comparison, form, group in specs]
        if any(text != wording.MISSING for text in texts):
            table.add(study.labels[who], *texts)
    table.notes = uneven_notes + _notes(study, open_point, closed_point, table)
    return table


def _uneven(study: Study, column: Callable[..., None]) -> list[str]:
    """Columns for a campaign that has hogs and skew only. The notes say what they are."""
    notes = []
    for short, points in (
        ("hogs", uneven.burning_points(study)),
        ("skew", study.points_of("skew")),
    ):
        for point in points[:1]:
            for p, name in uneven.SHOWN:
                title = f"{short} {name}"
                column(title, study.compare(point, quantile(p)), wording.duration, p == 0.99)
            whose = "response time of the others, " if point.kind == "hog" else "response time, "
            notes.append(f"{short}: {whose}{point.title}.")
            notes += [n for n in uneven.shared_notes(study, point) if n not in notes]
    return notes


def _timers(study: Study, column: Callable[..., None]) -> list[str]:
    """Columns for a campaign that has timers only. The note says of which point."""
    point = timers.lead(study)
    if point is None:
        return []
    for p, name in timers.SHOWN:
        late = study.compare(point, quantile(p, timers.LATENESS))
        column(f"lateness {name}", late, wording.duration, p == 0.99)
    cpu = study.compare(point, number("timer.fire_cpu_ns"))
    column("CPU while they fire", cpu, wording.duration, True)
    return [f"lateness and CPU time: {point.title}."]


def _cell(comparison: Comparison | None, who: Contestant, form: wording.Format, group: bool) -> str:
    entry = comparison.of(who) if comparison else None
    if entry is None:
        return wording.MISSING
    text = form(entry.estimate.median)
    if not entry.ranked:
        return f"{text} (gated)"
    return f"{text} {entry.group}" if group and entry.group else text


def _notes(
    study: Study, open_point: Point | None, closed_point: Point | None, table: Table
) -> list[str]:
    notes = []
    if open_point:
        notes.append(f"CPU, calls and response times: {open_point.title}.")
    if closed_point:
        notes.append(f"Closed rate: {closed_point.title}; see how busy the client was, too.")
    if table.rows:
        notes.append("Medians over blocks. Letters: contestants sharing one are not separated.")
    if "procfs" in study.memory_sources():
        notes.append(
            "Kernel bytes come from procfs here: page tables and thread stacks only, sockets are"
            " not in them. A memory cgroup would show them."
        )
    measured = {cell.contestant for cell in study.campaign.cells if cell.measured}
    absent = [study.labels[c] for c in study.contestants if c not in measured]
    absent = [name for name in absent if name not in {row[0] for row in table.rows}]
    if absent:
        notes.append(
            f"Nothing measured for {wording.joined(absent)}: see failed and skipped cells."
        )
    return notes
