# SPDX-License-Identifier: MIT
"""A campaign as a flat list of numbers that can be compared with those of another campaign: one a
contestant, point and measure, the median over blocks with its interval. For history and compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tailrace_report import stats, study, wording
from tailrace_report.study import Study
from tailrace_report.wording import Format

NAMES = ("cpu_us_per_op", "rate", "p50", "p99", "user_bytes_per_idle_connection")
FORMATS: dict[str, Format] = {
    "cpu_us_per_op": wording.microseconds,
    "rate": wording.rate,
    "p50": wording.duration,
    "p99": wording.duration,
    "user_bytes_per_idle_connection": wording.byte_count,
}
BEST_IS_HIGH = {"rate"}
# Closer than this are two numbers the same: pages are counted, so a slope is a few bytes off.
GRAINS = {"user_bytes_per_idle_connection": 12.0}
# Names of the gate (tailrace_regress.metrics), so that one accepted note serves both.
MEASURES: dict[str, tuple[tuple[str, ...], study.Measure]] = {
    "cpu_us_per_op": (("open", "closed"), study.number("server.cpu_us_per_op")),
    "rate": (("closed",), study.number("load.achieved_per_s")),
    "p50": (("open",), study.quantile(0.5)),
    "p99": (("open",), study.quantile(0.99)),
    "user_bytes_per_idle_connection": (("memory",), study.slope("idle", "user")),
}


@dataclass(frozen=True, order=True)
class Place:
    """What was measured: contestant, point, measure."""

    who: str
    point: str
    name: str


def readings(found: Study) -> dict[Place, stats.Estimate]:
    """Of every contestant that may be ranked there; gated blocks are left out."""
    answer = {}
    for name in NAMES:
        kinds, measure = MEASURES[name]
        for point in found.points_of(*kinds):
            for who in found.contestants:
                numbers = measure(found, who, point, "ok")
                if numbers and all(value > 0 for value in numbers.values()):
                    place = Place(found.labels[who], point.id, name)
                    answer[place] = stats.estimate(list(numbers.values()))
    return answer


def machine_class(manifest: Mapping[str, Any]) -> str:
    """Campaigns of one class may stand in one trend: CPU model and number, kernel series, kind of
    virtualization."""
    machine = manifest.get("machine")
    if not isinstance(machine, dict):
        return "unknown machine"
    cpu, kernel = machine.get("cpu"), machine.get("kernel")
    model = cpu.get("model") if isinstance(cpu, dict) else machine.get("cpu_model")
    online = cpu.get("online") if isinstance(cpu, dict) else machine.get("cores")
    release = kernel.get("release") if isinstance(kernel, dict) else kernel
    series = ".".join(str(release).split(".")[:2])
    virtual = machine.get("virtualization")
    kind = virtual.get("kind") if isinstance(virtual, dict) else virtual
    return f"{model}, {online} CPUs, Linux {series}" + (f", {kind}" if kind else "")
