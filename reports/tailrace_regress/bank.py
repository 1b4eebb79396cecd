# SPDX-License-Identifier: MIT
"""A bank of rounds really measured, of one build against a copy of itself: what gate decisions can
be drawn from by the hundred (scripts/gate-power).

One line a round, appended and synced by batches, so that a bank can be interrupted and continued:
{"schema": "tailrace-bank-1", "round": 7, "values": {"local|open-50x64|p50": [base, head]}}. The
first line tells machine and commit; a bank is continued only where both are the same.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tailrace_regress import campaign_numbers, measure, stored
from tailrace_regress.outcome import usage
from tailrace_regress.samples import BASE, HEAD, Key, Samples
from tailrace_report.fields import Fields

SCHEMA = "tailrace-bank-1"
BATCH = 10
Round = dict[Key, tuple[float, float]]


def read(path: Path) -> tuple[Fields, list[Round]]:
    """The first line and the rounds. Raises GateError (usage)."""
    lines = stored.lines(path, SCHEMA, lambda line: (line, _round(line)))
    head = next((line for line, _ in lines if not line.has("values")), Fields(None))
    return head, [round_ for line, round_ in lines if line.has("values")]


def _round(line: Fields) -> Round:
    values = line.part("values")
    found: Round = {}
    for name in values.names():
        pair, parts = values.every(name), name.split("|")
        if len(pair) != 2 or len(parts) != 3:
            raise ValueError(f"{name[:60]!r} has no pair of numbers")
        found[Key(*parts)] = (pair[0], pair[1])
    return found


def collect(
    path: Path,
    wanted: int,
    tailrace: Path,
    arms: Mapping[str, Path],
    targets: Sequence[str],
    profile: str,
    facts: Mapping[str, Any],
) -> None:
    """Appends rounds to `path` until it holds `wanted`. Raises GateError; what was measured before
    stays."""
    have = 0
    if path.exists():
        before, rounds = read(path)
        have = len(rounds)
        for key, value in facts.items():
            if before.raw(key) != value:
                raise usage(f"{path} was measured with another {key} ({before.raw(key)}): choose"
                            " another file")
    else:
        stored.append(path, [{"schema": SCHEMA, **facts}])
    scratch = path.parent / f"{path.stem}-rounds"
    while have < wanted:
        measure.say(f"bank: {have} of {wanted} rounds")
        batch = min(BATCH, wanted - have)
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            found, _ = measure.campaign(
                tailrace, arms, targets, scratch, profile=profile, blocks=batch, seed=1000 + have
            )
            samples = campaign_numbers.samples_of(found)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        stored.append(path, [_line(samples, block, have + block) for block in range(batch)])
        have += batch


def _line(samples: Samples, block: int, number: int) -> dict[str, Any]:
    values = {}
    for key in samples.keys():
        base, head = samples.arm(key, BASE).get(block), samples.arm(key, HEAD).get(block)
        if base is not None and head is not None:
            values[f"{key.target}|{key.place}|{key.metric}"] = [_short(base), _short(head)]
    return {"schema": SCHEMA, "round": number, "values": values}


def _short(value: float) -> float:
    """Six figures: a bank is committed, and nothing decides by the seventh."""
    return float(f"{value:.6g}")
