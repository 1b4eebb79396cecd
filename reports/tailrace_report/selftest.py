# SPDX-License-Identifier: MIT
"""The self-test that a campaign began with (selftest.json): servers of known delay, and by how much
this client and machine read them longer. What failed in it heads the report; the bias stands beside
every latency table. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace_report import wording
from tailrace_report.fields import Fields

KNOWN = "known"  # the point of the known delays
HOLDS, DISTURBED, CANNOT, FAILED = VERDICTS = ("holds", "disturbed", "cannot", "failed")
QUANTITIES = {"min": "at the minimum", "p50": "at p50", "p99": "at p99"}
FAILED_SHOWN_MAX = 3


@dataclass(frozen=True)
class Row:
    """`expected` and `measured` in `unit`; nothing measured: None."""

    test: str
    quantity: str
    unit: str
    point: str
    expected: float
    measured: float | None
    verdict: str
    note: str


@dataclass(frozen=True)
class SelfTest:
    """`cause`: why there are no rows."""

    rows: tuple[Row, ...]
    cause: str = ""


def read(value: Fields) -> SelfTest:
    """Of the object in selftest.json. Raises FieldError."""
    rows = tuple(
        Row(
            one.name_of("test"),
            one.name_of("quantity"),
            one.name_of("unit"),
            one.text("point"),
            one.number("expected", signed=True) or 0.0,
            one.number("measured", signed=True),
            one.choice("verdict", VERDICTS),
            one.text("note"),
        )
        for one in value.parts("rows")
    )
    return SelfTest(rows, value.text("cause"))


def bias(test: SelfTest | None) -> list[str]:
    """One sentence for beside a latency table; none without a self-test."""
    if test is None:
        return []
    if not test.rows:
        return [f"The client's own bias was not measured here: {test.cause or 'no cause is told'}."]
    parts, unclear = [], []
    for quantity, where in QUANTITIES.items():
        rows = [r for r in test.rows if r.point == KNOWN and r.quantity == quantity]
        read_well = [r for r in rows if r.verdict in (HOLDS, FAILED)]
        found = [r.measured - r.expected for r in read_well if r.measured is not None]
        if found:
            parts.append(f"{_span(found)} {where}")
        elif rows:
            unclear.append(where)
    text = f"A server of known delay read {wording.joined(parts)} here" if parts else ""
    if unclear:
        lost = f"what it read {wording.joined(unclear)} was disturbed"
        text = f"{text}; {lost}" if text else f"A server of known delay tells nothing here: {lost}"
    return [f"{text}."] if text else []


def _span(biases: list[float]) -> str:
    """`+12 µs`, or `+12 to +19 µs` from delay to delay."""
    low, high = (f"{end:+,.0f}" for end in (min(biases), max(biases)))
    return f"{low} µs" if low == high else f"{low} to {high} µs"


def warnings(test: SelfTest | None) -> list[str]:
    """For the head of the report: the rows that failed, or that it could not run."""
    if test is None:
        return []
    if not test.rows:
        return [f"Warning: the self-test did not run: {test.cause or 'no cause is told'}."]
    failed = [row for row in test.rows if row.verdict == FAILED]
    if not failed:
        return []
    listed = [_failed_text(row) for row in failed[:FAILED_SHOWN_MAX]]
    if len(failed) > FAILED_SHOWN_MAX:
        listed.append(f"{len(failed) - FAILED_SHOWN_MAX} more")
    count = f"{len(failed)} of {len(test.rows)} rows of the self-test failed"
    return [
        f"Warning: {count}: {'; '.join(listed)}. Numbers of that kind may be as wrong in this"
        " campaign."
    ]


def _failed_text(row: Row) -> str:
    seen = "nothing" if row.measured is None else wording.figures(row.measured, 4)
    text = f"{row.test}, {row.quantity}: {seen} where {row.expected:g} {row.unit} is known"
    return f"{text} ({row.note})" if row.note else text
