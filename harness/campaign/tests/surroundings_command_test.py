# SPDX-License-Identifier: MIT
"""What `tailrace run` puts beside slices, and how it schedules targets: spinners, a planted
neighbour, SCHED_FIFO. Standard library only.
Usage: surroundings_command_test.py TAILRACE FOLDER_OF_FAKE_TARGET"""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import time

import command_case
from command_case import POINT, TAILRACE

PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23
FIRST, LAST = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))


def first_of_each_core():
    cores = {}
    for cpu in (FIRST, LAST):
        path = f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
        with open(path, encoding="ascii") as file:
            cores.setdefault(file.read(), cpu)
    return cores.values()


# The spinners: on the target's CPU and on the client's, where these are of two cores.
SPINNERS = " ".join(sorted({f"idle on {cpu}" for cpu in first_of_each_core()}))
CPUS = ["--target-cpus", str(FIRST), "--client-cpus", str(LAST)]


def no_fifo():
    """Why the machine permits no SCHED_FIFO, in its words; empty where it does."""
    try:
        with open("/proc/sys/kernel/sched_rt_runtime_us", encoding="ascii") as file:
            if int(file.read()) < 0:
                return "kernel.sched_rt_runtime_us is below 0"
    except OSError as error:
        return str(error)
    tried = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))"
    done = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True,
                          check=False)
    return done.stderr.strip().split("\n")[-1]


def give_up_scheduling():
    """In a child: neither root nor a limit lets it change to SCHED_FIFO."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))


class SurroundingsTest(command_case.CommandCase):
    def by_point(self, *more, points=POINT, works=True):
        done = self.run_it("run", "--name", "c", *self.profile("good", points), *more)
        self.assertEqual(done.returncode, 0 if works else 1, done.stdout + done.stderr)
        self.assert_listed()
        return {cell["point"]["id"]: cell for cell in self.cells()}

    def skip_without_fifo(self, cpus):
        if cause := no_fifo():
            self.skipTest(cause)
        if cpus > len({FIRST, LAST}):
            self.skipTest("one CPU, which client and target share")

    def test_spinners_run_in_slices_of_the_points_that_want_them(self):
        points = POINT + 'id = "awake"\nkeep_awake = true\n' + POINT + 'id = "drowsy"\n'
        fake = [*CPUS, "--load-program", self.load, "say-classes"]
        for option, wanted in [("auto", {"awake": True, "drowsy": False}),
                               ("on", {"awake": True, "drowsy": True}),
                               ("off", {"awake": False, "drowsy": False})]:
            # Both points are served by one target, and the fake load's bytes are not in its counts.
            cells = self.by_point(*fake, "--keep-awake", option, points=points, works=False)
            shutil.rmtree(self.results)
            for name, cell in cells.items():
                self.assertIs(cell["keep_awake"], wanted[name], option)
                seen = set(cell["load"]["connect"])
                # In each slice, those of warm-up included.
                self.assertEqual(seen, {f"{SPINNERS} other" if wanted[name] else "other"}, option)

    def test_open_loops_are_kept_awake_unless_they_say_otherwise(self):
        points = POINT + POINT.replace("closed", "open") + "rate_per_s = 100\n"
        cells = self.by_point("--load-program", TAILRACE, "load", points=points)
        found = {cell["point"]["kind"]: cell["keep_awake"] for cell in cells.values()}
        self.assertEqual(found, {"closed": False, "open": True})

    def test_beside_a_target_of_another_scheduler_group_nothing_spins(self):
        group = f"/sys/fs/cgroup/cpu/tailrace-test-{os.getpid()}"
        try:
            os.mkdir(group)
        except OSError as error:
            self.skipTest(f"no cgroup of the cpu controller: {error}")
        self.addCleanup(self.remove_group, group)
        arguments = self.profile()
        path = os.path.join(arguments[3], "tailrace-target-fake")
        with open(path, encoding="utf-8") as file:
            join = f"[ \"$1\" = describe ] || echo $$ >{group}/cgroup.procs\n"
            text = file.read().replace("exec ", join + "exec ", 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        awake = ["--keep-awake", "on"]
        fake = ["--load-program", self.load, "say-classes"]
        self.run_it("run", "--name", "c", *arguments, *awake, *fake)
        cell = self.cells()[0]
        self.assertIsNone(cell["keep_awake"], cell)
        self.assertIn("another scheduler group", cell["keep_awake_cause"])
        self.assertEqual(set(cell["load"]["connect"]), {"other"})
        self.assert_listed()

    def remove_group(self, group):
        for _ in range(100):
            try:
                return os.rmdir(group)
            except OSError:  # what ended in it a moment ago still counts
                time.sleep(0.05)
        return self.fail(f"{group} cannot be removed")

    def test_a_planted_neighbour_is_named_and_counted(self):
        planted = "neighbour_us = 5000\nneighbour_per_s = 50\n"
        points = POINT + 'id = "beside"\n' + planted + POINT + 'id = "alone"\n'
        cells = self.by_point("--load-program", TAILRACE, "load", points=points)
        names = {each["name"] for each in cells["beside"]["noise"]["disturbers"]}
        self.assertIn("tailrace-neighbour", names)
        self.assertGreater(sum(each["neighbour_ns"] for each in cells["beside"]["slices"]), 0)
        self.assertEqual(sum(each["neighbour_ns"] for each in cells["alone"]["slices"]), 0)
        self.assertEqual(cells["beside"]["point"]["neighbour_us"], 5000)
        shutil.rmtree(self.results)
        fake = ["--load-program", self.load, "say-classes", "--keep-awake", "off"]
        cells = self.by_point(*fake, points=points, works=False)
        self.assertEqual(set(cells["beside"]["load"]["connect"]), {"other planted"})
        self.assertEqual(set(cells["alone"]["load"]["connect"]), {"other"})

    def test_beside_a_neighbour_that_stays_rounds_are_not_repeated_in_vain(self):
        load = [*CPUS, "--load-program", TAILRACE, "load", "--keep-awake", "off"]
        arguments = self.profile("good", POINT.replace("0.2", "0.3"), blocks=3)  # of five rounds
        busy = ["taskset", "-c", str(FIRST), "sh", "-c", "while :; do :; done"]
        with subprocess.Popen(busy) as neighbour:
            try:
                done = self.run_it("run", "--name", "c", *arguments, *load)
            finally:
                neighbour.kill()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        slices = [each for cell in self.cells() for each in cell["slices"]]
        self.assertGreater(min(each["others_ns"] for each in slices), 0)
        kept = [each["kept"] for each in slices]
        # Those that told that the neighbour stays; of the point, not of each generation.
        self.assertEqual(kept, [False] * 3 + [True] * 15)

    def test_tuned_targets_are_in_fifo_and_never_mixed(self):
        arguments = self.profile()
        fake = [*CPUS, "--keep-awake", "on", "--load-program", self.load, "say-classes"]
        done = self.run_it("run", "--name", "c", *arguments, "--tune", *fake)
        if "--tune is not permitted here" in done.stderr:
            self.skipTest(done.stderr)
        cell = self.cells()[0]
        self.assertEqual(cell["scheduling"], "fifo", cell["cause"])
        self.assertEqual(set(cell["load"]["connect"]), {f"fifo {SPINNERS}"})
        self.assert_listed()
        done = self.run_it("run", "--resume", "c", *arguments[2:], *CPUS)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn('its "tune" was', done.stderr)
        done = self.run_it("run", "--resume", "c", *arguments[2:], "--tune", *CPUS)
        self.assertIn("0 cells to run", done.stdout, done.stderr)

    def test_a_point_in_fifo_is_so_in_its_slices_alone(self):
        self.skip_without_fifo(cpus=2)
        points = POINT + POINT + 'id = "fifo"\nscheduling = "fifo"\n'
        fake = [*CPUS, "--load-program", self.load, "say-classes"]
        cells = self.by_point(*fake, points=points, works=False)
        for name, scheduling, seen in [("closed-2x64", "other", "other"),
                                       ("fifo", "fifo", "fifo")]:
            self.assertEqual(cells[name]["scheduling"], scheduling)
            self.assertEqual(set(cells[name]["load"]["connect"]), {seen})

    def test_slices_that_the_kernel_would_stop_are_left_out(self):
        self.skip_without_fifo(cpus=2)
        points = POINT + POINT.replace("0.2", "1") + 'slice_s = 1\nscheduling = "fifo"\n'
        done = self.run_it("run", "--name", "c", *self.profile("good", points), *CPUS,
                           "--load-program", TAILRACE, "load")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("left out: closed-2x64-fifo: SCHED_FIFO: the kernel would stop", done.stdout)

    def test_on_one_cpu_nothing_is_in_fifo(self):
        self.skip_without_fifo(cpus=1)
        one = ["--target-cpus", str(FIRST), "--client-cpus", str(FIRST)]
        points = POINT + POINT + 'scheduling = "fifo"\n'
        done = self.run_it("run", "--name", "c", *self.profile("good", points), *one,
                           "--load-program", TAILRACE, "load")
        self.assertIn("left out: closed-2x64-fifo: SCHED_FIFO: client and target share",
                      done.stdout)

    def test_where_fifo_is_not_permitted_its_points_are_left_out(self):
        points = POINT + POINT + 'id = "fifo"\nscheduling = "fifo"\n'
        done = subprocess.run(
            [TAILRACE, "run", "--name", "c", *self.profile("good", points), *CPUS,
             "--load-program", TAILRACE, "load"], capture_output=True,
            text=True, timeout=60, check=False, preexec_fn=give_up_scheduling)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual([cell["point"]["id"] for cell in self.cells()], ["closed-2x64"])
        self.assertIn("left out: fifo: SCHED_FIFO: ", done.stdout)
        self.assertIn("CAP_SYS_NICE", done.stdout)

    def test_what_is_not_permitted_is_said_before_the_first_cell(self):
        done = subprocess.run(
            [TAILRACE, "run", "--name", "c", *self.profile(), "--tune"], capture_output=True,
            text=True, timeout=60, check=False, preexec_fn=give_up_scheduling)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("--tune is not permitted here: SCHED_FIFO: ", done.stderr)
        self.assertIn("CAP_SYS_NICE", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.results, "c")))


if __name__ == "__main__":
    command_case.main()
