# SPDX-License-Identifier: MIT
"""Published claims, judged by what a campaign measured. The claims are data: reports/claims/*.toml,
one `[[claim]]` a claim (README.md says what its keys are). Nothing here is decided by hand:

- a relation is a ratio of two subjects, claimed to be above, below or about (within EQUAL_SHARE) a
  number. It *holds* where the measured ratio is shown to lie on the claimed side, *fails* where it
  is shown to lie on the other, at 95 % for all relations of a campaign together (decide.py); else
  it is *open*, as it is below six generations;
- a claim is *refuted* if one of its relations fails, *confirmed* if all hold, and else *not
  decidable here*, with the reason.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailrace_report import decide, stats, wording
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
    claims = read()
    relations = [relation for claim in claims for relation in claim.relations]
    judged = iter(judged_all(
        [(one, *measured(study, one)) for one in relations], study.campaign.level
    ))
    return [_verdict(claim, tuple(next(judged) for _ in claim.relations)) for claim in claims]


def _verdict(claim: Claim, judged: tuple[Judged, ...]) -> Verdict:
    states = [one.state for one in judged]
    if FAILS in states:
        return Verdict(claim, judged, REFUTED, "")
    if judged and all(state == HOLDS for state in states):
        return Verdict(claim, judged, CONFIRMED, "")
    reasons = [one.why for one in judged if one.state == OPEN] or [claim.not_tested]
    return Verdict(claim, judged, UNDECIDED, "; ".join(dict.fromkeys(reasons)))


def measured(study: Study, relation: Relation) -> tuple[PerBlock, str]:
    """The ratio by block; or none, and why."""
    numbers, why = _ratios(study, relation, relation.at)
    if not numbers or not relation.since:
        return numbers, why
    before, why = _ratios(study, relation, relation.since)
    return stats.shared_ratios(numbers, before), why or "no generation has both points"


def judged_all(
    found: Sequence[tuple[Relation, PerBlock, str]], level: float
) -> list[Judged]:
    """Relations with their ratios by block (or why there are none), corrected for one another."""
    tested = [n for n, (_, by, _) in enumerate(found) if len(by) >= decide.GENERATIONS_MIN]
    sides = {n: _sides(*found[n][:2]) for n in tested}
    tests, _ = decide.shown_above_zero([one for pair in sides.values() for one, _ in pair], level)
    states = iter(test.p <= level for test in tests)
    answer = []
    for n, (relation, by_block, why) in enumerate(found):
        estimate, state = stats.ratio_estimate(by_block), OPEN
        if n in sides:
            shown = [means for (_, means) in sides[n] if next(states)]
            holds = shown.count(HOLDS) == sum(means == HOLDS for _, means in sides[n])
            state = FAILS if FAILS in shown else HOLDS if holds else OPEN
            why = "it is on neither side for certain" * (state == OPEN)
        elif estimate:
            why = f"no interval from {wording.counted(estimate.blocks, 'generation')}"
        answer.append(Judged(relation, estimate, state, why))
    return answer


def _sides(relation: Relation, found: PerBlock) -> list[tuple[dict[int, float], str]]:
    """Numbers by block, and what the relation does if their mean is above zero; it holds if all
    that say so are."""
    logs = {block: math.log(ratio / relation.than) for block, ratio in found.items()}
    above, below = logs, {block: -log for block, log in logs.items()}
    if relation.claimed == "above":
        return [(above, HOLDS), (below, FAILS)]
    if relation.claimed == "below":
        return [(below, HOLDS), (above, FAILS)]
    about = math.log(1 + EQUAL_SHARE)
    return [
        ({block: sign * log + shift for block, log in logs.items()}, means)
        for sign in (1, -1)
        for shift, means in ((about, HOLDS), (-about, FAILS))
    ]


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
        numbers = study.comparable(same[0], point, measure)
        if not numbers:
            where = f"{_label(name)} at {load_text(*at)}"
            split = [entry.subject for entry in study.compare(point, measure).split]
            why = "two regimes" if same[0] in split else _standing(study, same[0], point)
            return {}, f"{where}: {why}"
        found.append(numbers)
    of, to = found
    if relation.of == relation.to:  # with `since`: the number itself at the two loads
        return of, ""
    shared = stats.shared_ratios(of, to)
    return shared, "" if shared else f"no generation has both at {load_text(*at)}"


def _point(study: Study, at: tuple[int, ...]) -> Point | None:
    wanted = (*at, 1)[:3]
    return next((p for p in study.points_of("closed") if load_of(p) == wanted), None)


def _standing(study: Study, who: Subject, point: Point) -> str:
    for status in STATUSES:
        if study.cells(who, point, status):
            return "the number was not measured" if status == OK else f"{status} in all generations"
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
            "A relation holds (fails) where it is shown to lie on the claimed (the other) side, at"
            " 95 % for all relations together; a claim is confirmed where all hold and refuted"
            f" where one fails. About: within {100 * EQUAL_SHARE:.0f} %. Judged is the direction on"
            " this machine, not the size."
        )
    return made
