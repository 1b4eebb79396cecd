# SPDX-License-Identifier: MIT
"""The micro benchmarks on the page and on the terminal: tables, and the section with the figure."""

from tailrace_report import figure_micro, stats, wording
from tailrace_report.kinds.kind import Drawing, Section
from tailrace_report.micro import Key, Micro
from tailrace_report.tables import Column, Table

SLOWER = "slower"


def section(micro: Micro) -> Section:
    return Section(
        "micro",
        "Micro benchmarks",
        "What single steps of a runtime cost, in one process each, without sockets: wall time per"
        " operation. `make micro` measures them, apart from the cells above.",
        [
            Drawing(
                "micro",
                "Micro benchmarks: time per operation, by number of workers",
                lambda: figure_micro.micro_figure(micro),
            )
        ],
        tables(micro),
    )


def tables(micro: Micro) -> list[Table]:
    """Times for each number of workers, then allocations."""
    made = [times(micro, workers) for workers in micro.workers()]
    allocations = _allocations(micro)
    return made + ([allocations] if allocations.rows else [])


def times(micro: Micro, workers: int) -> Table:
    """A benchmark a row, a runtime a column, the mean ratio in the last row."""
    runtimes = micro.runtimes(workers)
    compared = micro.reference in runtimes
    count = wording.counted(workers, "worker")
    table = Table(
        f"Time per operation, {count} (lower is better)",
        [Column("benchmark", right=False)]
        + [Column(micro.shown(name)) for name in runtimes],
    )
    keys = micro.keys(workers)
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
            cells.append("1" if name == micro.reference else wording.MISSING)
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
            f"×: how many times as fast as {micro.reference}, its time / theirs, paired within"
            f" rounds; {SLOWER}: below 1."
        )
        kind = (
            "exact 95 % interval"
            if rounds >= stats.BLOCKS_FOR_INTERVAL
            else f"range, since fewer than {stats.BLOCKS_FOR_INTERVAL} rounds carry no interval"
        )
        notes.append(
            f"Mean: over the benchmarks that a runtime shares with {micro.reference} [{kind}];"
            " means over different benchmarks do not compare."
        )
    if micro.floor in runtimes:
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
        for name in micro.ordered({r for group in micro.rows.values() for r in group})
        if any(name in g and g[name].allocations is not None for g in micro.rows.values())
    ]
    several = len(micro.workers()) > 1
    table = Table(
        "Allocations per operation",
        [Column("benchmark", right=False)] + [Column("workers")] * several
        + [Column(micro.shown(name)) for name in counting],
        notes=["Calls of operator new (or of the language's allocator), after one warm-up batch."],
    )
    for workers in micro.workers():
        for key in micro.keys(workers):
            group = micro.rows[key]
            values = [group[n].allocations if n in group else None for n in counting]
            if any(value is not None for value in values):
                texts = [wording.MISSING if v is None else wording.plain(v) for v in values]
                table.add(key[0], *[str(workers)] * several, *texts)
    return table
