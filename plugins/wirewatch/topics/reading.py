"""One article as it is read against a vocabulary: what of it occurs where, worked out when a rule asks."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ahocorasick_rs import AhoCorasick

from wirewatch.topics.keys import Key, Span
from wirewatch.topics.languages import guesses
from wirewatch.topics.occurrence import IN_URL, LEAD, Occurrence
from wirewatch.topics.score import LEAD_SENTENCES, from_signs, prominence
from wirewatch.topics.sentences import FIELDS, URL, Bounds
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

_ENOUGH = 16
"""Sentences of the text that are counted before a closer look."""

Extent = tuple[int, int]
"""How many finds, and where in the folded text the first one begins."""

Find = tuple[int, int, int]
"""Number of the key's text in the automaton, start and end."""


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
    direct: Sequence[int | None]
    """By atom: its only slot, where what is found for it is what counts: nothing hidden, weak or included."""
    sources: Sequence[tuple[int, ...]]
    """By atom: the slots that its occurrences come from."""
    atoms: Sequence[tuple[int, ...]]
    """By slot: the atoms that a find of it may be an occurrence of."""
    families: Sequence[str]
    """By concept: its id without the last part."""

    def name(self, atom: int) -> str | None:
        """The id of a concept; None for a phrase."""
        return self.concepts[atom] if atom < len(self.concepts) else None


class Reading:
    """One article read; everything in it is cached for the rules of all topics."""

    def __init__(self, vocabulary: Vocabulary, title: str, summary: str, text: str, language: str | None, url: str = "") -> None:
        fields = (title[: MAX_CHARACTERS["title"]], summary[: MAX_CHARACTERS["summary"]], text[: MAX_CHARACTERS["text"]])
        self.vocabulary = vocabulary
        self.joined = f" {fields[0]} {SEPARATOR} {fields[1]} {SEPARATOR} {fields[2]} "
        self.bases = (1, len(fields[0]) + 4, len(fields[0]) + len(fields[1]) + 7)
        self._as_read = folded = fold(self.joined)
        self.folded = folded.text
        self.origin = folded.origin
        self._language = language
        self._url = url
        self._address: Reading | None = None
        self._shouts = fields[0].isupper()
        self._alone = not (fields[1] or fields[2])
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
        self._guessed: frozenset[str] | None = None
        self._named: dict[int, list[Span]] = {}
        self._occurrences: dict[int, list[Occurrence]] = {}
        self._words: list[int] | None = None
        self._lead: Sequence[int] | None = None
        self._greatest: dict[tuple[int, int], float] = {}
        self._ceilings: dict[int, float] = {}
        self._prominence: dict[int, float] = {}
        self._crowds: dict[str, Mapping[int, int]] = {}
        self.ranks: dict[tuple[int, int], frozenset[int]] = {}

    # ------------------------------------------------------------ where

    @property
    def bounds(self) -> Bounds:
        """Its sentences."""
        if self._bounds is None:
            ends = (self.bases[1] - 3, self.bases[2] - 3, len(self.joined) - 1)
            self._bounds = Bounds(self.joined, tuple(zip(self.bases, ends, strict=True)))
        return self._bounds

    def cite(self, each: Occurrence) -> tuple[str, int, int]:
        """Field and offsets in the original of an occurrence."""
        if each.field == URL:
            _, first, last = self.address.place(each.start, each.end)
            return FIELDS[URL], first, last
        return self.place(each.start, each.end)

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

    def extent(self, atom: int) -> Extent:
        """How often a concept or phrase can occur at most, and where first: known before its signs are looked at."""
        count, first = 0, len(self.folded)
        found = self.found
        for slot in self.vocabulary.sources[atom]:
            if slot in found:
                finds = found[slot]
                count += len(finds)
                start = finds[0][1] if len(finds) == 1 else min([find[1] for find in finds])
                if start < first:
                    first = start
        return count, first

    @property
    def lead(self) -> Sequence[int]:
        """Where the summary or text begins, its second sentence, its third, and what follows the lead."""
        if self._lead is None:
            self._lead = self.bounds.lead(LEAD)
        return self._lead

    @property
    def quiet(self) -> float:
        """The greatest prominence of what occurs once, and behind the lead."""
        return self._most(1, LEAD + 1)

    def loud(self) -> set[int]:
        """What may occur more than once, or in the title or lead."""
        behind = self.lead[LEAD]
        if self.origin(len(self.folded) - 1) < behind:
            return self.present
        # A key may begin with the space in front of its word, which belongs to the sentence before.
        end = bisect_left(range(len(self.folded)), behind, key=self.origin) - 1
        atoms = self.vocabulary.atoms
        found: set[int] = set()
        quiet: set[int] = set()
        for slot, finds in self.found.items():
            if len(finds) > 1 or finds[0][1] < end:
                found.update(atoms[slot])
            else:
                # Several slots may speak of one atom: a concept's names and those that it includes.
                found.update(quiet.intersection(atoms[slot]))
                quiet.update(atoms[slot])
        return found

    def at_most(self, extent: Extent) -> float:
        """The greatest prominence that such occurrences can have."""
        count, first = extent
        # A key may begin with the space in front of its word.
        return self._most(count, bisect_right(self.lead, self.origin(first + 1))) if count else 0.0

    def _most(self, count: int, place: int) -> float:
        """By the place of the first one: title, sentences of the lead, and what follows."""
        known = self._greatest.get((count, place))
        if known is None:
            grade = LEAD_SENTENCES[max(place, 1) - 1] if place <= LEAD else 0.0
            known = self._greatest[count, place] = from_signs(float(place == 0), grade, count, self.bounds.length(_ENOUGH))
        return known

    def ceiling(self, atom: int) -> float:
        """The greatest prominence that a concept or phrase can have."""
        known = self._ceilings.get(atom)
        if known is None:
            known = self._ceilings[atom] = self.at_most(self.extent(atom))
        return known

    def prominence(self, atom: int) -> float:
        """How prominent a concept or phrase is in the article."""
        known = self._prominence.get(atom)
        if known is None:
            known = self._prominence[atom] = prominence((self.occurrences(atom),), 1, self.bounds)
        return known

    def family(self, atom: int) -> str:
        """What a concept is one of (`country`); empty for a phrase."""
        return self.vocabulary.families[atom] if atom < len(self.vocabulary.families) else ""

    def crowd(self, family: str) -> Mapping[int, int]:
        """How many different members of a family each sentence names."""
        known = self._crowds.get(family)
        if known is None:
            named: dict[int, dict[int, int]] = {}
            for atom in self._members(family):
                for each in self.occurrences(atom):
                    # What is another's name too (`Moscow`, where the article is about the Soviet Union) is one.
                    named.setdefault(each.sentence, {}).setdefault(each.start, atom)
            known = self._crowds[family] = {sentence: len(set(starts.values())) for sentence, starts in named.items()}
        return known

    def _members(self, family: str) -> list[int]:
        """Those of a family that may occur, in order."""
        families = self.vocabulary.families
        return sorted(atom for atom in self.present if atom < len(families) and families[atom] == family)

    def rival(self, family: str, named: frozenset[int], beyond: float) -> float:
        """The prominence of the member of a family that is most prominent beside the `named` ones, where it is `beyond` theirs; else 0."""
        taken: set[int] | None = None
        greatest = 0.0
        for atom in self._members(family):
            if atom in named or self.ceiling(atom) <= max(beyond, greatest):
                continue
            if taken is None:
                taken = {each.start for other in named for each in self.occurrences(other)}
            # What is another's name too is no rival (`Moscow`, where the article is about the Soviet Union).
            own = [each for each in self.occurrences(atom) if each.start not in taken]
            if own:
                greatest = max(greatest, prominence((own,), 1, self.bounds))
        return greatest if greatest > beyond else 0.0

    def occurrences(self, atom: int) -> list[Occurrence]:
        """Where a concept or phrase occurs, in order, the longest of overlapping ones."""
        known = self._occurrences.get(atom)
        if known is None:
            slot = self.vocabulary.direct[atom]
            spans = self._effective(atom) if slot is None else self._spans(slot)
            if len(spans) > 1:
                spans = _longest(spans)[:MAX_OCCURRENCES]
            at, origin = self.bounds.at, self.origin
            known = self._occurrences[atom] = [Occurrence(start, end, *at(origin(start)), atom) for start, end in spans]
        return known

    @property
    def address(self) -> Reading:
        """The words of its address, read when a rule asks for them."""
        if self._address is None:
            self._address = Reading(self.vocabulary, "", "", self._url, self._language)
        return self._address

    def in_address(self, atom: int) -> list[Occurrence]:
        """Where a concept or phrase occurs in its address; offsets are those of `address`. It counts as a headline does."""
        found = self.address.occurrences(atom) if self._url else []
        return [Occurrence(each.start, each.end, IN_URL, 0, URL, atom) for each in found]

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
        shouted: list[Span] = []
        for number, start, end in finds:
            for key in keys[number]:
                if key.simple:
                    spans.append((start + key.lead, end - key.tail))
                    continue
                if key.languages is not None and not self._speaks(key.languages):
                    continue
                span = key.span(self.folded, start, end)
                if span is None:
                    continue
                first, last = self.origin(span[0]), self.origin(span[1])
                if not key.exact or key.has_case(self.joined[first:last]):
                    spans.append(span)
                elif self._shouts and last < self.bases[1] and key.has_case(self.joined[first:last], shouted=True):
                    shouted.append(span)
        # In a headline of capitals alone the case of a name says nothing: what follows it decides.
        if shouted and (self._alone or any(self.origin(end) > self.bases[1] for _, end in spans)):
            spans = sorted(shouted + spans)
        return spans

    def _speaks(self, languages: frozenset[str]) -> bool:
        """Whether the article is in one of the languages, as far as it is known."""
        if self._language is None:
            if self._guessed is None:
                latin = sum("a" <= char <= "\u024f" for char in self.folded[:200]) * 4 > len(self.folded[:200].replace(" ", ""))
                self._guessed = guesses(self.folded) if latin else frozenset()
            return not self._guessed or not self._guessed.isdisjoint(languages)
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
