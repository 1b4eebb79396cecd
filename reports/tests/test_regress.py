# SPDX-License-Identifier: MIT
"""The gate as a user meets it, with a pretended harness: exit codes, sentences, files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import fake_gate
import test_report

ROOT = Path(__file__).resolve().parents[2]
MARKDOWN_BYTES_MAX = 60 << 10
# Few rounds: what is decided here is far from the edge.
QUICK = ["--counts", "6", "--looks", "8", "--seed", "7"]


class Gate(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def command(
        self, base: dict[str, Any] | None, head: dict[str, Any] | None, *words: str
    ) -> list[str]:
        """Arms with the target `local` behaving like this (None: without it)."""
        for arm, behaviour in (("base", base), ("head", head)):
            targets = {} if behaviour is None else {"local": behaviour}
            fake_gate.make_arm(self.root / arm, targets)
        tailrace = fake_gate.make_harness(self.root)
        places = ["--base-bin", str(self.root / "base"), "--head-bin", str(self.root / "head")]
        places += ["--tailrace", str(tailrace), "--results", str(self.root / "results")]
        places += ["--accepted", str(self.root / "accepted.toml"), "--targets", "local"]
        return [str(ROOT / "scripts" / "regress"), *places, *QUICK, *words]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
        return {**kept, **more}

    def run_gate(
        self, base: dict[str, Any] | None, head: dict[str, Any] | None, *words: str, **more: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(base, head, *words),
            capture_output=True,
            encoding="utf-8",
            check=False,
            env=self.environment(**more),
        )
        self.assertNotIn("Traceback", done.stderr)
        return done

    def folder(self) -> Path:
        return next((self.root / "results").iterdir())


class Verdicts(Gate):
    def test_equal_arms_are_zero_and_every_file_is_there(self) -> None:
        done = self.run_gate({}, {})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("times are the same; could have seen >= ", done.stdout)
        names = {path.name for path in self.folder().iterdir() if path.is_file()}
        wanted = "summary.md junit.xml regress.sarif regress.json index.html samples.jsonl job.json"
        wanted += " github-action-benchmark.json bencher.json ratios.png"
        self.assertLessEqual(set(wanted.split()), names)
        self.assertFalse((self.folder() / "latest").exists())
        again = json.loads((self.folder() / "job.json").read_text())["command"]
        arms = f"--base-bin {self.root / 'base'} --head-bin {self.root / 'head'}"
        self.assertIn(arms, again)
        self.assertIn("--targets local --profile ci --preset release --seed 7 --looks 8", again)
        whole = json.loads((self.folder() / "regress.json").read_text())
        self.assertEqual((whole["schema"], whole["exit_code"]), ("tailrace-regress-2", 0))

    def test_one_call_more_is_three_and_named_everywhere(self) -> None:
        summary = self.root / "step"
        more = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
        done = self.run_gate({}, {"syscalls.epoll_ctl": 1.0}, **more)
        self.assertEqual(done.returncode, 3, done.stderr)
        said = "local: syscalls.total: 2.020 calls/op -> 3.020 calls/op"
        self.assertIn(f"Regression confirmed: {said}", done.stdout)
        self.assertIn(f"::error title=tailrace::regression: {said}", done.stdout)
        for name in ("junit.xml", "regress.sarif", "index.html"):
            text = (self.folder() / name).read_text().replace("&gt;", ">")
            self.assertIn(said, text, name)
        self.assertEqual(
            summary.read_text().strip(), (self.folder() / "summary.md").read_text().strip()
        )
        first = summary.read_text().split("\n")[2]
        self.assertTrue(first.startswith("**Regression confirmed: local"), first)
        cases = ElementTree.parse(self.folder() / "junit.xml").getroot().iter("failure")
        self.assertEqual(len(list(cases)), 2)

    def test_a_slower_echo_is_three(self) -> None:
        head = {"cpu_us_per_op": 11.0, "rate": 90000.0, "p50_us": 165.0}
        done = self.run_gate({}, head)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("rate at closed-50x64", done.stdout)
        again = subprocess.run(
            [str(ROOT / "scripts" / "regress"), "decide", str(self.folder())],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual((again.returncode, again.stdout), (3, done.stdout))

    def test_strict_fails_what_is_inconclusive(self) -> None:
        done = self.run_gate({"noise": 0.5}, {"noise": 0.5}, "--strict")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("could have seen", (self.folder() / "summary.md").read_text())

    def test_a_base_that_differs_from_itself_is_five_where_nothing_was_counted(self) -> None:
        base = {"again_factor": 1.5, "nothing_counted": True}
        done = self.run_gate(base, {"nothing_counted": True})
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("the base measured a second time differs", done.stdout)
        self.assertFalse((self.folder() / "controls").exists())

    def test_without_controls_it_says_so(self) -> None:
        done = self.run_gate({"again_factor": 1.5}, {}, "--no-controls")
        self.assertEqual(done.returncode, 0, done.stderr)
        text = (self.folder() / "summary.md").read_text()
        self.assertIn("no control was asked for", text)
        self.assertIn("No control ran", text)

    def generations(self, *words: str, **behaviour: Any) -> int:
        """Of a job with these arms."""
        done = self.run_gate(behaviour, behaviour, "--looks", "8,12", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(json.loads((self.folder() / "job.json").read_text())["blocks"])

    def test_it_goes_on_while_a_time_is_open(self) -> None:
        self.assertEqual(self.generations(noise=0.3), 12)

    def test_it_ends_where_the_next_look_would_take_too_long(self) -> None:
        # Six cells a generation; ten minutes at most.
        self.assertEqual(self.generations(noise=0.3, wall_s=9.0), 8)

    def test_it_ends_where_all_is_decided(self) -> None:
        self.assertEqual(self.generations(noise=0.001), 8)

    def test_an_accepted_change_passes(self) -> None:
        note = '[[accepted]]\ndate = 2026-11-21\ntarget = "local"\nup_to = 999\nreason = "wanted"\n'
        metrics = ("syscalls.total", "syscalls.epoll_ctl")
        text = "".join(f'{note}metric = "{name}"\n' for name in metrics)
        (self.root / "accepted.toml").write_text(text)
        done = self.run_gate({}, {"syscalls.epoll_ctl": 1.0})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("accepted on 2026-11-21: wanted", (self.folder() / "summary.md").read_text())


class Refusals(Gate):
    def sentence(self, done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
        self.assertEqual(done.returncode, code, done.stderr)
        refusal = [line for line in done.stderr.splitlines() if line.startswith("regress: ")][-1]
        for word in words:
            self.assertIn(word, refusal)

    def test_a_client_that_did_not_run_is_no_fault_of_an_arm(self) -> None:
        done = self.run_gate({}, {"starved": [1]})
        self.assertEqual(done.returncode, 0, done.stderr)
        text = (self.folder() / "summary.md").read_text()
        self.assertIn("cells are left out: the client sent nothing", text)

    def test_a_crash_in_one_arm_names_the_arm(self) -> None:
        done = self.run_gate({}, {"crash": "run"})
        self.sentence(done, 2, "died of signal 11", "only the head arm fails")
        self.assertIn("assertion failed", done.stderr)

    def test_a_crash_of_both_arms_says_so(self) -> None:
        done = self.run_gate({"crash": "run"}, {"crash": "run"})
        self.sentence(done, 2, "the arms base and head fail")

    def test_a_crash_while_costs_are_measured(self) -> None:
        done = self.run_gate({"crash": "cost"}, {})
        self.sentence(done, 2, "local of the base arm fails", "died of signal 11")

    def test_costs_that_cannot_be_read(self) -> None:
        for says, word in (
            ('{"schema": "tailrace-cost-1", "tar', "not JSON"),
            ('{"schema": "tailrace-cost-2"}', "schema 'tailrace-cost-2'"),
            ('{"schema": "tailrace-cost-1", "target": "x", "metrics": 3}', "`metrics`"),
            (
                '{"schema": "tailrace-cost-1", "target": "x", "metrics":'
                ' [{"name": "allocations", "values": [NaN]}]}',
                "NaN",
            ),
        ):
            with self.subTest(says=says):
                done = self.run_gate({}, {"says": says})
                self.sentence(done, 2, "of local in the head arm cannot be read", word)
            for arm in ("base", "head"):
                (self.root / arm / "tailrace-target-local").unlink()
                (self.root / arm).rmdir()

    def test_a_target_of_one_arm_only(self) -> None:
        self.sentence(self.run_gate({}, None), 2, "no target is left", "the head arm lacks it")

    def test_a_target_that_one_arm_cannot_run(self) -> None:
        done = self.run_gate({}, {"available": False})
        self.sentence(done, 2, "local can run here in all arms but head", "no io_uring here")

    def test_a_target_that_no_arm_can_run(self) -> None:
        done = self.run_gate({"available": False}, {"available": False})
        self.sentence(done, 2, "no target is left", "local is skipped: no io_uring here")

    def test_a_base_of_another_protocol(self) -> None:
        done = self.run_gate({"protocol": 1}, {})
        self.sentence(done, 2, "local speaks different protocols, in the base arm 1 and head arm 2")

    def test_bad_usage_is_one(self) -> None:
        for words in (
            ["--nope"],
            ["--counts", "2"],
            ["--repeats", "1"],
            ["--targets", ","],
            ["--looks", "x"],
            ["--at-most-minutes", "-1"],
            ["--looks", "12,8"],
            ["--targets", "../x"],
        ):
            with self.subTest(words=words):
                done = subprocess.run(
                    [str(ROOT / "scripts" / "regress"), *words], capture_output=True, check=False
                )
                self.assertEqual(done.returncode, 1, done.stderr)
        for words in ([], ["run"]):
            done = subprocess.run([str(ROOT / "scripts/regress"), *words], capture_output=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"make regress BASE=", done.stderr)

    def test_help_has_the_options_of_a_run(self) -> None:
        done = subprocess.run([str(ROOT / "scripts/regress"), "--help"], capture_output=True)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"--base", done.stdout)
        self.assertIn(b"decide FOLDER", done.stdout)

    def test_a_bad_note_is_one_before_anything_is_measured(self) -> None:
        (self.root / "accepted.toml").write_text('[[accepted]]\ntarget = "local"\nfoo = 1\n')
        self.sentence(self.run_gate({}, {}), 1, "unknown key 'foo'")
        self.assertFalse((self.root / "results").exists())

    def test_decide_refuses_what_is_no_job(self) -> None:
        script = str(ROOT / "scripts" / "regress")
        self.assertEqual(
            subprocess.run([script, "decide", str(self.root)], capture_output=True).returncode, 1
        )
        (self.root / "job.json").write_text('{"schema": "tailrace-job-2", "notes": []}')
        (self.root / "samples.jsonl").write_text('{"schema": "tailrace-samples-1"}\n{}\n')
        done = subprocess.run(
            [script, "decide", str(self.root)], capture_output=True, encoding="utf-8"
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("line 1: `stage`", done.stderr)


class Texts(Gate):
    def test_the_page_is_well_formed_and_safe(self) -> None:
        self.run_gate({}, {"syscalls.<script>alert(1)</script>": 1.0})
        text = (self.folder() / "index.html").read_text()
        checker = test_report.check(text)
        self.assertEqual(checker.problems, [])
        self.assertEqual((checker.open, checker.scripts), ([], 1))
        for link in checker.links:
            place = self.folder() / link
            self.assertTrue(link[1:] in checker.ids or place.is_file(), link)
        self.assertIn("&lt;script&gt;alert", text)
        self.assertLess(len(text), test_report.HTML_BYTES_MAX)
        self.assertNotIn("<script>", (self.folder() / "summary.md").read_text())

    def test_markdown_stays_small_and_says_what_it_leaves_out(self) -> None:
        calls = {f"syscalls.call_{'x' * 60}_{n}": 1.0 for n in range(600)}
        done = self.run_gate(calls, {**calls, "allocations": 3.0})
        self.assertEqual(done.returncode, 3, done.stderr)
        text = (self.folder() / "summary.md").read_text()
        self.assertLess(len(text.encode()), MARKDOWN_BYTES_MAX)
        self.assertRegex(text, r"\d+ rows left out; all are in regress.json")
        self.assertEqual(text.count("<details>"), text.count("</details>"))

    def test_at_most_ten_annotations_and_rows(self) -> None:
        calls = {f"syscalls.call_{n}": 1.0 for n in range(40)}
        done = self.run_gate({}, calls, GITHUB_ACTIONS="true")
        lines = [line for line in done.stdout.splitlines() if line.startswith("::")]
        self.assertEqual(len(lines), 10)
        self.assertIn("more of these in summary.md", lines[-1])
        shown = (self.folder() / "summary.md").read_text().split("<details>")[0]
        self.assertEqual(len(re.findall(r"^\| local", shown, re.M)), 10)
        self.assertIn("31 more changes below", shown)

    def test_sarif_has_the_shape_of_2_1_0(self) -> None:
        self.run_gate({}, {"allocations": 1.0})
        whole = json.loads((self.folder() / "regress.sarif").read_text())
        self.assertEqual(whole["version"], "2.1.0")
        run = whole["runs"][0]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        self.assertEqual(len(rules), len(set(rules)))
        self.assertTrue(run["results"])
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
            self.assertIn(result["level"], ("none", "note", "warning", "error"))
            self.assertTrue(result["message"]["text"])
            place = result["locations"][0]["physicalLocation"]
            self.assertGreaterEqual(place["region"]["startLine"], 1)
            self.assertFalse(place["artifactLocation"]["uri"].startswith("/"))

    def test_junit_counts_what_it_holds(self) -> None:
        self.run_gate({"noise": 0.3}, {"noise": 0.3, "allocations": 1.0})
        suite = ElementTree.parse(self.folder() / "junit.xml").getroot()[0]
        cases = list(suite.iter("testcase"))
        self.assertEqual(int(suite.get("tests", "")), len(cases))
        self.assertEqual(int(suite.get("failures", "")), len(list(suite.iter("failure"))))
        self.assertEqual(int(suite.get("skipped", "")), len(list(suite.iter("skipped"))))
        names = [(case.get("classname"), case.get("name")) for case in cases]
        self.assertEqual(len(names), len(set(names)))

    def test_exports(self) -> None:
        self.run_gate({}, {})
        rows = json.loads((self.folder() / "github-action-benchmark.json").read_text())
        self.assertEqual({"name", "unit", "value"} - set(rows[0]), set())
        rate = next(row for row in rows if "rate" in row["name"])
        self.assertEqual(rate["unit"], "ns/op")
        self.assertAlmostEqual(rate["value"], 10_000, delta=4000)
        whole = json.loads((self.folder() / "bencher.json").read_text())
        self.assertEqual(whole["local/cost"]["syscalls-total"], {"value": 2.02})
        measures = [name for measures in whole.values() for name in measures]
        self.assertEqual([name for name in measures if not re.fullmatch(r"[a-z0-9_-]+", name)], [])


if __name__ == "__main__":
    unittest.main()
