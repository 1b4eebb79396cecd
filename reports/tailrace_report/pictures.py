# SPDX-License-Identifier: MIT
"""Draws every figure that the campaign has data for: PNG and SVG bytes, and SVG for the page.

Imports matplotlib through the figure modules, so build.py imports this only when it draws.
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from tailrace_report import (
    canvas,
    figure_files,
    figure_latency,
    figure_memory,
    figure_micro,
    figure_rows,
    figure_skew,
    figure_versus,
    figure_window,
    files,
    svg,
    timers,
)
from tailrace_report.document import Picture
from tailrace_report.file_numbers import CACHES
from tailrace_report.study import Study

# Name, title, what draws it (None: nothing to draw), its words.
Plan = tuple[str, str, Callable[[], Figure | None], Callable[[], str]]

READS = figure_latency.Shown(files.HISTOGRAM)


def _of_cells(study: Study) -> list[Plan]:
    """What is drawn from the cells of the campaign."""
    opened, ceilings = study.points_of("open"), study.points_of("closed")
    echo = opened + ceilings
    hogs, skewed = study.points_of("hog"), study.points_of("skew")
    memory, tasks = study.points_of("memory"), study.points_of("task_memory")
    rows, rows_words = figure_rows.rows_figure, figure_rows.description
    return [
        (
            "latency",
            "Response time by percentile, a panel for each offered load",
            lambda: figure_latency.latency_figure(study, opened),
            lambda: figure_latency.description(study, opened),
        ),
        (
            "hog",
            "Response time of the others by percentile, without and with hogs that burn CPU time",
            lambda: figure_latency.latency_figure(study, hogs, figure_latency.others_heading),
            lambda: figure_latency.description(study, hogs),
        ),
        (
            "skew",
            "Response time where few connections carry most of the load",
            lambda: figure_skew.skew_figure(study, skewed),
            lambda: figure_skew.description(study, skewed),
        ),
        (
            "memory",
            "Memory per connection, user and kernel, by state",
            lambda: figure_memory.memory_figure(study, memory),
            lambda: figure_memory.description(study, memory),
        ),
        (
            "task-memory",
            "Memory per sleeping task, user and kernel",
            lambda: figure_memory.memory_figure(study, tasks),
            lambda: figure_memory.description(study, tasks),
        ),
        (
            "cpu",
            "Server CPU per request, user and system, with its ratio to the floor",
            lambda: rows(study, echo, figure_rows.CPU),
            lambda: rows_words(study, echo, figure_rows.CPU),
        ),
        (
            "syscalls",
            "System calls of the server per request",
            lambda: rows(study, echo, figure_rows.CALLS),
            lambda: rows_words(study, echo, figure_rows.CALLS),
        ),
        (
            "rate",
            "Closed-loop rate, with the CPU shares of server and client",
            lambda: rows(study, ceilings, figure_rows.RATE),
            lambda: rows_words(study, ceilings, figure_rows.RATE),
        ),
    ]


def _of_timers(study: Study) -> list[Plan]:
    fired, curve = timers.fired_points(study), timers.window_points(study)
    # Who differs in the window alone is in the second figure.
    shown = figure_latency.Shown(
        timers.LATENESS,
        "share of timers at most this late",
        timers.window_forms(study),
        tuple((who, f" ({unit} API)") for who, unit in timers.GRANULARITY.items()),
    )
    draw_latency, heading = figure_latency.latency_figure, figure_latency.timers_heading
    return [
        (
            "timer",
            "Lateness by percentile, a panel for each number of timers",
            lambda: draw_latency(study, fired, heading, shown),
            lambda: figure_latency.description(study, fired, shown),
        ),
        (
            "timer-window",
            "Lateness against CPU time, by the window within which timers fire together",
            lambda: figure_window.window_figure(study, curve),
            lambda: figure_window.description(study, curve),
        ),
    ]


def _of_files(study: Study) -> list[Plan]:
    """Reading a file: tails for each kind of page cache, and what the number of readers does."""
    plans: list[Plan] = []
    for cache in CACHES:
        points = files.points(study, cache)
        plans.append(
            (
                f"file-{cache}",
                f"Time of a read by percentile, page cache: {cache}",
                lambda points=points: figure_latency.latency_figure(
                    study, points, figure_latency.file_heading, READS
                ),
                lambda points=points: figure_latency.description(study, points, READS),
            )
        )
    for name, title, sweep in (
        ("file-iops", "Reads a second by number of readers", figure_files.IOPS),
        ("file-cpu", "CPU time a read by number of readers", figure_files.CPU),
        ("file-speed", "Bytes a second by size of a read", figure_files.SPEED),
    ):
        plans.append(
            (
                name,
                title,
                lambda sweep=sweep: figure_files.sweep_figure(study, sweep),
                lambda sweep=sweep: figure_files.description(study, sweep),
            )
        )
    # Where readers were swept, file-cpu says the same in fewer panels.
    points = [] if figure_files.panels_of(study, figure_files.CPU) else files.points(study)
    plans.append(
        (
            "file-cost",
            "CPU time a read, a panel a point",
            lambda: figure_rows.rows_figure(study, points, figure_rows.READS),
            lambda: figure_rows.description(study, points, figure_rows.READS),
        )
    )
    return plans


def _of_versus(study: Study) -> list[Plan]:
    grid, features = figure_versus.grid_panels(study), figure_versus.feature_panels(study)
    return [
        (
            "versus",
            "io_uring to epoll by message size and connections",
            lambda: figure_versus.ratio_figure(grid),
            lambda: figure_versus.description(grid),
        ),
        (
            "features",
            "Each feature, switched alone, to the best form",
            lambda: figure_versus.ratio_figure(features),
            lambda: figure_versus.description(features),
        ),
    ]


def _of_micro(study: Study) -> list[Plan]:
    micro = study.campaign.micro
    if not micro:
        return []
    return [
        (
            "micro",
            "Micro benchmarks: time per operation, by number of workers",
            lambda: figure_micro.micro_figure(micro),
            lambda: figure_micro.description(micro),
        )
    ]


def draw(study: Study) -> tuple[dict[str, Picture], dict[str, bytes]]:
    """Pictures by name, and the files (name -> bytes) that go beside the page."""
    pictures: dict[str, Picture] = {}
    files: dict[str, bytes] = {}
    with canvas.settings():
        plans = _of_cells(study) + _of_timers(study) + _of_files(study)
        plans += _of_versus(study) + _of_micro(study)
        for name, title, figure_of, words_of in plans:
            figure = figure_of()
            if figure is None:
                continue
            source, words = canvas.svg(figure), words_of()
            files[f"{name}.png"] = canvas.png(figure)
            files[f"{name}.svg"] = source.encode("utf-8")
            pictures[name] = Picture(name, title, words, svg.inline(source, name, title, words))
    return pictures, files
