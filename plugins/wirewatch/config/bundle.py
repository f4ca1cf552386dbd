"""What loading makes of config/: a `Bundle`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from wirewatch.config.settings import Settings
from wirewatch.model import Feed, Publisher, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example of a topic or template, with its place."""

    topics: tuple[str, ...]
    """A match must tag one of them; a reject none."""
    matches: bool
    title: str = ""
    summary: str = ""
    text: str = ""
    language: str | None = None
    publisher: str | None = None
    country: str | None = None
    kind: str | None = None
    url: str = ""
    at: date | None = None
    file: str
    line: int | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """All of config/, validated: what one published state of rules and settings is."""

    settings: Settings
    feeds: tuple[Feed, ...] = ()
    publishers: tuple[Publisher, ...] = ()
    topics: tuple[Topic, ...] = ()
    concepts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Validated raw, by id."""
    hash: str
    source: Mapping[str, str]
    """File name under config/ to its text; `load_files(source)` builds this bundle again."""
    examples: tuple[Example, ...] = ()
