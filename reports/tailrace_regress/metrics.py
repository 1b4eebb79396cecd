# SPDX-License-Identifier: MIT
"""Every metric the gate knows: which way is worse, how much worse matters, and whether it decides.

This table is the pre-registration: a metric that is not `gate` here never fails a job, whatever it
shows. `delta` is the smallest relative change that anybody should act on; `floor` is in the unit of
the metric and is added to both arms before they are divided, so that nothing becomes a hundred
times of next to nothing. Exact metrics need no delta: values within `floor` are the same value.
"""

from dataclasses import dataclass, replace

EXACT, BANDED, TIMED = "exact", "banded", "timed"
COST = "cost"  # the place of what `tailrace cost` measures, beside the points of a profile
MICRO = "micro.instructions"  # its places are the names of micro benchmarks
# What times are asked: what an operation costs, how long it takes as a rule, and at worst.
WORK, MIDDLE, TAIL = QUESTIONS = ("work", "middle", "tail")


@dataclass(frozen=True)
class Metric:
    """`why` is the reason for delta and floor; `kind` how it is judged at first; `question` that of
    a time that decides."""

    name: str
    unit: str
    kind: str
    delta: float
    floor: float
    why: str
    best_is_low: bool = True
    gate: bool = True
    question: str = ""


TABLE = (
    Metric("syscalls.total", "calls/op", EXACT, 0.01, 0.004, "one call a hundred operations"),
    Metric("allocations", "allocations/op", EXACT, 0.01, 0.004, "one in a hundred operations"),
    Metric("allocated_bytes", "B/op", EXACT, 0.01, 0.5, "less than one byte is rounding"),
    Metric(
        "user_bytes_per_idle_connection",
        "B",
        EXACT,
        0.03,
        12.0,
        "pages are counted, so a slope over connections is a few bytes off from run to run",
    ),
    Metric("user_bytes_per_used_connection", "B", EXACT, 0.03, 12.0, "as for idle connections"),
    Metric("user_bytes_per_task", "B", EXACT, 0.03, 12.0, "as for idle connections"),
    Metric(
        "instructions",
        "instructions/op",
        EXACT,
        0.002,
        0.1,
        "one in five hundred; repetitions differ by a tenth of one where batches do",
    ),
    Metric(
        MICRO,
        "instructions/op",
        EXACT,
        0.002,
        0.5,
        "repetitions are equal; one more each time is seen, up to 500 an operation; what comes once"
        " in many, such as a look at the kernel, falls elsewhere when anything before it changes",
    ),
    Metric(
        "switches.voluntary",
        "switches/op",
        BANDED,
        0.05,
        0.02,
        "who waits depends on the neighbours too; next to none is none",
    ),
    Metric(
        "switches.involuntary", "switches/op", BANDED, 0.5, 0.02, "neighbours decide it", gate=False
    ),
    Metric(
        "executable_bytes", "B", EXACT, 0.01, 0.0, "with symbols, so by -g too: shown", gate=False
    ),
    Metric("text_bytes", "B", EXACT, 0.05, 256.0, "code may grow with what it does"),
    Metric("cpu_user_us", "us/op", BANDED, 0.05, 0.02, "of short passes: shown", gate=False),
    Metric("cpu_system_us", "us/op", BANDED, 0.05, 0.05, "of short passes: shown", gate=False),
    Metric("cpu_us", "us/op", BANDED, 0.05, 0.05, "of short passes: shown", gate=False),
    Metric(
        "kernel_bytes_per_idle_connection",
        "B",
        EXACT,
        0.03,
        64.0,
        "slabs are counted whole, so a slope over connections is some bytes off",
    ),
    Metric(
        "kernel_bytes_per_used_connection", "B", EXACT, 0.03, 64.0, "as for idle connections"
    ),
    Metric("kernel_bytes_per_task", "B", EXACT, 0.03, 64.0, "as for idle connections"),
    Metric(
        "cpu_us_per_op",
        "us",
        TIMED,
        0.03,
        0.0,
        "a machine in thirty; of an echo, a read, a timer, a hand-over",
        question=WORK,
    ),
    Metric(
        "rate",
        "ops/s",
        TIMED,
        0.05,
        0.0,
        "as CPU time, of which it is the other side, and spreads twice as much",
        False,
        question=WORK,
    ),
    Metric(
        "p50",
        "ns",
        TIMED,
        0.05,
        0.0,
        "at low load the hypervisor's wake-up is in it",
        question=MIDDLE,
    ),
    Metric(
        "lateness_p50",
        "ns",
        TIMED,
        0.10,
        2000.0,
        "of timers; what the kernel adds by itself is in it",
        question=MIDDLE,
    ),
    Metric(
        "quiet_p99",
        "ns",
        TIMED,
        0.15,
        0.0,
        "of the quiet quarter of slices: generations of one build differ by two thirds of it",
        question=TAIL,
    ),
    Metric("lateness_p99", "ns", TIMED, 0.25, 2000.0, "of timers; stalls are in it", question=TAIL),
    Metric("p99", "ns", TIMED, 0.10, 0.0, "stalls decide it", gate=False),
    Metric("p99.9", "ns", TIMED, 0.25, 0.0, "some stalls decide it", gate=False),
)
_BY_NAME = {metric.name: metric for metric in TABLE}
CALLS, ALL_CALLS = "syscalls.", "syscalls.total"


def known(name: str) -> Metric | None:
    """The metric of this name. Kinds of system calls are as exact as their sum, and decide too."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name.startswith(CALLS) and len(name) > len(CALLS):
        return replace(_BY_NAME[ALL_CALLS], name=name)
    return None
