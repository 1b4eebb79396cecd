# SPDX-License-Identifier: MIT
"""How often the verdicts of decide.py are wrong, and how often they see what is there.

`python3 -m tailrace_report.simulate [--campaigns N]` prints it for made-up campaigns of SUBJECTS
subjects in eight generations, minutes in all; test_simulation.py runs a short form. The noise is a
function, so that stored real generations can take its place: it gets a seeded generator and a
shape (generations, subjects), and answers logs of standard deviation about 1, independent by row.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from tailrace_report import decide

SUBJECTS, GENERATIONS, CAMPAIGNS = 9, 8, 2000
WITHIN = 0.02  # what matters for CPU time and rate
# Standard deviations of a log ratio of two subjects over generations, measured on two shared cores.
QUIET, USUAL, LOUD = 0.007, 0.010, 0.014
Matrix = NDArray[numpy.float64]
Noise = Callable[[numpy.random.RandomState, tuple[int, int]], Matrix]
# `threads` and `java-virtual` beside loops of one thread.
UNEQUAL = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 5.0)
EQUAL = (1.0,) * SUBJECTS


def normal(lot: numpy.random.RandomState, shape: tuple[int, int]) -> Matrix:
    return lot.standard_normal(shape)


def heavy(lot: numpy.random.RandomState, shape: tuple[int, int]) -> Matrix:
    """Student's t with 3 degrees of freedom."""
    return lot.standard_t(3, shape) / math.sqrt(3.0)


def disturbed(lot: numpy.random.RandomState, shape: tuple[int, int]) -> Matrix:
    """Normal, one in ten tenfold; of standard deviation 3.3."""
    return lot.standard_normal(shape) * numpy.where(lot.random_sample(shape) < 0.1, 10.0, 1.0)


def skewed(lot: numpy.random.RandomState, shape: tuple[int, int]) -> Matrix:
    """Exponential: what always makes slower, and sometimes much."""
    return lot.standard_exponential(shape) - 1.0


NOISES: dict[str, Noise] = {
    "normal": normal, "t, 3 df": heavy, "10 % tenfold": disturbed, "exponential": skewed
}


@dataclass(frozen=True)
class Case:
    """Campaigns to be drawn: true factors and sizes of the noise, one a subject; `sd` of a log
    ratio of two subjects of size 1."""

    noise: Noise
    factors: Sequence[float] = EQUAL
    sizes: Sequence[float] = EQUAL
    sd: float = USUAL
    generations: int = GENERATIONS


def drawn(
    case: Case, lot: numpy.random.RandomState, generations: int
) -> dict[int, dict[int, float]]:
    """Subject -> number by generation of one campaign."""
    noise = case.noise(lot, (generations, len(case.factors))) * numpy.array(case.sizes)
    numbers = numpy.exp(noise * case.sd / math.sqrt(2.0)) * numpy.array(case.factors)
    return {who: dict(enumerate(column)) for who, column in enumerate(numbers.T.tolist())}


def _table(case: Case, lot: numpy.random.RandomState) -> decide.Pairs:
    return decide.Pairs(drawn(case, lot, case.generations), WITHIN)


def promised(case: Case, campaigns: int, seed: int = 1) -> float:
    """The share that would have been seen, as the verdicts say, on average."""
    lot = numpy.random.RandomState(seed)
    return sum(_table(case, lot).of(0, 1).visible for _ in range(campaigns)) / campaigns


@dataclass(frozen=True)
class Shares:
    """Of campaigns: with a false different, with a false same; of pairs: with an interval that
    covers the truth, different and same by what is true."""

    false_different: float
    false_same: float
    covered: float
    found: float
    same: float


def shares(case: Case, campaigns: int, seed: int = 1) -> Shares:
    """`found`: of the pairs that differ by more than WITHIN; `same`: of those that do not differ;
    `false_same`: of pairs that differ by WITHIN or more."""
    lot = numpy.random.RandomState(seed)
    count = len(case.factors)
    wrong_different = wrong_same = covered = pairs = 0
    told: dict[str, list[bool]] = {"found": [], "same": []}
    for _ in range(campaigns):
        table = _table(case, lot)
        false = {decide.DIFFERENT: False, decide.SAME: False}
        for one in range(count):
            for other in range(one):
                truth, verdict = case.factors[one] / case.factors[other], table.of(one, other)
                size = abs(math.log(truth))
                pairs += 1
                covered += bool(verdict.ratio and verdict.ratio.covers(truth))
                if size == 0.0:
                    false[decide.DIFFERENT] |= verdict.outcome == decide.DIFFERENT
                    told["same"].append(verdict.outcome == decide.SAME)
                elif size > math.log1p(WITHIN) - 1e-9:
                    false[decide.SAME] |= verdict.outcome == decide.SAME
                    told["found"].append(verdict.outcome == decide.DIFFERENT)
        wrong_different += false[decide.DIFFERENT]
        wrong_same += false[decide.SAME]
    means = (sum(one) / len(one) if one else math.nan for one in told.values())
    return Shares(wrong_different / campaigns, wrong_same / campaigns, covered / pairs, *means)


def cases() -> dict[str, Case]:
    """What is printed, by name."""
    edge = (1.0,) * 5 + (1.0 + WITHIN,) * 4
    some = (1.0,) * 4 + (1.1, 1.2, 1.4, 1.6, 2.0)
    found: dict[str, Case] = {}
    for name, noise in NOISES.items():
        # So much noise that nothing is called the same, which would hide what is called different.
        found[f"all the same, {name}"] = Case(noise, sd=5 * LOUD)
        found[f"all the same, sizes 1 to 5, {name}"] = Case(noise, sizes=UNEQUAL, sd=5 * LOUD)
        found[f"five really different, {name}"] = Case(noise, some)
        found[f"the same, five different and sizes 5 to 1, {name}"] = Case(
            noise, some, UNEQUAL[::-1]
        )
        found[f"at the edge of 2 %, {name}"] = Case(noise, edge, sd=QUIET)
        found[f"at the edge of 2 %, sizes 1 to 5, {name}"] = Case(noise, edge, UNEQUAL, QUIET)
    for generations in (6, 8, 12, 16):
        for sd in (QUIET, USUAL, LOUD):
            name = f"one is 3 % off, sd {100 * sd:.1f} %, {generations} generations"
            found[name] = Case(normal, (1.03,) + (1.0,) * 8, sd=sd, generations=generations)
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="tailrace_report.simulate", description=__doc__)
    parser.add_argument("--campaigns", type=int, default=CAMPAIGNS, help="of each case")
    asked = parser.parse_args(arguments)
    print(f"{SUBJECTS} subjects, {asked.campaigns} campaigns a case; campaigns with a false")
    print("different, a false same; pairs covered, found (of real ones), same (of equal ones), %")
    for name, case in cases().items():
        found = shares(case, asked.campaigns)
        texts = (f"{100 * share:6.1f}" for share in vars(found).values())
        print(f"{name:62s}" + " ".join(texts), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
