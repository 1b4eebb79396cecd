# SPDX-License-Identifier: MIT
"""Quantiles of uneven load: a panel a point, a row a contestant, p50, p99 and p99.9 in the row.

The axis is logarithmic: what tells the contestants apart is by which factor the tail leaves the
median, which is the distance between the marks. Rows are in the fixed order of contestants.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tailrace_report import canvas, palette, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.figure_latency import tick_text, ticks
from tailrace_report.figure_rows import beside
from tailrace_report.study import Entry, Study, quantile
from tailrace_report.uneven import SHOWN

ROW_INCHES = 0.34
ABOVE, BELOW = 0.78, 0.55
NAME_POINTS = 30.0


@dataclass(frozen=True)
class Row:
    """One contestant: its estimates by the name of the quantile, in rising order of quantiles."""

    contestant: Contestant
    label: str
    ranked: bool
    marks: list[tuple[str, Entry]]


def rows(study: Study, point: Point) -> list[Row]:
    """Every contestant with a supported median at this point."""
    compared = [(name, study.compare(point, quantile(p))) for p, name in SHOWN]
    found = []
    for who in study.contestants:
        marks = [(name, e) for name, c in compared if c and (e := c.of(who))]
        if marks:
            found.append(Row(who, study.labels[who], marks[0][1].ranked, marks))
    return found


def skew_figure(study: Study, points: list[Point]) -> Figure | None:
    """Small multiples with one shared scale; None without any number."""
    drawn = [(point, found) for point in points if (found := rows(study, point))]
    if not drawn:
        return None
    marks = [entry for _, found in drawn for row in found for _, entry in row.marks]
    x_low = min(entry.estimate.low for entry in marks) * 0.8
    x_high = max(entry.estimate.high for entry in marks) * 1.25
    most = max(len(found) for _, found in drawn)
    left = 0.25 + canvas.text_inches(row.label for _, found in drawn for row in found)
    right = 0.35 + canvas.text_inches(_texts(row) for _, found in drawn for row in found)
    figure, panels = canvas.panels(
        len(drawn),
        columns=1,
        width=left + 4.6 + right,
        height=ABOVE + ROW_INCHES * most + BELOW,
        margins=(left, right, BELOW, ABOVE),
    )
    for axes, (point, found) in zip(panels, drawn):
        _axes(axes, [row.label for row in found], x_low, x_high)
        for place, row in enumerate(found):
            _row(axes, place, row)
        _name_marks(axes, found)
        what, _, rest = point.title.partition(", ")
        canvas.title(axes, f"{what}\n{rest}; lower is better", x_points=0.0, above=16.0)
    return figure


def _axes(axes: Axes, labels: list[str], x_low: float, x_high: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(x_low, x_high)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=canvas.TEXT, labelsize=canvas.FONT_POINTS)
    axes.xaxis.set_major_locator(FixedLocator(ticks(x_low, x_high)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: tick_text(x)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("response time from the planned send time")
    canvas.bare(axes, grid="x")
    axes.spines["left"].set_visible(False)


def _row(axes: Axes, place: int, row: Row) -> None:
    look = palette.look(row.contestant.id)
    middles = [entry.estimate.median for _, entry in row.marks]
    axes.plot(middles, [place] * len(middles), color=look.light, linewidth=1.0, alpha=0.5)
    for _, entry in row.marks:
        axes.plot(
            [entry.estimate.median],
            [place],
            look.marker,
            color=look.light,
            markersize=6.0,
            markerfacecolor=look.light if row.ranked else palette.PAPER[0],
            markeredgewidth=1.2,
            clip_on=False,
        )
        # In ink and on top: an interval narrower than the marker must still be seen.
        low, high = entry.estimate.low, entry.estimate.high
        axes.plot([low, high], [place, place], color=canvas.TEXT, linewidth=1.1)
    beside(axes, place, _texts(row), "")


def _texts(row: Row) -> str:
    """`154 µs / 812 µs / 2.10 ms`."""
    text = " / ".join(wording.duration(entry.estimate.median) for _, entry in row.marks)
    return text + ("" if row.ranked else "  gated")


def _name_marks(axes: Axes, found: list[Row]) -> None:
    """What the marks are, above those of the first row that has most of them, never overlapping."""
    row = max(found, key=lambda each: len(each.marks))
    width = axes.figure.get_figwidth() * axes.get_position().width * 72.0
    low, high = (math.log(x) for x in axes.get_xlim())
    wanted = [
        (math.log(entry.estimate.median) - low) / (high - low) * width for _, entry in row.marks
    ]
    place = found.index(row)
    for (name, _), x in zip(row.marks, canvas.apart(wanted, NAME_POINTS, 0.0, width)):
        axes.annotate(
            name,
            (x / width, place),
            xycoords=("axes fraction", "data"),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            color=canvas.MUTED,
            fontsize=canvas.FONT_POINTS - 2,
            annotation_clip=False,
        )


def description(study: Study, points: list[Point]) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for point in points:
        found = rows(study, point)
        if found:
            names = " / ".join(name for name, _ in max((r.marks for r in found), key=len))
            values = ", ".join(f"{row.label} {_texts(row)}" for row in found)
            parts.append(f"{point.title} ({names}): {values}")
    return ". ".join(parts)
