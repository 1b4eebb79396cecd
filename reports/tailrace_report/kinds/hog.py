# SPDX-License-Identifier: MIT
"""Some connections (hogs) burn CPU time for each message and await nothing: how long do the others
wait? Response times are those of the others; the hogs' own stand apart."""

from typing import Any

from tailrace_report import figure_latency, stats, wording
from tailrace_report import sentences as say
from tailrace_report import subject_table as columns
from tailrace_report.campaign import Point, Subject
from tailrace_report.kinds.echo import send_delay
from tailrace_report.kinds.kind import (
    Drawing,
    Headline,
    Kind,
    Section,
    Statement,
    load_title,
    workers_title,
)
from tailrace_report.measures import P99, Quantile
from tailrace_report.study import Study
from tailrace_report.subject_table import Tails, Text, subject_table
from tailrace_report.tables import Table

LOAD = ("connections", "message_bytes", "rate_per_s", "workers", "hog_every", "hog_rate_per_s")
SHARED_NOTE = (
    "Client and server shared the CPUs in these cells: {}. The client's own delay is in the"
    " response times (send delay), alike for all."
)


class Hog(Kind):
    name, about = "hog", "hogs"
    histograms = ("response", "service", "lateness", "hogs.response")
    leads = False

    def title(self, point: Point) -> str:
        return f"{what_burns(point)}, {load_title(point)}{workers_title(point)}"

    def place(self, point: Point) -> tuple[Any, ...]:
        return (*super().place(point), point.numbers.get("burn_us", 0.0))

    def burning(self, study: Study) -> list[Point]:
        """The points with burn_us > 0; all of them where there is none."""
        points = self.points(study)
        return [p for p in points if p.numbers.get("burn_us")] or points

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        return tail_headline(study, "hogs", "response time of the others", self.burning(study))

    def statements(self, study: Study) -> list[Statement]:
        for point in self.burning(study)[:1]:
            compared = study.compare(point, P99)
            if not compared or not compared.valid:
                return []
            what = f"{say.capital(what_burns(point))}: the others' response time p99"
            text = say.best_and_worst(study, what, compared, wording.duration, "lowest", "highest")
            grown = sorted(
                (ratio.median, f"{entry.label} {wording.times(ratio.median)}")
                for entry in compared.valid
                if (ratio := times_calm(study, entry.subject, point, 0.99))
            )
            if grown:
                shown = ", ".join(say.ends([words for _, words in grown], say.NAMED_MAX))
                text += f". Against the same load without burning: {shown}"
            return [Statement("Hogs", f"{text}.{shared_sentence(study, point)}")]
        return []

    def sections(self, study: Study) -> list[Section]:
        intro = (
            "A hog burns CPU time for each message and awaits nothing meanwhile: where scheduling"
            " is cooperative, its worker then serves nobody else. Shown is what the others wait,"
            " beside the same load at which hogs burn nothing; the hogs' own time is in the table."
        )
        drawing = Drawing(
            "hog",
            "Response time of the others by percentile, without and with hogs that burn CPU time",
            lambda: figure_latency.latency_figure(
                study, self.points(study), figure_latency.Shown(_heading)
            ),
        )
        tables = [hog_table(study, point) for point in self.burning(study)]
        return [Section("hogs", "When some connections burn CPU time", intro, [drawing], tables)]


HOG = Hog()


def what_burns(point: Point) -> str:
    """`1 in 10 connections burns 5 ms a message`."""
    every, burn = point.whole("hog_every"), point.numbers.get("burn_us", 0.0)
    if not burn:
        return "nobody burns"
    who = f"1 in {every} connections" if every else "some connections"
    return f"{who} burns {_brief(burn)} a message"


def _brief(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:g} µs"
    return f"{microseconds / 1000:g} ms" if microseconds < 1e6 else f"{microseconds / 1e6:g} s"


def _heading(point: Point) -> str:
    """What the hogs do is what differs from panel to panel."""
    rate = f", {point.rate_per_s:,.0f} requests/s" if point.rate_per_s else ""
    return f"{say.capital(what_burns(point))}\nresponse time of the others{rate}, lower is better"


def calm_partner(study: Study, burning: Point) -> Point | None:
    """The measured point with the same load at which nobody burns."""

    def load(point: Point) -> Any:
        return point.arrivals, [point.numbers.get(key) for key in LOAD]

    for point in HOG.points(study):
        if not point.numbers.get("burn_us") and load(point) == load(burning) and point != burning:
            return point
    return None


def times_calm(study: Study, who: Subject, point: Point, p: float) -> stats.Estimate | None:
    """The quantile with burning to the same without, paired within blocks, of valid cells only."""
    calm = calm_partner(study, point)
    if calm is None:
        return None
    with_hogs, without = (Quantile(p).per_block(study, who, at, "ok") for at in (point, calm))
    return stats.paired_ratio(with_hogs, without)


def hog_table(study: Study, point: Point) -> Table:
    """The others' response time while hogs burn, beside the same load without burning."""
    calm, tails, p99 = calm_partner(study, point), Tails(study, point), study.compare(point, P99)
    before = study.compare(calm, P99) if calm else None
    sent = study.compare(point, Quantile(0.99, "service"))
    own = study.compare(point, Quantile(0.5, "hogs.response"))

    def grown(who: Subject) -> str:
        return wording.with_interval(times_calm(study, who, point, 0.99), wording.times)

    return subject_table(
        study,
        f"Response time of the others, {point.title} (lower is better)",
        [point],
        [
            columns.blocks(study, point),
            tails.total("requests"),
            *tails.quantiles(),
            tails.longest(),
            columns.value("p99 from sending", sent, wording.duration),
            columns.value("p99, nobody burns", before, wording.duration),
            Text("p99 with / without", grown),
            columns.median("hogs' own p50", own, wording.duration),
            send_delay(study, point),
        ],
        [
            "others: connections that burn nothing. with / without: paired within blocks, against"
            " the same load at which hogs burn nothing. from sending: without what the client"
            " itself was late, which on shared CPUs is the larger part; it leaves out what waited"
            " to be sent.",
            *shared_notes(study, point),
        ],
    )


def tail_headline(
    study: Study, short: str, what: str, points: list[Point]
) -> tuple[list[Headline], list[str]]:
    """The quantiles of the first point."""
    found, notes = [], []
    for point in points[:1]:
        for p, name in columns.MAIN:
            compared = study.compare(point, Quantile(p))
            found.append(Headline(f"{short} {name}", compared, wording.duration, p == 0.99))
        notes = [f"{short}: {what}, {point.title}.", *shared_notes(study, point)]
    return found, notes


def shared_notes(study: Study, point: Point) -> list[str]:
    """What the cells of this point say about shared CPUs; empty where each side had its own."""
    texts = {
        cell.shared_cpus
        for who in study.present(point)
        for cell in study.cells(who, point, "ok", "invalid")
        if cell.shared_cpus
    }
    return [SHARED_NOTE.format("; ".join(sorted(texts)))] if texts else []


def shared_sentence(study: Study, point: Point) -> str:
    shared = shared_notes(study, point)
    return " Client and server shared the CPUs there." if shared else ""
