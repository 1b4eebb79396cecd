# SPDX-License-Identifier: MIT
"""A bank of rounds really measured, of one build against a copy of itself: what gate decisions can
be drawn from by the hundred (scripts/gate-power).

One line a round, appended and synced by batches, so that a bank can be interrupted and continued:
{"schema": "tailrace-bank-1", "round": 7, "values": {"local|open-50x64|p50": [base, head]}}. The
first line tells machine and commit; a bank is continued only where both are the same.
"""

import gzip
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tailrace_regress import campaign_numbers, measure
from tailrace_regress.outcome import usage
from tailrace_regress.samples import BASE, HEAD, Key, Samples
from tailrace_report.load import parse_object

SCHEMA = "tailrace-bank-1"
BATCH = 10
Round = dict[Key, tuple[float, float]]


def read(path: Path) -> tuple[dict[str, Any], list[Round]]:
    """The first line and the rounds; a torn last line is left out. Raises GateError (usage)."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise usage(f"{path} cannot be read: {error}") from None
    lines = data.split(b"\n")
    head: dict[str, Any] = {}
    rounds: list[Round] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = parse_object(line)
            if value.get("schema") != SCHEMA:
                raise ValueError(f"schema {str(value.get('schema'))[:40]!r} is not {SCHEMA!r}")
            if "values" in value:
                rounds.append(_round(value["values"]))
            else:
                head = value
        except ValueError as error:
            if number == len(lines):
                break
            raise usage(f"{path}, line {number}: {error}") from None
    return head, rounds


def _round(values: object) -> Round:
    if not isinstance(values, dict):
        raise ValueError("`values` is not an object")
    found: Round = {}
    for name, pair in values.items():
        parts = name.split("|")
        good = isinstance(pair, list) and len(pair) == 2 and len(parts) == 3
        if not good or any(isinstance(n, bool) or not isinstance(n, (int, float)) for n in pair):
            raise ValueError(f"{name[:60]!r} has no pair of numbers")
        found[Key(*parts)] = (float(pair[0]), float(pair[1]))
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
        whole = path.read_bytes()
        if not whole.endswith(b"\n"):  # a line torn by an interruption; that round comes again
            path.write_bytes(whole[: whole.rfind(b"\n") + 1])
        before, rounds = read(path)
        have = len(rounds)
        for key, value in facts.items():
            if before.get(key) != value:
                raise usage(f"{path} was measured with another {key} ({before.get(key)}): choose"
                            " another file")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, [{"schema": SCHEMA, **facts}])
    scratch = path.parent / f"{path.stem}-rounds"
    while have < wanted:
        measure.say(f"bank: {have} of {wanted} rounds")
        batch = min(BATCH, wanted - have)
        samples = Samples()
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            found, _ = measure.campaign(
                tailrace, arms, targets, scratch, profile=profile, blocks=batch, seed=1000 + have
            )
            campaign_numbers.add(samples, found)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        _append(path, [_line(samples, block, have + block) for block in range(batch)])
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


def _append(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
