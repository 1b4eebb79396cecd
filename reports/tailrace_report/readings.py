# SPDX-License-Identifier: MIT
"""A campaign as a flat list of numbers that can be compared with those of another campaign: one a
subject, point and metric, the median over blocks with its interval. For history and compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailrace_report import stats
from tailrace_report.campaign import OK
from tailrace_report.measures import CPU, P50, P99, QUIET_P99, RATE, Measure, Slope
from tailrace_report.study import Study


@dataclass(frozen=True)
class Metric:
    """At points of which kinds it is read. Numbers closer than `grain` are the same."""

    title: str
    kinds: tuple[str, ...]
    measure: Measure
    grain: float = 0.0

    def text(self, value: float) -> str:
        return self.measure.form(value)


# Names of the gate (tailrace_regress.metrics), so that one accepted note serves both. Memory is
# counted in pages, so a slope is a few bytes off.
METRICS = {
    "cpu_us_per_op": Metric("CPU time per operation", ("open", "closed"), CPU),
    "rate": Metric("Closed-loop rate", ("closed",), RATE),
    "p50": Metric("Response time, p50", ("open",), P50),
    "quiet_p99": Metric("Response time, quiet p99", ("open",), QUIET_P99),
    "p99": Metric("Response time, p99", ("open",), P99),
    "user_bytes_per_idle_connection": Metric(
        "User memory per idle connection", ("memory",), Slope("idle", ("user",)), 12.0
    ),
}


@dataclass(frozen=True, order=True)
class Place:
    """What was measured: subject, point, metric."""

    who: str
    point: str
    name: str

    @property
    def metric(self) -> Metric:
        return METRICS[self.name]

    @property
    def text(self) -> str:
        return f"{self.who}, {self.point}: {self.name}"


def readings(study: Study) -> dict[Place, stats.Estimate]:
    """Of every subject with valid cells there; invalid blocks are left out."""
    found = {}
    for name, metric in METRICS.items():
        for point in study.points_of(*metric.kinds):
            for who in study.subjects:
                numbers = metric.measure.per_block(study, who, point, OK)
                if numbers and all(value > 0 for value in numbers.values()):
                    place = Place(study.labels[who], point.id, name)
                    found[place] = stats.estimate(list(numbers.values()))
    return found


def machine_class(manifest: Mapping[str, Any]) -> str:
    """Campaigns of one class may stand in one trend: CPU model and number, kernel series, kind of
    virtualization."""
    machine = manifest.get("machine")
    if not isinstance(machine, dict):
        return "unknown machine"
    cpu, kernel = (found if isinstance(found := machine.get(part), dict) else {}
                   for part in ("cpu", "kernel"))
    series = ".".join(str(kernel.get("release")).split(".")[:2])
    kind = machine.get("virtualization")
    text = f"{cpu.get('model')}, {cpu.get('online')} CPUs, Linux {series}"
    return text + (f", {kind}" if kind else "")
