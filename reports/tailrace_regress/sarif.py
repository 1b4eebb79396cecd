# SPDX-License-Identifier: MIT
"""regress.sarif: SARIF 2.1.0, a rule a metric, a result a verdict that a reviewer must know of.

Locations are where the work is defined, for the gate does not know which line made it slower."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tailrace_regress import metrics, outcome, phrases
from tailrace_regress.judge import Judgement
from tailrace_regress.verdict import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RESULTS_MAX = 5000
LEVELS = {outcome.REGRESSION: "error", outcome.INVALID: "warning", outcome.INCONCLUSIVE: "note"}


def sarif(judged: Judgement, profile: str) -> str:
    """The document as text."""
    shown = [one for one in judged.findings if one.gate and one.verdict in LEVELS][:RESULTS_MAX]
    firsts = {one.key.metric: one for one in reversed(shown)}
    rules = sorted(firsts)
    results = [_result(one, rules, profile) for one in shown]
    run = {
        "tool": {
            "driver": {
                "name": "tailrace-regress",
                "rules": [_rule(name, firsts[name]) for name in rules],
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": results,
    }
    whole = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, indent=1) + "\n"


def _rule(name: str, one: Finding) -> dict[str, Any]:
    about = one.key.about
    matters = f"smallest relevant change {phrases.percent(about.delta)}: {about.why}"
    return {
        "id": f"tailrace/{name}",
        "name": "".join(part.capitalize() for part in name.replace(".", "_").split("_")),
        "shortDescription": {"text": f"{name} ({about.unit})"},
        "fullDescription": {"text": matters},
        "defaultConfiguration": {"level": "error"},
    }


def _result(one: Finding, rules: list[str], profile: str) -> dict[str, Any]:
    accepted = one.accepted
    level = "note" if accepted else LEVELS[one.verdict]
    text = phrases.open_text(one) if one.verdict == outcome.INCONCLUSIVE else phrases.sentence(one)
    found = {
        "ruleId": f"tailrace/{one.key.metric}",
        "ruleIndex": rules.index(one.key.metric),
        "level": level,
        "message": {"text": _plain(f"{phrases.word(one)}: {text}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _place(one, profile), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1},
                }
            }
        ],
        "partialFingerprints": {"tailrace/v1": str(one.key)},
    }
    if accepted:
        found["suppressions"] = [{"kind": "external", "justification": _plain(one.note)}]
    return found


def _plain(text: str) -> str:
    """Without what a message may hold besides text: links and places for arguments (3.11)."""
    return text.replace("](", "] (").replace("{", "{{").replace("}", "}}")


def _place(one: Finding, profile: str) -> str:
    if one.key.metric == metrics.MICRO:
        return "workloads/micro/catalogue.hpp"
    if one.key.place == metrics.COST:
        return "harness/cost/cost_main.cpp"
    return quote(f"harness/profiles/{Path(profile).stem}.toml")
