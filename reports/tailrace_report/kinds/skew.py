# SPDX-License-Identifier: MIT
"""Few connections carry most of the load, and each message costs the server CPU time."""

from tailrace_report import sentences as say
from tailrace_report import wording
from tailrace_report.campaign import Point
from tailrace_report.kinds.kind import Section
from tailrace_report.kinds.uneven import Uneven, shared_notes
from tailrace_report.measures import Number, Quantile
from tailrace_report.study import Study
from tailrace_report.subject_table import Columns
from tailrace_report.tables import Table


class Skew(Uneven):
    name, about = "skew", "uneven load"
    histograms = ("response", "service", "lateness", "hot.response", "cold.response")
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
            [*notes, *shared_notes(study, point)],
        )


SKEW = Skew()
