"""Which fields a mapping has, and what may be worked out of them; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Fields = Mapping[str, str]
"""Elasticsearch type by field name."""
Mappings = Mapping[str, Mapping[str, Any]]
"""Properties of the strict mapping by kind, as `store.indices.PROPERTIES` has them."""

NUMERIC = frozenset(("integer", "long", "double", "float", "short", "half_float"))
VALUES = NUMERIC | {"keyword", "boolean", "date", "ip"}
"""Types that have doc values."""
SUITS: Mapping[str, frozenset[str]] = {
    "terms": VALUES,
    "unique_count": VALUES,
    "last_value": VALUES,
    "sum": NUMERIC,
    "average": NUMERIC,
    "median": NUMERIC,
    "min": NUMERIC | {"date"},
    "max": NUMERIC | {"date"},
    "date_histogram": frozenset(("date",)),
}
"""By Lens's operation."""


def fields_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """The searchable fields of a mapping with their types; dotted where nested in objects."""
    return dict(_flat(properties, "", properties))


def _flat(properties: Mapping[str, Any], prefix: str, top: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, mapping in properties.items():
        path = f"{prefix}{name}"
        kind = mapping.get("type", "object")
        if kind == "alias":
            yield path, top[mapping["path"]]["type"]
        elif mapping.get("enabled") is False or mapping.get("index") is False or kind == "nested":
            continue
        elif "properties" in mapping:
            yield from _flat(mapping["properties"], f"{path}.", top)
        else:
            yield path, kind
            for sub, inner in mapping.get("fields", {}).items():
                yield f"{path}.{sub}", inner["type"]
