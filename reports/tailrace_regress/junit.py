# SPDX-License-Identifier: MIT
"""junit.xml: one test case a metric that decides. A confirmed regression is a failure; inconclusive
and invalid are skipped with their message, for neither says that all is well."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from typing import Any

from tailrace_regress import outcome, phrases
from tailrace_regress.judge import Judgement


def junit(judged: Judgement, facts: Mapping[str, Any]) -> str:
    """The document, as CI servers read it."""
    findings = [one for one in judged.findings if one.gate]
    failing = judged.failing
    skipped = [f for f in findings if f.verdict in (outcome.INCONCLUSIVE, outcome.INVALID)]
    suite = ElementTree.Element(
        "testsuite",
        name="tailrace-regress",
        tests=str(len(findings)),
        failures=str(len(failing)),
        errors="0",
        skipped=str(len(skipped)),
        time=str(facts.get("elapsed_s", 0)),
    )
    for one in sorted(findings, key=lambda f: f.key):
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_clean(f"tailrace.{one.key.target}.{one.key.place}"),
            name=_clean(one.key.metric),
            time="0",
        )
        text = _clean(phrases.sentence(one))
        if one in failing:
            ElementTree.SubElement(case, "failure", message=text, type=one.verdict).text = text
        elif one in skipped:
            open_ = one.verdict == outcome.INCONCLUSIVE
            ElementTree.SubElement(
                case, "skipped", message=_clean(phrases.needs(one)) if open_ else text
            )
        else:
            ElementTree.SubElement(case, "system-out").text = text
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _clean(text: str) -> str:
    """XML 1.0 has no place for control characters, escaped or not."""
    return "".join(c if c.isprintable() else " " for c in text)
