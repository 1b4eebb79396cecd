# SPDX-License-Identifier: MIT
"""The micro benchmarks of one micro.json (results/README.md): read, checked, arranged.

The round is the unit, as the block is elsewhere: one number a row and round, the median over
rounds, ratios within rounds. What is read is what anybody may have written; a refusal is a clause.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import geometric_mean
from typing import Any

from tailrace_report import stats
from tailrace_report.fields import Fields

SCHEMA = 1
FLOOR_PREFIX = "floor_"
ROWS_MAX = 2000
ROUNDS_MAX = 1000
NAME = re.compile(r"[\w/:.-]{1,60}")

PerRound = dict[int, float]
Key = tuple[str, int]


@dataclass(frozen=True)
class Row:
    """One benchmark of one runtime: nanoseconds an operation by round, and why one is missing."""

    ns: PerRound
    allocations: float | None
    cause: str


@dataclass(frozen=True)
class Micro:
    """All rows: (benchmark, workers) -> runtime -> Row, in the order in which they were written.

    `floor` is the runtime whose rows are named `floor_<benchmark>`; they stand with the benchmark
    that they are the floor of. `reference` is the runtime that ratios are taken to.
    """

    skipped: Mapping[str, str]
    rows: Mapping[Key, Mapping[str, Row]]
    floor: str
    reference: str

    def runtimes(self, workers: int) -> list[str]:
        """Everybody who has a row with so many workers, the floor first, the reference last."""
        found = {r for (_, n), group in self.rows.items() if n == workers for r in group}
        return self.ordered(found)

    def ordered(self, names: Collection[str]) -> list[str]:
        ends = {self.floor: 0, self.reference: 2}
        return sorted(names, key=lambda name: (ends.get(name, 1), name))

    def shown(self, runtime: str) -> str:
        return "floor" if runtime == self.floor else runtime

    def keys(self, workers: int) -> list[Key]:
        """The rows with so many workers."""
        return [key for key in self.rows if key[1] == workers]

    def workers(self) -> list[int]:
        return sorted({workers for _, workers in self.rows})

    def ratio(self, key: Key, runtime: str) -> stats.Estimate | None:
        """How many times as fast as the reference: its time / the runtime's, within rounds."""
        group = self.rows[key]
        reference = group.get(self.reference)
        if runtime in (self.reference, self.floor) or reference is None or runtime not in group:
            return None
        return stats.paired_ratio(reference.ns, group[runtime].ns)

    def mean_ratio(self, runtime: str, workers: int) -> tuple[stats.Estimate, int] | None:
        """The geometric mean of ratio() over the rows that both have in every one of the rounds
        that count, one mean a round, and the number of rows."""
        keys = [k for k in self.rows if k[1] == workers and self.ratio(k, runtime)]
        if not keys:
            return None
        both = [(self.rows[k][self.reference].ns, self.rows[k][runtime].ns) for k in keys]
        rounds = set.intersection(*(set(a) & set(b) for a, b in both))
        if not rounds:
            return None
        means = {n: geometric_mean(a[n] / b[n] for a, b in both) for n in rounds}
        found = stats.paired_ratio(means, dict.fromkeys(rounds, 1.0))
        return (found, len(keys)) if found else None


def read_micro(value: Mapping[str, Any]) -> Micro:
    """From parsed JSON of a known schema version. Raises ValueError with one clause."""
    whole = Fields(value)
    whole.choice("kind", ["micro"])
    listed = whole.raw("rows")
    if not isinstance(listed, list) or not 0 < len(listed) <= ROWS_MAX:
        raise ValueError(f"`rows` is not a list of 1 to {ROWS_MAX}")
    rows: dict[Key, dict[str, Row]] = {}
    floor = ""
    for number, one in enumerate(listed):
        try:
            benchmark, runtime, workers, row = _read_row(Fields(one, "row"))
        except ValueError as error:
            raise ValueError(f"rows[{number}]: {error}") from None
        if benchmark.startswith(FLOOR_PREFIX):
            benchmark, floor = benchmark.removeprefix(FLOOR_PREFIX), runtime
        group = rows.setdefault((benchmark, workers), {})
        if runtime in group:
            raise ValueError(f"rows[{number}]: {benchmark} of {runtime} is there twice")
        group[runtime] = row
    context = whole.part("context")
    return Micro(whole.texts("skipped"), rows, floor, context.text("reference")[:60])


def _read_row(one: Fields) -> tuple[str, str, int, Row]:
    benchmark, runtime, workers = one.text("benchmark"), one.text("runtime"), one.whole("workers")
    for name in (benchmark, runtime):
        if not NAME.fullmatch(name):
            raise ValueError(f"{name[:60]!r} is not a name")
    if not 1 <= workers <= 10_000:
        raise ValueError("`workers` is not from 1 to 10000")
    counters = one.part("counters")
    counted = _per_round(counters, "allocations") if counters.has("allocations") else {}
    row = Row(
        _per_round(one, "ns_per_op"),
        stats.median(list(counted.values())) if counted else None,
        one.text("cause")[:200],
    )
    if 0 in row.ns.values():
        raise ValueError("`ns_per_op` holds 0, which cannot be")
    return benchmark, runtime, workers, row


def _per_round(of: Fields, key: str) -> PerRound:
    """Round -> number, null left out."""
    values = of.raw(key)
    if not isinstance(values, list) or len(values) > ROUNDS_MAX:
        raise ValueError(f"`{key}` is not a list of at most {ROUNDS_MAX}")
    found = {n: Fields({key: value}).number(key) for n, value in enumerate(values)}
    known = {number: value for number, value in found.items() if value is not None}
    if max(known.values(), default=0.0) > 1e15:
        raise ValueError(f"`{key}` holds more than can be")
    return known
