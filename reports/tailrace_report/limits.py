# SPDX-License-Identifier: MIT
"""What the numbers do not show, how they were made and how to make them again.

Sentences that hold for every campaign of this design, and some that the manifest decides.
"""

from __future__ import annotations

import shlex
from typing import Any

from tailrace_report import stats
from tailrace_report.study import FLOOR, Study

METHOD = (
    "Randomised complete blocks: every block runs every contestant at every point once, in shuffled"
    " order, each in a fresh process. The block is the unit of all statistics, never the request.",
    "Open loop: requests are sent at planned times, and response time counts from the planned time,"
    " so a stalled server cannot hide its queue. Closed loop is used only to find the ceiling.",
    "One number per contestant, point and block, from its merged histogram; percentiles are never"
    " averaged. Over blocks: the median, with the exact order-statistic (sign test) interval.",
    "Contestants are compared within blocks (median of paired log ratios), which takes out the"
    " machine's drift. Groups hold those that are not separated; pairs are compared at 95 % each"
    " without correction for their number, and differences within 1 % count as none.",
    f"A quantile is printed only where at least {stats.EXCEEDANCES_MIN} requests of every block lie"
    " above it.",
    f"The floor, {FLOOR}, is a hand-written loop without tasks: a reference, not a strict bound.",
)


def limits(study: Study) -> list[str]:
    """What a reader must not conclude."""
    answer = [
        "Everything ran over loopback: no network card, no driver, no wire, no loss.",
        "Client and server share one machine, its memory bandwidth and its caches. Absolute figures"
        " drift over minutes; only ratios within a block count.",
        "An echo does no work: it shows what a runtime adds, not what an application costs.",
    ]
    if not all(cell.disjoint_cpus for cell in study.campaign.cells):
        answer.append(
            "Client and server shared CPUs in some cells, so they took time from each other: their"
            " rates and response times are not those of the server alone."
        )
    if _is_virtual(study):
        answer.append(
            "This was a virtual machine: neighbours, halted virtual CPUs and emulated timers are"
            " part of every latency, above all with one connection."
        )
    cpus = {cell.contestant.workers for cell in study.campaign.cells}
    if cpus and max(cpus) == 1:
        answer.append(
            "Every server had one worker: nothing here says how a runtime scales over cores or"
            " balances work between them."
        )
    return answer


def _is_virtual(study: Study) -> bool:
    found = _find(study.campaign.manifest, ("virtualization", "virtualised"))
    return found is not None and not str(found).startswith(("no", "False"))


def seed(study: Study) -> str:
    found = _find(study.campaign.manifest, ("seed",))
    return "" if found is None else str(found)


def commit(study: Study) -> str:
    """The commit that built the suite, with `-dirty` when the manifest says so."""
    found = _find(study.campaign.manifest, ("commit", "git_commit", "revision"))
    dirty = _find(study.campaign.manifest, ("dirty", "git_dirty"))
    if found is None:
        digest = _find(study.campaign.manifest.get("build"), ("digest",))
        return "" if digest is None else f"not recorded; digest of the build {digest}"
    return f"{found}{'-dirty' if dirty is True else ''}"


def command(study: Study) -> str:
    found = _find(study.campaign.manifest, ("command_line", "command", "argv"))
    if isinstance(found, list):
        return " ".join(shlex.quote(str(word)) for word in found)[:2000]
    return "" if found is None else str(found)[:2000]


def reproduce(study: Study) -> str:
    """One line: commit, command, seed; what the manifest does not have is left out."""
    parts = [
        f"commit {commit(study)}" if commit(study) else "",
        command(study),
        f"seed {seed(study)}" if seed(study) else "",
    ]
    return "; ".join(part for part in parts if part) or "the manifest does not say how."


def _find(value: Any, keys: tuple[str, ...], depth: int = 0) -> Any:
    """The first non-null scalar or list under one of the keys, nearest the top first."""
    if not isinstance(value, dict) or depth > 4:
        return None
    for key in keys:
        if value.get(key) not in (None, "", "none", False) and not isinstance(value[key], dict):
            return value[key]
    for inner in value.values():
        found = _find(inner, keys, depth + 1)
        if found is not None:
            return found
    return None
