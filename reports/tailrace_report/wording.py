# SPDX-License-Identifier: MIT
"""Numbers as text: three significant figures, the unit always beside them, no false precision."""

import math
from collections.abc import Callable

from tailrace_report.stats import Estimate

MISSING = "-"
Format = Callable[[float], str]


def figures(value: float, count: int = 3) -> str:
    """`count` significant figures without exponent: 3.52, 35.2, 352, 3,520."""
    if value == 0:
        return "0"
    places = max(0, count - 1 - math.floor(math.log10(abs(value)) + 1e-12))
    # Rounding may carry into the next power of ten (9.996 -> 10.0): count again.
    rounded = round(value, places)
    if rounded:
        places = max(0, count - 1 - math.floor(math.log10(abs(rounded)) + 1e-12))
    return f"{value:,.{min(places, 6)}f}"


def duration(nanoseconds: float) -> str:
    for limit, divisor, unit in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if abs(nanoseconds) < limit * 0.9995:
            return f"{figures(nanoseconds / divisor)} {unit}"
    return f"{figures(nanoseconds / 1e9)} s"


def microseconds(value: float) -> str:
    return f"{figures(value)} µs"


def byte_count(value: float) -> str:
    """Bytes up to 9,999, then kB (1,000 bytes)."""
    if abs(value) < 9999.5:
        return f"{round(value):,} B"  # a whole number: a slope just below zero is 0 B, not -0 B
    return f"{figures(value / 1000)} kB"


def rate(per_s: float) -> str:
    return f"{figures(per_s / 1000)} k/s" if per_s >= 1000 else f"{figures(per_s)} /s"


def bytes_per_s(value: float) -> str:
    """MB/s of 10^6 bytes."""
    return f"{figures(value / 1e6)} MB/s"


def time_unit(nanoseconds: float) -> str:
    """A round time: `1 ms`, `200 µs`."""
    for limit, divisor, unit in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if nanoseconds < limit * 0.9999:
            return f"{nanoseconds / divisor:g} {unit}"
    return f"{nanoseconds / 1e9:g} s"


def share(value: float) -> str:
    return f"{100 * value:.1f} %"


def plain(value: float) -> str:
    """A count per operation; what is next to nothing needs no figures."""
    return "< 0.001" if 0 < value < 0.001 else figures(value)


def times(value: float) -> str:
    return f"{value:.2f}×"


def relative(ratio: Estimate) -> str:
    """`1.012× ±0.6 %`: with half its interval; alone where it has none."""
    if ratio.kind != "interval":
        return times(ratio.median)
    half = 100 * ratio.half_width
    return f"{ratio.median:.{3 if half < 1 else 2}f}× ±{percent(half)}"


def percent(hundredths: float) -> str:
    """`0.6 %`, `12 %`."""
    return f"{hundredths:.{1 if hundredths < 9.95 else 0}f} %"


def with_interval(estimate: Estimate | None, form: Format) -> str:
    """`3.52 µs [3.40, 3.61]`; the unit once, when all three share it."""
    if estimate is None:
        return MISSING
    middle, low, high = (form(v) for v in (estimate.median, estimate.low, estimate.high))
    if low == middle == high:
        return middle
    unit = middle.rpartition(" ")[2] if " " in middle else ""
    if unit and low.endswith(f" {unit}") and high.endswith(f" {unit}"):
        low, high = low.removesuffix(f" {unit}"), high.removesuffix(f" {unit}")
    return f"{middle} [{low}, {high}]"


def joined(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
