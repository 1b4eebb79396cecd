# SPDX-License-Identifier: MIT
"""The command scripts/report: arguments in, files and a terminal table out, an exit code back.

Exit codes: 0 written; 1 the output cannot be written, or README.md is old; 2 bad usage, a campaign
that cannot be believed, or no numpy where something is to be compared; 3 written without figures
because matplotlib is missing; 4 written, but no cell has numbers, or nothing that a published
campaign decided was decided; 5 something that it decided does not hold. Never a traceback for
input.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tailrace_report.errors import CampaignError, OutputError

WRITTEN, NOT_WRITTEN, BAD_INPUT, NO_FIGURES, NOTHING_MEASURED, DOES_NOT_HOLD = range(6)


def main(arguments: list[str]) -> int:
    """Runs one command. argparse itself exits with 2 for bad usage."""
    asked = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        return int(asked.run(asked))
    except CampaignError as error:
        for sentence in error.sentences:
            print(f"report: {sentence}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRITTEN
    except OutputError as error:
        print(f"report: {error}", file=sys.stderr)
        return NOT_WRITTEN


def _parser() -> argparse.ArgumentParser:
    """Each command with the function that runs it."""
    parser = argparse.ArgumentParser(
        prog="scripts/report", description="Draw the report of a Tailrace campaign."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(run.__name__.strip("_"), help=text)
        made.set_defaults(run=run)
        return made

    report = command(_report, "write the report of one campaign")
    report.add_argument("campaign", type=Path, help="folder as described in results/README.md")
    report.add_argument("--out", type=Path, help="where to write (default: CAMPAIGN/report)")
    micro = command(_micro, "print the table of micro benchmarks")
    micro.add_argument("folder", type=Path, help="folder with a micro.json (results/README.md)")
    history = command(_history, "the trend over stored campaigns")
    history.add_argument("folder", type=Path, nargs="+", help="campaigns, or folders of them")
    history.add_argument("--out", type=Path, help="write a page, figures and a summary there")
    until = command(_until, "at a look: to how many generations the campaign goes on, if it does")
    until.add_argument("campaign", type=Path)
    compare = command(_compare, "two stored campaigns side by side")
    compare.add_argument("one", type=Path)
    compare.add_argument("other", type=Path)
    claims = command(_claims, "all published claims with their verdicts by this campaign")
    claims.add_argument("campaign", type=Path)
    claims.add_argument("--out", type=Path, help="where to write (default: CAMPAIGN/report)")
    _add_publishing(command)
    return parser


def _add_publishing(
    command: Callable[[Callable[[argparse.Namespace], int], str], argparse.ArgumentParser],
) -> None:
    """What scripts/publish, reproduce and readme-figures call."""
    publish = command(_publish, "pack a finished campaign into results/published")
    publish.add_argument("campaign", type=Path, nargs="?")
    publish.add_argument("--into", type=Path, required=True, help="the folder results/published")
    publish.add_argument("--machine", default="", help="its name (default: from the CPU)")
    publish.add_argument(
        "--anyway", action="store_true", help="also where the tree that was measured is not known"
    )
    publish.add_argument(
        "--redraw", action="store_true", help="write the summaries of those published again"
    )
    reproduce = command(_reproduce, "whether what a published campaign decided holds in another")
    reproduce.add_argument("published", type=Path)
    reproduce.add_argument(
        "here", type=Path, nargs="?", help="left out: prints what `tailrace run` is to be given"
    )
    readme = command(_readme, "what README.md has of a published campaign")
    readme.add_argument("root", type=Path, help="the folder of README.md")
    readme.add_argument("--check", action="store_true", help="write nothing; 1 where it is old")


# Their modules are imported here so that --help and bad usage answer at once.


def _report(asked: argparse.Namespace) -> int:
    from tailrace_report import build

    result = build.build(asked.campaign, asked.out or asked.campaign / "report")
    sys.stdout.write(result.terminal)
    if result.figures_missing:
        print(f"report: {result.figures_missing}", file=sys.stderr)
        return NO_FIGURES
    if not result.measured:
        print("report: no cell of the campaign has numbers.", file=sys.stderr)
        return NOTHING_MEASURED
    return WRITTEN


def _micro(asked: argparse.Namespace) -> int:
    from tailrace_report import load, micro_page, tables

    found = load.read_micro_file(asked.folder / "micro.json")
    for table in micro_page.tables(found):
        print(tables.to_text(table))
    return WRITTEN


def _history(asked: argparse.Namespace) -> int:
    from tailrace_report import history, tables

    out: Path | None = asked.out
    found, left_out = history.trends(asked.folder)
    for trend in found:
        print(tables.to_text(history.table(trend)))
    for sentence in left_out:
        print(f"report: {sentence}", file=sys.stderr)
    if not found:
        raise CampaignError(["no campaign was found."])
    missing = history.write(found, left_out, out) if out else ""
    if out:
        print(f"Trends: {out / 'index.html'}")
    if missing:
        print(f"report: {missing}", file=sys.stderr)
        return NO_FIGURES
    return WRITTEN


def _until(asked: argparse.Namespace) -> int:
    from tailrace_report import until

    found = until.answer(asked.campaign)
    print(f"report: {found.why}", file=sys.stderr)
    if found.generations is not None:
        print(found.generations)
    return WRITTEN


def _claims(asked: argparse.Namespace) -> int:
    from tailrace_report import claims_page

    out = asked.out or asked.campaign / "report"
    print(f"{claims_page.write(asked.campaign, out)}\nClaims: {out / 'claims.html'}, claims.md")
    return WRITTEN


def _reproduce(asked: argparse.Namespace) -> int:
    from tailrace_report import reproduce

    if asked.here is None:
        print(" ".join(reproduce.words(asked.published)))
        return WRITTEN
    out = asked.here / "report"
    result, text = reproduce.write(asked.published, asked.here, out)
    print(f"{text}\nReport: {out / reproduce.SUMMARY}")
    if result.count(reproduce.DOES_NOT):
        return DOES_NOT_HOLD
    return WRITTEN if result.count(reproduce.HOLDS) else NOTHING_MEASURED


def _publish(asked: argparse.Namespace) -> int:
    from tailrace_report import publish

    if asked.redraw:
        for path in publish.redraw_all(asked.into):
            print(f"Changed: {path}")
        return WRITTEN
    if asked.campaign is None:
        raise CampaignError(["which campaign is to be published?"])
    made = publish.publish(asked.campaign, asked.into, asked.machine, asked.anyway)
    print(f"Published: {made}")
    return WRITTEN


def _readme(asked: argparse.Namespace) -> int:
    from tailrace_report import readme

    try:
        stale = readme.update(asked.root, asked.check)
    except ImportError:
        print("The picture needs matplotlib: scripts/setup installs it.", file=sys.stderr)
        return NO_FIGURES
    names = ", ".join(str(path) for path in stale)
    if stale and asked.check:
        raise OutputError(f"{names}: not what is drawn now; scripts/readme-figures writes it.")
    if stale:
        print(f"Changed: {names}")
    return WRITTEN


def _compare(asked: argparse.Namespace) -> int:
    from tailrace_report import compare, tables

    for table in compare.tables(asked.one, asked.other):
        print(tables.to_text(table))
    return WRITTEN
