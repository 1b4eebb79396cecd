# SPDX-License-Identifier: MIT
"""Published claims, judged by what a campaign measured. The claims are data: reports/claims/*.toml,
one `[[claim]]` a claim (README.md says what its keys are). Nothing here is decided by hand:

- a relation is a number (claim_numbers.py) or the ratio of two, claimed to be above, below or
  about a bound. It *holds* where the measured one is shown to lie on the claimed side, *fails*
  where it is shown to lie on the other, at 95 % for all relations of a campaign together
  (decide.py); else it is *open*, as it is below six generations. What is counted exactly needs no
  test;
- a claim is *confirmed* if all its relations hold, *refuted* if some fail and none holds; where
  some hold and some fail it *depends*, on what these differ in; else it is *open*, with what it
  would take.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailrace_report import claim_numbers, decide, stats, wording
from tailrace_report.claim_numbers import Found
from tailrace_report.errors import CampaignError
from tailrace_report.measures import PerBlock
from tailrace_report.study import Study

FOLDER = Path(__file__).parents[1] / "claims"
EQUAL_SHARE = 0.05
HOLDS, FAILS = "holds", "fails"
CONFIRMED, REFUTED, DEPENDS, OPEN = "confirmed", "refuted", "depends", "open"
WORDS = (CONFIRMED, REFUTED, DEPENDS, OPEN)
ABOVE, BELOW, EQUAL = "above", "below", "equal"


@dataclass(frozen=True)
class Relation:
    """`of` / `to`, each `id` or `id:form`, at the point with the id `at`; without `to` the number
    of `of` itself, and `than` is in its unit. With `since`, another point, what is judged is how
    much larger it is at `at` than there. `within`: the share that *equal* permits."""

    of: str
    at: str
    claimed: str
    to: str = ""
    measure: str = "rate"
    than: float = 1.0
    since: str = ""
    within: float = EQUAL_SHARE


@dataclass(frozen=True)
class Claim:
    """What was published, where, and what would have to be so here. `profile`: of the campaign that
    measures it; `missing`: the kind of measurement without which nothing more can be said."""

    id: str
    says: str
    source: str
    relations: tuple[Relation, ...]
    profile: str = "claims"
    missing: str = ""

    @property
    def command(self) -> str:
        """What measures it."""
        if self.profile == "claims":
            return "make claims"
        return f"make bench PROFILE={self.profile}"


@dataclass(frozen=True)
class Judged:
    """A relation with what was measured; `why` says what is missing where it is open. `absent`: it
    was not measured in this campaign, or by too few generations."""

    relation: Relation
    estimate: stats.Estimate | None
    state: str
    why: str
    absent: bool = False


@dataclass(frozen=True)
class Verdict:
    claim: Claim
    relations: tuple[Judged, ...]
    word: str
    why: str

    @property
    def told(self) -> bool:
        """Whether the campaign has something to say of it: a verdict, or all numbers for one."""
        whole = bool(self.relations) and all(one.estimate for one in self.relations)
        return self.word != OPEN or whole


def read(folder: Path = FOLDER) -> list[Claim]:
    """All claims, by file and place. Raises CampaignError naming the file."""
    found: list[Claim] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            whole = tomllib.loads(path.read_text("utf-8"))
            found += [_claim(one) for one in whole.get("claim", [])]
        except (OSError, ValueError, TypeError) as error:
            raise CampaignError([f"{path}: {error}."]) from None
        names = [one.id for one in found]
        if len(set(names)) < len(names):
            raise CampaignError([f"{path}: a claim has the id of another."])
    return found


def _claim(one: dict[str, Any]) -> Claim:
    """Raises TypeError or ValueError where a key is unknown, missing or no such thing."""
    name = one.get("id")
    relations = [Relation(**member) for member in one.pop("relations", [])]
    for relation in relations:
        known = claim_numbers.MEASURES
        if relation.measure not in known or relation.claimed not in (ABOVE, BELOW, EQUAL):
            raise ValueError(f"claim {name} has an unknown `measure` or `claimed`")
        if relation.than <= 0 or relation.within <= 0:
            raise ValueError(f"claim {name} has a `than` or `within` that is not above 0")
    claim = Claim(**one, relations=tuple(relations))
    if not relations and not claim.missing:
        raise ValueError(f"claim {name} has neither `relations` nor `missing`")
    return claim


def judge(study: Study) -> list[Verdict]:
    claims = read()
    relations = [relation for claim in claims for relation in claim.relations]
    judged = iter(judged_all(
        [(one, measured(study, one)) for one in relations], study.campaign.level
    ))
    return [_verdict(claim, tuple(next(judged) for _ in claim.relations)) for claim in claims]


def _verdict(claim: Claim, judged: tuple[Judged, ...]) -> Verdict:
    states = {one.state for one in judged}
    if FAILS in states and HOLDS in states:
        return Verdict(claim, judged, DEPENDS, _on_what(judged))
    if FAILS in states:
        return Verdict(claim, judged, REFUTED, "")
    if states == {HOLDS}:
        return Verdict(claim, judged, CONFIRMED, "")
    return Verdict(claim, judged, OPEN, _would_take(claim, judged))


def _on_what(judged: Sequence[Judged]) -> str:
    """`holds at x; fails at y`: of each relation what not all have alike."""
    texts = [_parts(one.relation) for one in judged]
    differing = [at for at in range(len(texts[0])) if len({text[at] for text in texts}) > 1]
    said = []
    for state in (HOLDS, FAILS):
        named = [
            " ".join(text[at] for at in differing)
            for one, text in zip(judged, texts)
            if one.state == state
        ]
        said.append(f"{state} {wording.joined(list(dict.fromkeys(named)))}")
    return "; ".join(said)


def _parts(relation: Relation) -> tuple[str, str, str]:
    """Of whom, what, and where."""
    pair = relation.to and relation.to != relation.of
    who = f"for {claim_numbers.label(relation.of)}"
    who += f" / {claim_numbers.label(relation.to)}" if pair else ""
    where = f"at {relation.at}"
    if relation.since:
        where += f" / {'the same ' if pair else ''}at {relation.since}"
    return who, f"in {claim_numbers.MEASURES[relation.measure].title}", where


def _would_take(claim: Claim, judged: Sequence[Judged]) -> str:
    reasons = list(dict.fromkeys(one.why for one in judged if one.state == OPEN))
    if any(one.absent for one in judged):
        reasons.append(f"`{claim.command}` measures it")
    if claim.missing:
        reasons.append(f"it takes {claim.missing}")
    return "; ".join(reasons)


def measured(study: Study, relation: Relation) -> Found:
    """The number or ratio by block, over the bound; or none, and why."""
    found = _ratios(study, relation, relation.at)
    if not found.numbers or not relation.since:
        return found
    before = _ratios(study, relation, relation.since)
    if not before.numbers:
        return before
    shared = stats.shared_ratios(found.numbers, before.numbers)
    return Found(shared, "" if shared else "no generation has both points", found.exact)


def _ratios(study: Study, relation: Relation, at: str) -> Found:
    of = claim_numbers.found(study, relation.of, at, relation.measure)
    # With `since` and one subject: the number itself at the two points.
    if not of.numbers or not relation.to or relation.of == relation.to:
        return of
    to = claim_numbers.found(study, relation.to, at, relation.measure)
    if not to.numbers:
        return to
    shared = stats.shared_ratios(of.numbers, to.numbers)
    return Found(shared, "" if shared else f"no generation has both at {at}", of.exact)


def judged_all(found: Sequence[tuple[Relation, Found]], level: float) -> list[Judged]:
    """Relations with their numbers by block, corrected for one another."""
    tested = [
        n for n, (_, by) in enumerate(found)
        if not by.exact and len(by.numbers) >= decide.GENERATIONS_MIN
        and all(number > 0 for number in by.numbers.values())
    ]
    sides = {n: _sides(found[n][0], found[n][1].numbers) for n in tested}
    tests, _ = decide.shown_above_zero([one for pair in sides.values() for one, _ in pair], level)
    states = iter(test.p <= level for test in tests)
    answer = []
    for n, (relation, by) in enumerate(found):
        estimate, state, why, absent = _estimate(by), OPEN, by.why, not by.numbers
        if by.numbers and not estimate:
            why = f"{relation_text(relation)}: there is no ratio of what is not above zero"
        if n in sides:
            shown = [means for (_, means) in sides[n] if next(states)]
            holds = shown.count(HOLDS) == sum(means == HOLDS for _, means in sides[n])
            state = FAILS if FAILS in shown else HOLDS if holds else OPEN
            why = "it is on neither side for certain" * (state == OPEN)
        elif estimate and by.exact:
            least = [min(one.values()) for one, means in _sides(relation, by.numbers)
                     if means == HOLDS]
            state = HOLDS if all(side > 0 or side == 0 and relation.claimed == EQUAL
                                 for side in least) else FAILS
        elif estimate:
            why = f"no interval from {wording.counted(estimate.blocks, 'generation')}"
            absent = True
        answer.append(Judged(relation, estimate, state, why, absent))
    return answer


def _estimate(found: Found) -> stats.Estimate | None:
    if any(number <= 0 for number in found.numbers.values()):
        return None
    made = stats.ratio_estimate(found.numbers)
    if made and found.exact:
        return stats.Estimate(made.median, made.median, made.median, 1, "exact")
    return made


def _sides(relation: Relation, found: PerBlock) -> list[tuple[dict[int, float], str]]:
    """Numbers by block, and what the relation does if their mean is above zero; it holds if all
    that say so are."""
    logs = {block: math.log(ratio / relation.than) for block, ratio in found.items()}
    above, below = logs, {block: -log for block, log in logs.items()}
    if relation.claimed == ABOVE:
        return [(above, HOLDS), (below, FAILS)]
    if relation.claimed == BELOW:
        return [(below, HOLDS), (above, FAILS)]
    about = math.log1p(relation.within)
    return [
        ({block: sign * log + shift for block, log in logs.items()}, means)
        for sign in (1, -1)
        for shift, means in ((about, HOLDS), (-about, FAILS))
    ]


def relation_text(relation: Relation) -> str:
    """`bare-uring / bare-epoll, rate at closed-50x64`."""
    name, at, since = claim_numbers.MEASURES[relation.measure].title, relation.at, relation.since
    of = claim_numbers.label(relation.of)
    if not relation.to or relation.of == relation.to:
        return f"{of}, {name} at {at}" + (f" / at {since}" if since else "")
    text = f"{of} / {claim_numbers.label(relation.to)}, {name} at {at}"
    return f"{text} / the same at {since}" if since else text


def value_text(relation: Relation, value: float) -> str:
    """A ratio, or a number in its unit where the relation is about one."""
    if relation.to or relation.since:
        return wording.times(value)
    return claim_numbers.MEASURES[relation.measure].form(value)


def claimed_text(relation: Relation) -> str:
    """`above 1.00×`, `about 2,048 B (within 25 %)`."""
    bound = value_text(relation, relation.than)
    if relation.claimed != EQUAL:
        return f"{relation.claimed} {bound}"
    return f"about {bound} (within {100 * relation.within:.0f} %)"
