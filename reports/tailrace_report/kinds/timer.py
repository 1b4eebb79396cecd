# SPDX-License-Identifier: MIT
"""Timers: how late tasks wake, what a timer costs, what a cancelled one costs.

Lateness counts from the deadline; nothing is subtracted for an API that knows milliseconds only.
That such an API rounds is in the column `API`, so that nobody takes it for slowness.
"""

from typing import Any

from tailrace_report import figure_latency, figure_lines, wording
from tailrace_report import sentences as say
from tailrace_report.campaign import MEASURED, Point, Subject
from tailrace_report.fields import Fields
from tailrace_report.kinds.kind import (
    Drawing,
    Headline,
    Kind,
    Section,
    Statement,
    tail_headline,
    workers_title,
)
from tailrace_report.measures import Number, Quantile
from tailrace_report.study import Study
from tailrace_report.subject_table import Columns, Text, subject_table, value
from tailrace_report.tables import Table

LATENESS = "lateness_ns"
LATE_P99 = Quantile(0.99, LATENESS)
FIRE_CPU = Number("timer.fire_cpu_ns", wording.duration, metric="cpu")
# What a form may set to be more precise, or cheaper.
WINDOW = "timer_window_us"
SLACK = "timer_slack_ns"
LATE = {"p50": Quantile(0.5, LATENESS), "p99": LATE_P99}
# What a timer costs: a count over another, left out where its phase did not happen.
SHARES = {
    "arm_cpu_ns": ("arm_cpu_ns", "armed"),
    "fire_cpu_each_ns": ("fire_cpu_ns", "fired"),
    "idle_share": ("wait_cpu_ns", "wait_ns"),
    "pair_cpu_ns": ("whole_cpu_ns", "cancelled"),
}


class Timer(Kind):
    name, about = "timer", "timers"
    histograms = (LATENESS,)
    leads = False

    def title(self, point: Point) -> str:
        """`100,000 timers within 1 s, timer slack 1 ns`."""
        what, slack = f"{point.whole('tasks'):,} timers", point.whole("timer_slack_ns")
        if _mode(point) == "cancel":
            what += f" armed and cancelled, {point.whole('at_once'):,} at a time"
        elif _mode(point) == "expiry":
            what += " that expire at once"
        else:
            what += f" within {point.whole('spread_ms') / 1000:g} s"
        return what + (f", timer slack {slack:,} ns" if slack else "") + workers_title(point)

    def place(self, point: Point) -> tuple[Any, ...]:
        return _mode(point) != "random", point.whole("tasks"), *super().place(point)

    def numbers(self, line: Fields) -> dict[str, float]:
        """Nanoseconds of CPU time for a timer, and shares of a core."""
        names = {name for share in SHARES.values() for name in share}
        counts = line.part("work", "counts").numbers(*sorted(names))
        found = {
            name: counts[top] / counts[bottom]
            for name, (top, bottom) in SHARES.items()
            if top in counts and counts.get(bottom)
        }
        if not counts.get("fired"):  # nothing waited for
            found = {name: n for name, n in found.items() if name == "pair_cpu_ns"}
        elif "fire_cpu_ns" in counts:
            found["fire_cpu_ns"] = counts["fire_cpu_ns"]
        slack = line.part("target", "ready", "granted").number("timer_slack_ns")
        return found if slack is None else {**found, "slack_ns": slack}

    def fired(self, study: Study) -> list[Point]:
        """Points whose timers expire."""
        return [p for p in self.points(study) if _mode(p) != "cancel"]

    def cancelled(self, study: Study) -> list[Point]:
        """Points whose timers are armed and cancelled."""
        return [p for p in self.points(study) if _mode(p) == "cancel"]

    def lead(self, study: Study) -> Point | None:
        """Random deadlines, the most of them, nothing set."""
        points = [p for p in self.fired(study) if _mode(p) == "random"]
        plain = [p for p in points if not p.whole("timer_slack_ns")] or points
        return max(plain, key=lambda p: p.whole("tasks"), default=None)

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        point = self.lead(study)
        if point is None:
            return [], []
        found = tail_headline(study, point, "lateness ", LATENESS)
        cpu = Headline("CPU while they fire", study.compare(point, FIRE_CPU), True)
        return [*found, cpu], [f"lateness and CPU time: {point.title}."]

    def statements(self, study: Study) -> list[Statement]:
        """How late the tail wakes, and what that costs: neither says anything without the other."""
        point = self.lead(study)
        if point is None:
            return []
        late, cpu = study.compare(point, LATE_P99), study.compare(point, FIRE_CPU)
        if not late.valid or not cpu.valid:
            return []
        text = say.best_and_worst(study, f"{say.capital(point.title)}: lateness p99", late)
        cost = say.best_and_worst(study, "CPU time while they fire", cpu)
        return [Statement("Timers", f"{text}. {cost}.")]

    def sections(self, study: Study) -> list[Section]:
        fired = self.fired(study)
        # Who differs in window or slack alone is in the second figure.
        shown = figure_latency.Shown(
            lambda point: f"{say.capital(point.title)}\nlateness, lower is better",
            LATENESS,
            "share of timers at most this late",
            tuned_forms(study),
            lambda who: "" if _api(study, who) in ("ns", "-") else f" ({_api(study, who)} API)",
        )
        drawings = [
            Drawing(
                "timer",
                "Lateness by percentile, a panel for each number of timers",
                lambda: figure_latency.latency_figure(study, fired, shown),
            ),
            Drawing(
                "timer-window",
                "Lateness against CPU time, everybody a mark; what may be set, along a line",
                lambda: figure_lines.lines_figure(
                    cost_panels(study),
                    figure_lines.Axis("CPU time of the process while they fire", wording.time_unit),
                    figure_lines.Axis("lateness", wording.time_unit),
                ),
            ),
        ]
        intro = (
            "Tasks that each sleep until a deadline of their own; lateness is from the deadline"
            " until the task runs. Late wake-ups are cheap wake-ups: read the tails beside the CPU"
            " time. What a sleeping task holds is under Memory."
        )
        tables = [lateness_table(study, point) for point in fired]
        tables.append(cancelled_table(study, self.cancelled(study)))
        return [Section("timers", "Timers", intro, drawings, tables)]


TIMER = Timer()


def _mode(point: Point) -> str:
    return point.options.get("mode", "")


def _api(study: Study, who: Subject) -> str:
    """The unit in which a timer may be asked for, as the contestant describes it."""
    step = study.campaign.described(who.id).number("timer_granularity_ns")
    if step is None:
        return wording.MISSING
    return "ns" if step <= 1 else wording.time_unit(step)


def lateness_table(study: Study, point: Point) -> Table:
    """Quantiles of lateness with what it cost."""
    columns = Columns(study, point, LATENESS)

    def cost(title: str, key: str, form: wording.Format = wording.duration) -> Text:
        return columns.median(title, Number(f"timer.{key}", form))

    return columns.table(
        f"Lateness, {point.title} (lower is better)",
        [
            *columns.tails("timers"),
            columns.value("CPU while they fire", FIRE_CPU),
            cost("a timer that fires", "fire_cpu_each_ns"),
            cost("to arm one", "arm_cpu_ns"),
            cost("CPU share while all wait", "idle_share", _small_share),
            Text("API", lambda who: _api(study, who)),
            cost("slack", "slack_ns"),
        ],
        [
            "CPU time is the process' own, user and kernel: while they fire, from first to last; to"
            " arm one, with the making of its task. API: the step to which a deadline is rounded;"
            " one of 1 ms rounds up, and its lateness has up to that much of it. slack: by how much"
            " the kernel may delay a wait (not those of io_uring)."
        ],
    )


def _small_share(share: float) -> str:
    return "< 0.01 %" if 0 < share < 1e-4 else f"{100 * share:.2f} %"


def cancelled_table(study: Study, points: list[Point]) -> Table:
    """CPU time for a timeout that never fires, a column a point."""
    pair = Number("timer.pair_cpu_ns", wording.duration)
    found = [
        value(f"{point.whole('at_once'):,} armed", study.compare(point, pair)) for point in points
    ]
    note = "A task that sleeps and is cancelled, from its making to its end; so many armed at once."
    title = "A timer that is armed and cancelled, CPU time (lower is better)"
    return subject_table(study, title, points, found, [note])


def cost_panels(study: Study) -> list[figure_lines.Panel]:
    """For each point at which timers fire a panel of p50 and one of p99, in which everybody who has
    the number is a mark; down and left is better. Who has none is named in the heading. A panel of
    one mark would say nothing."""
    panels = []
    for point in TIMER.fired(study):
        for name, late in LATE.items():
            lines = _lines(study, point, late)
            shown = {mark.entry.subject for line in lines.values() for mark in line}
            ids = {who.id for who in shown}
            asked = [who for who in study.subjects_at(point) if who not in shown]
            absent = [study.labels[who] if who.id in ids else who.id for who in asked]
            absent = list(dict.fromkeys(absent))
            title = f"{say.capital(point.title)}\nlateness {name} against CPU time"
            if absent:
                title += f"\nwithout a number: {wording.joined(say.some(absent))}"
            if len(shown) > 1:
                panels.append(figure_lines.Panel(title, lines))
    return panels


def _lines(study: Study, point: Point, late: Quantile) -> dict[str, figure_lines.Line]:
    """A line for each contestant, through the forms that differ in window or slack alone; any other
    form is one by itself."""
    cpu, lateness = study.compare(point, FIRE_CPU), study.compare(point, late)
    tuned = tuned_forms(study)
    lines: dict[str, figure_lines.Line] = {}
    for who in study.subjects:
        x, y = cpu.of(who), lateness.of(who)
        if x and y:
            setting = _setting(study, who, point)
            at = x.middle + (f" ({setting})" if setting else "")
            mark = figure_lines.Mark(x.estimate.median, y, at, setting.removeprefix("window "))
            label = who.id if who in tuned else study.labels[who]
            lines.setdefault(label, []).append(mark)
    for line in lines.values():
        line.sort(key=lambda mark: mark.x)
    return lines


def tuned_forms(study: Study) -> frozenset[Subject]:
    """Forms that set the window or the slack and nothing else, of contestants that are there in
    another form too."""
    tuned = {
        cell.subject
        for cell in study.campaign.cells
        if cell.options and not set(cell.options) - {WINDOW, SLACK}
    }
    others = {who.id for who in study.subjects if who not in tuned}
    return frozenset(who for who in tuned if who.id in others)


def _setting(study: Study, who: Subject, point: Point) -> str:
    """`window 50 µs` in force, where the contestant has a window: what its form sets, or what it
    granted; `slack 1 ns` where its form sets that."""
    for cell in study.cells(who, point, *MEASURED):
        slack = cell.options.get(SLACK, "")
        if slack.isdecimal():
            return f"slack {wording.time_unit(int(slack))}"
        window = cell.options.get(WINDOW) or cell.granted.get(WINDOW, "")
        if window.isdecimal():
            return f"window {int(window):,} µs"
    return ""
