# SPDX-License-Identifier: MIT
"""`tailrace run` as a whole campaign that does not end at once: Ctrl-C, kill and resume, looks.
Standard library only. Usage: resume_command_test.py TAILRACE FOLDER_OF_FAKE_TARGET"""

import json
import os
import signal
import subprocess

import command_case
from command_case import POINT, TAILRACE


class ResumeTest(command_case.CommandCase):
    def start_long(self, blocks, *more):
        arguments = self.profile("good", POINT, blocks)
        process = subprocess.Popen(
            [TAILRACE, "run", "--name", "c", *arguments, "--load-program", self.load, "0.3", *more],
            stdout=subprocess.PIPE,
            text=True,
        )
        while not (line := process.stdout.readline()).startswith("generation 1 "):
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
        self.assertRegex(done.stdout, "[123] cells to run", done.stderr)
        with open(os.path.join(self.results, "c", "plan.json"), encoding="utf-8") as file:
            planned = [cell["cell"] for cell in json.load(file)["cells"]]
        self.assertEqual([cell["cell"] for cell in self.cells()], planned)
        for cell in self.cells():  # the load generator is that of the manifest
            self.assertNotIn("engine", cell["load"])

    def looking(self):
        """A campaign of looks at 8 and 10 generations, at the first; and its arguments."""
        looks = 'looks = [8, 10]\nat_most_minutes = 5\ntwin = "fake"\n'
        arguments = self.profile("good", looks + POINT.replace("0.2", "0.1"), blocks=8)
        done = self.run_it("run", "--name", "c", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done, arguments

    def plan(self):
        with open(os.path.join(self.results, "c", "plan.json"), encoding="utf-8") as file:
            return json.load(file)

    def test_a_campaign_of_looks_goes_on_to_the_next_and_no_further(self):
        done, arguments = self.looking()
        self.assert_listed()
        self.assertIn("generation 8 of 8: ", done.stdout)
        self.assertNotIn("b0-closed", done.stdout)  # of cells that are ok nothing is said
        first, cells = self.plan(), self.cells()
        self.assertEqual(first["looks"], {"at": [8, 10], "at_most_minutes": 5})
        self.assertEqual((first["blocks"], len(cells)), (8, 16))
        # The twin has a process of its own.
        accepted = [cell["target"]["result"]["counts"]["accepted"] for cell in cells]
        self.assertEqual(accepted, [2] * 16)
        again = ["run", "--resume", "c", *arguments[2:]]
        for wrong in ("7", "9", "11"):
            refused = self.run_it(*again, "--blocks", wrong)
            self.assertEqual(refused.returncode, 2, refused.stdout)
            self.assertIn(
                f"--blocks {wrong}: it has 8 blocks and its looks are 8, 10", refused.stderr
            )
        refused = self.run_it(*again, "--looks", "8,12")
        self.assertIn("with other looks: they are fixed when a campaign begins", refused.stderr)
        self.assertEqual(self.plan(), first)
        done = self.run_it(*again, "--blocks", "10")
        self.assertIn("4 cells to run", done.stdout, done.stderr)
        self.assertRegex(done.stdout, "generation 9 of 10: fake twice differs by CPU .*, rate ")
        grown = self.plan()
        self.assertEqual((grown["blocks"], grown["cells"][:16]), (10, first["cells"]))
        self.assertEqual(self.cells()[:16], cells)
        self.assertEqual([c["cell"] for c in self.cells()], [c["cell"] for c in grown["cells"]])
        # Asked again it has nothing left to do, and it never goes back.
        self.assertIn("0 cells to run", self.run_it(*again, "--blocks", "10").stdout)
        self.assertEqual(self.run_it(*again, "--blocks", "8").returncode, 2)

    def test_a_campaign_that_is_killed_on_its_way_to_a_look_arrives_there(self):
        _, arguments = self.looking()
        process = subprocess.Popen(
            [TAILRACE, "run", "--resume", "c", *arguments[2:], "--blocks", "10"],
            stdout=subprocess.PIPE,
            text=True,
        )
        while not (line := process.stdout.readline()).startswith("generation 9 "):
            self.assertTrue(line, "it ended before its ninth generation")
        process.kill()
        process.communicate()
        self.assertEqual(self.plan()["blocks"], 10)
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            [cell["cell"] for cell in self.cells()], [cell["cell"] for cell in self.plan()["cells"]]
        )

    def test_looks_on_the_command_line(self):
        arguments = self.profile(blocks=2)
        for more, said in (
            (["--looks", "8,6"], "looks must be growing numbers of generations from 8 to 80"),
            (["--looks", "8,16"], "looks need minutes at most"),
            (["--at-most-minutes", "5"], "minutes at most are for a campaign with looks"),
            (["--looks", "8,9", "--at-most-minutes", "5", "--blocks", "3"], "leave --blocks out"),
        ):
            refused = self.run_it("run", "--name", "c", *arguments, *more)
            self.assertEqual(refused.returncode, 2, refused.stdout)
            self.assertIn(said, refused.stderr)
            self.assertEqual(refused.stderr.count("\n"), 1, refused.stderr)
        good = ["--looks", "8,9", "--at-most-minutes", "5", "--load-program", self.load, "0"]
        self.run_it("run", "--name", "c", *arguments, *good)
        self.assertEqual((self.plan()["blocks"], self.plan()["looks"]["at"]), (8, [8, 9]))

    def test_without_looks_there_is_no_second_chance(self):
        arguments = self.profile()
        self.run_it("run", "--name", "c", *arguments)
        done = self.run_it("run", "--resume", "c", *arguments[2:], "--blocks", "2")
        self.assertEqual(done.returncode, 2)
        self.assertIn("it ends after 1, since it was begun without looks", done.stderr)

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


if __name__ == "__main__":
    command_case.main()
