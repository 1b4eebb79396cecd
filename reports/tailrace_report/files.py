# SPDX-License-Identifier: MIT
"""Tables of reading a file: warm, cold and direct are three experiments and never one number.

What proves where the reads came from stands beside them: the share of the file in the page cache
before and after, and the bytes that the kernel read from a device for each byte read.
"""

from __future__ import annotations

from tailrace_report import sections, stats, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.file_numbers import CACHE_NAMES, CACHES
from tailrace_report.hdr import Histogram
from tailrace_report.sections import NAME, QUANTILES
from tailrace_report.study import Study, number, quantile
from tailrace_report.tables import Column, Table

SHOWN = tuple((p, name) for p, name in QUANTILES if p in (0.5, 0.99, 0.999))
HISTOGRAM = "read_ns"
IOPS = number("file.iops")
CPU = number("file.cpu_us_per_read")
PROOF_NOTE = (
    "from devices: bytes that the kernel read from a device for the target, a byte read; resident:"
    " the share of the file in the page cache before and after the reads."
)
THREADS_NOTE = (
    "threads: of the process while it read, at most; io-wq: those of them that the kernel made for"
    " io_uring. CPU time is that of the whole process, the kernel's threads for it included."
)
DISK_NOTE = (
    "Reads from a device are those of a virtual disk, whose host may keep what it read: they show"
    " what a runtime makes of a device, not how fast a disk is."
)


def points(study: Study, cache: str = "") -> list[Point]:
    """The measured file points, of one kind of page cache or of all."""
    return [p for p in study.points_of("file") if not cache or p.cache == cache]


def table(study: Study, point: Point) -> Table:
    """Everything about one point."""
    rate = study.compare(point, IOPS, best_is_low=False)
    speed = study.compare(point, number("file.bytes_per_s"), best_is_low=False)
    cpu = study.compare(point, CPU)
    compared = [study.compare(point, quantile(p, HISTOGRAM)) for p, _ in SHOWN]
    plain = {
        key: study.compare(point, number(f"file.{key}"))
        for key in ("cpus", "threads_peak", "io_workers_peak", "device_share")
    }
    resident = [
        study.compare(point, number(f"file.resident_{when}")) for when in ("before", "after")
    ]
    made = Table(
        f"Reading a file, {point.title}",
        [NAME, Column("blocks"), Column("reads/s"), Column("group by reads/s")]
        + [Column("per second"), Column("CPU a read"), Column("group by CPU"), Column("CPUs used")]
        + [Column(name) for _, name in SHOWN]
        + [Column("longest"), Column("threads"), Column("io-wq")]
        + [Column("from devices"), Column("resident")],
    )
    for who in sections.present(study, point):
        blocks = study.histograms(who, point, study.standing(who, point), HISTOGRAM)
        pooled = Histogram.merge(blocks.values())
        made.add(
            study.labels[who],
            sections.blocks_text(study, who, point),
            sections.value(rate, who, wording.rate),
            sections.group(rate, who),
            sections.median(speed, who, per_second),
            sections.value(cpu, who, wording.microseconds),
            sections.group(cpu, who),
            sections.median(plain["cpus"], who, wording.figures),
            *(_quantile(c, who, p, pooled) for c, (p, _) in zip(compared, SHOWN)),
            wording.duration(pooled.highest) if pooled.total else wording.MISSING,
            sections.median(plain["threads_peak"], who, whole),
            sections.median(plain["io_workers_peak"], who, whole),
            sections.median(plain["device_share"], who, two_places),
            " / ".join(sections.median(r, who, wording.share) for r in resident),
        )
    notes = [sections.interval_note([rate, cpu, *compared]), sections.FEW_NOTE, PROOF_NOTE]
    notes += [THREADS_NOTE] + ([DISK_NOTE] if point.cache != "warm" else [])
    return sections.finish(made, study, [point], [*notes, sections.GROUP_NOTE])


def _quantile(
    compared: sections.Compared, who: Contestant, p: float, pooled: Histogram
) -> str:
    text = sections.value(compared, who, wording.duration)
    if text == wording.MISSING and stats.supported(pooled.total, p):
        return f"{wording.duration(pooled.quantile(p))} †"
    return text


def per_second(value: float) -> str:
    """Bytes a second as MB/s (10^6)."""
    return f"{wording.figures(value / 1e6)} MB/s"


def whole(value: float) -> str:
    """A count of things."""
    return f"{value:.0f}"


def two_places(value: float) -> str:
    """A share that is 0, 1 or a little more."""
    return f"{value:.2f}"


def statement(study: Study) -> str:
    """One sentence for each kind of page cache: the fewest and the most CPU time a read, at the
    point that most contestants finished. Empty where nothing may be ranked."""
    parts = []
    for cache in CACHES:
        found = [(p, c) for p in points(study, cache) if (c := study.compare(p, CPU)) and c.ranked]
        if not found:
            continue
        point, compared = max(found, key=lambda pair: len(pair[1].ranked))
        if len(compared.ranked) < 2:
            continue
        least = min(compared.ranked, key=lambda e: e.estimate.median)
        most = max(compared.ranked, key=lambda e: e.estimate.median)
        parts.append(
            f"{CACHE_NAMES[cache]} ({point.reads}): {least.label}"
            f" {wording.microseconds(least.estimate.median)}, {most.label}"
            f" {wording.microseconds(most.estimate.median)}"
        )
    return f"CPU time a read, least and most: {'; '.join(parts)}." if parts else ""
