# SPDX-License-Identifier: MIT
"""Where names stand beside marks, so that no name covers another, or a mark. Geometry alone, in any
unit; canvas.py draws."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
DIRECTIONS = 16
RINGS_MAX = 60


@dataclass(frozen=True)
class Box:
    """Left, bottom, right, top."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: Box) -> bool:
        """Whether they have more than an edge in common."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.top <= other.bottom or other.top <= self.bottom)

    @property
    def middle(self) -> Point:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def touches(self, at: Point, reach: float) -> bool:
        """Whether it is within `reach` of it, along both axes."""
        return self.meets(around(at, 2 * reach, 2 * reach))

    def inside(self, room: Box) -> bool:
        return (
            room.left <= self.left
            and self.right <= room.right
            and room.bottom <= self.bottom
            and self.top <= room.top
        )


def around(at: Point, width: float, height: float) -> Box:
    return Box(at[0] - width / 2, at[1] - height / 2, at[0] + width / 2, at[1] + height / 2)


def places(
    marks: Sequence[Point],
    names: Sequence[tuple[Point, float]],
    height: float,
    radius: float,
    room: Box,
) -> list[Box]:
    """A box for each name (the mark that it belongs to, its width), all of one height, inside
    `room`: the nearest that is free, in the order of the names. `radius`: of the marks, all of
    which stay free. Where the room is full a name lies over others, nearest to its mark."""
    taken = [around(mark, 2 * radius, 2 * radius) for mark in marks]
    found = []
    for mark, width in names:
        fits = [box for box in _candidates(mark, width, height, radius) if box.inside(room)]
        free = (box for box in fits if not any(box.meets(other) for other in taken))
        crowded = fits[0] if fits else around(mark, width, height)
        found.append(next(free, crowded))
        taken.append(found[-1])
    return found


def _candidates(mark: Point, width: float, height: float, radius: float) -> Iterator[Box]:
    """Above right first, as one reads; then around the mark, ring after ring."""
    for ring in range(RINGS_MAX):
        reach = radius + 1 + ring * height / 2
        for step in range(DIRECTIONS):
            angle = math.pi / 4 + (-1) ** step * ((step + 1) // 2) * 2 * math.pi / DIRECTIONS
            across, up = math.cos(angle), math.sin(angle)
            edge = max(abs(across), abs(up))  # on a square around the mark, not on a circle
            x = mark[0] + across / edge * (reach + width / 2)
            y = mark[1] + up / edge * (reach + height / 2)
            yield around((x, y), width, height)
