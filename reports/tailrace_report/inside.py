# SPDX-License-Identifier: MIT
"""The table of what the runtimes count about themselves: how often tasks ran, workers slept, stole,
woke each other and sent a task to the back, per operation. Explains a cost; ranks nobody.
"""

from __future__ import annotations

from tailrace_report import sections, wording
from tailrace_report.runtime_metrics import COUNTED
from tailrace_report.sections import NAME
from tailrace_report.study import Study, number
from tailrace_report.tables import Column, Table

TITLES = {
    "polls": "polls",
    "parks": "parks",
    "steals": "steals",
    "wakes": "wake-ups",
    "forced_yields": "forced yields",
}
NOTE = (
    "Medians over blocks, as each runtime counts itself, over the whole run with connecting and"
    " warm-up; -: it does not count this. poll: a task was resumed; park: a worker went to wait for"
    " events; steal: a task taken from another worker; wake-up: a worker that woke another; forced"
    " yield: a task sent to the back because its budget was spent."
)


def inside(study: Study) -> Table:
    """A row a contestant and point under load, where it counts anything; maybe none."""
    table = Table(
        "Inside the runtimes, per operation",
        [NAME, Column("point", right=False), Column("blocks")]
        + [Column(TITLES[name]) for name in COUNTED],
    )
    points = study.points_of("open", "closed", "hog", "skew")
    for point in points:
        compared = [study.compare(point, number(f"inside.{name}")) for name in COUNTED]
        for who in sections.present(study, point):
            texts = [sections.median(found, who, wording.plain) for found in compared]
            if set(texts) != {wording.MISSING}:
                blocks = sections.blocks_text(study, who, point)
                table.add(study.labels[who], point.id, blocks, *texts)
    return sections.finish(table, study, points, [NOTE]) if table.rows else table
