# SPDX-License-Identifier: MIT
"""Executables of somebody else as arms: whatever they are called and wherever they lie."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

import fake_gate
from tailrace_regress import links
from tailrace_regress.build import PREFIX

ROOT = Path(__file__).resolve().parents[2]


class Gate(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)

    def target(self, place: str, **behaviour: Any) -> Path:
        """An executable at this place below the scratch folder."""
        folder = self.root / "built"
        (program,) = fake_gate.make_arm(folder, {"x": behaviour}).iterdir()
        (self.root / place).parent.mkdir(parents=True, exist_ok=True)
        moved = program.rename(self.root / place)
        folder.rmdir()
        return moved

    def regress(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(ROOT / "scripts" / "regress"), *map(str, words)],
            capture_output=True,
            encoding="utf-8",
            check=False,
            env={k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")},
        )
        self.assertNotIn("Traceback", done.stderr)
        return done

    def gate(
        self, base: Path, head: Path, *words: str | Path
    ) -> subprocess.CompletedProcess[str]:
        tailrace = fake_gate.make_harness(self.root / "harness")
        arms = ("--base-target", base, "--head-target", head, "--tailrace", tailrace)
        sizes = ("--looks", "8", "--seed", "7", "--counts", "6", "--results", self.root / "results")
        return self.regress(*arms, *sizes, *words)

    def folder(self) -> Path:
        return next((self.root / "results").iterdir())

    def test_two_alike_anywhere_on_the_disk(self) -> None:
        base = self.target("before it's $x/mein Läufer")
        head = self.target('after "it"/mein Läufer; exit 7')
        done = self.gate(base, head)
        self.assertEqual(done.returncode, 0, done.stderr)
        whole = json.loads((self.folder() / "regress.json").read_text())
        self.assertEqual({one["target"] for one in whole["findings"]}, {"x"})
        self.assertEqual((whole["base"], whole["head"]), (str(base), str(head)))
        self.assertIn("--base-target", whole["command"])
        self.assertIn("mein Läufer", (self.folder() / "summary.md").read_text())
        left = {path.name for path in self.folder().iterdir() if path.is_dir()}
        self.assertEqual(left, {"campaign"})

    def test_a_slower_one_is_named_and_so_is_its_additional_call(self) -> None:
        slower = {"cpu_us_per_op": 11.0, "rate": 85000.0, "syscalls.epoll_ctl": 1.0}
        done = self.gate(self.target("old"), self.target("new", **slower))
        self.assertEqual(done.returncode, 3, done.stderr)
        text = (self.folder() / "regress.json").read_text()
        worse = [one for one in json.loads(text)["findings"] if one["verdict"] == "regression"]
        names = {one["metric"] for one in worse}
        self.assertLessEqual({"cpu_us_per_op", "rate", "syscalls.total"}, names)

    def test_nothing_is_counted_of_one_that_has_no_echo(self) -> None:
        one, other = (self.target(name, workloads=["timer"]) for name in ("one", "other"))
        done = self.gate(one, other)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("cost of x", done.stderr)
        self.assertIn("x has no workload echo", (self.folder() / "summary.md").read_text())

    def test_a_script_finds_what_lies_beside_it(self) -> None:
        self.target("old/program")
        for name in ("base", "head"):
            script = self.root / "old" / name
            script.write_text('#!/bin/sh\nexec "$(dirname "$0")/program" "$@"\n')
            script.chmod(0o755)
        # The pretended harness reads the behaviour out of what is started.
        place = links.make(self.root / "links", {"x": self.root / "old" / "base"})
        told = subprocess.run([place / f"{PREFIX}x", "describe"], capture_output=True, check=True)
        self.assertEqual(json.loads(told.stdout)["id"], "x")

    def test_a_binary_is_linked_to(self) -> None:
        place = links.make(self.root / "links", {"x": Path("/bin/true")}) / f"{PREFIX}x"
        self.assertTrue(place.is_symlink())
        subprocess.run([place], check=True)

    def refused(self, code: int, text: str, *words: str | Path) -> None:
        done = self.regress(*words, "--results", self.root / "results")
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(text, done.stderr)
        self.assertEqual(done.stderr.count(".\n"), 1, done.stderr)

    def test_what_is_refused_before_anything_is_measured(self) -> None:
        one = self.target("one")
        other = self.target("other", id="y")
        plain = self.root / "plain"
        plain.write_text("")
        both = ("--base-target", one, "--head-target")
        self.refused(1, "belong together", "--base-target", one)
        self.refused(1, "plain is no file that can be executed", *both, plain)
        self.refused(1, "nowhere is no file that can be executed", *both, self.root / "nowhere")
        self.refused(1, "no --base, --base-bin, --targets", *both, one, "--base", "main")
        self.assertFalse((self.root / "results").exists())
        tailrace = fake_gate.make_harness(self.root / "harness")
        harness = "--tailrace", tailrace
        self.refused(2, "the base calls itself x and the head y", *both, other, *harness)
        for name in ("a,b", "-v", "x" * 65, "a/b"):
            strange = self.target("strange", id=name)
            words = "--base-target", strange, "--head-target", strange, *harness
            self.refused(2, "without an `id` of at most 64", *words)
        deaf = self.root / "deaf"
        deaf.write_text("#!/bin/sh\necho what >&2\nexit 1\n")
        deaf.chmod(0o755)
        self.refused(2, "deaf (head) does not describe itself: what", *both, deaf)


if __name__ == "__main__":
    unittest.main()
