# SPDX-License-Identifier: MIT
"""Runs one program to its end, in a process group of its own, with a limit of time.

Whatever ends the wait (the limit, Ctrl-C, SIGTERM), nothing of the group is left: it is asked with
SIGINT, which `tailrace run` answers with a valid campaign, and after a grace killed.
"""

import contextlib
import functools
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tailrace_regress import interrupts
from tailrace_regress.outcome import nothing

GRACE_S = 20.0
TAIL_LINES = 25
OUTPUT_BYTES_MAX = 64 << 20


@dataclass(frozen=True)
class Done:
    """How a program ended and what it said."""

    code: int
    out: bytes
    err: str

    @property
    def tail(self) -> str:
        return "\n".join(self.err.strip().splitlines()[-TAIL_LINES:])

    @property
    def last_words(self) -> str:
        lines = self.err.strip().splitlines()
        return lines[-1][:300] if lines else "it said nothing"


def run(command: Sequence[str], limit_s: float, cwd: Path | None = None) -> Done:
    """Raises GateError when it cannot start or takes longer than `limit_s`."""
    child: subprocess.Popen[bytes] | None = None
    try:
        with interrupts.held():
            child = _started(command, cwd)
        out, err = child.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        if child:
            _end(child)
        raise nothing(f"{' '.join(command[:3])} took longer than {limit_s:.0f} s") from None
    except BaseException:
        if child:
            _end(child)
        raise
    if len(out) > OUTPUT_BYTES_MAX:
        raise nothing(f"{' '.join(command[:3])} printed {len(out)} bytes")
    return Done(child.returncode, out, err.decode("utf-8", "replace"))


@functools.cache
def _of_a_hook() -> frozenset[str]:
    """Names of the variables that git sets for its hooks, as it tells them itself. In a child they
    would name the index and the repository of the commit that is being made: a worktree of the base
    would be written over it. What is configured by the environment (GIT_CONFIG...) is the user's
    own and is not among them; without git there are none. ../../scripts/git-here does the same for
    what is not run from here."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=False
        )
    except OSError:
        return frozenset()
    names = done.stdout.split()
    return frozenset(name for name in names if not name.startswith("GIT_CONFIG"))


def _started(command: Sequence[str], cwd: Path | None) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={name: text for name, text in os.environ.items() if name not in _of_a_hook()},
            start_new_session=True,
        )
    except OSError as error:
        raise nothing(f"{command[0]} cannot be started: {error.strerror}") from None


def _end(child: subprocess.Popen[bytes]) -> None:
    for number, wait_s in ((signal.SIGINT, GRACE_S), (signal.SIGKILL, GRACE_S)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=wait_s)
            return
