# SPDX-License-Identifier: MIT
"""`scripts/report compare A B`: two stored campaigns, the differences of their machines first.

Campaigns of different times are not interleaved, so what lies between them is the change and
everything else that changed: whether intervals overlap is said, and no verdict is given. The gate
(`make regress`) measures both in one job.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tailrace_report import readings, wording
from tailrace_report.campaign import Campaign
from tailrace_report.load import read_campaign
from tailrace_report.study import Study
from tailrace_report.tables import Column, Table, flattened, shortened

DIFFERENCES_MAX = 25
# Of a manifest: what differs between any two runs and says nothing about the machine.
PASSING = ("started_at", "uptime", "load", "free", "available", "pid")


def tables(one: Path, other: Path) -> list[Table]:
    """Differences of the fingerprints, then every number that both have. Raises CampaignError."""
    first, second = read_campaign(one), read_campaign(other)
    return [fingerprints(first, second), numbers(first, second)]


def fingerprints(one: Campaign, other: Campaign) -> Table:
    """Keys of machine and build whose values differ."""
    table = Table(
        "What differs besides the numbers",
        [Column(name, right=False) for name in ("key", one.name, other.name)],
    )
    before, after = _facts(one.manifest), _facts(other.manifest)
    differing = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    for key in differing:
        table.add(key, before.get(key, wording.MISSING), after.get(key, wording.MISSING))
    if not differing:
        table.notes.append("Machine, build and profile are the same.")
    if readings.machine_class(one.manifest) != readings.machine_class(other.manifest):
        table.notes.append("These are different classes of machines: ratios mix both.")
    return shortened(table, DIFFERENCES_MAX, "{} more keys differ.")


def _facts(manifest: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for part in ("machine", "build", "profile", "tool"):
        for key, value in flattened("", manifest.get(part)).rows:
            if not any(word in key for word in PASSING):
                found[f"{part}.{key}"] = value
    return found


def numbers(one: Campaign, other: Campaign) -> Table:
    """A row a subject, point and metric that both campaigns have."""
    table = Table(
        "Numbers of both, not interleaved",
        [Column("what", right=False), Column(one.name), Column(other.name)]
        + [Column("ratio"), Column("intervals", right=False)],
    )
    before, after = readings.readings(Study(one)), readings.readings(Study(other))
    for place in sorted(set(before) & set(after)):
        a, b = before[place], after[place]
        word = "overlap" if a.low <= b.high and b.low <= a.high else "do not overlap"
        if "range" in (a.kind, b.kind):
            word += " (ranges: too few generations)"
        texts = (wording.with_interval(n, place.metric.text) for n in (a, b))
        table.add(place.text, *texts, f"{b.median / a.median:.3f}", word)
    lacking = len(set(before) ^ set(after))
    if lacking:
        table.notes.append(f"{lacking} numbers are in one of the two only.")
    table.notes.append("Between them lies all that changed; make regress isolates the tree.")
    return table
