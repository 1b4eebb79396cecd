# SPDX-License-Identifier: MIT
"""Holds the files of a campaign against results/schema.json, for the tests of what writes them. As
strict as can be: a key that an object with listed `properties` does not list is a violation, so the
schema cannot fall behind the writer. Knows the keywords that the schema uses and refuses others.
Standard library only."""

import json
from pathlib import Path

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "results" / "schema.json").read_text())
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
         "integer": int, "number": (int, float)}
KEYWORDS = {"$ref", "$comment", "type", "enum", "const", "required", "properties", "items",
            "additionalProperties", "minimum", "maximum"}


def has_type(value, name):
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def violations(schema, value, where="it"):
    """A sentence for each place that breaks the schema."""
    if "$ref" in schema:
        return violations(SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], value, where)
    assert set(schema) <= KEYWORDS, f"unknown keywords {set(schema) - KEYWORDS} at {where}"
    types = schema.get("type", [])
    if types and not any(has_type(value, name) for name in ([types] if isinstance(types, str)
                                                            else types)):
        return [f"{where} is {value!r}, no {types}"]
    found = []
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        found.append(f"{where} is {value!r}")
    if isinstance(value, (int, float)) and not (
            schema.get("minimum", value) <= value <= schema.get("maximum", value)):
        found.append(f"{where} is {value!r}, out of range")
    if isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            found += violations(schema["items"], each, f"{where}[{number}]")
    if isinstance(value, dict):
        found += object_violations(schema, value, where)
    return found


def object_violations(schema, value, where):
    found = [f"{where} lacks {key}" for key in schema.get("required", []) if key not in value]
    listed = schema.get("properties", {})
    for key, member in value.items():
        if key in listed:
            found += violations(listed[key], member, f"{where}.{key}")
        elif isinstance(schema.get("additionalProperties"), dict):
            found += violations(schema["additionalProperties"], member, f"{where}.{key}")
        elif listed:
            found.append(f"{where}.{key} is not listed")
    return found


def campaign_violations(folder):
    """Those of all files of a campaign."""
    folder = Path(folder)
    found = []
    for name in ("manifest", "plan"):
        value = json.loads((folder / f"{name}.json").read_text())
        found += violations(SCHEMA["$defs"][name], value, name)
    selftest = folder / "selftest.json"
    if selftest.exists():
        value = json.loads(selftest.read_text())
        found += violations(SCHEMA["$defs"]["selftest"], value, "selftest")
    for name in ("cell", "cost"):
        for line in (folder / f"{name}s.jsonl").read_text().splitlines():
            found += violations(SCHEMA["$defs"][name], json.loads(line), name)
    return found
