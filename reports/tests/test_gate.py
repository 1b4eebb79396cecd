# SPDX-License-Identifier: MIT
"""Verdicts of the gate on numbers whose answer is known."""

from __future__ import annotations

import datetime
import math
import random
import unittest
from dataclasses import replace

from tailrace_regress import controls, gate, judge, metrics, outcome, timed, verdict
from tailrace_regress.judge import CAMPAIGN, COSTS, COUNTS
from tailrace_regress.samples import AGAIN, BASE, HEAD, RELINKED, Key, Samples
from tailrace_report.looks import LEVEL
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


def made(logs: dict[Key, list[float]], arms: tuple[str, str] = (BASE, HEAD)) -> Samples:
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
        self.assertEqual(self.word([2.02] * 3, [2.02] * 3), outcome.SAME)

    def test_from_nothing_to_something(self) -> None:
        key = Key("local", "cost", "allocations")
        self.assertEqual(self.word([0.0] * 3, [1.0] * 3, key), outcome.REGRESSION)
        self.assertEqual(self.word([0.0] * 3, [0.003] * 3, key), outcome.SAME)

    def test_bytes_a_connection(self) -> None:
        key = Key("local", "cost", "user_bytes_per_idle_connection")
        self.assertEqual(self.word([342.0, 343.0, 341.5], [406.0] * 3, key), outcome.REGRESSION)
        self.assertEqual(self.word([342.0] * 3, [347.0] * 3, key), outcome.SAME)
        self.assertEqual(self.word([-13.0] * 3, [-9.0] * 3, key), outcome.SAME)

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
        self.assertEqual(self.word([193.0] * 3, [193.3] * 3, key), outcome.SAME)

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
        self.assertEqual(words["syscalls.recvfrom"], outcome.SAME)
        self.assertEqual(words["syscalls.total"], outcome.SAME)

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
        found = only(judged(made({RATE: [math.log(0.9)] * 9})))
        assert found.worse is not None and found.ratio is not None
        self.assertAlmostEqual(found.worse.median, math.log(100 / 90))
        self.assertAlmostEqual(found.ratio.median, 0.9)
        self.assertLessEqual(found.ratio.low, found.ratio.high)

    def test_interval_by_hand(self) -> None:
        # Of nine sorted values the exact interval runs from the second to the eighth.
        logs = [0.01 * n for n in (5, 1, 9, 3, 7, 2, 8, 4, 6)]
        found = verdict.paired(CALLS, [(1e6, 1e6 * math.exp(d)) for d in logs])
        assert found.worse is not None
        for value, hand in zip((found.worse.low, found.worse.median, found.worse.high),
                               (0.02, 0.05, 0.08)):
            self.assertAlmostEqual(value, hand)
        self.assertEqual(found.p, 1 / 512)

    def test_the_same_only_inside_the_corridor(self) -> None:
        narrow = verdict.paired(CALLS, [(1.0, 1.0 + 0.0005 * n) for n in range(-6, 7)])
        wide = verdict.paired(CALLS, [(1.0, 1.0 + 0.02 * n) for n in range(-6, 7)])
        self.assertEqual(narrow.verdict, outcome.SAME)
        self.assertEqual(wide.verdict, outcome.INCONCLUSIVE)
        assert wide.detectable is not None
        self.assertGreater(wide.detectable, 0.05)

    def test_few_rounds_say_nothing(self) -> None:
        found = verdict.paired(CALLS, [(1.0, 2.0)] * 5)
        self.assertEqual(found.verdict, outcome.INCONCLUSIVE)
        self.assertIsNone(found.detectable)
        self.assertFalse(verdict.beyond(found))
        self.assertEqual(verdict.paired(CALLS, []).verdict, outcome.INVALID)

    def test_numbers_that_are_none_are_not_added(self) -> None:
        samples = Samples()
        samples.add(CPU, BASE, 0, math.nan)
        samples.add(CPU, BASE, 1, math.inf)
        samples.add(Key("local", "x", "no_such_metric"), BASE, 0, 1.0)
        self.assertEqual(samples.keys(), [])


def judged(samples: Samples, level: float = LEVEL) -> judge.Judgement:
    return judge.judge({CAMPAIGN: samples}, (), TODAY, level)


def only(found: judge.Judgement, key: Key | None = None) -> verdict.Finding:
    """The finding on this key, or the one that there is."""
    (one,) = [one for one in found.findings if key in (None, one.key)]
    return one


class Times(unittest.TestCase):
    others = {Key(f"t{n}", "open-50x64", "cpu_us_per_op"): noisy(12, 0.02, n) for n in range(15)}

    def test_a_loss_is_a_regression_among_many_times(self) -> None:
        found = judged(made({CPU: noisy(12, 0.01, 90, 0.06), **self.others}))
        self.assertEqual([one.key for one in found.failing], [CPU])
        self.assertEqual(judge.exit_code(found, False), outcome.SLOWER)

    def test_a_lower_rate_is_one_too(self) -> None:
        found = judged(made({RATE: noisy(12, 0.01, 3, -0.07)}))
        self.assertEqual(only(found).verdict, outcome.REGRESSION)

    def test_nothing_is_the_same_within_what_matters(self) -> None:
        found = judged(made({CPU: noisy(12, 0.01, 7)}))
        self.assertEqual(only(found).verdict, outcome.SAME)
        self.assertEqual(judge.exit_code(found, True), outcome.NONE)
        self.assertFalse(judge.goes_on(found))

    def test_noise_is_inconclusive_with_what_would_have_been_seen(self) -> None:
        found = judged(made({CPU: noisy(12, 0.1, 7, 0.02)}))
        one = only(found)
        self.assertEqual(one.verdict, outcome.INCONCLUSIVE)
        assert one.detectable is not None
        self.assertGreater(one.detectable, 0.05)
        self.assertTrue(judge.goes_on(found))
        self.assertEqual(judge.exit_code(found, True), outcome.OPEN)

    def test_what_is_confirmed_goes_on_no_further(self) -> None:
        found = judged(made({CPU: noisy(12, 0.01, 9, 0.06), RATE: noisy(12, 0.1, 7)}))
        self.assertTrue(found.of(outcome.INCONCLUSIVE))
        self.assertFalse(judge.goes_on(found))

    def test_the_correction_is_over_the_whole_question(self) -> None:
        logs = timed.losses(made({CPU: noisy(12, 0.05, 90, 0.03), **self.others}), [CPU])
        alone = timed.tested(logs, LEVEL)[CPU].worse
        samples = made({CPU: noisy(12, 0.05, 90, 0.03), **self.others})
        among = timed.tested(timed.losses(samples, samples.keys()), LEVEL)[CPU].worse
        self.assertGreater(among, 2 * alone)

    def test_rate_and_cpu_time_are_one_question_and_times_of_others_none_of_it(self) -> None:
        p50 = Key("local", "open-50x64", "p50")
        samples = made({CPU: [0.0] * 8, RATE: [0.0] * 8, p50: [0.0] * 8})
        self.assertEqual(timed.families(samples), [[RATE, CPU], [p50]])

    def test_each_time_that_decides_has_a_question(self) -> None:
        for metric in metrics.TABLE:
            timed_one = metric.kind == metrics.TIMED
            self.assertEqual(metric.question in metrics.QUESTIONS, timed_one and metric.gate)

    def test_what_matters_to_nobody_is_the_same_however_sure(self) -> None:
        self.assertEqual(only(judged(made({CPU: noisy(12, 0.002, 5, 0.015)}))).verdict, "same")

    def test_beyond_doubt_and_not_beyond_what_matters_is_neither(self) -> None:
        one = only(judged(made({CPU: noisy(12, 0.004, 5, 0.028)})))
        self.assertLess(one.p or 1.0, 0.01)
        self.assertEqual(one.verdict, outcome.INCONCLUSIVE)

    def test_an_improvement_fails_nothing(self) -> None:
        found = judged(made({CPU: noisy(12, 0.01, 3, -0.2)}))
        self.assertEqual(only(found).verdict, outcome.IMPROVEMENT)
        self.assertEqual(judge.exit_code(found, True), outcome.NONE)

    def test_few_generations_say_nothing(self) -> None:
        one = only(judged(made({CPU: [0.5] * 5})))
        self.assertEqual((one.verdict, one.detectable), (outcome.INCONCLUSIVE, None))

    def test_a_look_has_a_level_of_its_own(self) -> None:
        samples = made({CPU: noisy(8, 0.01, 9, 0.06)})
        self.assertEqual(only(judged(samples)).verdict, outcome.REGRESSION)
        # Less than the least p value of eight generations, 1 / 256.
        for level in (0.0, 0.01):
            self.assertEqual(only(judged(samples, level)).verdict, outcome.INCONCLUSIVE, level)

    def test_generations_of_one_arm_are_paired_with_none(self) -> None:
        samples = Samples()
        for at in range(9):
            samples.add(CPU, BASE, at, 10.0)
            samples.add(CPU, HEAD, at + 2, 10.0)
        self.assertEqual(only(judged(samples)).rounds, 7)

    def test_what_only_tells_never_fails(self) -> None:
        found = judged(made({Key("local", "open-50x64", "p99.9"): noisy(12, 0.01, 3, 0.9)}))
        self.assertEqual(found.failing, [])
        self.assertEqual(judge.exit_code(found, False), outcome.NOTHING)


class Controls(unittest.TestCase):
    def stages(
        self, moved: list[float], arm: str = AGAIN, head: float = 0.08
    ) -> dict[str, Samples]:
        samples = made({CPU: noisy(12, 0.01, 1, head)})
        fill(samples, CPU, (BASE, arm), moved)
        return {CAMPAIGN: samples}

    def test_a_quiet_control_lets_the_clock_decide(self) -> None:
        found = judge.judge(self.stages(noisy(12, 0.01, 7)), (), TODAY)
        self.assertEqual(judge.exit_code(found, False), outcome.SLOWER)
        self.assertIn("the base measured a second time: moved at most", found.controls)

    def test_a_base_that_differs_from_itself_takes_the_decision_from_the_clock(self) -> None:
        for sign in (1, -1):
            found = judge.judge(self.stages(noisy(12, 0.01, 7, 0.06 * sign)), (), TODAY)
            self.assertEqual(found.failing, [])
            self.assertEqual(found.findings[0].verdict, outcome.INVALID)
            self.assertEqual(judge.exit_code(found, False), outcome.ENVIRONMENT)

    def test_an_alarm_leaves_what_was_counted(self) -> None:
        stages = self.stages(noisy(12, 0.01, 7, 0.06))
        stages[COSTS] = counted([2.0] * 3, [3.0] * 3)
        found = judge.judge(stages, (), TODAY)
        self.assertEqual(judge.exit_code(found, False), outcome.SLOWER)
        stages[COSTS] = counted([2.0] * 3, [2.0] * 3)
        found = judge.judge(stages, (), TODAY)
        self.assertEqual(judge.exit_code(found, False), outcome.NONE)
        self.assertEqual(judge.exit_code(found, True), outcome.ENVIRONMENT)

    def test_what_layout_moves_raises_what_matters_there_alone(self) -> None:
        layout = noisy(12, 0.01, 7, 0.06)
        for head, word in ((0.08, outcome.REGRESSION), (0.05, outcome.INCONCLUSIVE)):
            found = judge.judge(self.stages(layout, RELINKED, head), (), TODAY)
            self.assertEqual(found.floors.alarm, "")
            self.assertEqual(only(found).verdict, word, head)
        stages = self.stages(layout, RELINKED)
        other = Key("local", "closed-50x64", "cpu_us_per_op")
        fill(stages[CAMPAIGN], other, (BASE, HEAD), noisy(12, 0.01, 1, 0.05))
        found = judge.judge(stages, (), TODAY)
        self.assertEqual(only(found, other).verdict, outcome.REGRESSION)

    def test_what_moved_without_a_sure_sign_counts_too(self) -> None:
        unsure = [0.09 + d for d in (-0.3, 0.3, -0.2, 0.2, -0.25, 0.25, 0.0, 0.0, -0.12, 0.12)]
        stages = self.stages(unsure)
        floors = controls.floors(stages[CAMPAIGN], LEVEL)
        self.assertEqual(floors.alarm, "")
        self.assertGreater(floors.by_metric["cpu_us_per_op"], 0.085)
        found = judge.judge(stages, (), TODAY)
        self.assertEqual(only(found).verdict, outcome.INCONCLUSIVE)


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
        more = made({CALLS: noisy(12, 0.03, 4, 0.2)})
        judged = judge.judge({COSTS: costs, COUNTS: more}, (), TODAY)
        self.assertEqual(judged.findings[0].verdict, outcome.REGRESSION)
        self.assertIn("repetitions differ", judged.findings[0].note)
        same = made({CALLS: noisy(12, 0.03, 4)})
        judged = judge.judge({COSTS: costs, COUNTS: same}, (), TODAY)
        self.assertEqual(judged.findings[0].verdict, outcome.INCONCLUSIVE)

    def test_one_look_must_see_more_clearly(self) -> None:
        worse = [0.20, 0.21, 0.22, 0.23, 0.24, 0.25]  # p = 1/64
        found = gate.settle_counts(made({CALLS: worse}), [CALLS])
        self.assertEqual(found[0].verdict, outcome.INCONCLUSIVE)
        more = made({CALLS: [*worse, 0.26]})  # p = 1/128
        self.assertEqual(gate.settle_counts(more, [CALLS])[0].verdict, outcome.REGRESSION)
        # Of a campaign that is looked at three times each look has its share.
        level = gate.Q_COUNTS / 3
        self.assertEqual(gate.settle_counts(more, [CALLS], level)[0].verdict, outcome.INCONCLUSIVE)
        for level, verdict in ((LEVEL, outcome.REGRESSION), (LEVEL / 3, outcome.INCONCLUSIVE)):
            judged = judge.judge({CAMPAIGN: more}, (), TODAY, level)
            self.assertEqual(judged.findings[0].verdict, verdict)

    def test_a_count_spoiled_in_one_round_is_seen_in_the_others(self) -> None:
        # Measured: 4 % more instructions in eleven of twelve rounds, in one another start-up.
        worse = [0.038, 0.039, 0.040, 0.040, 0.041, 0.041, 0.041, 0.042, 0.042, 0.042, 0.043]
        key = Key("uring", "cost", "instructions")
        found = gate.settle_counts(made({key: [*worse, -0.2]}), [key])
        self.assertEqual(found[0].verdict, outcome.REGRESSION)
        found = gate.settle_counts(made({key: [*worse[:10], -0.2, -0.1]}), [key])  # p = 79/4096
        self.assertEqual(found[0].verdict, outcome.INCONCLUSIVE)

    def test_next_to_nothing_is_nothing(self) -> None:
        key = Key("local", "cost", "switches.voluntary")
        pairs = [(0.0001, 0.0009), (0.0, 0.0008), (0.0002, 0.0)] * 4
        samples = counted([a for a, _ in pairs], [b for _, b in pairs], key)
        found = gate.settle_counts(samples, [key])
        self.assertEqual(found[0].verdict, outcome.SAME)


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
