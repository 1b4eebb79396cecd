# SPDX-License-Identifier: MIT
"""The other standing control: the null server, which answers at once. What it reaches is the
ceiling of client and kernel, so that a client that is the limit is not taken for servers that are
alike. It is compared and ranked in no table, figure or sentence, and never the floor (study.py)."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace_report import stats, wording
from tailrace_report.campaign import Point, Subject
from tailrace_report.measures import CPU, P50, P99, RATE, Measure, Number, PerBlock
from tailrace_report.study import Entry, Study
from tailrace_report.tables import Column, Table

# A ceiling that is not this much above the fastest subject may be what holds it down.
ROOM = 1.10
CLIENT = Number("client.cpu_share", wording.share)
COLUMNS: dict[str, Measure] = {
    "rate": RATE,
    "server CPU": CPU,
    "p50": P50,
    "p99": P99,
    "client CPU share": CLIENT,
}


def _rates(study: Study, null: Subject, point: Point) -> PerBlock:
    """Of all generations that were measured: a client that is the limit spoils what is said of
    contestants, and is what a ceiling is there to show."""
    every = study.typical(point, "achieved_per_s").items()
    return {block: rate for (who, block), rate in every if who == null}


def _middle(study: Study, who: Subject, point: Point, measure: Measure) -> float | None:
    """The median over its generations, whatever became of them."""
    found = measure.per_block(study, who, point, study.standing(who, point))
    return stats.median(list(found.values())) if found else None


def _closed(study: Study) -> Iterator[tuple[Point, float, Entry, stats.Estimate]]:
    """Of each closed point: the null server's rate, the fastest subject, and how many times that
    is, paired within generations."""
    for point in study.points_of("closed"):
        fastest = max(
            study.compare(point, RATE).valid, key=lambda one: one.estimate.median, default=None
        )
        for null in study.controls:
            rates = _rates(study, null, point)
            if not rates or not fastest:
                continue
            beside = RATE.per_block(study, fastest.subject, point, fastest.standing)
            if ratio := stats.paired_ratio(rates, beside):
                yield point, stats.median(list(rates.values())), fastest, ratio


def sentences(study: Study) -> list[str]:
    """For the head: the ceiling where it is closest to the fastest subject, and whether the client
    was the limit there. Empty without a null server or a closed loop."""
    found = list(_closed(study))
    if not found:
        return []
    point, rate, fastest, ratio = min(found, key=lambda one: one[3].median)
    text = (
        f"The ceiling of client and kernel, from a server that answers at once:"
        f" {wording.rate(rate)} at {point.title}, {wording.relative(ratio)} the fastest subject"
        f" ({fastest.label} {wording.rate(fastest.estimate.median)})"
    )
    if ratio.median >= ROOM and ratio.low > 1.0:
        least = "" if len(found) == 1 else ", and more elsewhere"
        return [f"{text}{least}: the client was not the limit."]
    return [
        f"{text}: client and kernel may be the limit there, and a faster server need not show as a"
        " higher rate; CPU time per request shows it."
    ]


def table(study: Study) -> Table:
    """What the null server measured, a row a point, for the section on noise."""
    shown = Table(
        "The null server: the ceiling of client and kernel",
        [Column("point", False), *(Column(title) for title in COLUMNS), Column("× fastest")],
    )
    times = {point.id: ratio for point, _, _, ratio in _closed(study)}
    for point in study.points:
        for null in study.controls:
            if not study.standing(null, point):
                continue
            numbers = {m: _middle(study, null, point, m) for m in COLUMNS.values()}
            if rates := _rates(study, null, point):
                numbers[RATE] = stats.median(list(rates.values()))
            texts = [wording.MISSING if n is None else m.form(n) for m, n in numbers.items()]
            best = wording.with_interval(times.get(point.id), wording.times)
            shown.add(point.id, *texts, best)
    if shown.rows:
        shown.notes.append(
            "Medians over generations. × fastest: its closed-loop rate over that of the fastest"
            " subject, paired within generations."
        )
    return shown
