# SPDX-License-Identifier: MIT
"""The HTML page: one file that needs nothing else, readable without a script, light and dark.

Gets sections and inline SVG ready made; escapes every text of the campaign itself. Deterministic:
no clock, no random ids.
"""

import html
from collections.abc import Mapping, Sequence

from tailrace_report import claims_page, figure_answer, inside, limits, micro_page, noise, overview
from tailrace_report import trouble, versus
from tailrace_report.document import Picture, counts, document, items, note
from tailrace_report.kinds import KINDS
from tailrace_report.kinds.kind import Drawing, Section
from tailrace_report.study import Study
from tailrace_report.tables import Table, flattened, to_html

STDERR_SHOWN_MAX = 12
STDERR_CHARS_MAX = 2000


def opening(study: Study) -> Drawing:
    """The picture at the head of the page."""
    shown = [panel for kind in KINDS for panel in kind.pictured(study)]
    title = figure_answer.caption(study, shown)
    return Drawing("answer", title, lambda: figure_answer.answer_figure(study, shown))


def sections(study: Study) -> list[Section]:
    """Everything between the finding and the method, in order; some have nothing to show."""
    found = [section for kind in KINDS for section in kind.sections(study)]
    found.append(
        Section(
            "inside",
            "Inside the runtimes",
            "What the runtimes count about themselves, divided by the messages they sent back: it"
            " explains where their CPU time goes.",
            tables=[inside.table(study)],
        )
    )
    found += versus.sections(study)
    found.append(Section("claims", "Published claims", tables=[claims_page.table(study)]))
    if study.campaign.micro:
        found.append(micro_page.section(study.campaign.micro))
    machine = flattened("", study.campaign.manifest.get("machine"))
    return [
        *found,
        Section("noise", "Noise", " ".join(noise.sentences(study)), tables=noise.tables(study)),
        Section("checks", "Validity checks", tables=[trouble.checks(study)]),
        Section("trouble", "Cells that are not ok", tables=[trouble.cells(study)]),
        Section("machine", "The machine", tables=[machine]),
    ]


def page(
    study: Study, found: Sequence[Section], pictures: Mapping[str, Picture], missing: str
) -> str:
    """The whole page of these sections. `missing`: why there are no pictures."""
    links, body = rendered(found, pictures)
    head = _head(study, links, missing, pictures.get("answer"))
    whole = [head, *body, _stderr(study), _end(study)]
    return document(f"Tailrace: {study.campaign.name}", whole)


def rendered(
    sections: Sequence[Section], pictures: Mapping[str, Picture]
) -> tuple[list[str], list[str]]:
    """Links to the sections that have something to show, and the sections. `pictures` by name,
    those that were drawn."""
    links, body = [], []
    for section in sections:
        drawn = [pictures[one.name].html for one in section.drawings if one.name in pictures]
        tables = [table for table in section.tables if table.rows]
        if not drawn and not tables:
            continue
        inner = [f"<p>{html.escape(section.intro)}</p>"] if section.intro else []
        inner += drawn
        inner += [_folded(tables)] if drawn and tables else [to_html(table) for table in tables]
        links.append(f'<a href="#{section.anchor}">{section.title}</a>')
        body.append(
            f'<section id="{section.anchor}"><h2>{section.title}</h2>\n{"".join(inner)}</section>'
        )
    return links, body


def _head(study: Study, links: list[str], missing: str, picture: Picture | None) -> str:
    campaign = study.campaign
    found = [
        (count, status, status.replace(" ", "-"))
        for status, count in overview.cell_counts(study).items()
        if count or status != "not run"
    ]
    points = "".join(
        f"<li><b>{html.escape(s.about)}.</b> {html.escape(s.text)}</li>"
        for s in overview.statements(study)
    )
    notes = "".join(map(note, [*overview.first_of_all(study), *campaign.notes]))
    if missing:
        notes += f'<p class="note"><b>{html.escape(missing)}</b></p>'
    drawn = picture.html if picture else ""
    table = overview.headline(study)
    return (
        f"<header><p class=quiet>Tailrace report</p><h1>{html.escape(campaign.name)}</h1>"
        f"{counts('cells by status', found)}{notes}{drawn}</header>\n"
        f'<section id="finding" aria-label="finding"><ul class="finding">{points}</ul>\n'
        + (to_html(table) if table.rows else "")
        + f'</section>\n<nav aria-label="sections">{"".join(links)}'
        '<a href="#method">Method and limits</a><a href="#reproduce">Reproduce</a></nav>'
    )


def _folded(tables: list[Table]) -> str:
    shown = "".join(to_html(table) for table in tables)
    more = f" and {len(tables) - 1} more" if len(tables) > 1 else ""
    title = html.escape(tables[0].title)
    return f"<details><summary>Table: {title}{more}</summary>\n{shown}</details>\n"


def _stderr(study: Study) -> str:
    """The last standard error of failed targets, as text."""
    failed = [c for c in study.campaign.cells if c.status == "failed" and c.stderr_tail.strip()]
    parts = []
    for cell in failed[:STDERR_SHOWN_MAX]:
        tail = "".join(c if c.isprintable() or c == "\n" else " " for c in cell.stderr_tail)
        parts.append(
            f"<details><summary>Standard error of {html.escape(cell.name)}</summary>"
            f"<pre>{html.escape(tail[-STDERR_CHARS_MAX:])}</pre></details>"
        )
    if len(failed) > STDERR_SHOWN_MAX:
        parts.append(note(f"{len(failed) - STDERR_SHOWN_MAX} more in cells.jsonl."))
    return "".join(parts)


def _end(study: Study) -> str:
    facts = "\n".join(f"{key}: {value}" for key, value in limits.reproduce(study).items())
    shown = html.escape(facts or "The manifest does not say how.")
    rest = {key: value for key, value in study.campaign.manifest.items() if key != "machine"}
    whole = to_html(flattened("", rest))
    return (
        f'<section id="method"><h2>Method</h2><ul>{items(limits.method(study))}</ul>'
        f"<h2>What these numbers do not show</h2><ul>{items(limits.limits(study))}</ul></section>\n"
        f'<section id="reproduce"><h2>How to reproduce</h2><pre>{shown}</pre>'
        "<p>Everything on this page is drawn from the campaign folder alone:"
        " <code>scripts/report CAMPAIGN</code> draws it again, with the same bytes.</p>"
        f"<details><summary>The manifest</summary>{whole}</details></section>"
    )
