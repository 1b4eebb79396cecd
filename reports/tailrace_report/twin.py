# SPDX-License-Identifier: MIT
"""The standing control: one subject measured twice in a campaign, the second time as form `twin`
with the options of `best`. What lies between the two is the resolution of this machine on that day;
where it is more than chance, nothing of the campaign is to be believed at that size. The twin is in
no other table, figure or sentence (study.py)."""

from tailrace_report import decide, stats, wording
from tailrace_report.campaign import OK, Point, Subject
from tailrace_report.decide import Verdict
from tailrace_report.measures import Measure
from tailrace_report.readings import METRICS
from tailrace_report.study import Study

# In a sentence, by name in SAME_WITHIN.
NAMES = {"cpu": "CPU"}
Place = tuple[str, Point, Subject]


def resolution(study: Study) -> list[str]:
    """Half the interval of the ratio, from the best to the worst point for each metric; and a
    warning where the two differ. Empty without a twin."""
    if not study.twins:
        return []
    names = dict.fromkeys(original.id for original in study.twins.values())
    who = wording.joined(list(names))
    verdicts = _verdicts(study)
    found: dict[str, list[float]] = {}
    for (name, _, _), verdict in verdicts.items():
        if verdict.outcome != decide.NOT_COMPARED and verdict.ratio:
            found.setdefault(name, []).append(100 * verdict.ratio.half_width)
    if not found:
        few = f"fewer than {decide.GENERATIONS_MIN} generations"
        return [f"Resolution here: unknown, {who} was measured twice in {few}."]
    parts = [f"{name} {_span(halves)}" for name, halves in found.items()]
    told = [f"Resolution here: {', '.join(parts)} (± of {who} to itself, measured twice)."]
    for place, verdict in verdicts.items():
        if verdict.outcome == decide.DIFFERENT:
            told.append(_warning(study, place, verdict))
    return told


def _verdicts(study: Study) -> dict[Place, Verdict]:
    """twin / original for each metric and point, corrected for one another."""
    family = {}
    for metric in METRICS.values():
        name = NAMES.get(metric.measure.metric, metric.measure.metric)
        for point in study.points_of(*metric.kinds):
            for twin, original in study.twins.items():
                family[name, point, twin] = _ratios(study, metric.measure, point, twin, original)
    there = {place: found for place, found in family.items() if found}
    return decide.decide(there, None, study.campaign.level)


def _ratios(
    study: Study, measure: Measure, point: Point, twin: Subject, original: Subject
) -> dict[int, float]:
    return stats.shared_ratios(
        *(measure.per_block(study, who, point, OK) for who in (twin, original))
    )


def _span(halves: list[float]) -> str:
    low, high = wording.percent(min(halves)), wording.percent(max(halves))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def _warning(study: Study, place: Place, verdict: Verdict) -> str:
    name, point, twin = place
    size = wording.relative(verdict.ratio) if verdict.ratio else ""
    who = study.labels[study.twins[twin]]
    return (
        f"Warning: the second {who} differs from the first, {name} {size} at {point.title}. It is"
        " the same executable with the same options, so no difference of about that size is to be"
        " believed here."
    )
