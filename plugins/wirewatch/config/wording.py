"""What is said of a value that validation refuses; pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from wirewatch.config import schema
from wirewatch.config.settings import Model, Settings


def _keys(model: type[BaseModel]) -> set[str]:
    found: set[str] = set()
    for name, info in model.model_fields.items():
        found.add(info.alias or name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, Model):
            found |= _keys(info.annotation)
    return found


_MODELS = (
    *(schema.Rule, schema.TopRule, schema.TopicEntry, schema.ExampleText, schema.Examples, schema.Watch),
    *(schema.ConceptEntry, schema.PublisherEntry, schema.FeedEntry, Settings),
)
KEYS = frozenset().union(*(_keys(model) for model in _MODELS))
"""Of all files, for what may have been meant."""


def hint(word: str, known: Iterable[str]) -> str:
    """` (did you mean "…"?)`, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""


def message(wrong: Mapping[str, Any]) -> str:
    """One sentence on one of pydantic's errors."""
    said = str(wrong["msg"]).removeprefix("Value error, ")
    if wrong["type"] in ("enum", "literal_error"):
        expected = re.findall(r"'([^']+)'", str(wrong.get("ctx", {}).get("expected", "")))
        return f'"{wrong["input"]}" is not one of {", ".join(expected)}{hint(str(wrong["input"]), expected)}'
    if wrong["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return "a mapping is needed"
    if wrong["type"] in ("list_type", "tuple_type"):
        return "a list is needed"
    if wrong["type"] == "too_short" and wrong["loc"] and wrong["loc"][-1] in ("all", "any", "none", "phrases", "concepts"):
        return "empty rule: nothing to find"
    return said[:1].lower() + said[1:]
