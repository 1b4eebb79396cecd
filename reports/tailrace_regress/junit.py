# SPDX-License-Identifier: MIT
"""junit.xml: one test case a metric that decides. A confirmed regression is a failure; inconclusive
and invalid are skipped with their message, for neither says that all is well; a job that fails for
them has an error beside them. XML 1.0 has no place for control characters, escaped or not."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from typing import Any

from tailrace_regress import outcome, phrases
from tailrace_regress.judge import Judgement
from tailrace_report.tables import one_line


def junit(judged: Judgement, facts: Mapping[str, Any], code: int) -> str:
    """The document, as CI servers read it; `code` is the exit code of the job."""
    findings = [one for one in judged.findings if one.gate]
    failing = judged.failing
    skipped = [f for f in findings if f.verdict in (outcome.INCONCLUSIVE, outcome.INVALID)]
    unsaid = code in (outcome.NOTHING, outcome.OPEN, outcome.ENVIRONMENT)
    suite = _suite(
        tests=len(findings) + unsaid,
        failures=len(failing),
        errors=int(unsaid),
        skipped=len(skipped),
        time=_seconds(facts.get("elapsed_s")),
    )
    if unsaid:
        _add_error(suite, f"{phrases.headline(judged)}; exit code {code}")
    for one in sorted(findings, key=lambda f: f.key):
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=one_line(f"tailrace.{one.key.target}.{one.key.place}"),
            name=one_line(one.key.metric),
            time="0",
        )
        text = one_line(phrases.sentence(one))
        if one in failing:
            ElementTree.SubElement(case, "failure", message=text, type=one.verdict).text = text
        elif one in skipped:
            open_ = one.verdict == outcome.INCONCLUSIVE
            ElementTree.SubElement(
                case, "skipped", message=one_line(phrases.open_text(one)) if open_ else text
            )
        else:
            ElementTree.SubElement(case, "system-out").text = text
    return _document(suite)


def of_failure(text: str, detail: str) -> str:
    """The document of a job that compared nothing: so nothing has passed or failed."""
    suite = _suite(tests=1, failures=0, errors=1, skipped=0, time="0")
    _add_error(suite, text, detail)
    return _document(suite)


def _suite(**facts: object) -> ElementTree.Element:
    numbers = {name: str(value) for name, value in facts.items()}
    return ElementTree.Element("testsuite", name="tailrace-regress", **numbers)


def _add_error(suite: ElementTree.Element, text: str, detail: str = "") -> None:
    """A test case of the comparison as a whole, which has neither passed nor failed."""
    case = ElementTree.SubElement(
        suite, "testcase", classname="tailrace.regress", name="comparison", time="0"
    )
    error = ElementTree.SubElement(case, "error", message=one_line(text), type="error")
    error.text = "\n".join(one_line(line) for line in [text, *detail.splitlines()])


def _document(suite: ElementTree.Element) -> str:
    """The text of a document with this one suite."""
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _seconds(value: object) -> str:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:.1f}" if known else "0"
