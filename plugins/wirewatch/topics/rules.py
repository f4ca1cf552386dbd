"""Rules as they are evaluated: a tree of nodes, and what must occur for one to hold at all; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, cast

from wirewatch.topics import score
from wirewatch.topics.near import NEAR, Window, apart, in_order, repeated, together, window
from wirewatch.topics.occurrence import Occurrence
from wirewatch.topics.reading import Extent, Reading
from wirewatch.topics.sentences import TEXT

Clauses = list[frozenset[int]]
"""Sets of atoms, of each of which one must occur."""


@dataclass(frozen=True, slots=True)
class About:
    """What a rule may ask of an article besides its words."""

    publisher: str | None
    country: str | None
    kind: str | None
    language: str | None
    at: date | None = None
    """The day that it counts for; None: any."""


@dataclass(slots=True)
class Finding:
    """That a node holds: where, and how prominently."""

    parts: Sequence[Sequence[Occurrence]]
    """The occurrences that make it hold, by part."""
    prominence: float

    @property
    def occurrences(self) -> list[Occurrence]:
        """All of them."""
        return [each for part in self.parts for each in part]


class Node(Protocol):
    """A part of a rule."""

    @property
    def weight(self) -> float:
        """How much its occurrences say."""

    def find(self, reading: Reading, about: About) -> Finding | None:
        """Where it holds; None: nowhere."""

    def limit(self, reading: Reading) -> tuple[Extent, float]:
        """How much may occur of it, and the greatest prominence that it may have, without a closer look."""

    def clauses(self) -> Clauses:
        """What must occur for it to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A concept or phrase occurs, `need` times."""

    atom: int
    weight: float = 1.0
    need: int = 1
    within: Window | None = None
    places: tuple[frozenset[str], ...] = ()
    """Of each, it must stand in one."""

    @property
    def in_url(self) -> bool:
        """Whether it may stand in the address."""
        return bool(self.places) and all("url" in places for places in self.places)

    def find(self, reading: Reading, about: About) -> Finding | None:  # noqa: ARG002 - a `Node`
        """Where it occurs in the places asked for."""
        found: Sequence[Occurrence] | None = reading.occurrences(self.atom)
        if self.places:
            found = [each for each in found or () if all(_stands(each, places) for places in self.places)]
            if self.in_url:
                found = [*reading.in_address(self.atom), *found]
        if found and self.need > 1:
            found = _repeats(found, self.need, self.within, reading)
        if not found:
            return None
        if not self.places and self.need == 1:
            return Finding((found,), reading.prominence(self.atom))
        return Finding((found,), score.prominence((found,), 1, reading.bounds))

    def limit(self, reading: Reading) -> tuple[Extent, float]:
        """By the number of its finds; an address is read last."""
        if self.in_url:
            return (len(reading.folded), 0), 1.0
        return reading.extent(self.atom), reading.ceiling(self.atom)

    def clauses(self) -> Clauses:
        """Itself; nothing of the text where it may stand in the address."""
        return [] if self.in_url else [frozenset((self.atom,))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """At least `need` different members hold."""

    members: tuple[Node, ...]
    need: int = 1
    weight: float = 1.0
    within: Window | None = None

    def find(self, reading: Reading, about: About) -> Finding | None:
        """The members that hold."""
        found = [(member, finding) for member in self.members if (finding := member.find(reading, about)) is not None]
        if len(found) < self.need:
            return None
        parts: list[list[Occurrence]] = [finding.occurrences for _, finding in found]
        if self.within is not None and self.need > 1:
            near = together(parts, self.need, self.within, reading)
            if near is None:
                return None
            parts = [part for part in near if part]
        strongest = max(member.weight for member, _ in found)
        union = [each for part in parts for each in part]
        if self.need > 1:
            return Finding([union], score.weighed(score.prominence((union,), 1, reading.bounds), strongest))
        # Words for the same add up; a word of a member that needs several says nothing without the others.
        words = [each for _, finding in found if len(finding.parts) < 2 for each in finding.occurrences]
        whole = score.weighed(score.prominence((words,), 1, reading.bounds), strongest) if words else 0.0
        return Finding([union], max(whole, *(score.weighed(finding.prominence, member.weight) for member, finding in found)))

    def limit(self, reading: Reading) -> tuple[Extent, float]:
        """By all finds together."""
        limits = [(member.weight, *member.limit(reading)) for member in self.members]
        extent = sum(count for _, (count, _), _ in limits), min(first for _, (_, first), _ in limits)
        whole = score.weighed(reading.at_most(extent), max(weight for weight, _, _ in limits))
        return extent, max(whole, *(score.weighed(greatest, weight) for weight, _, greatest in limits))

    def clauses(self) -> Clauses:
        """One of what its members need most narrowly."""
        union: set[int] = set()
        for member in self.members:
            own = member.clauses()
            if not own:
                return []
            union |= min(own, key=len)
        return [frozenset(union)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """All parts hold, none of `without` does, and the conditions are met."""

    parts: tuple[Node, ...]
    without: tuple[Node, ...] = ()
    conditions: tuple[Callable[[About], bool], ...] = ()
    within: Window | None = None
    ordered: bool = False
    """The parts stand one after the other."""
    weight: float = 1.0

    def find(self, reading: Reading, about: About) -> Finding | None:
        """The parts, and how near they stand."""
        if not all(condition(about) for condition in self.conditions):
            return None
        if self.within is not None and self._cannot(self.within, reading):
            return None
        found: list[Finding] = []
        for part in self.parts:
            finding = part.find(reading, about)
            if finding is None:
                return None
            found.append(finding)
        for part in self.without:
            if part.find(reading, about) is not None:
                return None
        if len(found) < 2:
            return found[0] if found else Finding((), 0.0)
        return self._joined(found, reading)

    def _cannot(self, within: Window, reading: Reading) -> bool:
        one, other = self.parts[0], self.parts[-1]
        if not (isinstance(one, Leaf) and isinstance(other, Leaf)) or one.in_url or other.in_url:
            return False
        return one.atom != other.atom and apart(one.atom, other.atom, within, reading)

    def _joined(self, found: Sequence[Finding], reading: Reading) -> Finding | None:
        worded = [(part, finding) for part, finding in zip(self.parts, found, strict=True) if any(finding.parts)]
        if len(worded) < 2:
            return worded[0][1] if worded else Finding((), 0.0)
        parts = [finding.occurrences for _, finding in worded]
        near = in_order(parts, self.within, reading) if self.ordered else together(parts, len(parts), self.within or NEAR, reading)
        if near is None and (self.ordered or self.within is not None):
            return None
        own = score.combined([finding.prominence for _, finding in worded], [part.weight for part, _ in worded])
        kind = _kind(parts, reading)
        side = None if near is None else score.prominence(near, len(near), reading.bounds, reading.crowd(kind) if kind else None)
        whole = score.joined(side, own)
        # Of a rule that lists who may stand for either side, those are no rivals whom it does not list: whoever tells of it is named too.
        if kind and all(isinstance(part, Leaf) for part in self.parts):
            weakest = min(finding.prominence for _, finding in worded)
            whole *= score.beside(weakest, reading.rival(kind, frozenset(each.atom for part in parts for each in part), weakest))
        return Finding(near if near is not None else parts, whole)

    def limit(self, reading: Reading) -> tuple[Extent, float]:
        """By the parts that have finds."""
        limits = [(part.weight, *part.limit(reading)) for part in self.parts]
        worded = [each for each in limits if each[1][0]]
        if not worded:
            return (0, len(reading.folded)), 0.0
        extent = max(count for _, (count, _), _ in worded), min(first for _, (_, first), _ in worded)
        if len(worded) < 2:
            return extent, worded[0][2]
        own = score.combined([greatest for _, _, greatest in worded], [weight for weight, _, _ in worded])
        return extent, score.joined(reading.at_most(extent), own)

    def clauses(self) -> Clauses:
        """All that its parts need."""
        return [clause for part in self.parts for clause in part.clauses()]


def _kind(parts: Sequence[Sequence[Occurrence]], reading: Reading) -> str:
    """The kind that all parts are of, as two countries are; empty where they are not."""
    kinds = [{reading.family(each.atom) for each in part} for part in parts]
    return min(set.intersection(*kinds) - {""}, default="")


def _repeats(found: Sequence[Occurrence], need: int, within: Window | None, reading: Reading) -> Sequence[Occurrence] | None:
    if within is not None:
        return repeated(found, need, within, reading)
    return found if len(found) >= need else None


def _stands(each: Occurrence, places: frozenset[str]) -> bool:
    if each.in_title:
        return "title" in places
    return ("lead" in places and each.in_lead) or ("text" in places and each.field == TEXT)


class Builder:
    """Makes nodes of a rule's plain data; `atom` numbers concepts and phrases."""

    def __init__(self, concept: Callable[[str], int], phrase: Callable[[str], int]) -> None:
        self._concept = concept
        self._phrase = phrase

    def build(self, rule: Mapping[str, Any] | str, places: tuple[frozenset[str], ...] = ()) -> Node:
        """The node of a rule; `places` are those that the nodes around it allow."""
        if isinstance(rule, str):
            return Leaf(atom=self._phrase(rule), places=places)
        if "in" in rule:
            places = (*places, frozenset(_list(rule["in"])))
        within = window(rule.get("within"))
        need = int(rule.get("at_least", 1))
        weight = float(rule.get("weight", 1.0))
        parts: list[Node] = []
        for key, atom in (("concept", self._concept), ("phrase", self._phrase)):
            if key in rule:
                parts.append(Leaf(atom=atom(rule[key]), need=need, within=within, places=places, weight=weight))
        for key, atom in (("concepts", self._concept), ("phrases", self._phrase)):
            if key in rule:
                members: Iterable[Node] = (Leaf(atom=atom(each), places=places) for each in dict.fromkeys(_list(rule[key])))
                parts.append(Some(members=tuple(members), need=need, within=within, weight=weight))
        if "any" in rule:
            members = (self.build(each, places) for each in rule["any"])
            parts.append(Some(members=tuple(members), need=need, within=within, weight=weight))
        parts.extend(self.build(each, places) for each in rule.get("all", ()))
        without = tuple(self.build(each, places) for each in rule.get("none", ()))
        conditions = tuple(_conditions(rule))
        if len(parts) == 1 and not without and not conditions:
            return parts[0]
        return Every(
            parts=tuple(parts), without=without, conditions=conditions, within=within, ordered=bool(rule.get("ordered")), weight=weight
        )


def _list(value: object) -> Sequence[str]:
    return [value] if isinstance(value, str) else cast("Sequence[str]", value)


def _conditions(rule: Mapping[str, Any]) -> Iterable[Callable[[About], bool]]:
    for name in ("publisher", "country", "kind", "language"):
        if name in rule:
            yield _one_of(name, frozenset(map(str, _list(rule[name]))))
    if "from" in rule or "until" in rule:
        yield _between(date.fromisoformat(str(rule.get("from", date.min))), date.fromisoformat(str(rule.get("until", date.max))))


def _between(first: date, last: date) -> Callable[[About], bool]:
    return lambda about: about.at is None or first <= about.at <= last


def _one_of(name: str, allowed: frozenset[str]) -> Callable[[About], bool]:
    return lambda about: getattr(about, name) in allowed
