# SPDX-License-Identifier: MIT
"""The subject that is measured twice: the resolution at the head, the warning, and nothing else."""

from __future__ import annotations

import copy
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from reading import page_of, rewritten, study_of
from sliced_cells import scale_cpu
from tailrace_report import overview, summary, twin
from tailrace_report.study import Study
from tailrace_report.tables import to_text


def without_slices(cell: dict[str, Any]) -> bool:
    cell["slices"] = []
    return True


class Twin(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "c"

    def doubled(self, blocks: int = 8, slower: float = 1.0, who: str = "local") -> Study:
        """The made-up campaign in which `who` was measured again, `slower` in CPU time."""
        make_campaign.write_campaign(self.folder, blocks=blocks, scale=1)
        path = self.folder / "cells.jsonl"
        cells = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for cell in list(cells):
            if (cell["subject"]["id"], cell["subject"]["form"]) == (who, "best"):
                cells.append(self.again(cell, slower))
        path.write_text("".join(f"{json.dumps(cell)}\n" for cell in cells), "utf-8")
        return study_of(self.folder)

    def again(self, cell: dict[str, Any], slower: float) -> dict[str, Any]:
        second = copy.deepcopy(cell)
        second["subject"]["form"] = "twin"
        second["cell"] = cell["cell"] + "-twin"
        if second["cost"]:
            noise = 1 + 0.006 * (cell["block"] % 3 - 1)
            scale_cpu(second, slower * noise)
        return second

    def texts(self, study: Study) -> list[str]:
        return [summary.terminal(study, Path("OUT")), summary.markdown(study), page_of(study)]

    def test_the_resolution_heads_every_text(self) -> None:
        study = self.doubled()
        (sentence,) = twin.resolution(study)
        self.assertRegex(
            sentence, r"^Resolution here: CPU 0\.\d %.*, p99 0\.0 %, .* \(± of local to itself"
        )
        for text in self.texts(study):
            self.assertIn("Resolution here: CPU 0.", text)
            self.assertNotIn("Warning", text)
            self.assertLess(text.index("Resolution here"), text.index("CPU/op"))

    def test_a_twin_that_differs_is_a_warning(self) -> None:
        _, *warnings = twin.resolution(self.doubled(slower=1.03))
        self.assertTrue(warnings)
        for warning in warnings:
            self.assertRegex(warning, r"the second local differs from the first, CPU 1\.03")

    def test_below_six_generations_the_resolution_is_unknown(self) -> None:
        (sentence,) = twin.resolution(self.doubled(blocks=3, slower=2.0))
        self.assertIn("unknown", sentence)

    def test_it_is_in_no_table_sentence_or_pair_and_never_the_floor(self) -> None:
        make_campaign.write_campaign(self.folder, blocks=6, scale=1)
        before = rewritten(self.folder, without_slices)
        tables = to_text(overview.headline(before)), overview.statements(before)
        self.folder = self.folder.with_name("d")
        self.doubled(blocks=6, slower=0.5, who="bare-epoll")
        # In slices a twin helps to see what the machine did to all.
        study = rewritten(self.folder, without_slices)
        self.assertEqual((to_text(overview.headline(study)), overview.statements(study)), tables)
        assert study.floor
        self.assertEqual(study.floor.form, "best")
        page = page_of(study)  # its cells that went wrong are listed as everybody's
        self.assertNotIn("(twin)", page[: page.index('id="trouble"')])

    def test_without_one_nothing_is_said(self) -> None:
        make_campaign.write_campaign(self.folder, blocks=6, scale=1)
        study = study_of(self.folder)
        self.assertEqual(twin.resolution(study), [])
        for text in self.texts(study):
            self.assertNotIn("Resolution", text)


if __name__ == "__main__":
    unittest.main()
