# SPDX-License-Identifier: MIT
"""The section Noise: who disturbed what, from the edges of slices alone."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from reading import page_of, rewritten, rows_of, study_of
from tailrace_report import noise, overview, summary
from tailrace_report.rounds import rounds_of
from tailrace_report.study import Study

DISTURBED = "open-50x64-60000"


class Noise(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c")

    def table(self, study: Study, start: str) -> dict[str, dict[str, str]]:
        return next(rows_of(t) for t in noise.tables(study) if t.title.startswith(start))

    def test_a_round_is_one_of_all_subjects_and_of_one_point(self) -> None:
        study = study_of(self.folder)
        rows = self.table(study, "Rounds")
        self.assertEqual((rows[DISTURBED]["kept"], rows[DISTURBED]["dropped"]), ("48", "1"))
        self.assertEqual(rows["open-50x64-10000"]["dropped"], "0")
        self.assertNotIn("memory", rows)
        whole = rounds_of(study, study.points)
        self.assertEqual((whole.made, whole.kept, whole.kept_disturbed), (241, 240, 0))
        self.assertIn("1 of 241 rounds were dropped", noise.sentences(study)[0])
        self.assertIn("1 of 241 rounds dropped", noise.disturbed(study)[0])

    def test_a_round_is_as_disturbed_as_its_slices_together(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            alone = cell["subject"]["id"] == "bare-epoll"
            if cell.get("slices"):
                one = cell["slices"][0]
                one["steal_ns"] = one["throttled_ns"] = int(share * one["wall_ns"]) * alone
                one["others_ns"] = int(0.09 * one["wall_ns"])
            return True

        share = 0.003  # of one subject: all together are still below
        study = rewritten(self.folder, change)
        self.assertEqual(rounds_of(study, study.points).kept_disturbed, 0)
        share = 0.3
        study = rewritten(self.folder, change)
        # One round at five points in six generations.
        self.assertEqual(rounds_of(study, study.points).kept_disturbed, 5 * 6)
        words = "30 of the 240 that count were disturbed as much"
        self.assertIn(words, noise.sentences(study)[0])

    def test_disturbed_rounds_head_the_report_also_where_none_was_dropped(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            for one in cell.get("slices", []):
                one["kept"] = True
            return True

        head = noise.disturbed(rewritten(self.folder, change))
        self.assertIn("0 of 241 rounds dropped, and 1 that count had to be kept", head[0])

    def test_the_names_are_added_up_and_the_most_comes_first(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell.get("noise"):
                cell["noise"]["disturbers"] = [{"name": "cc1plus\x1b", "ms": 10.0}]
            return True

        study = rewritten(self.folder, change)
        cells = sum(bool(cell.sliced) for cell in study.campaign.cells)
        self.assertEqual(self.table(study, "Who"), {
            "cc1plus": {"process": "cc1plus", "CPU time": f"{cells / 100:.2f} s"}
        })
        self.assertIn(f"most by cc1plus ({cells / 100:.2f} s)", noise.sentences(study)[1])

    def test_shares_are_of_all_cpus_of_the_server(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell.get("slices"):
                cell["cpus"]["target"] = "0,2-4"
            return True

        one, four = study_of(self.folder), rewritten(self.folder, change)
        before, after = (rounds_of(study, study.points) for study in (one, four))
        self.assertAlmostEqual(before.share(before.others_ns), 0.01, delta=0.001)
        self.assertAlmostEqual(after.share(after.others_ns), 0.0025, delta=0.0003)

    def test_idle_use_has_an_interval_and_who_was_stopped_has_none(self) -> None:
        study = study_of(self.folder)
        rows = self.table(study, "Doing nothing")
        self.assertRegex(rows["libuv"]["idle CPU"], r"^0\.\d+ % \[0\.\d+, 0\.\d+\]$")
        stopped = rows["local (default)"]
        self.assertEqual((stopped["idle CPU"], stopped["stopped in"]), ("-", "6"))
        self.assertEqual(rows["threads"]["never steady in"], "2")
        text = " ".join(noise.sentences(study))
        self.assertIn("so stopped then: local (default).", text)
        self.assertIn("Never steady while warming up: threads (2 generations).", text)
        self.assertIn("Doing nothing costs most for libuv 0.0", text)

    def test_what_could_not_be_seen_is_said(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell.get("noise") and cell["order"] == 0:
                cell["noise"]["all_seen"] = False
            return True

        self.assertNotIn("could be seen", " ".join(noise.sentences(study_of(self.folder))))
        study = rewritten(self.folder, change)
        self.assertIn("Not every process could be seen", " ".join(noise.sentences(study)))

    def test_run_delay_is_an_operation_s(self) -> None:
        rows = self.table(study_of(self.folder), "Run delay")
        self.assertRegex(rows["threads"][DISTURBED], r"^1\d\d ns \[")

    def test_it_is_on_the_page_and_in_the_summary(self) -> None:
        study = study_of(self.folder)
        self.assertIn('<section id="noise"><h2>Noise</h2>', page_of(study))
        self.assertIn("Noise:\n\n- 1 of 241 rounds", summary.markdown(study))
        self.assertIn("Disturbed here: 1 of 241", " ".join(overview.first_of_all(study)))

    def test_without_slices_there_is_none(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            cell["slices"] = cell["warmup"] = cell["idle"] = None
            return True

        study = rewritten(self.folder, change)
        self.assertEqual((noise.sentences(study), noise.disturbed(study)), ([], []))
        self.assertFalse(any(table.rows for table in noise.tables(study)))
        self.assertNotIn('id="noise"', page_of(study))
        self.assertNotIn("Noise:", summary.markdown(study))


if __name__ == "__main__":
    unittest.main()
