"""Which occurrences of a rule's parts stand together; pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from wirewatch.topics.occurrence import IN_URL, Occurrence
from wirewatch.topics.reading import Reading


@dataclass(frozen=True, slots=True)
class Window:
    """How near the parts of a rule must stand."""

    unit: str
    """`word`, `sentence` or `paragraph`."""
    span: int
    """Greatest difference of the units' numbers: 0 is the same sentence."""


NEAR = Window("sentence", 1)
"""What counts as near where a rule does not say."""


def window(written: object) -> Window | None:
    """The window that `within` writes; None where the parts may stand anywhere."""
    match = re.fullmatch(r"(?:(\d+) )?(word|sentence|paragraph|document)s?", str(written)) if written is not None else None
    if match is None or match[2] == "document":
        return None
    count = int(match[1] or 1)
    return Window(match[2], count if match[2] == "word" else count - 1)


def together(parts: Sequence[Sequence[Occurrence]], need: int, within: Window, reading: Reading) -> list[list[Occurrence]] | None:
    """Of each part, the occurrences in some window that holds `need` different parts; None where there is no such window."""
    at = _coordinate(within, reading)
    merged = [(at(each), part, each) for part, occurrences in enumerate(parts) for each in occurrences]
    merged.sort(key=itemgetter(0))
    inside = [0] * len(parts)
    different = left = marked = 0
    chosen: list[list[Occurrence]] = [[] for _ in parts]
    found = False
    for right, (position, part, _) in enumerate(merged):
        different += inside[part] == 0
        inside[part] += 1
        while position - merged[left][0] > within.span:
            leaving = merged[left][1]
            inside[leaving] -= 1
            different -= inside[leaving] == 0
            left += 1
        if different >= need:
            found = True
            for _, other, occurrence in merged[max(left, marked) : right + 1]:
                chosen[other].append(occurrence)
            marked = right + 1
    return chosen if found else None


def repeated(occurrences: Sequence[Occurrence], need: int, within: Window, reading: Reading) -> list[Occurrence] | None:
    """The occurrences in some window that holds `need` of them."""
    at = _coordinate(within, reading)
    placed = sorted(((at(each), each) for each in occurrences), key=itemgetter(0))
    chosen: dict[Occurrence, None] = {}
    for first in range(len(placed) - need + 1):
        if placed[first + need - 1][0] - placed[first][0] <= within.span:
            chosen.update(dict.fromkeys(each for _, each in placed[first : first + need]))
    return list(chosen) or None


def in_order(parts: Sequence[Sequence[Occurrence]], within: Window | None, reading: Reading) -> list[list[Occurrence]] | None:
    """Of each part, the occurrences that stand one after the other in some window; None where they nowhere do."""
    at = _coordinate(within or NEAR, reading)
    span = (within or NEAR).span if within is not None else None
    chosen: list[dict[Occurrence, None]] = [{} for _ in parts]
    following = [sorted(part) for part in parts]
    starts = [[each.start for each in part] for part in following]
    for first in following[0]:
        chain = [first]
        for part, begins in zip(following[1:], starts[1:], strict=True):
            index = bisect_left(begins, chain[-1].end)
            if index == len(part):
                break
            chain.append(part[index])
        if len(chain) == len(parts) and chain[-1].field == first.field and (span is None or at(chain[-1]) - at(first) <= span):
            for kept, each in zip(chosen, chain, strict=True):
                kept[each] = None
    return [list(each) for each in chosen] if chosen[0] else None


def apart(one: int, other: int, within: Window, reading: Reading) -> bool:
    """Whether two concepts or phrases cannot stand together, by a quick look at sentences alone."""
    if within.unit != "sentence" or within.span > 3:
        return False
    return _ranks(one, within.span, reading).isdisjoint(_ranks(other, 0, reading))


def _ranks(atom: int, reach: int, reading: Reading) -> frozenset[int]:
    key = (atom, reach)
    known = reading.ranks.get(key)
    if known is None:
        ranks = {each.rank for each in reading.occurrences(atom)}
        known = frozenset(rank + step for rank in ranks for step in range(-reach, reach + 1))
        reading.ranks[key] = known
    return known


def _coordinate(within: Window, reading: Reading) -> Callable[[Occurrence], int]:
    if within.unit == "sentence":
        return _rank
    if within.unit == "paragraph":
        paragraph = reading.bounds.paragraph
        return lambda each: paragraph(each.sentence) if each.sentence != IN_URL else 0
    return lambda each: reading.word(each.start) if each.sentence != IN_URL else 0


def _rank(each: Occurrence) -> int:
    return each.rank
