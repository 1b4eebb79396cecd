# SPDX-License-Identifier: MIT
"""The command `tailrace` against the fake target and itself: bad usage, broken targets and load
generators, Ctrl-C, kill and resume, and that no process is left behind. Standard library only.
Usage: command_test.py TAILRACE FOLDER_OF_FAKE_TARGET"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TAILRACE, TARGETS = (os.path.abspath(path) for path in sys.argv[1:3])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../record/tests"))
import results_schema
FAKE = os.path.join(TARGETS, "tailrace-target-fake")

POINT = '[[point]]\nkind = "closed"\nconnections = 2\nwarmup_s = 0.05\nduration_s = 0.2\n'

# A load generator that says what it is told: {"counts": ...} merged over a good object.
FAKE_LOAD = """#!/usr/bin/env python3
import json, os, socket, sys, time
mode = sys.argv[1]
if mode == "silent":
    host, port = sys.argv[sys.argv.index("--connect") + 1].split(":")
    held = [socket.create_connection((host, int(port))) for _ in range(2)]
    time.sleep(1)
if mode == "dies": sys.exit(1)
if mode == "garbage": print("{ not json"); sys.exit(0)
if mode == "impossible":
    print("10000 descriptors needed", file=sys.stderr); sys.exit(3)
time.sleep(float(mode) if mode[0].isdigit() else 0)
counts = dict(planned=10, sent=10, skipped_late=0, never_sent=0, ok=10, wrong=0, errors=0,
              timed_out=0, in_flight=0)
if mode == "unbalanced": counts["ok"] = 9
if mode == "unbelievable": pass
name = "../" * 9 + "proc/x" if mode == "astray" else "response"
harness_cpus = " ".join(map(str, sorted(os.sched_getaffinity(os.getppid()))))
print(json.dumps(dict(schema=1, mode="closed", connect=[harness_cpus], connections=2,
    connections_opened=2, message_bytes=64, counts=counts, offered_per_s=1.0, achieved_per_s=1.0,
    latency_ns={}, histograms={name: "HISTFAAA"}, extra_bytes=0)))
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


class CommandTest(unittest.TestCase):
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
        targets = os.path.join(self.folder, "targets")
        os.makedirs(targets, exist_ok=True)
        path = os.path.join(targets, "tailrace-target-fake")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {FAKE} "$@" --set script={script}\n')
        os.chmod(path, 0o755)
        profile = os.path.join(self.folder, "test.toml")
        with open(profile, "w", encoding="utf-8") as file:
            file.write(f'blocks = {blocks}\ncosts = {costs}\ncontestants = ["fake"]\n{points}')
        return ["--profile", profile, "--targets", targets, "--results", self.results]

    def change_description(self, targets, command, name="fake", script="good"):
        """Lets a target of that name describe itself as the fake one, changed by sed."""
        path = os.path.join(targets, f"tailrace-target-{name}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                f'#!/bin/sh\n[ "$1" = describe ] || exec {FAKE} "$@" --set script={script}\n'
                f"{FAKE} describe | sed '{command}'\n"
            )
        os.chmod(path, 0o755)

    def bad_profile(self, point):
        path = os.path.join(self.folder, "bad.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'contestants = ["fake"]\n[[point]]\n{point}\n')
        return path

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

    def test_bad_usage_is_one_sentence_and_2(self):
        profile = self.profile()
        for arguments, words in [
            (["run", "--profile", "nope"], 'unknown profile "nope"'),
            (["run", *profile, "--runtimes", "nope"], 'unknown runtime "nope"'),
            (["run", *profile, "--nope"], "--nope"),
            (["run", "--profile", self.bad_profile('kind = "hog"')], "needs rate_per_s"),
            (["nope"], "nope"),
            (["run", *profile, "--blocks", "0"], "--blocks"),
            (["run", *profile, "--target-cpus", "9999", "--client-cpus", "0"], "9999"),
            (["run", *profile, "--target-cpus", "0", "--client-cpus", "4000"], "no CPU 4000"),
            (["run", *profile, "--name", "../x"], "--name"),
            (["run", *profile, "--resume", "absent"], "no campaign absent"),
        ]:
            done = self.run_it(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertFalse(os.path.exists(self.results))

    def test_what_is_no_refusal_is_one_sentence_too(self):
        gone = os.path.join(self.folder, "gone")
        os.mkdir(gone)
        command = f'cd {gone} && rmdir {gone} && exec {TAILRACE} run --profile smoke'
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_results_that_cannot_be_written_are_one_sentence(self):
        with open(self.results, "w", encoding="utf-8") as file:
            file.write("a file in the way")
        done = self.run_it("run", "--name", "c", *self.profile())
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot make the folder", done.stderr)
        done = self.run_it("run", "--name", "c", *self.profile()[:-1], "/proc/tailrace")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_good_cell_is_whole(self):
        cell = self.one_cell("good", "--load-program", TAILRACE, "load")
        self.assertIn(cell["status"], ("ok", "invalid"), cell["cause"])
        self.assertGreater(cell["load"]["counts"]["ok"], 0)
        for path in cell["load"]["histograms"].values():
            self.assertTrue(os.path.isfile(os.path.join(self.results, "c", path)))
        self.assertEqual(os.readlink(os.path.join(self.results, "latest")), "c")
        self.assert_listed()

    def assert_listed(self):
        """Every key that the campaign has is in results/schema.json."""
        self.assertEqual(results_schema.campaign_violations(os.path.join(self.results, "c")), [])

    def test_memory_is_measured(self):
        points = '[[point]]\nkind = "memory"\ncounts = [0, 20, 40]\nsettle_s = 0.01\n'
        done = self.run_it("run", "--name", "c", *self.profile("good", points))
        cell = self.cells()[0]
        self.assertIn(cell["status"], ("ok", "invalid"), str(cell["cause"]) + done.stderr)
        states = {"idle", "after_echo", "active", "retained"}
        self.assertEqual(set(cell["memory"]["states"]), states)
        # A thread a connection: its stack is touched, and its kernel stack is 16 KiB.
        self.assertGreater(cell["memory"]["states"]["idle"]["user"]["slope_bytes"], 4000)
        self.assertEqual(
            round(cell["memory"]["states"]["idle"]["kernel_parts"]["kernel_stack"]), 16384
        )
        self.assert_listed()

    def test_open_points_and_sleeping_tasks_are_measured(self):
        points = '[[point]]\nkind = "open"\nrate_per_s = 500\nwarmup_s = 0.05\nduration_s = 0.3\n'
        points += '[[point]]\nkind = "task_memory"\ncounts = [0, 100, 200]\nsettle_s = 0.01\n'
        arguments = self.profile("good", points)
        with open(arguments[1], encoding="utf-8") as file:
            text = file.read().replace('["fake"]', '["local"]')
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(text)
        self.run_it("run", "--name", "c", *arguments)
        cells = {cell["point"]["kind"]: cell for cell in self.cells()}
        self.assertEqual(set(cells), {"open", "task_memory"})
        for cell in cells.values():
            self.assertIn(cell["status"], ("ok", "invalid"), cell["cause"])
        self.assertGreater(cells["open"]["load"]["latency_ns"]["lateness"]["count"], 0)
        self.assertEqual(set(cells["task_memory"]["memory"]["states"]), {"sleeping"})
        self.assert_listed()

    def test_hog_and_skew_points_run_with_two_workers(self):
        rates = "rate_per_s = 500\nwarmup_s = 0.05\nduration_s = 0.3\nworkers = 2\n"
        points = f'[[point]]\nkind = "hog"\nhog_rate_per_s = 50\nburn_us = 100\n{rates}'
        points += f'[[point]]\nkind = "skew"\nburn_us = 10\n{rates}'
        arguments = self.profile("good", points)
        with open(arguments[1], encoding="utf-8") as file:
            text = file.read().replace('["fake"]', '["local", "threads", "fake"]')
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(text)
        done = self.run_it("run", "--name", "c", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(self.cells()), 2 * 3)
        self.assert_listed()
        for cell in self.cells():
            self.assertEqual(cell["subject"]["workers"], 2)
            if cell["subject"]["id"] == "fake":
                self.assertEqual(cell["status"], "skipped")
                self.assertIn("no workload `hog`", cell["cause"])
            else:
                self.check_two_classes(cell)

    def check_two_classes(self, cell):
        self.assertIn(cell["status"], ("ok", "invalid"), cell["cause"])
        kind = cell["point"]["kind"]
        names = {"hog": ["hogs", "others"], "skew": ["cold", "hot"]}[kind]
        classes = cell["load"]["classes"]
        self.assertEqual(sorted(classes), names)
        burners = names if kind == "skew" else ["hogs"]
        sent = sum(classes[name]["whole_run"]["sent"] for name in burners)
        self.assertEqual(cell["target"]["result"]["counts"]["burns"], sent)
        self.assertEqual(cell["target"]["ready"]["workers"], 2)
        self.assertIn(f"{names[0]}.response", cell["load"]["histograms"])
        if cell["cpus"]["disjoint"]:
            self.assertIsNone(cell["cpus"]["shared_cpus"])
        else:
            self.assertEqual(cell["cpus"]["target"], cell["cpus"]["client"])
            self.assertIn("2 workers", cell["cpus"]["shared_cpus"])
            self.assertEqual(cell["load"]["engine"], "epoll")  # it does not poll beside the target
        self.assertNotIn("client and target shared a core", cell["cause"] or "")

    def test_broken_targets_are_failed_cells_with_their_cause(self):
        for script, words in [
            ("garbage", "not an event"),
            ("dies-at-once", "signal 6"),
            ("huge-line", "a line of more than"),
            ("port-in-use", "port 80 is in use"),
            ("dies-mid-run", "signal 9"),
            ("floods-under-load", "not an event"),
            ("bad-counts", "do not add up"),
            ("exits-7", "exited with 7"),
            ("wrong-bytes", "wrong payload"),
        ]:
            shutil.rmtree(self.results, ignore_errors=True)
            cell = self.one_cell(script)
            self.assertEqual(cell["status"], "failed", script)
            self.assertIn(words, cell["cause"], script)

    def test_unsupported_target_is_skipped(self):
        cell = self.one_cell("unsupported")
        self.assertEqual((cell["status"], cell["remedy"]), ("skipped", "use Linux 6.1"))

    def test_broken_load_generators_cost_one_cell(self):
        for mode, status, words in [
            ("dies", "failed", "without a result"),
            ("garbage", "failed", "without a result"),
            ("unbalanced", "failed", "do not add up"),
            ("unbelievable", "failed", "more than the"),
            ("astray", "failed", "names a histogram"),
            ("impossible", "skipped", "10000 descriptors needed"),
        ]:
            shutil.rmtree(self.results, ignore_errors=True)
            cell = self.one_cell("good", "--load-program", self.load, mode)
            self.assertEqual(cell["status"], status, mode)
            self.assertIn(words, cell["cause"], mode)

    def test_the_harness_keeps_to_the_client_cpus_of_the_cell(self):
        # On two cores, two workers that share work have both, and so has the client.
        point = '[[point]]\nkind = "skew"\nrate_per_s = 50\nduration_s = 0.2\nworkers = 2\n'
        arguments = self.profile("good", point)
        option = '"help":"h","values":"integer 0..100000","default":"1"'
        options = ",".join(f'{{"name":"{name}",{option}}}'
                           for name in ("burn_us", "hog_every", "message_bytes"))
        changes = f's/"echo"/"hog","echo"/; s/"options":\\[/&{options},/'
        self.change_description(arguments[3], changes)
        self.run_it("run", "--name", "c", *arguments, "--load-program", self.load, "say-cpus")
        cell = self.cells()[0]
        self.assertIsNotNone(cell["load"], cell["cause"])
        told = set()
        for part in cell["cpus"]["client"].split(","):
            first, _, last = part.partition("-")
            told |= set(range(int(first), int(last or first) + 1))
        self.assertEqual(set(map(int, cell["load"]["connect"][0].split())), told)

    def test_costs_without_an_operation_are_unknown(self):
        cell = self.one_cell("good", "--load-program", self.load, "silent")
        self.assertEqual(cell["cost"]["operations"], 0)
        for costs, key in [("server", "cpu_us_per_op"), ("server", "user_us_per_op"),
                           ("server", "voluntary_switches_per_op"), ("client", "cpu_us_per_op")]:
            self.assertIsNone(cell["cost"][costs][key], key)
        self.assert_listed()

    def test_missing_contestant_is_skipped_with_a_remedy(self):
        arguments = self.profile()
        with open(arguments[1], "a", encoding="utf-8") as file:
            file.write("")
        text = f'contestants = ["absent"]\n{POINT}'
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(text)
        done = self.run_it("run", "--name", "c", *arguments)
        self.assertEqual(done.returncode, 0)
        cell = self.cells()[0]
        self.assertEqual(cell["status"], "skipped")
        self.assertIn("no executable tailrace-target-absent", cell["cause"])
        self.assertTrue(cell["remedy"])

    def test_the_note_of_the_build_is_the_cause_of_an_absent_contestant(self):
        arguments = self.profile()
        with open(arguments[1], "w", encoding="utf-8") as file:
            file.write(f'contestants = ["absent", "long"]\n{POINT}')
        for name, text in [("absent", "make not found, install make\nmore\n"), ("long", "x" * 999)]:
            path = os.path.join(arguments[3], f"tailrace-target-{name}.absent")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        done = self.run_it("run", "--name", "c", *arguments)
        self.assertEqual(done.returncode, 0)
        self.assertIn("skipped (make not found, install make)", done.stdout)
        causes = {cell["subject"]["id"]: cell["cause"] for cell in self.cells()}
        self.assertEqual(causes["absent"], "make not found, install make")
        self.assertLess(len(causes["long"]), 400)

    def test_peers_join_where_they_are_asked_for(self):
        arguments = self.profile("unsupported")
        targets = arguments[3]
        changes = 's/"fake"/"peer"/; s/"floor"/"peer"/'
        self.change_description(targets, changes, name="peer", script="unsupported")
        with open(os.path.join(targets, "tailrace-target-unbuilt.absent"), "w") as file:
            file.write("rustc not found\n")
        measured = {}
        for name, more in [("without", []), ("with", ["--peers"])]:
            done = self.run_it("run", "--name", name, *arguments, *more)
            self.assertIn(done.returncode, (0, 1), done.stderr)  # real peers may fail here
            measured[name] = {c["subject"]["id"]: c["cause"] for c in self.cells(name)}
        self.assertEqual(set(measured["without"]), {"fake"})
        # And those that the build under test has made.
        self.assertLessEqual({"fake", "peer", "unbuilt"}, set(measured["with"]))
        self.assertEqual(measured["with"]["unbuilt"], "rustc not found")
        done = self.run_it("run", "--resume", "with", *arguments[2:])
        self.assertIn("0 cells to run", done.stdout, done.stderr)

    def test_costs_are_counted_once_a_subject(self):
        arguments = self.profile("good", costs="true")
        done = self.run_it("run", "--name", "c", *arguments)
        self.assertIn("cost-fake-best", done.stdout)
        counted = self.cells(file_name="costs.jsonl")
        self.assertEqual([line["subject"]["id"] for line in counted], ["fake"])
        self.assertIn(counted[0]["status"], ("ok", "skipped"), counted[0]["cause"])
        if counted[0]["status"] == "ok":
            self.assertEqual(counted[0]["sheet"]["schema"], "tailrace-cost-1")
        self.assert_listed()
        with open(os.path.join(self.results, "c", "cells.jsonl"), "w", encoding="utf-8"):
            pass
        self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertEqual(self.cells(file_name="costs.jsonl"), counted)
        self.assertEqual(len(self.cells()), 1)

    def test_costs_leave_out_what_a_form_sets_for_another_workload(self):
        form = 'forms = ["other"]\n[form.fake]\nother = { elsewhere = "y" }\n'
        arguments = self.profile("good", form + POINT, costs="true")
        option = '"name":"elsewhere","default":"x","values":"text","help":"h","workloads":["idle"]'
        self.change_description(arguments[3], f's/"options":\\[/&{{{option}}},/')
        self.run_it("run", "--name", "c", *arguments)
        counted = self.cells(file_name="costs.jsonl")
        self.assertEqual([line["subject"]["options"] for line in counted], [{"elsewhere": "y"}])
        self.assertIn(counted[0]["status"], ("ok", "skipped"), counted[0]["cause"])

    def test_a_cost_that_failed_counts_as_failed(self):
        skipped = '[[point]]\nkind = "timer"\ntasks = 5\n'
        arguments = self.profile("dies-under-load", skipped, costs="true")
        for more in (["--name", "c", *arguments], ["--resume", "c", *arguments[2:]]):
            done = self.run_it("run", *more)
            self.assertEqual(self.cells(file_name="costs.jsonl")[0]["status"], "failed")
            self.assertIn("0 failed, 1 skipped; costs that failed: 1", done.stdout)
            self.assertEqual(done.returncode, 1)

    def start_long(self, blocks, *more):
        arguments = self.profile("good", POINT, blocks)
        process = subprocess.Popen(
            [TAILRACE, "run", "--name", "c", *arguments, "--load-program", self.load, "0.3", *more],
            stdout=subprocess.PIPE,
            text=True,
        )
        while not (line := process.stdout.readline()).startswith("1/"):  # a cell is finished
            self.assertTrue(line, "it ended before its first cell")
        return process, arguments

    def test_interrupt_leaves_a_valid_campaign(self):
        process, arguments = self.start_long(50)
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=30)[0]
        self.assertEqual(process.returncode, 130)
        self.assertIn("tailrace run --resume c", output)
        done = self.cells()
        self.assertGreaterEqual(len(done), 1)
        self.assertLess(len(done), 50)

    def test_campaign_that_runs_is_not_resumed(self):
        process, arguments = self.start_long(50)
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("cells.jsonl is being written by another process; wait", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)

    def test_killed_campaign_is_resumed_without_loss_or_repeat(self):
        process, arguments = self.start_long(4)
        process.kill()
        process.communicate()
        with open(os.path.join(self.results, "c", "cells.jsonl"), "a", encoding="utf-8") as file:
            file.write('{"schema": 2, "cell": "torn')
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertNotIn("0 cells to run", done.stdout)
        with open(os.path.join(self.results, "c", "plan.json"), encoding="utf-8") as file:
            planned = [cell["cell"] for cell in json.load(file)["cells"]]
        self.assertEqual([cell["cell"] for cell in self.cells()], planned)
        for cell in self.cells():  # the load generator is that of the manifest
            self.assertNotIn("engine", cell["load"])

    def test_other_cpus_or_load_generator_are_not_resumed(self):
        one_cpu = ["--target-cpus", "0", "--client-cpus", "0"]
        process, arguments = self.start_long(50, *one_cpu)
        process.send_signal(signal.SIGINT)
        self.assertIn(" ".join(one_cpu), process.communicate(timeout=30)[0])
        for more, words in [
            ([], 'its "cpus" was'),
            ([*one_cpu, "--load-program", TAILRACE, "load"], 'its "load_program" was'),
            ([*one_cpu, "--files", self.folder], 'its "files_folder" was'),
        ]:
            done = self.run_it("run", "--resume", "c", *arguments[2:], *more)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(words, done.stderr)

    def test_other_plan_or_program_is_not_resumed(self):
        process, arguments = self.start_long(4)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        done = self.run_it("run", "--resume", "c", *arguments[2:], "--seed", "99")
        self.assertEqual(done.returncode, 2)
        self.assertIn('differs from today\'s in "seed"', done.stderr)
        with open(os.path.join(self.folder, "targets/tailrace-target-fake"), "a") as file:
            file.write("# another build\n")
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertEqual(done.returncode, 2)
        self.assertIn("the executable of fake was built again", done.stderr)

    def test_a_campaign_of_the_format_before_names_the_version_that_reads_it(self):
        arguments = self.profile()
        self.run_it("run", "--name", "c", *arguments)
        path = os.path.join(self.results, "c", "manifest.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"schema": 1}')
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertEqual(done.returncode, 1)
        self.assertIn("use the version of Tailrace that wrote it, 0.1.0", done.stderr)

    def test_list_doctor_and_version_answer(self):
        done = self.run_it("list", "--targets", TARGETS)
        self.assertEqual(done.returncode, 0)
        for words in ("fake", "smoke", "quick", "echo"):
            self.assertIn(words, done.stdout)
        done = self.run_it("doctor", "--targets", TARGETS)
        self.assertEqual(done.returncode, 0)
        for words in ("open files", "io_uring", "neighbours", "SMT", "governor", "contestant"):
            self.assertIn(words, done.stdout)
        self.assertRegex(done.stdout, r"steal: the hypervisor takes \d+\.\d %")
        os.environ["TAILRACE_PYTHON"] = "/bin/false"
        self.addCleanup(os.environ.pop, "TAILRACE_PYTHON")
        unfit = self.run_it("doctor").stdout
        self.assertIn("reports: /bin/false is no Python 3.11 or newer", unfit)
        self.assertNotIn("contestant fake", done.stdout)  # its order says that it is a test server
        self.assertIn("tailrace", self.run_it("version").stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
