# SPDX-License-Identifier: MIT
"""Tables with a row a subject: columns are functions from a subject to a text, and the footnotes
follow from the signs that stand in the cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tailrace_report import stats, wording
from tailrace_report.campaign import Point, Subject
from tailrace_report.decide import DIFFERENT, GENERATIONS_MIN, NOT_COMPARED, OPEN, SAME, Verdict
from tailrace_report.hdr import Histogram
from tailrace_report.measures import Measure, Quantile
from tailrace_report.study import Comparison, Entry, Study
from tailrace_report.tables import Column, Table

QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99"))
MAIN = tuple((p, name) for p, name in QUANTILES if p in (0.5, 0.99, 0.999))
NAME = Column("subject", right=False)
MARKS = {DIFFERENT: "≠", SAME: "=", OPEN: "?", NOT_COMPARED: ""}
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
    table.notes += regime_notes(column.of for column in columns)
    table.notes += list(notes) + sign_notes(table)
    table.notes += dict.fromkeys(column.note for column in columns if column.note)
    return table


def marked(text: str, verdict: Verdict) -> str:
    """With the mark of its outcome behind it; its place stays free where it has none."""
    return f"{text} {MARKS[verdict.outcome] or ' '}"


def legend(than: str, shown: Mapping[str, Iterable[Verdict]], over: str) -> list[str]:
    """What the marks of these verdicts mean, in one sentence; none where there are no marks.
    `shown`: by what is compared; `over`: what is a family."""
    named: dict[float, list[str]] = {}
    for what, verdicts in shown.items():
        tested = [v.within or 0.0 for v in verdicts if v.outcome != NOT_COMPARED]
        if tested:
            named.setdefault(max(tested), []).append(what)
    if not named:
        return []
    shares = [
        f"{100 * share:g} %" + (f" ({', '.join(names)})" if len(named) > 1 else "")
        for share, names in sorted(named.items())
        if share
    ]
    same = f", = the same within {' or '.join(shares)}" if shares else ""
    return [
        f"≠ different from {than}{same}, ? open: 95 % for all pairs of {over} together; no mark:"
        f" fewer than {GENERATIONS_MIN} shared generations, not compared."
    ]


def sign_notes(table: Table) -> list[str]:
    """What the signs in the cells mean."""
    signs = {word for row in table.rows for text in row[1:] for word in text.split()}
    return [note for sign, note in SIGN_NOTES.items() if sign in signs]


def regime_notes(comparisons: Iterable[Comparison | None]) -> list[str]:
    """How those of two regimes are written, where there are some."""
    if not any(c.split for c in comparisons if c):
        return []
    return ["a (3) or b (5): two regimes, a in 3 generations and b in 5; compared with nobody."]


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


def value(title: str, compared: Comparison) -> Text:
    """The median with its interval."""
    return Text(title, _of(compared, lambda entry: entry.interval), compared)


def median(title: str, compared: Comparison) -> Text:
    return Text(title, compared.middle)


def ratio(title: str, study: Study, compared: Comparison) -> Text:
    """To the floor, with its interval and the mark of its outcome."""
    verdicts = {e.subject: compared.pairs.of(e.subject, study.floor) for e in compared.entries}

    def text(entry: Entry) -> str:
        if entry.subject == study.floor:
            return "floor"
        shown = wording.with_interval(entry.ratio, wording.times)
        return marked(shown, verdicts[entry.subject]).rstrip()

    notes = legend("the floor", {title: verdicts.values()}, "a column")
    return Text(title, _of(compared, text), note=" ".join(notes))


def _of(compared: Comparison, text: Callable[[Entry], str]) -> Callable[[Subject], str]:
    def found(who: Subject) -> str:
        entry = compared.of(who)
        return text(entry) if entry else wording.MISSING

    return found


class Columns:
    """The columns that a table of one point may have; tails are those of `histogram`."""

    def __init__(self, study: Study, point: Point, histogram: str = "response") -> None:
        self._study, self._point, self._histogram = study, point, histogram

    def table(self, title: str, columns: Sequence[Text], notes: Iterable[str] = ()) -> Table:
        """A row a subject, the blocks first."""
        return subject_table(self._study, title, [self._point], [self.blocks(), *columns], notes)

    def blocks(self) -> Text:
        """`6`, `4 + 2 invalid`, `6 invalid`."""

        def text(who: Subject) -> str:
            counts = self._study.blocks(who, self._point)
            parts = [str(count) if status == "ok" else f"{count} {status}"
                     for status, count in counts.items()]
            return " + ".join(parts) or "0"

        return Text("blocks", text)

    def value(self, title: str, measure: Measure) -> Text:
        return value(title, self._study.compare(self._point, measure))

    def median(self, title: str, measure: Measure) -> Text:
        return median(title, self._study.compare(self._point, measure))

    def ratio(self, title: str, measure: Measure) -> Text:
        return ratio(title, self._study, self._study.compare(self._point, measure))

    def tails(self, counted: str, shown: Sequence[tuple[float, str]] = MAIN) -> list[Text]:
        """How many values there are, their quantiles and the longest. Quantiles have intervals
        where each block carries them; else, where all blocks merged do, they are of these."""
        return [
            Text(counted, lambda who: f"{self._pooled(who).total:,}"),
            *(self._quantile(p, name) for p, name in shown),
            Text("longest", self._longest),
        ]

    def send_delay(self) -> Text:
        """How late the client itself sent."""
        late = self.median("send delay p99", Quantile(0.99, "lateness"))
        note = "send delay: how late the client itself sent; it is part of the response time."
        return Text(late.title, late.text, note=note)

    def _pooled(self, who: Subject) -> Histogram:
        """All blocks merged."""
        status = self._study.standing(who, self._point)
        found = self._study.histograms(who, self._point, status, self._histogram)
        return Histogram.merge(found.values())

    def _quantile(self, p: float, name: str) -> Text:
        column = self.value(name, Quantile(p, self._histogram))

        def text(who: Subject) -> str:
            found = column.text(who)
            if found == wording.MISSING and stats.supported(self._pooled(who).total, p):
                return f"{wording.duration(self._pooled(who).quantile(p))} {POOLED}"
            return found

        return Text(name, text, column.of, UNSUPPORTED_NOTE)

    def _longest(self, who: Subject) -> str:
        pooled = self._pooled(who)
        return wording.duration(pooled.highest) if pooled.total else wording.MISSING
