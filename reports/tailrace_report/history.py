# SPDX-License-Identifier: MIT
"""`tailrace-report history FOLDER ...`: the trend over stored campaigns, per machine class and
profile, with the places where a level changed for good and the notes that accepted that.

A trend says when; it does not gate: campaigns of different days are not interleaved, so a small
lasting change may be the machine's. Campaigns that cannot be read are named and left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Change:
    """A level that changed: medians before and since, and the campaign it starts with."""

    place: Place
    before: float
    since: float
    entry: Entry
    campaigns: int
    note: str

    @property
    def worse(self) -> float:
        """How many times as bad; below 1: better."""
        ratio = self.since / self.before
        return 1 / ratio if self.place.name in readings.BEST_IS_HIGH else ratio


def collect(folders: Sequence[Path]) -> tuple[dict[tuple[str, str], list[Entry]], list[str]]:
    """(machine class, profile) -> campaigns by start; and a sentence for each one left out."""
    places = [path for folder in folders for path in _campaigns(folder)][:CAMPAIGNS_MAX]
    trends: dict[tuple[str, str], list[Entry]] = {}
    notes = []
    for path in places:
        try:
            campaign = read_campaign(path)
        except CampaignError as error:
            notes.append(f"left out: {error.sentences[0]}")
            continue
        manifest = campaign.manifest
        profile = manifest.get("profile")
        name = str(profile.get("name") if isinstance(profile, dict) else profile)
        entry = Entry(
            campaign.name, str(manifest.get("started_at", "")), readings.readings(Study(campaign))
        )
        trends.setdefault((readings.machine_class(manifest), name), []).append(entry)
    for entries in trends.values():
        entries.sort(key=lambda entry: (entry.started, entry.name))
    return trends, notes


def _campaigns(folder: Path) -> list[Path]:
    """The folder itself, or those in it; links such as `latest` are not followed."""
    if not folder.is_dir():
        raise CampaignError([f"{folder}: there is no such folder."])
    if (folder / "manifest.json").exists():
        return [folder]
    return sorted(
        path.parent for path in folder.glob("*/manifest.json") if not path.parent.is_symlink()
    )


def changes(entries: Sequence[Entry], notes: Sequence[accepted.Note]) -> list[Change]:
    """Every relevant change of level in a trend, by place and time."""
    found = []
    for place in sorted({place for entry in entries for place in entry.numbers}):
        those = [entry for entry in entries if place in entry.numbers]
        logs = [math.log(entry.numbers[place].median) for entry in those]
        if max(logs) - min(logs) < math.log1p(RELEVANT):
            continue  # no level can differ by more
        ends = [0, *change_points(logs), len(logs)]
        for start, at, end in zip(ends, ends[1:], ends[2:]):
            sides = (logs[start:at], logs[at:end])
            before, since = (math.exp(stats.median(side)) for side in sides)
            one = Change(place, before, since, those[at], end - at, "")
            if abs(math.log(since / before)) >= math.log1p(RELEVANT):
                found.append(_noted(one, notes))
    return found


def _noted(one: Change, notes: Sequence[accepted.Note]) -> Change:
    if one.worse <= 1:
        return one
    for note in notes:
        target, point, name = one.place.who, one.place.point, one.place.name
        if note.covers(target, point, name, one.worse, note.date):
            text = f"accepted on {note.date}: {note.reason}"
            return Change(one.place, one.before, one.since, one.entry, one.campaigns, text)
    return Change(one.place, one.before, one.since, one.entry, one.campaigns, "not accepted")


def tables(folders: Sequence[Path], notes_file: Path) -> tuple[list[Table], list[str]]:
    """A table of changes and of the latest level for each trend; and notes."""
    notes = accepted.read(notes_file)
    trends, left_out = collect(folders)
    shown = []
    for (machine, profile), entries in sorted(trends.items()):
        title = f"{profile} on {machine}: {len(entries)} campaigns"
        found = changes(entries, notes)
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
        for one in found:
            form = readings.FORMATS[one.place.name]
            what = f"{one.place.who}, {one.place.point}: {one.place.name}"
            better = "worse" if one.worse > 1 else "better"
            table.add(
                what,
                form(one.before),
                form(one.since),
                f"{100 * (one.since / one.before - 1):+.1f} % {better}",
                f"{one.entry.name} {one.entry.started[:10]}",
                str(one.campaigns),
                one.note,
            )
        if len(entries) < 2 * SIDE_MIN:
            table.notes.append(f"A change of level needs {2 * SIDE_MIN} campaigns or more.")
        elif not found:
            table.notes.append(f"No lasting change of {100 * RELEVANT:.0f} % or more.")
        shown.append(table)
    return shown, left_out
