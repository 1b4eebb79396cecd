# SPDX-License-Identifier: MIT
"""Ratios around 1: a panel of rows with intervals, on a logarithmic scale on which twice as much
and half as much are equally far from the line at 1. Rows are in a fixed order."""

from collections.abc import Sequence
from dataclasses import dataclass

from tailrace_report import canvas, palette, stats, wording
from tailrace_report.kinds.kind import Drawn

ROW_INCHES = 0.23
ABOVE, BELOW = 0.72, 0.55
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


def ratio_figure(panels: Sequence[Panel]) -> Drawn:
    """Two columns of panels with one shared scale; None without any."""
    if not panels:
        return None
    estimates = [row.estimate for panel in panels for row in panel.rows]
    low = min(0.8, *(one.low for one in estimates)) * 0.97
    high = max(1.25, *(one.high for one in estimates)) * 1.03
    shown = next(ticks for most, ticks in TICKS if high / low <= most)
    left = 0.25 + canvas.text_inches(row.label for panel in panels for row in panel.rows)
    figure, all_axes = canvas.panels(
        len(panels),
        columns=2,
        width=left + 4.3,
        height=ABOVE + ROW_INCHES * max(len(panel.rows) for panel in panels) + BELOW,
        margins=(left, 1.2, BELOW, ABOVE),
    )
    for axes, panel in zip(all_axes, panels):
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        places = [tick for tick in shown if low <= tick <= high]
        canvas.ticks_at(axes.xaxis, places, lambda x: f"{x:g}×")
        canvas.named_rows(axes, [row.label for row in panel.rows])
        axes.set_xlabel("ratio")
        axes.axvline(1.0, color=canvas.MUTED, linewidth=1.0)
        for place, row in enumerate(panel.rows):
            one = row.estimate
            canvas.mark(axes, one.median, place, palette.look(row.runtime), size=5.5)
            canvas.whisker(axes, one.low, one.high, place)
            canvas.beside(axes, place, wording.times(one.median))
        canvas.title(axes, f"{panel.title}\n{panel.direction}")
    words = [
        f"{panel.title} ({panel.direction}): "
        + ", ".join(f"{row.label} {wording.times(row.estimate.median)}" for row in panel.rows)
        for panel in panels
    ]
    return figure, ". ".join(words)
