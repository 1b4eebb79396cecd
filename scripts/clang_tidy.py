#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/clang_tidy.py FOLDER: clang-tidy on all C++ files of a configured build but its tests.

Most of clang-tidy's time goes into the headers of libraries, which it reads and checks again for
each file. So files that have the same flags are checked together, as one file that includes them
all. Those that do not compile together, since they define the same local name, are checked alone.
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLANG_TIDY = "clang-tidy-19"
TOGETHER_MAX = 24  # files of a batch: enough of them for each CPU, and few that end late
# path:line:column: error: text [clang-diagnostic-...]: what the compiler says, not a check.
DOES_NOT_COMPILE = re.compile(r"^(/[^:\n]+):\d+:\d+: error: .*\[clang-diagnostic-error\]$", re.M)


@dataclass(frozen=True)
class Batch:
    """Files, as paths from the root, that are compiled with the same flags."""

    files: tuple[str, ...]
    flags: tuple[str, ...]


def batches(commands: list[dict[str, str]], root: Path) -> list[Batch]:
    """Of the entries of a compile_commands.json, largest first; each file once."""
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    seen = set()
    for entry in commands:
        file = os.path.relpath(entry["file"], root)
        outside = file.startswith(("..", "build/"))
        if outside or "/tests/" in file or not file.endswith(".cpp") or file in seen:
            continue
        seen.add(file)
        words = shlex.split(entry["command"])[1:]
        for option in ("-o", "-c"):
            at = words.index(option)
            del words[at : at + 2]
        found[tuple(words)].append(file)
    made = []
    for flags, files in found.items():
        files.sort()
        size = math.ceil(len(files) / math.ceil(len(files) / TOGETHER_MAX))
        made += [Batch(tuple(files[at : at + size]), flags) for at in range(0, len(files), size)]
    return sorted(made, key=lambda batch: -len(batch.files))


def text_of(batch: Batch, root: Path) -> str:
    """One file of them all; each `main` has a name of its own in it."""
    lines = []
    for number, file in enumerate(batch.files):
        lines += [f"#define main main_{number}  // NOLINT"]
        lines += [f'#include "{root / file}"', "#undef main"]
    return "\n".join(lines) + "\n"


def alone(batch: Batch, said: str, root: Path) -> list[Batch]:
    """What to check instead when a batch does not compile: those that go together, and each of the
    others alone; nothing when it was one file already."""
    if len(batch.files) == 1:
        return []
    wrong = {os.path.relpath(path, root) for path in DOES_NOT_COMPILE.findall(said)}
    together = tuple(file for file in batch.files if file not in wrong)
    if not wrong & set(batch.files):  # in a header: one file is enough to say so
        return []
    parts = [(file,) for file in batch.files if file in wrong] + ([together] if together else [])
    return [Batch(files, batch.flags) for files in parts]


def check(batch: Batch, folder: Path) -> bool:
    """Prints what clang-tidy finds; whether that is nothing. The compiler's own warnings are left
    to the builds."""
    file = folder / "clang-tidy" / f"{batch.files[0].replace('/', '-')}-{len(batch.files)}.cpp"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text_of(batch, ROOT))
    command = [CLANG_TIDY, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", str(file)]
    done = subprocess.run(
        [*command, "--", *batch.flags, "-w"], capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode == 0:
        return True
    said = done.stdout + done.stderr
    if parts := alone(batch, said, ROOT):
        return all([check(part, folder) for part in parts])
    print(f"clang-tidy: {' '.join(batch.files)}\n{said}", flush=True)
    return False


def main(words: list[str]) -> int:
    if len(words) != 1 or not (Path(words[0]) / "compile_commands.json").is_file():
        print("clang_tidy.py: give one folder of a configured build", file=sys.stderr)
        return 2
    folder = Path(words[0]).resolve()
    all_of_it = batches(json.loads((folder / "compile_commands.json").read_text()), ROOT)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        clean = list(pool.map(lambda batch: check(batch, folder), all_of_it))
    files = sum(len(batch.files) for batch in all_of_it)
    print(f"clang-tidy: {files} files, findings in {clean.count(False)} of {len(clean)} batches")
    return 0 if files and all(clean) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
