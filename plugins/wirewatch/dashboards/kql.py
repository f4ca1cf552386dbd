"""The part of Kibana's query language that the dashboards use, as Elasticsearch queries; pure.

`field: value`, `field: "a phrase"`, `field: prefix*`, `field: *`, `field: (a or b)`, `field >= 3`, joined by `and`, `or`, `not` and
parentheses. What Kibana would refuse is refused here too, before it gets there.
"""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<op>>=|<=|[():<>])|(?P<word>[^\s():<>"]+))')
_RANGES = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}


def parse(text: str) -> tuple[dict[str, Any], set[str]]:
    """The Elasticsearch query of a KQL text and the fields that it names; raises `ValueError` for what is no KQL."""
    if not text.strip():
        return {"match_all": {}}, set()
    parser = _Parser(text)
    query = parser.any_of()
    if parser.peek() is not None:
        raise ValueError(f'"{text}": "{parser.peek()}" is not expected')
    return query, parser.fields


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.fields: set[str] = set()
        self.tokens: list[str] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise ValueError(f'"{text}": not KQL from character {at + 1} on')
            self.tokens.append(found.group().strip())
            at = found.end()

    def peek(self) -> str | None:
        return self.tokens[0] if self.tokens else None

    def take(self, wanted: str | None = None) -> str:
        if not self.tokens or (wanted is not None and self.tokens[0] != wanted):
            raise ValueError(f'"{self.text}": {wanted or "something"} is missing')
        return self.tokens.pop(0)

    def any_of(self) -> dict[str, Any]:
        parts = [self.all_of()]
        while (self.peek() or "").lower() == "or":
            self.take()
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else {"bool": {"should": parts, "minimum_should_match": 1}}

    def all_of(self) -> dict[str, Any]:
        parts = [self.one()]
        while (self.peek() or "").lower() == "and":
            self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else {"bool": {"filter": parts}}

    def one(self) -> dict[str, Any]:
        if (self.peek() or "").lower() == "not":
            self.take()
            return {"bool": {"must_not": [self.one()]}}
        if self.peek() == "(":
            self.take()
            inner = self.any_of()
            self.take(")")
            return inner
        field = self.take()
        self.fields.add(field)
        sign = self.take()
        if sign in _RANGES:
            return {"range": {field: {_RANGES[sign]: self.take()}}}
        if sign != ":":
            raise ValueError(f'"{self.text}": a colon is missing after "{field}"')
        return self.values(field)

    def values(self, field: str) -> dict[str, Any]:
        if self.peek() != "(":
            return self.value(field, self.take())
        self.take()
        parts = [self.value(field, self.take())]
        while (self.peek() or "").lower() == "or":
            self.take()
            parts.append(self.value(field, self.take()))
        self.take(")")
        return {"bool": {"should": parts, "minimum_should_match": 1}}

    @staticmethod
    def value(field: str, word: str) -> dict[str, Any]:
        if word == "*":
            return {"exists": {"field": field}}
        if word.startswith('"'):
            return {"match_phrase": {field: word[1:-1]}}
        if "*" in word:
            return {"wildcard": {field: word}}
        return {"match": {field: word}}
