# SPDX-License-Identifier: MIT
"""Ctrl-C, SIGTERM (how CI cancels a job) and SIGHUP (a closed terminal) end a command alike: with
KeyboardInterrupt, so that every `finally` cleans up behind it. Further ones are ignored then, or
the second press would end the cleaning. Main thread only."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def watch() -> None:
    """SIGHUP stays ignored where it is (nohup)."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)


def interrupt(*_: object) -> None:
    for number in SIGNALS:
        # No SIG_IGN: children would inherit it, and a signal that is on its way already would be
        # complained about.
        signal.signal(number, _ignored)
    raise KeyboardInterrupt


def _ignored(*_: object) -> None:
    """The cleaning goes on."""


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Within, an interruption waits for the end: for the moments in which something exists that
    nobody would clean up yet. Does nothing where nobody watches."""
    late: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        late.append(number)

    watched = [number for number in SIGNALS if signal.getsignal(number) is interrupt]
    for number in watched:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number in watched:
            signal.signal(number, interrupt)
    if late:
        interrupt()
