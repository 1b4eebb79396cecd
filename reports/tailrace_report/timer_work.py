# SPDX-License-Identifier: MIT
"""What a timer cell counted, as costs: values only, for cell.py, which checks them before.

The phases of the workload are in runtimes/README.md ("In-process workloads"). A cost is left out
where its phase did not happen.
"""

from __future__ import annotations

COUNTS = (
    "armed",
    "fired",
    "cancelled",
    "arm_cpu_ns",
    "wait_ns",
    "wait_cpu_ns",
    "fire_ns",
    "fire_cpu_ns",
    "whole_cpu_ns",
)


def title(options: dict[str, str]) -> str:
    """`100,000 timers within 1 s, timer slack 1 ns`."""

    def whole(name: str, fallback: int) -> int:
        text = options.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else fallback

    tasks = f"{whole('tasks', 0):,} timers"
    mode = options.get("mode")
    slack = whole("timer_slack_ns", 0)
    if mode == "cancel":
        what = f"{tasks} armed and cancelled, {whole('at_once', 1000):,} at a time"
    elif mode == "expiry":
        what = f"{tasks} that expire at once"
    else:
        what = f"{tasks} within {whole('spread_ms', 1000) / 1000:g} s"
    return what + (f", timer slack {slack:,} ns" if slack else "")


def costs(counts: dict[str, float]) -> dict[str, float]:
    """Nanoseconds of CPU time for a timer, and shares of a core, by name."""
    found: dict[str, float] = {}

    def add(name: str, top: str, bottom: str) -> None:
        if top in counts and counts.get(bottom):
            found[name] = counts[top] / counts[bottom]

    if counts.get("fired"):
        add("arm_cpu_ns", "arm_cpu_ns", "armed")
        add("fire_cpu_each_ns", "fire_cpu_ns", "fired")
        add("idle_share", "wait_cpu_ns", "wait_ns")
        if "fire_cpu_ns" in counts:
            found["fire_cpu_ns"] = counts["fire_cpu_ns"]
    add("pair_cpu_ns", "whole_cpu_ns", "cancelled")
    return found
