# SPDX-License-Identifier: MIT
"""One job: build or take two arms, measure them stage by stage, look and go on, as the plan has it.
Interrupted, it leaves no process, no worktree and a folder with what was measured so far."""

import contextlib
import datetime
import json
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailrace_regress import build, campaign_numbers, children, judge, links, measure, metrics
from tailrace_regress import micro_counts, own_targets, stored
from tailrace_regress.accepted import Note
from tailrace_regress.judge import CAMPAIGN, COSTS, COUNTS
from tailrace_regress.outcome import INTERRUPTED, GateError, nothing, unwritten, usage
from tailrace_regress.samples import AGAIN, BASE, HEAD, RELINKED, Samples
from tailrace_report import looks, until
from tailrace_report.campaign import Campaign
from tailrace_report.load import parse_object

CHANGED = "+"
SAMPLES, FACTS, SCHEMA = "samples.jsonl", "job.json", "tailrace-job-2"


# Numbers of rounds: the least, the usual, of what.
SIZES = {
    "repeats": (2, 3, "repetitions of costs"),
    "micro": (2, 2, "repetitions of instructions of micro benchmarks"),
    "counts": (6, 12, "rounds of costs that do not repeat"),
}
USUAL = {name: usual for name, (_, usual, _) in SIZES.items()}


@dataclass(frozen=True)
class Plan:
    """What was asked; `sizes` are numbers of rounds. `looks`: after how many generations is looked,
    and `at_most_minutes`: empty and 0 are as the profile has it; `controls`: whether the base is
    measured a second time, and linked otherwise; `notes`: accepted changes."""

    root: Path
    results: Path
    base: str
    preset: str = "release"
    profile: str = "ci"
    targets: tuple[str, ...] = ()  # none: those of the head that are in-house
    seed: int = 1
    sizes: Mapping[str, int] = field(default_factory=lambda: USUAL)
    arms: build.Arms | None = None  # the caller's; none: both are built
    files: own_targets.Files | None = None  # somebody's executables instead
    looks: tuple[int, ...] = ()
    at_most_minutes: int = 0
    controls: bool = True
    notes: Sequence[Note] = ()


@dataclass
class Job:
    """What is known at each moment; written to the folder after each stage."""

    folder: Path
    stages: dict[str, Samples] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def level(self) -> float:
        """Of the look at which its campaign ended. Raises ValueError with one clause."""
        found = looks.read(self.facts)
        return found.level if found else looks.LEVEL

    def save(self) -> None:
        (self.folder / SAMPLES).write_text(stored.to_lines(self.stages), "utf-8")
        whole = {"schema": SCHEMA, "notes": self.notes, **self.facts}
        (self.folder / FACTS).write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def read(folder: Path) -> Job:
    """A finished job. Raises GateError (usage)."""
    try:
        facts = parse_object((folder / FACTS).read_bytes(), SCHEMA)
    except OSError as error:
        raise usage(f"{folder} is no finished job: {FACTS}: {error.strerror}") from None
    except ValueError as error:
        raise usage(f"{folder / FACTS}: {error}") from None
    notes = facts.pop("notes", [])
    notes = [str(note) for note in notes] if isinstance(notes, list) else []
    facts.pop("schema")
    job = Job(folder, stored.read(folder / SAMPLES), notes, facts)
    try:
        job.level
    except ValueError as error:
        raise usage(f"{folder / FACTS}: {error}") from None
    return job


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
    if plan.arms is None and plan.files is None:
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
    with _arms(plan, job) as arms:
        _measure(plan, arms, job)


def _measure(plan: Plan, arms: build.Arms, job: Job) -> None:
    started = time.monotonic()
    both = {BASE: arms.base, HEAD: arms.head}
    wanted = build.names(arms.head) if plan.files else plan.targets or build.in_house(arms.head)
    targets, notes = measure.targets_of(both, wanted)
    job.notes += [*arms.notes, *notes]
    head = str(plan.files.head) if plan.files else head_of(plan.root)
    if not plan.arms and not plan.files and head.endswith(CHANGED):
        job.notes.append("the head is this tree with changes that are in no commit")
    job.facts = {
        "base": arms.commit,
        "head": head,
        "command": _command(plan, arms),
        "profile": plan.profile,
        "preset": plan.preset,
        "targets": targets,
        "seed": plan.seed,
        "started_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }
    try:
        _costs(plan, arms, both, targets, job)
        with links.made(job.folder / "controls", *_controls(plan, arms, targets[0])) as more:
            _campaign(plan, arms.tailrace, {**both, **more}, targets, job)
        if not plan.controls:
            job.notes.append("no control was asked for")
    except BaseException:
        job.notes.append("the job was cut short: what is missing here was not measured")
        with contextlib.suppress(OSError):  # which may be what cut it short
            job.save()
        raise
    job.facts["elapsed_s"] = round(time.monotonic() - started, 1)
    job.save()


@contextlib.contextmanager
def _arms(plan: Plan, job: Job) -> Iterator[build.Arms]:
    """The caller's, or built now."""
    if plan.files is not None:
        with own_targets.arms(plan.files, plan.root, plan.preset, job.folder / "arms") as arms:
            yield arms
        return
    if plan.arms is not None:
        yield plan.arms
        return
    commit = build.resolve(plan.root, plan.base)
    measure.say(f"building {commit[:12]} and this tree, preset {plan.preset}")
    yield build.build(plan.root, plan.base, plan.preset, plan.targets)


def _command(plan: Plan, arms: build.Arms) -> str:
    """What does the same again, the numbers of rounds apart."""
    words: list[tuple[str, object]] = [("base", arms.commit[:12])]
    if plan.files is not None:
        words = [("base-target", plan.files.base), ("head-target", plan.files.head)]
        words += [("tailrace", plan.files.tailrace)]
    elif plan.arms is not None:
        words = [("base-bin", arms.base), ("head-bin", arms.head), ("tailrace", arms.tailrace)]
    words += [("targets", ",".join(plan.targets)), ("profile", plan.profile)]
    words += [("preset", plan.preset), ("seed", plan.seed)]
    words += [("looks", ",".join(map(str, plan.looks)))]
    words += [("at-most-minutes", plan.at_most_minutes or "")]
    given = [(name, str(value)) for name, value in words if value not in ("", None)]
    options = [part for name, value in given for part in (f"--{name}", value)]
    options += [] if plan.controls else ["--no-controls"]
    return shlex.join(["scripts/regress", *options])


def head_of(root: Path) -> str:
    """The commit of the head, with CHANGED at its end where the tree differs from it: a file that
    git does not know is built, too (scripts/tree-state)."""
    commit = children.run(["git", "rev-parse", "--short=12", "HEAD"], 60.0, root)
    changes = children.run(["git", "status", "--porcelain"], 60.0, root)
    if commit.code != 0 or changes.code != 0:
        return "unknown"
    return commit.out.decode("utf-8", "replace").strip() + (CHANGED if changes.out.strip() else "")


def _costs(
    plan: Plan, arms: build.Arms, both: Mapping[str, Path], targets: list[str], job: Job
) -> None:
    samples = job.stages[COSTS] = Samples()
    targets, notes = measure.countable(both, targets)
    job.notes += notes
    sizes = plan.sizes
    absent = measure.cost_rounds(
        arms.tailrace, both, targets, sizes["repeats"], samples, plan.seed
    )
    if plan.files is None:  # nobody else has our micro benchmarks
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


def _controls(
    plan: Plan, arms: build.Arms, target: str
) -> Iterator[tuple[str, Mapping[str, Path]]]:
    """(arm, its executables): of one target the base again, and linked otherwise."""
    places = {AGAIN: arms.base, RELINKED: arms.relinked} if plan.controls else {}
    for arm, place in places.items():
        if plan.files and arm == AGAIN:
            yield arm, {target: plan.files.base}
        elif place and (program := place / (build.PREFIX + target)).exists():
            yield arm, {target: program}


def _campaign(
    plan: Plan,
    tailrace: Path,
    folders: Mapping[str, Path],
    targets: Sequence[str],
    job: Job,
) -> None:
    """All arms together, from look to look."""
    folder = job.folder / CAMPAIGN
    asked = measure.Asked(plan.profile, plan.seed, plan.looks, plan.at_most_minutes)
    found, notes = measure.campaign(tailrace, folders, targets, folder, asked)
    job.facts["machine"] = found.manifest.get("machine")
    _read(job, found, notes)
    while (generations := _next(found, job, plan.notes)) is not None:
        found, notes = measure.further(tailrace, folder, generations)
        _read(job, found, notes)


def _read(job: Job, found: Campaign, notes: Sequence[str]) -> None:
    job.notes += [note for note in notes if note not in job.notes]
    job.stages[CAMPAIGN] = campaign_numbers.samples_of(found)
    if found.looks:
        at, minutes = list(found.looks.at), found.looks.at_most_minutes
        job.facts["looks"] = {"at": at, "at_most_minutes": minutes}
        job.facts["blocks"] = found.looks.generations
    job.save()


def _next(found: Campaign, job: Job, notes: Sequence[Note]) -> int | None:
    """To how many generations it goes on; None where it ends, which is said."""
    if found.looks is None:
        return None
    judged = judge.judge(job.stages, notes, level=job.level)
    at = f"look at {found.looks.generations} generations of {found.looks.at[-1]}"
    if judged.failing or not judge.goes_on(judged):
        measure.say(f"{at}: " + ("a regression is confirmed" if judged.failing else "decided"))
        return None
    taken, each = until.minutes(found)
    generations = found.looks.next
    if generations is None:
        measure.say(f"{at}, the last")
        return None
    if taken + each * (generations - found.looks.generations) > found.looks.at_most_minutes:
        measure.say(f"{at}: no more, for lack of time ({found.looks.at_most_minutes:g} minutes)")
        return None
    measure.say(f"{at}: on to {generations}")
    return generations
