# SPDX-License-Identifier: MIT
"""Memory per connection or task: user and kernel end to end in one bar, a panel a state.

Threads cost some twenty times what a coroutine does, and bars on a log axis would lie about the
parts. So the rows are parted at the largest gap: the heavy ones stand below on a scale of their
own, on which a line marks how far the scale above reaches. Each bar has its numbers beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette, wording
from tailrace_report.campaign import Point, Subject
from tailrace_report.figure_rows import ROW_INCHES, part_bars, row_axes
from tailrace_report.kinds.kind import Drawn
from tailrace_report.measures import Slope
from tailrace_report.stats import Estimate
from tailrace_report.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP_RATIO = 4.0
BARS, RIGHT, ABOVE, BETWEEN, BELOW = 3.1, 1.85, 0.62, 0.42, 0.55


@dataclass(frozen=True)
class Bar:
    """One row: medians of both parts and the sum with its interval, bytes."""

    subject: Subject
    label: str
    user: float
    kernel: float
    together: Estimate
    valid: bool

    @property
    def text(self) -> str:
        """`382 + 1,490 B`, or in kB when the sum is large."""
        if self.user + self.kernel < 9999.5:
            return f"{self.user:,.0f} + {self.kernel:,.0f} B"
        return f"{wording.figures(self.user / 1000)} + {wording.figures(self.kernel / 1000)} kB"


@dataclass(frozen=True)
class Panel:
    """A state: its words, what is counted (`connection`), and a bar for each subject that has
    both parts."""

    title: str
    unit: str
    bars: dict[Subject, Bar]


def bars(study: Study, point: Point, state: str) -> dict[Subject, Bar]:
    """The rows of one state, in the fixed order; only subjects that have both parts."""
    sum_of = Slope(state, ("user", "kernel"))
    user, kernel = (study.compare(point, Slope(state, (side,))) for side in sum_of.sides)
    found = {}
    for entry in study.compare(point, sum_of).entries:
        who = entry.subject
        own, rest = user.of(who), kernel.of(who)
        if own and rest:
            fit = sum_of.fit(study, who, point)
            middles = own.estimate.median, rest.estimate.median
            found[who] = Bar(who, entry.label, *middles, fit or entry.estimate, entry.valid)
    return found


def parted(totals: Sequence[float]) -> float | None:
    """The value above which rows are heavy: the middle of the largest gap, if it is large."""
    ordered = sorted(max(total, 1.0) for total in totals)
    gaps = [(high / low, low, high) for low, high in zip(ordered, ordered[1:])]
    ratio, low, high = max(gaps, default=(1.0, 0.0, 0.0))
    return (low * high) ** 0.5 if ratio > GAP_RATIO else None


def memory_figure(study: Study, panels: Sequence[Panel]) -> Drawn:
    """Two panels a row; None without panels."""
    if not panels:
        return None
    most: dict[Subject, float] = {}
    for panel in panels:
        for who, bar in panel.bars.items():
            most[who] = max(most.get(who, 0.0), bar.together.median)
    limit = parted(list(most.values()))
    heavy = [who for who in most if limit is not None and most[who] > limit]
    light = [who for who in most if who not in heavy]

    label_inches = 0.25 + canvas.text_inches(study.labels[who] for who in most)
    columns = min(2, len(panels))
    width = label_inches + BARS + RIGHT
    height = ABOVE + ROW_INCHES * len(most) + (BETWEEN if heavy else 0.0) + BELOW
    rows = -(-len(panels) // columns)
    figure = canvas.figure(width * columns, height * rows)
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        left, top = width * column + label_inches, height * row + ABOVE
        upper = _place(figure, left, top, ROW_INCHES * len(light))
        title = f"bytes per {panel.unit}"
        reach = _draw(upper, light, panel, study, 1.0, "" if heavy else title)
        if heavy:
            below = top + ROW_INCHES * len(light) + BETWEEN
            lower = _place(figure, left, below, ROW_INCHES * len(heavy))
            title += ": above in B, here in kB (other scale)"
            _draw(lower, heavy, panel, study, 1e-3, title)
            _mark_reach(lower, reach / 1000)
        heading = f"Per {panel.unit}: {panel.title}"
        canvas.title(upper, f"{heading}\nsolid: user, light: kernel; lower is better")
    words = [
        f"{panel.title} (user + kernel): "
        + ", ".join(f"{bar.label} {bar.text}" for bar in panel.bars.values())
        for panel in panels
    ]
    return figure, ". ".join(words)


def _place(figure: Figure, left: float, from_top: float, tall: float) -> Axes:
    """Axes of BARS by `tall` inches at this place, inches from the left and the top."""
    width, height = figure.get_size_inches()
    bottom = height - from_top - tall
    return figure.add_axes((left / width, bottom / height, BARS / width, tall / height))


def _draw(
    axes: Axes, who: list[Subject], panel: Panel, study: Study, scale: float, title: str
) -> float:
    """Draws the rows of `who`; returns the right end of the scale in bytes."""
    shown = [panel.bars[one] for one in who if one in panel.bars]
    most = max((max(bar.together.high, bar.user + bar.kernel) for bar in shown), default=1.0)
    x_high = max(most, 1.0) * 1.06
    row_axes(axes, [study.labels[one] for one in who], x_high * scale, title)
    x_low = min([0.0] + [min(bar.user, bar.kernel, bar.together.low) for bar in shown])
    if x_low < 0:
        axes.set_xlim(x_low * scale * 1.06, x_high * scale)
    for place, one in enumerate(who):
        bar = panel.bars.get(one)
        if bar is None:
            canvas.beside(axes, place, "", "not measured")
            continue
        # A part below zero (noise around nothing) has its number beside the bar, but no length.
        user = max(bar.user, 0.0) * scale
        end = user + max(bar.kernel, 0.0) * scale
        part_bars(axes, place, palette.look(one.id).light, user, end)
        canvas.whisker(axes, bar.together.low * scale, bar.together.high * scale, place)
        canvas.beside(axes, place, bar.text + ("" if bar.valid else " invalid"))
    return x_high


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
