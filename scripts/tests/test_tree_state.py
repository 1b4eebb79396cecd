# SPDX-License-Identifier: MIT
"""scripts/tree-state: what a build says of the tree that it is made of."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent


class TreeState(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        (self.root / "scripts").mkdir()
        for name in ("tree-state", "git-here", "usage"):
            shutil.copy(SCRIPTS / name, self.root / "scripts" / name)
        self.file = self.root / "build/bin/tree.json"

    def git(self, *words):
        settings = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        done = subprocess.run([SCRIPTS / "git-here", *settings, *words], cwd=self.root, check=True,
                              capture_output=True, text=True)
        return done.stdout.strip()

    def begin(self):
        self.git("init", "-q")
        (self.root / ".gitignore").write_text("build/\n")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "first")
        return self.git("rev-parse", "HEAD")

    def state(self):
        subprocess.run([self.root / "scripts/tree-state", self.file], check=True, cwd="/")
        return json.loads(self.file.read_text())

    def test_commit_and_whether_the_tree_differs(self):
        commit = self.begin()
        self.assertEqual(self.state(), {"commit": commit, "dirty": False})
        (self.root / "new").touch()
        self.assertEqual(self.state(), {"commit": commit, "dirty": True})
        self.git("add", ".")
        self.git("commit", "-q", "-m", "second")
        self.assertEqual(self.state(), {"commit": self.git("rev-parse", "HEAD"), "dirty": False})

    def test_it_is_written_only_where_something_changed(self):
        self.begin()
        self.state()
        os.utime(self.file, ns=(1, 1))
        self.state()
        self.assertEqual(self.file.stat().st_mtime_ns, 1)

    def test_without_a_repository_there_is_a_cause(self):
        told = self.state()
        self.assertIsNone(told["commit"])
        self.assertIn("repository", told["commit_cause"])

    def test_without_a_file_it_is_refused(self):
        done = subprocess.run([self.root / "scripts/tree-state"], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("into which file?", done.stderr)


if __name__ == "__main__":
    unittest.main()
