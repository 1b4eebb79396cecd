# SPDX-License-Identifier: MIT
"""Two numbers of each subject at several settings: panels of lines, a line a subject, a mark a
setting with its interval over blocks. Both axes are logarithmic: a factor is the same distance
everywhere. Names, those of lines right of the panel and those of marks in it, stay apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette
from tailrace_report.study import Entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tailrace_report.kinds.kind import Drawn


@dataclass(frozen=True)
class Mark:
    """The value of `entry` at `x`. `at` says x in words; `name` stands beside the mark."""

    x: float
    entry: Entry
    at: str
    name: str = ""


Line = list[Mark]


@dataclass(frozen=True)
class Panel:
    """`title` has its second line after a newline; `lines` by label, each from left to right."""

    title: str
    lines: dict[str, Line]


@dataclass(frozen=True)
class Axis:
    """`text`: of a number at a tick. Ticks are where marks are, or else at round numbers."""

    title: str
    text: Callable[[float], str]
    at_marks: bool = False


def lines_figure(panels: Sequence[Panel], x: Axis, y: Axis) -> Drawn:
    """Small multiples with one y axis; None without panels."""
    if not panels:
        return None
    lines = [(label, line) for panel in panels for label, line in panel.lines.items()]
    estimates = [mark.entry.estimate for _, line in lines for mark in line]
    low, high = min(e.low for e in estimates) * 0.85, max(e.high for e in estimates) * 1.2
    right = 0.35 + canvas.text_inches(_label(*one) for one in lines)
    bottom, top = 0.6, 0.78
    names = max(len(panel.lines) for panel in panels) * canvas.LABEL_STEP / 72
    height = max(4.1, bottom + top + names + 0.1)
    figure, every = canvas.panels(
        len(panels),
        columns=2,
        width=4.5 + right,
        height=height,
        margins=(0.75, right, bottom, top),
    )
    for axes, panel in zip(every, panels):
        places = sorted({mark.x for line in panel.lines.values() for mark in line})
        canvas.log_scale(axes, "x", places[0] / 1.2, places[-1] * 1.2, x.text)
        if x.at_marks:
            canvas.ticks_at(axes.xaxis, places, x.text)
        canvas.log_scale(axes, "y", low, high, y.text)
        axes.set_xlabel(x.title)
        axes.set_ylabel(y.title)
        canvas.bare(axes, grid="both")
        canvas.end_labels(axes, [_line(axes, *one) for one in panel.lines.items()])
        marks = [mark for line in panel.lines.values() for mark in line]
        canvas.mark_names(axes, [(m.x, m.entry.estimate.median, m.name) for m in marks])
        canvas.title(axes, panel.title)
    return figure, ". ".join(_words(panel, x, y) for panel in panels)


def _line(axes: Axes, label: str, line: Line) -> tuple[float, float, str, str]:
    """Draws it; returns its end."""
    look = palette.look(line[0].entry.subject.id)
    forms = {mark.entry.subject.form for mark in line}
    style = palette.dashes(*forms) if len(forms) == 1 else "-"
    x = [mark.x for mark in line]
    low, middle, high = (
        [getattr(mark.entry.estimate, part) for mark in line] for part in ("low", "median", "high")
    )
    axes.fill_between(x, low, high, color=look.light, alpha=0.13, linewidth=0)
    axes.plot(x, middle, color=look.light, linewidth=1.5, linestyle=style)
    for mark, value in zip(line, middle):
        canvas.mark(axes, mark.x, value, look, solid=mark.entry.valid, size=5)
    return x[-1], middle[-1], _label(label, line), look.light


def _label(label: str, line: Line) -> str:
    return label + ("" if line[-1].entry.valid else ", invalid")


def _words(panel: Panel, x: Axis, y: Axis) -> str:
    texts = [
        f"{label}: " + ", ".join(f"{mark.entry.middle} at {mark.at}" for mark in line)
        for label, line in panel.lines.items()
    ]
    title = panel.title.replace("\n", ", ")
    return f"{title}, {y.title} by {x.title}: {'; '.join(texts)}"
