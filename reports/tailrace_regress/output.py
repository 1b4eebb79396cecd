# SPDX-License-Identifier: MIT
"""Writes everything that a job says, into its folder and where GitHub looks for it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tailrace_regress import exports, failure, github, judge, junit, markdown, page, phrases, sarif
from tailrace_regress.accepted import Note
from tailrace_regress.job import Job
from tailrace_regress.judge import Judgement
from tailrace_regress.outcome import nothing
from tailrace_regress.verdict import Finding
from tailrace_report.build import figures
from tailrace_report.build import write as write_files
from tailrace_report.errors import OutputError
from tailrace_report.stats import Estimate


def conclude(
    done: Job, notes: Sequence[Note] = (), strict: bool = False
) -> tuple[Judgement, int]:
    """Judges a job and writes all its files; returns the exit code too. Raises GateError."""
    judged = judge.judge(done.stages, notes, level=done.level)
    code = judge.exit_code(judged, strict)
    write(done.folder, judged, done.facts, done.notes, code)
    return judged, code


def write(
    folder: Path, judged: Judgement, facts: Mapping[str, Any], notes: Sequence[str], code: int
) -> None:
    """All files of the folder. Raises GateError where it cannot be written."""
    sections = page.sections(judged)
    pictures, files, missing = figures(one for part in sections for one in part.drawings)
    summary = markdown.markdown(judged, facts, notes, code)
    texts = {
        "summary.md": summary,
        "junit.xml": junit.junit(judged, facts, code),
        "regress.sarif": sarif.sarif(judged, str(facts.get("profile", "ci"))),
        "regress.json": as_json(judged, facts, notes, code),
        "github-action-benchmark.json": exports.action_benchmark(judged),
        "bencher.json": exports.bencher(judged),
        "index.html": page.page(judged, facts, [*notes, missing], sections, pictures),
    }
    files |= {name: text.encode("utf-8", "replace") for name, text in texts.items()}
    try:
        write_files(folder, files)
    except OutputError as error:
        raise nothing(str(error).rstrip(".")) from None
    github.annotate(github.lines(judged, code))
    github.summarize(summary)


def as_json(
    judged: Judgement,
    facts: Mapping[str, Any],
    notes: Sequence[str],
    code: int,
) -> str:
    """Every finding with every number, for programs."""
    whole = {
        **facts,
        "schema": failure.SCHEMA,
        "exit_code": code,
        "headline": phrases.headline(judged),
        "controls": {
            "text": judged.controls,
            "alarm": judged.floors.alarm or None,
            "moved": judged.floors.by_metric,
        },
        "notes": list(notes),
        "findings": [_finding(one) for one in judged.findings],
    }
    return json.dumps(whole, indent=1, allow_nan=False, default=str) + "\n"


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "target": one.key.target,
        "place": one.key.place,
        "metric": one.key.metric,
        "unit": one.key.about.unit,
        "decides": one.gate,
        "verdict": one.verdict,
        "confirmed": one.confirmed,
        "method": one.method,
        "base": _number(one.base),
        "head": _number(one.head),
        "ratio": _estimate(one.ratio),
        "p": one.p,
        "adjusted_p": one.adjusted,
        "matters_from": one.delta,
        "detectable": one.detectable,
        "rounds": one.rounds,
        "note": one.note or None,
    }


def _number(value: float) -> float | None:
    return value if value - value == 0 else None


def _estimate(one: Estimate | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"median": one.median, "low": one.low, "high": one.high, "kind": one.kind}
