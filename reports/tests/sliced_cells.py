# SPDX-License-Identifier: MIT
"""What the cells under load of the made-up campaign (make_campaign.py) have besides: slices, noise,
warm-up and idle use, and the tail as lived. Nobody's measurement. Own random numbers, so that all
other figures stay the same."""

from __future__ import annotations

import random
from typing import Any

from tailrace_report.hdr import Histogram

SLICES, SLICE_S = 8, 0.25
# One round at one point in one generation was disturbed, by a compiler, and repeated.
DISTURBED = ("open-50x64-60000", 2, 3)
IDLE = {"libuv": 0.00012, "threads": 0.00002}
STOPPED, UNSTEADY = ("local", "default"), "threads"
# Whose longest response times come from one slice in four, so that few stalls carry its tail.
STALLED = "libuv"


def disturbed(point: str, block: int) -> bool:
    return (point, block) == DISTURBED[:2]


def fields(line: dict[str, Any], response: Histogram, seed: int) -> dict[str, Any]:
    """Of a cell with its load and response times."""
    who, point, block = line["subject"]["id"], line["point"]["id"], line["block"]
    generator = random.Random(f"{seed} {line['cell']}")
    numbers = list(range(SLICES + disturbed(point, block)))
    slices = [_slice(line, at, response, generator) for at in numbers]
    kept = [one for one in slices if one["kept"]]
    others = sum(one["others_ns"] for one in kept) / sum(one["wall_ns"] for one in kept)
    form = line["subject"]["form"]
    return {
        "slices": slices,
        "warmup": {"slices": 5, "steady": who != UNSTEADY or block % 3 > 0, "wall_s": 0.5},
        "idle": {
            "cpu_share": IDLE.get(who, 0.00005) * (1 + generator.random()),
            "wall_s": 3.0,
            "stopped": (who, form) == STOPPED,
        },
        "noise": {
            "others_share": others,
            "kernel_io_share": 0.001,
            "steal_share": 0.0,
            "disturbers": [{"name": "kworker/0:1-events", "ms": 1.5}, {"name": "cron", "ms": 0.4}],
            "kept_slices": len(kept),
            "disturbed_slices": len(slices) - len(kept),
            "all_seen": True,
        },
    }


def set_rate(line: dict[str, Any], rate: float) -> None:
    """Of a cell and each of its slices."""
    for one in (line["load"], *line.get("slices", [])):
        one["achieved_per_s"] = rate


def scale_cpu(line: dict[str, Any], factor: float) -> None:
    """Server CPU time of a cell and each of its slices."""
    line["cost"]["server"]["cpu_us_per_op"] *= factor
    for one in line.get("slices", []):
        one["cpu_ns"] *= factor


def _slice(
    line: dict[str, Any], at: int, response: Histogram, generator: random.Random
) -> dict[str, Any]:
    bad = (line["point"]["id"], line["block"], at) == DISTURBED
    calm = line["subject"]["id"] == STALLED and at % 4
    rate = line["load"]["achieved_per_s"]
    wall = int(SLICE_S * 1e9)
    tail = response.quantile(0.99) * (0.9 + 0.05 * generator.random())
    longest = (4 if bad else 1) * (1.02 * response.quantile(0.99) if calm else response.highest)
    return {
        "round": at,
        "at_s": 0.3 * at,
        "kept": not bad,
        "client_late": False,
        "operations": int(rate * SLICE_S),
        "achieved_per_s": rate,
        "p50_ns": response.quantile(0.5),
        "p99_ns": int(tail * (20 if bad else 1)),
        "max_ns": int(longest),
        "send_delay_p99_ns": 4000,
        "wall_ns": wall,
        "cpu_ns": int(1000 * line["cost"]["server"]["cpu_us_per_op"] * int(rate * SLICE_S)),
        "run_delay_ns": int(wall * (0.4 if bad else 0.002)),
        "others_ns": int(wall * (0.6 if bad else 0.01)),
        "steal_ns": 0,
    }
