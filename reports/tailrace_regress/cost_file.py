# SPDX-License-Identifier: MIT
"""Reads what `tailrace cost --json` printed (schema tailrace-cost-1), strictly: it came from a
child process that may have been killed half-way."""

from dataclasses import dataclass

from tailrace_regress import metrics
from tailrace_regress.samples import Key, Samples
from tailrace_report.cell_line import read_sheet
from tailrace_report.fields import Fields
from tailrace_report.load import parse_object

SCHEMA = "tailrace-cost-1"


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
    sheet = Fields(parse_object(data, SCHEMA))
    values, absent = read_sheet(sheet)
    return Cost(sheet.name_of("target"), values, absent)
