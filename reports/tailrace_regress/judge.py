# SPDX-License-Identifier: MIT
"""From the stages of a job to its verdicts and its exit code. Measures nothing: the same stages
give the same answer tomorrow."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tailrace_regress import controls, gate, metrics, outcome, timed, verdict
from tailrace_regress.accepted import Note
from tailrace_regress.controls import Floors
from tailrace_regress.samples import Key, Samples
from tailrace_regress.verdict import Finding
from tailrace_report.looks import LEVEL

# Stages of a job: repetitions of costs; more of those that did not repeat; the generations of the
# profile, all arms in each.
COSTS, COUNTS, CAMPAIGN = "costs", "counts", "campaign"
Stages = Mapping[str, Samples]
# What `tailrace cost --only` calls the pass that a metric comes from, by the start of its name.
PASSES = (
    ("syscalls.", "syscalls"),
    ("alloc", "allocations"),
    ("user_bytes", "memory"),
    ("switches", "switches"),
    ("cpu", "cpu"),
    ("instructions", "instructions"),
)


@dataclass(frozen=True)
class Judgement:
    """All findings, worst first, and what the controls said."""

    findings: tuple[Finding, ...]
    floors: Floors
    controls: str

    def of(self, *verdicts: str) -> list[Finding]:
        """Those that decide."""
        return [f for f in self.findings if f.verdict in verdicts and f.gate]

    @property
    def failing(self) -> list[Finding]:
        """The confirmed regressions that nobody accepted."""
        return [f for f in self.of(outcome.REGRESSION) if f.confirmed and not f.accepted]


def _order(one: Finding) -> tuple[int, bool, bool, bool, bool, Key]:
    """Worst first, and what was accepted after what was not; then what decides, what is exact, and
    the sum before its parts."""
    place = outcome.VERDICTS.index(one.verdict)
    exact, kind = one.method == "exact", one.key.is_call_kind
    return place, one.accepted, not one.gate, not exact, kind, one.key


def _stage(stages: Stages, name: str) -> Samples:
    return stages.get(name) or Samples()


def uncertain(stages: Stages) -> list[Key]:
    """Keys of `costs` that more rounds must decide; those that decide nothing need none."""
    _, demoted = gate.settle_exact(_stage(stages, COSTS))
    return [key for key in demoted if key.about.gate and not key.is_call_kind]


def passes(keys: Iterable[Key]) -> list[str]:
    """What to ask `tailrace cost --only` for to measure these again."""
    found = {name for key in keys for start, name in PASSES if key.metric.startswith(start)}
    return sorted(found)


def judge(
    stages: Stages,
    notes: Sequence[Note] = (),
    today: datetime.date | None = None,
    level: float = LEVEL,
) -> Judgement:
    """The verdicts. `notes` are accepted changes; `today` decides whether they are still valid.
    `level`: of the look at which the campaign ended. Raises CampaignError where numpy is
    missing."""
    costs, campaign = _stage(stages, COSTS), _stage(stages, CAMPAIGN)
    floors = controls.floors(campaign, level)
    found, demoted = gate.settle_exact(costs)
    found += _counts(costs, _stage(stages, COUNTS), demoted)
    slopes, shaky = gate.settle_exact(_not_in(campaign, costs))
    found += slopes + gate.settle_counts(campaign, shaky, gate.Q_COUNTS * level / LEVEL)
    times = timed.judged(campaign, level, floors.moved)
    found += [_believed(one, floors) for one in times] + timed.told(campaign)
    found = [_accepted(one, notes, today) for one in found]
    found.sort(key=_order)
    return Judgement(tuple(found), floors, controls.sentence(campaign, floors))


def _believed(one: Finding, floors: Floors) -> Finding:
    """After an alarm no time has changed."""
    if not floors.alarm or one.verdict not in (outcome.REGRESSION, outcome.IMPROVEMENT):
        return one
    return replace(one, verdict=outcome.INVALID, confirmed=False).noted(floors.alarm)


def goes_on(judged: Judgement) -> bool:
    """Whether a further look may say more: none is confirmed, and of a time that decides nothing is
    known yet."""
    return not judged.failing and any(
        one.method == "timed" for one in judged.of(outcome.INCONCLUSIVE)
    )


def _counts(costs: Samples, counts: Samples, demoted: list[Key]) -> list[Finding]:
    """Demoted metrics by the rounds made for them; where there are none (what decides nothing, or
    a job cut short), by the few repetitions there are."""
    again = [key for key in demoted if counts.pairs(key)]
    rest = [key for key in demoted if key not in again]
    found = gate.settle_counts(counts, again) + [verdict.paired(k, costs.pairs(k)) for k in rest]
    text = "repetitions differ, so rounds decide"
    return [one.noted(text) if one.key.about.kind == metrics.EXACT else one for one in found]


def _not_in(campaign: Samples, costs: Samples) -> Samples:
    """The counted metrics of the campaign that no cost pass has measured better."""
    measured = {(key.target, key.metric) for key in costs.keys()}
    kept = Samples()
    for key, arm, round_, value in campaign.lines():
        if key.about.kind != metrics.TIMED and (key.target, key.metric) not in measured:
            kept.add(key, arm, round_, value)
    return kept


def _accepted(one: Finding, notes: Sequence[Note], today: datetime.date | None) -> Finding:
    """A confirmed regression that a note covers says so, and fails nothing."""
    if one.verdict != outcome.REGRESSION or one.ratio is None:
        return one
    factor = one.ratio.median if one.key.about.best_is_low else 1 / one.ratio.median
    day = today or datetime.date.today()
    for note in notes:
        if note.covers(one.key.target, one.key.place, one.key.metric, factor, day):
            return replace(one, accepted=True, note=f"accepted on {note.date}: {note.reason}")
    return one


def exit_code(judged: Judgement, strict: bool) -> int:
    """The code of the job. An alarm of the controls takes the times out; what was counted still
    decides, and only where nothing was counted, or on `strict`, is the environment to blame."""
    if judged.failing:
        return outcome.SLOWER
    decided = [f for f in judged.findings if f.gate and f.verdict != outcome.INVALID]
    if judged.floors.alarm and (strict or all(f.method == "timed" for f in decided)):
        return outcome.ENVIRONMENT
    if not decided:
        return outcome.NOTHING
    if strict and judged.of(outcome.INCONCLUSIVE, outcome.INVALID):
        return outcome.OPEN
    return outcome.NONE
