# SPDX-License-Identifier: MIT
"""What a file cell comes to, from its counts and what was seen of its file.

Called by cell.py alone, with JSON whose numbers are finite already; a ValueError is one clause.
"""

from __future__ import annotations

from typing import Any

CACHES = ("warm", "cold", "direct")
CACHE_NAMES = {
    "warm": "in the page cache",
    "cold": "not in the page cache",
    "direct": "past the page cache",
}


def file_numbers(value: dict[str, Any]) -> dict[str, float]:
    """`file.iops` and so on; empty where the cell is of another kind or lacks its proof."""
    counts = _part(_part(value, "work"), "counts")
    file = _part(value, "file")
    reads, read_bytes = _count(counts, "reads"), _count(counts, "read_bytes")
    whole_ns, cpu_ns = _count(counts, "whole_ns"), _count(counts, "whole_cpu_ns")
    if not file or not reads or not whole_ns or not read_bytes or cpu_ns is None:
        return {}
    numbers = {
        "iops": reads * 1e9 / whole_ns,
        "bytes_per_s": read_bytes * 1e9 / whole_ns,
        "cpu_us_per_read": cpu_ns / 1e3 / reads,
        "cpus": cpu_ns / whole_ns,
        "threads_peak": _count(file, "threads_peak"),
        "io_workers_peak": _count(file, "io_workers_peak"),
        "device_share": (_count(file, "device_read_bytes") or 0.0) / read_bytes,
    }
    for when in ("before", "after"):
        pages = _count(_part(file, when), "pages")
        resident = _count(_part(file, when), "resident") or 0.0
        numbers[f"resident_{when}"] = resident / pages if pages else None
    return {f"file.{name}": number for name, number in numbers.items() if number is not None}


def _part(value: dict[str, Any], key: str) -> dict[str, Any]:
    """An object; null and missing count as empty."""
    found = value.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"`{key}` is not an object")
    return found


def _count(value: dict[str, Any], key: str) -> float | None:
    """A number that is not negative, or None where it is missing or null."""
    found = value.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found < 0:
        raise ValueError(f"`{key}` is not a count")
    return float(found)
