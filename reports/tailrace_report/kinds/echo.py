# SPDX-License-Identifier: MIT
"""Echo under a fixed offered load (open loop: tails, cost) and as fast as it goes (closed loop: the
ceiling)."""

from functools import partial

from tailrace_report import figure_latency, figure_rows, same_load, selftest, settings
from tailrace_report import subject_table, wording
from tailrace_report import sentences as say
from tailrace_report.campaign import Point, Subject
from tailrace_report.figure_answer import Shown
from tailrace_report.kinds.kind import (
    OPEN_LOOP,
    Drawing,
    Drawn,
    Headline,
    Kind,
    Section,
    Statement,
    has_interval,
    load_title,
    tail_headline,
)
from tailrace_report.measures import CPU, P50, P99, QUIET_P99, RATE, Measure, Number, Quantile
from tailrace_report.study import Comparison, Study
from tailrace_report.subject_table import QUANTILES, Columns, Text
from tailrace_report.tables import Table

COUNTED = (
    ("syscalls.total", "system calls"),
    ("allocations", "allocations"),
    ("instructions", "instructions, user mode"),
)
USER, SYSTEM, VOLUNTARY, INVOLUNTARY = (
    Number(f"server.{name}_per_op", form)
    for name, form in (
        ("user_us", wording.microseconds),
        ("system_us", wording.microseconds),
        ("voluntary_switches", wording.plain),
        ("involuntary_switches", wording.plain),
    )
)
BUSY = {side: Number(f"{side}.cpu_share", wording.share) for side in ("server", "client")}
NEIGHBOUR_INTRO = (
    "Another process burns CPU time on the server's CPU, by a schedule, while the same load runs:"
    " whom that delays, and by how much, is a property of the model and of the kernel's scheduler."
    " Subjects are paired with themselves alone, in the same generations."
)
CLASSES_INTRO = (
    "In SCHED_FIFO server and client run as soon as they are woken, whoever else wants their CPUs:"
    " what is left of a tail there is the runtime's own, and the rest is the kernel's scheduler and"
    " who else ran. That takes rights that most servers do not have: they run in the normal class."
    " Subjects are paired with themselves, in the same processes."
)
WHY_RATE_FOLLOWS = (
    "Rate comes last on purpose: over loopback the kernel does most of the work of an echo, and"
    " where the client is as busy as the server, a cheaper server does not show as a higher rate."
)


class Open(Kind):
    name, about = "open", "offered load"
    histograms = OPEN_LOOP

    def title(self, point: Point) -> str:
        return f"open loop, {load_title(point)}"

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        point = self.lead(study)
        if point is None:
            return [], []
        quiet = Headline("quiet p99", study.compare(point, QUIET_P99), True)
        p50, *tails = tail_headline(study, point)
        notes = [f"CPU time and response times: {point.title}."]
        if study.disturbed(point):
            notes = [f"{notes[0][:-1]}; of the rounds that were kept, but for as lived."]
        return [*cost_headline(study, point), p50, quiet, *tails], notes + counted_note(study)

    def pictured(self, study: Study) -> list[Shown]:
        measures = {"CPU per request": CPU, "p50": P50, "quiet p99": QUIET_P99, "p99": P99}
        shown = [
            _shown(study, point, title, measure)
            for point in self.lead_points(study)
            for title, measure in measures.items()
        ]
        return [s for s in shown if not s.title.startswith("p99") or has_interval(s.compared)]

    def statements(self, study: Study) -> list[Statement]:
        told: list[Statement] = []
        for point in self.lead_points(study):
            found = cost_statements(study, point, first=not told)
            # The load is named once.
            load = "At this load" if found else say.capital(point.title)
            told += found + _quiet(study, point, load) + _tails(study, point, load)
        return told

    def sections(self, study: Study) -> list[Section]:
        points = self.points(study)
        intro = (
            "Response time from the planned send time, at the same offered load for all. The line"
            " is the median over generations and the band their range; it ends where a generation's"
            " samples end, and goes on thin and without a band where only all together carry the"
            " quantile. Where rounds were disturbed, it is drawn twice: of the rounds that were"
            " kept, and as lived."
        )
        drawing = Drawing(
            "latency",
            "Response time by percentile, a panel for each offered load",
            lambda: figure_latency.latency_figure(study, points, figure_latency.Shown(_heading)),
        )
        tables = [response_table(study, point) for point in points]
        beside = [same_load.table(study, one) for one in same_load.neighbours(study)]
        classes = [same_load.table(study, one) for one in same_load.classes(study)]
        return [
            Section("tails", "Latency tails", intro, [drawing], tables),
            Section("neighbour", "Beside a neighbour", NEIGHBOUR_INTRO, tables=beside),
            Section("classes", "What the scheduling class does", CLASSES_INTRO, tables=classes),
        ]


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
        rate = [Headline("closed rate", study.compare(point, RATE), True)]
        note = f"{point.title}; see how busy the client was, too."
        if not alone:
            return rate, [f"Closed rate: {note}"]
        notes = [f"CPU time and closed rate: {note}", *counted_note(study)]
        return cost_headline(study, point) + rate, notes

    def pictured(self, study: Study) -> list[Shown]:
        shown = []
        for point in self.lead_points(study):
            if not OPEN.points(study):
                shown.append(_shown(study, point, "CPU per request", CPU))
            shown.append(_shown(study, point, "closed-loop rate", RATE))
        return shown

    def statements(self, study: Study) -> list[Statement]:
        told: list[Statement] = []
        for point in self.lead_points(study):
            if not OPEN.points(study):
                told += cost_statements(study, point, first=not told)
            told += _rate(study, point, first=point == self.lead(study))
        return told

    def sections(self, study: Study) -> list[Section]:
        closed = self.points(study)
        echo = OPEN.points(study) + closed
        rate = Drawing(
            "rate",
            "Closed-loop rate, with the CPU shares of server and client",
            lambda: figure_rows.rows_figure(
                study,
                [
                    figure_rows.Panel(study.compare(point, RATE), note=partial(_busy, study, point))
                    for point in closed
                ],
                "thousand requests/s (right: CPU share of server / client)",
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


def cost_headline(study: Study, point: Point) -> list[Headline]:
    """CPU time at `point`, and what was counted for an operation."""
    return [
        Headline("CPU/op", study.compare(point, CPU), True),
        Headline("calls/op", study.counted("syscalls.total")),
    ]


def counted_note(study: Study) -> list[str]:
    calls = study.counted("syscalls.total")
    return [f"calls/op: {calls.title}, exact."] if calls else []


def _heading(point: Point) -> str:
    mode, _, rest = point.title.partition(", ")
    return f"{rest}\n{mode}, response time, lower is better"


def _cost_section(study: Study, points: list[Point]) -> Section:
    def cpu() -> Drawn:
        panels = [
            figure_rows.Panel(study.compare(point, CPU), study.compare(point, USER))
            for point in points
        ]
        axis = "server CPU per request, µs (solid: user, light: system)"
        return figure_rows.rows_figure(study, panels, axis)

    def counted(name: str, metric: str, what: str) -> Drawing:
        title = f"{what} of the server for an echo, counted exactly"
        panel = figure_rows.Panel(study.counted(metric))
        axis = f"{what.lower()} an echo"
        return Drawing(name, title, lambda: figure_rows.rows_figure(study, [panel], axis))

    drawings = [
        Drawing("cpu", "Server CPU per request, user and system, with its ratio to the floor", cpu),
        counted("syscalls", "syscalls.total", "System calls"),
        counted("instructions", "instructions", "User instructions"),
    ]
    intro = (
        "CPU time of the server divided by the requests it answered; and what an echo costs by"
        " count, in a pass of its own. On loopback these differ where the rate does not."
    )
    tables = [cost_table(study, point) for point in points] + [counts_table(study)]
    return Section("cost", "Cost per operation", intro, drawings, tables)


def response_table(study: Study, point: Point) -> Table:
    """Quantiles with intervals where the samples carry them."""
    columns = Columns(study, point)
    return columns.table(
        f"Response time, {point.title} (lower is better)",
        [
            *columns.tails("requests", QUANTILES),
            columns.quiet(),
            columns.ratio("quiet / floor", QUIET_P99),
            columns.ratio("p99 / floor", P99),
            columns.send_delay(),
        ],
        selftest.bias(study.campaign.selftest),
    )


def cost_table(study: Study, point: Point) -> Table:
    """What an operation costs the server: CPU time and context switches."""
    columns = Columns(study, point)
    return columns.table(
        f"Cost per operation, {point.title} (lower is better)",
        [
            columns.value("server CPU", CPU),
            columns.median("user", USER),
            columns.median("system", SYSTEM),
            columns.ratio("CPU / floor", CPU),
            columns.median("switches, voluntary", VOLUNTARY),
            columns.median("involuntary", INVOLUNTARY),
            columns.median("server CPU share", BUSY["server"]),
        ],
    )


def counts_table(study: Study) -> Table:
    """Exact counts of one echo, from `tailrace cost`."""
    compared = [(title, study.counted(metric)) for metric, title in COUNTED]
    shown = [(title, found) for title, found in compared if found]
    settings = next((found.title for _, found in shown), "")
    table = subject_table.subject_table(
        study,
        f"One echo, {settings} (lower is better)",
        study.points,
        [
            text
            for title, found in shown
            for text in (
                subject_table.median(title, found),
                subject_table.ratio("/ floor", study, found),
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
    columns = Columns(study, point)
    requests, *_ = columns.tails("requests")
    return columns.table(
        f"Closed-loop rate, {point.title} (higher is better)",
        [
            requests,
            columns.value("rate", RATE),
            columns.ratio("rate / floor", RATE),
            columns.median("p50", P50),
            columns.median("p99", P99),
            *(columns.median(f"{side} CPU share", share) for side, share in BUSY.items()),
        ],
        ["Closed loop: latency is connections / rate here, so p50 says nothing new."],
    )


def _busy(study: Study, point: Point, who: Subject) -> str:
    """How busy both sides were: `98 / 97 %`, server / client."""
    found = [study.compare(point, share).of(who) for share in BUSY.values()]
    shares = [f"{100 * one.estimate.median:.0f}" if one else "?" for one in found]
    return f"{' / '.join(shares)} %"


def cost_statements(study: Study, point: Point, *, first: bool = True) -> list[Statement]:
    """CPU time at `point`; with the first point system calls an operation, the same at all."""
    found = []
    cpu = study.compare(point, CPU)
    if cpu.valid:
        what = f"{say.capital(point.title)}: server CPU per request"
        found.append(Statement("CPU", f"{say.best_and_worst(study, what, cpu)}."))
    calls = study.counted("syscalls.total")
    if calls and first:
        low, high = calls.best_first()[0], calls.best_first()[-1]
        span = f"From {low.middle} ({low.label}) to {high.middle} ({high.label}) an echo"
        if low.middle == high.middle:
            span = f"All make {low.middle} an echo"
        found.append(Statement("System calls", f"{span}; exact counts, the client's excluded."))
    return found


def _tails(study: Study, point: Point, load: str) -> list[Statement]:
    for p, name in ((0.999, "p99.9"), (0.99, "p99"), (0.9, "p90")):
        compared = study.compare(point, Quantile(p))
        if compared.valid:
            break
    else:
        if not any(study.standing(who, point) == "ok" for who in study.subjects):
            return []
        return [Statement("Tails", "No tail quantile is carried by enough samples here.")]
    what = f"{load}: response time {name}, from the planned send time,"
    text = say.best_and_worst(study, what, compared)
    return [Statement("Tails", f"{text}; {_kept_up(compared)} kept up with the same offered load.")]


def _kept_up(compared: Comparison) -> str:
    return "all others" if compared.overloaded else "all named"


def _quiet(study: Study, point: Point, load: str) -> list[Statement]:
    compared = study.compare(point, QUIET_P99)
    if not compared.valid:
        return []
    what = f"{load}: p99 of the quiet quarter of slices"
    return [Statement("Quiet tail", f"{say.best_and_worst(study, what, compared)}.")]


def _shown(study: Study, point: Point, title: str, measure: Measure) -> Shown:
    """A panel, whose title tells the scheduling classes apart."""
    in_class = ", SCHED_FIFO" if settings.in_fifo(point) else ""
    return Shown(title + in_class, study.compare(point, measure))


def _rate(study: Study, point: Point, *, first: bool) -> list[Statement]:
    """`first`: says why the rate comes last, too."""
    compared = study.compare(point, RATE)
    if not compared.valid:
        return []
    text = say.best_and_worst(study, f"{say.capital(point.title)}: the rate", compared)
    spans = []
    for side, share in BUSY.items():
        shares = sorted(entry.estimate.median for entry in study.compare(point, share).valid)
        if shares:
            low, high = (f"{100 * end:.0f}" for end in (shares[0], shares[-1]))
            spans.append(f"the {side} {low if low == high else f'{low} to {high}'} %")
    busy = f" Busy CPU: {wording.joined(spans)}." if spans else ""
    why = f" {WHY_RATE_FOLLOWS}" if first else ""
    return [Statement("Rate", f"{text}.{busy}{why}")]
