# SPDX-License-Identifier: MIT
"""A trend to look at: a panel a subject and point, its campaigns from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette, stats
from tailrace_report.kinds.kind import Drawn
from tailrace_report.readings import Place
from tailrace_report.tables import cut, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS_MAX = 24
NEAR = 0.06  # a panel shows at least so much above and below, or noise would look like news
TEXT_MAX = 52
READ = (
    "Line and band: each campaign's median over generations with its interval. Campaigns stand at"
    " equal distances, in order of their start, and a subject that a campaign lacks leaves a gap;"
    " each panel has its own scale, for a few percent must be seen."
)


@dataclass(frozen=True)
class Entry:
    """One campaign of a trend."""

    name: str
    started: str
    numbers: Mapping[Place, stats.Estimate]
    build: str = ""  # its digest

    @property
    def what(self) -> str:
        """Name, build and date, as far as they are known."""
        return " ".join(part for part in (self.name, self.build, self.started[:10]) if part)


@dataclass(frozen=True)
class Series:
    """One number over a trend: by the number of the campaign."""

    place: Place
    numbers: Mapping[int, stats.Estimate]

    @property
    def spread(self) -> float:
        middles = [one.median for one in self.numbers.values()]
        return max(middles) / min(middles)


def history_figure(entries: Sequence[Entry], found: Sequence[Series]) -> Drawn:
    """None without series; those that changed most where there are too many."""
    shown = sorted(found, key=lambda one: -one.spread)[:PANELS_MAX]
    if not shown:
        return None
    shown.sort(key=lambda one: (one.place.point, one.place.who))
    figure, panels = canvas.panels(
        len(shown), columns=2, width=5.6, height=2.8, margins=(0.8, 0.45, 0.45, 0.62)
    )
    for axes, one in zip(panels, shown):
        _panel(axes, entries, one)
    more = [f"{len(found) - len(shown)} more are in the table"] if len(shown) < len(found) else []
    return figure, ". ".join([*map(_words, shown), *more])


def _panel(axes: Axes, entries: Sequence[Entry], one: Series) -> None:
    look = palette.look(one.place.who.split(" ")[0])
    at = list(one.numbers)
    gaps = [n for n in range(1, len(at)) if at[n] != at[n - 1] + 1]
    for start, end in zip([0, *gaps], [*gaps, len(at)]):
        x = at[start:end]
        middle, low, high = (
            [getattr(one.numbers[n], part) for n in x] for part in ("median", "low", "high")
        )
        axes.fill_between(x, low, high, color=look.light, alpha=0.15, linewidth=0)
        axes.plot(x, middle, color=look.light, linewidth=0.8, alpha=0.8)
        axes.plot(x, middle, look.marker, color=look.light, markersize=3.2, linestyle="none")
    axes.set_xlim(-0.6, len(entries) - 0.4)
    axes.set_ylim(*_limits(one))
    canvas.round_ticks(axes.yaxis, one.place.metric.text, 5)
    places = sorted({round((len(entries) - 1) * n / 3) for n in range(4)})
    dates = [entries[n].started[:10] for n in places]
    named = all(dates) and len(set(dates)) == len(dates)
    texts = dates if named else [f"no. {n + 1}" for n in places]
    canvas.ticks_at(axes.xaxis, places, lambda x: texts[places.index(int(x))])
    canvas.bare(axes, grid="y")
    better = "less" if one.place.metric.measure.best_is_low else "more"
    what = cut(one_line(f"{one.place.who}, {one.place.point}"), TEXT_MAX)
    canvas.title(axes, f"{what}\n{better} is better")


def _limits(one: Series) -> tuple[float, float]:
    """Around the medians and the usual band: one wild campaign must not flatten the rest. Where
    little happened, the middle of the panel is the middle of the numbers."""
    numbers = one.numbers.values()
    low = min(*(n.median for n in numbers), stats.median([n.low for n in numbers]))
    high = max(*(n.median for n in numbers), stats.median([n.high for n in numbers]))
    middle = (low + high) / 2
    near = max(middle * NEAR, one.place.metric.grain)
    low, high = min(low, middle - near), max(high, middle + near)
    return low - 0.1 * (high - low), high + 0.1 * (high - low)


def _words(one: Series) -> str:
    form = one.place.metric.text
    ends = " to ".join(form(one.numbers[n].median) for n in (min(one.numbers), max(one.numbers)))
    return f"{one.place.who}, {one.place.point}: {len(one.numbers)} campaigns, {ends}"
