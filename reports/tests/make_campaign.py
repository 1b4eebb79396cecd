# SPDX-License-Identifier: MIT
"""Writes a made-up campaign: same arguments, same bytes. For tests, and to look at the report.

`python make_campaign.py DIR [--blocks N] [--seed S]`. The figures imitate what a loopback echo
costs on two cores, so that the report looks as it will; they are nobody's measurement. Every
status occurs: ok, invalid in some blocks and in all, failed (with hostile text), skipped.
"""

from __future__ import annotations

import argparse
import atexit
import json
import math
import random
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import hdr_encoder
import sliced_cells
import uneven_cells
from contestants import cost_line, manifest_of, subject_of
from tailrace_report import hdr

HOSTILE = "</pre><script>alert('stderr')</script>\x1b[31m & \"quotes\" | pipe"
# id, form, family: CPU us/op (user, system), calls per op, p50 in us, tail weight, memory
# (user, kernel) bytes per connection, bytes per task (user, kernel), closed rate in k/s
MODELS: dict[tuple[str, str, str], dict[str, Any]] = {
    ("bare-epoll", "best", "floor"): dict(
        cpu=(0.21, 3.31), calls=2.01, p50=152, tail=3.4, conn=(8, 1486), task=(64, 0), closed=268
    ),
    ("local", "best", "in-house"): dict(
        cpu=(0.28, 3.29), calls=2.02, p50=154, tail=3.4, conn=(382, 1490), task=(210, 1), closed=267
    ),
    ("local", "default", "in-house"): dict(
        cpu=(0.31, 3.42), calls=2.44, p50=161, tail=3.2, conn=(390, 1491), task=(210, 1), closed=259
    ),
    ("libuv", "best", "library"): dict(
        cpu=(0.45, 3.25), calls=2.02, p50=166, tail=3.0, conn=(505, 1495), task=(312, 2), closed=264
    ),
    ("threads", "best", "os"): dict(
        cpu=(0.95, 5.9),
        calls=2.09,
        p50=255,
        tail=1.9,
        conn=(8480, 28400),
        task=(8500, 27900),
        closed=158,
    ),
}
POINTS: list[dict[str, Any]] = [
    dict(id="open-50x64-10000", kind="open", connections=50, rate_per_s=10000.0),
    dict(id="open-50x64-60000", kind="open", connections=50, rate_per_s=60000.0),
    dict(id="open-1000x64-20000", kind="open", connections=1000, rate_per_s=20000.0),
    dict(id="closed-50x64", kind="closed", connections=50),
    dict(id="closed-1000x64", kind="closed", connections=1000),
    dict(id="memory", kind="memory"),
    dict(id="task-memory", kind="task_memory"),
]
ALL_OF_WORK = ["latency", "rate", "cpu"]
STATES = {"idle": 1.0, "after_echo": 1.03, "unread": 1.3, "retained": 0.22}


def counts_of(total: int, middle_ns: float, shape: float, stall: float) -> dict[int, int]:
    """`total` latencies: log-logistic, with a share of stalls some ten times as long."""

    def below(value: float) -> float:
        body = 1 / (1 + (value / middle_ns) ** -shape / 4) if value > middle_ns / 3 else 0.0
        late = 1 / (1 + (value / (middle_ns * 14)) ** -6)
        return (1 - stall) * body**2 + stall * late

    counts: dict[int, int] = {}
    value, seen = middle_ns / 3, 0
    while seen < total and value < 3e9:
        upto = min(total, round(total * below(value)))
        if upto > seen:
            counts[int(value)] = upto - seen
            seen = upto
        value *= 1.015
    if seen < total:
        counts[int(value)] = total - seen
    return counts


def spread(generator: random.Random, by: float) -> float:
    """A factor around 1, log-triangular, from the one random call that is stable everywhere."""
    return math.exp(by * (generator.random() + generator.random() - 1.0))


def load_of(point: dict[str, Any], requests: int, rate: float) -> dict[str, Any]:
    counts = dict(planned=requests, sent=requests, skipped_late=0, never_sent=0)
    counts.update(ok=requests, wrong=0, errors=0, timed_out=0, in_flight=0)
    return {
        "schema": 1,
        "mode": point["kind"],
        "connections": point["connections"],
        "counts": counts,
        "elapsed_s": requests / rate,
        "offered_per_s": rate if point["kind"] == "open" else None,
        "achieved_per_s": rate * 0.9995,
        "unknown_to_this_reader": {"passes": True},
    }


def server_of(user: float, system: float, share: float) -> dict[str, Any]:
    """What an operation costs the server."""
    return {
        "cpu_us_per_op": user + system,
        "user_us_per_op": user,
        "system_us_per_op": system,
        "voluntary_switches_per_op": 0.0003,
        "involuntary_switches_per_op": 0.0001,
        "run_delay_us_per_op": 0.02 * (user + system),
        "cpu_share": share,
    }


def echo_fields(
    model: dict[str, Any], point: dict[str, Any], drift: float, generator: random.Random, scale: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Load and cost of one echo cell, and its histograms by name."""
    many = point["connections"] > 100
    closed = point["kind"] == "closed"
    rate = model["closed"] * 1000 * spread(generator, 0.03) / drift if closed else 0.0
    rate = rate if closed else point["rate_per_s"]
    requests = int(rate * scale)
    user, system = model["cpu"]
    factor = drift * spread(generator, 0.03) * (0.95 if many else 1.0)
    middle = model["p50"] * 1000 * drift * spread(generator, 0.04) * (1.3 if many else 1.0)
    middle *= (20 if many else 1) if closed else 1 + point["rate_per_s"] / 2e5
    stall = 0.0006 * spread(generator, 1.5)
    response = counts_of(requests, middle, model["tail"], stall)
    lateness = counts_of(requests, 4000, 3.0, 0.0002)
    load = load_of(point, requests, rate)
    busy = min(0.99, (user + system) * factor * rate / 1e6)
    server = server_of(user * factor, system * factor, busy)
    client = {"cpu_us_per_op": 3.4 * factor, "cpu_share": 0.97 if closed else 0.4}
    texts = {"response": hdr_encoder.encode(response), "lateness": hdr_encoder.encode(lateness)}
    return {"load": load, "cost": {"server": server, "client": client}, "memory": None}, texts


def result_of(
    contestant: str, point: dict[str, Any], load: dict[str, Any] | None
) -> dict[str, Any] | None:
    """The result event of a target: each contestant counts what it can, the floor nothing."""
    if load is None:
        return None
    ok = load["counts"]["ok"]
    workers = point.get("workers", 1)
    rest = [0] * (workers - 1)
    several = workers > 1
    counted: dict[str, Any] = {}
    if contestant in ("local", "libuv"):
        counted = {"polls": [ok, *rest], "parks": [ok // 30, *rest], "forced_yields": [3, *rest]}
    elif contestant == "steal":
        counted = {"polls": [ok // 2 + 40, *(ok // 2 for _ in rest)], "parks": [ok // 9, *rest]}
        counted["steals"] = [ok // 400 if several else 0, *rest]
        counted["wakes"] = [ok // 12 if several else 0, *rest]
        counted["forced_yields"] = [0, *rest]
    elif contestant == "threads":
        counted = {"threads_alive": 0}
    sent = ok * point.get("message_bytes", 64)
    return {"counts": {"sent_bytes": sent}, "metrics": counted, "histograms": {}}


def slope(value: float, generator: random.Random) -> dict[str, float]:
    middle = value * spread(generator, 0.02)
    return {
        "slope_bytes": middle,
        "low_bytes": middle - abs(value) * 0.02 - 3,
        "high_bytes": middle + abs(value) * 0.02 + 3,
        "intercept_bytes": 1.2e6,
        "r2": 0.999,
    }


def memory_fields(
    model: dict[str, Any], point: dict[str, Any], generator: random.Random
) -> dict[str, Any]:
    tasks = point["kind"] == "task_memory"
    user, kernel = model["task"] if tasks else model["conn"]
    states = {}
    for state, factor in {"sleeping": 1.0}.items() if tasks else STATES.items():
        states[state] = {
            "user": slope(user * factor, generator),
            "kernel": slope(kernel * factor, generator),
            "kernel_parts": {"slab_and_sockets": min(kernel, 1490.0) * factor},
        }
    unit = "task" if tasks else "connection"
    memory = {"source": "cgroup-v1", "unit": unit, "counts": [0, 2500, 5000], "states": states,
              "source_cause": None, "size_source": "slabinfo", "accepted_sockets": "charged"}
    return {"load": None, "cost": None, "memory": memory}


def status_of(contestant: str, form: str, point: str, block: int) -> tuple[str, str | None]:
    """Which cells are not ok, so that every status occurs."""
    if (contestant, point) == ("threads", "closed-1000x64") and block == 1:
        return "failed", "3 answers had the wrong payload <b>bold</b>"
    if (contestant, point) == ("libuv", "open-1000x64-20000") and block in (0, 2):
        return "invalid", "achieved 97.1 % of offered, where 99 % is asked"
    if (contestant, form, point) == ("local", "default", "closed-50x64"):
        return "invalid", "a neighbour used 12 % of the client's CPU"
    return "ok", None


def write_campaign(folder: Path, *, blocks: int = 6, seed: int = 1, scale: int = 2) -> Path:
    """A campaign of `blocks` blocks; `scale` is the seconds of load that make the counts. Made once
    in a process, and copied."""
    shutil.copytree(_made(blocks, seed, scale), folder)
    return folder


@lru_cache(maxsize=None)
def _made(blocks: int, seed: int, scale: int) -> Path:
    place = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, place)
    _make(place, blocks, seed, scale)
    return place


def _make(folder: Path, blocks: int, seed: int, scale: int) -> None:
    (folder / "hist").mkdir(parents=True)
    generator = random.Random(seed)
    planned: list[dict[str, Any]] = []
    lines: list[str] = []
    for block in range(blocks):
        drift = spread(generator, 0.08)
        for point in POINTS:
            for (contestant, form, family), model in MODELS.items():
                name = f"b{block}-{point['id']}-{contestant}-{form}"
                line = cell_line(name, block, len(planned), contestant, form, family, point)
                status, cause = status_of(contestant, form, point["id"], block)
                line.update(status=status, cause=cause)
                if "memory" in point["kind"]:
                    fields = memory_fields(model, point, generator)
                    texts: dict[str, str] = {}
                else:
                    fields, texts = echo_fields(model, point, drift, generator, scale)
                if status == "failed":
                    line["target"]["stderr_tail"] = HOSTILE
                else:
                    line.update(fields)
                    line["target"]["result"] = result_of(contestant, point, line["load"])
                    write_histograms(folder, line, texts)
                    if line["load"]:
                        response = hdr.decode(texts["response"])
                        line.update(sliced_cells.fields(line, response, seed))
                        add_as_lived(folder, line, response)
                if status == "invalid":
                    check = {"name": "noise", "ok": False, "value": 0.12, "limit": 0.1}
                    line["validity"] = [{**check, "text": cause, "spoils": ALL_OF_WORK}]
                planned.append({"cell": name})
                lines.append(json.dumps(line))
            name = f"b{block}-{point['id']}-uring-best"
            line = cell_line(name, block, len(planned), "uring", "best", "in-house", point)
            line.update(
                status="skipped", cause="io_uring is refused here (kernel.io_uring_disabled=2)"
            )
            line.update(remedy="sysctl kernel.io_uring_disabled=0")
            planned.append({"cell": name})
            lines.append(json.dumps(line))
        for line, texts in uneven_cells.cells(block, cell_line, server_of, seed):
            contestant = line["subject"]["id"]
            line["target"]["result"] = result_of(contestant, line["point"], line["load"])
            write_histograms(folder, line, texts)
            planned.append({"cell": line["cell"]})
            lines.append(json.dumps(line))
    (folder / "cells.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    counted = [cost_line(*who, MODELS.get(who)) for who in [*MODELS, ("uring", "best", "in-house")]]
    (folder / "costs.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in counted), "utf-8")
    plan = {"schema": 2, "seed": seed, "cells": planned}
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    (folder / "manifest.json").write_text(json.dumps(manifest_of(seed)), "utf-8")


def cell_line(
    name: str,
    block: int,
    order: int,
    contestant: str,
    form: str,
    family: str,
    point: dict[str, Any],
) -> dict[str, Any]:
    asked = {"workload": "echo", "message_bytes": 64, "depth": 1, "duration_s": 2.0, **point}
    if point["kind"] in ("open", "hog", "skew"):
        asked["arrivals"] = "poisson"
    workers = point.get("workers", 1)
    return {
        "schema": 2,
        "cell": name,
        "block": block,
        "order": order,
        "seed": 7,
        "subject": subject_of(contestant, form, workers, family),
        "point": asked,
        "cpus": {"target": "0", "client": "1", "disjoint": True},
        "status": "ok",
        "cause": None,
        "remedy": None,
        "target": {"ready": None, "result": None, "exit_code": 0, "stderr_tail": ""},
        "load": None,
        "cost": None,
        "memory": None,
        "validity": [],
    }


def write_histograms(folder: Path, line: dict[str, Any], texts: dict[str, str]) -> None:
    paths = {}
    for name, text in texts.items():
        paths[name] = f"hist/{line['cell']}.{name}.hdr"
        (folder / paths[name]).write_text(text + "\n", "ascii")
    if paths:
        line["load"]["histograms"] = paths


def add_as_lived(folder: Path, line: dict[str, Any], response: hdr.Histogram) -> None:
    """The response histogram with a stall in it, where a round was disturbed."""
    line["as_lived"] = None
    if all(one["kept"] for one in line["slices"]):
        return
    counts = dict(response.slots)
    stalled = sum(counts.values()) // 40
    path = f"hist/{line['cell']}.as_lived.response.hdr"
    text = hdr_encoder.encode({**counts, 4 * response.highest: stalled})
    (folder / path).write_text(text + "\n", "ascii")
    line["as_lived"] = {
        "counts": line["load"]["counts"],
        "latency_ns": {},
        "histograms": {"as_lived.response": path},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a made-up campaign.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=int, default=2)
    asked = parser.parse_args()
    write_campaign(asked.folder, blocks=asked.blocks, seed=asked.seed, scale=asked.scale)
