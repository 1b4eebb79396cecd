# SPDX-License-Identifier: MIT
"""Connections that are not alike, under an offered load. Hogs burn CPU time for each message and
await nothing: how long do the others wait? Skew: few connections carry most of the load, and each
message costs the server CPU time. Response times are those of some of the connections."""

from typing import Any

from tailrace_report import figure_latency, selftest, stats, subject_table, wording
from tailrace_report import sentences as say
from tailrace_report.campaign import MEASURED, Point, Subject
from tailrace_report.kinds.kind import (
    OPEN_LOOP,
    Drawing,
    Headline,
    Kind,
    Section,
    Statement,
    load_title,
    tail_headline,
    workers_title,
)
from tailrace_report.measures import P99, Number, Quantile
from tailrace_report.study import Comparison, Study
from tailrace_report.subject_table import Columns, Text
from tailrace_report.tables import Table

SHARED_NOTE = (
    "Client and server shared the CPUs in these cells: {}. The client's own delay is in the"
    " response times (send delay), alike for all."
)
LOAD = ("connections", "message_bytes", "rate_per_s", "workers", "hog_every", "hog_rate_per_s")


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


class Hog(Uneven):
    name, about = "hog", "hogs"
    histograms = (*OPEN_LOOP, "hogs.response")
    short, times = "hogs", "response time of the others"
    lead_in, tail = "Hogs", "the others' response time p99"
    picture = "Response time of the others by percentile, without and with hogs that burn CPU time"
    section = Section(
        "hogs",
        "When some connections burn CPU time",
        "A hog burns CPU time for each message and awaits nothing meanwhile: where scheduling is"
        " cooperative, its worker then serves nobody else. Shown is what the others wait, beside"
        " the same load at which hogs burn nothing; the hogs' own time is in the table.",
    )

    def what(self, point: Point) -> str:
        """`1 in 10 connections burns 5 ms a message`."""
        every, burn = point.whole("hog_every"), point.numbers.get("burn_us", 0.0)
        if not burn:
            return "nobody burns"
        who = f"1 in {every} connections" if every else "some connections"
        return f"{who} burns {wording.time_unit(1000 * burn)} a message"

    def heading(self, point: Point) -> str:
        """What the hogs do is what differs from panel to panel."""
        rate = f", {point.rate_per_s:,.0f} requests/s" if point.rate_per_s else ""
        what = say.capital(self.what(point))
        return f"{what}\nresponse time of the others{rate}, lower is better"

    def shown(self, study: Study) -> list[Point]:
        """The points with burn_us > 0; all of them where there is none."""
        points = self.points(study)
        return [p for p in points if p.numbers.get("burn_us")] or points

    def more(self, study: Study, point: Point, compared: Comparison) -> str:
        grown = sorted(
            (ratio.median, f"{entry.label} {wording.relative(ratio)}")
            for entry in compared.valid
            if (ratio := times_calm(study, entry.subject, point))
        )
        shown = ", ".join(say.ends([words for _, words in grown], say.NAMED_MAX))
        return f". Against the same load without burning: {shown}" if grown else ""

    def table(self, study: Study, point: Point) -> Table:
        """The others' response time while hogs burn, beside the same load without burning."""
        columns, calm = Columns(study, point), calm_partner(study, point)
        before = study.compare(calm, P99) if calm else Comparison("", ())

        def grown(who: Subject) -> str:
            return wording.with_interval(times_calm(study, who, point), wording.times)

        return columns.table(
            f"Response time of the others, {point.title} (lower is better)",
            [
                *columns.tails("requests"),
                columns.value("p99 from sending", Quantile(0.99, "service")),
                subject_table.value("p99, nobody burns", before),
                Text("p99 with / without", grown),
                columns.median("hogs' own p50", Quantile(0.5, "hogs.response")),
                columns.send_delay(),
            ],
            [
                "others: connections that burn nothing. with / without: paired within generations,"
                " against the same load at which hogs burn nothing. from sending: without what the"
                " client itself was late, which on shared CPUs is the larger part; it leaves out"
                " what waited to be sent.",
                *shared_notes(study, point),
                *selftest.bias(study.campaign.selftest),
            ],
        )


class Skew(Uneven):
    name, about = "skew", "uneven load"
    histograms = (*OPEN_LOOP, "hot.response", "cold.response")
    short, times, tail = "skew", "response time", "response time p99 over all"
    lead_in = "Uneven load"
    picture = "Response time where few connections carry most of the load"
    section = Section(
        "skew",
        "Uneven load",
        "Few connections carry most of the load, and each message costs the server CPU time: work"
        " stealing can spread it, loops that own their connections cannot.",
    )

    def what(self, point: Point) -> str:
        """`4 connections carry 80 % of the load`."""
        hot, share = point.whole("hot_connections"), point.numbers.get("hot_share", 0.0)
        carried = f"{100 * share:g} %" if share else "most"
        return f"{f'{hot:,}' if hot else 'few'} connections carry {carried} of the load"

    def heading(self, point: Point) -> str:
        what, _, rest = point.title.partition(", ")
        return f"{say.capital(what)}\n{rest}; lower is better"

    def table(self, study: Study, point: Point) -> Table:
        """Response time over all connections, and of hot and cold ones apart."""
        columns = Columns(study, point)
        notes = [
            "hot, cold: the connections that carry most of the load, a seeded choice, and the"
            " others. Which worker a connection comes to is the kernel's choice where workers share"
            " a port."
        ]
        if burn := point.numbers.get("burn_us"):
            what = f"The server burns {burn:g} µs of CPU time for each message"
            notes.append(f"{what}: work to balance.")
        return columns.table(
            f"Response time, {point.title} (lower is better)",
            [
                *columns.tails("requests"),
                columns.value("hot p99", Quantile(0.99, "hot.response")),
                columns.value("cold p99", Quantile(0.99, "cold.response")),
                columns.median("server CPU share", Number("server.cpu_share", wording.share)),
                columns.send_delay(),
            ],
            [*notes, *shared_notes(study, point), *selftest.bias(study.campaign.selftest)],
        )


    def beside(self, study: Study) -> tuple[list[Headline], list[str]]:
        """p99 where there is work to balance: what several workers do with it."""
        for point in self.shown(study)[:1]:
            note = f"skew p99: {self.times}, {point.title}."
            column = Headline("skew p99", study.compare(point, P99))
            return [column], [note, *shared_notes(study, point)]
        return [], []


HOG, SKEW = Hog(), Skew()


def shared_notes(study: Study, point: Point) -> list[str]:
    """What the cells of this point say about shared CPUs; empty where each side had its own."""
    texts = {
        cell.shared_cpus
        for who in study.present(point)
        for cell in study.cells(who, point, *MEASURED)
        if cell.shared_cpus
    }
    return [SHARED_NOTE.format("; ".join(sorted(texts)))] if texts else []


def calm_partner(study: Study, burning: Point) -> Point | None:
    """The measured point with the same load at which nobody burns."""

    def load(point: Point) -> Any:
        return point.arrivals, [point.numbers.get(key) for key in LOAD]

    for point in HOG.points(study):
        if not point.numbers.get("burn_us") and load(point) == load(burning) and point != burning:
            return point
    return None


def times_calm(study: Study, who: Subject, point: Point) -> stats.Estimate | None:
    """p99 with burning to that without, paired within generations, of valid cells only."""
    calm = calm_partner(study, point)
    if calm is None:
        return None
    return stats.paired_ratio(*(study.comparable(who, at, P99) for at in (point, calm)))
