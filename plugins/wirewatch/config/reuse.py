"""Rules that name other topics, spelled out; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Loop(ValueError):
    """A rule that comes to itself again."""

    def __init__(self, trail: Sequence[str]) -> None:
        super().__init__(f"reuses itself: {' → '.join(trail)}")


class Unknown(KeyError):
    """A rule that names a topic which there is not."""


def spelled_out(id: str, rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The rule of a topic with the rules of the topics that it names in their places; their scores do not count.

    Raises `Loop`, and `Unknown` with the id that is missing.
    """
    out = _node(rules[id], rules, (id,))
    return dict(out)


def _node(node: Any, rules: Mapping[str, Mapping[str, Any]], trail: tuple[str, ...]) -> Any:
    if isinstance(node, list | tuple):
        return [_node(each, rules, trail) for each in node]
    if not isinstance(node, Mapping):
        return node
    out = {key: _node(value, rules, trail) for key, value in node.items() if key != "topic"}
    if "topic" not in node:
        return out
    named = str(node["topic"])
    if named in trail:
        raise Loop((*trail[trail.index(named) :], named))
    if named not in rules:
        raise Unknown(named)
    inner = {key: value for key, value in _node(rules[named], rules, (*trail, named)).items() if key != "min_score"}
    return {**out, "all": [*out.get("all", ()), inner]} if out else inner
