# SPDX-License-Identifier: MIT
"""Made-up judgements with everything that a job may say: regressions that are exact and timed, an
accepted one, an improvement, what is inconclusive, a demoted metric, a control that moved. Nothing
is run: texts are looked at here, not measuring."""

from __future__ import annotations

import datetime

from tailrace_regress import judge
from tailrace_regress.judge import CAMPAIGN, COSTS, COUNTS, Judgement
from tailrace_regress.samples import AGAIN, BASE, HEAD, Key, Samples
from tailrace_regress.accepted import Note
from test_gate import fill, noisy

OPEN, CLOSED = "open-50x64-10000", "closed-50x64"
TODAY = datetime.date(2026, 11, 21)
REASON = "a | <b>wanted</b> thing [see](http://x) `code` @all\n::error::no {0}"
FACTS = {"base": "`|<b>x", "head": "v1|<i>+", "profile": "my/odd name.toml", "elapsed_s": 12.3}
NOTES = ["a note | with <b>\n::error::no"]


def note(target: str = "steal", reason: str = REASON) -> Note:
    return Note(TODAY, target, "allocations", "*", 999.0, None, reason)


def stages(
    local: str = "local", *, moved: float = 0.0, calls: int = 0, name: str = "call"
) -> dict[str, Samples]:
    """`calls` more kinds of system calls regress; `moved`: what the control showed."""
    made = {stage: Samples() for stage in (COSTS, COUNTS, CAMPAIGN)}

    def cost(key: Key, base: list[float], head: list[float]) -> None:
        for round_, (before, after) in enumerate(zip(base, head)):
            made[COSTS].add(key, BASE, round_, before)
            made[COSTS].add(key, HEAD, round_, after)

    def timed(key: Key, sd: float, shift: float, seed: int) -> None:
        fill(made[CAMPAIGN], key, (BASE, HEAD), noisy(12, sd, seed, shift))

    cost(Key(local, "cost", "syscalls.total"), [2.0] * 3, [3.0] * 3)
    for number in range(calls):
        cost(Key(local, "cost", f"syscalls.{name}_{number}"), [1.0] * 3, [2.0] * 3)
    cost(Key("steal", "cost", "allocations"), [0.0] * 3, [2.0] * 3)
    cost(Key("steal", "cost", "instructions"), [193.0] * 3, [150.0] * 3)
    demoted = Key("steal", "cost", "allocated_bytes")
    cost(demoted, [1.0, 3.0, 2.0], [1.5, 3.2, 2.1])
    fill(made[COUNTS], demoted, (BASE, HEAD), noisy(12, 0.03, 4))
    timed(Key(local, OPEN, "cpu_us_per_op"), 0.01, 0.08, 1)
    timed(Key(local, OPEN, "p50"), 0.2, 0.0, 2)
    timed(Key(local, CLOSED, "rate"), 0.01, -0.07, 8)
    timed(Key("steal", OPEN, "p99.9"), 0.3, 0.4, 6)
    again = noisy(12, 0.005, 7, moved)
    fill(made[CAMPAIGN], Key(local, OPEN, "cpu_us_per_op"), (BASE, AGAIN), again)
    return made


def judged(notes: list[Note], **more: float | int | str) -> Judgement:
    return judge.judge(stages(**more), notes, TODAY)
