# SPDX-License-Identifier: MIT
"""What a number is of: what a failed check may spoil without the rest of the cell. The names are
those of `spoils` in the records (harness/campaign/validity.cpp)."""

from __future__ import annotations

LATENCY, RATE, CPU = "latency", "rate", "cpu"

_GROUPS = {
    # Numbers of a cell, by the first part of their key.
    "server": CPU,
    "load": RATE,
    # Numbers of a slice.
    "cpu_us_per_op": CPU,
    "achieved_per_s": RATE,
    "p50_ns": LATENCY,
    "p99_ns": LATENCY,
}


def group_of(number: str) -> str:
    """Of `server.cpu_share` or of `p99_ns`; "" of what falls with the whole cell only."""
    return _GROUPS.get(number.partition(".")[0], "")
