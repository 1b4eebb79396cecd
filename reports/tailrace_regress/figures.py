# SPDX-License-Identifier: MIT
"""The figures of a job: ratios of all metrics with their intervals, and head / base over the whole
latency distribution with its joint band. Imports matplotlib; output.py does without it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from tailrace_regress import metrics
from tailrace_regress.curve import Curve
from tailrace_regress.judge import Judgement
from tailrace_regress.phrases import SHORT
from tailrace_report import canvas, palette, svg
from tailrace_report.document import Picture
from tailrace_report.figure_latency import X_TICKS
from tailrace_report.figure_versus import Panel, Row, ratio_figure
from tailrace_report.tables import one_line

# Up to which percentile the smallest relevant effect of which quantile is drawn.
CORRIDOR = ((1 / 0.1, "p50"), (1 / 0.005, "p99"), (math.inf, "p99.9"))


def draw(judged: Judgement, found: Sequence[Curve]) -> tuple[list[Picture], dict[str, bytes]]:
    """Pictures for the page, and the files that go beside it."""
    pictures, files = [], {}
    with canvas.settings():
        panels = ratio_panels(judged)
        for name, title, words, figure in (
            ("ratios", "Head / base of every time, with intervals", _panels_text(panels),
             ratio_figure(panels)),
            ("curves", "Head / base over all quantiles, with the joint 95 % band",
             curves_text(found), curves_figure(found)),
        ):
            if figure is None:
                continue
            source = canvas.svg(figure)
            files[f"{name}.png"] = canvas.png(figure)
            files[f"{name}.svg"] = source.encode("utf-8")
            pictures.append(Picture(name, title, words, svg.inline(source, name, title, words)))
    return pictures, files


def ratio_panels(judged: Judgement) -> list[Panel]:
    """A panel a metric, a row a target and point."""
    panels = []
    for metric, name in {**SHORT, "p99.9": "p99.9"}.items():
        shown = [f for f in judged.findings if f.key.metric == metric and f.ratio is not None]
        rows = [
            Row(one_line(f"{f.key.target}, {f.key.place}"), f.key.target.split(" ")[0], f.ratio)
            for f in sorted(shown, key=lambda f: f.key)
            if f.ratio is not None
        ]
        about = metrics.known(metric)
        if rows and about is not None:
            better = "less is better" if about.best_is_low else "more is better"
            matters = f"matters from {100 * about.delta:g} %"
            panels.append(Panel(f"{name}: head / base", f"{better}; {matters}", tuple(rows)))
    return panels


def _panels_text(panels: Sequence[Panel]) -> str:
    return ". ".join(
        f"{panel.title}: " + ", ".join(f"{r.label} {r.estimate.median:.3f}" for r in panel.rows)
        for panel in panels
    )


def curves_figure(found: Sequence[Curve]) -> Figure | None:
    """A panel a curve, with one scale of ratios for all."""
    if not found:
        return None
    low = min(0.9, *(min(one.low) for one in found)) * 0.98
    high = max(1.11, *(max(one.high) for one in found)) * 1.02
    low, high = max(low, 0.2), min(high, 5.0)
    last = max(one.x[-1] for one in found)
    figure, all_axes = canvas.panels(
        len(found), columns=2, width=5.2, height=3.2, margins=(0.75, 0.25, 0.65, 0.75)
    )
    for axes, one in zip(all_axes, found):
        _curve(axes, one, low, high, last)
    return figure


def _curve(axes: Axes, one: Curve, low: float, high: float, last: float) -> None:
    look = palette.look(one.target.split(" ")[0])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1.9, last * 1.1)
    axes.set_ylim(low, high)
    start = 1.9
    for end, metric in CORRIDOR:
        about = metrics.known(metric)
        if about is None or start >= last * 1.1:
            break
        stop = min(end, last * 1.1)
        sides = [1 / (1 + about.delta)] * 2, [1 + about.delta] * 2
        axes.fill_between([start, stop], *sides, color=canvas.GRID, linewidth=0, alpha=0.6)
        start = stop
    axes.axhline(1.0, color=canvas.MUTED, linewidth=0.9)
    axes.fill_between(one.x, one.low, one.high, color=look.light, alpha=0.25, linewidth=0)
    axes.plot(one.x, one.ratio, color=look.light, linewidth=1.8)
    axes.xaxis.set_major_locator(FixedLocator([x for x in X_TICKS if x <= last * 1.1]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: X_TICKS.get(x, "")))
    axes.xaxis.set_minor_locator(NullLocator())
    ticks = (0.25, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 4.0)
    axes.yaxis.set_major_locator(FixedLocator([t for t in ticks if low <= t <= high]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}×"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("share at least this fast")
    axes.set_ylabel("head / base, less is better")
    canvas.bare(axes, grid="y")
    canvas.title(axes, f"{one.target}, {one.rounds} rounds, joint p {one.p:.2g}\n{one.title}")


def curves_text(found: Sequence[Curve]) -> str:
    """The figure in words."""
    parts = []
    for one in found:
        top = max(range(len(one.x)), key=lambda i: abs(math.log(one.ratio[i])))
        parts.append(
            f"{one.target} at {one.point}: furthest from 1 at {100 * (1 - 1 / one.x[top]):.4g} %"
            f" with {one.ratio[top]:.3f} [{one.low[top]:.3f}, {one.high[top]:.3f}],"
            f" joint p {one.p:.2g}"
        )
    return ". ".join(parts)
