"""docs/configuration.md, made of the models that read config/.

python -m wirewatch.config.reference FILE
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wirewatch.config.json_schema import schemas

HEAD = """# Configuration

What an operator edits lies in `config/`; passwords, keys and tokens never do. This page is made of the models that read the files
(`make schemas`), as are the schemas in `config/schemas/`, by which editors complete and check them. Unknown keys, wrong types and
values out of bounds are refused with file, line and key, all at once: `wirewatch check`. Durations are written `90s`, `15m`, `6h`,
`2d`, `8w`.
"""
PLACES: Mapping[str, str] = {
    "wirewatch": "wirewatch.yaml",
    "feeds": "feeds.yaml",
    "publishers": "publishers.yaml",
    "concepts": "concepts/*.yaml",
    "topics": "topics/*.yaml",
}
NOTES: Mapping[str, str] = {
    "topics": "[How to write topics](topics.md) explains rules with examples.",
    "wirewatch": "Every key may be left out.",
}


def page() -> str:
    """The page."""
    parts = [HEAD]
    for name, schema in schemas().items():
        parts.append(f"\n## {PLACES[name]}\n\n{NOTES.get(name, '')}\n".replace("\n\n\n", "\n\n"))
        parts += _tables(schema)
    return "".join(parts).rstrip() + "\n"


def _tables(schema: Mapping[str, Any]) -> Iterator[str]:
    """One table for the file itself and one for each kind of mapping in it, in the order of their first use."""
    definitions: Mapping[str, Any] = schema.get("$defs", {})
    waiting, seen = [("", schema)], set[str]()
    while waiting:
        name, each = waiting.pop(0)
        properties: Mapping[str, Any] = each.get("properties") or _mapping(each)
        if not properties:
            continue
        if name:
            yield f"\n### {name}\n\n{each.get('description', '')}\n"
        yield "\n| key | value | default | |\n|---|---|---|---|\n"
        required = set(each.get("required", ()))
        for key, value in properties.items():
            default = "required" if key in required else _default(value.get("default"))
            yield f"| `{key}` | {_kind(value, definitions)} | {default} | {_plain(_said(value, definitions))} |\n"
            for used in _names(value):
                if used not in seen:
                    seen.add(used)
                    waiting.append((used, definitions[used]))


def _mapping(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a mapping that may also be written shorter."""
    return next((each["properties"] for each in schema.get("anyOf", ()) if "properties" in each), {})


def _names(value: Any) -> Iterator[str]:
    """The definitions that a schema refers to."""
    if isinstance(value, Mapping):
        if isinstance(ref := value.get("$ref"), str):
            yield ref.rpartition("/")[2]
        for each in value.values():
            yield from _names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names(each)


def _kind(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What may stand there, in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        found = definitions[name]
        # What has keys has a table of its own.
        return name if "enum" not in found and (found.get("properties") or _mapping(found)) else _kind(found, definitions)
    if "anyOf" in value:
        kinds = dict.fromkeys(_kind(each, definitions) for each in value["anyOf"] if each.get("type") != "null")
        return " or ".join(kinds)
    if "enum" in value or "const" in value:
        return ", ".join(f"`{each}`" for each in value.get("enum", [value.get("const")]))
    if "[smhdw]" in value.get("pattern", ""):
        return "duration"
    if examples := value.get("examples"):
        return "such as " + ", ".join(f"`{each}`" for each in examples[:2])
    if value.get("type") == "array":
        return f"list of {_kind(value.get('items', {}), definitions)}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"by name: {_kind(inner, definitions)}" if isinstance(inner, Mapping) else "mapping"
    return _bounds(value, {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"})


def _bounds(value: Mapping[str, Any], names: Mapping[str, str]) -> str:
    kind = value.get("type")
    text = " or ".join(names.get(each, each) for each in (kind if isinstance(kind, list) else [kind or "any value"]))
    signs = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
    limits = [f"{sign} {value[key]:g}" for key, sign in signs if key in value]
    return ", ".join([text, *limits])


def _default(value: Any) -> str:
    """A default that says something."""
    if value in (None, "", [], {}) or isinstance(value, Mapping):
        return ""
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def _said(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What a key is for: its own words, else those of what it holds."""
    held = definitions.get(str(value.get("$ref", "")).rpartition("/")[2], {})
    return str(value.get("description") or held.get("description", ""))


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(file: Path) -> None:
    """Write the page."""
    file.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
