#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The house rules that no other linter knows. Runs as a test; `scripts/tidy.py` by hand.

Prints `file:line: rule: what is wrong` and exits 1 when there is any. A line that must break a rule
says so on itself or on the line above: `tidy-allow(rule): reason`.
Needs Python 3.11 and nothing else. The rules themselves are tested in scripts/tests/.
"""
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import tidy_arrows
import tidy_cpp

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
BLOB_BYTES_MAX = 256 * 1024
PUBLISHED_BYTES_MAX = 4 << 20  # what scripts/publish permits of a whole campaign
ORDER_COMMENT_LINES = 3
GIT = Path(__file__).resolve().parent / "git-here"
SOURCES = ("c++", "python", "rust", "peer", "script")

# Joined here so that this file does not break its own rule.
WORDS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|#\s*if\s+0\b"
                   r"|(?i:\bobvious" + r"ly\b|\bsimp" + r"ly\b|\bshould never hap" + r"pen\b)")
# One word for one thing, the field's where it has one; joined for the same reason.
TERMS = {
    "told " + "apart": "significantly different",
    "not sepa" + "rated": "not significantly different",
    "entr" + "ant": "subject: a contestant in one form and one build",
    "an" + "ew": "again",
}
TERM = re.compile(r"\b(?:" + "|".join(TERMS) + r")\b", re.I)
# What was published stays as it was, and a golden file has the tables of what it pins.
PINNED = re.compile(r"^results/published/|/golden/")
MACHINE_PATH = re.compile(r"(?<![\w.\-/}])/wo" + r"rk/")
WEAK_ORDER = re.compile(r"\b(?:memory_order(?:_|::)|order::)(?:relaxed|seq_cst)\b")
VAGUE_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "misc"}
ALLOW = re.compile(r"tidy-allow\(([\w-]+)\): \S+")
VERSION_REPEATED = "runtimes/rust/Cargo.toml"
CODE_SPAN = re.compile(r"`(?:\$ )?make ([a-z][\w-]*)[^`]*`|^\s*(?:\$ )?make ([a-z][\w-]*)", re.M)


class source:
    """One file of the tree: path from the root, text, lines, kind."""

    def __init__(self, path, text):
        self.path, self.text, self.lines = path, text, text.split("\n")
        self.name = path.rsplit("/", 1)[-1]
        suffix = Path(path).suffix
        if suffix in (".cpp", ".hpp"):
            self.kind = "c++"
        elif suffix == ".rs":
            self.kind = "rust"  # what else there is to say of it, clippy says
        elif suffix in (".go", ".java"):
            self.kind = "peer"  # what else there is to say of it, go vet and javac say
        elif suffix == ".py" or (not suffix and re.match(r"#!.*python", text)):
            self.kind = "python"
        elif suffix == ".sh" or (not suffix and text.startswith("#!")):
            self.kind = "script"
        elif self.name == "CMakeLists.txt" or suffix == ".cmake":
            self.kind = "cmake"
        elif self.name == "Makefile":
            self.kind = "make"
        else:
            self.kind = {".md": "prose", ".toml": "data", ".yml": "data"}.get(suffix, "")
        self.code = tidy_cpp.blank(text) if self.kind == "c++" else text


def lengths(file, _):
    if file.kind in SOURCES and file.text.count("\n") > FILE_LINES_MAX:
        yield "file-length", 1, f"{file.text.count(chr(10))} lines; at most {FILE_LINES_MAX}"
    if file.kind in (*SOURCES, "cmake", "make"):
        for number, line in enumerate(file.lines, 1):
            if len(line) > COLUMNS_MAX:
                yield "columns", number, f"{len(line)} columns; at most {COLUMNS_MAX}"
    for first, last in function_spans(file):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield ("function-length", first,
                   f"{last - first + 1} lines; at most {FUNCTION_LINES_MAX}")


def prose(file, _):
    """Prose is read in a terminal and in a diff; what no row of a table can hold is a list."""
    if PINNED.search(file.path):
        return
    for number, line in enumerate(file.lines, 1):
        if file.kind == "prose" and len(line) > COLUMNS_MAX:
            yield "columns", number, f"{len(line)} columns; at most {COLUMNS_MAX}"
        for match in TERM.finditer(line) if file.kind else ():
            term = match.group().lower()
            yield "terms", number, f"'{term}': {TERMS[term]}"


def function_spans(file):
    if file.kind == "c++":
        yield from tidy_cpp.functions(file.code)
    elif file.kind == "python":
        for node in ast.walk(ast.parse(file.text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node.lineno, node.end_lineno


def words(file, _):
    if not file.kind:
        return
    for number, line in enumerate(file.lines, 1):
        for match in WORDS.finditer(line):
            yield "words", number, f"'{match.group()}': do it, drop it or say why"


def machine_paths(file, _):
    for number, line in enumerate(file.lines, 1):
        if MACHINE_PATH.search(line):
            yield "machine-path", number, "a path of one machine"


def spdx(file, _):
    if file.kind not in SOURCES or not file.text:
        return
    first = 1 if file.text.startswith("#!") else 0
    if "SPDX-License-Identifier: MIT" not in "".join(file.lines[first:first + 1]):
        yield "spdx", first + 1, "the first line must be: SPDX-License-Identifier: MIT"


def names(file, _):
    if Path(file.path).stem.lower() in VAGUE_NAMES:
        yield "names", 1, f"'{file.name}' does not say what is in it"


def arrows(file, files):
    if file.kind == "c++":
        for line, message in tidy_arrows.include_arrows(file.path, file.lines, files):
            yield "arrows", line, message
        for line, message in tidy_arrows.kernel_headers(file.path, file.lines):
            yield "system-headers", line, message
    if file.kind == "python" and file.path.startswith("reports/"):
        for line, message in tidy_arrows.report_imports(file.path, file.text, files):
            yield "arrows", line, message


def atomic_orders(file, _):
    if file.kind != "c++" or tidy_arrows.zone(file.path) == "tests":
        return  # a counter of a test pairs with nothing
    explained = -ORDER_COMMENT_LINES - 1  # the last line explained, by index
    for index, line in enumerate(file.code.split("\n")):
        comment = file.lines[index] if file.lines[index] != line else ""
        if "//" in comment and "SPDX" not in comment:
            explained = index
        if WEAK_ORDER.search(line):
            if index - explained <= ORDER_COMMENT_LINES:
                explained = index
            else:
                yield ("atomic-order", index + 1, "relaxed or seq_cst without a comment within "
                       f"{ORDER_COMMENT_LINES} lines above that names its partner")


def await_traps(file, _):
    if file.kind == "c++":
        for position, what in tidy_cpp.await_traps(file.code):
            yield ("await-temporary", tidy_cpp.line_of(file.code, position),
                   f"{what} around co_await (g++ 12 gets its lifetime wrong): name it")


def make_targets(file, files):
    if file.kind != "prose" or "Makefile" not in files:
        return
    targets = set(re.findall(r"^([a-z][\w-]*)\s*:", files["Makefile"].text, re.M))
    for match in CODE_SPAN.finditer(file.text):
        target = match.group(1) or match.group(2)
        if match.group(2) and not in_code_block(file.text, match.start()):
            continue
        if target not in targets:
            yield "make-target", tidy_cpp.line_of(file.text, match.start()), f"no target '{target}'"


def in_code_block(text, position):
    return len(re.findall(r"^\s*```", text[:position], re.M)) % 2 == 1


def version(file, files):
    """The version is decided in the first CMakeLists.txt; cargo, which does not ask it, has it
    again."""
    if file.path == VERSION_REPEATED and "CMakeLists.txt" in files:
        own = re.search(r"^project\(.* VERSION ([0-9.]+)", files["CMakeLists.txt"].text, re.M)
        if own and f'version = "{own[1]}"' not in file.lines:
            yield "version", 1, f"version is not {own[1]}, which CMakeLists.txt has"


RULES = (lengths, prose, words, machine_paths, spdx, names, arrows, atomic_orders, await_traps,
         make_targets, version)


def tracked(root):
    """The paths that git knows or would add; where there is no git, all outside build folders."""
    listing = subprocess.run([GIT, "ls-files", "-z", "-co", "--exclude-standard"], cwd=root,
                             capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        return [path for path in listing.stdout.split("\0") if path and (root / path).is_file()]
    return [str((Path(folder) / name).relative_to(root)) for folder, _, inner in os.walk(root)
            for name in inner if not re.search(r"/(build|report|__pycache__|\.git)(/|$)",
                                               "/" + str(Path(folder).relative_to(root)))]


def problems(root, paths):
    """(path, line, rule, message) for every rule that these files of the tree at `root` break."""
    files = {}
    for path in paths:
        content = (root / path).read_bytes()
        most = PUBLISHED_BYTES_MAX if path.startswith("results/published/") else BLOB_BYTES_MAX
        if len(content) > most:
            yield path, 1, "blob", f"{len(content)} bytes; at most {most}"
        elif b"\0" not in content:
            files[path] = source(path, content.decode("utf-8", errors="replace"))
    for file in files.values():
        for rule in RULES:
            for name, line, message in rule(file, files):
                near = "\n".join(file.lines[max(0, line - 2):line])
                if name not in ALLOW.findall(near):
                    yield file.path, line, name, message


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    found = sorted(set(problems(root, tracked(root))))
    for path, line, rule, message in found:
        print(f"{path}:{line}: {rule}: {message}")
    print(f"tidy: {len(found)} broken rule(s)" if found else "tidy: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
