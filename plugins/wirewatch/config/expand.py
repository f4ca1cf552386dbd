"""Topic templates to topics: `for_each_pair` over concepts, `for_each` over the rows of a watch list; pure."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from wirewatch.config import patterns
from wirewatch.config.common import too_common
from wirewatch.config.schema import TopicEntry, TopRule
from wirewatch.errors import Problem

MAX_TOPICS = 50_000
"""Topics that one template may make."""

COLUMNS = ("name", "kind", "aliases", "context")
"""Of a watch list; `aliases` and `context` hold several, divided by `|`."""

PAIR_MIN_SCORE = 38
"""Of a pair without a rule of its own: countries are named in passing more often than events, so more is asked than of other topics. Set on
labelled wire stories and passages (benchmarks/passages.py): from 36 to 42 F1 is flat, and recall falls from .98 to .90; a bare headline
that names both has 65."""

_PAIR_RULE: dict[str, Any] = {"all": [{"concept": "{a}"}, {"concept": "{b}"}], "within": "2 sentences", "min_score": PAIR_MIN_SCORE}
_ROW_RULE: dict[str, Any] = {"all": [{"phrases": "{aliases}"}, {"phrases": "{context}"}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """One topic of an entry."""

    id: str
    name: str
    rule: Mapping[str, object]
    values: Mapping[str, str] = field(default_factory=dict)
    """What the template's place holders stand for in names and examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a watch list."""

    line: int
    name: str
    kind: str
    aliases: tuple[str, ...]
    """The name first."""
    context: tuple[str, ...]


def expand(entry: TopicEntry, *, names: Mapping[str, str], rows: Sequence[Row]) -> Iterator[Expanded]:
    """The topics of an entry; `names` are the concepts' names by id. Raises `ValueError` where a template makes none or too many."""
    if entry.for_each_pair is not None:
        yield from _pairs(entry, names)
    elif entry.for_each is not None:
        yield from _rows(entry, rows)
    else:
        rule = entry.rule.plain() if entry.rule else {}
        yield Expanded(id=entry.id, name=entry.name or entry.id, rule=rule)


def _pairs(entry: TopicEntry, names: Mapping[str, str]) -> Iterator[Expanded]:
    members = entry.for_each_pair or []
    if len(set(members)) != len(members):
        raise ValueError("for_each_pair names a concept twice")
    apart = {frozenset(pair) for pair in entry.except_}
    for pair in apart:
        if unknown := sorted(pair - set(members)):
            raise ValueError(f'except names "{unknown[0]}", which is not in for_each_pair')
    if len(members) * (len(members) - 1) // 2 > MAX_TOPICS:
        raise ValueError(f"more than {MAX_TOPICS} topics")
    template = entry.rule.plain() if entry.rule else _PAIR_RULE
    for a, b in combinations(members, 2):
        if frozenset((a, b)) in apart:
            continue
        values = {"a": last_segment(a), "b": last_segment(b), "a.name": names.get(a, a), "b.name": names.get(b, b)}
        yield Expanded(
            id=fill(entry.id, values),
            name=fill(entry.name or "{a.name}–{b.name}", values),
            rule=_substitute(template, {"a": a, "b": b}, {}),
            values=values,
        )


def _rows(entry: TopicEntry, rows: Sequence[Row]) -> Iterator[Expanded]:
    if len(rows) > MAX_TOPICS:
        raise ValueError(f"more than {MAX_TOPICS} topics")
    template = entry.rule.plain() if entry.rule else _ROW_RULE
    for row in rows:
        values = {"name": row.name, "kind": row.kind}
        lists = {"aliases": row.aliases, "context": row.context}
        rule = TopRule.model_validate(_substitute(template, values, lists)).plain()
        yield Expanded(
            id=fill(entry.id, {"name": slug(row.name), "kind": slug(row.kind)}),
            name=fill(entry.name or "{name}", values),
            rule=rule,
            values=values,
        )


def _substitute(node: Any, values: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> Any:
    """The template with its place holders filled; a list that is nothing but an empty place holder goes away with its node."""
    if isinstance(node, str):
        return fill(node, values)
    if isinstance(node, list):
        filled: list[Any] = []
        for item in node:
            if isinstance(item, str) and item[1:-1] in lists and item == f"{{{item[1:-1]}}}":
                filled.extend(lists[item[1:-1]])
                continue
            value = _substitute(item, values, lists)
            if value not in ({}, []):
                filled.append(value)
        return filled
    if isinstance(node, dict):
        out = {}
        for key, value in node.items():
            name = value[1:-1] if isinstance(value, str) and value == f"{{{value[1:-1]}}}" else ""
            done = list(lists[name]) if name in lists else _substitute(value, values, lists)
            if done not in ([], {}):
                out[key] = done
        return out
    return node


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with `{name}` replaced where `values` knows the name."""
    return re.sub(r"\{([a-z.]+)\}", lambda match: values.get(match[1], match[0]), text)


def last_segment(id: str) -> str:
    """`north-korea` of `country/north-korea`."""
    return id.rsplit("/", 1)[-1]


def slug(text: str) -> str:
    """A name as part of an id: letters and digits of any script, joined by `-`."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[^\w]+", "-", folded).strip("-") or "unnamed"


def read_watchlist(file: str, text: str) -> tuple[list[Row], list[Problem]]:
    """The rows of a CSV watch list and what is wrong with it."""
    problems: list[Problem] = []
    rows: list[Row] = []
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        if "name" not in header or (unknown := [name for name in header if name not in COLUMNS]):
            wrong = "the column name is missing" if "name" not in header else f'unknown column "{unknown[0]}"'
            return [], [Problem(file=file, line=1, key="", message=f"{wrong} (columns: {', '.join(COLUMNS)})")]
        reader.fieldnames = header
        seen: dict[str, int] = {}
        for raw in reader:
            row, wrong_row = _row(file, reader.line_num, raw)
            problems.extend(wrong_row)
            if row is None:
                continue
            if slug(row.name) in seen:
                first = seen[slug(row.name)]
                problems.append(Problem(file=file, line=row.line, key="name", message=f'"{row.name}" is here twice (line {first})'))
                continue
            seen[slug(row.name)] = row.line
            rows.append(row)
    except csv.Error as error:
        problems.append(Problem(file=file, line=reader.line_num, key="", message=f"not valid CSV: {error}"))
    return rows, problems


def _row(file: str, line: int, raw: Mapping[Any, Any]) -> tuple[Row | None, list[Problem]]:
    problems: list[Problem] = []
    if None in raw:
        problems.append(Problem(file=file, line=line, key="", message="more cells than columns"))
        return None, problems
    cells = {key: (value or "").strip() for key, value in raw.items()}
    if not any(cells.values()):
        return None, problems
    if not cells["name"]:
        return None, [Problem(file=file, line=line, key="name", message="empty")]
    divided = {key: tuple(part.strip() for part in cells.get(key, "").split("|") if part.strip()) for key in ("aliases", "context")}
    for key, words in (("name", (cells["name"],)), *divided.items()):
        for word in words:
            try:
                patterns.parse(word)
            except ValueError as error:
                problems.append(Problem(file=file, line=line, key=key, message=str(error)))
    for key, words in (("name", (cells["name"],)), ("aliases", divided["aliases"])) if not problems and not divided["context"] else ():
        for word in words:
            if too_common(word):
                message = f'"{word}" is too common to stand alone: words under `context` are needed, one of which stands near it'
                problems.append(Problem(file=file, line=line, key=key, message=message))
    row = Row(
        line=line, name=cells["name"], kind=cells.get("kind", ""), aliases=(cells["name"], *divided["aliases"]), context=divided["context"]
    )
    return (row if not problems else None), problems
