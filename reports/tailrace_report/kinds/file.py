# SPDX-License-Identifier: MIT
"""Reading a file: warm, cold and direct are three experiments and never one number.

What proves where the reads came from stands beside them: the share of the file in the page cache
before and after, and the bytes that the kernel read from a device for each byte read.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from tailrace_report import figure_latency, figure_lines, figure_rows, wording
from tailrace_report import sentences as say
from tailrace_report.campaign import Point
from tailrace_report.fields import Fields
from tailrace_report.kinds.kind import (
    Drawing,
    Drawn,
    Kind,
    Section,
    Statement,
    bytes_title,
    workers_title,
)
from tailrace_report.measures import Measure, Number
from tailrace_report.study import Study
from tailrace_report.subject_table import Columns, Text
from tailrace_report.tables import Table

CACHES = {
    "warm": "in the page cache",
    "cold": "not in the page cache",
    "direct": "past the page cache",
}
HISTOGRAM = "read_ns"
IOPS = Number("file.iops", wording.rate, best_is_low=False, metric="rate")
SPEED = Number("file.bytes_per_s", wording.bytes_per_s, best_is_low=False, metric="rate")
CPU = Number("file.cpu_us_per_read", wording.microseconds, metric="cpu")
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


class File(Kind):
    name, about = "file", "file reads"
    histograms = (HISTOGRAM,)

    def title(self, point: Point) -> str:
        cache = _cache(point)
        return f"{CACHES.get(cache, cache)}, {_reads(point)}{workers_title(point)}"

    def place(self, point: Point) -> tuple[Any, ...]:
        cache = list(CACHES).index(_cache(point)) if _cache(point) in CACHES else len(CACHES)
        return cache, point.whole("block_bytes"), point.whole("concurrency")

    def numbers(self, line: Fields) -> dict[str, float]:
        """Empty where the cell lacks its proof."""
        file = line.part("file")
        counts = line.part("work", "counts").numbers(
            "reads", "read_bytes", "whole_ns", "whole_cpu_ns"
        )
        if not file or len(counts) < 4 or not all(list(counts.values())[:3]):
            return {}
        reads, read_bytes, whole_ns, cpu_ns = counts.values()
        found = {
            "iops": reads * 1e9 / whole_ns,
            "bytes_per_s": read_bytes * 1e9 / whole_ns,
            "cpu_us_per_read": cpu_ns / 1e3 / reads,
            "cpus": cpu_ns / whole_ns,
            "device_share": (file.number("device_read_bytes") or 0.0) / read_bytes,
            **file.numbers("threads_peak", "io_workers_peak"),
        }
        for when in ("before", "after"):
            pages = file.part(when).number("pages")
            if pages:
                resident = file.part(when).number("resident") or 0.0
                found[f"resident_{when}"] = resident / pages
        return found

    def of(self, study: Study, cache: str) -> list[Point]:
        """The measured points with this kind of page cache."""
        return [p for p in self.points(study) if _cache(p) == cache]

    def statements(self, study: Study) -> list[Statement]:
        """For each kind of page cache CPU time a read, at the point that most subjects finished."""
        parts = []
        for cache, name in CACHES.items():
            found = [(p, study.compare(p, CPU)) for p in self.of(study, cache)]
            point, compared = max(found, key=lambda pair: len(pair[1].valid), default=(None, None))
            if point and compared and len(compared.valid) > 1:
                what = f"CPU time a read, {name} ({_reads(point)}),"
                parts.append(f"{say.best_and_worst(study, what, compared)}.")
        return [Statement("Reading a file", " ".join(parts))] if parts else []

    def sections(self, study: Study) -> list[Section]:
        shown = figure_latency.Shown(
            lambda point: f"{say.capital(point.title)}\ntime of a read, lower is better", HISTOGRAM
        )
        drawings = [
            Drawing(
                f"file-{cache}",
                f"Time of a read by percentile, page cache: {cache}",
                lambda cache=cache: figure_latency.latency_figure(
                    study, self.of(study, cache), shown
                ),
            )
            for cache in CACHES
        ]
        for sweep in SWEEPS:
            drawings.append(Drawing(sweep.name, sweep.title, partial(sweep.draw, study)))
        drawings.append(
            Drawing("file-cost", "CPU time a read, a panel a point", lambda: self._costs(study))
        )
        intro = (
            "Blocks of one file in seeded random order, each checked by its stamp. Three"
            " experiments that are never averaged: with the file in the page cache, with none of it"
            " there, and past it; each proven by what the kernel says of the page cache and of the"
            " device."
        )
        tables = [file_table(study, point) for point in self.points(study)]
        return [Section("files", "Reading a file", intro, drawings, tables)]

    def _costs(self, study: Study) -> Drawn:
        """Where readers were swept, file-cpu says the same in fewer panels."""
        points = [] if CPU_SWEEP.panels(study) else self.points(study)
        panels = [
            figure_rows.Panel(study.compare(point, CPU), note=study.compare(point, IOPS).middle)
            for point in points
        ]
        axis = "CPU time a read, µs (right: reads a second)"
        return figure_rows.rows_figure(study, panels, axis)


FILE = File()


@dataclass(frozen=True)
class Sweep:
    """A figure in which `option` varies along the x axis, and the other is the same in a panel."""

    name: str
    title: str
    measure: Measure
    option: str  # of AXES
    y_title: str
    scale: float

    @property
    def fixed(self) -> str:
        return next(name for name in AXES if name != self.option)

    def panels(self, study: Study) -> list[figure_lines.Panel]:
        """For each kind of page cache the value of `fixed` that has most points, if at least
        two."""
        found = []
        form = AXES[self.option][1]
        for cache, name in CACHES.items():
            by_fixed: dict[int, list[Point]] = {}
            for point in FILE.of(study, cache):
                by_fixed.setdefault(point.whole(self.fixed), []).append(point)
            points = max(by_fixed.values(), key=len, default=[])
            lines: dict[str, figure_lines.Line] = {}
            for point in sorted(points, key=lambda p: p.whole(self.option)):
                x = point.whole(self.option)
                for entry in study.compare(point, self.measure).entries:
                    mark = figure_lines.Mark(x, entry, form(x))
                    lines.setdefault(entry.label, []).append(mark)
            if len(points) > 1 and lines:
                _, fixed, text = AXES[self.fixed]
                same = text.format(fixed(points[0].whole(self.fixed)))
                better = "lower" if self.measure.best_is_low else "higher"
                title = f"{say.capital(name)}\n{same}, {better} is better"
                found.append(figure_lines.Panel(title, lines))
        return found

    def draw(self, study: Study) -> Drawn:
        title, form, _ = AXES[self.option]
        x = figure_lines.Axis(title, lambda at: form(round(at)), at_marks=True)
        y = figure_lines.Axis(self.y_title, lambda value: f"{value * self.scale:,.10g}")
        return figure_lines.lines_figure(self.panels(study), x, y)


# How the options of a sweep are written: along an axis, and where they are the same.
AXES = {
    "concurrency": ("readers", str, "{} readers"),
    "block_bytes": ("bytes of a read", bytes_title, "{} a read"),
}
CPU_SWEEP = Sweep(
    "file-cpu",
    "CPU time a read by number of readers",
    CPU,
    "concurrency",
    "CPU time a read, µs",
    1.0,
)
SWEEPS = (
    Sweep(
        "file-iops",
        "Reads a second by number of readers",
        IOPS,
        "concurrency",
        "thousand reads/s",
        1e-3,
    ),
    CPU_SWEEP,
    Sweep("file-speed", "Bytes a second by size of a read", SPEED, "block_bytes", "MB/s", 1e-6),
)


def _cache(point: Point) -> str:
    return point.options.get("cache", "")


def _reads(point: Point) -> str:
    """Block size and number of readers, in words."""
    readers = wording.counted(point.whole("concurrency"), "reader")
    return f"{bytes_title(point.whole('block_bytes'))} × {readers}"


def file_table(study: Study, point: Point) -> Table:
    """Everything about one point."""
    columns = Columns(study, point, HISTOGRAM)

    def plain(title: str, key: str, form: wording.Format) -> Text:
        return columns.median(title, Number(f"file.{key}", form))

    before, after = (plain("", f"resident_{w}", wording.share) for w in ("before", "after"))
    _, *tails = columns.tails("reads")
    return columns.table(
        f"Reading a file, {point.title}",
        [
            columns.value("reads/s", IOPS),
            columns.median("per second", SPEED),
            columns.value("CPU a read", CPU),
            plain("CPUs used", "cpus", wording.figures),
            *tails,
            plain("threads", "threads_peak", "{:.0f}".format),
            plain("io-wq", "io_workers_peak", "{:.0f}".format),
            plain("from devices", "device_share", "{:.2f}".format),
            Text("resident", lambda who: f"{before.text(who)} / {after.text(who)}"),
        ],
        [PROOF_NOTE, THREADS_NOTE] + ([DISK_NOTE] if _cache(point) != "warm" else []),
    )
