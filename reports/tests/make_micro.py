# SPDX-License-Identifier: MIT
"""Makes a made-up micro.json (results/README.md): five contestants, a floor, one failed row, one
contestant skipped, ratios above and below 1. The same seed gives the same bytes."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

# benchmark -> nanoseconds of the floor, local, steal, threads, tokio; None: no such row
TIMES: dict[str, tuple[float | None, ...]] = {
    "task_create": (12.2, 7.8, 7.9, 8.1, None),
    "yield_many": (1.7, 7.0, 15.0, 1700.0, 60.0),
    "spawn_many_local": (15.0, 27.0, 68.0, 35000.0, 210.0),
    "remote_spawn/threads:4": (None, None, 390.0, 36000.0, 310.0),
    "channel_handoff": (None, 14.6, 40.0, 1450.0, 155.0),
    "timer_fire": (None, 108.0, 130.0, 59000.0, 215.0),
    "a_new_benchmark": (None, 1e6, None, None, None),
}
RUNTIMES = ("bare", "local", "steal", "threads", "tokio")
WORKERS = {"bare": (1,), "local": (1,)}


def spread(generator: random.Random) -> float:
    """Like make_campaign.spread(): the one random call that is stable everywhere."""
    return 1.0 + 0.1 * (generator.random() + generator.random() - 1.0)


def micro(rounds: int = 5, seed: int = 1, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The object of a micro.json, without some contestants."""
    generator = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for benchmark, times in TIMES.items():
        for runtime, time in zip(RUNTIMES, times):
            for workers in WORKERS.get(runtime, (1, 2)):
                if time is None or runtime in without:
                    continue
                ns = [time * workers**0.3 * spread(generator) for _ in range(rounds)]
                counters = {} if runtime == "tokio" else {"allocations": [1 / time] * rounds}
                name = f"floor_{benchmark}" if runtime == "bare" else benchmark
                one = {"benchmark": name, "runtime": runtime, "workers": workers}
                rows.append({**one, "ns_per_op": ns, "counters": counters, "cause": None})
    broken = {"benchmark": "ping_pong", "runtime": "local", "workers": 1, "counters": {}}
    cause = "no <threads> left"
    rows.append({**broken, "ns_per_op": [None] * rounds, "cause": cause})
    skipped = {"smol": "cargo not found, install rustup (https://rustup.rs)"}
    context = {"rounds": rounds, "seed": seed, "min_time_s": 0.05, "reference": "tokio"}
    return {
        "schema": 1,
        "kind": "micro",
        "context": context,
        "skipped": skipped,
        "rows": rows,
    }


def write_micro(folder: Path, **how: Any) -> Path:
    path = folder / "micro.json"
    path.write_text(json.dumps(micro(**how)), "utf-8")
    return path


if __name__ == "__main__":
    write_micro(Path(sys.argv[1]))
