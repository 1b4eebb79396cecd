# SPDX-License-Identifier: MIT
"""The short texts: summary.md for a pull request or a chat, and the table on the terminal."""

from pathlib import Path

from tailrace_report import claims_page, limits, noise, overview, trouble
from tailrace_report.study import Study
from tailrace_report.tables import filled, markdown_text, shortened, to_markdown, to_text

TROUBLE_ROWS_MAX = 10


def markdown(study: Study) -> str:
    """GitHub-flavoured; every text from the campaign is escaped."""
    campaign = study.campaign
    lines = [
        f"# Tailrace: {markdown_text(campaign.name)}",
        "",
        f"{overview.verdict_counts(study)}.",
        "",
    ]
    lines += [f"{markdown_text(sentence)}\n" for sentence in overview.first_of_all(study)]
    lines += [
        f"- **{markdown_text(s.about)}.** {markdown_text(s.text)}"
        for s in overview.statements(study)
    ]
    lines.append("")
    table = overview.headline(study)
    if table.rows:
        lines += [to_markdown(table)]
    claimed = claims_page.table(study)
    if claimed.rows:
        lines += [to_markdown(claimed)]
    disturbed = noise.sentences(study)
    if disturbed:
        lines += ["Noise:", "", *(f"- {markdown_text(one)}" for one in disturbed), ""]
    wrong = trouble.cells(study)
    if wrong.rows:
        note = "{} rows left out; the report has them."
        lines += [to_markdown(shortened(wrong, TROUBLE_ROWS_MAX, note))]
    lines += [f"- {markdown_text(note)}" for note in campaign.notes]
    lines += ["", "What these numbers do not show:", ""]
    lines += [f"- {markdown_text(limit)}" for limit in limits.limits(study)]
    facts = "; ".join(f"{key} {value}" for key, value in limits.reproduce(study).items())
    lines += ["", f"Reproduce: {markdown_text(facts or 'the manifest does not say how.')}", ""]
    return "\n".join(lines)


def terminal(study: Study, out: Path) -> str:
    """Plain text for any terminal: counts, headline table, finding, where the rest is."""
    parts = [f"\n{study.campaign.name}: {overview.verdict_counts(study)}"]
    parts += [filled(sentence, "") for sentence in overview.first_of_all(study)]
    parts.append("")
    table = overview.headline(study)
    if table.rows:
        parts.append(to_text(table))
    for statement in overview.statements(study):
        parts.append(filled(f"{statement.about}. {statement.text}", "* "))
    parts += _trouble_lines(study)
    parts += list(study.campaign.notes)
    parts.append(f"\nReport: {out / 'index.html'}\n")
    return "\n".join(parts)


def _trouble_lines(study: Study) -> list[str]:
    """Alike cells that are not ok in one paragraph each, with cause and remedy in full."""
    rows = trouble.cells(study).rows
    lines = [""] if rows else []
    for who, status, count, points, cause, remedy in rows[:TROUBLE_ROWS_MAX]:
        cells = f"{count} cell{'' if count == '1' else 's'} at {points}: " if count != "0" else ""
        text = cause + ("" if remedy == "-" else f"; {remedy}")
        lines.append(filled(f"{status}: {who}, {cells}{text}", "! "))
    if len(rows) > TROUBLE_ROWS_MAX:
        lines.append(f"! {len(rows) - TROUBLE_ROWS_MAX} more kinds of trouble are in the report.")
    return lines
