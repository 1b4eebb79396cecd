#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A target with the workload `file-read`, in plain Python, and, told so by TAILRACE_FAULT, a target
that breaks the contract (runtimes/README.md) in one way. Of `echo` it has what the checks demand
before all else. For the tests of the harness; not a contestant. Standard library only."""

import base64
import json
import mmap
import os
import select
import socketserver
import struct
import sys
import threading
import time
import zlib

FAULT = os.environ.get("TAILRACE_FAULT", "")
MASK = (1 << 64) - 1
INTEGERS = {  # name: (default, lowest, highest)
    "block_bytes": (4096, 4096, 1 << 20),
    "concurrency": (16, 1, 4096),
    "reads": (0, 0, (1 << 63) - 1),
    "duration_ms": (1000, 1, 3_600_000),
    "seed": (1, 0, (1 << 63) - 1),
    "stamp_seed": (1, 0, (1 << 63) - 1),
}
CACHES = ["warm", "cold", "direct"]


def describe():
    """The object of `describe`."""
    options = [
        {"name": name, "default": str(default), "values": f"integer {low}..{high}", "help": name,
         "workloads": ["file-read"]}
        for name, (default, low, high) in INTEGERS.items()
        if not (FAULT == "without-option" and name == "reads")
    ]
    options += [{"name": "cache", "default": "warm", "values": CACHES, "help": "cache",
                 "workloads": ["file-read"]},
                {"name": "file", "default": "", "values": "text", "help": "file",
                 "workloads": ["file-read"]}]
    return {"protocol": 1, "id": "fake", "family": "floor", "language": "Python",
            "summary": "for tests", "versions": {}, "backend": "blocking",
            "workloads": ["echo", "file-read"], "options": options,
            "forms": {"best": {}, "default": {}}, "needs": {}, "available": True}


def refuse(sentence):
    """Bad usage."""
    print(f"file_target: {sentence}", file=sys.stderr)
    sys.exit(2)


def read_options(words):
    """The values in force, out of --set name=value; other options of `run` are skipped."""
    values = {name: default for name, (default, _, _) in INTEGERS.items()}
    values |= {"cache": "warm", "file": ""}
    strict = FAULT != "takes-anything"
    for flag, word in zip(words, words[1:]):
        if flag != "--set":
            continue
        name, _, text = word.partition("=")
        if name == "file" or (name == "cache" and text in CACHES):
            values[name] = text
        elif name in INTEGERS and text.isdigit():
            values[name] = int(text)
            low, high = INTEGERS[name][1:]
            if not low <= values[name] <= high and strict:
                refuse(f"{name} is from {low} to {high}")
        elif strict:
            refuse(f"no {word}")
    if (values["block_bytes"] % 4096 or not values["file"]) and strict:
        refuse("block_bytes is a multiple of 4096, and file is needed")
    return values


def mix(z):
    """splitmix64's."""
    z &= MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def stamp(seed, number):
    """What stands at number * 4096."""
    return mix(seed + (number + 1) * 0x9E3779B97F4A7C15) >> 32


def permuted(number, blocks, seed):
    """The block of a read."""
    bits = max(1, (blocks - 1).bit_length())
    mask, shift, x = (1 << bits) - 1, (bits + 1) // 2, number % blocks
    while True:
        x = (x + seed) & mask
        for odd in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9):
            x = (x * odd) & mask
            x ^= x >> shift
        if x < blocks:
            return x


def zigzag(value):
    """ZigZag LEB128, as HdrHistogram has it."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def hdr_text(count):
    """HDR V2 of one bucket: slot 100 holds all values. What the values are matters to no test."""
    body = zigzag(-100) + zigzag(count) if count else b""
    plain = struct.pack(">iiiiqqd", 0x1C849313, len(body), 0, 3, 1, 3_600_000_000_000, 1.0) + body
    packed = zlib.compress(plain)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()


class Run:
    """One run: what was asked for, and how far it is."""

    def __init__(self, values):
        self.values = values
        self.counts = dict.fromkeys(["reads", "read_bytes", "short_reads", "errors", "stamp_sum",
                                     "expected_sum"], 0)
        self.pending = b""
        self.stopped = False
        direct = os.O_DIRECT if values["cache"] == "direct" and FAULT != "not-direct" else 0
        try:
            self.file = os.open(values["file"], os.O_RDONLY | direct)
        except OSError as error:
            named = "a file" if FAULT == "names-no-file" else values["file"]
            self.say("error", message=f"open {named}: {error.strerror}", remedy="another file")
            sys.exit(1)
        os.posix_fadvise(self.file, 0, 0, os.POSIX_FADV_RANDOM)
        self.memory = mmap.mmap(-1, values["block_bytes"])  # aligned
        self.blocks = os.fstat(self.file).st_size // values["block_bytes"]

    @staticmethod
    def say(event, **more):
        """One event."""
        print(json.dumps({"event": event, **more}), flush=True)

    def listen(self, seconds):
        """Reads commands for at most so long; whether one was `start`."""
        if not select.select([0], [], [], seconds)[0]:
            return False
        data = os.read(0, 4096)
        if not data and FAULT != "outlives-input":
            sys.exit(1)
        self.pending += data
        *lines, self.pending = self.pending.split(b"\n")
        started = False
        for line in lines:
            started = started or line == b"start"
            if line == b"sample":
                self.say("sample", t_ns=time.monotonic_ns(), counts=self.counts)
            elif line == b"stop" and FAULT != "ignores-stop":
                self.stopped = True
        return started

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
        texts = {} if FAULT == "no-histogram" else {"read_ns": hdr_text(number)}
        self.say("result", counts=self.counts, metrics={}, histograms=texts)


class Echo(socketserver.BaseRequestHandler):
    """One connection, sent back."""

    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)


def serve():
    """The workload `echo`, until a `stop`."""
    server = socketserver.ThreadingTCPServer(("0.0.0.0", 0), Echo)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Run.say("ready", pid=os.getpid(), addresses=[f"127.0.0.1:{server.server_address[1]}"],
            backend="blocking", workers=1, granted={})
    for line in sys.stdin:
        if line.strip() == "stop":
            break


def main():
    """The command line."""
    if sys.argv[1:2] == ["describe"]:
        return print(json.dumps(describe()))
    if "echo" in sys.argv:
        return serve()
    run = Run(read_options(sys.argv[2:]))
    run.say("ready", pid=os.getpid(), addresses=[], backend="blocking", workers=1, granted={})
    while not run.stopped and FAULT != "starts-by-itself" and not run.listen(None):
        pass
    run.work()


main()
