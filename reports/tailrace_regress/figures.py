# SPDX-License-Identifier: MIT
"""The figure of a job: head / base of every time with its interval."""

from tailrace_regress import metrics
from tailrace_regress.judge import Judgement
from tailrace_regress.phrases import SHORT
from tailrace_report.figure_versus import Panel, Row, ratio_figure
from tailrace_report.kinds.kind import Drawing
from tailrace_report.tables import one_line


def drawing(judged: Judgement) -> Drawing:
    title = "Head / base of every time, with intervals"
    return Drawing("ratios", title, lambda: ratio_figure(_panels(judged)))


def _panels(judged: Judgement) -> list[Panel]:
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
