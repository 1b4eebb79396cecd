# SPDX-License-Identifier: MIT
"""Kernel bytes: whole or no number, and where they come from. States and their generations."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from reading import rewritten
from tailrace_report import stats, summary
from tailrace_report.kinds.memory import CONNECTIONS
from tailrace_report.measures import Slope


def blocked(cell: dict[str, Any]) -> dict[str, Any] | None:
    """Makes a cell of sleeping tasks one of blocked connections; the slope of its user memory, or
    nothing of other cells."""
    if cell["point"]["kind"] != "task_memory":
        return None
    sizes = {"request_bytes": 196608, "receive_buffer_bytes": 4096, "segment_bytes": 1460}
    cell["point"].update(id="memory-blocked", kind="blocked_memory", **sizes)
    if not cell["memory"]:
        return None
    cell["memory"].update(unit="connection", counts_cause="so much is room for 50")
    cell["memory"]["states"] = {"blocked": cell["memory"]["states"]["sleeping"]}
    fit: dict[str, Any] = cell["memory"]["states"]["blocked"]["user"]
    return fit


class KernelMemory(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)

    def test_kernel_memory_that_is_not_whole_is_no_number(self) -> None:
        def none(memory: dict[str, Any]) -> None:
            for state in memory["states"].values():
                state["kernel"] = {"slope_bytes": None, "slope_bytes_cause": "no sockets seen"}

        def old_cgroup(memory: dict[str, Any]) -> None:
            del memory["accepted_sockets"]

        changes = {
            "only page tables": lambda memory: memory.update(source="procfs"),
            "accepted TCP sockets": old_cgroup,
            "no sockets seen": none,
        }
        for words, change in changes.items():
            with self.subTest(words):
                folder = self.path / words.split()[0]
                make_campaign.write_campaign(folder, blocks=1, scale=1)

                def changed(cell: dict[str, Any], change: Any = change) -> bool:
                    if cell["memory"] and cell["point"]["kind"] == "memory":
                        self.assertEqual(cell["memory"]["source"], "cgroup-v1")
                        change(cell["memory"])
                    return True

                study = rewritten(folder, changed)
                text = summary.markdown(study)
                self.assertIn(words, text)
                self.assertNotIn("user + 1,", text)
                (point,) = study.points_of("memory")
                table = CONNECTIONS.tables(study, point)[0]
                at = [column.title for column in table.columns].index("kernel")
                self.assertEqual({row[at] for row in table.rows}, {"-"})

    def test_the_source_of_kernel_memory_stands_beside_it(self) -> None:
        sizes = {"btf": "the kernel's type information", "table": "a table for Linux"}
        for name, words in sizes.items():
            with self.subTest(name):

                def change(cell: dict[str, Any], name: str = name) -> bool:
                    if cell["memory"]:
                        cell["memory"].update(source="computed", size_source=name)
                    return True

                folder = self.path / name
                make_campaign.write_campaign(folder, blocks=1, scale=1)
                text = summary.markdown(rewritten(folder, change))
                self.assertIn("kernel B/conn (computed)", text)
                self.assertEqual([w for w in sizes.values() if w in text], [words])

    def test_the_state_active_of_older_campaigns_is_not_shown_as_what_replaced_it(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["memory"] and (unread := cell["memory"]["states"].pop("unread", None)):
                cell["memory"]["states"]["active"] = unread
            return True

        folder = self.path / "campaign"
        make_campaign.write_campaign(folder, blocks=1, scale=1)
        (section,) = CONNECTIONS.sections(rewritten(folder, change))
        titles = [table.title for table in section.tables]
        self.assertEqual(len(titles), 3)
        self.assertFalse([title for title in titles if "not yet read" in title])

    def test_a_blocked_connection_stands_among_the_states_with_how_it_was_filled(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            blocked(cell)
            return True

        folder = self.path / "campaign"
        make_campaign.write_campaign(folder, blocks=1, scale=1)
        study = rewritten(folder, change)
        (section,) = CONNECTIONS.sections(study)
        titles = [table.title for table in section.tables]
        self.assertEqual([("blocked" in title) for title in titles], [False] * 4 + [True])
        notes = " ".join(section.tables[-1].notes)
        for words in ("request of 196,608 bytes", "of 4,096 bytes", "Fewer were held: so much"):
            self.assertIn(words, notes)
        drawn = section.drawings[0].draw()
        assert drawn is not None
        self.assertIn("Per connection: blocked", drawn[1])

    def test_the_interval_of_several_generations_is_theirs(self) -> None:
        folder = self.path / "campaign"
        make_campaign.write_campaign(folder, blocks=6, scale=2)
        slopes = {}

        def change(cell: dict[str, Any]) -> bool:
            if fit := blocked(cell):
                slopes[cell["block"]] = 70_000 + 1_000 * cell["block"]
                fit.update(slope_bytes=slopes[cell["block"]], low_bytes=0, high_bytes=1e6)
            return True

        study = rewritten(folder, change)
        (point,) = study.points_of("blocked_memory")
        entry = study.compare(point, Slope("blocked", ("user",))).entries[0]
        self.assertEqual(entry.estimate, stats.estimate(list(slopes.values())))
        self.assertEqual((entry.estimate.kind, entry.estimate.low), ("interval", 70_000))
        self.assertIn("[70.0, 75.0]", CONNECTIONS.tables(study, point)[0].rows[0][2])

    def test_a_slope_that_is_not_linear_is_told_with_its_pieces(self) -> None:
        def pieces(*slopes: float) -> list[dict[str, float]]:
            return [
                {"from": 100 * i, "to": 100 * i + 100, "slope_bytes": slope}
                for i, slope in enumerate(slopes)
            ]

        def change(cell: dict[str, Any]) -> bool:
            if fit := blocked(cell):
                bent = cell["subject"]["id"] == "local"
                fit.update(linear=not bent, pieces=pieces(103_000 + cell["block"], 70_000))
            return True

        folder = self.path / "campaign"
        make_campaign.write_campaign(folder, blocks=6, scale=2)
        study = rewritten(folder, change)
        (point,) = study.points_of("blocked_memory")
        notes = [n for n in CONNECTIONS.tables(study, point)[0].notes if "linear" in n]
        said = ", user, 103 kB each from 0 to 100 and 70.0 kB each from 100 to 200"
        both = "; ".join(label + said for label in ("local", "local (default)"))
        start = "Not linear, so that the slope is that of these counts: "
        self.assertEqual(notes, [f"{start}{both}."])


if __name__ == "__main__":
    unittest.main()
