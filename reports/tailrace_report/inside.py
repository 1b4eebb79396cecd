# SPDX-License-Identifier: MIT
"""What a runtime counts about itself (`metrics` of a result event, runtimes/PROTOCOL.md), per
operation over the whole run: warm-up, connecting and stopping are in it. Explains a cost; ranks
nobody."""

from typing import Any

from tailrace_report import subject_table as columns
from tailrace_report import wording
from tailrace_report.measures import Number
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table

# Heading: where it is counted, the first that is there.
COUNTED: dict[str, tuple[str, ...]] = {
    "polls": ("polls",),
    "parks": ("parks",),
    "steals": ("steals",),
    "wake-ups": ("wakes",),
    "forced yields": ("forced_yields", "budget_exhausted"),
}
INTEGER_MAX = 2**63 - 1
NOTE = (
    "Medians over generations, as each runtime counts itself, over the whole run with connecting"
    " and warm-up; -: it does not count this. poll: a task was resumed; park: a worker went to wait"
    " for events; steal: a task taken from another worker; wake-up: a worker that woke another;"
    " forced yield: a task sent to the back because its budget was spent."
)


def per_operation(result: Any, message_bytes: float | None) -> dict[str, float]:
    """Heading to events per operation, an operation being a message sent back.

    Targets of any origin print it and nothing is concluded from it, so what has another shape than
    the documented ones is left out instead of refusing the campaign.
    """
    if not isinstance(result, dict) or not message_bytes:
        return {}
    metrics, counts = result.get("metrics"), result.get("counts")
    if not isinstance(metrics, dict) or not isinstance(counts, dict):
        return {}
    sent = _total(counts.get("sent_bytes"))
    if not sent:
        return {}
    found = {}
    for name, sources in COUNTED.items():
        totals = [t for t in (_total(metrics.get(source)) for source in sources) if t is not None]
        if totals:
            found[name] = totals[0] * message_bytes / sent
    return found


def _total(value: Any) -> int | None:
    """An integer, or the sum of a list with one a worker; None for anything else."""
    numbers = value if isinstance(value, list) else [value]
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int):
            return None
        if not 0 <= number <= INTEGER_MAX:
            return None
    return sum(numbers) if numbers else None


def table(study: Study) -> Table:
    """A row a subject and point where it counts anything; maybe none."""
    made = Table(
        "Inside the runtimes, per operation",
        [columns.NAME, Column("point", right=False), Column("generations")]
        + [Column(name) for name in COUNTED],
    )
    for point in study.points:
        for who in study.present(point):
            texts = [
                study.compare(point, Number(f"inside.{name}")).middle(who) for name in COUNTED
            ]
            if set(texts) != {wording.MISSING}:
                generations = columns.Columns(study, point).generations().text(who)
                made.add(study.labels[who], point.id, generations, *texts)
    made.notes += [NOTE, *columns.sign_notes(made)] if made.rows else []
    return made
