# SPDX-License-Identifier: MIT
"""Folders in which executables of elsewhere stand under the names that the harness looks for.

A program that is started under another path is another subject, with processes of its own, so that
this is also how the base is measured a second time. A binary is linked to; a script is started by
one line of shell instead, for it may look for its neighbours beside the name that it is given.
Shells replace themselves by it, so that the process is the same one.
"""

import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tailrace_regress.build import PREFIX


def make(folder: Path, programs: Mapping[str, Path]) -> Path:
    """`folder`, made now, with an executable for each target id. Raises OSError."""
    folder.mkdir(parents=True)
    for target, program in programs.items():
        place, real = folder / (PREFIX + target), program.resolve(strict=True)
        with real.open("rb") as file:
            script = file.read(2) == b"#!"
        if script:
            line = f'#!/bin/sh\nexec {shlex.quote(str(real))} "$@"\n'
            place.write_text(line, "utf-8", "surrogateescape")
            place.chmod(0o755)
        else:
            place.symlink_to(real)
    return folder


@contextmanager
def made(folder: Path, *more: tuple[str, Mapping[str, Path]]) -> Iterator[dict[str, Path]]:
    """Name -> folder of each of `more` below `folder`, all gone afterwards. Raises OSError."""
    try:
        yield {name: make(folder / name, programs) for name, programs in more}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
