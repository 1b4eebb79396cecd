# SPDX-License-Identifier: MIT
"""Kernel bytes: whole or no number, and where they come from."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from reading import rewritten
from tailrace_report import summary
from tailrace_report.kinds.memory import CONNECTIONS


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
        def change(cell: dict[str, Any]) -> bool:
            if cell["memory"]:
                cell["memory"].update(source="computed", size_source="table")
            return True

        folder = self.path / "campaign"
        make_campaign.write_campaign(folder, blocks=1, scale=1)
        text = summary.markdown(rewritten(folder, change))
        for words in ("kernel B/conn (computed)", "a table for Linux"):
            self.assertIn(words, text)


if __name__ == "__main__":
    unittest.main()
