# SPDX-License-Identifier: MIT
"""A bank of generations really measured, of one build against a copy of itself: what gate decisions
can be drawn from by the hundred (scripts/gate-power).

One line a generation, appended and synced by batches, so that a bank can be interrupted and
continued: {"schema": "tailrace-bank-1", "round": 7, "values": {"local|open-50x64|p50": [base,
head]}}. The first line tells machine and commit; a bank is continued only where both are the same.
Stored campaigns of copies (planted_campaigns.py) are a bank too: copies by twos.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tailrace_regress import campaign_numbers, measure, planted_campaigns, stored
from tailrace_regress.outcome import usage
from tailrace_regress.samples import BASE, HEAD, Key, Samples
from tailrace_report.fields import Fields

SCHEMA = "tailrace-bank-1"
BATCH = 8  # the least that a campaign with looks has
Round = dict[Key, tuple[float, float]]
# What is asked of stored campaigns, as the gate names it.
METRICS = {"cpu": "cpu_us_per_op", "rate": "rate", "p50": "p50", "quiet p99": "quiet_p99"}


def read(path: Path) -> tuple[Fields, list[Round]]:
    """The first line and the rounds. Raises GateError (usage)."""
    lines = stored.lines(path, SCHEMA, lambda line: (line, _round(line)))
    head = next((line for line, _ in lines if not line.has("values")), Fields(None))
    return head, [round_ for line, round_ in lines if line.has("values")]


def of_campaigns(path: Path, beside: bool) -> list[Round]:
    """Those measured alone, or beside something. Raises GateError (usage)."""
    rounds = []
    for one in planted_campaigns.read(path):
        if bool(one.beside) == beside:
            for arms in zip(planted_campaigns.COPIES[::2], planted_campaigns.COPIES[1::2]):
                rounds += rounds_of(one, arms)
    return rounds


def rounds_of(one: planted_campaigns.Measured, arms: tuple[str, str]) -> list[Round]:
    """The generations of one campaign, of two of its arms."""
    made: dict[int, Round] = {}
    for name, (kind, scheduling, _) in planted_campaigns.MEASURES.items():
        metric = METRICS.get(name.removesuffix(" in FIFO"))
        if metric is None:
            continue
        key = Key(planted_campaigns.TARGET, f"{kind} in {scheduling}", metric)
        base, head = (one.numbers.get(name, {}).get(arm, {}) for arm in arms)
        for at in set(base) & set(head):
            made.setdefault(at, {})[key] = base[at], head[at]
    return [made[at] for at in sorted(made)]


def _round(line: Fields) -> Round:
    values = line.part("values")
    found: Round = {}
    for name in values.names():
        pair, parts = values.every(name), name.split("|")
        if len(pair) != 2 or len(parts) != 3:
            raise ValueError(f"{name[:60]!r} has no pair of numbers")
        found[Key(*parts)] = (pair[0], pair[1])
    return found


def collect(
    path: Path,
    wanted: int,
    tailrace: Path,
    arms: Mapping[str, Path],
    targets: Sequence[str],
    profile: str,
    facts: Mapping[str, Any],
) -> None:
    """Appends generations to `path`, BATCH at a time, until it holds `wanted`. Raises GateError;
    what was measured before stays."""
    have = 0
    if path.exists():
        before, rounds = read(path)
        have = len(rounds)
        for key, value in facts.items():
            if before.raw(key) != value:
                raise usage(f"{path} was measured with another {key} ({before.raw(key)}): choose"
                            " another file")
    else:
        stored.append(path, [{"schema": SCHEMA, **facts}])
    while have < wanted:
        measure.say(f"bank: {have} of {wanted} generations")
        asked = measure.Asked(profile, 1000 + have, (BATCH,), 1000)
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as scratch:
            place = Path(scratch) / "rounds"
            found, _ = measure.campaign(tailrace, arms, targets, place, asked)
            samples = campaign_numbers.samples_of(found)
        stored.append(path, [_line(samples, block, have + block) for block in range(BATCH)])
        have += BATCH


def _line(samples: Samples, block: int, number: int) -> dict[str, Any]:
    values = {}
    for key in samples.keys():
        base, head = samples.arm(key, BASE).get(block), samples.arm(key, HEAD).get(block)
        if base is not None and head is not None:
            values[f"{key.target}|{key.place}|{key.metric}"] = [_short(base), _short(head)]
    return {"schema": SCHEMA, "round": number, "values": values}


def _short(value: float) -> float:
    """Six figures: a bank is committed, and nothing decides by the seventh."""
    return float(f"{value:.6g}")
