# SPDX-License-Identifier: MIT
"""A campaign arranged for questions: who was measured at which point, one number a block.

Between load.py (what the files say) and the tables and figures (what is shown). Three rules live
here alone: histograms are merged within (subject, point, block) before any quantile is taken, a
subject with invalid or overloaded cells only is shown from those but never compared, and what a
failed check spoils of a cell that is valid otherwise is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tailrace_report import polish, regimes, stats, wording
from tailrace_report.campaign import (
    FAILED,
    INVALID,
    MEASURED,
    OK,
    OVERLOADED,
    Campaign,
    Cell,
    Counts,
    Memory,
    Point,
    Subject,
)
from tailrace_report.decide import Pairs, Verdict
from tailrace_report.groups import LATENCY, group_of
from tailrace_report.hdr import Histogram
from tailrace_report.measures import Measure, PerBlock, same_within
from tailrace_report.regimes import Regime
from tailrace_report.slices import IN_TIME, Slice

CLIENTS_OWN = ("client_delay", "lateness")  # but these: what the client did is known all the same
# Forms that are controls: a subject's second measurement (twin.py), the null server (ceiling.py).
TWIN, CONTROL = "twin", "control"


@dataclass(frozen=True)
class Entry:
    """One subject in a comparison; `ratio` is to the floor. `standing` as Study.standing has it.
    One of two `regimes` is not summed up: it has no ratio and is compared with nobody."""

    subject: Subject
    label: str
    estimate: stats.Estimate
    ratio: stats.Estimate | None
    standing: str
    form: wording.Format
    regimes: tuple[Regime, ...] = ()

    @property
    def valid(self) -> bool:
        return self.standing == OK

    @property
    def middle(self) -> str:
        """The median as text, or `165 k/s (3) or 211 k/s (5)`."""
        parts = [f"{self.form(one.median)} ({len(one.generations)})" for one in self.regimes]
        return " or ".join(parts) or self.form(self.estimate.median)

    @property
    def interval(self) -> str:
        return self.middle if self.regimes else wording.with_interval(self.estimate, self.form)


@dataclass(frozen=True)
class Comparison:
    """All subjects that have a number at one point by one measure, in their fixed order; maybe
    nobody. `pairs`: what may be said of two valid ones."""

    title: str
    entries: tuple[Entry, ...]
    best_is_low: bool = True
    pairs: Pairs = Pairs({}, None)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def of(self, subject: Subject) -> Entry | None:
        return next((e for e in self.entries if e.subject == subject), None)

    def middle(self, subject: Subject) -> str:
        """The median as text, where there is one."""
        entry = self.of(subject)
        return entry.middle if entry else wording.MISSING

    @property
    def valid(self) -> list[Entry]:
        """Those that may be concluded from."""
        return [entry for entry in self.entries if entry.valid]

    def verdicts(self) -> list[Verdict]:
        """Of all pairs that may be concluded from."""
        return self.pairs.among(entry.subject for entry in self.valid)

    @property
    def overloaded(self) -> list[Entry]:
        """Those that could not keep up with the offered rate: last, whatever their number is."""
        return [entry for entry in self.entries if entry.standing == OVERLOADED]

    @property
    def split(self) -> list[Entry]:
        """The valid ones of two regimes."""
        return [entry for entry in self.valid if entry.regimes]

    def best_first(self) -> list[Entry]:
        """The valid ones of one regime by their medians."""
        sign = 1 if self.best_is_low else -1
        whole = [entry for entry in self.valid if not entry.regimes]
        return sorted(whole, key=lambda e: (sign * e.estimate.median, e.label))


class Study:
    """The arranged campaign; made once per report, read-only after that."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self._cells: dict[tuple[Subject, str], list[Cell]] = {}
        points: dict[str, Point] = {}
        for cell in campaign.cells:
            points.setdefault(cell.point.id, cell.point)
            self._cells.setdefault((cell.subject, cell.point.id), []).append(cell)
        self.points = sorted(points.values(), key=lambda point: (*point.place, point.id))
        every = sorted({c.subject for c in campaign.cells}, key=_place)
        self.labels = _labels(every, self._cells)
        self.subjects = [who for who in every if who.form not in (TWIN, CONTROL)]
        self.controls = [who for who in every if who.form == CONTROL]
        # The second measurement of a subject -> the first (twin.py).
        self.twins = {
            who: original
            for who in every
            if who.form == TWIN and (original := replace(who, form="best")) in self.subjects
        }
        floors = [who for who in self.subjects if who.family == "floor"]
        # The first by order, in its best form: what ratios are taken to.
        self.floor = next((who for who in floors if who.form == "best"), None)
        self._merged: dict[tuple[Subject, str, int, str, str], Histogram] = {}
        self._compared: dict[tuple[str, Measure], Comparison] = {}
        self._typical: dict[tuple[str, str, float], dict[tuple[Subject, int], float]] = {}

    def memories(self, point: Point) -> list[Memory]:
        """What was measured of memory at this point, by whomever."""
        return [c.memory for c in self.campaign.cells if c.memory and c.point.id == point.id]

    def points_of(self, *kinds: str) -> list[Point]:
        """Points of these kinds at which at least one cell was measured."""
        return [p for p in self.points if p.kind in kinds and self.present(p)]

    def subjects_at(self, point: Point) -> list[Subject]:
        """Who was to be measured at this point, with numbers or without."""
        return [who for who in self.subjects if (who, point.id) in self._cells]

    def present(self, point: Point) -> list[Subject]:
        """Who has numbers at this point."""
        return [who for who in self.subjects if self.standing(who, point)]

    def cells(self, subject: Subject, point: Point, *statuses: str) -> list[Cell]:
        return [c for c in self._cells.get((subject, point.id), []) if c.status in statuses]

    def sound(self, subject: Subject, point: Point, status: str, *groups: str) -> list[Cell]:
        """Cells of this status, but those of whose metrics one of these groups is spoiled."""
        cells = self.cells(subject, point, status)
        return [cell for cell in cells if not set(groups) & set(cell.spoiled)]

    def standing(self, subject: Subject, point: Point) -> str:
        """`overloaded` where at least as many generations were as were valid, so that the middle
        one was; else `ok` when any is valid, else `invalid` when any has numbers, else ""."""
        blocks = self.blocks(subject, point)
        if blocks.get(OVERLOADED, 0) >= max(1, blocks.get(OK, 0)):
            return OVERLOADED
        for status in (OK, INVALID):
            if self.cells(subject, point, status):
                return status
        return ""

    def blocks(self, subject: Subject, point: Point) -> dict[str, int]:
        """How many blocks ended how, those without any left out."""
        found = {}
        for status in (OK, OVERLOADED, INVALID, FAILED):
            if count := len({c.block for c in self.cells(subject, point, status)}):
                found[status] = count
        return found

    def histograms(
        self, subject: Subject, point: Point, status: str, name: str = "response"
    ) -> dict[int, Histogram]:
        """Block -> the merged histogram of that block, where it has samples."""
        parts: dict[int, list[Histogram]] = {}
        for cell in self._with(name, subject, point, status):
            if name in cell.histograms:
                parts.setdefault(cell.block, []).append(cell.histograms[name])
        answer: dict[int, Histogram] = {}
        for block, found in sorted(parts.items()):
            key = (subject, point.id, block, status, name)
            if key not in self._merged:
                self._merged[key] = found[0] if len(found) == 1 else Histogram.merge(found)
            if self._merged[key].total:
                answer[block] = self._merged[key]
        return answer

    def _with(self, histogram: str, subject: Subject, point: Point, status: str) -> list[Cell]:
        groups = () if histogram in CLIENTS_OWN else (LATENCY,)
        return self.sound(subject, point, status, *groups)

    def stretches(
        self, subject: Subject, point: Point, status: str, name: str = "response"
    ) -> dict[int, list[float]]:
        """Block -> longest response time (ns) of each stretch of time in that histogram."""
        found: dict[int, list[float]] = {}
        for cell in self._with(name, subject, point, status):
            found.setdefault(cell.block, []).extend(cell.stretches(name))
        return found

    def kept_slices(
        self, subject: Subject, point: Point, status: str, name: str
    ) -> dict[int, list[Slice]]:
        """By block, where there are any whose number `name` is not spoiled. A client that was late
        spoils the response times of those slices, not of the others."""
        found: dict[int, list[Slice]] = {}
        for cell in self.cells(subject, point, status):
            if cell.sliced and group_of(name) not in cell.spoiled_but_by(IN_TIME):
                sound = [one for one in cell.sliced.kept if one.sound(name)]
                if sound:
                    found.setdefault(cell.block, []).extend(sound)
        return found

    def typical(
        self, point: Point, name: str, share: float = polish.HALF
    ) -> dict[tuple[Subject, int], float]:
        """(subject, block) -> `name` of a Slice in the typical one of that block, or in the one at
        `share` (polish.py), with all subjects of the block that were measured, twins too."""
        key = point.id, name, share
        if key not in self._typical:
            self._typical[key] = self._polished(*key)
        return self._typical[key]

    def _polished(
        self, point: str, name: str, share: float
    ) -> dict[tuple[Subject, int], float]:
        blocks: dict[int, dict[Subject, dict[int, float]]] = {}
        for cell in self.campaign.cells:
            if cell.point.id != point or cell.status not in MEASURED or not cell.sliced:
                continue
            seen = blocks.setdefault(cell.block, {}).setdefault(cell.subject, {})
            for one in cell.sliced.kept:
                if one.sound(name) and (number := getattr(one, name)):
                    seen[one.round] = number
        return {
            (who, block): number
            for block, subjects in blocks.items()
            for who, number in polish.typical(subjects, share).items()
        }

    def disturbed(self, point: Point) -> bool:
        """Whether rounds at this point were dropped, so that there are two tails."""
        return any(
            cell.sliced and cell.sliced.disturbed
            for who in self.subjects
            for cell in self.cells(who, point, *MEASURED)
        )

    def compare(self, point: Point, measure: Measure) -> Comparison:
        """Every subject that has a number at `point`."""
        key = (point.id, measure)
        if key not in self._compared:
            self._compared[key] = self._compare(point, measure)
        return self._compared[key]

    def comparable(self, who: Subject, point: Point, measure: Measure) -> PerBlock:
        """The numbers of valid cells, for ratios: none where they are of two regimes."""
        entry = self.compare(point, measure).of(who)
        if entry and entry.regimes:
            return {}
        return measure.per_block(self, who, point, OK)

    def _compare(self, point: Point, measure: Measure) -> Comparison:
        numbers: dict[Subject, PerBlock] = {}
        for who in self.present(point):
            found = measure.per_block(self, who, point, self.standing(who, point))
            if found:
                numbers[who] = found
        valid = {who: n for who, n in numbers.items() if self.standing(who, point) == OK}
        split = regimes.two_regimes(valid)
        whole = {who: found for who, found in valid.items() if who not in split}
        floor = whole.get(self.floor) if self.floor else None
        entries = []
        for who, found in numbers.items():
            estimate, ratio = stats.estimate(list(found.values())), None
            if floor and who in whole and who != self.floor:
                ratio = stats.paired_ratio(found, floor)
            who_is = who, self.labels[who]
            about = self.standing(who, point), measure.form, split.get(who, ())
            entries.append(Entry(*who_is, estimate, ratio, *about))
        pairs = Pairs(whole, same_within(measure), self.campaign.level)
        return Comparison(point.title, tuple(entries), measure.best_is_low, pairs)

    def counts(self, subject: Subject) -> Counts | None:
        """What was counted of this subject apart from the cells."""
        return self.campaign.counts.get(subject)

    def counted(self, metric: str) -> Comparison:
        """The exact counts of one operation as a comparison."""
        found = {
            who: counts.values[metric]
            for who in self.subjects
            if (counts := self.counts(who)) and metric in counts.values
        }
        floor = found.get(self.floor) if self.floor else None
        entries = []
        for who, value in found.items():
            exact = stats.Estimate(value, value, value, 1, "exact")
            share = value / floor if floor and who != self.floor else None
            ratio = stats.Estimate(share, share, share, 1, "exact") if share is not None else None
            entries.append(Entry(who, self.labels[who], exact, ratio, OK, wording.plain))
        settings = {c.settings for who in found if (c := self.counts(who))}
        return Comparison(f"counted, {'; '.join(sorted(settings))}", tuple(entries))


def _place(who: Subject) -> tuple[int, str, int, str, int]:
    """One order everywhere: the contestants' own, then best form, default form, the others."""
    return who.order, who.id, {"best": 0, "default": 1}.get(who.form, 2), who.form, who.workers


def _labels(
    subjects: list[Subject], cells: Iterable[tuple[Subject, str]]
) -> dict[Subject, str]:
    """Short names: the id, with the form where it is not the best, and with the workers where two
    subjects of a point differ in nothing else. Points may have a number of workers of their own."""
    at_point: dict[tuple[str, str, str], set[int]] = {}
    for who, point in cells:
        at_point.setdefault((who.id, who.form, point), set()).add(who.workers)
    several = {key[:2] for key, workers in at_point.items() if len(workers) > 1}
    labels = {}
    for who in subjects:
        parts = [who.form] if who.form != "best" else []
        if (who.id, who.form) in several:
            parts.append(f"{who.workers} workers" if who.workers != 1 else "1 worker")
        labels[who] = who.id + (f" ({', '.join(parts)})" if parts else "")
    return labels
