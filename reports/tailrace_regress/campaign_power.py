# SPDX-License-Identifier: MIT
"""scripts/campaign-power: how often what a campaign says is wrong, and what it sees, by experiment.

    --campaigns N   measure until FILE holds N campaigns: six copies of `local`, one with more CPU
                    time an echo, one that answers slower, one with a rare delay
    --beside TEXT   then N are measured beside this shell command, such as a compiler in a loop
    --judge         say what is in FILE; without measuring it needs no build
    --simulate N    error rates of N made-up campaigns a case, with noise drawn from the copies

Everything can be interrupted and continued by the same command. Exit codes: 0 as good as promised,
1 bad usage, 2 nothing measured, 130 interrupted, 3 worse than promised: copies called different by
a measure in more than one of twenty campaigns, what costs CPU time or rate found in fewer than nine
of ten, a rare delay in fewer than eight; with --simulate, error rates above 5 %.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from tailrace_regress import build, cli, experiment, measure, outcome, planted_campaigns
from tailrace_regress.planted_campaigns import COPIES, MEASURES, Measured
from tailrace_report import stats, wording
from tailrace_report.decide import DIFFERENT, NOT_COMPARED, SAME

BESIDE = " beside a command"
FALSE_SHARE_MAX = 0.05
# What was planted -> the measures of which one has to show it, as users live it or in SCHED_FIFO,
# and in which share of campaigns.
SEEN = {
    "more-cpu": (("cpu", "cpu in FIFO"), 0.9),
    "slower": (("rate", "rate in FIFO"), 0.9),
    "rare-delay": (("quiet p99", "quiet p99 in FIFO"), 0.8),
}
ALSO = {
    "more-cpu": ("rate", "rate in FIFO"),
    "slower": ("cpu", "cpu in FIFO", "p50", "p50 in FIFO"),
    "rare-delay": ("p99", "p99 in FIFO", "p99 as lived"),
}


def main(arguments: list[str]) -> int:
    return experiment.ended("campaign-power", lambda: _run(_parse(arguments)))


def _run(asked: argparse.Namespace) -> int:
    if asked.campaigns:
        _measure(asked)
    campaigns = planted_campaigns.read(asked.file)
    lines, good = judged(campaigns)
    if asked.simulate:
        more, held = simulated(campaigns, asked.simulate)
        lines, good = lines + more, good and held
    print("\n".join(lines))
    return outcome.NONE if good else outcome.SLOWER


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = experiment.parser("campaign-power", __doc__)
    parser.add_argument("--campaigns", type=int, default=0, metavar="N")
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--simulate", type=int, default=0, metavar="N")
    parser.add_argument("--beside", default="", metavar="TEXT")
    default = cli.ROOT / "results" / "campaign-power" / "campaigns.jsonl"
    parser.add_argument("--file", type=Path, default=default, help=f"default: {default}")
    parser.add_argument("--preset", default="release")
    parser.add_argument("--tailrace", type=Path, help="the harness (default: built)")
    asked = parser.parse_args(arguments)
    if min(asked.campaigns, asked.simulate) < 0:
        parser.error("--campaigns and --simulate take numbers above 0")
    if not (asked.campaigns or asked.judge or asked.simulate):
        parser.error("nothing asked for: --campaigns N, --judge or --simulate N")
    return asked


def _measure(asked: argparse.Namespace) -> None:
    there = planted_campaigns.read(asked.file) if asked.file.exists() else []
    tailrace = asked.tailrace or build.harness(cli.ROOT, asked.preset, [planted_campaigns.TARGET])
    arms = planted_campaigns.folders(cli.ROOT, asked.preset)
    done = sum(one.beside == asked.beside for one in there)
    number = max((one.number for one in there), default=0)
    for at in range(done, asked.campaigns):
        number += 1
        measure.say(f"campaign {at + 1} of {asked.campaigns}{BESIDE * bool(asked.beside)}")
        planted_campaigns.append(
            asked.file, planted_campaigns.measure(tailrace, arms, number, asked.beside)
        )


def judged(campaigns: Sequence[Measured]) -> tuple[list[str], bool]:
    """What is to be said of them, and whether it is as good as promised."""
    lines, good = [], bool(campaigns)
    for title, some in (
        (" alone", [one for one in campaigns if not one.beside]),
        (BESIDE, [one for one in campaigns if one.beside]),
    ):
        if some:
            told, fine = _of_kind(title, some)
            lines, good = lines + told, good and fine
    for name in MEASURES:
        wrong = sum(_false_ones(one, name) > 0 for one in campaigns)
        lines.append(f"{name}: copies called different in {wrong} of {len(campaigns)} campaigns.")
        good &= wrong <= max(1, FALSE_SHARE_MAX * len(campaigns))
    return lines, good


def _of_kind(title: str, campaigns: Sequence[Measured]) -> tuple[list[str], bool]:
    made, dropped = (sum(getattr(c, name) for c in campaigns) for name in ("rounds", "dropped"))
    minutes = stats.median(one.wall_s for one in campaigns) / 60
    lines = [
        f"{wording.counted(len(campaigns), 'campaign')}{title}: {minutes:.1f} min each, {dropped}"
        f" of {made:,} rounds dropped."
    ]
    lines += [f"  {_copies(name, campaigns)}" for name in MEASURES]
    good = True
    for arm, (names, share) in SEEN.items():
        found = len(set().union(*(_found(campaigns, arm, name) for name in names)))
        good &= found >= share * len(campaigns)
        lines.append(f"  {arm}: found in {found} of {len(campaigns)}, by {' or '.join(names)}")
        lines += [f"    {_planted(campaigns, arm, name)}" for name in (*names, *ALSO[arm])]
    return lines, good


def _false_ones(one: Measured, name: str) -> int:
    pairs = one.pairs[name]
    return sum(pairs.of(a, b).outcome == DIFFERENT for a, b in combinations(COPIES, 2))


def _copies(name: str, campaigns: Sequence[Measured]) -> str:
    """What was said of all pairs of copies, and how wide their intervals were."""
    verdicts = [
        one.pairs[name].of(a, b) for one in campaigns for a, b in combinations(COPIES, 2)
    ]
    compared = [one for one in verdicts if one.outcome != NOT_COMPARED]
    if not compared:
        return f"copies, {name}: not compared"
    counts = {word: sum(v.outcome == word for v in compared) for word in (DIFFERENT, SAME)}
    halves = stats.median(100 * v.ratio.half_width for v in compared if v.ratio)
    covered = sum(v.ratio.covers(1.0) for v in compared if v.ratio)
    return (
        f"copies, {name}: {len(compared)} pairs, {counts[DIFFERENT]} different, {counts[SAME]}"
        f" the same; ±{halves:.1f} % in the median, {100 * covered / len(compared):.1f} % of"
        " intervals hold 1"
    )


def _found(campaigns: Sequence[Measured], arm: str, name: str) -> set[int]:
    """Numbers of those in which it is called different from the first copy, in its true
    direction."""
    found = set()
    for one in campaigns:
        verdict = one.pairs[name].of(arm, COPIES[0])
        if verdict.outcome == DIFFERENT and verdict.ratio:
            if (verdict.ratio.median < 1) == name.startswith("rate"):
                found.add(one.number)
    return found


def _planted(campaigns: Sequence[Measured], arm: str, name: str) -> str:
    ratios = []
    for one in campaigns:
        numbers = one.numbers.get(name, {})
        for copy in COPIES:
            if ratio := stats.paired_ratio(numbers.get(arm, {}), numbers.get(copy, {})):
                ratios.append(ratio.median)
    size = f"{stats.median(ratios):.3f}×" if ratios else "not measured"
    seen = len(_found(campaigns, arm, name))
    return f"{arm}, {name} {size}: different in {seen} of {len(campaigns)}"


def simulated(campaigns: Sequence[Measured], count: int) -> tuple[list[str], bool]:
    """What decide.py does with nine subjects in eight generations, for each measure; and whether a
    false different and a false same are in at most FALSE_SHARE_MAX of campaigns."""
    from tailrace_regress import stored_noise  # numpy, without which the rest works
    from tailrace_report import simulate

    lines, good = [f"Of {count:,} made-up campaigns with this noise:"], True
    for name in MEASURES:
        stored = stored_noise.residuals(campaigns, name)
        if not len(stored):
            continue
        noise, size = stored_noise.drawn_from(stored)
        sd = size * math.sqrt(2.0)
        alike = simulate.shares(simulate.Case(noise, sd=sd), count)
        edge = (1.0,) * 5 + (1.0 + simulate.WITHIN,) * 4
        near = simulate.shares(simulate.Case(noise, edge, sd=sd), count)
        good &= max(alike.false_different, near.false_same) <= FALSE_SHARE_MAX
        lines.append(
            f"  {name}, sd of a log ratio {100 * sd:.1f} %: {100 * alike.false_different:.1f} %"
            f" with a false different, {100 * near.false_same:.1f} % with a false same within"
            f" {100 * simulate.WITHIN:g} %; {100 * alike.covered:.1f} % of intervals hold the truth"
        )
    return lines, good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
