# SPDX-License-Identifier: MIT
"""A made-up campaign of closed points over epoll and io_uring: rates and costs are exact ratios of
a base, so that each verdict is known beforehand. Nobody's measurement; no random numbers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hdr_encoder
import make_campaign
from contestants import FACTS, manifest_of, subject_of

BASE_RATE, BASE_CPU = 200_000.0, 4.0
BLOCKS = 6
# connections, message bytes, depth
POINTS = (
    (1, 64, 1),
    (50, 64, 1),
    (1000, 64, 1),
    (50, 16384, 1),
    (50, 65536, 1),
    (1, 64, 16),
    (50, 64, 16),
)
# (id, form) -> rate and CPU as ratios of the base; points of its own in OWN.
FACTORS: dict[tuple[str, str], tuple[float, float]] = {
    ("bare-epoll", "best"): (1.0, 1.0),
    ("bare-epoll", "oneshot"): (0.8, 1.25),
    ("bare-uring", "best"): (1.1, 0.9),
    ("bare-uring", "naive"): (0.7, 1.4),
    ("bare-uring", "buffers-own"): (0.9, 1.1),
    ("bare-uring", "ring-only"): (1.1, 0.9),
    ("bare-uring", "receive-single"): (1.2, 0.8),
    ("bare-uring", "taskrun-none"): (0.8, 1.2),
    ("bare-uring", "taskrun-coop"): (1.099, 0.9),
    ("bare-uring", "min-wait"): (1.0, 0.8),
    ("local", "best"): (0.95, 1.05),
    ("uring", "best"): (1.0, 0.95),
}
OPTIONS = {("bare-epoll", "oneshot"): {"register": "oneshot"}}
OWN: dict[tuple[str, str, int, int, int], float] = {
    ("bare-uring", "best", 1, 64, 1): 1.0,
    ("bare-uring", "best", 1000, 64, 1): 1.3,
    ("bare-uring", "ring-only", 50, 16384, 1): 0.8,
    ("bare-uring", "ring-only", 50, 65536, 1): 0.7,
    ("bare-uring", "ring-only", 50, 64, 16): 0.9,
}


def wobble(block: int, point: int, spread: float = 0.004) -> float:
    """Around 1, another in each block and point."""
    return 1.0 + spread * (((7 * block + 3 * point) % 11) / 5 - 1)


def cell(
    who: tuple[str, str], at: tuple[int, int, int], block: int, number: int
) -> tuple[dict[str, Any], str]:
    """One line of cells.jsonl, and the text of its histogram."""
    connections, size, depth = at
    rate, cpu = FACTORS[who]
    rate = OWN.get((*who, *at), rate) * BASE_RATE * wobble(block, number + len(who[1]))
    cpu *= BASE_CPU * wobble(block, number + 2 * len(who[0])) / (0.5 if connections == 1 else 1)
    name = f"closed-{connections}x{size}" + (f"-d{depth}" if depth > 1 else "")
    identity = f"b{block}-{name}-{who[0]}-{who[1]}"
    point = {"id": name, "workload": "echo", "kind": "closed", "connections": connections}
    point.update(message_bytes=size, depth=depth, rate_per_s=None, warmup_s=0.3, duration_s=1.0)
    subject = subject_of(*who, 1, FACTS[who[0]][0])
    subject["options"] = OPTIONS.get(who, {} if who[1] == "best" else {"switch": who[1]})
    line = {"schema": 2, "cell": identity, "block": block, "order": number, "seed": 1}
    line.update(subject=subject, point=point, status="ok", cause=None, remedy=None)
    line["cpus"] = {"target": "0", "client": "1", "disjoint": True, "shared_cpus": None}
    line["load"] = {"schema": 1, "mode": "closed", "connections": connections, "elapsed_s": 1.0}
    fates = dict.fromkeys(("skipped_late", "never_sent", "wrong", "errors", "timed_out"), 0)
    fates |= {"planned": 20_000, "sent": 20_000, "ok": 20_000, "in_flight": 0}
    line["load"]["counts"] = fates
    line["load"].update(offered_per_s=None, achieved_per_s=rate)
    line["load"]["histograms"] = {"response": f"hist/{identity}.response.hdr"}
    client = {"cpu_us_per_op": 3.0, "cpu_share": 0.9}
    line["cost"] = {"server": make_campaign.server_of(0.1 * cpu, 0.9 * cpu, 0.9), "client": client}
    line.update(target=None, memory=None)
    line["validity"] = []
    middle = int(connections / rate * 1e9)
    return line, hdr_encoder.encode({middle: 19_000, 2 * middle: 1_000})


def write(folder: Path, blocks: int = BLOCKS) -> Path:
    """The campaign in `folder`; returns it."""
    (folder / "hist").mkdir(parents=True)
    lines = []
    for block in range(blocks):
        for number, at in enumerate(POINTS):
            for who in FACTORS:
                line, text = cell(who, at, block, number)
                lines.append(json.dumps(line))
                path = folder / str(line["load"]["histograms"]["response"])
                path.write_text(f"{text}\n", "utf-8")
    (folder / "cells.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    manifest = {**manifest_of(1), "machine": {}}
    plan = {"schema": 2, "seed": 1, "blocks": blocks, "cells": []}
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder
