# SPDX-License-Identifier: MIT
"""Ratios around 1: io_uring to epoll by size and connections, and each feature to the best form.

A panel a pair or point and measure, a row a comparison, on a logarithmic scale on which twice as
much and half as much are equally far from the line at 1. Rows are in a fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tailrace_report import canvas, palette, stats, versus, wording
from tailrace_report.figure_rows import beside
from tailrace_report.study import Study

ROW_INCHES = 0.23
ABOVE, BELOW = 0.72, 0.55
SHOWN = versus.MEASURES[:2]
# Ratios worth a tick, for ranges up to so many times; the first that is wide enough is used.
TICKS = (
    (3.0, (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)),
    (6.0, (0.25, 0.33, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0)),
    (float("inf"), (0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0)),
)


@dataclass(frozen=True)
class Row:
    label: str
    runtime: str
    estimate: stats.Estimate


@dataclass(frozen=True)
class Panel:
    title: str
    direction: str
    rows: tuple[Row, ...]


def grid_panels(study: Study) -> list[Panel]:
    """For each pair and measure: a row a point, ping-pong first."""
    answer = []
    for of, to, what in versus.pairs(study):
        points = versus.grid_points(study, False) + versus.grid_points(study, True)
        for name, measure, better in SHOWN:
            rows = []
            for point in points:
                estimate = versus.ratio(study, of, to, point, measure).estimate
                if estimate:
                    rows.append(Row(versus.point_text(point), of.id, estimate))
            if rows:
                title = f"{name}: {study.labels[of]} / {study.labels[to]}"
                answer.append(Panel(title, f"{what}; {better}", tuple(rows)))
    return answer


def feature_panels(study: Study) -> list[Panel]:
    """For each point at which three forms or more were measured, and measure: a row a form."""
    answer = []
    for point in versus.grid_points(study, False) + versus.grid_points(study, True):
        for name, measure, _ in SHOWN:
            rows = []
            for who, best in versus.switched(study):
                estimate = versus.ratio(study, who, best, point, measure).estimate
                if estimate:
                    rows.append(Row(study.labels[who], who.id, estimate))
            if len(rows) >= 3:
                title = f"{name}: form / best form"
                answer.append(Panel(title, versus.point_text(point), tuple(rows)))
    return answer


def ratio_figure(panels: list[Panel]) -> Figure | None:
    """Two columns of panels with one shared scale; None without any."""
    if not panels:
        return None
    estimates = [row.estimate for panel in panels for row in panel.rows]
    low = min(0.8, *(one.low for one in estimates)) * 0.97
    high = max(1.25, *(one.high for one in estimates)) * 1.03
    left = 0.25 + canvas.text_inches(row.label for panel in panels for row in panel.rows)
    most = max(len(panel.rows) for panel in panels)
    figure, all_axes = canvas.panels(
        len(panels),
        columns=2,
        width=left + 4.3,
        height=ABOVE + ROW_INCHES * most + BELOW,
        margins=(left, 1.2, BELOW, ABOVE),
    )
    for axes, panel in zip(all_axes, panels):
        _axes(axes, [row.label for row in panel.rows], low, high)
        for place, row in enumerate(panel.rows):
            _row(axes, place, row)
        canvas.title(axes, f"{panel.title}\n{panel.direction}")
    return figure


def _axes(axes: Axes, labels: list[str], low: float, high: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=canvas.TEXT, labelsize=canvas.FONT_POINTS)
    shown = next(ticks for most, ticks in TICKS if high / low <= most)
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in shown if low <= tick <= high]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}×"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("ratio")
    canvas.bare(axes, grid="x")
    axes.spines["left"].set_visible(False)
    axes.axvline(1.0, color=canvas.MUTED, linewidth=1.0)


def _row(axes: Axes, place: int, row: Row) -> None:
    look = palette.look(row.runtime)
    axes.plot(
        [row.estimate.median],
        [place],
        look.marker,
        color=look.light,
        markersize=5.5,
        markeredgewidth=1.2,
        clip_on=False,
    )
    # In ink and on top: an interval narrower than the marker must still be seen.
    low, high = row.estimate.low, row.estimate.high
    axes.plot([low, high], [place, place], color=canvas.TEXT, linewidth=1.1)
    beside(axes, place, wording.times(row.estimate.median), "")


def description(panels: list[Panel]) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for panel in panels:
        values = ", ".join(f"{r.label} {wording.times(r.estimate.median)}" for r in panel.rows)
        parts.append(f"{panel.title} ({panel.direction}): {values}")
    return ". ".join(parts)
