# SPDX-License-Identifier: MIT
"""Lines that GitHub turns into annotations: at most ten, worst first; the last counts the rest."""

from __future__ import annotations

from tailrace_regress import outcome, phrases
from tailrace_regress.judge import Judgement

ANNOTATIONS_MAX = 10


def lines(judged: Judgement) -> list[str]:
    failing = judged.failing
    found = [("error", f"regression: {phrases.sentence(one)}") for one in failing]
    if judged.floors.alarm:
        found.append(("warning", judged.canary))
    invalid = [] if judged.floors.alarm else judged.of(outcome.INVALID)
    found += [("warning", f"invalid: {phrases.sentence(one)}") for one in invalid]
    undecided = judged.of(outcome.INCONCLUSIVE)
    found += [("warning", f"inconclusive: {phrases.needs(one)}") for one in undecided]
    if len(found) > ANNOTATIONS_MAX:
        left = len(found) - ANNOTATIONS_MAX + 1
        found = found[: ANNOTATIONS_MAX - 1]
        found.append(("warning", f"{left} more of these in summary.md"))
    return [f"::{kind} title=tailrace::{escaped(text)}" for kind, text in found]


def escaped(text: str) -> str:
    """As the workflow commands of GitHub want the message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
