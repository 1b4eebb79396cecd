# SPDX-License-Identifier: MIT
"""Planted faults: each scripts/faults/*.patch as complete jobs of the gate, base without and head
with it. A patch may say above its first `diff` which targets it spoils and which metrics must be
named for it to count as caught:

    Targets: local, steal
    Metrics: syscalls.total
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tailrace_regress import build, job, judge, measure, output, phrases
from tailrace_regress.outcome import GateError, usage
from tailrace_regress.verdict import Finding


@dataclass(frozen=True)
class Fault:
    """A patch and what it says of itself; empty means any."""

    path: Path
    targets: tuple[str, ...]
    metrics: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem


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


def read(folder: Path, only: str) -> list[Fault]:
    """The faults whose name contains `only`. Raises GateError when there is none."""
    found = [_fault(path) for path in sorted(folder.glob("*.patch")) if only in path.stem]
    if not found:
        raise usage(f"{folder} has no patch whose name contains {only!r}")
    return found


def _fault(path: Path) -> Fault:
    head = path.read_text("utf-8").split("diff --git", 1)[0]

    def listed(key: str) -> tuple[str, ...]:
        line = re.search(rf"^{key}s?: *(.+)$", head, re.M | re.I)
        return tuple(re.split(r"[,\s]+", line.group(1).strip())) if line else ()

    return Fault(path, listed("Target"), listed("Metric"))


def run(plan: job.Plan, commit: str, fault: Fault | None, number: int) -> Ended:
    """One complete job; without a fault the head is a copy of the base. Raises GateError when it
    cannot be measured."""
    targets = plan.targets if fault is None or not fault.targets else fault.targets
    base, _ = build.kept(plan.root, commit, plan.preset, targets)
    head = base
    if fault:
        head, _ = build.kept(plan.root, commit, plan.preset, targets, fault.path)
    relinked = base / "relinked"
    measured = job.run(
        replace(
            plan,
            base=commit,
            targets=tuple(targets),
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
        bool(judged.failing) and _names(judged.failing, fault),
        phrases.headline(judged),
        measured.folder.name,
    )


def _names(failing: Sequence[Finding], fault: Fault | None) -> bool:
    """Whether each target that the fault spoils is named with one of its metrics."""
    if fault is None:
        return True
    for target in fault.targets or {one.key.target for one in failing}:
        named = {one.key.metric for one in failing if one.key.target.split(" ")[0] == target}
        if not named or (fault.metrics and not named & set(fault.metrics)):
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
