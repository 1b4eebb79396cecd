# SPDX-License-Identifier: MIT
"""What a target says of itself: summed over workers, per operation, and ignored where it is odd."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from reading import page_of, rewritten, study_of
from tailrace_report import inside
from tailrace_report.inside import per_operation


def result(**metrics: Any) -> dict[str, Any]:
    return {"counts": {"sent_bytes": 64 * 1000}, "metrics": metrics}


class PerOperation(unittest.TestCase):
    def test_workers_are_summed(self) -> None:
        found = per_operation(result(polls=[1500, 500], parks=[10], tasks_spawned=51), 64)
        self.assertEqual(found, {"polls": 2.0, "parks": 0.01})

    def test_zero_is_a_count_and_absence_is_not(self) -> None:
        self.assertEqual(per_operation(result(steals=[0, 0]), 64), {"steals": 0.0})

    def test_yields_that_no_worker_counts_are_found_under_their_other_name(self) -> None:
        self.assertEqual(per_operation(result(budget_exhausted=500), 64), {"forced yields": 0.5})
        both = result(budget_exhausted=500, forced_yields=[250])
        self.assertEqual(per_operation(both, 64), {"forced yields": 0.25})

    def test_odd_shapes_are_left_out(self) -> None:
        for odd in (None, "12", 1.5, True, -1, [], [1, -1], [[1]], [1, None], {"0": 1}, 2**63):
            self.assertEqual(per_operation(result(polls=odd), 64), {}, odd)
        for odd in (None, [], "x", {}, {"metrics": []}, {"metrics": {}, "counts": 3}):
            self.assertEqual(per_operation(odd, 64), {}, odd)

    def test_without_operations_there_is_nothing_to_divide_by(self) -> None:
        idle = {"counts": {"sent_bytes": 0}, "metrics": {"polls": [3]}}
        self.assertEqual(per_operation(idle, 64), {})
        self.assertEqual(per_operation(result(polls=[3]), None), {})
        self.assertEqual(per_operation(result(polls=[3]), 0), {})


class TheTable(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "c"
        make_campaign.write_campaign(self.folder, blocks=2, scale=1)

    def test_who_counts_nothing_is_not_in_it(self) -> None:
        shown = {row[0] for row in inside.table(study_of(self.folder)).rows}
        self.assertIn("steal", shown)
        self.assertIn("local", shown)
        self.assertNotIn("bare-epoll", shown)
        self.assertNotIn("threads", shown)

    def test_without_metrics_there_is_no_table_and_no_section(self) -> None:
        self.assertIn("Inside the runtimes", page_of(study_of(self.folder)))

        def change(cell: dict[str, Any]) -> bool:
            if cell["target"].get("result"):
                cell["target"]["result"]["metrics"] = {}
            return True

        study = rewritten(self.folder, change)
        self.assertEqual(inside.table(study).rows, [])
        self.assertNotIn("Inside the runtimes", page_of(study))


if __name__ == "__main__":
    unittest.main()
