# SPDX-License-Identifier: MIT
"""A campaign as checked, immutable values; load.py makes them from the files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailrace_report.fields import Fields
from tailrace_report.hdr import Histogram
from tailrace_report.looks import LEVEL, Looks
from tailrace_report.micro import Micro
from tailrace_report.selftest import SelfTest
from tailrace_report.slices import AS_LIVED, Sliced

# In the order of their weight. `overloaded`: could not keep up with the offered rate; a result.
STATUSES = ("ok", "overloaded", "invalid", "failed", "skipped")
OK, OVERLOADED, INVALID, FAILED, SKIPPED = STATUSES
FIFO, NORMAL = "fifo", "other"  # scheduling classes of targets
AWAKE, IDLE = "yes", "no"  # whether CPUs were kept from going idle
MEASURED = (OK, OVERLOADED, INVALID)  # those with numbers; only valid ones are compared


@dataclass(frozen=True, order=True)
class Subject:
    """Who was measured: a contestant in one form and one build. `form` is `best`, `default` or
    another name; where builds are compared, the name of the build is at its end."""

    id: str
    form: str
    workers: int
    family: str = field(default="", compare=False)
    order: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Point:
    """What was asked of every subject alike. Rates per second, sizes in bytes, times in s."""

    id: str
    kind: str
    numbers: Mapping[str, float] = field(compare=False)
    options: Mapping[str, str] = field(default_factory=dict, compare=False)
    arrivals: str = ""
    scheduling: str = ""  # as the point asks for it, FIFO or NORMAL
    # What the kind makes of it: a heading, and what sorts points of this kind.
    title: str = field(default="", compare=False)
    place: tuple[Any, ...] = field(default=(), compare=False)

    def whole(self, name: str) -> int:
        """A whole number of the point, or else of its options; 0 where it has none."""
        if name in self.numbers:
            return int(self.numbers[name])
        text = self.options.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def rate_per_s(self) -> float:
        return self.numbers.get("rate_per_s", 0.0)


@dataclass(frozen=True)
class Slope:
    """Bytes per connection or task, with the interval of the fit."""

    bytes: float
    low: float
    high: float


@dataclass(frozen=True)
class Memory:
    """Slopes (bytes) by (state, "user" | "kernel") and by (state, kernel part). `source`: of the
    kernel's; `cause`: why they are missing, where they are; `counts`: why fewer things were held
    than the point says, where they were. `bends`: slopes that are not linear, by pieces, each with
    the counts (of connections or tasks) that it is between."""

    source: str
    size_source: str
    cause: str
    slopes: Mapping[tuple[str, str], Slope]
    kernel_parts: Mapping[tuple[str, str], float]
    counts: str = ""
    bends: Mapping[tuple[str, str], Mapping[tuple[int, int], float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A validity check: whether the cell passed it; `text` says what was seen and the limit;
    `spoils`: what may not be concluded from where it failed, groups such as `latency`."""

    name: str
    passed: bool
    text: str
    spoils: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One finished cell. `numbers` holds what is known, under names such as `server.cpu_us_per_op`
    or `load.achieved_per_s`; what could not be read is not in it."""

    line: int
    name: str
    block: int
    subject: Subject
    point: Point
    status: str
    cause: str
    remedy: str
    stderr_tail: str
    disjoint_cpus: bool
    shared_cpus: str
    numbers: Mapping[str, float]
    memory: Memory | None
    validity: tuple[Check, ...]
    histograms: Mapping[str, Histogram]
    options: Mapping[str, str]  # of the subject's form
    granted: Mapping[str, str]  # what the target says is in force
    arm: str = ""  # whose build, where a campaign compares builds
    sliced: Sliced | None = None  # of one that was measured in slices
    window_maxima_ns: tuple[float, ...] = ()  # longest response time of each 100 ms, ns
    # What was set, empty where that is not known: FIFO or NORMAL; AWAKE or IDLE (settings.py).
    scheduling: str = ""
    awake: str = ""
    wall_s: float = 0.0  # its share of the time that passed

    def stretches(self, histogram: str) -> list[float]:
        """Longest response time of each stretch of time that is in this histogram, in ns; none
        where it was not recorded."""
        if histogram == AS_LIVED and self.sliced:
            return [one.max_ns for one in self.sliced.slices if one.max_ns is not None]
        if histogram != "response":
            return []
        answered = max(self.window_maxima_ns, default=0.0)
        kept = self.sliced.kept if self.sliced else []
        # What got no answer is in the histogram at its age, and in no window: its slice is one.
        left = [s.max_ns for s in kept if s.max_ns is not None and s.max_ns > answered]
        return [*self.window_maxima_ns, *left]

    @property
    def measured(self) -> bool:
        return self.status in MEASURED

    @property
    def spoiled(self) -> tuple[str, ...]:
        """Groups of metrics that are left out of a cell that is valid otherwise, in the order of
        its checks. Those of another status stand or fall whole."""
        return self.spoiled_but_by("")

    def spoiled_but_by(self, name: str) -> tuple[str, ...]:
        """The same without what the check of this name spoils."""
        if self.status != OK:
            return ()
        failed = (check for check in self.validity if not check.passed and check.name != name)
        return tuple(dict.fromkeys(group for check in failed for group in check.spoils))


@dataclass(frozen=True)
class Counts:
    """What one operation of a subject costs, counted apart from the cells (`tailrace cost`):
    `values` by metric, the median over repeats; `absent` has the cause for a metric without."""

    values: Mapping[str, float]
    absent: Mapping[str, str]
    settings: str  # `50 connections × 64 B`


@dataclass(frozen=True)
class Campaign:
    """A campaign as read. `notes` are sentences about what was tolerated (a torn last line)."""

    folder: Path
    manifest: Mapping[str, Any]
    planned: int | None
    cells: tuple[Cell, ...]
    counts: Mapping[Subject, Counts] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    micro: Micro | None = None
    selftest: SelfTest | None = None
    looks: Looks | None = None  # of one that goes on until it is decided

    @property
    def level(self) -> float:
        """In what share of such campaigns a family of verdicts may have a false one."""
        return self.looks.level if self.looks else LEVEL

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    def described(self, identity: str) -> Fields:
        """What the contestant of this id says of itself (`describe`), as far as it is recorded."""
        listed = self.manifest.get("contestants")
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict) and one.get("id") == identity:
                described = one.get("describe")
                return Fields(described if isinstance(described, dict) else one)
        return Fields(None)
