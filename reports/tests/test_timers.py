# SPDX-License-Identifier: MIT
"""Timers in the report: lateness, costs, the window's curve, and what a line must not contain."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import contestants
import hdr_encoder
import make_campaign
from reading import drawn, page_of, rewritten, rows_of, study_of
from tailrace_report import overview
from tailrace_report.canvas import settings
from tailrace_report.cell_line import read_cell
from tailrace_report.fields import FieldError, Fields
from tailrace_report.kinds import timer
from tailrace_report.study import Study

TIMER = timer.TIMER

RANDOM = {"mode": "random", "tasks": "100000", "spread_ms": "1000", "lead_ms": "1400"}
CANCEL = {"mode": "cancel", "tasks": "20000", "at_once": "1000"}
# id, form, window set, p50 in us, CPU while firing in ms
MODELS = [
    ("local", "best", "", 40, 200),
    ("local", "window-0", "0", 12, 600),
    ("local", "window-500", "500", 300, 90),
    ("libuv", "best", "", 1150, 130),
]


def timer_line(who: tuple[str, str, str, int, int], mode: dict[str, str], block: int) -> Any:
    """A cell as `tailrace` writes it."""
    contestant, form, window, _, cpu_ms = who
    name = f"b{block}-timer-{mode['mode']}-{contestant}-{form}"
    point = {"id": f"timer-{mode['mode']}", "kind": "timer", "workload": "timer"}
    line = make_campaign.cell_line(name, block, 0, contestant, form, "in-house", point)
    line["point"] = dict(point, options=mode)
    line["subject"]["options"] = {"timer_window_us": window} if window else {}
    granted = {"timer_slack_ns": 50000}
    if contestant == "local":
        granted["timer_window_us"] = window or "64"
    line["target"]["ready"] = {"granted": granted}
    cancels = mode["mode"] == "cancel"
    tasks = int(mode["tasks"])
    counts = dict.fromkeys({n for share in timer.SHARES.values() for n in share}, 0)
    counts.update(armed=tasks, whole_cpu_ns=tasks * 50)
    if cancels:
        counts.update(cancelled=tasks)
    else:
        counts.update(fired=tasks, arm_cpu_ns=tasks * 300, wait_ns=10**9, wait_cpu_ns=10**5)
        counts.update(fire_ns=10**9, fire_cpu_ns=cpu_ms * 10**6)
    line["work"] = {"counts": counts, "latency_ns": {}, "histograms": {}, "process": {}}
    return line


def lateness(middle_us: int, block: int) -> dict[int, int]:
    """100,000 values, most at the middle, the last hundredth at twice that."""
    middle = middle_us * 1000 + block
    return {middle // 2: 40_000, middle: 58_500, middle * 2: 1_500}


class Timers(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "c"
        (self.folder / "hist").mkdir(parents=True)
        lines = []
        for block in range(6):
            for who in MODELS:
                line = timer_line(who, RANDOM, block)
                path = f"hist/{line['cell']}.lateness_ns.hdr"
                text = hdr_encoder.encode(lateness(who[3], block))
                (self.folder / path).write_text(text + "\n", "ascii")
                line["work"]["histograms"] = {"lateness_ns": path}
                lines += [line, timer_line(who, CANCEL, block)]
        self.write(lines)
        plan = {"schema": 2, "seed": 7, "cells": [{"cell": line["cell"]} for line in lines]}
        (self.folder / "plan.json").write_text(json.dumps(plan), "utf-8")
        manifest = json.dumps(contestants.manifest_of(7))
        (self.folder / "manifest.json").write_text(manifest, "utf-8")

    def write(self, lines: list[Any]) -> None:
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (self.folder / "cells.jsonl").write_text(text, "utf-8")

    def study(self) -> Study:
        return study_of(self.folder)

    def test_lateness_stands_beside_what_it_costs(self) -> None:
        study = self.study()
        (point,) = TIMER.fired(study)
        self.assertEqual(point.title, "100,000 timers within 1 s")
        rows = rows_of(timer.lateness_table(study, point))
        self.assertEqual(set(rows), {"local", "local (window-0)", "local (window-500)", "libuv"})
        local = rows["local"]
        self.assertEqual(local["timers"], "600,000")
        self.assertTrue(local["p50"].startswith("40.0 µs"), local)
        self.assertTrue(local["p99"].startswith("80.1 µs"), local)
        self.assertEqual(local["CPU while they fire"], "200 ms")
        self.assertEqual(local["a timer that fires"], "2.00 µs")
        self.assertEqual(local["to arm one"], "300 ns")
        self.assertEqual(local["CPU share while all wait"], "0.01 %")
        self.assertEqual(local["slack"], "50.0 µs")

    def test_an_api_of_milliseconds_is_labelled_as_the_manifest_says(self) -> None:
        study = self.study()
        rows = rows_of(timer.lateness_table(study, TIMER.fired(study)[0]))
        self.assertEqual((rows["libuv"]["API"], rows["local"]["API"]), ("1 ms", "ns"))

    def test_cancelled_timers_are_a_table_of_their_own(self) -> None:
        study = self.study()
        table = timer.cancelled_table(study, TIMER.cancelled(study))
        self.assertEqual([row["1,000 armed"] for row in rows_of(table).values()], ["50.0 ns"] * 4)

    def test_the_curve_has_the_windows_in_order(self) -> None:
        study = self.study()
        for panel in timer.cost_panels(study):
            names = [mark.name for mark in panel.lines["local"]]
            self.assertEqual(names, ["500 µs", "64 µs", "0 µs"])
            self.assertEqual([mark.name for mark in panel.lines["libuv"]], [""])
        (section,) = TIMER.sections(study)
        (drawing,) = [one for one in section.drawings if one.name == "timer-window"]
        with settings():
            found = drawing.draw()
        assert found is not None
        self.assertIn("local: 600 µs at 90.0 ms (window 500 µs)", found[1])
        forms = {who.form for who in timer.tuned_forms(study)}
        self.assertEqual(forms, {"window-0", "window-500"})

    def test_everybody_is_a_mark_at_p50_and_at_p99(self) -> None:
        study = self.study()
        titles = [panel.title.splitlines()[1] for panel in timer.cost_panels(study)]
        self.assertEqual(titles, [f"lateness {p} against CPU time" for p in ("p50", "p99")])
        for panel in timer.cost_panels(study):
            shown = {mark.entry.subject for line in panel.lines.values() for mark in line}
            self.assertEqual(shown, set(study.subjects))
            points = [(m.x, m.entry.estimate.median) for m in panel.lines["libuv"]]
            late = 1150e3 if "p50" in panel.title else 2300e3
            self.assertEqual(len(points), 1)
            self.assertAlmostEqual(points[0][0], 130e6)
            self.assertAlmostEqual(points[0][1] / late, 1, 2)

    def test_two_contestants_without_any_form_are_a_figure_too(self) -> None:
        study = rewritten(self.folder, lambda line: line["subject"]["form"] == "best")
        self.assertEqual([len(panel.lines) for panel in timer.cost_panels(study)], [2, 2])

    def test_who_has_no_number_is_named_above_the_panel(self) -> None:
        def fail(line: dict[str, Any]) -> None:
            if line["subject"]["id"] == "libuv":
                line.update(status="skipped", cause="no threads", remedy="", work=None)

        study = rewritten(self.folder, lambda line: fail(line) or True)
        for panel in timer.cost_panels(study):
            self.assertNotIn("libuv", panel.lines)
            self.assertTrue(panel.title.endswith("\nwithout a number: libuv"), panel.title)

    def test_a_form_that_sets_the_slack_is_on_the_line_and_another_form_is_not(self) -> None:
        def change(line: dict[str, Any]) -> bool:
            who = line["subject"]
            if who["form"] == "window-0":
                who["options"] = {"timer_slack_ns": "1"}
            elif who["form"] == "window-500":
                who["options"] = {"io": "inline"}
            return True

        study = rewritten(self.folder, change)
        for panel in timer.cost_panels(study):
            self.assertEqual([m.name for m in panel.lines["local"]], ["64 µs", "slack 1 ns"])
            self.assertEqual(len(panel.lines["local (window-500)"]), 1)

    def test_the_finding_names_lateness_and_cost(self) -> None:
        study = self.study()
        (text,) = [s.text for s in overview.statements(study) if s.about == "Timers"]
        self.assertIn("lateness p99 is lowest", text)
        self.assertIn("CPU time while they fire is lowest", text)
        self.assertIn("lateness p99", [c.title for c in overview.headline(study).columns])

    def test_they_are_on_the_page_and_drawn(self) -> None:
        study = self.study()
        self.assertIn("armed and cancelled", page_of(study))
        self.assertEqual(drawn(study), {"timer", "timer-window"})

    def test_lateness_of_nothing_is_drawn_at_the_foot_of_the_panel(self) -> None:
        for path in (self.folder / "hist").iterdir():
            path.write_text(hdr_encoder.encode({0: 100_000}) + "\n", "ascii")
        self.assertIn("timer", drawn(self.study()))

    def test_a_line_that_cannot_be_believed_is_refused(self) -> None:
        for change, words in [
            (lambda line: line["work"]["counts"].update(armed=-1), "negative"),
            (lambda line: line["work"]["counts"].update(fired="x"), "not a number"),
            (lambda line: line["point"].update(options=[]), "not an object"),
            (lambda line: line["target"]["ready"].update(granted=3), "not an object"),
        ]:
            line = json.loads(json.dumps(timer_line(MODELS[0], RANDOM, 0)))
            read_cell(Fields(line), 1, {})
            change(line)
            with self.assertRaises(FieldError) as raised:
                read_cell(Fields(line), 1, {})
            self.assertIn(words, str(raised.exception))

    def test_a_phase_that_did_not_happen_has_no_cost(self) -> None:
        def numbers(**counts: float) -> dict[str, float]:
            return TIMER.numbers(Fields({"work": {"counts": counts}}))

        self.assertEqual(numbers(), {})
        found = numbers(fired=5.0, armed=5.0, arm_cpu_ns=50.0, wait_ns=0.0)
        self.assertEqual(found, {"arm_cpu_ns": 10.0})


if __name__ == "__main__":
    unittest.main()
