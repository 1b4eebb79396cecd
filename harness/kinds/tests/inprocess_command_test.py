# SPDX-License-Identifier: MIT
"""The command `tailrace` with points that run inside the target: a good cell is whole, and a target
that lies, dies or answers nonsense costs its cell and nothing else. The target is
harness/tests/timer_target.py. Standard library only. Usage: inprocess_command_test.py TAILRACE"""

import os
import shutil
import sys
import unittest

import scripted_case

POINT = '[[point]]\nkind = "timer"\ntasks = 50\nspread_ms = 20\nlead_ms = 200\n'
CANCEL = '[[point]]\nkind = "timer"\nmode = "cancel"\ntasks = 50\n'


class InprocessCommandTest(scripted_case.ScriptedCase):
    target = "timer_target.py"

    def test_a_good_cell_is_whole(self):
        done, cells = self.run_it(POINT + CANCEL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(cells), 2)
        for cell in cells:
            # Other work on the machine may make it invalid.
            self.assertIn(cell["status"], ("ok", "invalid"), cell["cause"])
            self.assertIsNone(cell["load"])
            self.assertEqual(cell["work"]["counts"]["armed"], 50)
            self.assertEqual(cell["target"]["exit_code"], 0)
            self.assertGreater(cell["work"]["process"]["cpu_ns"], 0)
        by_mode = {cell["point"]["options"]["mode"]: cell for cell in cells}
        fired = by_mode["random"]
        self.assertEqual(fired["work"]["counts"]["fired"], 50)
        self.assertEqual(fired["work"]["latency_ns"]["lateness_ns"]["count"], 50)
        path = os.path.join(self.results, "c", fired["work"]["histograms"]["lateness_ns"])
        self.assertTrue(os.path.getsize(path) > 0)
        self.assertEqual(by_mode["cancel"]["work"]["counts"]["cancelled"], 50)
        self.assertEqual(by_mode["cancel"]["work"]["histograms"], {})
        self.require_schema()

    def test_a_target_that_lies_fails_its_cell(self):
        for fault, words in [
            ("loses-a-timer", "49 of 50 timers fired"),
            ("wrong-sum", "the deadlines that fired sum up to"),
            ("lacks-a-count", "`wait_cpu_ns` is missing"),
            ("wakes-early", "50 timers fired before their deadline"),
            ("cancels", "0 of 50 timers fired"),
            ("no-histogram", "no histogram `lateness_ns`"),
            ("garbage-histogram", "is not ascending"),
            ("short-histogram", "holds 49 values of 50 timers"),
            ("claims-cpu", "of CPU time, and it had"),
            ("exits-7", "exited with 7 after its `result`"),
            ("has-an-address", "names an address"),
            ("dies", "signal 6"),
        ]:
            with self.subTest(fault):
                shutil.rmtree(self.results, ignore_errors=True)
                done, cells = self.run_it(POINT, fault)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertEqual(cells[0]["status"], "failed")
                self.assertIn(words, cells[0]["cause"])

    def test_switches_before_the_start_are_left_out(self):
        path = os.path.join(self.folder, "rests.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write("import os, sys, time\nfor _ in range(2000): time.sleep(1e-6)\n"
                       "os.execv(sys.argv[1], sys.argv[1:])\n")
        _, cells = self.run_it(CANCEL, command=f"{sys.executable} {path} {self.script}")
        self.assertIn(cells[0]["status"], ("ok", "invalid"), cells[0]["cause"])
        self.assertLess(cells[0]["work"]["process"]["voluntary_switches"], 1000)

    def test_what_the_target_does_not_have_of_a_point_is_skipped(self):
        for fault, points, words in [
            ("without-option", CANCEL, "workload timer has no option at_once"),
            ("", POINT.replace("50", "2000000"), "tasks"),
        ]:
            shutil.rmtree(self.results, ignore_errors=True)
            done, cells = self.run_it(points, fault)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual([cell["status"] for cell in cells], ["skipped"], cells[0]["cause"])
            self.assertIn(words, cells[0]["cause"])

    def test_bad_points_are_refused_with_a_sentence(self):
        for more, words in [
            ("", "a timer point needs tasks"),
            ("tasks = 0", "tasks must be a whole number"),
            ('tasks = 5\nmode = "never"', "is not one of random, expiry, cancel"),
            ('tasks = 5\nmode = "cancel"\nspread_ms = 9', "spread_ms has no meaning"),
            ('tasks = 5\nmode = "cancel"\nlead_ms = 9', "lead_ms has no meaning"),
            ("tasks = 5\nat_once = 9", "at_once has no meaning"),
            ("tasks = 5\nspread_ms = 60001", "spread_ms must be"),
            ("tasks = 5\nconnections = 9", "unknown key"),
        ]:
            done, _ = self.run_it(f'[[point]]\nkind = "timer"\n{more}\n')
            self.assertEqual(done.returncode, 2, more)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


unittest.main(argv=sys.argv[:1])
