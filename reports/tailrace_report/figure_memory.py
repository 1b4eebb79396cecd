# SPDX-License-Identifier: MIT
"""Memory per connection or task: user and kernel end to end in one bar, a panel a state.

Threads cost some twenty times what a coroutine does, and bars on a log axis would lie about the
parts. So the rows are parted at the largest gap: the heavy ones stand below on a scale of their
own, on which a line marks how far the scale above reaches. Each bar has its numbers beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tailrace_report import canvas, palette, wording
from tailrace_report.cell import STATES, Contestant, Point
from tailrace_report.figure_rows import ROW_INCHES, beside, part_bars, row_axes
from tailrace_report.sections import STATE_NAMES
from tailrace_report.stats import Estimate
from tailrace_report.study import Study, fit_interval, slope

GAP_RATIO = 4.0
BARS, RIGHT, ABOVE, BETWEEN, BELOW = 3.1, 1.85, 0.62, 0.42, 0.55


@dataclass(frozen=True)
class Bar:
    """One row: medians of both parts and the sum with its interval, bytes."""

    contestant: Contestant
    label: str
    user: float
    kernel: float
    together: Estimate
    ranked: bool


def bars(study: Study, point: Point, state: str) -> list[Bar]:
    """The rows of one state, in the fixed order; only contestants that have both parts."""
    user, kernel, both = (
        study.compare(point, slope(state, *sides))
        for sides in (("user",), ("kernel",), ("user", "kernel"))
    )
    found: list[Bar] = []
    if not (user and kernel and both):
        return found
    for entry in both.entries:
        who = entry.contestant
        own, rest = user.of(who), kernel.of(who)
        if own and rest:
            fit = fit_interval(study, who, point, state, "user", "kernel")
            found.append(
                Bar(
                    who,
                    entry.label,
                    own.estimate.median,
                    rest.estimate.median,
                    fit or entry.estimate,
                    entry.ranked,
                )
            )
    return found


def parted(totals: list[float]) -> float | None:
    """The value above which rows are heavy: the middle of the largest gap, if it is large."""
    ordered = sorted(max(total, 1.0) for total in totals)
    gaps = [(high / low, low, high) for low, high in zip(ordered, ordered[1:])]
    ratio, low, high = max(gaps, default=(1.0, 0.0, 0.0))
    return (low * high) ** 0.5 if ratio > GAP_RATIO else None


def memory_figure(study: Study, points: list[Point]) -> Figure | None:
    """All states of all these points, two panels a row; None when nothing was measured."""
    drawn = [
        (point, state, found)
        for point in points
        for state in STATES
        if (found := bars(study, point, state))
    ]
    if not drawn:
        return None
    every = [bar for _, _, found in drawn for bar in found]
    limits = {bar.contestant: 0.0 for bar in every}
    for bar in every:
        limits[bar.contestant] = max(limits[bar.contestant], bar.together.median)
    limit = parted(list(limits.values()))
    heavy = [who for who, most in limits.items() if limit is not None and most > limit]
    light = [who for who in limits if who not in heavy]

    height = ABOVE + ROW_INCHES * len(limits) + (BETWEEN if heavy else 0.0) + BELOW
    columns = min(2, len(drawn))
    label_inches = 0.25 + canvas.text_inches(study.labels[who] for who in limits)
    panel_inches = label_inches + BARS + RIGHT
    rows = -(-len(drawn) // columns)
    figure = canvas.figure(panel_inches * columns, height * rows)
    for index, (point, state, found) in enumerate(drawn):
        row, column = divmod(index, columns)
        unit = "task" if point.kind == "task_memory" else "connection"
        left, top = panel_inches * column + label_inches, height * row + ABOVE
        width = BARS

        def place(from_top: float, tall: float) -> Axes:
            total_height = height * rows
            spot = (left, total_height - from_top - tall, width, tall)
            return figure.add_axes(
                (
                    spot[0] / (panel_inches * columns),
                    spot[1] / total_height,
                    spot[2] / (panel_inches * columns),
                    spot[3] / total_height,
                )
            )

        upper = place(top, ROW_INCHES * len(light))
        title = f"bytes per {unit}"
        reach = _draw(upper, light, found, study, 1.0, "" if heavy else title)
        if heavy:
            below = top + ROW_INCHES * len(light) + BETWEEN
            lower = place(below, ROW_INCHES * len(heavy))
            _draw(
                lower, heavy, found, study, 1e-3, f"{title}: above in B, here in kB (other scale)"
            )
            _mark_reach(lower, reach / 1000)
        canvas.title(
            upper,
            f"Per {unit}: {STATE_NAMES[state]}\n" "solid: user, light: kernel; lower is better",
        )
    return figure


def _draw(
    axes: Axes, who: list[Contestant], found: list[Bar], study: Study, scale: float, title: str
) -> float:
    """Draws the rows of `who`; returns the right end of the scale in bytes."""
    by_contestant = {bar.contestant: bar for bar in found}
    shown = [by_contestant[c] for c in who if c in by_contestant]
    most = max([bar.together.high for bar in shown] + [bar.user + bar.kernel for bar in shown])
    x_high = max(most, 1.0) * 1.06
    row_axes(axes, [study.labels[c] for c in who], x_high * scale, title)
    x_low = min([0.0] + [min(bar.user, bar.kernel, bar.together.low) for bar in shown])
    if x_low < 0:
        axes.set_xlim(x_low * scale * 1.06, x_high * scale)
    for place, contestant in enumerate(who):
        bar = by_contestant.get(contestant)
        if bar is None:
            beside(axes, place, "", "not measured")
            continue
        look = palette.look(contestant.id)
        # A part below zero (noise around nothing) has its number beside the bar, but no length.
        user = max(bar.user, 0.0)
        part_bars(axes, place, look.light, 0.0, user * scale, (user + max(bar.kernel, 0.0)) * scale)
        axes.plot(
            [bar.together.low * scale, bar.together.high * scale],
            [place, place],
            color=canvas.TEXT,
            linewidth=1.1,
        )
        beside(axes, place, _bar_text(bar) + ("" if bar.ranked else " gated"), "")
    return x_high


def _bar_text(bar: Bar) -> str:
    """`382 + 1,490 B`, or in kB when the sum is large."""
    if bar.user + bar.kernel < 9999.5:
        return f"{bar.user:,.0f} + {bar.kernel:,.0f} B"
    return f"{wording.figures(bar.user / 1000)} + {wording.figures(bar.kernel / 1000)} kB"


def _mark_reach(axes: Axes, reach: float) -> None:
    """A line where the scale of the panel above ends."""
    axes.axvline(reach, color=canvas.MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.annotate(
        "↓ the scale above ends here",
        (reach, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-3, 3),
        textcoords="offset points",
        color=canvas.MUTED,
        fontsize=canvas.FONT_POINTS - 2,
        annotation_clip=False,
    )


def description(study: Study, points: list[Point]) -> str:
    """The figure in words, for readers who do not see it."""
    parts = []
    for point in points:
        for state in STATES:
            found = bars(study, point, state)
            if found:
                values = ", ".join(f"{bar.label} {_bar_text(bar)}" for bar in found)
                parts.append(f"{STATE_NAMES[state]} (user + kernel): {values}")
    return ". ".join(parts)
