# SPDX-License-Identifier: MIT
"""Wrote python-hdrhistogram.json: histogram_samples.hpp as the PyPI library encodes it."""

import json

from hdrh.histogram import HdrHistogram

STATE = 1


def draw():
    global STATE
    STATE = (STATE * 6364136223846793005 + 1442695040888963407) % 2**64
    return STATE


def samples():
    yield "empty", []
    yield "one", [123456789]
    yield "near", [20000 + (draw() >> 33) % 80000 for _ in range(10000)]
    wide = []
    for _ in range(10000):
        bits = draw() >> 23
        wide.append((bits >> (draw() >> 59)) + 1)
    yield "wide", wide
    yield "heavy", [1000] * 70000 + [3_600_000_000_000, 1]


def encoded(histogram, values):
    for value in values:
        assert histogram.record_value(value)
    return histogram.encode().decode()


vectors = {name: encoded(HdrHistogram(1, 3_600_000_000_000, 3), v) for name, v in samples()}
coarse = [50_000, 7_000_000, 50_000_000_000]
vectors["coarse"] = encoded(HdrHistogram(1000, 60_000_000_000, 2), coarse)
print(json.dumps(vectors, indent=0))
