# SPDX-License-Identifier: MIT
"""scripts/gate-power: banks, decisions drawn from them, faults; and stored campaigns."""

from __future__ import annotations

import contextlib
import json
import re
import math
import random
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path
from unittest import mock

import fake_gate
from tailrace_regress import bank, faults, job, judge, outcome, planted_campaigns, power, power_cli
from tailrace_regress.outcome import GateError
from tailrace_regress.samples import BASE, HEAD, Key, Samples

ROOT = Path(__file__).resolve().parents[2]
CPU = Key("local", "open-50x64", "cpu_us_per_op")


def made_up(count: int, sd: float, seed: int) -> list[bank.Round]:
    lot = random.Random(seed)
    rounds: list[bank.Round] = []
    for _ in range(count):
        one: bank.Round = {}
        for metric in ("cpu_us_per_op", "p50", "quiet_p99"):
            base = 10 * math.exp(lot.gauss(0, 0.2))
            one[Key("local", "open-50x64", metric)] = (base, base * math.exp(lot.gauss(0, sd)))
        rounds.append(one)
    return rounds


class Decisions(unittest.TestCase):
    def test_no_false_alarm_and_a_planted_loss_is_seen(self) -> None:
        rounds = made_up(120, 0.01, 1)
        alike = power.decide(rounds, 20, 1)
        self.assertEqual(alike.regression, 0)
        self.assertGreater(alike.share("cpu_us_per_op", outcome.SAME), 0.8)
        planted = power.decide(rounds, 20, 1, power.Loss("local", "cpu_us_per_op", 1.06))
        self.assertGreaterEqual(planted.regression, 18)
        self.assertEqual(planted.share("cpu_us_per_op", outcome.SAME), 0.0)
        self.assertEqual(set(planted.named), {str(CPU)})

    def test_a_noisy_bank_is_inconclusive_never_the_same(self) -> None:
        rounds = made_up(120, 0.15, 2)
        planted = power.decide(rounds, 20, 1, power.Loss("local", "cpu_us_per_op", 1.05))
        self.assertEqual(planted.share("cpu_us_per_op", outcome.SAME), 0.0)
        self.assertGreaterEqual(planted.share("cpu_us_per_op", outcome.INCONCLUSIVE), 0.75)
        self.assertGreater(planted.generations[power.LOOKS[-1]], 15)

    def test_no_generation_serves_twice_in_a_decision(self) -> None:
        with self.assertRaises(GateError):
            power.decide(made_up(power.ALL - 1, 0.02, 1), 1, 1)
        power.decide(made_up(power.ALL, 0.02, 1), 1, 1)

    def test_the_same_seed_gives_the_same_answer(self) -> None:
        rounds = made_up(60, 0.05, 3)
        one, other = (power.decide(rounds, 5, 5) for _ in range(2))
        self.assertEqual(one, other)

    def test_its_looks_are_those_of_the_profile(self) -> None:
        profile = tomllib.loads((ROOT / "harness/profiles/ci.toml").read_text())
        self.assertEqual(tuple(profile["looks"]), power.LOOKS)


class Banks(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.arms = {
            arm: fake_gate.make_arm(self.root / arm, {"local": {}}) for arm in ("base", "head")
        }
        self.tailrace = fake_gate.make_harness(self.root)
        self.path = self.root / "bank.jsonl"

    def collect(self, wanted: int, **facts: str) -> None:
        bank.collect(self.path, wanted, self.tailrace, self.arms, ["local"], "ci", facts)

    def test_a_bank_is_continued_also_when_its_last_line_is_torn(self) -> None:
        self.collect(3, commit="a")
        self.collect(9, commit="a")
        head, rounds = bank.read(self.path)
        self.assertEqual((head.text("commit"), len(rounds)), ("a", 2 * bank.BATCH))
        self.assertEqual(set(rounds[0]), set(rounds[-1]))
        text = self.path.read_text()
        self.path.write_text(text[:-20])
        self.assertEqual(len(bank.read(self.path)[1]), 2 * bank.BATCH - 1)
        self.assertFalse((self.root / "bank-rounds").exists())

    def test_another_machine_or_commit_is_refused(self) -> None:
        self.collect(1, commit="a")
        with self.assertRaises(GateError) as caught:
            self.collect(2, commit="b")
        self.assertIn("another commit", caught.exception.sentence)

    def test_a_bad_line_is_named(self) -> None:
        pair = '{"schema": "tailrace-bank-1", "values": {"a": [1]}}'
        for line in ('{"schema": "x"}', "[]", pair):
            self.path.write_text(f"{line}\n")
            with self.assertRaises(GateError) as caught:
                bank.read(self.path)
            self.assertIn("line 1", caught.exception.sentence)

    def test_a_torn_line_does_not_swallow_the_next_batch(self) -> None:
        self.collect(2, commit="a")
        self.path.write_text(self.path.read_text()[:-20])
        self.collect(bank.BATCH, commit="a")
        self.assertEqual(len(bank.read(self.path)[1]), 2 * bank.BATCH - 1)


class Faults(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def test_each_fault_that_can_be_planted_is_known(self) -> None:
        text = (ROOT / "workloads/planted_fault.hpp").read_text()
        planted = re.findall(r"^(?:struct|using) (\w+)", text, re.M)
        ours = {*faults.FAULTS, *planted_campaigns.PLANTED.values()}
        self.assertEqual(sorted(set(planted) - {"busy"}), sorted(ours))
        self.assertEqual(faults.chosen("more"), ["more_cpu"])
        with self.assertRaises(GateError):
            faults.chosen("nothing of that name")

    def test_a_job_that_ended_is_not_run_again(self) -> None:
        log = self.root / "faults.jsonl"
        ended = {"name": "x", "number": 0, "code": 3, "caught": True, "said": "s"}
        log.write_text(json.dumps(ended) + '\n{"name": "x", "num')
        plan = job.Plan(root=self.root, results=self.root, base="HEAD")
        self.assertEqual(faults.run_all(plan, Path("t"), ["x"], 1, log), [ended])

    def test_an_interruption_ends_all_jobs_and_a_refusal_only_its_own(self) -> None:
        log = self.root / "faults.jsonl"
        plan = job.Plan(root=self.root, results=self.root, base="HEAD")
        for code, ends in ((outcome.NOTHING, []), (outcome.INTERRUPTED, [KeyboardInterrupt])):
            with mock.patch.object(faults, "run", side_effect=GateError(code, "said")):
                with self.assertRaises(KeyboardInterrupt) if ends else contextlib.nullcontext():
                    faults.run_all(plan, Path("t"), ["x", f"y{code}"], 1, log)
        names = [json.loads(line)["name"] for line in log.read_text().splitlines()]
        self.assertEqual(names, ["x", f"y{outcome.NOTHING}"])


class Stored(unittest.TestCase):
    """The decisions on noise that was really measured, of copies of one executable."""

    def run_power(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "scripts" / "gate-power"), *words],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def test_it_keeps_its_promises(self) -> None:
        done = self.run_power("--short")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("as promised", done.stdout)

    def confirmed(self, head: str) -> int:
        """In how many campaigns of eight generations this arm is slower than a copy."""
        found = 0
        for one in planted_campaigns.read(power_cli.CAMPAIGNS):
            samples = Samples()
            for at, numbers in enumerate(bank.rounds_of(one, (planted_campaigns.COPIES[0], head))):
                for key, values in numbers.items():
                    for arm, value in zip((BASE, HEAD), values):
                        samples.add(key, arm, at, value)
            found += bool(judge.judge({judge.CAMPAIGN: samples}).failing)
        return found

    def test_faults_that_were_really_planted_are_confirmed_and_copies_are_not(self) -> None:
        for fault in planted_campaigns.PLANTED:
            self.assertGreaterEqual(self.confirmed(fault), 12, fault)
        self.assertEqual([self.confirmed(copy) for copy in planted_campaigns.COPIES[1:]], [0] * 5)

    def test_copies_stand_by_twos_and_no_metric_is_lost(self) -> None:
        alone = bank.of_campaigns(power_cli.CAMPAIGNS, False)
        self.assertEqual(len(alone), 3 * 8 * 3)
        names = {key.metric for one in alone for key in one}
        self.assertEqual(names, set(bank.METRICS.values()))
        self.assertEqual(len({key.place for one in alone for key in one}), 4)

    def test_bad_usage_is_one(self) -> None:
        for words in ([], ["--decide", "-1"], ["--decide", "3", "--bank-file", "/nonexistent"],
                      ["--short", "--losses", "x"]):
            done = self.run_power(*words)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
