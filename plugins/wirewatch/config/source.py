"""YAML to plain data that remembers where everything stands; pure.

Scalars are read as YAML 1.2's core schema reads them (`no`, `on` and `2026-11-24` stay strings: they are a language, a word and a
name here), and what YAML silently accepts but nobody means (a key written twice, a value that contains itself) is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from wirewatch.errors import Problem

Path = tuple[str | int, ...]
"""Keys and list positions from the top of a file."""

MAX_NODES = 200_000
"""Values in one file, aliases counted each time: a guard against documents that unfold without end."""
MAX_DEPTH = 60

_BRACKET = re.compile(r"[\[\]{}]")
_DEEP_LINE = re.compile(rf"^[ \-?:]{{{MAX_DEPTH},}}", re.MULTILINE)
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$")


class _Loader(yaml.SafeLoader):
    """Only composes; the scalars are resolved in `_scalar`."""


_FastLoader: Any = getattr(yaml, "CSafeLoader", _Loader)


@dataclass(slots=True)
class Source:
    """One file: its data, the line of every path in it, and what was wrong."""

    file: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    """1-based; of the key for members of a mapping."""
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def problem(self, path: Path, message: str, *, at: Path | None = None) -> Problem:
        """A problem at `path`; `at` names another place for the line (a wrong key inside it)."""
        return Problem(file=self.file, line=self.line(at or path), key=dotted(path), message=message)


def dotted(path: Path) -> str:
    """`topics[2].rule.any` for `("topics", 2, "rule", "any")`."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else (f".{part}" if out else str(part))
    return out


def read(file: str, text: str) -> Source:
    """The data of one YAML file with its lines; what is wrong is in `problems`, never raised."""
    source = Source(file=file)
    try:
        if _may_be_deep(text) and (line := _too_deep(text)) is not None:
            source.problems.append(Problem(file=file, line=line, key="", message="nested too deeply"))
            return source
        node = yaml.compose(text, Loader=_FastLoader)
    except yaml.YAMLError as error:
        source.problems.append(_syntax(file, error))
        return source
    if node is not None:
        source.data = _Builder(source).build(node, (), ())
    return source


def _may_be_deep(text: str) -> bool:
    """Whether a text could nest deeper than is allowed: by brackets, or by signs and columns at the beginning of a line."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(text):
        depth = max(0, depth + (1 if bracket in "[{" else -1))
        deepest = max(deepest, depth)
    return deepest > MAX_DEPTH or _DEEP_LINE.search(text) is not None


def _too_deep(text: str) -> int | None:
    """The line where a text nests deeper than is allowed: composing it would exhaust the C parser's stack and end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_FastLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return int(event.start_mark.line) + 1  # type: ignore[union-attr]  # a mark is missing only where an event is made by hand
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _syntax(file: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    column = f" (column {mark.column + 1})" if mark is not None else ""
    return Problem(file=file, line=mark.line + 1 if mark is not None else None, key="", message=f"not valid YAML: {what}{column}")


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.nodes = 0

    def build(self, node: yaml.Node, path: Path, open_: tuple[int, ...]) -> Any:
        self.nodes += 1
        line = node.start_mark.line + 1
        self.source.lines.setdefault(path, line)
        if id(node) in open_:
            self._say(path, line, "this value contains itself")
            return None
        if len(path) > MAX_DEPTH or self.nodes > MAX_NODES:
            if self.nodes <= MAX_NODES or self.nodes == MAX_NODES + 1:
                self._say(path, line, "nested too deeply" if len(path) > MAX_DEPTH else f"more than {MAX_NODES} values")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        inner = (*open_, id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, position), inner) for position, child in enumerate(node.value)]
        return self._mapping(node, path, inner)

    def _mapping(self, node: yaml.Node, path: Path, open_: tuple[int, ...]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._say(path, line, "a key must be a word")
                continue
            key = str(key_node.value)
            if key in out:
                self._say(path, line, f'the key "{key}" is here twice (first on line {self.source.lines.get((*path, key))})')
                continue
            self.source.lines[(*path, key)] = line
            out[key] = self.build(value_node, (*path, key), open_)
        return out

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text = str(node.value)
        if node.tag not in _PLAIN_TAGS:
            self._say(path, node.start_mark.line + 1, f"the tag {node.tag} is not accepted")
            return None
        if node.style in ("'", '"', "|", ">") or node.tag == "tag:yaml.org,2002:str":
            return text
        return plain(text)

    def _say(self, path: Path, line: int, message: str) -> None:
        self.source.problems.append(Problem(file=self.source.file, line=line, key=dotted(path), message=message))


_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "null", "bool", "int", "float", "timestamp", "value", "merge"))


def plain(text: str) -> Any:
    """The value of an unquoted scalar under YAML 1.2's core schema."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _NUMBER.match(text):
        return int(text) if re.fullmatch(r"[-+]?[0-9]+", text) else float(text)
    return text


def walk(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in `data` with its path, outermost first."""
    yield path, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from walk(value, (*path, key))
    elif isinstance(data, list):
        for position, value in enumerate(data):
            yield from walk(value, (*path, position))
