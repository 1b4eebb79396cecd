#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A peer in one file, to be copied: the workload `echo` on asyncio, by version 2 of the target
protocol (runtimes/PROTOCOL.md). As runtimes/<a new folder>/tailrace-target-<id> the build finds it,
and it has the id of its name; nothing else has to be said anywhere. `workers=N` is N threads, each
with a loop of its own, which accept from one listener."""

import argparse
import asyncio
import contextlib
import ipaddress
import json
import os
import pathlib
import platform
import socket
import sys
import threading
import time

DESCRIPTION = {
    "protocol": 2, "id": pathlib.Path(__file__).stem.removeprefix("tailrace-target-"),
    "family": "peer", "language": "Python",
    "order": 900,  # in which reports list them; 100 and above for a peer that is a contestant
    "summary": "asyncio, the skeleton of a peer; workers=N gives N threads with a loop each",
    "versions": {"python": platform.python_version()}, "backend": "epoll", "workloads": ["echo"],
    "options": [{"name": "buffer_bytes", "default": "65536", "values": "integer 64..1048576",
                 "help": "bytes that are received at once"}],
    "forms": {"best": {}, "default": {}}, "needs": {"kernel": "2.6.27"}, "available": True,
}
DEFAULTS = {option["name"]: option["default"] for option in DESCRIPTION["options"]}
# What happens later comes first, so that a sample never tells of more sent than received.
COUNTS = ("closed", "accepted", "sent_bytes", "received_bytes", "errors", "resets", "accept_errors")


class Worker:
    """One loop in a thread of its own, which alone writes the counts."""

    def __init__(self, listener, buffer_bytes):
        self.listener, self.buffer_bytes = listener, buffer_bytes
        self.counts = dict.fromkeys(COUNTS, 0)
        self.loop = asyncio.new_event_loop()
        self.accepting = self.loop.create_task(self.accept())
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self.accepting)

    async def accept(self):
        async with asyncio.TaskGroup() as sessions:  # they are cancelled with this task
            while True:
                try:
                    connection, _ = await self.loop.sock_accept(self.listener)
                    sessions.create_task(self.echo(connection))
                except OSError:  # out of descriptors; sessions that end will free some
                    self.counts["accept_errors"] += 1
                    await asyncio.sleep(0.01)

    async def echo(self, connection):
        self.counts["accepted"] += 1
        try:
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while data := await self.loop.sock_recv(connection, self.buffer_bytes):
                    self.counts["received_bytes"] += len(data)
                    await self.loop.sock_sendall(connection, data)
                    self.counts["sent_bytes"] += len(data)
        except (ConnectionResetError, BrokenPipeError):
            self.counts["resets"] += 1
        except OSError:
            self.counts["errors"] += 1
        finally:
            self.counts["closed"] += 1

    def stop(self):
        self.loop.call_soon_threadsafe(self.accepting.cancel)
        self.thread.join()


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def total(workers):
    counts = {name: sum(each.counts[name] for each in workers) for name in COUNTS}
    return {**counts, "open": counts["accepted"] - counts["closed"]}


def serve(listener, workers, options):
    """Until `stop`; gives the exit code."""
    host, port = listener.getsockname()
    host = "127.0.0.1" if host == "0.0.0.0" else host
    say("ready", pid=os.getpid(), addresses=[f"{host}:{port}"], backend="epoll",
        workers=len(workers), granted=options)
    for line in sys.stdin.buffer:
        command = line.decode(errors="replace").strip()
        if command == "sample":
            say("sample", t_ns=time.monotonic_ns(), counts=total(workers))
        elif command == "stop":
            for each in workers:
                each.stop()
            say("result", counts=total(workers), metrics={}, histograms={})
            return 0
        elif command != "start":  # which served workloads ignore
            say("error", message=f"no command '{command[:80]}'", remedy="send sample or stop")
    os._exit(1)  # standard input was closed: at once


def setting(text):
    name, _, value = text.partition("=")
    if name not in DEFAULTS or not value.isdigit():
        raise argparse.ArgumentTypeError(f"no option '{text}'")
    return name, value


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)  # ends with 2 for what it does not know
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("describe")
    run = commands.add_parser("run", allow_abbrev=False)
    run.add_argument("--workload", choices=DESCRIPTION["workloads"], required=True)
    run.add_argument("--workers", type=int, default=1)
    run.add_argument("--host", type=ipaddress.IPv4Address, default="0.0.0.0")
    run.add_argument("--port", type=int, default=0)
    run.add_argument("--set", type=setting, action="append", default=[])
    given = parser.parse_args()
    if given.command == "describe":
        print(json.dumps(DESCRIPTION))
        return 0
    if given.workers < 1 or not 0 <= given.port <= 65535:
        parser.error(f"no {given.workers} workers at port {given.port}")
    try:
        listener = socket.create_server((str(given.host), given.port), backlog=4096)
    except OSError as error:
        say("error", message=f"cannot listen at {given.host}:{given.port}: {error}",
            remedy="choose a free port and a host that this machine has")
        return 1
    listener.setblocking(False)
    options = DEFAULTS | dict(given.set)
    workers = [Worker(listener, int(options["buffer_bytes"])) for _ in range(given.workers)]
    return serve(listener, workers, options)


if __name__ == "__main__":
    sys.exit(main())
