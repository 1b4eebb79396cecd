# SPDX-License-Identifier: MIT
"""Instructions of the micro benchmarks: `tailrace-micro-<target> --instructions` under callgrind.

The program prints a line of JSON a row with the operations it did; callgrind writes a profile of
exactly those operations, named by the row. Both are read strictly: they came from a child process
that may have been killed half-way. What is not there in both arms is absent, with the reason; a
program that fails ends the job.
"""

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tailrace_regress import children, measure, metrics
from tailrace_regress.build import MICRO_PREFIX
from tailrace_regress.outcome import GateError, nothing
from tailrace_regress.samples import Key, Samples
from tailrace_report.load import parse_object

LIMIT_S = 600.0
BAD_USAGE, UNSUPPORTED = 2, 3  # of the program: an older one; one built without valgrind's header
ROWS_MAX = 200
HEADER_BYTES_MAX = 64 << 10  # of a profile or a log; name and total are in its first lines
OPERATIONS_MAX = 1 << 53
ROW = re.compile(r"[a-z][a-z0-9_]{0,79}(?=/)")  # what comes before the runtime in a row's name
REQUEST = "desc: Trigger: Client Request: "
TOTAL = re.compile(r"summary: ([0-9]{1,19})")
Counts = dict[str, float]  # benchmark -> instructions an operation


class Absent(Exception):
    """Why an arm tells no instructions, where that is no defect."""


def rounds(
    arms: Mapping[str, Path],
    targets: Sequence[str],
    numbers: int,
    samples: Samples,
    row: str = "",
) -> dict[str, str]:
    """Adds one repetition an arm and round of each target, of all its rows or of one; returns why
    some are absent. Raises GateError naming arm and target when a program fails."""
    absent: dict[str, str] = {}
    for target in targets:
        what = f"{target}: {metrics.MICRO}"
        try:
            for round_ in range(numbers):
                absent |= _one_round(arms, target, round_, samples, row)
        except Absent as reason:
            absent[what] = str(reason)
    return absent


def _one_round(
    arms: Mapping[str, Path], target: str, round_: int, samples: Samples, row: str
) -> dict[str, str]:
    """One repetition of one target in each arm; why rows of some arms are absent."""
    found: dict[str, Counts] = {}
    for arm, folder in arms.items():
        measure.say(f"micro benchmarks of {target}, round {round_ + 1}, {arm}")
        found[arm] = _count(arm, folder / (MICRO_PREFIX + target), row)
    absent = {}
    for name in sorted(set().union(*found.values())):
        lacking = [arm for arm, counts in found.items() if name not in counts]
        if lacking:
            why = f"the {' and '.join(lacking)} arm lacks this benchmark"
            absent[f"{target}: {metrics.MICRO} at {name}"] = why
            continue
        for arm, counts in found.items():
            samples.add(Key(target, name, metrics.MICRO), arm, round_, counts[name])
    return absent


def _count(arm: str, program: Path, row: str) -> Counts:
    """One run. Raises Absent, or GateError."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise Absent("valgrind not found")
    if not program.exists():
        raise Absent(f"the {arm} arm has no {program.name}")
    with tempfile.TemporaryDirectory(prefix="tailrace-micro-") as scratch:
        folder = Path(scratch)
        command = [valgrind, "--tool=callgrind", "--fair-sched=yes"]
        command += [f"--callgrind-out-file={folder / 'out'}", f"--log-file={folder / 'log'}"]
        command += [str(program), "--instructions", *(["--filter", f"{row}/"] if row else [])]
        whose = f"{program.name} of the {arm} arm"
        try:
            done = children.run(command, LIMIT_S)
        except GateError as error:
            raise nothing(f"{whose} under valgrind: {error.sentence}", error.detail) from None
        if done.code in (BAD_USAGE, UNSUPPORTED):
            raise Absent(f"{whose} counts none: {done.last_words}")
        if done.code != 0 and not _ended(folder):
            raise Absent(f"valgrind cannot run {whose}: {_complaint(folder) or done.last_words}")
        if done.code != 0:
            raise nothing(
                f"{whose} fails under valgrind, with {done.code}: {done.last_words}", done.tail
            )
        try:
            counts = per_operation(operations(done.out), profiles(folder))
        except ValueError as error:
            raise nothing(f"the instructions of {whose} cannot be read: {error}") from None
    if not counts:
        raise Absent(f"{whose} has no exact rows: {done.last_words}")
    return counts


def _log(folder: Path) -> str:
    try:
        with (folder / "log").open("rb") as file:
            return file.read(HEADER_BYTES_MAX).decode("utf-8", "replace")
    except OSError:
        return ""


def _ended(folder: Path) -> bool:
    """Whether valgrind saw the program to its end, whatever that was; else it gave up itself, as
    3.19 does over the debugging information of newer compilers."""
    return "Collected : " in _log(folder)


def _complaint(folder: Path) -> str:
    return " ".join(re.findall(r"Valgrind: (.*)", _log(folder)))[:200]


def operations(out: bytes) -> dict[str, int]:
    """Operations by row, of what the program printed. Raises ValueError with one clause."""
    lines = out.split(b"\n")
    if lines.pop():
        raise ValueError("the last line of its rows is torn")
    if len(lines) > ROWS_MAX:
        raise ValueError(f"it tells {len(lines)} rows")
    found: dict[str, int] = {}
    for line in lines:
        value = parse_object(line)
        row, number = value.get("row"), value.get("operations")
        if not isinstance(row, str) or not ROW.match(row):
            raise ValueError(f"{str(row)[:40]!r} is not the name of a row")
        if type(number) is not int or not 0 < number <= OPERATIONS_MAX:
            raise ValueError(f"the operations of {row[:80]} are no count")
        if row in found:
            raise ValueError(f"{row[:80]} is told twice")
        found[row] = number
    return found


def profiles(folder: Path) -> dict[str, int]:
    """Instructions by row, of the profiles in a folder; those without a name are of what lies
    between rows. Raises ValueError with one clause."""
    found: dict[str, int] = {}
    for path in sorted(folder.glob("out.*"))[: 2 * ROWS_MAX]:
        with path.open("rb") as file:
            lines = file.read(HEADER_BYTES_MAX).decode("utf-8", "replace").split("\n")
        named = [line for line in lines if line.startswith(REQUEST)]
        if not named:
            continue
        row = named[0].removeprefix(REQUEST)
        totals = [total for total in map(TOTAL.fullmatch, lines[:-1]) if total]
        if len(totals) != 1:
            raise ValueError(f"the profile of {row[:80]!r} has no total")
        found[row] = int(totals[0][1])
    return found


def per_operation(told: Mapping[str, int], counted: Mapping[str, int]) -> Counts:
    """Instructions an operation by benchmark. Raises ValueError with one clause."""
    found: Counts = {}
    for row, number in told.items():
        if row not in counted:
            raise ValueError(f"callgrind wrote no profile of {row[:80]}")
        found[row.split("/", 1)[0]] = counted[row] / number
    return found
