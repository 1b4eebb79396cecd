# SPDX-License-Identifier: MIT
"""What scripts that try the gate or a campaign by experiment have in common: their parser, and how
whatever ends them early becomes one sentence and an exit code. Main thread only."""

import argparse
import sys
from collections.abc import Callable

from tailrace_regress import cli, interrupts, outcome
from tailrace_regress.outcome import GateError, usage
from tailrace_report.errors import CampaignError


def parser(name: str, about: str | None) -> cli.Parser:
    return cli.Parser(
        prog=name, description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def ended(name: str, run: Callable[[], int]) -> int:
    """The exit code of `run`, or of what ended it, which is said."""
    interrupts.watch()
    try:
        return run()
    except GateError as error:
        return _told(name, error)
    except CampaignError as error:
        return _told(name, usage(error.sentences[0].rstrip(".")))
    except OSError as error:
        return _told(name, outcome.unwritten(error))
    except KeyboardInterrupt:
        sentence = "interrupted; the same command continues"
        return _told(name, GateError(outcome.INTERRUPTED, sentence))


def _told(name: str, error: GateError) -> int:
    print(f"{name}: {error.sentence}.", file=sys.stderr)
    if error.detail:
        print(error.detail, file=sys.stderr)
    return error.code
