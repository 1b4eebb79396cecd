# SPDX-License-Identifier: MIT
"""Tables of uneven load: hogs (some connections burn CPU time and await nothing; how long do the
others wait) and skew (few connections carry most of the load).

The response times of a hog point are those of the others; the hogs' own stand apart. Where two
workers needed every core of the machine, client and server shared them: the notes say so.
"""

from __future__ import annotations

from tailrace_report import sections, stats, wording
from tailrace_report.cell import Contestant, Point
from tailrace_report.hdr import Histogram
from tailrace_report.sections import NAME, QUANTILES
from tailrace_report.study import Measure, Study, calm_partner, number, quantile
from tailrace_report.tables import Column, Table

SHOWN = tuple((p, name) for p, name in QUANTILES if p in (0.5, 0.99, 0.999))
SHARED_NOTE = (
    "Client and server shared the CPUs in these cells: {}. The client's own delay is in the"
    " response times (sent late), alike for all."
)


def burning_points(study: Study) -> list[Point]:
    """The hog points with a story: those that burn, or, where there is none, all."""
    points = study.points_of("hog")
    return [p for p in points if p.burn_us] or points


def times_calm(study: Study, who: Contestant, point: Point, p: float) -> stats.Estimate | None:
    """The quantile with burning to the same without, paired within blocks, of ok cells only."""
    calm = calm_partner(study, point)
    if calm is None or calm == point:
        return None
    measure = quantile(p)
    return stats.paired_ratio(measure(study, who, point, "ok"), measure(study, who, calm, "ok"))


def hogs(study: Study, point: Point) -> Table:
    """The others' response time while hogs burn, beside the same load without burning."""
    calm = calm_partner(study, point)
    compared = [study.compare(point, quantile(p)) for p, _ in SHOWN]
    before = study.compare(calm, quantile(0.99)) if calm and calm != point else None
    own = study.compare(point, quantile(0.5, "hogs.response"))
    sent = study.compare(point, quantile(0.99, "service"))
    table = Table(
        f"Response time of the others, {point.title} (lower is better)",
        [NAME, Column("blocks"), Column("requests")]
        + [Column(name) for _, name in SHOWN]
        + [Column("longest"), Column("p99 from sending")]
        + [Column("p99, nobody burns"), Column("p99 with / without")]
        + [Column("group by p99"), Column("hogs' own p50"), Column("sent late p99")],
    )
    pooled_used = False
    for who in sections.present(study, point):
        texts, pooled, used = _quantiles(study, who, point, compared)
        pooled_used = pooled_used or used
        ratio = times_calm(study, who, point, 0.99)
        table.add(
            study.labels[who],
            sections.blocks_text(study, who, point),
            f"{pooled.total:,}",
            *texts,
            wording.duration(pooled.highest) if pooled.total else wording.MISSING,
            sections.value(sent, who, wording.duration),
            sections.value(before, who, wording.duration),
            wording.with_interval(ratio, wording.times),
            sections.group(compared[1], who),
            sections.median(own, who, wording.duration),
            _late(study, who, point),
        )
    notes = [sections.interval_note([*compared, sent, before])]
    notes += [
        "others: connections that burn nothing. with / without: paired within blocks, against the"
        " same load at which hogs burn nothing. from sending: without what the client itself was"
        " late, which on shared CPUs is the larger part; it leaves out what waited to be sent."
    ]
    return _finish(table, study, point, notes, pooled_used)


def skew(study: Study, point: Point) -> Table:
    """Response time over all connections, and of hot and cold ones apart."""
    compared = [study.compare(point, quantile(p)) for p, _ in SHOWN]
    apart = [study.compare(point, quantile(0.99, f"{name}.response")) for name in ("hot", "cold")]
    busy = study.compare(point, number("server.cpu_share"))
    table = Table(
        f"Response time, {point.title} (lower is better)",
        [NAME, Column("blocks"), Column("requests")]
        + [Column(name) for _, name in SHOWN]
        + [Column("longest"), Column("hot p99"), Column("cold p99"), Column("group by p99")]
        + [Column("server CPU share"), Column("sent late p99")],
    )
    pooled_used = False
    for who in sections.present(study, point):
        texts, pooled, used = _quantiles(study, who, point, compared)
        pooled_used = pooled_used or used
        table.add(
            study.labels[who],
            sections.blocks_text(study, who, point),
            f"{pooled.total:,}",
            *texts,
            wording.duration(pooled.highest) if pooled.total else wording.MISSING,
            *(sections.value(comparison, who, wording.duration) for comparison in apart),
            sections.group(compared[1], who),
            sections.median(busy, who, wording.share),
            _late(study, who, point),
        )
    notes = [sections.interval_note([*compared, *apart])]
    if point.burn_us:
        notes.append(
            f"The server burns {point.burn_us:g} µs of CPU time for each message: work to balance."
        )
    notes.append(
        "hot, cold: the connections that carry most of the load, a seeded choice, and the others."
        " Which worker a connection comes to is the kernel's choice where workers share a port."
    )
    return _finish(table, study, point, notes, pooled_used)


def _quantiles(
    study: Study, who: Contestant, point: Point, compared: list[sections.Compared]
) -> tuple[list[str], Histogram, bool]:
    """The shown quantiles as text, the histogram of all blocks, and whether a text is from it."""
    blocks = study.histograms(who, point, study.standing(who, point))
    pooled = Histogram.merge(blocks.values())
    texts, used = [], False
    for (p, _), comparison in zip(SHOWN, compared):
        text = sections.value(comparison, who, wording.duration)
        if text == wording.MISSING and stats.supported(pooled.total, p):
            text, used = f"{wording.duration(pooled.quantile(p))} †", True
        texts.append(text)
    return texts, pooled, used


def _late(study: Study, who: Contestant, point: Point) -> str:
    late: Measure = quantile(0.99, "lateness")
    return sections.median(study.compare(point, late), who, wording.duration)


def _finish(
    table: Table, study: Study, point: Point, notes: list[str], pooled_used: bool
) -> Table:
    notes += [sections.FEW_NOTE]
    if pooled_used:
        notes.append(sections.POOLED_NOTE)
    notes += shared_notes(study, point)
    return sections.finish(table, study, [point], [*notes, sections.GROUP_NOTE])


def shared_notes(study: Study, point: Point) -> list[str]:
    """What the cells of this point say about shared CPUs; empty where each side had its own."""
    texts = {
        cell.shared_cpus
        for who in sections.present(study, point)
        for cell in study.cells(who, point, "ok", "gated")
        if cell.shared_cpus
    }
    return [SHARED_NOTE.format("; ".join(sorted(texts)))] if texts else []
