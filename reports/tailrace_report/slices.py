# SPDX-License-Identifier: MIT
"""What a cell has that was measured in slices, beside others: the slices themselves, who was in
the way, and what the target did between its turns. Read by cell_line.py alone; `None` of cells that
ran in process. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace_report.fields import FieldError, Fields
from tailrace_report.groups import LATENCY, group_of

# Of the response histogram with the slices in it that were disturbed.
AS_LIVED = "as_lived.response"
# The check that a client was in time, over a cell; of a slice it is `client_late`.
IN_TIME = "send_lateness"
NAME_CHARS_MAX = 40
_TIMES = ("wall", "others", "steal", "throttled", "neighbour")


@dataclass(frozen=True)
class Slice:
    """One visit. Times in ns; `p50_ns`, `p99_ns` and `max_ns` of the response time; `kept`: its
    round counts; `client_late`: its response times say as much of the client; `operations` and
    `cpu_ns` with its first part, which is not timed."""

    round: int
    kept: bool
    client_late: bool
    operations: float
    cpu_ns: float
    achieved_per_s: float | None
    p50_ns: float | None
    p99_ns: float | None
    max_ns: float | None
    wall_ns: float
    others_ns: float
    steal_ns: float
    throttled_ns: float  # it stood still for a CPU quota
    neighbour_ns: float = 0.0  # what a planted neighbour had

    @property
    def cpu_us_per_op(self) -> float | None:
        return self.cpu_ns / 1000 / self.operations if self.operations else None

    def sound(self, name: str) -> bool:
        """Whether this number of it may be concluded from."""
        return not (group_of(name) == LATENCY and self.client_late)

    @property
    def taken_ns(self) -> float:
        """What a round is dropped for."""
        return self.others_ns + self.steal_ns + self.throttled_ns


@dataclass(frozen=True)
class Sliced:
    """A cell's slices. `disturbers`: ms by name, in all of them; `steady`: warm-up ended before
    its time was up; `idle_share`: of a CPU, between its turns, None where it was stopped or
    nothing was seen; `idle_s`: how long that was."""

    slices: tuple[Slice, ...]
    disturbers: dict[str, float]
    kernel_io_share: float
    all_seen: bool
    steady: bool
    stopped: bool
    idle_share: float | None
    idle_s: float
    target_cpus: int

    @property
    def kept(self) -> list[Slice]:
        return [one for one in self.slices if one.kept]

    @property
    def disturbed(self) -> bool:
        return any(not one.kept for one in self.slices)


def read(line: Fields) -> Sliced | None:
    """Of a line of cells.jsonl. Raises FieldError."""
    slices = tuple(map(_slice, line.parts("slices")))
    if not slices:
        return None
    noise, idle = line.part("noise"), line.part("idle")
    stopped = idle.raw("stopped") is True
    return Sliced(
        slices=slices,
        disturbers=_disturbers(noise),
        kernel_io_share=noise.number("kernel_io_share") or 0.0,
        all_seen=noise.raw("all_seen") is not False,
        steady=line.part("warmup").raw("steady") is not False,
        stopped=stopped,
        idle_share=None if stopped else idle.number("cpu_share", signed=True),
        idle_s=idle.number("wall_s") or 0.0,
        target_cpus=_cpus(line.part("cpus").text("target")),
    )


def _slice(one: Fields) -> Slice:
    return Slice(
        one.whole("round"),
        _flag(one, "kept"),
        _flag(one, "client_late"),
        one.number("operations") or 0.0,
        one.number("cpu_ns") or 0.0,
        *(one.number(name) for name in ("achieved_per_s", "p50_ns", "p99_ns", "max_ns")),
        *(one.number(f"{what}_ns") or 0.0 for what in _TIMES),
    )


def _flag(one: Fields, name: str) -> bool:
    value = one.raw(name)
    if not isinstance(value, bool):
        raise FieldError(f"`{name}` of a slice is not true or false")
    return value


def _disturbers(noise: Fields) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in noise.parts("disturbers"):
        # A process may call itself anything.
        text = "".join(c if c.isprintable() else " " for c in one.text("name"))
        name = text.strip()[:NAME_CHARS_MAX] or "unnamed"
        found[name] = found.get(name, 0.0) + (one.number("ms") or 0.0)
    return found


def _cpus(text: str) -> int:
    """How many are in a list such as `0,2-3`; 1 where it says nothing."""
    count = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isascii() and first.isdigit():
            upto = int(last) if last.isascii() and last.isdigit() else int(first)
            count += max(1, upto - int(first) + 1)
    return max(1, count)
