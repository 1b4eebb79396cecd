# SPDX-License-Identifier: MIT
"""Turns matplotlib's SVG into SVG that belongs into a page: accessible, themed, small.

Text is text, colours are CSS variables with the light value as fallback, ids are prefixed so that
figures do not meet, and nothing points outside (no DOCTYPE, no metadata, no external references).
Works on the text that canvas.svg() returns; it is no general SVG tool.
"""

import html
import re

from tailrace_report.palette import HUES, INK, PAPER

FONT = "system-ui, 'DejaVu Sans', sans-serif"


def css_variables() -> tuple[str, str]:
    """The declarations of every colour for a light and for a dark page."""
    names = {**HUES, **INK, "paper": PAPER}
    light = "".join(f"--{name}:{pair[0]};" for name, pair in names.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in names.items())
    return light, dark


def inline(source: str, name: str, title: str, description: str) -> str:
    """The <svg> element for a page. `name` makes its ids unique: letters, digits, hyphens."""
    start = source.index("<svg")
    body = source[source.index(">", start) + 1 : source.rindex("</svg>")]
    opening = re.search(r'viewBox="([0-9. ]+)"', source[start:])
    if not opening:
        raise ValueError("matplotlib's SVG has no viewBox")
    width = opening.group(1).split()[2]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r"<defs>\s*<style[^>]*>[^<]*</style>\s*</defs>", "", body)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.S)
    body = _without_unused_ids(body)
    body = body.replace("xlink:href", "href")
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'href="#', f'href="#{name}-', body)
    body = re.sub(r"url\(#", f"url(#{name}-", body)
    body = re.sub(r'\bd="[^"]*"', lambda found: _rounded(found.group(0)), body)
    body = re.sub(r'(<use [^>]*?)(x="[^"]*" y="[^"]*")', _rounded_use, body)
    body = re.sub(r"'DejaVu Sans'[^;\"]*", FONT, body)
    body = _themed(body)
    body = re.sub(r"\n\s*", "\n", body).strip()
    return (
        f'<svg viewBox="{opening.group(1)}" style="max-width:{float(width) * 4 / 3:.0f}px"'
        f' role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>\n{body}\n</svg>'
    )


def _without_unused_ids(body: str) -> str:
    used = set(re.findall(r'href="#([^"]+)"', body)) | set(re.findall(r"url\(#([^)]+)\)", body))
    return re.sub(
        r'\sid="([^"]*)"', lambda found: found.group(0) if found.group(1) in used else "", body
    )


def _rounded(text: str) -> str:
    return re.sub(r"-?\d+\.\d+", lambda number: f"{float(number.group(0)):.1f}", text)


def _rounded_use(found: re.Match[str]) -> str:
    return found.group(1) + _rounded(found.group(2))


def _themed(body: str) -> str:
    """Each known colour becomes var(--name, #light); unknown ones stay."""
    names = {pair[0]: name for name, pair in {**HUES, **INK, "paper": PAPER}.items()}

    def replace(found: re.Match[str]) -> str:
        colour = found.group(0).lower()
        return f"var(--{names[colour]},{colour})" if colour in names else colour

    return re.sub(r"(?<=: )#[0-9a-fA-F]{6}\b", replace, body)
