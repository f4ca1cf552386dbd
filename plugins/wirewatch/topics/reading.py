"""One article as it is read against a vocabulary: what of it occurs where, worked out when a rule asks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from wirewatch.topics.keys import Key, Span
from wirewatch.topics.languages import guess
from wirewatch.topics.sentences import FIELDS, SUMMARY, TEXT, TITLE, Bounds, bounds
from wirewatch.topics.text import SEPARATOR, fold

MAX_CHARACTERS = {"title": 2_000, "summary": 20_000, "text": 200_000}
"""Of each field that are read."""
MAX_FINDS = 100_000
"""Finds of the automaton in one article that are looked at."""
MAX_OCCURRENCES = 2_000
"""Of one concept or phrase in one article."""

STRONG, WEAK, SUPPORT, HIDER = range(4)
"""What a concept's words do; a slot is `4 * concept + role`, and phrases follow after all concepts."""

_DENSE = r"\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f"
_WORD = re.compile(rf"[{_DENSE}]{{1,2}}|[^\s{_DENSE}]+")
"""Scripts without spaces: two characters are about a word."""
_FIELD_GAP = 100_000
"""Words between two fields: nothing is near over such a distance."""

Find = tuple[int, int, int]
"""Number of the key's text in the automaton, start and end."""


class Occurrence(NamedTuple):
    """One place where a concept or phrase stands."""

    start: int
    """In the folded text."""
    end: int
    sentence: int
    """Index in the article's `Bounds`."""
    rank: int
    """Of that sentence."""
    field: int
    atom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """All words that are looked for, in one automaton.

    Atoms are numbered: concepts first, then phrases.
    """

    automaton: AhoCorasick
    slots: Sequence[tuple[int, ...]]
    """By number in the automaton: what its finds are for."""
    keys: Mapping[int, Mapping[int, tuple[Key, ...]]]
    """By slot, then by number in the automaton."""
    concepts: Sequence[str]
    includes: Sequence[tuple[int, ...]]
    """By concept: the concepts that it includes, through all levels, itself not."""
    hidden_by: Sequence[tuple[int, ...]]
    """By concept: the concepts whose aliases hide its aliases."""
    atoms: Sequence[tuple[int, ...]]
    """By slot: the atoms that a find of it may be an occurrence of."""

    def name(self, atom: int) -> str | None:
        """The id of a concept; None for a phrase."""
        return self.concepts[atom] if atom < len(self.concepts) else None


class Reading:
    """One article read; everything in it is cached for the rules of all topics."""

    def __init__(self, vocabulary: Vocabulary, title: str, summary: str, text: str, language: str | None) -> None:
        fields = (title[: MAX_CHARACTERS["title"]], summary[: MAX_CHARACTERS["summary"]], text[: MAX_CHARACTERS["text"]])
        self.vocabulary = vocabulary
        self.joined = f" {fields[0]} {SEPARATOR} {fields[1]} {SEPARATOR} {fields[2]} "
        self.bases = (1, len(fields[0]) + 4, len(fields[0]) + len(fields[1]) + 7)
        folded = fold(self.joined)
        self.folded = folded.text
        self.origin = folded.origin
        self._language = language
        self.found: dict[int, list[Find]] = defaultdict(list)
        slots, found = vocabulary.slots, self.found
        for find in vocabulary.automaton.find_matches_as_indexes(self.folded, overlapping=True)[:MAX_FINDS]:
            for slot in slots[find[0]]:
                found[slot].append(find)
        atoms = vocabulary.atoms
        self.present: set[int] = set()
        for slot in found:
            self.present.update(atoms[slot])
        self._bounds: Bounds | None = None
        self._guessed: str | None = None
        self._named: dict[int, list[Span]] = {}
        self._occurrences: dict[int, list[Occurrence]] = {}
        self._words: list[int] | None = None
        self.ranks: dict[tuple[int, int], frozenset[int]] = {}

    # ------------------------------------------------------------ where

    @property
    def bounds(self) -> Bounds:
        """Its sentences."""
        if self._bounds is None:
            self._bounds = bounds(self.joined)
        return self._bounds

    def place(self, start: int, end: int) -> tuple[str, int, int]:
        """Field and offsets in the original of a stretch of folded text."""
        first, last = self.origin(start), self.origin(end)
        field = bisect_right(self.bases, first) - 1
        return FIELDS[field], first - self.bases[field], last - self.bases[field]

    def word(self, start: int) -> int:
        """The number of the word at an offset of the folded text, fields far apart."""
        if self._words is None:
            self._words = [match.start() for match in _WORD.finditer(self.folded)]
        field = bisect_right(self.bases, self.origin(start)) - 1
        return bisect_right(self._words, start) + field * _FIELD_GAP

    # ------------------------------------------------------------ what

    def occurrences(self, atom: int) -> list[Occurrence]:
        """Where a concept or phrase occurs, in order, the longest of overlapping ones."""
        known = self._occurrences.get(atom)
        if known is None:
            concepts = len(self.vocabulary.concepts)
            spans = self._effective(atom) if atom < concepts else self._spans(4 * concepts + atom - concepts)
            known = self._occurrences[atom] = self._placed(atom, _longest(spans)[:MAX_OCCURRENCES])
        return known

    def _placed(self, atom: int, spans: Sequence[Span]) -> list[Occurrence]:
        where = self.bounds
        origin, starts, ranks, fields = self.origin, where.starts, where.ranks, where.fields
        placed: list[Occurrence] = []
        for start, end in spans:
            sentence = bisect_right(starts, origin(start)) - 1
            placed.append(Occurrence(start, end, sentence, ranks[sentence], fields[sentence], atom))
        return placed

    def _effective(self, concept: int) -> list[Span]:
        """Where a concept is named: its own aliases and those of the concepts that it includes, weak ones where they count."""
        spans = list(self._strong(concept))
        for inner in self.vocabulary.includes[concept]:
            spans.extend(self._strong(inner))
            spans.extend(self._weak(inner))
        return spans + self._weak(concept)

    def _strong(self, concept: int) -> list[Span]:
        """Where a concept's aliases stand and nothing hides them."""
        known = self._named.get(concept)
        if known is None:
            slot = 4 * concept + STRONG
            known = self._named[concept] = self._unhidden(concept, self._spans(slot)) if slot in self.found else []
        return known

    def _weak(self, concept: int) -> list[Span]:
        slot = 4 * concept + WEAK
        if slot not in self.found:
            return []
        supported = bool(self._strong(concept)) or bool(self._spans(4 * concept + SUPPORT))
        return self._unhidden(concept, self._spans(slot)) if supported else []

    def _unhidden(self, concept: int, spans: list[Span]) -> list[Span]:
        hiders = self._spans(4 * concept + HIDER)
        for other in self.vocabulary.hidden_by[concept]:
            hiders.extend(self._spans(4 * other + STRONG))
        if not hiders or not spans:
            return spans
        hiders.sort()
        starts = [start for start, _ in hiders]
        furthest = list(accumulate((end for _, end in hiders), max))
        kept: list[Span] = []
        for start, end in spans:
            at = bisect_right(starts, start) - 1
            if at < 0 or furthest[at] < end:
                kept.append((start, end))
        return kept

    def _spans(self, slot: int) -> list[Span]:
        """Where the words of a slot stand, by their own signs."""
        finds = self.found.get(slot)
        if not finds:
            return []
        keys = self.vocabulary.keys[slot]
        spans: list[Span] = []
        for number, start, end in finds:
            for key in keys[number]:
                if key.languages is not None and not self._speaks(key.languages):
                    continue
                span = key.span(self.folded, start, end)
                if span is not None and (not key.exact or key.has_case(self.joined[self.origin(span[0]) : self.origin(span[1])])):
                    spans.append(span)
        return spans

    def _speaks(self, languages: frozenset[str]) -> bool:
        """Whether the article is in one of the languages, as far as it is known."""
        if self._language is None:
            if self._guessed is None:
                latin = sum("a" <= char <= "\u024f" for char in self.folded[:200]) * 4 > len(self.folded[:200].replace(" ", ""))
                self._guessed = guess(self.folded) if latin else ""
            return not self._guessed or self._guessed in languages
        return self._language in languages


def _longest(spans: Iterable[Span]) -> list[Span]:
    """In order, without those that begin inside another; the longest of those that begin together."""
    kept: list[Span] = []
    last = -1
    for start, end in sorted(spans, key=_by_start):
        if start >= last:
            kept.append((start, end))
            last = end
    return kept


def _by_start(span: Span) -> tuple[int, int]:
    return span[0], -span[1]


def is_lead(occurrence: Occurrence, sentences: int = 3) -> bool:
    """Whether it stands in the summary or the first sentences of the text."""
    return occurrence.field == SUMMARY or (occurrence.field == TEXT and occurrence.rank <= sentences)


def is_title(occurrence: Occurrence) -> bool:
    """Whether it stands in the title."""
    return occurrence.field == TITLE
