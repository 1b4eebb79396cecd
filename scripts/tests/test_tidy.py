# SPDX-License-Identifier: MIT
"""Every house rule must be seen to fail on a bad snippet and to be silent on a good one."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SCRIPTS))
import tidy
import tidy_cpp

SPDX = "// SPDX-License-Identifier: MIT\n"
HASH = "# SPDX-License-Identifier: MIT\n"


def broken_in(files):
    """The rules broken by a tree of these files: path to text."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return sorted(rule for _, _, rule, _ in set(tidy.problems(root, files)))


def cpp(body, path="harness/load/x.cpp"):
    return broken_in({path: SPDX + body})


class text_rules(unittest.TestCase):
    def test_long_file(self):
        self.assertEqual(cpp("\n" * 400), ["file-length"])
        self.assertEqual(cpp("\n" * 399), [])

    def test_long_line(self):
        self.assertEqual(cpp("//" + "x" * 99 + "\n"), ["columns"])
        self.assertEqual(cpp("//" + "x" * 98 + "\n"), [])
        self.assertEqual(broken_in({"CMakeLists.txt": "#" + "x" * 100}), ["columns"])
        self.assertEqual(broken_in({"x/y.rs": SPDX + "//" + "x" * 99 + "\n"}), ["columns"])
        for line in ("x" * 101, "|" + "x" * 100):
            self.assertEqual(broken_in({"x/README.md": line}), ["columns"], line)
        self.assertEqual(broken_in({"results/published/a/summary.md": "x" * 101}), [])

    def test_words(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X", "obvious" "ly", "Simp" "ly",
                     "should never hap" "pen"):
            self.assertEqual(cpp(f"// {word} later\n"), ["words"], word)
            self.assertEqual(broken_in({"README.md": f"It is {word} so.\n"}), ["words"], word)
        self.assertEqual(cpp("#if" " 0\n#endif\n"), ["words"])
        self.assertEqual(cpp("// mktemp XX" "XXXX, a simplified todo list\n"), [])

    def test_terms(self):
        for term in ("told " "apart", "Not sepa" "rated", "entr" "ant", "an" "ew"):
            self.assertEqual(cpp(f"// they are {term} here\n"), ["terms"], term)
            self.assertEqual(broken_in({"x/README.md": f"They are {term}.\n"}), ["terms"], term)
        self.assertEqual(cpp("// entrance, a new one\n"), [])

    def test_machine_path(self):
        self.assertEqual(cpp("// see /wo" "rk/main\n"), ["machine-path"])
        self.assertEqual(cpp("// see network/work/x, ${root}/wo" "rk/x\n"), [])

    def test_licence(self):
        self.assertEqual(broken_in({"harness/x.cpp": "int x;\n"}), ["spdx"])
        self.assertEqual(broken_in({"x/y.rs": "fn main() {}\n"}), ["spdx"])
        self.assertEqual(broken_in({"scripts/x": "#!/bin/sh\nls\n"}), ["spdx"])
        self.assertEqual(broken_in({"scripts/x": "#!/bin/sh\n" + HASH}), [])
        self.assertEqual(broken_in({"scripts/x.py": HASH, "reports/__init__.py": ""}), [])

    def test_vague_name(self):
        self.assertEqual(cpp("", path="harness/load/util.cpp"), ["names"])

    def test_blob(self):
        self.assertEqual(broken_in({"docs/a.bin": "x" * (256 * 1024 + 1)}), ["blob"])
        published = "results/published/2026-11-30-box/quick/hist.tar.xz"
        for size, found in ((4 << 20, []), ((4 << 20) + 1, ["blob"])):
            self.assertEqual(broken_in({published: "x" * size}), found)
        self.assertEqual(broken_in({"docs/a.bin": "x" * (256 * 1024)}), [])

    def test_make_target_in_prose(self):
        makefile = "bench:\n\t@true\n"
        for good in ("`make bench`", "`make bench PROFILE=full`", "```\n$ make bench\n```",
                     "to make sense\nmake sense"):
            self.assertEqual(broken_in({"Makefile": makefile, "README.md": good}), [], good)
        for bad in ("`make bensh`", "```\nmake bensh\n```"):
            self.assertEqual(broken_in({"Makefile": makefile, "README.md": bad}), ["make-target"])

    def test_version(self):
        for version, rules in (("1.2.3", []), ("1.2.2", ["version"])):
            tree = {"CMakeLists.txt": "project(x VERSION 1.2.3 LANGUAGES CXX)\n",
                    "runtimes/rust/Cargo.toml": f'version = "{version}"\n'}
            self.assertEqual(broken_in(tree), rules)

    def test_allowed_by_a_reason(self):
        self.assertEqual(cpp("// tidy-allow(columns): a table\n//" + "x" * 99 + "\n"), [])
        self.assertEqual(cpp("// tidy-allow(columns):\n//" + "x" * 99 + "\n"), ["columns"])
        self.assertEqual(cpp("// tidy-allow(words): no\n//" + "x" * 99 + "\n"), ["columns"])


class function_length(unittest.TestCase):
    def test_functions(self):
        long, fine = "  call();\n" * 69, "  call();\n" * 68
        for head in ("void f(int a) {\n",
                     "template <class T>\n  requires foo<T>\nT f() noexcept {\n",
                     "TEST(suite, name) {\n", "class a {\n public:\n  void f() const {\n",
                     "namespace a::b {\nauto g = 1;\nauto f(struct stat& s) -> int {\n"):
            close = "}\n" * head.count("{")
            self.assertEqual(cpp(head + long + close), ["function-length"], head)
        for head in ("void f(int a) {\n", "TEST(suite, name) {\n",
                     "class a {\n public:\n  void f() const {\n"):
            self.assertEqual(cpp(head + fine + "}\n" * head.count("{")), [], head)

    def test_constructor_with_brace_initialisers(self):
        head = "foo::foo(int a) : base(a), a_{a}, b_{1, 2} {\n"
        self.assertEqual(cpp(head + "  call();\n" * 69 + "}\n"), ["function-length"])
        self.assertEqual(cpp(head + "}\n" + "int x;\n" * 80), [])

    def test_classes_and_tables_are_no_functions(self):
        self.assertEqual(cpp("struct alignas(64) foo : bar {\n" + "  int a;\n" * 80 + "};\n"), [])
        self.assertEqual(cpp("constexpr int table[] = {\n" + "  1,\n" * 80 + "};\n"), [])

    def test_braces_in_literals_and_comments_do_not_count(self):
        body = "void f() {\n  g('{', \"{\", R\"(})\", 1'000); // {\n}\n"
        self.assertEqual(cpp(body * 40), [])
        self.assertEqual(list(tidy_cpp.functions(tidy_cpp.blank(body * 2))), [(1, 3), (4, 6)])

    def test_python(self):
        body = HASH + "def f():\n" + "    g()\n" * 70
        self.assertEqual(broken_in({"scripts/x.py": body}), ["function-length"])
        self.assertEqual(broken_in({"scripts/x.py": HASH + "def f():\n" + "    g()\n" * 69}), [])


class arrows(unittest.TestCase):
    def check(self, source, target, expected):
        tree = {source: SPDX + f'#include "{target}"\n', target: SPDX}
        self.assertEqual(broken_in(tree), expected, f"{source} -> {target}")

    def test_forbidden(self):
        for source, target in (
                ("runtimes/base/a.hpp", "runtimes/local/b.hpp"),
                ("runtimes/task.hpp", "runtimes/local/b.hpp"),
                ("runtimes/local/a.hpp", "runtimes/threads/b.hpp"),
                ("runtimes/local/a.hpp", "workloads/echo.hpp"),
                ("workloads/a.hpp", "runtimes/local/b.hpp"),
                ("workloads/a.hpp", "harness/load/b.hpp"),
                ("harness/load/a.cpp", "runtimes/base/b.hpp"),
                ("harness/load/a.cpp", "runtimes/uring/b.hpp"),
                ("harness/campaign/a.cpp", "workloads/echo.hpp"),
                ("harness/record/a.cpp", "runtimes/runtime.hpp"),
                ("harness/observe/a.cpp", "harness/targets/b.hpp"),
                ("harness/cli/tailrace_main.cpp", "runtimes/local/b.hpp"),
                ("harness/session/a.cpp", "harness/cost/b.hpp"),
                ("harness/cost/a.cpp", "harness/conform/b.hpp"),
                ("harness/cost/a.cpp", "harness/campaign/b.hpp"),
                ("harness/campaign/a.cpp", "harness/kinds/b.hpp"),
                ("harness/campaign/a.cpp", "harness/cli/b.hpp"),
                ("runtimes/local/a.hpp", "runtimes/tests/b.hpp")):
            self.check(source, target, ["arrows"])

    def test_permitted(self):
        for source, target in (
                ("runtimes/local/a.hpp", "runtimes/base/b.hpp"),
                ("runtimes/local/a.hpp", "runtimes/local/b.hpp"),
                ("runtimes/local/a.hpp", "runtimes/runtime.hpp"),
                ("workloads/a.hpp", "runtimes/runtime.hpp"),
                ("harness/targets/a.cpp", "runtimes/local/b.hpp"),
                ("harness/targets/a.cpp", "workloads/echo.hpp"),
                ("harness/campaign/a.cpp", "harness/load/b.hpp"),
                ("harness/load/a.cpp", "runtimes/base/uring/b.hpp"),
                ("harness/cli/tailrace_main.cpp", "harness/load/b.hpp"),
                ("harness/kinds/a.cpp", "harness/campaign/b.hpp"),
                ("harness/campaign/a.cpp", "harness/cost/b.hpp"),
                ("runtimes/tests/a.cpp", "workloads/echo.hpp")):
            self.check(source, target, [])

    def test_one_root(self):
        for spelled in ("b.hpp", "../load/b.hpp", "load/b.hpp"):
            tree = {"harness/load/a.cpp": SPDX + f'#include "{spelled}"\n',
                    "harness/load/b.hpp": SPDX}
            self.assertEqual(broken_in(tree), ["arrows"], spelled)

    def test_reports(self):
        for bad in ("import pandas\n", "from scipy.stats import norm\n"):
            self.assertEqual(broken_in({"reports/p/a.py": HASH + bad}), ["arrows"], bad)
        good = "import json\nimport numpy\nimport matplotlib.pyplot\nfrom . import b\nimport p.b\n"
        self.assertEqual(broken_in({"reports/p/a.py": HASH + good, "reports/p/b.py": HASH}), [])
        both = {f"reports/tailrace_{one}/a.py": HASH + f"from tailrace_{other} import a\n"
                for one, other in (("report", "report"), ("regress", "report"))}
        self.assertEqual(broken_in(both), [])
        both["reports/tailrace_report/a.py"] = HASH + "from tailrace_regress import a\n"
        self.assertEqual(broken_in(both), ["arrows"])

    def test_system_headers(self):
        for folder, reason, expected in (
                ("local", "", ["system-headers"]), ("local", "  // why", ["system-headers"]),
                ("threads", "", ["system-headers"]), ("threads", "  // blocking calls", []),
                ("base", "", []), ("bare", "", []), ("tests", "", [])):
            for header in ("sys/socket.h", "unistd.h"):
                body = f"#include <{header}>{reason}\n"
                self.assertEqual(cpp(body, f"runtimes/{folder}/a.cpp"), expected, folder)
        for reason, expected in (("", ["system-headers"]), ("  // its bits", [])):
            body = f"#include <sys/epoll.h>{reason}\n"
            self.assertEqual(cpp(body, "runtimes/local/a.cpp"), expected, reason)


class code_rules(unittest.TestCase):
    def test_weak_order_needs_a_comment(self):
        for order in ("std::memory_order_relaxed", "std::memory_order::seq_cst", "order::relaxed"):
            use = f"  a.load({order});\n"
            self.assertEqual(cpp(use), ["atomic-order"], order)
            self.assertEqual(cpp("  // pairs with b\n\n\n" + use), [], order)
            self.assertEqual(cpp("  // pairs with b\n\n\n\n" + use), ["atomic-order"], order)
            self.assertEqual(cpp("  // pairs with b\n" + use * 6), [], order)
        self.assertEqual(cpp("  a.load(std::memory_order_acquire);\n"), [])
        self.assertEqual(cpp("// memory_order_relaxed in prose\n"), [])
        self.assertEqual(cpp("  a.load(std::memory_order_relaxed);\n", "runtimes/tests/x.cpp"), [])

    def test_temporaries_in_co_await(self):
        for bad in ("co_await f(opts{.name = n});", "co_await f({1, n});",
                    "co_await f(a, opts<int>{n});", "co_await f([=](int) { g(n); });",
                    "co_await [&]() -> task<void> { co_return; }();",
                    "co_await f([this] { g(); });", "co_await f(\n    a,\n    {.x = 1});",
                    "if (!(co_await f(a)).ok()) return;", "g((co_await f(\n    a))->size());"):
            self.assertEqual(set(cpp(bad + "\n")), {"await-temporary"}, bad)
        for good in ("co_await f(options);", "co_await f(a[i]);", "co_await f([] { g(); });",
                     "co_await f([](int x) -> task<void> { co_return; });",
                     "co_await sleep_for(std::chrono::seconds{1});",
                     "if (co_await f(a)) {\n  g({1});\n}", "if ((co_await f(a)) > 0) g();",
                     "auto o = opts{.n = 1};\nco_await f(o);",
                     "awaiter operator co_await() && noexcept { return {this}; }",
                     "// co_await f({1})"):
            self.assertEqual(cpp(good + "\n"), [], good)


class whole_tree(unittest.TestCase):
    def test_exit_code_and_output(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "x.cpp").write_text("int x;\n", encoding="utf-8")
            run = subprocess.run([sys.executable, SCRIPTS / "tidy.py", folder], text=True,
                                 capture_output=True, check=False)
            self.assertEqual(run.returncode, 1)
            self.assertIn("x.cpp:1: spdx:", run.stdout)

    def test_without_git_and_with_bytes_that_are_no_text(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "a.bin").write_bytes(b"\0\xff")
            (root / "b.md").write_bytes(b"\xff\xfe text")
            self.assertEqual(sorted(tidy.tracked(root)), ["a.bin", "b.md"])
            self.assertEqual(list(tidy.problems(root, tidy.tracked(root))), [])

    def test_git_decides_what_belongs_to_the_tree(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            subprocess.run([tidy.GIT, "init", "-q"], cwd=root, check=True)
            (root / ".gitignore").write_text("ignored.md\n", encoding="utf-8")
            (root / "ignored.md").write_text("", encoding="utf-8")
            (root / "new.md").write_text("", encoding="utf-8")
            self.assertEqual(sorted(tidy.tracked(root)), [".gitignore", "new.md"])


if __name__ == "__main__":
    unittest.main()
