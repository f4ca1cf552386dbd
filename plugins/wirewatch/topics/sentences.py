"""Where sentences and paragraphs begin in an article's title, summary and text; pure.

A full stop ends a sentence unless what stands before it is an abbreviation, an initial or a short number, or what follows goes on in
small letters. Chinese, Japanese, Arabic and Hindi marks end one without a space. A line ends a paragraph unless the text is wrapped
at a fixed width, as wire copy is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from wirewatch.topics.text import SEPARATOR

TITLE, SUMMARY, TEXT = range(3)
"""The fields of an article."""
FIELDS = ("title", "summary", "text")

LONGEST = 1000
"""Characters after which a sentence without an end is taken to have ended."""

_ENDS = re.compile(
    r"(?<![.!?…‽])[.!?…‽]++[\"'”’»›)\]」』]*+(?=\s)"  # needs white space behind it
    r"|[。！？｡؟۔।॥።]++[\"'”’»›)\]」』”’）》]*+"
    rf"|\n|{SEPARATOR}"
)
_NEXT = re.compile(r"[\s\"'“‘«‹„(\[]*+")
_WRAPPED = re.compile(r"[^\s.!?。:;\"”]\n(?=[^\W\d_])")
_BLANK = re.compile(r"[ \t\r]*+(?:\n|[ \t]{2})")

_WRITTEN = """
mr mrs ms dr prof gen sen rep gov lt col sgt capt cmdr adm maj pvt hon rev fr st sr jr no nos vs etc inc ltd co corp bros dept univ
est al cf eg ie ed eds vol fig pp art sec jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun tel nb
hr bzw ca nr str usw evtl ggf inkl sog vgl geb abs abt mio mrd bv
mme mlle mm me av env sra srta dra ud uds pág núm aprox excmo sig dott ing avv on onn
г гг т д п стр ул пр пл им тыс млн млрд руб коп см др проф акад ген гос обл р н напр
"""
_ABBREVIATED = frozenset(_WRITTEN.split())
"""English, German, Romance languages, Russian."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The sentences of one article, its fields joined by `SEPARATOR`."""

    starts: tuple[int, ...]
    """Where each sentence starts."""
    fields: tuple[int, ...]
    ranks: tuple[int, ...]
    """Of each sentence: 0 in the title, then 1, 2, … in the summary and again in the text, which stand side by side: a summary mostly
    says what the text begins with.
    """
    paragraphs: tuple[int, ...]
    """Of each sentence; counted through all fields."""
    counts: tuple[int, int, int]
    """Sentences of each field."""

    def at(self, position: int) -> int:
        """The sentence that a character of the joined fields is in."""
        return bisect_right(self.starts, position) - 1


def bounds(joined: str, *, limit: int = 20_000) -> Bounds:
    """The sentences of joined fields; beyond `limit` of them the last one is taken to go on."""
    wrapped = _is_wrapped(joined)
    starts, fields, paragraphs = [0], [TITLE], [0]
    field = TITLE
    for match in _ENDS.finditer(joined):
        end, mark = match.end(), match[0]
        paragraph = False
        if mark == SEPARATOR:
            field += 1
            paragraph = True
        elif mark == "\n":
            if wrapped and not _BLANK.match(joined, end):
                continue
            paragraph = True
        elif joined[end - 1 : end].isspace() or not _ends(joined, match.start(), end, mark):
            continue
        start = _NEXT.match(joined, end).end()  # type: ignore[union-attr]  # it matches nothing at least
        start = end if SEPARATOR in joined[end:start] else start
        if not joined[starts[-1] : match.start()].strip(f" \n\t\r{SEPARATOR}") and fields[-1] == field:
            # Nothing but space since the last bound: the same one, seen again.
            starts[-1] = start
            paragraphs[-1] += int(paragraph and len(paragraphs) > 1 and paragraphs[-1] == paragraphs[-2])
            continue
        if len(starts) >= limit and mark != SEPARATOR:
            continue
        starts.append(start)
        fields.append(field)
        paragraphs.append(paragraphs[-1] + int(paragraph))
    return _counted(joined, starts, fields, paragraphs)


def _counted(joined: str, starts: list[int], fields: list[int], paragraphs: list[int]) -> Bounds:
    """Long stretches divided, empty fields left without sentences, and every sentence given its rank."""
    ends = [*starts[1:], len(joined)]
    cut: list[tuple[int, int, int, bool]] = []
    for start, end, field, paragraph in zip(starts, ends, fields, paragraphs, strict=True):
        empty = not joined[start:end].strip(f" \n\t\r{SEPARATOR}")
        cut.extend((at, field, paragraph, empty) for at in range(start, max(end, start + 1), LONGEST))
    counts = [0, 0, 0]
    ranks: list[int] = []
    for _, field, _, empty in cut:
        ranks.append(0 if field == TITLE else counts[field] + (0 if empty else 1))
        counts[field] += int(not empty)
    return Bounds(
        starts=tuple(at for at, _, _, _ in cut),
        fields=tuple(field for _, field, _, _ in cut),
        ranks=tuple(ranks),
        paragraphs=tuple(paragraph for _, _, paragraph, _ in cut),
        counts=(counts[0], counts[1], counts[2]),
    )


def _ends(joined: str, start: int, end: int, mark: str) -> bool:
    """Whether the mark at `start` ends a sentence."""
    if mark[0] in "。！？｡؟۔।॥።":
        return True
    following = _NEXT.match(joined, end).end()  # type: ignore[union-attr]  # it matches nothing at least
    if joined[following : following + 1].islower():
        return False
    if mark[0] != "." or (len(mark) > 1 and mark[1] in ".!?"):
        return True
    head = max(joined.rfind(" ", max(0, start - 40), start), joined.rfind("\n", max(0, start - 40), start)) + 1
    word = joined[head:start].lstrip("\"'“‘«„([")
    if not word or "." in word:
        return not word
    if len(word) == 1 and word.isupper():
        return False
    if word.isdigit() and len(word) <= 2:
        return False
    return word.casefold() not in _ABBREVIATED


def _is_wrapped(joined: str) -> bool:
    """Whether lines end at a fixed width rather than where paragraphs do."""
    lines = joined.count("\n")
    if lines < 3:
        return False
    inside = sum(1 for _ in _WRAPPED.finditer(joined))
    return inside * 2 > lines and len(joined) / (lines + 1) < 120
