# SPDX-License-Identifier: MIT
"""`scripts/report history FOLDER ...`: the numbers of stored campaigns in order of their start,
per machine class and profile: a table of the last one beside those before, and with `--out` a page,
figures and a summary.

A trend says when; it does not gate: campaigns of different days are not interleaved, so a small
change may be the machine's. Campaigns that cannot be read are named and left out.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailrace_report import build, figure_history, page, stats, wording
from tailrace_report.document import document, note
from tailrace_report.errors import CampaignError
from tailrace_report.figure_history import Entry, Series
from tailrace_report.kinds.kind import Drawing, Section
from tailrace_report.load import read_campaign
from tailrace_report.readings import METRICS, machine_class, readings
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table, markdown_text, shortened, to_markdown

CAMPAIGNS_MAX = 200  # of a trend, the newest
SUMMARY_ROWS_MAX = 10
LIMITS = (
    "A trend says when, it does not gate: campaigns of different days are not interleaved, so a"
    " change may be the machine's. make regress compares two commits in one job."
)


@dataclass(frozen=True)
class Trend:
    """The campaigns of one class of machines and profile, by start."""

    machine: str
    profile: str
    entries: tuple[Entry, ...]

    @property
    def title(self) -> str:
        count = wording.counted(len(self.entries), "campaign")
        return f"{self.profile} on {self.machine}: {count}"

    def series(self) -> list[Series]:
        """Every number, by place."""
        places = sorted({place for entry in self.entries for place in entry.numbers})
        return [
            Series(place, {n: e.numbers[place] for n, e in enumerate(self.entries)
                           if place in e.numbers})
            for place in places
        ]


def trends(folders: Sequence[Path]) -> tuple[list[Trend], list[str]]:
    """By profile within machine classes; and a sentence for each campaign left out. Raises
    CampaignError where a folder is none."""
    found: dict[tuple[str, str], list[Entry]] = {}
    left_out = []
    for path in (path for folder in folders for path in _campaigns(folder)):
        try:
            campaign = read_campaign(path)
        except CampaignError as error:
            left_out.append(f"left out: {error.sentences[0]}")
            continue
        manifest = campaign.manifest
        profile = manifest.get("profile")
        name = str(profile.get("name") if isinstance(profile, dict) else profile)
        started, numbers = str(manifest.get("started_at", "")), readings(Study(campaign))
        entry = Entry(campaign.name, started, numbers, _build(manifest))
        found.setdefault((machine_class(manifest), name), []).append(entry)
    answer = []
    for (machine, profile), entries in sorted(found.items()):
        entries.sort(key=lambda entry: (entry.started, entry.name))
        left_out += [f"left out: {one.name} is too old." for one in entries[:-CAMPAIGNS_MAX]]
        answer.append(Trend(machine, profile, tuple(entries[-CAMPAIGNS_MAX:])))
    return answer, left_out


def _build(manifest: Mapping[str, Any]) -> str:
    """The start of the digest of what was measured."""
    build_of = manifest.get("build")
    digest = build_of.get("digest") if isinstance(build_of, dict) else None
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


def table(trend: Trend) -> Table:
    """A row a number: the last campaign that has it, beside the median of those before; those that
    got worst first."""
    made = Table(
        trend.title,
        [Column("what", right=False), Column("campaigns"), Column("before, median"), Column("last")]
        + [Column("change"), Column("last campaign", right=False)],
    )
    rows = []
    for one in trend.series():
        *before, last = one.numbers.values()
        form = one.place.metric.text
        entry = trend.entries[max(one.numbers)]
        middle = stats.median([n.median for n in before]) if before else None
        share = last.median / middle - 1 if middle else 0.0
        worse = share if one.place.metric.measure.best_is_low else -share
        texts = [one.place.text, str(len(one.numbers)), form(middle) if middle else "-"]
        texts += [form(last.median), f"{100 * share:+.1f} %" if middle else "-", entry.what]
        rows.append((-worse, texts))
    for _, texts in sorted(rows):
        made.add(*texts)
    return made


def write(found: Sequence[Trend], left_out: Sequence[str], out: Path) -> str:
    """Writes page, figures and summary; returns why there are no figures, or nothing. Raises
    OutputError."""
    sections = [_section(number, trend) for number, trend in enumerate(found, 1)]
    drawn, files, missing = build.figures(one for part in sections for one in part.drawings)
    links, body = page.rendered(sections, drawn)
    said = [figure_history.READ, LIMITS, *left_out] + ([missing] if missing else [])
    notes = "".join(map(note, said))
    head = (
        f"<header><p class=quiet>Tailrace</p><h1>Trends</h1>{notes}</header>\n"
        f'<nav aria-label="trends">{"".join(links)}</nav>'
    )
    files["index.html"] = document("Tailrace: trends", [head, *body]).encode("utf-8", "replace")
    files["summary.md"] = markdown(found, left_out).encode("utf-8", "replace")
    build.write(out, files)
    return missing


def _section(number: int, trend: Trend) -> Section:
    drawings = [
        Drawing(
            f"trend-{number}-{name.replace('_', '-')}",
            metric.title,
            lambda name=name: figure_history.history_figure(
                trend.entries, [one for one in trend.series() if one.place.name == name]
            ),
        )
        for name, metric in METRICS.items()
    ]
    return Section(f"trend-{number}", html.escape(trend.title), "", drawings, [table(trend)])


def markdown(found: Sequence[Trend], left_out: Sequence[str]) -> str:
    """GitHub-flavoured; at most ten rows a trend."""
    note = "{} more are in index.html."
    parts = [to_markdown(shortened(table(one), SUMMARY_ROWS_MAX, note)) for one in found]
    parts += [f"- {markdown_text(text)}" for text in left_out]
    return "\n".join([*parts, markdown_text(LIMITS), ""])
