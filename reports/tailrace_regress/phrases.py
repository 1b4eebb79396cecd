# SPDX-License-Identifier: MIT
"""Findings as text, the same words in every output."""

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from tailrace_regress import outcome
from tailrace_regress.judge import Judgement
from tailrace_regress.verdict import Finding
from tailrace_report import wording
from tailrace_report.tables import Column, Table, one_line

COLUMNS = (
    Column("metric", right=False),
    Column("verdict", right=False),
    Column("base"),
    Column("head"),
    Column("head / base"),
    Column("p, adjusted"),
    Column("generations or rounds"),
    Column("matters from"),
    Column("could have seen"),
    Column("note", right=False),
)
SHORT = {
    "cpu_us_per_op": "CPU/op",
    "rate": "rate",
    "p50": "p50",
    "lateness_p50": "lateness p50",
    "quiet_p99": "quiet p99",
    "lateness_p99": "lateness p99",
}


def arm(facts: Mapping[str, Any], name: str) -> str:
    """Base or head: a commit in short, or the name of an executable."""
    told = str(facts.get(name, "?"))
    if told.startswith("/"):
        return PurePath(told).name
    return told if name == "head" else told[:12]


def value(one: Finding, number: float) -> str:
    """A number of this metric with its unit."""
    unit = one.key.about.unit
    if math.isnan(number):
        return wording.MISSING
    if unit == "ns":
        return wording.duration(number)
    if unit == "us":
        return wording.microseconds(number)
    if unit == "ops/s":
        return wording.rate(number)
    if unit == "B":
        return f"{number:,.0f} B"
    return f"{wording.figures(number, 4)} {unit}"


def percent(share: float | None) -> str:
    """A share as a size: 4.2 %, 0.42 %."""
    if share is None:
        return wording.MISSING
    return f"{wording.figures(100 * share, 2)} %"


def change(one: Finding) -> str:
    """Head against base: `+12 % [8.0, 15]`, or the interval's absence said."""
    ratio = one.ratio
    if ratio is None:
        return wording.MISSING
    if one.method == "exact":
        if one.base == one.head:
            return "same"
        small = one.base < one.key.about.floor
        return f"{_signed(one.head / one.base - 1)}, exact" if not small else "new, exact"
    low, high = (f"{100 * (end - 1):+.1f}" for end in (ratio.low, ratio.high))
    kind = "" if ratio.kind == "interval" else " range"
    return f"{_signed(ratio.median - 1)}{kind} [{low}, {high}]"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f} %".replace("-0.0 %", "+0.0 %")


def sentence(one: Finding) -> str:
    """A finding in one line, whatever its name holds."""
    before, after = value(one, one.base), value(one, one.head)
    text = f"{one.key}: {before} -> {after} ({change(one)}"
    if one.adjusted is not None and one.method != "exact":
        unit = "generations" if one.method == "timed" else "rounds"
        text += f", adjusted p {one.adjusted:.2g}, {one.rounds} {unit}"
    return one_line(text + ")" + (f"; {one.note}" if one.note else ""))


def row(one: Finding) -> list[str]:
    return [
        str(one.key),
        word(one) + ("" if one.gate else " (tells, does not decide)"),
        value(one, one.base),
        value(one, one.head),
        change(one),
        wording.MISSING if one.adjusted is None else f"{one.adjusted:.2g}",
        str(one.rounds),
        percent(one.delta),
        could_see(one),
        one.note,
    ]


def word(one: Finding) -> str:
    """The verdict, within what it is the same, and whether somebody accepted it."""
    if one.verdict == outcome.SAME and one.method != "exact":
        return f"{one.verdict} within {percent(one.key.about.delta)}"
    return f"{one.verdict}, accepted" if one.accepted else one.verdict


def could_see(one: Finding) -> str:
    if one.method == "exact":
        return "any"
    if one.method == "none" or (one.method == "timed" and not one.gate):
        return wording.MISSING
    if one.detectable is None:
        return "nothing: too few generations"
    return f">= {percent(one.detectable)}"


def table(title: str, findings: Sequence[Finding]) -> Table:
    made = Table(title, list(COLUMNS))
    for one in findings:
        made.add(*row(one))
    return made


def headline(judged: Judgement) -> str:
    """The verdict, or what could have been seen: first in every output."""
    failing = judged.failing
    if failing:
        more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
        return f"Regression confirmed: {sentence(failing[0])}{more}"
    if judged.floors.alarm:
        counted = any(one.gate and one.method == "exact" for one in judged.findings)
        return (
            "No confirmed regression, but the times of this machine cannot be believed:"
            f" {one_line(judged.floors.alarm)}"
            + (". What was counted still holds" if counted else "")
        )
    if not any(one.gate and one.verdict != outcome.INVALID for one in judged.findings):
        return "Nothing was compared: no metric that decides was measured in both arms"
    return "No confirmed regression; " + (
        sensitivity(judged) or "only counted metrics could have shown one"
    )


def sensitivity(judged: Judgement) -> str:
    """How many times are the same, and of each kind the smallest loss that would have been called,
    from the best target and point to the worst. Empty without times."""
    times = [one for one in judged.findings if one.gate and one.method == "timed"]
    if not times:
        return ""
    sizes: dict[str, list[float]] = {}
    for one in times:
        size = math.inf if one.detectable is None else one.detectable
        sizes.setdefault(one.key.metric, []).append(size)
    parts = [f"{_span(sizes[metric])} {name}" for metric, name in SHORT.items() if metric in sizes]
    same = sum(one.verdict == outcome.SAME for one in times)
    return f"{same} of {len(times)} times are the same; could have seen {', '.join(parts)}"


def _span(sizes: Sequence[float]) -> str:
    low, high = min(sizes), max(sizes)
    if not math.isfinite(low):
        return "nothing of"
    if not math.isfinite(high):
        return f">= {percent(low)} or nothing of"
    least, most = percent(low), percent(high)
    return f">= {least}" if least == most else f">= {least.removesuffix(' %')} to {most}"


def open_text(one: Finding) -> str:
    """What is known of an inconclusive metric."""
    return one_line(f"{one.key}: {change(one)}, could have seen {could_see(one)}")


def counts(judged: Judgement) -> str:
    """`1 regression, 2 inconclusive, 14 same` of the metrics that decide."""
    parts = [f"{number} {name}" for name, number in tally(judged).items() if number]
    return ", ".join(parts) or "nothing was judged"


def tally(judged: Judgement) -> dict[str, int]:
    """How many of the metrics that decide have each verdict, worst first."""
    numbers: dict[str, int] = {}
    for name in outcome.VERDICTS:
        found = judged.of(name)
        wanted = sum(one.accepted for one in found)
        numbers[name] = len(found) - wanted
        if wanted:
            numbers[f"{name}, accepted"] = wanted
    return numbers
