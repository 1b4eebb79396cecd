# SPDX-License-Identifier: MIT
"""From a campaign with arms to samples; and what makes such a campaign worthless.

A number is what the reports show of a subject and generation: of its typical slice, freed of what
the machine did to all subjects of a round meanwhile (tailrace_report.polish), or of all of it.
Overloaded and invalid cells count: what disturbs a generation disturbs all arms of it alike, and
the pairing and the controls deal with that; leaving out what a validity check marks could leave out
the regression itself (a head too slow for its offered rate is overloaded for that).
"""

from collections.abc import Iterable, Iterator

from tailrace_regress.outcome import nothing
from tailrace_regress.samples import BASE, CONTROLS, HEAD, Key, Samples
from tailrace_report.campaign import MEASURED, Campaign, Cell, Point, Subject
from tailrace_report.kinds import file, timer
from tailrace_report.measures import CPU, P50, P99, QUIET_P99, RATE, Measure, Number, PerBlock
from tailrace_report.measures import Quantile, Slope
from tailrace_report.study import Study

# Kind of point -> what the gate reads there, by metric: rates where the loop is closed, response
# times where it is open, for there each is what the other's mode decides beforehand. Where hot
# connections keep two workers busy, who waits is decided by the kernel's scheduler: CPU time alone.
READ: dict[str, dict[str, Measure]] = {
    "closed": {"cpu_us_per_op": CPU, "rate": RATE},
    "open": {
        "cpu_us_per_op": CPU,
        "p50": P50,
        "quiet_p99": QUIET_P99,
        "p99": P99,
        "p99.9": Quantile(0.999),
    },
    "hog": {"cpu_us_per_op": CPU, "p50": P50, "quiet_p99": QUIET_P99},
    "skew": {"cpu_us_per_op": CPU},
    "file": {"cpu_us_per_op": file.CPU, "rate": file.IOPS},
    "timer": {
        "lateness_p50": Quantile(0.5, timer.LATENESS),
        "lateness_p99": timer.LATE_P99,
    },
    "memory": {
        "user_bytes_per_idle_connection": Slope("idle", ("user",)),
        "user_bytes_per_used_connection": Slope("after_echo", ("user",)),
        "kernel_bytes_per_idle_connection": Slope("idle", ("kernel",)),
        "kernel_bytes_per_used_connection": Slope("after_echo", ("kernel",)),
    },
    "task_memory": {
        "user_bytes_per_task": Slope("sleeping", ("user",)),
        "kernel_bytes_per_task": Slope("sleeping", ("kernel",)),
    },
}
# Of a timer that fires, or is armed and cancelled: a point has one of them.
TIMER_CPU_NS = Number("timer.fire_cpu_each_ns"), Number("timer.pair_cpu_ns")

# How the harness's sentence begins where the load was never made: no fault of either arm.
NO_LOAD = "the client sent nothing"
NOTES_MAX = 10


def target_of(cell: Cell) -> str:
    """Id, with the form where that is not the best: one name for all arms."""
    form = cell.subject.form
    if cell.arm:
        form = "best" if form == cell.arm else form.removesuffix(f" {cell.arm}")
    return cell.subject.id if form == "best" else f"{cell.subject.id} ({form})"


def samples_of(campaign: Campaign) -> Samples:
    """Every number of every arm; generations are rounds."""
    study, samples = Study(campaign), Samples()
    arms = {cell.subject: cell for cell in campaign.cells if cell.arm and cell.measured}
    for who, cell in arms.items():
        for point in study.points:
            for name, numbers in _read(study, who, point):
                for generation, value in numbers.items():
                    key = Key(target_of(cell), point.id, name)
                    samples.add(key, cell.arm, generation, value)
    return samples


def _read(study: Study, who: Subject, point: Point) -> Iterator[tuple[str, PerBlock]]:
    """(metric, its number by generation) of one subject at one point."""
    for name, measure in READ.get(point.kind, {}).items():
        yield name, _numbers(study, who, point, measure)
    if point.kind == "timer":
        for measure in TIMER_CPU_NS:
            of_ns = _numbers(study, who, point, measure)
            yield "cpu_us_per_op", {at: value / 1000 for at, value in of_ns.items()}


def _numbers(study: Study, who: Subject, point: Point, measure: Measure) -> PerBlock:
    """Whatever the status of the cells."""
    found: PerBlock = {}
    for status in MEASURED:
        found |= measure.per_block(study, who, point, status)
    return found


def check(cells: Iterable[Cell]) -> list[str]:
    """Raises GateError when an arm did wrong: it names the arm, target and cause. Returns notes on
    what this machine, or an arm, cannot run."""
    cells = list(cells)
    failed = [cell for cell in cells if cell.status == "failed" and cell.arm]
    broken = [cell for cell in failed if not (cell.cause or "").startswith(NO_LOAD)]
    if broken:
        # The controls are the base, too.
        arms = sorted({HEAD if cell.arm == HEAD else BASE for cell in broken})
        first = broken[0]
        more = f" and {len(broken) - 1} more cells" if len(broken) > 1 else ""
        raise nothing(
            f"{first.cause or 'it failed'} ({target_of(first)} of the {first.arm} arm at"
            f" {first.point.id}){more}: {_whose(arms)}, so nothing is compared",
            first.stderr_tail,
        )
    left_out: dict[str, int] = {}
    for cell in cells:  # controls have fewer targets by intention
        if cell in failed or (cell.status == "skipped" and cell.arm not in CONTROLS):
            left_out[cell.cause] = left_out.get(cell.cause, 0) + 1
    return [f"{count} cells are left out: {cause}" for cause, count in left_out.items()][:NOTES_MAX]


def _whose(arms: list[str]) -> str:
    if len(arms) == 1:
        return f"only the {arms[0]} arm fails"
    return f"the arms {' and '.join(arms)} fail"
