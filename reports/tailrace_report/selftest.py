# SPDX-License-Identifier: MIT
"""The self-test that a campaign began with (selftest.json): servers of known delay, by how much
this client and machine read them longer, and how much of that an echo without delay takes. What
failed in it heads the report; the bias stands beside every latency table. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace_report import wording
from tailrace_report.fields import Fields

HOLDS, DISTURBED, CANNOT, FAILED = VERDICTS = ("holds", "disturbed", "cannot", "failed")
QUANTITIES = {"min": "at the minimum", "p50": "at p50", "p99": "at p99"}
# The points of the known delays, and what is said of the second.
CLASSES = {"known": "", "known-fifo": "In SCHED_FIFO "}
FAILED_SHOWN_MAX = 3


@dataclass(frozen=True)
class Row:
    """`expected`, `measured`, `without_delay` in `unit`; nothing measured or taken off: None."""

    test: str
    quantity: str
    unit: str
    point: str
    expected: float
    measured: float | None
    without_delay: float | None
    verdict: str
    note: str

    @property
    def bias(self) -> float | None:
        """As users of the number have it, in `unit`."""
        return None if self.measured is None else self.measured - self.expected

    @property
    def rest(self) -> float | None:
        """The bias without what an echo without delay read, in `unit`."""
        if self.bias is None or self.without_delay is None:
            return None
        return self.bias - self.without_delay


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
            one.number("without_delay", signed=True),
            one.choice("verdict", VERDICTS),
            one.text("note"),
        )
        for one in value.parts("rows")
    )
    return SelfTest(rows, value.text("cause"))


def bias(test: SelfTest | None) -> list[str]:
    """The bias as users of a number have it, and what is left of it without the path: sentences for
    beside a latency table; none without a self-test."""
    if test is None:
        return []
    if not test.rows:
        return [f"The client's own bias was not measured here: {test.cause or 'no cause is told'}."]
    return [text for point, where in CLASSES.items() for text in _of_point(test, point, where)]


def _of_point(test: SelfTest, point: str, prefix: str) -> list[str]:
    known = [row for row in test.rows if row.point == point and row.verdict != CANNOT]
    delayed = [row for row in known if row.expected > 0]
    plain, left, unclear = [], [], []
    for quantity, where in QUANTITIES.items():
        rows = [row for row in delayed if row.quantity == quantity]
        read_well = [row for row in rows if row.verdict in (HOLDS, FAILED)]
        biases = [row.bias for row in read_well if row.bias is not None]
        rests = [row.rest for row in read_well if row.rest is not None]
        if biases:
            plain.append(f"{_span(biases)} {where}")
        elif rows:
            unclear.append(where)
        if rests:
            left.append(f"{_span(rests)} {where}")
    path = [row for row in known if row.expected == 0]
    return [f"{prefix}{_lower(text) if prefix else text}"
            for text in (*_plain_texts(plain, unclear), *_rest_texts(path, left))]


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _plain_texts(plain: list[str], unclear: list[str]) -> list[str]:
    text = f"A server of known delay read {wording.joined(plain)} here" if plain else ""
    if unclear:
        lost = f"what it read {wording.joined(unclear)} was disturbed"
        text = f"{text}; {lost}" if text else f"A server of known delay tells nothing here: {lost}"
    return [f"{text}."] if text else []


def _rest_texts(path: list[Row], left: list[str]) -> list[str]:
    """`path`: the rows of the echo without delay; `left`: what is left, with its place."""
    read = [
        f"{row.measured:,.0f} µs {QUANTITIES[row.quantity]}"
        for row in path
        if row.measured is not None and row.quantity in QUANTITIES
    ]
    if not read:
        return []
    text = f"An echo without delay read {wording.joined(read)} at the same time"
    return [f"{text}; that taken off, {wording.joined(left)} are left." if left else f"{text}."]


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
