"""Topics of a bundle written out as YAML again, templates spelled out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from wirewatch.config import Bundle
from wirewatch.pipeline.process import matcher_of
from wirewatch.topics.match import Matcher

_FIELDS = ("title", "summary", "text", "language", "publisher", "country", "kind", "url", "at")


def as_yaml(bundle: Bundle, ids: Iterable[str]) -> str:
    """These topics for a file under config/topics/; raises `KeyError` for one that there is not."""
    return written(entries_of(bundle, ids))


def written(entries: list[dict[str, Any]]) -> str:
    """Entries of topics as the text of a file."""
    return yaml.safe_dump({"topics": entries}, allow_unicode=True, sort_keys=False, width=120)


def entries_of(bundle: Bundle, ids: Iterable[str]) -> list[dict[str, Any]]:
    """These topics as plain data; raises `KeyError` for one that there is not."""
    known = {topic.id: topic for topic in bundle.topics}
    matcher = matcher_of(bundle)
    entries: list[dict[str, Any]] = []
    for id in ids:
        topic = known[id]
        entry: dict[str, Any] = {"id": id, "name": topic.name, "rule": dict(topic.rule)}
        entry["watch"] = {"alert": topic.alert.value, "sensitivity": topic.sensitivity.value}
        if topic.single_publisher:
            entry["watch"]["single_publisher"] = True
        if topic.notify:
            entry["notify"] = list(topic.notify)
        entry["examples"] = _examples(bundle, id, matcher)
        entries.append(entry)
    return entries


def _examples(bundle: Bundle, id: str, matcher: Matcher) -> dict[str, list[Any]]:
    """The examples that hold for one topic; a template's match may be another topic's."""
    found: dict[str, list[Any]] = {"matches": [], "rejects": []}
    for example in bundle.examples:
        if id not in example.topics:
            continue
        given = {name: getattr(example, name) for name in _FIELDS}
        if example.matches and len(example.topics) > 1 and id not in {match.topic for match in matcher.match(**given)}:
            continue
        kept = {name: str(value) for name, value in given.items() if value}
        found["matches" if example.matches else "rejects"].append(kept["title"] if list(kept) == ["title"] else kept)
    return found
