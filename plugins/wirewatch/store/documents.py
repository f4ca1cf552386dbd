"""Model values to documents and back, field by field under the same names; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter

from wirewatch.model import Article
from wirewatch.store.base import Hit, Stored

T = TypeVar("T")

_RENAMED: dict[type, dict[str, str]] = {Article: {"timestamp": "@timestamp"}}


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
"""Building one takes longer than using it a thousand times."""


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_document(value: Any) -> dict[str, Any]:
    """The document of a model value: ISO 8601 datetimes, enum values, lists; None and empty collections are left out."""
    plain = _adapter(type(value)).dump_python(value, mode="json")
    names = _RENAMED.get(type(value), {})
    return {names.get(name, name): item for name, item in plain.items() if item is not None and item not in ([], {})}


def from_document(kind: type[T], document: Mapping[str, Any]) -> T:
    """The model value of a document; raises `pydantic.ValidationError` for one that does not fit."""
    back = {stored: name for name, stored in _RENAMED.get(kind, {}).items()}
    value: T = _adapter(kind).validate_python({back.get(name, name): item for name, item in document.items()})
    return value


def stored(kind: type[T], hit: Hit) -> Stored[T]:
    """The model value of a hit, with its place and version."""
    return Stored(value=from_document(kind, hit.source), index=hit.index, id=hit.id, seq_no=hit.seq_no, primary_term=hit.primary_term)
