# SPDX-License-Identifier: MIT
"""Makes a whole report: reads the campaign, asks each part for its text, writes the files.

Files are written under a temporary name and renamed, so that a reader never sees half a page.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tailrace_report import canvas, page, summary, svg
from tailrace_report.document import Picture
from tailrace_report.errors import OutputError
from tailrace_report.kinds.kind import Drawing
from tailrace_report.load import read_campaign
from tailrace_report.study import Study


@dataclass(frozen=True)
class Result:
    """What to print, why figures could not be drawn, and whether any cell has numbers."""

    terminal: str
    figures_missing: str
    measured: bool


def build(campaign: Path, out: Path) -> Result:
    """Writes the report of `campaign` into `out`. Raises CampaignError, OutputError."""
    study = Study(read_campaign(campaign))
    sections = page.sections(study)
    drawings = [page.opening(study), *(one for each in sections for one in each.drawings)]
    drawn, files, missing = figures(drawings)
    files["summary.md"] = summary.markdown(study).encode("utf-8", "replace")
    files["index.html"] = page.page(study, sections, drawn, missing).encode("utf-8", "replace")
    write(out, files)
    measured = any(cell.measured for cell in study.campaign.cells)
    return Result(summary.terminal(study, out), missing, measured)


def figures(
    drawings: Iterable[Drawing],
) -> tuple[dict[str, Picture], dict[str, bytes], str]:
    """Pictures by name and the files (name -> bytes) that go beside the page; or none of them, and
    the one sentence that says why."""
    pictures: dict[str, Picture] = {}
    files: dict[str, bytes] = {}
    try:
        settings = canvas.settings()
    except ImportError as error:
        return {}, {}, (
            f"the figures are missing, because this Python ({sys.executable}) cannot import"
            f" matplotlib ({error}); install python3-matplotlib or set TAILRACE_PYTHON."
        )
    with settings:
        for one in drawings:
            drawn = one.draw()
            if drawn is None:
                continue
            figure, words = drawn
            source = canvas.svg(figure)
            files[f"{one.name}.png"] = canvas.png(figure)
            files[f"{one.name}.svg"] = source.encode("utf-8")
            inline = svg.inline(source, one.name, one.title, words)
            pictures[one.name] = Picture(one.name, one.title, words, inline)
    return pictures, files, ""


def write(out: Path, files: dict[str, bytes]) -> None:
    """Each file whole or not at all. Raises OutputError."""
    for name, data in files.items():
        path = out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(data)
            os.replace(part, path)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}.") from None
