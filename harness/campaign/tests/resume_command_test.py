# SPDX-License-Identifier: MIT
"""`tailrace run` as a whole campaign: Ctrl-C, kill and resume, peers, the costs of its subjects.
Standard library only. Usage: resume_command_test.py TAILRACE FOLDER_OF_FAKE_TARGET"""

import json
import os
import signal
import subprocess

import command_case
from command_case import POINT, TAILRACE


class ResumeTest(command_case.CommandCase):
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

    def test_a_self_test_is_run_once_and_its_failures_stop_nothing(self):
        arguments = self.profile("good", "selftest = true\n" + POINT)
        fake = ["--load-program", self.load, "good"]  # tells no latencies
        done = self.run_it("run", "--name", "c", *arguments, *fake)
        self.assertIn(" failed:\n", done.stdout)
        self.assertIn("delay 100 us, p50: - us where 100 are known", done.stdout)
        self.assertEqual(len(self.cells()), 1)
        self.assert_listed()
        path = os.path.join(self.results, "c", "selftest.json")
        with open(path, encoding="utf-8") as file:
            rows = json.load(file)["rows"]
        self.assertEqual({row["point"] for row in rows}, {"known", "stall", "twice", ""})
        self.assertIn("failed", {row["verdict"] for row in rows})
        before = os.stat(path).st_mtime_ns
        os.truncate(os.path.join(self.results, "c", "cells.jsonl"), 0)
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertNotIn("self-test", done.stdout)
        self.assertEqual((len(self.cells()), os.stat(path).st_mtime_ns), (1, before))
        os.remove(path)  # as if it had ended in the midst of it
        os.truncate(os.path.join(self.results, "c", "cells.jsonl"), 0)
        self.assertIn("self-test", self.run_it("run", "--resume", "c", *arguments[2:]).stdout)

    def test_who_wants_no_self_test_has_none(self):
        arguments = self.profile("good", "selftest = true\n" + POINT)
        self.run_it("run", "--name", "c", *arguments, "--no-selftest")
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertNotIn("self-test", done.stdout, done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.results, "c", "selftest.json")))
        self.assertEqual(len(self.cells()), 1)

    def test_the_null_server_is_measured_beside_them(self):
        memory = '[[point]]\nkind = "memory"\ncounts = [0, 10, 20]\n'
        arguments = self.profile("good", "null = true\n" + POINT + memory, costs="true")
        done = self.run_it("run", "--name", "c", *arguments)
        who = [(c["subject"]["id"], c["subject"]["form"]) for c in self.cells()]
        self.assertEqual(who.count(("null", "control")), 1, done.stdout + done.stderr)
        null = next(c for c in self.cells() if c["subject"]["id"] == "null")
        self.assertIn(null["status"], ("ok", "invalid"), null["cause"])
        self.assertEqual(len(self.cells(file_name="costs.jsonl")), 1)
        self.assert_listed()
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertIn("0 cells to run", done.stdout, done.stderr)

    def test_costs_are_counted_once_a_subject(self):
        arguments = self.profile("good", costs="true")
        done = self.run_it("run", "--name", "c", *arguments)
        self.assertIn("counting what an operation costs (subjects: 1)", done.stdout)
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

    def loaded(self, *changes):
        """The record of an open point, what the load says changed by sed, and what was printed."""
        load = os.path.join(self.folder, "changed-load")
        with open(load, "w", encoding="utf-8") as file:
            words = " ".join(f"-e '{change}'" for change in changes)
            file.write(f'#!/bin/sh\n"{TAILRACE}" load "$@" | sed -u {words}\n')
        os.chmod(load, 0o755)
        point = '[[point]]\nkind = "open"\nrate_per_s = 500\nwarmup_s = 0\nduration_s = 0.2\n'
        arguments = self.profile("good", point)
        done = self.run_it("run", "--name", "c", *arguments, "--load-program", load)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assert_listed()
        done_again = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertIn("0 cells to run", done_again.stdout, done_again.stderr)
        return self.cells()[0], done.stdout, done_again.stdout

    def test_overloaded_is_a_result_and_finished(self):
        behind = 's/"achieved_per_s":[^,}]*/"achieved_per_s":1.0/g'
        cell, first, again = self.loaded(behind, 's/"p99":[0-9]*/"p99":1000/g')
        self.assertEqual(cell["status"], "overloaded", cell["cause"])
        self.assertIn("achieved share of the offered rate", cell["cause"])
        self.assertGreater(cell["load"]["counts"]["ok"], 0)
        for text in (first, again):
            self.assertIn("0 ok, 1 overloaded, 0 invalid, 0 failed, 0 skipped", text)

    def test_a_late_client_spoils_latency_alone(self):
        kept_up = 's/"\\(offered\\|achieved\\)_per_s":[^,}]*/"\\1_per_s":500.0/g'
        late = 's/"client_delay":{[^}]*}/"client_delay":{"count":1,"p99":90000000}/g'
        cell, first, _ = self.loaded(kept_up, 's/"p99":[0-9]*/"p99":1000/g', late)
        self.assertEqual(cell["status"], "ok", cell["cause"])
        self.assertIn("p99 send delay 90000 µs", cell["cause"])
        spoils = {check["name"]: check["spoils"] for check in cell["validity"] if not check["ok"]}
        self.assertEqual(spoils, {"send_lateness": ["latency"]})
        self.assertIn(": ok (p99 send delay", first)

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
