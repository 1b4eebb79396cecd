# SPDX-License-Identifier: MIT
"""Is the load generator fast and punctual enough? Compared with wrk on the same server.

usage: scripts/bench-client [--rounds N] [--seconds S] [--connections N ...] [--bin DIR]
                            [--only wrk|engines|lateness ...] [--server TARGET]
                            [--client-options "..."]

1. Closed loop over HTTP, one core each (server on CPU 0, client on CPU 1): rounds of our client and
   wrk in alternating order; the figure is the ratio inside a round. Rates of different rounds are
   not comparable on a machine that others use.
2. Its engines, epoll and io_uring, against each other: closed loop over the echo of --server,
   rounds of both in alternating order; the figures are ratios inside a round, of the rate and of
   the client's CPU time for a request.
3. Send lateness of the open loop at 10,000 requests/s against the echoing server, of both engines.

Needs a build of tailrace-load and of --server (default: the null target), and for 1 wrk.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

from piped import Piped

SERVER_CPU, CLIENT_CPU = "0", "1"
ENGINES = ("epoll", "uring")
PARTS = ("wrk", "engines", "lateness")


class Server(Piped):
    """A target on its own CPU, and how busy it is."""

    def __init__(self, program: str, more: list[str]) -> None:
        if not os.access(program, os.X_OK):
            sys.exit(f"bench-client: no {program}; build it (scripts/build) or name another --bin")
        command = ["taskset", "-c", SERVER_CPU, program, "run", "--workload", "echo", *more]
        super().__init__(command)
        ready = json.loads(self.line() or "{}")
        if ready.get("event") != "ready":
            sys.exit(f"bench-client: the server did not get ready: {ready}")
        self.address = "127.0.0.1:" + ready["addresses"][0].rsplit(":", 1)[1]
        self.pid = ready["pid"]

    def cpu_s(self) -> float:
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def null_server(options: argparse.Namespace, mode: str) -> Server:
    return Server(f"{options.bin}/servers/tailrace-target-null", ["--set", f"mode={mode}"])


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench-client: {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def ours(options: argparse.Namespace, server: Server, more: list[str]) -> dict:
    command = [f"{options.bin}/tailrace-load", "--connect", server.address, "--cpus", CLIENT_CPU]
    seconds = ["--duration-s", str(options.seconds), "--warmup-s", "0.3", "--json", "-"]
    return json.loads(run(command + seconds + more))


def wrk(options: argparse.Namespace, server: Server, connections: int) -> float:
    command = ["taskset", "-c", CLIENT_CPU, "wrk", "-t1", f"-c{connections}"]
    return wrk_rate(run(command + [f"-d{options.seconds}s", f"http://{server.address}/"]))


def wrk_rate(out: str) -> float:
    """Requests per second, of a run in which all went well: wrk's exit code is 0 in any case."""
    complaint = re.search(r"Socket errors:.*|Non-2xx.*", out)
    found = re.search(r"Requests/sec:\s+([0-9.]+)", out)
    rate = float(found.group(1)) if found else 0.0
    if complaint or rate == 0:
        sys.exit(f"bench-client: wrk: {complaint.group(0) if complaint else 'nothing answered'}")
    return rate


def spread(values: list[float], form: str) -> str:
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:{form}} [{low:{form}} - {high:{form}}]"


def compare(options: argparse.Namespace, connections: int) -> None:
    rates: dict[str, list[float]] = {"ours": [], "wrk": []}
    busy: dict[str, list[float]] = {"ours": [], "wrk": []}
    with null_server(options, "http") as server:
        for number in range(options.rounds):
            for name in ("ours", "wrk") if number % 2 == 0 else ("wrk", "ours"):
                before, began = server.cpu_s(), time.monotonic()
                if name == "wrk":
                    rate = wrk(options, server, connections)
                else:
                    more = ["--http", "--connections", str(connections), *options.client_options]
                    rate = ours(options, server, more)["achieved_per_s"]
                rates[name].append(rate / 1000)
                busy[name].append((server.cpu_s() - before) / (time.monotonic() - began) * 100)
    ratios = [a / b for a, b in zip(rates["ours"], rates["wrk"])]
    print(f"closed loop, HTTP, {connections} connections, {options.rounds} rounds")
    for name, values in rates.items():
        share = statistics.median(busy[name])
        print(f"  {name:5} {spread(values, '7.1f')} thousand requests/s, server {share:.0f} % busy")
    print(f"  ratio {spread(ratios, '7.3f')}", flush=True)


def engines(options: argparse.Namespace, connections: int) -> None:
    rates: dict[str, list[float]] = {name: [] for name in ENGINES}
    costs: dict[str, list[float]] = {name: [] for name in ENGINES}
    with Server(options.server, []) if options.server else null_server(options, "echo") as server:
        for number in range(options.rounds):
            for name in ENGINES if number % 2 == 0 else ENGINES[::-1]:
                more = ["--engine", name, "--connections", str(connections)]
                result = ours(options, server, more + options.client_options)
                cpu = result["client_cpu"]
                rates[name].append(result["achieved_per_s"] / 1000)
                costs[name].append(
                    (cpu["user_s"] + cpu["system_s"]) * 1e6 / max(result["counts"]["ok"], 1)
                )
    print(f"engines, closed loop, {connections} connections, {options.rounds} rounds")
    for name in ENGINES:
        print(f"  {name:5} {spread(rates[name], '7.1f')} thousand requests/s, "
              f"{spread(costs[name], '.2f')} us of client CPU a request")
    for what, values in (("rate", rates), ("CPU", costs)):
        ratios = [after / before for before, after in zip(*(values[name] for name in ENGINES))]
        print(f"  {what}, uring to epoll {spread(ratios, '7.3f')}", flush=True)


def lateness(options: argparse.Namespace, engine: str) -> None:
    p50, p99, worst = [], [], []
    with null_server(options, "echo") as server:
        for _ in range(options.rounds):
            more = ["--rate", "10000", "--engine", engine, *options.client_options]
            result = ours(options, server, more)["latency_ns"]["lateness"]
            p50.append(result["p50"] / 1000)
            p99.append(result["p99"] / 1000)
            worst.append(result["max"] / 1000)
    print(f"open loop over {engine}, 10000 requests/s, 50 connections, {options.rounds} rounds: "
          "send lateness, us")
    print(f"  p50 {spread(p50, '.1f')}   p99 {spread(p99, '.1f')}   max {spread(worst, '.1f')}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/bench-client",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, nargs="+", default=[50, 1000])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--client-options", default="", help="more options of tailrace-load")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="which parts")
    parser.add_argument("--server", help="the target whose echo the engines are compared on")
    options = parser.parse_args()
    options.client_options = options.client_options.split()
    for connections in options.connections:
        if "wrk" in options.only:
            compare(options, connections)
        if "engines" in options.only:
            engines(options, connections)
    if "lateness" in options.only:
        for engine in ENGINES:
            lateness(options, engine)


if __name__ == "__main__":
    main()
