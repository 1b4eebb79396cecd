# SPDX-License-Identifier: MIT
"""Some connections (hogs) burn CPU time for each message and await nothing: how long do the others
wait? Response times are those of the others; the hogs' own stand apart."""

from typing import Any

from tailrace_report import sentences as say
from tailrace_report import stats, subject_table, wording
from tailrace_report.campaign import Point, Subject
from tailrace_report.kinds.kind import Section
from tailrace_report.kinds.uneven import Uneven, shared_notes
from tailrace_report.measures import P99, Quantile
from tailrace_report.study import Comparison, Study
from tailrace_report.subject_table import Columns, Text
from tailrace_report.tables import Table

LOAD = ("connections", "message_bytes", "rate_per_s", "workers", "hog_every", "hog_rate_per_s")


class Hog(Uneven):
    name, about = "hog", "hogs"
    histograms = ("response", "service", "lateness", "hogs.response")
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
            (ratio.median, f"{entry.label} {wording.times(ratio.median)}")
            for entry in compared.valid
            if (ratio := times_calm(study, entry.subject, point))
        )
        shown = ", ".join(say.ends([words for _, words in grown], say.NAMED_MAX))
        return f". Against the same load without burning: {shown}" if grown else ""

    def table(self, study: Study, point: Point) -> Table:
        """The others' response time while hogs burn, beside the same load without burning."""
        columns, calm = Columns(study, point), calm_partner(study, point)
        before = study.compare(calm, P99) if calm else Comparison("", (), 0)

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
                "others: connections that burn nothing. with / without: paired within blocks,"
                " against the same load at which hogs burn nothing. from sending: without what the"
                " client itself was late, which on shared CPUs is the larger part; it leaves out"
                " what waited to be sent.",
                *shared_notes(study, point),
            ],
        )


HOG = Hog()


def calm_partner(study: Study, burning: Point) -> Point | None:
    """The measured point with the same load at which nobody burns."""

    def load(point: Point) -> Any:
        return point.arrivals, [point.numbers.get(key) for key in LOAD]

    for point in HOG.points(study):
        if not point.numbers.get("burn_us") and load(point) == load(burning) and point != burning:
            return point
    return None


def times_calm(study: Study, who: Subject, point: Point) -> stats.Estimate | None:
    """p99 with burning to that without, paired within blocks, of valid cells only."""
    calm = calm_partner(study, point)
    if calm is None:
        return None
    return stats.paired_ratio(*(P99.per_block(study, who, at, "ok") for at in (point, calm)))
