# SPDX-License-Identifier: MIT
"""Dot plot of the micro benchmarks: a panel for each number of workers, a row a benchmark, a marker
a runtime, time per operation on a logarithmic axis; the line through a marker is the range over
rounds. The markers of a row are a little apart in height, so that none hides another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette, stats, wording
from tailrace_report.kinds.kind import Drawn
from tailrace_report.micro import Key, Micro

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_INCHES = 0.29
LEGEND_LINE_INCHES = 0.2
PANEL_INCHES = 4.4
RIGHT_INCHES = 0.3
APART = 0.07  # of a row: between a runtime and the next


def micro_figure(micro: Micro) -> Drawn:
    """None without any number."""
    panels = [(workers, _measured(micro, workers)) for workers in micro.workers()]
    panels = [(workers, keys) for workers, keys in panels if keys]
    if not panels:
        return None
    left = 0.25 + canvas.text_inches(key[0] for _, keys in panels for key in keys)
    rows = max(len(keys) for _, keys in panels)
    names = {runtime for group in micro.rows.values() for runtime in group}
    per_line = max(1, int(PANEL_INCHES / (0.4 + canvas.text_inches(names))))
    lines = max(math.ceil(len(micro.runtimes(workers)) / per_line) for workers, _ in panels)
    legend = 0.1 + LEGEND_LINE_INCHES * lines
    figure, every = canvas.panels(
        len(panels),
        columns=2,
        width=PANEL_INCHES + left + RIGHT_INCHES,
        height=1.05 + legend + ROW_INCHES * rows,
        margins=(left, RIGHT_INCHES, 0.6, 0.45 + legend),
    )
    low, decades = _decades(micro)
    words = []
    for axes, (workers, keys) in zip(every, panels):
        axes.set_xscale("log")
        axes.set_xlim(low, low * 10**decades)
        places = [low * 10**n for n in range(decades + 1)]
        canvas.ticks_at(axes.xaxis, places, wording.time_unit)
        canvas.named_rows(axes, [key[0] for key in keys])
        axes.set_ylim(rows - 0.5, -0.5)
        axes.grid(True, axis="both", which="major")
        axes.set_xlabel("time per operation (logarithmic)")
        runtimes = micro.runtimes(workers)
        for place, key in enumerate(keys):
            for index, runtime in enumerate(runtimes):
                above = (index - (len(runtimes) - 1) / 2) * APART
                _dot(axes, micro, key, runtime, place + above)
            words.append(_words(micro, key))
        _legend(axes, micro, runtimes, per_line)
        title = f"{wording.counted(workers, 'worker')}, lower is better"
        canvas.title(axes, title, above=8 + 72 * legend)
    return figure, " ".join(words)


def _measured(micro: Micro, workers: int) -> list[Key]:
    return [key for key in micro.keys(workers) if any(r.ns for r in micro.rows[key].values())]


def _decades(micro: Micro) -> tuple[float, int]:
    """Where the decades around all numbers start, and how many they are."""
    values = [v for group in micro.rows.values() for row in group.values() for v in row.ns.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return 10.0**low, max(1, high - low)


def _dot(axes: Axes, micro: Micro, key: Key, runtime: str, place: float) -> None:
    row = micro.rows[key].get(runtime)
    if row is None or not row.ns:
        return
    look, values = palette.look(runtime), list(row.ns.values())
    axes.plot([min(values), max(values)], [place, place], color=look.light, linewidth=1.4)
    canvas.mark(axes, stats.median(values), place, look, solid=runtime != micro.floor)


def _legend(axes: Axes, micro: Micro, runtimes: list[str], per_line: int) -> None:
    """Names and markers between the title and the panel."""
    handles = []
    for runtime in runtimes:
        look = palette.look(runtime)
        fill = palette.PAPER[0] if runtime == micro.floor else look.light
        (handle,) = axes.plot(
            [], [], look.marker, color=look.light, markerfacecolor=fill, label=micro.shown(runtime)
        )
        handles.append(handle)
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


def _words(micro: Micro, key: Key) -> str:
    group = micro.rows[key]
    texts = [
        f"{micro.shown(name)} {wording.duration(stats.median(list(group[name].ns.values())))}"
        for name in micro.ordered(group)
        if group[name].ns
    ]
    return f"{key[0]}, {wording.counted(key[1], 'worker')}: {wording.joined(texts)}."
