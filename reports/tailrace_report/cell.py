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
NAME_CHARS_MAX = 200
COST_FIELDS = (
    "cpu_us_per_op",
    "user_us_per_op",
    "system_us_per_op",
    "voluntary_switches_per_op",
    "involuntary_switches_per_op",
    "syscalls_per_op",
    "cpu_share",
)


class CellError(ValueError):
    """A line cannot be believed; the message is one clause without a full stop."""


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
    histograms: dict[str, Histogram] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        """Whether it has numbers at all; only `ok` ones may be ranked."""
        return self.status in ("ok", "gated")

    def with_histograms(self, histograms: dict[str, Histogram]) -> Cell:
        return replace(self, histograms=histograms)


def read_cell(value: dict[str, Any], line: int) -> Cell:
    """The cell in one parsed line. Raises CellError."""
    status = _choice(value, "status", STATUSES)
    measured = status in ("ok", "gated")
    point = _read_point(_object(value, "point"))
    contestant = _object(value, "contestant")
    numbers, unread = _read_numbers(value) if measured else ({}, {})
    return Cell(
        line=line,
        name=_name(value, "cell"),
        block=int(_number(value, "block", required=True) or 0),
        contestant=Contestant(
            _name(contestant, "id"),
            _name(contestant, "form"),
            int(_number(contestant, "workers") or 1),
        ),
        family=_text(contestant, "family"),
        point=point,
        status=status,
        cause=_text(value, "cause"),
        remedy=_text(value, "remedy"),
        stderr_tail=_text(_object(value, "target", {}), "stderr_tail"),
        disjoint_cpus=_object(value, "cpus", {}).get("disjoint") is not False,
        shared_cpus=_text(_object(value, "cpus", {}), "shared_cpus"),
        numbers=numbers,
        unread=unread,
        memory=_read_memory(value) if measured else None,
        gates=_read_gates(value),
        histogram_paths=_histogram_paths(value) if measured else {},
        options=_short_texts(_object(contestant, "options", {})),
        granted=_short_texts(_granted(value)),
    )


def _short_texts(values: dict[str, Any]) -> dict[str, str]:
    return {str(k)[:NAME_CHARS_MAX]: str(v)[:NAME_CHARS_MAX] for k, v in values.items()}


def _granted(value: dict[str, Any]) -> dict[str, Any]:
    """What `ready` says was granted; a skipped cell has no target."""
    ready = _object(_object(value, "target", {}), "ready", {})
    return _object(ready, "granted", {})


def _read_point(value: dict[str, Any]) -> Point:
    def whole(key: str) -> int | None:
        number = _number(value, key)
        return None if number is None else int(number)

    return Point(
        id=_name(value, "id"),
        workload=_text(value, "workload"),
        kind=_choice(value, "kind", KINDS),
        connections=whole("connections"),
        message_bytes=whole("message_bytes"),
        depth=whole("depth"),
        rate_per_s=_number(value, "rate_per_s"),
        arrivals=_text(value, "arrivals"),
        duration_s=_number(value, "duration_s"),
        workers=whole("workers"),
        burn_us=_number(value, "burn_us"),
        hog_every=whole("hog_every"),
        hog_rate_per_s=_number(value, "hog_rate_per_s"),
        hot_connections=whole("hot_connections"),
        hot_share=_number(value, "hot_share"),
        options=_short_texts(_object(value, "options", {})),
    )


def _read_numbers(value: dict[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    """Costs, load figures and the runtime's own counts that are present, and the causes of those
    that are null."""
    numbers: dict[str, float] = {}
    unread: dict[str, str] = {}
    load = _object(value, "load", {})
    cost = _object(value, "cost", {})
    sources = [
        ("load", load, ("offered_per_s", "achieved_per_s", "elapsed_s")),
        ("count", _object(load, "counts", {}), ("planned", "sent", "ok")),
        ("server", _object(cost, "server", {}), COST_FIELDS),
        ("client", _object(cost, "client", {}), COST_FIELDS),
    ]
    for prefix, source, keys in sources:
        for key in keys:
            number = _number(source, key)
            if number is not None:
                numbers[f"{prefix}.{key}"] = number
            elif cause := _text(source, f"{key}_cause"):
                unread[f"{prefix}.{key}"] = cause
    size = _number(_object(value, "point"), "message_bytes")
    inside = per_operation(_object(value, "target", {}).get("result"), size)
    numbers.update({f"inside.{name}": number for name, number in inside.items()})
    numbers.update(file_numbers(value))
    numbers.update(_read_timer_numbers(value))
    return numbers, unread


def _read_memory(value: dict[str, Any]) -> Memory | None:
    memory = _object(value, "memory", {})
    slopes: dict[tuple[str, str], Slope] = {}
    parts: dict[tuple[str, str], float] = {}
    states = _object(memory, "states", {})
    for state in STATES:
        measured = _object(states, state, {})
        for side in ("user", "kernel"):
            fit = _object(measured, side, {})
            slope = _number(fit, "slope_bytes", signed=True)
            if slope is not None:
                low = _number(fit, "low_bytes", signed=True)
                high = _number(fit, "high_bytes", signed=True)
                slopes[state, side] = Slope(
                    slope, slope if low is None else low, slope if high is None else high
                )
        for part in _object(measured, "kernel_parts", {}):
            number = _number(measured["kernel_parts"], part, signed=True)
            if number is not None:
                parts[state, str(part)] = number
    if not slopes:
        return None
    return Memory(_text(memory, "source"), _text(memory, "unit"), slopes, parts)


def _read_gates(value: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    found = value.get("gates") or []
    if not isinstance(found, list) or not all(isinstance(gate, dict) for gate in found):
        raise CellError("`gates` is not a list of objects")
    return tuple(found)


def _histogram_paths(value: dict[str, Any]) -> dict[str, str]:
    """Of the load generator, or of work inside the target: path by name."""
    found: dict[str, str] = {}
    for part in ("load", "work"):
        paths = _object(_object(value, part, {}), "histograms", {})
        found |= {name: _text(paths, name) for name in HISTOGRAMS if _text(paths, name)}
    return found


def _read_timer_numbers(value: dict[str, Any]) -> dict[str, float]:
    """What a timer cell's counts come to."""
    if _object(value, "point").get("kind") != "timer":
        return {}
    counts = _object(_object(value, "work", {}), "counts", {})
    known = {key: n for key in timer_work.COUNTS if (n := _number(counts, key)) is not None}
    numbers = {f"timer.{name}": number for name, number in timer_work.costs(known).items()}
    slack = _number(_granted(value), "timer_slack_ns")
    return numbers if slack is None else {**numbers, "timer.slack_ns": slack}


def _object(value: dict[str, Any], key: str, default: Any = None) -> dict[str, Any]:
    """An object; null counts as missing. Raises CellError when required or of another type."""
    found = value.get(key)
    if found is None and default is not None:
        return default
    if not isinstance(found, dict):
        raise CellError(f"`{key}` is not an object")
    return found


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise CellError(f"`{key}` is not a text")
    return found


def _name(value: dict[str, Any], key: str) -> str:
    found = _text(value, key)
    if not found or len(found) > NAME_CHARS_MAX or not found.isprintable():
        raise CellError(f"`{key}` is not a name of 1 to {NAME_CHARS_MAX} printable characters")
    return found


def _choice(value: dict[str, Any], key: str, choices: tuple[str, ...]) -> str:
    found = value.get(key)
    if found not in choices:
        raise CellError(f"`{key}` is {str(found)[:40]!r}, not one of {', '.join(choices)}")
    return str(found)


def _number(
    value: dict[str, Any], key: str, *, required: bool = False, signed: bool = False
) -> float | None:
    """A finite number, or None when missing or null. Raises CellError for anything else."""
    found = value.get(key)
    if found is None and not required:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise CellError(f"`{key}` is not a number")
    if found < 0 and not signed:
        raise CellError(f"`{key}` is negative ({found})")
    return float(found)
