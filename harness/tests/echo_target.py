#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""A whole target with the workload `echo`, in plain Python: what somebody else's runtime needs at
least to be measured (runtimes/PROTOCOL.md). TAILRACE_FAULT=sends-twice makes it worse by one call a
message. For the tests of the gate; not a contestant. Standard library only."""

import json
import os
import select
import socket
import sys
import time

FAULT = os.environ.get("TAILRACE_FAULT", "")
COUNTS = ("accepted", "closed", "open", "received_bytes", "sent_bytes", "errors", "resets",
          "accept_errors")
ABOUT = {"protocol": 2, "id": "plain-echo", "family": "peer", "order": 904, "language": "Python",
         "summary": "for tests", "versions": {}, "backend": "epoll", "workloads": ["echo"],
         "options": [], "forms": {"best": {}, "default": {}}, "needs": {}, "available": True}


class Server:
    """One thread, all connections in one epoll."""

    def __init__(self):
        self.counts = dict.fromkeys(COUNTS, 0)
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)
        self.epoll.register(0, select.EPOLLIN)
        self.open = {}

    def say(self, event, **more):
        """One event."""
        print(json.dumps({"event": event, **more}), flush=True)

    def run(self):
        """Until `stop`, or until nobody listens."""
        address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.say("ready", pid=os.getpid(), addresses=[address], backend="epoll", workers=1,
                 granted={})
        while True:
            for number, _ in self.epoll.poll():
                if number == 0:
                    if self.told():
                        return
                elif number == self.listener.fileno():
                    self.accept()
                else:
                    self.echo(self.open[number])

    def told(self):
        """Commands; whether one was `stop`."""
        data = os.read(0, 4096)
        if not data:
            sys.exit(1)
        for line in data.split():
            if line == b"sample":
                self.say("sample", t_ns=time.monotonic_ns(), counts=self.counts)
            elif line == b"stop":
                for connection in list(self.open.values()):
                    self.close(connection)
                self.say("result", counts=self.counts, metrics={}, histograms={})
                return True
        return False

    def accept(self):
        """One connection."""
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.epoll.register(connection, select.EPOLLIN)
        self.open[connection.fileno()] = connection
        self.counts["accepted"] += 1
        self.counts["open"] += 1

    def close(self, connection):
        """For good."""
        del self.open[connection.fileno()]
        connection.close()
        self.counts["closed"] += 1
        self.counts["open"] -= 1

    def echo(self, connection):
        """What came, back."""
        try:
            data = connection.recv(65536)
            half = len(data) // 2 if FAULT == "sends-twice" else 0
            if half:
                connection.sendall(data[:half])
            connection.sendall(data[half:])
        except OSError:
            self.counts["resets"] += 1
            data = b""
        self.counts["received_bytes"] += len(data)
        self.counts["sent_bytes"] += len(data)
        if not data:
            self.close(connection)


if sys.argv[1:2] == ["describe"]:
    print(json.dumps(ABOUT))
else:
    Server().run()
