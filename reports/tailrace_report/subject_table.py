# SPDX-License-Identifier: MIT
"""Tables with a row a subject: columns are functions from a subject to a text, and the footnotes
follow from the signs that stand in the cells."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tailrace_report import stats, wording
from tailrace_report.campaign import Point, Subject
from tailrace_report.hdr import Histogram
from tailrace_report.measures import Quantile
from tailrace_report.study import Comparison, Entry, Study
from tailrace_report.tables import Column, Table

QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99"))
MAIN = tuple((p, name) for p, name in QUANTILES if p in (0.5, 0.99, 0.999))
NAME = Column("subject", right=False)
POOLED, INVALID = "†", "invalid"
SIGN_NOTES = {
    POOLED: f"{POOLED}: no block carries it, all blocks merged do; hence no interval.",
    INVALID: "invalid: measured, but a validity check failed; shown, never compared.",
}
UNSUPPORTED_NOTE = (
    f"-: not supported, fewer than {stats.EXCEEDANCES_MIN} requests of a block lie above it."
)


@dataclass(frozen=True)
class Text:
    """A column: its heading and the text of a subject. `of`: what its brackets are the intervals
    of; `note`: a footnote where it is not empty."""

    title: str
    text: Callable[[Subject], str]
    of: Comparison | None = None
    note: str = ""


def subject_table(
    study: Study,
    title: str,
    points: Sequence[Point],
    columns: Sequence[Text],
    notes: Iterable[str] = (),
) -> Table:
    """A row for each subject that is present at a point and has a text besides MISSING."""
    table = Table(title, [NAME] + [Column(column.title) for column in columns])
    for who in study.subjects:
        if not any(study.standing(who, point) for point in points):
            continue
        texts = [column.text(who) for column in columns]
        if any(text != wording.MISSING for text in texts):
            table.add(study.labels[who], *texts)
    intervals = interval_note(column.of for column in columns)
    table.notes += [intervals] if intervals else []
    table.notes += list(notes) + sign_notes(table)
    table.notes += dict.fromkeys(column.note for column in columns if column.note)
    return table


def sign_notes(table: Table) -> list[str]:
    """What the signs in the cells mean."""
    signs = {word for row in table.rows for text in row[1:] for word in text.split()}
    return [note for sign, note in SIGN_NOTES.items() if sign in signs]


def interval_note(comparisons: Iterable[Comparison | None]) -> str:
    """What the brackets of these comparisons are, in one sentence."""
    kinds = {e.estimate.kind for c in comparisons if c for e in c.entries}
    few = f"fewer than {stats.BLOCKS_FOR_INTERVAL} blocks carry no 95 % interval"
    if kinds == {"interval"}:
        return "Median over blocks [exact 95 % interval of the median]."
    if kinds == {"range"}:
        return f"Median over blocks [range, smallest to largest: {few}]."
    if kinds <= {"exact"}:
        return ""
    return (
        "Median over blocks [exact 95 % interval of the median; or, below"
        f" {stats.BLOCKS_FOR_INTERVAL} blocks, the range from smallest to largest]."
    )


def value(title: str, compared: Comparison | None, form: wording.Format) -> Text:
    """The median with its interval."""
    return Text(title, _of(compared, lambda e: wording.with_interval(e.estimate, form)), compared)


def median(title: str, compared: Comparison | None, form: wording.Format) -> Text:
    return Text(title, _of(compared, lambda e: form(e.estimate.median)))


def ratio(title: str, study: Study, compared: Comparison | None) -> Text:
    """To the floor, with its interval."""

    def text(entry: Entry) -> str:
        if entry.subject == study.floor:
            return "floor"
        return wording.with_interval(entry.ratio, wording.times)

    return Text(title, _of(compared, text))


def blocks(study: Study, point: Point) -> Text:
    """`6`, `4 + 2 invalid`, `6 invalid`."""

    def text(who: Subject) -> str:
        counts = study.blocks(who, point)
        parts = [str(count) if status == "ok" else f"{count} {status}"
                 for status, count in counts.items()]
        return " + ".join(parts) or "0"

    return Text("blocks", text)


def _of(compared: Comparison | None, text: Callable[[Entry], str]) -> Callable[[Subject], str]:
    def found(who: Subject) -> str:
        entry = compared.of(who) if compared else None
        return text(entry) if entry else wording.MISSING

    return found


class Tails:
    """The columns of a histogram: how many values, their quantiles, the longest."""

    def __init__(self, study: Study, point: Point, histogram: str = "response") -> None:
        self._study, self._point, self._histogram = study, point, histogram

    def compared(self, p: float) -> Comparison | None:
        return self._study.compare(self._point, Quantile(p, self._histogram))

    def pooled(self, who: Subject) -> Histogram:
        """All blocks merged."""
        status = self._study.standing(who, self._point)
        found = self._study.histograms(who, self._point, status, self._histogram)
        return Histogram.merge(found.values())

    def total(self, title: str) -> Text:
        return Text(title, lambda who: f"{self.pooled(who).total:,}")

    def quantiles(self, shown: Sequence[tuple[float, str]] = MAIN) -> list[Text]:
        """With intervals where each block carries the quantile; else, where all blocks merged do,
        of these."""
        return [self._quantile(p, name) for p, name in shown]

    def _quantile(self, p: float, name: str) -> Text:
        column = value(name, self.compared(p), wording.duration)

        def text(who: Subject) -> str:
            found = column.text(who)
            if found == wording.MISSING and stats.supported(self.pooled(who).total, p):
                return f"{wording.duration(self.pooled(who).quantile(p))} {POOLED}"
            return found

        return Text(name, text, column.of, UNSUPPORTED_NOTE)

    def longest(self) -> Text:
        def text(who: Subject) -> str:
            pooled = self.pooled(who)
            return wording.duration(pooled.highest) if pooled.total else wording.MISSING

        return Text("longest", text)
