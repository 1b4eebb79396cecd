# SPDX-License-Identifier: MIT
"""What GitHub shows beside the change: at most ten annotations, worst first; the last counts the
rest. A job that fails has an error among them, whatever it fails for."""

from tailrace_regress import outcome, phrases
from tailrace_regress.judge import Judgement

ANNOTATIONS_MAX = 10


def lines(judged: Judgement, code: int) -> list[tuple[str, str]]:
    """(kind, text) of each."""
    found = [("error", f"regression: {phrases.sentence(one)}") for one in judged.failing]
    if code == outcome.NOTHING:
        found.append(("error", phrases.headline(judged)))
    if judged.floors.alarm:
        kind = "error" if code == outcome.ENVIRONMENT else "warning"
        found.append((kind, judged.canary))
    open_ = "error" if code == outcome.OPEN else "warning"
    invalid = [] if judged.floors.alarm else judged.of(outcome.INVALID)
    found += [(open_, f"invalid: {phrases.sentence(one)}") for one in invalid]
    undecided = judged.of(outcome.INCONCLUSIVE)
    found += [(open_, f"inconclusive: {phrases.needs(one)}") for one in undecided]
    if len(found) > ANNOTATIONS_MAX:
        left = len(found) - ANNOTATIONS_MAX + 1
        found = found[: ANNOTATIONS_MAX - 1]
        found.append(("warning", f"{left} more of these in summary.md"))
    return found
