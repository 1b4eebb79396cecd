# SPDX-License-Identifier: MIT
"""scripts/gate-power: how good the gate itself is, by experiment.

    --bank N       measure generations of HEAD against a copy of itself until the bank holds N
    --decide N     draw N gate decisions from the bank: false alarms, and power for planted losses
    --jobs N       N complete jobs of HEAD against HEAD: all must exit 0
    --faults       complete jobs with a fault planted, three each: all must be caught
    --short        --decide on the stored campaigns of copies in the repository (what CI does)

Everything can be interrupted and continued. Exit codes: 0 as good as promised, 1 bad usage, 2
nothing measured, 3 worse than promised: more than 2 % false alarms; 5 % more CPU time or a rate 10
% lower confirmed in fewer than 80 % of decisions, or called the same in more than 5 %; times of
equal builds called the same in fewer than half; a complete job wrong.
"""

import argparse
import sys
from pathlib import Path

from tailrace_regress import bank, build, children, cli, experiment, faults, job, measure
from tailrace_regress import outcome, power
from tailrace_regress.metrics import Metric
from tailrace_regress.outcome import SAME
from tailrace_regress.samples import Key

FALSE_SHARE_MAX, FALSE_SAME_MAX = 0.02, 0.05
POWER_MIN, SAME_MIN = 0.80, 0.50
# Metric -> the loss (percent) that has to be confirmed.
PROMISED = {"cpu_us_per_op": 5.0, "rate": 10.0}
CAMPAIGNS = cli.ROOT / "results/published/2026-11-30-epyc-2cpu/campaign-power/campaigns.jsonl.gz"
WORSE = outcome.SLOWER


def main(arguments: list[str]) -> int:
    return experiment.ended("gate-power", lambda: _run(_parse(arguments)))


def _run(asked: argparse.Namespace) -> int:
    good = True
    if asked.bank:
        _bank(asked)
    if asked.decide:
        good &= _decide(asked)
    if asked.jobs or asked.faults:
        good &= _jobs(asked)
    return outcome.NONE if good else WORSE


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = experiment.parser("gate-power", __doc__)
    parser.add_argument("--bank", type=int, default=0, metavar="N")
    parser.add_argument("--decide", type=int, default=0, metavar="N")
    parser.add_argument("--jobs", type=int, default=0, metavar="N")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument("--repeat", type=int, default=3, help="jobs a fault")
    parser.add_argument("--out", type=Path, default=cli.ROOT / "results" / "gate-power")
    parser.add_argument("--bank-file", type=Path, help="default: OUT/bank.jsonl")
    campaigns = "stored campaigns of copies instead of a bank (scripts/campaign-power)"
    parser.add_argument("--campaigns", type=Path, metavar="FILE", help=campaigns)
    parser.add_argument("--beside", action="store_true", help="those measured beside something")
    losses = "percent, such as 2,5,10,20: power for each, of each metric (default: as promised)"
    parser.add_argument("--losses", default="", metavar="P,P", help=losses)
    parser.add_argument("--targets", help="ids (default: what is in-house)")
    parser.add_argument("--profile", default="ci")
    parser.add_argument("--preset", default="release")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tailrace", type=Path, help="the harness (default: built)")
    asked = parser.parse_args(arguments)
    if asked.short:
        asked.decide = asked.decide or 40
        asked.campaigns = asked.campaigns or CAMPAIGNS
    asked.bank_file = asked.bank_file or asked.out / "bank.jsonl"
    if not (asked.bank or asked.decide or asked.jobs or asked.faults):
        parser.error("nothing asked for: --bank, --decide, --jobs, --faults or --short")
    asked.losses = _losses(parser, asked.losses)
    for name in ("bank", "decide", "jobs", "repeat"):
        if not 0 <= getattr(asked, name) <= 100_000:
            parser.error(f"--{name} is from 0 to 100000")
    return asked


def _losses(parser: cli.Parser, words: str) -> list[float]:
    parts = [one for one in words.split(",") if one]
    if not all(one.isascii() and one.isdigit() and 0 < int(one) < 100 for one in parts):
        parser.error("--losses are whole numbers of percent, from 1 to 99")
    return [float(one) for one in parts]


def _harness(asked: argparse.Namespace) -> tuple[Path, tuple[str, ...]]:
    """The harness of this tree, built unless given, and the targets."""
    targets = cli.chosen_targets(asked.targets)
    tailrace = asked.tailrace or build.harness(cli.ROOT, asked.preset, targets)
    return Path(tailrace), targets or tuple(build.in_house(Path(tailrace).parent))


def _bank(asked: argparse.Namespace) -> None:
    commit = build.resolve(cli.ROOT, "HEAD")
    tailrace, targets = _harness(asked)
    folder, _ = build.kept(cli.ROOT, commit, asked.preset, targets)
    machine = children.run([str(tailrace), "version"], 60.0).out.decode("utf-8", "replace").strip()
    facts = {
        "commit": commit,
        "machine": _cpu(),
        "harness": machine,
        "profile": asked.profile,
        "targets": list(targets),
    }
    with build.copied(folder / "bin") as copy:
        arms = {"base": folder / "bin", "head": copy}
        bank.collect(asked.bank_file, asked.bank, tailrace, arms, targets, asked.profile, facts)
    measure.say(f"bank: {asked.bank_file}")


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def _decide(asked: argparse.Namespace) -> bool:
    rounds = _rounds(asked)
    alike = power.decide(rounds, asked.decide, asked.seed)
    print(alike.text("A/A, nothing planted"))
    good = alike.regression <= FALSE_SHARE_MAX * alike.decisions
    for name, count in sorted(alike.named.items()):
        print(f"  false: {name}, {count} times")
    times = [name for name in alike.words if _about(name).question]
    for name in times:
        within = _percent(_about(name).delta)
        print(f"  {name}: the same within {within} in {_share(alike, name, SAME)}")
    same = sum(alike.words[name][SAME] for name in times)
    good &= same >= SAME_MIN * sum(alike.words[name].total() for name in times)
    for target in sorted({key.target for one in rounds for key in one}):
        for name in times:
            for loss in asked.losses or ([PROMISED[name]] if name in PROMISED else []):
                good &= _planted(asked, rounds, target, name, loss)
    print("as promised" if good else "WORSE than promised")
    return good


def _rounds(asked: argparse.Namespace) -> list[bank.Round]:
    if asked.campaigns:
        rounds = bank.of_campaigns(asked.campaigns, asked.beside)
        print(f"bank: {len(rounds)} generations of two copies each, of stored campaigns")
        return rounds
    head, rounds = bank.read(asked.bank_file)
    print(f"bank: {len(rounds)} generations, {head.text('machine')}, {head.text('profile')}")
    return rounds


def _planted(
    asked: argparse.Namespace,
    rounds: list[bank.Round],
    target: str,
    name: str,
    percent: float,
) -> bool:
    """Whether what is promised of this loss is kept."""
    low = _about(name).best_is_low
    factor = 1 + percent / 100 if low else 1 - percent / 100
    found = power.decide(rounds, asked.decide, asked.seed, power.Loss(target, name, factor))
    print(found.text(f"{target}, {name} {'+' if low else '-'}{percent:g} %"))
    word = outcome.REGRESSION
    print(f"  of its points {_share(found, name, word)}, the same in {_share(found, name, SAME)}")
    if PROMISED.get(name) != percent:
        return True
    kept = found.regression >= POWER_MIN * found.decisions
    return kept and found.share(name, SAME) <= FALSE_SAME_MAX


def _about(name: str) -> Metric:
    return Key("", "", name).about


def _share(tally: power.Tally, name: str, word: str) -> str:
    return _percent(tally.share(name, word))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _jobs(asked: argparse.Namespace) -> bool:
    tailrace, targets = _harness(asked)
    plan = job.Plan(
        root=cli.ROOT,
        results=asked.out,
        base=build.resolve(cli.ROOT, "HEAD"),
        preset=asked.preset,
        profile=asked.profile,
        targets=targets,
        seed=asked.seed,
    )
    good = True
    if asked.jobs:
        log = asked.out / "jobs.jsonl"
        for one in faults.run_all(plan, tailrace, [faults.NONE], asked.jobs, log):
            print(f"HEAD against HEAD, job {one['number'] + 1}: exit {one['code']}: {one['said']}")
            good &= one["code"] == outcome.NONE
    if asked.faults:
        found = faults.chosen(asked.only)
        log = asked.out / "faults.jsonl"
        for one in faults.run_all(plan, tailrace, found, asked.repeat, log):
            word = "caught" if one["caught"] else "MISSED"
            job_name = f"{one['name']}, job {one['number'] + 1}"
            print(f"{job_name}: {word}, exit {one['code']}: {one['said']}")
            good &= bool(one["caught"])
    return good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
