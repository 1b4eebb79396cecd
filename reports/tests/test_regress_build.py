# SPDX-License-Identifier: MIT
"""Building the arms, in a small repository, with programs that pretend to be cmake and ninja."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from tailrace_regress import build, outcome, relink
from tailrace_regress.outcome import GateError

# Configures where the tree has no file `broken`; "builds" an executable that holds the tree's
# source, unless that says `does not compile`; sleeps before where the tree has a file `slow`.
CMAKE = """#!/bin/sh
echo "$@" >>"$CALLS"
case "$1" in
  --preset) mkdir -p "$6/bin"; echo "$4" >"$6/source"; [ ! -e "$4/broken" ] || {
    echo 'CMake Error: there is no such preset' >&2; exit 1; } ;;
  --build)
    tree=$(cat "$2/source")
    case "$*" in
      *help*) for one in $(cat "$tree/targets"); do echo "tailrace-target-$one: phony"; done
         for one in $(cat "$tree/micros"); do echo "tailrace-micro-$one: phony"; done ;;
      *) [ -e "$tree/slow" ] && {
           echo $$ >"$CALLS.part"; mv "$CALLS.part" "$CALLS.slow"; sleep 60; }
         grep -q 'does not compile' "$tree/main.cpp" && { echo "main.cpp:1: error: no" ; exit 1; }
         for word; do case $word in tailrace*) cp "$tree/main.cpp" "$2/bin/$word" ;; esac; done ;;
    esac ;;
esac
exit 0
"""
NINJA = """#!/bin/sh
echo "[1/1] nothing"
echo ": && $BIN/ld -O2 a.o b.o -o bin/x libone.a && :"
"""
LD = """#!/bin/sh
echo "$@" >>"$CALLS.ld"
while [ "$1" != -o ]; do shift; done
echo relinked >"$2"
"""
# Runs the command line on another repository than its own.
ELSEWHERE = (
    "import sys; from pathlib import Path; from tailrace_regress import cli;"
    " cli.ROOT = Path(sys.argv[1]); sys.exit(cli.main(sys.argv[2:]))"
)
STARTED_S = 120.0  # what a starved machine may take
GXX = "#!/bin/sh\necho pretended compiler\n"


class Repository(unittest.TestCase):
    """A small one, with a first commit, and programs that pretend."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name) / "repo"
        programs = Path(scratch.name) / "bin"
        programs.mkdir()
        for name, text in (("cmake", CMAKE), ("ninja", NINJA), ("ld", LD), ("g++", GXX)):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.calls = Path(scratch.name) / "calls"
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            del os.environ[name]
        os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
        os.environ |= {"CALLS": str(self.calls), "BIN": str(programs), "HOME": str(self.root)}
        self.root.mkdir()
        self.git("init", "-q", "-b", "main")
        self.commit("first", {"main.cpp": "first", "targets": "local steal", "micros": ""})
        (self.root / "scripts/cmake").mkdir(parents=True)
        (self.root / "scripts/cmake/regress.cmake").write_text("")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(
            ["git", *who, *words], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, tag: str, files: dict[str, str], schema: str = "tailrace-results-1") -> None:
        (self.root / "results").mkdir(exist_ok=True)
        (self.root / "results/schema.json").write_text(json.dumps({"$id": schema}))
        (self.root / ".gitignore").write_text("build/\n")
        for name, text in files.items():
            (self.root / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", tag)
        self.git("tag", tag)

    def trees(self) -> list[str]:
        return [path.name for path in (self.root / "build/regress").glob("tree-*")]


class Builds(Repository):
    def refused(self, ref: str) -> GateError:
        with self.assertRaises(GateError) as caught:
            build.build(self.root, ref, "release", ["local", "steal"])
        return caught.exception

    def test_two_jobs_that_make_the_same_base_share_it(self) -> None:
        made = [self.root / name for name in ("mine", "kept")]
        for folder in made:
            (folder / "bin").mkdir(parents=True)
        (made[1] / build.KEPT).write_text("{}")
        build._keep(*made)
        self.assertTrue((made[1] / build.KEPT).exists())
        (made[1] / build.KEPT).unlink()  # whatever that is, no job has made it
        (made[1] / "file").write_text("")
        with self.assertRaises(GateError) as caught:
            build._keep(*made)
        self.assertIn("kept cannot be written", caught.exception.sentence)

    def test_both_arms_are_built_and_the_worktree_is_gone(self) -> None:
        (self.root / "main.cpp").write_text("changed, not committed")
        arms = build.build(self.root, "first", "release", ["local", "steal"])
        program = "tailrace-target-local"
        self.assertEqual((arms.base / program).read_text(), "first")
        self.assertEqual((arms.head / program).read_text(), "changed, not committed")
        assert arms.relinked is not None
        self.assertEqual((arms.relinked / program).read_text(), "relinked\n")
        self.assertTrue(arms.tailrace.exists())
        self.assertEqual(self.trees(), [])
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)

    def test_micro_benchmarks_are_built_where_a_tree_has_them(self) -> None:
        self.commit("second", {"main.cpp": "second", "micros": "local other"})
        old = build.build(self.root, "first", "release", ["local", "steal"])
        new = build.build(self.root, "second", "release", ["local", "steal"])
        for folder, there in ((old.base, []), (new.base, ["local"]), (new.head, ["local"])):
            names = sorted(path.name for path in folder.glob("tailrace-micro-*"))
            self.assertEqual(names, [f"tailrace-micro-{name}" for name in there])
        self.assertEqual((new.base / "tailrace-micro-local").read_text(), "second")
        self.assertEqual([*old.notes, *new.notes], [])

    def test_a_base_is_built_once(self) -> None:
        build.build(self.root, "first", "release", ["local"])
        before = len(self.calls.read_text().splitlines())
        build.build(self.root, "main", "release", ["local"])  # the same commit
        again = len(self.calls.read_text().splitlines()) - before
        self.assertEqual(again, 3)  # configure, help and build of the head
        build.build(self.root, "first", "release", ["local", "steal"])
        more = len(self.calls.read_text().splitlines()) - before - again
        self.assertEqual(more, 6)

    def test_both_arms_get_the_same_flags(self) -> None:
        build.build(self.root, "first", "gcc", ["local"])
        lines = [line.split() for line in self.calls.read_text().splitlines() if "--preset" in line]
        head, base = ([w for w in words if w.startswith("-D")] for words in lines)
        self.assertEqual(head, base)
        self.assertEqual([words[1] for words in lines], ["gcc", "gcc"])

    def test_without_targets_those_that_are_ours(self) -> None:
        said = '{"protocol": 2, "family": "\'$family\'", "order": \'$order\'}'
        (self.root / "main.cpp").write_text(
            "#!/bin/sh\ncase $0 in *local) family=in-house order=2 ;; *new) family=in-house order=1"
            f" ;; *) family=os order=0 ;; esac\necho '{said}'\n"
        )
        (self.root / "main.cpp").chmod(0o755)
        (self.root / "targets").write_text("local steal new")
        self.commit("ours", {})
        arms = build.build(self.root, "ours", "release", [])
        self.assertEqual(build.in_house(arms.head), ["new", "local"])
        there = sorted(path.name for path in arms.base.glob("tailrace-target-*"))
        self.assertEqual(there, ["tailrace-target-local", "tailrace-target-new"])

    def test_a_hook_leaves_the_commit_that_is_made_alone(self) -> None:
        (self.root / "main.cpp").write_text("changed")
        self.git("add", "main.cpp")
        os.environ |= {"GIT_INDEX_FILE": str(self.root / ".git/index"), "GIT_PREFIX": ""}
        build.build(self.root, "first", "release", ["local"])
        self.assertEqual(self.git("diff", "--cached", "--name-only"), "main.cpp")
        self.assertEqual(self.trees(), [])

    def test_a_repository_of_somebody_else_is_named_by_git_itself(self) -> None:
        os.environ["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1"
        error = self.refused("first")
        self.assertEqual(error.code, outcome.USAGE)
        self.assertIn("dubious ownership", error.sentence)
        self.assertIn("; git config --global --add safe.directory", error.sentence)

    def test_a_tarball_is_told_apart_from_an_unknown_ref(self) -> None:
        (self.root / ".git").rename(self.root / "elsewhere")
        error = self.refused("first")
        self.assertEqual(error.code, outcome.USAGE)
        self.assertIn("not a git repository", error.sentence)
        self.assertIn("use a clone, not a tarball", error.sentence)

    def test_an_unknown_ref_is_bad_usage(self) -> None:
        for ref in ("nosuch", "", "--upload-pack=x", "first:main.cpp"):
            self.assertEqual(self.refused(ref).code, outcome.USAGE)
        self.assertIn("BASE=nosuch names no commit", self.refused("nosuch").sentence)

    def test_a_base_that_does_not_build_says_so_with_the_log(self) -> None:
        self.commit("bad", {"main.cpp": "does not compile"})
        (self.root / "main.cpp").write_text("good")
        error = self.refused("bad")
        self.assertEqual(error.code, outcome.NOTHING)
        self.assertIn("the base cannot be built (preset release)", error.sentence)
        self.assertIn("main.cpp:1: error: no", error.detail)
        self.assertEqual(self.trees(), [])
        self.assertEqual(list((self.root / "build/regress").glob("base-*")), [])

    def test_a_head_that_does_not_build_says_so(self) -> None:
        (self.root / "main.cpp").write_text("does not compile")
        self.assertIn("the head cannot be built", self.refused("first").sentence)

    def test_a_base_that_cannot_be_configured(self) -> None:
        self.commit("bad", {"broken": ""})
        (self.root / "broken").unlink()
        error = self.refused("bad")
        self.assertIn("the base cannot be configured", error.sentence)
        self.assertIn("no such preset", error.detail)

    def test_another_schema_is_refused_before_anything_is_built(self) -> None:
        self.commit("newer", {}, schema="tailrace-results-2")
        error = self.refused("first")
        self.assertEqual(error.code, outcome.NOTHING)
        self.assertIn("schema tailrace-results-1, this tree of tailrace-results-2", error.sentence)
        self.assertFalse(self.calls.exists())

    def test_a_base_without_any_schema(self) -> None:
        self.git("rm", "-q", "results/schema.json")
        self.git("commit", "-q", "-m", "none")
        self.commit("later", {})
        self.assertIn("has no results/schema.json", self.refused("later~1").sentence)

    def test_a_target_that_the_base_lacks_is_left_out_with_a_note(self) -> None:
        (self.root / "targets").write_text("local steal new")
        arms = build.build(self.root, "first", "release", ["local", "new"])
        self.assertEqual(arms.notes, ("the base has no target new",))
        self.assertFalse((arms.base / "tailrace-target-new").exists())
        with self.assertRaises(GateError):
            build.build(self.root, "first", "release", ["nowhere"])


    def test_interrupted_it_leaves_neither_worktree_nor_process(self) -> None:
        self.commit("slow", {"slow": ""})
        (self.root / "slow").unlink()
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                self.interrupted(number)

    def interrupted(self, number: signal.Signals) -> None:
        sleeping = self.calls.with_name("calls.slow")
        sleeping.unlink(missing_ok=True)
        words = [str(self.root), "run", "--base", "slow", "--targets", "local"]
        child = subprocess.Popen(
            [sys.executable, "-c", ELSEWHERE, *words],
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(Path(build.__file__).parents[1])},
        )
        try:
            deadline = time.monotonic() + STARTED_S
            while not sleeping.exists() and time.monotonic() < deadline:
                self.assertIsNone(child.poll())
                time.sleep(0.02)
            self.assertEqual(len(self.git("worktree", "list").splitlines()), 2)
            child.send_signal(number)
            _, said = child.communicate(timeout=STARTED_S)
        finally:
            child.kill()
            child.communicate()
        self.assertEqual(child.returncode, outcome.INTERRUPTED, said)
        self.assertRegex(said, r"(?m)^regress: Interrupted: what was measured is in .*\.$")
        self.assertNotIn("Traceback", said)
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)
        self.assertEqual(self.trees(), [])
        self.assertFalse(Path(f"/proc/{sleeping.read_text().strip()}").exists())

    def test_a_worktree_that_is_locked_goes_too(self) -> None:
        (self.root / "build/regress").mkdir(parents=True)
        with build._worktree(self.root, self.git("rev-parse", "first")) as tree:
            self.git("worktree", "lock", str(tree))
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)


class Relinking(unittest.TestCase):
    def test_objects_turn_round_and_padding_comes_first(self) -> None:
        line = ": && /usr/bin/g++ -O2 x/a.o x/b.o x/c.o -o bin/t  libone.a libtwo.a -lz && :"
        words = relink.turned(line, "pad.s", "out/t")
        self.assertEqual(
            words,
            "/usr/bin/g++ -O2 pad.s x/c.o x/b.o x/a.o -o out/t -Wl,--start-group libtwo.a libone.a"
            " -Wl,--end-group -lz".split(),
        )

    def test_what_is_no_link_command_is_refused(self) -> None:
        for line in ("", "ar qc libx.a a.o", "g++ -o x liba.a"):
            with self.assertRaises(ValueError):
                relink.turned(line, "pad.s", "out")


if __name__ == "__main__":
    unittest.main()
