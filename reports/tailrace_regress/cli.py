# SPDX-License-Identifier: MIT
"""`make regress BASE=<ref>`: measures, judges, writes; the exit code is the verdict.

0 no regression confirmed, 1 bad usage, 2 nothing measured or an arm does wrong, 3 a confirmed
regression, 4 inconclusive (with --strict only), 5 the machine cannot be believed, 130 interrupted.
Improvements never fail. Never a traceback for input.
"""

import argparse
import io
import sys
import time
from pathlib import Path
from typing import NoReturn

from tailrace_regress import accepted, build, failure, interrupts, job, outcome, output
from tailrace_regress import own_targets, phrases
from tailrace_regress.outcome import GateError, usage
from tailrace_report.errors import CampaignError

ROOT = Path(__file__).resolve().parents[2]


class Parser(argparse.ArgumentParser):
    """Bad usage is 1 here: 2 says that nothing could be measured."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise usage(message)


def main(arguments: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a ref may be bytes that are no text
            stream.reconfigure(errors="backslashreplace")
    interrupts.watch()
    try:
        asked = _parser().parse_args(arguments)
        return _decide(asked) if asked.command == "decide" else _run(asked)
    except GateError as error:
        return _failed(error)
    except CampaignError as error:
        return _failed(usage(error.sentences[0]))
    except OSError as error:
        return _failed(outcome.unwritten(error))
    except KeyboardInterrupt:
        return _failed(GateError(outcome.INTERRUPTED, "nothing was measured"))


def _failed(error: GateError) -> int:
    failure.tell(error, error.folder)
    return error.code


def _parser() -> argparse.ArgumentParser:
    about = "Compare this tree with a base, both measured."
    parser = Parser(prog="scripts/regress", description=about)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)
    again = "`scripts/regress decide FOLDER` judges a finished job again"
    run = commands.add_parser("run", help="build, measure and judge", epilog=again)
    run.add_argument("--base", default="", help="commit, branch or tag to compare with")
    run.add_argument("--targets", help="ids, separated by commas (default: what is in-house)")
    run.add_argument("--profile", default="ci", help="of the rounds: a name or a TOML file")
    run.add_argument("--preset", default="release", help="of both builds")
    run.add_argument("--results", type=Path, default=ROOT / "results")
    run.add_argument("--seed", type=int, help="of all orders (default: from the clock)")
    for name, (_, default, what) in job.SIZES.items():
        run.add_argument(f"--{name}", type=int, default=default, help=f"{what} ({default})")
    for arm in ("base", "head"):
        own = f"an executable of any language that speaks the protocol, as the {arm}"
        run.add_argument(f"--{arm}-target", type=Path, metavar="FILE", help=own)
    looks = "after how many generations is looked, such as 8,16 (default: the profile's)"
    run.add_argument("--looks", metavar="N,N", help=looks)
    limit = "no further look that would take longer in all (default: the profile's)"
    run.add_argument("--at-most-minutes", type=int, default=0, metavar="N", help=limit)
    without = "without the base a second time, and linked in another order"
    run.add_argument("--no-controls", action="store_true", help=without)
    for name in ("base-bin", "head-bin", "tailrace"):
        run.add_argument(f"--{name}", type=Path, help="use this instead of building")
    decide = commands.add_parser("decide", help="judge a finished job again, and write its files")
    decide.add_argument("folder", type=Path, help="results/regress-<time>")
    for command in (run, decide):
        command.add_argument("--strict", action="store_true", help="inconclusive fails, with 4")
        command.add_argument("--accepted", type=Path, default=ROOT / accepted.FILE)
    return parser


def chosen_targets(words: str | None) -> tuple[str, ...]:
    """What --targets names; nothing for what is in-house. Raises GateError."""
    targets = tuple(name for name in (words or "").split(",") if name)
    if (words is not None and not targets) or any("/" in name for name in targets):
        raise usage(f"{words!r} names no targets")
    return targets


def chosen_looks(words: str | None) -> tuple[int, ...]:
    """What --looks names; nothing for those of the profile. Raises GateError."""
    parts = words.split(",") if words is not None else []
    numbers = [int(one) for one in parts if one.isascii() and one.isdigit() and len(one) < 5]
    if len(numbers) < len(parts) or sorted(set(numbers)) != numbers:
        raise usage(f"--looks {words!r} is no growing list of generations, such as 8,16")
    return tuple(numbers)


def _run(asked: argparse.Namespace) -> int:
    targets = chosen_targets(asked.targets)
    looks = chosen_looks(asked.looks)
    for name, (least, *_) in job.SIZES.items():
        if not least <= getattr(asked, name) <= 1000:
            raise usage(f"--{name} is from {least} to 1000")
    if not 0 <= asked.at_most_minutes <= 10_000:
        raise usage("--at-most-minutes is from 1 to 10000")
    if asked.seed is not None and not 0 <= asked.seed < 1 << 32:
        raise usage("--seed is from 0 to 2^32 - 1")
    files = own_targets.checked(asked.base_target, asked.head_target, asked.tailrace)
    given = [asked.base_bin, asked.head_bin, asked.tailrace]
    if files and any([asked.base, asked.base_bin, asked.head_bin, targets]):
        raise usage("--base-target and --head-target are all: no --base, --base-bin, --targets")
    if not files and any(given) and not all(given):
        raise usage("--base-bin, --head-bin and --tailrace belong together")
    notes = accepted.read(asked.accepted)  # a bad one is known before anything is measured
    arms = None
    if all(given) and not files:
        base = asked.base or str(asked.base_bin)
        arms = build.Arms(asked.base_bin, asked.head_bin, None, asked.tailrace, base)
    plan = job.Plan(
        root=ROOT,
        targets=targets,
        seed=time.time_ns() % (1 << 32) if asked.seed is None else asked.seed,
        sizes={name: getattr(asked, name) for name in job.SIZES},
        base=asked.base,
        results=asked.results,
        preset=asked.preset,
        profile=asked.profile,
        arms=arms,
        files=files,
        looks=looks,
        at_most_minutes=asked.at_most_minutes,
        controls=not asked.no_controls,
        notes=notes,
    )
    return _conclude(job.run(plan), asked)


def _decide(asked: argparse.Namespace) -> int:
    try:
        return _conclude(job.read(asked.folder), asked)
    except GateError as error:
        error.folder = asked.folder if (asked.folder / job.FACTS).is_file() else None
        raise


def _conclude(done: job.Job, asked: argparse.Namespace) -> int:
    judged, code = output.conclude(done, accepted.read(asked.accepted), asked.strict)
    print(phrases.headline(judged))
    for one in judged.failing[:10]:
        print(f"  {phrases.sentence(one)}")
    passed = len([f for f in judged.findings if f.gate]) - len(judged.failing)
    skipped = len(judged.of(outcome.INCONCLUSIVE, outcome.INVALID))
    print(f"{passed - skipped} passed, {len(judged.failing)} failed, {skipped} skipped")
    print(f"Report: {done.folder}/index.html")
    return code
