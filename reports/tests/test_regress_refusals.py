# SPDX-License-Identifier: MIT
"""How a job ends that cannot end with a verdict: one sentence, the right code, the same wherever
its reader looks, and nothing left behind."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

import test_regress
from tailrace_regress import build, children, failure, interrupts, job, outcome
from tailrace_regress.outcome import GateError, nothing

ROOT = test_regress.ROOT
MARKDOWN_BYTES_MAX = 60 << 10
STARTED_S = 120.0  # what a starved machine may take


def refusals(said: str) -> list[str]:
    """The sentences; progress has no full stop."""
    return [
        line for line in said.splitlines() if line.startswith("regress: ") and line.endswith(".")
    ]


class Reader(test_regress.Gate):
    """Who reads a job on the page of a GitHub workflow."""

    def setUp(self) -> None:
        super().setUp()
        self.step = self.root / "step"
        self.github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(self.step)}
        self.github["PYTHONIOENCODING"] = "utf-8:strict"  # as in most locales, not in C

    def check(self, done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
        """One sentence with these words, on standard error, as an annotation, in the summary."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        sentences = refusals(done.stderr)
        self.assertEqual(len(sentences), 1, done.stderr)
        errors = [line for line in done.stdout.splitlines() if line.startswith("::error")]
        self.assertEqual(len(errors), 1, done.stdout)
        for word in words:
            self.assertIn(word, sentences[0])
            self.assertIn(word, errors[0])
            self.assertIn(word, self.step.read_text())

    def check_folder(self, code: int, word: str) -> None:
        whole = json.loads((self.folder() / "regress.json").read_text())
        self.assertEqual((whole["schema"], whole["exit_code"]), ("tailrace-regress-2", code))
        self.assertIn(word, whole["headline"])
        (suite,) = ElementTree.parse(self.folder() / "junit.xml").getroot()
        numbers = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
        self.assertEqual(numbers, ["1", "0", "1", "0"])
        (error,) = suite.iter("error")
        self.assertIn(word, error.get("message", ""))
        self.assertIn(word, (self.folder() / "summary.md").read_text())

    def regress(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "scripts" / "regress"), *words],
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            env=self.environment(**self.github),
        )


class Everywhere(Reader):
    def test_a_crash_in_one_arm(self) -> None:
        done = self.run_gate({}, {"crash": "run"}, **self.github)
        self.check(done, 2, "died of signal 11", "only the head arm fails")
        self.check_folder(2, "only the head arm fails")
        self.assertIn("assertion failed: answered &lt;= sent", self.step.read_text())

    def test_a_base_of_another_protocol(self) -> None:
        done = self.run_gate({"protocol": 1}, {}, **self.github)
        self.check(done, 2, "local speaks different protocols, in the base arm 1 and head arm 2")
        self.check_folder(2, "speaks different protocols")

    def test_bad_usage(self) -> None:
        self.check(self.regress("--nope"), 1, "unrecognized arguments: --nope")
        self.step.unlink()
        self.check(self.regress("--targets", ","), 1, "names no targets")

    def test_an_unknown_ref_whatever_it_holds(self) -> None:
        for ref, shown in (
            ("nosuch", "BASE=nosuch names no commit"),
            ("no\n::error::such", "BASE=no ::error::such names"),
            ("\udcff\udcfe", "names no commit of this"),
            ("100%25", "names no commit of this"),
        ):
            with self.subTest(ref=ref):
                done = self.regress("--base", ref, "--results", str(self.root / "results"))
                self.check(done, 1)
                self.assertIn(shown, refusals(done.stderr)[0])
                self.assertFalse((self.root / "results").exists())
                self.step.unlink()
        self.assertIn("BASE=100%2525 names", done.stdout)

    def test_a_folder_that_cannot_be_made_is_known_before_anything_is_measured(self) -> None:
        (self.root / "results").write_text("")
        done = self.run_gate({}, {}, **self.github)
        self.check(done, 2, "results/regress-", "cannot be made")
        self.assertNotIn("cost of", done.stderr)

    def test_a_control_alone(self) -> None:
        base = {"again_factor": 1.5, "nothing_counted": True}
        done = self.run_gate(base, {"nothing_counted": True}, **self.github)
        self.assertEqual(done.returncode, 5, done.stderr)
        errors = [line for line in done.stdout.splitlines() if line.startswith("::error")]
        self.assertEqual(len(errors), 1, done.stdout)
        self.assertIn("the base measured a second time differs", errors[0])
        self.assertNotIn("was counted still holds", self.step.read_text())
        (suite,) = ElementTree.parse(self.folder() / "junit.xml").getroot()
        self.assertEqual(suite.get("errors"), "1")
        self.assertIn("exit code 5", next(suite.iter("error")).get("message", ""))

    def test_what_is_inconclusive_fails_as_an_error_when_strict(self) -> None:
        noise = {"noise": 0.5}
        done = self.run_gate(noise, noise, "--strict", **self.github)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("::error title=tailrace::inconclusive: ", done.stdout)

    def test_a_summary_that_cannot_be_written_is_said_and_changes_nothing(self) -> None:
        more = {**self.github, "GITHUB_STEP_SUMMARY": str(self.root / "none" / "step")}
        done = self.run_gate({}, {"crash": "cost"}, **more)
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("Traceback", done.stderr)
        self.assertIn("none/step cannot be written", done.stderr)
        self.check_folder(2, "died of signal 11")


class Deciding(Reader):
    def test_no_job_at_all(self) -> None:
        (self.root / "mine").mkdir()
        done = self.regress("decide", str(self.root / "mine"))
        self.check(done, 1, "is no finished job")
        self.assertEqual(list((self.root / "mine").iterdir()), [])

    def broken_job(self) -> Path:
        folder = self.root / "results" / "regress-1"
        folder.mkdir(parents=True)
        facts = '{"schema": "tailrace-job-2", "notes": 3, "elapsed_s": "\\u0001"}'
        (folder / "job.json").write_text(facts)
        (folder / "samples.jsonl").write_text("{}\n{}\n")
        return folder

    def test_a_broken_job_is_told_in_its_folder(self) -> None:
        done = self.regress("decide", str(self.broken_job()))
        self.check(done, 1, "samples.jsonl, line 1: schema")
        self.check_folder(1, "line 1: schema")

    def test_a_verdict_that_is_there_stays(self) -> None:
        folder = self.broken_job()
        (folder / "regress.json").write_text("kept")
        self.check(self.regress("decide", str(folder)), 1)
        self.assertEqual((folder / "regress.json").read_text(), "kept")
        self.assertFalse((folder / "junit.xml").exists())

    def test_odd_facts_and_numbers_that_are_too_large(self) -> None:
        folder = self.broken_job()
        line = {"schema": "tailrace-samples-1", "stage": "costs", "target": "local"}
        line |= {"place": "cost", "metric": "allocations", "arm": "base"}
        huge = json.dumps({**line, "values": {"0": 7}}).replace("7", "1" + "0" * 400)
        (folder / "samples.jsonl").write_text(f"{huge}\n{{}}\n")
        self.check(self.regress("decide", str(folder)), 1, "line 1: the number 1000")
        (folder / "samples.jsonl").write_text("")
        (folder / "regress.json").unlink()
        self.step.unlink()
        folder = folder.rename(folder.with_name("regress-\udcff"))
        done = self.regress("decide", str(folder))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("Nothing was compared: no metric that decides", done.stdout)
        self.assertEqual(done.stdout.count("::error"), 1)
        ElementTree.parse(folder / "junit.xml")


class Balance(HTMLParser):
    """Counts open tags of a piece of Markdown that are its own HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag


class Bounded(unittest.TestCase):
    def test_however_long_and_odd_it_is(self) -> None:
        sentence = "a <b>|`x`\n::error::\x1b[31m 100% " * 3000
        detail = "</pre></details>\n\n\n# heading\n\x00" * 3000 + "the end"
        with tempfile.TemporaryDirectory() as scratch:
            step = Path(scratch) / "step"
            github = {"GITHUB_ACTIONS": "1", "GITHUB_STEP_SUMMARY": str(step)}
            out, err = io.StringIO(), io.StringIO()
            with mock.patch.dict(os.environ, github), contextlib.redirect_stdout(out):
                with contextlib.redirect_stderr(err):
                    failure.tell(nothing(sentence, detail), Path(scratch))
            text = step.read_text()
            self.assertEqual(out.getvalue().count("\n"), 1)
            self.assertLess(len(out.getvalue()), 1300)
            self.assertNotIn("%0A", out.getvalue())
            self.assertLess(len(text.encode()), MARKDOWN_BYTES_MAX)
            self.assertEqual(Balance(re.sub(r"\\.", "", text)).open, [])
            inside = text[text.index("<pre>") : text.index("</pre>")]
            self.assertNotIn("\n\n", inside)
            self.assertTrue(inside.endswith("the end"))
            self.assertNotIn("\x00", text)
            ElementTree.parse(Path(scratch) / "junit.xml")


class Interrupted(Reader):
    @contextlib.contextmanager
    def started(self, command: list[str], **more: str) -> Iterator[subprocess.Popen[str]]:
        """The command, once something in it sleeps."""
        child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=self.environment(**self.github, **more),
        )
        try:
            deadline = time.monotonic() + STARTED_S
            while not (self.root / "sleeping").exists() and time.monotonic() < deadline:
                self.assertIsNone(child.poll())
                time.sleep(0.02)
            yield child
        finally:
            child.kill()
            child.communicate()

    def interrupt(self, child: subprocess.Popen[str], *numbers: signal.Signals) -> None:
        for number in numbers:
            child.send_signal(number)
        out, err = child.communicate(timeout=STARTED_S)
        done = subprocess.CompletedProcess([], child.returncode, out, err)
        self.check(done, outcome.INTERRUPTED, "Interrupted: what was measured is in ")
        self.check_folder(outcome.INTERRUPTED, "Interrupted")
        sleeper = int((self.root / "sleeping").read_text())
        self.assertFalse(Path(f"/proc/{sleeper}").exists())

    def test_while_costs_are_measured(self) -> None:
        with self.started(self.command({}, {"sleep_s": 60.0})) as child:
            self.interrupt(child, signal.SIGTERM)
        whole = json.loads((self.folder() / "job.json").read_text())
        self.assertIn("was cut short", whole["notes"][-1])

    def test_while_rounds_are_measured(self) -> None:
        with self.started(self.command({}, {"sleep_run_s": 60.0})) as child:
            self.interrupt(child, signal.SIGINT)
        self.assertIn("syscalls.total", (self.folder() / "samples.jsonl").read_text())
        self.assertFalse((self.folder() / "latest").is_symlink())

    def test_once_more_while_it_cleans_up(self) -> None:
        with self.started(self.command({}, {"sleep_s": 60.0})) as child:
            self.interrupt(child, signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Cut(unittest.TestCase):
    @contextlib.contextmanager
    def watched(self, hangup: signal.Handlers = signal.SIG_DFL) -> Iterator[None]:
        """As in a command that was started with this answer to SIGHUP."""
        before = {number: signal.getsignal(number) for number in interrupts.SIGNALS}
        try:
            signal.signal(signal.SIGHUP, hangup)
            interrupts.watch()
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def test_a_disk_that_fills_up_is_one_sentence_with_the_folder(self) -> None:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "samples.jsonl")
        with tempfile.TemporaryDirectory() as scratch:
            here = Path(scratch)
            plan = job.Plan(here, here, "", arms=build.Arms(here, here, None, here, "base"))
            with mock.patch.object(job, "_run", side_effect=full):
                with self.assertRaises(GateError) as caught:
                    job.run(plan)
        self.assertEqual(caught.exception.sentence, "samples.jsonl: No space left on device")
        folder = caught.exception.folder
        self.assertEqual(folder and folder.parent, Path(scratch))

    def test_an_interruption_while_a_process_starts_ends_that_process(self) -> None:
        begun = []
        real = subprocess.Popen

        def start(*words: object, **more: object) -> subprocess.Popen[bytes]:
            begun.append(real(*words, **more))
            os.kill(os.getpid(), signal.SIGTERM)
            return begun[0]

        with self.watched(), mock.patch.object(subprocess, "Popen", start):
            with self.assertRaises(KeyboardInterrupt):
                children.run([sys.executable, "-c", "import time; time.sleep(60)"], 60.0)
        self.assertIsNotNone(begun[0].poll())

    def test_under_nohup_a_closed_terminal_ends_nothing(self) -> None:
        with self.watched(signal.SIG_IGN):
            self.assertEqual(signal.getsignal(signal.SIGHUP), signal.SIG_IGN)
            self.assertEqual(signal.getsignal(signal.SIGTERM), interrupts.interrupt)


if __name__ == "__main__":
    unittest.main()
