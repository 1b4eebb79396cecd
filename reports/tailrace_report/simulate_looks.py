# SPDX-License-Identifier: MIT
"""How often the verdicts of a campaign that goes on until it is decided are wrong, and what looking
several times costs.

`python3 -m tailrace_report.simulate_looks [--campaigns N]` plays whole campaigns with the noises of
simulate.py: at each look all pairs are decided at its level, and the campaign ends when those with
subject 0, as the floor, are, or at the last. Two error rates: of verdicts at the end, and of
verdicts at any look, gone on from or not, which no rule of when to stop can exceed.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy

from tailrace_report import decide, simulate
from tailrace_report.looks import LEVEL, levels
from tailrace_report.simulate import LOUD, QUIET, SUBJECTS, UNEQUAL, USUAL, WITHIN, Case

AT = (8, 16, 32)
# The levels of what is played: as looks.py has them; beside them, with nothing but the last look;
# and what must not be done.
PLANS = {
    "looks": levels(AT),
    "one look": {AT[-1]: LEVEL},
    "no spending": dict.fromkeys(AT, LEVEL),
}
COMPARED = (
    "all the same, too noisy to be so, normal",
    "five the same, 1.5, 3, 5 and 20 % off, normal",
)
DECIDED = (decide.DIFFERENT, decide.SAME)


@dataclass(frozen=True)
class Played:
    """Shares of campaigns: with a false different, a false same at the end, and the same at any
    look; of pairs at the end: with an interval that covers the truth, decided of the leading ones.
    Generations on average."""

    false_different: float
    false_same: float
    ever_different: float
    ever_same: float
    covered: float
    decided: float
    generations: float


def played(
    case: Case, campaigns: int, at: Mapping[int, float] = PLANS["looks"], seed: int = 1
) -> Played:
    """`at`: levels by generations, growing."""
    lot = numpy.random.RandomState(seed)
    rows = []
    for _ in range(campaigns):
        looks = list(_looks(case, at, lot))
        # Where it ended, and all others too.
        ended = next((n for n, one in enumerate(looks) if one[4] == 1.0), len(looks) - 1)
        ever = numpy.array(looks)[:, :2].max(axis=0)
        different, same, covered, generations, decided = looks[ended]
        rows.append((different, same, *ever, covered, decided, generations))
    return Played(*numpy.array(rows).mean(axis=0).tolist())


def _looks(
    case: Case, at: Mapping[int, float], lot: numpy.random.RandomState
) -> Iterator[tuple[float, ...]]:
    """Of one campaign, a row a look: a false different, a false same, share covered, generations,
    share of the leading pairs decided."""
    numbers = simulate.drawn(case, lot, max(at))
    for generations, level in at.items():
        shown = {who: dict(list(found.items())[:generations]) for who, found in numbers.items()}
        table = decide.Pairs(shown, WITHIN, level)
        different = same = covered = 0
        pairs = [(one, other) for one in shown for other in range(one)]
        for one, other in pairs:
            truth, verdict = case.factors[one] / case.factors[other], table.of(one, other)
            size = abs(math.log(truth))
            different |= size == 0.0 and verdict.outcome == decide.DIFFERENT
            same |= size > math.log1p(WITHIN) - 1e-9 and verdict.outcome == decide.SAME
            covered += bool(verdict.ratio and verdict.ratio.covers(truth))
        leading = [table.of(who, 0).outcome in DECIDED for who in shown if who]
        done = sum(leading) / len(leading)
        yield float(different), float(same), covered / len(pairs), float(generations), done


def cases() -> dict[str, Case]:
    """What is printed, by name."""
    same, edge = (1.0,) * SUBJECTS, (1.0,) * 5 + (1.0 + WITHIN,) * 4
    some = (1.0,) * 5 + (1.015, 1.03, 1.05, 1.2)
    found: dict[str, Case] = {}
    for name in ("normal", "t, 3 df", "10 % tenfold"):
        noise = simulate.NOISES[name]
        found[f"all the same, {name}"] = Case(noise, same, sd=1.5 * LOUD)
        found[f"all the same, too noisy to be so, {name}"] = Case(noise, same, sd=5 * LOUD)
        found[f"all the same, sizes 1 to 5, {name}"] = Case(noise, same, UNEQUAL, 5 * LOUD)
        found[f"at the edge of 2 %, {name}"] = Case(noise, edge, sd=USUAL)
        found[f"at the edge of 2 %, sizes 1 to 5, {name}"] = Case(noise, edge, UNEQUAL, QUIET)
        found[f"five the same, 1.5, 3, 5 and 20 % off, {name}"] = Case(noise, some, sd=LOUD)
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=simulate.CAMPAIGNS, help="of each case")
    parser.add_argument("--only", default="", help="cases with this text in their names")
    asked = parser.parse_args(arguments)
    print(f"{SUBJECTS} subjects, {asked.campaigns} campaigns a case; campaigns with a false")
    print("different, a false same at the end; at any look; pairs covered, leading pairs decided")
    print("(all in %); generations on average")
    for name, case in cases().items():
        if asked.only not in name:
            continue
        # The others only where they show something.
        for plan, at in PLANS.items() if name in COMPARED else [("looks", PLANS["looks"])]:
            found = list(vars(played(case, asked.campaigns, at)).values())
            texts = [f"{100 * share:6.1f}" for share in found[:-1]] + [f"{found[-1]:6.1f}"]
            print(f"{name:52s}{plan:12s}" + " ".join(texts), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
