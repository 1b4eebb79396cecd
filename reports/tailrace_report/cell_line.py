# SPDX-License-Identifier: MIT
"""A line of cells.jsonl or costs.jsonl as a value. Called by load.py alone, with JSON whose numbers
are finite already. Raises FieldError; unknown members pass."""

from collections.abc import Mapping

from tailrace_report import inside, kinds, slices, stats
from tailrace_report.campaign import (
    AWAKE,
    FIFO,
    IDLE,
    MEASURED,
    NORMAL,
    STATUSES,
    Cell,
    Check,
    Counts,
    Memory,
    Point,
    Slope,
    Subject,
)
from tailrace_report.fields import FieldError, Fields
from tailrace_report.hdr import Histogram

SERVER = (
    "cpu_us_per_op",
    "user_us_per_op",
    "system_us_per_op",
    "voluntary_switches_per_op",
    "involuntary_switches_per_op",
    "run_delay_us_per_op",
    "cpu_share",
)


# Of campaigns before 2026-12, which have kernel bytes that are not whole.
OF_PROCFS = "only page tables and thread stacks were read"
WITHOUT_SOCKETS = "accepted TCP sockets, which the kernel charged to nobody, were not added"

def read_cell(line: Fields, number: int, histograms: Mapping[str, Histogram]) -> Cell:
    """The cell on line `number`; its histograms were read before."""
    validity = tuple(
        Check(
            one.text("name")[:80],
            one.raw("ok") is True,
            one.text("text"),
            tuple(one.words("spoils")),
        )
        for one in line.parts("validity")
    )
    status = line.choice("status", STATUSES)
    measured = status in MEASURED
    sliced = slices.read(line) if measured else None
    if sliced and not sliced.disturbed and "response" in histograms:
        histograms = {**histograms, slices.AS_LIVED: histograms["response"]}
    arm = line.name_of("arm") if line.has("arm") else ""
    cpus, target = line.part("cpus"), line.part("target")
    return Cell(
        line=number,
        name=line.name_of("cell"),
        block=line.whole("block"),
        subject=read_subject(line.part("subject"), arm),
        point=_point(line.part("point")),
        status=status,
        cause=line.text("cause"),
        remedy=line.text("remedy"),
        stderr_tail=target.text("stderr_tail"),
        disjoint_cpus=cpus.raw("disjoint") is not False,
        shared_cpus=cpus.text("shared_cpus"),
        numbers=_numbers(line) if measured else {},
        memory=_memory(line.part("memory")) if measured else None,
        validity=validity,
        histograms=histograms,
        options=line.part("subject").texts("options"),
        granted=target.part("ready").texts("granted"),
        arm=arm,
        sliced=sliced,
        window_maxima_ns=_window_maxima(line.part("load")),
        scheduling=line.choice("scheduling", (FIFO, NORMAL)) if line.has("scheduling") else "",
        awake=_awake(line.raw("keep_awake")),
        wall_s=line.number("wall_s") or 0.0,
    )


def _awake(told: object) -> str:
    return AWAKE if told is True else IDLE if told is False else ""


def _window_maxima(load: Fields) -> tuple[float, ...]:
    found = (one.number("max_ns") for one in load.parts("windows"))
    return tuple(longest for longest in found if longest is not None)


def read_subject(fields: Fields, arm: str = "") -> Subject:
    """Two builds of one contestant are labelled like its forms: `head`, or `default head`."""
    form = fields.name_of("form")
    if arm:
        form = arm if form == "best" else f"{form} {arm}"
    order = fields.number("order", signed=True)
    return Subject(
        fields.name_of("id"),
        form,
        int(fields.number("workers") or 1),
        fields.text("family"),
        int(order or 0),
    )


def histogram_paths(line: Fields) -> dict[str, str]:
    """Of the load generator, or of work inside the target: path by name."""
    found = {}
    for part in ("load", "work"):
        paths = line.part(part, "histograms")
        for name in kinds.HISTOGRAMS:
            if paths.has(name):
                found[name] = paths.text(name)
    lived = line.part("as_lived", "histograms")
    if lived.has(slices.AS_LIVED):
        found[slices.AS_LIVED] = lived.text(slices.AS_LIVED)
    return found


def read_sheet(sheet: Fields) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Each metric's values, one a repetition, and the cause for each that is absent."""
    values = {}
    for metric in sheet.parts("metrics"):
        name = metric.name_of("name")
        values[name] = metric.every("values")
        if not values[name]:
            raise FieldError(f"`{name}` has no values")
    return values, {one.name_of("name"): one.text("cause") for one in sheet.parts("absent")}


def read_counts(sheet: Fields) -> Counts:
    """The sheet of one subject, as `tailrace cost --json` prints it."""
    every, absent = read_sheet(sheet)
    values = {name: stats.median(repeats) for name, repeats in every.items()}
    size = sheet.numbers("connections", "message_bytes")
    settings = ""
    if len(size) == 2:
        settings = f"{size['connections']:,.0f} connections × {size['message_bytes']:,.0f} B"
    return Counts(values, absent, settings)


def _point(fields: Fields) -> Point:
    plain = Point(
        fields.name_of("id"),
        fields.choice("kind", kinds.BY_NAME),
        fields.every_number(),
        fields.texts("options"),
        fields.text("arrivals"),
        fields.text("scheduling"),
    )
    return kinds.complete(plain)


def _numbers(line: Fields) -> dict[str, float]:
    """Costs, load figures, what the kind adds and the runtime's own counts."""
    load, cost = line.part("load"), line.part("cost")
    parts = {
        "load": load.numbers("offered_per_s", "achieved_per_s", "elapsed_s"),
        "count": load.part("counts").numbers("planned", "sent", "ok"),
        "server": cost.part("server").numbers(*SERVER),
        "client": cost.part("client").numbers("cpu_us_per_op", "cpu_share"),
        "inside": inside.per_operation(
            line.part("target").raw("result"), line.part("point").number("message_bytes")
        ),
    }
    numbers = {f"{part}.{key}": n for part, found in parts.items() for key, n in found.items()}
    kind = kinds.BY_NAME[line.part("point").text("kind")]
    return numbers | {f"{kind.name}.{key}": n for key, n in kind.numbers(line).items()}


def _memory(memory: Fields) -> Memory | None:
    """Kernel bytes only where they are whole."""
    slopes: dict[tuple[str, str], Slope] = {}
    parts: dict[tuple[str, str], float] = {}
    bends: dict[tuple[str, str], dict[tuple[int, int], float]] = {}
    states = memory.part("states")
    source, cause = memory.text("source"), ""
    if source == "procfs":
        source, cause = "none", OF_PROCFS
    elif memory.text("unit") == "connection" and source.startswith("cgroup"):
        cause = "" if memory.text("accepted_sockets") else WITHOUT_SOCKETS
    for state in states.names():
        measured = states.part(state)
        for side in ("user", "kernel"):
            fit = measured.part(side)
            if side == "kernel":
                cause = cause or fit.text("slope_bytes_cause")
                if cause:
                    continue
            middle = fit.number("slope_bytes", signed=True)
            if middle is not None:
                low, high = (fit.number(f"{end}_bytes", signed=True) for end in ("low", "high"))
                slopes[state, side] = Slope(
                    middle, middle if low is None else low, middle if high is None else high
                )
                if fit.raw("linear") is False:
                    bends[state, side] = _pieces(fit)
        if (state, "kernel") in slopes:
            for part, value in measured.part("kernel_parts").every_number(signed=True).items():
                parts[state, part] = value
    sizes = memory.text("size_source")
    counts = memory.text("counts_cause")
    return Memory(source, sizes, cause, slopes, parts, counts, bends) if slopes else None


def _pieces(fit: Fields) -> dict[tuple[int, int], float]:
    """Slopes (bytes) between neighbouring counts."""
    found = {}
    for piece in fit.parts("pieces"):
        slope = piece.number("slope_bytes", signed=True)
        if slope is not None:
            found[piece.whole("from"), piece.whole("to")] = slope
    return found
