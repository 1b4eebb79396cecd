# SPDX-License-Identifier: MIT
"""Reads a second and CPU time a read against the number of readers, and speed against the block
size: a panel for each kind of page cache, a line a contestant, the interval over blocks at each
point. Both axes are logarithmic, so that a factor is the same distance everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from tailrace_report import canvas, files, palette, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.figure_latency import ticks
from tailrace_report.file_numbers import CACHE_NAMES, CACHES
from tailrace_report.study import Entry, Measure, Study, number


@dataclass(frozen=True)
class Sweep:
    """What one figure shows: `option` varies along the x axis, `fixed` is the same in a panel."""

    measure: Measure
    option: str
    fixed: str
    x_text: Callable[[int], str]
    x_axis: str
    y_axis: str
    scale: float
    best_is_low: bool


def _size(block_bytes: int) -> str:
    return f"{block_bytes >> 20} MiB" if block_bytes >= 1 << 20 else f"{block_bytes >> 10} KiB"


IOPS = Sweep(
    files.IOPS, "concurrency", "block_bytes", str, "readers", "thousand reads/s", 1e-3, False
)
CPU = Sweep(
    files.CPU, "concurrency", "block_bytes", str, "readers", "CPU time a read, µs", 1.0, True
)
SPEED = Sweep(
    number("file.bytes_per_s"),
    "block_bytes",
    "concurrency",
    _size,
    "bytes of a read",
    "MB/s",
    1e-6,
    False,
)

# What a panel shows: page cache, its points by x, and the entries of each contestant by x.
Panel = tuple[str, list[Point], dict[Contestant, list[tuple[int, Entry]]]]


def panels_of(study: Study, sweep: Sweep) -> list[Panel]:
    """For each kind of page cache the value of `fixed` that has most points, if at least two."""
    found: list[Panel] = []
    for cache in CACHES:
        by_fixed: dict[int, list[Point]] = {}
        for point in files.points(study, cache):
            by_fixed.setdefault(point.option(sweep.fixed), []).append(point)
        points = max(by_fixed.values(), key=len, default=[])
        points = sorted(points, key=lambda p: p.option(sweep.option))
        lines: dict[Contestant, list[tuple[int, Entry]]] = {}
        for point in points:
            compared = study.compare(point, sweep.measure, best_is_low=sweep.best_is_low)
            for entry in compared.entries if compared else ():
                lines.setdefault(entry.contestant, []).append((point.option(sweep.option), entry))
        if len(points) > 1 and lines:
            found.append((cache, points, lines))
    return found


def sweep_figure(study: Study, sweep: Sweep) -> Figure | None:
    """Small multiples with shared axes; None where nothing was swept."""
    found = panels_of(study, sweep)
    if not found:
        return None
    entries = [e for _, _, lines in found for line in lines.values() for _, e in line]
    right = 0.35 + canvas.text_inches(_label(e) for e in entries)
    figure, panels = canvas.panels(
        len(found), columns=2, width=4.4 + right, height=4.1, margins=(0.65, right, 0.6, 0.62)
    )
    y_low = min(e.estimate.low for e in entries) * sweep.scale * 0.85
    y_high = max(e.estimate.high for e in entries) * sweep.scale * 1.2
    for axes, (cache, points, lines) in zip(panels, found):
        places = sorted({p.option(sweep.option) for p in points})
        _axes(axes, places, max(y_low, y_high * 1e-6), y_high, sweep)
        _lines(axes, list(lines.values()), sweep.scale)
        name = CACHE_NAMES[cache]
        kept = points[0].option(sweep.fixed)
        beside = f"{_size(kept)} a read" if sweep.fixed == "block_bytes" else f"{kept} readers"
        better = "lower" if sweep.best_is_low else "higher"
        canvas.title(axes, f"{name[:1].upper()}{name[1:]}\n{beside}, {better} is better")
    return figure


def _axes(axes: Axes, places: list[int], y_low: float, y_high: float, sweep: Sweep) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlim(places[0] / 1.2, places[-1] * 1.2)
    axes.set_ylim(y_low, y_high)
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: sweep.x_text(round(x))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator(ticks(y_low, y_high)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.10g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(sweep.x_axis)
    axes.set_ylabel(sweep.y_axis)
    canvas.bare(axes, grid="both")


def _lines(axes: Axes, lines: list[list[tuple[int, Entry]]], scale: float) -> None:
    ends = []
    for line in lines:
        who = line[0][1].contestant
        look, pattern = palette.look(who.id), palette.dashes(who.form)
        x = [at for at, _ in line]
        middle = [entry.estimate.median * scale for _, entry in line]
        low = [entry.estimate.low * scale for _, entry in line]
        high = [entry.estimate.high * scale for _, entry in line]
        axes.fill_between(x, low, high, color=look.light, alpha=0.13, linewidth=0)
        style = (0, pattern) if pattern else "-"
        axes.plot(x, middle, color=look.light, linewidth=1.5, linestyle=style)
        for at, value, (_, entry) in zip(x, middle, line):
            fill = look.light if entry.ranked else palette.PAPER[0]
            axes.plot(
                [at], [value], look.marker, color=look.light, markerfacecolor=fill, markersize=5
            )
        ends.append((float(x[-1]), middle[-1], _label(line[-1][1]), look.light))
    canvas.end_labels(axes, ends)


def _label(entry: Entry) -> str:
    return entry.label + ("" if entry.ranked else ", gated")


def description(study: Study, sweep: Sweep) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for cache, _, lines in panels_of(study, sweep):
        told = []
        for line in lines.values():
            values = ", ".join(
                f"{wording.figures(e.estimate.median * sweep.scale)} at {sweep.x_text(at)}"
                for at, e in line
            )
            told.append(f"{line[0][1].label}: {values}")
        parts.append(f"{CACHE_NAMES[cache]}, {sweep.y_axis} by {sweep.x_axis}: {'; '.join(told)}")
    return ". ".join(parts)
