# SPDX-License-Identifier: MIT
"""`make reproduce CAMPAIGN=...`: does what a published campaign decided hold on this machine?
Relation by relation: subject to reference (the floor, or the first subject where it has no number)
at one point by one measure, decided there and measured here by the same profile. Absolute numbers
of two machines are never compared.

- *holds*: decided here likewise: different in the same direction, or the same within what matters;
- *does not hold*: decided here otherwise, and the two intervals have nothing in common;
- *open*: not decided here, or decided otherwise although the intervals overlap, so that one truth
  may be behind both.

What was open there is counted and not asked again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailrace_report import build, compare, decide, stats, wording
from tailrace_report.campaign import Point, Subject
from tailrace_report.claim_numbers import MEASURES
from tailrace_report.decide import DIFFERENT, NOT_COMPARED, OPEN, SAME, Verdict
from tailrace_report.errors import CampaignError
from tailrace_report.load import read_campaign
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table, to_markdown, to_text

HOLDS, DOES_NOT, STAYS_OPEN = "holds here", "does not hold here", "open"
ANSWERS = (DOES_NOT, STAYS_OPEN, HOLDS)  # in the order in which they are listed
# Kind of point -> what is compared there, by the names of claims.
ASKED = {
    "open": ("cpu", "p50", "quiet_p99", "p99"),
    "closed": ("cpu", "rate"),
    "hog": ("p99",),
    "skew": ("p99",),
    "memory": ("connection_user_bytes", "connection_bytes"),
    "task_memory": ("task_user_bytes", "task_bytes"),
    "file": ("read_cpu", "reads"),
    "timer": ("fire_cpu", "lateness_p99", "cancel_cpu"),
}
# How long was measured decides how well is known what, not what.
OF_LENGTH = ("duration_s", "warmup_s", "slice_s", "settle_s", "duration_ms", "blocks")
SUMMARY = "reproduced.md"


@dataclass(frozen=True)
class Relation:
    """`who` / `to` at a point, with the verdicts of both campaigns."""

    text: str
    there: Verdict
    here: Verdict
    answer: str
    why: str = ""


@dataclass(frozen=True)
class Result:
    relations: tuple[Relation, ...]
    open_there: int  # relations that the published campaign left open
    machines: Table

    def count(self, answer: str) -> int:
        return sum(one.answer == answer for one in self.relations)


def words(published: Path) -> list[str]:
    """Of `tailrace run` that measures the same profile, as it is in this tree; a point that has
    changed since is another load, and stays open. Raises CampaignError."""
    manifest = read_campaign(published).manifest
    profile, contestants = manifest.get("profile"), manifest.get("contestants")
    contestants = contestants if isinstance(contestants, list) else []
    found = profile if isinstance(profile, dict) else {}
    name, blocks, seed = found.get("name"), found.get("blocks"), manifest.get("seed")
    if not (isinstance(name, str) and name.replace("-", "").isalnum()) or not all(
        isinstance(number, int) and number >= 0 for number in (blocks, seed)
    ):
        raise CampaignError([f"{published} does not say which profile it measured."])
    listed = [one for one in contestants if isinstance(one, dict) and one.get("available")]
    ids = [str(one.get("id")) for one in listed]
    wanted = [one for one in ids if one != "null" and one.replace("-", "").isalnum()]
    more = ["--runtimes", ",".join(wanted)] if wanted else []
    return ["--profile", name, "--seed", str(seed), "--blocks", str(blocks), *more]


def compared(published: Path, here: Path) -> Result:
    """Raises CampaignError."""
    before, after = read_campaign(published), read_campaign(here)
    one, other = Study(before), Study(after)
    relations, left = [], 0
    for point, measure, who, to, there in decided(one):
        if there.outcome not in (DIFFERENT, SAME):
            left += there.outcome == OPEN
            continue
        text = f"{one.labels[who]} / {one.labels[to]}, {MEASURES[measure].title} at {point.id}"
        verdict, why = _again(other, point, measure, who, to)
        answer, more = judged(there, verdict)
        relations.append(Relation(text, there, verdict, answer, why or more))
    relations.sort(key=lambda relation: ANSWERS.index(relation.answer))
    return Result(tuple(relations), left, compare.fingerprints(before, after))


def decided(study: Study) -> Iterator[tuple[Point, str, Subject, Subject, Verdict]]:
    """Each subject to the reference at each point by each measure that is asked for there."""
    for point in study.points:
        for name in ASKED.get(point.kind, ()):
            measure = MEASURES[name].measure
            whole = [] if measure is None else [
                entry.subject for entry in study.compare(point, measure).valid if not entry.regimes
            ]
            if len(whole) < 2 or measure is None:
                continue
            to = study.floor if study.floor in whole else whole[0]
            pairs = study.compare(point, measure).pairs
            for who in whole:
                if who != to:
                    yield point, name, who, to, pairs.of(who, to)


def _again(
    study: Study, asked: Point, name: str, who: Subject, to: Subject
) -> tuple[Verdict, str]:
    """The same relation in this campaign; or nothing, and why."""
    point = next((one for one in study.points if one == asked), None)
    measure = MEASURES[name].measure
    if point is None or measure is None:
        return decide.NOTHING, "this point was not measured here"
    if _load(point) != _load(asked):
        return decide.NOTHING, "the point of this name is another load here"
    found = study.compare(point, measure)
    for one in (who, to):
        entry = found.of(one)
        if entry is None:
            return decide.NOTHING, f"{one.id} has no number here"
        if not entry.valid or entry.regimes:
            standing = "of two regimes" if entry.regimes else entry.standing
            return decide.NOTHING, f"{one.id} is {standing} here"
    return found.pairs.of(who, to), ""


def _load(point: Point) -> dict[str, Any]:
    every = {**point.numbers, **point.options, "arrivals": point.arrivals}
    return {key: value for key, value in every.items() if key not in OF_LENGTH}


def judged(there: Verdict, here: Verdict) -> tuple[str, str]:
    """One of ANSWERS, and why where it is open."""
    if here.outcome == NOT_COMPARED:
        return STAYS_OPEN, "too few generations here"
    if here.outcome == OPEN or there.ratio is None or here.ratio is None:
        return STAYS_OPEN, f"{wording.percent(100 * here.visible)} would have been seen"
    likewise = there.outcome == here.outcome and (
        here.outcome == SAME or _above(there.ratio) == _above(here.ratio)
    )
    if likewise:
        return HOLDS, ""
    if there.ratio.low <= here.ratio.high and here.ratio.low <= there.ratio.high:
        return STAYS_OPEN, "decided otherwise, but the intervals overlap"
    return DOES_NOT, ""


def _above(ratio: stats.Estimate) -> bool:
    return ratio.median > 1


def table(result: Result) -> Table:
    """A row a relation, what does not hold first."""
    titles = ("relation", "answer", "there", "here")
    made = Table("What was decided there", [Column(title, False) for title in titles])
    for one in result.relations:
        why = f": {one.why}" if one.why else ""
        texts = (_text(verdict) for verdict in (one.there, one.here))
        made.add(one.text, one.answer + why, *texts)
    made.notes.append(
        "There: the published campaign; here: this machine. Ratios with their 95 % intervals; ≠"
        " different and = the same are decided at 95 % for all pairs of a point and measure"
        " together. Holds: decided likewise. Does not hold: decided otherwise, and the intervals"
        " have nothing in common."
    )
    if result.open_there:
        left = wording.counted(result.open_there, "relation")
        made.notes.append(f"{left} more were open there and are not asked again.")
    return made


def _text(verdict: Verdict) -> str:
    mark = {DIFFERENT: " ≠", SAME: " =", OPEN: " ?"}.get(verdict.outcome, "")
    return wording.with_interval(verdict.ratio, wording.times) + mark


def sentence(result: Result) -> str:
    """`Of 45 relations decided there 40 hold here, 0 do not, 5 are open.`"""
    numbers = [result.count(answer) for answer in (HOLDS, DOES_NOT, STAYS_OPEN)]
    whole = wording.counted(len(result.relations), "relation")
    return (
        f"Of {whole} decided there {numbers[0]} hold here, {numbers[1]} do not, {numbers[2]} are"
        " open."
    )


def write(published: Path, here: Path, out: Path) -> tuple[Result, str]:
    """The result and the text for the terminal; also as `reproduced.md` in `out`. Raises
    CampaignError, OutputError."""
    result = compared(published, here)
    found = table(result)
    parts = [f"# {published.resolve().name}, measured again", "", sentence(result), ""]
    parts += [to_markdown(result.machines), to_markdown(found)]
    build.write(out, {SUMMARY: "\n".join(parts).encode("utf-8", "replace")})
    return result, "\n".join([to_text(result.machines), to_text(found), sentence(result)])
