# SPDX-License-Identifier: MIT
"""Samples as lines of JSON: what a job measured, so that it can be decided and drawn again,
the rounds of a bank, jobs that ended. A torn last line is left out."""

import gzip
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tailrace_regress.outcome import usage
from tailrace_regress.samples import Key, Samples
from tailrace_report.fields import Fields
from tailrace_report.load import parse_object

SCHEMA = "tailrace-samples-1"
NAMES = ("stage", "target", "place", "metric", "arm")
Read = TypeVar("Read")
BYTES_MAX = 256 << 20


def to_lines(stages: Mapping[str, Samples]) -> str:
    """All samples of these stages, sorted: a line a key, arm and stage."""
    made = []
    for stage, samples in stages.items():
        rows: dict[tuple[Key, str], dict[str, float]] = {}
        for key, arm, round_, value in samples.lines():
            rows.setdefault((key, arm), {})[str(round_)] = value
        for (key, arm), values in rows.items():
            line = {"schema": SCHEMA, "stage": stage, "target": key.target, "place": key.place}
            made.append(json.dumps({**line, "metric": key.metric, "arm": arm, "values": values}))
    return "".join(f"{line}\n" for line in made)


def read(path: Path) -> dict[str, Samples]:
    """The stages of a file. Raises GateError (usage) naming the line."""
    stages: dict[str, Samples] = {}
    for stage, key, arm, values in lines(path, SCHEMA, _line):
        for round_, value in values.items():
            stages.setdefault(stage, Samples()).add(key, arm, round_, value)
    return stages


def lines(path: Path, schema: str, read_one: Callable[[Fields], Read]) -> list[Read]:
    """What `read_one` makes of each line; a torn last line is left out. Raises GateError (usage)
    naming the line."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            data = file.read(BYTES_MAX + 1)
    except (OSError, EOFError) as error:
        raise usage(f"{path} cannot be read: {error}") from None
    if len(data) > BYTES_MAX:
        raise usage(f"{path} has more than {BYTES_MAX >> 20} MiB, which no file of samples has")
    *whole, torn = data.split(b"\n")
    found = []
    for number, line in enumerate([*whole, torn], 1):
        try:
            if line.strip():
                found.append(read_one(Fields(parse_object(line, schema))))
        except ValueError as error:
            if number <= len(whole):
                raise usage(f"{path}, line {number}: {error}") from None
    return found


def append(path: Path, added: Sequence[Mapping[str, Any]]) -> None:
    """Adds lines and syncs them; a last line that an interruption tore is cut off before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else b""
    if not before.endswith(b"\n"):
        path.write_bytes(before[: before.rfind(b"\n") + 1])
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in added)
        file.flush()
        os.fsync(file.fileno())


def _line(line: Fields) -> tuple[str, Key, str, dict[int, float]]:
    stage, target, place, metric, arm = map(line.name_of, NAMES)
    values = line.part("values").every_number(signed=True)
    for round_ in line.part("values").names():
        if not round_.isascii() or not round_.isdigit() or len(round_) > 9:
            raise ValueError(f"{round_[:20]!r} is not the number of a round")
        if round_ not in values:
            raise ValueError(f"round {round_} has no number")
    found = {int(round_): value for round_, value in values.items()}
    return stage, Key(target, place, metric), arm, found
