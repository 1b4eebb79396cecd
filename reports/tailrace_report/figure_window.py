# SPDX-License-Identifier: MIT
"""What a window of coalescing buys: lateness against CPU time, a panel a point.

A runtime whose timers have a window (`timer_window_us`) is a line through its windows, each mark
named by the window in microseconds; any other contestant is one mark. Down and left is better. Both
axes are logarithmic: what is traded is factors.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tailrace_report import canvas, palette, wording
from tailrace_report.cell import Point
from tailrace_report.figure_latency import tick_text, ticks
from tailrace_report.study import Entry, Study
from tailrace_report.timers import windows

Marks = list[tuple[int | None, Entry, Entry]]


def lines(study: Study, point: Point) -> dict[str, Marks]:
    """The marks of each contestant's line, by window; in the fixed order of contestants."""
    found: dict[str, Marks] = {}
    for who, window, cpu, late in windows(study, point):
        found.setdefault(who, []).append((window, cpu, late))
    order = [c.id for c in study.contestants]
    return dict(sorted(found.items(), key=lambda each: order.index(each[0])))


def window_figure(study: Study, points: list[Point]) -> Figure | None:
    """None where no point has marks."""
    drawn = [(point, found) for point in points if (found := lines(study, point))]
    if not drawn:
        return None
    right = 0.45 + canvas.text_inches(name for _, found in drawn for name in found)
    figure, panels = canvas.panels(
        len(drawn), columns=1, width=6.2 + right, height=4.4, margins=(0.75, right, 0.6, 0.62)
    )
    for axes, (point, found) in zip(panels, drawn):
        _axes(axes, [mark for marks in found.values() for mark in marks])
        ends = [_line(axes, name, marks) for name, marks in found.items()]
        canvas.end_labels(axes, ends)
        title = point.title[:1].upper() + point.title[1:]
        canvas.title(axes, f"{title}\nlateness p99 against CPU time, by window in µs")
    return figure


def _axes(axes: Axes, marks: Marks) -> None:
    for limits, locate, form, values in (
        (axes.set_xlim, axes.xaxis, axes.set_xscale, [c.estimate.median for _, c, _ in marks]),
        (axes.set_ylim, axes.yaxis, axes.set_yscale, [t.estimate.median for _, _, t in marks]),
    ):
        low, high = min(values) * 0.8, max(values) * 1.3
        form("log")
        limits(low, high)
        locate.set_major_locator(FixedLocator(ticks(low, high)))
        locate.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
        locate.set_minor_locator(NullLocator())
    axes.set_xlabel("CPU time of the process while they fire")
    canvas.bare(axes, grid="both")


def _line(axes: Axes, name: str, marks: Marks) -> tuple[float, float, str, str]:
    look = palette.look(name)
    x = [cpu.estimate.median for _, cpu, _ in marks]
    y = [late.estimate.median for _, _, late in marks]
    axes.plot(x, y, color=look.light, linewidth=1.2, alpha=0.7)
    for (window, _, late), at_x, at_y in zip(marks, x, y):
        axes.plot(
            [at_x],
            [at_y],
            look.marker,
            color=look.light,
            markersize=5.5,
            markerfacecolor=look.light if late.ranked else palette.PAPER[0],
        )
        if window is not None:
            axes.annotate(
                f"{window:,}",
                (at_x, at_y),
                xytext=(4, 4),
                textcoords="offset points",
                color=canvas.MUTED,
                fontsize=canvas.FONT_POINTS - 2,
            )
    last = x.index(max(x))
    return x[last], y[last], name, look.light


def description(study: Study, points: list[Point]) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for point in points:
        for name, marks in lines(study, point).items():
            texts = [
                ("" if window is None else f"window {window} µs: ")
                + f"{wording.duration(late.estimate.median)} for"
                + f" {wording.duration(cpu.estimate.median)}"
                for window, cpu, late in marks
            ]
            parts.append(f"{point.title}, {name}: {', '.join(texts)}")
    return ". ".join(parts)
