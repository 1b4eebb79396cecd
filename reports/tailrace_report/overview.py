# SPDX-License-Identifier: MIT
"""What a reader sees first: how many cells ended how, the finding in a few sentences, and one table
with a row a subject. Generated from the study and from nothing else."""

from tailrace_report import stats, wording
from tailrace_report import subject_table as columns
from tailrace_report.campaign import FAILED, INVALID, OK, SKIPPED, Subject
from tailrace_report.kinds import KINDS
from tailrace_report.kinds.kind import Headline, Statement
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table

DIFFERS = "≠"


def cell_counts(study: Study) -> dict[str, int]:
    """How many cells ended how, and how many are planned but have not run."""
    cells = study.campaign.cells
    counts = {s: sum(c.status == s for c in cells) for s in (OK, INVALID, FAILED, SKIPPED)}
    return counts | {"not run": max(0, (study.campaign.planned or 0) - len(cells))}


def verdict_counts(study: Study) -> str:
    """`250 of 294 planned cells ok, 12 invalid, 1 failed, 42 skipped`: the top line."""
    counts, planned = cell_counts(study), study.campaign.planned
    of = f" of {wording.counted(planned, 'planned cell')}" if planned is not None else " cells"
    parts = [f"{counts[OK]}{of} ok"]
    parts += [f"{counts[status]} {status}" for status in (INVALID, FAILED, SKIPPED)]
    return ", ".join(parts + ([f"{counts['not run']} not run"] if counts["not run"] else []))


def statements(study: Study) -> list[Statement]:
    """The finding. At least one statement, also when nothing was measured."""
    found = _all_invalid(study)
    for kind in KINDS:
        found += kind.statements(study)
    if not found:
        return [Statement("Nothing measured", "No cell has numbers, so there is no finding.")]
    return found + _strength(study)


def _all_invalid(study: Study) -> list[Statement]:
    """Kinds of points at which nobody may be compared, so that silence is not read as a result."""
    names = []
    for kind in KINDS:
        points = kind.points(study)
        standings = {study.standing(who, p) for p in points for who in study.subjects}
        if points and OK not in standings:
            names.append(kind.about)
    if not names:
        return []
    text = (
        f"Every cell measured for {wording.joined(names)} failed a validity check, so those numbers"
        " are shown but neither compared nor concluded from."
    )
    return [Statement("Invalid", text)]


def _strength(study: Study) -> list[Statement]:
    """What the blocks permit to say; nothing when they carry all comparisons above."""
    found = [one for one in _headlines(study)[0] if one.to_floor and one.compared]
    shared = [one.compared.shared for one in found if len(one.compared.valid) > 1]
    least = min(shared, default=stats.BLOCKS_FOR_INTERVAL)
    if least >= stats.BLOCKS_FOR_INTERVAL:
        return []
    text = f"Some pairs above share {wording.counted(least, 'block')} only"
    if least > 1:
        chance = wording.figures(100 * 2 / 2**least, 2)
        text += f", in which two subjects that do not differ keep one order in {chance} % of cases"
    text += (
        ": such pairs are not compared, and brackets below"
        f" {stats.BLOCKS_FOR_INTERVAL} blocks are ranges, not confidence intervals."
    )
    return [Statement("How firm", text)]


def _headlines(study: Study) -> tuple[list[Headline], list[str]]:
    """The columns and their notes; those of the kinds that do not lead only where there are no
    others."""
    found: list[Headline] = []
    notes: list[str] = []
    for leads in (True, False):
        for kind in KINDS:
            if kind.leads == leads:
                more, said = kind.headline(study)
                found += [one for one in more if one.compared]
                notes += [note for note in said if note not in notes]
        if found:
            break
    return found, notes


def headline(study: Study) -> Table:
    """Medians only; the sections have the intervals. Rows in the fixed order of subjects."""
    found, notes = _headlines(study)
    table = Table("", [columns.NAME] + [Column(one.title) for one in found])
    for who in study.subjects:
        texts = [_text(one, who) for one in found]
        if any(text != wording.MISSING for text in texts):
            table.add(study.labels[who], *texts)
    table.notes += notes
    if table.rows:
        note = "Medians over blocks"
        if study.floor and any(one.to_floor for one in found):
            note += f", and how many times {study.labels[study.floor]}"
        table.notes.append(f"{note}.")
    if any(DIFFERS in text for row in table.rows for text in row):
        table.notes.append(f"{DIFFERS}: differs significantly from it (95 %, this pair alone).")
    measured = {cell.subject for cell in study.campaign.cells if cell.measured}
    named = {row[0] for row in table.rows}
    absent = [study.labels[who] for who in study.subjects if who not in measured]
    absent = [name for name in absent if name not in named]
    if absent:
        what = wording.joined(absent)
        table.notes.append(f"Nothing measured for {what}: see failed and skipped cells.")
    return table


def _text(one: Headline, who: Subject) -> str:
    entry = one.compared.of(who)
    if entry is None:
        return wording.MISSING
    text = entry.middle
    if not entry.valid:
        return f"{text} (invalid)"
    if not one.to_floor or entry.ratio is None:
        return text
    mark = f" {DIFFERS}" if stats.significant(entry.ratio) else "  "  # the place stays free
    return f"{text} {wording.times(entry.ratio.median)}{mark}"
