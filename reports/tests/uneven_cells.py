# SPDX-License-Identifier: MIT
"""The hog and skew cells of the made-up campaign (make_campaign.py): two workers that share their
CPUs with the client. Cooperative loops let the others wait for up to a burn; threads and work
stealing do not. Nobody's measurement. Own random numbers, so that all other cells stay the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import hdr_encoder

REQUESTS = 120_000
SHARED = "2 workers need all 2 cores, so the client runs beside them, neither pinned nor polling"
LOAD: dict[str, Any] = dict(workers=2, connections=50, rate_per_s=5000.0)
HOG: dict[str, Any] = dict(LOAD, kind="hog", workload="hog", hog_every=10, hog_rate_per_s=20.0)
POINTS: list[dict[str, Any]] = [
    dict(HOG, id="hog-50x64-5000-0us", burn_us=0),
    dict(HOG, id="hog-50x64-5000-5000us", burn_us=5000),
    dict(
        LOAD,
        id="skew-64x64-8000-50us",
        kind="skew",
        workload="hog",
        connections=64,
        rate_per_s=8000.0,
        burn_us=50,
        hot_connections=4,
        hot_share=0.8,
    ),
]
# id, form, family: median in us, share of the others' requests that wait for a burn, and by which
# factor the tail of uneven load leaves the median.
MODELS: dict[tuple[str, str, str], tuple[float, float, float]] = {
    ("local", "best", "in-house"): (52.0, 0.06, 9.0),
    ("steal", "best", "in-house"): (58.0, 0.012, 3.0),
    ("libuv", "best", "library"): (55.0, 0.065, 9.5),
    ("threads", "best", "os"): (60.0, 0.0, 4.0),
}


def counts(
    generator: random.Random, total: int, middle_us: float, waiting: float, tail: float
) -> dict[int, int]:
    """`total` latencies around the median with a tail of that factor; a share waits for a burn."""
    found: dict[int, int] = {}
    late = round(total * waiting)
    for step in range(1, 101):
        value = int(middle_us * 1000 * (0.7 + 0.6 * step / 100))
        found[value] = found.get(value, 0) + (total - late) * 97 // 10_000
    for step in range(1, 61):
        value = int(middle_us * 1000 * (1.3 + (tail - 1.3) * step / 60))
        found[value] = found.get(value, 0) + (total - late) // 2500
    for step in range(1, 51):
        value = int(5_000_000 * step / 50 * (1 + 0.1 * generator.random()))
        found[value] = found.get(value, 0) + late // 50
    middle = int(middle_us * 1000)
    found[middle] = found.get(middle, 0) + total - sum(found.values())
    return found


def cells(
    block: int,
    cell_line: Callable[..., dict[str, Any]],
    server_of: Callable[..., dict[str, Any]],
    seed: int,
) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Every cell of this block with its histograms by name."""
    generator = random.Random(1000 * seed + block)
    for point in POINTS:
        for (contestant, form, family), model in MODELS.items():
            name = f"b{block}-{point['id']}-{contestant}-{form}"
            line = cell_line(name, block, 0, contestant, form, family, point)
            line["cpus"] = {"target": "0-1", "client": "0-1", "disjoint": False}
            line["cpus"]["shared_cpus"] = SHARED
            yield line, _measured(line, point, model, generator, server_of)
        name = f"b{block}-{point['id']}-bare-epoll-best"
        line = cell_line(name, block, 0, "bare-epoll", "best", "floor", point)
        line.update(status="skipped", cause="bare-epoll has no workload `hog`")
        yield line, {}


def _measured(
    line: dict[str, Any],
    point: dict[str, Any],
    model: tuple[float, float, float],
    generator: random.Random,
    server_of: Callable[..., dict[str, Any]],
) -> dict[str, str]:
    middle, waiting, tail = model
    middle *= 0.97 + 0.06 * generator.random()
    skew = point["kind"] == "skew"
    burns = point["burn_us"] and not skew
    response = counts(generator, REQUESTS, middle, waiting if burns else 0.0, tail if skew else 3.0)
    fates = dict(planned=REQUESTS, sent=REQUESTS, skipped_late=0, never_sent=0)
    fates.update(ok=REQUESTS, wrong=0, errors=0, timed_out=0, in_flight=0)
    rate = point["rate_per_s"]
    line["load"] = {"schema": 1, "mode": "open", "connections": 50, "counts": fates}
    line["load"].update(offered_per_s=rate, achieved_per_s=rate, elapsed_s=REQUESTS / rate)
    line["cost"] = {
        "server": server_of(*((50.0, 12.0, 0.6) if skew else (2.0, 10.0, 0.2))),
        "client": {"cpu_us_per_op": 9.0, "cpu_share": 0.1},
    }
    texts = {"response": response, "lateness": {150: REQUESTS - 1000, 30_000: 1000}}
    if skew:
        texts["hot.response"] = counts(generator, REQUESTS * 4 // 5, middle, 0.0, tail * 1.1)
        texts["cold.response"] = counts(generator, REQUESTS // 5, middle, 0.0, tail * 0.8)
    else:
        own = middle + point["burn_us"]
        texts["hogs.response"] = counts(generator, 480, own, 0.0, 3.0)
        texts["service"] = {value // 2: count for value, count in response.items()}
    return {name: hdr_encoder.encode(found) for name, found in texts.items()}
