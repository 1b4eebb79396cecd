# SPDX-License-Identifier: MIT
"""The finding in a few sentences, generated from the study and from nothing else.

What leads is what this kind of machine can tell apart: CPU per operation, system calls per
operation, tails below saturation, memory slopes. Raw rate comes last, with the reason. A sentence
names groups, not winners, and says so when the blocks are too few for a 95 % statement.
"""

from __future__ import annotations

from dataclasses import dataclass

from tailrace_report import files, headline, stats, uneven, wording
from tailrace_report.cell import Point
from tailrace_report.study import Entry, Study, number, quantile, slope

# A sentence that names more than this is a table, and the tables are below.
NAMED_MAX = 4
WHY_RATE_FOLLOWS = (
    "Rate comes last on purpose: over loopback the kernel does most of the work of an echo, and"
    " where the client is as busy as the server, a cheaper server does not show as a higher rate."
)


@dataclass(frozen=True)
class Statement:
    """One sentence or two of the finding; `about` is the word or two that lead it."""

    about: str
    text: str


def statements(study: Study) -> list[Statement]:
    """The finding. At least one statement, also when nothing was measured."""
    answer: list[Statement] = []
    answer += _gated(study)
    point = headline.lead(study, "open") or headline.lead(study, "closed")
    if point:
        answer += _cost(study, point) + _calls(study, point)
    if open_point := headline.lead(study, "open"):
        answer += _tails(study, open_point)
    for hog_point in uneven.burning_points(study)[:1]:
        answer += _hogs(study, hog_point)
    for skew_point in study.points_of("skew")[:1]:
        answer += _skew(study, skew_point)
    for memory_point in study.points_of("memory"):
        state = "after_echo" if study.compare(memory_point, slope("after_echo", "user")) else "idle"
        answer += _memory(study, memory_point, state, "idle connection")
        break
    for task_point in study.points_of("task_memory"):
        answer += _memory(study, task_point, "sleeping", "sleeping task")
        break
    if told := files.statement(study):
        answer.append(Statement("Reading a file", told))
    if closed_point := headline.lead(study, "closed"):
        answer += _rate(study, closed_point)
    if not answer:
        return [Statement("Nothing measured", "No cell has numbers, so there is no finding.")]
    return answer + _strength(study)


def _gated(study: Study) -> list[Statement]:
    """Kinds of points at which nobody may be ranked, so that silence is not read as a result."""
    names = {"open": "offered load", "closed": "closed loop", "memory": "connection memory"}
    names |= {"task_memory": "task memory", "hog": "hogs", "skew": "uneven load"}
    names |= {"file": "file reads"}
    held = []
    for kind, name in names.items():
        points = study.points_of(kind)
        standings = {study.standing(c, p) for p in points for c in study.contestants}
        if points and "ok" not in standings:
            held.append(name)
    if not held:
        return []
    return [
        Statement(
            "Nothing ranked",
            f"Every cell measured for {wording.joined(held)} was held back by a gate, so those"
            " numbers are shown but neither ranked nor concluded from.",
        )
    ]


def _cost(study: Study, point: Point) -> list[Statement]:
    comparison = study.compare(point, number("server.cpu_us_per_op"))
    if not comparison or not comparison.ranked:
        return []
    entries = comparison.ranked
    text = f"{_capital(point.title)}: " + _best(
        "server CPU per request is lowest", entries, _micros
    )
    worst = _apart_from_best(entries)
    if worst:
        text += f"; dearest {worst.label} at {_with_ratio(study, worst, _micros)}"
    return [Statement("CPU", text + ".")]


def _calls(study: Study, point: Point) -> list[Statement]:
    comparison = study.compare(point, number("server.syscalls_per_op"))
    if not comparison or not comparison.ranked:
        return []
    entries = sorted(comparison.ranked, key=lambda e: (e.estimate.median, e.label))
    low, high = entries[0], entries[-1]
    least, most = (wording.plain(e.estimate.median) for e in (low, high))
    if least == most:
        return [Statement("System calls", f"All make {least} per request there.")]
    span = f"From {least} ({low.label}) to {most} ({high.label}) per request there"
    return [Statement("System calls", f"{span}, the client's not counted.")]


def _tails(study: Study, point: Point) -> list[Statement]:
    for p, name in ((0.999, "p99.9"), (0.99, "p99"), (0.9, "p90")):
        comparison = study.compare(point, quantile(p))
        if comparison and comparison.ranked:
            break
    else:
        if not any(study.standing(c, point) == "ok" for c in study.contestants):
            return []
        return [Statement("Tails", "No tail quantile is carried by enough samples here.")]
    entries = comparison.ranked
    what = f"{_capital(point.title)}: response time {name}, from the planned send time, is lowest"
    text = _best(what, entries, _duration)
    worst = _apart_from_best(entries)
    if worst:
        text += f"; longest {worst.label} at {_with_ratio(study, worst, _duration)}"
    return [Statement("Tails", f"{text}; all named kept up with the same offered load.")]


def _hogs(study: Study, point: Point) -> list[Statement]:
    """What the others wait while hogs burn, and how much of it the burning is."""
    comparison = study.compare(point, quantile(0.99))
    if not comparison or not comparison.ranked:
        return []
    what = f"{_capital(point.uneven)}: the others' response time p99 is lowest"
    text = _best(what, comparison.ranked, _duration)
    worst = _apart_from_best(comparison.ranked)
    if worst:
        text += f"; longest {worst.label} {wording.with_interval(worst.estimate, _duration)}"
    grown = []
    for entry in comparison.ranked:
        ratio = uneven.times_calm(study, entry.contestant, point, 0.99)
        if ratio:
            grown.append((ratio.median, f"{entry.label} {wording.times(ratio.median)}"))
    if grown:
        shown = [words for _, words in sorted(grown)]
        if len(shown) > NAMED_MAX:
            shown = [*shown[: NAMED_MAX - 1], f"{len(shown) - NAMED_MAX} more", shown[-1]]
        text += f". Against the same load without burning: {', '.join(shown)}"
    return [Statement("Hogs", f"{text}.{_shared(study, point)}")]


def _skew(study: Study, point: Point) -> list[Statement]:
    comparison = study.compare(point, quantile(0.99))
    if not comparison or not comparison.ranked:
        return []
    what = f"{_capital(point.uneven)}: response time p99 over all is lowest"
    text = _best(what, comparison.ranked, _duration)
    worst = _apart_from_best(comparison.ranked)
    if worst:
        text += f"; longest {worst.label} {wording.with_interval(worst.estimate, _duration)}"
    return [Statement("Uneven load", f"{text}.{_shared(study, point)}")]


def _shared(study: Study, point: Point) -> str:
    shared = uneven.shared_notes(study, point)
    return " Client and server shared the CPUs there." if shared else ""


def _memory(study: Study, point: Point, state: str, what: str) -> list[Statement]:
    user, kernel, both = (
        study.compare(point, slope(state, *sides))
        for sides in (("user",), ("kernel",), ("user", "kernel"))
    )
    if not (user and kernel and both and both.ranked):
        return []
    parts = []
    for entry in sorted(both.ranked, key=lambda e: (e.estimate.median, e.label)):
        own, rest = user.of(entry.contestant), kernel.of(entry.contestant)
        if own and rest:
            held, behind = (wording.byte_count(e.estimate.median) for e in (own, rest))
            parts.append(f"{entry.label} {held} user + {behind} kernel")
    if len(parts) > NAMED_MAX + 1:
        left = len(parts) - NAMED_MAX
        parts = parts[: NAMED_MAX - 1] + [f"{left} more", parts[-1]]
    article = "An" if what[0] in "aeiou" else "A"
    return [Statement("Memory", f"{article} {what} costs {', '.join(parts)}.")]


def _rate(study: Study, point: Point) -> list[Statement]:
    comparison = study.compare(point, number("load.achieved_per_s"), best_is_low=False)
    if not comparison or not comparison.ranked:
        return []
    entries = comparison.ranked
    text = _best(f"{_capital(point.title)}: the rate is highest", entries, _rate_text)
    worst = _apart_from_best(entries)
    if worst:
        text += f"; lowest {worst.label} at {_with_ratio(study, worst, _rate_text)}"
    return [Statement("Rate", f"{text}.{_busy(study, point)} {WHY_RATE_FOLLOWS}")]


def _busy(study: Study, point: Point) -> str:
    """How busy both sides were, as the range of the contestants' medians."""
    spans = []
    for side in ("server", "client"):
        found = study.compare(point, number(f"{side}.cpu_share"))
        shares = sorted(entry.estimate.median for entry in found.ranked) if found else []
        if shares:
            low, high = (f"{100 * share:.0f}" for share in (shares[0], shares[-1]))
            spans.append(f"the {side} {low if low == high else f'{low} to {high}'} %")
    return f" Busy CPU: {wording.joined(spans)}." if spans else ""


def _strength(study: Study) -> list[Statement]:
    """What the block count permits to say; nothing when it is enough."""
    blocks = len({cell.block for cell in study.campaign.cells if cell.measured})
    if blocks >= stats.BLOCKS_FOR_INTERVAL:
        return []
    if blocks == 1:
        text = "One block only: nothing is separated from anything; run more blocks to rank."
        return [Statement("How firm", text)]
    text = (
        f"Only {blocks} blocks: brackets are ranges, not confidence intervals, and groups are"
        f" provisional; {stats.BLOCKS_FOR_INTERVAL} blocks or more carry a 95 % statement."
    )
    return [Statement("How firm", text)]


def _best(what: str, entries: list[Entry], form: wording.Format) -> str:
    """`<what> for a [..], and not separated from it b and c`. Entries in any order."""
    leaders = [entry for entry in entries if "a" in entry.group] or entries[:1]
    if len(entries) > 1 and not any(entry.group for entry in entries):
        leaders = entries
    values = [f"{e.label} {wording.with_interval(e.estimate, form)}" for e in leaders]
    if len(values) == 1:
        return f"{what} for {values[0]}"
    if len(values) > NAMED_MAX:
        values = [*values[:NAMED_MAX], f"{len(values) - NAMED_MAX} more"]
    return f"{what} in a group that is not separated: {', '.join(values)}"


def _apart_from_best(entries: list[Entry]) -> Entry | None:
    """The contestant of the last group, unless it is in the first too."""
    last = max((entry.group[-1:] for entry in entries), default="")
    found = [e for e in entries if last and e.group.startswith(last) and "a" not in e.group]
    return max(found, key=_middle) if found else None


def _middle(entry: Entry) -> float:
    return entry.ratio.median if entry.ratio else entry.estimate.median


def _with_ratio(study: Study, entry: Entry, form: wording.Format) -> str:
    text = wording.with_interval(entry.estimate, form)
    if entry.ratio and study.floor:
        floor = study.labels[study.floor]
        text += f", {wording.with_interval(entry.ratio, wording.times)} the floor {floor}"
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_micros = wording.microseconds
_duration = wording.duration
_rate_text = wording.rate


def verdict_counts(study: Study) -> str:
    """`250 of 294 planned cells ok, 12 gated, 1 failed, 42 skipped`: the top line."""
    cells = study.campaign.cells
    counts = {s: sum(c.status == s for c in cells) for s in ("ok", "gated", "failed", "skipped")}
    planned = study.campaign.planned
    of = f" of {wording.counted(planned, 'planned cell')}" if planned is not None else " cells"
    text = f"{counts['ok']}{of} ok, {counts['gated']} gated, {counts['failed']} failed"
    text += f", {counts['skipped']} skipped"
    missing = (planned or 0) - len(cells)
    return text + (f", {missing} not run" if missing > 0 else "")
