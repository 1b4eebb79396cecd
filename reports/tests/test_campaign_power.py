# SPDX-License-Identifier: MIT
"""What is said of campaigns of which the answer is known."""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
import time
import unittest
import unittest.mock
from dataclasses import replace
from pathlib import Path

import numpy
from tailrace_regress import campaign_power, outcome, planted_campaigns, stored
from tailrace_regress import stored_noise
from tailrace_regress.planted_campaigns import COPIES, MEASURES, PLANTED, Measured

GENERATIONS = 8
# How much each planted arm's numbers are off.
OFF = {
    ("more-cpu", "cpu"): 1.04,
    ("slower", "rate"): 0.94,
    ("rare-delay", "quiet p99"): 1.5,
}


def made_up(number: int, beside: str = "", noise: float = 0.004, **off: float) -> Measured:
    """`off`: of an arm, at each measure, with - as _."""
    lot = random.Random(number)
    numbers: planted_campaigns.Numbers = {}
    for name in MEASURES:
        for arm in (*COPIES, *PLANTED):
            factor = off.get(arm.replace("-", "_"), OFF.get((arm, name), 1.0))
            numbers.setdefault(name, {})[arm] = {
                at: 100 * factor * (1 + lot.gauss(0, noise)) for at in range(GENERATIONS)
            }
    return Measured(number, beside, 150.0, 256, 8 if beside else 0, numbers)


class Judged(unittest.TestCase):
    def test_copies_are_the_same_and_what_was_planted_is_found(self) -> None:
        lines, good = campaign_power.judged([made_up(n, "cc" * (n % 2)) for n in range(6)])
        self.assertTrue(good, lines)
        text = "\n".join(lines)
        self.assertIn("3 campaigns alone: 2.5 min each, 0 of 768 rounds dropped.", text)
        self.assertIn("3 campaigns beside a command: 2.5 min each, 24 of 768", text)
        self.assertRegex(text, r"copies, cpu: 45 pairs, 0 different, \d+ the same; ±0\.\d %")
        self.assertRegex(text, r"more-cpu, cpu 1\.0[34]\d×: different in 3 of 3")
        self.assertRegex(text, r"slower, rate 0\.9[34]\d×: different in 3 of 3")
        self.assertIn("cpu: copies called different in 0 of 6 campaigns.", text)

    def test_copies_that_differ_are_worse_than_promised(self) -> None:
        lines, good = campaign_power.judged([made_up(n, copy_3=1.05) for n in range(3)])
        self.assertFalse(good)
        self.assertIn("cpu: copies called different in 3 of 3 campaigns.", lines)

    def test_a_fault_that_is_not_found_is_worse_than_promised(self) -> None:
        for fault in PLANTED:
            with self.subTest(fault):
                lost = {fault.replace("-", "_"): 1.0}
                _, good = campaign_power.judged([made_up(n, **lost) for n in range(3)])
                self.assertFalse(good)

    def test_a_difference_in_the_wrong_direction_is_not_found(self) -> None:
        lines, good = campaign_power.judged([made_up(n, slower=1.06) for n in range(3)])
        self.assertFalse(good)
        text = "\n".join(lines)
        self.assertIn("slower: found in 0 of 3, by rate or rate in FIFO", text)
        self.assertIn("  slower, rate 1.06", text)

    def test_where_fifo_is_not_permitted_nothing_is_said_of_it(self) -> None:
        whole = made_up(1)
        lived = {name: found for name, found in whole.numbers.items() if "FIFO" not in name}
        lines, good = campaign_power.judged([replace(whole, numbers=lived)])
        self.assertTrue(good)
        self.assertIn("copies, cpu in FIFO: not compared", "\n".join(lines))

    def test_no_campaign_proves_nothing(self) -> None:
        self.assertFalse(campaign_power.judged([])[1])


class Simulated(unittest.TestCase):
    def test_noise_of_copies_is_theirs(self) -> None:
        stored = stored_noise.residuals([made_up(n, noise=0.01) for n in range(20)], "cpu")
        self.assertEqual(stored.shape, (20 * GENERATIONS, len(COPIES)))
        noise, size = stored_noise.drawn_from(stored)
        self.assertAlmostEqual(size, 0.01, delta=0.001)
        drawn = noise(numpy.random.RandomState(1), (400, 9))
        self.assertEqual(drawn.shape, (400, 9))
        self.assertAlmostEqual(drawn.std(), 1.0, delta=0.05)
        self.assertLess(abs(float(numpy.corrcoef(drawn[:, 0], drawn[:, 8])[0, 1])), 0.15)

    def test_a_generation_without_all_copies_is_left_out(self) -> None:
        one = made_up(1)
        del one.numbers["cpu"][COPIES[2]][3]
        self.assertEqual(len(stored_noise.residuals([one], "cpu")), GENERATIONS - 1)
        del one.numbers["rate"][COPIES[2]]
        self.assertEqual(len(stored_noise.residuals([one], "rate")), 0)

    def test_each_measure_has_its_error_rates(self) -> None:
        lines, _ = campaign_power.simulated([made_up(n) for n in range(4)], 20)
        self.assertEqual(len(lines), 1 + len(MEASURES))
        self.assertRegex(lines[1], r"cpu, sd of a log ratio 0\.\d %: \d+\.0 % with a false")


class Files(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.file = Path(scratch.name) / "campaigns.jsonl"

    def run_it(self, *arguments: str) -> tuple[int, str]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = campaign_power.main([*arguments, "--file", str(self.file)])
        return code, said.getvalue()

    def test_what_is_kept_is_judged_alike(self) -> None:
        campaigns = [made_up(n) for n in range(2)]
        for one in campaigns:
            planted_campaigns.append(self.file, one)
        self.assertEqual(planted_campaigns.read(self.file), campaigns)
        code, said = self.run_it("--judge")
        self.assertEqual(code, outcome.NONE, said)
        self.assertIn("2 campaigns alone", said)

    def test_bad_usage_is_a_sentence(self) -> None:
        self.assertEqual(self.run_it("--judge")[0], outcome.USAGE)
        self.file.write_text('{"schema": "another"}\n')
        code, said = self.run_it("--judge")
        self.assertEqual(code, outcome.USAGE)
        self.assertIn("line 1", said)

    def test_a_file_without_end_is_a_sentence(self) -> None:
        self.file.symlink_to("/dev/zero")
        with unittest.mock.patch.object(stored, "BYTES_MAX", 1 << 20):
            code, said = self.run_it("--judge")
        self.assertEqual(code, outcome.USAGE)
        self.assertIn("more than 1 MiB", said)

    def test_what_runs_beside_ends_with_all_that_it_started(self) -> None:
        mark = self.file.with_name("beat")
        with planted_campaigns.running(f"(while :; do date > {mark}; sleep 0.01; done) & wait"):
            while not mark.exists():
                time.sleep(0.01)
        mark.unlink()
        time.sleep(0.1)
        self.assertFalse(mark.exists())


if __name__ == "__main__":
    unittest.main()
