# SPDX-License-Identifier: MIT
"""The same open load under two settings: beside a planted neighbour and without it, in SCHED_FIFO
and in the normal class. Paired within generations; nothing where a campaign has no such points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tailrace_report import sentences as say
from tailrace_report import settings, stats, subject_table, wording
from tailrace_report.campaign import FIFO, Point, Subject
from tailrace_report.measures import P99, QUIET_P99, Measure, Quantile
from tailrace_report.study import Study
from tailrace_report.subject_table import Text
from tailrace_report.tables import Table

P999 = Quantile(0.999)
TAILS: dict[str, Measure] = {"p99.9": P999, "p99": P99, "quiet p99": QUIET_P99}
# What is changed, and how long it was measured.
NOT_THE_LOAD = {"neighbour_us", "neighbour_per_s"} | {
    "duration_s", "blocks", "warmup_s", "settle_s", "slice_s"
}


@dataclass(frozen=True)
class Change:
    """What a point sets and the same load at `plain` does not. `on` and `off` are its states in
    column names, `what` in titles."""

    point: Point
    plain: Point
    what: str
    on: str
    off: str


def neighbours(study: Study) -> list[Change]:
    """Beside a neighbour, against alone, of the same scheduling class."""
    return [
        Change(point, plain, "a neighbour", "with", "alone")
        for point, plain in _pairs(study)
        if settings.burden(point)
        and not settings.burden(plain)
        and point.scheduling == plain.scheduling
    ]


def classes(study: Study) -> list[Change]:
    """In SCHED_FIFO, against the normal class, beside the same neighbour or none."""
    return [
        Change(point, plain, "SCHED_FIFO", "in FIFO", "in the normal class")
        for point, plain in _pairs(study)
        if point.scheduling == FIFO != plain.scheduling
        and settings.burden(point) == settings.burden(plain)
    ]


def _pairs(study: Study) -> list[tuple[Point, Point]]:
    """All (one, other) open points of the same load."""

    def load(point: Point) -> Any:
        numbers = {key: n for key, n in point.numbers.items() if key not in NOT_THE_LOAD}
        return point.arrivals, numbers

    points = study.points_of("open")
    return [(a, b) for a in points for b in points if a is not b and load(a) == load(b)]


def grown(study: Study, who: Subject, change: Change, measure: Measure) -> stats.Estimate | None:
    """A tail with the change to that without."""
    both = (study.comparable(who, at, measure) for at in (change.point, change.plain))
    return stats.paired_ratio(*both)


def table(study: Study, change: Change) -> Table:
    """The tails with and without, side by side, and their ratios."""

    def ratio(measure: Measure) -> Text:
        def text(who: Subject) -> str:
            return wording.with_interval(grown(study, who, change, measure), wording.times)

        return Text(f"{_name(measure)} {change.on} / {change.off}", text)

    columns = []
    for name, measure in TAILS.items():
        columns += [
            subject_table.value(f"{name} {change.off}", study.compare(change.plain, measure)),
            subject_table.value(f"{name} {change.on}", study.compare(change.point, measure)),
            ratio(measure),
        ]
    return subject_table.subject_table(
        study,
        f"Response time with and without {change.what}, {change.point.title} (lower is better)",
        [change.point, change.plain],
        columns,
        [
            f"{change.on} / {change.off}: paired within generations. {subject_table.QUIET_NOTE}"
        ],
    )


def _name(measure: Measure) -> str:
    return next(name for name, one in TAILS.items() if one == measure)


def sentence(study: Study, change: Change) -> str:
    """By how much the highest tail that is carried grows for whom; empty without a ratio."""
    for name, measure in TAILS.items():
        found = sorted(
            (ratio.median, f"{study.labels[who]} {wording.relative(ratio)}")
            for who in study.subjects
            if (ratio := grown(study, who, change, measure))
        )
        if found:
            listed = ", ".join(say.ends([text for _, text in found], say.NAMED_MAX))
            load = say.capital(change.point.title)
            return f"{load}: response time {name} against the same load {change.off}: {listed}."
    return ""
