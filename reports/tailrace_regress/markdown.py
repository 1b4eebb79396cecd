# SPDX-License-Identifier: MIT
"""summary.md: for a pull request and for a job's summary. The verdict first, at most ten rows, the
rest folded, and below the size that hosts permit, saying what was left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from tailrace_regress import outcome, phrases
from tailrace_regress.judge import Judgement
from tailrace_regress.verdict import Finding
from tailrace_report.tables import cut, markdown_text, to_markdown

MARKER = "<!-- tailrace-regress -->"  # a bot finds its own comment by this and rewrites it
BYTES_MAX = 60 << 10
ROWS_MAX, OPEN_MAX, NOTES_MAX = 10, 5, 30
CHARS_MAX = 150  # of a name or note, so that head and end fit in any script


def markdown(judged: Judgement, facts: Mapping[str, Any], notes: Sequence[str], code: int) -> str:
    """The whole text, under BYTES_MAX."""
    head, tail = _head(judged, code), _end(facts, notes)
    return head + _folded(judged, BYTES_MAX - _size(head) - _size(tail) - 200) + tail


def _head(judged: Judgement, code: int) -> str:
    """What is to be seen at once: the verdict, the changes, what could not be decided."""
    changed = judged.of(outcome.REGRESSION, outcome.INVALID, outcome.IMPROVEMENT)
    parts = [
        MARKER,
        f"**{_text(phrases.headline(judged), 4 * CHARS_MAX)}**",
        f"{phrases.counts(judged)}; exit code {code}.",
    ]
    if changed:
        parts.append(_rows(changed[:ROWS_MAX]))
        if len(changed) > ROWS_MAX:
            parts.append(f"... and {len(changed) - ROWS_MAX} more changes below.")
    parts += _open(judged)
    parts.append(_text(judged.controls, 4 * CHARS_MAX))
    return "\n\n".join(parts) + "\n\n"


def _text(text: str, most: int = CHARS_MAX) -> str:
    """At most so many characters, none of which means anything to Markdown."""
    return markdown_text(cut(text, most))


def _rows(findings: Sequence[Finding]) -> str:
    table = phrases.table("", findings)
    table.rows = [[cut(cell, CHARS_MAX) for cell in row] for row in table.rows]
    return to_markdown(table)


def _open(judged: Judgement) -> list[str]:
    """What these rounds could not decide: five lines, and the number of the rest."""
    found = judged.of(outcome.INCONCLUSIVE)
    if not found:
        return []
    lines = [f"- {_text(phrases.open_text(one), 2 * CHARS_MAX)}" for one in found[:OPEN_MAX]]
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
    while True:
        left = len(findings) - fits
        rest = f"\n{left} rows left out; all are in regress.json.\n" if left else ""
        shown = _rows(findings[:fits]) if fits else ""
        summary = f"<summary>{title} ({len(findings)})</summary>"
        text = f"<details>{summary}\n\n{shown}{rest}\n</details>\n\n"
        if _size(text) <= room or fits == 0:
            return text
        fits = fits * 3 // 4


def _end(facts: Mapping[str, Any], notes: Sequence[str]) -> str:
    base, head = (phrases.arm(facts, name) for name in ("base", "head"))
    again = str(facts.get("command", ""))
    lines = [f"base <code>{_text(base)}</code>, head <code>{_text(head)}</code>"]
    for key in ("profile", "preset", "seed", "blocks", "elapsed_s"):
        if key in facts:
            lines.append(f"{key} {_text(str(facts[key]))}")
    shown = [f"- {_text(note)}" for note in notes[:NOTES_MAX]]
    if len(notes) > NOTES_MAX:
        shown.append(f"- ... and {len(notes) - NOTES_MAX} more notes")
    return (
        "<details><summary>How this was measured, and how to accept a change</summary>\n\n"
        + ", ".join(lines)
        + ".\n\n"
        + "\n".join(shown)
        + f"\n\nAgain: <code>{_text(again, 2 * CHARS_MAX)}</code>. A wanted change for the"
        " worse is accepted by a dated note in `results/accepted.toml` (see `reports/README.md`)."
        "\n\n</details>\n"
    )


def _size(text: str) -> int:
    return len(text.encode("utf-8"))
