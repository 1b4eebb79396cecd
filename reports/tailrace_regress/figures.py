# SPDX-License-Identifier: MIT
"""The figure of a job: head / base of every time with its interval. Imports matplotlib; output.py
does without it."""

from collections.abc import Sequence

from tailrace_regress import metrics
from tailrace_regress.judge import Judgement
from tailrace_regress.phrases import SHORT
from tailrace_report import canvas, svg
from tailrace_report.document import Picture
from tailrace_report.figure_versus import Panel, Row, ratio_figure
from tailrace_report.tables import one_line


def draw(judged: Judgement) -> tuple[list[Picture], dict[str, bytes]]:
    """The picture for the page, and the files that go beside it."""
    with canvas.settings():
        panels = ratio_panels(judged)
        figure = ratio_figure(panels)
        if figure is None:
            return [], {}
        source = canvas.svg(figure)
        files = {"ratios.png": canvas.png(figure), "ratios.svg": source.encode("utf-8")}
    title, words = "Head / base of every time, with intervals", _panels_text(panels)
    drawn = svg.inline(source, "ratios", title, words)
    return [Picture("ratios", title, words, drawn)], files


def ratio_panels(judged: Judgement) -> list[Panel]:
    """A panel a metric, a row a target and point."""
    panels = []
    for metric, name in {**SHORT, "p99.9": "p99.9"}.items():
        shown = [f for f in judged.findings if f.key.metric == metric and f.ratio is not None]
        rows = [
            Row(one_line(f"{f.key.target}, {f.key.place}"), f.key.target.split(" ")[0], f.ratio)
            for f in sorted(shown, key=lambda f: f.key)
            if f.ratio is not None
        ]
        about = metrics.known(metric)
        if rows and about is not None:
            better = "less is better" if about.best_is_low else "more is better"
            matters = f"matters from {100 * about.delta:g} %"
            panels.append(Panel(f"{name}: head / base", f"{better}; {matters}", tuple(rows)))
    return panels


def _panels_text(panels: Sequence[Panel]) -> str:
    return ". ".join(
        f"{panel.title}: " + ", ".join(f"{r.label} {r.estimate.median:.3f}" for r in panel.rows)
        for panel in panels
    )
