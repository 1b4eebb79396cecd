# SPDX-License-Identifier: MIT
"""Few connections carry most of the load, and each message costs the server CPU time."""

from typing import Any

from tailrace_report import figure_latency, wording
from tailrace_report import sentences as say
from tailrace_report import subject_table as columns
from tailrace_report.campaign import Point
from tailrace_report.kinds.echo import send_delay
from tailrace_report.kinds.hog import shared_notes, shared_sentence, tail_headline
from tailrace_report.kinds.kind import (
    Drawing,
    Headline,
    Kind,
    Section,
    Statement,
    load_title,
    workers_title,
)
from tailrace_report.measures import P99, Number, Quantile
from tailrace_report.study import Study
from tailrace_report.subject_table import Tails, Text, subject_table
from tailrace_report.tables import Table


class Skew(Kind):
    name, about = "skew", "uneven load"
    histograms = ("response", "service", "lateness", "hot.response", "cold.response")
    leads = False

    def title(self, point: Point) -> str:
        return f"{_uneven(point)}, {load_title(point)}{workers_title(point)}"

    def place(self, point: Point) -> tuple[Any, ...]:
        return (*super().place(point), point.numbers.get("burn_us", 0.0))

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        return tail_headline(study, "skew", "response time", self.points(study))

    def statements(self, study: Study) -> list[Statement]:
        for point in self.points(study)[:1]:
            compared = study.compare(point, P99)
            if not compared or not compared.valid:
                return []
            what = f"{say.capital(_uneven(point))}: response time p99 over all"
            text = say.best_and_worst(study, what, compared, wording.duration, "lowest", "highest")
            return [Statement("Uneven load", f"{text}.{shared_sentence(study, point)}")]
        return []

    def sections(self, study: Study) -> list[Section]:
        points = self.points(study)
        intro = (
            "Few connections carry most of the load, and each message costs the server CPU time:"
            " work stealing can spread it, loops that own their connections cannot."
        )
        drawing = Drawing(
            "skew",
            "Response time where few connections carry most of the load",
            lambda: figure_latency.latency_figure(study, points, figure_latency.Shown(_heading)),
        )
        tables = [skew_table(study, point) for point in points]
        return [Section("skew", "Uneven load", intro, [drawing], tables)]


SKEW = Skew()


def _uneven(point: Point) -> str:
    """`4 connections carry 80 % of the load`."""
    hot, share = point.whole("hot_connections"), point.numbers.get("hot_share", 0.0)
    carried = f"{100 * share:g} %" if share else "most"
    return f"{f'{hot:,}' if hot else 'few'} connections carry {carried} of the load"


def _heading(point: Point) -> str:
    what, _, rest = point.title.partition(", ")
    return f"{say.capital(what)}\n{rest}; lower is better"


def skew_table(study: Study, point: Point) -> Table:
    """Response time over all connections, and of hot and cold ones apart."""
    tails, p99 = Tails(study, point), study.compare(point, P99)
    busy = study.compare(point, Number("server.cpu_share"))

    def apart(name: str) -> Text:
        compared = study.compare(point, Quantile(0.99, f"{name}.response"))
        return columns.value(f"{name} p99", compared, wording.duration)

    notes = [
        "hot, cold: the connections that carry most of the load, a seeded choice, and the others."
        " Which worker a connection comes to is the kernel's choice where workers share a port."
    ]
    if burn := point.numbers.get("burn_us"):
        notes.append(f"The server burns {burn:g} µs of CPU time for each message: work to balance.")
    return subject_table(
        study,
        f"Response time, {point.title} (lower is better)",
        [point],
        [
            columns.blocks(study, point),
            tails.total("requests"),
            *tails.quantiles(),
            tails.longest(),
            apart("hot"),
            apart("cold"),
            columns.median("server CPU share", busy, wording.share),
            send_delay(study, point),
        ],
        [*notes, *shared_notes(study, point)],
    )
