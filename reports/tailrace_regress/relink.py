# SPDX-License-Identifier: MIT
"""The control of layout: the base's own objects, linked once more so that code lies elsewhere.

The link command comes from ninja. In front of everything stands an object of some odd kilobytes of
code that nobody calls; objects and static libraries follow in reverse order, the libraries as one
group. What runs is instruction for instruction the same.
"""

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from tailrace_regress import children
from tailrace_regress.outcome import GateError

LIMIT_S = 600.0
PADDING = "  .text\n  .globl tailrace_padding\ntailrace_padding:\n  .skip 13520, 0xcc\n"
STACK_NOTE = '  .section .note.GNU-stack,"",@progbits\n'


def relink(folder: Path, programs: Sequence[str], out: Path) -> str:
    """Writes relinked `programs` of the build in `folder` to `out`. Returns "" or why there are
    none; a control that cannot be made never fails a job."""
    try:
        out.mkdir(parents=True)
        padding = folder / "tailrace-padding.s"
        padding.write_text(PADDING + STACK_NOTE, "utf-8")
        for program in programs:
            _relink_one(folder, program, padding, out / program)
    except (GateError, OSError, ValueError) as error:
        shutil.rmtree(out, ignore_errors=True)
        return f"no relinked control: {error}"
    return ""


def _relink_one(folder: Path, program: str, padding: Path, out: Path) -> None:
    listed = children.run(["ninja", "-C", str(folder), "-t", "commands", program], LIMIT_S)
    if listed.code != 0:
        raise ValueError(f"ninja does not tell how {program} is linked: {listed.last_words}")
    command = turned(listed.out.decode().strip().splitlines()[-1], str(padding), str(out))
    done = children.run(command, LIMIT_S, folder)
    if done.code != 0 or not out.exists():
        raise ValueError(f"{program} cannot be linked again: {done.last_words}")


def turned(line: str, padding: str, out: str) -> list[str]:
    """The words of a link command, with padding first, objects and archives reversed, writing to
    `out`. Raises ValueError when it does not look like one of ours."""
    words = [word for word in shlex.split(line) if word not in (":", "&&")]
    objects = [index for index, word in enumerate(words) if word.endswith(".o")]
    if not objects or "-o" not in words[:-1]:
        raise ValueError(f"not a link command: {line[:80]}")
    archives = [index for index, word in enumerate(words) if word.endswith(".a")]
    for places in (objects, archives):
        for index, word in zip(places, [words[index] for index in reversed(places)]):
            words[index] = word
    words[words.index("-o") + 1] = out
    if archives:
        words.insert(archives[-1] + 1, "-Wl,--end-group")
        words.insert(archives[0], "-Wl,--start-group")
    words.insert(objects[0], padding)
    return words
