# SPDX-License-Identifier: MIT
"""One measure against another, a panel a point: what is traded for what by a setting.

A contestant with a setting is a line through its values, each mark named by its value; any other
is one mark. Down and left is better. Both axes are logarithmic: what is traded is factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette, wording
from tailrace_report.kinds.kind import Drawn
from tailrace_report.study import Entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Marks = list[tuple[int | None, Entry, Entry]]  # setting, x, y


@dataclass(frozen=True)
class Panel:
    title: str
    lines: Mapping[str, Marks]  # by the id of the contestant


def trade_figure(panels: Sequence[Panel], x_title: str, setting: str) -> Drawn:
    """None without panels."""
    if not panels:
        return None
    right = 0.45 + canvas.text_inches(name for panel in panels for name in panel.lines)
    figure, every = canvas.panels(
        len(panels), columns=1, width=6.2 + right, height=4.4, margins=(0.75, right, 0.6, 0.62)
    )
    words = []
    for axes, panel in zip(every, panels):
        marks = [mark for line in panel.lines.values() for mark in line]
        for which, values in (
            ("x", [x.estimate.median for _, x, _ in marks]),
            ("y", [y.estimate.median for _, _, y in marks]),
        ):
            low, high = min(values) * 0.8, max(values) * 1.3
            canvas.log_scale(axes, which, low, high, wording.time_unit)
        axes.set_xlabel(x_title)
        canvas.bare(axes, grid="both")
        ends = [_line(axes, name, line) for name, line in panel.lines.items()]
        canvas.end_labels(axes, ends)
        canvas.title(axes, panel.title)
        words += [_words(panel, name, setting) for name in panel.lines]
    return figure, ". ".join(words)


def _line(axes: Axes, name: str, marks: Marks) -> tuple[float, float, str, str]:
    """Draws it; returns its end."""
    look = palette.look(name)
    x = [one.estimate.median for _, one, _ in marks]
    y = [one.estimate.median for _, _, one in marks]
    axes.plot(x, y, color=look.light, linewidth=1.2, alpha=0.7)
    for (setting, _, one), at_x, at_y in zip(marks, x, y):
        canvas.mark(axes, at_x, at_y, look, solid=one.valid, size=5.5)
        if setting is not None:
            axes.annotate(
                f"{setting:,}",
                (at_x, at_y),
                xytext=(4, 4),
                textcoords="offset points",
                color=canvas.MUTED,
                fontsize=canvas.FONT_POINTS - 2,
            )
    last = x.index(max(x))
    return x[last], y[last], name, look.light


def _words(panel: Panel, name: str, setting: str) -> str:
    texts = [
        ("" if value is None else f"{setting} {value} µs: ")
        + f"{wording.duration(y.estimate.median)} for {wording.duration(x.estimate.median)}"
        for value, x, y in panel.lines[name]
    ]
    title = panel.title.partition("\n")[0]
    return f"{title}, {name}: {', '.join(texts)}"
