# SPDX-License-Identifier: MIT
"""Two executables of somebody else as the arms of a job: any that speak runtimes/PROTOCOL.md, in
any language, built wherever they are at home. They are two builds of one runtime, so both describe
themselves with the same id."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tailrace_regress import build, links
from tailrace_regress.outcome import nothing, usage
from tailrace_regress.samples import BASE, HEAD

ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Files:
    """What --base-target and --head-target name. `tailrace`: None: the harness is built."""

    base: Path
    head: Path
    tailrace: Path | None


def checked(base: Path | None, head: Path | None, tailrace: Path | None) -> Files | None:
    """None where neither is given. Raises GateError (usage)."""
    if base is None or head is None:
        if base or head:
            raise usage("--base-target and --head-target belong together")
        return None
    for option, file in (("--base-target", base), ("--head-target", head)):
        if not file.is_file() or not os.access(file, os.X_OK):
            raise usage(f"{option} {file} is no file that can be executed")
    return Files(base.absolute(), head.absolute(), tailrace)


@contextlib.contextmanager
def arms(files: Files, root: Path, preset: str, folder: Path) -> Iterator[build.Arms]:
    """Both, under the names that the harness looks for, below `folder` until the end. Raises
    GateError."""
    target = _id(files)
    tailrace = files.tailrace or build.harness_alone(root, preset)
    programs = (BASE, {target: files.base}), (HEAD, {target: files.head})
    with links.made(folder, *programs) as places:
        yield build.Arms(places[BASE], places[HEAD], None, tailrace, str(files.base))


def _id(files: Files) -> str:
    """What both call themselves."""
    ids = []
    for arm, file in ((BASE, files.base), (HEAD, files.head)):
        name = build.described(file, f" ({arm})").get("id")
        if not isinstance(name, str) or not ID.fullmatch(name):
            raise nothing(
                f"{file.name} ({arm}) describes itself without an `id` of at most 64"
                " letters, digits, dots and dashes"
            )
        ids.append(name)
    if ids[0] != ids[1]:
        raise nothing(
            f"the base calls itself {ids[0][:40]} and the head {ids[1][:40]}: arms are two builds"
            " of one runtime, so give both the same `id`"
        )
    return ids[0]
