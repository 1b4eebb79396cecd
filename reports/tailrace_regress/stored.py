# SPDX-License-Identifier: MIT
"""Samples as lines of JSON: what a job measured, so that it can be decided and drawn again, and
the rounds of a bank. One line a key, arm and stage; a torn last line is left out."""

import json
from collections.abc import Mapping
from pathlib import Path

from tailrace_regress.outcome import usage
from tailrace_regress.samples import Key, Samples
from tailrace_report.load import parse_object

SCHEMA = "tailrace-samples-1"


def to_lines(stages: Mapping[str, Samples]) -> str:
    """All samples of these stages, sorted."""
    lines = []
    for stage, samples in stages.items():
        rows: dict[tuple[Key, str], dict[str, float]] = {}
        for key, arm, round_, value in samples.lines():
            rows.setdefault((key, arm), {})[str(round_)] = value
        for (key, arm), values in rows.items():
            line = {"schema": SCHEMA, "stage": stage, "target": key.target, "place": key.place}
            lines.append(json.dumps({**line, "metric": key.metric, "arm": arm, "values": values}))
    return "".join(f"{line}\n" for line in lines)


def read(path: Path) -> dict[str, Samples]:
    """The stages of a file. Raises GateError (usage) naming the line."""
    stages: dict[str, Samples] = {}
    try:
        data = path.read_bytes()
    except OSError as error:
        raise usage(f"{path} cannot be read: {error.strerror}") from None
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            stage, key, arm, values = _line(line)
        except ValueError as error:
            if number == len(lines):
                break  # torn: the file does not end with a newline
            raise usage(f"{path}, line {number}: {error}") from None
        samples = stages.setdefault(stage, Samples())
        for round_, value in values.items():
            samples.add(key, arm, round_, value)
    return stages


def _line(line: bytes) -> tuple[str, Key, str, dict[int, float]]:
    value = parse_object(line)
    if value.get("schema") != SCHEMA:
        raise ValueError(f"schema {str(value.get('schema'))[:40]!r}, where {SCHEMA!r} is read")
    texts = [value.get(name) for name in ("stage", "target", "place", "metric", "arm")]
    if not all(isinstance(text, str) and 0 < len(text) <= 200 for text in texts):
        raise ValueError("stage, target, place, metric and arm must be names")
    stage, target, place, metric, arm = map(str, texts)
    values = value.get("values")
    if not isinstance(values, dict):
        raise ValueError("`values` is not an object")
    found = {}
    for round_, number in values.items():
        if not round_.isascii() or not round_.isdigit() or len(round_) > 9:
            raise ValueError(f"{round_[:20]!r} is not the number of a round")
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ValueError(f"round {round_} has no number")
        found[int(round_)] = float(number)
    return stage, Key(target, place, metric), arm, found
