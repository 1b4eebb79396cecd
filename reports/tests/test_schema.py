# SPDX-License-Identifier: MIT
"""The made-up campaigns are such as the harness writes: checked against results/schema.json, so
that the reports are tested with what they will read."""

from __future__ import annotations

import json
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import file_cells
import make_campaign
import versus_cells

SCHEMA = json.loads((Path(__file__).parents[2] / "results" / "schema.json").read_text("utf-8"))
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
# What a target, a load generator and a machine say beside what reports read.
NOT_MADE_UP = {"latency_ns", "samples", "noise", "wall_s", "started_at", "operations"}


def faults(value: Any, schema: dict[str, Any], where: str = "") -> Iterator[str]:
    """What in `value` is not as `schema` says; of JSON Schema the words that ours uses."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    # In Python a bool is an int.
    truth = isinstance(value, bool)
    fits = [isinstance(value, TYPES[kind]) and truth == (kind == "boolean") for kind in kinds]
    if kinds and not any(fits):
        yield f"{where}: {value!r} is no {kinds}"
        return
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{where}: {value!r} is not possible"
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from faults(one, schema.get("items", {}), f"{where}[{number}]")
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for key in schema.get("required", []):
            if key not in value and key not in NOT_MADE_UP:
                yield f"{where}: no `{key}`"
        for key, one in value.items():
            if key not in known and others is False:
                yield f"{where}: `{key}` is not listed"
            inner = known.get(key, others if isinstance(others, dict) else {})
            yield from faults(one, inner, f"{where}.{key}")


class Schema(unittest.TestCase):
    def check(self, folder: Path) -> None:
        for name, kind in (("manifest", "manifest"), ("cells", "cell"), ("costs", "cost")):
            path = folder / f"{name}.jsonl"
            if not path.exists():
                path = folder / f"{name}.json"
            if name == "costs" and not path.exists():
                continue
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                found = list(faults(json.loads(line), SCHEMA["$defs"][kind]))
                self.assertEqual(found, [], f"{path.name}, line {number}")

    def test_made_up_campaigns_are_as_the_harness_writes_them(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "c", blocks=1, scale=1)
            self.check(folder)
            file_cells.write_cells(folder, blocks=1)
            self.check(folder)
            self.check(versus_cells.write(Path(scratch) / "v", blocks=1))
            manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
            written = SCHEMA["$defs"]["manifest"]["properties"]["build"]["properties"]
            self.assertEqual(set(manifest["build"]), set(written) - {"commit_cause"})

    def test_what_is_wrong_is_found(self) -> None:
        point = make_campaign.POINTS[0]
        good = make_campaign.cell_line("x", 0, 0, "local", "best", "in-house", point)
        cell = SCHEMA["$defs"]["cell"]
        self.assertEqual(list(faults(good, cell)), [])
        for change in ({"status": "gated"}, {"block": "0"}, {"block": True}, {"subject": {}}):
            self.assertNotEqual(list(faults({**good, **change}, cell)), [], change)


if __name__ == "__main__":
    unittest.main()
