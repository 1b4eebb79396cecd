# SPDX-License-Identifier: MIT
"""The report of a Tailrace campaign: load -> statistics -> tables and figures -> HTML, Markdown.

Reads only a campaign folder as described in results/README.md. Needs the Python standard library
(3.11 or newer); figures need matplotlib (3.6 or newer) as well.
"""
