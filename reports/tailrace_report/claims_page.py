# SPDX-License-Identifier: MIT
"""Claims with their verdicts: a table in the report of any campaign that measured some of them, and
all of them as a page and a Markdown table (`scripts/report claims CAMPAIGN`)."""

import html
from functools import partial
from pathlib import Path

from tailrace_report import build, claims, limits, readings, wording
from tailrace_report.claims import Judged, Verdict
from tailrace_report.document import counts, document, note
from tailrace_report.load import read_campaign
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table, markdown_text, to_html, to_markdown

COLUMNS = ("claim", "says", "verdict", "relation", "claimed")
RULE = (
    "A relation holds (fails) where it is shown to lie on the claimed (the other) side, at 95 % for"
    " all relations together; a claim is confirmed where all hold, refuted where some fail and none"
    " holds, and depends where some do either. Judged is the direction on this machine, and the"
    " size only where a bound is claimed."
)
# Verdict -> the class that colours its count.
KINDS = {
    claims.CONFIRMED: "ok",
    claims.REFUTED: "failed",
    claims.DEPENDS: "invalid",
    claims.OPEN: "",
}


def table(study: Study) -> Table:
    """Those of which this campaign has something to say; the rest is counted below."""
    verdicts = claims.judge(study)
    shown = [one for one in verdicts if one.told]
    made = rows("Published claims, on this machine", shown)
    left = len(verdicts) - len(shown)
    if shown:
        made.notes.append(RULE)
    if shown and left:
        made.notes.append(
            f"{wording.counted(left, 'more claim')} stay open, at least in part for want of a"
            " measurement: `make claims` measures what one machine can decide, and lists them all."
        )
    return made


def rows(title: str, verdicts: list[Verdict]) -> Table:
    """One row a relation; the claim and its verdict in the first of its rows."""
    made = Table(
        title,
        [Column(name, False) for name in COLUMNS]
        + [Column("measured"), Column("decides", False)],
    )
    for verdict in verdicts:
        claim = verdict.claim
        why = f": {verdict.why}" if verdict.why else ""
        first = [claim.id, f"{claim.says} ({claim.source})", verdict.word + why]
        for judged in verdict.relations:
            relation = judged.relation
            made.add(
                *first,
                claims.relation_text(relation),
                claims.claimed_text(relation),
                _measured(judged),
                judged.state,
            )
            first = [claim.id, "", ""]
        if not verdict.relations:
            made.add(*first, wording.MISSING, wording.MISSING, wording.MISSING, wording.MISSING)
    return made


def _measured(judged: Judged) -> str:
    return wording.with_interval(judged.estimate, partial(claims.value_text, judged.relation))


def found(verdicts: list[Verdict]) -> str:
    """`12 confirmed, 5 refuted, 9 depend, 33 open, of 59 claims`."""
    numbers = {word: sum(one.word == word for one in verdicts) for word in claims.WORDS}
    parts = [f"{number} {word}" for word, number in numbers.items()]
    return f"{', '.join(parts)}, of {wording.counted(len(verdicts), 'claim')}"


def write(campaign: Path, out: Path) -> str:
    """claims.html and claims.md in `out`; returns one line about them. Raises CampaignError,
    OutputError."""
    study = Study(read_campaign(campaign))
    verdicts = claims.judge(study)
    build.write(out, {
        "claims.md": markdown(study, verdicts).encode("utf-8", "replace"),
        "claims.html": page(study, verdicts).encode("utf-8", "replace"),
    })
    return found(verdicts)


def _about(study: Study) -> list[str]:
    facts = "; ".join(f"{key} {value}" for key, value in limits.reproduce(study).items())
    return [
        f"Measured on {readings.machine_class(study.campaign.manifest)}, campaign"
        f" {study.campaign.name} ({facts}).",
        RULE,
        *limits.limits(study),
    ]


def markdown(study: Study, verdicts: list[Verdict]) -> str:
    parts = ["# Published claims, on this machine", "", f"{found(verdicts)}.", ""]
    parts.append(to_markdown(rows("", verdicts)))
    parts += [f"- {markdown_text(text)}" for text in _about(study)]
    return "\n".join(parts) + "\n"


def page(study: Study, verdicts: list[Verdict]) -> str:
    numbers = [
        (sum(one.word == word for one in verdicts), word, KINDS[word]) for word in claims.WORDS
    ]
    body = [
        "<header><p class=quiet>Tailrace</p><h1>Published claims, on this machine</h1>"
        f"{counts('claims by verdict', numbers)}</header>"
    ]
    for word in claims.WORDS:
        some = [one for one in verdicts if one.word == word]
        if some:
            body.append(
                f'<section id="{word}"><h2>{html.escape(word.capitalize())}</h2>'
                f"{to_html(rows('', some))}</section>"
            )
    body.append("<section>" + "".join(map(note, _about(study))) + "</section>")
    return document("Tailrace: published claims", body)
