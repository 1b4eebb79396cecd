# SPDX-License-Identifier: MIT
"""What file_target.py and timer_target.py share: a target in plain Python, as small as the protocol
(runtimes/PROTOCOL.md) permits, for the tests of the harness. TAILRACE_FAULT names the way in which
it breaks the contract. Of `echo` it has what the checks demand before all else."""

import json
import os
import select
import socketserver
import sys
import threading
import time

FAULT = os.environ.get("TAILRACE_FAULT", "")
MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
STRICT = FAULT != "takes-anything"


class Options:
    """The options of the workload: `integers` by name as (default, lowest, highest), `choices` as
    their values, the default first, `texts` as names. TAILRACE_FAULT=without-option leaves out
    `lacking`."""

    def __init__(self, workload, integers, choices, texts=(), lacking=""):
        self.workload, self.integers, self.choices, self.texts = workload, integers, choices, texts
        self.lacking = lacking if FAULT == "without-option" else ""

    def describe(self):
        """As they stand in `describe`."""
        told = [(name, str(default), f"integer {low}..{high}")
                for name, (default, low, high) in self.integers.items() if name != self.lacking]
        told += [(name, values[0], values) for name, values in self.choices.items()]
        told += [(name, "", "text") for name in self.texts]
        return [{"name": name, "default": default, "values": values, "help": name,
                 "workloads": [self.workload]} for name, default, values in told]

    def read(self, words):
        """The values in force, out of --set name=value; other options of `run` are skipped."""
        values = {name: default for name, (default, _, _) in self.integers.items()}
        values |= {name: some[0] for name, some in self.choices.items()}
        values |= dict.fromkeys(self.texts, "")
        for flag, word in zip(words, words[1:]):
            name, _, text = word.partition("=")
            if flag == "--set":
                values |= self._one(name, text)
        return values

    def _one(self, name, text):
        if name in self.texts or text in self.choices.get(name, []):
            return {name: text}
        if name in self.integers and text.isdigit():
            _, low, high = self.integers[name]
            if STRICT and not low <= int(text) <= high:
                refuse(f"{name} is from {low} to {high}")
            return {name: int(text)}
        if STRICT:
            refuse(f"no {name}={text}")
        return {}


def refuse(sentence):
    """Bad usage."""
    print(f"{os.path.basename(sys.argv[0])}: {sentence}", file=sys.stderr)
    sys.exit(2)


def mix(z):
    """splitmix64's."""
    z &= MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def histogram(count):
    """Of one value. What it is matters to no test."""
    return [[1000, count]] if count else []


def say(event, **more):
    """One event."""
    print(json.dumps({"event": event, **more}), flush=True)


def say_ready(backend, addresses, granted):
    """The event `ready`."""
    say("ready", pid=os.getpid(), addresses=addresses, backend=backend, workers=1, granted=granted)


class Run:
    """One run: what was asked for, and how far it is. Subclasses have `work`, from `start` to the
    result."""

    def __init__(self, values, counts):
        self.values = values
        self.counts = dict.fromkeys(counts, 0)
        self.pending = b""
        self.stopped = False

    def listen(self, seconds):
        """Reads commands for at most so long; whether one was `start`."""
        if not select.select([0], [], [], seconds)[0]:
            return False
        data = os.read(0, 4096)
        if not data and FAULT != "outlives-input":
            sys.exit(1)
        self.pending += data
        *lines, self.pending = self.pending.split(b"\n")
        return any([self._obey(line) for line in lines])

    def _obey(self, line):
        """One command; whether the work may begin."""
        if line == b"sample":
            say("sample", t_ns=time.monotonic_ns(), counts=self.counts)
        elif line == b"stop" and FAULT != "ignores-stop":
            self.stopped = True
        return line == b"start"


class Echo(socketserver.BaseRequestHandler):
    """One connection, sent back."""

    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)


def _serve(backend):
    """The workload `echo`, until a `stop`."""
    server = socketserver.ThreadingTCPServer(("0.0.0.0", 0), Echo)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say_ready(backend, [f"127.0.0.1:{server.server_address[1]}"], {})
    for line in sys.stdin:
        if line.strip() == "stop":
            break


def main(options, backend, run_type, addresses=(), granted=None):
    """The command line. `addresses` and `granted` are what `ready` of the workload tells."""
    if sys.argv[1:2] == ["describe"]:
        told = {"protocol": 2, "id": "fake", "family": "floor", "order": 903, "language": "Python",
                "summary": "for tests", "versions": {}, "backend": backend,
                "workloads": ["echo", options.workload], "options": options.describe(),
                "in_process": [] if FAULT == "says-served" else [options.workload],
                "forms": {"best": {}, "default": {}}, "needs": {}, "available": True}
        if options.workload == "timer":
            told["timer_granularity_ns"] = 1
        return print(json.dumps(told))
    if "echo" in sys.argv:
        return _serve(backend)
    run = run_type(options.read(sys.argv[2:]))
    say_ready(backend, list(addresses), granted or {})
    while not run.stopped and FAULT != "starts-by-itself" and not run.listen(None):
        pass
    run.work()
    sys.exit(7 if FAULT == "exits-7" else 0)
