# SPDX-License-Identifier: MIT
"""Makes a whole report: reads the campaign, asks each part for its text, writes the files.

Files are written under a temporary name and renamed, so that a reader never sees half a page.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tailrace_report import page, summary
from tailrace_report.document import Picture
from tailrace_report.errors import OutputError
from tailrace_report.load import read_campaign
from tailrace_report.study import Study


@dataclass(frozen=True)
class Result:
    """What to print, and the one sentence to add when figures could not be drawn."""

    terminal: str
    figures_missing: str


def build(campaign: Path, out: Path) -> Result:
    """Writes the report of `campaign` into `out`. Raises CampaignError, OutputError."""
    study = Study(read_campaign(campaign))
    pictures, files, missing = _figures(study)
    files["summary.md"] = summary.markdown(study).encode("utf-8", "replace")
    files["index.html"] = page.page(study, pictures, missing).encode("utf-8", "replace")
    write(out, files)
    return Result(summary.terminal(study, out), missing)


def _figures(study: Study) -> tuple[dict[str, Picture], dict[str, bytes], str]:
    """The figures, or none of them and the one sentence that says why."""
    try:
        from tailrace_report import pictures
    except ImportError as error:
        return {}, {}, no_figures(error)
    return *pictures.draw(study), ""


def no_figures(error: ImportError) -> str:
    """The one sentence."""
    return (
        f"the figures are missing, because this Python ({sys.executable}) cannot import"
        f" matplotlib ({error}); install python3-matplotlib or set TAILRACE_PYTHON."
    )


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
