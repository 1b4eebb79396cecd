# SPDX-License-Identifier: MIT
"""Echo under a fixed offered load (open loop: tails, cost) and as fast as it goes (closed loop: the
ceiling)."""

from collections.abc import Callable

from tailrace_report import figure_latency, figure_rows, wording
from tailrace_report import sentences as say
from tailrace_report import subject_table as columns
from tailrace_report.campaign import Point, Subject
from tailrace_report.kinds.kind import Drawing, Headline, Kind, Section, Statement, load_title
from tailrace_report.measures import CPU, P50, P99, RATE, SEND_DELAY, Number, Quantile
from tailrace_report.study import Entry, Study
from tailrace_report.subject_table import QUANTILES, Tails, Text, subject_table
from tailrace_report.tables import Table

COUNTED = (
    ("syscalls.total", "system calls"),
    ("allocations", "allocations"),
    ("instructions", "instructions, user mode"),
)
WHY_RATE_FOLLOWS = (
    "Rate comes last on purpose: over loopback the kernel does most of the work of an echo, and"
    " where the client is as busy as the server, a cheaper server does not show as a higher rate."
)


class Open(Kind):
    name, about = "open", "offered load"
    histograms = ("response", "service", "lateness")

    def title(self, point: Point) -> str:
        return f"open loop, {load_title(point)}"

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        point = self.lead(study)
        if point is None:
            return [], []
        found = cost_columns(study, point)
        for p, name in columns.MAIN:
            compared = study.compare(point, Quantile(p))
            found.append(Headline(name, compared, wording.duration, p == 0.99))
        notes = [f"CPU time and response times: {point.title}."]
        return found, notes + counted_note(study)

    def statements(self, study: Study) -> list[Statement]:
        point = self.lead(study)
        return cost_statements(study, point) + _tails(study, point) if point else []

    def sections(self, study: Study) -> list[Section]:
        points = self.points(study)
        intro = (
            "Response time from the planned send time, at the same offered load for all. The line"
            " is the median over blocks and the band their range; it ends where a block's samples"
            " end, and goes on thin and without a band where only all blocks together carry the"
            " quantile."
        )
        drawing = Drawing(
            "latency",
            "Response time by percentile, a panel for each offered load",
            lambda: figure_latency.latency_figure(study, points, figure_latency.Shown(_heading)),
        )
        tables = [response_table(study, point) for point in points]
        return [Section("tails", "Latency tails", intro, [drawing], tables)]


class Closed(Kind):
    name, about = "closed", "closed loop"
    histograms = ("response", "service")

    def title(self, point: Point) -> str:
        depth = point.whole("depth")
        return f"closed loop, {load_title(point)}" + (f", depth {depth}" if depth else "")

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        point = self.lead(study)
        if point is None:
            return [], []
        alone = not OPEN.points(study)
        found = cost_columns(study, point) if alone else []
        rate = study.compare(point, RATE)
        what = "CPU time and closed rate" if alone else "Closed rate"
        note = f"{what}: {point.title}; see how busy the client was, too."
        notes = [note] + (counted_note(study) if alone else [])
        return [*found, Headline("closed rate", rate, wording.rate, True)], notes

    def statements(self, study: Study) -> list[Statement]:
        point = self.lead(study)
        if point is None:
            return []
        return (cost_statements(study, point) if not OPEN.points(study) else []) + _rate(
            study, point
        )

    def sections(self, study: Study) -> list[Section]:
        closed = self.points(study)
        echo = OPEN.points(study) + closed
        rate = Drawing(
            "rate",
            "Closed-loop rate, with the CPU shares of server and client",
            lambda: figure_rows.rows_figure(
                study,
                [
                    figure_rows.Panel(compared, note=_busy_note(study, point))
                    for point in closed
                    if (compared := study.compare(point, RATE))
                ],
                "thousand requests/s (right: CPU share of server / client)",
                wording.rate,
                1e-3,
            ),
        )
        return [
            _cost_section(study, echo),
            Section(
                "ceiling",
                "Closed-loop ceiling",
                WHY_RATE_FOLLOWS + " Read it with both CPU shares beside it.",
                [rate],
                [rate_table(study, point) for point in closed],
            ),
        ]


OPEN, CLOSED = Open(), Closed()


def cost_columns(study: Study, point: Point) -> list[Headline]:
    """CPU time at `point`, and what was counted for an operation."""
    return [
        Headline("CPU/op", study.compare(point, CPU), wording.microseconds, True),
        Headline("calls/op", study.counted("syscalls.total"), wording.plain),
    ]


def counted_note(study: Study) -> list[str]:
    calls = study.counted("syscalls.total")
    return [f"calls/op: {calls.title}, exact."] if calls else []


def _heading(point: Point) -> str:
    mode, _, rest = point.title.partition(", ")
    return f"{rest}\n{mode}, response time, lower is better"


def _cost_section(study: Study, points: list[Point]) -> Section:
    def cpu() -> list[figure_rows.Panel]:
        user = Number("server.user_us_per_op")
        return [
            figure_rows.Panel(compared, study.compare(point, user))
            for point in points
            if (compared := study.compare(point, CPU))
        ]

    def counted(metric: str) -> list[figure_rows.Panel]:
        compared = study.counted(metric)
        return [figure_rows.Panel(compared)] if compared else []

    axis = "server CPU per request, µs (solid: user, light: system)"
    drawings = [
        Drawing(
            "cpu",
            "Server CPU per request, user and system, with its ratio to the floor",
            lambda: figure_rows.rows_figure(study, cpu(), axis, wording.microseconds),
        )
    ]
    for name, metric, what in (
        ("syscalls", "syscalls.total", "System calls"),
        ("instructions", "instructions", "User instructions"),
    ):
        drawings.append(
            Drawing(
                name,
                f"{what} of the server for an echo, counted exactly",
                lambda metric=metric, what=what: figure_rows.rows_figure(  # type: ignore[misc]
                    study, counted(metric), f"{what.lower()} an echo", wording.plain
                ),
            )
        )
    intro = (
        "CPU time of the server divided by the requests it answered; and what an echo costs by"
        " count, in a pass of its own. On loopback these differ where the rate does not."
    )
    tables = [cost_table(study, point) for point in points] + [counts_table(study)]
    return Section("cost", "Cost per operation", intro, drawings, tables)


def response_table(study: Study, point: Point) -> Table:
    """Quantiles with intervals where the samples carry them."""
    tails, p99 = Tails(study, point), study.compare(point, P99)
    return subject_table(
        study,
        f"Response time, {point.title} (lower is better)",
        [point],
        [
            columns.blocks(study, point),
            tails.total("requests"),
            *tails.quantiles(QUANTILES),
            tails.longest(),
            columns.ratio("p99 / floor", study, p99),
            send_delay(study, point),
        ],
    )


def send_delay(study: Study, point: Point) -> Text:
    """How late the client itself sent."""
    found = columns.median("send delay p99", study.compare(point, SEND_DELAY), wording.duration)
    note = "send delay: how late the client itself sent; it is part of the response time."
    return Text(found.title, found.text, note=note)


def cost_table(study: Study, point: Point) -> Table:
    """What an operation costs the server: CPU time and context switches."""

    def server(title: str, key: str, form: wording.Format) -> Text:
        return columns.median(title, study.compare(point, Number(f"server.{key}")), form)

    cpu = study.compare(point, CPU)
    return subject_table(
        study,
        f"Cost per operation, {point.title} (lower is better)",
        [point],
        [
            columns.blocks(study, point),
            columns.value("server CPU", cpu, wording.microseconds),
            server("user", "user_us_per_op", wording.microseconds),
            server("system", "system_us_per_op", wording.microseconds),
            columns.ratio("CPU / floor", study, cpu),
            server("switches, voluntary", "voluntary_switches_per_op", wording.plain),
            server("involuntary", "involuntary_switches_per_op", wording.plain),
            server("server CPU share", "cpu_share", wording.share),
        ],
    )


def counts_table(study: Study) -> Table:
    """Exact counts of one echo, from `tailrace cost`."""
    compared = [(title, study.counted(metric)) for metric, title in COUNTED]
    shown = [(title, found) for title, found in compared if found]
    settings = next((found.title for _, found in shown), "")
    table = subject_table(
        study,
        f"One echo, {settings} (lower is better)",
        study.points,
        [
            text
            for title, found in shown
            for text in (
                columns.median(title, found, wording.plain),
                columns.ratio("/ floor", study, found),
            )
        ]
        + ([Text("system calls by name", lambda who: _calls_text(study, who))] if shown else []),
    )
    for who in study.subjects:
        counts = study.counts(who)
        for metric, cause in counts.absent.items() if counts else ():
            if not metric or metric in dict(COUNTED):
                what = f"{dict(COUNTED)[metric]} " if metric else ""
                table.notes.append(f"{study.labels[who]}: {what}not counted: {cause}.")
    return table


def _calls_text(study: Study, who: Subject) -> str:
    counts = study.counts(who)
    found = {
        metric.partition(".")[2]: value
        for metric, value in (counts.values.items() if counts else ())
        if metric.startswith("syscalls.") and metric != "syscalls.total" and value >= 0.0005
    }
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:4]
    return ", ".join(f"{name} {wording.plain(n)}" for name, n in ordered) or wording.MISSING


def rate_table(study: Study, point: Point) -> Table:
    """The ceiling at one point, with how busy both sides were."""
    rate = study.compare(point, RATE)
    tails = Tails(study, point)

    def busy(side: str) -> Text:
        share = study.compare(point, Number(f"{side}.cpu_share"))
        return columns.median(f"{side} CPU share", share, wording.share)

    return subject_table(
        study,
        f"Closed-loop rate, {point.title} (higher is better)",
        [point],
        [
            columns.blocks(study, point),
            tails.total("requests"),
            columns.value("rate", rate, wording.rate),
            columns.ratio("rate / floor", study, rate),
            columns.median("p50", study.compare(point, P50), wording.duration),
            columns.median("p99", study.compare(point, P99), wording.duration),
            busy("server"),
            busy("client"),
        ],
        ["Closed loop: latency is connections / rate here, so p50 says nothing new."],
    )


def _busy_note(study: Study, point: Point) -> Callable[[Entry], str]:
    """How busy both sides were: `98 / 97 %`, server / client."""

    def note(entry: Entry) -> str:
        shares = []
        for side in ("server", "client"):
            found = study.compare(point, Number(f"{side}.cpu_share"))
            one = found.of(entry.subject) if found else None
            shares.append(f"{100 * one.estimate.median:.0f}" if one else "?")
        return ("" if entry.valid else "invalid, ") + f"{shares[0]} / {shares[1]} %"

    return note


def cost_statements(study: Study, point: Point) -> list[Statement]:
    """CPU time at `point` and system calls an operation."""
    found = []
    cpu = study.compare(point, CPU)
    if cpu and cpu.valid:
        what = f"{say.capital(point.title)}: server CPU per request"
        text = say.best_and_worst(study, what, cpu, wording.microseconds, "lowest", "highest")
        found.append(Statement("CPU", f"{text}."))
    calls = study.counted("syscalls.total")
    if calls:
        low, high = calls.best_first()[0], calls.best_first()[-1]
        least, most = (wording.plain(e.estimate.median) for e in (low, high))
        span = f"From {least} ({low.label}) to {most} ({high.label}) an echo"
        if least == most:
            span = f"All make {least} an echo"
        found.append(Statement("System calls", f"{span}; exact counts, the client's excluded."))
    return found


def _tails(study: Study, point: Point) -> list[Statement]:
    for p, name in ((0.999, "p99.9"), (0.99, "p99"), (0.9, "p90")):
        compared = study.compare(point, Quantile(p))
        if compared and compared.valid:
            break
    else:
        if not any(study.standing(who, point) == "ok" for who in study.subjects):
            return []
        return [Statement("Tails", "No tail quantile is carried by enough samples here.")]
    what = f"{say.capital(point.title)}: response time {name}, from the planned send time,"
    text = say.best_and_worst(study, what, compared, wording.duration, "lowest", "highest")
    return [Statement("Tails", f"{text}; all named kept up with the same offered load.")]


def _rate(study: Study, point: Point) -> list[Statement]:
    compared = study.compare(point, RATE)
    if not compared or not compared.valid:
        return []
    what = f"{say.capital(point.title)}: the rate"
    text = say.best_and_worst(study, what, compared, wording.rate, "highest", "lowest")
    spans = []
    for side in ("server", "client"):
        found = study.compare(point, Number(f"{side}.cpu_share"))
        shares = sorted(entry.estimate.median for entry in found.valid) if found else []
        if shares:
            low, high = (f"{100 * share:.0f}" for share in (shares[0], shares[-1]))
            spans.append(f"the {side} {low if low == high else f'{low} to {high}'} %")
    busy = f" Busy CPU: {wording.joined(spans)}." if spans else ""
    return [Statement("Rate", f"{text}.{busy} {WHY_RATE_FOLLOWS}")]
