# SPDX-License-Identifier: MIT
"""One job: build or take two arms, measure them stage by stage, judge, write. Interrupted, it
leaves no process, no worktree and a folder with what was measured so far."""

import contextlib
import datetime
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailrace_regress import build, campaign_numbers, children, judge, measure, metrics
from tailrace_regress import micro_counts, stored
from tailrace_regress.judge import CANARY, COSTS, COUNTS, FRESH, ROUNDS
from tailrace_regress.outcome import INTERRUPTED, GateError, nothing, unwritten, usage
from tailrace_regress.samples import BASE, HEAD, RELINKED, SAME, Samples
from tailrace_report.campaign import Campaign
from tailrace_report.load import parse_object

SAMPLES, FACTS = "samples.jsonl", "job.json"


# Numbers of rounds: the least, the usual, of what.
SIZES = {
    "repeats": (2, 3, "repetitions of costs"),
    "micro": (2, 2, "repetitions of instructions of micro benchmarks"),
    "counts": (6, 12, "rounds of costs that do not repeat"),
    "canary": (0, 10, "rounds of the base against itself; 0: none"),
    "blocks": (0, 0, "rounds of the profile; 0: as it says"),
    "fresh": (6, 12, "rounds that confirm suspects"),
}
USUAL = {name: usual for name, (_, usual, _) in SIZES.items()}


@dataclass(frozen=True)
class Plan:
    """What was asked; `sizes` are numbers of rounds."""

    root: Path
    results: Path
    base: str
    preset: str = "release"
    profile: str = "ci"
    targets: tuple[str, ...] = ()  # none: those of the head that are in-house
    seed: int = 1
    sizes: Mapping[str, int] = field(default_factory=lambda: USUAL)
    arms: build.Arms | None = None  # the caller's; none: both are built


@dataclass
class Job:
    """What is known at each moment; written to the folder after each stage."""

    folder: Path
    stages: dict[str, Samples] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def save(self) -> None:
        (self.folder / SAMPLES).write_text(stored.to_lines(self.stages), "utf-8")
        whole = {"schema": "tailrace-job-1", "notes": self.notes, **self.facts}
        (self.folder / FACTS).write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def read(folder: Path) -> Job:
    """A finished job. Raises GateError (usage)."""
    try:
        facts = parse_object((folder / FACTS).read_bytes())
    except OSError as error:
        raise usage(f"{folder} is no finished job: {FACTS}: {error.strerror}") from None
    except ValueError as error:
        raise usage(f"{folder / FACTS}: {error}") from None
    notes = facts.pop("notes", [])
    notes = [str(note) for note in notes] if isinstance(notes, list) else []
    facts.pop("schema", None)
    return Job(folder, stored.read(folder / SAMPLES), notes, facts)


def new_folder(results: Path) -> Path:
    """results/regress-<time>, made now, so that what cannot be written is known early."""
    name = datetime.datetime.now(datetime.timezone.utc).strftime("regress-%Y%m%d-%H%M%S")
    for number in range(1, 100):
        folder = results / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise nothing(f"{folder} cannot be made: {error.strerror}") from None
    raise nothing(f"{results} holds a hundred jobs of this second")


def run(plan: Plan) -> Job:
    """Measures everything. Raises GateError, which names the folder once there is one; it then
    holds what there is. An interruption is one, too."""
    if plan.arms is None:
        build.resolve(plan.root, plan.base)  # a ref that is none needs no folder
    job = Job(new_folder(plan.results))
    try:
        _run(plan, job)
        return job
    except GateError as error:
        refusal = error
    except OSError as error:
        refusal = unwritten(error)
    except KeyboardInterrupt:
        refusal = GateError(INTERRUPTED, f"what was measured is in {job.folder}")
    refusal.folder = job.folder
    raise refusal


def _run(plan: Plan, job: Job) -> None:
    started = time.monotonic()
    arms = _arms(plan)
    both = {BASE: arms.base, HEAD: arms.head}
    targets, notes = measure.targets_of(both, plan.targets or build.in_house(arms.head))
    job.notes += [*arms.notes, *notes]
    job.facts = {
        "base": arms.commit,
        "head": _head(plan.root),
        "profile": plan.profile,
        "preset": plan.preset,
        "targets": targets,
        "seed": plan.seed,
        "started_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }
    try:
        _costs(plan, arms, both, targets, job)
        _canary(plan, arms, targets[0], job)
        _rounds(plan, arms, both, targets, job)
    except BaseException:
        job.notes.append("the job was cut short: what is missing here was not measured")
        with contextlib.suppress(OSError):  # which may be what cut it short
            job.save()
        raise
    job.facts["elapsed_s"] = round(time.monotonic() - started, 1)
    job.save()


def _arms(plan: Plan) -> build.Arms:
    """The caller's, or built now."""
    if plan.arms is not None:
        return plan.arms
    commit = build.resolve(plan.root, plan.base)
    measure.say(f"building {commit[:12]} and this tree, preset {plan.preset}")
    return build.build(plan.root, plan.base, plan.preset, plan.targets)


def _head(root: Path) -> str:
    """The commit of the head, with a plus where the tree differs from it."""
    done = children.run(["git", "describe", "--always", "--abbrev=12", "--dirty=+"], 60.0, root)
    return done.out.decode("utf-8", "replace").strip() if done.code == 0 else "unknown"


def _costs(
    plan: Plan, arms: build.Arms, both: Mapping[str, Path], targets: list[str], job: Job
) -> None:
    samples = job.stages[COSTS] = Samples()
    sizes = plan.sizes
    absent = measure.cost_rounds(
        arms.tailrace, both, targets, sizes["repeats"], samples, plan.seed
    )
    absent |= micro_counts.rounds(both, targets, sizes["micro"], samples)
    job.notes += [f"not measured: {what} ({why})" for what, why in sorted(absent.items())]
    samples.fill_absent_calls()
    job.save()
    open_keys = judge.uncertain(job.stages)
    again = job.stages[COUNTS] = Samples()
    for target in targets:
        keys = [key for key in open_keys if key.target == target]
        for key in keys:
            if key.metric == metrics.MICRO:
                micro_counts.rounds(both, [target], sizes["counts"], again, key.place)
        if only := ",".join(judge.passes(keys)):
            measure.cost_rounds(
                arms.tailrace, both, [target], sizes["counts"], again, plan.seed, only
            )
    again.fill_absent_calls()
    job.save()


def _campaign(
    plan: Plan,
    arms: build.Arms,
    folders: Mapping[str, Path],
    targets: Sequence[str],
    job: Job,
    stage: str,
    blocks: int,
) -> Campaign:
    """Rounds of a profile, as a stage of the job."""
    found, notes = measure.campaign(
        arms.tailrace,
        folders,
        targets,
        job.folder / stage,
        profile=plan.profile,
        blocks=blocks,
        seed=plan.seed + (CANARY, ROUNDS, FRESH).index(stage) + 1,
    )
    job.notes += [note for note in notes if note not in job.notes]
    job.stages[stage] = campaign_numbers.samples_of(found)
    job.save()
    return found


def _canary(plan: Plan, arms: build.Arms, target: str, job: Job) -> None:
    """Base against a copy of itself, and against itself linked otherwise, of one target."""
    if not plan.sizes["canary"]:
        job.notes.append("no canary was asked for")
        return
    copies = {BASE: arms.base, SAME: job.folder / "same"}
    if arms.relinked:
        copies[RELINKED] = arms.relinked
    try:
        shutil.copytree(arms.base, copies[SAME])
        _campaign(plan, arms, copies, [target], job, CANARY, plan.sizes["canary"])
    finally:
        shutil.rmtree(copies[SAME], ignore_errors=True)


def _rounds(
    plan: Plan, arms: build.Arms, both: Mapping[str, Path], targets: list[str], job: Job
) -> None:
    found = _campaign(plan, arms, both, targets, job, ROUNDS, plan.sizes["blocks"])
    job.facts["machine"] = found.manifest.get("machine")
    leaning = judge.suspects(job.stages)
    if leaning:
        measure.say("fresh rounds for " + ", ".join(map(str, leaning)))
        again = sorted({key.contestant for key in leaning})
        _campaign(plan, arms, both, again, job, FRESH, plan.sizes["fresh"])
