# SPDX-License-Identifier: MIT
"""Dot plot of the micro benchmarks: a panel for each number of workers, a row a benchmark, a marker
a runtime, time per operation on a logarithmic axis; the line through a marker is the range over
rounds. The markers of a row are a little apart in height, so that none hides another."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tailrace_report import canvas, palette, stats, wording
from tailrace_report.micro import FLOOR, Key, Micro
from tailrace_report.micro_tables import keys_of, ordered

ROW_INCHES = 0.29
LEGEND_LINE_INCHES = 0.2
PANEL_INCHES = 4.4
RIGHT_INCHES = 0.3
APART = 0.07  # of a row: between a runtime and the next


def micro_figure(micro: Micro) -> Figure | None:
    """None without any number."""
    panels = [(workers, _measured(micro, workers)) for workers in micro.workers()]
    panels = [(workers, keys) for workers, keys in panels if keys]
    if not panels:
        return None
    left = 0.25 + canvas.text_inches(key[0] for _, keys in panels for key in keys)
    rows = max(len(keys) for _, keys in panels)
    per_line = _names_per_line(micro)
    lines = max(math.ceil(len(micro.runtimes(workers)) / per_line) for workers, _ in panels)
    legend = 0.1 + LEGEND_LINE_INCHES * lines
    figure, axes = canvas.panels(
        len(panels),
        columns=2,
        width=PANEL_INCHES + left + RIGHT_INCHES,
        height=1.05 + legend + ROW_INCHES * rows,
        margins=(left, RIGHT_INCHES, 0.6, 0.45 + legend),
    )
    low, high = _limits(micro)
    for panel, (workers, keys) in zip(axes, panels):
        _scale(panel, [key[0] for key in keys], rows, low, high)
        runtimes = ordered(micro.runtimes(workers))
        for place, key in enumerate(keys):
            for index, runtime in enumerate(runtimes):
                above = (index - (len(runtimes) - 1) / 2) * APART
                _dot(panel, micro, key, runtime, place + above)
        _legend(panel, runtimes, per_line)
        title = f"{wording.counted(workers, 'worker')}, lower is better"
        canvas.title(panel, title, above=8 + 72 * legend)
    return figure


def _names_per_line(micro: Micro) -> int:
    """How many entries of the legend stand side by side above a panel."""
    names = {runtime for group in micro.rows.values() for runtime in group}
    return max(1, int(PANEL_INCHES / (0.4 + canvas.text_inches(names))))


def _measured(micro: Micro, workers: int) -> list[Key]:
    return [key for key in keys_of(micro, workers) if any(r.ns for r in micro.rows[key].values())]


def _limits(micro: Micro) -> tuple[float, float]:
    """The decades around all numbers."""
    values = [v for group in micro.rows.values() for row in group.values() for v in row.ns.values()]
    return 10.0 ** math.floor(math.log10(min(values))), 10.0 ** math.ceil(math.log10(max(values)))


def _scale(axes: Axes, labels: list[str], rows: int, low: float, high: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low, max(high, low * 10))
    decades = round(math.log10(max(high, low * 10) / low))
    axes.xaxis.set_major_locator(FixedLocator([low * 10**n for n in range(decades + 1)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _decade(x)))
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=canvas.TEXT, labelsize=canvas.FONT_POINTS)
    axes.set_xlabel("time per operation (logarithmic)")
    canvas.bare(axes, grid="both")
    axes.spines["left"].set_visible(False)


def _decade(value: float) -> str:
    """`10 ns`, `1 µs`: a power of ten without figures after the point."""
    for divisor, unit in ((1, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")):
        if value < divisor * 999:
            return f"{value / divisor:g} {unit}"
    return f"{value / 1e9:g} s"


def _dot(axes: Axes, micro: Micro, key: Key, runtime: str, place: float) -> None:
    row = micro.rows[key].get(runtime)
    if row is None or not row.ns:
        return
    look = palette.look(runtime)
    values = list(row.ns.values())
    axes.plot([min(values), max(values)], [place, place], color=look.light, linewidth=1.4)
    axes.plot(
        [stats.median(values)],
        [place],
        look.marker,
        color=look.light,
        markersize=6.0,
        markerfacecolor=palette.PAPER[0] if runtime == FLOOR else look.light,
        markeredgewidth=1.2,
        clip_on=False,
    )


def _legend(axes: Axes, runtimes: list[str], per_line: int) -> None:
    """Names and markers between the title and the panel."""
    handles = []
    for runtime in runtimes:
        look = palette.look(runtime)
        handles.append(
            Line2D(
                [],
                [],
                linestyle="none",
                marker=look.marker,
                color=look.light,
                markerfacecolor=palette.PAPER[0] if runtime == FLOOR else look.light,
                label="floor" if runtime == FLOOR else runtime,
            )
        )
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.01),
        ncol=per_line,
        frameon=False,
        borderaxespad=0.0,
        handletextpad=0.1,
        columnspacing=1.2,
    )


def description(micro: Micro) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for workers in micro.workers():
        for key in _measured(micro, workers):
            group = micro.rows[key]
            told = [
                f"{'floor' if name == FLOOR else name}"
                f" {wording.duration(stats.median(list(group[name].ns.values())))}"
                for name in ordered(list(group))
                if group[name].ns
            ]
            parts.append(
                f"{key[0]}, {wording.counted(workers, 'worker')}: {wording.joined(told)}."
            )
    return " ".join(parts)
