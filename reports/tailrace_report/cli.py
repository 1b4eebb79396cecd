# SPDX-License-Identifier: MIT
"""The command scripts/report: arguments in, files and a terminal table out, an exit code back.

Exit codes: 0 written; 1 the output cannot be written; 2 bad usage, a campaign that cannot be
believed, or no numpy where something is to be compared; 3 written without figures because
matplotlib is missing; 4 written, but no cell has numbers. Never a traceback for input.
"""

import argparse
import os
import sys
from pathlib import Path

from tailrace_report.errors import CampaignError, OutputError

WRITTEN, NOT_WRITTEN, BAD_INPUT, NO_FIGURES, NOTHING_MEASURED = range(5)


def main(arguments: list[str]) -> int:
    """Runs one command. argparse itself exits with 2 for bad usage."""
    parser = argparse.ArgumentParser(
        prog="scripts/report", description="Draw the report of a Tailrace campaign."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    report = commands.add_parser("report", help="write the report of one campaign")
    report.add_argument("campaign", type=Path, help="folder as described in results/README.md")
    report.add_argument("--out", type=Path, help="where to write (default: CAMPAIGN/report)")
    micro = commands.add_parser("micro", help="print the table of micro benchmarks")
    micro.add_argument("folder", type=Path, help="folder with a micro.json (results/README.md)")
    history = commands.add_parser("history", help="the trend over stored campaigns")
    history.add_argument("folder", type=Path, nargs="+", help="campaigns, or folders of them")
    history.add_argument("--out", type=Path, help="write a page, figures and a summary there")
    until = commands.add_parser(
        "until", help="at a look: to how many generations the campaign goes on, if it does"
    )
    until.add_argument("campaign", type=Path)
    compare = commands.add_parser("compare", help="two stored campaigns side by side")
    compare.add_argument("one", type=Path)
    compare.add_argument("other", type=Path)
    asked = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        if asked.command == "micro":
            return _micro(asked.folder)
        if asked.command == "history":
            return _history(asked.folder, asked.out)
        if asked.command == "until":
            return _until(asked.campaign)
        if asked.command == "compare":
            return _compare(asked.one, asked.other)
        return _report(asked.campaign, asked.out)
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


def _report(campaign: Path, out: Path | None) -> int:
    # Imported here so that --help and bad usage answer at once.
    from tailrace_report import build

    result = build.build(campaign, out or campaign / "report")
    sys.stdout.write(result.terminal)
    if result.figures_missing:
        print(f"report: {result.figures_missing}", file=sys.stderr)
        return NO_FIGURES
    if not result.measured:
        print("report: no cell of the campaign has numbers.", file=sys.stderr)
        return NOTHING_MEASURED
    return WRITTEN


def _micro(folder: Path) -> int:
    from tailrace_report import load, micro_page, tables

    found = load.read_micro_file(folder / "micro.json")
    for table in micro_page.tables(found):
        print(tables.to_text(table))
    return WRITTEN


def _history(folders: list[Path], out: Path | None) -> int:
    from tailrace_report import history, tables

    found, left_out = history.trends(folders)
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


def _until(campaign: Path) -> int:
    from tailrace_report import until

    found = until.answer(campaign)
    print(f"report: {found.why}", file=sys.stderr)
    if found.generations is not None:
        print(found.generations)
    return WRITTEN


def _compare(one: Path, other: Path) -> int:
    from tailrace_report import compare, tables

    for table in compare.tables(one, other):
        print(tables.to_text(table))
    return WRITTEN
