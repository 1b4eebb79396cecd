# SPDX-License-Identifier: MIT
"""A trend to look at: a panel a contestant and point, its campaigns from left to right.

The thin line with its band is the median over blocks of each campaign with its interval; the thick
lines are the levels between change points; an upright line is a lasting change, with its size,
build and date, and the note that accepted it. Campaigns stand at equal distances, in order of
their start: nothing falls together that happened on one day, and a contestant that a campaign
lacks leaves a gap. Each panel has a scale of its own, for a few percent of each must be seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from tailrace_report import canvas, palette, readings, stats
from tailrace_report.history import Change, Entry, Series, Trend

PANELS_MAX = 24
LABELS_MAX = 5  # of changes, in one panel
IN_FULL_MAX = 2  # with build, date and note below each other; more than so many get a line each
LINE_POINTS = 9.5
MARKED_MAX = 60  # campaigns that still have room for a mark each
NEAR = 0.06  # a panel shows at least so much above and below, or noise would look like news
DECADES = 3.0  # from this ratio on the scale is logarithmic
TEXT_MAX, NOTE_MAX = 52, 42
HEADROOM = 0.9  # of the range, above the numbers, for the labels of changes


def of_metric(trend: Trend, name: str) -> tuple[list[Series], int]:
    """The series that are drawn of this metric, and how many are not: those that changed come
    first where there are too many; the order is that of points, then contestants."""
    found = [one for one in trend.series if one.place.name == name]
    kept = sorted(found, key=lambda one: -_largest(one))[:PANELS_MAX]
    kept.sort(key=lambda one: (one.place.point, one.place.who))
    return kept, len(found) - len(kept)


def _largest(one: Series) -> float:
    return max((max(c.worse, 1 / c.worse) for c in one.changes), default=0.0)


def history_figure(trend: Trend, shown: Sequence[Series]) -> Figure | None:
    """None without series."""
    if not shown:
        return None
    figure, panels = canvas.panels(
        len(shown), columns=2, width=5.6, height=2.8, margins=(0.8, 0.45, 0.45, 0.62)
    )
    for axes, one in zip(panels, shown):
        _panel(axes, trend.entries, one)
    return figure


def _panel(axes: Axes, entries: Sequence[Entry], one: Series) -> None:
    look = palette.look(one.place.who.split(" ")[0])
    axes.set_xlim(-0.6, len(entries) - 0.4)
    _scale(axes, one)
    for run in runs(one.at):
        x = [one.at[n] for n in run]
        middle, low, high = (
            [getattr(one.numbers[n], part) for n in run] for part in ("median", "low", "high")
        )
        axes.fill_between(x, low, high, color=look.light, alpha=0.15, linewidth=0)
        axes.plot(x, middle, color=look.light, linewidth=0.8, alpha=0.8)
        if len(run) == 1:  # neither line nor band shows a campaign between gaps
            axes.plot([x[0], x[0]], [low[0], high[0]], color=canvas.TEXT, linewidth=1.1)
        if len(one.at) <= MARKED_MAX or len(run) == 1:
            axes.plot(x, middle, look.marker, color=look.light, markersize=3.2, linestyle="none")
    for level in one.levels:
        if level.first == level.last:
            continue
        ends = [level.first - 0.4, level.last + 0.4]
        axes.plot(ends, [level.median] * 2, color=look.light, linewidth=2.2)
    _changes(axes, entries, one.changes)
    places, texts = ticks(entries)
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: texts[places.index(int(x))]))
    axes.xaxis.set_minor_locator(NullLocator())
    canvas.bare(axes, grid="y")
    better = "more" if one.place.name in readings.BEST_IS_HIGH else "less"
    parts = [f"{better} is better", *_presence(entries, one)]
    head = cut(f"{one.place.who}, {one.place.point}", TEXT_MAX)
    canvas.title(axes, f"{head}\n{cut(', '.join(parts), TEXT_MAX)}")


def _presence(entries: Sequence[Entry], one: Series) -> list[str]:
    """Since when and until when there are numbers, where that is not the whole trend."""
    told = []
    for text, at, end in (("since", one.at[0], 0), ("until", one.at[-1], len(entries) - 1)):
        if at != end:
            told.append(f"{text} {entries[at].started[:10] or entries[at].name}")
    return told


def runs(at: Sequence[int]) -> list[range]:
    """Stretches of `at` without a gap, as ranges of its indices."""
    starts = [n for n in range(len(at)) if n == 0 or at[n] != at[n - 1] + 1]
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(at)])]


def _scale(axes: Axes, one: Series) -> None:
    """Around the medians and the usual band; a wide band is cut, for one wild campaign must not
    flatten the rest."""
    low = min(*(n.median for n in one.numbers), stats.median([n.low for n in one.numbers]))
    high = max(*(n.median for n in one.numbers), stats.median([n.high for n in one.numbers]))
    low = max(low, high / 1e6)  # the lower end of a band may be zero, which no logarithm has
    form = readings.FORMATS[one.place.name]
    if high / low > DECADES:
        axes.set_yscale("log")
        grown = (high / low) ** (HEADROOM if one.changes else 0.1)
        axes.set_ylim(low / 1.2, high * 1.1 * grown)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=6))
    else:
        # Where less than that happened, the middle of the panel is the middle of the numbers.
        middle = (low + high) / 2
        near = max(middle * NEAR, readings.GRAINS.get(one.place.name, 0.0))
        low, high = min(low, middle - near), max(high, middle + near)
        room = high - low
        axes.set_ylim(low - 0.1 * room, high + (HEADROOM if one.changes else 0.1) * room)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: form(y)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())


def _changes(axes: Axes, entries: Sequence[Entry], found: Sequence[Change]) -> None:
    """An upright line each; the largest in words, each below the other."""
    largest = sorted(found, key=lambda one: -max(one.worse, 1 / one.worse))[:LABELS_MAX]
    points = 2.0
    for one in found:
        axes.axvline(one.at - 0.5, color=colour(one), linewidth=1.0, linestyle=(0, (3, 2)))
        if one not in largest:
            continue
        lines = words(one)
        if len(found) > IN_FULL_MAX:
            accepted = ", accepted" if one.note.startswith("accepted") else ""
            lines = [f"{one.text}{accepted} {one.entry.started[:10]}"]
        left = one.at / len(entries) < 0.5
        axes.annotate(
            "\n".join(lines),
            (one.at - 0.5, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(4 if left else -4, -points),
            textcoords="offset points",
            ha="left" if left else "right",
            va="top",
            color=colour(one),
            fontsize=canvas.FONT_POINTS - 2,
            linespacing=1.15,
            bbox={"facecolor": palette.PAPER[0], "edgecolor": "none", "pad": 0.5},
        )
        points += LINE_POINTS * len(lines) + 1.0


def colour(one: Change) -> str:
    """Better, worse, or worse and accepted; the words say it too."""
    if one.worse <= 1:
        return palette.HUES["green"][0]
    return palette.HUES["olive" if one.note.startswith("accepted") else "vermillion"][0]


def words(one: Change) -> list[str]:
    """What stands beside the line of a change: size, where it came from, and its note."""
    return [text for text in (one.text, one.entry.what, cut(one.note, NOTE_MAX)) if text]


def cut(text: str, most: int) -> str:
    """One line of at most so many characters."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= most else line[: most - 1] + "…"


def ticks(entries: Sequence[Entry]) -> tuple[list[int], list[str]]:
    """Up to four places with their dates; times where these are the same, numbers where those
    are too."""
    last = len(entries) - 1
    steps = min(3, last)
    places = [round(last * n / steps) for n in range(steps + 1)] if steps else [0]
    starts = [entries[at].started for at in places]
    dates, times = [s[:10] for s in starts], [s[5:16].replace("T", " ") for s in starts]
    for texts in (dates, times):
        if all(texts) and len(set(texts)) == len(texts):
            return places, texts
    return places, [f"no. {at + 1}" for at in places]


def description(shown: Sequence[Series]) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for one in shown:
        form = readings.FORMATS[one.place.name]
        levels = " then ".join(form(level.median) for level in one.levels)
        steps = "; ".join(", ".join(words(change)) for change in one.changes)
        parts.append(
            f"{one.place.who}, {one.place.point}: {len(one.at)} campaigns, {levels}"
            + (f" ({steps})" if steps else "")
        )
    return ". ".join(parts)
