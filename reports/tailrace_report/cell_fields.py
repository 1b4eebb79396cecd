# SPDX-License-Identifier: MIT
"""Fields of a parsed line of cells.jsonl by name and type, for cell.py. A missing or null value is
an answer; one of the wrong type or sign is a CellError of one clause.
"""

from __future__ import annotations

from typing import Any

NAME_CHARS_MAX = 200


class CellError(ValueError):
    """A line cannot be believed; the message is one clause without a full stop."""


def object_in(value: dict[str, Any], key: str, default: Any = None) -> dict[str, Any]:
    """An object; null counts as missing. Raises CellError when required or of another type."""
    found = value.get(key)
    if found is None and default is not None:
        return default
    if not isinstance(found, dict):
        raise CellError(f"`{key}` is not an object")
    return found


def text_in(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise CellError(f"`{key}` is not a text")
    return found


def name_in(value: dict[str, Any], key: str) -> str:
    found = text_in(value, key)
    if not found or len(found) > NAME_CHARS_MAX or not found.isprintable():
        raise CellError(f"`{key}` is not a name of 1 to {NAME_CHARS_MAX} printable characters")
    return found


def choice_in(value: dict[str, Any], key: str, choices: tuple[str, ...]) -> str:
    found = value.get(key)
    if found not in choices:
        raise CellError(f"`{key}` is {str(found)[:40]!r}, not one of {', '.join(choices)}")
    return str(found)


def number_in(
    value: dict[str, Any], key: str, *, required: bool = False, signed: bool = False
) -> float | None:
    """A finite number, or None when missing or null. Raises CellError for anything else."""
    found = value.get(key)
    if found is None and not required:
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise CellError(f"`{key}` is not a number")
    if found < 0 and not signed:
        raise CellError(f"`{key}` is negative ({found})")
    return float(found)
