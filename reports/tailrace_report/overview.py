# SPDX-License-Identifier: MIT
"""What a reader sees first: how many cells ended how, the finding in a few sentences, and one table
with a row a subject. Generated from the study and from nothing else."""

from tailrace_report import ceiling, decide, noise, regime_causes, same_load, selftest, stats
from tailrace_report import twin, wording
from tailrace_report import sentences as say
from tailrace_report import subject_table as columns
from tailrace_report.campaign import (
    FAILED,
    INVALID,
    OK,
    OVERLOADED,
    SKIPPED,
    STATUSES,
    Subject,
)
from tailrace_report.kinds import KINDS
from tailrace_report.kinds.kind import Headline, Statement
from tailrace_report.measures import RATE_OF_RUN
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table

RATIO = "× floor"


def cell_counts(study: Study) -> dict[str, int]:
    """How many cells ended how, and how many are planned but have not run."""
    cells = study.campaign.cells
    counts = {s: sum(c.status == s for c in cells) for s in STATUSES}
    if not counts[OVERLOADED]:
        del counts[OVERLOADED]
    return counts | {"not run": max(0, (study.campaign.planned or 0) - len(cells))}


def verdict_counts(study: Study) -> str:
    """`250 of 294 planned cells ok (3 in part), 12 invalid, 1 failed, 42 skipped`: the top line."""
    counts, planned = cell_counts(study), study.campaign.planned
    of = f" of {wording.counted(planned, 'planned cell')}" if planned is not None else " cells"
    partly = sum(bool(cell.spoiled) for cell in study.campaign.cells)
    parts = [f"{counts[OK]}{of} ok" + (f" ({partly} in part)" if partly else "")]
    parts += [f"{count} {status}" for status, count in counts.items() if count and status != OK]
    return ", ".join(parts)


def first_of_all(study: Study) -> list[str]:
    """How far the numbers can be trusted: the controls, and whether the machine was disturbed."""
    return [
        *selftest.warnings(study.campaign.selftest),
        *twin.resolution(study),
        *ceiling.sentences(study),
        *noise.disturbed(study),
    ]


def statements(study: Study) -> list[Statement]:
    """The finding. At least one statement, also when nothing was measured."""
    found = _all_invalid(study) + _overloaded(study)
    for kind in KINDS:
        found += kind.statements(study)
    if not found:
        return [Statement("Nothing measured", "No cell has numbers, so there is no finding.")]
    found += [
        Statement(about, text)
        for about, changes in (
            ("Neighbour", same_load.neighbours(study)),
            ("Scheduling class", same_load.classes(study)),
        )
        for change in changes
        if (text := same_load.sentence(study, change))
    ]
    found += [Statement("Regimes", text) for text in regime_causes.sentences(study)]
    return found + _looks(study) + _strength(study)


def _all_invalid(study: Study) -> list[Statement]:
    """Kinds of points at which nobody may be compared, so that silence is not read as a result."""
    names = []
    for kind in KINDS:
        points = kind.points(study)
        standings = {study.standing(who, p) for p in points for who in study.subjects}
        if points and not standings & {OK, OVERLOADED}:
            names.append(kind.about)
    if not names:
        return []
    text = (
        f"Every cell measured for {wording.joined(names)} failed a validity check, so those numbers"
        " are shown but neither compared nor concluded from."
    )
    return [Statement("Invalid", text)]


def _overloaded(study: Study) -> list[Statement]:
    """Who could not keep up with which offered rate, where it has a number."""
    found = []
    for point in study.points:
        lacking = []
        for who in study.present(point):
            cells = study.cells(who, point, OVERLOADED)
            rates = [c.numbers[RATE_OF_RUN.key] for c in cells if RATE_OF_RUN.key in c.numbers]
            if not rates:
                continue
            text = f"{study.labels[who]} achieved {wording.rate(stats.median(rates))}"
            generations = sum(study.blocks(who, point).values())
            if len(cells) < generations:
                text += f" in {len(cells)} of {generations} generations"
            lacking.append(text)
        if lacking:
            named = wording.joined(say.some(lacking))
            text = f"{say.capital(point.title)}: {named}, while the client was in time."
            found.append(Statement("Overloaded", text))
    return found


def _looks(study: Study) -> list[Statement]:
    """How often was looked, where that was more than once, and what it costs the verdicts."""
    looks = study.campaign.looks
    if looks is None or len(looks.at) == 1:
        return []
    seen = [str(at) for at in looks.at if at <= looks.generations]
    text = (
        f"This campaign goes on until it is decided, at most {looks.at[-1]} generations; looked at"
        f" after {wording.joined(seen)}. Verdicts of this look are at"
        f" {wording.percent(100 * looks.level)}, so that those of all looks together are wrong in"
        f" at most {wording.percent(100 * decide.LEVEL).replace('.0', '')}; intervals are those of"
        " a single look."
    )
    return [Statement("Looks", text)]


def _strength(study: Study) -> list[Statement]:
    """Whether some pairs were not compared; nothing when all were."""
    verdicts = [
        verdict
        for one in headlines(study)[0]
        if one.to_floor
        for verdict in one.compared.verdicts()
    ]
    unclear = [verdict for verdict in verdicts if verdict.outcome == decide.NOT_COMPARED]
    if not unclear:
        return []
    least = min(verdict.ratio.blocks if verdict.ratio else 0 for verdict in unclear)
    text = (
        f"{len(unclear):,} of {wording.counted(len(verdicts), 'pair')} above were not compared:"
        f" they share as few as {wording.counted(least, 'generation')}, and below"
        f" {decide.GENERATIONS_MIN} nothing is said about a pair and brackets are ranges, not"
        " confidence intervals."
    )
    return [Statement("How firm", text)]


def headlines(study: Study) -> tuple[list[Headline], list[str]]:
    """The columns and their notes. A kind that does not lead has all of its columns only where no
    other has any, and those beside the others'."""
    leading = [kind.headline(study) for kind in KINDS if kind.leads]
    if any(one.compared for more, _ in leading for one in more):
        asked = [*leading, *(kind.beside(study) for kind in KINDS if not kind.leads)]
    else:
        asked = [*leading, *(kind.headline(study) for kind in KINDS if not kind.leads)]
    found: list[Headline] = []
    notes: list[str] = []
    for more, said in asked:
        found += [one for one in more if one.compared]
        notes += _absent(more)
        notes += [note for note in said if note not in notes]
    return found, notes


def _absent(asked: list[Headline]) -> list[str]:
    """Why columns that one would look for are not there."""
    by_cause: dict[str, list[str]] = {}
    for one in asked:
        if one.absent and not one.compared:
            by_cause.setdefault(one.absent, []).append(one.title)
    return [f"No {', '.join(titles)}: {cause}." for cause, titles in by_cause.items()]


def headline(study: Study) -> Table:
    """Medians and what they are to the floor, side by side; the sections have the intervals. Rows
    in the fixed order of subjects; one for all numbers of workers: where a point has its own, the
    notes say so."""
    found, notes = headlines(study)
    table = Table("", [columns.NAME])
    for one in found:
        table.columns.append(Column(one.title))
        if _with_ratio(study, one):
            table.columns.append(Column(RATIO))
    rows: dict[str, list[Subject]] = {}
    for who in study.subjects:
        rows.setdefault(study.labels[who], []).append(who)
    for label, same in rows.items():
        texts = [text for one in found for text in _texts(study, one, _at(one, same))]
        if any(text not in (wording.MISSING, "") for text in texts):
            table.add(label, *texts)
    table.notes += notes
    shown = [who for row in table.rows for who in rows[row[0]]]
    table.notes += columns.alone_notes(study, shown)
    table.notes += columns.regime_notes(one.compared for one in found)
    if table.rows:
        table.notes += _ratio_notes(study, [one for one in found if one.to_floor])
    measured = {cell.subject for cell in study.campaign.cells if cell.measured}
    named = {row[0] for row in table.rows}
    absent = [study.labels[who] for who in study.subjects if who not in measured]
    absent = [name for name in absent if name not in named]
    if absent:
        what = wording.joined(absent)
        table.notes.append(f"Nothing measured for {what}: see the cells that are not ok.")
    return table


def _at(one: Headline, same: list[Subject]) -> Subject:
    """Who of those that differ in their workers alone has this number."""
    return next((who for who in same if one.compared.of(who)), same[0])


def _ratio_notes(study: Study, found: list[Headline]) -> list[str]:
    """What stands behind the medians, and what the marks mean."""
    if not study.floor or not found:
        return ["Medians over generations."]
    floor = study.labels[study.floor]
    verdicts = {one.title: one.compared.verdicts() for one in found}
    marks = columns.legend(floor, verdicts, "a column")
    half = " ± half the 95 % interval" if marks else ""
    return [f"Medians over generations; × floor: how many times {floor}{half}.", *marks]


def _with_ratio(study: Study, one: Headline) -> bool:
    """Whether it has a second column; not where the floor stands alone or is not there."""
    return one.to_floor and any(entry.ratio or not entry.valid for entry in one.compared.entries)


def _texts(study: Study, one: Headline, who: Subject) -> list[str]:
    """The value, and beside it what it is to the floor, or why it is compared with nobody."""
    entry = one.compared.of(who)
    if not _with_ratio(study, one):
        if entry is None:
            return [wording.MISSING]
        return [entry.middle if entry.valid else f"{entry.middle} ({entry.standing})"]
    if entry is None:
        return [wording.MISSING, ""]
    if not entry.valid:
        return [entry.middle, entry.standing]
    if who == study.floor:
        return [entry.middle, "floor"]
    if entry.ratio is None:
        return [entry.middle, ""]
    verdict = one.compared.pairs.of(who, study.floor)
    return [entry.middle, columns.marked(wording.relative(entry.ratio), verdict)]
