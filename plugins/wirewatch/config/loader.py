"""Files of config/ to a `Bundle`, with every problem of all files at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from wirewatch.config import reuse, schema
from wirewatch.config.bundle import Bundle, Example
from wirewatch.config.expand import Row, expand, fill, read_watchlist
from wirewatch.config.folder import contents
from wirewatch.config.settings import Settings
from wirewatch.config.source import Path as Place
from wirewatch.config.source import Source, read, walk
from wirewatch.config.wording import KEYS, hint, message
from wirewatch.errors import ConfigError, Problem
from wirewatch.model import Feed, Publisher, Topic

RULES_VERSION = 3
"""Part of every topic's hash: it goes up when the same rule would match other articles than before."""

M = TypeVar("M", bound=BaseModel)

RESERVED = frozenset(("blindness",))
"""Ids that incidents of the watch itself have."""

TOPIC_ID = r"[^\s#|,\"'\\*?<>:{}]+"
NO_TOPIC_ID = '"{}": an id has no spaces and none of # | , : * ? < > {{ }}'
NO_EXAMPLES = "a topic needs examples: what it matches and what it rejects"


def load(path: Path) -> Bundle:
    """The bundle of a folder; raises `ConfigError` with every problem of every file."""
    files, problems = contents(path)
    return _Load(files, str(path), problems).bundle()


def fingerprint(path: Path) -> str | None:
    """The hash that the bundle of a folder has, found without loading it; None where a file cannot be read."""
    try:
        files, problems = contents(path)
    except ConfigError:
        return None
    return None if problems else _digest(sorted(files.items()))


def load_files(files: Mapping[str, str], *, root: str = "config", besides: Iterable[Topic] = ()) -> Bundle:
    """The bundle of files given as name (under config/) to text; raises `ConfigError` with every problem.

    `besides` are topics that are not part of it and that its rules may name.
    """
    return _Load(dict(files), root, [], {topic.id: topic.rule for topic in besides}).bundle()


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


class _Load:
    """One loading of all files; everything it learns is in its attributes."""

    def __init__(
        self, files: dict[str, str], root: str, problems: list[Problem], besides: Mapping[str, Mapping[str, object]] | None = None
    ) -> None:
        self.besides = besides or {}
        self.files = files
        self.root = root
        self.problems = problems
        self.sources = {name: read(f"{root}/{name}", text) for name, text in files.items() if not name.endswith(".csv")}
        self.settings = Settings()
        self.concepts: dict[str, schema.ConceptEntry] = {}
        self.raw_concepts: dict[str, dict[str, object]] = {}
        self.publishers: dict[str, schema.PublisherEntry] = {}
        self.feeds: dict[str, schema.FeedEntry] = {}
        self.rows: dict[str, list[Row]] = {}
        self.topics: dict[str, Topic] = {}
        self.places: dict[str, tuple[Source, Place]] = {}
        """Where each topic is written."""
        self.where: dict[tuple[str, str], str] = {}
        """Kind and id to `file:line` of what has it."""
        self.refused: set[str] = set()
        """Topics that are written and wrong: naming them is no mistake of its own."""
        self.examples: list[Example] = []

    def bundle(self) -> Bundle:
        """Everything in order of what refers to what; raises `ConfigError`."""
        for source in self.sources.values():
            self.problems.extend(source.problems)
        self._settings()
        for source, place, id, concept in self._keyed("concepts/", "concepts", schema.ConceptEntry):
            if self._first("concept", id, source, place):
                self.concepts[id] = concept
                self.raw_concepts[id] = concept.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for source, place, id, publisher in self._keyed("publishers.yaml", "publishers", schema.PublisherEntry):
            self.publishers[id] = publisher
            for position, domain in enumerate(publisher.domains):
                self._first("domain", domain, source, (*place, "domains", position))
        for source, place, id, feed in self._keyed("feeds.yaml", "feeds", schema.FeedEntry):
            self.feeds[id] = feed
            self._first("feed address", feed.url, source, (*place, "url"))
        for name, text in self.files.items():
            if name.endswith(".csv"):
                self.rows[name], wrong = read_watchlist(f"{self.root}/{name}", text)
                self.problems.extend(wrong)
        self._references()
        self._all_topics()
        if self.problems:
            raise ConfigError(sorted(set(self.problems), key=lambda problem: (problem.file, problem.line or 0, problem.key)))
        return self._built()

    def _built(self) -> Bundle:
        publishers = tuple(Publisher(id=id, **_given(entry)) for id, entry in self.publishers.items())
        return Bundle(
            settings=self.settings,
            feeds=tuple(Feed(id=id, **_given(entry)) for id, entry in self.feeds.items()),
            publishers=publishers,
            topics=tuple(self.topics.values()),
            concepts=self.raw_concepts,
            hash=_digest(sorted(self.files.items())),
            source=dict(self.files),
            examples=tuple(self.examples),
        )

    # ------------------------------------------------------------ files

    def _settings(self) -> None:
        source = self.sources.get("wirewatch.yaml")
        if source is None:
            if "wirewatch.yaml" not in self.files:
                self.problems.append(Problem(file=f"{self.root}/wirewatch.yaml", line=None, key="", message="this file is missing"))
            return
        if source.problems or source.data is None:
            return
        self.settings = self._checked(Settings, source.data, source, ()) or self.settings
        alerts = self.settings.alerts
        named: list[tuple[Place, tuple[str, ...]]] = [(("default_notify",), alerts.default_notify)]
        named += [(("routes", position, "notify"), route.notify) for position, route in enumerate(alerts.routes)]
        named += [(("recipients", id, "escalate", "to"), each.escalate.to) for id, each in alerts.recipients.items() if each.escalate]
        for place, ids in named:
            for position, id in enumerate(ids):
                if id not in alerts.recipients:
                    self._unknown("recipient", id, alerts.recipients, source, ("alerts", *place, position))

    def _keyed(self, prefix: str, key: str, model: type[M]) -> Iterable[tuple[Source, Place, str, M]]:
        """Every valid member of the mapping `key` in the files whose names start with `prefix`."""
        for source in self._under(prefix):
            members = self._top(source, key, dict)
            for id, data in (members or {}).items():
                place: Place = (key, id)
                if not re.fullmatch(r"[a-z0-9][a-z0-9._/-]*", id):
                    self.problems.append(source.problem(place, "an id is made of a-z, 0-9, '.', '_', '/' and '-'"))
                    continue
                entry = self._checked(model, {} if data is None else data, source, place)
                if entry is not None:
                    yield source, place, id, entry

    def _under(self, prefix: str) -> list[Source]:
        return [source for name, source in self.sources.items() if name.startswith(prefix)]

    def _top(self, source: Source, key: str, kind: type) -> Any:
        if source.data is None:
            if not source.problems:
                self.problems.append(Problem(file=source.file, line=None, key="", message=f'empty: the key "{key}" is needed'))
            return None
        if not isinstance(source.data, dict):
            self.problems.append(source.problem((), f'the file must be a mapping with the key "{key}"'))
            return None
        for other in source.data:
            if other != key:
                self.problems.append(source.problem((), f'unknown key "{other}"{hint(other, [key])}', at=(other,)))
        value = source.data.get(key)
        if key not in source.data:
            self.problems.append(source.problem((), f'the key "{key}" is missing'))
        elif value is not None and not isinstance(value, kind):
            self.problems.append(source.problem((key,), "a list is needed" if kind is list else "a mapping is needed"))
            return None
        return value

    # ------------------------------------------------------------ references

    def _first(self, kind: str, id: str, source: Source, place: Place) -> bool:
        """Whether this is the first to have `id`; a second one is a problem."""
        here = f"{source.file}:{source.line(place)}"
        first = self.where.setdefault((kind, id), here)
        if first != here:
            self.problems.append(source.problem(place, f'duplicate {kind} "{id}": {first} has it too'))
        return first == here

    def _unknown(self, kind: str, id: str, known: Iterable[str], source: Source, place: Place) -> None:
        self.problems.append(source.problem(place, f'unknown {kind} "{id}"{hint(id, known)}'))

    def _references(self) -> None:
        """Concepts, publishers and recipients that are named and do not exist; concepts that include each other in a circle."""
        for source in self._under("concepts/"):
            for place, value in walk(source.data):
                if len(place) > 2 and isinstance(value, str) and (place[-1] == "concept" or place[2] == "includes"):
                    self._known_concept(value, source, place)
        for source in self._under("feeds.yaml"):
            for id, feed in self.feeds.items():
                if feed.publisher is not None and feed.publisher not in self.publishers:
                    self._unknown("publisher", feed.publisher, self.publishers, source, ("feeds", id, "publisher"))
        for source in self._under("concepts/"):
            written = source.data.get("concepts") if isinstance(source.data, dict) else None
            for id in written if isinstance(written, dict) else ():
                if loop := self._loop(id):
                    self.problems.append(source.problem(("concepts", id, "includes"), f"includes itself: {' → '.join(loop)}"))

    def _known_concept(self, id: str, source: Source, place: Place) -> None:
        if id not in self.concepts and ("concept", id) not in self.where and id not in self._written_concepts():
            self._unknown("concept", id, self._written_concepts(), source, place)

    def _written_concepts(self) -> set[str]:
        """Also the ones that are wrong in themselves: that is said once, at their own place."""
        members = [source.data.get("concepts") for source in self._under("concepts/") if isinstance(source.data, dict)]
        return {id for group in members if isinstance(group, dict) for id in group}

    def _loop(self, start: str) -> list[str] | None:
        trail = [start]

        def visit(id: str) -> bool:
            for next_id in self.concepts[id].includes if id in self.concepts else ():
                if next_id == start:
                    trail.append(next_id)
                    return True
                if next_id not in trail:
                    trail.append(next_id)
                    if visit(next_id):
                        return True
                    trail.pop()
            return False

        return trail if visit(start) else None

    # ------------------------------------------------------------ topics

    def _all_topics(self) -> None:
        for source in self._under("topics/"):
            for position, data in enumerate(self._top(source, "topics", list) or ()):
                place: Place = ("topics", position)
                self._names(data, source, place)
                entry = self._checked(schema.TopicEntry, data, source, place)
                if entry is not None:
                    self._topic(entry, source, place)
                elif isinstance(data, dict):
                    self._broken_topic(data, source, place)
        self._reused()

    def _broken_topic(self, data: Mapping[str, Any], source: Source, place: Place) -> None:
        """What else is wrong with a topic that is refused already, so that it is said at once."""
        id = data.get("id")
        if isinstance(id, str) and "{" not in id:
            if not re.fullmatch(TOPIC_ID, id):
                self.problems.append(source.problem((*place, "id"), NO_TOPIC_ID.format(id)))
            self._first("topic", id, source, (*place, "id"))
            self.refused.add(id)
        if "examples" not in data:
            self.problems.append(source.problem(place, NO_EXAMPLES))

    def _reused(self) -> None:
        """Rules of topics in the rules that name them, and the hashes that follow from it."""
        rules = {**self.besides, **{id: topic.rule for id, topic in self.topics.items()}}
        for id, topic in list(self.topics.items()):
            source, place = self.places[id]
            try:
                rule = reuse.spelled_out(id, rules)
            except reuse.Loop as loop:
                self.problems.append(source.problem((*place, "rule"), str(loop)))
                continue
            except reuse.Unknown as unknown:
                if unknown.args[0] in self.refused:
                    continue
                self._unknown("topic", str(unknown.args[0]), rules, source, (*place, "rule"))
                continue
            self.topics[id] = replace(topic, rule=rule, hash=_digest([RULES_VERSION, rule, self._closure(rule)]))

    def _names(self, data: Any, source: Source, place: Place) -> None:
        """Concepts, publishers, recipients and watch lists that a topic names and that do not exist."""
        for inner, value in walk(data, place):
            key = next((part for part in reversed(inner) if isinstance(part, str)), "")
            if not isinstance(value, str) or (value.startswith("{") and value.endswith("}")):
                continue
            if key in ("concept", "concepts", "for_each_pair", "except"):
                self._known_concept(value, source, inner)
            elif key == "publisher" and len(inner) > 2 and value not in self.publishers:
                self._unknown("publisher", value, self.publishers, source, inner)
            elif key == "notify" and value not in self.settings.alerts.recipients:
                self._unknown("recipient", value, self.settings.alerts.recipients, source, inner)
            elif key == "for_each" and value not in self.rows:
                self._unknown("watch list", value, self.rows, source, inner)

    def _topic(self, entry: schema.TopicEntry, source: Source, place: Place) -> None:
        names = {id: concept.name or id.rsplit("/", 1)[-1].replace("-", " ").title() for id, concept in self.concepts.items()}
        rows = self.rows.get(entry.for_each or "", [])
        ids: list[str] = []
        values: dict[str, Mapping[str, str]] = {}
        try:
            for item in expand(entry, names=names, rows=rows):
                if not re.fullmatch(TOPIC_ID, item.id):
                    self.problems.append(source.problem((*place, "id"), NO_TOPIC_ID.format(item.id)))
                    return
                if item.id in RESERVED:
                    self.problems.append(source.problem((*place, "id"), f'"{item.id}" is the name of what the watch says about itself'))
                    return
                if self._first("topic", item.id, source, (*place, "id")) and item.id not in self.topics:
                    self.topics[item.id] = Topic(
                        id=item.id,
                        name=item.name,
                        hash="",
                        rule=item.rule,
                        notify=tuple(entry.notify),
                        **entry.watch.model_dump(),
                    )
                    self.places[item.id] = (source, place)
                elif item.id in ids:
                    self.problems.append(source.problem((*place, "id"), f'duplicate topic "{item.id}": the template makes it twice'))
                ids.append(item.id)
                values[item.id] = item.values
        except ValidationError as error:
            self._report(error, source, (*place, "rule"))
        except ValueError as error:
            self.problems.append(source.problem(place, str(error)))
        self._topic_examples(entry, source, place, ids, values)

    def _closure(self, rule: object) -> dict[str, object]:
        """Every concept that decides a rule's matches, by id."""
        found: dict[str, object] = {}
        waiting = [value for place, value in walk(rule) if isinstance(value, str) and _key(place) in ("concept", "concepts")]
        while waiting:
            id = waiting.pop()
            if id in found or id not in self.concepts:
                continue
            found[id] = {key: value for key, value in self.raw_concepts[id].items() if key != "name"}
            concept = self.concepts[id]
            waiting.extend([*concept.includes, *(hider.concept for hider in concept.not_ if hider.concept)])
        return found

    def _topic_examples(
        self, entry: schema.TopicEntry, source: Source, place: Place, ids: Sequence[str], values: Mapping[str, Mapping[str, str]]
    ) -> None:
        if entry.examples is None:
            self.problems.append(source.problem(place, NO_EXAMPLES))
            return
        for kind, texts in (("matches", entry.examples.matches), ("rejects", entry.examples.rejects)):
            for position, text in enumerate(texts):
                at: Place = (*place, "examples", kind, position)
                if text.topic is not None and text.topic not in ids:
                    self._unknown("topic", text.topic, ids, source, (*at, "topic"))
                given = text.model_dump(exclude={"topic"})
                wanted = [text.topic] if text.topic else list(ids)
                if any("{" in part for part in (text.title, text.summary, text.text)):
                    for id in wanted:
                        filled = given | {key: fill(given[key], values.get(id, {})) for key in ("title", "summary", "text")}
                        self._example([id], kind, filled, source, at)
                elif wanted:
                    self._example(wanted, kind, given, source, at)

    def _example(self, ids: Sequence[str], kind: str, given: dict[str, Any], source: Source, at: Place) -> None:
        place = source.problem(at, "")
        self.examples.append(
            Example(topics=tuple(ids), matches=kind == "matches", file=place.file, line=place.line, key=place.key, **given)
        )

    # ------------------------------------------------------------ validation

    def _checked(self, model: type[M], data: object, source: Source, place: Place) -> M | None:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            self._report(error, source, place)
            return None
        except RecursionError:
            self.problems.append(source.problem(place, "nested too deeply"))
            return None

    def _report(self, error: ValidationError, source: Source, place: Place) -> None:
        for wrong in error.errors(include_url=False):
            where: Place = (*place, *(part for part in wrong["loc"] if part != "[key]"))
            if wrong["type"] == "extra_forbidden":
                key = str(where[-1])
                self.problems.append(source.problem(where[:-1], f'unknown key "{key}"{hint(key, KEYS)}', at=where))
            elif wrong["type"] == "missing":
                self.problems.append(source.problem(where[:-1], f'the key "{where[-1]}" is missing'))
            else:
                self.problems.append(source.problem(where, message(wrong)))


def _given(entry: BaseModel) -> dict[str, Any]:
    """A validated entry as arguments of the model's dataclass: lists as tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry}


def _key(place: Place) -> str:
    return next((part for part in reversed(place) if isinstance(part, str)), "")
