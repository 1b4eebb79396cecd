# SPDX-License-Identifier: MIT
"""What the numbers do not show, how they were made and how to make them again.

Sentences that hold for every campaign of this design, and some that the manifest decides.
"""

import shlex

from tailrace_report import selftest, stats
from tailrace_report.measures import SAME_WITHIN
from tailrace_report.rounds import DISTURBED_SHARE
from tailrace_report.study import Study

FEW = stats.BLOCKS_FOR_INTERVAL


def method(study: Study) -> list[str]:
    """How the numbers were made and compared."""
    floor = f", {study.labels[study.floor]}," if study.floor else ""
    return [
        *_design(study),
        "Open loop: requests are sent at planned times, and response time counts from the planned"
        " time, so a stalled server cannot hide its queue. Closed loop is used only to find the"
        " ceiling.",
        "One number per subject, point and generation: CPU time, rate and p50 of its typical slice,"
        " by median polish over subjects and rounds, which takes out what the machine did to all;"
        " quiet p99 likewise, with lower quartiles in place of medians; other quantiles from the"
        " merged histogram. Over generations: the median, with the exact"
        f" order-statistic (sign test) interval from {FEW} on, and the range from smallest to"
        " largest below.",
        "Subjects are compared within generations, which takes out the machine's drift, and only"
        f" where they share {FEW} or more. A ratio is the Hodges-Lehmann estimate of the log ratios"
        " with the exact signed-rank interval, 95 % for this pair alone.",
        "What is called different or the same is corrected for all pairs of its table: signs of"
        " whole generations are flipped, and the largest studentised difference of the table is"
        " what each has to exceed (max-T, step-down). So in at most 5 % of campaigns any different"
        " is false, and likewise any same, also where subjects spread differently; in simulation"
        " it is up to 17 % where noise is skewed as well. Same: shown to be closer than"
        f" what matters, which is settled beforehand: {_shares()}. Open: neither, and what would"
        " have been seen in about 80 % of such campaigns is said.",
        f"A quantile is printed only where at least {stats.EXCEEDANCES_MIN} requests of every"
        f" generation lie above it, and where values above it occur in at least"
        f" {stats.CLUSTERS_MIN} stretches of 100 ms of the campaign (or in all, where there are"
        " fewer): a thousand requests that wait for one stall are one event, and the error of a"
        " tail quantile goes with the number of stalls.",
        f"The floor{floor} is a hand-written loop without tasks: a reference, not a strict bound.",
    ]


def _design(study: Study) -> list[str]:
    """How subjects took turns."""
    told = [
        "In each generation every subject is a fresh process. The generation is the unit of all"
        " statistics, never the request.",
    ]
    if any(cell.sliced for cell in study.campaign.cells):
        told += [
            "Under load all subjects of a generation are alive at once, connected and warmed up,"
            " and visited by one load process in rounds: in each round every subject at a point"
            " once, shuffled again, for a slice of 60 ms or more. What drifts hits all alike. Only"
            " where the connections of all do not fit at once, subjects run one after the other,"
            " each with rounds of its own.",
            "CPU clocks, run delay, everybody else's CPU time and the hypervisor's are read at the"
            " edges of each slice. A round in which others and the hypervisor took more"
            f" than {100 * DISTURBED_SHARE:g} % of the server's CPU is dropped for all subjects and"
            " repeated, at most as often as there are rounds, and not where nearly all of the last"
            " rounds were so: by what was seen outside the response time, never by the response"
            " time. As lived is with the dropped rounds.",
        ]
    if any(cell.measured and not cell.sliced for cell in study.campaign.cells):
        told.append(
            "Memory, timers and files are measured alone, one subject after the other, in shuffled"
            " order."
        )
    return told


def _shares() -> str:
    return ", ".join(f"{name} {100 * share:g} %" for name, (share, _) in SAME_WITHIN.items())


def limits(study: Study) -> list[str]:
    """What a reader must not conclude."""
    answer = [
        "Everything ran over loopback: no network card, no driver, no wire, no loss.",
        "Client and server share one machine, its memory bandwidth and its caches. Absolute figures"
        " drift over minutes; only ratios within a generation count.",
        "An echo does no work: it shows what a runtime adds, not what an application costs.",
    ]
    test = study.campaign.selftest
    bias = selftest.bias(test)
    if test and test.rows and bias:
        bias.append("Response times are corrected for none of it.")
    if bias:
        answer.append(" ".join(bias))
    if study.campaign.manifest.get("selftest") is False and any(
        cell.sliced for cell in study.campaign.cells
    ):
        answer.append(
            "The campaign began without a self-test: by how much its client reads latencies longer"
            " than they are is not known (tailrace selftest)."
        )
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
    workers = {subject.workers for subject in study.subjects}
    if workers and max(workers) == 1:
        answer.append(
            "Every server had one worker: nothing here says how a runtime scales over cores or"
            " balances work between them."
        )
    return answer


def _is_virtual(study: Study) -> bool:
    """A container alone (`docker`, `podman`) is none."""
    machine = study.campaign.manifest.get("machine")
    found = machine.get("virtualization") if isinstance(machine, dict) else None
    return str(found).startswith("virtual machine")


def reproduce(study: Study) -> dict[str, str]:
    """Command, seed, version, digest of the build and its commit, as far as the manifest has
    them."""
    manifest = study.campaign.manifest
    words, seed = manifest.get("command"), manifest.get("seed")
    command = " ".join(shlex.quote(str(word)) for word in words) if isinstance(words, list) else ""
    facts = {"command": command[:2000], "seed": "" if seed is None else str(seed)}
    for part, key in (("tool", "version"), ("build", "digest")):
        found = manifest.get(part)
        facts[key] = str(found.get(key) or "") if isinstance(found, dict) else ""
    build = manifest.get("build")
    if isinstance(build, dict) and isinstance(commit := build.get("commit"), str):
        facts["commit"] = commit[:12] + (" and changes" if build.get("dirty") else "")
    return {key: value for key, value in facts.items() if value}
