# SPDX-License-Identifier: MIT
"""scripts/gate-power: how good the gate itself is, by experiment.

    --bank N       measure rounds of HEAD against a copy of itself until the bank holds N
    --decide N     draw N gate decisions from the bank: false alarms, and power for a planted loss
    --jobs N       N complete jobs of HEAD against HEAD: all must exit 0
    --faults       complete jobs with a fault planted, three each: all must be caught
    --short        --decide on the small bank in the repository (what CI does)

Everything can be interrupted and continued. Exit codes: 0 as good as promised, 1 bad usage, 2
nothing measured, 3 worse than promised: more than 2 % false alarms, a planted loss of 5 % CPU time
called equivalent or neither caught nor called inconclusive in 80 % of decisions, a complete job
wrong.
"""

import argparse
import sys
from pathlib import Path

from tailrace_regress import bank, build, children, cli, experiment, faults, job, measure
from tailrace_regress import outcome, power

FALSE_SHARE_MAX = 0.02
POWER_MIN = 0.80
LOSS = 1.05
SMALL_BANK = cli.ROOT / "reports" / "tests" / "data" / "bank.jsonl.gz"
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
    parser.add_argument("--targets", help="ids (default: what is in-house)")
    parser.add_argument("--profile", default="ci")
    parser.add_argument("--preset", default="release")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tailrace", type=Path, help="the harness (default: built)")
    asked = parser.parse_args(arguments)
    if asked.short:
        asked.decide = asked.decide or 40
        asked.bank_file = asked.bank_file or SMALL_BANK
    asked.bank_file = asked.bank_file or asked.out / "bank.jsonl"
    if not (asked.bank or asked.decide or asked.jobs or asked.faults):
        parser.error("nothing asked for: --bank, --decide, --jobs, --faults or --short")
    for name in ("bank", "decide", "jobs", "repeat"):
        if not 0 <= getattr(asked, name) <= 100_000:
            parser.error(f"--{name} is from 0 to 100000")
    return asked


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
    head, rounds = bank.read(asked.bank_file)
    print(f"bank: {len(rounds)} rounds, {head.text('machine')}, profile {head.text('profile')}")
    alike = power.decide(rounds, asked.decide, asked.seed)
    print(alike.text("A/A, nothing planted"))
    good = alike.regression <= FALSE_SHARE_MAX * alike.decisions
    for name, count in sorted(alike.named.items()):
        print(f"  false: {name}, {count} times")
    for target in sorted({key.target for one in rounds for key in one}):
        loss = power.Loss(target, "cpu_us_per_op", LOSS)
        planted = power.decide(rounds, asked.decide, asked.seed, loss)
        print(planted.text(f"{target} with 5 % more CPU time an operation"))
        told = planted.regression + planted.inconclusive
        good &= planted.equivalent == 0 and told >= POWER_MIN * planted.decisions
    print("as promised" if good else "WORSE than promised")
    return good


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
