# SPDX-License-Identifier: MIT
"""Latency tails: response time over the percentile axis 1/(1-p), a panel a point, a line a runtime.

The form is HdrHistogram's percentile plot (Gil Tene) with what it lacks: a logarithmic y axis, a
band over blocks, and an end where the samples end. A line is, at each p, the median over blocks of
each block's quantile (the same number as in the table); its band is the range over blocks. Where
single blocks no longer carry the quantile but all together do, a thin line goes on without a band,
from the histogram of all blocks merged.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from tailrace_report import canvas, palette, stats, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.hdr import Histogram
from tailrace_report.study import Study

STEPS_PER_DECADE = 12
MARKED = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
X_TICKS = {1.0: "0", 2.0: "50 %", 10.0: "90 %", 1e2: "99 %", 1e3: "99.9 %", 1e4: "99.99 %"}
X_TICKS |= {1e5: "99.999 %", 1e6: "99.9999 %"}


@dataclass(frozen=True)
class Curve:
    """One contestant's line: x = 1/(1-p), y in ns; `beyond` is the merged part without a band."""

    contestant: Contestant
    label: str
    gated: bool
    x: list[float]
    middle: list[float]
    low: list[float]
    high: list[float]
    beyond: list[tuple[float, float]]


@dataclass(frozen=True)
class Shown:
    """Which histograms are drawn, and of whom not."""

    name: str = "response"
    axis: str = "share at least this fast"
    leave_out: frozenset[Contestant] = frozenset()
    remarks: tuple[tuple[str, str], ...] = ()  # (id of a contestant, what its name is followed by)

    def label(self, study: Study, who: Contestant) -> str:
        return study.labels[who] + dict(self.remarks).get(who.id, "")


RESPONSE = Shown()


def curves(study: Study, point: Point, shown: Shown = RESPONSE) -> list[Curve]:
    """Every contestant with a supported median at this point, in the fixed order."""
    found = []
    for who in study.contestants:
        if who in shown.leave_out:
            continue
        status = study.standing(who, point)
        blocks = list(study.histograms(who, point, status, shown.name).values()) if status else []
        label = shown.label(study, who)
        curve = curve_of(who, label, status == "gated", blocks) if blocks else None
        if curve:
            found.append(curve)
    return found


def _grid(limit: float) -> list[float]:
    """x from 1 (p = 0) to `limit`: even steps on the log axis, the marked quantiles, the limit."""
    steps = max(1, math.floor(math.log10(limit) * STEPS_PER_DECADE + 1e-9))
    grid = {10 ** (step / STEPS_PER_DECADE) for step in range(steps + 1)}
    # A step that differs from a marked one only by rounding is the same step.
    grid = {x for x in grid if all(abs(x / x_of(p) - 1) > 1e-6 for p in MARKED)}
    return sorted(x for x in grid | {x_of(p) for p in MARKED} if x < limit) + [limit]


def x_of(p: float) -> float:
    """Where a share stands on the axis: 2 for 0.5, 10 for 0.9, 100 for 0.99."""
    return float(f"{1.0 / (1.0 - p):.9g}")


def curve_of(who: Contestant, label: str, gated: bool, blocks: list[Histogram]) -> Curve | None:
    limit = min(histogram.total for histogram in blocks) / stats.EXCEEDANCES_MIN
    if limit < 2.0:
        return None
    x = _grid(limit)
    shares = [1.0 - 1.0 / at for at in x]
    rows = list(zip(*(histogram.quantiles(shares) for histogram in blocks)))
    pooled = Histogram.merge(blocks)
    further = [at for at in _grid(pooled.total / stats.EXCEEDANCES_MIN) if at > limit * 1.001]
    if further:
        further = [limit, *further]
    beyond = pooled.quantiles([1.0 - 1.0 / at for at in further])
    return Curve(
        who,
        label,
        gated,
        x,
        [stats.median(row) for row in rows],
        [float(min(row)) for row in rows],
        [float(max(row)) for row in rows],
        [(at, float(value)) for at, value in zip(further, beyond)],
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _heading(point: Point) -> str:
    mode, _, rest = point.title.partition(", ")
    return f"{rest}\n{mode}, response time, lower is better"


def others_heading(point: Point) -> str:
    """For hog points: what the hogs do tells panels apart."""
    rate = "" if point.rate_per_s is None else f", {point.rate_per_s:,.0f} requests/s"
    return f"{_capital(point.uneven)}\nresponse time of the others{rate}, lower is better"


def file_heading(point: Point) -> str:
    """For file points: the page cache tells sections apart, size and readers panels."""
    return f"{_capital(point.title)}\ntime of a read, lower is better"


def latency_figure(
    study: Study,
    points: list[Point],
    heading: Callable[[Point], str] = _heading,
    shown: Shown = RESPONSE,
) -> Figure | None:
    """Small multiples with shared axes; None when no point has a curve."""
    drawn = [(point, found) for point in points if (found := curves(study, point, shown))]
    if not drawn:
        return None
    everything = [curve for _, found in drawn for curve in found]
    right = 0.35 + canvas.text_inches(shown_label(curve) for curve in everything)
    figure, panels = canvas.panels(
        len(drawn), columns=2, width=4.75 + right, height=4.1, margins=(0.65, right, 0.6, 0.62)
    )
    x_high = max(max([c.x[-1]] + [x for x, _ in c.beyond]) for c in everything)
    y_low = min(min(c.low[1:] or c.low) for c in everything) * 0.9
    y_high = max(max(c.high + [y for _, y in c.beyond]) for c in everything) * 1.15
    for axes, (point, found) in zip(panels, drawn):
        _axes(axes, x_high, y_low, y_high)
        axes.set_xlabel(shown.axis)
        _panel(axes, found)
        canvas.title(axes, heading(point))
    return figure


def _axes(axes: Axes, x_high: float, y_low: float, y_high: float) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1.0, x_high)
    axes.set_ylim(y_low, y_high)
    axes.xaxis.set_major_locator(FixedLocator([x for x in X_TICKS if x <= x_high * 1.001]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: X_TICKS.get(round(x, 6), "")))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator(ticks(y_low, y_high)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: tick_text(y)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    canvas.bare(axes, grid="both")


def ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 per decade, or 1 per decade where that would crowd."""
    digits = (1, 2, 5) if high / low < 3000 else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [d * 10.0**e for e in decades for d in digits if low <= d * 10.0**e <= high]


def tick_text(nanoseconds: float) -> str:
    """A round time on an axis: `200 µs`, `5 ms`."""
    for limit, divisor, unit in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if nanoseconds < limit:
            return f"{nanoseconds / divisor:g} {unit}"
    return f"{nanoseconds / 1e9:g} s"


def _panel(axes: Axes, found: list[Curve]) -> None:
    ends = []
    for curve in found:
        look = palette.look(curve.contestant.id)
        pattern = palette.dashes(curve.contestant.form)
        style = (0, pattern) if pattern else "-"
        axes.fill_between(curve.x, curve.low, curve.high, color=look.light, alpha=0.13, linewidth=0)
        axes.plot(curve.x, curve.middle, color=look.light, linewidth=1.5, linestyle=style)
        marked = {x_of(p) for p in MARKED}
        dots = [(x, y) for x, y in zip(curve.x, curve.middle) if x in marked]
        if dots:
            axes.plot(*zip(*dots), look.marker, color=look.light, markersize=4.5, linestyle="none")
        x, y = curve.x[-1], curve.middle[-1]
        if curve.beyond:
            axes.plot(*zip(*curve.beyond), color=look.light, linewidth=0.7, linestyle=style)
            x, y = curve.beyond[-1]
        ends.append((x, y, shown_label(curve), look.light))
    canvas.end_labels(axes, ends)


def shown_label(curve: Curve) -> str:
    return curve.label + (", gated" if curve.gated else "")


def timers_heading(point: Point) -> str:
    """For timer points."""
    return f"{_capital(point.title)}\nlateness, lower is better"


def description(study: Study, points: list[Point], shown: Shown = RESPONSE) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for point in points:
        ends = [
            f"{c.label} {wording.duration(c.middle[-1])} at {100 * (1 - 1 / c.x[-1]):.4g} %"
            for c in curves(study, point, shown)
        ]
        if ends:
            parts.append(f"{point.title}: {', '.join(ends)}")
    return ". ".join(parts)
