# SPDX-License-Identifier: MIT
"""The build's look for toolchains, with ones that only pretend: what an environment makes them say
and do, and that a peer that cannot be built stops nothing."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(part VERSION 1.2.3 LANGUAGES NONE)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${{CMAKE_BINARY_DIR}}/bin)
set(TAILRACE_TESTS OFF)
function(tailrace_conform_without_io_uring)
endfunction()
function(tailrace_conform_refused)
endfunction()
function(tailrace_conform_form)
endfunction()
include({root}/scripts/cmake/peers.cmake)
add_subdirectory({folder} peer)
"""
JAVAC = """echo 'Picked up JAVA_TOOL_OPTIONS: -Xmx512m' >&2
case "$*" in --version) echo 'jdk 8 is the default of this wrapper'; echo 'javac 25.0.3' ;;
  *) echo 'error: no compiler today' >&2; exit 1 ;; esac"""
CARGO = """echo 'sync: 1 channel' >&2
case "$1" in
  --version) echo 'toolchain 9 chosen'; echo 'cargo 1.95.0 (abc 2026-01-01)' ;;
  fetch) [ -z "$REFUSES" ] || { echo 'error: could not create /nowhere: Permission denied' >&2
    exit 101; } ;;
  build) made=tailrace-target-tokio
    case "$*" in *--features*) made=$made-unstable ;; esac
    env >"$SEEN$made"; mkdir -p "$CARGO_TARGET_DIR/some-machine/release"
    echo x >"$CARGO_TARGET_DIR/some-machine/release/$made" ;;
esac"""
GO = """case "$1" in
  env) echo go1.99.8 ;;
  list) [ -z "$REFUSES" ] || { echo 'build cache is required, but HOME is not defined' >&2
    exit 1; } ;;
  build) env >"$SEEN"; for word; do [ "$last" != -o ] || echo x >"$word"; last=$word; done ;;
esac"""
MEDDLING = {"RUSTFLAGS": "-Cbogus", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0", "GOOS": "plan9",
            "CARGO_BUILD_TARGET": "some-machine", "GOARCH": "arm", "GOFLAGS": "-race",
            "GODEBUG": "x=1"}


@unittest.skipUnless(shutil.which("cmake") and shutil.which("ninja"), "no cmake and ninja here")
class peers(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        for name, body in (("javac", JAVAC), ("jar", "exit 0"), ("cargo", CARGO), ("go", GO)):
            path = self.folder / "jdk/bin" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            path.chmod(0o755)
        self.environment = {
            **os.environ, **MEDDLING, "JAVA_HOME": str(self.folder / "jdk"), "REFUSES": "",
            "PATH": f"{self.folder / 'jdk/bin'}:{os.environ['PATH']}",
            "SEEN": str(self.folder / "seen")}

    def build(self, language, folder=None):
        """What configuring says of it; the build itself must end well."""
        (self.folder / "CMakeLists.txt").write_text(
            PROJECT.format(root=ROOT, folder=folder or ROOT / "runtimes" / language), "utf-8")
        out = self.folder / "out"
        configured = self.run_it("cmake", "-G", "Ninja", "-S", self.folder, "-B", out)
        self.run_it("cmake", "--build", out)
        return [line for line in configured.splitlines() if line.startswith("-- tailrace: ")]

    def run_it(self, *command):
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True,
                             check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def note(self, program):
        return (self.folder / f"out/bin/tailrace-target-{program}.absent").read_text("utf-8")

    def seen(self, which=""):
        lines = (self.folder / f"seen{which}").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def test_java_has_the_version_that_javac_says_and_stops_nothing(self):
        self.assertEqual(self.build("java"), ["-- tailrace: java FOUND 25.0.3"])
        self.assertIn("does not build here: error: no compiler today", self.note("java-virtual"))

    def test_cargo_builds_what_we_ask_for(self):
        self.assertEqual(self.build("rust"), ["-- tailrace: cargo FOUND 1.95.0"])
        seen = self.seen("tailrace-target-tokio")
        self.assertEqual(seen["CARGO_ENCODED_RUSTFLAGS"], "")
        unstable = self.seen("tailrace-target-tokio-unstable")
        self.assertEqual(unstable["CARGO_ENCODED_RUSTFLAGS"], "--cfg\x1ftokio_unstable")
        self.assertEqual(unstable["CARGO_TARGET_DIR"], seen["CARGO_TARGET_DIR"] + "/unstable")
        self.assertNotIn("CARGO_BUILD_TARGET", unstable)
        self.assertNotIn("CARGO_BUILD_TARGET", seen)
        self.assertNotIn("CARGO_PROFILE_RELEASE_OPT_LEVEL", seen)
        # Where a configuration file says the same, the programs are found all the same.
        for program in ("tokio", "tokio-unstable"):
            self.assertTrue((self.folder / f"out/bin/tailrace-target-{program}").exists())
        self.assertIn("does not build here", self.note("smol"))

    def test_go_builds_what_we_ask_for(self):
        self.assertEqual(self.build("go"), ["-- tailrace: go FOUND 1.99.8"])
        seen = self.seen()
        self.assertEqual((seen["GOOS"], seen["GOFLAGS"]), ("linux", "-mod=readonly"))
        self.assertFalse({"GOARCH", "GODEBUG"} & set(seen))

    def test_what_a_toolchain_says_is_told_whatever_it_is(self):
        self.environment["REFUSES"] = "yes"
        self.build("rust")
        self.assertIn("(error: could not create /nowhere: Permission denied)", self.note("tokio"))
        self.build("go")
        self.assertIn("(build cache is required, but HOME is not defined)", self.note("go"))

    def test_a_remedy_keeps_its_semicolon(self):
        text = (ROOT / "runtimes/java/CMakeLists.txt").read_text(encoding="utf-8")
        (self.folder / "newer").mkdir()
        (self.folder / "newer/CMakeLists.txt").write_text(
            text.replace("set(needed 21)", "set(needed 99)"), encoding="utf-8")
        lines = self.build("java", self.folder / "newer")
        self.assertIn("SKIPPED (the newest JDK found is 25.0.3, 99 needed; install", lines[0])
        self.assertIn("headless; else from https://", self.note("java-virtual"))


if __name__ == "__main__":
    unittest.main()
