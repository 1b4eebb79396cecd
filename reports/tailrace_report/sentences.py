# SPDX-License-Identifier: MIT
"""Parts of sentences about a comparison. They name groups and not winners: who leads without a
significant difference to others is named with these."""

from tailrace_report import wording
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
    """`<what> is lowest for a [..] and does not differ significantly for b [..]; highest for c
    [..], 1.95× [..] the floor d`, without a full stop."""
    best, worst = ("lowest", "highest") if compared.best_is_low else ("highest", "lowest")
    first, *others = compared.best_first()
    same, unclear = (
        [_valued(e) for e in others if e.differs is wanted] for wanted in (False, None)
    )
    if others and len(unclear) == len(others):
        named = ", ".join(some([_valued(first), *unclear]))
        return f"{what.removesuffix(',')}, {best} first (too few shared blocks to compare): {named}"
    text = f"{what} is {best} for {_valued(first)}"
    if same:
        text += f" and does not differ significantly for {wording.joined(some(same))}"
    if others and others[-1].differs:
        text += f"; {worst} for {_valued(others[-1])}"
        if others[-1].ratio and study.floor:
            ratio = wording.with_interval(others[-1].ratio, wording.times)
            text += f", {ratio} the floor {study.labels[study.floor]}"
    if unclear:
        text += f"; too few shared blocks to compare {wording.joined(some(unclear))}"
    return text


def _valued(entry: Entry) -> str:
    return f"{entry.label} {entry.interval}"
