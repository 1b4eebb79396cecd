# SPDX-License-Identifier: MIT
"""One line of cells.jsonl as checked values: contestant, point, status, costs, memory.

Called by load.py alone, with JSON whose numbers are finite already. A field that the report uses
and that has the wrong type or sign is refused with one clause; a missing or null number stays
None, because "could not be read" is an answer. Unknown fields pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tailrace_report import timer_work
from tailrace_report.cell_fields import (
    NAME_CHARS_MAX,
    CellError,
    choice_in,
    name_in,
    number_in,
    object_in,
    text_in,
)
from tailrace_report.file_numbers import CACHE_NAMES, CACHES, file_numbers
from tailrace_report.hdr import Histogram
from tailrace_report.runtime_metrics import per_operation

STATUSES = ("ok", "gated", "failed", "skipped")
KINDS = ("open", "closed", "memory", "task_memory", "hog", "skew", "timer", "file")
STATES = ("idle", "after_echo", "active", "retained", "sleeping")
HISTOGRAMS = (
    "response",
    "service",
    "lateness",
    "hogs.response",
    "hot.response",
    "cold.response",
    "lateness_ns",
    "read_ns",
)
COST_FIELDS = (
    "cpu_us_per_op",
    "user_us_per_op",
    "system_us_per_op",
    "voluntary_switches_per_op",
    "involuntary_switches_per_op",
    "syscalls_per_op",
    "cpu_share",
)


@dataclass(frozen=True, order=True)
class Contestant:
    """Who was measured: the unit that is ranked. `form` is `best`, `default` or another name."""

    id: str
    form: str
    workers: int


@dataclass(frozen=True)
class Point:
    """What was asked of every contestant alike. Rates per second, sizes in bytes, times in s."""

    id: str
    workload: str
    kind: str
    connections: int | None
    message_bytes: int | None
    depth: int | None
    rate_per_s: float | None
    arrivals: str
    duration_s: float | None
    workers: int | None = None
    burn_us: float | None = None
    hog_every: int | None = None
    hog_rate_per_s: float | None = None
    hot_connections: int | None = None
    hot_share: float | None = None
    options: dict[str, str] = field(default_factory=dict, compare=False)  # in-process kinds

    @property
    def cache(self) -> str:
        """Of file points: warm, cold or direct."""
        return self.options.get("cache", "")

    def option(self, name: str) -> int:
        """A whole number among the options; 0 where it is missing or none."""
        text = self.options.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def title(self) -> str:
        """For headings: mode, connections, size and rate in words."""
        if self.kind == "task_memory":
            return "sleeping tasks"
        if self.kind == "timer":
            return timer_work.title(self.options) + self.workers_text
        if self.kind == "memory":
            return "memory per connection"
        if self.kind == "file":
            return f"{CACHE_NAMES.get(self.cache, self.cache)}, {self.reads}{self.workers_text}"
        parts = []
        if self.connections is not None:
            parts.append(f"{self.connections:,} connection{'s' if self.connections != 1 else ''}")
        if self.message_bytes is not None:
            parts.append(f"{self.message_bytes:,} B")
        size = " × ".join(parts) or self.id
        rate = "" if self.rate_per_s is None else f", {self.rate_per_s:,.0f} requests/s"
        arrivals = f" ({self.arrivals.capitalize()})" if self.arrivals else ""
        if self.kind == "open":
            return f"open loop, {size}{rate}{arrivals}"
        if self.kind in ("hog", "skew"):
            return f"{self.uneven}, {size}{rate}{arrivals}{self.workers_text}"
        depth = f", depth {self.depth}" if self.depth is not None else ""
        return f"closed loop, {size}{depth}"

    @property
    def reads(self) -> str:
        """Block size and number of readers of a file point, in words."""
        size, readers = self.option("block_bytes"), self.option("concurrency")
        shown = f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
        return f"{shown} × {readers} reader{'s' if readers != 1 else ''}"

    @property
    def uneven(self) -> str:
        """What makes the load of a hog or skew point uneven, in words."""
        if self.kind == "hog":
            who = f"1 in {self.hog_every} connections" if self.hog_every else "some connections"
            if not self.burn_us:
                return "nobody burns"
            return f"{who} burns {_brief(self.burn_us)} a message"
        hot = f"{self.hot_connections:,}" if self.hot_connections else "few"
        share = f"{100 * self.hot_share:g} %" if self.hot_share else "most"
        return f"{hot} connections carry {share} of the load"

    @property
    def workers_text(self) -> str:
        if self.workers is None:
            return ""
        return f", {self.workers} worker{'s' if self.workers != 1 else ''}"

    @property
    def calm(self) -> tuple[Any, ...]:
        """Equal for two hog points that differ in nothing but how long a hog burns."""
        return (
            self.connections,
            self.message_bytes,
            self.rate_per_s,
            self.arrivals,
            self.workers,
            self.hog_every,
            self.hog_rate_per_s,
        )

    @property
    def order(self) -> tuple[Any, ...]:
        """Sorts points the same way everywhere: kind, size, connections, rate."""
        return (
            KINDS.index(self.kind),
            self.message_bytes or 0,
            self.connections or 0,
            self.rate_per_s or 0.0,
            self.burn_us or 0.0,
            self.options.get("mode", "random") != "random",
            self.option("tasks"),
            CACHES.index(self.cache) if self.cache in CACHES else 0,
            self.option("block_bytes"),
            self.option("concurrency"),
            self.id,
        )


def _brief(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:g} µs"
    return f"{microseconds / 1000:g} ms" if microseconds < 1e6 else f"{microseconds / 1e6:g} s"


@dataclass(frozen=True)
class Slope:
    """Bytes per connection or task, with the interval of the fit."""

    bytes: float
    low: float
    high: float


@dataclass(frozen=True)
class Memory:
    """The memory object: slopes by (state, "user" | "kernel") and by (state, kernel part)."""

    source: str
    unit: str
    slopes: dict[tuple[str, str], Slope]
    kernel_parts: dict[tuple[str, str], float]


@dataclass(frozen=True)
class Cell:
    """One finished cell. `numbers` holds what is known, under names such as `server.cpu_us_per_op`
    or `load.achieved_per_s`; what could not be read is not in it."""

    line: int
    name: str
    block: int
    contestant: Contestant
    family: str
    point: Point
    status: str
    cause: str
    remedy: str
    stderr_tail: str
    disjoint_cpus: bool
    shared_cpus: str
    numbers: dict[str, float]
    unread: dict[str, str]
    memory: Memory | None
    gates: tuple[dict[str, Any], ...]
    histogram_paths: dict[str, str]
    options: dict[str, str] = field(default_factory=dict)  # of the contestant's form
    granted: dict[str, str] = field(default_factory=dict)  # what the target says is in force
    arm: str = ""  # whose build: where a campaign compares builds; also in the contestant's form
    histograms: dict[str, Histogram] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        """Whether it has numbers at all; only `ok` ones may be ranked."""
        return self.status in ("ok", "gated")

    def with_histograms(self, histograms: dict[str, Histogram]) -> Cell:
        return replace(self, histograms=histograms)


def read_cell(value: dict[str, Any], line: int) -> Cell:
    """The cell in one parsed line. Raises CellError."""
    status = choice_in(value, "status", STATUSES)
    measured = status in ("ok", "gated")
    point = _read_point(object_in(value, "point"))
    contestant = object_in(value, "contestant")
    arm = name_in(value, "arm") if value.get("arm") is not None else ""
    numbers, unread = _read_numbers(value) if measured else ({}, {})
    return Cell(
        line=line,
        name=name_in(value, "cell"),
        block=int(number_in(value, "block", required=True) or 0),
        contestant=Contestant(
            name_in(contestant, "id"),
            form_of(name_in(contestant, "form"), arm),
            int(number_in(contestant, "workers") or 1),
        ),
        family=text_in(contestant, "family"),
        point=point,
        status=status,
        cause=text_in(value, "cause"),
        remedy=text_in(value, "remedy"),
        stderr_tail=text_in(object_in(value, "target", {}), "stderr_tail"),
        disjoint_cpus=object_in(value, "cpus", {}).get("disjoint") is not False,
        shared_cpus=text_in(object_in(value, "cpus", {}), "shared_cpus"),
        numbers=numbers,
        unread=unread,
        memory=_read_memory(value) if measured else None,
        gates=_read_gates(value),
        histogram_paths=_histogram_paths(value) if measured else {},
        options=_short_texts(object_in(contestant, "options", {})),
        granted=_short_texts(_granted(value)),
        arm=arm,
    )


def form_of(form: str, arm: str) -> str:
    """Builds of one contestant are told apart as its forms are: `base`, or `default base`."""
    if not arm:
        return form
    return arm if form == "best" else f"{form} {arm}"


def _short_texts(values: dict[str, Any]) -> dict[str, str]:
    return {str(k)[:NAME_CHARS_MAX]: str(v)[:NAME_CHARS_MAX] for k, v in values.items()}


def _granted(value: dict[str, Any]) -> dict[str, Any]:
    """What `ready` says was granted; a skipped cell has no target."""
    ready = object_in(object_in(value, "target", {}), "ready", {})
    return object_in(ready, "granted", {})


def _read_point(value: dict[str, Any]) -> Point:
    def whole(key: str) -> int | None:
        number = number_in(value, key)
        return None if number is None else int(number)

    return Point(
        id=name_in(value, "id"),
        workload=text_in(value, "workload"),
        kind=choice_in(value, "kind", KINDS),
        connections=whole("connections"),
        message_bytes=whole("message_bytes"),
        depth=whole("depth"),
        rate_per_s=number_in(value, "rate_per_s"),
        arrivals=text_in(value, "arrivals"),
        duration_s=number_in(value, "duration_s"),
        workers=whole("workers"),
        burn_us=number_in(value, "burn_us"),
        hog_every=whole("hog_every"),
        hog_rate_per_s=number_in(value, "hog_rate_per_s"),
        hot_connections=whole("hot_connections"),
        hot_share=number_in(value, "hot_share"),
        options=_short_texts(object_in(value, "options", {})),
    )


def _read_numbers(value: dict[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    """Costs, load figures and the runtime's own counts that are present, and the causes of those
    that are null."""
    numbers: dict[str, float] = {}
    unread: dict[str, str] = {}
    load = object_in(value, "load", {})
    cost = object_in(value, "cost", {})
    sources = [
        ("load", load, ("offered_per_s", "achieved_per_s", "elapsed_s")),
        ("count", object_in(load, "counts", {}), ("planned", "sent", "ok")),
        ("server", object_in(cost, "server", {}), COST_FIELDS),
        ("client", object_in(cost, "client", {}), COST_FIELDS),
    ]
    for prefix, source, keys in sources:
        for key in keys:
            number = number_in(source, key)
            if number is not None:
                numbers[f"{prefix}.{key}"] = number
            elif cause := text_in(source, f"{key}_cause"):
                unread[f"{prefix}.{key}"] = cause
    size = number_in(object_in(value, "point"), "message_bytes")
    inside = per_operation(object_in(value, "target", {}).get("result"), size)
    numbers.update({f"inside.{name}": number for name, number in inside.items()})
    numbers.update(file_numbers(value))
    numbers.update(_read_timer_numbers(value))
    return numbers, unread


def _read_memory(value: dict[str, Any]) -> Memory | None:
    memory = object_in(value, "memory", {})
    slopes: dict[tuple[str, str], Slope] = {}
    parts: dict[tuple[str, str], float] = {}
    states = object_in(memory, "states", {})
    for state in STATES:
        measured = object_in(states, state, {})
        for side in ("user", "kernel"):
            fit = object_in(measured, side, {})
            slope = number_in(fit, "slope_bytes", signed=True)
            if slope is not None:
                low = number_in(fit, "low_bytes", signed=True)
                high = number_in(fit, "high_bytes", signed=True)
                slopes[state, side] = Slope(
                    slope, slope if low is None else low, slope if high is None else high
                )
        for part in object_in(measured, "kernel_parts", {}):
            number = number_in(measured["kernel_parts"], part, signed=True)
            if number is not None:
                parts[state, str(part)] = number
    if not slopes:
        return None
    return Memory(text_in(memory, "source"), text_in(memory, "unit"), slopes, parts)


def _read_gates(value: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    found = value.get("gates") or []
    if not isinstance(found, list) or not all(isinstance(gate, dict) for gate in found):
        raise CellError("`gates` is not a list of objects")
    return tuple(found)


def _histogram_paths(value: dict[str, Any]) -> dict[str, str]:
    """Of the load generator, or of work inside the target: path by name."""
    found: dict[str, str] = {}
    for part in ("load", "work"):
        paths = object_in(object_in(value, part, {}), "histograms", {})
        found |= {name: text_in(paths, name) for name in HISTOGRAMS if text_in(paths, name)}
    return found


def _read_timer_numbers(value: dict[str, Any]) -> dict[str, float]:
    """What a timer cell's counts come to."""
    if object_in(value, "point").get("kind") != "timer":
        return {}
    counts = object_in(object_in(value, "work", {}), "counts", {})
    known = {key: n for key in timer_work.COUNTS if (n := number_in(counts, key)) is not None}
    numbers = {f"timer.{name}": number for name, number in timer_work.costs(known).items()}
    slack = number_in(_granted(value), "timer_slack_ns")
    return numbers if slack is None else {**numbers, "timer.slack_ns": slack}
