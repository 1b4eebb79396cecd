# SPDX-License-Identifier: MIT
"""Tables of what went wrong: cells that are not ok, wholly or in part, with cause and remedy, and
validity checks."""

from tailrace_report.campaign import FAILED, INVALID, OK, OVERLOADED, SKIPPED, Cell, Check
from tailrace_report.study import Study
from tailrace_report.subject_table import NAME
from tailrace_report.tables import Column, Table


def cells(study: Study) -> Table:
    """Every cell that is not ok, or not with all its metrics, alike ones together: status, where,
    cause, remedy."""
    table = Table(
        "Cells that failed, were overloaded, are invalid (wholly or in part) or were skipped",
        [NAME, Column("status", False), Column("cells")]
        + [Column(title, False) for title in ("points", "cause", "remedy")],
    )
    alike: dict[tuple[int, str, str, str], list[Cell]] = {}
    for cell in study.campaign.cells:
        if cell.status != OK or cell.spoiled:
            rank = (FAILED, OVERLOADED, INVALID, OK, SKIPPED).index(cell.status)
            key = (rank, _status(cell), study.labels[cell.subject], _kind_of_trouble(cell))
            alike.setdefault(key, []).append(cell)
    for (_, status, label, kind), found in sorted(alike.items(), key=lambda item: item[0]):
        points = sorted({cell.point.id for cell in found})
        shown = ", ".join(points[:4]) + (f" and {len(points) - 4} more" if len(points) > 4 else "")
        cause = found[0].cause or "-"
        if len({cell.cause for cell in found}) > 1:
            cause = f"{kind}, for example: {cause}"
        table.add(label, status, str(len(found)), shown, cause, found[0].remedy or "-")
    _add_unavailable(table, study)
    _add_left_out(table, study)
    return table


def _status(cell: Cell) -> str:
    """`invalid`, or `invalid in latency, rate` of one whose other numbers are used."""
    named = ", ".join(group.replace("_", " ") for group in cell.spoiled)
    return f"invalid in {named}" if named else cell.status


def _kind_of_trouble(cell: Cell) -> str:
    """What makes cells alike: the validity checks that they failed, or else cause and remedy."""
    names = sorted(check.name for check in cell.validity if not check.passed)
    if cell.status in (OVERLOADED, INVALID, OK) and names:
        return ", ".join(names)
    return f"{cell.cause}\n{cell.remedy}"


def _add_unavailable(table: Table, study: Study) -> None:
    """Contestants that the manifest lists as not available here and that have no cell at all."""
    listed = study.campaign.manifest.get("contestants")
    seen = {cell.subject.id for cell in study.campaign.cells}
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("available") is False and one.get("id") not in seen:
            cause, remedy = (str(one.get(key) or "-") for key in ("cause", "remedy"))
            table.add(str(one.get("id"))[:200], "not here", "0", "-", cause, remedy)


def _add_left_out(table: Table, study: Study) -> None:
    """Points that the machine did not permit, which the plan left out."""
    listed = study.campaign.manifest.get("points_left_out")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict):
            point, cause = (str(one.get(key) or "-")[:200] for key in ("id", "cause"))
            table.add("all", "left out", "0", point, cause, "-")


def checks(study: Study) -> Table:
    """Each validity check by name: how many cells it looked at and how many failed it."""
    table = Table(
        "Validity checks",
        [Column("check", False), Column("cells"), Column("not passed")]
        + [Column("for example", False)],
    )
    seen: dict[str, list[Check]] = {}
    for cell in study.campaign.cells:
        for check in cell.validity:
            seen.setdefault(check.name or "unnamed", []).append(check)
    for name in sorted(seen):
        failed = [check for check in seen[name] if not check.passed]
        text = failed[0].text[:200] or "-" if failed else "-"
        table.add(name, str(len(seen[name])), str(len(failed)), text)
    return table
