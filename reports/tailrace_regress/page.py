# SPDX-License-Identifier: MIT
"""index.html of a job: one file, no network, no script needed to read, light and dark."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from tailrace_regress import gate, metrics, outcome, phrases
from tailrace_regress.judge import Judgement
from tailrace_report.document import Picture, counts, document, items, note
from tailrace_report.figure_versus import Panel, Row, ratio_figure
from tailrace_report.kinds.kind import Drawing, Section
from tailrace_report.page import rendered
from tailrace_report.tables import Column, Table, flattened, one_line, to_html

CLASSES = {
    outcome.REGRESSION: "failed",
    outcome.INVALID: "invalid",
    outcome.INCONCLUSIVE: "invalid",
}
METHOD = (
    "Base and head were measured together on this machine, in fresh processes, beside the controls"
    " that are named above, where there are any; a generation of processes is the unit, never the"
    " request.",
    "Counted metrics are assumed exact: repetitions that agree prove it, and then any difference"
    " beyond the stated grain counts. Those that do not repeat are decided by the signs of fresh"
    f" rounds, after Benjamini and Hochberg's correction (q = {gate.Q_COUNTS}).",
    "Times: the load visits all arms in rounds of short slices; of each arm and generation the"
    " typical slice counts. Log ratios within generations, all that ask the same in one family,"
    f" max-T over flipped signs ({' '.join(metrics.QUESTIONS)}: {len(metrics.QUESTIONS)} families"
    " that share the level of the look), Hodges-Lehmann estimates with signed-rank intervals, and"
    " the smallest effect that matters.",
    "Same means that a loss and a gain of what matters are both excluded; inconclusive that these"
    " generations cannot tell, with the loss that they would have seen.",
)


def sections(judged: Judgement) -> list[Section]:
    """What changed, then every metric."""
    counted = [f for f in judged.findings if f.key.about.kind != metrics.TIMED]
    timed = [f for f in judged.findings if f.key.about.kind == metrics.TIMED]
    changed = judged.of(outcome.REGRESSION, outcome.INVALID, outcome.IMPROVEMENT)
    drawing = _drawing(judged)
    return [
        Section("changes", "What changed", tables=[phrases.table("", changed)]),
        Section("times", "Times", "", [drawing], [phrases.table("Every time", timed)]),
        Section(
            "counts", "Counted, exactly where it repeats", tables=[phrases.table("", counted)]
        ),
    ]


def _drawing(judged: Judgement) -> Drawing:
    title = "Head / base of every time, with intervals"
    return Drawing("ratios", title, lambda: ratio_figure(_panels(judged)))


def _panels(judged: Judgement) -> list[Panel]:
    """A panel a metric, a row a target and point."""
    panels = []
    for metric, name in {**phrases.SHORT, "p99": "p99", "p99.9": "p99.9"}.items():
        shown = [f for f in judged.findings if f.key.metric == metric and f.ratio is not None]
        rows = [
            Row(one_line(f"{f.key.target}, {f.key.place}"), f.key.contestant, f.ratio)
            for f in sorted(shown, key=lambda f: f.key)
            if f.ratio is not None
        ]
        about = metrics.known(metric)
        if rows and about is not None:
            better = "less is better" if about.best_is_low else "more is better"
            matters = f"matters from {100 * about.delta:g} %"
            panels.append(Panel(f"{name}: head / base", f"{better}; {matters}", tuple(rows)))
    return panels


def page(
    judged: Judgement,
    facts: Mapping[str, Any],
    said: Sequence[str],
    found: Sequence[Section],
    pictures: Mapping[str, Picture],
) -> str:
    """The page of these sections. `said`: what is to be known of the job as a whole."""
    _, body = rendered(found, pictures)
    whole = [_head(judged, facts, said), *body, _end(facts)]
    return document("Tailrace: regression gate", whole)


def _head(judged: Judgement, facts: Mapping[str, Any], said: Sequence[str]) -> str:
    numbers = phrases.tally(judged).items()
    found = [(number, name, CLASSES.get(name, "")) for name, number in numbers]
    arms = f"{phrases.arm(facts, 'base')} against {phrases.arm(facts, 'head')}"
    notes = "".join(note(text) for text in (judged.controls, *said) if text)
    return (
        f"<header><p class=quiet>Tailrace regression gate, {html.escape(arms)}</p>"
        f"<h1>{html.escape(phrases.headline(judged))}</h1>"
        f"{counts('metrics that decide, by verdict', found)}{notes}</header>"
    )


def _end(facts: Mapping[str, Any]) -> str:
    columns = ["metric", "judged", "decides", "matters from", "grain", "why"]
    table = Table("The table of metrics", [Column(name, right=False) for name in columns])
    for about in metrics.TABLE:
        decides = "yes" if about.gate else "no"
        grain = f"{about.floor:g} {about.unit}" if about.floor else "-"
        table.add(
            about.name, about.kind, decides, phrases.percent(about.delta), grain, about.why
        )
    again = html.escape(str(facts.get("command", "")))
    rest = {key: value for key, value in facts.items() if key != "machine"}
    machine = facts.get("machine")
    tables = [flattened("The job", rest)]
    tables += [flattened("The machine", machine)] if isinstance(machine, dict) else []
    return (
        f'<section id="method"><h2>Method</h2><ul>{items(METHOD)}</ul>{to_html(table)}</section>\n'
        f'<section id="reproduce"><h2>How to reproduce</h2><pre>{again}</pre>'
        + "".join(to_html(one) for one in tables)
        + "</section>"
    )
