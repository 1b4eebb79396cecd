# SPDX-License-Identifier: MIT
"""What a planted neighbour does to each subject: an open loop beside one, and the same load alone.
Paired within generations; nothing where a campaign has no such pair of points."""

from __future__ import annotations

from typing import Any

from tailrace_report import settings, stats, subject_table, wording
from tailrace_report import sentences as say
from tailrace_report.campaign import Point, Subject
from tailrace_report.measures import P99, QUIET_P99, Measure, Quantile
from tailrace_report.study import Study
from tailrace_report.subject_table import Text
from tailrace_report.tables import Table

P999 = Quantile(0.999)
TAILS: dict[str, Measure] = {"p99.9": P999, "p99": P99, "quiet p99": QUIET_P99}
OWN_KEYS = ("neighbour_us", "neighbour_per_s")


def pairs(study: Study) -> list[tuple[Point, Point]]:
    """(beside a neighbour, alone) of the same load."""

    def load(point: Point) -> Any:
        numbers = {key: n for key, n in point.numbers.items() if key not in OWN_KEYS}
        return point.arrivals, numbers

    points = study.points_of("open")
    alone = [point for point in points if not settings.burden(point)]
    return [
        (point, partner)
        for point in points
        if settings.burden(point)
        for partner in alone
        if load(partner) == load(point)
    ]


def grown(
    study: Study, who: Subject, pair: tuple[Point, Point], measure: Measure
) -> stats.Estimate | None:
    """A tail beside the neighbour to that alone."""
    return stats.paired_ratio(*(study.comparable(who, point, measure) for point in pair))


def table(study: Study, pair: tuple[Point, Point]) -> Table:
    """The tails with and without, side by side, and their ratios."""
    beside, alone = pair

    def ratio(measure: Measure) -> Text:
        def text(who: Subject) -> str:
            return wording.with_interval(grown(study, who, pair, measure), wording.times)

        return Text(f"{_name(measure)} with / without", text)

    columns = []
    for name, measure in TAILS.items():
        columns += [
            subject_table.value(f"{name} alone", study.compare(alone, measure)),
            subject_table.value(f"{name} with", study.compare(beside, measure)),
            ratio(measure),
        ]
    return subject_table.subject_table(
        study,
        f"Response time with and without a neighbour, {beside.title} (lower is better)",
        [beside, alone],
        columns,
        [
            f"with / without: paired within generations. {subject_table.QUIET_NOTE}"
        ],
    )


def _name(measure: Measure) -> str:
    return next(name for name, one in TAILS.items() if one == measure)


def sentence(study: Study, pair: tuple[Point, Point]) -> str:
    """By how much the highest tail that is carried grows for whom; empty without a ratio."""
    for name, measure in TAILS.items():
        found = sorted(
            (ratio.median, f"{study.labels[who]} {wording.relative(ratio)}")
            for who in study.subjects
            if (ratio := grown(study, who, pair, measure))
        )
        if found:
            listed = ", ".join(say.ends([text for _, text in found], say.NAMED_MAX))
            load = say.capital(pair[0].title)
            return f"{load}: response time {name} against the same load alone: {listed}."
    return ""
