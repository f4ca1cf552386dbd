"""Where sentences and paragraphs begin in an article's title, summary and text; pure.

A full stop ends a sentence unless what stands before it is an abbreviation, an initial or a short number, or what follows goes on in
small letters. Chinese, Japanese, Arabic and Hindi marks end one without a space. A line ends a paragraph unless the text is wrapped
at a fixed width, as wire copy is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from wirewatch.topics.text import FULL_STOPS, LINES, STOPS

TITLE, SUMMARY, TEXT = range(3)
"""The fields of an article."""
FIELDS = ("title", "summary", "text")

LONGEST = 1000
"""Characters after which a sentence without an end is taken to have ended."""

_CLOSING = r"\"'”’»›)\]」』）》】"
_OPENING = r"\"'“‘«‹„(\["
_STOP = re.compile(rf"([.!?…‽]++[{_CLOSING}]*+)\s++[{_OPENING}]*+")
_FULL_STOP = re.compile(rf"([{FULL_STOPS}.!?…‽]++[{_CLOSING}]*+)\s*+[{_OPENING}]*+")
"""They end a sentence without a space behind them."""
_LINE = re.compile(rf"(\s++)[{_OPENING}]*+")
_LONG = 8
"""Letters that no abbreviation has."""
_LAST = frozenset(' \t\n.!?。:;"”')
"""With one of these a line ends where its writer meant it to."""
_BLANK = re.compile(r"[ \t]{2}|[ \t\r]*+\n")

_WRITTEN = """
mr mrs ms dr prof gen sen rep gov lt col sgt capt cmdr adm maj pvt hon rev fr st sr jr vs etc inc ltd co corp bros dept univ
cf eg ie eds vol pp jan feb apr jun jul aug sep sept oct nov tue wed thu fri tel nb approx
hr bzw ca nr str usw evtl ggf inkl sog vgl geb abs abt mio mrd bv
mme mlle mm env sra srta dra ud uds pág núm aprox excmo dott avv onn
г гг т д п стр ул пр пл им тыс млн млрд руб коп см др проф акад ген гос обл р н напр
"""
_ABBREVIATED = frozenset(_WRITTEN.split())
"""English, German, Romance languages, Russian; none that is a word of its own in one of them."""


class Bounds:
    """The sentences of one article, counted through all fields; found as far as somebody asks.

    `marks` are the offsets in the joined fields of all that may end a sentence or line, `fields` say where each field lies.
    """

    def __init__(self, joined: str, marks: Sequence[int], fields: Sequence[tuple[int, int]]) -> None:
        self._joined = joined
        self._marks = marks
        self._wrapped = _is_wrapped(joined, marks)
        self.starts: list[int] = []
        self._lines: list[int] = []
        """Where paragraphs end."""
        self._firsts = [0, 0, 0]
        """The first sentence of each field."""
        self._rest: Iterator[int] = iter(())
        at = 0
        for field, (begin, end) in enumerate(fields):
            self.starts.extend(self._rest)
            self._firsts[field] = len(self.starts)
            self._lines.append(max(begin - 1, 0))
            upto = bisect_right(marks, end, at)
            filled = end > begin and not joined[begin:end].isspace()
            self._rest = _sentences(joined, marks[at:upto], begin, end, self._lines, wrapped=self._wrapped) if filled else iter(())
            at = upto

    def roughly(self, begin: int, end: int) -> int:
        """About how many sentences a stretch has, found without looking at abbreviations."""
        joined = self._joined
        found = 1
        for mark in self._marks[bisect_left(self._marks, begin) : bisect_left(self._marks, end - 1)]:
            char, after = joined[mark], joined[mark + 1]
            if char == "\n":
                found += not (self._wrapped or joined[mark - 1].isspace() or joined[mark - 1] in STOPS)
            else:
                found += char in FULL_STOPS or after.isspace()
        return found

    def at(self, position: int) -> tuple[int, int, int]:
        """The sentence that a character of the joined fields is in, its rank, and its field."""
        while not self.starts or self.starts[-1] <= position:
            start = next(self._rest, None)
            if start is None:
                break
            self.starts.append(start)
        return self.place(bisect_right(self.starts, position) - 1)

    def place(self, sentence: int) -> tuple[int, int, int]:
        """A sentence, its rank, and its field.

        Ranks are 0 in the title, then 1, 2, … in the summary and again in the text, which stand side by side: a summary mostly says
        what the text begins with.
        """
        _, summary, text = self._firsts
        if sentence >= text:
            return sentence, sentence - text + 1, TEXT
        if sentence >= summary:
            return sentence, sentence - summary + 1, SUMMARY
        return sentence, 0, TITLE

    def after(self, count: int) -> int | None:
        """Where the text goes on after so many sentences; None: it does not."""
        wanted = self._firsts[TEXT] + count
        while len(self.starts) <= wanted:
            start = next(self._rest, None)
            if start is None:
                return None
            self.starts.append(start)
        return self.starts[wanted]

    def paragraph(self, sentence: int) -> int:
        """The paragraph that a sentence which was asked for begins in, counted through all fields."""
        return bisect_right(self._lines, self.starts[sentence])


def _sentences(joined: str, marks: Sequence[int], begin: int, end: int, lines: list[int], *, wrapped: bool) -> Iterator[int]:
    """Where the sentences of one field start, long ones divided; ends of paragraphs are added to `lines`."""
    last = done = begin
    yield begin
    for mark in marks:
        if mark < done:
            continue
        char = joined[mark]
        if char in LINES:
            if wrapped and not _BLANK.match(joined, mark + 1):
                continue
            found = _LINE.match(joined, mark)
            lines.append(mark)
        else:
            found = (_FULL_STOP if char in FULL_STOPS else _STOP).match(joined, mark)
        if found is None:
            continue
        start = found.end()
        done = found.end(1)
        if start >= end:
            break
        if start > last and (char != "." or _ends(joined, mark, start)) and not (char in "!?…‽" and joined[start].islower()):
            yield from range(last + LONGEST, start, LONGEST)
            yield start
            last = start
    yield from range(last + LONGEST, end, LONGEST)


def _ends(joined: str, mark: int, following: int) -> bool:
    """Whether a full stop, with white space behind it and the next word at `following`, ends a sentence."""
    if joined[following].islower():
        return False
    near = joined[max(mark - _LONG, 0) : mark]
    if near.isalnum() or joined[mark + 1] in STOPS:
        return True
    words = near.split()
    if not words or near[-1].isspace():
        return True
    word = words[-1].lstrip("\"'“‘«„([")
    if "." in word or len(word) == 1 or (len(word) <= 2 and word.isdigit()):
        return False
    bare = word.casefold()
    return bare not in _ABBREVIATED and not (bare in ("no", "nos", "nr", "fig", "art", "sec") and joined[following].isdigit())


def _is_wrapped(joined: str, marks: Sequence[int]) -> bool:
    """Whether lines end at a fixed width rather than where paragraphs do."""
    count = joined.count("\n")
    if count < 3 or len(joined) / count >= 120:
        return False
    lines = [mark for mark in marks if joined[mark] == "\n"]
    inside = sum(joined[line - 1] not in _LAST and joined[line + 1].isalpha() for line in lines)
    return inside * 2 > len(lines)
