#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A target with the workload `timer`, in plain Python: the in-process part of the target protocol
(runtimes/README.md) at its smallest, and, told so by TAILRACE_FAULT, a target that breaks it in one
way. Of `echo` it has what the checks demand before all else. For the tests of the harness; not a
contestant. Standard library only."""

import base64
import heapq
import json
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
OPTIONS = {  # name: (default, lowest, highest)
    "tasks": (0, 0, 1_000_000),
    "spread_ms": (1000, 1, 60_000),
    "lead_ms": (1000, 0, 600_000),
    "at_once": (1000, 1, 1_000_000),
    "seed": (1, 0, (1 << 63) - 1),
    "timer_slack_ns": (0, 0, 1_000_000_000),
}
MODES = ["random", "expiry", "cancel"]


def describe():
    """The object of `describe`."""
    options = [
        {"name": name, "default": str(default), "values": f"integer {low}..{high}", "help": name,
         "workloads": ["timer"]}
        for name, (default, low, high) in OPTIONS.items()
        if not (FAULT == "without-option" and name == "at_once")
    ]
    options.append({"name": "mode", "default": "random", "values": MODES, "help": "mode",
                    "workloads": ["timer"]})
    return {"protocol": 1, "id": "fake", "family": "floor", "language": "Python",
            "summary": "for tests", "versions": {}, "backend": "select",
            "workloads": ["echo", "timer"], "options": options, "needs": {}, "available": True,
            "forms": {"best": {}, "default": {}}}


def refuse(sentence):
    """Bad usage."""
    print(f"timer_target: {sentence}", file=sys.stderr)
    sys.exit(2)


def read_options(words):
    """The values in force, out of --set name=value; other options of `run` are skipped."""
    values = {name: default for name, (default, _, _) in OPTIONS.items()}
    values["mode"] = "random"
    for flag, word in zip(words, words[1:]):
        if flag != "--set":
            continue
        name, _, text = word.partition("=")
        if name == "mode" and text in MODES:
            values["mode"] = text
        elif name in OPTIONS and text.isdigit():
            values[name] = int(text)
            low, high = OPTIONS[name][1:]
            if not low <= values[name] <= high and FAULT != "takes-anything":
                refuse(f"{name} is from {low} to {high}")
        elif FAULT != "takes-anything":
            refuse(f"no {word}")
    return values


def offset_ns(values, index):
    """The deadline of a task, counted from the first possible: splitmix64 below the spread."""
    if values["mode"] != "random":
        return 0
    z = (values["seed"] + (index + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return (z ^ (z >> 31)) % (values["spread_ms"] * 1_000_000)


def zigzag(value):
    """ZigZag LEB128, as HdrHistogram has it."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def hdr_text(values):
    """HDR V2 of one bucket: slot 100 holds all values. What the values are matters to no test."""
    body = zigzag(-100) + zigzag(len(values)) if values else b""
    plain = struct.pack(">iiiiqqd", 0x1C849313, len(body), 0, 3, 1, 3_600_000_000_000, 1.0) + body
    packed = zlib.compress(plain)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()


class Run:
    """One run: what was asked for, and how far it is."""

    def __init__(self, values):
        self.values = values
        self.counts = dict.fromkeys(["armed", "fired", "cancelled", "refused", "woken_early"], 0)
        self.fired_sum = 0
        self.lateness = []
        self.moments = {}
        self.heap = []
        self.pending = b""
        self.stopped = False

    @staticmethod
    def say(event, **more):
        """One event."""
        print(json.dumps({"event": event, **more}), flush=True)

    def obey(self, line):
        """One command; whether the work may begin."""
        if line == "sample":
            self.say("sample", t_ns=time.monotonic_ns(), counts=self.counts)
        elif line == "stop" and FAULT != "ignores-stop":
            self.stopped = True
        return line == "start"

    def listen(self, seconds):
        """Reads commands for at most so long; whether one was `start`."""
        if not select.select([0], [], [], seconds)[0]:
            return False
        data = os.read(0, 4096)
        if not data and FAULT != "outlives-input":
            sys.exit(1)
        self.pending += data
        *lines, self.pending = self.pending.split(b"\n")
        return any([self.obey(line.decode()) for line in lines])

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
        texts = {} if self.values["mode"] == "cancel" else {"lateness_ns": hdr_text(lateness)}
        if FAULT == "no-histogram":
            texts = {}
        if FAULT == "garbage-histogram":
            texts = {"lateness_ns": "HISTFAAA"}
        self.say("result", counts=self.result(), metrics={}, histograms=texts)


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
            backend="select", workers=1, granted={})
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
    addresses = ["127.0.0.1:1"] if FAULT == "has-an-address" else []
    run.say("ready", pid=os.getpid(), addresses=addresses, backend="select", workers=1,
            granted={"timer_slack_ns": 50000})
    while not run.stopped and FAULT != "starts-by-itself" and not run.listen(None):
        pass
    run.work()
    sys.exit(7 if FAULT == "exits-7" else 0)


main()
