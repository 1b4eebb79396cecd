# SPDX-License-Identifier: MIT
"""Parts of sentences about a comparison. They name groups and not winners: who leads without being
shown to differ from others is named with these."""

from tailrace_report import wording
from tailrace_report.decide import DIFFERENT, NOT_COMPARED, OPEN, SAME
from tailrace_report.study import Comparison, Entry, Study

# A sentence that names more than this is a table, and the tables are below.
NAMED_MAX = 4


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def some(texts: list[str]) -> list[str]:
    """The first of them, and how many more there are."""
    left = len(texts) - NAMED_MAX
    return [*texts[:NAMED_MAX], f"{left} more"] if left > 0 else texts


def ends(texts: list[str], most: int) -> list[str]:
    """The first of them, how many are left out, and the last."""
    left = len(texts) - most
    return [*texts[: most - 1], f"{left} more", texts[-1]] if left > 0 else texts


def best_and_worst(study: Study, what: str, compared: Comparison) -> str:
    """`<what> is lowest for a [..], the same within 2 % for b [..]; open for c [..]
    (3.1 % would have been seen); highest for d [..], 1.95× ±2 % the floor e; two regimes: f ..`,
    without a full stop."""
    best, worst = ("lowest", "highest") if compared.best_is_low else ("highest", "lowest")
    over = [_valued(entry) for entry in compared.overloaded]
    last = f"; overloaded, and so last: {wording.joined(some(over))}" if over else ""
    split = [f"{entry.label} {_regimes(entry)}" for entry in compared.split]
    if not compared.best_first():
        return f"{what.removesuffix(',')} has two regimes for {wording.joined(some(split))}{last}"
    first, *others = compared.best_first()
    verdicts = {e.subject: compared.pairs.of(e.subject, first.subject) for e in others}

    def named(outcome: str) -> list[str]:
        return [_valued(e) for e in others if verdicts[e.subject].outcome == outcome]

    unclear = named(NOT_COMPARED)
    if others and len(unclear) == len(others):
        listed = ", ".join(some([_valued(first), *unclear]))
        few = "too few shared generations to compare"
        return f"{what.removesuffix(',')}, {best} first ({few}): {listed}{last}"
    text = f"{what} is {best} for {_valued(first)}"
    if same := named(SAME):
        within = max(verdict.within or 0.0 for verdict in verdicts.values())
        text += f", the same within {100 * within:g} % for {wording.joined(some(same))}"
    if left := named(OPEN):
        visible = max(v.visible for v in verdicts.values() if v.outcome == OPEN)
        text += f"; open for {wording.joined(some(left))}"
        if visible:
            text += f" ({wording.percent(100 * visible)} would have been seen)"
    if others and verdicts[others[-1].subject].outcome == DIFFERENT:
        text += f"; {worst} for {_valued(others[-1])}"
        if others[-1].ratio and study.floor:
            ratio = wording.relative(others[-1].ratio)
            text += f", {ratio} the floor {study.labels[study.floor]}"
    if unclear:
        text += f"; too few shared generations to compare {wording.joined(some(unclear))}"
    if split:
        text += f"; two regimes: {wording.joined(some(split))}"
    return text + last


def _regimes(entry: Entry) -> str:
    """`165 k/s in 3 generations, 211 k/s in 5`."""
    low, high = entry.regimes
    return (
        f"{entry.form(low.median)} in {wording.counted(len(low.generations), 'generation')},"
        f" {entry.form(high.median)} in {len(high.generations)}"
    )


def _valued(entry: Entry) -> str:
    return f"{entry.label} {entry.interval}"
