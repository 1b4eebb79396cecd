# SPDX-License-Identifier: MIT
"""What the tables of the micro benchmarks say; the renderings are in tables.py."""

from __future__ import annotations

from tailrace_report import stats, wording
from tailrace_report.micro import FLOOR, REFERENCE, Key, Micro
from tailrace_report.study import ORDER
from tailrace_report.tables import Column, Table

SLOWER = "slower"
# One order everywhere, unknown ones last by name.
BENCHMARKS = (
    "spawn_many_local spawn_many_remote_idle spawn_many_remote_busy remote_spawn/threads:1"
    " remote_spawn/threads:4 chained_spawn scope_join yield_many context_switch ping_pong"
    " channel_handoff channel_buffered spawn_blocking timer_arm_cancel timer_fire task_create"
    " frame_allocation"
).split()


def ordered(runtimes: list[str]) -> list[str]:
    """The fixed order of contestants, the floor first; unknown ones last, by name."""
    rank = {name: place for place, name in enumerate([FLOOR, *ORDER])}
    return sorted(runtimes, key=lambda name: (rank.get(name, len(rank)), name))


def keys_of(micro: Micro, workers: int) -> list[Key]:
    """The rows with so many workers, in the fixed order of benchmarks."""
    rank = {name: place for place, name in enumerate(BENCHMARKS)}
    found = [key for key in micro.rows if key[1] == workers]
    return sorted(found, key=lambda key: (rank.get(key[0], len(rank)), key[0]))


def tables(micro: Micro) -> list[Table]:
    """Times for each number of workers, then allocations."""
    made = [times(micro, workers) for workers in micro.workers()]
    allocations = _allocations(micro)
    return made + ([allocations] if allocations.rows else [])


def times(micro: Micro, workers: int) -> Table:
    """A benchmark a row, a runtime a column, the mean ratio in the last row."""
    runtimes = ordered(micro.runtimes(workers))
    compared = REFERENCE in runtimes
    count = wording.counted(workers, "worker")
    table = Table(
        f"Time per operation, {count} (lower is better)",
        [Column("benchmark", right=False)]
        + [Column("floor" if name == FLOOR else name) for name in runtimes],
    )
    keys = keys_of(micro, workers)
    for key in keys:
        table.add(key[0], *(_cell(micro, key, name) for name in runtimes))
    if compared:
        _add_mean(table, micro, workers, runtimes)
    table.notes += _notes(micro, keys, runtimes, compared)
    return table


def _cell(micro: Micro, key: Key, runtime: str) -> str:
    """`6.75 ns, 7.9×`, `105 ns, 0.50× slower`, `failed`."""
    row = micro.rows[key].get(runtime)
    if row is None:
        return wording.MISSING
    if not row.ns:
        return "failed"
    text = wording.duration(stats.median(list(row.ns.values())))
    ratio = micro.ratio(key, runtime)
    return f"{text}, {times_text(ratio.median)}" if ratio else text


def times_text(ratio: float) -> str:
    """`7.9×`, `1.02×`, `0.50× slower`: how many times as fast as the reference."""
    if ratio >= 1:
        return f"{wording.figures(ratio, 2 if ratio >= 9.95 else 3)}×"
    return f"{wording.figures(ratio, 3 if ratio >= 0.995 else 2)}× {SLOWER}"


def _add_mean(table: Table, micro: Micro, workers: int, runtimes: list[str]) -> None:
    cells, counts = [], set()
    for name in runtimes:
        found = micro.mean_ratio(name, workers)
        if found is None:
            cells.append("1" if name == REFERENCE else wording.MISSING)
            continue
        of, rows = found
        counts.add(rows)
        low, high = (wording.figures(value, 3 if value >= 1 else 2) for value in (of.low, of.high))
        cells.append(f"{times_text(of.median)} [{low}, {high}]")
    if counts:
        over = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
        table.add(f"geometric mean over {over} rows", *cells)


def _notes(micro: Micro, keys: list[Key], runtimes: list[str], compared: bool) -> list[str]:
    rounds = max((len(r.ns) for k in keys for r in micro.rows[k].values()), default=0)
    notes = [f"Medians over {wording.counted(rounds, 'round')}."]
    if compared:
        notes.append(
            f"×: how many times as fast as {REFERENCE}, its time / theirs, paired within rounds;"
            f" {SLOWER}: below 1."
        )
        kind = (
            "exact 95 % interval"
            if rounds >= stats.BLOCKS_FOR_INTERVAL
            else f"range, since fewer than {stats.BLOCKS_FOR_INTERVAL} rounds carry no interval"
        )
        notes.append(
            f"Mean: over the benchmarks that a runtime shares with {REFERENCE} [{kind}]; means over"
            " different benchmarks do not compare."
        )
    if FLOOR in runtimes:
        notes.append("floor: the same work on bare coroutine handles and malloc, no runtime.")
    for key in keys:
        for name, row in micro.rows[key].items():
            if row.cause:
                notes.append(f"failed: {key[0]} of {name}: {row.cause}.")
    return notes + [f"skipped: {name}: {cause}" for name, cause in micro.skipped.items()]


def _allocations(micro: Micro) -> Table:
    """Calls of operator new per operation, for those that count them."""
    counting = [
        name
        for name in ordered(list({r: None for group in micro.rows.values() for r in group}))
        if any(name in g and g[name].allocations is not None for g in micro.rows.values())
    ]
    several = len(micro.workers()) > 1
    table = Table(
        "Allocations per operation",
        [Column("benchmark", right=False)] + [Column("workers")] * several
        + [Column("floor" if name == FLOOR else name) for name in counting],
        notes=["Calls of operator new (or of the language's allocator), after one warm-up batch."],
    )
    for workers in micro.workers():
        for key in keys_of(micro, workers):
            group = micro.rows[key]
            values = [group[n].allocations if n in group else None for n in counting]
            if any(value is not None for value in values):
                texts = [wording.MISSING if v is None else wording.plain(v) for v in values]
                table.add(key[0], *[str(workers)] * several, *texts)
    return table
