# SPDX-License-Identifier: MIT
"""An encoder of HdrHistogram V2, written from the format and not from our decoder, for the tests.

Where the decoder walks slots and shifts, this one works with a plain array and divisions.
"""

from __future__ import annotations

import base64
import struct
import zlib


def slot_of(value: int, figures: int, lowest: int = 1) -> int:
    """Index of the value's slot in the counts array."""
    unit = 1
    while unit * 2 <= lowest:
        unit *= 2
    sub_buckets = 2
    while sub_buckets < 2 * 10**figures:
        sub_buckets *= 2
    bucket, scaled = 0, value // unit
    while scaled >= sub_buckets:
        bucket, scaled = bucket + 1, scaled // 2
    return bucket * (sub_buckets // 2) + scaled


def zigzag(number: int) -> bytes:
    """ZigZag LEB128, at most nine bytes, the ninth with all its eight bits."""
    word = number * 2 if number >= 0 else -number * 2 - 1
    out = bytearray()
    while len(out) < 8 and word >= 128:
        out.append(word % 128 + 128)
        word //= 128
    out.append(word)
    return bytes(out)


def payload_of(slots: list[int]) -> bytes:
    """Counts in slot order, with runs of zeros as their negative length."""
    out, zeros = bytearray(), 0
    for count in slots:
        if count == 0:
            zeros += 1
            continue
        if zeros:
            out += zigzag(-zeros)
            zeros = 0
        out += zigzag(count)
    return bytes(out)


def envelope(inner: bytes, cookie: int = 0x1C849314) -> str:
    packed = zlib.compress(inner, 6)
    return base64.b64encode(struct.pack(">ii", cookie, len(packed)) + packed).decode("ascii")


def inner_of(
    payload: bytes,
    *,
    cookie: int = 0x1C849313,
    length: int | None = None,
    offset: int = 0,
    figures: int = 3,
    lowest: int = 1,
    highest: int = 3_600_000_000_000,
    ratio: float = 1.0,
) -> bytes:
    size = len(payload) if length is None else length
    return struct.pack(">iiiiqqd", cookie, size, offset, figures, lowest, highest, ratio) + payload


def encode(values: dict[int, int], figures: int = 3, highest: int = 3_600_000_000_000) -> str:
    """The base64 text of a histogram of value (ns) -> count."""
    slots: list[int] = []
    for value, count in values.items():
        index = slot_of(value, figures)
        if index >= len(slots):
            slots += [0] * (index + 1 - len(slots))
        slots[index] += count
    return envelope(inner_of(payload_of(slots), figures=figures, highest=highest))
