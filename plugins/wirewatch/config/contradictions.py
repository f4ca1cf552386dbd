"""What a rule asks for that can never hold; pure, over rules as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CONDITIONS = ("publisher", "country", "kind", "language")
_Node = Mapping[str, Any]


def impossible(rule: _Node) -> str | None:
    """Why no article can meet a rule; None where one may."""
    required = list(_required(rule))
    needed = {word for node in required for word in _words(node)}
    for node in required:
        for part in node.get("none", ()):
            if isinstance(part, Mapping) and part.keys() <= {"concept", "phrase"}:
                for word in _words(part):
                    if word in needed:
                        return f'contradiction: "{word[1]}" is both needed and excluded'
    for name in CONDITIONS:
        allowed: set[str] | None = None
        for node in required:
            if name in node:
                asked = {str(each) for each in _listed(node[name])}
                if allowed is not None and not allowed & asked:
                    return f"contradiction: {name} {', '.join(sorted(allowed))}, and also {', '.join(sorted(asked))}"
                allowed = asked if allowed is None else allowed & asked
    begin = max((str(node["from"]) for node in required if "from" in node), default="")
    end = min((str(node["until"]) for node in required if "until" in node), default="9999")
    return f"contradiction: from {begin} until {end}" if begin > end else _elsewhere(rule, None)


def _required(rule: _Node) -> Iterator[_Node]:
    """The rule, and all that must hold with it."""
    yield rule
    for part in rule.get("all", ()):
        if isinstance(part, Mapping):
            yield from _required(part)


def _words(node: _Node) -> Iterator[tuple[str, str]]:
    """What a node looks for without any choice."""
    yield from ((key, str(node[key])) for key in ("concept", "phrase") if key in node)


def _elsewhere(rule: _Node, outside: frozenset[str] | None) -> str | None:
    """Whether a part must stand where what is around it may not."""
    places = frozenset(_listed(rule["in"])) if "in" in rule else None
    if places is not None and outside is not None and not _meet(places, outside):
        return f"contradiction: in {', '.join(sorted(outside))}, and inside it in {', '.join(sorted(places))}"
    inner = places if places is not None else outside
    for part in rule.get("all", ()):
        if isinstance(part, Mapping) and (wrong := _elsewhere(part, inner)) is not None:
            return wrong
    return None


def _meet(some: frozenset[str], others: frozenset[str]) -> bool:
    # The lead is made of the summary and the first sentences of the text.
    return bool(some & others) or {"lead", "text"} <= some | others


def _listed(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
