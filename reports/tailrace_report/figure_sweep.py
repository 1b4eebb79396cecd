# SPDX-License-Identifier: MIT
"""A measure against something that varies: panels of lines, a line a subject, the interval over
blocks at each mark. Both axes are logarithmic: a factor is the same distance everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette, wording
from tailrace_report.campaign import Subject
from tailrace_report.kinds.kind import Drawn
from tailrace_report.study import Entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line = list[tuple[int, Entry]]


@dataclass(frozen=True)
class Panel:
    """`title` has its second line after a newline; `lines`: (x, entry) of each subject."""

    title: str
    lines: dict[Subject, Line]


@dataclass(frozen=True)
class Axis:
    """How numbers of both axes are written; values are multiplied by `scale`."""

    x_title: str
    x_text: Callable[[int], str]
    y_title: str
    scale: float


def sweep_figure(panels: Sequence[Panel], axis: Axis) -> Drawn:
    """Small multiples with shared axes; None without panels."""
    if not panels:
        return None
    entries = [e for panel in panels for line in panel.lines.values() for _, e in line]
    right = 0.35 + canvas.text_inches(_label(e) for e in entries)
    figure, every = canvas.panels(
        len(panels), columns=2, width=4.4 + right, height=4.1, margins=(0.65, right, 0.6, 0.62)
    )
    y_low = min(e.estimate.low for e in entries) * axis.scale * 0.85
    y_high = max(e.estimate.high for e in entries) * axis.scale * 1.2
    for axes, panel in zip(every, panels):
        places = sorted({x for line in panel.lines.values() for x, _ in line})
        axes.set_xscale("log", base=2)
        axes.set_xlim(places[0] / 1.2, places[-1] * 1.2)
        canvas.ticks_at(axes.xaxis, places, lambda x: axis.x_text(round(x)))
        canvas.log_scale(axes, "y", y_low, y_high, lambda y: f"{y:,.10g}")
        axes.set_xlabel(axis.x_title)
        axes.set_ylabel(axis.y_title)
        canvas.bare(axes, grid="both")
        ends = [_line(axes, line, axis.scale) for line in panel.lines.values()]
        canvas.end_labels(axes, ends)
        canvas.title(axes, panel.title)
    return figure, ". ".join(_words(panel, axis) for panel in panels)


def _line(axes: Axes, line: Line, scale: float) -> tuple[float, float, str, str]:
    """Draws it; returns its end."""
    who = line[0][1].subject
    look, style = palette.look(who.id), palette.dashes(who.form)
    x = [at for at, _ in line]
    low, middle, high = (
        [getattr(entry.estimate, part) * scale for _, entry in line]
        for part in ("low", "median", "high")
    )
    axes.fill_between(x, low, high, color=look.light, alpha=0.13, linewidth=0)
    axes.plot(x, middle, color=look.light, linewidth=1.5, linestyle=style)
    for at, value, (_, entry) in zip(x, middle, line):
        canvas.mark(axes, at, value, look, solid=entry.valid, size=5)
    return float(x[-1]), middle[-1], _label(line[-1][1]), look.light


def _label(entry: Entry) -> str:
    return entry.label + ("" if entry.valid else ", invalid")


def _words(panel: Panel, axis: Axis) -> str:
    texts = []
    for line in panel.lines.values():
        values = ", ".join(
            f"{wording.figures(e.estimate.median * axis.scale)} at {axis.x_text(at)}"
            for at, e in line
        )
        texts.append(f"{line[0][1].label}: {values}")
    title = panel.title.replace("\n", ", ")
    return f"{title}, {axis.y_title} by {axis.x_title}: {'; '.join(texts)}"
