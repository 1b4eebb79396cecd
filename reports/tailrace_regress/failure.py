# SPDX-License-Identifier: MIT
"""A job that could not compare says why wherever a verdict would have stood: on standard error, as
one annotation and in the summary of a GitHub workflow, and in the job's folder for CI servers that
read junit.xml. Never in the place of a verdict that is there."""

import contextlib
import html
import json
import sys
from pathlib import Path

from tailrace_regress import github, junit, markdown, outcome
from tailrace_regress.outcome import GateError
from tailrace_report.tables import cut, markdown_text, one_line

SCHEMA = "tailrace-regress-2"
SENTENCE_CHARS_MAX, DETAIL_CHARS_MAX = 2000, 8000
WORDS = {
    outcome.USAGE: "Bad usage",
    outcome.NOTHING: "Nothing was compared",
    outcome.INTERRUPTED: "Interrupted",
}


def tell(error: GateError, folder: Path | None) -> None:
    """Says it. `folder` is the one of the job, where there is one."""
    sentence = cut(one_line(error.sentence).rstrip(". "), SENTENCE_CHARS_MAX)
    headline = f"{WORDS.get(error.code, WORDS[outcome.NOTHING])}: {sentence}"
    interrupted = error.code == outcome.INTERRUPTED
    print(f"regress: {headline if interrupted else sentence}.", file=sys.stderr)
    if error.detail:
        print(error.detail, file=sys.stderr)
    detail = error.detail[-DETAIL_CHARS_MAX:]
    text = summary(headline, detail, error.code)
    github.annotate([("error", headline)])
    github.summarize(text)
    if folder is None or not folder.is_dir() or (folder / "regress.json").exists():
        return
    whole = {
        "schema": SCHEMA,
        "exit_code": error.code,
        "headline": headline,
        "error": {"sentence": sentence, "detail": detail},
        "findings": [],
    }
    with contextlib.suppress(OSError):  # a folder that cannot be written may be what it is about
        (folder / "summary.md").write_text(text, "utf-8", "replace")
        (folder / "junit.xml").write_text(junit.of_failure(headline, detail), "utf-8", "replace")
        (folder / "regress.json").write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def summary(headline: str, detail: str, code: int) -> str:
    """Markdown, below the size that hosts permit; the log folded."""
    parts = [markdown.MARKER, f"**{markdown_text(headline)}.**", f"Exit code {code}."]
    if detail:
        shown = html.escape("".join(c if c.isprintable() or c == "\n" else " " for c in detail))
        # A blank line would end the block of HTML, and Markdown would read the rest of it.
        shown = "\n".join(line or " " for line in shown.split("\n"))
        folded = f"<summary>The end of what it said</summary><pre>{shown}</pre>"
        parts.append(f"<details>{folded}</details>")
    return "\n\n".join(parts) + "\n"
