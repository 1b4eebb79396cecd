# SPDX-License-Identifier: MIT
"""What is said of campaigns of which the answer is known."""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
import time
import unittest
from pathlib import Path

from tailrace_regress import campaign_power, outcome, planted_campaigns
from tailrace_regress.planted_campaigns import COPIES, MEASURES, PLANTED, Measured

GENERATIONS = 8
# How much each planted arm's numbers are off.
OFF = {
    ("more-cpu", "cpu"): 1.04,
    ("slower", "rate"): 0.94,
    ("rare-delay", "typical p99"): 1.5,
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
        self.assertIn("0 of 6 campaigns call two copies different somewhere.", text)

    def test_copies_that_differ_are_worse_than_promised(self) -> None:
        lines, good = campaign_power.judged([made_up(n, copy_3=1.05) for n in range(3)])
        self.assertFalse(good)
        self.assertIn("3 of 3 campaigns call two copies different", lines[-1])

    def test_a_fault_that_is_not_found_is_worse_than_promised(self) -> None:
        for fault in PLANTED:
            with self.subTest(fault):
                lost = {fault.replace("-", "_"): 1.0}
                _, good = campaign_power.judged([made_up(n, **lost) for n in range(3)])
                self.assertFalse(good)

    def test_a_difference_in_the_wrong_direction_is_not_found(self) -> None:
        lines, good = campaign_power.judged([made_up(n, slower=1.06) for n in range(3)])
        self.assertFalse(good)
        self.assertIn("  slower, rate 1.06", "\n".join(lines))

    def test_no_campaign_proves_nothing(self) -> None:
        self.assertFalse(campaign_power.judged([])[1])


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
