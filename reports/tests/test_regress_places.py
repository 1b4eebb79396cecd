# SPDX-License-Identifier: MIT
"""The gate wherever it is called: in whatever state a clone is, whatever it is called, from a hook,
without a home. Programs pretend, as in test_regress_build."""

from __future__ import annotations

import os
import shutil
import subprocess
import unittest
from pathlib import Path

import test_regress_build
from tailrace_regress import build, children, job, outcome
from tailrace_regress.outcome import GateError

HOOK = """#!/bin/sh
cd "$(git rev-parse --show-toplevel)" && env >"$CALLS.hook" &&
PYTHONPATH='%s' python3 -B -c "
from pathlib import Path
from tailrace_regress import build
build.build(Path('.').resolve(), 'first', 'release', ['local'])"
"""


class Places(test_regress_build.Repository):
    def move(self, place: Path) -> None:
        """The repository is there now."""
        place.parent.mkdir(parents=True, exist_ok=True)
        self.root = self.root.rename(place)

    def check(self, root: Path, base: str = "first") -> None:
        """Both arms come out of this tree, and nothing is left behind."""
        (root / "scripts/cmake").mkdir(parents=True, exist_ok=True)
        (root / "scripts/cmake/regress.cmake").write_text("")
        (root / "main.cpp").write_text("the head")
        arms = build.build(root, base, "release", ["local"])
        program = "tailrace-target-local"
        self.assertEqual((arms.base / program).read_text(), "first")
        self.assertEqual((arms.head / program).read_text(), "the head")
        self.assertEqual(list((root / "build/regress").glob("tree-*")), [])

    def test_a_path_with_spaces_quotes_and_other_letters(self) -> None:
        self.move(self.root.parent / "it's Läufer $x %d" / "日本 (1)")
        self.check(self.root)

    def test_a_linked_worktree(self) -> None:
        linked = self.root.parent / "linked"
        self.git("worktree", "add", "-q", str(linked))
        self.check(linked)
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 2)

    def test_a_detached_head(self) -> None:
        self.git("checkout", "-q", "--detach")
        self.check(self.root)
        commit = self.git("rev-parse", "--short=12", "HEAD")
        self.assertEqual(job.head_of(self.root), commit + job.CHANGED)

    def test_a_tree_that_differs_from_its_commit_says_so(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "whole")
        self.assertFalse(job.head_of(self.root).endswith(job.CHANGED))
        (self.root / "new.cpp").write_text("built all the same")
        self.assertTrue(job.head_of(self.root).endswith(job.CHANGED))
        (self.root / "new.cpp").unlink()
        (self.root / "main.cpp").write_text("changed")
        self.assertTrue(job.head_of(self.root).endswith(job.CHANGED))

    def test_a_shallow_clone_has_what_it_has_and_names_the_remedy(self) -> None:
        before = self.git("rev-parse", "HEAD")
        self.commit("second", {"main.cpp": "first"})
        shallow = self.root.parent / "shallow"
        self.git("clone", "-q", "--depth", "1", f"file://{self.root}", str(shallow))
        self.check(shallow, "HEAD")
        with self.assertRaises(GateError) as caught:
            build.build(shallow, before, "release", ["local"])
        self.assertEqual(caught.exception.code, outcome.USAGE)
        self.assertIn("in a shallow clone, fetch it first", caught.exception.sentence)

    def test_without_a_home_or_with_one_that_cannot_be_written(self) -> None:
        for home in ("/sys", "/proc/nowhere", ""):  # root may not write there either
            os.environ["HOME"] = home
            shutil.rmtree(self.root / "build", ignore_errors=True)
            self.check(self.root)
        del os.environ["HOME"]
        self.check(self.root)

    def test_as_a_hook_it_leaves_the_commit_that_is_made_as_it_is(self) -> None:
        hook = self.root / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(HOOK % Path(build.__file__).parents[1])
        hook.chmod(0o755)
        (self.root / "main.cpp").write_text("in the commit")
        self.git("commit", "-q", "-a", "-m", "by a hook")
        self.assertIn("GIT_INDEX_FILE=", Path(f"{self.calls}.hook").read_text())
        self.assertEqual(self.git("show", "HEAD:main.cpp"), "in the commit")
        self.assertEqual(self.git("status", "--short", "-uno"), "")
        self.assertEqual((self.root / "build/regress/head/bin/tailrace-target-local").read_text(),
                         "in the commit")

    def test_as_another_user(self) -> None:
        if os.geteuid() != 0:
            self.skipTest("only root can give a repository to somebody else")
        for path in (self.root, self.root / ".git"):
            os.chown(path, 12345, 12345)
        with self.assertRaises(GateError) as caught:
            build.resolve(self.root, "first")
        self.assertIn("git config --global --add safe.directory", caught.exception.sentence)
        remedy = ["git", "config", "--global", "--add", "safe.directory", str(self.root)]
        subprocess.run(remedy, check=True)
        children._of_a_hook.cache_clear()
        self.check(self.root)


if __name__ == "__main__":
    unittest.main()
