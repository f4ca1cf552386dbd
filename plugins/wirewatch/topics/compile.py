"""From topics and concepts to a `Matcher`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import cast

from ahocorasick_rs import AhoCorasick

from wirewatch.config import patterns
from wirewatch.config.schema import DEFAULT_MIN_SCORE
from wirewatch.model import Topic
from wirewatch.topics.concepts import Concept, read_concepts
from wirewatch.topics.keys import Key, keys_of
from wirewatch.topics.match import Compiled, Group, Index, Matcher, Table
from wirewatch.topics.reading import HIDER, STRONG, SUPPORT, WEAK, Vocabulary
from wirewatch.topics.rules import Builder, Clauses, Every, Leaf, Node

_MAX_PAIRS = 400
"""Pairs of atoms that one topic may be indexed under."""


def compile_topics(topics: Sequence[Topic], concepts: Mapping[str, Mapping[str, object]]) -> Matcher:
    """The matcher of topics whose rules and concepts are valid (as `config.load` gives them).

    All concepts are compiled, named by a topic or not, so that what a topic matches does not depend on the others.
    """
    words = _Words(read_concepts(concepts))
    builder = Builder(words.concept, words.phrase)
    nodes = [builder.build(topic.rule) for topic in topics]
    vocabulary = words.vocabulary()
    scores = [int(cast("int", topic.rule.get("min_score", DEFAULT_MIN_SCORE))) for topic in topics]
    index, rest = _index(nodes, scores)
    compiled = [
        Compiled(topic=topic, rule=node, min_score=scores[number], rest=rest[number], plain=_is_plain(node))
        for number, (topic, node) in enumerate(zip(topics, nodes, strict=True))
    ]
    return Matcher(vocabulary, compiled, index)


class _Words:
    """Gathers keys for the automaton, and numbers concepts and phrases."""

    def __init__(self, concepts: Sequence[Concept]) -> None:
        self.concepts = concepts
        self.numbers = {concept.id: number for number, concept in enumerate(concepts)}
        self.phrases: dict[patterns.Pattern, int] = {}
        self.texts: dict[str, int] = {}
        self.slots: list[dict[int, None]] = []
        self.keys: dict[int, dict[int, list[Key]]] = defaultdict(lambda: defaultdict(list))
        for number, concept in enumerate(concepts):
            for role, keys in ((STRONG, concept.strong), (WEAK, concept.weak), (SUPPORT, concept.support), (HIDER, concept.hiders)):
                for key in keys:
                    self._add(4 * number + role, key)
        self._longest_first()

    def concept(self, id: str) -> int:
        """The atom of a concept."""
        return self.numbers[id]

    def phrase(self, written: str) -> int:
        """The atom of a phrase."""
        pattern = patterns.parse(written)
        atom = self.phrases.get(pattern)
        if atom is None:
            atom = self.phrases[pattern] = len(self.concepts) + len(self.phrases)
        return atom

    def _add(self, slot: int, key: Key) -> None:
        number = self.texts.setdefault(key.text, len(self.texts))
        if number == len(self.slots):
            self.slots.append({})
        self.slots[number][slot] = None
        known = self.keys[slot][number]
        if key not in known:
            known.append(key)

    def _longest_first(self) -> None:
        """Among concepts of one family an alias hides the shorter ones of others inside it (`South Sudan`, `Sudan`)."""
        if not self.texts:
            return
        automaton = AhoCorasick(list(self.texts))
        texts = list(self.texts)
        owners = [[slot // 4 for slot in slots if slot % 4 in (STRONG, WEAK)] for slots in self.slots]
        own = [frozenset(concept.strong) for concept in self.concepts]
        for number, concept in enumerate(self.concepts):
            if not concept.family:
                continue
            for key in concept.strong:
                whole = _whole(key)
                inside = {find for find, _, _ in automaton.find_matches_as_indexes(whole, overlapping=True)}
                for find in inside:
                    if len(texts[find].strip()) >= len(whole.strip()):
                        continue
                    for owner in owners[find]:
                        if owner != number and self.concepts[owner].family == concept.family and key not in own[owner]:
                            self._add(4 * owner + HIDER, key)

    def vocabulary(self) -> Vocabulary:
        """Everything gathered."""
        for number, key in enumerate(keys_of(list(self.phrases))):
            if key is not None:
                self._add(4 * len(self.concepts) + number, key)
        includes = [self._included(concept) for concept in self.concepts]
        within: list[list[int]] = [[number] for number in range(len(self.concepts))]
        for number, inner in enumerate(includes):
            for each in inner:
                within[each].append(number)
        by_concept = [tuple(each) for each in within]
        atoms = [by_concept[slot // 4] if slot % 4 in (STRONG, WEAK) else () for slot in range(4 * len(self.concepts))]
        atoms.extend((len(self.concepts) + number,) for number in range(len(self.phrases)))
        return Vocabulary(
            automaton=AhoCorasick(list(self.texts)),
            slots=[tuple(slots) for slots in self.slots],
            keys={slot: {number: tuple(keys) for number, keys in by_number.items()} for slot, by_number in self.keys.items()},
            concepts=[concept.id for concept in self.concepts],
            includes=includes,
            hidden_by=[
                tuple(self.numbers[id] for id in concept.hidden_by if id in self.numbers and id != concept.id) for concept in self.concepts
            ],
            atoms=atoms,
            families=[concept.family for concept in self.concepts],
            sources=self._sources(includes),
            direct=self._direct(includes),
        )

    def _direct(self, includes: Sequence[tuple[int, ...]]) -> list[int | None]:
        """By atom: its only slot, where that is all there is to it."""
        found: list[int | None] = []
        for number, (concept, inner) in enumerate(zip(self.concepts, includes, strict=True)):
            more = inner or concept.hidden_by or any(4 * number + role in self.keys for role in (WEAK, HIDER))
            found.append(None if more else 4 * number + STRONG)
        return [*found, *(4 * len(includes) + number for number in range(len(self.phrases)))]

    def _sources(self, includes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """By atom: the slots whose finds may be occurrences of it."""
        found = [
            tuple(slot for each in (number, *inner) for slot in (4 * each + STRONG, 4 * each + WEAK) if slot in self.keys)
            for number, inner in enumerate(includes)
        ]
        return [*found, *((4 * len(includes) + number,) for number in range(len(self.phrases)))]

    def _included(self, concept: Concept) -> tuple[int, ...]:
        found: dict[int, None] = {}
        waiting = list(concept.includes)
        while waiting:
            number = self.numbers.get(waiting.pop())
            if number is not None and number not in found and self.concepts[number].id != concept.id:
                found[number] = None
                waiting.extend(self.concepts[number].includes)
        return tuple(found)


def _whole(key: Key) -> str:
    """All words of a key, with the spaces that other keys may ask for."""
    return f" {' '.join((*key.before, key.text.strip(), *key.after))} "


def _index(nodes: Sequence[Node], scores: Sequence[int]) -> tuple[Index, list[Clauses]]:
    """Every topic under the rarest of what it needs, or the two rarest; and what else each needs."""
    needed = [_without_wider(node.clauses()) for node in nodes]
    used: Counter[int] = Counter(atom for clauses in needed for clause in clauses for atom in clause)
    bounded, other = _Gathered(), _Gathered()
    rest: list[Clauses] = []
    for number, (node, clauses) in enumerate(zip(nodes, needed, strict=True)):
        table = bounded if _is_plain(node) and scores[number] > 1 else other
        ordered = sorted(clauses, key=lambda clause: (sum(used[atom] for atom in clause), len(clause)))
        if len(ordered) > 1 and len(ordered[0]) * len(ordered[1]) <= _MAX_PAIRS:
            for one, two in product(ordered[0], ordered[1]):
                table.pairs[one][two].append(number)
                table.pairs[two][one].append(number)
            rest.append(ordered[2:])
        else:
            for atom in ordered[0] if ordered else ():
                table.alone[atom].append(number)
            rest.append(ordered[1:])
    always = tuple(number for number, clauses in enumerate(needed) if not clauses)
    return Index(bounded=bounded.table(scores), other=other.table(scores), always=always), rest


class _Gathered:
    """A table of the index in the making."""

    def __init__(self) -> None:
        self.alone: dict[int, list[int]] = defaultdict(list)
        self.pairs: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))

    def table(self, scores: Sequence[int]) -> Table:
        """What was gathered; a score is rounded, so one less than asked for may be enough."""

        def group(numbers: Sequence[int]) -> Group:
            return Group(tuple(numbers), (min(scores[number] for number in numbers) - 1) / 100)

        alone = {atom: group(numbers) for atom, numbers in self.alone.items()}
        pairs = {one: {other: group(numbers) for other, numbers in others.items()} for one, others in self.pairs.items()}
        groups = [*alone.values(), *(each for others in pairs.values() for each in others.values())]
        least = min((each.least for each in groups), default=0.0)
        return Table(alone=alone, pairs=pairs, atoms=frozenset(alone), pair_atoms=frozenset(pairs), least=least)


def _is_plain(node: Node) -> bool:
    """Whether the prominence of its one or two words bounds that of the whole."""
    if isinstance(node, Leaf):
        return not node.in_url
    return isinstance(node, Every) and len(node.parts) == 2 and all(isinstance(part, Leaf) and not part.in_url for part in node.parts)


def _without_wider(clauses: Clauses) -> Clauses:
    """Without clauses that hold whenever a narrower one does."""
    kept: Clauses = []
    for clause in sorted(set(clauses), key=len):
        if not any(narrower <= clause for narrower in kept):
            kept.append(clause)
    return kept
