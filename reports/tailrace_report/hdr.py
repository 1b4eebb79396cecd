# SPDX-License-Identifier: MIT
"""HdrHistogram V2 (compressed, base64): the decoder, and the few questions that a report asks.

Source of the format: HdrHistogram's AbstractHistogram.encodeIntoByteBuffer (V2, ZigZag LEB128
with runs of zeros as negative numbers), which its ports for C, Go, Python and Rust share.
This is not a recorder: nothing here counts values, it only reads, merges and asks for quantiles.
The bytes come from a file that anybody may have written, so every length is bounded before it is
believed, and the decompressor stops at the size that the header's own layout permits.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
import zlib
from collections.abc import Iterable

COOKIE_COMPRESSED_V2 = 0x1C849314
COOKIE_V2 = 0x1C849313
HEADER = struct.Struct(">iiiiqqd")
TEXT_BYTES_MAX = 4 << 20
# 5 significant figures over the whole int64 range need 6.2 million slots; a run of zeros packs
# them into some bytes, so the limit guards memory, not honest files (3 figures: some 50 KiB).
INFLATED_BYTES_MAX = 8 << 20
COUNT_MAX = (1 << 53) - 1


class HdrError(ValueError):
    """The text is no valid V2 histogram; the message says what is wrong with it."""


class Histogram:
    """Counts of values in nanoseconds, as sorted (highest value of the slot, count) pairs.

    Merging histograms of one layout is exact; of different layouts it keeps each slot's highest
    value. Immutable once made.
    """

    def __init__(self, counts: dict[int, int]) -> None:
        self._slots = sorted((value, count) for value, count in counts.items() if count > 0)
        self.total = sum(count for _, count in self._slots)

    @staticmethod
    def merge(parts: Iterable[Histogram]) -> Histogram:
        """One histogram with the counts of all parts: the only way to combine percentiles."""
        counts: dict[int, int] = {}
        for part in parts:
            for value, count in part._slots:
                counts[value] = counts.get(value, 0) + count
        return Histogram(counts)

    def quantile(self, p: float) -> int:
        """Smallest recorded slot (its highest value, ns) at or below which a share p lies.

        0 <= p <= 1. Raises ValueError for an empty histogram: there is no such number.
        """
        return self.quantiles([p])[0]

    def quantiles(self, shares: list[float]) -> list[int]:
        """`quantile` of each of the ascending shares, in one pass over the slots."""
        if self.total == 0:
            raise ValueError("an empty histogram has no quantile")
        answers: list[int] = []
        slots = iter(self._slots)
        value, seen = 0, 0
        for p in shares:
            # The small number takes off what 0.99 * 100 has too much in binary.
            need = max(1, math.ceil(p * self.total - 1e-6))
            while seen < need:
                value, count = next(slots)
                seen += count
            answers.append(value)
        return answers

    def exceedances(self, p: float) -> float:
        """How many values are expected above the quantile p: the samples that support it."""
        return self.total * (1.0 - p)

    @property
    def slots(self) -> list[tuple[int, int]]:
        """(highest value of the slot, count), ascending; not to be changed."""
        return self._slots

    @property
    def highest(self) -> int:
        """The highest slot's highest value, ns; 0 when empty."""
        return self._slots[-1][0] if self._slots else 0


def decode(text: str | bytes) -> Histogram:
    """The histogram in a base64 V2 text. Raises HdrError with one clause that says why not."""
    if len(text) > TEXT_BYTES_MAX:
        raise HdrError(f"{len(text)} bytes of text, more than the {TEXT_BYTES_MAX} permitted")
    try:
        packed = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise HdrError(f"not base64 ({error})") from None
    return _decode_inflated(_inflate(packed))


def _inflate(packed: bytes) -> bytes:
    """The bytes inside the compressed envelope, never more than INFLATED_BYTES_MAX."""
    if len(packed) < 8:
        raise HdrError(f"only {len(packed)} bytes, too short for the envelope")
    cookie, length = struct.unpack_from(">ii", packed)
    if cookie != COOKIE_COMPRESSED_V2:
        raise HdrError(f"cookie {cookie & 0xFFFFFFFF:#x} is not that of a compressed V2 histogram")
    if length < 0 or length != len(packed) - 8:
        raise HdrError(f"the envelope says {length} bytes, but {len(packed) - 8} follow")
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(packed[8:], INFLATED_BYTES_MAX + 1)
    except zlib.error as error:
        raise HdrError(f"zlib refuses it ({error})") from None
    if len(inflated) > INFLATED_BYTES_MAX:
        raise HdrError(f"inflates to more than the {INFLATED_BYTES_MAX} bytes permitted")
    if not inflater.eof:
        raise HdrError("the compressed data ends too early")
    if inflater.unused_data:
        raise HdrError(f"{len(inflater.unused_data)} bytes follow the compressed data")
    return inflated


def _decode_inflated(data: bytes) -> Histogram:
    if len(data) < HEADER.size:
        raise HdrError(f"only {len(data)} bytes inside, too short for the header")
    cookie, length, offset, figures, lowest, highest, ratio = HEADER.unpack_from(data)
    if cookie != COOKIE_V2:
        raise HdrError(f"inner cookie {cookie & 0xFFFFFFFF:#x} is not that of a V2 histogram")
    if length < 0 or length != len(data) - HEADER.size:
        raise HdrError(f"the header says {length} bytes, but {len(data) - HEADER.size} follow")
    if offset != 0:
        raise HdrError(f"a normalizing offset of {offset} is not supported")
    if not 0 <= figures <= 5:
        raise HdrError(f"{figures} significant figures, where 0 to 5 are possible")
    if lowest < 1 or highest < 2 * lowest:
        raise HdrError(f"an impossible range of {lowest} to {highest}")
    if ratio != 1.0:
        raise HdrError(f"a conversion ratio of {ratio} is not supported")
    return _read_counts(data, figures, lowest, highest)


def _read_counts(data: bytes, figures: int, lowest: int, highest: int) -> Histogram:
    """Walks the counts; `data` starts with the header, whose length was checked by the caller."""
    # Layout as in the HdrHistogram paper trail: sub-buckets of equal width per power of two.
    unit_magnitude = lowest.bit_length() - 1
    half_magnitude = max((2 * 10**figures - 1).bit_length(), 1) - 1
    if unit_magnitude + half_magnitude > 61:
        raise HdrError(f"lowest value {lowest} with {figures} figures does not fit 64 bits")
    half = 1 << half_magnitude
    buckets, reach = 1, (2 * half) << unit_magnitude
    while reach <= highest:
        buckets, reach = buckets + 1, reach << 1
    slots = (buckets + 1) * half

    counts: dict[int, int] = {}
    at, index, total = HEADER.size, 0, 0
    while at < len(data):
        number, at = _zigzag(data, at)
        if number < 0:
            if -number > slots - index:
                raise HdrError(f"a run of {-number} zeros leads past the {slots} slots")
            index -= number
            continue
        if index >= slots:
            raise HdrError(f"more counts than the {slots} slots of the layout")
        total += number
        if total > COUNT_MAX:
            raise HdrError("the counts add up to more than 2^53")
        if number:
            bucket = max((index >> half_magnitude) - 1, 0)
            sub_bucket = index - bucket * half
            counts[((sub_bucket + 1) << (bucket + unit_magnitude)) - 1] = number
        index += 1
    return Histogram(counts)


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    """One ZigZag LEB128 number (9 bytes at most, the last one whole) and where the next starts."""
    value = 0
    for byte_index in range(9):
        if at >= len(data):
            raise HdrError("the counts end in the middle of a number")
        byte = data[at]
        at += 1
        if byte_index == 8:
            value |= byte << 56
            break
        value |= (byte & 0x7F) << (7 * byte_index)
        if byte < 0x80:
            break
    return (value >> 1) ^ -(value & 1), at
