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
    study: Study, wanted: Sequence[Panel], axis: str, scale: float = 1.0, *, alike: bool = True
) -> Drawn:
    """Small multiples of those that have numbers; None without any. `alike`: all have the same
    rows and the same scale."""
    panels = [panel for panel in wanted if panel.compared]
    if not panels:
        return None
    rows = [
        [who for who in study.subjects if any(p.compared.of(who) for p in panels)]
        if alike
        else [entry.subject for entry in panel.compared.entries]
        for panel in panels
    ]
    most = max(map(len, rows))
    left = 0.25 + canvas.text_inches(study.labels[who] for shown in rows for who in shown)
    figure, every = canvas.panels(
        len(panels),
        columns=2,
        width=4.75 + left,
        height=1.25 + ROW_INCHES * most,
        margins=(left, 1.6, 0.55, 0.62),
    )
    for axes, panel, shown in zip(every, panels, rows):
        scaled = [e.estimate for p in (panels if alike else [panel]) for e in p.compared.entries]
        low, high = min(e.low for e in scaled) * scale, max(e.high for e in scaled) * scale
        axes.set_xlim(min(0.0, low * 1.06), high * 1.06 or 1.0)
        canvas.named_rows(axes, [study.labels[who] for who in shown])
        axes.set_ylim(most - 0.5, -0.5)
        canvas.round_ticks(axes.xaxis, lambda x: f"{x:,.10g}")
        axes.set_xlabel(axis)
        for place, who in enumerate(shown):
            entry = panel.compared.of(who)
            if not entry:
                canvas.beside(axes, place, "", "no number")
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


def _row(axes: Axes, place: int, entry: Entry, inner: Entry | None, scale: float) -> None:
    look, estimate = palette.look(entry.subject.id), entry.estimate
    middle = estimate.median * scale
    if inner:
        # A part below zero (noise around nothing) has no length.
        end = max(middle, 0.0)
        part = min(max(inner.estimate.median * scale, 0.0), end)
        canvas.part_bars(axes, place, look.light, part, end)
    for at in [one.median for one in entry.regimes] or [estimate.median]:
        canvas.mark(axes, at * scale, place, look, solid=entry.valid)
    canvas.whisker(axes, estimate.low * scale, estimate.high * scale, place)


def _note(study: Study, panel: Panel, entry: Entry) -> str:
    """`1.95× floor`, `floor`, `invalid`, `overloaded`; or what the panel notes."""
    if panel.note:
        return ("" if entry.valid else f"{entry.standing}, ") + panel.note(entry.subject)
    if not entry.valid:
        return entry.standing
    if entry.subject == study.floor:
        return "floor"
    return f"{wording.times(entry.ratio.median)} floor" if entry.ratio else ""
