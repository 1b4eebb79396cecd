# SPDX-License-Identifier: MIT
"""Who was in the way of the measurement, in words and tables: all from what was read at the edges
of slices, outside the response time. Empty where no cell was measured in slices."""

from __future__ import annotations

from collections.abc import Iterator

from tailrace_report import ceiling, settings, stats, subject_table, wording
from tailrace_report import sentences as say
from tailrace_report.campaign import Cell, Point, Subject
from tailrace_report.measures import RUN_DELAY
from tailrace_report.rounds import DISTURBED_SHARE, Rounds, rounds_of
from tailrace_report.slices import Sliced
from tailrace_report.study import Study
from tailrace_report.subject_table import Text
from tailrace_report.tables import Column, Table

NAMES_MAX = 12


def _cells(study: Study) -> Iterator[Cell]:
    """Those that were measured in slices; twins were in the way like everybody."""
    return (cell for cell in study.campaign.cells if cell.sliced)


def _points(study: Study) -> list[Point]:
    ids = {cell.point.id for cell in _cells(study)}
    return [point for point in study.points if point.id in ids]


def disturbed(study: Study) -> list[str]:
    """One sentence for the head of the report where rounds were dropped, or had to be kept."""
    whole, names = rounds_of(study, _points(study)), _disturbers(study)
    if not whole.dropped and not whole.kept_disturbed:
        return []
    text = f"Disturbed here: {whole.dropped:,} of {wording.counted(whole.made, 'round')} dropped"
    if whole.kept_disturbed:
        text += f", and {whole.kept_disturbed:,} that count had to be kept all the same"
    most = f"; most by {names[0][0]}" if names and whole.kept_disturbed else ""
    return [f"{text}{most} (Noise)."]


def sentences(study: Study) -> list[str]:
    """Plain words, the weightiest first."""
    points = _points(study)
    if not points:
        return []
    whole, names = rounds_of(study, points), _disturbers(study)
    told = [_dropped_text(whole)]
    share = whole.share(whole.others_ns)
    text = f"In the rounds that count, others took {wording.share(share)} of the servers' CPU time"
    listed = [f"{name} ({_ms(ms)})" for name, ms in names[:3]]
    text += f" (in all rounds most by {wording.joined(listed)})" if listed else ""
    steal = wording.share(whole.share(whole.steal_ns))
    told.append(f"{text}; the hypervisor took {steal}.")
    if not all(cell.sliced.all_seen for cell in _cells(study) if cell.sliced):
        told.append("Not every process could be seen, so others took more than these figures say.")
    unsteady = _unsteady(study)
    if unsteady:
        listed = [
            f"{study.labels[who]} ({wording.counted(len(blocks), 'generation')})"
            for who, blocks in unsteady.items()
        ]
        told.append(f"Never steady while warming up: {wording.joined(say.some(listed))}.")
    stopped = [study.labels[who] for who in study.subjects if _stopped(study, who)]
    if stopped:
        told.append(
            f"Busy between its turns, and so stopped then: {wording.joined(say.some(stopped))}."
        )
    return told + _idle_text(study) + settings.sentences(study)


def _dropped_text(whole: Rounds) -> str:
    made = wording.counted(whole.made, "round")
    if not whole.dropped:
        text = f"No round was dropped, of {made}"
    else:
        text = f"{whole.dropped:,} of {made} were dropped, for all subjects alike, and repeated"
        text += f", because others and the hypervisor took more than {100 * DISTURBED_SHARE:g} %"
        text += " of the server's CPU"
    if whole.kept_disturbed:
        count = f"{whole.kept_disturbed:,} of the {whole.kept:,} that count"
        text += f"; {count} were disturbed as much, and stayed: repeats had run out, or were in"
        text += " vain, since nearly all rounds before were disturbed too"
    return f"{text}."


def _idle_text(study: Study) -> list[str]:
    found = [
        (estimate.median, f"{study.labels[who]} {wording.with_interval(estimate, _percent)}")
        for who in study.subjects
        if (estimate := idle_share(study, who))
    ]
    if not found:
        return []
    found.sort(reverse=True)
    most = [text for _, text in found[:2]]
    return [f"Doing nothing costs most for {wording.joined(most)} of a CPU."]


def _percent(share: float) -> str:
    """Of a CPU; idle ones take hundredths of a percent."""
    return f"{wording.figures(100 * share, 2)} %"


def _ms(value: float) -> str:
    return wording.duration(value * 1e6)


def _disturbers(study: Study) -> list[tuple[str, float]]:
    """Name -> ms over the campaign, most first."""
    found: dict[str, float] = {}
    for cell in _cells(study):
        for name, ms in cell.sliced.disturbers.items() if cell.sliced else ():
            found[name] = found.get(name, 0.0) + ms
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))


def _sliced_of(study: Study, who: Subject) -> list[tuple[int, Sliced]]:
    return [(c.block, c.sliced) for c in _cells(study) if c.subject == who and c.sliced]


def _unsteady(study: Study) -> dict[Subject, set[int]]:
    """Subject -> generations in which it was not steady at some point."""
    found = {
        who: {block for block, sliced in _sliced_of(study, who) if not sliced.steady}
        for who in study.subjects
    }
    return {who: blocks for who, blocks in found.items() if blocks}


def _stopped(study: Study, who: Subject) -> set[int]:
    return {block for block, sliced in _sliced_of(study, who) if sliced.stopped}


def idle_share(study: Study, who: Subject) -> stats.Estimate | None:
    """Of a CPU, while nobody asked anything of it: one number a generation. None where it was
    stopped or nothing was seen."""
    seen: dict[int, list[tuple[float, float]]] = {}
    for block, sliced in _sliced_of(study, who):
        if sliced.idle_share is not None and sliced.idle_s > 0:
            seen.setdefault(block, []).append((sliced.idle_share, sliced.idle_s))
    numbers = [
        sum(share * s for share, s in parts) / sum(s for _, s in parts) for parts in seen.values()
    ]
    return stats.estimate(numbers) if numbers else None


def tables(study: Study) -> list[Table]:
    points = _points(study)
    return [_rounds_table(study, points), _who_table(study), _delay_table(study, points)] + [
        _idle_table(study, points),
        settings.table(study),
        ceiling.table(study),
    ]


def _who_table(study: Study) -> Table:
    table = Table("Who disturbed", [Column("process", False), Column("CPU time")])
    for name, ms in _disturbers(study)[:NAMES_MAX]:
        table.add(name, _ms(ms))
    if table.rows:
        left = sum(ms for _, ms in _disturbers(study)[NAMES_MAX:])
        more = f" Others: {_ms(left)}." if left else ""
        table.notes.append(
            f"On the servers' CPUs, in dropped rounds too, the five largest of each cell.{more}"
        )
    return table


def _rounds_table(study: Study, points: list[Point]) -> Table:
    table = Table(
        "Rounds",
        [Column("point", False), Column("kept"), Column("of them disturbed"), Column("dropped")]
        + [Column("others"), Column("hypervisor"), Column("kernel I/O")],
    )
    for point in points:
        found = rounds_of(study, [point])
        times = (found.others_ns, found.steal_ns, found.kernel_io_ns)
        table.add(
            point.id,
            *(f"{count:,}" for count in (found.kept, found.kept_disturbed, found.dropped)),
            *(wording.share(found.share(one)) for one in times),
        )
    if table.rows:
        table.notes.append(
            "others, hypervisor, kernel I/O: shares of the servers' CPU time in the kept rounds;"
            " kernel I/O is the work of kernel threads for whoever reads or writes, and disturbs"
            " nobody by itself."
        )
    return table


def _delay_table(study: Study, points: list[Point]) -> Table:
    return subject_table.subject_table(
        study,
        "Run delay per operation: ready to run, and waiting for a CPU (lower is better)",
        points,
        [
            subject_table.value(point.id, found)
            for point in points
            if (found := study.compare(point, RUN_DELAY))
        ],
        ["Its own threads wait for one another in it too, not only for strangers."],
    )


def _idle_table(study: Study, points: list[Point]) -> Table:
    """Between the turns."""

    def count(found: set[int]) -> str:
        return f"{len(found)}" if found else wording.MISSING

    unsteady = _unsteady(study)

    def generations(who: Subject) -> str:
        return str(len({block for block, _ in _sliced_of(study, who)}) or wording.MISSING)

    table = subject_table.subject_table(
        study,
        "Doing nothing, and warming up",
        points,
        [
            Text("generations", generations),
            Text("idle CPU", lambda who: wording.with_interval(idle_share(study, who), _percent)),
            Text("stopped in", lambda who: count(_stopped(study, who))),
            Text("never steady in", lambda who: count(unsteady.get(who, set()))),
        ],
    )
    if table.rows:
        table.notes.append(
            "idle CPU: of one CPU, between its turns, connections open and nothing to do, median"
            f" over generations [{_brackets(study)}]. stopped in, never steady in: so many"
            " generations; a stopped one has no idle CPU."
        )
    return table


def _brackets(study: Study) -> str:
    kinds = {found.kind for who in study.subjects if (found := idle_share(study, who))}
    return "exact 95 % interval" if kinds == {"interval"} else "range, where there are few"

