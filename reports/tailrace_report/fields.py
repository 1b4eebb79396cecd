# SPDX-License-Identifier: MIT
"""Members of a parsed JSON object, read by name and type.

A member that is missing or null is an answer: None, an empty text or an object without members. One
of the wrong type or sign is a FieldError of one clause.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

NAME_CHARS_MAX = 200


class FieldError(ValueError):
    """The object cannot be believed; the message is one clause without a full stop."""


class Fields:
    """One object of a file. `name` is what errors call it."""

    def __init__(self, value: Any, name: str = "line") -> None:
        if value is not None and not isinstance(value, dict):
            raise FieldError(f"`{name}` is not an object")
        self._members: dict[str, Any] = value or {}

    def __bool__(self) -> bool:
        return bool(self._members)

    def has(self, key: str) -> bool:
        return self._members.get(key) is not None

    def names(self) -> list[str]:
        return [str(key)[:NAME_CHARS_MAX] for key in self._members]

    def raw(self, key: str) -> Any:
        """The member unchecked, for readers that leave out what has another shape."""
        return self._members.get(key)

    def part(self, *path: str) -> Fields:
        """The object at the end of `path`."""
        found = self
        for key in path:
            found = Fields(found._members.get(key), key)
        return found

    def parts(self, key: str) -> list[Fields]:
        """A list of objects."""
        found = self._members.get(key) or []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise FieldError(f"`{key}` is not a list of objects")
        return [Fields(one, key) for one in found]

    def text(self, key: str) -> str:
        found = self._members.get(key)
        if found is not None and not isinstance(found, str):
            raise FieldError(f"`{key}` is not a text")
        return found or ""

    def name_of(self, key: str) -> str:
        """A required text that may stand in a heading or a file name."""
        found = self.text(key)
        if not found or len(found) > NAME_CHARS_MAX or not found.isprintable():
            raise FieldError(f"`{key}` is not a name of 1 to {NAME_CHARS_MAX} printable characters")
        return found

    def choice(self, key: str, choices: Collection[str]) -> str:
        found = self._members.get(key)
        if not isinstance(found, str) or found not in choices:
            raise FieldError(f"`{key}` is {str(found)[:40]!r}, not one of {', '.join(choices)}")
        return found

    def number(self, key: str, *, signed: bool = False) -> float | None:
        """A finite number, or None."""
        found = self._members.get(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise FieldError(f"`{key}` is not a number")
        if found < 0 and not signed:
            raise FieldError(f"`{key}` is negative ({found})")
        return float(found)

    def whole(self, key: str) -> int:
        """A required integer."""
        found = self.number(key)
        if found is None or found != int(found):
            raise FieldError(f"`{key}` is not a whole number")
        return int(found)

    def numbers(self, *keys: str) -> dict[str, float]:
        """Those of `keys` that are there."""
        return {key: found for key in keys if (found := self.number(key)) is not None}

    def every(self, key: str) -> list[float]:
        """A list of numbers, without a gap: a repetition that is none was not measured."""
        found = self._members.get(key)
        if not isinstance(found, list):
            raise FieldError(f"`{key}` is not a list")
        numbers = [Fields({key: one}).number(key, signed=True) for one in found]
        if None in numbers:
            raise FieldError(f"`{key}` has a null among its numbers")
        return [number for number in numbers if number is not None]

    def words(self, key: str) -> list[str]:
        """A list of texts; empty where there is none."""
        found = self._members.get(key) or []
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise FieldError(f"`{key}` is not a list of texts")
        return [str(one)[:NAME_CHARS_MAX] for one in found]

    def every_number(self, *, signed: bool = False) -> dict[str, float]:
        """All members that are numbers, by name."""
        found = {}
        for key, value in self._members.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found[str(key)[:NAME_CHARS_MAX]] = self.number(key, signed=signed) or 0.0
        return found

    def texts(self, key: str) -> dict[str, str]:
        """The members of an object as short texts, whatever they are."""
        members = self.part(key)._members
        return {str(k)[:NAME_CHARS_MAX]: str(v)[:NAME_CHARS_MAX] for k, v in members.items()}
