# SPDX-License-Identifier: MIT
"""Dot plots: a panel a point, a row a contestant, the value with its interval on a scale from 0.

One drawing for CPU per operation (with its user and system parts), system calls per operation and
closed-loop rate. Rows are always in the fixed order of contestants, not sorted by result: the eye
finds a contestant at the same place in each panel, and no order suggests a ranking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tailrace_report import canvas, palette, wording
from tailrace_report.cell import Point
from tailrace_report.study import Comparison, Entry, Measure, Study, number

ROW_INCHES = 0.25


@dataclass(frozen=True)
class Rows:
    """What one figure shows. `part` (user CPU) is drawn as a bar inside the value's bar; `note`
    is the text right of a row."""

    measure: Measure
    axis: str
    direction: str
    form: wording.Format
    scale: float = 1.0
    part: Measure | None = None
    best_is_low: bool = True
    note: Callable[[Study, Point, Entry], str] | None = None


def rows_figure(study: Study, points: list[Point], rows: Rows) -> Figure | None:
    """Small multiples with one shared scale per kind of point; None without any number."""
    drawn: list[tuple[Point, Comparison]] = []
    for point in points:
        comparison = study.compare(point, rows.measure, best_is_low=rows.best_is_low)
        if comparison:
            drawn.append((point, comparison))
    if not drawn:
        return None
    shown = [c for c in study.contestants if any(comparison.of(c) for _, comparison in drawn)]
    height = 1.25 + ROW_INCHES * len(shown)
    left = 0.25 + canvas.text_inches(study.labels[c] for c in shown)
    figure, panels = canvas.panels(
        len(drawn), columns=2, width=4.75 + left, height=height, margins=(left, 1.6, 0.55, 0.62)
    )
    x_high = max(e.estimate.high for _, comparison in drawn for e in comparison.entries)
    for axes, (point, comparison) in zip(panels, drawn):
        labels = [study.labels[c] for c in shown]
        row_axes(axes, labels, x_high * rows.scale * 1.06 or 1.0, rows.axis)
        part = study.compare(point, rows.part) if rows.part else None
        for place, who in enumerate(shown):
            entry = comparison.of(who)
            inner = part.of(who) if part else None
            if entry:
                _row(axes, place, entry, inner, rows)
                note = rows.note(study, point, entry) if rows.note else ""
                beside(axes, place, rows.form(entry.estimate.median), note)
            else:
                beside(axes, place, "", "not measured")
        mode, _, rest = point.title.partition(", ")
        canvas.title(axes, f"{rest}\n{mode}, {rows.direction}")
    return figure


def row_axes(axes: Axes, labels: list[str], x_high: float, title: str) -> None:
    """A panel of named rows, the first on top, above a linear scale from 0."""
    axes.set_xlim(0.0, x_high)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=canvas.TEXT, labelsize=canvas.FONT_POINTS)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}"))
    axes.set_xlabel(title)
    canvas.bare(axes, grid="x")
    axes.spines["left"].set_visible(False)


def _row(axes: Axes, place: int, entry: Entry, inner: Entry | None, rows: Rows) -> None:
    look = palette.look(entry.contestant.id)
    middle, low, high = (
        value * rows.scale
        for value in (entry.estimate.median, entry.estimate.low, entry.estimate.high)
    )
    if inner:
        user = min(inner.estimate.median * rows.scale, middle)
        part_bars(axes, place, look.light, 0.0, user, middle)
    axes.plot(
        [middle],
        [place],
        look.marker,
        color=look.light,
        markersize=6.0,
        markerfacecolor=look.light if entry.ranked else palette.PAPER[0],
        markeredgewidth=1.2,
        clip_on=False,
    )
    # In ink and on top: an interval narrower than the marker must still be seen.
    axes.plot([low, high], [place, place], color=canvas.TEXT, linewidth=1.1)


def part_bars(
    axes: Axes, place: float, colour: str, start: float, inner: float, end: float
) -> None:
    """A solid bar up to `inner` and a light, outlined one from there to `end`."""
    size = {"height": 0.42, "linewidth": 0.7, "edgecolor": colour}
    axes.barh(place, inner - start, left=start, facecolor=colour, **size)
    axes.barh(place, end - inner, left=inner, facecolor=to_rgba(colour, 0.25), **size)


def beside(axes: Axes, place: float, value: str, note: str) -> None:
    """The value right of the panel in ink, and a quieter note behind it."""
    for text, offset, colour in ((value, 6, canvas.TEXT), (note, 6 if not value else 54, None)):
        if text:
            axes.annotate(
                text,
                (1, place),
                xycoords=("axes fraction", "data"),
                xytext=(offset, 0),
                textcoords="offset points",
                va="center_baseline",
                color=colour or canvas.MUTED,
                fontsize=canvas.FONT_POINTS - (0 if colour else 1),
                annotation_clip=False,
            )


def ratio_note(study: Study, point: Point, entry: Entry) -> str:
    """`1.95× floor`, `floor`, `gated`."""
    if not entry.ranked:
        return "gated"
    if entry.contestant == study.floor:
        return "floor"
    return f"{wording.times(entry.ratio.median)} floor" if entry.ratio else ""


def _busy_note(study: Study, point: Point, entry: Entry) -> str:
    """How busy both sides were: `CPUs 98 / 97 %`, server / client."""
    shares = []
    for side in ("server", "client"):
        found = study.compare(point, number(f"{side}.cpu_share"))
        one = found.of(entry.contestant) if found else None
        shares.append(f"{100 * one.estimate.median:.0f}" if one else "?")
    gated = "" if entry.ranked else "gated, "
    return f"{gated}{shares[0]} / {shares[1]} %"


CPU = Rows(
    measure=number("server.cpu_us_per_op"),
    axis="server CPU per request, µs (solid: user, light: system)",
    direction="lower is better",
    form=wording.microseconds,
    part=number("server.user_us_per_op"),
    note=ratio_note,
)
CALLS = Rows(
    measure=number("server.syscalls_per_op"),
    axis="system calls of the server per request",
    direction="lower is better",
    form=wording.plain,
    note=ratio_note,
)
RATE = Rows(
    measure=number("load.achieved_per_s"),
    axis="thousand requests/s (right: CPU share of server / client)",
    direction="higher is better",
    form=wording.rate,
    scale=1e-3,
    best_is_low=False,
    note=_busy_note,
)


def _reads_note(study: Study, point: Point, entry: Entry) -> str:
    """How many reads a second that is, in thousands."""
    found = study.compare(point, number("file.iops"))
    one = found.of(entry.contestant) if found else None
    gated = "" if entry.ranked else "gated, "
    return f"{gated}{wording.rate(one.estimate.median)}" if one else gated


READS = Rows(
    measure=number("file.cpu_us_per_read"),
    axis="CPU time a read, µs (right: reads a second)",
    direction="lower is better",
    form=wording.microseconds,
    note=_reads_note,
)


def description(study: Study, points: list[Point], rows: Rows) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for point in points:
        comparison = study.compare(point, rows.measure, best_is_low=rows.best_is_low)
        if comparison:
            values = [f"{e.label} {rows.form(e.estimate.median)}" for e in comparison.entries]
            parts.append(f"{point.title}: {', '.join(values)}")
    return ". ".join(parts)
