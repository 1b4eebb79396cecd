# SPDX-License-Identifier: MIT
"""Measures arms with the harness of the head: `tailrace cost` in rounds, `tailrace run` in
generations.

The order of arms within a round of costs is balanced and randomised here (each round starts with
another arm than the round before, the first by lot). In a campaign all arms are subjects: fresh
processes in each generation, visited by the load in rounds of slices, shuffled again each time.
"""

import contextlib
import os
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tailrace_regress import build, campaign_numbers, children, metrics
from tailrace_regress.build import PREFIX
from tailrace_regress.outcome import nothing
from tailrace_regress.samples import Key, Samples
from tailrace_report.cell_line import read_sheet
from tailrace_report.errors import CampaignError
from tailrace_report.fields import Fields
from tailrace_report.load import Campaign, parse_object, read_campaign

COST_SCHEMA = "tailrace-cost-1"
COST_LIMIT_S = 600.0
RUN_LIMIT_S = 6 * 3600.0


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(f"regress: {text}", file=sys.stderr, flush=True)


def targets_of(arms: Mapping[str, Path], wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those of `wanted` that every arm has and that are able to run here; and notes on the others.
    Raises GateError when none is left, or the arms speak different protocols."""
    good, notes = [], []
    for target in wanted:
        lacking = [arm for arm, folder in arms.items() if not _program(folder, target).exists()]
        if lacking:
            notes.append(f"{target} is not compared: the {' and '.join(lacking)} arm lacks it")
            continue
        told = {
            arm: build.described(_program(folder, target), f" of the {arm} arm")
            for arm, folder in arms.items()
        }
        spoken = {arm: one["protocol"] for arm, one in told.items()}
        if len(set(spoken.values())) > 1:
            words = " and ".join(f"{arm} arm {str(n)[:20]}" for arm, n in spoken.items())
            raise nothing(
                f"{target} speaks different protocols, in the {words}: choose another base"
            )
        unable = {arm: one for arm, one in told.items() if one.get("available") is False}
        if unable and len(unable) < len(told):
            arm, one = next(iter(unable.items()))
            raise nothing(f"{target} can run here in all arms but {arm}: {one.get('cause')}")
        if unable:
            one = next(iter(unable.values()))
            notes.append(f"{target} is skipped: {one.get('cause')}; {one.get('remedy')}")
            continue
        good.append(target)
    if not good:
        raise nothing("no target is left to compare: " + "; ".join(notes))
    return good, notes


def countable(
    arms: Mapping[str, Path], targets: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Those of which an echo can be counted (`tailrace cost`), and notes on the others. Raises
    GateError."""
    good, notes = [], []
    for target in targets:
        told = [build.described(_program(folder, target)) for folder in arms.values()]
        if all("echo" in one.get("workloads", ["echo"]) for one in told):
            good.append(target)
        else:
            notes.append(f"{target} has no workload echo, so nothing of it is counted")
    return good, notes


def _program(folder: Path, target: str) -> Path:
    return folder / (PREFIX + target)


def cost_rounds(
    tailrace: Path,
    arms: Mapping[str, Path],
    targets: Sequence[str],
    rounds: int,
    samples: Samples,
    seed: int,
    only: str = "",
) -> dict[str, str]:
    """Adds one repetition an arm and round of each target; returns why metrics are absent.

    Raises GateError naming the arm when a target fails in it."""
    lot = random.Random(f"{seed} {only}")
    names = sorted(arms)
    lot.shuffle(names)
    absent: dict[str, str] = {}
    for round_ in range(rounds):
        order = list(targets)
        lot.shuffle(order)
        for target in order:
            for arm in names:
                say(f"cost of {target}, round {round_ + 1} of {rounds}, {arm}")
                values, causes = _cost(tailrace, arm, _program(arms[arm], target), target, only)
                for name, (value, *_) in values.items():
                    samples.add(Key(target, metrics.COST, name), arm, round_, value)
                absent |= {f"{target}: {name}": why for name, why in causes.items()}
        names = names[1:] + names[:1] if len(names) > 2 else names[::-1]
    return absent


def _cost(
    tailrace: Path, arm: str, program: Path, target: str, only: str
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Each metric's value, of one repetition, and why others are absent. What was printed is read
    strictly: it came from a child process that may have been killed half-way."""
    command = [str(tailrace), "cost", str(program), "--repeats", "1", "--json", "-"]
    command += ["--only", only] if only else []
    done = children.run(command, COST_LIMIT_S)
    if done.code != 0:
        raise nothing(
            f"{target} of the {arm} arm fails while its cost is measured: {done.last_words}",
            done.tail,
        )
    try:
        return read_sheet(Fields(parse_object(done.out, COST_SCHEMA)))
    except ValueError as error:
        raise nothing(f"the cost of {target} in the {arm} arm cannot be read: {error}") from None


@dataclass(frozen=True)
class Asked:
    """What a campaign is made of: `looks`: after how many generations is looked, growing, and
    `at_most_minutes`: empty and 0 are as the profile has it."""

    profile: str
    seed: int
    looks: tuple[int, ...] = ()
    at_most_minutes: int = 0


def campaign(
    tailrace: Path,
    arms: Mapping[str, Path],
    targets: Sequence[str],
    folder: Path,
    asked: Asked,
) -> tuple[Campaign, list[str]]:
    """A `tailrace run` into `folder` (its parent must exist) up to its first look, read back; and
    notes. Raises GateError when cells failed or nothing was measured."""
    command = [str(tailrace), "run", "--profile", asked.profile, "--runtimes", ",".join(targets)]
    command += ["--results", str(folder.parent), "--name", folder.name, "--seed", str(asked.seed)]
    command += ["--looks", ",".join(map(str, asked.looks))] if asked.looks else []
    if asked.at_most_minutes:
        command += ["--at-most-minutes", str(asked.at_most_minutes)]
    for arm, place in arms.items():
        command += ["--arm", f"{arm}={place}"]
    say(f"{', '.join(targets)}: {', '.join(arms)}, together")
    return _measured(command, folder)


def further(tailrace: Path, folder: Path, generations: int) -> tuple[Campaign, list[str]]:
    """The same campaign, gone on to so many generations, which is one of its looks."""
    command = [str(tailrace), "run", "--resume", str(folder), "--results", str(folder.parent)]
    found, notes = _measured([*command, "--blocks", str(generations)], folder)
    if found.looks is None or found.looks.generations != generations:
        raise nothing(f"tailrace run did not go on to {generations} generations")
    return found, notes


def _measured(command: Sequence[str], folder: Path) -> tuple[Campaign, list[str]]:
    try:
        done = children.run(command, RUN_LIMIT_S)
    finally:
        with contextlib.suppress(OSError):  # names the newest campaign, which is none of ours
            os.unlink(folder.parent / "latest")
    if not (folder / "manifest.json").exists():
        raise nothing(f"tailrace run measured nothing: {done.last_words}", done.tail)
    try:
        found = read_campaign(folder)
    except CampaignError as error:
        raise nothing("what was measured cannot be read: " + error.sentences[0]) from None
    notes = campaign_numbers.check(found.cells)
    measured = [cell for cell in found.cells if cell.measured and cell.arm]
    if not measured:
        raise nothing(f"tailrace run measured no cell: {done.last_words}", done.tail)
    if len(found.cells) < (found.planned or 0):  # refused to go on, or ended too early
        raise nothing(f"tailrace run did not finish: {done.last_words}", done.tail)
    return found, notes + _points_left_out(found)


def _points_left_out(found: Campaign) -> list[str]:
    """What the harness left out of the profile on this machine."""
    listed = Fields(found.manifest).parts("points_left_out")
    return [f"no point {one.text('id')} here: {one.text('cause')}" for one in listed]
