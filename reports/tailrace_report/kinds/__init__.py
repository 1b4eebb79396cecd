# SPDX-License-Identifier: MIT
"""The kinds of points that the report knows, in the order of its pages and tables. Add a kind: one
file beside these, and its line here."""

from dataclasses import replace

from tailrace_report.campaign import Point
from tailrace_report.kinds import echo, file, hog, memory, timer
from tailrace_report.kinds.kind import Kind

KINDS: tuple[Kind, ...] = (
    echo.OPEN,
    hog.HOG,
    hog.SKEW,
    file.FILE,
    memory.CONNECTIONS,
    memory.BLOCKED,
    memory.TASKS,
    timer.TIMER,
    echo.CLOSED,
)
BY_NAME = {kind.name: kind for kind in KINDS}
HISTOGRAMS = tuple(dict.fromkeys(name for kind in KINDS for name in kind.histograms))


def complete(point: Point) -> Point:
    """With what its kind makes of it: a title and its place among all points."""
    rank, kind = list(BY_NAME).index(point.kind), BY_NAME[point.kind]
    return replace(point, title=kind.title(point), place=(rank, *kind.place(point)))
