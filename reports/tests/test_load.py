# SPDX-License-Identifier: MIT
"""Reading a campaign: what is tolerated, what is refused, and that a refusal is one sentence."""

from __future__ import annotations

import copy
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from tailrace_report.errors import CampaignError
from tailrace_report.load import read_campaign


class Reading(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c", blocks=1, scale=1)

    def cells(self) -> list[dict[str, Any]]:
        text = (self.folder / "cells.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def write_cells(self, cells: list[Any]) -> None:
        lines = [cell if isinstance(cell, str) else json.dumps(cell) for cell in cells]
        (self.folder / "cells.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def refused(self, *parts: str) -> None:
        with self.assertRaises(CampaignError) as caught:
            read_campaign(self.folder)
        first = caught.exception.sentences[0]
        for part in parts:
            self.assertIn(part, first)
        self.assertNotIn("\n", first)
        self.assertTrue(first.endswith("."), first)

    def test_a_whole_campaign_is_read(self) -> None:
        campaign = read_campaign(self.folder)
        self.assertEqual(len(campaign.cells), campaign.planned)
        self.assertEqual({c.status for c in campaign.cells}, {"ok", "invalid", "skipped"})
        self.assertEqual(campaign.notes, ())
        first = campaign.cells[0]
        self.assertEqual(set(first.histograms), {"response", "lateness", "as_lived.response"})
        self.assertEqual(first.histograms["response"].total, first.numbers["count.ok"])
        counts = campaign.counts[first.subject]
        self.assertEqual(counts.values["syscalls.total"], 2.01)

    def test_a_torn_last_line_is_left_out_and_said(self) -> None:
        path = self.folder / "cells.jsonl"
        path.write_bytes(path.read_bytes()[:-40])
        campaign = read_campaign(self.folder)
        self.assertEqual(len(campaign.cells), (campaign.planned or 0) - 1)
        self.assertIn("torn", campaign.notes[0])

    def test_a_damaged_line_in_the_middle_is_named(self) -> None:
        cells = self.cells()
        self.write_cells([*cells[:2], json.dumps(cells[2])[:-9], *cells[3:]])
        self.refused("cells.jsonl, line 3", "not JSON")

    def test_a_cell_run_twice_counts_once_and_is_said(self) -> None:
        cells = self.cells()
        again = {**cells[0], "status": "failed", "cause": "second"}
        self.write_cells([*cells, again])
        campaign = read_campaign(self.folder)
        self.assertEqual(len(campaign.cells), len(cells))
        self.assertIn(cells[0]["cell"], campaign.notes[0])
        (found,) = [c for c in campaign.cells if c.name == again["cell"]]
        self.assertEqual(found.status, "failed")

    def test_no_cells_yet_is_an_empty_campaign(self) -> None:
        (self.folder / "cells.jsonl").write_text("")
        self.assertEqual(read_campaign(self.folder).cells, ())
        (self.folder / "cells.jsonl").unlink()
        self.assertIn("no cell has finished", read_campaign(self.folder).notes[0])

    def test_schema_versions(self) -> None:
        known = {3: True, "3.0": True, True: True, None: True, "2.7": False}
        for schema, refused in known.items():
            (self.folder / "plan.json").write_text(json.dumps({"schema": schema, "new": 1}))
            with self.subTest(schema=schema):
                self.refused("plan.json", "schema") if refused else read_campaign(self.folder)

    def test_the_schema_before_names_the_version_that_reads_it(self) -> None:
        manifest = json.loads((self.folder / "manifest.json").read_text("utf-8"))
        (self.folder / "manifest.json").write_text(json.dumps({**manifest, "schema": 1}))
        self.refused(
            "manifest.json",
            "schema version '1', but this report reads 2; tailrace 0.1.0 reads it",
        )

    def test_a_cell_of_another_schema_is_named(self) -> None:
        cells = self.cells()
        cells[4]["schema"] = 9
        self.write_cells(cells)
        self.refused("line 5", "schema version '9'")

    def test_missing_and_broken_files_are_named(self) -> None:
        for name in ("manifest.json", "plan.json"):
            for content, part in (
                (None, "No such file"),
                (b"", "not JSON"),
                (b"[1]", "not a JSON object"),
                (b"\xff\xfe", "not UTF-8"),
                (b"[" * 100_000, "nested too deeply"),
                (b'{"schema": 2, "x": NaN}', "NaN"),
                (b'{"schema": 2, "x": 1e999}', "out of range"),
                (b'{"schema": 2, "x": ' + b"9" * 5000 + b"}", "out of range"),
            ):
                path = self.folder / name
                before = path.read_bytes()
                path.unlink() if content is None else path.write_bytes(content)
                with self.subTest(name=name, part=part):
                    self.refused(name, part)
                path.write_bytes(before)

    def test_fields_of_the_wrong_kind_are_named(self) -> None:
        good = self.cells()
        cases: list[tuple[tuple[str, ...], Any, str]] = [
            (("status",), "great", "`status` is 'great'"),
            (("block",), None, "`block` is not a whole number"),
            (("block",), -1, "negative"),
            (("subject",), [], "`subject` is not an object"),
            (("subject", "id"), "", "`id` is not a name"),
            (("subject", "id"), "x" * 300, "`id` is not a name"),
            (("subject", "id"), "a\nb", "`id` is not a name"),
            (("point", "kind"), ["open"], "`kind`"),
            (("cost", "server", "cpu_us_per_op"), "3", "not a number"),
            (("cost", "server", "cpu_us_per_op"), -3, "negative"),
            (("load", "counts"), 3, "`counts` is not an object"),
            (("load", "histograms", "response"), 7, "`response` is not a text"),
            (("validity",), "all", "`validity`"),
        ]
        for path, value, part in cases:
            cells = copy.deepcopy(good)
            spot: Any = cells[0]
            for key in path[:-1]:
                spot = spot[key]
            spot[path[-1]] = value
            self.write_cells(cells)
            with self.subTest(path=path, value=str(value)[:20]):
                self.refused("cells.jsonl, line 1", part)

    def test_what_could_not_be_read_is_absent(self) -> None:
        cells = self.cells()
        for key in ("cpu_us_per_op", "involuntary_switches_per_op"):
            cells[0]["cost"]["server"][key] = None
        cells[0]["cost"]["client"]["cpu_us_per_op"] = None
        cells[0]["noise"] = {"foreign_cpu_share": None, "involuntary_switches": None}
        self.write_cells(cells)
        numbers = read_campaign(self.folder).cells[0].numbers
        self.assertNotIn("server.cpu_us_per_op", numbers)
        self.assertNotIn("client.cpu_us_per_op", numbers)

    def test_histogram_files(self) -> None:
        good = self.cells()
        name = good[0]["load"]["histograms"]["response"]
        path = self.folder / name
        text = path.read_text("ascii")
        path.write_text(text[: len(text) // 2])
        self.refused("line 1", name)
        path.unlink()
        self.refused("line 1", name, "No such file")
        for outside in ("/etc/hostname", "../../secret", "hist/../../x"):
            cells = self.cells()
            cells[0]["load"]["histograms"]["response"] = outside
            self.write_cells(cells)
            self.refused("line 1", "outside the campaign")

    def test_a_link_out_of_the_campaign_is_not_followed(self) -> None:
        name = self.cells()[0]["load"]["histograms"]["response"]
        (self.folder / name).unlink()
        (self.folder / name).symlink_to("/etc/hostname")
        self.refused("outside the campaign")

    def test_costs_that_cannot_be_believed_are_named(self) -> None:
        path = self.folder / "costs.jsonl"
        good = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for change, part in (
            (lambda line: line.update(subject=3), "`subject` is not an object"),
            (lambda line: line["sheet"].update(metrics="x"), "`metrics` is not a list"),
            (lambda line: line["sheet"]["metrics"][0].update(values=["2"]), "not a number"),
            (lambda line: line["sheet"]["metrics"][0].update(values=[2, None]), "has a null"),
        ):
            line = copy.deepcopy(good[0])
            change(line)
            path.write_text("".join(f"{json.dumps(one)}\n" for one in [good[1], line]), "utf-8")
            with self.subTest(part=part):
                self.refused("costs.jsonl, line 2", part)
        path.unlink()
        self.assertEqual(read_campaign(self.folder).counts, {})

    def test_many_bad_lines_give_a_bounded_answer(self) -> None:
        self.write_cells(["nonsense"] * 500)
        with self.assertRaises(CampaignError) as caught:
            read_campaign(self.folder)
        self.assertEqual(len(caught.exception.sentences), 21)
        self.assertIn("480 more", caught.exception.sentences[-1])


if __name__ == "__main__":
    unittest.main()
