# SPDX-License-Identifier: MIT
"""What every HTML page of Tailrace shares: one file that needs nothing else, readable without a
script, light and dark; and a drawn figure in it."""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tailrace_report import svg


@dataclass(frozen=True)
class Picture:
    """A drawn figure: file name without ending, heading, words for who cannot see it, SVG."""

    name: str
    title: str
    description: str
    svg: str

    @property
    def html(self) -> str:
        """The figure with links to its files."""
        files = f'<a href="{self.name}.png">PNG</a>, <a href="{self.name}.svg">SVG</a>'
        caption = f"<figcaption>{html.escape(self.title)} ({files})</figcaption>"
        return f"<figure>{self.svg}{caption}</figure>\n"


def note(text: str) -> str:
    return f'<p class="note">{html.escape(text)}</p>'


def items(texts: Iterable[str]) -> str:
    """Of a list."""
    return "".join(f"<li>{html.escape(text)}</li>" for text in texts)


def counts(label: str, found: Iterable[tuple[int, str, str]]) -> str:
    """Of each: how many, of what, and the class that colours it where there are any."""
    shown = "".join(
        f"<li{f' class={chr(34)}{kind}{chr(34)}' if number and kind else ''}>"
        f"<b>{number}</b> {name}</li>"
        for number, name, kind in found
    )
    return f'<ul class="counts" aria-label="{label}">{shown}</ul>'


def document(title: str, body: Iterable[str]) -> str:
    """The page around `body`, which is HTML; `title` is text."""
    light, dark = svg.css_variables()
    here = Path(__file__)
    style = here.with_name("page.css").read_text("utf-8")
    style = style.replace("%LIGHT%", light).replace("%DARK%", dark)
    script = here.with_name("page.js").read_text("utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title>\n<style>\n{style}</style></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + f"\n<script>\n{script}</script>\n</body></html>\n"
    )
