# SPDX-License-Identifier: MIT
"""Which tables a report has and what stands in them; the renderings are in tables.py.

Each function takes the study and returns tables that are empty (no rows) or absent when the
campaign has nothing for them. Footnotes say what an interval is, and why a number is missing.
"""

from __future__ import annotations

from tailrace_report import stats, wording
from tailrace_report.cell import STATES, Cell, Contestant, Point
from tailrace_report.hdr import Histogram
from tailrace_report.study import Comparison, Study, fit_interval, number, quantile, slope
from tailrace_report.tables import Column, Table

QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99"))
STATE_NAMES = {
    "idle": "idle, never used",
    "after_echo": "idle after one echo",
    "active": "active",
    "retained": "still held after close",
    "sleeping": "sleeping",
}
NAME = Column("contestant", right=False)
Compared = Comparison | None


def interval_note(comparisons: list[Comparison | None]) -> str:
    """What the brackets of these comparisons are, in one sentence."""
    kinds = {e.estimate.kind: e.estimate.blocks for c in comparisons if c for e in c.entries}
    if set(kinds) == {"interval"}:
        return "Median over blocks [exact 95 % interval of the median]."
    few = f"fewer than {stats.BLOCKS_FOR_INTERVAL} blocks carry no 95 % interval"
    if set(kinds) == {"range"}:
        return f"Median over blocks [range, smallest to largest: {few}]."
    return (
        "Median over blocks [exact 95 % interval of the median; or, below"
        f" {stats.BLOCKS_FOR_INTERVAL} blocks, the range from smallest to largest]."
    )


GROUP_NOTE = (
    "group: contestants that share a letter are not separated (the interval of their ratio, paired"
    " within blocks, covers 1, or the ratio is within 1 %); a is best; no order inside a group."
)
FEW_NOTE = (
    f"-: not supported, fewer than {stats.EXCEEDANCES_MIN} requests of a block lie above it."
)
POOLED_NOTE = "†: no block carries it, all blocks merged do; hence no interval and no rank."
GATED_NOTE = "gated: measured, but a gate says that it must not be ranked; shown without group."


def blocks_text(study: Study, contestant: Contestant, point: Point) -> str:
    """`6`, `4 + 2 gated`, `gated 6`; failed cells are added where there are any."""
    counts = {
        status: len({c.block for c in study.cells(contestant, point, status)})
        for status in ("ok", "gated", "failed")
    }
    parts = [str(counts["ok"])] if counts["ok"] else []
    parts += [f"{counts[s]} {s}" for s in ("gated", "failed") if counts[s]]
    return " + ".join(parts) or "0"


def _ratio_text(comparison: Comparison | None, study: Study, contestant: Contestant) -> str:
    entry = comparison.of(contestant) if comparison else None
    if entry and contestant == study.floor:
        return "floor"
    if entry is None or entry.ratio is None:
        return wording.MISSING
    return wording.with_interval(entry.ratio, wording.times)


def value(comparison: Comparison | None, who: Contestant, form: wording.Format) -> str:
    entry = comparison.of(who) if comparison else None
    return wording.with_interval(entry.estimate, form) if entry else wording.MISSING


def median(comparison: Comparison | None, who: Contestant, form: wording.Format) -> str:
    entry = comparison.of(who) if comparison else None
    return form(entry.estimate.median) if entry else wording.MISSING


def group(comparison: Comparison | None, who: Contestant) -> str:
    entry = comparison.of(who) if comparison else None
    if entry is None:
        return wording.MISSING
    return entry.group or wording.MISSING if entry.ranked else "gated"


def present(study: Study, point: Point) -> list[Contestant]:
    """Who has numbers at this point."""
    return [c for c in study.contestants if study.standing(c, point)]


def finish(table: Table, study: Study, points: list[Point], notes: list[str]) -> Table:
    gated = any(study.cells(c, p, "gated") for c in study.contestants for p in points)
    table.notes += notes + ([GATED_NOTE] if gated else [])
    return table


def latency(study: Study, point: Point) -> Table:
    """Response time at one point: quantiles with intervals where the samples carry them."""
    compared = [study.compare(point, quantile(p)) for p, _ in QUANTILES]
    late = study.compare(point, quantile(0.99, "lateness"))
    titles = [name for _, name in QUANTILES]
    table = Table(
        f"Response time, {point.title} (lower is better)",
        [NAME, Column("blocks"), Column("requests")]
        + [Column(title) for title in titles]
        + [
            Column("longest"),
            Column("p99 / floor"),
            Column("group by p99"),
            Column("sent late p99"),
        ],
    )
    pooled_used = False
    for who in present(study, point):
        status = study.standing(who, point)
        histograms = study.histograms(who, point, status)
        pooled = Histogram.merge(histograms.values())
        cells = []
        for (p, _), comparison in zip(QUANTILES, compared):
            text = value(comparison, who, wording.duration)
            if text == wording.MISSING and stats.supported(pooled.total, p):
                text = f"{wording.duration(pooled.quantile(p))} †"
                pooled_used = True
            cells.append(text)
        table.add(
            study.labels[who],
            blocks_text(study, who, point),
            f"{pooled.total:,}",
            *cells,
            wording.duration(pooled.highest) if pooled.total else wording.MISSING,
            _ratio_text(compared[2], study, who),
            group(compared[2], who),
            median(late, who, wording.duration),
        )
    notes = [interval_note(compared)]
    notes.append(FEW_NOTE)
    if pooled_used:
        notes.append(POOLED_NOTE)
    notes.append("sent late: how late the client itself sent; it is part of the response time.")
    return finish(table, study, [point], notes + [GROUP_NOTE])


def cost(study: Study, point: Point) -> Table:
    """What an operation costs the server at one point: CPU, system calls, switches."""
    cpu = study.compare(point, number("server.cpu_us_per_op"))
    calls = study.compare(point, number("server.syscalls_per_op"))
    table = Table(
        f"Cost per operation, {point.title} (lower is better)",
        [NAME, Column("blocks"), Column("server CPU"), Column("user"), Column("system")]
        + [Column("CPU / floor"), Column("group by CPU"), Column("system calls")]
        + [Column("switches, voluntary"), Column("involuntary"), Column("server CPU share")],
    )
    user, system, willing, unwilling, busy = (
        study.compare(point, number(f"server.{key}"))
        for key in (
            "user_us_per_op",
            "system_us_per_op",
            "voluntary_switches_per_op",
            "involuntary_switches_per_op",
            "cpu_share",
        )
    )
    for who in present(study, point):
        table.add(
            study.labels[who],
            blocks_text(study, who, point),
            value(cpu, who, wording.microseconds),
            median(user, who, wording.microseconds),
            median(system, who, wording.microseconds),
            _ratio_text(cpu, study, who),
            group(cpu, who),
            value(calls, who, wording.plain),
            median(willing, who, wording.plain),
            median(unwilling, who, wording.plain),
            median(busy, who, wording.share),
        )
    notes = [interval_note([cpu, calls]), GROUP_NOTE]
    if calls is None and (cause := _unread_cause(study, "server.syscalls_per_op")):
        notes.append(f"System calls were not counted: {cause}.")
    return finish(table, study, [point], notes)


def _unread_cause(study: Study, key: str) -> str:
    causes = {cell.unread[key] for cell in study.campaign.cells if key in cell.unread}
    return "; ".join(sorted(causes)[:3]).rstrip(".")


def closed(study: Study, point: Point) -> Table:
    """The ceiling at one closed-loop point, with how busy both sides were."""
    rate = study.compare(point, number("load.achieved_per_s"), best_is_low=False)
    middle, tail = (study.compare(point, quantile(p)) for p in (0.5, 0.99))
    server, client = (study.compare(point, number(f"{s}.cpu_share")) for s in ("server", "client"))
    table = Table(
        f"Closed-loop rate, {point.title} (higher is better)",
        [
            NAME,
            Column("blocks"),
            Column("requests"),
            Column("rate / floor"),
            Column("group by rate"),
        ]
        + [Column("p50"), Column("p99"), Column("server CPU share"), Column("client CPU share")],
    )
    for who in present(study, point):
        table.add(
            study.labels[who],
            blocks_text(study, who, point),
            value(rate, who, wording.rate),
            _ratio_text(rate, study, who),
            group(rate, who),
            median(middle, who, wording.duration),
            median(tail, who, wording.duration),
            median(server, who, wording.share),
            median(client, who, wording.share),
        )
    little = "Closed loop: latency is connections / rate here, so p50 says nothing new."
    return finish(table, study, [point], [interval_note([rate]), GROUP_NOTE, little])


def memory(study: Study, point: Point) -> list[Table]:
    """One table a state: user, kernel and their sum, per connection or per task."""
    tables = []
    unit = "task" if point.kind == "task_memory" else "connection"
    for state in STATES:
        both = study.compare(point, slope(state, "user", "kernel"))
        user = study.compare(point, slope(state, "user"))
        kernel = study.compare(point, slope(state, "kernel"))
        if user is None and kernel is None:
            continue
        table = Table(
            f"Memory per {unit}, {STATE_NAMES[state]} (lower is better)",
            [NAME, Column("blocks"), Column("user"), Column("kernel"), Column("together")]
            + [Column("group by user"), Column("of the kernel's")],
        )
        fitted = False
        for who in present(study, point):
            texts = []
            for comparison, sides in (
                (user, ("user",)),
                (kernel, ("kernel",)),
                (both, ("user", "kernel")),
            ):
                fit = fit_interval(study, who, point, state, *sides)
                fitted = fitted or fit is not None
                entry = comparison.of(who) if comparison else None
                texts.append(
                    wording.with_interval(
                        fit or (entry.estimate if entry else None), wording.byte_count
                    )
                )
            parts = _parts_text(study, who, point, state)
            table.add(
                study.labels[who], blocks_text(study, who, point), *texts, group(user, who), parts
            )
        note = "Slope over the number; one block: [95 % interval of the fit]." if fitted else ""
        shown = [note] if note else [interval_note([user, kernel, both])]
        if any(e.estimate.median < 0 for c in (user, kernel) if c for e in c.entries):
            shown.append("A slope below zero is noise around nothing, not memory that was won.")
        tables.append(finish(table, study, [point], shown + [GROUP_NOTE]))
    return tables


def _parts_text(study: Study, who: Contestant, point: Point, state: str) -> str:
    """The kernel's bytes by kind, medians over cells, largest first."""
    found: dict[str, list[float]] = {}
    for cell in study.cells(who, point, study.standing(who, point)):
        for (at, part), value in (cell.memory.kernel_parts if cell.memory else {}).items():
            if at == state:
                found.setdefault(part, []).append(value)
    medians = sorted(((-stats.median(v), part) for part, v in found.items()))
    shown = [f"{part.replace('_', ' ')} {wording.byte_count(-v)}" for v, part in medians if -v >= 1]
    return ", ".join(shown) or wording.MISSING


def trouble(study: Study) -> Table:
    """Every cell that is not ok, alike ones together: status, where, cause, remedy."""
    table = Table(
        "Cells that failed, were gated or were skipped",
        [Column("contestant", False), Column("status", False), Column("cells")]
        + [Column(title, False) for title in ("points", "cause", "remedy")],
    )
    alike: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in study.campaign.cells:
        if cell.status != "ok":
            key = (cell.status, study.labels[cell.contestant], _kind_of_trouble(cell))
            alike.setdefault(key, []).append(cell)
    rank = {"failed": 0, "gated": 1, "skipped": 2}
    for key in sorted(alike, key=lambda k: (rank[k[0]], k)):
        status, label, _ = key
        cells = alike[key]
        points = sorted({cell.point.id for cell in cells})
        shown = ", ".join(points[:4]) + (f" and {len(points) - 4} more" if len(points) > 4 else "")
        causes = {cell.cause for cell in cells}
        cause = cells[0].cause or "-"
        cause = cause if len(causes) == 1 else f"{_kind_of_trouble(cells[0])}; such as: {cause}"
        table.add(label, status, str(len(cells)), shown, cause, cells[0].remedy or "-")
    _add_unavailable(table, study)
    return table


def _kind_of_trouble(cell: Cell) -> str:
    """What makes cells alike: the gates that held them back, or else cause and remedy."""
    if cell.status == "gated":
        names = [str(gate.get("name")) for gate in cell.gates if gate.get("ok") is not True]
        if names:
            return f"held back by {', '.join(sorted(names))}"
    return f"{cell.cause}\n{cell.remedy}"


def _add_unavailable(table: Table, study: Study) -> None:
    """Contestants that the manifest lists as not available here and that have no cell at all."""
    listed = study.campaign.manifest.get("contestants")
    seen = {contestant.id for contestant in study.contestants}
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("available") is False and one.get("id") not in seen:
            cause, remedy = (str(one.get(key) or "-") for key in ("cause", "remedy"))
            table.add(str(one.get("id"))[:200], "not here", "0", "-", cause, remedy)


def gates(study: Study) -> Table:
    """Each gate by name: how many cells it judged and how many it held back."""
    table = Table(
        "Gates",
        [
            Column("gate", False),
            Column("cells judged"),
            Column("held back"),
            Column("worst", False),
        ],
    )
    seen: dict[str, list[dict[str, object]]] = {}
    for cell in study.campaign.cells:
        for gate in cell.gates:
            seen.setdefault(str(gate.get("name", "unnamed"))[:80], []).append(gate)
    for name in sorted(seen):
        held = [gate for gate in seen[name] if gate.get("ok") is not True]
        text = str(held[0].get("text") or "-")[:200] if held else "-"
        table.add(name, str(len(seen[name])), str(len(held)), text)
    return table


def flattened(title: str, value: object) -> Table:
    """Any JSON object as key and value; null keys show their `_cause`. For machine and build."""
    table = Table(title, [Column("key", False), Column("value", False)])

    def walk(prefix: str, found: object, depth: int) -> None:
        if len(table.rows) >= 400:
            return
        if isinstance(found, dict) and depth < 6:
            for key, inner in found.items():
                if str(key).endswith("_cause") and str(key).removesuffix("_cause") in found:
                    continue
                if inner is None and found.get(f"{key}_cause"):
                    inner = f"unreadable: {found[f'{key}_cause']}"
                walk(f"{prefix}.{key}" if prefix else str(key), inner, depth + 1)
        elif isinstance(found, list) and any(isinstance(item, dict) for item in found):
            for index, item in enumerate(found):
                name = item.get("id", index) if isinstance(item, dict) else index
                walk(f"{prefix}[{name}]", item, depth + 1)
        elif isinstance(found, list):
            table.add(prefix, ", ".join(str(item) for item in found)[:2000] or "-")
        else:
            table.add(prefix, "-" if found is None else str(found)[:2000])

    walk("", value, 0)
    return table
