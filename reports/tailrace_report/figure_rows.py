# SPDX-License-Identifier: MIT
"""Dot plots: a panel a comparison, a row a subject, the value with its interval on a scale from 0.

Rows are always in the fixed order of subjects, not sorted by result: the eye finds a subject at the
same place in each panel, and no order suggests a ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette, wording
from tailrace_report.campaign import Subject
from tailrace_report.kinds.kind import Drawn
from tailrace_report.study import Comparison, Entry, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_INCHES = 0.25


@dataclass(frozen=True)
class Panel:
    """`part` (user CPU) is drawn as a bar inside the value's bar; `note` is right of a row."""

    compared: Comparison
    part: Comparison | None = None
    note: Callable[[Subject], str] | None = None


def rows_figure(
    study: Study, wanted: Sequence[Panel], axis: str, scale: float = 1.0
) -> Drawn:
    """Small multiples with one shared scale, of those that have numbers; None without any."""
    panels = [panel for panel in wanted if panel.compared]
    if not panels:
        return None
    shown = [who for who in study.subjects if any(p.compared.of(who) for p in panels)]
    labels = [study.labels[who] for who in shown]
    left = 0.25 + canvas.text_inches(labels)
    figure, every = canvas.panels(
        len(panels),
        columns=2,
        width=4.75 + left,
        height=1.25 + ROW_INCHES * len(shown),
        margins=(left, 1.6, 0.55, 0.62),
    )
    x_high = max(e.estimate.high for panel in panels for e in panel.compared.entries)
    for axes, panel in zip(every, panels):
        row_axes(axes, labels, x_high * scale * 1.06 or 1.0, axis)
        for place, who in enumerate(shown):
            entry = panel.compared.of(who)
            if not entry:
                canvas.beside(axes, place, "", "not measured")
                continue
            inner = panel.part.of(who) if panel.part else None
            _row(axes, place, entry, inner, scale)
            canvas.beside(axes, place, entry.middle, _note(study, panel, entry))
        mode, _, rest = panel.compared.title.partition(", ")
        better = "lower" if panel.compared.best_is_low else "higher"
        canvas.title(axes, f"{rest}\n{mode}, {better} is better")
    words = [
        f"{p.compared.title}: "
        + ", ".join(f"{e.label} {e.middle}" for e in p.compared.entries)
        for p in panels
    ]
    return figure, ". ".join(words)


def row_axes(axes: Axes, labels: Sequence[str], x_high: float, title: str) -> None:
    """A panel of named rows above a linear scale from 0."""
    axes.set_xlim(0.0, x_high)
    canvas.named_rows(axes, labels)
    canvas.round_ticks(axes.xaxis, lambda x: f"{x:,.10g}")
    axes.set_xlabel(title)


def _row(axes: Axes, place: int, entry: Entry, inner: Entry | None, scale: float) -> None:
    look, estimate = palette.look(entry.subject.id), entry.estimate
    middle = estimate.median * scale
    if inner:
        user = min(inner.estimate.median * scale, middle)
        part_bars(axes, place, look.light, user, middle)
    canvas.mark(axes, middle, place, look, solid=entry.valid)
    canvas.whisker(axes, estimate.low * scale, estimate.high * scale, place)


def part_bars(axes: Axes, place: float, colour: str, inner: float, end: float) -> None:
    """A solid bar up to `inner` and a light, outlined one from there to `end`."""
    from matplotlib.colors import to_rgba

    size = {"height": 0.42, "linewidth": 0.7, "edgecolor": colour}
    axes.barh(place, inner, left=0.0, facecolor=colour, **size)
    axes.barh(place, end - inner, left=inner, facecolor=to_rgba(colour, 0.25), **size)


def _note(study: Study, panel: Panel, entry: Entry) -> str:
    """`1.95× floor`, `floor`, `invalid`; or what the panel notes."""
    if panel.note:
        return ("" if entry.valid else "invalid, ") + panel.note(entry.subject)
    if not entry.valid:
        return "invalid"
    if entry.subject == study.floor:
        return "floor"
    return f"{wording.times(entry.ratio.median)} floor" if entry.ratio else ""
