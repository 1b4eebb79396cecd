# SPDX-License-Identifier: MIT
"""One colour and one marker per runtime, the same in every figure, page and run.

Okabe and Ito's colours (2008), darkened for white paper (yellow to olive) and lightened for a dark
page until each has at least 3:1 against its background (tests/test_drawing.py computes it). A look
follows from the id alone, so that a runtime looks the same wherever it is named; SALT was chosen so
that those listed in that test differ, and another may meet one of them. Marker and dash differ too,
so no reader needs colour.
"""

import hashlib
from dataclasses import dataclass

# hue -> (on white, on dark)
HUES = {
    "grey": ("#4d4d4d", "#c8c8c8"),
    "blue": ("#0072b2", "#4aa8e0"),
    "green": ("#00805f", "#22b78c"),
    "purple": ("#b0568c", "#d98abb"),
    "orange": ("#b87400", "#e8a530"),
    "vermillion": ("#c75300", "#f08040"),
    "sky": ("#2f87bd", "#78c2ee"),
    "olive": ("#6f6b00", "#cbc53c"),
}
INK = {
    "text": ("#1c1c1e", "#e8e8ea"),
    "muted": ("#66666b", "#a0a0a8"),
    "grid": ("#dcdce0", "#3a3a40"),
}
PAPER = ("#ffffff", "#17171a")

MARKERS = "os^vDPXhp<>*"
SALT = 1136573


@dataclass(frozen=True)
class Look:
    """How a runtime is drawn. `light` is what the figures are made with; see svg.py for dark."""

    hue: str
    light: str
    dark: str
    marker: str


def look(runtime_id: str) -> Look:
    """The look of a runtime, the same for all its forms."""
    digest = hashlib.blake2s(f"{runtime_id}{SALT}".encode(), digest_size=4).digest()
    number = int.from_bytes(digest, "big")
    hue = list(HUES)[number % len(HUES)]
    return Look(hue, *HUES[hue], MARKERS[(number >> 8) % len(MARKERS)])


def dashes(form: str) -> str | tuple[int, tuple[float, float]]:
    """The line style of a form: solid for `best`, dashed for all others."""
    return "-" if form == "best" else (0, (4.0, 2.0))
