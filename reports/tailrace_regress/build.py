# SPDX-License-Identifier: MIT
"""Builds both arms alike: the base from a git worktree below build/, the head as the tree is.

Both are configured with the same preset, without tests and peers, and with source paths taken out
of the objects (scripts/cmake/regress.cmake), so that two builds of equal sources are equal; only
the targets that are compared are built, their micro benchmarks where a tree has them, and of the
head the harness. Base executables are kept by commit in build/regress/; the worktree never is.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailrace_regress import children, relink
from tailrace_regress.outcome import GateError, nothing, usage
from tailrace_report.load import parse_object

LIMIT_S = 3600.0
DESCRIBE_S = 60.0
PREFIX = "tailrace-target-"
MICRO_PREFIX = "tailrace-micro-"
KEPT = "built.json"  # written last: a folder without it is not believed


@dataclass(frozen=True)
class Arms:
    """Folders of executables, the harness, and the commit of the base. `relinked` may be None: not
    made, with the note that says why."""

    base: Path
    head: Path
    relinked: Path | None
    tailrace: Path
    commit: str
    notes: tuple[str, ...] = ()


def resolve(root: Path, ref: str) -> str:
    """The commit of a ref. Raises GateError (usage) when there is none."""
    if not ref:
        raise usage("no base to compare with: make regress BASE=<commit, branch or tag>")
    done = children.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"], LIMIT_S, root
    )
    if done.code != 0:
        _check_repository(root)
        raise usage(
            f"BASE={ref} names no commit of this repository; in a shallow clone, fetch it first"
            " (git fetch origin <ref>)"
        )
    return done.out.decode().strip()


def _check_repository(root: Path) -> None:
    """Raises GateError with git's own words where it does not read the repository at all, such as
    one that belongs to somebody else."""
    done = children.run(["git", "rev-parse", "--git-dir"], LIMIT_S, root)
    if done.code != 0:
        first, *rest = done.err.strip().splitlines() or ["it said nothing"]
        remedy = [line.strip() for line in rest if line.strip().startswith("git config")]
        if not any((folder / ".git").exists() for folder in (root, *root.parents)):
            remedy = ["the base is taken from the history, so use a clone, not a tarball"]
        raise usage("; ".join([f"git does not read {root}: {first}", *remedy]))


def check_schema(root: Path, commit: str) -> None:
    """Both trees must write results of one schema. Raises GateError."""
    path = "results/schema.json"
    done = children.run(["git", "show", f"{commit}:{path}"], LIMIT_S, root)
    ours = _schema_id((root / path).read_bytes())
    if done.code != 0:
        raise nothing(f"the base {commit[:12]} has no {path}: it is older than the harness")
    theirs = _schema_id(done.out)
    if theirs != ours:
        raise nothing(
            f"the base {commit[:12]} writes results of schema {theirs}, this tree of {ours}: they"
            " cannot be compared, choose a base after the change of schema"
        )


def _schema_id(data: bytes) -> str:
    try:
        return str(json.loads(data)["$id"])
    except (ValueError, LookupError, TypeError):
        return "unknown"


def build(root: Path, ref: str, preset: str, targets: Sequence[str]) -> Arms:
    """Without targets: those of this tree that are in-house. Raises GateError: usage for an unknown
    ref, else `nothing` with the log's tail."""
    commit = resolve(root, ref)
    check_schema(root, commit)
    head = harness(root, preset, targets).parent
    targets = targets or in_house(head)
    base, notes = kept(root, commit, preset, targets)
    return arms(base, head, head / "tailrace", commit, notes)


def arms(
    base: Path, head: Path, tailrace: Path, commit: str, notes: Sequence[str] = ()
) -> Arms:
    """A kept folder of the base beside the executables of the head."""
    relinked = base / "relinked"
    kept_one = relinked if relinked.is_dir() else None
    return Arms(base / "bin", head, kept_one, tailrace, commit, tuple(notes))


def names(folder: Path) -> list[str]:
    """The ids of all targets in a folder."""
    return sorted(program.name.removeprefix(PREFIX) for program in folder.glob(PREFIX + "*"))


def in_house(folder: Path) -> list[str]:
    """The ids of the targets in a folder that say that they are ours, in the order that they ask
    for. Raises GateError when there is none."""
    found = []
    for program in sorted(folder.glob(PREFIX + "*")):
        if not os.access(program, os.X_OK):
            continue  # the note of one that is not built
        with contextlib.suppress(GateError):
            said = described(program)
            if said.get("family") == "in-house":
                found.append((said.get("order", 0), program.name.removeprefix(PREFIX)))
    if not found:
        raise nothing(f"{folder} has no target that is in-house: name some with --targets")
    return [name for _, name in sorted(found)]


def described(program: Path, whose: str = "") -> dict[str, Any]:
    """What a target says of itself. Raises GateError where that cannot be read."""
    done = children.run([str(program), "describe"], DESCRIBE_S)
    try:
        told = parse_object(done.out)
        return {**told, "protocol": int(told["protocol"])}
    except (ValueError, LookupError, TypeError):
        raise nothing(
            f"{program.name}{whose} does not describe itself: {done.last_words}"
        ) from None


def harness_alone(root: Path, preset: str) -> Path:
    """Builds no target: the harness for arms that are built elsewhere. Raises GateError."""
    folder = root / "build/regress/head"
    _configure(Tree(root, root, folder, preset, "head"), [])
    jobs = ["-j", str(os.cpu_count() or 1), "--target", "tailrace"]
    _step(
        ["cmake", "--build", str(folder), *jobs], root, f"tailrace cannot be built ({preset})"
    )
    return folder / "bin" / "tailrace"


def harness(root: Path, preset: str, targets: Sequence[str]) -> Path:
    """Builds this tree as it is, targets and harness, and returns the harness; the targets are
    beside it. Without targets: all that need no library of others, among which ours are. Raises
    GateError."""
    folder = root / "build/regress/head"
    missing = _build_tree(Tree(root, root, folder, preset, "head"), targets)
    if missing:
        raise nothing(f"this tree has no target {', '.join(missing)}")
    return folder / "bin" / "tailrace"


@contextlib.contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy of a folder of executables beside it, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        yield Path(shutil.copytree(folder, Path(scratch) / "bin"))


def kept(
    root: Path, commit: str, preset: str, targets: Sequence[str], fault: str = ""
) -> tuple[Path, list[str]]:
    """The folder of a commit's executables (`bin/`, `relinked/`), from the cache or made now, and
    notes. `fault` is planted in them (workloads/planted_fault.hpp)."""
    prefixes = [PREFIX, MICRO_PREFIX]
    asked = json.dumps([commit, preset, sorted(targets), prefixes, _toolchain(root), fault])
    digest = hashlib.sha256(asked.encode()).hexdigest()[:8]
    place = root / "build/regress" / f"base-{commit[:12]}-{digest}"
    with contextlib.suppress(OSError, ValueError):
        return place, list(json.loads((place / KEPT).read_text("utf-8"))["notes"])
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    with _worktree(root, commit) as tree, tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        part = Path(scratch) / "base"
        (part / "bin").mkdir(parents=True)
        boost = root / "build/boost"
        if boost.is_dir():  # headers that scripts/boost-headers unpacked, the same for both
            (tree / "build").mkdir(exist_ok=True)
            (tree / "build/boost").symlink_to(boost)
        built = tree / "build/arm"
        whole = Tree(root, tree, built, preset, fault or "base", fault)
        missing = _build_tree(whole, targets)
        there = [PREFIX + target for target in targets if target not in missing]
        micro = [MICRO_PREFIX + target for target in targets]
        micro = [program for program in micro if (built / "bin" / program).exists()]
        for program in there + micro:
            shutil.copy2(built / "bin" / program, part / "bin")
        note = relink.relink(built, there, part / "relinked")
        notes = [f"the base has no target {target}" for target in missing] + [note]
        notes = [text for text in notes if text]
        (part / KEPT).write_text(json.dumps({"asked": asked, "notes": notes}), "utf-8")
        _keep(part, place)
    return place, notes


def _keep(part: Path, place: Path) -> None:
    """Moves what was made to where it is kept. Another job may have made the same meanwhile: then
    that one stays, since the other job measures it."""
    try:
        os.replace(part, place)
    except OSError as error:
        if not (place / KEPT).exists():
            raise nothing(f"{place} cannot be written: {error.strerror}") from None


def _toolchain(root: Path) -> str:
    """What else decides the machine code: the compiler's version and our additions."""
    with contextlib.suppress(GateError):
        return children.run(["g++", "--version"], 60.0).out.decode("utf-8", "replace") + (
            root / "scripts/cmake/regress.cmake"
        ).read_text("utf-8")
    return ""


@contextlib.contextmanager
def _worktree(root: Path, commit: str) -> Iterator[Path]:
    """A checkout of the commit below build/, gone afterwards, also when interrupted."""
    tree = Path(tempfile.mkdtemp(prefix="tree-", dir=root / "build/regress"))
    try:
        done = children.run(
            ["git", "worktree", "add", "--force", "--detach", str(tree), commit], LIMIT_S, root
        )
        if done.code != 0:
            raise nothing(f"git cannot check out {commit[:12]}", done.tail)
        yield tree
    finally:
        # Twice --force: git locks a worktree while it makes it, and prunes none that is locked.
        remove = ["git", "worktree", "remove", "--force", "--force", str(tree)]
        with contextlib.suppress(GateError):
            children.run(remove, LIMIT_S, root)
        shutil.rmtree(tree, ignore_errors=True)
        with contextlib.suppress(GateError):
            children.run(["git", "worktree", "prune"], LIMIT_S, root)


@dataclass(frozen=True)
class Tree:
    """Sources in `path`, built into `folder` as `arm`, with a planted fault or none. `root`: the
    head's, whose settings all builds of a job have."""

    root: Path
    path: Path
    folder: Path
    preset: str
    arm: str
    fault: str = ""


def _build_tree(tree: Tree, targets: Sequence[str]) -> list[str]:
    """Configures and builds, of the head the harness too. Returns the targets that the tree does
    not have. Raises GateError with the log's tail."""
    _configure(tree, targets)
    make, failed = ["cmake", "--build", str(tree.folder)], f"the {tree.arm} cannot be built"
    listed = _step([*make, "--target", "help"], tree.path, failed).split()
    known = {word.rstrip(":") for word in listed}
    targets = targets or sorted(
        word.removeprefix(PREFIX) for word in known if word.startswith(PREFIX)
    )
    missing = [target for target in targets if PREFIX + target not in known]
    names = [PREFIX + target for target in targets if target not in missing]
    names += [MICRO_PREFIX + target for target in targets if MICRO_PREFIX + target in known]
    names += ["tailrace"] if tree.arm == "head" else []
    if names:
        jobs = ["-j", str(os.cpu_count() or 1), "--target"]
        _step([*make, *jobs, *names], tree.path, f"{failed} (preset {tree.preset})")
    return missing


def _configure(tree: Tree, targets: Sequence[str]) -> None:
    configure = ["cmake", "--preset", tree.preset, "-S", str(tree.path), "-B", str(tree.folder)]
    configure += ["-DTAILRACE_TESTS=OFF", "-DTAILRACE_PEERS=OFF"]
    configure += [f"-DTAILRACE_FAULT={tree.fault}"]
    if not targets:  # what has a library in it is not ours; those that are have the same code
        configure += ["-DTAILRACE_LIBRARIES=OFF"]
    configure += [f"-DCMAKE_PROJECT_tailrace_INCLUDE={tree.root / 'scripts/cmake/regress.cmake'}"]
    _step(configure, tree.path, f"the {tree.arm} cannot be configured (preset {tree.preset})")


def _step(command: Sequence[str], tree: Path, sentence: str) -> str:
    """What it printed. Raises GateError with `sentence` and the tail of it."""
    done = children.run(command, LIMIT_S, tree)
    said = done.out.decode("utf-8", "replace") + done.err
    if done.code != 0:
        raise nothing(sentence, "\n".join(said.strip().splitlines()[-children.TAIL_LINES :]))
    return said
