# SPDX-License-Identifier: MIT
"""That a runtime and a peer are added by what runtimes/README.md says, and by nothing else: copies
a skeleton to a new id, in a copy of the tree, builds and checks it, measures one cell and finds it
in the report. Standard library only. Usage: copied_skeleton_test.py SOURCE BIN COMPILER, where BIN
has `tailrace` and `tailrace-conform`."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BIN, COMPILER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
PROFILE = """blocks = 1
contestants = ["newcomer"]
[[point]]
kind = "closed"
connections = 10
message_bytes = 64
warmup_s = 0.1
duration_s = 0.3
"""


class CopiedSkeletonTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-skeleton-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_it(self, *words, **more):
        """Its output; it has to succeed."""
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              timeout=280, check=False, **more)
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def measure(self, target):
        """Conforms, runs one cell, and is in the report."""
        self.run_it(BIN / "tailrace-conform", target, "--timeout-s", "150")
        (self.folder / "one.toml").write_text(PROFILE, encoding="utf-8")
        self.run_it(BIN / "tailrace", "run", "--profile", self.folder / "one.toml", "--targets",
                    target.parent, "--results", self.folder / "results", "--name", "one")
        campaign = self.folder / "results" / "one"
        cells = (campaign / "cells.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(cells), 1)
        cell = json.loads(cells[0])
        # A machine with other work may spoil the numbers, no more.
        self.assertNotIn(cell["status"], ("failed", "skipped"), cell["cause"])
        self.run_it("sh", "-c", '"$@"; code=$?; [ $code = 3 ] || exit $code', "sh",
                    SOURCE / "scripts" / "report", campaign, "--out", self.folder / "report")
        summary = (self.folder / "report" / "summary.md").read_text(encoding="utf-8")
        self.assertIn("newcomer", summary)

    def test_a_runtime_is_a_folder_and_a_line(self):
        if not (SOURCE / ".git").exists():
            self.skipTest("which files are of the tree is only known where git has it")
        tree = self.folder / "tree"
        listed = self.run_it(SOURCE / "scripts/git-here", "ls-files", "-z", cwd=SOURCE)
        for name in listed.split("\0")[:-1]:
            if (SOURCE / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(SOURCE / name, tree / name)
        # What the README says.
        made = tree / "runtimes" / "newcomer"
        shutil.copytree(tree / "runtimes" / "skeleton", made)
        for path in made.iterdir():
            text = path.read_text(encoding="utf-8")
            text = text.replace("skeleton", "newcomer").replace(".order = 950", ".order = 45")
            path.write_text(text, encoding="utf-8")
        with open(tree / "runtimes" / "CMakeLists.txt", "a", encoding="utf-8") as file:
            file.write("add_subdirectory(newcomer)\n")
        # Nothing else.
        build = self.folder / "build"
        self.run_it("cmake", "-S", tree, "-B", build, "-G", "Ninja", "-DTAILRACE_PEERS=OFF",
                    f"-DCMAKE_CXX_COMPILER={COMPILER}", "-DCMAKE_CXX_FLAGS=-O0")
        self.run_it("cmake", "--build", build, "--target", "tailrace-target-newcomer")
        tests = self.run_it("ctest", "--test-dir", build, "-N")
        for test in ("conform-newcomer", "conformance_newcomer_test"):
            self.assertIn(test, tests)
        alone = self.folder / "targets"
        alone.mkdir()
        target = shutil.copy2(build / "bin" / "tailrace-target-newcomer", alone)
        self.assertEqual(json.loads(self.run_it(target, "describe"))["order"], 45)
        self.measure(pathlib.Path(target))

    def test_a_peer_is_one_file(self):
        alone = self.folder / "targets"
        alone.mkdir()
        target = alone / "tailrace-target-newcomer"
        shutil.copy2(SOURCE / "runtimes" / "skeleton" / "peer.py", target)
        self.measure(target)


unittest.main(argv=sys.argv[:1])
