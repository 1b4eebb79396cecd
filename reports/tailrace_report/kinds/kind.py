# SPDX-License-Identifier: MIT
"""What a kind of point tells the report. A kind is one file here, beside the one of the same name
in harness/kinds; it overrides what it has to say, and the registry (__init__.py) lists it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tailrace_report import figure_answer, settings, stats, wording
from tailrace_report.campaign import Point
from tailrace_report.fields import Fields
from tailrace_report.measures import Quantile, quantile
from tailrace_report.slices import AS_LIVED
from tailrace_report.study import Comparison, Study
from tailrace_report.subject_table import LIVED, MAIN
from tailrace_report.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPEN_LOOP = ("response", "service", "lateness", "client_delay")  # histograms
NOT_CARRIED = (
    f"fewer than {stats.EXCEEDANCES_MIN} requests of a generation lie above, or they come from"
    f" fewer than {stats.CLUSTERS_MIN} stall clusters"
)
# A figure and its words for who cannot see it; None where there is nothing to draw.
Drawn = tuple["Figure", str] | None


@dataclass(frozen=True)
class Drawing:
    """A figure that the report may have: name of its files, heading, and what draws it."""

    name: str
    title: str
    draw: Callable[[], Drawn]


@dataclass(frozen=True)
class Section:
    """A part of the page; left out where nothing is drawn and no table has rows."""

    anchor: str
    title: str
    intro: str = ""
    drawings: list[Drawing] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Statement:
    """A sentence or two of the finding; `about` is the word or two that lead it."""

    about: str
    text: str


@dataclass(frozen=True)
class Headline:
    """A column of the first table: medians, with their ratios to the floor where `to_floor`.
    `absent`: why it may have no number at all, without a full stop."""

    title: str
    compared: Comparison
    to_floor: bool = False
    absent: str = ""


class Kind:
    """One kind of point. The defaults say nothing."""

    name = ""  # `point.kind` in the files
    about = ""  # in a sentence: `offered load`
    histograms: tuple[str, ...] = ()  # that its cells may have
    # Whether it has columns in the first table also where the kinds before it have some.
    leads = True

    def title(self, point: Point) -> str:
        """For headings."""
        return point.id

    def place(self, point: Point) -> tuple[Any, ...]:
        """Sorts the points of this kind."""
        size = point.whole("message_bytes"), point.whole("connections")
        return (*size, point.rate_per_s, *settings.place(point))

    def numbers(self, line: Fields) -> dict[str, float]:
        """What a line of cells.jsonl comes to besides its load and cost."""
        return {}

    def headline(self, study: Study) -> tuple[list[Headline], list[str]]:
        """Columns of the first table, and notes that say what they are of."""
        return [], []

    def beside(self, study: Study) -> tuple[list[Headline], list[str]]:
        """As headline(), of a kind that does not lead: columns of the first table all the same."""
        return [], []

    def pictured(self, study: Study) -> list[figure_answer.Shown]:
        """Panels of the picture that opens the page."""
        return []

    def statements(self, study: Study) -> list[Statement]:
        return []

    def sections(self, study: Study) -> list[Section]:
        return []

    def points(self, study: Study) -> list[Point]:
        return study.points_of(self.name)

    def lead_points(self, study: Study) -> list[Point]:
        """The point that stands for all, and that of the other scheduling class, where there is
        one. Each is the one that most subjects finished and, among those, one that sets nothing,
        with most requests a second; so who looks good at it does not choose it."""

        def merit(point: Point) -> tuple[int, bool, float, float, int]:
            finished = sum(study.standing(who, point) == "ok" for who in study.subjects)
            calm = -settings.burden(point)
            lived = not settings.in_fifo(point)
            return finished, lived, calm, point.rate_per_s, -point.whole("connections")

        by_class: dict[bool, Point] = {}
        for point in sorted(self.points(study), key=merit, reverse=True):
            by_class.setdefault(settings.in_fifo(point), point)
        return list(by_class.values())

    def lead(self, study: Study) -> Point | None:
        return next(iter(self.lead_points(study)), None)


def tail_headline(
    study: Study, point: Point, prefix: str = "", histogram: str = "response"
) -> list[Headline]:
    """The quantiles of a histogram at one point; p99 as lived too, where rounds were disturbed."""
    found = []
    for p, name in MAIN:
        compared = study.compare(point, quantile(p, histogram))
        ratio = p == 0.99 and has_interval(compared)
        found.append(Headline(prefix + name, compared, ratio, NOT_CARRIED))
    if histogram == "response" and study.disturbed(point):
        lived = study.compare(point, Quantile(0.99, AS_LIVED))
        found.append(Headline(f"{prefix}p99 {LIVED}", lived))
    return found


def has_interval(compared: Comparison) -> bool:
    """Whether any ratio of it has an interval. A tail has none where too few generations carry it,
    and then its ratios are those of single stalls."""
    return any(e.ratio is not None and e.ratio.kind == "interval" for e in compared.entries)


def load_title(point: Point) -> str:
    """Connections, size, rate and arrivals in words."""
    parts = []
    if connections := point.whole("connections"):
        parts.append(wording.counted(connections, "connection"))
    if size := point.whole("message_bytes"):
        parts.append(f"{size:,} B")
    text = " × ".join(parts) or point.id
    if point.rate_per_s:
        text += f", {point.rate_per_s:,.0f} requests/s"
    text += f" ({point.arrivals.capitalize()})" if point.arrivals else ""
    return text + settings.title(point)


def workers_title(point: Point) -> str:
    """`, 2 workers` where the point has a number of its own."""
    workers = point.whole("workers")
    return f", {wording.counted(workers, 'worker')}" if workers else ""


def bytes_title(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
