# SPDX-License-Identifier: MIT
"""Published claims about epoll and io_uring, each as relations that a campaign can test.

A relation is a ratio of two contestants at one point by one measure, and on which side of a
number it is claimed to be. The rule that decides (nothing here is decided by hand):
- a relation *holds* where the whole interval of the measured ratio lies on the claimed side,
  *fails* where the whole interval lies on the other; else it is *open*. Claimed equal means within
  EQUAL_SHARE. Below stats.BLOCKS_FOR_INTERVAL blocks there is no interval, and it is open.
- a claim is *refuted* if one of its relations fails, *confirmed* if all hold, and else *not
  decidable here*, with the reason.
What is tested is the direction, on this machine; the size that was published stands beside it.
Sources are named with each claim; the list follows a survey of issue threads, blogs and papers.
"""

from __future__ import annotations

from dataclasses import dataclass

from tailrace_report import stats, versus, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.study import Measure, PerBlock, Study
from tailrace_report.tables import Column, Table

EQUAL_SHARE = 0.05
HOLDS, FAILS, OPEN = "holds", "fails", "open"
CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "not decidable here"


@dataclass(frozen=True)
class Load:
    """A closed point, by what it is rather than by its name."""

    connections: int
    message_bytes: int
    depth: int = 1

    def text(self) -> str:
        deep = f", depth {self.depth}" if self.depth > 1 else ""
        return f"{self.connections:,} × {self.message_bytes:,} B{deep}"


@dataclass(frozen=True)
class Relation:
    """of / to, each `id` or `id:form`, is claimed to be `above`, `below` or `equal` to `than`.
    With `since`, what is judged is how much larger the ratio is at `at` than at `since`."""

    of: str
    to: str
    at: Load
    claimed: str
    measure: str = "rate"
    than: float = 1.0
    since: Load | None = None


@dataclass(frozen=True)
class Claim:
    """What was published, where, and what would have to be so here."""

    id: str
    says: str
    source: str
    relations: tuple[Relation, ...]
    untestable: str = ""  # why there is no relation


RING, EPOLL = "bare-uring", "bare-epoll"
PING, MANY = Load(50, 64), Load(1000, 64)

CLAIMS = (
    Claim(
        "E1",
        "io_uring is equal at 1 connection, +5 % at 50, and far ahead at hundreds (+68 % at 500)",
        "frevib/io_uring-echo-server, benchmarks.md; Linux 5.6-rc1, 128 B",
        (
            Relation(RING, EPOLL, Load(1, 64), "equal"),
            Relation(RING, EPOLL, PING, "above"),
            Relation(RING, EPOLL, MANY, "above"),
            Relation(RING, EPOLL, MANY, "above", since=PING),
        ),
    ),
    Claim(
        "E2",
        "epoll is faster than a plain port to io_uring",
        "liburing#189; Linux 5.9",
        (
            Relation(f"{RING}:naive", EPOLL, PING, "below"),
            Relation(f"{RING}:naive", EPOLL, MANY, "below"),
        ),
    ),
    Claim(
        "E3",
        "multishot receives into provided buffers bring +18 to +21 %",
        "liburing#854; Linux 6.0",
        (
            Relation(RING, f"{RING}:buffers-own", PING, "above"),
            Relation(RING, f"{RING}:buffers-own", MANY, "above"),
        ),
    ),
    Claim(
        "E4",
        "from 8 to 16 KiB on epoll wins, since its one buffer stays in the cache (+20 % at 16 KiB)",
        "liburing#862; arXiv 2512.04859",
        (
            Relation(f"{RING}:ring-only", EPOLL, Load(50, 16384), "below"),
            Relation(f"{RING}:ring-only", EPOLL, Load(50, 65536), "below"),
        ),
    ),
    Claim(
        "E5",
        "ping-pong favours io_uring, streaming favours epoll",
        "liburing#536; PhotonLibOS#784",
        (
            Relation(RING, EPOLL, PING, "above"),
            Relation(f"{RING}:ring-only", EPOLL, Load(50, 64, 16), "below"),
        ),
    ),
    Claim(
        "E6",
        "a plain epoll loop a thread beats a task runtime over io_uring by 26 to 37 %",
        "Silk, docs/perf.md; 32 CPUs, Linux 6.17, 64 B",
        (
            Relation(EPOLL, "uring", PING, "above"),
            Relation(EPOLL, "uring", MANY, "above"),
        ),
    ),
    Claim(
        "E7",
        "Asio's coroutines are 5 to 15 times as slow as a task runtime over io_uring",
        "Silk, docs/perf.md; one io_context shared by 16 threads",
        (Relation("uring", "asio-epoll", MANY, "above", than=5.0),),
    ),
    Claim(
        "E10",
        "larger batches make an operation cheaper (1,326 cycles alone, 283 in batches of 16)",
        "arXiv 2512.04859",
        (
            Relation(f"{RING}:min-wait", RING, PING, "below", "cpu"),
            Relation(RING, RING, MANY, "below", "cpu", since=Load(1, 64)),
        ),
    ),
    Claim(
        "E12",
        "multishot receives nearly double the rate of small messages on one connection",
        "arXiv 2512.04859; 64 B and 1 KiB",
        (Relation(RING, f"{RING}:receive-single", Load(1, 64, 16), "above"),),
    ),
    Claim(
        "E14",
        "DEFER_TASKRUN brings 350 to 450 k requests/s",
        "eio#842",
        (
            Relation(RING, f"{RING}:taskrun-none", PING, "above"),
            Relation(RING, f"{RING}:taskrun-coop", PING, "above"),
        ),
    ),
    Claim(
        "E19",
        "a pool of threads reads a cached file faster than one ring, a ring an uncached one",
        "liburing#472; rustfs#4653",
        (),
        "there is no workload that reads files yet",
    ),
)

MEASURES: dict[str, tuple[str, Measure]] = {
    key: (name, measure) for key, (name, measure, _) in zip(("rate", "cpu", "p99"), versus.MEASURES)
}


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


def judge(study: Study) -> list[Verdict]:
    """All claims, where the campaign compares io_uring with epoll at all; else none."""
    return [_verdict(study, claim) for claim in CLAIMS] if versus.pairs(study) else []


def _verdict(study: Study, claim: Claim) -> Verdict:
    judged = tuple(_judged(study, relation) for relation in claim.relations)
    states = [one.state for one in judged]
    if FAILS in states:
        return Verdict(claim, judged, REFUTED, "")
    if judged and all(state == HOLDS for state in states):
        return Verdict(claim, judged, CONFIRMED, "")
    reasons = [one.why for one in judged if one.state == OPEN] or [claim.untestable]
    return Verdict(claim, judged, UNDECIDED, "; ".join(dict.fromkeys(reasons)))


def _judged(study: Study, relation: Relation) -> Judged:
    numbers, why = _ratios(study, relation, relation.at)
    if numbers and relation.since:
        before, why = _ratios(study, relation, relation.since)
        estimate = stats.paired_ratio(numbers, before) if before else None
        if before and estimate is None:
            why = "no block has both points"
    else:
        estimate = stats.paired_ratio(numbers, dict.fromkeys(numbers, 1.0)) if numbers else None
    if estimate is None:
        return Judged(relation, None, OPEN, why)
    if estimate.kind != "interval":
        few = f"no interval from {wording.counted(estimate.blocks, 'block')}"
        return Judged(relation, estimate, OPEN, few)
    state = decide(estimate, relation.claimed, relation.than)
    return Judged(relation, estimate, state, "the interval covers both sides" * (state == OPEN))


def decide(estimate: stats.Estimate, claimed: str, than: float) -> str:
    """On which side of `than` the whole interval lies."""
    low, high = than, than
    if claimed == "equal":
        low, high = than / (1 + EQUAL_SHARE), than * (1 + EQUAL_SHARE)
    above, below = estimate.low > high, estimate.high < low
    if claimed == "equal":
        if above or below:
            return FAILS
        return HOLDS if low <= estimate.low and estimate.high <= high else OPEN
    if above or below:
        return HOLDS if above == (claimed == "above") else FAILS
    return OPEN


def _ratios(study: Study, relation: Relation, at: Load) -> tuple[PerBlock, str]:
    """of / to by block; or none, and why."""
    point = _point(study, at)
    if point is None:
        return {}, f"no measured point {at.text()}"
    _, measure = MEASURES[relation.measure]
    found: list[PerBlock] = []
    for name in (relation.of, relation.to):
        identity, _, form = name.partition(":")
        who = versus.find(study, identity, form or "best")
        if who is None:
            return {}, f"{_label(name)} is not in this campaign"
        numbers = measure(study, who, point, "ok")
        if not numbers:
            return {}, f"{_label(name)} at {at.text()}: {_standing(study, who, point)}"
        found.append(numbers)
    if relation.of == relation.to:  # with `since`: the number itself at the two loads
        return found[0], ""
    of, to = found
    shared = {block: of[block] / to[block] for block in sorted(set(of) & set(to)) if to[block] > 0}
    return shared, "" if shared else f"no block has both at {at.text()}"


def _point(study: Study, at: Load) -> Point | None:
    for point in study.points_of("closed"):
        if (point.connections, point.message_bytes, point.depth or 1) == (
            at.connections,
            at.message_bytes,
            at.depth,
        ):
            return point
    return None


def _standing(study: Study, who: Contestant, point: Point) -> str:
    for status in ("ok", "gated", "failed", "skipped"):
        if study.cells(who, point, status):
            return "the number was not measured" if status == "ok" else f"{status} in all blocks"
    return "was not measured"


def _label(name: str) -> str:
    identity, _, form = name.partition(":")
    return f"{identity} ({form})" if form else identity


def relation_text(relation: Relation) -> str:
    """`bare-uring / bare-epoll, rate at 50 × 64 B`."""
    name, _ = MEASURES[relation.measure]
    if relation.of == relation.to and relation.since:
        return f"{_label(relation.of)}, {name} at {relation.at.text()} / {relation.since.text()}"
    text = f"{_label(relation.of)} / {_label(relation.to)}, {name} at {relation.at.text()}"
    return f"{text} / the same at {relation.since.text()}" if relation.since else text


def table(study: Study) -> Table:
    """One row a relation; the claim and its verdict in the first of its rows."""
    made = Table(
        "Published claims, on this machine",
        [Column(title, False) for title in ("claim", "says", "verdict", "relation", "claimed")]
        + [Column("measured"), Column("decides", False)],
    )
    for verdict in judge(study):
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
