# SPDX-License-Identifier: MIT
"""Planted faults (workloads/planted_fault.hpp): each as complete jobs of the gate, the base
without it and the head with it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tailrace_regress import build, job, measure, outcome, output, phrases, stored
from tailrace_regress.outcome import GateError, usage
from tailrace_regress.verdict import Finding
from tailrace_report.fields import Fields

# The structs of workloads/planted_fault.hpp, and the metrics of which one must be named in each
# target for a fault to count as caught.
FAULTS = {
    "connection_bytes": {"user_bytes_per_idle_connection", "user_bytes_per_used_connection"},
    "extra_allocation": {"allocations", "allocated_bytes"},
    "extra_epoll_ctl": {"syscalls.epoll_ctl", "syscalls.total"},
    "extra_syscall": {"syscalls.getppid", "syscalls.total"},
    "more_cpu": {"rate", "cpu_us_per_op", "instructions"},
    "slower_echo": {"rate", "cpu_us_per_op", "p50", "instructions"},
    "wake_instructions": {"instructions"},
    "yield_instruction": {"micro.instructions"},
}
NONE = "none"  # a job of a commit against itself
Ended = dict[str, Any]  # of one job: name, number, exit code, what failed it, its headline


def chosen(only: str) -> list[str]:
    """The faults whose name contains `only`. Raises GateError when there is none."""
    found = [name for name in FAULTS if only in name]
    if not found:
        raise usage(f"no fault's name contains {only!r}; there are {', '.join(FAULTS)}")
    return found


def run(plan: job.Plan, tailrace: Path, fault: str, number: int) -> Ended:
    """One complete job. Raises GateError when it cannot be measured."""
    base, _ = build.kept(plan.root, plan.base, plan.preset, plan.targets)
    planted = "" if fault == NONE else fault
    head, _ = build.kept(plan.root, plan.base, plan.preset, plan.targets, planted)
    arms = build.arms(base, head / "bin", tailrace, plan.base)
    measured = job.run(replace(plan, arms=arms, seed=plan.seed + 10 * number))
    judged, code = output.conclude(measured)
    return {
        "code": code,
        "named": [str(one.key) for one in judged.failing],
        "caught": all(_named(judged.failing, fault, target) for target in plan.targets),
        "said": phrases.headline(judged),
        "folder": measured.folder.name,
    }


def _named(failing: Sequence[Finding], fault: str, target: str) -> bool:
    """Whether a target is named with one of the fault's metrics."""
    named = {one.key.metric for one in failing if one.key.contestant == target}
    return bool(named & FAULTS.get(fault, set()))


def done_before(path: Path) -> dict[tuple[str, int], Ended]:
    """The jobs that an earlier, interrupted call has finished, by name and number."""

    def read(line: Fields) -> tuple[tuple[str, int], Ended]:
        ended = {key: line.raw(key) for key in line.names()}
        return (line.name_of("name"), line.whole("number")), ended

    return dict(stored.lines(path, "", read)) if path.exists() else {}


def run_all(
    plan: job.Plan, tailrace: Path, faults: Sequence[str], times: int, log: Path
) -> list[Ended]:
    """Every fault `times` times, measured by the harness `tailrace`; those that `log` has are left
    out, each of the others is added to it at its end."""
    before = done_before(log)
    places = [(name, number) for number in range(times) for name in faults]
    for name, number in places:
        if (name, number) in before:
            continue
        measure.say(f"job {number + 1} of {times}: {name}")
        try:
            ended = run(plan, tailrace, name, number)
        except GateError as error:
            if error.code == outcome.INTERRUPTED:
                raise KeyboardInterrupt from None
            measure.say(f"{error.sentence}\n{error.detail}".strip())
            ended = {"code": error.code, "caught": False, "said": error.sentence}
        before[name, number] = {"name": name, "number": number, **ended}
        stored.append(log, [before[name, number]])
    return [before[place] for place in places]
