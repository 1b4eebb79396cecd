# SPDX-License-Identifier: MIT
"""The picture that opens the page: what each subject costs relative to the floor, a panel a number.
Every panel has a logarithmic scale of its own, on which twice as much and half as much are equally
far from the line at 1; rows are in the fixed order of subjects and the same in all panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace_report import canvas, palette, subject_table, wording
from tailrace_report import sentences as say
from tailrace_report.campaign import Subject
from tailrace_report.study import Comparison, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
ROW_INCHES = 0.25
ABOVE, BELOW, RIGHT = 0.66, 0.5, 1.2
LEAST_HIGH = 1.05  # a scale reaches at least so far from 1, so that noise does not look large
STEPS = (1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True)
class Shown:
    """A panel: `title` says what, `compared.title` at which load."""

    title: str
    compared: Comparison


def answer_figure(study: Study, wanted: Sequence[Shown]) -> tuple[Figure, str] | None:
    """Of those that have a ratio to the floor; None without any."""
    shown = [one for one in wanted if any(entry.ratio for entry in one.compared.entries)]
    if not shown or not study.floor:
        return None
    rows = [
        who
        for who in study.subjects
        if who != study.floor and any(one.compared.of(who) for one in shown)
    ]
    left = 0.25 + canvas.text_inches(study.labels[who] for who in rows)
    figure, every = canvas.panels(
        len(shown),
        columns=COLUMNS,
        width=left + 2.1 + RIGHT,
        height=ABOVE + ROW_INCHES * len(rows) + BELOW,
        margins=(left, RIGHT, BELOW, ABOVE),
    )
    for axes, one in zip(every, shown):
        _scale(axes, one.compared)
        canvas.named_rows(axes, [study.labels[who] for who in rows])
        axes.axvline(1.0, color=canvas.MUTED, linewidth=1.0)
        for place, who in enumerate(rows):
            _row(axes, study, one.compared, who, place)
        better = "lower" if one.compared.best_is_low else "higher"
        canvas.title(axes, f"{one.title}\n{better} is better")
    floor = study.labels[study.floor]
    words = [f"{one.title} ({one.compared.title}): {_words(one.compared)}" for one in shown]
    return figure, f"Relative to {floor}. " + ". ".join(words)


def caption(study: Study, wanted: Sequence[Shown]) -> str:
    """What the picture shows, and at which load."""
    floor = study.labels[study.floor] if study.floor else ""
    loads: dict[str, list[str]] = {}
    for one in wanted:
        if one.compared:
            what = one.title.partition(",")[0]  # the class is part of the load
            loads.setdefault(one.compared.title, []).append(what)
    named = ". ".join(
        f"{say.capital(load)}: {wording.joined(titles)}" for load, titles in loads.items()
    )
    return f"How many times {floor}, with 95 % intervals; ≠ different, = the same, ? open. {named}"


def _scale(axes: Axes, compared: Comparison) -> None:
    """Logarithmic, with 1 and a few steps to each side."""
    ratios = [entry.ratio for entry in compared.entries if entry.ratio]
    low = min([1 / LEAST_HIGH, *(one.low for one in ratios)]) * 0.99
    high = max([LEAST_HIGH, *(one.high for one in ratios)]) * 1.01
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    reach = max(high, 1 / low)
    step = next((one for one in STEPS if one**2.2 >= reach), STEPS[-1])
    places = [at for at in (step**-2, 1 / step, 1.0, step, step**2) if low <= at <= high]
    canvas.ticks_at(axes.xaxis, places, lambda at: f"{at:.{2 if at < 1 else 3}g}×")


def _row(axes: Axes, study: Study, compared: Comparison, who: Subject, place: int) -> None:
    entry = compared.of(who)
    if entry is None:
        canvas.beside(axes, place, "", "no number")
    elif entry.ratio is None:
        text = "two regimes" if entry.regimes else entry.standing
        canvas.beside(axes, place, "", text if text != "ok" else "not compared")
    else:
        canvas.mark(axes, entry.ratio.median, place, palette.look(who.id), size=5.5)
        if entry.ratio.kind == "interval":
            canvas.whisker(axes, entry.ratio.low, entry.ratio.high, place)
        verdict = compared.pairs.of(who, study.floor)
        text = subject_table.marked(wording.relative(entry.ratio), verdict)
        canvas.beside(axes, place, text.rstrip())


def _words(compared: Comparison) -> str:
    return ", ".join(
        f"{entry.label} {wording.relative(entry.ratio)}"
        for entry in compared.entries
        if entry.ratio
    )
