# SPDX-License-Identifier: MIT
"""The command as a user or the harness meets it: exit codes, sentences, JSON, signals.

Usage: command_test.py LOAD_PROGRAM. Standard library only.
"""

import json
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from echo_server import EchoServer

PROGRAM = [sys.argv.pop(1)]

COUNTS = {
    "planned",
    "sent",
    "skipped_late",
    "never_sent",
    "ok",
    "wrong",
    "errors",
    "timed_out",
    "in_flight",
}
KEYS = {
    "schema",
    "mode",
    "connect",
    "connections",
    "connections_opened",
    "message_bytes",
    "depth",
    "arrivals",
    "seed",
    "engine",
    "engine_granted",
    "warmup_s",
    "duration_s",
    "elapsed_s",
    "counts",
    "errors_by_name",
    "extra_bytes",
    "offered_per_s",
    "achieved_per_s",
    "bytes_per_s",
    "latency_ns",
    "histograms",
    "client_cpu",
    "reconnects",
    "all_connections_lost",
    "server_died",
    "windows",
}
SUMMARY = {"count", "min", "mean", "p50", "p90", "p99", "p99.9", "max"}


def load(*arguments, **options):
    return subprocess.run(
        PROGRAM + list(arguments), capture_output=True, text=True, timeout=60, **options
    )


HOGS = ["--hog-every", "10", "--hog-rate", "10"]
HOT = ["--hot-connections", "1", "--hot-share", "0.8"]
QUICK = ["--connections", "3", "--duration-s", "0.2", "--warmup-s", "0.05"]


class TheCommand(unittest.TestCase):
    def check_object(self, text, mode):
        result = json.loads(text)
        self.assertEqual(set(result), KEYS)
        self.assertEqual(set(result["counts"]), COUNTS)
        self.assertEqual(result["mode"], mode)
        counts = result["counts"]
        self.assertEqual(
            counts["planned"], counts["sent"] + counts["skipped_late"] + counts["never_sent"]
        )
        fates = ("ok", "wrong", "errors", "timed_out", "in_flight")
        self.assertEqual(counts["sent"], sum(counts[name] for name in fates))
        named = {"response", "service", "lateness", "client_delay", "connect"}
        self.assertEqual(set(result["latency_ns"]), named)
        for name, summary in result["latency_ns"].items():
            self.assertEqual(set(summary), SUMMARY)
            self.assertTrue(result["histograms"][name].startswith("HISTFAAA"))
        self.assertEqual(sum(window["ok"] for window in result["windows"]), counts["ok"])
        self.assertEqual(result["errors_by_name"].keys() & {""}, set())
        return result

    def test_json_on_standard_output_is_the_load_object(self):
        with EchoServer() as server:
            for arguments, mode in (([], "closed"), (["--rate", "1000"], "open")):
                done = load("--connect", server.address, "--json", "-", *QUICK, *arguments)
                self.assertEqual(done.returncode, 0, done.stderr)
                result = self.check_object(done.stdout, mode)
                self.assertEqual(result["connections_opened"], 3)
                if mode == "open":
                    self.assertEqual(result["counts"]["planned"], 200)

    def test_the_object_tells_the_engine(self):
        with EchoServer() as server:
            for engine, spin, told in (
                ("epoll", "--no-spin", "epoll"),
                ("epoll", "--spin", "epoll-spin"),
                ("uring", "--no-spin", "uring"),
                ("uring", "--spin", "uring-spin"),
            ):
                more = ["--engine", engine, spin, *QUICK]
                done = load("--connect", server.address, "--json", "-", *more)
                if done.returncode == 3 and "the io_uring engine cannot run" in done.stderr:
                    self.skipTest(done.stderr.strip())
                self.assertEqual(done.returncode, 0, done.stderr)
                result = self.check_object(done.stdout, "closed")
                self.assertEqual(result["engine"], told)
                self.assertEqual(bool(result["engine_granted"]), engine == "uring")

    def test_classes_are_in_the_object_and_add_up(self):
        for arguments, names, leading in (
            (["--hog-every", "3", "--hog-rate", "100"], {"others": 200, "hogs": 20}, "others"),
            (HOT, {"cold": 40, "hot": 160}, None),
        ):
            with EchoServer() as server:
                done = load(
                    "--connect", server.address, "--json", "-", "--rate", "1000", *QUICK, *arguments
                )
            self.assertEqual(done.returncode, 0, done.stderr)
            result = json.loads(done.stdout)
            self.assertEqual(result["leading_class"], leading)
            counts = {name: one["counts"] for name, one in result["classes"].items()}
            self.assertEqual({name: one["planned"] for name, one in counts.items()}, names)
            for fate in COUNTS:
                self.assertEqual(
                    sum(one[fate] for one in counts.values()), result["counts"][fate], fate
                )
            for name, one in result["classes"].items():
                self.assertEqual(one["latency_ns"]["response"]["count"], names[name])
                # 0.05 s of warm-up before 0.2 s.
                whole = names[name] * 5 // 4
                self.assertEqual(one["whole_run"], {"sent": whole, "answered": whole})
                for which in ("response", "service", "lateness", "client_delay"):
                    self.assertTrue(
                        result["histograms"][f"{name}.{which}"].startswith("HISTFAAA")
                    )
            first = result["latency_ns"]["response"]["count"]
            self.assertEqual(first, names[leading] if leading else sum(names.values()))

    def test_the_table_shows_both_classes(self):
        with EchoServer() as server:
            done = load(
                "--connect", server.address, "--rate", "1000", *QUICK, "--hog-every", "3",
                "--hog-rate", "100",
            )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("others: 2 connections", done.stdout)
        self.assertIn("hogs: 1 connection,", done.stdout)

    def test_json_file_is_written_whole_beside_the_table(self):
        with EchoServer() as server, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "load.json"
            done = load("--connect", server.address, "--json", str(path), *QUICK)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.check_object(path.read_text(), "closed")
            self.assertIn("p99", done.stdout)
            self.assertEqual([one.name for one in Path(folder).iterdir()], ["load.json"])

    def test_an_unwritable_result_file_is_refused_before_the_run(self):
        with EchoServer() as server, tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "none" / "x.json")
            done = load("--connect", server.address, "--json", path, *QUICK)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot write", done.stderr)
            self.assertFalse(server.received.is_set())

    def test_a_full_disk_does_not_lose_the_result(self):
        with EchoServer() as server:
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    PROGRAM + ["--connect", server.address, "--json", "-", *QUICK],
                    stdout=full,
                    stderr=subprocess.PIPE,
                    text=True,
                    timeout=60,
                )
            self.assertEqual(done.returncode, 1)
            self.assertIn("standard output", done.stderr)

    def test_wrong_bytes_exit_with_4(self):
        with EchoServer(lambda data: data[:-1] + bytes([data[-1] ^ 1])) as server:
            done = load("--connect", server.address, "--json", "-", *QUICK)
            self.assertEqual(done.returncode, 4)
            self.assertGreater(self.check_object(done.stdout, "closed")["counts"]["wrong"], 0)
            self.assertIn("wrong bytes", done.stderr)

    def test_a_server_that_answers_nobody_is_exit_4(self):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            address = "127.0.0.1:%d" % deaf.getsockname()[1]
            for rate in ([], ["--rate", "50"]):
                done = load("--connect", address, "--drain-s", "0.1", *rate, *QUICK)
                self.assertEqual(done.returncode, 4, rate)
                self.assertIn("no request was answered\n", done.stderr)
                said = "at the end of the drain" if rate else "3 request(s) wrong or unanswered in"
                self.assertIn(said, done.stderr)

    def test_one_connection_that_is_not_answered_is_exit_4(self):
        with EchoServer() as server, socket.create_server(("127.0.0.1", 0)) as deaf:
            addresses = [server.address, "127.0.0.1:%d" % deaf.getsockname()[1]]
            connect = [word for one in addresses for word in ("--connect", one)]
            done = load(*connect, "--drain-s", "0.1", *QUICK)
            self.assertEqual(done.returncode, 4)
            self.assertIn("1 request(s) wrong or unanswered in the warm-up", done.stderr)

    def test_bad_usage_is_one_sentence_and_exit_2(self):
        server = ["--connect", "127.0.0.1:9"]
        for arguments in (
            [],
            ["--connect", "nowhere"],
            ["--connect", "127.0.0.1:0"],
            ["--connect", "127.0.0.1:99999"],
            ["--connect", "127.0.0.1:1x"],
            ["--connect", "no such host:80"],
            [*server, "--connections", "0"],
            [*server, "--message-bytes", "1048577"],
            [*server, "--depth", "x"],
            [*server, "--rate", "-1"],
            [*server, "--rate", "nan"],
            [*server, "--arrivals", "bursts"],
            [*server, "--cpus", "3-1"],
            [*server, "--cpus", ","],
            [*server, "--threads", "60"],
            [*server, "--frobnicate"],
            [*server, "--rate", "1e7", "--duration-s", "1000"],
            [*server, "--rate", "0.4", "--duration-s", "1"],
            [*server, "--rate", "100", "--hog-every", "10"],
            [*server, "--rate", "100", "--hog-rate", "10"],
            [*server, "--rate", "100", "--hog-every", "1", "--hog-rate", "10"],
            [*server, "--rate", "100", "--hog-every", "10", "--hog-rate", "nan"],
            [*server, "--hog-every", "10", "--hog-rate", "10"],
            [*server, "--rate", "9", *HOGS, "--message-bytes", "23"],
            [*server, "--rate", "9", *HOGS, "--threads", "2"],
            [*server, "--rate", "9", *HOGS, "--connections", "1"],
            [*server, "--rate", "9", *HOGS, "--http"],
            [*server, "--rate", "9", *HOGS, *HOT],
            [*server, "--rate", "9", "--hot-share", "0.5"],
            [*server, "--rate", "9", "--hot-connections", "4"],
            [*server, "--rate", "9", "--hot-connections", "4", "--hot-share", "1"],
            [*server, "--rate", "9", "--hot-connections", "50", "--hot-share", "0.5"],
            [*server, *HOT],
            [*server, "--hold", "--rate", "5"],
            [*server, "--depth", "65536", "--connections", "1000"],
            [*server, "--spin", "--no-spin"],
            [*server, "--engine", "poll"],
            [*server, "--engine", "epoll", "--hold"],
        ):
            done = load(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, r"\Atailrace load: [^\n]+\n\Z", arguments)

    def test_help_is_for_newcomers(self):
        done = load("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("Example", done.stdout)

    def test_nothing_listening_is_exit_1_with_a_remedy(self):
        done = load("--connect", "127.0.0.1:1", *QUICK)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ECONNREFUSED", done.stderr)
        self.assertIn("running", done.stderr)

    def test_too_few_open_files_is_exit_3_with_the_number(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))

        done = load("--connect", "127.0.0.1:1", "--connections", "500", preexec_fn=limit)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"need 56\d open files, and RLIMIT_NOFILE allows 300")

    def test_a_low_soft_limit_is_raised(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (50, 4000))

        with EchoServer() as server:
            arguments = ["--connections", "200", "--duration-s", "0.2"]
            done = load("--connect", server.address, *arguments, preexec_fn=limit)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_impossible_cpu_is_exit_3(self):
        done = load("--connect", "127.0.0.1:1", "--cpus", "1023", *QUICK)
        self.assertEqual(done.returncode, 3)
        self.assertIn("CPU 1023", done.stderr)

    def test_a_signal_ends_the_run_early_with_a_valid_object(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for rate, warmup_s in (
                ([], "0"), (["--rate", "500"], "0"), ([], "600"), (["--rate", "500"], "600"),
            ):
                with EchoServer() as server:
                    command = PROGRAM + [
                        "--connect",
                        server.address,
                        "--json",
                        "-",
                        "--duration-s",
                        "600",
                    ]
                    process = subprocess.Popen(
                        command + ["--warmup-s", warmup_s, *rate],
                        stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE,
                        text=True,
                    )
                    self.assertTrue(server.received.wait(30))
                    process.send_signal(number)
                    out, err = process.communicate(timeout=30)
                    self.assertEqual(process.returncode, 0, err)
                    result = self.check_object(out, "open" if rate else "closed")
                    self.assertEqual(err, "stopped early\n")
                    if warmup_s != "0":
                        self.assertEqual(result["counts"]["planned"], 0)


if __name__ == "__main__":
    unittest.main()
