# SPDX-License-Identifier: MIT
"""Draws figures: PNG and SVG files, and SVG for a page."""

from collections.abc import Iterable

from tailrace_report import canvas, svg
from tailrace_report.document import Picture
from tailrace_report.kinds.kind import Drawing


def draw(drawings: Iterable[Drawing]) -> tuple[dict[str, Picture], dict[str, bytes]]:
    """Pictures by name, and the files (name -> bytes) that go beside the page. Raises ImportError
    without matplotlib."""
    pictures: dict[str, Picture] = {}
    files: dict[str, bytes] = {}
    with canvas.settings():
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
    return pictures, files
