# SPDX-License-Identifier: MIT
"""The regression gate: is this tree slower or fatter than BASE, and how sure is that?

measure (build, tailrace cost, tailrace run) -> samples -> decisions -> Markdown, JUnit, SARIF,
JSON, HTML. Uses tailrace_report for reading campaigns, statistics and rendering; that package
does not know this one. Needs the Python standard library (3.11 or newer); figures need matplotlib
as well.
"""
