# SPDX-License-Identifier: MIT
"""Arms, a harness and a valgrind that only pretend, for the tests of the gate.

Each arm is a folder with tailrace-target-<id>, a script that describes itself and carries how it
behaves as JSON in its second line; so does tailrace-micro-<id>, where a target has one. The harness
is this file: `cost` and `run --arm` answer in the formats of the real one, with numbers from that
JSON and seeded noise; and so is valgrind, which reads that JSON instead of running the program.
"""

from __future__ import annotations

import faulthandler
import functools
import json
import math
import os
import random
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

TARGET = """#!{python}
# {behaviour}
import json, sys
behaviour = json.loads(open(__file__).read().split("\\n")[1][2:])
if sys.argv[1:] == ["describe"]:
    print(json.dumps({{"protocol": behaviour.get("protocol", 2), "id": behaviour.get("id", "x"),
                      "workloads": behaviour.get("workloads", ["echo"]),
                      "available": behaviour.get("available", True), "cause": "no io_uring here",
                      "remedy": "a newer kernel"}}))
"""
# What a target does unless its behaviour says otherwise.
USUAL: dict[str, Any] = {
    "syscalls.epoll_wait": 0.02,
    "syscalls.recvfrom": 1.0,
    "syscalls.sendto": 1.0,
    "allocations": 0.0,
    "user_bytes_per_idle_connection": 342.0,
    "instructions": 193.0,
    "switches.voluntary": 0.01,
    "cpu_us_per_op": 10.0,
    "p50_us": 150.0,
    "rate": 100000.0,
    "noise": 0.02,
    "jitter": {},  # metric -> amplitude: makes an exact metric vary
    "crash": "",  # cost or run
    "starved": [],  # blocks in which the client sends nothing
    "again_factor": 1.0,  # how much slower everything is in the arm `again`
    "wall_s": 0.0,  # what a cell took
    "sleep_s": 0.0,  # before its costs are told, with its process id in the file `sleeping`
    "sleep_run_s": 0.0,  # before its rounds, likewise
    "nothing_counted": False,
    "micro": {},  # benchmark -> instructions; none: no tailrace-micro-<id>
    "micro_jitter": 0.0,
    "micro_does": "",  # unreadable, older, crash, hang, torn or lose
}
MICRO_OPERATIONS = 1000


def make_arm(folder: Path, targets: dict[str, dict[str, Any]]) -> Path:
    """A folder of executables with these behaviours."""
    folder.mkdir(parents=True)
    for name, behaviour in targets.items():
        for kind in ("target", "micro") if behaviour.get("micro") else ("target",):
            program = folder / f"tailrace-{kind}-{name}"
            text = TARGET.format(python=sys.executable, behaviour=json.dumps(behaviour))
            program.write_text(text)
            program.chmod(0o755)
    return folder


def make_harness(folder: Path, name: str = "tailrace") -> Path:
    """An executable that stands for `tailrace`, or for `valgrind`."""
    here = Path(__file__).resolve().parent
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = [{str(here)!r}, {str(here.parent)!r}]\n"
        "sys.dont_write_bytecode = True\nimport fake_gate\nsys.exit(fake_gate.main(sys.argv[1:]))\n"
    )
    program.chmod(0o755)
    return program


def behaviour_of(program: Path) -> dict[str, Any]:
    """Of what a line of shell starts, where it is that (tailrace_regress.links)."""
    text = program.read_text()
    if text.startswith("#!/bin/sh"):
        program = Path(shlex.split(text.split("\n")[1])[1])
    return {**USUAL, **json.loads(program.read_text().split("\n")[1][2:])}


def sleep(program: Path, seconds: float) -> None:
    """Says that it sleeps, in a file beside the arm."""
    if seconds:
        part = program.parent.parent / ".sleeping"
        part.write_text(str(os.getpid()))
        part.rename(part.with_name("sleeping"))
        time.sleep(seconds)


def lot_of(program: Path) -> random.Random:
    """The same draws in every run of a test: seeded by the arm and the number of this call."""
    calls = program.parent.parent / f"{program.parent.name}-{program.name}.calls"
    number = calls.stat().st_size if calls.exists() else 0
    calls.write_bytes(bytes(number + 1))
    return random.Random(f"{program.parent.name} {program.name} {number}")


def spread(lot: random.Random, by: float) -> float:
    return math.exp(by * (lot.random() + lot.random() - 1.0))


def cost(words: list[str]) -> int:
    """`cost TARGET --repeats N --json - [--only A,B]`."""
    program = Path(words[0])
    options = dict(zip(words[1::2], words[2::2]))
    behaviour = behaviour_of(program)
    if behaviour["crash"] == "cost":
        print(f"tailrace cost: {program.name} died of signal 11.", file=sys.stderr)
        return 2
    if behaviour.get("says") is not None:
        print(behaviour["says"])
        return 0
    sleep(program, behaviour["sleep_s"])
    lot = lot_of(program)
    names = [n for n in behaviour if n.startswith("syscalls.")]
    names += ["allocations", "user_bytes_per_idle_connection", "instructions", "switches.voluntary"]
    only = options.get("--only")
    starts = {"syscalls": "sys", "allocations": "alloc", "memory": "user", "switches": "switches"}
    if only:
        kept = tuple(starts.get(one, one) for one in only.split(","))
        names = [name for name in names if name.startswith(kept)]
    values = {
        name: [
            behaviour[name] + behaviour["jitter"].get(name, 0.0) * lot.random()
            for _ in range(int(options["--repeats"]))
        ]
        for name in names
    }
    calls = [name for name in values if name.startswith("syscalls.")]
    if calls:
        repeats = range(int(options["--repeats"]))
        values["syscalls.total"] = [sum(values[n][i] for n in calls) for i in repeats]
    kind = {"switches.voluntary": "banded"}
    if behaviour["nothing_counted"]:
        values = {}
    listed = [
        {"name": n, "unit": "x", "kind": kind.get(n, "exact"), "values": v, "operations": 1000}
        for n, v in values.items()
    ]
    whole = {"schema": "tailrace-cost-1", "target": "x", "metrics": listed, "absent": []}
    print(json.dumps(whole))
    return 0


def valgrind(words: list[str]) -> int:
    """`--tool=callgrind ... --callgrind-out-file=F PROGRAM --instructions [--filter ROW/]`."""
    option = dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)
    out, log = option["--callgrind-out-file"], Path(option["--log-file"])
    program, *asked = words[next(i for i, word in enumerate(words) if word[0] != "-") :]
    behaviour = behaviour_of(Path(program))
    if behaviour["micro_does"] == "unreadable":
        log.write_text("==7== Valgrind: Possibly corrupted debuginfo file.\n")
        return 1
    log.write_text("==7== Collected : 7\n")
    if behaviour["micro_does"] == "older":
        print(f"{Path(program).name}: --instructions was not expected", file=sys.stderr)
        return 2
    if behaviour["micro_does"] == "hang":
        time.sleep(60.0)
    if behaviour["micro_does"] == "crash":
        print("assertion failed: counted twice", file=sys.stderr, flush=True)
        faulthandler.disable()  # it would write after the last word
        os.kill(os.getpid(), signal.SIGSEGV)
    lot = lot_of(Path(program))
    only = asked[asked.index("--filter") + 1] if "--filter" in asked else ""
    for number, (name, each) in enumerate(behaviour["micro"].items()):
        row = f"{name}/x/workers:1"
        if only not in row:
            continue
        count = int((each + behaviour["micro_jitter"] * lot.random()) * MICRO_OPERATIONS)
        between = "desc: Trigger: Client Request\n\nsummary: 77\n\nfn=(1) f\n"
        Path(f"{out}.{2 * number + 1}").write_text(between)
        if behaviour["micro_does"] != "lose":
            profile = f"desc: Trigger: Client Request: {row}\n\nsummary: {count}\n\nfn=(1) f\n"
            Path(f"{out}.{2 * number + 2}").write_text(profile)
        print(json.dumps({"row": row, "operations": MICRO_OPERATIONS}))
    if behaviour["micro_does"] == "torn":
        print('{"row": "yield_ma', end="")
    return 0


def run(words: list[str]) -> int:
    """`run --profile P --runtimes A,B --results DIR --name N --seed S [--looks N,N] --arm A=DIR`,
    or `run --resume DIR --results DIR --blocks N`."""
    arms: dict[str, Path] = {}
    options: dict[str, str] = {}
    for key, value in zip(words[::2], words[1::2]):
        if key == "--arm":
            arm, _, place = value.partition("=")
            arms[arm] = Path(place)
        else:
            options[key] = value
    if "--resume" in options:
        folder = Path(options["--resume"])
        asked = json.loads((folder / "asked.json").read_text())
        asked["arms"] = {arm: Path(place) for arm, place in asked["arms"].items()}
        shutil.rmtree(folder)
        return write_campaign(folder, **{**asked, "blocks": int(options["--blocks"])})
    looks = [int(one) for one in options.get("--looks", "8,12").split(",")]
    return write_campaign(
        Path(options["--results"]) / options["--name"],
        arms,
        options["--runtimes"].split(","),
        looks[0],
        looks,
        int(options["--seed"]),
    )


def write_campaign(
    folder: Path,
    arms: dict[str, Path],
    targets: list[str],
    blocks: int,
    looks: list[int],
    seed: int,
) -> int:
    """As the harness does, all generations once more."""
    import make_campaign

    places = {arm: str(place) for arm, place in arms.items()}
    asked = {"arms": places, "targets": targets, "looks": looks, "seed": seed}
    for target in targets:
        for place in arms.values():
            program = place / f"tailrace-target-{target}"
            if program.exists():  # controls have one target alone
                sleep(program, behaviour_of(program)["sleep_run_s"])
    (folder / "hist").mkdir(parents=True)
    lot = random.Random(seed)
    lines, code = [], 0
    for block in range(blocks):
        drift = spread(lot, 0.1)
        for target in targets:
            for arm, place in arms.items():
                program = place / f"tailrace-target-{target}"
                if not program.exists():
                    continue
                behaviour = behaviour_of(program)
                for point in points():
                    line = cell(target, arm, point, block, behaviour, drift, lot, folder)
                    code = code or (line["status"] == "failed")
                    lines.append(json.dumps(line))
    (folder / "cells.jsonl").write_text("".join(f"{line}\n" for line in lines))
    plan = {"schema": 2, "blocks": blocks, "cells": [{}] * len(lines)}
    plan["looks"] = {"at": looks, "at_most_minutes": 10}
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "asked.json").write_text(json.dumps(asked))
    manifest = make_campaign.manifest_of(seed)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder.parent / "latest").symlink_to(folder.name)
    return int(code)


def points() -> list[dict[str, Any]]:
    return [
        dict(id="closed-50x64", kind="closed", connections=50),
        dict(id="open-50x64-10000", kind="open", connections=50, rate_per_s=10000.0),
    ]


def cell(
    target: str,
    arm: str,
    point: dict[str, Any],
    block: int,
    behaviour: dict[str, Any],
    drift: float,
    lot: random.Random,
    folder: Path,
) -> dict[str, Any]:
    import make_campaign

    name = f"b{block}-{point['id']}-{target}-{arm}"
    line = make_campaign.cell_line(name, block, 0, target, "best", "in-house", point)
    line.update(arm=arm, wall_s=behaviour["wall_s"])
    if behaviour["crash"] == "run":
        line.update(status="failed", cause="the target died of signal 11")
        line["target"]["stderr_tail"] = "assertion failed: answered <= sent"
        return line
    if block in behaviour["starved"]:
        line.update(status="failed", cause="the client sent nothing: too busy a machine")
        return line
    noise = behaviour["noise"]
    drift *= behaviour["again_factor"] if arm == "again" else 1.0
    rate = behaviour["rate"] * spread(lot, noise) / drift
    requests = int(rate if point["kind"] == "closed" else 20000)
    line["load"] = make_campaign.load_of(point, requests, rate)
    if point["kind"] == "closed":
        line["load"]["achieved_per_s"] = rate
    else:
        middle = behaviour["p50_us"] * 1000 * drift * spread(lot, noise)
        make_campaign.write_histograms(folder, line, {"response": text_of(requests, middle)})
    cpu = behaviour["cpu_us_per_op"] * drift * spread(lot, noise)
    line["cost"] = {"server": {"cpu_us_per_op": cpu}, "client": {}}
    return line


def text_of(requests: int, middle_ns: float) -> str:
    # Few distinct values, or encoding them would be most of the tests' time.
    middle = math.exp(round(math.log(middle_ns), 2))
    return _encoded(requests, middle)


@functools.lru_cache(maxsize=1000)
def _encoded(requests: int, middle_ns: float) -> str:
    import hdr_encoder
    import make_campaign

    return hdr_encoder.encode(make_campaign.counts_of(requests, middle_ns, 3.4, 0.0006))


def main(words: list[str]) -> int:
    if words[0].startswith("--tool"):
        return valgrind(words)
    return {"cost": cost, "run": run}[words[0]](words[1:])
