# SPDX-License-Identifier: MIT
"""The micro benchmarks: what is believed of a micro.json, the ratios, the section of the page."""

from __future__ import annotations

import copy
import json
import math
import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
import make_micro
from reading import drawn, page_of, study_of
from test_report import GOLDEN, check, micro_text

from tailrace_report import canvas, figure_micro, load, micro_page
from tailrace_report.cli import BAD_INPUT, main
from tailrace_report.errors import CampaignError
from tailrace_report.micro import Micro, read_micro


def made(**how: Any) -> Micro:
    return read_micro(make_micro.micro(**how))


def of(rows: dict[tuple[str, str], list[float | None]]) -> Micro:
    """(benchmark, runtime) -> ns by round, one worker."""
    return read_micro(
        {
            "kind": "micro",
            "context": {"reference": "tokio"},
            "rows": [
                {"benchmark": b, "runtime": r, "workers": 1, "ns_per_op": ns}
                for (b, r), ns in rows.items()
            ],
        }
    )


class Reading(unittest.TestCase):
    def refused(self, change: Any) -> str:
        value = copy.deepcopy(make_micro.micro())
        change(value)
        with self.assertRaises(ValueError) as refused:
            read_micro(value)
        return str(refused.exception)

    def test_what_cannot_be_is_refused_with_its_place(self) -> None:
        def row(key: str, value: Any) -> Any:
            return lambda v: v["rows"][3].update({key: value})

        for change in (
            row("benchmark", "<script>"),
            row("runtime", 7),
            row("runtime", "x" * 61),
            row("workers", 0),
            row("workers", True),
            row("workers", "2"),
            row("ns_per_op", None),
            row("ns_per_op", [0]),
            row("ns_per_op", [-1.0]),
            row("ns_per_op", ["7"]),
            row("ns_per_op", [True]),
            row("ns_per_op", [1e16]),
            row("ns_per_op", [1.0] * 1001),
            row("counters", {"allocations": [-1]}),
            lambda v: v["rows"].__setitem__(3, []),
            lambda v: v["rows"].__setitem__(3, v["rows"][2]),
        ):
            self.assertIn("rows[3]", self.refused(change))

    def test_the_frame_is_checked(self) -> None:
        self.assertIn("kind", self.refused(lambda v: v.update(kind="cells")))
        self.assertIn("rows", self.refused(lambda v: v.update(rows=[])))
        self.assertIn("rows", self.refused(lambda v: v.update(rows={})))
        self.assertIn("rows", self.refused(lambda v: v.update(rows=v["rows"] * 100)))

    def test_a_file_is_refused_in_one_sentence(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "micro.json"
            for text in ("", "{", "[]", "{}", '{"schema": 2}', '{"schema": 1}', "\xff"):
                path.write_text(text, "latin-1")
                with self.assertRaises(CampaignError) as refused:
                    load.read_micro_file(path)
                self.assertEqual(len(refused.exception.sentences), 1)
                self.assertIn("micro.json", refused.exception.sentences[0])
            self.assertEqual(main(["micro", str(Path(scratch) / "none")]), BAD_INPUT)


class Ratios(unittest.TestCase):
    def test_a_ratio_is_the_references_time_over_the_runtimes_paired_in_rounds(self) -> None:
        # Paired: 2, 2, 4 -> 2; medians of times would give 30 / 10 = 3.
        micro = of({("yield", "tokio"): [20, 30, 40], ("yield", "local"): [10, 15, 10]})
        ratio = micro.ratio(("yield", 1), "local")
        assert ratio
        self.assertAlmostEqual(ratio.median, 2.0)

    def test_the_mean_is_geometric_over_rows_and_a_median_over_rounds(self) -> None:
        micro = of(
            {
                ("a", "tokio"): [40, 40, 40],
                ("a", "local"): [10, 10, 20],  # 4, 4, 2
                ("b", "tokio"): [90, 10, 90],
                ("b", "local"): [10, 10, 10],  # 9, 1, 9
                ("c", "local"): [1, 1, 1],  # not the reference's: does not count
            }
        )
        found = micro.mean_ratio("local", 1)
        assert found
        mean, rows = found
        self.assertEqual(rows, 2)
        # 6, 2, sqrt(18)
        self.assertAlmostEqual(mean.median, math.sqrt(18))
        self.assertAlmostEqual(mean.low, 2)
        self.assertAlmostEqual(mean.high, 6)
        self.assertEqual(mean.kind, "range")

    def test_the_mean_is_over_rounds_that_every_row_has(self) -> None:
        rows: dict[tuple[str, str], list[float | None]] = {
            ("a", "tokio"): [40, 40, 40],
            ("a", "local"): [10, None, 20],
            ("b", "tokio"): [90, 90, 90],
            ("b", "local"): [10, 10, None],
        }
        found = of(rows).mean_ratio("local", 1)
        assert found
        self.assertEqual(found[0].blocks, 1)
        self.assertAlmostEqual(found[0].median, 6.0)
        rows[("b", "local")] = [None, 10, None]
        self.assertIsNone(of(rows).mean_ratio("local", 1))

    def test_six_rounds_carry_an_interval(self) -> None:
        found = made(rounds=6).mean_ratio("local", 1)
        assert found
        self.assertEqual(found[0].kind, "interval")
        notes = " ".join(micro_page.times(made(rounds=6), 1).notes)
        self.assertIn("exact 95 % interval", notes)

    def test_a_round_that_failed_is_left_out_of_its_pairs_and_of_the_mean(self) -> None:
        micro = of({("a", "tokio"): [40, 99, None], ("a", "local"): [10, None, 99]})
        ratio = micro.ratio(("a", 1), "local")
        assert ratio
        self.assertEqual(ratio.blocks, 1)
        self.assertAlmostEqual(ratio.median, 4.0)

    def test_slower_is_said_exactly_below_one(self) -> None:
        for ns, text in ((80.0, "1.25×"), (100.0, "1.00×"), (100.1, "0.999× slower")):
            micro = of({("a", "tokio"): [100.0], ("a", "local"): [ns]})
            local = micro_page.times(micro, 1).rows[0][1]
            self.assertEqual(local.partition(", ")[2], text)

    def test_without_the_reference_there_are_times_alone(self) -> None:
        table = micro_page.times(made(without=("tokio",)), 1)
        self.assertFalse(any("×" in cell for row in table.rows for cell in row))
        self.assertFalse(any("geometric" in row[0] for row in table.rows))


class Showing(unittest.TestCase):
    def test_golden_text(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            self.assertEqual(micro_text(Path(scratch)), (GOLDEN / "micro.txt").read_text("utf-8"))

    def test_the_section_is_in_the_page_when_there_is_something_to_show(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "campaign", blocks=1, scale=1)
            without = study_of(folder)
            self.assertNotIn("Micro benchmarks", page_of(without))
            self.assertNotIn("micro", drawn(without))
            make_micro.write_micro(folder)
            study = study_of(folder)
            page = page_of(study)
            self.assertEqual(check(page).problems, [])
            self.assertIn("<h2>Micro benchmarks</h2>", page)
            self.assertIn("no &lt;threads&gt; left", page)
            self.assertNotIn("<threads>", page)
            self.assertIn("micro", drawn(study))

    def test_a_bad_micro_file_is_refused_with_the_campaign(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "campaign", blocks=1, scale=1)
            (folder / "micro.json").write_text(json.dumps({"schema": 1, "kind": "micro"}))
            self.assertEqual(main(["report", str(folder)]), BAD_INPUT)

    def test_nothing_measured_draws_nothing(self) -> None:
        micro = of({("a", "local"): [None, None]})
        self.assertIsNone(figure_micro.micro_figure(micro))
        self.assertEqual(micro_page.times(micro, 1).rows, [["a", "failed"]])

    def test_one_figure_stays_inside_its_axis(self) -> None:
        micro = of({("a", "local"): [1.0]})
        with canvas.settings():
            found = figure_micro.micro_figure(micro)
            assert found
            low, high = found[0].axes[0].get_xlim()
        self.assertLessEqual(low, 1.0)
        self.assertGreater(high, 1.0)


if __name__ == "__main__":
    unittest.main()
