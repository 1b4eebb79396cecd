# SPDX-License-Identifier: MIT
"""Made-up cells of file points for test_files.py: a contestant by threads that scales with readers,
a ring that costs less, a pool that costs more. Nobody's measurement."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import hdr_encoder
from make_campaign import cell_line, write_histograms

# id, family: thousand reads/s at 1 and at 16 readers, CPU us a read, threads at 16 readers
MODELS = {
    ("uring", "in-house"): (900.0, 1250.0, 0.80, 2),
    ("libuv", "library"): (70.0, 180.0, 6.10, 6),
    ("threads", "os"): (1000.0, 1080.0, 0.95, 17),
}
BLOCK_BYTES = 4096
PAGES = 65536
SLOWER = {"warm": 1.0, "cold": 12.0, "direct": 10.0}


def point_of(cache: str, readers: int) -> dict[str, Any]:
    """One file point, as the harness writes it."""
    options = {"cache": cache, "block_bytes": str(BLOCK_BYTES), "concurrency": str(readers)}
    options["duration_ms"] = "1000"
    return {
        "id": f"file-{cache}-4k-{readers}",
        "kind": "file",
        "workload": "file-read",
        "options": options,
        "file_mib": 256,
    }


def _fields(cache: str, readers: int, model: tuple[float, ...], factor: float) -> dict[str, Any]:
    alone, many, cpu_us, threads = model
    reads = int((alone if readers == 1 else many) * 1000 * factor / SLOWER[cache])
    resident = {"warm": PAGES, "cold": min(PAGES, reads), "direct": 0}[cache]
    before = PAGES if cache == "warm" else 0
    counts = {
        "reads": reads,
        "read_bytes": reads * BLOCK_BYTES,
        "short_reads": 0,
        "errors": 0,
        "stamp_sum": 5,
        "expected_sum": 5,
        "whole_ns": 1_000_000_000,
        "whole_cpu_ns": int(reads * cpu_us * 1000 * (1 if cache == "warm" else 3)),
    }
    process = {"cpu_ns": counts["whole_cpu_ns"], "voluntary_switches": 9}
    process["involuntary_switches"] = 1
    return {
        "work": {"counts": counts, "latency_ns": {}, "process": process},
        "file": {
            "cache": cache,
            "bytes": PAGES * 4096,
            "stamp_seed": 1,
            "filesystem": "ext4",
            "device": "/dev/vda",
            "before": {"pages": PAGES, "resident": before, "source": "cachestat"},
            "after": {"pages": PAGES, "resident": resident, "source": "cachestat"},
            "device_read_bytes": 0 if cache == "warm" else reads * BLOCK_BYTES,
            "threads_peak": threads if readers > 1 else 2,
            "io_workers_peak": 0,
        },
    }


def write_cells(folder: Path, *, blocks: int = 3, readers: tuple[int, ...] = (1, 16)) -> None:
    """Puts file cells in the place of the campaign's own."""
    generator = random.Random(5)
    lines = []
    for block in range(blocks):
        for cache in SLOWER:
            for many in readers:
                for (contestant, family), model in MODELS.items():
                    point = point_of(cache, many)
                    name = f"b{block}-{point['id']}-{contestant}-best"
                    line = cell_line(name, block, 0, contestant, "best", family, point)
                    line["point"] = point
                    line.update(_fields(cache, many, model, 0.98 + 0.04 * generator.random()))
                    middle = int(1e6 * many / line["work"]["counts"]["reads"] * 1000)
                    counts = {middle * step // 10: 3000 for step in range(5, 25)}
                    text = hdr_encoder.encode(counts)
                    line["load"] = {"histograms": {}}
                    write_histograms(folder, line, {"read_ns": text})
                    line["work"]["histograms"] = line["load"]["histograms"]
                    line["load"] = None
                    lines.append(json.dumps(line))
    (folder / "cells.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
