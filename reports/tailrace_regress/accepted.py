# SPDX-License-Identifier: MIT
"""Changes for the worse that the project has accepted: results/accepted.toml, committed notes.

    [[accepted]]
    date = 2026-11-21           # when it was accepted
    target = "local"            # as the gate names it; "*" for all
    metric = "syscalls.total"
    place = "cost"              # or a point of the profile; left out: any
    up_to = 1.5                 # accepted as long as it is at most so many times as bad
    until = 2027-02-01          # left out: for good
    reason = "one eventfd write a message, for the wake-up of other threads"

Anything else in the file is refused with a sentence: a misspelt note must not let changes pass.
"""

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailrace_report.errors import CampaignError
from tailrace_report.load import read_bytes

FILE = Path("results") / "accepted.toml"
_KEYS = {"date", "target", "metric", "place", "up_to", "until", "reason"}


@dataclass(frozen=True)
class Note:
    """One accepted change. `up_to` is a factor towards worse, `place` and `target` may be "*"."""

    date: datetime.date
    target: str
    metric: str
    place: str
    up_to: float
    until: datetime.date | None
    reason: str

    def covers(
        self, target: str, place: str, metric: str, factor: float, today: datetime.date
    ) -> bool:
        return (
            self.target in ("*", target)
            and self.place in ("*", place)
            and self.metric == metric
            and factor <= self.up_to
            and (self.until is None or today <= self.until)
        )


def read(path: Path) -> list[Note]:
    """The notes of the file; none when there is no file. Raises CampaignError."""
    if not path.exists():
        return []
    data = read_bytes(path)
    try:
        whole = tomllib.loads(data.decode("utf-8"))
        if set(whole) - {"accepted"} or not isinstance(whole.get("accepted", []), list):
            raise ValueError("only [[accepted]] tables belong there")
        return [_note(entry, number) for number, entry in enumerate(whole.get("accepted", []), 1)]
    except (ValueError, UnicodeDecodeError) as error:
        raise CampaignError([f"{path}: {error}."]) from None


def _note(entry: Any, number: int) -> Note:
    """Raises ValueError with a clause that names the note."""
    where = f"note {number}"
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is not a table")
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise ValueError(f"{where} has the unknown key {unknown[0]!r}")
    for key, kind in (("date", datetime.date), ("target", str), ("metric", str), ("reason", str)):
        # By its type: a date with a time of day is a date, too, and cannot be compared with one.
        if type(entry.get(key)) is not kind or not entry[key]:
            raise ValueError(f"{where} needs `{key}`")
    up_to, until = entry.get("up_to"), entry.get("until")
    if isinstance(up_to, bool) or not isinstance(up_to, (int, float)) or not 1 <= up_to < 1000:
        raise ValueError(f"{where} needs `up_to`, a factor from 1 to 1000")
    if until is not None and type(until) is not datetime.date:
        raise ValueError(f"`until` of {where} is not a date")
    place = entry.get("place", "*")
    if not isinstance(place, str):
        raise ValueError(f"`place` of {where} is not a text")
    return Note(
        entry["date"], entry["target"], entry["metric"], place, float(up_to), until, entry["reason"]
    )
