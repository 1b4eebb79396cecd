# SPDX-License-Identifier: MIT
"""Published claims, judged by what a campaign measured. The claims are data: reports/claims/*.toml,
one `[[claim]]` a claim (README.md says what its keys are). Nothing here is decided by hand:

- a relation is a ratio of two subjects, claimed to be above, below or about (within EQUAL_SHARE) a
  number. It *holds* where the whole interval of the measured ratio lies on the claimed side,
  *fails* where it lies on the other; else it is *open*, as it is below six blocks;
- a claim is *refuted* if one of its relations fails, *confirmed* if all hold, and else *not
  decidable here*, with the reason.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailrace_report import stats, wording
from tailrace_report.campaign import OK, STATUSES, Point, Subject
from tailrace_report.errors import CampaignError
from tailrace_report.measures import PerBlock
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table
from tailrace_report.versus import MEASURES, load_of, load_text

FOLDER = Path(__file__).parents[1] / "claims"
EQUAL_SHARE = 0.05
HOLDS, FAILS, OPEN = "holds", "fails", "open"
CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "not decidable here"


@dataclass(frozen=True)
class Relation:
    """`of` / `to`, each `id` or `id:form`, at a closed point (connections, bytes, depth). With
    `since`, what is judged is how much larger the ratio is at `at` than at `since`."""

    of: str
    to: str
    at: tuple[int, ...]
    claimed: str
    measure: str = "rate"
    than: float = 1.0
    since: tuple[int, ...] = ()


@dataclass(frozen=True)
class Claim:
    """What was published, where, and what would have to be so here."""

    id: str
    says: str
    source: str
    relations: tuple[Relation, ...]
    not_tested: str = ""  # why there is no relation


@dataclass(frozen=True)
class Judged:
    """A relation with what was measured; `why` says what is missing where it is open."""

    relation: Relation
    estimate: stats.Estimate | None
    state: str
    why: str


@dataclass(frozen=True)
class Verdict:
    claim: Claim
    relations: tuple[Judged, ...]
    word: str
    why: str


def read(folder: Path = FOLDER) -> list[Claim]:
    """All claims, by file and place. Raises CampaignError naming the file."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        try:
            whole = tomllib.loads(path.read_text("utf-8"))
            found += [_claim(one) for one in whole.get("claim", [])]
        except (OSError, ValueError, TypeError) as error:
            raise CampaignError([f"{path}: {error}."]) from None
    return found


def _claim(one: dict[str, Any]) -> Claim:
    """Raises TypeError where a key is unknown or missing."""
    relations = [
        Relation(**{key: tuple(v) if isinstance(v, list) else v for key, v in member.items()})
        for member in one.pop("relations", [])
    ]
    for relation in relations:
        if relation.measure not in MEASURES or relation.claimed not in ("above", "below", "equal"):
            raise ValueError(f"claim {one.get('id')} has an unknown `measure` or `claimed`")
    return Claim(**one, relations=tuple(relations))


def judge(study: Study) -> list[Verdict]:
    return [_verdict(study, claim) for claim in read()]


def _verdict(study: Study, claim: Claim) -> Verdict:
    judged = tuple(_judged(study, relation) for relation in claim.relations)
    states = [one.state for one in judged]
    if FAILS in states:
        return Verdict(claim, judged, REFUTED, "")
    if judged and all(state == HOLDS for state in states):
        return Verdict(claim, judged, CONFIRMED, "")
    reasons = [one.why for one in judged if one.state == OPEN] or [claim.not_tested]
    return Verdict(claim, judged, UNDECIDED, "; ".join(dict.fromkeys(reasons)))


def _judged(study: Study, relation: Relation) -> Judged:
    numbers, why = _ratios(study, relation, relation.at)
    before = dict.fromkeys(numbers, 1.0)
    if numbers and relation.since:
        before, why = _ratios(study, relation, relation.since)
        why = why or "no block has both points"
    estimate = stats.paired_ratio(numbers, before) if numbers and before else None
    if estimate is None:
        return Judged(relation, None, OPEN, why)
    if estimate.kind != "interval":
        few = f"no interval from {wording.counted(estimate.blocks, 'block')}"
        return Judged(relation, estimate, OPEN, few)
    state = decide(estimate, relation.claimed, relation.than)
    return Judged(relation, estimate, state, "the interval covers both sides" * (state == OPEN))


def decide(estimate: stats.Estimate, claimed: str, than: float) -> str:
    """On which side of `than` the whole interval lies."""
    around = 1 + EQUAL_SHARE if claimed == "equal" else 1.0
    low, high = than / around, than * around
    above, below = estimate.low > high, estimate.high < low
    if claimed == "equal":
        inside = low <= estimate.low and estimate.high <= high
        return FAILS if above or below else HOLDS if inside else OPEN
    if above or below:
        return HOLDS if above == (claimed == "above") else FAILS
    return OPEN


def _ratios(study: Study, relation: Relation, at: tuple[int, ...]) -> tuple[PerBlock, str]:
    """of / to by block; or none, and why."""
    point = _point(study, at)
    if point is None:
        return {}, f"no measured point {load_text(*at)}"
    _, measure, _ = MEASURES[relation.measure]
    found: list[PerBlock] = []
    for name in (relation.of, relation.to):
        identity, _, form = name.partition(":")
        same = [w for w in study.subjects if (w.id, w.form) == (identity, form or "best")]
        if not same:
            return {}, f"{_label(name)} is not in this campaign"
        numbers = measure.per_block(study, same[0], point, OK)
        if not numbers:
            where = f"{_label(name)} at {load_text(*at)}"
            return {}, f"{where}: {_standing(study, same[0], point)}"
        found.append(numbers)
    of, to = found
    if relation.of == relation.to:  # with `since`: the number itself at the two loads
        return of, ""
    shared = {block: of[block] / to[block] for block in sorted(set(of) & set(to)) if to[block] > 0}
    return shared, "" if shared else f"no block has both at {load_text(*at)}"


def _point(study: Study, at: tuple[int, ...]) -> Point | None:
    wanted = (*at, 1)[:3]
    return next((p for p in study.points_of("closed") if load_of(p) == wanted), None)


def _standing(study: Study, who: Subject, point: Point) -> str:
    for status in STATUSES:
        if study.cells(who, point, status):
            return "the number was not measured" if status == OK else f"{status} in all blocks"
    return "was not measured"


def _label(name: str) -> str:
    identity, _, form = name.partition(":")
    return f"{identity} ({form})" if form else identity


def relation_text(relation: Relation) -> str:
    """`bare-uring / bare-epoll, rate at 50 × 64 B`."""
    name, *_ = MEASURES[relation.measure]
    at, since = load_text(*relation.at), relation.since
    if relation.of == relation.to and since:
        return f"{_label(relation.of)}, {name} at {at} / {load_text(*since)}"
    text = f"{_label(relation.of)} / {_label(relation.to)}, {name} at {at}"
    return f"{text} / the same at {load_text(*since)}" if since else text


def table(study: Study) -> Table:
    """One row a relation; the claim and its verdict in the first of its rows. Empty where the
    campaign measured nothing of what is claimed."""
    made = Table(
        "Published claims, on this machine",
        [Column(title, False) for title in ("claim", "says", "verdict", "relation", "claimed")]
        + [Column("measured"), Column("decides", False)],
    )
    verdicts = judge(study)
    if not any(judged.estimate for verdict in verdicts for judged in verdict.relations):
        return made
    for verdict in verdicts:
        claim = verdict.claim
        why = f": {verdict.why}" if verdict.why else ""
        first = [claim.id, f"{claim.says} ({claim.source})", verdict.word + why]
        for judged in verdict.relations:
            relation = judged.relation
            bound = wording.times(relation.than)
            made.add(
                *first,
                relation_text(relation),
                f"about {bound}" if relation.claimed == "equal" else f"{relation.claimed} {bound}",
                wording.with_interval(judged.estimate, wording.times),
                judged.state,
            )
            first = [claim.id, "", ""]
        if not verdict.relations:
            made.add(*first, "-", "-", "-", "-")
    if made.rows:
        made.notes.append(
            "A relation holds (fails) where its whole interval lies on the claimed (the other)"
            " side; a claim is confirmed where all hold and refuted where one fails. Equal: within"
            f" {100 * EQUAL_SHARE:.0f} %. Judged is the direction on this machine, not the size."
        )
    return made
