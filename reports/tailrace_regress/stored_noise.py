# SPDX-License-Identifier: MIT
"""Noise that was measured, for simulate.py: the log numbers of copies of one executable in stored
campaigns (planted_campaigns.py), each less the mean of its generation. A made-up generation takes
the copies of stored ones in random order, as many as it has subjects."""

import math
from collections.abc import Iterable, Sequence

import numpy

from tailrace_regress.planted_campaigns import COPIES, Measured
from tailrace_report.simulate import Matrix, Noise


def residuals(campaigns: Iterable[Measured], name: str) -> Matrix:
    """Stored generations by copies: logs, each row of mean 0 and scaled so that what a row's mean
    took is given back. Generations that lack a copy are left out."""
    rows = []
    for one in campaigns:
        numbers = one.numbers.get(name, {})
        if set(COPIES) <= set(numbers):
            shared = set.intersection(*(set(numbers[copy]) for copy in COPIES))
            rows += [[math.log(numbers[copy][at]) for copy in COPIES] for at in sorted(shared)]
    if not rows:
        return numpy.empty((0, len(COPIES)))
    logs = numpy.array(rows)
    less = len(COPIES) / (len(COPIES) - 1)
    found: Matrix = (logs - logs.mean(axis=1, keepdims=True)) * math.sqrt(less)
    return found


def drawn_from(stored: Matrix) -> tuple[Noise, float]:
    """The noise, scaled to a standard deviation of 1, and its own standard deviation. `stored`: one
    generation or more, as `residuals` has them."""
    size = float(stored.std()) or 1.0

    def noise(lot: numpy.random.RandomState, shape: tuple[int, int]) -> Matrix:
        return numpy.array([_row(stored, lot, shape[1]) for _ in range(shape[0])]) / size

    return noise, size


def _row(stored: Matrix, lot: numpy.random.RandomState, count: int) -> Sequence[float]:
    row: list[float] = []
    while len(row) < count:
        one = stored[lot.randint(len(stored))]
        row += lot.permutation(one)[: count - len(row)].tolist()
    return row
