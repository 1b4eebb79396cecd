# SPDX-License-Identifier: MIT
"""The HTML page: one file that needs nothing else, readable without a script, light and dark.

Gets tables and inline SVG ready made; escapes every text of the campaign itself. Deterministic:
no clock, no random ids.
"""

from __future__ import annotations

import html

from tailrace_report import (
    claims,
    files,
    finding,
    headline,
    inside,
    limits,
    micro_tables,
    sections,
    timers,
    uneven,
    versus,
)
from tailrace_report.document import Picture, document
from tailrace_report.file_numbers import CACHES
from tailrace_report.study import Study
from tailrace_report.tables import Table, to_html

STDERR_SHOWN_MAX = 12
STDERR_CHARS_MAX = 2000


def page(study: Study, pictures: dict[str, Picture], figures_missing: str) -> str:
    """The whole page. `pictures` by the names that _content() uses; may be empty."""
    body = [_head(study, figures_missing)]
    for anchor, title, intro, drawn, tables in _content(study):
        inner = [f"<p>{html.escape(intro)}</p>"] if intro else []
        inner += [pictures[key].html for key in drawn if key in pictures]
        inner += [_folded(tables)] if drawn and tables else [to_html(table) for table in tables]
        if tables or any(key in pictures for key in drawn):
            body.append(f'<section id="{anchor}"><h2>{title}</h2>\n{"".join(inner)}</section>')
    body += [_stderr(study), _end(study)]
    return document(f"Tailrace: {study.campaign.name}", body)


def _head(study: Study, figures_missing: str) -> str:
    campaign = study.campaign
    cells = campaign.cells
    counts = []
    for status in ("failed", "gated", "skipped", "ok"):
        count = sum(cell.status == status for cell in cells)
        kind = f' class="{status}"' if count else ""
        counts.append(f"<li{kind}><b>{count}</b> {status}</li>")
    missing = (campaign.planned or 0) - len(cells)
    if missing > 0:
        counts.append(f'<li class="gated"><b>{missing}</b> planned but not run</li>')
    points = "".join(
        f"<li><b>{html.escape(s.about)}.</b> {html.escape(s.text)}</li>"
        for s in finding.statements(study)
    )
    notes = "".join(f'<p class="note">{html.escape(note)}</p>' for note in campaign.notes)
    if figures_missing:
        notes += f'<p class="note"><b>{html.escape(figures_missing)}</b></p>'
    table = headline.headline(study)
    links = "".join(f'<a href="#{a}">{t}</a>' for a, t, _, _, tables in _content(study) if tables)
    return (
        f"<header><p class=quiet>Tailrace report</p><h1>{html.escape(campaign.name)}</h1>"
        f'<ul class="counts" aria-label="cells by status">{"".join(counts)}</ul>{notes}</header>\n'
        f'<section id="finding" aria-label="finding"><ul class="finding">{points}</ul>\n'
        + (to_html(table) if table.rows else "")
        + f'</section>\n<nav aria-label="sections">{links}'
        '<a href="#method">Method and limits</a><a href="#reproduce">Reproduce</a></nav>'
    )


def _content(study: Study) -> list[tuple[str, str, str, list[str], list[Table]]]:
    """Sections in order: anchor, title, introduction, pictures, tables."""
    opened, ceilings = study.points_of("open"), study.points_of("closed")
    sizes = study.points_of("memory", "task_memory")
    memory = [table for point in sizes for table in sections.memory(study, point)]
    machine = study.campaign.manifest
    for key in ("machine", "fingerprint", "environment"):
        if isinstance(study.campaign.manifest.get(key), dict):
            machine = study.campaign.manifest[key]
            break
    return [
        (
            "tails",
            "Latency tails",
            "Response time from the planned send time, at the same offered load for all."
            " The line is the median over blocks and the band their range; it ends where a block's"
            " samples end, and goes on thin and without a band where only all blocks together"
            " carry the quantile.",
            ["latency"],
            [sections.latency(study, p) for p in opened],
        ),
        (
            "hogs",
            "When some connections burn CPU time",
            "A hog burns CPU time for each message and awaits nothing meanwhile: where scheduling"
            " is cooperative, its worker then serves nobody else. Shown is what the others wait,"
            " beside the same load at which hogs burn nothing; the hogs' own time is in the table.",
            ["hog"],
            [uneven.hogs(study, p) for p in uneven.burning_points(study)],
        ),
        (
            "skew",
            "Uneven load",
            "Few connections carry most of the load, and each message costs the server CPU time:"
            " work stealing can spread it, loops that own their connections cannot. Left to right:"
            " the quantiles of all connections; the lines are the intervals over blocks.",
            ["skew"],
            [uneven.skew(study, p) for p in study.points_of("skew")],
        ),
        _files(study),
        (
            "memory",
            "Memory per connection and per task",
            "The slope over the number of connections or tasks, so what a process costs at rest is"
            " not in it; user (proportional set size) and kernel apart, without the client's half.",
            ["memory", "task-memory"],
            memory,
        ),
        _timers(study),
        (
            "cost",
            "Cost per operation",
            "CPU time of the server divided by the requests it answered, and its system calls. On"
            " loopback these tell contestants apart where the rate does not.",
            ["cpu", "syscalls"],
            [sections.cost(study, p) for p in opened + ceilings],
        ),
        _inside(study),
        (
            "ceiling",
            "Closed-loop ceiling",
            finding.WHY_RATE_FOLLOWS + " Read it with both CPU shares beside it.",
            ["rate"],
            [sections.closed(study, p) for p in ceilings],
        ),
        *_versus(study),
        _micro(study),
        *_gates(study),
        ("machine", "The machine", "", [], [sections.flattened("", machine)]),
    ]


def _timers(study: Study) -> tuple[str, str, str, list[str], list[Table]]:
    calls = timers.cancelled(study, timers.cancelled_points(study))
    return (
        "timers",
        "Timers",
        "Tasks that each sleep until a deadline of their own; lateness is from the deadline until"
        " the task runs. Late wake-ups are cheap wake-ups: read the tails beside the CPU time. What"
        " a sleeping task holds is under Memory.",
        ["timer", "timer-window"],
        [timers.lateness(study, p) for p in timers.fired_points(study)]
        + ([calls] if calls.rows else []),
    )


def _files(study: Study) -> tuple[str, str, str, list[str], list[Table]]:
    return (
        "files",
        "Reading a file",
        "Blocks of one file in seeded random order, each checked by its stamp. Three experiments"
        " that are never averaged: with the file in the page cache, with none of it there, and"
        " past it; each proven by what the kernel says of the page cache and of the device.",
        [*(f"file-{cache}" for cache in CACHES), "file-iops", "file-cpu", "file-speed"]
        + ["file-cost"],
        [files.table(study, p) for p in files.points(study)],
    )


def _gates(study: Study) -> list[tuple[str, str, str, list[str], list[Table]]]:
    gates, trouble = sections.gates(study), sections.trouble(study)
    return [
        ("gates", "Gates", "", [], [gates] if gates.rows else []),
        ("trouble", "Failed, gated and skipped cells", "", [], [trouble] if trouble.rows else []),
    ]


def _inside(study: Study) -> tuple[str, str, str, list[str], list[Table]]:
    counted = inside.inside(study)
    return (
        "inside",
        "Inside the runtimes",
        "What the runtimes count about themselves, divided by the messages they sent back: it"
        " explains where their CPU time goes.",
        [],
        [counted] if counted.rows else [],
    )


def _versus(study: Study) -> list[tuple[str, str, str, list[str], list[Table]]]:
    """Nothing where the campaign does not compare the two."""
    if not versus.pairs(study):
        return []
    features = versus.features(study)
    return [
        (
            "versus",
            "epoll or io_uring",
            "What io_uring is to epoll at the same work: ratios within blocks, of the floors and of"
            " the runtimes.",
            ["versus"],
            versus.grids(study),
        ),
        (
            "features",
            "io_uring and epoll, feature by feature",
            "Each form changes one thing against the best form of the same contestant.",
            ["features"],
            [features] if features.rows else [],
        ),
        ("claims", "Published claims", "", [], [claims.table(study)]),
    ]


def _micro(study: Study) -> tuple[str, str, str, list[str], list[Table]]:
    found = study.campaign.micro
    return (
        "micro",
        "Micro benchmarks",
        "What single steps of a runtime cost, in one process each, without sockets: wall time per"
        " operation. `make micro` measures them, apart from the cells above.",
        ["micro"],
        micro_tables.tables(found) if found else [],
    )


def _folded(tables: list[Table]) -> str:
    shown = "".join(to_html(table) for table in tables)
    title = html.escape("; ".join(table.title for table in tables[:1]))
    more = f" and {len(tables) - 1} more" if len(tables) > 1 else ""
    return f"<details><summary>Table: {title}{more}</summary>\n{shown}</details>\n"


def _stderr(study: Study) -> str:
    """What failed targets said last, as text."""
    told = [c for c in study.campaign.cells if c.status == "failed" and c.stderr_tail.strip()]
    parts = []
    for cell in told[:STDERR_SHOWN_MAX]:
        tail = "".join(c if c.isprintable() or c == "\n" else " " for c in cell.stderr_tail)
        parts.append(
            f"<details><summary>Standard error of {html.escape(cell.name)}</summary>"
            f"<pre>{html.escape(tail[-STDERR_CHARS_MAX:])}</pre></details>"
        )
    if len(told) > STDERR_SHOWN_MAX:
        parts.append(f'<p class="note">{len(told) - STDERR_SHOWN_MAX} more in cells.jsonl.</p>')
    return "".join(parts)


def _end(study: Study) -> str:
    method = "".join(f"<li>{html.escape(text)}</li>" for text in limits.METHOD)
    not_shown = "".join(f"<li>{html.escape(text)}</li>" for text in limits.limits(study))
    facts = [("command", limits.command(study)), ("seed", limits.seed(study))]
    facts += [("commit", limits.commit(study))]
    lines = "\n".join(f"{key}: {value}" for key, value in facts if value)
    shown = html.escape(lines or "The manifest does not say how.")
    rest = {
        key: value
        for key, value in study.campaign.manifest.items()
        if key not in ("machine", "fingerprint", "environment")
    }
    whole = to_html(sections.flattened("", rest))
    return (
        f'<section id="method"><h2>Method</h2><ul>{method}</ul>'
        f"<h2>What these numbers do not show</h2><ul>{not_shown}</ul></section>\n"
        f'<section id="reproduce"><h2>How to reproduce</h2><pre>{shown}</pre>'
        "<p>Everything on this page is drawn from the campaign folder alone:"
        " <code>scripts/report CAMPAIGN</code> draws it again, with the same bytes.</p>"
        f"<details><summary>The manifest</summary>{whole}</details></section>"
    )
