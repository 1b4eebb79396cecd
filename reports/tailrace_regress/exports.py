# SPDX-License-Identifier: MIT
"""The head's numbers for services that keep a history: github-action-benchmark
(customSmallerIsBetter) and Bencher (BMF). Those take one direction or none, so rates are exported
as time per operation. Bencher's names have limits; a longer one would have it refuse the file."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from tailrace_regress.judge import Judgement
from tailrace_regress.verdict import Finding

MEASURE_CHARS_MAX = 64


def _rows(judged: Judgement) -> Iterator[tuple[Finding, float, str]]:
    """(finding, value of the head, unit), less is better."""
    for one in sorted(judged.findings, key=lambda f: f.key):
        if not math.isfinite(one.head):
            continue
        if one.key.about.best_is_low:
            yield one, one.head, one.key.about.unit
        elif one.head > 0:
            yield one, 1e9 / one.head, "ns/op"


def action_benchmark(judged: Judgement) -> str:
    """The array that `tool: customSmallerIsBetter` reads."""
    rows: list[dict[str, Any]] = []
    for one, number, unit in _rows(judged):
        entry = {"name": str(one.key), "unit": unit, "value": number}
        if one.ratio is not None and one.method in ("paired", "timed"):
            ends = [one.ratio.low, one.ratio.high]
            if not one.key.about.best_is_low:  # of times, as the value
                ends = [1 / ends[1], 1 / ends[0]]
            entry["range"] = f"ratio {ends[0]:.4f} to {ends[1]:.4f}"
        rows.append(entry)
    return json.dumps(rows, indent=1) + "\n"


def bencher(judged: Judgement) -> str:
    """Bencher Metric Format: benchmark -> measure -> value."""
    whole: dict[str, dict[str, dict[str, float]]] = {}
    for one, number, unit in _rows(judged):
        name = f"{one.key.target}/{one.key.place}"
        measure = re.sub("[^a-z0-9]+", "-", one.key.metric.lower()).strip("-")
        measure += "-ns-per-op" if unit == "ns/op" and not one.key.about.best_is_low else ""
        whole.setdefault(name, {})[measure[:MEASURE_CHARS_MAX]] = {"value": number}
    return json.dumps(whole, indent=1) + "\n"
