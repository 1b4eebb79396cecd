# SPDX-License-Identifier: MIT
"""Tables of timers: how late tasks wake, what a timer costs, what a cancelled one costs.

Lateness counts from the deadline; nothing is subtracted for an API that knows milliseconds only.
That such an API rounds is in the column `API`, so that nobody takes it for slowness.
"""

from __future__ import annotations

from tailrace_report import sections, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.hdr import Histogram
from tailrace_report.sections import NAME, QUANTILES
from tailrace_report.study import Comparison, Entry, Study, number, quantile
from tailrace_report.tables import Column, Table

LATENESS = "lateness_ns"
SHOWN = tuple((p, name) for p, name in QUANTILES if p in (0.5, 0.99, 0.999))
# The unit in which a timer may be asked for; where it is not listed, nanoseconds.
GRANULARITY = dict.fromkeys(("libuv", "tokio", "tokio-current", "monoio"), "1 ms")
WINDOW = "timer_window_us"


def fired_points(study: Study) -> list[Point]:
    """Points whose timers expire."""
    return [p for p in study.points_of("timer") if p.options.get("mode") != "cancel"]


def cancelled_points(study: Study) -> list[Point]:
    """Points whose timers are armed and cancelled."""
    return [p for p in study.points_of("timer") if p.options.get("mode") == "cancel"]


def lateness(study: Study, point: Point) -> Table:
    """Quantiles of lateness with what it cost."""
    compared = [study.compare(point, quantile(p, LATENESS)) for p, _ in SHOWN]
    firing, each, arming, idle, slack = (
        study.compare(point, number(f"timer.{key}"))
        for key in ("fire_cpu_ns", "fire_cpu_each_ns", "arm_cpu_ns", "idle_share", "slack_ns")
    )
    table = Table(
        f"Lateness, {point.title} (lower is better)",
        [NAME, Column("blocks"), Column("timers")]
        + [Column(name) for _, name in SHOWN]
        + [Column("longest"), Column("group by p99"), Column("CPU while they fire")]
        + [Column("a timer that fires"), Column("to arm one"), Column("CPU share while all wait")]
        + [Column("API"), Column("slack")],
    )
    for who in sections.present(study, point):
        blocks = study.histograms(who, point, study.standing(who, point), LATENESS)
        pooled = Histogram.merge(blocks.values())
        table.add(
            study.labels[who],
            sections.blocks_text(study, who, point),
            f"{pooled.total:,}",
            *(sections.value(comparison, who, wording.duration) for comparison in compared),
            wording.duration(pooled.highest) if pooled.total else wording.MISSING,
            sections.group(compared[1], who),
            sections.value(firing, who, wording.duration),
            sections.median(each, who, wording.duration),
            sections.median(arming, who, wording.duration),
            sections.median(idle, who, _small_share),
            GRANULARITY.get(who.id, "ns"),
            sections.median(slack, who, wording.duration),
        )
    notes = [sections.interval_note([*compared, firing]), sections.FEW_NOTE]
    notes.append(
        "CPU time is the process' own, user and kernel: while they fire, from first to last;"
        " to arm one, with the making of its task. API: the unit in which a timer may be asked for;"
        " one of 1 ms rounds up, and its lateness has up to that much of it. slack: by how much the"
        " kernel may delay a wait (not those of io_uring)."
    )
    return sections.finish(table, study, [point], [*notes, sections.GROUP_NOTE])


def _small_share(value: float) -> str:
    return "< 0.01 %" if 0 < value < 1e-4 else f"{100 * value:.2f} %"


def cancelled(study: Study, points: list[Point]) -> Table:
    """CPU time for a timeout that never fires, a column a point."""
    compared = [study.compare(point, number("timer.pair_cpu_ns")) for point in points]
    titles = [f"{point.option('at_once'):,} armed" for point in points]
    table = Table(
        "A timer that is armed and cancelled, CPU time (lower is better)",
        [NAME] + [c for title in titles for c in (Column(title), Column("group"))],
    )
    for who in study.contestants:
        texts = [
            text
            for comparison in compared
            for text in (
                sections.value(comparison, who, wording.duration),
                sections.group(comparison, who),
            )
        ]
        if any(text != wording.MISSING for text in texts):
            table.add(study.labels[who], *texts)
    if not table.rows:
        return table
    notes = [
        sections.interval_note(compared),
        "A task that sleeps and is cancelled, from its making to its end; so many armed at a time.",
    ]
    return sections.finish(table, study, points, [*notes, sections.GROUP_NOTE])


def window_points(study: Study) -> list[Point]:
    """Points at which a contestant ran with several windows of coalescing."""
    return [p for p in fired_points(study) if len({w for _, w, _, _ in windows(study, p)}) > 2]


def windows(study: Study, point: Point) -> list[tuple[str, int | None, Entry, Entry]]:
    """(id, window in us or None, CPU while firing, p99) of every contestant at this point."""
    firing = study.compare(point, number("timer.fire_cpu_ns"))
    late = study.compare(point, quantile(0.99, LATENESS))
    found = []
    for who in study.contestants:
        pair = (_of(firing, who), _of(late, who))
        if pair[0] and pair[1]:
            found.append((who.id, _window(study, who, point), pair[0], pair[1]))
    return sorted(found, key=lambda each: (each[0], -1 if each[1] is None else each[1]))


def window_forms(study: Study) -> frozenset[Contestant]:
    """Forms that set the window, of contestants that are there in another form too."""
    setting = {
        cell.contestant for cell in study.campaign.cells if cell.options.get(WINDOW) is not None
    }
    others = {who.id for who in study.contestants if who not in setting}
    return frozenset(who for who in setting if who.id in others)


def _of(comparison: Comparison | None, who: Contestant) -> Entry | None:
    return comparison.of(who) if comparison else None


def _window(study: Study, who: Contestant, point: Point) -> int | None:
    """In force, where the contestant has a window: what its form sets, or what it granted."""
    for cell in study.cells(who, point, "ok", "gated"):
        window = cell.options.get(WINDOW) or cell.granted.get(WINDOW, "")
        if window.isdecimal():
            return int(window)
    return None


def lead(study: Study) -> Point | None:
    """The point of the finding: random deadlines, the most of them, nothing set."""
    points = [p for p in fired_points(study) if p.options.get("mode") == "random"]
    plain = [p for p in points if not p.option("timer_slack_ns")] or points
    return max(plain, key=lambda p: p.option("tasks"), default=None)
