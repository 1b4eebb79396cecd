# SPDX-License-Identifier: MIT
"""The controls that a campaign has besides a twin, and what was set for it: the self-test's bias,
the null server's ceiling, scheduling class, CPUs kept awake, a planted neighbour."""

from __future__ import annotations

import copy
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
from reading import page_of, rewritten, rows_of, study_of
from sliced_cells import set_rate
from tailrace_report import (
    ceiling,
    limits,
    same_load,
    overview,
    selftest,
    settings,
    summary,
    trouble,
)
from tailrace_report.errors import CampaignError
from tailrace_report.kinds import echo
from tailrace_report.study import Study
from tailrace_report.tables import to_text


def row(quantity: str, measured: float | None, **more: Any) -> dict[str, Any]:
    made = {"test": "delay 100 us", "quantity": quantity, "unit": "us", "point": "known"}
    made |= {"expected": 100.0, "measured": measured, "without_delay": None}
    return made | {"verdict": "holds", "note": ""} | more


def path(quantity: str, measured: float, **more: Any) -> dict[str, Any]:
    """The row of an echo without delay."""
    return row(quantity, measured, test="echo without delay", expected=0.0, **more)


ROWS = [
    path("min", 9.0),
    path("p50", 12.0),
    row("min", 112.0, without_delay=9.0),
    row("min", 219.0, expected=200.0, without_delay=9.0),
    row("p50", 136.0, without_delay=12.0),
    row("p99", 4124.0, without_delay=12.0, verdict="disturbed", note="others took 40 %"),
]


class Made(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = make_campaign.write_campaign(Path(scratch.name) / "c", blocks=6, scale=1)

    def cells(self) -> list[dict[str, Any]]:
        lines = (self.folder / "cells.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def write(self, cells: list[dict[str, Any]]) -> Study:
        text = "".join(f"{json.dumps(cell)}\n" for cell in cells)
        (self.folder / "cells.jsonl").write_text(text, "utf-8")
        return study_of(self.folder)


class OwnTest(Made):
    def with_rows(self, rows: list[dict[str, Any]], cause: str | None = None) -> Study:
        whole = {"schema": 2, "started_at": "2026-11-21T03:00:00Z", "wall_s": 11.0}
        whole |= {"cause": cause, "remedy": None, "rows": rows}
        (self.folder / "selftest.json").write_text(json.dumps(whole), "utf-8")
        return study_of(self.folder)

    def test_the_bias_stands_beside_every_latency_table_and_in_the_limits(self) -> None:
        study = self.with_rows(ROWS)
        texts = selftest.bias(study.campaign.selftest)
        self.assertEqual(
            texts,
            [
                "A server of known delay read +12 to +19 µs at the minimum and +36 µs at p50 here;"
                " what it read at p99 was disturbed.",
                "An echo without delay read 9 µs at the minimum and 12 µs at p50 at the same time;"
                " that taken off, +3 to +10 µs at the minimum and +24 µs at p50 are left.",
            ],
        )
        for point in echo.OPEN.points(study):
            notes = echo.response_table(study, point).notes
            self.assertEqual([text for text in notes if text in texts], texts)
        whole = f"{' '.join(texts)} Response times are corrected for none of it."
        self.assertIn(whole, limits.limits(study))
        self.assertEqual(selftest.warnings(study.campaign.selftest), [])

    def test_in_fifo_it_is_said_beside_it_where_that_was_permitted(self) -> None:
        fifo = [one | {"point": "known-fifo"} for one in ROWS if one["quantity"] == "p50"]
        study = self.with_rows(ROWS + fifo)
        texts = selftest.bias(study.campaign.selftest)
        self.assertEqual(
            texts[2:],
            [
                "In SCHED_FIFO a server of known delay read +36 µs at p50 here.",
                "In SCHED_FIFO an echo without delay read 12 µs at p50 at the same time; that taken"
                " off, +24 µs at p50 are left.",
            ],
        )
        cannot = [one | {"verdict": "cannot", "measured": None} for one in fifo]
        study = self.with_rows(ROWS + cannot)
        self.assertEqual(selftest.bias(study.campaign.selftest), texts[:2])

    def test_a_machine_too_slow_to_tell_has_the_path_alone(self) -> None:
        late = {"verdict": "disturbed", "note": "this machine is too slow to tell"}
        rows = [path("p50", 2165.0, **late), row("p50", 2290.0, without_delay=2165.0, **late)]
        study = self.with_rows(rows)
        self.assertEqual(
            selftest.bias(study.campaign.selftest),
            [
                "A server of known delay tells nothing here: what it read at p50 was disturbed.",
                "An echo without delay read 2,165 µs at p50 at the same time.",
            ],
        )
        self.assertEqual(selftest.warnings(study.campaign.selftest), [])

    def test_a_failed_row_heads_the_report(self) -> None:
        study = self.with_rows([*ROWS, row("p50", 900.0, verdict="failed", note="no noise seen")])
        (warning,) = selftest.warnings(study.campaign.selftest)
        self.assertIn("1 of 7 rows of the self-test failed: delay 100 us, p50: 900.0 where 100 us"
                      " is known (no noise seen)", warning)
        for text in (summary.terminal(study, Path("OUT")), page_of(study)):
            self.assertIn("of the self-test failed", text)

    def test_one_that_did_not_run_is_said(self) -> None:
        study = self.with_rows([], "there is no executable")
        self.assertIn("there is no executable", overview.first_of_all(study)[0])
        self.assertIn("not measured here", selftest.bias(study.campaign.selftest)[0])

    def test_a_campaign_begun_without_one_says_so(self) -> None:
        path = self.folder / "manifest.json"
        manifest = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(manifest | {"selftest": False}), "utf-8")
        told = limits.limits(study_of(self.folder))
        self.assertTrue(any("without a self-test" in text for text in told))

    def test_what_cannot_be_read_is_one_sentence(self) -> None:
        for wrong in (row("p50", 119.0, verdict="fine"), row("p50", 119.0, unit=3)):
            with self.assertRaises(CampaignError) as raised:
                self.with_rows([wrong])
            self.assertIn("selftest.json", str(raised.exception))


class NullServer(Made):
    def with_null(self, times: float) -> Study:
        """The made-up campaign with a null server that is so many times as fast as the floor."""
        cells = self.cells()
        for cell in list(cells):
            if cell["subject"]["id"] != "bare-epoll" or not cell["load"]:
                continue
            null = copy.deepcopy(cell)
            null["subject"] |= {"id": "null", "form": "control", "order": 900}
            null["cell"] = cell["cell"].replace("bare-epoll-best", "null-control")
            set_rate(null, times * null["load"]["achieved_per_s"])
            cells.append(null)
        return self.write(cells)

    def test_it_heads_the_report_and_ranks_nowhere(self) -> None:
        before = list(rows_of(overview.headline(study_of(self.folder))))
        study = self.with_null(3.0)
        self.assertEqual(list(rows_of(overview.headline(study))), before)
        told = [to_text(overview.headline(study)), *(s.text for s in overview.statements(study))]
        self.assertNotIn("null", " ".join(told))
        page = page_of(study)
        self.assertNotIn("null (control)", page[: page.index('id="trouble"')])
        (told,) = ceiling.sentences(study)
        self.assertRegex(told, r"the fastest subject .*: the client was not the limit\.$")
        self.assertIn(told, page_of(study))
        assert study.floor
        self.assertEqual(study.floor.id, "bare-epoll")
        self.assertIn("closed-50x64", rows_of(ceiling.table(study)))

    def test_a_ceiling_at_the_fastest_subject_may_be_the_clients(self) -> None:
        (told,) = ceiling.sentences(self.with_null(1.06))
        self.assertIn("may be the limit there", told)

    def test_a_client_that_is_the_limit_is_what_the_ceiling_shows(self) -> None:
        self.with_null(1.06)
        cells = self.cells()
        for cell in cells:
            if cell["subject"]["form"] == "control" and cell["point"]["kind"] == "closed":
                full = dict(name="client_headroom", ok=False, value=1, limit=0.9, text="full")
                cell["validity"] = [{**full, "spoils": ["latency", "rate"]}]
        study = self.write(cells)
        (told,) = ceiling.sentences(study)
        self.assertIn("may be the limit there", told)
        closed = [row for row in ceiling.table(study).rows if row[0].startswith("closed")]
        self.assertNotIn("-", [row[1] for row in closed])

    def test_without_one_nothing_is_said(self) -> None:
        study = study_of(self.folder)
        self.assertEqual(ceiling.sentences(study), [])
        self.assertEqual(ceiling.table(study).rows, [])


class Settings(Made):
    def test_cells_of_two_scheduling_classes_are_refused(self) -> None:
        cells = self.cells()
        for number, cell in enumerate(cells):
            cell["scheduling"] = "fifo" if number == 3 else "other"
        with self.assertRaises(CampaignError) as raised:
            self.write(cells)
        self.assertIn("fifo and other at ", str(raised.exception))
        self.assertIn(", which are never mixed", str(raised.exception))

    def test_points_may_be_of_different_classes(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            fifo = cell["point"]["kind"] == "open"
            cell["scheduling"] = cell["point"]["scheduling"] = "fifo" if fifo else "other"
            return True

        study = rewritten(self.folder, change)
        told = " ".join(settings.sentences(study))
        self.assertIn("in SCHED_FIFO at open-50x64-10000", told)
        (point,) = [at for at in study.points if at.id == "open-50x64-10000"]
        self.assertIn("in SCHED_FIFO", point.title)
        row = rows_of(settings.table(study))["closed-50x64"]
        self.assertEqual(row["scheduling class"], "other")

    def test_a_point_that_was_left_out_is_listed(self) -> None:
        path = self.folder / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["points_left_out"] = [{"id": "open-fifo", "cause": "SCHED_FIFO: not permitted"}]
        path.write_text(json.dumps(manifest), encoding="utf-8")
        rows = trouble.cells(study_of(self.folder)).rows
        self.assertIn(["all", "left out", "0", "open-fifo", "SCHED_FIFO: not permitted", "-"], rows)

    def test_a_cell_that_was_kept_awake_otherwise_is_invalid(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            odd = cell["block"] == 1 and cell["subject"]["id"] == "libuv"
            cell["keep_awake"] = None if odd else True
            return cell["point"]["id"] == "closed-50x64"

        study = rewritten(self.folder, change)
        (note,) = study.campaign.notes
        self.assertIn("1 cell at closed-50x64 had the CPUs kept awake otherwise", note)
        (point,) = study.points
        (libuv,) = [who for who in study.subjects if who.id == "libuv"]
        self.assertEqual(study.blocks(libuv, point)["invalid"], 1)
        self.assertNotIn(1, echo.RATE.per_block(study, libuv, point, "ok"))

    def test_what_was_set_is_said_where_a_record_has_it(self) -> None:
        self.assertEqual(settings.sentences(study_of(self.folder)), [])
        self.assertEqual(settings.table(study_of(self.folder)).rows, [])

        def change(cell: dict[str, Any]) -> bool:
            cell["scheduling"] = "fifo"
            cell["keep_awake"] = cell["point"]["kind"] == "closed"
            return True

        study = rewritten(self.folder, change)
        told = " ".join(settings.sentences(study))
        self.assertIn("SCHED_FIFO", told)
        self.assertIn("kept from going idle at closed-50x64 and closed-1000x64", told)
        rows = rows_of(settings.table(study))
        self.assertEqual(rows["closed-50x64"]["CPUs kept awake"], "yes")
        self.assertEqual(rows["open-50x64-10000"]["CPUs kept awake"], "no")


class Neighbour(Made):
    def beside(self) -> Study:
        """A point again, beside a neighbour that makes `local` slow and takes 0.2 % of the CPU."""
        cells = self.cells()
        for cell in list(cells):
            if cell["point"]["id"] != "open-50x64-10000" or not cell["load"]:
                continue
            cell = copy.deepcopy(cell)
            cell["point"] |= {"id": "beside", "neighbour_us": 2000, "neighbour_per_s": 1.0}
            cell["cell"] += "-beside"
            for one in cell["slices"]:
                one["neighbour_ns"] = one["wall_ns"] * 0.002
                one["p99_ns"] *= 4 if cell["subject"]["id"] == "local" else 1
            cells.append(cell)
        return self.write(cells)

    def test_with_and_without_stand_side_by_side(self) -> None:
        study = self.beside()
        (change,) = same_load.neighbours(study)
        self.assertEqual((change.point.id, change.plain.id), ("beside", "open-50x64-10000"))
        self.assertEqual(same_load.classes(study), [])
        rows = rows_of(same_load.table(study, change))
        self.assertIn("4.00×", rows["local"]["quiet p99 with / alone"])
        self.assertIn("1.00×", rows["libuv"]["quiet p99 with / alone"])
        self.assertIn("with / alone", page_of(study))
        self.assertIn("beside a neighbour (2 ms, 1 a second: 0.2 % of a CPU)", change.point.title)
        self.assertIn("had 0.20 % of the servers' CPU, of 0.20 % planned",
                      " ".join(settings.sentences(study)))
        (told,) = [s.text for s in overview.statements(study) if s.about == "Neighbour"]
        self.assertIn("against the same load alone: ", told)

    def test_classes_are_paired_beside_the_same_neighbour(self) -> None:
        cells = [json.loads(line) for line in self.lines_beside()]
        for cell in list(cells):
            if cell["point"]["id"] not in ("open-50x64-10000", "beside") or not cell["load"]:
                continue
            cell = copy.deepcopy(cell)
            cell["point"] |= {"id": cell["point"]["id"] + "-fifo", "scheduling": "fifo"}
            cell["point"] |= {"duration_s": 9, "warmup_s": 0}  # for another time: the same load
            cell["cell"] += "-fifo"
            cell["scheduling"] = "fifo"
            for one in cell["slices"]:
                one["p99_ns"] /= 2
            cells.append(cell)
        study = self.write(cells)
        for pairs, wanted in [
            (same_load.neighbours, {("beside", "open-50x64-10000"),
                                    ("beside-fifo", "open-50x64-10000-fifo")}),
            (same_load.classes, {("beside-fifo", "beside"),
                                 ("open-50x64-10000-fifo", "open-50x64-10000")}),
        ]:
            self.assertEqual({(one.point.id, one.plain.id) for one in pairs(study)}, wanted)
        change = same_load.classes(study)[0]
        self.assertIn("0.50×", rows_of(same_load.table(study, change))["libuv"][
            "quiet p99 in FIFO / in the normal class"])
        self.assertIn('id="classes"', page_of(study))
        self.assertEqual([lead.id for lead in echo.OPEN.lead_points(study)],
                         ["open-50x64-60000", "open-50x64-10000-fifo"])
        titles = [shown.title for shown in echo.OPEN.pictured(study)]
        self.assertEqual(len(titles), len(set(titles)))
        self.assertIn("p50, SCHED_FIFO", titles)

    def lines_beside(self) -> list[str]:
        self.beside()
        return (self.folder / "cells.jsonl").read_text("utf-8").splitlines()

    def test_the_load_that_stands_for_all_is_without_one(self) -> None:
        lead = echo.OPEN.lead(self.beside())
        assert lead
        self.assertFalse(settings.burden(lead))

    def test_without_a_neighbour_there_is_no_section(self) -> None:
        study = study_of(self.folder)
        self.assertEqual(same_load.neighbours(study), [])
        self.assertNotIn('id="neighbour"', page_of(study))


if __name__ == "__main__":
    unittest.main()
