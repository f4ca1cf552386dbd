"""Which articles are one story: the same text, taken over by several; pure.

Articles that report the same event in words of their own are different stories: two newsrooms that both write about something
are more than one that is copied.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wirewatch.stories.signature import Signature, containment, shared_numbers, similarity, tokens, unpack

SIMILAR = 0.45
"""Texts of this estimated similarity are the same text with edits."""
CONTAINED = 0.5
"""So much of the shorter text in the longer one: a copy that was cut and given lines of its own."""
SAME_NUMBERS = 0.4
"""Texts that share fewer of their numbers, two by two, are one form with other values: yesterday's weather, another fund's report."""
CONTAINED_SHINGLES = 30
"""Of shorter texts, containment says too little."""
SAME_TITLE = 0.75
"""Share of title words that two titles have in common, where only titles can be compared."""
TITLE_WORDS = 5
"""Shorter titles (`Live updates`) say too little."""
FULL_SHINGLES = 60
"""Texts with fewer are summaries: their titles decide."""

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article as grouping sees it."""

    id: str
    title: str
    at: datetime
    """When it was first seen."""
    bands: tuple[str, ...]
    fingerprint: str | None
    story_id: str | None = None
    """None: to be assigned."""


class Index:
    """Articles with a story, found by their look-up keys."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._by_band: dict[str, list[_Seen]] = defaultdict(list)
        self._known: set[str] = set()
        for each in items:
            self.add(each)

    def add(self, item: Item) -> None:
        """Take up an article that has a story; one already known is left as it is."""
        if item.story_id is None or item.id in self._known:
            return
        self._known.add(item.id)
        seen = _Seen(item, item.story_id)
        for band in item.bands:
            self._by_band[band].append(seen)

    def story_of(self, item: Item, window: timedelta) -> str | None:
        """The story of the article most like this one, first seen within `window` of it, or None."""
        mine = _Seen(item, item.id)
        tried: set[str] = set()
        best: tuple[float, float, str] | None = None
        for band in item.bands:
            for other in self._by_band.get(band, ()):
                if other.item.id in tried or abs(other.item.at - item.at) > window:
                    continue
                tried.add(other.item.id)
                score = likeness(mine, other)
                rank = (score, -other.item.at.timestamp(), other.story_id)
                if score > 0 and (best is None or rank > best):
                    best = rank
        return None if best is None else best[2]


class _Seen:
    """An article with what is compared, worked out once."""

    __slots__ = ("item", "numbers", "signature", "story_id", "words")

    def __init__(self, item: Item, story_id: str) -> None:
        self.item = item
        self.story_id = story_id
        self.signature: Signature | None = unpack(item.fingerprint)
        self.words = frozenset(tokens(item.title))
        self.numbers = frozenset(_NUMBER.findall(item.title))


def assign(new: Sequence[Item], candidates: Iterable[Item] | Index = (), *, window: timedelta = timedelta(hours=72)) -> Mapping[str, str]:
    """The story id of every new article: that of its near-duplicate, else its own id; ids once given never change.

    Articles are taken in the order in which they were first seen, so the story is named after the first. An `Index` given as
    `candidates` grows by the new articles, so that batches can follow each other.
    """
    index = candidates if isinstance(candidates, Index) else Index(candidates)
    stories: dict[str, str] = {}
    for item in sorted(new, key=lambda each: (each.at, each.id)):
        story = item.story_id or index.story_of(item, window) or item.id
        stories[item.id] = story
        index.add(Item(id=item.id, title=item.title, at=item.at, bands=item.bands, fingerprint=item.fingerprint, story_id=story))
    return stories


def likeness(first: _Seen, second: _Seen) -> float:
    """How much two articles are the same text, 0 (they are not) to 1."""
    mine, theirs = first.signature, second.signature
    if mine is not None and theirs is not None:
        numbers = shared_numbers(mine, theirs)
        if numbers is not None and numbers < SAME_NUMBERS:
            return 0.0
    if mine is not None and theirs is not None and min(mine.shingles, theirs.shingles) >= CONTAINED_SHINGLES:
        score = similarity(mine, theirs)
        if score >= SIMILAR or containment(mine, theirs) >= CONTAINED:
            return max(score, SIMILAR)
        if min(mine.shingles, theirs.shingles) >= FULL_SHINGLES:
            return 0.0
    return _titles(first, second)


def _titles(first: _Seen, second: _Seen) -> float:
    if min(len(first.words), len(second.words)) < TITLE_WORDS or first.numbers != second.numbers:
        return 0.0
    score = len(first.words & second.words) / len(first.words | second.words)
    return score if score >= SAME_TITLE else 0.0
