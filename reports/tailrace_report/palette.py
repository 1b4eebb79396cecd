# SPDX-License-Identifier: MIT
"""One colour and one marker per runtime, the same in every figure, page and run.

Okabe and Ito's colours (2008), darkened for white paper (yellow to olive) and lightened for a dark
page until each has at least 3:1 against its background (tests/test_drawing.py computes it).
A runtime that is not listed gets a colour by its name, so it is the same tomorrow. Families share
a hue; marker and dash tell members apart, so no reader needs colour to tell lines apart.
"""

from __future__ import annotations

import zlib
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

# id -> (hue, marker)
RUNTIMES = {
    "bare": ("grey", "h"),
    "bare-epoll": ("grey", "o"),
    "bare-uring": ("grey", "D"),
    "local": ("blue", "s"),
    "steal": ("purple", "^"),
    "uring": ("green", "v"),
    "libuv": ("orange", "D"),
    "asio-epoll": ("sky", "P"),
    "asio-uring": ("sky", "X"),
    "threads": ("vermillion", "X"),
    "threads-pool": ("vermillion", "h"),
    "tokio": ("olive", "p"),
    "tokio-current": ("olive", "<"),
    "smol": ("green", ">"),
    "async-std": ("green", "p"),
    "glommio": ("green", "h"),
    "monoio": ("green", "P"),
    "go": ("sky", "*"),
    "java-virtual": ("orange", "*"),
}
MARKERS = "osv^DPXhp<>*"


@dataclass(frozen=True)
class Look:
    """How a runtime is drawn. `light` is what the figures are made with; see svg.py for dark."""

    hue: str
    light: str
    dark: str
    marker: str


def look(runtime_id: str) -> Look:
    """The look of a runtime, the same for all its forms."""
    if runtime_id in RUNTIMES:
        hue, marker = RUNTIMES[runtime_id]
    else:
        number = zlib.crc32(runtime_id.encode("utf-8"))
        hue = sorted(HUES)[number % len(HUES)]
        marker = MARKERS[(number >> 8) % len(MARKERS)]
    light, dark = HUES[hue]
    return Look(hue, light, dark, marker)


def dashes(form: str) -> tuple[float, ...] | None:
    """The line pattern of a form: solid for `best`, dashed for all others. Points of width."""
    return None if form == "best" else (4.0, 2.0)
