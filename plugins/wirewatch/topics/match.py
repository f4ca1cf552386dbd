"""The compiled topics, and what they find in an article."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from wirewatch.model import Evidence, Topic, TopicMatch
from wirewatch.topics.occurrence import Occurrence
from wirewatch.topics.reading import Reading, Vocabulary
from wirewatch.topics.rules import About, Clauses, Finding, Node

MAX_EVIDENCE = 12
"""Places kept of one topic in one article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One topic ready to be evaluated."""

    topic: Topic
    rule: Node
    min_score: int
    rest: Clauses
    """What must occur besides what brought it up."""
    plain: bool
    """What brought it up has shown already that its words are prominent enough."""


class Group(NamedTuple):
    """Topics that the same words bring up."""

    topics: tuple[int, ...]
    least: float
    """The least prominence of those words that can be enough for one of them; 0: their words' prominence bounds nothing.

    For two words that is their prominence joined as independent signs are: neither side alone nor both together can say more.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Topics by the words that they need."""

    alone: Mapping[int, Group]
    """By atom."""
    pairs: Mapping[int, Mapping[int, Group]]
    """By two atoms that both must occur, under either."""
    atoms: frozenset[int]
    pair_atoms: frozenset[int]
    least: float
    """The smallest of its groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Which topics an article's words bring up: what it holds must occur for them, so no other topic is looked at."""

    bounded: Table
    """Topics of one or two words, whose prominence bounds their score."""
    other: Table
    always: tuple[int, ...] = ()
    """Topics that need no word of the text: those of addresses."""

    def candidates(self, reading: Reading, *, enough: bool = True) -> set[int]:
        """The topics whose rule may hold, and (unless `enough` is false) whose score may be enough."""
        found: set[int] = set(self.always)
        present, ceiling = reading.present, reading.ceiling
        for table in (self.other,) if enough else (self.other, self.bounded):
            for atom in present & table.atoms:
                found.update(table.alone[atom].topics)
            for atom in present & table.pair_atoms:
                others = table.pairs[atom]
                for other in present & others.keys():
                    found.update(others[other].topics)
        if not enough or (present.isdisjoint(self.bounded.atoms) and present.isdisjoint(self.bounded.pair_atoms)):
            return found
        quiet = reading.quiet
        # Two words that occur once each, and late, are not enough for any topic: one of the two must do more.
        loud = reading.loud() if 1 - (1 - quiet) ** 2 < self.bounded.least else present
        for atom in loud & self.bounded.atoms:
            group = self.bounded.alone[atom]
            if ceiling(atom) >= group.least:
                found.update(group.topics)
        for atom in loud & self.bounded.pair_atoms:
            others = self.bounded.pairs[atom]
            doubt = 1 - ceiling(atom)
            for other in present & others.keys():
                group = others[other]
                if 1 - doubt * (1 - ceiling(other)) >= group.least:
                    found.update(group.topics)
        return found


class Matcher:
    """All topics of a bundle; finding them costs one pass over the text, however many they are."""

    def __init__(self, vocabulary: Vocabulary, topics: Sequence[Compiled], index: Index) -> None:
        self._vocabulary = vocabulary
        self._topics = topics
        self._index = index

    def match(
        self,
        *,
        title: str,
        summary: str,
        text: str,
        language: str | None = None,
        publisher: str | None = None,
        country: str | None = None,
        kind: str | None = None,
        url: str = "",
        at: date | None = None,
    ) -> list[TopicMatch]:
        """The topics that the article is about, most relevant first, with the words that say so; `at` is the day that it counts for.

        Evidence cites the given `title`, `summary`, `text` and `url` exactly: `field[start:end] == words`.
        """
        spoken = _primary(language)
        reading = Reading(self._vocabulary, title, summary, text, spoken, url)
        about = About(publisher=publisher, country=country, kind=kind, language=spoken, at=at)
        fields = {"title": title, "summary": summary, "text": text, "url": url}
        return self._ranked(self._found(reading, about), reading, fields)

    def near_misses(self, *, title: str, summary: str, text: str, language: str | None = None) -> list[TopicMatch]:
        """The topics whose rule holds, whoever publishes it, with a score too low for a match."""
        spoken = _primary(language)
        reading = Reading(self._vocabulary, title, summary, text, spoken)
        about = About(publisher=None, country=None, kind=None, language=spoken)
        fields = {"title": title, "summary": summary, "text": text}
        return self._ranked(self._found(reading, about, enough=False), reading, fields)

    def _found(self, reading: Reading, about: About, *, enough: bool = True) -> Iterator[tuple[Compiled, int, Finding]]:
        present = reading.present
        for number in self._index.candidates(reading, enough=enough):
            compiled = self._topics[number]
            if any(clause.isdisjoint(present) for clause in compiled.rest):
                continue
            if enough and not compiled.plain and 100 * compiled.rule.limit(reading)[1] + 1 < compiled.min_score:
                continue
            finding = compiled.rule.find(reading, about)
            if finding is not None:
                score = round(100 * min(1.0, finding.prominence))
                if (score >= compiled.min_score) is enough:
                    yield compiled, score, finding

    def _ranked(self, found: Iterable[tuple[Compiled, int, Finding]], reading: Reading, fields: Mapping[str, str]) -> list[TopicMatch]:
        matches = [
            TopicMatch(
                topic=compiled.topic.id,
                hash=compiled.topic.hash,
                score=score,
                evidence=tuple(self._evidence(finding, reading, fields)),
            )
            for compiled, score, finding in found
        ]
        matches.sort(key=lambda match: (-match.score, match.topic))
        return matches

    def _evidence(self, finding: Finding, reading: Reading, fields: Mapping[str, str]) -> Iterator[Evidence]:
        seen: set[tuple[str, int, int]] = set()
        for each in _best_first(finding.parts):
            field, start, end = reading.cite(each)
            if (field, start, end) in seen:
                continue
            seen.add((field, start, end))
            words = fields[field][start:end]
            yield Evidence(field=field, start=start, end=end, words=words, concept=self._vocabulary.name(each.atom))
            if len(seen) == MAX_EVIDENCE:
                return


def _primary(language: str | None) -> str | None:
    """`pt` of `pt-BR`."""
    return (language or "").replace("_", "-").split("-")[0].lower() or None


def _best_first(parts: Sequence[Sequence[Occurrence]]) -> Iterator[Occurrence]:
    """The best occurrence of each part, then all others: title, lead, sentences that name most parts, and then as they stand."""
    named: dict[int, set[int]] = {}
    for part, occurrences in enumerate(parts):
        for each in occurrences:
            named.setdefault(each.sentence, set()).add(part)
    ranked = sorted(
        (0 if each.in_title else 1 if each.in_lead else 2, -len(named[each.sentence]), each.start, part, each)
        for part, occurrences in enumerate(parts)
        for each in occurrences
    )
    shown: set[int] = set()
    for _, _, _, part, each in ranked:
        if part not in shown:
            shown.add(part)
            yield each
    yield from (each for _, _, _, _, each in ranked)
