# SPDX-License-Identifier: MIT
"""What a GitHub workflow shows of a job without its log: annotations and the summary of the step.
Elsewhere nothing. A summary that cannot be written is said and changes no verdict."""

import os
import sys
from collections.abc import Sequence

from tailrace_regress import outcome, phrases
from tailrace_regress.judge import Judgement
from tailrace_report.tables import cut

SUMMARY_BYTES_MAX = 900 << 10  # of a step: 1 MiB
ANNOTATION_CHARS_MAX = 1000
ANNOTATIONS_MAX = 10


def lines(judged: Judgement, code: int) -> list[tuple[str, str]]:
    """(kind, text) of each annotation: at most ten, worst first; the last counts the rest. A job
    that fails has an error among them, whatever it fails for."""
    found = [("error", f"regression: {phrases.sentence(one)}") for one in judged.failing]
    if code == outcome.NOTHING:
        found.append(("error", phrases.headline(judged)))
    if judged.floors.alarm:
        kind = "error" if code == outcome.ENVIRONMENT else "warning"
        found.append((kind, judged.controls))
    open_ = "error" if code == outcome.OPEN else "warning"
    invalid = [] if judged.floors.alarm else judged.of(outcome.INVALID)
    found += [(open_, f"invalid: {phrases.sentence(one)}") for one in invalid]
    undecided = judged.of(outcome.INCONCLUSIVE)
    found += [(open_, f"inconclusive: {phrases.open_text(one)}") for one in undecided]
    if len(found) > ANNOTATIONS_MAX:
        left = len(found) - ANNOTATIONS_MAX + 1
        found = found[: ANNOTATIONS_MAX - 1]
        found.append(("warning", f"{left} more of these in summary.md"))
    return found


def annotate(lines: Sequence[tuple[str, str]]) -> None:
    """Prints (kind, text) as workflow commands. The caller bounds their number."""
    if os.environ.get("GITHUB_ACTIONS"):
        for kind, text in lines:
            print(f"::{kind} title=tailrace::{escaped(text)}", flush=True)


def escaped(text: str) -> str:
    """The message of a workflow command, on one line and bounded."""
    text = cut(text, ANNOTATION_CHARS_MAX)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def summarize(text: str) -> None:
    """Appends `text` to the summary of the step."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    data = text.encode("utf-8", "replace")[:SUMMARY_BYTES_MAX] + b"\n"
    try:
        with open(path, "ab") as file:
            file.write(data)
    except OSError as error:
        print(f"regress: {path} cannot be written: {error.strerror}.", file=sys.stderr)
