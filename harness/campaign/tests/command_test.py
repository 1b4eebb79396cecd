# SPDX-License-Identifier: MIT
"""The command `tailrace` against the fake target and itself: bad usage, cells that are measured,
and broken targets and load generators. Standard library only.
Usage: command_test.py TAILRACE FOLDER_OF_FAKE_TARGET"""

import os
import shutil
import subprocess

import command_case
from command_case import POINT, TAILRACE, TARGETS


class CommandTest(command_case.CommandCase):
    def bad_profile(self, point):
        path = os.path.join(self.folder, "bad.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'contestants = ["fake"]\n[[point]]\n{point}\n')
        return path

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

    def test_memory_is_measured(self):
        points = '[[point]]\nkind = "memory"\ncounts = [0, 20, 40]\nsettle_s = 0.01\n'
        done = self.run_it("run", "--name", "c", *self.profile("good", points))
        cell = self.cells()[0]
        self.assertIn(cell["status"], ("ok", "invalid"), str(cell["cause"]) + done.stderr)
        states = {"idle", "after_echo", "unread", "retained"}
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
            self.assertIn(cell["status"], ("ok", "overloaded", "invalid"), cell["cause"])
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
        self.assertIn(cell["status"], ("ok", "overloaded", "invalid"), cell["cause"])
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
            ("dies", "failed", "gave no answer to `open`"),
            ("dies-in-a-slice", "failed", "gave no answer to `slice`"),
            ("garbage", "failed", "answered \"{ not json\" to `open`"),
            ("uncounted", "failed", "`answered` is missing"),
            ("negative", "failed", "`p50_ns` is missing or not a whole number >= 0"),
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

    def test_list_doctor_and_version_answer(self):
        done = self.run_it("list", "--targets", TARGETS)
        self.assertEqual(done.returncode, 0)
        for words in ("fake", "smoke", "quick", "echo"):
            self.assertIn(words, done.stdout)
        done = self.run_it("doctor", "--targets", TARGETS)
        self.assertEqual(done.returncode, 0)
        for words in ("open files", "io_uring", "neighbours", "SMT", "governor", "contestant",
                      "CPU quota", "idle CPUs", "SCHED_FIFO", "CPU latency request"):
            self.assertIn(words, done.stdout)
        self.assertRegex(done.stdout, r"steal: the hypervisor takes \d+\.\d %")
        os.environ["TAILRACE_PYTHON"] = "/bin/false"
        self.addCleanup(os.environ.pop, "TAILRACE_PYTHON")
        unfit = self.run_it("doctor").stdout
        self.assertIn("reports: /bin/false is no Python 3.11 or newer", unfit)
        self.assertNotIn("contestant fake", done.stdout)  # its order says that it is a test server
        self.assertIn("tailrace", self.run_it("version").stdout)


if __name__ == "__main__":
    command_case.main()
