# SPDX-License-Identifier: MIT
"""What a runtime counted about itself (`metrics` of a result event, runtimes/README.md), per
operation over the whole run: warm-up, connecting and stopping are in it.

Targets of any origin print it and no verdict hangs on it, so what has another shape than the
documented ones is left out instead of refusing the campaign.
"""

from __future__ import annotations

from typing import Any

# Shown name: where it is counted, the first that is there.
COUNTED: dict[str, tuple[str, ...]] = {
    "polls": ("polls",),
    "parks": ("parks",),
    "steals": ("steals",),
    "wakes": ("wakes",),
    "forced_yields": ("forced_yields", "budget_exhausted"),
}
INTEGER_MAX = 2**63 - 1


def per_operation(result: Any, message_bytes: float | None) -> dict[str, float]:
    """Name to events per operation, an operation being a message sent back. Empty without any."""
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
