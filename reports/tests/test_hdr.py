# SPDX-License-Identifier: MIT
"""The HDR V2 decoder: against an independent encoder, brute force and hostile bytes."""

from __future__ import annotations

import base64
import random
import struct
import tracemalloc
import unittest
import zlib
from typing import Any

import hdr_encoder
from tailrace_report import hdr

# Written by HdrHistogram's Python port 0.10.8: HdrHistogram(1, 3600000000000, 3), one each of
# 1, 2047, 2048, 100000, 1000003 and 123456789 ns, record_value(5000, 7).
FOREIGN = "HISTFAAAADJ4nJNpmSzMwMAgxAABzFCaEch0M9ixgMH+A1SA6ac8E9NBYb63LkzdZkwf85gAzdUJtQ=="
FOREIGN_COUNTS = {1: 1, 2047: 1, 2049: 1, 5003: 7, 100031: 1, 1000447: 1, 123469823: 1}


class Decoding(unittest.TestCase):
    def test_every_slot_boundary_survives(self) -> None:
        values = {v for power in range(1, 41) for v in (2**power - 1, 2**power, 2**power + 1)}
        for figures in (1, 2, 3, 4):
            with self.subTest(figures=figures):
                decoded = hdr.decode(hdr_encoder.encode({v: 1 for v in values}, figures))
                self.assertEqual(decoded.total, len(values))
                for value, found in zip(sorted(values), all_values(decoded)):
                    self.assertGreaterEqual(found, value)
                    self.assertLessEqual(found - value, value * 2 / 10**figures)

    def test_quantiles_are_those_of_the_sorted_values(self) -> None:
        generator = random.Random(5)
        values = sorted(int(50_000 / (1.0001 - generator.random())) for _ in range(3000))
        counts: dict[int, int] = {}
        for value in values:
            counts[value] = counts.get(value, 0) + 1
        histogram = hdr.decode(hdr_encoder.encode(counts) + "\n")
        for p in (0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0):
            rank = max(1, -int(-(p * len(values) - 1e-6) // 1))
            exact = values[rank - 1]
            self.assertGreaterEqual(histogram.quantile(p), exact)
            self.assertLessEqual(histogram.quantile(p), exact * 1.001 + 1)

    def test_merging_equals_recording_all_in_one(self) -> None:
        left, right = {10: 3, 70_000: 5, 9_999_999: 1}, {10: 1, 70_001: 2, 123: 9}
        both = {10: 4, 70_000: 5, 70_001: 2, 9_999_999: 1, 123: 9}
        merged = hdr.Histogram.merge(hdr.decode(hdr_encoder.encode(part)) for part in (left, right))
        self.assertEqual(merged.slots, hdr.decode(hdr_encoder.encode(both)).slots)

    def test_a_histogram_of_another_library_is_read(self) -> None:
        self.assertEqual(dict(hdr.decode(FOREIGN).slots), FOREIGN_COUNTS)

    def test_empty_is_empty(self) -> None:
        empty = hdr.decode(hdr_encoder.encode({}))
        self.assertEqual((empty.total, empty.highest), (0, 0))
        with self.assertRaises(ValueError):
            empty.quantile(0.5)


class Hostile(unittest.TestCase):
    def refused(self, text: str | bytes, clause: str) -> None:
        with self.assertRaisesRegex(hdr.HdrError, clause):
            hdr.decode(text)

    def test_text_that_is_no_envelope(self) -> None:
        self.refused("", "too short")
        self.refused("not base64!", "not base64")
        self.refused("HISTFAAA", "too short")
        self.refused("A" * (hdr.TEXT_BYTES_MAX + 4), "more than")
        self.refused(hdr_encoder.envelope(b"", cookie=0x1C849303), "cookie")

    def test_lengths_that_lie(self) -> None:
        good = base64.b64decode(hdr_encoder.encode({5: 1}))
        for length in (-1, 0, 1, 2**31 - 1, len(good)):
            lie = good[:4] + struct.pack(">i", length) + good[8:]
            self.refused(base64.b64encode(lie), "envelope says")
        for cut in (9, len(good) // 2, len(good) - 1):
            packed = good[8:cut]
            torn = good[:4] + struct.pack(">i", len(packed)) + packed
            self.refused(base64.b64encode(torn), "does not end|zlib refuses")
        for length in (-1, 0, 2**31 - 1):
            self.refused(
                hdr_encoder.envelope(hdr_encoder.inner_of(b"\x02", length=length)), "header"
            )

    def test_a_decompression_bomb_stops_at_the_limit(self) -> None:
        bomb = hdr_encoder.envelope(b"\0" * (256 << 20))
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.refused(bomb, "inflates to more")
        self.assertLess(tracemalloc.get_traced_memory()[1], 4 * hdr.INFLATED_BYTES_MAX)

    def test_headers_that_lie(self) -> None:
        cases: list[tuple[str, dict[str, Any]]] = [
            ("cookie 0x7 of the header", {"cookie": 7}),
            ("offset of 1", {"offset": 1}),
            ("significant figures", {"figures": 6}),
            ("significant figures", {"figures": -1}),
            ("impossible range", {"lowest": 0}),
            ("impossible range", {"lowest": 9, "highest": 10}),
            ("64 bits", {"lowest": 2**60, "highest": 2**62}),
            ("ratio", {"ratio": float("nan")}),
            ("ratio", {"ratio": 2.0}),
        ]
        for clause, fields in cases:
            with self.subTest(**fields):
                self.refused(hdr_encoder.envelope(hdr_encoder.inner_of(b"\x02", **fields)), clause)

    def test_counts_that_lie(self) -> None:
        def payload(*numbers: int) -> str:
            return hdr_encoder.envelope(
                hdr_encoder.inner_of(b"".join(hdr_encoder.zigzag(n) for n in numbers), highest=4095)
            )

        self.refused(payload(-4000), "more counts")
        self.refused(payload(-(2**63)), "more counts")
        self.refused(payload(*[1] * 4000), "more counts")
        self.refused(payload(2**53), "add up")
        self.refused(payload(2**52, 2**52), "add up")
        self.refused(hdr_encoder.envelope(hdr_encoder.inner_of(b"\xff" * 8)), "middle of a number")
        self.assertEqual(hdr.decode(payload(-3000, 1)).total, 1)

    def test_random_damage_is_refused_or_read_but_never_crashes(self) -> None:
        generator = random.Random(11)
        inner = hdr_encoder.inner_of(hdr_encoder.payload_of([0, 3, 0, 0, 9, 1] * 40))
        for _ in range(3000):
            damaged = bytearray(inner)
            for _ in range(generator.randrange(1, 4)):
                damaged[generator.randrange(len(damaged))] = generator.randrange(256)
            try:
                hdr.decode(hdr_encoder.envelope(bytes(damaged)))
            except hdr.HdrError:
                pass

    def test_trailing_bytes_inside_the_stream_are_refused(self) -> None:
        packed = zlib.compress(hdr_encoder.inner_of(b"\x02")) + b"tail"
        text = base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed)
        self.refused(text, "does not end")


def all_values(histogram: hdr.Histogram) -> list[int]:
    """Every recorded value (its slot's highest), ascending, as often as it was recorded."""
    return [value for value, count in histogram.slots for _ in range(count)]



class Rounded(unittest.TestCase):
    def test_counts_stay_and_values_rise_to_the_end_of_their_slot(self) -> None:
        lot = random.Random(3)
        values = {int(10 ** lot.uniform(0, 12)): lot.randint(1, 10**6) for _ in range(500)}
        plain = hdr.inflated(hdr_encoder.encode(values))
        rough = hdr.rounded(plain)
        self.assertLess(len(rough), len(plain))
        exact, found = hdr.decode(plain), hdr.decode(rough)
        self.assertEqual(found.total, exact.total)
        for p in (0.0, 0.1, 0.5, 0.9, 0.999, 1.0):
            at, above = exact.quantile(p), found.quantile(p)
            self.assertTrue(at <= above <= 1.008 * at, (p, at, above))
        self.assertEqual(hdr.rounded(rough), rough)

    def test_an_encoder_of_the_tests_makes_the_same(self) -> None:
        values = {1: 3, 255: 1, 256: 2, 1000: 7, 123_456_789: 1 << 40}
        rough = hdr.rounded(hdr.inflated(hdr_encoder.encode(values)))
        self.assertEqual(rough, hdr.inflated(hdr_encoder.encode(values, figures=2)))

    def test_an_empty_one_stays_empty_and_nonsense_is_refused(self) -> None:
        empty = hdr.inflated(hdr_encoder.encode({}))
        self.assertEqual(hdr.decode(hdr.rounded(empty)).total, 0)
        with self.assertRaises(hdr.HdrError):
            hdr.rounded(b"\x1c\x84\x93\x13nonsense")
        with self.assertRaises(hdr.HdrError):
            hdr.decode(hdr.rounded(empty)[:-1])


if __name__ == "__main__":
    unittest.main()
