# SPDX-License-Identifier: MIT
"""A table as data, and its three renderings: plain text, GitHub Markdown, HTML.

Every cell is text from here or from a campaign; each rendering escapes it in its own way, so that
hostile names and outputs stay text.
"""

import html
import re
import textwrap
import unicodedata
from dataclasses import dataclass, field

NOTE_COLUMNS = 100


@dataclass(frozen=True)
class Column:
    """A heading; numbers stand right, text left."""

    title: str
    right: bool = True


@dataclass
class Table:
    """Rows of texts below columns, with footnotes."""

    title: str
    columns: list[Column]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells for {len(self.columns)} columns")
        self.rows.append(list(cells))


def to_text(table: Table) -> str:
    """Aligned plain text without colours or box drawing; control characters become spaces. Notes
    are paragraphs of at most NOTE_COLUMNS."""
    grid = [[column.title for column in table.columns]]
    grid += [[one_line(cell) for cell in row] for row in table.rows]
    widths = [max(_width(row[i]) for row in grid) for i in range(len(table.columns))]
    lines = [table.title] if table.title else []
    for number, row in enumerate(grid):
        cells = []
        for column, width, cell in zip(table.columns, widths, row):
            space = " " * (width - _width(cell))
            cells.append(space + cell if column.right else cell + space)
        lines.append("  ".join(cells).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    lines += [filled(note, "") for note in table.notes]
    return "\n".join(lines) + "\n"


def filled(text: str, mark: str) -> str:
    """A paragraph of at most NOTE_COLUMNS, led by `mark`, without control characters."""
    return textwrap.fill(
        one_line(text),
        NOTE_COLUMNS,
        initial_indent=mark,
        subsequent_indent="  ",
        break_on_hyphens=False,
    )


def to_markdown(table: Table) -> str:
    """A GitHub-flavoured table; pipes, HTML and emphasis in cells are escaped."""
    lines = [f"**{markdown_text(table.title)}**", ""] if table.title else []
    lines.append("| " + " | ".join(markdown_text(c.title) for c in table.columns) + " |")
    lines.append("|" + "|".join(" ---: " if c.right else " --- " for c in table.columns) + "|")
    lines += ["| " + " | ".join(markdown_text(cell) for cell in row) + " |" for row in table.rows]
    for note in table.notes:
        lines += ["", markdown_text(note)]
    return "\n".join(lines) + "\n"


def to_html(table: Table) -> str:
    """A <table> with scopes; numbers stand right. page.js sorts by the text of the cells."""
    head = "".join(
        f'<th scope="col"{" class=n" if c.right else ""}>{html.escape(c.title)}</th>'
        for c in table.columns
    )
    body = []
    for row in table.rows:
        cells = []
        for index, (column, cell) in enumerate(zip(table.columns, row)):
            text = html.escape(cell)
            kind = ' class="n"' if column.right else ""
            cells.append(
                f'<th scope="row"{kind}>{text}</th>' if index == 0 else f"<td{kind}>{text}</td>"
            )
        body.append(f"<tr>{''.join(cells)}</tr>")
    notes = "".join(f'<p class="note">{html.escape(note)}</p>' for note in table.notes)
    caption = f"<caption>{html.escape(table.title)}</caption>" if table.title else ""
    rows = "\n".join(body)
    return (
        f'<div class="scroll"><table>{caption}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody></table></div>{notes}\n"
    )


def markdown_text(text: str) -> str:
    """One line in which no character means anything to Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|~#&@])", r"\\\1", one_line(text))


def one_line(text: str) -> str:
    """Without control characters and line breaks."""
    return "".join(c if c.isprintable() else " " for c in text)


def cut(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shortened(table: Table, most: int, note: str) -> Table:
    """At most so many rows; `note` says what `{}` more are."""
    left = len(table.rows) - most
    notes = table.notes + ([note.format(left)] if left > 0 else [])
    return Table(table.title, table.columns, table.rows[:most], notes)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def flattened(title: str, value: object) -> Table:
    """Any JSON object as key and value; null keys show their `_cause`. For machine and build."""
    table = Table(title, [Column("key", False), Column("value", False)])

    def walk(prefix: str, found: object, depth: int) -> None:
        if len(table.rows) >= 400:
            return
        if isinstance(found, dict) and depth < 6:
            for key, inner in found.items():
                if str(key).endswith("_cause") and str(key).removesuffix("_cause") in found:
                    continue
                if inner is None and found.get(f"{key}_cause"):
                    inner = f"unreadable: {found[f'{key}_cause']}"
                walk(f"{prefix}.{key}" if prefix else str(key), inner, depth + 1)
        elif isinstance(found, list) and any(isinstance(item, dict) for item in found):
            for index, item in enumerate(found):
                name = item.get("id", index) if isinstance(item, dict) else index
                walk(f"{prefix}[{name}]", item, depth + 1)
        elif isinstance(found, list):
            table.add(prefix, ", ".join(str(item) for item in found)[:2000] or "-")
        else:
            table.add(prefix, "-" if found is None else str(found)[:2000])

    walk("", value, 0)
    return table
