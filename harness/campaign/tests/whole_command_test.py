# SPDX-License-Identifier: MIT
"""What `tailrace run` does besides measuring the contestants of a profile: peers, self-test, null
server, the costs of its subjects, what becomes of a cell whose checks fail.
Standard library only. Usage: whole_command_test.py TAILRACE FOLDER_OF_FAKE_TARGET"""

import json
import os

import command_case
from command_case import POINT, TAILRACE


class WholeTest(command_case.CommandCase):
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

    def test_the_manifest_says_of_which_commit_it_was_built(self):
        self.run_it("run", "--name", "c", *self.profile("good"))
        with open(os.path.join(self.results, "c", "manifest.json"), encoding="utf-8") as file:
            build = json.load(file)["build"]
        with open(os.path.join(os.path.dirname(TAILRACE), "tree.json"), encoding="utf-8") as file:
            told = json.load(file)
        self.assertEqual({key: build.get(key) for key in told}, told)

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
        points = {row["point"] for row in rows} - {"known-fifo"}  # where that is permitted
        self.assertEqual(points, {"known", "stall", "twice", ""})
        self.assertIn("failed", {row["verdict"] for row in rows})
        before = os.stat(path).st_mtime_ns
        os.truncate(os.path.join(self.results, "c", "cells.jsonl"), 0)
        done = self.run_it("run", "--resume", "c", *arguments[2:])
        self.assertNotIn("self-test", done.stdout)
        self.assertEqual((len(self.cells()), os.stat(path).st_mtime_ns), (1, before))
        os.remove(path)  # as if it had ended in the midst of it
        os.truncate(os.path.join(self.results, "c", "cells.jsonl"), 0)
        self.assertIn("self-test", self.run_it("run", "--resume", "c", *arguments[2:]).stdout)

    def test_points_that_one_process_has_no_room_for_have_one_each(self):
        points = "".join(POINT.replace("= 2\n", f"= {count}\n") for count in (40, 41, 19))
        done = self.run_it("run", "--name", "c", *self.profile("little-room", points))
        cells = self.cells()
        self.assertEqual([cell["status"] for cell in cells], ["ok"] * 3, done.stdout)
        addresses = {tuple(cell["target"]["ready"]["addresses"]) for cell in cells}
        self.assertEqual(len(addresses), 2, done.stdout)

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
        each = 's/"client_delay_p99_ns":[0-9]*/"client_delay_p99_ns":9000000000/'
        cell, first, _ = self.loaded(kept_up, 's/"p99":[0-9]*/"p99":1000/g', late, each)
        self.assertEqual(cell["status"], "ok", cell["cause"])
        self.assertIn("p99 send delay 90000 µs", cell["cause"])
        spoils = {check["name"]: check["spoils"] for check in cell["validity"] if not check["ok"]}
        self.assertEqual(spoils, {"send_lateness": ["latency"]})
        self.assertEqual({each["client_late"] for each in cell["slices"]}, {True})
        self.assertIn(": ok (p99 send delay", first)

    def test_a_cost_that_failed_counts_as_failed(self):
        skipped = '[[point]]\nkind = "timer"\ntasks = 5\n'
        arguments = self.profile("dies-under-load", skipped, costs="true")
        for more in (["--name", "c", *arguments], ["--resume", "c", *arguments[2:]]):
            done = self.run_it("run", *more)
            self.assertEqual(self.cells(file_name="costs.jsonl")[0]["status"], "failed")
            self.assertIn("0 failed, 1 skipped; costs that failed: 1", done.stdout)
            self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    command_case.main()
