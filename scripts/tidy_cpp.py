# SPDX-License-Identifier: MIT
"""Reads C++ well enough for the house rules in tidy.py; it is not a parser.

Blanks comments and literals, finds function bodies and the text of co_await expressions. It relies
on the layout that clang-format gives (a space before the brace of a body).
"""
import re

RAW_STRING = re.compile(r'R"([^\s()\\]{0,16})\(')
NUMBER = re.compile(r"\b[0-9][0-9a-fA-FxXbB'.]*$")
TYPE_WORD = re.compile(r"^\s*(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
ACCESS = re.compile(r"^\s*(?:public|private|protected)\s*$")
TAIL = re.compile(r"\)\s*(?:const|noexcept|override|final|mutable|&|\s)*(?:->[^;]*)?$")


def blank(text):
    """The same text, every comment and literal replaced by spaces; line breaks stay."""
    out, i, size = [], 0, len(text)
    while i < size:
        end = _end_of_opaque(text, i)
        if end == i:
            out.append(text[i])
            i += 1
            continue
        out.append("".join(c if c == "\n" else " " for c in text[i:end]))
        i = end
    return "".join(out)


def _end_of_opaque(text, i):
    """Where the comment or literal that starts at i ends; i when none starts there."""
    if text.startswith("//", i):
        end = text.find("\n", i)
    elif text.startswith("/*", i):
        end = text.find("*/", i)
        end = end + 2 if end >= 0 else end
    elif text[i] == "R" and (raw := RAW_STRING.match(text, i)):
        closing = ")" + raw.group(1) + '"'
        end = text.find(closing, i)
        end = end + len(closing) if end >= 0 else end
    elif text[i] == '"' or (text[i] == "'" and not NUMBER.search(text[max(0, i - 40):i])):
        end = i + 1
        while end < len(text) and text[end] not in (text[i], "\n"):
            end += 2 if text[end] == "\\" else 1
        end += 1
    else:
        return i
    return len(text) if end < 0 else min(end, len(text))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def closing_brace(code, position):
    """The position of the brace that closes the one at `position`; the end of the text if none."""
    depth = 0
    for i in range(position, len(code)):
        if code[i] == "{":
            depth += 1
        elif code[i] == "}":
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


def closing_parenthesis(code, position):
    """The position of the one that closes that at `position`; the end of the text if none."""
    depth = 0
    for i in range(position, len(code)):
        depth += (code[i] == "(") - (code[i] == ")")
        if depth == 0:
            return i
    return len(code) - 1


def functions(code):
    """(first line, last line) of every function definition in blanked code."""
    code = DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), code)
    start, i, parens = 0, 0, 0
    while i < len(code):
        char = code[i]
        parens += (char == "(") - (char == ")")
        if char in ";}" and parens <= 0:
            start, parens = i + 1, 0
        elif char == ":" and ACCESS.search(code[start:i]):
            start = i + 1
        elif char == "{":
            header = code[start:i]
            kind = "part" if parens > 0 else _kind(header)
            if kind == "scope":
                start = i + 1
            else:
                end = closing_brace(code, i)
                if kind == "function":
                    first = start + len(header) - len(header.lstrip())
                    yield line_of(code, first), line_of(code, end)
                if kind != "part":
                    start = end + 1
                i = end
        i += 1


def _kind(header):
    """What the brace after this header opens: a scope, a function, a part of the header, data."""
    plain = re.sub(r"alignas\s*\([^()]*\)", "", _without_template(header))
    if TYPE_WORD.search(plain) and not TAIL.search(plain):
        return "scope"
    if "(" not in plain:
        return "data"
    if re.search(r"\)[^:]*:[^:]", plain) and header[-1:] not in (" ", "\n"):
        return "part"  # a member initialised with braces, before the body
    return "function"


def _without_template(header):
    """The header without leading `template <...>` and its requires clause."""
    header = header.lstrip()
    while header.startswith("template"):
        depth = 0
        for i, char in enumerate(header):
            depth += (char == "<") - (char == ">" and header[i - 1] != "-")
            if char == ">" and depth == 0:
                break
        header = re.sub(r"^requires[^{}()]*?(?=\b(?:class|struct)\b)", "", header[i + 1:].lstrip())
    return header


def awaited(code):
    """(position, text) of every co_await expression in blanked code, to its end."""
    for match in re.finditer(r"(?<!operator )\bco_await\b", code):
        depth, i = 0, match.end()
        while i < len(code):
            depth += (code[i] in "([{") - (code[i] in ")]}")
            if depth < 0 or (depth == 0 and code[i] in ";,"):
                break
            i += 1
        yield match.start(), code[match.end():i]


def await_traps(code):
    """(position, what) for temporaries of co_await expressions that g++ 12 gets wrong.

    Some it destroys twice. A member called on the result, as in `(co_await x).ok()`, it may write
    over the coroutine's frame when that stands in a loop.
    """
    for match in re.finditer(r"\(\s*co_await\b", code):
        end = closing_parenthesis(code, match.start())
        if re.match(r"\)\s*(?:\.|->)\s*\w", code[end:]):
            yield match.start(), "a member of an unnamed result"
    for position, text in awaited(code):
        for brace in re.finditer(r"\{", text):
            before = text[:brace.start()].rstrip()
            if TAIL.search(before) or before.endswith("]"):
                continue  # the body of a lambda
            name = re.search(r"([\w:]+)(?:<[^(){}]*>)?$", before)
            if name and name.group(1).startswith("std::"):
                continue
            yield position, "a braced aggregate"
        for bracket in re.finditer(r"\[(?!\[)\s*([^\]\s])", text):
            before = text[:bracket.start()].rstrip()
            if not re.search(r"[\w)\]\[]$", before):
                yield position, "a lambda that captures"
