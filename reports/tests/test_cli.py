# SPDX-License-Identifier: MIT
"""The commands as a user meets them: exit codes, one-sentence refusals, and no matplotlib."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import make_campaign
from reading import rewritten

ROOT = Path(__file__).resolve().parents[2]
NO_MATPLOTLIB = 'raise ImportError("blocked by the test")\n'


class Commands(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.folder = make_campaign.write_campaign(self.scratch / "c", blocks=1, scale=1)
        # Few figures: what is tested here is what surrounds them.
        rewritten(self.folder, lambda cell: cell["point"]["id"] == "closed-50x64")

    def run_report(self, *words: str, path: str = "") -> subprocess.CompletedProcess[str]:
        """`python -m tailrace_report`, with `path` before everything on the module path."""
        places = [path, str(ROOT / "reports")] if path else [str(ROOT / "reports")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "LC_ALL": "C"}
        return subprocess.run(
            [sys.executable, "-m", "tailrace_report", *words],
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def run_script(
        self, name: str, *words: str, cwd: str | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "TAILRACE_PYTHON"}
        return subprocess.run(
            [str(ROOT / "scripts" / name), *words],
            cwd=cwd,
            env={**environment, **more},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def test_a_report_is_written_where_asked_and_the_table_printed(self) -> None:
        out = self.scratch / "deep" / "out"
        done = self.run_report("report", str(self.folder), "--out", str(out))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("bare-epoll", done.stdout)
        self.assertTrue((out / "index.html").is_file())
        self.assertTrue((out / "summary.md").is_file())
        self.assertFalse((self.folder / "report").exists())
        self.assertEqual([p.name for p in out.iterdir() if p.name.startswith(".")], [])

    def test_bad_usage_is_two(self) -> None:
        usages: list[list[str]] = [[], ["frobnicate"], ["report"], ["report", "a", "--nope"]]
        for words in usages:
            self.assertEqual(self.run_report(*words).returncode, 2)

    def test_a_bad_campaign_is_two_sentences_and_no_traceback(self) -> None:
        (self.folder / "manifest.json").write_text('{"schema": 1}')
        done = self.run_report("report", str(self.folder))
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("manifest.json", done.stderr)
        self.assertIn("tailrace 0.1.0 reads it", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(self.run_report("report", str(self.scratch / "none")).returncode, 2)

    def test_an_output_that_cannot_be_written_is_one(self) -> None:
        (self.scratch / "file").write_text("")
        out = self.scratch / "file" / "report"
        done = self.run_report("report", str(self.folder), "--out", str(out))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be written", done.stderr)

    def test_without_matplotlib_the_texts_still_come(self) -> None:
        (self.scratch / "blocked").mkdir()
        (self.scratch / "blocked" / "matplotlib.py").write_text(NO_MATPLOTLIB)
        done = self.run_report("report", str(self.folder), path=str(self.scratch / "blocked"))
        self.assertEqual(done.returncode, 3)
        self.assertIn("bare-epoll", done.stdout)
        self.assertIn("matplotlib", done.stderr)
        page = (self.folder / "report" / "index.html").read_text("utf-8")
        self.assertIn("figures are missing", page)
        self.assertNotIn("<figure>", page)
        self.assertIn("<table>", page)
        self.assertTrue((self.folder / "report" / "summary.md").is_file())

    def test_what_lies_in_the_users_folder_and_settings_changes_nothing(self) -> None:
        pages = []
        for folder, backend in (("clean", ""), ("littered", "nonsense")):
            here = self.scratch / folder
            here.mkdir()
            if backend:
                (here / "numpy.py").write_text("raise ValueError('the wrong one')\n")
                (here / "matplotlibrc").write_text("text.usetex: True\naxes.grid: True\n")
            out = here / "out"
            words = (str(self.folder), "--out", str(out))
            done = self.run_script("report", *words, cwd=str(here), MPLBACKEND=backend)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            pages.append((out / "index.html").read_bytes())
        self.assertEqual(pages[0], pages[1])

    def test_without_numpy_what_was_measured_often_enough_to_compare_is_refused(self) -> None:
        (self.scratch / "blocked").mkdir()
        (self.scratch / "blocked" / "numpy.py").write_text(NO_MATPLOTLIB)
        done = self.run_report("report", str(self.folder), path=str(self.scratch / "blocked"))
        self.assertEqual(done.returncode, 3)  # one block: nothing to compare, and no figures
        folder = make_campaign.write_campaign(self.scratch / "d", blocks=6, scale=1)
        rewritten(folder, lambda cell: cell["point"]["id"] == "closed-50x64")
        done = self.run_report("report", str(folder), path=str(self.scratch / "blocked"))
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))
        self.assertIn("cannot import numpy", done.stderr)
        self.assertFalse((folder / "report").exists())

    def test_a_campaign_that_measured_nothing_is_four(self) -> None:
        (self.folder / "cells.jsonl").write_text("")
        done = self.run_report("report", str(self.folder))
        self.assertEqual((done.returncode, done.stderr.count("\n")), (4, 1))
        self.assertIn("no cell", done.stderr)
        self.assertTrue((self.folder / "report" / "index.html").is_file())

    def test_trends_are_written_where_asked(self) -> None:
        out = self.scratch / "trends"
        words = ["history", str(self.scratch), "--out", str(out)]
        done = self.run_report(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Trends: ", done.stdout)
        for name in ("index.html", "summary.md", "trend-1-rate.png"):
            self.assertTrue((out / name).is_file(), name)
        (self.scratch / "file").write_text("")
        done = self.run_report("history", str(self.folder), "--out", str(self.scratch / "file/x"))
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1))
        (self.scratch / "blocked").mkdir()
        (self.scratch / "blocked" / "matplotlib.py").write_text(NO_MATPLOTLIB)
        done = self.run_report(*words, path=str(self.scratch / "blocked"))
        self.assertEqual((done.returncode, done.stderr.count("\n")), (3, 1))
        self.assertIn("figures are missing", (out / "index.html").read_text("utf-8"))

    def test_find_python_prints_an_interpreter_that_has_matplotlib(self) -> None:
        done = self.run_script("find-python")
        self.assertEqual(done.returncode, 0, done.stderr)
        probe = [done.stdout.strip(), "-c", "import matplotlib"]
        self.assertEqual(subprocess.run(probe, check=False).returncode, 0)

    def test_find_python_passes_over_one_without_matplotlib(self) -> None:
        decoy = self.scratch / "bin" / "python3"
        decoy.parent.mkdir()
        decoy.write_text("#!/bin/sh\nexit 1\n")
        decoy.chmod(0o755)
        path = f"{decoy.parent}{os.pathsep}{os.environ['PATH']}"
        done = self.run_script("find-python", PATH=path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(done.stdout.strip(), str(decoy))

    def test_find_python_says_so_when_there_is_none(self) -> None:
        done = self.run_script("find-python", TAILRACE_PYTHON="/nonexistent/python")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertEqual(self.run_script("find-python", "--what").returncode, 2)

    def test_the_script_draws_a_campaign(self) -> None:
        done = self.run_script("report", str(self.folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.folder / "report" / "rate.png").is_file())

    def test_the_script_has_the_other_commands_too(self) -> None:
        for words in (["history", str(self.folder)], ["compare", *[str(self.folder)] * 2]):
            done = self.run_script("report", *words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("local, closed-50x64: rate", done.stdout)


if __name__ == "__main__":
    unittest.main()
