# SPDX-License-Identifier: MIT
"""summary.md: for a pull request and for a job's summary. The verdict first, at most ten rows, the
rest folded, and below the size that hosts permit, saying what was left out."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from tailrace_regress import outcome, phrases
from tailrace_regress.judge import Judgement
from tailrace_regress.verdict import Finding
from tailrace_report.tables import markdown_text, to_markdown

MARKER = "<!-- tailrace-regress -->"  # a bot finds its own comment by this and rewrites it
BYTES_MAX = 60 << 10
ROWS_MAX, OPEN_MAX, NOTES_MAX = 10, 5, 30


def markdown(judged: Judgement, facts: Mapping[str, Any], notes: Sequence[str], code: int) -> str:
    """The whole text, under BYTES_MAX."""
    changed = judged.of(outcome.REGRESSION, outcome.INVALID, outcome.IMPROVEMENT)
    parts = [
        MARKER,
        f"**{markdown_text(phrases.headline(judged))}**",
        f"{phrases.counts(judged)}; exit code {code}.",
    ]
    if changed:
        parts.append(to_markdown(phrases.table("", changed[:ROWS_MAX])))
        if len(changed) > ROWS_MAX:
            parts.append(f"... and {len(changed) - ROWS_MAX} more changes below.")
    parts += _open(judged)
    parts.append(markdown_text(judged.canary))
    tail = _end(facts, notes)
    head = "\n\n".join(parts)
    return head + "\n\n" + _folded(judged, BYTES_MAX - _size(head) - _size(tail) - 200) + tail


def _open(judged: Judgement) -> list[str]:
    """What these rounds could not decide: five lines, and the number of the rest."""
    found = judged.of(outcome.INCONCLUSIVE)
    if not found:
        return []
    lines = [f"- {markdown_text(phrases.needs(one))}" for one in found[:OPEN_MAX]]
    if len(found) > OPEN_MAX:
        lines.append(f"- ... and {len(found) - OPEN_MAX} more")
    return ["Inconclusive:", "\n".join(lines)]


def _folded(judged: Judgement, room: int) -> str:
    """All metrics in two folded tables, as many rows as there is room for."""
    decide = [one for one in judged.findings if one.gate]
    tell = [one for one in judged.findings if not one.gate]
    text = ""
    for title, findings in (("Metrics that decide", decide), ("Metrics that only tell", tell)):
        if findings:
            made = _details(title, findings, room - _size(text))
            text += made
    return text


def _details(title: str, findings: Sequence[Finding], room: int) -> str:
    fits = len(findings)
    while fits >= 0:
        left = len(findings) - fits
        rest = f"\n{left} rows left out; all are in regress.json.\n" if left else ""
        shown = to_markdown(phrases.table("", findings[:fits])) if fits else ""
        summary = f"<summary>{title} ({len(findings)})</summary>"
        text = f"<details>{summary}\n\n{shown}{rest}\n</details>\n\n"
        if _size(text) <= room or fits == 0:
            return text
        fits = fits * 3 // 4
    return ""


def _end(facts: Mapping[str, Any], notes: Sequence[str]) -> str:
    base, head = str(facts.get("base", "?"))[:12], str(facts.get("head", "?"))
    lines = [f"base `{html.escape(base)}`, head `{html.escape(head)}`"]
    for key in ("profile", "preset", "seed", "elapsed_s"):
        if key in facts:
            lines.append(f"{key} {markdown_text(str(facts[key]))}")
    shown = [f"- {markdown_text(note)}" for note in notes[:NOTES_MAX]]
    if len(notes) > NOTES_MAX:
        shown.append(f"- ... and {len(notes) - NOTES_MAX} more notes")
    return (
        "<details><summary>How this was measured, and how to accept a change</summary>\n\n"
        + ", ".join(lines)
        + ".\n\n"
        + "\n".join(shown)
        + "\n\nAgain: `make regress BASE="
        + html.escape(base)
        + "`. A wanted change for the worse is accepted by a dated note in `results/accepted.toml`"
        " (see `reports/README.md`).\n\n</details>\n"
    )


def _size(text: str) -> int:
    return len(text.encode("utf-8"))
