#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""A target with the workload `file-read`, in plain Python, and, told so by TAILRACE_FAULT, a target
that breaks the contract (runtimes/PROTOCOL.md) in one way. For the tests of the harness; not a
contestant. Standard library only."""

import mmap
import os
import sys
import time

import plain_target
from plain_target import FAULT, GOLDEN, STRICT, histogram, mix, say

OPTIONS = plain_target.Options(
    "file-read",
    {
        "block_bytes": (4096, 4096, 1 << 20),
        "concurrency": (16, 1, 4096),
        "reads": (0, 0, (1 << 63) - 1),
        "duration_ms": (1000, 1, 3_600_000),
        "seed": (1, 0, (1 << 63) - 1),
        "stamp_seed": (1, 0, (1 << 63) - 1),
    },
    {"cache": ["warm", "cold", "direct"]},
    ["file"],
    lacking="reads",
)


def stamp(seed, number):
    """What stands at number * 4096."""
    return mix(seed + (number + 1) * GOLDEN) >> 32


def permuted(number, blocks, seed):
    """The block of a read."""
    bits = max(1, (blocks - 1).bit_length())
    mask, shift, x = (1 << bits) - 1, (bits + 1) // 2, number % blocks
    while True:
        x = (x + seed) & mask
        for odd in (GOLDEN, 0xBF58476D1CE4E5B9):
            x = (x * odd) & mask
            x ^= x >> shift
        if x < blocks:
            return x


class Run(plain_target.Run):
    """One run of reads."""

    def __init__(self, values):
        super().__init__(values, ["reads", "read_bytes", "short_reads", "errors", "stamp_sum",
                                  "expected_sum"])
        if STRICT and (values["block_bytes"] % 4096 or not values["file"]):
            plain_target.refuse("block_bytes is a multiple of 4096, and file is needed")
        direct = os.O_DIRECT if values["cache"] == "direct" and FAULT != "not-direct" else 0
        try:
            self.file = os.open(values["file"], os.O_RDONLY | direct)
        except OSError as error:
            named = "a file" if FAULT == "names-no-file" else values["file"]
            say("error", message=f"open {named}: {error.strerror}", remedy="another file")
            sys.exit(1)
        os.posix_fadvise(self.file, 0, 0, os.POSIX_FADV_RANDOM)
        self.memory = mmap.mmap(-1, values["block_bytes"])  # aligned
        self.blocks = os.fstat(self.file).st_size // values["block_bytes"]

    def read(self, number):
        """One read."""
        size = self.values["block_bytes"]
        at = permuted(number, self.blocks, self.values["seed"]) * size
        if FAULT == "reads-in-order":
            at = number % self.blocks * size
        got = size if FAULT == "reads-nothing" else os.preadv(self.file, [self.memory], at)
        self.counts["reads"] += 1
        self.counts["read_bytes"] += got
        for part in range(0, size, 4096):
            seed, place = self.values["stamp_seed"], (at + part) // 4096
            expected = stamp(seed, place)
            found = int.from_bytes(self.memory[part:part + 8], "little")
            self.counts["expected_sum"] += expected
            self.counts["stamp_sum"] += expected if FAULT == "makes-sums-up" else found

    def work(self):
        """From `start` to the result."""
        begin, cpu = time.monotonic_ns(), time.process_time_ns()
        number = 0
        while not self.stopped:
            by_time = not self.values["reads"]
            if not by_time and number >= self.values["reads"]:
                break
            if by_time and time.monotonic_ns() - begin > self.values["duration_ms"] * 1_000_000:
                break
            if self.values["cache"] == "cold" and number >= self.blocks and FAULT != "goes-on":
                break
            self.read(number)
            number += 1
            if number % 64 == 0:
                self.listen(0)
        self.counts["whole_ns"] = time.monotonic_ns() - begin
        self.counts["whole_cpu_ns"] = time.process_time_ns() - cpu
        if FAULT == "loses-a-read":
            self.counts["reads"] -= 1
        if FAULT == "wrong-sum":
            self.counts["stamp_sum"] += 1
        if FAULT == "short-read":
            self.counts["short_reads"] += 1
        if FAULT == "refused-read":
            self.counts["errors"] += 1
        if FAULT == "lacks-a-count":
            del self.counts["whole_ns"]
        pairs = {} if FAULT == "no-histogram" else {"read_ns": histogram(number)}
        say("result", counts=self.counts, metrics={}, histograms=pairs)


plain_target.main(OPTIONS, "blocking", Run)
