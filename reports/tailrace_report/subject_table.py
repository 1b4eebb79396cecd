# SPDX-License-Identifier: MIT
"""Tables with a row a subject: columns are functions from a subject to a text, and the footnotes
follow from the signs that stand in the cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tailrace_report import stats, wording
from tailrace_report.campaign import INVALID, OVERLOADED, Point, Subject
from tailrace_report.decide import DIFFERENT, GENERATIONS_MIN, NOT_COMPARED, OPEN, SAME, Verdict
from tailrace_report.hdr import Histogram
from tailrace_report.measures import QUIET_P99, Measure, Quantile, quantile
from tailrace_report.rounds import rounds_of
from tailrace_report.slices import AS_LIVED
from tailrace_report.study import Comparison, Entry, Study
from tailrace_report.tables import Column, Table

QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99"))
MAIN = tuple((p, name) for p, name in QUANTILES if p in (0.5, 0.99, 0.999))
LIVED_FROM = 0.99  # from which quantile on both tails are shown
NAME = Column("subject", right=False)
MARKS = {DIFFERENT: "≠", SAME: "=", OPEN: "?", NOT_COMPARED: ""}
POOLED = "†"
SIGN_NOTES = {
    POOLED: f"{POOLED}: no generation carries it, all merged do; hence no interval.",
    OVERLOADED: "overloaded: the server could not keep up with the offered rate; last, and not"
    " compared.",
    INVALID: "invalid: measured, but a validity check failed; shown, never compared.",
}
UNSUPPORTED_NOTE = (
    f"-: not supported: fewer than {stats.EXCEEDANCES_MIN} requests of a generation lie above it,"
    f" or they come from fewer than {stats.CLUSTERS_MIN} stall clusters (stretches of 100 ms, or"
    " slices) of the campaign, for a thousand requests behind one stall are one event."
)
# What the first of two tails is called: the second where repeats ran out or were in vain, so that
# rounds that were disturbed had to be kept.
KEPT_NOTES = {
    "undisturbed": "undisturbed, and all that is not labelled: without the rounds in which others"
    " took much of the server's CPU (see Noise). as lived: of all rounds.",
    "kept": "kept, and all that is not labelled: without the rounds that were dropped because"
    " others took much of the server's CPU; some that were kept were disturbed too (see Noise). as"
    " lived: of all rounds.",
}
UNDISTURBED, KEPT = KEPT_NOTES
LIVED = "as lived"
QUIET_NOTE = (
    "quiet p99: of the quiet quarter of slices, in a quiet round: the tail without stalls, and"
    " without pauses of the subject itself that are not in most slices; p99 has both."
)


@dataclass(frozen=True)
class Text:
    """A column: its heading and the text of a subject. `of`: what its brackets are the intervals
    of; `verdicts`: behind its marks; `note`: a footnote where it is not empty."""

    title: str
    text: Callable[[Subject], str]
    of: Comparison | None = None
    note: str = ""
    verdicts: tuple[Verdict, ...] = ()


def subject_table(
    study: Study,
    title: str,
    points: Sequence[Point],
    columns: Sequence[Text],
    notes: Iterable[str] = (),
) -> Table:
    """A row for each subject that is present at a point and has a text besides MISSING."""
    table = Table(title, [NAME] + [Column(column.title) for column in columns])
    shown: list[Subject] = []
    for who in study.subjects:
        if not any(study.standing(who, point) for point in points):
            continue
        texts = [column.text(who) for column in columns]
        if any(text != wording.MISSING for text in texts):
            table.add(study.labels[who], *texts)
            shown.append(who)
    intervals = interval_note(column.of for column in columns)
    table.notes += [intervals] if intervals else []
    table.notes += alone_notes(study, shown)
    table.notes += regime_notes(column.of for column in columns)
    table.notes += list(notes) + sign_notes(table)
    table.notes += dict.fromkeys(column.note for column in columns if column.note)
    marked_columns = {column.title: column.verdicts for column in columns if column.verdicts}
    table.notes += legend("the floor", marked_columns, "a column") if table.rows else []
    return table


def alone_notes(study: Study, subjects: Iterable[Subject]) -> list[str]:
    """What contestants that share tasks among their workers say of themselves where one of these
    subjects has a single worker (`one_worker` of `describe`): such as that nothing is stolen."""
    told: dict[str, list[str]] = {}
    for who in subjects:
        text = study.campaign.described(who.id).text("one_worker") if who.workers == 1 else ""
        if text and study.labels[who] not in told.setdefault(text, []):
            told[text].append(study.labels[who])
    return [f"{wording.joined(names)} with one worker: {text}." for text, names in told.items()]


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
    few = f"fewer than {stats.BLOCKS_FOR_INTERVAL} generations carry no 95 % interval"
    if kinds == {"interval"}:
        return "Median over generations [exact 95 % interval of the median]."
    if kinds == {"range"}:
        return f"Median over generations [range, smallest to largest: {few}]."
    if kinds <= {"exact"}:
        return ""
    return (
        "Median over generations [exact 95 % interval of the median; or, below"
        f" {stats.BLOCKS_FOR_INTERVAL} generations, the range from smallest to largest]."
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

    return Text(title, _of(compared, text), verdicts=tuple(verdicts.values()))


def _of(compared: Comparison, text: Callable[[Entry], str]) -> Callable[[Subject], str]:
    def found(who: Subject) -> str:
        entry = compared.of(who)
        return text(entry) if entry else wording.MISSING

    return found


def kept_label(study: Study, point: Point) -> str:
    """What the tail of the kept rounds is called where some were dropped."""
    return KEPT if rounds_of(study, [point]).kept_disturbed else UNDISTURBED


class Columns:
    """The columns that a table of one point may have; tails are those of `histogram`."""

    def __init__(self, study: Study, point: Point, histogram: str = "response") -> None:
        self._study, self._point, self._histogram = study, point, histogram

    def table(self, title: str, columns: Sequence[Text], notes: Iterable[str] = ()) -> Table:
        """A row a subject, the generations first."""
        shown = [self.generations(), *columns]
        return subject_table(self._study, title, [self._point], shown, notes)

    def generations(self) -> Text:
        """`6`, `4 + 2 invalid`, `6 invalid`."""

        def text(who: Subject) -> str:
            counts = self._study.blocks(who, self._point)
            parts = [str(count) if status == "ok" else f"{count} {status}"
                     for status, count in counts.items()]
            return " + ".join(parts) or "0"

        return Text("generations", text)

    def value(self, title: str, measure: Measure) -> Text:
        return value(title, self._study.compare(self._point, measure))

    def median(self, title: str, measure: Measure) -> Text:
        return median(title, self._study.compare(self._point, measure))

    def ratio(self, title: str, measure: Measure) -> Text:
        return ratio(title, self._study, self._study.compare(self._point, measure))

    def tails(self, counted: str, shown: Sequence[tuple[float, str]] = MAIN) -> list[Text]:
        """How many values there are, their quantiles and the longest. Quantiles have intervals
        where each generation carries them; else, where all merged do, they are of these. Where
        rounds were disturbed, the tail is there twice."""
        columns = [Text(counted, lambda who: f"{self._pooled(who, self._histogram).total:,}")]
        notes: list[str] = []
        two = self._histogram == "response" and self._study.disturbed(self._point)
        for p, name in shown:
            if two and p >= LIVED_FROM:
                kept = kept_label(self._study, self._point)
                columns.append(self._quantile(p, f"{name}, {kept}", self._histogram))
                columns.append(self._quantile(p, f"{name}, {LIVED}", AS_LIVED))
                notes.append(KEPT_NOTES[kept])
            else:
                columns.append(self._quantile(p, name, self._histogram))
        longest = AS_LIVED if two else self._histogram
        title = f"longest, {LIVED}" if two else "longest"
        note = notes[0] if notes else ""
        return [*columns, Text(title, lambda who: self._longest(who, longest), note=note)]

    def quiet(self) -> Text:
        """p99 of a quiet slice (polish.py)."""
        return replace(self.value("quiet p99", QUIET_P99), note=QUIET_NOTE)

    def send_delay(self) -> Text:
        """How late the client itself sent."""
        # Without its waits for a full socket or window, where that was recorded.
        delays = (Quantile(0.99, name) for name in ("client_delay", "lateness"))
        known = [one for one in delays if self._study.compare(self._point, one)]
        late = self.median("send delay p99", (known or [Quantile(0.99, "lateness")])[0])
        note = "send delay: how late the client itself sent; it is part of the response time."
        return Text(late.title, late.text, note=note)

    def _pooled(self, who: Subject, histogram: str) -> Histogram:
        """All generations merged."""
        status = self._study.standing(who, self._point)
        found = self._study.histograms(who, self._point, status, histogram)
        return Histogram.merge(found.values())

    def _quantile(self, p: float, name: str, histogram: str) -> Text:
        column = self.value(name, quantile(p, histogram))

        def text(who: Subject) -> str:
            found = column.text(who)
            if found != wording.MISSING:
                return found
            pooled = self._pooled(who, histogram)
            if not stats.supported(pooled.total, p):
                return found
            at, status = pooled.quantile(p), self._study.standing(who, self._point)
            stretches = self._study.stretches(who, self._point, status, histogram)
            if not stats.clustered((at, longest) for longest in stretches.values()):
                return found
            return f"{wording.duration(at)} {POOLED}"

        return Text(name, text, column.of, UNSUPPORTED_NOTE)

    def _longest(self, who: Subject, histogram: str) -> str:
        pooled = self._pooled(who, histogram)
        return wording.duration(pooled.highest) if pooled.total else wording.MISSING
