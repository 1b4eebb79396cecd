# SPDX-License-Identifier: MIT
"""Verdicts of the gate on numbers whose answer is known."""

from __future__ import annotations

import datetime
import math
import random
import unittest
from dataclasses import replace

from tailrace_regress import canary, gate, judge, outcome, verdict
from tailrace_regress.judge import CANARY, COSTS, COUNTS, FRESH, ROUNDS
from tailrace_regress.samples import BASE, HEAD, RELINKED, SAME, Key, Samples
from tailrace_regress.accepted import Note

CPU = Key("local", "open-50x64", "cpu_us_per_op")
RATE = Key("local", "closed-50x64", "rate")
CALLS = Key("local", "cost", "syscalls.total")
TODAY = datetime.date(2026, 11, 21)


def noisy(count: int, sd: float, seed: int, shift: float = 0.0) -> list[float]:
    """Log ratios with exactly this median and about this spread: no luck in a golden test."""
    lot = random.Random(seed)
    some = [lot.gauss(0.0, sd) for _ in range(count)]
    middle = sorted(some)[count // 2] if count % 2 else sum(sorted(some)[count // 2 - 1 :][:2]) / 2
    return [d - middle + shift for d in some]


def fill(samples: Samples, key: Key, arms: tuple[str, str], logs: list[float]) -> None:
    """Rounds of 10 in the first arm and 10 times e^d in the second."""
    for round_, d in enumerate(logs):
        samples.add(key, arms[0], round_, 10.0)
        samples.add(key, arms[1], round_, 10.0 * math.exp(d))


def timed(logs: dict[Key, list[float]], arms: tuple[str, str] = (BASE, HEAD)) -> Samples:
    samples = Samples()
    for key, some in logs.items():
        fill(samples, key, arms, some)
    return samples


def counted(base: list[float], head: list[float], key: Key = CALLS) -> Samples:
    samples = Samples()
    for arm, values in ((BASE, base), (HEAD, head)):
        for round_, value in enumerate(values):
            samples.add(key, arm, round_, value)
    return samples


class Exact(unittest.TestCase):
    def word(self, base: list[float], head: list[float], key: Key = CALLS) -> str:
        found = verdict.exact(key, base, head)
        return found.verdict if found else "demoted"

    def test_one_more_call_is_a_regression_after_three_repetitions(self) -> None:
        self.assertEqual(self.word([2.02] * 3, [3.02] * 3), outcome.REGRESSION)
        self.assertEqual(self.word([3.02] * 3, [2.02] * 3), outcome.IMPROVEMENT)
        self.assertEqual(self.word([2.02] * 3, [2.02] * 3), outcome.EQUIVALENT)

    def test_from_nothing_to_something(self) -> None:
        key = Key("local", "cost", "allocations")
        self.assertEqual(self.word([0.0] * 3, [1.0] * 3, key), outcome.REGRESSION)
        self.assertEqual(self.word([0.0] * 3, [0.003] * 3, key), outcome.EQUIVALENT)

    def test_bytes_a_connection(self) -> None:
        key = Key("local", "cost", "user_bytes_per_idle_connection")
        self.assertEqual(self.word([342.0, 343.0, 341.5], [406.0] * 3, key), outcome.REGRESSION)
        self.assertEqual(self.word([342.0] * 3, [347.0] * 3, key), outcome.EQUIVALENT)
        self.assertEqual(self.word([-13.0] * 3, [-9.0] * 3, key), outcome.EQUIVALENT)

    def test_less_than_nothing_counts_as_nothing(self) -> None:
        about = Key("local", "cost", "user_bytes_per_idle_connection").about
        self.assertEqual(verdict.loss(about, -13.0, -40.0), 0.0)
        self.assertAlmostEqual(verdict.loss(about, -13.0, 12.0), math.log(2))

    def test_what_does_not_repeat_is_demoted(self) -> None:
        self.assertEqual(self.word([2.0, 2.4, 2.1], [2.0] * 3), "demoted")
        self.assertEqual(self.word([2.0] * 3, [2.0, 2.4, 2.1]), "demoted")
        self.assertEqual(self.word([2.0], [3.0]), "demoted")

    def test_a_change_of_one_percent_of_instructions_is_seen(self) -> None:
        key = Key("local", "cost", "instructions")
        self.assertEqual(self.word([193.0] * 3, [195.0] * 3, key), outcome.REGRESSION)
        self.assertEqual(self.word([193.0] * 3, [193.3] * 3, key), outcome.EQUIVALENT)

    def test_what_one_arm_alone_tells_is_said_and_decides_nothing(self) -> None:
        samples = counted([2.0] * 3, [2.0] * 3)
        samples.add(Key("local", "cost", "allocations"), BASE, 0, 0.0)
        judged = judge.judge({COSTS: samples}, (), TODAY)
        self.assertEqual(judged.findings[0].verdict, outcome.INVALID)
        self.assertEqual(judged.findings[0].note, "measured in the base arm only")
        self.assertEqual(judge.exit_code(judged, False), outcome.NONE)
        self.assertEqual(judge.exit_code(judged, True), outcome.OPEN)

    def test_kinds_that_change_places_are_no_regression(self) -> None:
        samples = Samples()
        kinds = {"syscalls.read": (1.0, 0.0), "syscalls.recvfrom": (0.0, 1.0)}
        for name, (before, after) in {**kinds, "syscalls.total": (2.0, 2.0)}.items():
            for round_ in range(3):
                samples.add(Key("local", "cost", name), BASE, round_, before)
                samples.add(Key("local", "cost", name), HEAD, round_, after)
        words = {f.key.metric: f.verdict for f in gate.settle_exact(samples)[0]}
        self.assertEqual(words["syscalls.recvfrom"], outcome.EQUIVALENT)
        self.assertEqual(words["syscalls.total"], outcome.EQUIVALENT)

    def test_a_kind_that_one_arm_never_made_counts_as_none(self) -> None:
        samples = counted([2.0] * 3, [3.0] * 3)
        for round_ in range(3):
            samples.add(Key("local", "cost", "syscalls.epoll_ctl"), HEAD, round_, 1.0)
        samples.fill_absent_calls()
        found = {f.key.metric: f for f in gate.settle_exact(samples)[0]}
        self.assertEqual(found["syscalls.epoll_ctl"].verdict, outcome.REGRESSION)
        self.assertEqual(found["syscalls.epoll_ctl"].base, 0.0)


class Paired(unittest.TestCase):
    def test_more_is_better_turns_the_sign(self) -> None:
        slower = [(100.0, 90.0)] * 9
        found = verdict.paired(RATE, slower)
        assert found.worse is not None and found.ratio is not None
        self.assertAlmostEqual(found.worse.median, math.log(100 / 90))
        self.assertAlmostEqual(found.ratio.median, 0.9)
        self.assertLessEqual(found.ratio.low, found.ratio.high)

    def test_interval_by_hand(self) -> None:
        # Of nine sorted values the exact interval runs from the second to the eighth.
        logs = [0.01 * n for n in (5, 1, 9, 3, 7, 2, 8, 4, 6)]
        found = verdict.paired(CPU, [(1.0, math.exp(d)) for d in logs])
        assert found.worse is not None
        for value, hand in zip((found.worse.low, found.worse.median, found.worse.high),
                               (0.02, 0.05, 0.08)):
            self.assertAlmostEqual(value, hand)
        self.assertEqual(found.p, 1 / 512)

    def test_equivalent_only_inside_the_corridor(self) -> None:
        narrow = verdict.paired(CPU, [(1.0, 1.0 + 0.001 * n) for n in range(-6, 7)])
        wide = verdict.paired(CPU, [(1.0, 1.0 + 0.02 * n) for n in range(-6, 7)])
        self.assertEqual(narrow.verdict, outcome.EQUIVALENT)
        self.assertEqual(wide.verdict, outcome.INCONCLUSIVE)
        assert wide.detectable is not None and wide.needed is not None
        self.assertGreater(wide.detectable, 0.05)
        self.assertGreater(wide.needed, 13)

    def test_a_raised_limit_never_makes_equivalent(self) -> None:
        pairs = [(1.0, 1.06 + 0.001 * n) for n in range(-6, 7)]
        self.assertEqual(verdict.paired(CPU, pairs, 0.2).verdict, outcome.INCONCLUSIVE)

    def test_few_rounds_say_nothing(self) -> None:
        found = verdict.paired(CPU, [(1.0, 2.0)] * 5)
        self.assertEqual(found.verdict, outcome.INCONCLUSIVE)
        self.assertIsNone(found.detectable)
        self.assertFalse(verdict.beyond(found))
        self.assertEqual(verdict.paired(CPU, []).verdict, outcome.INVALID)

    def test_numbers_that_are_none_are_not_added(self) -> None:
        samples = Samples()
        samples.add(CPU, BASE, 0, math.nan)
        samples.add(CPU, BASE, 1, math.inf)
        samples.add(Key("local", "x", "no_such_metric"), BASE, 0, 1.0)
        self.assertEqual(samples.keys(), [])


class TwoLooks(unittest.TestCase):
    others = {Key(f"t{n}", "open-50x64", "cpu_us_per_op"): noisy(10, 0.02, n) for n in range(15)}

    def judged(self, **stages: Samples) -> judge.Judgement:
        return judge.judge(stages, (), TODAY)

    def verdict_of(self, judged: judge.Judgement, key: Key = CPU) -> str:
        return next(f.verdict for f in judged.findings if f.key == key)

    def test_a_suspect_that_recurs_is_a_regression(self) -> None:
        rounds = timed({CPU: noisy(10, 0.02, 90, 0.08), **self.others})
        self.assertEqual(judge.suspects({ROUNDS: rounds}), [CPU])
        judged = self.judged(rounds=rounds, fresh=timed({CPU: noisy(12, 0.02, 91, 0.08)}))
        self.assertEqual(self.verdict_of(judged), outcome.REGRESSION)
        self.assertEqual(judge.exit_code(judged, False), outcome.SLOWER)

    def test_a_suspect_that_does_not_recur_is_none(self) -> None:
        rounds = timed({CPU: noisy(10, 0.02, 90, 0.08), **self.others})
        judged = self.judged(rounds=rounds, fresh=timed({CPU: noisy(12, 0.01, 92)}))
        self.assertEqual(self.verdict_of(judged), outcome.EQUIVALENT)
        self.assertEqual(judge.exit_code(judged, True), outcome.OPEN)  # of the others
        self.assertEqual(judge.exit_code(judged, False), outcome.NONE)

    def test_a_suspect_without_fresh_rounds_is_never_confirmed(self) -> None:
        judged = self.judged(rounds=timed({CPU: noisy(10, 0.01, 90, 0.3)}))
        self.assertEqual(self.verdict_of(judged), outcome.INVALID)
        self.assertEqual(judged.failing, [])

    def test_the_correction_is_over_the_whole_family(self) -> None:
        # One sign of nine rounds wrong: p = 2/512, enough alone and not among sixteen.
        nearly = [-0.001] + [0.05 + 0.001 * n for n in range(8)]
        rounds = timed({CPU: noisy(10, 0.01, 90, 0.08)})
        self.assertEqual(
            self.verdict_of(self.judged(rounds=rounds, fresh=timed({CPU: nearly}))),
            outcome.REGRESSION,
        )
        rounds = timed({CPU: noisy(10, 0.01, 90, 0.08), **self.others})
        many = self.judged(rounds=rounds, fresh=timed({CPU: nearly}))
        self.assertEqual(self.verdict_of(many), outcome.INCONCLUSIVE)

    def test_steady_trifles_do_not_soften_the_correction(self) -> None:
        trifles = {key: [0.001 + 0.0001 * n for n in range(10)] for key in self.others}
        nearly = [-0.001] + [0.05 + 0.001 * n for n in range(8)]
        rounds = timed({CPU: noisy(10, 0.01, 90, 0.08), **trifles})
        self.assertEqual(judge.suspects({ROUNDS: rounds}), [CPU])
        judged = self.judged(rounds=rounds, fresh=timed({CPU: nearly}))
        self.assertEqual(self.verdict_of(judged), outcome.INCONCLUSIVE)

    def test_a_small_p_alone_is_no_regression(self) -> None:
        # Three of twelve rounds a little better: p = 0.003, but the interval holds no change.
        mixed = [-0.001, -0.002, -0.003] + [0.05 + 0.001 * n for n in range(9)]
        rounds = timed({CPU: noisy(10, 0.01, 90, 0.08)})
        judged = self.judged(rounds=rounds, fresh=timed({CPU: mixed}))
        self.assertLess(judged.findings[0].adjusted or 1.0, gate.Q)
        self.assertEqual(self.verdict_of(judged), outcome.INCONCLUSIVE)

    def test_what_matters_to_nobody_is_no_regression(self) -> None:
        sure = timed({CPU: noisy(20, 0.002, 5, 0.02)})
        judged = self.judged(rounds=sure, fresh=sure)
        self.assertEqual(self.verdict_of(judged), outcome.EQUIVALENT)

    def test_an_improvement_fails_nothing(self) -> None:
        judged = self.judged(rounds=timed({CPU: noisy(12, 0.01, 3, -0.2)}))
        self.assertEqual(self.verdict_of(judged), outcome.IMPROVEMENT)
        self.assertEqual(judge.exit_code(judged, True), outcome.NONE)

    def test_what_only_tells_never_fails(self) -> None:
        key = Key("local", "open-50x64", "p99.9")
        samples = timed({key: noisy(12, 0.01, 3, 0.9)})
        judged = self.judged(rounds=samples, fresh=samples)
        self.assertEqual(judged.failing, [])
        self.assertEqual(judge.exit_code(judged, False), outcome.NOTHING)


class Canaries(unittest.TestCase):
    rounds = timed({CPU: noisy(10, 0.01, 1, 0.08)})
    fresh = timed({CPU: noisy(12, 0.01, 2, 0.08)})

    def stages(self, canary_logs: list[float], arm: str = SAME) -> dict[str, Samples]:
        quiet = timed({CPU: canary_logs}, (BASE, arm))
        return {ROUNDS: self.rounds, FRESH: self.fresh, CANARY: quiet}

    def test_a_quiet_canary_lets_the_clock_decide(self) -> None:
        judged = judge.judge(self.stages(noisy(10, 0.01, 7)), (), TODAY)
        self.assertEqual(judge.exit_code(judged, False), outcome.SLOWER)
        self.assertIn("showed nothing", judged.canary)

    def test_an_alarm_takes_the_decision_from_the_clock(self) -> None:
        for arm in (SAME, RELINKED):
            judged = judge.judge(self.stages(noisy(10, 0.01, 7, 0.06), arm), (), TODAY)
            self.assertEqual(judged.failing, [])
            self.assertEqual(judged.findings[0].verdict, outcome.INVALID)
            self.assertEqual(judge.exit_code(judged, False), outcome.ENVIRONMENT)

    def test_an_alarm_leaves_what_was_counted(self) -> None:
        stages = self.stages(noisy(10, 0.01, 7, 0.06))
        stages[COSTS] = counted([2.0] * 3, [3.0] * 3)
        judged = judge.judge(stages, (), TODAY)
        self.assertEqual(judge.exit_code(judged, False), outcome.SLOWER)
        stages[COSTS] = counted([2.0] * 3, [2.0] * 3)
        judged = judge.judge(stages, (), TODAY)
        self.assertEqual(judge.exit_code(judged, False), outcome.NONE)
        self.assertEqual(judge.exit_code(judged, True), outcome.ENVIRONMENT)

    def test_what_moved_by_itself_raises_what_matters(self) -> None:
        # A copy of the base 9 % away without a sure sign: 8 % of the head then prove nothing.
        unsure = [0.09 + d for d in (-0.3, 0.3, -0.2, 0.2, -0.25, 0.25, 0.0, 0.0, -0.12, 0.12)]
        stages = self.stages(unsure)
        self.assertEqual(canary.floors(stages[CANARY]).alarm, "")
        self.assertGreater(canary.floors(stages[CANARY]).moved["cpu_us_per_op"], 0.085)
        judged = judge.judge(stages, (), TODAY)
        self.assertEqual(judged.findings[0].verdict, outcome.INCONCLUSIVE)


class Demoted(unittest.TestCase):
    def test_switches_that_are_the_same_need_no_more_rounds(self) -> None:
        key = Key("local", "cost", "switches.voluntary")
        for head, open_ in (([0.021, 0.020, 0.022], False), ([0.021, 0.020, 0.072], True)):
            stages = {COSTS: counted([0.020, 0.020, 0.021], head, key)}
            self.assertEqual(key in judge.uncertain(stages), open_, head)
        # More, but steadily so: rounds decide, not three repetitions.
        stages = {COSTS: counted([0.020] * 3, [1.020] * 3, key)}
        self.assertIn(key, judge.uncertain(stages))

    def test_rounds_decide_what_does_not_repeat(self) -> None:
        costs = counted([2.0, 2.3, 2.1], [2.4, 2.7, 2.5])
        self.assertEqual(judge.uncertain({COSTS: costs}), [CALLS])
        self.assertEqual(judge.passes([CALLS]), ["syscalls"])
        more = timed({CALLS: noisy(12, 0.03, 4, 0.2)})
        judged = judge.judge({COSTS: costs, COUNTS: more}, (), TODAY)
        self.assertEqual(judged.findings[0].verdict, outcome.REGRESSION)
        self.assertIn("repetitions differ", judged.findings[0].note)
        same = timed({CALLS: noisy(12, 0.03, 4)})
        judged = judge.judge({COSTS: costs, COUNTS: same}, (), TODAY)
        self.assertEqual(judged.findings[0].verdict, outcome.INCONCLUSIVE)

    def test_one_look_must_see_more_clearly(self) -> None:
        worse = [0.20, 0.21, 0.22, 0.23, 0.24, 0.25]  # p = 1/64
        found = gate.settle_counts(timed({CALLS: worse}), [CALLS])
        self.assertEqual(found[0].verdict, outcome.INCONCLUSIVE)
        found = gate.settle_counts(timed({CALLS: [*worse, 0.26]}), [CALLS])  # p = 1/128
        self.assertEqual(found[0].verdict, outcome.REGRESSION)

    def test_a_count_spoiled_in_one_round_is_seen_in_the_others(self) -> None:
        # Measured: 4 % more instructions in eleven of twelve rounds, in one another start-up.
        worse = [0.038, 0.039, 0.040, 0.040, 0.041, 0.041, 0.041, 0.042, 0.042, 0.042, 0.043]
        key = Key("uring", "cost", "instructions")
        found = gate.settle_counts(timed({key: [*worse, -0.2]}), [key])
        self.assertEqual(found[0].verdict, outcome.REGRESSION)
        found = gate.settle_counts(timed({key: [*worse[:10], -0.2, -0.1]}), [key])  # p = 79/4096
        self.assertEqual(found[0].verdict, outcome.INCONCLUSIVE)

    def test_next_to_nothing_is_nothing(self) -> None:
        key = Key("local", "cost", "switches.voluntary")
        pairs = [(0.0001, 0.0009), (0.0, 0.0008), (0.0002, 0.0)] * 4
        samples = counted([a for a, _ in pairs], [b for _, b in pairs], key)
        found = gate.settle_counts(samples, [key])
        self.assertEqual(found[0].verdict, outcome.EQUIVALENT)


class Accepted(unittest.TestCase):
    note = Note(TODAY, "local", "syscalls.total", "*", 1.6, None, "a wake-up needs it")

    def code(self, note: Note, head: float = 3.0) -> int:
        judged = judge.judge({COSTS: counted([2.0] * 3, [head] * 3)}, [note], TODAY)
        return judge.exit_code(judged, True)

    def test_a_note_lets_a_change_pass_up_to_its_limit(self) -> None:
        self.assertEqual(self.code(self.note), outcome.NONE)
        self.assertEqual(self.code(self.note, 4.0), outcome.SLOWER)
        self.assertEqual(self.code(replace(self.note, target="steal")), outcome.SLOWER)
        self.assertEqual(self.code(replace(self.note, metric="p50")), outcome.SLOWER)

    def test_a_note_ends(self) -> None:
        until = replace(self.note, until=TODAY)
        self.assertEqual(self.code(until), outcome.NONE)
        yesterday = TODAY - datetime.timedelta(days=1)
        self.assertEqual(self.code(replace(self.note, until=yesterday)), outcome.SLOWER)


if __name__ == "__main__":
    unittest.main()
