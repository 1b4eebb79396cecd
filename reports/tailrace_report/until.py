# SPDX-License-Identifier: MIT
"""Whether a campaign that goes on until it is decided goes on, asked at each of its looks.

It ends when every leading pair is decided (*different* or *the same*, at the level of this look),
at its last look, or when the next look would take more minutes than there are, by what its
generations have taken so far. Leading pairs are those of the first table of the report: each valid
subject with the floor, or each with each where there is no floor, in each column that has ratios.
A pair that has a ratio is waited for, unless nobody is compared in its column, since that is of too
few generations by plan (memory). Who failed, was overloaded or has two regimes is not waited for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tailrace_report import overview, stats, wording
from tailrace_report.campaign import Campaign
from tailrace_report.decide import DIFFERENT, NOT_COMPARED, SAME, Verdict
from tailrace_report.load import read_campaign, read_looks
from tailrace_report.study import Comparison, Study


@dataclass(frozen=True)
class Answer:
    """`generations`: to how many it goes on, None where it ends; `why`: a sentence."""

    generations: int | None
    why: str


def answer(folder: Path) -> Answer:
    """Of a campaign, also one that was not finished. Raises CampaignError."""
    if read_looks(folder) is None:  # before what takes longer
        return Answer(None, "It ends as planned: its plan has no looks.")
    return of(read_campaign(folder))


def of(campaign: Campaign) -> Answer:
    """Raises CampaignError where numpy is missing."""
    looks = campaign.looks
    if looks is None:
        return Answer(None, "It ends as planned: its plan has no looks.")
    at = f"Look at {wording.counted(looks.generations, 'generation')} of {looks.at[-1]}"
    if len(campaign.cells) < (campaign.planned or 0):
        return Answer(looks.generations, f"{at}: not all of them are measured yet.")
    verdicts = list(leading(Study(campaign)))
    left = sum(verdict.outcome not in (DIFFERENT, SAME) for verdict in verdicts)
    pairs = f"{len(verdicts) - left} of {wording.counted(len(verdicts), 'leading pair')} decided"
    at = f"{at}, {pairs} at {wording.percent(100 * looks.level)}"
    if verdicts and not left:
        return Answer(None, f"{at}: it ends.")
    if looks.next is None:
        return Answer(None, f"{at}: it ends, for this was the last look.")
    taken, each = minutes(campaign)
    more = each * (looks.next - looks.generations)
    if taken + more > looks.at_most_minutes:
        needed = f"{looks.next} generations take {taken + more:.1f} minutes"
        return Answer(None, f"{at}: it ends, for {needed}, and {looks.at_most_minutes:g} is most.")
    return Answer(looks.next, f"{at}: it goes on to {looks.next}.")


def leading(study: Study) -> Iterator[Verdict]:
    """Of the pairs that are waited for."""
    for one in overview.headlines(study)[0]:
        if not one.to_floor:
            continue
        found = [verdict for verdict in _pairs(study, one.compared) if verdict.ratio]
        if any(verdict.outcome != NOT_COMPARED for verdict in found):
            yield from found


def _pairs(study: Study, compared: Comparison) -> list[Verdict]:
    valid = [entry.subject for entry in compared.valid]
    if study.floor not in valid:
        return compared.verdicts()
    return [compared.pairs.of(who, study.floor) for who in valid if who != study.floor]


def minutes(campaign: Campaign) -> tuple[float, float]:
    """What all cells have taken, and a generation; of those after the first, which has what is
    measured once besides."""
    by_block: dict[int, float] = {}
    for cell in campaign.cells:
        by_block[cell.block] = by_block.get(cell.block, 0.0) + cell.wall_s / 60
    later = [taken for block, taken in by_block.items() if block > 0]
    return sum(by_block.values()), stats.median(later or list(by_block.values()) or [0.0])
