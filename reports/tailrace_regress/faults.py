# SPDX-License-Identifier: MIT
"""Planted faults (workloads/planted_fault.hpp): each as complete jobs of the gate, the base
without it and the head with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tailrace_regress import build, job, judge, measure, output, phrases
from tailrace_regress.outcome import GateError, usage
from tailrace_regress.verdict import Finding


@dataclass(frozen=True)
class Fault:
    """One struct of workloads/planted_fault.hpp, and the metrics of which one must be named in
    each target for it to count as caught."""

    name: str
    metrics: tuple[str, ...]


FAULTS = (
    Fault("connection_bytes", ("user_bytes_per_idle_connection", "user_bytes_per_used_connection")),
    Fault("extra_allocation", ("allocations", "allocated_bytes")),
    Fault("extra_epoll_ctl", ("syscalls.epoll_ctl", "syscalls.total")),
    Fault("extra_syscall", ("syscalls.getppid", "syscalls.total")),
    Fault("more_cpu", ("rate", "cpu_us_per_op", "instructions")),
    Fault("slower_echo", ("rate", "cpu_us_per_op", "p50", "instructions")),
    Fault("wake_instructions", ("instructions",)),
    Fault("yield_instruction", ("micro.instructions",)),
)


@dataclass(frozen=True)
class Ended:
    """One complete job: its exit code, what failed it, and the sentence it led with."""

    name: str
    number: int
    code: int
    named: tuple[str, ...]
    caught: bool
    said: str
    folder: str

    def as_json(self) -> str:
        return json.dumps(vars(self)) + "\n"


def chosen(only: str) -> list[Fault]:
    """The faults whose name contains `only`. Raises GateError when there is none."""
    found = [fault for fault in FAULTS if only in fault.name]
    if not found:
        known = ", ".join(fault.name for fault in FAULTS)
        raise usage(f"no fault's name contains {only!r}; there are {known}")
    return found


def run(plan: job.Plan, commit: str, fault: Fault | None, number: int) -> Ended:
    """One complete job; without a fault the head is a copy of the base. Raises GateError when it
    cannot be measured."""
    base, _ = build.kept(plan.root, commit, plan.preset, plan.targets)
    head = base
    if fault:
        head, _ = build.kept(plan.root, commit, plan.preset, plan.targets, fault.name)
    relinked = base / "relinked"
    measured = job.run(
        replace(
            plan,
            base=commit,
            base_bin=base / "bin",
            head_bin=head / "bin",
            relinked_bin=relinked if relinked.is_dir() else None,
            seed=plan.seed + 10 * number,
        )
    )
    judged = judge.judge(measured.stages)
    code = judge.exit_code(judged, False)
    output.write(measured.folder, judged, measured.facts, measured.notes, code)
    name = fault.name if fault else "none"
    return Ended(
        name,
        number,
        code,
        tuple(str(one.key) for one in judged.failing),
        bool(judged.failing) and _names(judged.failing, fault, plan.targets),
        phrases.headline(judged),
        measured.folder.name,
    )


def _names(failing: Sequence[Finding], fault: Fault | None, targets: Sequence[str]) -> bool:
    """Whether each target is named with one of the fault's metrics."""
    if fault is None:
        return True
    for target in targets:
        named = {one.key.metric for one in failing if one.key.target.split(" ")[0] == target}
        if not named & set(fault.metrics):
            return False
    return True


def done_before(path: Path) -> dict[tuple[str, int], Mapping[str, Any]]:
    """The jobs that an earlier, interrupted call has finished, by name and number."""
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    if not path.exists():
        return found
    for line in path.read_text("utf-8").splitlines():
        try:
            value = json.loads(line)
            found[str(value["name"]), int(value["number"])] = value
        except (ValueError, LookupError, TypeError):
            continue  # torn by an interruption: that job runs again
    return found


def run_all(
    plan: job.Plan, commit: str, faults: Sequence[Fault | None], times: int, log: Path
) -> list[Mapping[str, Any]]:
    """Every fault `times` times, those that `log` has left out; each is added to it at its end."""
    before = done_before(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    answers: list[Mapping[str, Any]] = []
    for number in range(times):
        for fault in faults:
            name = fault.name if fault else "none"
            if (name, number) not in before:
                measure.say(f"job {number + 1} of {times}: {name}")
                try:
                    ended = run(plan, commit, fault, number)
                except GateError as error:
                    measure.say(f"{error.sentence}\n{error.detail}".strip())
                    ended = Ended(name, number, error.code, (), False, error.sentence, "")
                with log.open("a", encoding="utf-8") as file:
                    file.write(ended.as_json())
                before[name, number] = vars(ended)
            answers.append(before[name, number])
    return answers
