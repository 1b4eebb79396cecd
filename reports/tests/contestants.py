# SPDX-License-Identifier: MIT
"""The made-up contestants: what the manifest and costs.jsonl of made-up campaigns say of them."""

from __future__ import annotations

from typing import Any

# id: family, order, backend, timer granularity in ns, as `describe` says them
FACTS: dict[str, tuple[str, int, str, int]] = {
    "bare-epoll": ("floor", 10, "epoll", 1),
    "bare-uring": ("floor", 11, "io_uring", 1),
    "local": ("in-house", 30, "epoll", 1),
    "steal": ("in-house", 31, "epoll", 1),
    "uring": ("in-house", 32, "io_uring", 1),
    "libuv": ("library", 50, "epoll", 1_000_000),
    "threads": ("os", 70, "blocking", 1),
}
NOTHING_STOLEN = "nothing is stolen, for there is no other worker"


def subject_of(contestant: str, form: str, workers: int, family: str) -> dict[str, Any]:
    order = FACTS[contestant][1] if contestant in FACTS else 0
    who = {"id": contestant, "family": family, "order": order, "form": form}
    return {**who, "options": {}, "workers": workers}


def cost_line(
    contestant: str, form: str, family: str, model: dict[str, Any] | None
) -> dict[str, Any]:
    """A line of costs.jsonl, as `tailrace cost` counts; without a model it was skipped."""
    line: dict[str, Any] = {"schema": 2, "subject": subject_of(contestant, form, 1, family)}
    if model is None:
        refused = {"cause": "io_uring is refused here (kernel.io_uring_disabled=2)"}
        refused["remedy"] = "sysctl kernel.io_uring_disabled=0"
        return {**line, "status": "skipped", **refused, "sheet": None}

    def metric(name: str, value: float, kind: str = "exact") -> dict[str, Any]:
        unit = "an echo"
        return {"name": name, "unit": unit, "kind": kind, "values": [value], "operations": 1000}

    sheet = {
        "schema": "tailrace-cost-1",
        "target": contestant,
        "connections": 50,
        "message_bytes": 64,
        "repeats": 1,
        "metrics": [
            metric("syscalls.total", model["calls"]),
            metric("syscalls.recvfrom", 1.0),
            metric("syscalls.sendto", 1.0),
            metric("syscalls.epoll_wait", model["calls"] - 2.0),
            metric("allocations", 2.0 if family == "os" else 0.0),
            metric("instructions", 1000 * model["cpu"][0], "banded"),
        ],
        "absent": [],
        "sources": {},
    }
    if contestant == "libuv":
        sheet["absent"] = [{"name": "instructions", "cause": "valgrind gave up"}]
        sheet["metrics"].pop()
    return {**line, "status": "ok", "cause": None, "remedy": None, "sheet": sheet}


def contestants_of() -> list[dict[str, Any]]:
    """What the manifest has of each contestant."""
    found = []
    for name, (family, order, backend, granularity) in FACTS.items():
        told = {"id": name, "family": family, "order": order, "backend": backend}
        told |= {"summary": f"made-up {name}", "timer_granularity_ns": granularity}
        if name == "steal":
            told["one_worker"] = NOTHING_STOLEN
        found.append(contestant_of(name, describe=told, path=f"bin/{name}", digest="0123"))
    return found


def contestant_of(name: str, **more: Any) -> dict[str, Any]:
    plain = dict.fromkeys(("cause", "remedy", "path", "digest", "describe"))
    return {"id": name, "available": True, **plain, **more}


def manifest_of(seed: int) -> dict[str, Any]:
    machine = {
        "cpu": {
            "model": "Made-up CPU <2 cores>",
            "online": 2,
            "governor": None,
            "governor_cause": "no cpufreq in this virtual machine",
        },
        "kernel": {"release": "6.1.0-made-up"},
        "virtualization": "virtual machine (made-up)",
    }
    return {
        "schema": 2,
        "tool": {"name": "tailrace", "version": "0.2.0"},
        "profile": {"name": "made-up", "blocks": 6},
        "contestants": [
            *contestants_of(),
            contestant_of(
                "go", available=False, cause="no Go here", remedy="install golang"
            ),
        ],
        "seed": seed,
        "command": ["tailrace", "run", "--profile", "made-up", "--seed", str(seed)],
        "build": {
            "compiler": "GNU 12.2.0",
            "flags": "-O2",
            "digest": "fedcba9876543210",
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "dirty": False,
        },
        "machine": machine,
        "started_at": "2026-11-21T03:00:00Z",
    }
