# SPDX-License-Identifier: MIT
"""What differs between the generations of a subject that has two regimes: the recorded figures that
tell the two groups apart best. An association, not a cause."""

from __future__ import annotations

from tailrace_report import regimes, wording
from tailrace_report.campaign import MEASURED, Point, Subject
from tailrace_report.measures import CPU, P50, P99, QUIET_P99, RATE, RUN_DELAY, Measure, Number
from tailrace_report.measures import PerBlock, Slope
from tailrace_report.study import Entry, Study

# In which the two regimes may be seen, in this order.
SEEN_IN: dict[str, Measure] = {
    "rate": RATE,
    "CPU time per request": CPU,
    "p50": P50,
    "quiet p99": QUIET_P99,
    "p99": P99,
}
FIGURES: dict[str, Measure] = {
    "rate": RATE,
    "CPU time per request": CPU,
    "user time per request": Number("server.user_us_per_op", wording.microseconds),
    "system time per request": Number("server.system_us_per_op", wording.microseconds),
    "voluntary switches per request": Number("server.voluntary_switches_per_op"),
    "involuntary switches per request": Number("server.involuntary_switches_per_op"),
    "run delay per request": RUN_DELAY,
}
SHARES = {"what others took of the CPU": "others_ns", "what the hypervisor took": "steal_ns"}
MEMORY = Slope("idle", ("user", "kernel"))
SENTENCES_MAX = 4


def sentences(study: Study) -> list[str]:
    """One for each subject and point with two regimes, named by the first measure that has them."""
    told = []
    for point in study.points:
        for who in study.present(point):
            for name, measure in SEEN_IN.items():
                entry = study.compare(point, measure).of(who)
                if entry and entry.valid and entry.regimes:
                    told.append(_sentence(study, point, name, entry))
                    break
    left = len(told) - SENTENCES_MAX
    return told[:SENTENCES_MAX] + ([f"{left} more have two regimes."] if left > 0 else [])


def _sentence(study: Study, point: Point, name: str, entry: Entry) -> str:
    low, high = entry.regimes
    text = (
        f"{entry.label} has two regimes at {point.title}: {name} {entry.form(low.median)} in"
        f" {wording.counted(len(low.generations), 'generation')}, {entry.form(high.median)} in"
        f" {len(high.generations)}"
    )
    forms, numbers = _figures(study, entry.subject, point)
    numbers.pop(name, None)
    found = regimes.separating((low, high), numbers)
    if not found:
        return f"{text}; no figure on record tells the two apart."
    parts = [
        f"{one.name} ({forms[one.name](one.low)} against {forms[one.name](one.high)})"
        for one in found
    ]
    return f"{text}; they differ most in {wording.joined(parts)}."


def _figures(
    study: Study, who: Subject, point: Point
) -> tuple[dict[str, wording.Format], dict[str, PerBlock]]:
    """By name: how it is written, and its number by generation."""
    status = study.standing(who, point)
    forms: dict[str, wording.Format] = {name: one.form for name, one in FIGURES.items()}
    numbers = {name: one.per_block(study, who, point, status) for name, one in FIGURES.items()}
    for name, key in SHARES.items():
        forms[name] = wording.share
        numbers[name] = {
            block: sum(getattr(one, key) for one in slices) / sum(one.wall_ns for one in slices)
            for block, slices in study.kept_slices(who, point, status, "cpu_us_per_op").items()
            if sum(one.wall_ns for one in slices)
        }
    if memory := next(iter(study.points_of("memory")), None):
        forms["memory of an idle connection"] = MEMORY.form
        found = [MEMORY.per_block(study, who, memory, one) for one in MEASURED]
        numbers["memory of an idle connection"] = {b: n for part in found for b, n in part.items()}
    return forms, numbers
