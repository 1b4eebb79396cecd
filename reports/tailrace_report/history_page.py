# SPDX-License-Identifier: MIT
"""`tailrace-report history FOLDER ... --out DIR`: the trends as a page, figures and a summary.

One HTML file that needs nothing else, light and dark, a section a class of machines and profile,
a figure a metric; PNG and SVG beside it; `summary.md`, the changes first. Same campaigns, same
bytes. However many trends and campaigns there are, the page stays of a size that can be opened:
what is not drawn stands in the tables, and is counted.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tailrace_report import build, readings, svg
from tailrace_report.document import Picture, document
from tailrace_report.history import RELEVANT, Change, Trend, changes_table
from tailrace_report.tables import Column, Table, markdown_text, to_html, to_markdown

DRAWN_MAX = 8  # trends with figures: those of the most campaigns
ROWS_MAX = 200  # of a table on the page
SUMMARY_ROWS_MAX, SUMMARY_BYTES_MAX = 10, 60 << 10
LEFT_OUT_MAX = 20
TITLES = {
    "cpu_us_per_op": "CPU time per operation",
    "rate": "Closed-loop rate",
    "p50": "Response time, p50",
    "p99": "Response time, p99",
    "user_bytes_per_idle_connection": "User memory per idle connection",
}
READ = (
    "Thin line and band: each campaign's median over blocks with its interval. Thick: the level"
    " between change points. Upright: a lasting change, with its size, the build and date of the"
    " first campaign that has it, and the note that accepted it. Campaigns stand at equal"
    " distances, in order of their start; each panel has its own scale."
)
LIMITS = (
    "A trend says when, it does not gate: campaigns of different days are not interleaved, so a"
    " small lasting change may be the machine's. make regress compares two commits in one job."
)


@dataclass(frozen=True)
class Drawn:
    """The figures of one trend, and a sentence for each one in which series are missing."""

    pictures: tuple[Picture, ...]
    notes: tuple[str, ...]


def write(found: Sequence[Trend], left_out: Sequence[str], out: Path) -> str:
    """Writes everything; returns why there are no figures, or nothing. Raises OutputError."""
    drawn, files, missing = _figures(found)
    files["summary.md"] = markdown(found, left_out).encode("utf-8", "replace")
    files["index.html"] = page(found, drawn, left_out, missing).encode("utf-8", "replace")
    build.write(out, files)
    return missing


def _figures(found: Sequence[Trend]) -> tuple[dict[int, Drawn], dict[str, bytes], str]:
    """By the number of the trend; and the files beside the page."""
    try:
        from tailrace_report import canvas, figure_history
    except ImportError as error:
        return {}, {}, build.no_figures(error)
    drawn: dict[int, Drawn] = {}
    files: dict[str, bytes] = {}
    longest = sorted(range(len(found)), key=lambda n: (-len(found[n].entries), n))[:DRAWN_MAX]
    for number in sorted(longest):
        pictures, notes = [], []
        for metric in readings.NAMES:
            shown, rest = figure_history.of_metric(found[number], metric)
            with canvas.settings():
                figure = figure_history.history_figure(found[number], shown)
                if figure is None:
                    continue
                name = f"trend-{number + 1}-{metric.replace('_', '-')}"
                source, words = canvas.svg(figure), figure_history.description(shown)
                files[f"{name}.png"] = canvas.png(figure)
            files[f"{name}.svg"] = source.encode("utf-8")
            inline = svg.inline(source, name, TITLES[metric], words)
            pictures.append(Picture(name, TITLES[metric], words, inline))
            if rest:
                notes.append(f"{TITLES[metric]}: {rest} more are in the table of levels only.")
        drawn[number] = Drawn(tuple(pictures), tuple(notes))
    return drawn, files, ""


def kinds(found: Sequence[Trend]) -> dict[str, list[Change]]:
    """All changes by what a reader makes of them."""
    answer: dict[str, list[Change]] = {"not accepted": [], "accepted": [], "better": []}
    for trend in found:
        for one in trend.changes:
            worse = "not accepted" if one.note == "not accepted" else "accepted"
            answer[worse if one.worse > 1 else "better"].append(one)
    return answer


def headline(found: Sequence[Trend]) -> str:
    """What happened, in one sentence."""
    by_kind = kinds(found)
    total = sum(map(len, by_kind.values()))
    if not total:
        return f"No lasting change of {100 * RELEVANT:.0f} % or more"
    worse, accepted = len(by_kind["not accepted"]), len(by_kind["accepted"])
    parts = [f"{worse} worse and not accepted"] if worse else []
    parts += [f"{accepted} worse and accepted"] if accepted else []
    parts += [f"{len(by_kind['better'])} better"] if by_kind["better"] else []
    return f"{total} lasting change{'' if total == 1 else 's'}: {', '.join(parts)}"


def page(
    found: Sequence[Trend], drawn: dict[int, Drawn], left_out: Sequence[str], missing: str
) -> str:
    """The whole page; escapes every text of the campaigns and notes."""
    sections = [_section(n, trend, drawn.get(n)) for n, trend in enumerate(found)]
    links = "".join(
        f'<a href="#trend-{n + 1}">{html.escape(trend.title)}</a>' for n, trend in enumerate(found)
    )
    said = [READ, LIMITS, *shortened(left_out)] + ([missing] if missing else [])
    notes = "".join(f'<p class="note">{html.escape(text)}</p>' for text in said)
    head = (
        f"<header><p class=quiet>Tailrace trends</p><h1>{html.escape(headline(found))}</h1>"
        f'{notes}</header>\n<nav aria-label="trends">{links}</nav>'
    )
    return document("Tailrace: trends", [head, *sections])


def _section(number: int, trend: Trend, drawn: Drawn | None) -> str:
    first, last = trend.entries[0], trend.entries[-1]
    span = f"From {first.name} ({first.started[:10]}) to {last.name} ({last.started[:10]})."
    inner = [f"<p>{html.escape(span)}</p>", to_html(_bounded(changes_table(trend, "")))]
    for one in drawn.pictures if drawn else ():
        inner.append(f"<h3>{html.escape(one.title)}</h3>{one.html}")
    notes = list(drawn.notes) if drawn else ["Not drawn: other trends have more campaigns."]
    inner += [f'<p class="note">{html.escape(note)}</p>' for note in notes]
    inner.append(
        f"<details><summary>All latest levels</summary>{to_html(_bounded(levels(trend)))}</details>"
    )
    title = html.escape(trend.title)
    return f'<section id="trend-{number + 1}"><h2>{title}</h2>\n{"".join(inner)}</section>'


def levels(trend: Trend) -> Table:
    """A row a number: its level now, and its last campaign."""
    table = Table(
        "",
        [Column("what", right=False), Column("level"), Column("campaigns of it")]
        + [Column("campaigns"), Column("last", right=False)],
    )
    for one in trend.series:
        form, level = readings.FORMATS[one.place.name], one.levels[-1]
        here = sum(at >= level.first for at in one.at)
        name = f"{one.place.who}, {one.place.point}: {one.place.name}"
        last = trend.entries[one.at[-1]].name
        table.add(name, form(level.median), str(here), str(len(one.at)), last)
    return table


def _bounded(table: Table) -> Table:
    rest = len(table.rows) - ROWS_MAX
    if rest > 0:
        table.rows = table.rows[:ROWS_MAX]
        table.notes.append(f"{rest} more rows are left out.")
    return table


def shortened(left_out: Sequence[str]) -> list[str]:
    more = len(left_out) - LEFT_OUT_MAX
    return [*left_out[:LEFT_OUT_MAX], *([f"{more} more were left out."] if more > 0 else [])]


def markdown(found: Sequence[Trend], left_out: Sequence[str]) -> str:
    """GitHub-flavoured, what happened first; at most ten rows a trend and below 60 KiB."""
    parts = [f"**{markdown_text(headline(found))}.**"]
    for trend in found:
        table = changes_table(trend, trend.title)
        # Not accepted first, then accepted, then better: that is the order of their interest.
        table.rows.sort(key=lambda row: (row[-1] != "not accepted", row[-1] == ""))
        more = len(table.rows) - SUMMARY_ROWS_MAX
        table.rows = table.rows[:SUMMARY_ROWS_MAX]
        table.notes += [f"{more} more are in index.html."] if more > 0 else []
        parts.append(to_markdown(table) if table.rows else _only_notes(table))
    parts += [f"- {markdown_text(text)}" for text in shortened(left_out)]
    parts.append(markdown_text(LIMITS))
    text, rest = "", 0
    for part in parts:
        fits = len((text + part).encode("utf-8")) < SUMMARY_BYTES_MAX - 200
        text, rest = (f"{text}{part}\n\n", rest) if fits else (text, rest + 1)
    return text + (f"{rest} more parts are left out; index.html has them.\n" if rest else "")


def _only_notes(table: Table) -> str:
    return f"**{markdown_text(table.title)}.** " + " ".join(map(markdown_text, table.notes))
