# SPDX-License-Identifier: MIT
"""The drawing surface: matplotlib set up so that the same input gives the same bytes, the shared
look of axes and marks, small multiples, and labels at line ends that never overlap.

The only module that imports matplotlib, and only when something is drawn, so that the texts come
without it. Uses no pyplot, no style files, no user settings.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tailrace_report import labels
from tailrace_report.palette import INK, PAPER, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT, MUTED, GRID = INK["text"][0], INK["muted"][0], INK["grid"][0]
FONT_POINTS = 9.0
NAME_POINTS = FONT_POINTS - 2  # of what stands beside a mark
MARK_RADIUS = 3.5  # points
LEADER = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5}
LABEL_STEP = FONT_POINTS * 1.25  # from one label right of a panel to the next
SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tailrace",
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": FONT_POINTS,
    "axes.titlesize": FONT_POINTS,
    "axes.labelsize": FONT_POINTS,
    "xtick.labelsize": FONT_POINTS - 1,
    "ytick.labelsize": FONT_POINTS - 1,
    "text.color": TEXT,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.facecolor": "none",
    "figure.facecolor": PAPER[0],
    "savefig.facecolor": PAPER[0],
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.linewidth": 0.6,
    "lines.solid_capstyle": "round",
    "text.parse_math": False,
}


def settings() -> Any:
    """A context in which everything must be made and saved; starts from matplotlib's defaults."""
    # One that matplotlib does not know would end the import, and a file's settings go in any case.
    os.environ.pop("MPLBACKEND", None)
    import matplotlib

    known = {k: v for k, v in SETTINGS.items() if k in matplotlib.rcParams}
    return matplotlib.rc_context({**matplotlib.rcParamsDefault, "backend": "agg", **known})


def text_inches(texts: Iterable[str]) -> float:
    """Room for the longest text at FONT_POINTS; an estimate that needs no renderer."""
    return 0.073 * max((len(text) for text in texts), default=0)


def figure(width: float, height: float) -> Figure:
    """An empty figure of inches with a canvas, so that text can be measured."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height))
    FigureCanvasAgg(made)
    return made


def panels(
    count: int, *, columns: int, width: float, height: float, margins: Sequence[float]
) -> tuple[Figure, list[Axes]]:
    """`count` panels of equal size in rows; width, height of one panel with its margins, inches.

    margins: left, right, bottom, top of each panel, inches. Positions are set by hand, so they do
    not depend on how a version of matplotlib lays out.
    """
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    made = figure(width * columns, height * rows)
    left, right, bottom, top = margins
    axes = []
    for index in range(count):
        row, column = divmod(index, columns)
        axes.append(
            made.add_axes(
                (
                    (column + left / width) / columns,
                    (rows - 1 - row + bottom / height) / rows,
                    (1 - (left + right) / width) / columns,
                    (1 - (bottom + top) / height) / rows,
                )
            )
        )
    return made, axes


def bare(axes: Axes, *, grid: str) -> None:
    """Takes off what carries no data: top and right spine, tick marks; adds a quiet grid."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, which="both")
    axes.grid(True, axis=grid, which="major")


def ticks_at(axis: Any, places: Sequence[float], text: Callable[[float], str]) -> None:
    """Ticks at these places and nowhere else."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FuncFormatter(lambda at, _: text(at)))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def round_ticks(axis: Any, text: Callable[[float], str], count: int = 6) -> None:
    """At most `count` ticks at round numbers of a linear scale."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(count, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda at, _: text(at)))


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 per decade, or 1 per decade where that would crowd."""
    digits = (1, 2, 5) if high / low < 3000 else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [d * 10.0**e for e in decades for d in digits if low <= d * 10.0**e <= high]


def log_scale(
    axes: Axes, which: str, low: float, high: float, text: Callable[[float], str]
) -> None:
    """A logarithmic axis `x` or `y` with round ticks. Zero has no place on it: there it ends a
    million times below its highest number."""
    high = high if high > 0 else 1.0
    low = max(low, high * 1e-6)
    getattr(axes, f"set_{which}scale")("log")
    getattr(axes, f"set_{which}lim")(low, high)
    ticks_at(getattr(axes, f"{which}axis"), log_ticks(low, high), text)


def named_rows(axes: Axes, labels: Sequence[str]) -> None:
    """A row a label, the first on top."""
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=TEXT, labelsize=FONT_POINTS)
    bare(axes, grid="x")
    axes.spines["left"].set_visible(False)


def mark(
    axes: Axes, x: float, y: float, look: Look, *, solid: bool = True, size: float = 6
) -> None:
    """A subject's marker; hollow for what is not compared."""
    axes.plot(
        [x],
        [y],
        look.marker,
        color=look.light,
        markersize=size,
        markerfacecolor=look.light if solid else PAPER[0],
        markeredgewidth=1.2,
        clip_on=False,
    )


def whisker(axes: Axes, low: float, high: float, place: float) -> None:
    """An interval in ink: above its mark, since one narrower than that must still be seen."""
    axes.plot([low, high], [place, place], color=TEXT, linewidth=1.1)


def part_bars(axes: Axes, place: float, colour: str, inner: float, end: float) -> None:
    """A solid bar up to `inner` and a light, outlined one from there to `end`."""
    from matplotlib.colors import to_rgba

    size = {"height": 0.42, "linewidth": 0.7, "edgecolor": colour}
    axes.barh(place, inner, left=0.0, facecolor=colour, **size)
    axes.barh(place, end - inner, left=inner, facecolor=to_rgba(colour, 0.25), **size)


def beside(axes: Axes, place: float, value: str, note: str = "") -> None:
    """The value right of the panel in ink, and a quieter note behind it."""
    for text, offset, colour in ((value, 6, TEXT), (note, 6 if not value else 54, None)):
        if text:
            axes.annotate(
                text,
                (1, place),
                xycoords=("axes fraction", "data"),
                xytext=(offset, 0),
                textcoords="offset points",
                va="center_baseline",
                color=colour or MUTED,
                fontsize=FONT_POINTS - (0 if colour else 1),
                annotation_clip=False,
            )


def title(axes: Axes, text: str, *, above: float = 8.0) -> None:
    """A heading left above the panel; further lines after newlines are quieter."""
    lines = text.removesuffix("\n").split("\n")
    for place, line in enumerate(lines):
        weight, colour = ("bold", TEXT) if place == 0 else ("normal", MUTED)
        points = above + 12 * (len(lines) - 1 - place)
        if line:
            axes.annotate(
                line,
                (0, 1),
                xycoords="axes fraction",
                xytext=(0, points),
                textcoords="offset points",
                fontweight=weight,
                color=colour,
                annotation_clip=False,
            )


def apart(wanted: Sequence[float], distance: float, low: float, high: float) -> list[float]:
    """Positions near `wanted`, in its order by value, at least `distance` apart, in low..high.

    Pools neighbours that would overlap and centres the pool on its members' mean, as in isotonic
    regression (pool adjacent violators), so nothing moves further than it must. When there is not
    enough room, the distance shrinks to what fits.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    if len(order) > 1:
        distance = min(distance, (high - low) / (len(order) - 1))
    # Without the steady steps the constraint is "never descending", which pooling solves.
    targets = [wanted[index] - rank * distance for rank, index in enumerate(order)]
    pools: list[list[float]] = []
    for target in targets:
        pools.append([target, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, size = pools.pop()
            before, count = pools[-1]
            pools[-1] = [(before * count + mean * size) / (count + size), count + size]
    flat = [mean for mean, size in pools for _ in range(int(size))]
    top = high - (len(order) - 1) * distance
    answer = [0.0] * len(wanted)
    for rank, index in enumerate(order):
        answer[index] = min(max(flat[rank], low), top) + rank * distance
    return answer


def end_labels(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """A name right of the panel for each line's end (x, y in data, text, colour), with a leader.

    The limits of the axes must be final: positions are computed from them.
    """
    canvas_height = axes.figure.get_figheight() * axes.get_position().height * 72.0
    spots = []
    for x, y, _, _ in ends:
        display = axes.transData.transform((x, y))
        inside = axes.transAxes.inverted().transform(display)
        spots.append((float(inside[0]), max(0.0, float(inside[1])) * canvas_height))
    heights = apart([y for _, y in spots], LABEL_STEP, 2.0, canvas_height - 2.0)
    points_per_width = axes.figure.get_figwidth() * axes.get_position().width * 72.0
    for (_, _, text, colour), (inside, at), height in zip(ends, spots, heights):
        reach = [inside, 1.0 + 4.0 / points_per_width, 1.0 + 11.0 / points_per_width]
        axes.plot(
            reach,
            [at / canvas_height, height / canvas_height, height / canvas_height],
            transform=axes.transAxes,
            color=colour,
            linewidth=0.8,
            linestyle=(0, (0.6, 2.2)),
            clip_on=False,
        )
        axes.annotate(
            text,
            (1.0, height / canvas_height),
            xycoords="axes fraction",
            xytext=(14.0, 0),
            textcoords="offset points",
            va="center_baseline",
            color=colour,
            annotation_clip=False,
        )


def mark_names(axes: Axes, marks: Sequence[tuple[float, float, str]]) -> None:
    """The name of each mark (x, y in data, text) that has one, beside it and apart from all other
    names and marks; with a leader where it could not stay next to its own.

    The limits of the axes must be final: positions are computed from them.
    """
    whole, part = axes.figure, axes.get_position()
    width = whole.get_figwidth() * part.width * 72.0
    height = whole.get_figheight() * part.height * 72.0
    at = []
    for x, y, _ in marks:  # one that lies outside belongs to the edge
        inside = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))
        across, up = (min(max(float(share), 0.0), 1.0) for share in inside)
        at.append((across * width, up * height))
    named = [(mark, text) for mark, (_, _, text) in zip(at, marks) if text]
    asked = [(mark, NAME_POINTS * 0.66 * len(text)) for mark, text in named]
    room = labels.Box(0.0, 0.0, width, height)
    boxes = labels.places(at, asked, NAME_POINTS * 1.25, MARK_RADIUS, room)
    for (mark, text), box in zip(named, boxes):
        axes.annotate(
            text,
            (mark[0] / width, mark[1] / height),
            xycoords="axes fraction",
            xytext=(box.middle[0] - mark[0], box.middle[1] - mark[1]),
            textcoords="offset points",
            ha="center",
            va="center",
            color=MUTED,
            fontsize=NAME_POINTS,
            arrowprops=None if box.touches(mark, 3 * MARK_RADIUS) else LEADER,
        )


def png(made: Figure, words: str = "") -> bytes:
    """150 dots per inch, without the metadata that would differ between versions; with `words`
    inside, where there are any."""
    out = io.BytesIO()
    metadata = {"Software": None, **({"Description": words} if words else {})}
    made.savefig(out, format="png", dpi=150, metadata=metadata)
    return out.getvalue()


def svg(made: Figure) -> str:
    """Text stays text; no date, and ids from the fixed salt."""
    out = io.StringIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    made.savefig(out, format="svg", metadata=metadata)
    return out.getvalue()
