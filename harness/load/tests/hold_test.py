# SPDX-License-Identifier: MIT
"""Hold mode, as the harness drives it: commands and answers.

Usage: hold_test.py LOAD_PROGRAM. Standard library only.
"""

import json
import resource
import subprocess
import sys
import unittest

from echo_server import EchoServer

PROGRAM = [sys.argv.pop(1)]


class HoldMode(unittest.TestCase):
    def start(self, *arguments, **options):
        return subprocess.Popen(
            PROGRAM + ["--hold", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def ask(self, process, command):
        process.stdin.write(command + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def finish(self, process):
        out, err = process.communicate(timeout=30)
        self.assertEqual((out, err, process.returncode), ("", "", 0))

    def test_every_command_is_answered(self):
        with EchoServer() as server:
            process = self.start("--connect", server.address, "--message-bytes", "1000")
            for command, count in (
                ("open 50", 50),
                ("echo", 50),
                ("open 120", 120),
                ("active", 120),
                ("drain", 120),
                ("echo", 120),
                ("open 30", 30),
                ("echo", 30),
                ("close", 0),
                ("echo", 0),
                ("open 10", 10),
                ("active", 10),
                ("active 196608", 10),
                ("drain", 10),
                ("echo", 10),
            ):
                expected = {
                    "event": "done",
                    "command": command.split()[0],
                    "open": count,
                    "ok": True,
                }
                self.assertEqual(self.ask(process, command), expected)
            process.stdin.write("quit\n")
            self.finish(process)

    def test_end_of_input_ends_it(self):
        with EchoServer() as server:
            process = self.start("--connect", server.address)
            self.assertTrue(self.ask(process, "open 5")["ok"])
            self.finish(process)

    def test_refusals_are_error_events_and_it_goes_on(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))

        with EchoServer() as server:
            process = self.start("--connect", server.address, preexec_fn=limit)
            for command in (
                "jump",
                "open",
                "open x",
                "open -1",
                "open 99999999",
                "open 500",
                "active x",
                "x" * 5000,
            ):
                answer = self.ask(process, command)
                self.assertEqual(answer["event"], "error", command)
                self.assertTrue(answer["message"] and answer["remedy"])
            self.assertEqual(self.ask(process, "open 3")["open"], 3)
            self.finish(process)

    def test_a_lying_server_is_an_error_event(self):
        with EchoServer(lambda data: bytes(len(data))) as server:
            process = self.start("--connect", server.address)
            self.ask(process, "open 3")
            answer = self.ask(process, "echo")
            self.assertEqual(answer["event"], "error")
            self.assertIn("came back as", answer["message"])
            self.finish(process)

    def test_a_server_that_is_gone_is_an_error_event(self):
        process = self.start("--connect", "127.0.0.1:1")
        answer = self.ask(process, "open 3")
        self.assertEqual(answer["event"], "error")
        self.assertIn("ECONNREFUSED", answer["message"])
        self.assertEqual(answer["open"], 0)
        self.finish(process)


if __name__ == "__main__":
    unittest.main()
