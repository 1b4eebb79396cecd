# SPDX-License-Identifier: MIT
"""Reads what `tailrace cost --json` printed (schema tailrace-cost-1), strictly: it came from a
child process that may have been killed half-way."""

from dataclasses import dataclass

from tailrace_regress import metrics
from tailrace_regress.samples import Key, Samples
from tailrace_report.fields import NAME_CHARS_MAX
from tailrace_report.load import parse_object

SCHEMA = "tailrace-cost-1"
VALUES_MAX = 1000


@dataclass(frozen=True)
class Cost:
    """Values by metric name, one a repetition, and why others are absent."""

    target: str
    values: dict[str, list[float]]
    absent: dict[str, str]

    def put_into(self, samples: Samples, arm: str, first_round: int) -> None:
        """Repetitions become rounds from `first_round` on."""
        for name, values in self.values.items():
            for number, value in enumerate(values):
                samples.add(Key(self.target, metrics.COST, name), arm, first_round + number, value)


def read(data: bytes) -> Cost:
    """Raises ValueError with one clause: not JSON, another schema, a number that is none."""
    value = parse_object(data)
    if value.get("schema") != SCHEMA:
        raise ValueError(f"schema {str(value.get('schema'))[:40]!r}, where {SCHEMA!r} is read")
    target, listed = value.get("target"), value.get("metrics")
    if not isinstance(target, str) or not 0 < len(target) <= NAME_CHARS_MAX:
        raise ValueError("`target` is not a name")
    if not isinstance(listed, list):
        raise ValueError("`metrics` is not a list")
    values: dict[str, list[float]] = {}
    for entry in listed:
        name, numbers = _metric(entry)
        values[name] = numbers
    absent = value.get("absent") or []
    if not isinstance(absent, list):
        raise ValueError("`absent` is not a list")
    causes = {}
    for entry in absent:
        if not isinstance(entry, dict):
            raise ValueError("an entry of `absent` is not an object")
        causes[str(entry.get("name"))[:NAME_CHARS_MAX]] = str(entry.get("cause"))[:NAME_CHARS_MAX]
    return Cost(target, values, causes)


def _metric(entry: object) -> tuple[str, list[float]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ValueError("a metric without a name")
    name, numbers = entry["name"], entry.get("values")
    if not isinstance(numbers, list) or not 0 < len(numbers) <= VALUES_MAX:
        raise ValueError(f"{name[:40]!r} has no list of values")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ValueError(f"a value of {name[:40]!r} is not a number")
    return name, [float(number) for number in numbers]
