# SPDX-License-Identifier: MIT
"""From the cells of a campaign with arms to samples; and what makes such a campaign worthless.

Overloaded and invalid cells count, and metrics that a check spoils: what disturbs a round disturbs
both arms of it alike, and the pairing, the median and the canaries deal with that; leaving out what
a validity check marks could leave out the regression itself (a head too slow for its offered rate
is overloaded for that).
"""

from collections.abc import Iterable

from tailrace_regress.outcome import nothing
from tailrace_regress.samples import Key, Samples
from tailrace_report import stats
from tailrace_report.campaign import Campaign, Cell

QUANTILES = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))
# Slopes of memory points: kind of point, state, and the name under which they are known.
SLOPES = (
    ("memory", "idle", "user_bytes_per_idle_connection"),
    ("memory", "after_echo", "user_bytes_per_used_connection"),
    ("task_memory", "sleeping", "user_bytes_per_task"),
)


# How the harness's sentence begins where the load was never made: no fault of either arm.
NO_LOAD = "the client sent nothing"


def target_of(cell: Cell) -> str:
    """Id, with the form where that is not the best: one name for all arms."""
    form = cell.subject.form
    if cell.arm:
        form = "best" if form == cell.arm else form.removesuffix(f" {cell.arm}")
    return cell.subject.id if form == "best" else f"{cell.subject.id} ({form})"


def samples_of(campaign: Campaign) -> Samples:
    """Every number of every measured cell with an arm; blocks are rounds."""
    samples = Samples()
    for cell in campaign.cells:
        if cell.arm and cell.measured:
            for name, value in numbers(cell).items():
                samples.add(Key(target_of(cell), cell.point.id, name), cell.arm, cell.block, value)
    return samples


def numbers(cell: Cell) -> dict[str, float]:
    """What the gate reads of a cell, by metric: rates where the loop is closed, quantiles where it
    is open, for there each is what the other's mode decides beforehand."""
    found: dict[str, float] = {}
    if "server.cpu_us_per_op" in cell.numbers and cell.point.kind in ("open", "closed"):
        found["cpu_us_per_op"] = cell.numbers["server.cpu_us_per_op"]
    if cell.point.kind == "closed" and "load.achieved_per_s" in cell.numbers:
        found["rate"] = cell.numbers["load.achieved_per_s"]
    if cell.point.kind == "open" and "response" in cell.histograms:
        histogram = cell.histograms["response"]
        for name, p in QUANTILES:
            if stats.supported(histogram.total, p):
                found[name] = float(histogram.quantile(p))
    for kind, state, name in SLOPES:
        if cell.memory and cell.point.kind == kind and (state, "user") in cell.memory.slopes:
            found[name] = cell.memory.slopes[state, "user"].bytes
    return found


def check(cells: Iterable[Cell]) -> list[str]:
    """Raises GateError when an arm did wrong: it names the arm, target and cause. Returns notes on
    what this machine, or one arm, cannot run."""
    cells = list(cells)
    failed = [cell for cell in cells if cell.status == "failed" and cell.arm]
    broken = [cell for cell in failed if not (cell.cause or "").startswith(NO_LOAD)]
    if broken:
        arms = sorted({cell.arm for cell in broken})
        first = broken[0]
        more = f" and {len(broken) - 1} more cells" if len(broken) > 1 else ""
        raise nothing(
            f"{first.cause or 'it failed'} ({target_of(first)} of the {first.arm} arm at"
            f" {first.point.id}){more}: {_whose(arms)}, so nothing is compared",
            first.stderr_tail,
        )
    skipped = [cell for cell in cells if cell.status == "skipped"]
    return [
        f"{len(some)} cells are left out: {some[0].cause}" for some in (failed, skipped) if some
    ]


def _whose(arms: list[str]) -> str:
    if len(arms) == 1:
        return f"only the {arms[0]} arm fails"
    return f"the arms {' and '.join(arms)} fail"
