# SPDX-License-Identifier: MIT
"""Reads a campaign folder (results/README.md) into checked, immutable values.

What is read is what anybody may have written: sizes, types, schema versions and paths are checked
here, so that the statistics and the pages behind can believe what they get. Unknown fields pass.
Every refusal is one sentence that names file and line; they are collected and raised together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailrace_report import hdr
from tailrace_report.cell import Cell, read_cell
from tailrace_report.cell_fields import CellError
from tailrace_report.errors import CampaignError
from tailrace_report.micro import Micro, read_micro

SCHEMA_MAJOR = 1
FILE_BYTES_MAX = 64 << 20
LINE_BYTES_MAX = 16 << 20
CELLS_MAX = 100_000
SENTENCES_MAX = 20


@dataclass(frozen=True)
class Campaign:
    """A campaign as read. `notes` are sentences about what was tolerated (a torn last line)."""

    folder: Path
    manifest: dict[str, Any]
    planned: int | None
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = field(default=())
    micro: Micro | None = None

    @property
    def name(self) -> str:
        return self.folder.resolve().name


def read_campaign(folder: Path) -> Campaign:
    """Everything that the report needs from `folder`.

    Raises CampaignError with at most SENTENCES_MAX sentences; nothing is written.
    """
    if not folder.is_dir():
        raise CampaignError([f"{folder} is not a campaign: there is no such folder."])
    manifest = _read_object(folder / "manifest.json")
    plan = _read_object(folder / "plan.json")
    cells, notes = _read_cells(folder)
    planned = plan.get("cells")
    if planned is not None and not isinstance(planned, list):
        raise CampaignError([f"{folder / 'plan.json'}: `cells` is not a list."])
    micro = folder / "micro.json"
    return Campaign(
        folder,
        manifest,
        None if planned is None else len(planned),
        tuple(cells),
        tuple(notes),
        read_micro_file(micro) if micro.exists() else None,
    )


def read_micro_file(path: Path) -> Micro:
    """The micro benchmarks of one file. Raises CampaignError naming it."""
    try:
        return read_micro(_read_object(path))
    except ValueError as error:
        raise CampaignError([f"{path}: {error}."]) from None


def _read_object(path: Path) -> dict[str, Any]:
    """One JSON object of our schema. Raises CampaignError naming the file."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CampaignError([f"{path} cannot be read: {error.strerror}."]) from None
    if len(data) > FILE_BYTES_MAX:
        raise CampaignError([f"{path} is larger than the {FILE_BYTES_MAX >> 20} MiB permitted."])
    try:
        value = parse_object(data)
        _check_schema(value)
    except ValueError as error:
        raise CampaignError([f"{path}: {error}."]) from None
    return value


def parse_object(data: bytes) -> dict[str, Any]:
    """A JSON object with finite numbers only. Raises ValueError with one clause."""
    try:
        value = json.loads(
            data.decode("utf-8", "strict"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at character {error.pos})") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a number that JSON knows")


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0.0:
        raise ValueError(f"the number {text[:40]} is out of range")
    return value


def _bounded(text: str) -> int:
    if len(text) > 20:
        raise ValueError(f"the number {text[:40]}... is out of range")
    return int(text)


def _check_schema(value: dict[str, Any]) -> None:
    """Refuses another major version; a minor one ("1.2") only adds fields, and they pass."""
    schema = value.get("schema")
    if schema is None:
        raise ValueError("`schema` is missing, so its version is unknown")
    major = str(schema).split(".", 1)[0]
    if major != str(SCHEMA_MAJOR):
        raise ValueError(
            f"schema version {str(schema)[:40]!r}, but this report reads {SCHEMA_MAJOR}"
        )


def _read_cells(folder: Path) -> tuple[list[Cell], list[str]]:
    """The finished cells in file order, and notes. A missing file is a campaign not yet begun."""
    path = folder / "cells.jsonl"
    wrong: list[str] = []
    notes: list[str] = []
    by_name: dict[str, Cell] = {}
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return [], [f"{path.name} does not exist: no cell has finished yet."]
    except OSError as error:
        raise CampaignError([f"{path} cannot be read: {error.strerror}."]) from None
    with file:
        for number in range(1, CELLS_MAX + 2):
            line = file.readline(LINE_BYTES_MAX + 1)
            if not line:
                break
            if number > CELLS_MAX or len(line) > LINE_BYTES_MAX:
                limit = f"{CELLS_MAX} lines" if number > CELLS_MAX else f"{LINE_BYTES_MAX} bytes"
                wrong.append(f"{path}, line {number}: over the limit of {limit}.")
                break
            try:
                value = parse_object(line)
                _check_schema(value)
                cell = read_cell(value, number)
                cell = cell.with_histograms(_read_histograms(folder, cell))
            except (ValueError, CellError) as error:
                if not line.endswith(b"\n"):
                    notes.append(f"{path.name}, line {number}: torn, so this cell is left out.")
                    break
                wrong.append(f"{path}, line {number}: {error}.")
                continue
            if cell.name in by_name:
                first = by_name.pop(cell.name).line
                notes.append(
                    f"{path.name}: cell {cell.name} is on lines {first} and {number};"
                    " the later one counts."
                )
            by_name[cell.name] = cell
    if wrong:
        raise CampaignError(wrong[:SENTENCES_MAX] + _more(len(wrong) - SENTENCES_MAX))
    return list(by_name.values()), notes


def _more(left: int) -> list[str]:
    return [f"... and {left} more like these."] if left > 0 else []


def _read_histograms(folder: Path, cell: Cell) -> dict[str, hdr.Histogram]:
    """The histograms that a measured cell names. Raises CellError naming the file."""
    found: dict[str, hdr.Histogram] = {}
    for name, relative in cell.histogram_paths.items():
        path = folder / relative
        if not path.resolve().is_relative_to(folder.resolve()):
            raise CellError(f"histogram file {relative!r} lies outside the campaign")
        try:
            with path.open("rb") as file:
                found[name] = hdr.decode(file.read(hdr.TEXT_BYTES_MAX + 1))
        except OSError as error:
            raise CellError(f"histogram {path} cannot be read: {error.strerror}") from None
        except hdr.HdrError as error:
            raise CellError(f"histogram {path}: {error}") from None
    return found
