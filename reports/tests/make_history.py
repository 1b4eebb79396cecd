# SPDX-License-Identifier: MIT
"""Made-up trends: same arguments, same numbers. For tests, and to look at the page.

`python make_history.py DIR` writes the page of a long trend, a short one and one of one campaign.
In the long one `local` gets slower and that is accepted, `steal` gets slower and nobody accepted
it, its rate falls and recovers; `uring` comes late and gets faster, `threads` goes, and one
campaign is wild.
"""

from __future__ import annotations

import argparse
import datetime
import math
import random
from pathlib import Path

from tailrace_report import history, history_page
from tailrace_report.accepted import Note
from tailrace_report.history import Entry, Trend
from tailrace_report.readings import Place
from tailrace_report.stats import Estimate

START = datetime.datetime(2026, 9, 1, 3, 0, tzinfo=datetime.timezone.utc)
# metric -> (value, spread); the points of the load are those of the profile quick
LEVELS = {
    "cpu_us_per_op": (3.5, 0.01),
    "rate": (260_000.0, 0.015),
    "p50": (152_000.0, 0.01),
    "p99": (410_000.0, 0.06),
    "user_bytes_per_idle_connection": (342.0, 0.002),
}
POINTS = {"rate": "closed-50x64", "user_bytes_per_idle_connection": "memory"}
TARGETS = {"local": 1.0, "steal": 1.08, "uring": 0.9, "threads": 1.9}
NOTE = Note(
    datetime.date(2026, 9, 20),
    "local",
    "cpu_us_per_op",
    "*",
    1.3,
    None,
    "a check of every <message>, for issue 12 | it stays",
)


def factor(target: str, name: str, number: int, count: int) -> float:
    """What happens to a target over the trend, towards worse."""
    third = count // 3
    if target == "local" and name == "cpu_us_per_op":
        return 1.12 if number >= third else 1.0
    if target == "steal" and name == "cpu_us_per_op":
        return 1.08 if number >= third else 1.0
    if target == "steal" and name == "rate":
        return 1.08 if third <= number < 2 * third else 1.0
    if target == "uring" and name == "p50":
        return 0.9 if number >= 2 * third else 1.0
    wild = target == "uring" and name == "p99" and number == count // 2
    return 5.0 if wild else 1.0


def present(target: str, number: int, count: int) -> bool:
    gone = target == "threads" and number >= 3 * count // 4 and count > 4
    late = target == "uring" and number < count // 4
    return not gone and not late


def entries(count: int, *, hours: int = 24, seed: int = 1) -> list[Entry]:
    """`count` campaigns, so many hours apart; 0: all at once."""
    lot = random.Random(seed)
    made = []
    for number in range(count):
        numbers = {}
        for name, (level, spread) in LEVELS.items():
            for target, share in TARGETS.items():
                noise = math.exp(spread * (lot.random() + lot.random() - 1.0))
                worse = share * factor(target, name, number, count)
                value = level * noise * (1 / worse if name == "rate" else worse)
                if present(target, number, count):
                    place = Place(target, POINTS.get(name, "open-50x64-10000"), name)
                    ends = value * (1 - spread), value * (1 + spread)
                    numbers[place] = Estimate(value, *ends, 6, "interval")
        started = (START + datetime.timedelta(hours=hours * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        commit = f"{lot.getrandbits(48):012x}"
        made.append(Entry(f"nightly-{number + 1:03d}", started, numbers, commit))
    return made


def trend(count: int, *, hours: int = 24, machine: str = "Made-up CPU <2 cores>") -> Trend:
    those = entries(count, hours=hours)
    return Trend(machine, "quick", tuple(those), tuple(history.series(those, [NOTE])))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the page of made-up trends.")
    parser.add_argument("folder", type=Path)
    where = parser.parse_args().folder
    machines = ((48, "one"), (8, "another"), (1, "a third"))
    history_page.write([trend(n, machine=f"{m} machine") for n, m in machines], [], where)
