# SPDX-License-Identifier: MIT
"""Reads a campaign folder (results/README.md) into checked, immutable values.

What is read is what anybody may have written: sizes, types, schema versions and paths are checked
here, so that the statistics and the pages behind can believe what they get. Unknown members pass.
Every refusal is one sentence that names file and line; they are collected and raised together.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tailrace_report import cell_line, hdr, looks, selftest, settings, stored
from tailrace_report.campaign import Campaign, Cell, Counts, Subject
from tailrace_report.errors import CampaignError
from tailrace_report.fields import FieldError, Fields
from tailrace_report.micro import SCHEMA as MICRO_SCHEMA
from tailrace_report.micro import Micro, read_micro

SCHEMA = 2
# Who reads what this version does not.
READERS = {"1": "0.1.0"}
FILE_BYTES_MAX = 64 << 20
LINE_BYTES_MAX = 16 << 20
LINES_MAX = 100_000
LINES_BYTES_MAX = 2 << 30  # of all lines of a file: some KB can unpack to much more
SENTENCES_MAX = 20


def read_campaign(folder: Path) -> Campaign:
    """Everything that the report needs from `folder`.

    Raises CampaignError with at most SENTENCES_MAX sentences; nothing is written.
    """
    if not folder.is_dir():
        raise CampaignError([f"{folder} is not a campaign: there is no such folder."])
    manifest = _read_object(folder / "manifest.json", SCHEMA)
    plan = _read_object(folder / "plan.json", SCHEMA)
    planned = plan.get("cells")
    if planned is not None and not isinstance(planned, list):
        raise CampaignError([f"{folder / 'plan.json'}: `cells` is not a list."])
    read, notes = _read_cells(folder)
    cells, more = settings.one_setting(read, str(folder / "cells.jsonl"))
    micro = folder / "micro.json"
    return Campaign(
        folder,
        manifest,
        None if planned is None else len(planned),
        tuple(cells),
        _read_counts(folder / "costs.jsonl"),
        (*notes, *more, *_published(manifest)),
        read_micro_file(micro) if stored.exists(micro) else None,
        _read_selftest(folder / "selftest.json"),
        _looks_of(plan, folder),
    )


def _published(manifest: dict[str, Any]) -> list[str]:
    """What publishing took away."""
    published = manifest.get("published")
    figures = published.get("significant_figures") if isinstance(published, dict) else None
    if not isinstance(figures, int):
        return []
    return [
        f"Published with histograms of {figures} significant figures: quantiles of all requests"
        " are up to 0.8 % above what was measured."
    ]


def _read_selftest(path: Path) -> selftest.SelfTest | None:
    """None where the campaign has none. Raises CampaignError naming the file."""
    if not stored.exists(path):
        return None
    try:
        return selftest.read(Fields(_read_object(path, SCHEMA)))
    except FieldError as error:
        raise CampaignError([f"{path}: {error}."]) from None


def read_looks(folder: Path) -> looks.Looks | None:
    """What the plan says of looks, and nothing else read. Raises CampaignError."""
    return _looks_of(_read_object(folder / "plan.json", SCHEMA), folder)


def _looks_of(plan: dict[str, Any], folder: Path) -> looks.Looks | None:
    try:
        return looks.read(plan)
    except ValueError as error:
        raise CampaignError([f"{folder / 'plan.json'}: {error}."]) from None


def read_micro_file(path: Path) -> Micro:
    """The micro benchmarks of one file. Raises CampaignError naming it."""
    try:
        return read_micro(_read_object(path, MICRO_SCHEMA))
    except ValueError as error:
        raise CampaignError([f"{path}: {error}."]) from None


def read_bytes(path: Path) -> bytes:
    """A file of any content. Raises CampaignError naming it."""
    try:
        with stored.opened(path) as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CampaignError([f"{path} cannot be read: {error.strerror}."]) from None
    except stored.DAMAGE as error:
        raise CampaignError([f"{path} is damaged: {error}."]) from None
    if len(data) > FILE_BYTES_MAX:
        raise CampaignError([f"{path} is larger than the {FILE_BYTES_MAX >> 20} MiB permitted."])
    return data


def _read_object(path: Path, schema: int) -> dict[str, Any]:
    """One JSON object of a known schema. Raises CampaignError naming the file."""
    data = read_bytes(path)
    try:
        value = parse_object(data)
        _check_schema(value, schema)
    except ValueError as error:
        raise CampaignError([f"{path}: {error}."]) from None
    return value


def parse_object(data: bytes, schema: str = "") -> dict[str, Any]:
    """A JSON object with finite numbers only, of this schema where one is named. Raises ValueError
    with one clause."""
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
    if schema and value.get("schema") != schema:
        raise ValueError(f"schema {str(value.get('schema'))[:40]!r}, where {schema!r} is read")
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


def _check_schema(value: dict[str, Any], known: int) -> None:
    """Refuses another major version; a minor one ("2.1") only adds members, and they pass."""
    schema = value.get("schema")
    if schema is None:
        raise ValueError("`schema` is missing, so its version is unknown")
    major = str(schema).split(".", 1)[0]
    if major != str(known):
        reader = f"; tailrace {READERS[major]} reads it" if major in READERS else ""
        raise ValueError(
            f"schema version {str(schema)[:40]!r}, but this report reads {known}{reader}"
        )


class _Lines:
    """The objects of a file of lines, each with its number. What is wrong is collected: `notes` for
    a torn last line, `wrong` for the others. A missing file has no lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.wrong: list[str] = []

    def refuse(self, number: int, clause: object) -> None:
        self.wrong.append(f"{self.path}, line {number}: {clause}.")

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            file = stored.opened(self.path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise CampaignError([f"{self.path} cannot be read: {error.strerror}."]) from None
        room = LINES_BYTES_MAX
        with file:
            for number in range(1, LINES_MAX + 2):
                try:
                    line = file.readline(LINE_BYTES_MAX + 1)
                except stored.DAMAGE as error:
                    self.refuse(number, f"the packed file is damaged ({error})")
                    return
                if not line:
                    return
                room -= len(line)
                if number > LINES_MAX or len(line) > LINE_BYTES_MAX or room < 0:
                    limits = f"{LINES_MAX} lines of {LINE_BYTES_MAX} bytes"
                    limits += f", {LINES_BYTES_MAX} in all"
                    self.refuse(number, f"over the limit of {limits}")
                    return
                try:
                    value = parse_object(line)
                    _check_schema(value, SCHEMA)
                except ValueError as error:
                    if not line.endswith(b"\n"):
                        torn = f"{self.path.name}, line {number}: torn, so it is left out."
                        self.notes.append(torn)
                        return
                    self.refuse(number, error)
                    continue
                yield number, value

    def raise_wrong(self) -> None:
        """Raises CampaignError when a line was refused."""
        more = len(self.wrong) - SENTENCES_MAX
        if self.wrong:
            rest = [f"... and {more} more like these."] if more > 0 else []
            raise CampaignError(self.wrong[:SENTENCES_MAX] + rest)


def _read_cells(folder: Path) -> tuple[list[Cell], list[str]]:
    """The finished cells in file order, and notes. A missing file is a campaign not yet begun."""
    lines = _Lines(folder / "cells.jsonl")
    by_name: dict[str, Cell] = {}
    if not stored.exists(lines.path):
        lines.notes.append(f"{lines.path.name} does not exist: no cell has finished yet.")
    try:
        packed = stored.histograms(folder)
    except OSError as error:
        where = folder / stored.HISTOGRAMS
        raise CampaignError([f"{where} cannot be read: {error.strerror}."]) from None
    for number, value in lines:
        try:
            line = Fields(value)
            found = _read_histograms(folder, line, packed)
            cell = cell_line.read_cell(line, number, found)
        except FieldError as error:
            lines.refuse(number, error)
            continue
        if cell.name in by_name:
            first = by_name.pop(cell.name).line
            lines.notes.append(
                f"{lines.path.name}: cell {cell.name} is on lines {first} and {number};"
                " the later one counts."
            )
        by_name[cell.name] = cell
    lines.raise_wrong()
    return list(by_name.values()), lines.notes


def _read_histograms(
    folder: Path, line: Fields, packed: Mapping[str, bytes]
) -> dict[str, hdr.Histogram]:
    """The histograms that the line names, from `packed` where it has them. Raises FieldError naming
    the file."""
    found: dict[str, hdr.Histogram] = {}
    for name, relative in cell_line.histogram_paths(line).items():
        path = folder / relative
        if not path.resolve().is_relative_to(folder.resolve()):
            raise FieldError(f"histogram file {relative!r} lies outside the campaign")
        try:
            if relative in packed:
                found[name] = hdr.decode(packed[relative])
                continue
            with path.open("rb") as file:
                found[name] = hdr.decode(file.read(hdr.TEXT_BYTES_MAX + 1))
        except OSError as error:
            raise FieldError(f"histogram {path} cannot be read: {error.strerror}") from None
        except hdr.HdrError as error:
            raise FieldError(f"histogram {path}: {error}") from None
    return found


def _read_counts(path: Path) -> dict[Subject, Counts]:
    """What was counted of each subject; the later of two lines counts."""
    lines = _Lines(path)
    found: dict[Subject, Counts] = {}
    for number, value in lines:
        try:
            line = Fields(value)
            subject = line.part("subject")
            arm = subject.name_of("arm") if subject.has("arm") else ""
            counts = cell_line.read_counts(line.part("sheet"))
            if line.text("status") != "ok":
                counts = Counts({}, {"": line.text("cause") or line.text("status")}, "")
            found[cell_line.read_subject(subject, arm)] = counts
        except FieldError as error:
            lines.refuse(number, error)
    lines.raise_wrong()
    return found
