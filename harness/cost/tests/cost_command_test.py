# SPDX-License-Identifier: MIT
"""`tailrace cost` against a target whose cost is known, against targets that crash, hang and lie,
and where the kernel refuses to let it trace. Standard library only.
Usage: cost_command_test.py TAILRACE FAKE_TARGET"""

import ctypes
import errno
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

TAILRACE, FAKE = (os.path.abspath(path) for path in sys.argv[1:3])
LIBRARY = os.path.join(os.path.dirname(TAILRACE), "libtailrace-allocations.so")

PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
PTRACE_CALL = {"x86_64": 101, "aarch64": 117}  # by machine


def refuse_tracing():
    """In this process and its children the kernel refuses ptrace."""
    program = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (LOAD_NUMBER, 0, 0, 0),
            (JUMP_IF_EQUAL, 1, 0, PTRACE_CALL[os.uname().machine]),
            (RETURN, 0, 0, ALLOW),
            (RETURN, 0, 0, REFUSE),
        )
    )
    code = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", 4, ctypes.addressof(code))  # struct sock_fprog
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)


# In valgrind's place: the first run starts late, so that it is visited, and each tells its total.
FAKE_VALGRIND = """#!/bin/sh
run=$(cat "$0.runs" 2>/dev/null || echo 0)
echo $((run + 1)) > "$0.runs"
for option; do
  case $option in
    --log-file=*) log=${option#*=} ;;
    --*) ;;
    *) break ;;
  esac
  shift
done
case $run in
  0) sleep 2; total=999000000 ;;
  1) total=71000000 ;;
  2) total=1000000 ;;
esac
echo "==1== Collected : $total" > "$log"
exec "$@"
"""


def cost(script, *options, limit_s=60, prepare=None, path=None):
    """The finished command with the fake target playing a script; `path` comes first in $PATH."""
    return subprocess.run(
        [TAILRACE, "cost", FAKE, "--set", f"script={script}", "--step-limit-s", str(limit_s),
         "--json", "-", *options],
        capture_output=True, text=True, timeout=250, check=False, preexec_fn=prepare,
        env={**os.environ, "PATH": os.pathsep.join(filter(None, (path, os.environ["PATH"])))},
    )


class CostCommandTest(unittest.TestCase):
    def sheet(self, script, *options, **how):
        done = cost(script, *options, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def metrics(self, sheet):
        return {each["name"]: each for each in sheet["metrics"]}

    def causes(self, sheet):
        return {each["name"]: each["cause"] for each in sheet["absent"]}

    def refused(self, done, words):
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertEqual(done.stdout, "")

    @unittest.skipUnless(os.path.exists(LIBRARY), "a sanitizer makes system calls of its own")
    def test_known_system_calls_are_counted_exactly_by_kind(self):
        for script, per_kind in [
            ("good", {"recvfrom": 1, "sendto": 1}),
            ("expensive", {"recvfrom": 1, "sendto": 1, "getppid": 3}),
        ]:
            sheet = self.sheet(script, "--only", "syscalls", "--repeats", "2")
            if "syscalls.total" in self.causes(sheet):
                self.skipTest(self.causes(sheet)["syscalls.total"])
            found = self.metrics(sheet)
            expected = {f"syscalls.{name}": [count] * 2 for name, count in per_kind.items()}
            expected["syscalls.total"] = [sum(per_kind.values())] * 2
            self.assertEqual({name: each["values"] for name, each in found.items()}, expected)
            self.assertEqual(found["syscalls.total"]["kind"], "exact")
            self.assertEqual(found["syscalls.total"]["operations"], 200 * 50)

    @unittest.skipUnless(os.path.exists(LIBRARY), "built with a sanitizer")
    def test_known_allocations_are_counted_exactly(self):
        for script, calls, allocated in [("good", 0, 0), ("expensive", 2, 200)]:
            found = self.metrics(self.sheet(script, "--only", "allocations", "--repeats", "2"))
            self.assertEqual(found["allocations"]["values"], [calls] * 2)
            self.assertEqual(found["allocated_bytes"]["values"], [allocated] * 2)

    def test_every_other_group_is_there_or_has_its_cause(self):
        sheet = self.sheet("good", "--only", "switches,cpu,size", "--repeats", "1",
                           "--connections", "4")
        self.assertEqual(sheet["schema"], "tailrace-cost-1")
        self.assertEqual(sheet["target"], "fake")
        self.assertEqual(sheet["settings"], {"script": "good"})
        found = self.metrics(sheet)
        for name in ("cpu_us", "cpu_user_us", "cpu_system_us", "switches.voluntary",
                     "switches.involuntary", "executable_bytes", "text_bytes"):
            self.assertEqual(len(found[name]["values"]), 1, name)
        self.assertEqual(found["executable_bytes"]["values"], [os.path.getsize(FAKE)])
        self.assertGreater(found["cpu_us"]["values"][0], 0)
        self.assertNotIn("syscalls.total", found)

    def test_a_run_with_another_start_up_under_valgrind_is_made_again(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = os.path.join(folder, "valgrind")
            with open(fake, "w", encoding="utf-8") as file:
                file.write(FAKE_VALGRIND)
            os.chmod(fake, 0o755)
            sheet = self.sheet("good", "--only", "instructions", "--repeats", "1", path=folder)
            with open(f"{fake}.runs", encoding="utf-8") as file:
                self.assertEqual(int(file.read()), 3)
        found = self.metrics(sheet)["instructions"]
        self.assertEqual(found["operations"], 1400 * 50)
        self.assertEqual(found["values"], [70_000_000 / (1400 * 50)])

    def test_a_target_that_crashes_or_lies_is_one_sentence(self):
        for script, words in [
            ("dies-at-once", "was ended by signal 6"),
            ("garbage", "printed what is not an event"),
            ("wrong-event", "lacks `t_ns`"),
            ("wrong-bytes", "came back as"),
            ("dies-under-load", "the connection ended early"),
            ("garbage-result", "printed what is not an event"),
            ("exits-7", "exited with 7 after its `result`"),
            ("port-in-use", "port 80 is in use"),
        ]:
            with self.subTest(script):
                self.refused(cost(script, "--only", "size"), words)

    def test_a_target_that_hangs_is_one_sentence(self):
        for script, words in [
            ("never-ready", "did not answer with `ready` within 1 s"),
            ("never-answers", "did not answer a message in time"),
        ]:
            with self.subTest(script):
                self.refused(cost(script, "--only", "size", limit_s=1), words)

    def test_what_cannot_run_here_is_told_apart(self):
        done = cost("unsupported", "--only", "size")
        self.assertEqual(done.returncode, 3)
        self.assertIn("the kernel is too old; use Linux 6.1", done.stderr)

    @unittest.skipUnless(os.path.exists(LIBRARY), "built with a sanitizer")
    def test_a_failure_within_a_pass_keeps_its_remedy(self):
        self.refused(cost("no-preload", "--only", "allocations"),
                     "port 80 is in use; give another --port")

    def test_what_is_absent_keeps_its_remedy(self):
        sheet = self.sheet("little-room", "--only", "memory", "--repeats", "1")
        cause = self.causes(sheet)["user_bytes_per_idle_connection"]
        self.assertIn("it has room for 60 connections at once", cause)
        self.assertIn("; measure it in a form with room for more", cause)

    def test_bad_usage_is_refused_in_a_sentence(self):
        for more, words in [
            (["--only", "everything"], "everything"),
            (["--set", "nothing"], "--set nothing is not NAME=VALUE"),
            (["--connections", "0"], "--connections"),
            (["--repeats", "many"], "--repeats"),
        ]:
            self.refused(cost("good", *more), words)
        done = subprocess.run([TAILRACE, "cost", "no/such/program"], capture_output=True, text=True,
                              check=False)
        self.refused(done, "there is no executable no/such/program")

    @unittest.skipUnless(os.path.exists(LIBRARY), "a sanitizer traces its own process")
    @unittest.skipUnless(os.uname().machine in PTRACE_CALL, "numbers of system calls not known")
    def test_without_tracing_the_system_calls_are_absent_with_the_cause(self):
        sheet = self.sheet("good", "--only", "syscalls,size", "--repeats", "1",
                           prepare=refuse_tracing)
        self.assertIn("forbids tracing", self.causes(sheet)["syscalls.total"])
        self.assertNotIn("syscalls.total", self.metrics(sheet))
        self.assertIn("executable_bytes", self.metrics(sheet))


unittest.main(argv=sys.argv[:1])
