# SPDX-License-Identifier: MIT
"""Rounds that were kept or dropped, and who took the servers' CPUs meanwhile, added up over cells
that were measured in slices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tailrace_report.campaign import Cell, Point
from tailrace_report.slices import Sliced
from tailrace_report.study import Study

# What the harness drops a round for (harness/campaign/round_budget.hpp): others, the hypervisor and
# a CPU quota together, of the time of the server's CPUs over the round. Rounds above it are kept
# where repeats have run out or are in vain.
DISTURBED_SHARE = 0.10


@dataclass
class Rounds:
    """Times in ns, over the kept slices of all subjects; `cpu_ns` is what the servers' CPUs could
    have given in that time. A round is one of a point and a generation, of all subjects alike."""

    cpu_ns: float = 0.0
    others_ns: float = 0.0
    steal_ns: float = 0.0
    kernel_io_ns: float = 0.0
    # (point, generation, number) -> whether it was kept, what was taken, and of how much.
    _seen: dict[tuple[str, int, int], tuple[bool, float, float]] = field(default_factory=dict)

    def add(self, cell: Cell, sliced: Sliced) -> None:
        for one in sliced.slices:
            cpu_ns = one.wall_ns * sliced.target_cpus
            key = cell.point.id, cell.block, one.round
            _, taken_ns, of_ns = self._seen.get(key, (True, 0.0, 0.0))
            self._seen[key] = one.kept, taken_ns + one.taken_ns, of_ns + cpu_ns
            if one.kept:
                self.cpu_ns += cpu_ns
                self.others_ns += one.others_ns
                self.steal_ns += one.steal_ns
                self.kernel_io_ns += sliced.kernel_io_share * cpu_ns

    @property
    def made(self) -> int:
        return len(self._seen)

    @property
    def kept(self) -> int:
        return sum(kept for kept, _, _ in self._seen.values())

    @property
    def dropped(self) -> int:
        return self.made - self.kept

    @property
    def kept_disturbed(self) -> int:
        return sum(
            kept and taken_ns > DISTURBED_SHARE * of_ns
            for kept, taken_ns, of_ns in self._seen.values()
        )

    def share(self, part_ns: float) -> float:
        """Of the servers' CPU time in the kept slices."""
        return part_ns / self.cpu_ns if self.cpu_ns else 0.0


def rounds_of(study: Study, points: Iterable[Point]) -> Rounds:
    """Of these points together. Twins were measured like everybody."""
    found, ids = Rounds(), {point.id for point in points}
    for cell in study.campaign.cells:
        if cell.sliced and cell.point.id in ids:
            found.add(cell, cell.sliced)
    return found
