# SPDX-License-Identifier: MIT
"""scripts/clang_tidy.py: files that are checked together, and what is found in them."""
import contextlib
import io
import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SCRIPTS))
import clang_tidy

MAIN = "int main() { return 0; }\n"
LOCAL = "namespace { constexpr int limit = 1; }\nint {name}() { return limit; }\n"


class ClangTidy(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name).resolve()
        (self.root / "build").mkdir()
        self.commands: list[dict[str, str]] = []

    def add(self, file: str, text: str, flags: str = "-O0") -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.commands.append({"file": str(path), "command": f"c++ {flags} -o x.o -c {path}"})

    def run_it(self) -> tuple[int, str]:
        (self.root / ".clang-tidy").write_text((SCRIPTS.parent / ".clang-tidy").read_text())
        (self.root / "build" / "compile_commands.json").write_text(json.dumps(self.commands))
        said = io.StringIO()
        with mock.patch.object(clang_tidy, "ROOT", self.root), contextlib.redirect_stdout(said):
            code = clang_tidy.main([str(self.root / "build")])
        return code, said.getvalue()

    def test_a_batch_has_one_set_of_flags(self) -> None:
        for file in ("a/two.cpp", "a/one.cpp", "a/tests/no.cpp", "b/one.cpp"):
            self.add(file, MAIN)
        self.add("a/three.cpp", MAIN, "-O2")
        self.commands.append(self.commands[0])
        found = [batch.files for batch in clang_tidy.batches(self.commands, self.root)]
        self.assertEqual(found, [("a/one.cpp", "a/two.cpp", "b/one.cpp"), ("a/three.cpp",)])
        with mock.patch.object(clang_tidy, "TOGETHER_MAX", 2):
            found = [batch.files for batch in clang_tidy.batches(self.commands, self.root)]
        self.assertEqual(found[:2], [("a/one.cpp", "a/two.cpp"), ("b/one.cpp",)])

    @unittest.skipUnless(shutil.which(clang_tidy.CLANG_TIDY), "needs clang-tidy")
    def test_what_goes_together_and_what_does_not_is_found_clean(self) -> None:
        self.add("a/first.cpp", MAIN)
        self.add("a/second.cpp", MAIN)
        self.add("a/third.cpp", LOCAL.replace("{name}", "third"))
        self.add("a/fourth.cpp", LOCAL.replace("{name}", "fourth"))
        self.assertEqual(self.run_it(), (0, "clang-tidy: 4 files, findings in 0 of 1 batches\n"))

    @unittest.skipUnless(shutil.which(clang_tidy.CLANG_TIDY), "needs clang-tidy")
    def test_a_finding_is_named_wherever_it_stands(self) -> None:
        for bad in ("first", "second", "header"):
            with self.subTest(bad=bad):
                self.commands.clear()
                wrong = "inline int badName() { return 0; }\n"
                header = "#pragma once\n" + (wrong if bad == "header" else "")
                (self.root / "runtimes").mkdir(exist_ok=True)
                (self.root / "runtimes" / "header.hpp").write_text(header)
                for one in ("first", "second"):
                    text = LOCAL.replace("{name}", one) + (wrong if bad == one else "")
                    self.add(f"runtimes/{one}.cpp", '#include "header.hpp"\n' + text)
                code, said = self.run_it()
                self.assertEqual(code, 1)
                self.assertRegex(said, rf"{bad}\..pp:\d+:12: error: invalid case style")

    @unittest.skipUnless(shutil.which(clang_tidy.CLANG_TIDY), "needs clang-tidy")
    def test_a_file_that_does_not_compile_is_a_finding(self) -> None:
        self.add("a/first.cpp", MAIN)
        self.add("a/second.cpp", "int second() { return missing; }\n")
        code, said = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("undeclared identifier 'missing'", said)

    def test_no_folder_is_a_sentence(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(clang_tidy.main(["/nowhere"]), 2)
        self.assertIn("give one folder of a configured build", said.getvalue())


if __name__ == "__main__":
    unittest.main()
