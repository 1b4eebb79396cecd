# SPDX-License-Identifier: MIT
"""Runs every tailrace-micro-* in interleaved rounds; writes results/micro/<time>/micro.json.

usage: scripts/micro [--bin DIR] [--rounds N] [--min-time-s S] [--filter TEXT] [--seed N]
                     [--results DIR] [--also ID:OPTION=VALUE[,OPTION=VALUE] ...]

A round measures every row once: benchmarks in shuffled order, and within a benchmark its
contestants in shuffled order, one process a row, so that what is compared ran within a second or
two of each other. --also measures a runtime once more with other options than its own. Rows of N
workers are pinned to N CPUs. Prints the folder of the result; progress goes to standard error.
Ctrl-C keeps the finished rounds. Exit codes: 0 all measured, 1 nothing to run or a row failed, 2
bad usage.
"""
import argparse
import contextlib
import datetime
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PREFIX = "tailrace-micro-"
REFERENCE = "tokio"  # what the table compares with
ROW = re.compile(r"(?P<benchmark>[\w/:]+)/(?P<runtime>[\w-]+)/workers:(?P<workers>[1-9][0-9]{0,3})")
ROW_LIMIT_S = 120
LIST_LIMIT_S = 30
# What is not a counter in a row of Google Benchmark's JSON.
NOT_COUNTERS = {"family_index", "per_family_instance_index", "repetitions", "repetition_index",
                "threads", "iterations", "real_time", "cpu_time"}


class Failure(Exception):
    """One sentence for the user."""


class Row:
    """One benchmark of one runtime with so many workers, and what each round gave."""

    def __init__(self, program, name, options=()):
        match = ROW.fullmatch(name)
        if not match:
            raise Failure(f"{program.name} --list prints {name[:80]!r}, which is not "
                          "<benchmark>/<runtime>/workers:N")
        self.command, self.name = [str(program), *options], name
        self.benchmark, self.runtime = match["benchmark"], match["runtime"]
        self.workers = int(match["workers"])
        self.ns_per_op, self.counters, self.cause = [], {}, None

    def measure(self, cpus, min_time_s, scratch):
        """Appends this round's figure, or None and the cause."""
        out = scratch / "row.json"
        out.unlink(missing_ok=True)
        command = ["taskset", "-c", ",".join(map(str, cpus)), *self.command, "--filter",
                   self.name, "--min-time-s", str(min_time_s), "--out", str(out)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                                  timeout=ROW_LIMIT_S, check=False)
            context, found = read_row(out, self.name)
        except subprocess.TimeoutExpired:
            return self.failed(f"took longer than {ROW_LIMIT_S} s")
        except FileNotFoundError:
            last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
            return self.failed(f"ended with code {done.returncode}: {last[:200]}")
        except ValueError as error:
            return self.failed(f"wrote what cannot be read: {error}")
        if found.get("error_occurred"):
            return self.failed(str(found.get("error_message", "no reason given"))[:200])
        counters = {key: value for key, value in found.items()
                    if key not in NOT_COUNTERS and is_number(value)}
        self.append(found["real_time"], counters)
        return context

    def failed(self, cause):
        self.append(None, {})
        self.cause = cause
        return {}

    def append(self, ns_per_op, counters):
        """One entry a round everywhere; None where this round has none."""
        rounds = len(self.ns_per_op)
        self.ns_per_op.append(ns_per_op)
        for key in {*self.counters, *counters}:
            self.counters.setdefault(key, [None] * rounds).append(counters.get(key))

    def as_json(self):
        return {"benchmark": self.benchmark, "runtime": self.runtime, "workers": self.workers,
                "ns_per_op": self.ns_per_op, "counters": self.counters, "cause": self.cause}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_row(path, name):
    """(context, the row of this name). Raises ValueError with a clause."""
    whole = json.loads(path.read_text("utf-8"))
    rows = [row for row in whole.get("benchmarks", []) if row.get("name") == name]
    if len(rows) != 1:
        raise ValueError(f"{len(rows)} rows named {name}")
    row = rows[0]
    if not row.get("error_occurred"):
        if row.get("time_unit") != "ns" or not is_number(row.get("real_time")):
            raise ValueError("real_time is not a number of ns")
        if not 0 < row["real_time"] < 1e15:
            raise ValueError(f"real_time {row['real_time']} ns cannot be")
    return whole.get("context", {}), row


def list_rows(program, options=()):
    try:
        done = subprocess.run([program, *options, "--list"], capture_output=True, text=True,
                              timeout=LIST_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"{program} --list does not answer: {error}") from None
    if done.returncode != 0:
        raise Failure(f"{program} --list ended with code {done.returncode}: "
                      f"{done.stderr.strip()[-200:]}")
    return [Row(program, name, options) for name in done.stdout.split()]


def variant_rows(folder, variants):
    """The rows of each ID:OPTION=VALUE[,...]. Raises Failure where there is no such runtime."""
    rows = []
    for variant in variants:
        runtime, _, settings = variant.partition(":")
        program = folder / (PREFIX + runtime)
        if "/" in runtime or not os.access(program, os.X_OK):
            raise Failure(f"--also {variant}: no {PREFIX}{runtime[:40]} in {folder}")
        options = [word for setting in settings.split(",") for word in ("--set", setting)]
        rows += list_rows(program, options)
    return rows


def absent_contestants(folder, measured):
    """Runtime -> why it has no rows: the note that the build left beside the executables."""
    absent = {} if REFERENCE in measured else {REFERENCE: f"{PREFIX}{REFERENCE} was not built"}
    for file in sorted(folder.glob("tailrace-*-*.absent")):
        runtime = file.stem.split("-", 2)[2]
        if runtime not in measured:
            absent[runtime] = file.read_text("utf-8", "replace").strip()[:500]
    return absent


def affinity(workers):
    """The last CPUs that we may use: the first is the one that interrupts like best."""
    return sorted(os.sched_getaffinity(0))[-workers:]


def commit():
    def git(*words):
        here = Path(__file__).resolve().parent
        done = subprocess.run([here.parents[1] / "scripts/git-here", *words], cwd=here,
                              capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None
    changes = git("status", "--porcelain")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if changes is None else bool(changes)}


def run_rounds(rows, asked, scratch):
    """Measures all rows `rounds` times; returns the context and how many rounds are complete."""
    order = random.Random(asked.seed)
    groups = {}
    for row in rows:
        groups.setdefault((row.benchmark, row.workers), []).append(row)
    keys, context = sorted(groups), {}
    for number in range(asked.rounds):
        order.shuffle(keys)
        done = 0
        try:
            for key in keys:
                group = sorted(groups[key], key=lambda row: row.runtime)
                order.shuffle(group)
                for row in group:
                    done += 1
                    progress(f"round {number + 1} of {asked.rounds}, {done} of {len(rows)}: "
                             f"{row.name}")
                    context = row.measure(affinity(row.workers), asked.min_time_s,
                                          scratch) or context
        except KeyboardInterrupt:
            print("\nscripts/micro: interrupted; the finished rounds count", file=sys.stderr)
            for row in rows:
                del row.ns_per_op[number:]
                for values in row.counters.values():
                    del values[number:]
            return context, number
    return context, asked.rounds


def join_campaign(campaign, text, machine):
    """Puts the result into the newest campaign, if it was measured on this machine and kernel."""
    try:
        other = json.loads((campaign / "manifest.json").read_text("utf-8")).get("machine") or {}
        alike = all(machine[part][key] == other[part][key]
                    for part, key in (("cpu", "model"), ("cpu", "online"), ("kernel", "release")))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return
    if alike:
        write_whole(campaign / "micro.json", text)
        print(f"scripts/micro: added to {campaign.resolve().name}; make report draws it there",
              file=sys.stderr)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def write_whole(path, text):
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    os.replace(part, path)


def new_folder(parent, name):
    """Made before anything is measured, so that what cannot be written is known early."""
    for number in range(1, 100):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise Failure(f"{parent} holds a hundred results of this second")


def parse_arguments(words):
    parser = argparse.ArgumentParser(prog="scripts/micro", allow_abbrev=False, description=(
        "Micro benchmarks of all runtimes in interleaved rounds."))
    parser.add_argument("--bin", type=Path, default=Path("build/release/bin"),
                        help="folder with tailrace-micro-*")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5; an interval needs 6")
    parser.add_argument("--min-time-s", type=float, default=0.05, help="of a row; default: 0.05")
    parser.add_argument("--filter", default="", help="only rows whose name contains this")
    parser.add_argument("--also", action="append", default=[], metavar="ID:OPTION=VALUE[,...]",
                        help="a runtime once more, with other options")
    parser.add_argument("--seed", type=int, help="of the order; default: from the clock")
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(words)
    if not 1 <= asked.rounds <= 1000:
        parser.error("--rounds is from 1 to 1000")
    if not 1e-4 <= asked.min_time_s <= 60:
        parser.error("--min-time-s is from 0.0001 to 60")
    if asked.seed is None:
        asked.seed = time.time_ns() % (1 << 32)
    return asked


def choose_rows(every, wanted):
    """Those that --filter and the CPUs leave; says which the CPUs do not."""
    cpus = len(os.sched_getaffinity(0))
    rows = [row for row in every if wanted in row.name]
    for workers in sorted({row.workers for row in rows if row.workers > cpus}):
        print(f"scripts/micro: skipped rows of {workers} workers: only {cpus} CPUs here",
              file=sys.stderr)
    rows = [row for row in rows if row.workers <= cpus]
    if not rows:
        raise Failure(f"no row has {wanted!r} in its name and at most {cpus} workers")
    return rows


def measure_all(asked, words):
    if not shutil.which("taskset"):
        raise Failure("taskset is missing: install util-linux")
    programs = sorted(p for p in asked.bin.glob(PREFIX + "*") if os.access(p, os.X_OK))
    if not programs:
        raise Failure(f"no {PREFIX}* in {asked.bin}: is libbenchmark-dev installed? Run "
                      "scripts/setup, then start again")
    every = [row for program in programs for row in list_rows(program)]
    every += variant_rows(asked.bin, asked.also)
    rows = choose_rows(every, asked.filter)
    started, clock = datetime.datetime.now(datetime.timezone.utc), time.monotonic()
    folder = new_folder(asked.results / "micro", started.strftime("%Y%m%d-%H%M%S"))
    with tempfile.TemporaryDirectory() as scratch:
        context, rounds = run_rounds(rows, asked, Path(scratch))
    progress("")
    if rounds == 0:
        folder.rmdir()
        raise Failure("not one round was finished, so nothing was written")
    machine = json.loads(context.get("tailrace_machine", "null"))
    result = {
        "schema": 1, "kind": "micro",
        "context": {
            "started_at": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "elapsed_s": round(time.monotonic() - clock, 1), "seed": asked.seed, "rounds": rounds,
            "reference": REFERENCE,
            "min_time_s": asked.min_time_s, "command": ["scripts/micro", *words],
            "cpus": {str(n): affinity(n) for n in sorted({row.workers for row in rows})},
            "build": commit(), "machine": machine,
        },
        "skipped": absent_contestants(asked.bin, {row.runtime for row in every}),
        "rows": [row.as_json() for row in rows],
    }
    text = json.dumps(result, indent=1) + "\n"
    write_whole(folder / "micro.json", text)
    join_campaign(asked.results / "latest", text, machine)
    print(folder)
    return 1 if any(row.cause for row in rows) else 0


def main(words):
    asked = parse_arguments(words)
    try:
        return measure_all(asked, words)
    except Failure as failure:
        print(f"scripts/micro: {failure}.", file=sys.stderr)
    except OSError as error:
        print(f"scripts/micro: {error.filename}: {error.strerror}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
