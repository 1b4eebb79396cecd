# SPDX-License-Identifier: MIT
"""`tailrace-report history FOLDER ...`: the trend over stored campaigns, per machine class and
profile, with the places where a level changed for good and the notes that accepted that. Drawn by
figure_history.py, written by history_page.py.

A trend says when; it does not gate: campaigns of different days are not interleaved, so a small
lasting change may be the machine's. Campaigns that cannot be read are named and left out.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tailrace_report import accepted, readings, stats
from tailrace_report.changes import SIDE_MIN, change_points
from tailrace_report.errors import CampaignError
from tailrace_report.load import read_campaign
from tailrace_report.readings import Place
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table

# A lasting change below this share is not shown: nobody would act on it.
RELEVANT = 0.03
CAMPAIGNS_MAX = 1000


@dataclass(frozen=True)
class Entry:
    """One campaign of a trend."""

    name: str
    started: str
    numbers: dict[Place, stats.Estimate]
    build: str = ""  # its commit, or what else tells builds apart

    @property
    def day(self) -> datetime.date | None:
        try:
            return datetime.date.fromisoformat(self.started[:10])
        except ValueError:
            return None

    @property
    def what(self) -> str:
        """Build and date, as far as they are known: what a change is looked up by."""
        return " ".join(part for part in (self.build, self.started[:10]) if part)


@dataclass(frozen=True)
class Change:
    """A level that changed: medians before and since, and the campaign it starts with, which is
    the one of this number in the trend."""

    place: Place
    before: float
    since: float
    at: int
    entry: Entry
    campaigns: int
    note: str

    @property
    def worse(self) -> float:
        """How many times as bad; below 1: better."""
        ratio = self.since / self.before
        return 1 / ratio if self.place.name in readings.BEST_IS_HIGH else ratio

    @property
    def matters(self) -> bool:
        """Whether anybody would act on it."""
        grain = readings.GRAINS.get(self.place.name, 0.0)
        share = abs(math.log(self.since / self.before))
        return share >= math.log1p(RELEVANT) and abs(self.since - self.before) > grain

    @property
    def text(self) -> str:
        better = "worse" if self.worse > 1 else "better"
        return f"{100 * (self.since / self.before - 1):+.1f} % {better}"


@dataclass(frozen=True)
class Level:
    """Between two change points: of the entries `first` to `last`, the median."""

    first: int
    last: int
    median: float


@dataclass(frozen=True)
class Series:
    """One number over a trend: at which of its entries it was measured, and what it was there."""

    place: Place
    at: tuple[int, ...]
    numbers: tuple[stats.Estimate, ...]
    levels: tuple[Level, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Trend:
    """The campaigns of one class of machines and profile, by start, and every number of them."""

    machine: str
    profile: str
    entries: tuple[Entry, ...]
    series: tuple[Series, ...]

    @property
    def title(self) -> str:
        count = len(self.entries)
        return f"{self.profile} on {self.machine}: {count} campaign{'' if count == 1 else 's'}"

    @property
    def changes(self) -> list[Change]:
        """By place and time."""
        return [one for series in self.series for one in series.changes]


def collect(folders: Sequence[Path]) -> tuple[dict[tuple[str, str], list[Entry]], list[str]]:
    """(machine class, profile) -> campaigns by start; and a sentence for each one left out."""
    places = [path for folder in folders for path in _campaigns(folder)]
    found: dict[tuple[str, str], list[Entry]] = {}
    notes = []
    if len(places) > CAMPAIGNS_MAX:
        more = len(places) - CAMPAIGNS_MAX
        notes.append(f"left out: {more} campaigns, for the last {CAMPAIGNS_MAX} by name are read.")
    for path in places[-CAMPAIGNS_MAX:]:
        try:
            campaign = read_campaign(path)
        except CampaignError as error:
            notes.append(f"left out: {error.sentences[0]}")
            continue
        manifest = campaign.manifest
        profile = manifest.get("profile")
        name = str(profile.get("name") if isinstance(profile, dict) else profile)
        entry = Entry(
            campaign.name,
            str(manifest.get("started_at", "")),
            readings.readings(Study(campaign)),
            _build(manifest),
        )
        found.setdefault((readings.machine_class(manifest), name), []).append(entry)
    for entries in found.values():
        entries.sort(key=lambda entry: (entry.started, entry.name))
    return found, notes


def _build(manifest: Mapping[str, Any]) -> str:
    """The commit where the campaign knows it, else the digest of what was measured."""
    build = manifest.get("build")
    if not isinstance(build, dict):
        return ""
    if isinstance(build.get("commit"), str):
        return build["commit"][:12] + ("+" if build.get("dirty") is True else "")
    digest = build.get("digest")
    return f"build {digest[:8]}" if isinstance(digest, str) else ""


def _campaigns(folder: Path) -> list[Path]:
    """The folder itself, or those in it; links such as `latest` are not followed."""
    if not folder.is_dir():
        raise CampaignError([f"{folder}: there is no such folder."])
    if (folder / "manifest.json").exists():
        return [folder]
    return sorted(
        path.parent for path in folder.glob("*/manifest.json") if not path.parent.is_symlink()
    )


def series(entries: Sequence[Entry], notes: Sequence[accepted.Note]) -> list[Series]:
    """Every number of a trend with its levels and its relevant changes, by place."""
    found = []
    for place in sorted({place for entry in entries for place in entry.numbers}):
        at = tuple(n for n, entry in enumerate(entries) if place in entry.numbers)
        numbers = tuple(entries[n].numbers[place] for n in at)
        levels = _levels(at, [math.log(one.median) for one in numbers])
        steps = []
        for one, other in zip(levels, levels[1:]):
            since = sum(other.first <= n <= other.last for n in at)
            step = Change(
                place, one.median, other.median, other.first, entries[other.first], since, ""
            )
            if step.matters:
                steps.append(_noted(step, notes))
        found.append(Series(place, at, numbers, tuple(levels), tuple(steps)))
    return found


def _levels(at: Sequence[int], logs: Sequence[float]) -> list[Level]:
    points = []
    if max(logs) - min(logs) >= math.log1p(RELEVANT):  # else no level can differ by more
        points = change_points(logs)
    ends = [0, *points, len(logs)]
    return [
        Level(at[a], at[b - 1], math.exp(stats.median(logs[a:b]))) for a, b in zip(ends, ends[1:])
    ]


def changes(entries: Sequence[Entry], notes: Sequence[accepted.Note]) -> list[Change]:
    """Every relevant change of level in a trend, by place and time."""
    return [change for one in series(entries, notes) for change in one.changes]


def _noted(one: Change, notes: Sequence[accepted.Note]) -> Change:
    if one.worse <= 1:
        return one
    for note in notes:
        target, point, name = one.place.who, one.place.point, one.place.name
        if note.covers(target, point, name, one.worse, one.entry.day or note.date):
            return replace(one, note=f"accepted on {note.date}: {note.reason}")
    return replace(one, note="not accepted")


def trends(folders: Sequence[Path], notes_file: Path) -> tuple[list[Trend], list[str]]:
    """All trends, by profile within machine classes; and a sentence for each campaign left out."""
    notes = accepted.read(notes_file)
    collected, left_out = collect(folders)
    return [
        Trend(machine, profile, tuple(entries), tuple(series(entries, notes)))
        for (machine, profile), entries in sorted(collected.items())
    ], left_out


def changes_table(trend: Trend, title: str) -> Table:
    """A row a change; without any, the note says why."""
    table = Table(
        title,
        [
            Column("what", right=False),
            Column("before"),
            Column("since"),
            Column("change"),
            Column("first campaign", right=False),
            Column("campaigns since"),
            Column("note", right=False),
        ],
    )
    for one in trend.changes:
        form = readings.FORMATS[one.place.name]
        table.add(
            f"{one.place.who}, {one.place.point}: {one.place.name}",
            form(one.before),
            form(one.since),
            one.text,
            " ".join(part for part in (one.entry.name, one.entry.what) if part),
            str(one.campaigns),
            one.note,
        )
    if len(trend.entries) < 2 * SIDE_MIN:
        table.notes.append(f"A change of level needs {2 * SIDE_MIN} campaigns or more.")
    elif not trend.changes:
        table.notes.append(f"No lasting change of {100 * RELEVANT:.0f} % or more.")
    return table


def tables(found: Sequence[Trend]) -> list[Table]:
    """What stands on the terminal: the changes of each trend."""
    return [changes_table(trend, trend.title) for trend in found]
