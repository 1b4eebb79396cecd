# SPDX-License-Identifier: MIT
"""index.html of a job: one file, no network, no script needed to read, light and dark."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from tailrace_regress import gate, metrics, outcome, phrases
from tailrace_regress.judge import Judgement
from tailrace_report.document import Picture, document
from tailrace_report.tables import Column, Table, flattened, to_html

CLASSES = {outcome.REGRESSION: "failed", outcome.INVALID: "gated", outcome.INCONCLUSIVE: "gated"}
METHOD = (
    "Both arms were built alike and measured alternately on this machine, in fresh processes; a"
    " round is the unit, never the request.",
    "Counted metrics are assumed exact: repetitions that agree prove it, and then any difference"
    " beyond the stated grain counts. Those that do not repeat are decided by the signs of twelve"
    " rounds.",
    "Times: the median of log ratios over rounds with its exact sign-test interval, a one-sided"
    " sign-flip test over ranks, and the smallest effect that matters; those that lean towards"
    " worse are measured again, and the fresh rounds alone decide, after Benjamini and Hochberg's"
    f" correction (q = {gate.Q}) over the whole family.",
    "Equivalent means that the whole interval lies inside the corridor that does not matter;"
    " inconclusive that these rounds cannot tell, with the loss they would have seen.",
)


def page(
    judged: Judgement,
    facts: Mapping[str, Any],
    notes: Sequence[str],
    pictures: Sequence[Picture],
    missing: str,
) -> str:
    """The page. `missing` says why there are no pictures, or is empty."""
    drawn = {picture.name: picture for picture in pictures}
    counted = [f for f in judged.findings if f.key.about.kind != metrics.TIMED]
    timed = [f for f in judged.findings if f.key.about.kind == metrics.TIMED]
    changed = judged.of(outcome.REGRESSION, outcome.INVALID, outcome.IMPROVEMENT)
    body = [
        _head(judged, facts, notes, missing),
        _section("changes", "What changed", [], [phrases.table("", changed)]),
        _section("times", "Times", [drawn.get("ratios")], [phrases.table("", timed)]),
        _section("counts", "Counted, exactly where it repeats", [], [phrases.table("", counted)]),
        _end(facts),
    ]
    return document("Tailrace: regression gate", body)


def _head(
    judged: Judgement, facts: Mapping[str, Any], notes: Sequence[str], missing: str
) -> str:
    counts = []
    for name, number in phrases.tally(judged).items():
        kind = f' class="{CLASSES[name]}"' if number and name in CLASSES else ""
        counts.append(f"<li{kind}><b>{number}</b> {name}</li>")
    arms = f"{str(facts.get('base', '?'))[:12]} against {facts.get('head', '?')}"
    said = [judged.canary, *notes, missing]
    shown = "".join(f'<p class="note">{html.escape(text)}</p>' for text in said if text)
    return (
        f"<header><p class=quiet>Tailrace regression gate, {html.escape(arms)}</p>"
        f"<h1>{html.escape(phrases.headline(judged))}</h1>"
        f'<ul class="counts" aria-label="metrics that decide, by verdict">{"".join(counts)}</ul>'
        f"{shown}</header>"
    )


def _section(
    anchor: str, title: str, pictures: Sequence[Picture | None], tables: Sequence[Table]
) -> str:
    figures = [one.html for one in pictures if one is not None]
    shown = [to_html(table) for table in tables if table.rows]
    if not figures and not shown:
        return ""
    return f'<section id="{anchor}"><h2>{title}</h2>\n{"".join(figures + shown)}</section>'


def _end(facts: Mapping[str, Any]) -> str:
    method = "".join(f"<li>{html.escape(text)}</li>" for text in METHOD)
    columns = ["metric", "judged", "decides", "matters from", "grain", "why"]
    table = Table("The table of metrics", [Column(name, right=False) for name in columns])
    for about in metrics.TABLE:
        decides = "yes" if about.gate else "no"
        grain = f"{about.floor:g} {about.unit}" if about.floor else "-"
        table.add(
            about.name, about.kind, decides, phrases.percent(about.delta), grain, about.why
        )
    base = html.escape(str(facts.get("base", "?"))[:12])
    rest = {key: value for key, value in facts.items() if key != "machine"}
    machine = facts.get("machine")
    tables = [flattened("The job", rest)]
    tables += [flattened("The machine", machine)] if isinstance(machine, dict) else []
    return (
        f'<section id="method"><h2>Method</h2><ul>{method}</ul>{to_html(table)}</section>\n'
        f'<section id="reproduce"><h2>How to reproduce</h2><pre>make regress BASE={base}</pre>'
        + "".join(to_html(one) for one in tables)
        + "</section>"
    )
