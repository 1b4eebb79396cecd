# SPDX-License-Identifier: MIT
"""`tailrace load --serve`: sessions by commands, bad input, a server that goes away.

Usage: service_test.py LOAD_PROGRAM. Standard library only.
"""

import json
import subprocess
import sys
import unittest

from echo_server import EchoServer
from piped import Piped

PROGRAM = [sys.argv.pop(1), "--serve"]


class Service(Piped):
    """The process, asked one command at a time."""

    def __init__(self):
        super().__init__(PROGRAM, subprocess.PIPE)

    def answer(self, text: str) -> dict:
        self.tell(text)
        return json.loads(self.line())

    def ask(self, command: str, name: str = "one", **more: object) -> dict:
        return self.answer(json.dumps({"command": command, "name": name, **more}))

    def open(self, server: EchoServer, *more: str, name: str = "one") -> dict:
        arguments = ["--connect", server.address, "--connections", "3", *more]
        return self.ask("open", name, arguments=arguments)

    def slice(self, name: str = "one", **more: object) -> dict:
        return self.ask("slice", name, **{"settle_s": 0, "duration_s": 0.1, "seed": 1, **more})


class ServiceTest(unittest.TestCase):
    def test_two_servers_in_turn(self):
        with EchoServer() as first, EchoServer() as second, Service() as service:
            for server, name in ((first, "one"), (second, "two")):
                opened = service.open(server, "--rate", "500", name=name)
                self.assertEqual(opened, {"event": "opened", "name": name, "connections": 3})
            for _ in range(2):
                for name in ("one", "two"):
                    found = service.slice(name)
                    self.assertEqual((found["event"], found["name"]), ("slice", name))
                    self.assertEqual((found["planned"], found["ok"], found["sent"]), (50, 50, 50))
                    self.assertTrue(found["clean"])
                    counted = service.ask("count", name, **{"as": "kept"})
                    self.assertEqual(counted["event"], "counted")
            service.slice("one")
            service.ask("count", "one", **{"as": "disturbed"})
            result = service.ask("result", "one")
            self.assertEqual(result["load"]["counts"]["ok"], 100)
            self.assertEqual(result["as_lived"]["counts"]["ok"], 150)
            self.assertEqual(result["load"]["latency_ns"]["response"]["count"], 100)
            self.assertEqual(service.ask("close", "one")["event"], "closed")
            self.assertEqual(service.ask("slice", "one")["event"], "error")
            self.assertEqual(service.slice("two")["ok"], 50)

    def test_bad_commands_are_refused_and_it_goes_on(self):
        with EchoServer() as server, Service() as service:
            self.assertEqual(service.open(server)["event"], "opened")
            bad = [
                "", "nonsense", "[1]", "{}", '{"command": "fly"}', "[" * 5000, "x" * 100_000,
                '{"command": "slice", "name": "other"}', '{"command": "slice", "name": "one"}',
                '{"command": "slice", "name": "one", "settle_s": -1, "duration_s": 1, "seed": 1}',
                '{"command": "slice", "name": "one", "settle_s": 0, "duration_s": 1e9, "seed": 1}',
                '{"command": "slice", "name": "one", "settle_s": 0, "duration_s": 1, "seed": -1}',
                '{"command": "count", "name": "one", "as": "kept"}',
                '{"command": "count", "name": "one"}', '{"command": "open", "name": "one"}',
                '{"command": "open", "name": ""}', '{"command": "open", "name": "x"}',
                '{"command": "open", "name": "x", "arguments": ["--help"]}',
                '{"command": "open", "name": "x", "arguments": ["--connect", "127.0.0.1:1"]}',
            ]
            for text in bad:
                with self.subTest(text[:60]):
                    answer = service.answer(text)
                    self.assertEqual(answer["event"], "error")
                    self.assertTrue(answer["message"])
            self.assertTrue(service.slice()["clean"])

    def test_a_server_that_dies_is_said_in_the_slice(self):
        with Service() as service:
            with EchoServer() as server:
                service.open(server, "--rate", "500")
                self.assertFalse(service.slice()["server_died"])
            last = service.slice()
            self.assertTrue(last["server_died"] and last["all_connections_lost"])

    def test_the_end_of_input_ends_it(self):
        with Service() as service:
            service.process.stdin.close()
            self.assertEqual(service.process.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
