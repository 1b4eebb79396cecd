# SPDX-License-Identifier: MIT
"""Tails: a histogram over the percentile axis 1/(1-p), a panel a point, a line a subject.

The form is HdrHistogram's percentile plot (Gil Tene) with what it lacks: a logarithmic y axis, a
band over blocks, and an end where the samples end: where too few requests lie above, or too few
stall clusters carry it. A line is, at each p, the median over blocks of each block's quantile (the
same number as in the table); its band is the range over blocks. Where single blocks no longer carry
the quantile but all together do, a thin line goes on without a band, from the histogram of all
blocks merged. Where rounds were disturbed there are two panels: of the kept ones, and as lived.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette, stats, wording
from tailrace_report.campaign import OK, Point, Subject
from tailrace_report.hdr import Histogram
from tailrace_report.kinds.kind import Drawn
from tailrace_report.slices import AS_LIVED
from tailrace_report.study import Study
from tailrace_report.subject_table import LIVED, kept_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS_PER_DECADE = 12
MARKED = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
X_TICKS = {1.0: "0", 2.0: "50 %", 10.0: "90 %", 1e2: "99 %", 1e3: "99.9 %", 1e4: "99.99 %"}
X_TICKS |= {1e5: "99.999 %", 1e6: "99.9999 %"}


@dataclass(frozen=True)
class Curve:
    """One subject's line: x = 1/(1-p), y in ns; `beyond` is the merged part without a band."""

    subject: Subject
    label: str
    x: list[float]
    middle: list[float]
    low: list[float]
    high: list[float]
    beyond: list[tuple[float, float]]


@dataclass(frozen=True)
class Shown:
    """What one figure shows: which histogram, of which subjects not, and what stands beside it."""

    heading: Callable[[Point], str]
    histogram: str = "response"
    axis: str = "share at least this fast"
    leave_out: frozenset[Subject] = frozenset()
    remark: Callable[[Subject], str] = lambda who: ""  # what a name is followed by


def latency_figure(study: Study, points: list[Point], shown: Shown) -> Drawn:
    """Small multiples with shared axes; None when no point has a curve."""
    drawn = [
        (point, label, found)
        for point in points
        for label, one in _views(study, point, shown)
        if (found := curves(study, point, one))
    ]
    if not drawn:
        return None
    every = [curve for *_, found in drawn for curve in found]
    right = 0.35 + canvas.text_inches(curve.label for curve in every)
    figure, panels = canvas.panels(
        len(drawn), columns=2, width=4.75 + right, height=4.1, margins=(0.65, right, 0.6, 0.62)
    )
    x_high = max(max([c.x[-1]] + [x for x, _ in c.beyond]) for c in every)
    y_low = min(min(c.low[1:] or c.low) for c in every) * 0.9
    y_high = max(max(c.high + [y for _, y in c.beyond]) for c in every) * 1.15
    for axes, (point, label, found) in zip(panels, drawn):
        axes.set_xscale("log")
        axes.set_xlim(1.0, x_high)
        places = [x for x in X_TICKS if x <= x_high * 1.001]
        canvas.ticks_at(axes.xaxis, places, lambda x: X_TICKS.get(round(x, 6), ""))
        canvas.log_scale(axes, "y", y_low, y_high, wording.time_unit)
        canvas.bare(axes, grid="both")
        axes.set_xlabel(shown.axis)
        canvas.end_labels(axes, [_line(axes, curve) for curve in found])
        first, _, second = shown.heading(point).partition("\n")
        canvas.title(axes, f"{first}\n{label}{second}")
    words = [f"{label}{at.title}: {', '.join(map(_words, found))}" for at, label, found in drawn]
    return figure, ". ".join(words)


def _views(study: Study, point: Point, shown: Shown) -> list[tuple[str, Shown]]:
    """What leads the second line of the heading, and what is shown: two tails where rounds were
    disturbed."""
    if shown.histogram != "response" or not study.disturbed(point):
        return [("", shown)]
    kept = kept_label(study, point)
    return [(f"{kept}: ", shown), (f"{LIVED}: ", replace(shown, histogram=AS_LIVED))]


def curves(study: Study, point: Point, shown: Shown) -> list[Curve]:
    """Every subject with a supported median at this point, in the fixed order."""
    found = []
    for who in study.present(point):
        if who in shown.leave_out:
            continue
        status = study.standing(who, point)
        label = study.labels[who] + shown.remark(who) + (f", {status}" if status != OK else "")
        of = who, point, status, shown.histogram
        blocks, stretches = study.histograms(*of), study.stretches(*of)
        curve = None
        if blocks:
            longest = [stretches[block] for block in blocks]
            curve = curve_of(who, label, list(blocks.values()), longest)
        if curve:
            found.append(curve)
    return found


def curve_of(
    who: Subject, label: str, blocks: list[Histogram], longest: Sequence[list[float]] = ()
) -> Curve | None:
    """`longest`: of each block, as stats.clustered has it."""
    limit = min(histogram.total for histogram in blocks) / stats.EXCEEDANCES_MIN
    if limit < 2.0:
        return None
    x = _grid(limit)
    shares = [1.0 - 1.0 / at for at in x]
    rows = list(zip(*(histogram.quantiles(shares) for histogram in blocks)))
    carried = list(takewhile(lambda row: stats.clustered(zip(row, longest)), rows))
    if len(carried) < 2:
        return None
    pooled = Histogram.merge(blocks)
    further = [
        at
        for at in _grid(pooled.total / stats.EXCEEDANCES_MIN)
        if at > limit * 1.001
        and stats.clustered((pooled.quantile(1.0 - 1.0 / at), found) for found in longest)
    ]
    if len(carried) < len(rows):
        x, rows, further = x[: len(carried)], carried, []
    if further:
        further = [limit, *further]
    return Curve(
        who,
        label,
        x,
        [stats.median(row) for row in rows],
        [float(min(row)) for row in rows],
        [float(max(row)) for row in rows],
        [(at, float(pooled.quantile(1.0 - 1.0 / at))) for at in further],
    )


def _grid(limit: float) -> list[float]:
    """x from 1 (p = 0) to `limit`: even steps on the log axis, the marked quantiles, the limit."""
    steps = max(1, math.floor(math.log10(limit) * STEPS_PER_DECADE + 1e-9))
    grid = {10 ** (step / STEPS_PER_DECADE) for step in range(steps + 1)}
    # A step that differs from a marked one only by rounding is the same step.
    grid = {x for x in grid if all(abs(x / _x_of(p) - 1) > 1e-6 for p in MARKED)}
    return sorted(x for x in grid | {_x_of(p) for p in MARKED} if x < limit) + [limit]


def _x_of(p: float) -> float:
    """Where a share stands on the axis: 2 for 0.5, 10 for 0.9, 100 for 0.99."""
    return float(f"{1.0 / (1.0 - p):.9g}")


def _line(axes: Axes, curve: Curve) -> tuple[float, float, str, str]:
    """Draws it; returns its end."""
    look, style = palette.look(curve.subject.id), palette.dashes(curve.subject.form)
    axes.fill_between(curve.x, curve.low, curve.high, color=look.light, alpha=0.13, linewidth=0)
    axes.plot(curve.x, curve.middle, color=look.light, linewidth=1.5, linestyle=style)
    marked = {_x_of(p) for p in MARKED}
    dots = [(x, y) for x, y in zip(curve.x, curve.middle) if x in marked]
    if dots:
        axes.plot(*zip(*dots), look.marker, color=look.light, markersize=4.5, linestyle="none")
    x, y = curve.x[-1], curve.middle[-1]
    if curve.beyond:
        axes.plot(*zip(*curve.beyond), color=look.light, linewidth=0.7, linestyle=style)
        x, y = curve.beyond[-1]
    return x, y, curve.label, look.light


def _words(curve: Curve) -> str:
    share = 100 * (1 - 1 / curve.x[-1])
    return f"{curve.label} {wording.duration(curve.middle[-1])} at {share:.4g} %"
