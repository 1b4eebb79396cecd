# SPDX-License-Identifier: MIT
"""HdrHistogram V2 (compressed, base64, or as it is): the decoder, and the few questions that a
report asks.

Format: HdrHistogram's AbstractHistogram.encodeIntoByteBuffer, V2: ZigZag LEB128 counts, with runs
of zeros as negative numbers. The bytes come from a file that anybody may have written, so every
length is bounded before it is believed.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

COOKIE_COMPRESSED_V2 = 0x1C849314
COOKIE_V2 = 0x1C849313
ENVELOPE, HEADER = struct.Struct(">Ii"), struct.Struct(">Iiiiqqd")
TEXT_BYTES_MAX = 4 << 20
# 5 significant figures over the whole int64 range need 6.2 million slots; a run of zeros packs
# them into some bytes, so the limit guards memory, not honest files (3 figures: some 50 KiB).
INFLATED_BYTES_MAX = 8 << 20
COUNT_MAX = (1 << 53) - 1
ROUGH_FIGURES = 2


class HdrError(ValueError):
    """The text is no valid V2 histogram; the message says what is wrong with it."""


class Histogram:
    """Counts of values in nanoseconds: `slots` are (highest value of the slot, count), ascending.

    Merging histograms of one layout is exact; of different layouts it keeps each slot's highest
    value. Immutable once made.
    """

    def __init__(self, counts: Mapping[int, int]) -> None:
        self.slots = sorted((value, count) for value, count in counts.items() if count > 0)
        self._reached = list(accumulate(count for _, count in self.slots))
        self.total = self._reached[-1] if self._reached else 0

    @staticmethod
    def merge(parts: Iterable[Histogram]) -> Histogram:
        """One histogram with the counts of all parts: the only way to combine percentiles."""
        counts: dict[int, int] = {}
        for part in parts:
            for value, count in part.slots:
                counts[value] = counts.get(value, 0) + count
        return Histogram(counts)

    def quantile(self, p: float) -> int:
        """Smallest recorded slot (its highest value, ns) at or below which a share p lies.

        0 <= p <= 1. Raises ValueError for an empty histogram: there is no such number.
        """
        if not self.slots:
            raise ValueError("an empty histogram has no quantile")
        # The small number takes off what 0.99 * 100 has too much in binary.
        need = max(1, math.ceil(p * self.total - 1e-6))
        return self.slots[bisect_left(self._reached, need)][0]

    def quantiles(self, shares: Iterable[float]) -> list[int]:
        return [self.quantile(p) for p in shares]

    @property
    def highest(self) -> int:
        """The highest slot's highest value, ns; 0 when empty."""
        return self.slots[-1][0] if self.slots else 0


def decode(data: str | bytes) -> Histogram:
    """The histogram in a base64 V2 text, or in the bytes of one that is not compressed, as
    published campaigns have them. Raises HdrError with one clause that says why not."""
    if isinstance(data, bytes) and data[:4] == struct.pack(">I", COOKIE_V2):
        return _plain(data)
    return _plain(inflated(data))


def inflated(text: str | bytes) -> bytes:
    """What is in a base64 V2 text, not compressed; not looked into. Raises HdrError."""
    if len(text) > TEXT_BYTES_MAX:
        raise HdrError(f"{len(text)} bytes of text, more than the {TEXT_BYTES_MAX} permitted")
    try:
        packed = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise HdrError(f"not base64 ({error})") from None
    _header(packed, ENVELOPE, COOKIE_COMPRESSED_V2, "envelope")
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed[ENVELOPE.size :], INFLATED_BYTES_MAX + 1)
    except zlib.error as error:
        raise HdrError(f"zlib refuses it ({error})") from None
    if len(data) > INFLATED_BYTES_MAX:
        raise HdrError(f"inflates to more than the {INFLATED_BYTES_MAX} bytes permitted")
    if not inflater.eof or inflater.unused_data:
        raise HdrError("the compressed data does not end where the text does")
    return data


def _plain(data: bytes) -> Histogram:
    if len(data) > INFLATED_BYTES_MAX:
        raise HdrError(f"{len(data)} bytes, more than the {INFLATED_BYTES_MAX} permitted")
    offset, figures, lowest, highest, ratio = _header(data, HEADER, COOKIE_V2, "header")
    if offset != 0 or ratio != 1.0:
        raise HdrError(f"an offset of {offset} or a ratio of {ratio} is not supported")
    if not 0 <= figures <= 5:
        raise HdrError(f"{figures} significant figures, where 0 to 5 are possible")
    if lowest < 1 or highest < 2 * lowest:
        raise HdrError(f"an impossible range of {lowest} to {highest}")
    return _counts(data[HEADER.size :], figures, lowest, highest)


def _header(data: bytes, layout: struct.Struct, cookie: int, what: str) -> tuple[float, ...]:
    """What follows cookie and length, which are those of `data`."""
    if len(data) < layout.size:
        raise HdrError(f"only {len(data)} bytes, too short for the {what}")
    found, length, *rest = layout.unpack_from(data)
    if found != cookie:
        raise HdrError(f"cookie {found:#x} of the {what} is not that of a V2 histogram")
    if length != len(data) - layout.size:
        raise HdrError(f"the {what} says {length} bytes, but {len(data) - layout.size} follow")
    return tuple(rest)


def _counts(data: bytes, figures: float, lowest: float, highest: float) -> Histogram:
    """Layout: sub-buckets of equal width for each power of two."""
    unit_magnitude = int(lowest).bit_length() - 1
    half_magnitude = max((2 * 10 ** int(figures) - 1).bit_length(), 1) - 1
    if unit_magnitude + half_magnitude > 61:
        raise HdrError(f"lowest value {lowest} with {figures} figures does not fit 64 bits")
    half = 1 << half_magnitude
    buckets, reach = 1, (2 * half) << unit_magnitude
    while reach <= highest:
        buckets, reach = buckets + 1, reach << 1
    slots = (buckets + 1) * half

    counts: dict[int, int] = {}
    index, total = 0, 0
    for number in _zigzag(data):
        if max(index + 1, index - number) > slots:
            raise HdrError(f"more counts than the {slots} slots of the layout")
        if number < 0:
            index -= number
            continue
        total += number
        if total > COUNT_MAX:
            raise HdrError("the counts add up to more than 2^53")
        bucket = max((index >> half_magnitude) - 1, 0)
        sub_bucket = index - bucket * half
        counts[((sub_bucket + 1) << (bucket + unit_magnitude)) - 1] = number
        index += 1
    return Histogram(counts)


def rounded(data: bytes) -> bytes:
    """A V2 histogram that is not compressed, in slots of ROUGH_FIGURES significant figures: each
    value is then the highest of its slot, at most 0.8 % above what it was. One that has no more
    figures is left as it is. Raises HdrError."""
    histogram = _plain(data)
    _, _, figures, lowest, highest, ratio = HEADER.unpack_from(data)[1:]
    if figures <= ROUGH_FIGURES:
        return data
    unit = int(lowest).bit_length() - 1
    half_magnitude = (2 * 10**ROUGH_FIGURES - 1).bit_length() - 1
    counts: dict[int, int] = {}
    for value, count in histogram.slots:
        scaled = value >> unit
        bucket = max(scaled.bit_length() - half_magnitude - 1, 0)
        index = (bucket << half_magnitude) + (scaled >> bucket)
        counts[index] = counts.get(index, 0) + count
    body, at = bytearray(), 0
    for index, count in counts.items():
        if index > at:
            body += _packed(at - index)
        body += _packed(count)
        at = index + 1
    return HEADER.pack(COOKIE_V2, len(body), 0, ROUGH_FIGURES, lowest, highest, ratio) + bytes(body)


def _packed(number: int) -> bytes:
    """ZigZag LEB128, the ninth byte whole."""
    word = ((number << 1) ^ (number >> 63)) & ((1 << 64) - 1)
    out = bytearray()
    while len(out) < 8 and word > 0x7F:
        out.append(word & 0x7F | 0x80)
        word >>= 7
    out.append(word)
    return bytes(out)


def _zigzag(data: bytes) -> Iterator[int]:
    """ZigZag LEB128 numbers, each of nine bytes at most, the ninth whole."""
    value = place = 0
    for byte in data:
        last = place == 8 or byte < 0x80
        value |= (byte if place == 8 else byte & 0x7F) << (7 * place)
        place += 1
        if last:
            yield (value >> 1) ^ -(value & 1)
            value = place = 0
    if place:
        raise HdrError("the counts end in the middle of a number")
