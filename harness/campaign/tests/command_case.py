# SPDX-License-Identifier: MIT
"""What the tests of `tailrace run` share: profiles for the fake target, a load generator that says
what it is told, and that no process is left behind. Standard library only. The first two arguments
of the tests are TAILRACE and FOLDER_OF_FAKE_TARGET."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

TAILRACE, TARGETS = (os.path.abspath(path) for path in sys.argv[1:3])
HARNESS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path[:0] = [os.path.join(HARNESS, "record", "tests"), os.path.join(HARNESS, "tests")]
import fake_campaign
import results_schema
FAKE = os.path.join(TARGETS, "tailrace-target-fake")

POINT = '[[point]]\nkind = "closed"\nconnections = 2\nwarmup_s = 0\nduration_s = 0.2\n'

# A load generator that says what it is told: a good session, but for what its mode changes.
FAKE_LOAD = """#!/usr/bin/env python3
import json, os, socket, sys, time
mode = sys.argv[1]
if mode == "dies": sys.exit(1)
counts = dict(planned=10, sent=10, skipped_late=0, never_sent=0, ok=10, wrong=0, errors=0,
              timed_out=0, in_flight=0)
if mode == "unbalanced": counts["ok"] = 9
name = "../" * 9 + "proc/x" if mode == "astray" else "response"
harness_cpus = " ".join(map(str, sorted(os.sched_getaffinity(os.getppid()))))
load = dict(schema=1, mode="closed", connect=[harness_cpus], connections=2,
    connections_opened=2, message_bytes=64, counts=counts, offered_per_s=1.0, achieved_per_s=1.0,
    latency_ns={}, histograms={name: "HISTFAAA"}, extra_bytes=0)
parent = str(os.getppid())
def siblings():  # the scheduling classes of the harness' children that do not stand still
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/status") as file:
                status = dict(line.split(":\t", 1) for line in file if ":\t" in line)
            if status["PPid"].strip() != parent: continue
            stopping = int(status["ShdPnd"], 16) >> 18 & 1
            if stopping or status["State"][0] == "T": continue
            planted = status["Name"].startswith("tailrace-neighb")
            which = {0: "other", 1: "fifo", 5: "idle"}[os.sched_getscheduler(int(pid))]
            if which == "idle": which = "idle on " + status["Cpus_allowed_list"].strip()
            found.append("planted" if planted else which)
        except (OSError, KeyError): continue
    return " ".join(sorted(set(found)))
classes = {}
done = 0 if mode == "silent" else 10
part = dict(sent=done, answered=done, planned=done, ok=done, phase_s=0.1, achieved_per_s=100.0,
    p50_ns=1000, p99_ns=2000, max_ns=3000, send_delay_p99_ns=0, client_delay_p99_ns=0,
    client_share=0.5)
answers = dict(open=dict(event="opened"), slice=dict(event="slice", **part),
    count=dict(event="counted"), result=dict(event="result", load=load, as_lived=load),
    close=dict(event="closed"))
if mode == "impossible":
    answers["open"] = dict(event="error", message="10000 descriptors needed", unsupported=True)
if mode == "uncounted": del answers["slice"]["answered"]
if mode == "negative": answers["slice"]["p50_ns"] = -1
for line in sys.stdin:
    command = json.loads(line)
    if command["command"] == "slice" and mode == "dies-in-a-slice": sys.exit(1)
    if command["command"] == "slice": time.sleep(float(mode) if mode[0].isdigit() else 0)
    if mode == "say-classes" and command["command"] == "slice":
        classes.setdefault(command["name"], []).append(siblings())
    if mode == "say-classes" and command["command"] == "result":
        load["connect"] = classes[command["name"]]
    if command["command"] == "open":
        host, port = command["arguments"][1].split(":")
        held = [socket.create_connection((host, int(port))) for _ in range(2)]
    said = json.dumps(answers[command["command"]])
    print("{ not json" if mode == "garbage" else said, flush=True)
"""


def processes(mark):
    """What was started with `mark` in its environment and still runs; zombies have none. Other
    tests run the same fake target at the same time."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                environment = file.read()
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if os.fsencode(mark) in environment and int(pid) != os.getpid():
            found.append(f"{pid} {words}")
    return found


class CommandCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tailrace-command-")
        os.environ["TAILRACE_COMMAND_TEST"] = self.folder
        self.results = os.path.join(self.folder, "results")
        self.load = os.path.join(self.folder, "fake-load")
        with open(self.load, "w", encoding="utf-8") as file:
            file.write(FAKE_LOAD)
        os.chmod(self.load, 0o755)

    def tearDown(self):
        deadline = time.monotonic() + 10
        while processes(self.folder) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = processes(self.folder)
        shutil.rmtree(self.folder)
        self.assertEqual(left, [], "processes were left behind")

    def profile(self, script="good", points=POINT, blocks=1, costs="false"):
        """A profile for the fake target, and a folder in which that target plays `script`."""
        command = f'exec {FAKE} "$@" --set script={script}'
        chosen = fake_campaign.prepare(self.folder, command, points, blocks, costs)
        return [*chosen, "--results", self.results]

    def change_description(self, targets, command, name="fake", script="good"):
        """Lets a target of that name describe itself as the fake one, changed by sed."""
        path = os.path.join(targets, f"tailrace-target-{name}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                f'#!/bin/sh\n[ "$1" = describe ] || exec {FAKE} "$@" --set script={script}\n'
                f"{FAKE} describe | sed '{command}'\n"
            )
        os.chmod(path, 0o755)

    def run_it(self, *arguments):
        return subprocess.run(
            [TAILRACE, *arguments], capture_output=True, text=True, timeout=120, check=False
        )

    def cells(self, name="c", file_name="cells.jsonl"):
        with open(os.path.join(self.results, name, file_name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def one_cell(self, script, *more):
        done = self.run_it("run", "--name", "c", *self.profile(script), *more)
        cells = self.cells()
        self.assertEqual(len(cells), 1, done.stdout + done.stderr)
        self.assertEqual(done.returncode, 1 if cells[0]["status"] == "failed" else 0, done.stdout)
        return cells[0]

    def assert_listed(self):
        """Every key that the campaign has is in results/schema.json."""
        self.assertEqual(results_schema.campaign_violations(os.path.join(self.results, "c")), [])


def main():
    """The tests that the remaining arguments name, or all."""
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
