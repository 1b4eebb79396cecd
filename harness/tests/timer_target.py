#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""A target with the workload `timer`, in plain Python: the in-process part of the target protocol
(runtimes/PROTOCOL.md) at its smallest, and, told so by TAILRACE_FAULT, a target that breaks it in
one way. For the tests of the harness; not a contestant. Standard library only."""

import heapq
import os
import time

import plain_target
from plain_target import FAULT, GOLDEN, histogram, mix, say

OPTIONS = plain_target.Options(
    "timer",
    {
        "tasks": (0, 0, 1_000_000),
        "spread_ms": (1000, 1, 60_000),
        "lead_ms": (1000, 0, 600_000),
        "at_once": (1000, 1, 1_000_000),
        "seed": (1, 0, (1 << 63) - 1),
        "timer_slack_ns": (0, 0, 1_000_000_000),
    },
    {"mode": ["random", "expiry", "cancel"]},
    lacking="at_once",
)


def offset_ns(values, index):
    """The deadline of a task, counted from the first possible: splitmix64 below the spread."""
    if values["mode"] != "random":
        return 0
    return mix(values["seed"] + (index + 1) * GOLDEN) % (values["spread_ms"] * 1_000_000)


class Run(plain_target.Run):
    """One run of timers."""

    def __init__(self, values):
        super().__init__(values, ["armed", "fired", "cancelled", "refused", "woken_early"])
        self.fired_sum = 0
        self.lateness = []
        self.moments = {}
        self.heap = []

    def mark(self, name):
        """Now, of the clock and of the CPU."""
        self.moments.setdefault(name, (time.monotonic_ns(), time.process_time_ns()))

    def arm(self):
        """All timers."""
        base = time.monotonic_ns() + self.values["lead_ms"] * 1_000_000
        self.mark("begun")
        for index in range(self.values["tasks"]):
            heapq.heappush(self.heap, (base + offset_ns(self.values, index), index))
        self.counts["armed"] = self.values["tasks"]
        self.mark("armed")

    def fire(self):
        """Waits for all timers, or until stopped."""
        while self.heap and not self.stopped:
            left_ns = self.heap[0][0] - time.monotonic_ns()
            if left_ns > 0 and FAULT != "wakes-early":
                self.listen(left_ns / 1e9)
                continue
            deadline, index = heapq.heappop(self.heap)
            self.mark("first")
            self.counts["fired"] += 1
            self.counts["woken_early"] += time.monotonic_ns() < deadline
            self.fired_sum += offset_ns(self.values, index)
            self.lateness.append(time.monotonic_ns() - deadline)
        self.mark("last")

    def result(self):
        """The counts of the result."""
        counts = dict(self.counts, deadline_sum_ns=self.fired_sum)
        self.mark("ended")
        for phase, begin, end in [("arm", "begun", "armed"), ("wait", "armed", "first"),
                                  ("fire", "first", "last"), ("whole", "begun", "ended")]:
            begin, end = (self.moments.get(name, (0, 0)) for name in (begin, end))
            counts[phase + "_ns"] = max(0, end[0] - begin[0])
            counts[phase + "_cpu_ns"] = max(0, end[1] - begin[1])
        if FAULT == "loses-a-timer":
            counts["fired"] -= 1
        if FAULT == "wrong-sum":
            counts["deadline_sum_ns"] += 1
        if FAULT == "lacks-a-count":
            del counts["wait_cpu_ns"]
        if FAULT == "claims-cpu":
            counts["whole_cpu_ns"] = 10**15
        return counts

    def work(self):
        """From `start` to the result."""
        if not self.stopped:
            self.arm()
        if self.values["mode"] == "cancel" or FAULT == "cancels":
            self.counts["cancelled"] = len(self.heap)
            self.heap.clear()
        self.fire()
        self.counts["cancelled"] += len(self.heap)
        if FAULT == "dies":
            os.abort()
        while FAULT == "hangs":
            time.sleep(1)
        lateness = self.lateness[1:] if FAULT == "short-histogram" else self.lateness
        pairs = {} if self.values["mode"] == "cancel" else {"lateness_ns": histogram(len(lateness))}
        if FAULT == "no-histogram":
            pairs = {}
        if FAULT == "garbage-histogram":
            pairs = {"lateness_ns": [[1, 1], [1, 2]]}
        say("result", counts=self.result(), metrics={}, histograms=pairs)


plain_target.main(
    OPTIONS,
    "select",
    Run,
    addresses=["127.0.0.1:1"] if FAULT == "has-an-address" else [],
    granted={"timer_slack_ns": 50000},
)
