# SPDX-License-Identifier: MIT
"""What a job says, as its readers take it: a pull request, CI servers, code scanning, services that
keep a history. Names and notes may hold anything."""

from __future__ import annotations

import json
import re
import unittest
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any
from unittest import mock

import made_up_job
import test_report
from made_up_job import FACTS, NOTES, judged, note
from tailrace_regress import exports, github, junit, markdown, page, phrases, sarif
from tailrace_report.build import figures
from tailrace_report.stats import Estimate

BYTES_MAX = 60 << 10
ODD = "l|`<b>](http://x)\n::error::{0}\x1b\u2028"


class Summary(unittest.TestCase):
    def rows(self, text: str) -> list[list[str]]:
        shown = text.split("<details>")[0]
        lines = [line for line in shown.splitlines() if line.startswith("| ")]
        return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]

    def test_the_verdict_comes_first_and_what_was_accepted_is_no_failure(self) -> None:
        found = judged([note()])
        text = markdown.markdown(found, FACTS, NOTES, 3)
        lines = text.splitlines()
        self.assertEqual(lines[0], markdown.MARKER)
        self.assertTrue(lines[2].startswith("**Regression confirmed: local: syscalls.total"))
        self.assertTrue(lines[2].endswith("(and 2 more)**"), lines[2])
        counts = "3 regression, 1 regression, accepted, 2 inconclusive, 1 improvement"
        self.assertTrue(lines[4].startswith(counts), lines[4])
        verdicts = [row[1].strip() for row in self.rows(text)]
        self.assertEqual(verdicts[:3], ["regression"] * 3)
        self.assertEqual(verdicts[3], "regression, accepted")

    def test_without_a_regression_it_says_what_could_have_been_seen(self) -> None:
        stages = made_up_job.stages()
        del stages[made_up_job.COSTS]
        for key in stages[made_up_job.CAMPAIGN].keys():
            if key.metric in ("cpu_us_per_op", "rate"):
                made_up_job.fill(stages[made_up_job.CAMPAIGN], key, ("base", "head"), [0.0] * 12)
        quiet = made_up_job.judge.judge(stages, [], made_up_job.TODAY)
        line = markdown.markdown(quiet, FACTS, NOTES, 0).splitlines()[2]
        self.assertRegex(line, r"^\*\*No confirmed regression; 2 of 3 times are the same; ")

    def test_nothing_of_a_name_or_note_is_markdown_or_html(self) -> None:
        text = markdown.markdown(judged([note()], local=ODD), FACTS, NOTES, 3)
        for row in self.rows(text):
            self.assertEqual(len(row), len(phrases.COLUMNS))
        self.assertNotIn("\x1b", text)
        ours = r"</?(?:details|summary|code)>|<!-- tailrace-regress -->"
        self.assertEqual(re.findall(r"(?<!\\)<[^>\n]*", re.sub(ours, "", text)), [])
        self.assertEqual(re.findall(r"(?<!\\)[\[@]", text), [])
        self.assertFalse([line for line in text.splitlines() if line.startswith("::")])

    def test_it_stays_small_and_whole_however_long_names_and_notes_are(self) -> None:
        long = judged([note("*", "𝄞" * 100_000)], local="𝄞|`" * 60, calls=300, name="𝄞" * 300)
        facts = {**FACTS, "head": "𝄞" * 5000, "profile": "𝄞" * 5000, "preset": "𝄞" * 5000}
        # In half the room names are cut further, which more of them would need in the whole.
        for most in (BYTES_MAX, BYTES_MAX // 2):
            with self.subTest(most=most), mock.patch.object(markdown, "BYTES_MAX", most):
                text = markdown.markdown(long, facts, ["𝄞" * 10_000] * 200, 3)
                self.assertLess(len(text.encode()), most)
                self.assertEqual(text.count("<details>"), 3)
                self.assertTrue(text.endswith("</details>\n"))
                self.assertRegex(text, r"\d+ rows left out; all are in regress.json")
                self.assertEqual(len(self.rows(text)), markdown.ROWS_MAX)
                for row in self.rows(text):
                    self.assertEqual(len(row), len(phrases.COLUMNS))

    def test_next_to_nothing_has_no_sign_of_its_own(self) -> None:
        same = judged([]).findings[0]
        near = replace(same, method="paired", ratio=Estimate(0.9999, 0.99, 1.01, 9, "interval"))
        self.assertEqual(phrases.change(near), "+0.0 % [-1.0, +1.0]")


class Annotations(unittest.TestCase):
    def test_at_most_ten_on_one_line_each(self) -> None:
        found = github.lines(judged([note()], local=ODD, calls=40), 3)
        self.assertEqual(len(found), github.ANNOTATIONS_MAX)
        for kind, text in found:
            self.assertIn(kind, ("error", "warning"))
            self.assertNotRegex(github.escaped(text), r"[\r\n]|%(?!25)")

    def test_a_control_that_only_advises_is_a_warning(self) -> None:
        found = judged([note()], moved=0.06)
        kinds = {text[:6]: kind for kind, text in github.lines(found, 3)}
        self.assertEqual(kinds["Contro"], "warning")
        kinds = {text[:6]: kind for kind, text in github.lines(found, 5)}
        self.assertEqual(kinds["Contro"], "error")


class Machines(unittest.TestCase):
    def test_junit_counts_and_holds_no_control_characters(self) -> None:
        for code, errors in ((3, 0), (0, 0), (4, 1), (5, 1)):
            text = junit.junit(judged([note()], local=ODD, calls=1, name=ODD), FACTS, code)
            (suite,) = ElementTree.fromstring(text.encode())
            cases = list(suite.iter("testcase"))
            counted = [int(suite.get(name, "")) for name in ("tests", "failures", "errors")]
            self.assertEqual(counted, [len(cases), 4, errors])
            for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
                self.assertEqual(len(list(suite.iter(tag))), int(suite.get(name, "")))
            self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f\u2028]")
            accepted = next(case for case in cases if case.get("name") == "allocations")
            self.assertIsNone(accepted.find("failure"))

    def sarif(self) -> dict[str, Any]:
        text = sarif.sarif(judged([note()], local=ODD), str(FACTS["profile"]))
        run: dict[str, Any] = json.loads(text)["runs"][0]
        return run

    def test_sarif_places_are_uris_and_messages_plain_text(self) -> None:
        for result in self.sarif()["results"]:
            place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            self.assertRegex(place, r"^[A-Za-z0-9_./%-]+$")
            text = result["message"]["text"]
            self.assertNotIn("](", text)
            self.assertNotRegex(text, r"(?<!\{)\{(?!\{)|\n")

    def test_sarif_knows_what_was_accepted(self) -> None:
        found = {result["ruleId"]: result for result in self.sarif()["results"]}
        accepted = found.pop("tailrace/allocations")
        self.assertEqual(accepted["level"], "note")
        self.assertEqual(accepted["suppressions"][0]["kind"], "external")
        self.assertIn("accepted on 2026-11-21", accepted["suppressions"][0]["justification"])
        self.assertEqual([one for one in found.values() if "suppressions" in one], [])

    def test_exports_tell_of_times_and_fit_the_limits_of_names(self) -> None:
        odd = judged([], calls=2, name="<X>" + "y" * 100)
        rows = json.loads(exports.action_benchmark(odd))
        (rate,) = [row for row in rows if "rate" in row["name"]]
        low, high = map(float, re.findall(r"[\d.]+", rate["range"]))
        # The rate fell by 7 %, so a request takes longer.
        self.assertEqual((rate["unit"], 1 < low < high), ("ns/op", True))
        for row in rows:
            self.assertIsInstance(row["value"], float)
        measures = [name for one in json.loads(exports.bencher(odd)).values() for name in one]
        for name in measures:
            self.assertRegex(name, r"^[a-z0-9-]{1,64}$")


class Page(unittest.TestCase):
    def test_it_is_well_formed_and_tells_accepted_apart(self) -> None:
        found = judged([note()], local=ODD)
        sections = page.sections(found)
        pictures, files, _ = figures(one for part in sections for one in part.drawings)
        ElementTree.fromstring(files["ratios.svg"])
        text = page.page(found, FACTS, [*NOTES, "no figures <b>"], sections, pictures)
        checker = test_report.check(text)
        self.assertEqual((checker.problems, checker.open, checker.scripts), ([], [], 1))
        self.assertTrue('<li class="failed"><b>3</b> regression</li>' in text)
        self.assertTrue("<li><b>1</b> regression, accepted</li>" in text)
        first = text[text.index("<tbody>") : text.index("</tbody>")]
        self.assertEqual(first.count("<tr>"), 5)  # what changed comes before everything else
        for hostile in ("<b>wanted", "<i>+", "<b>x", "no figures <b>"):
            self.assertFalse(hostile in text, hostile)


if __name__ == "__main__":
    unittest.main()
