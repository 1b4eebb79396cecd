# SPDX-License-Identifier: MIT
"""The numbers that claims are about: of one subject at one point of a campaign, one a generation,
by the names that reports/claims uses; or counted exactly (`counted`), or of a micro benchmark
(`micro/<benchmark>/<workers>`), one a round."""

from collections.abc import Callable
from dataclasses import dataclass

from tailrace_report import wording
from tailrace_report.campaign import OK, STATUSES, Point, Subject
from tailrace_report.kinds.file import CPU as FILE_CPU
from tailrace_report.kinds.file import HISTOGRAM as READ
from tailrace_report.kinds.file import IOPS
from tailrace_report.kinds.timer import FIRE_CPU, LATE_P99
from tailrace_report.measures import (
    CPU,
    P50,
    P99,
    QUIET_P99,
    RATE,
    Measure,
    Number,
    PerBlock,
    Quantile,
    Slope,
)
from tailrace_report.study import Study

USER, KERNEL, BOTH = ("user",), ("kernel",), ("user", "kernel")
COUNTED, MICRO = "counted", "micro/"


@dataclass(frozen=True)
class Asked:
    """How a number is named in texts and how it is had: `measure` at a point, or the name of what
    was counted."""

    title: str
    measure: Measure | None = None
    counted: str = ""
    unit: Callable[[float], str] = wording.plain

    @property
    def form(self) -> Callable[[float], str]:
        return self.measure.form if self.measure else self.unit


MEASURES: dict[str, Asked] = {
    "rate": Asked("rate", RATE),
    "cpu": Asked("CPU per operation", CPU),
    "p50": Asked("p50", P50),
    "p99": Asked("p99", P99),
    "quiet_p99": Asked("quiet p99", QUIET_P99),
    "connection_bytes": Asked("bytes a connection", Slope("after_echo", BOTH)),
    "connection_user_bytes": Asked("user bytes a connection", Slope("after_echo", USER)),
    "task_bytes": Asked("bytes a task", Slope("sleeping", BOTH)),
    "task_user_bytes": Asked("user bytes a task", Slope("sleeping", USER)),
    "task_kernel_bytes": Asked("kernel bytes a task", Slope("sleeping", KERNEL)),
    "reads": Asked("reads a second", IOPS),
    "read_cpu": Asked("CPU a read", FILE_CPU),
    "read_p50": Asked("p50 of a read", Quantile(0.5, READ)),
    "lateness_p99": Asked("lateness p99", LATE_P99),
    "fire_cpu": Asked("CPU while timers fire", FIRE_CPU),
    "cancel_cpu": Asked(
        "CPU of a timer armed and cancelled", Number("timer.pair_cpu_ns", wording.duration)
    ),
    "instructions": Asked("user instructions of an echo", counted="instructions"),
    "calls": Asked("system calls of an echo", counted="syscalls.total"),
    "time": Asked("time of an operation", unit=wording.duration),
}


@dataclass(frozen=True)
class Found:
    """Numbers by generation or round, or none and `why`. `exact`: counted, needs no test."""

    numbers: PerBlock
    why: str = ""
    exact: bool = False


def found(study: Study, name: str, at: str, measure: str) -> Found:
    """Of the subject `id` or `id:form` (best where left out)."""
    if at.startswith(MICRO):
        return _micro(study, name, at)
    identity, _, form = name.partition(":")
    same = [w for w in study.subjects if (w.id, w.form) == (identity, form or "best")]
    if not same:
        return Found({}, f"{label(name)} is not in this campaign")
    asked = MEASURES[measure]
    if asked.measure is None:
        return _counted(study, same, name, asked.counted)
    point = next((one for one in study.points if one.id == at), None)
    if point is None:
        return Found({}, f"no measured point {at}")
    who = next((one for one in same if study.standing(one, point)), same[0])
    numbers = study.comparable(who, point, asked.measure)
    if numbers:
        return Found(numbers)
    split = [entry.subject for entry in study.compare(point, asked.measure).split]
    why = "two regimes" if who in split else _standing(study, who, point)
    return Found({}, f"{label(name)} at {at}: {why}")


def _counted(study: Study, same: list[Subject], name: str, metric: str) -> Found:
    for who in same:
        counts = study.counts(who)
        if counts and counts.values.get(metric):
            return Found({0: counts.values[metric]}, exact=True)
    return Found({}, f"{metric} of {label(name)} was not counted")


def _micro(study: Study, runtime: str, at: str) -> Found:
    """`at` is micro/<benchmark>/<workers>."""
    _, benchmark, workers = at.split("/", 2)
    micro = study.campaign.micro
    if micro is None:
        return Found({}, "no micro benchmarks are in this campaign")
    group = micro.rows.get((benchmark, int(workers) if workers.isdigit() else 0), {})
    if runtime not in group:
        return Found({}, f"{runtime} has no {at}")
    return Found(dict(group[runtime].ns), group[runtime].cause)


def _standing(study: Study, who: Subject, point: Point) -> str:
    for status in STATUSES:
        if study.cells(who, point, status):
            return "the number was not measured" if status == OK else f"{status} in all generations"
    return "was not measured"


def label(name: str) -> str:
    identity, _, form = name.partition(":")
    return f"{identity} ({form})" if form else identity
