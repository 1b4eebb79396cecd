# SPDX-License-Identifier: MIT
"""What tests ask of a made-up campaign, without writing a report: its study, the page without
figures, and which figures would be drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tailrace_report import canvas, overview, page
from tailrace_report.load import read_campaign
from tailrace_report.study import Study
from tailrace_report.tables import Table

KEEP = True


def study_of(folder: Path) -> Study:
    return Study(read_campaign(folder))


def rewritten(folder: Path, change: Callable[[dict[str, Any]], bool | None]) -> Study:
    """The study of the cells for which `change` says so, changed as it likes."""
    path = folder / "cells.jsonl"
    cells = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    kept = [cell for cell in cells if change(cell)]
    path.write_text("".join(f"{json.dumps(cell)}\n" for cell in kept), "utf-8")
    return study_of(folder)


def page_of(study: Study) -> str:
    return page.page(study, page.sections(study), {}, "")


def drawn(study: Study) -> set[str]:
    """Names of the figures that have something to show."""
    every = [one for section in page.sections(study) for one in section.drawings]
    with canvas.settings():
        return {one.name for one in every if one.draw()}


def rows_of(table: Table) -> dict[str, dict[str, str]]:
    """Name of the row -> heading -> text."""
    titles = [column.title for column in table.columns]
    # A column beside its value is named after both.
    for at, title in enumerate(titles):
        titles[at] = f"{titles[at - 1]} {title}" if title == overview.RATIO else title
    return {row[0]: dict(zip(titles, row)) for row in table.rows}
