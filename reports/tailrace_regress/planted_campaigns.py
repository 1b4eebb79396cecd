# SPDX-License-Identifier: MIT
"""Campaigns of which the answer is known: copies of one executable, which differ by nothing, and
others with a fault planted (workloads/planted_fault.hpp). What is kept of each is one number a
metric, subject and generation, of its valid cells, so that it can be judged again."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tailrace_regress import build, stored
from tailrace_regress.outcome import nothing
from tailrace_report.campaign import FIFO, NORMAL, OK
from tailrace_report.decide import Pairs
from tailrace_report.fields import Fields
from tailrace_report.load import read_campaign
from tailrace_report.measures import CPU, P50, P99, QUIET_P99, RATE, Measure, Quantile, same_within
from tailrace_report.rounds import rounds_of
from tailrace_report.slices import AS_LIVED
from tailrace_report.study import Study

SCHEMA = "tailrace-campaign-power-3"
TARGET = "local"
PROFILE = "power"
COPIES = ("copy-1", "copy-2", "copy-3", "copy-4", "copy-5", "copy-6")
# Arm -> the fault planted in it.
PLANTED = {"more-cpu": "more_cpu", "slower": "slower_echo", "rare-delay": "rare_delay"}
# What is asked of whom: name -> kind of the point, its scheduling class, measure.
MEASURES: dict[str, tuple[str, str, Measure]] = {
    "cpu": ("closed", NORMAL, CPU),
    "rate": ("closed", NORMAL, RATE),
    "p50": ("open", NORMAL, P50),
    "quiet p99": ("open", NORMAL, QUIET_P99),
    "p99": ("open", NORMAL, P99),
    "p99 as lived": ("open", NORMAL, Quantile(0.99, AS_LIVED)),
    "cpu in FIFO": ("closed", FIFO, CPU),
    "rate in FIFO": ("closed", FIFO, RATE),
    "p50 in FIFO": ("open", FIFO, P50),
    "quiet p99 in FIFO": ("open", FIFO, QUIET_P99),
    "p99 in FIFO": ("open", FIFO, P99),
}
Numbers = dict[str, dict[str, dict[int, float]]]  # measure -> arm -> generation -> number


@dataclass(frozen=True)
class Measured:
    """One campaign. `beside`: the command that ran beside it, or nothing."""

    number: int
    beside: str
    wall_s: float
    rounds: int
    dropped: int
    numbers: Numbers

    @cached_property
    def pairs(self) -> dict[str, Pairs]:
        """By measure, decided for all pairs of it together; two regimes are not looked for."""
        return {
            name: Pairs(self.numbers.get(name, {}), same_within(measure))
            for name, (_, _, measure) in MEASURES.items()
        }


def folders(root: Path, preset: str) -> dict[str, Path]:
    """Arm -> the folder of its executable, of the commit that is checked out. Raises GateError."""
    commit = build.resolve(root, "HEAD")
    plain, _ = build.kept(root, commit, preset, [TARGET])
    made = {}
    for copy in COPIES:
        made[copy] = plain / "copies" / copy
        if not made[copy].is_dir():
            shutil.copytree(plain / "bin", made[copy])
    for arm, fault in PLANTED.items():
        made[arm] = build.kept(root, commit, preset, [TARGET], fault)[0] / "bin"
    return made


@contextlib.contextmanager
def running(command: str) -> Iterator[None]:
    """A shell command beside what is within, ended with all that it started."""
    if not command:
        yield
        return
    with subprocess.Popen(
        ["bash", "-c", command],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def measure(tailrace: Path, arms: dict[str, Path], number: int, beside: str) -> Measured:
    """One campaign, with the number as its seed. Raises GateError."""
    with tempfile.TemporaryDirectory(prefix="tailrace-power-") as scratch:
        command = [str(tailrace), "run", "--profile", PROFILE, "--seed", str(number)]
        command += ["--results", scratch, "--name", "one"]
        for arm, folder in arms.items():
            command += ["--arm", f"{arm}={folder}"]
        begin = time.monotonic()
        with running(beside):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise nothing(f"campaign {number} failed: {done.stderr.strip()[-300:]}")
        return _read(Path(scratch) / "one", number, beside, time.monotonic() - begin)


def _read(folder: Path, number: int, beside: str, wall_s: float) -> Measured:
    study = Study(read_campaign(folder))
    numbers: Numbers = {}
    for name, (kind, scheduling, asked) in MEASURES.items():
        for point in (at for at in study.points_of(kind) if at.scheduling == scheduling):
            for who in study.subjects:
                found = asked.per_block(study, who, point, OK)
                if found:
                    numbers.setdefault(name, {})[who.form] = found
    rounds = rounds_of(study, study.points)
    return Measured(number, beside, wall_s, rounds.made, rounds.dropped, numbers)


def append(path: Path, one: Measured) -> None:
    """To a file of them, a line each."""
    line: dict[str, Any] = {"schema": SCHEMA, "number": one.number, "beside": one.beside}
    line |= {"wall_s": round(one.wall_s, 1), "rounds": one.rounds, "dropped": one.dropped}
    line["numbers"] = one.numbers
    stored.append(path, [line])


def read(path: Path) -> list[Measured]:
    """Raises GateError (usage) naming the line."""
    return stored.lines(path, SCHEMA, _line)


def _line(line: Fields) -> Measured:
    numbers: Numbers = {}
    table = line.part("numbers")
    for name in MEASURES:
        for arm in table.part(name).names():
            by_generation = table.part(name, arm)
            values = {int(at): by_generation.number(at) for at in by_generation.names()}
            found = {at: value for at, value in values.items() if value}
            numbers.setdefault(name, {})[arm] = found
    return Measured(
        line.whole("number"),
        line.text("beside"),
        line.number("wall_s") or 0.0,
        line.whole("rounds"),
        line.whole("dropped"),
        numbers,
    )
