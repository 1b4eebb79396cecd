# SPDX-License-Identifier: MIT
"""What kinds share whose connections are not alike: echo under an offered load, looked at by the
response times of some of them."""

from typing import Any

from tailrace_report import figure_latency
from tailrace_report import sentences as say
from tailrace_report.campaign import Point
from tailrace_report.kinds.kind import (
    Drawing,
    Headline,
    Kind,
    Section,
    Statement,
    load_title,
    tail_headline,
    workers_title,
)
from tailrace_report.measures import P99
from tailrace_report.study import Comparison, Study
from tailrace_report.tables import Table

SHARED_NOTE = (
    "Client and server shared the CPUs in these cells: {}. The client's own delay is in the"
    " response times (send delay), alike for all."
)


class Uneven(Kind):
    leads = False
    short = ""  # in the headings of the first table
    times = ""  # whose times these are: `response time of the others`
    tail = ""  # the same of p99, in a sentence
    section = Section("", "")  # without its drawing and tables
    lead_in = ""  # of the statement
    picture = ""  # what the figure shows

    def what(self, point: Point) -> str:
        """What is uneven, in words."""
        raise NotImplementedError

    def heading(self, point: Point) -> str:
        """Of a panel; a second line after a newline."""
        raise NotImplementedError

    def table(self, study: Study, point: Point) -> Table:
        raise NotImplementedError

    def shown(self, study: Study) -> list[Point]:
        """The points that tables and sentences are about."""
        return self.points(study)

    def more(self, study: Study, point: Point, compared: Comparison) -> str:
        """What else the statement says, without a full stop."""
        return ""

    def title(self, point: Point) -> str:
        return f"{self.what(point)}, {load_title(point)}{workers_title(point)}"

    def place(self, point: Point) -> tuple[Any, ...]:
        return (*super().place(point), point.numbers.get("burn_us", 0.0))

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        for point in self.shown(study)[:1]:
            notes = [f"{self.short}: {self.times}, {point.title}.", *shared_notes(study, point)]
            return tail_headline(study, point, f"{self.short} "), notes
        return [], []

    def statements(self, study: Study) -> list[Statement]:
        for point in self.shown(study)[:1]:
            compared = study.compare(point, P99)
            if compared.valid:
                what = f"{say.capital(self.what(point))}: {self.tail}"
                text = say.best_and_worst(study, what, compared)
                text += f"{self.more(study, point, compared)}."
                if shared_notes(study, point):
                    text += " Client and server shared the CPUs there."
                return [Statement(self.lead_in, text)]
        return []

    def sections(self, study: Study) -> list[Section]:
        shown = figure_latency.Shown(self.heading)
        drawing = Drawing(
            self.name,
            self.picture,
            lambda: figure_latency.latency_figure(study, self.points(study), shown),
        )
        tables = [self.table(study, point) for point in self.shown(study)]
        head = self.section
        return [Section(head.anchor, head.title, head.intro, [drawing], tables)]


def shared_notes(study: Study, point: Point) -> list[str]:
    """What the cells of this point say about shared CPUs; empty where each side had its own."""
    texts = {
        cell.shared_cpus
        for who in study.present(point)
        for cell in study.cells(who, point, "ok", "invalid")
        if cell.shared_cpus
    }
    return [SHARED_NOTE.format("; ".join(sorted(texts)))] if texts else []
