"""Where sentences and paragraphs begin in an article's title, summary and text; pure.

A full stop ends a sentence unless it is one of several, or what stands before it is an abbreviation, an initial or a short number;
whether capitals follow does not count, as there are none in many scripts and headlines. Chinese, Japanese, Arabic and Hindi marks end
one without a space. A line ends a paragraph unless the text is wrapped at a fixed width, as wire copy is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

TITLE, SUMMARY, TEXT, URL = range(4)
"""The fields of an article."""
FIELDS = ("title", "summary", "text", "url")

LONGEST = 1000
"""Characters after which a sentence without an end is taken to have ended."""

_STOPS = ".!?…‽"
_FULL_STOPS = "。！？｡؟۔।॥።"
"""They end a sentence without a space behind them."""
_LINES = "\n\u2028\u2029"
_CLOSING = r"\"'”’»›)\]」』）》】"
_OPENING = r"\"'“‘«‹„(\["
_END = re.compile(rf"([{_STOPS}{_FULL_STOPS}{_LINES}][{_STOPS}{_FULL_STOPS}]*+[{_CLOSING}]*+)(\s*+)[{_OPENING}]*+")
_LONG = 8
"""Letters that no abbreviation has."""
_LONGER = 7
"""Letters that end no abbreviation: the longest has six."""
_NUMBERED = frozenset(("no", "nr", "p"))
"""Abbreviations where a number follows."""
_LINE = re.compile("\n")
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
    """The sentences of one article, counted through all fields; found as far as somebody asks. `fields` say where each field lies."""

    def __init__(self, joined: str, fields: Sequence[tuple[int, int]]) -> None:
        self._joined = joined
        self._wrapped = _is_wrapped(joined)
        self.starts: list[int] = []
        self._lines: list[int] = []
        """Where paragraphs end."""
        self._firsts = [0, 0, 0]
        """The first sentence of each field."""
        self._rest: Iterator[int] = iter(())
        self._begin = fields[SUMMARY][0]
        for field, (begin, end) in enumerate(fields):
            self.starts.extend(self._rest)
            self._firsts[field] = len(self.starts)
            self._lines.append(max(begin - 1, 0))
            filled = end > begin and not joined[begin:end].isspace()
            self._rest = _sentences(joined, begin, end, self._lines, wrapped=self._wrapped) if filled else iter(())

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

    def lead(self, count: int) -> list[int]:
        """Where summary or text begin, and then each further sentence of the text up to the one behind the first `count`.

        Where there are fewer, their places are past the end.
        """
        self.length(count + 1)
        text = self._firsts[TEXT]
        after = self.starts[text + 1 : text + count + 1]
        return [self._begin, *after, *([len(self._joined)] * (count - len(after)))]

    def length(self, enough: int | None = None) -> int:
        """How many sentences the text has (or the summary, where there is no text), counted as far as is `enough`."""
        _, summary, text = self._firsts
        wanted = None if enough is None else max(0, text + enough - len(self.starts))
        self.starts.extend(islice(self._rest, wanted))
        return len(self.starts) - text or text - summary

    def paragraph(self, sentence: int) -> int:
        """The paragraph that a sentence which was asked for begins in, counted through all fields."""
        return bisect_right(self._lines, self.starts[sentence])


def _sentences(joined: str, begin: int, end: int, lines: list[int], *, wrapped: bool) -> Iterator[int]:
    """Where the sentences of one field start, long ones divided; ends of paragraphs are added to `lines`."""
    last = begin
    yield begin
    for match in _END.finditer(joined, begin, end + 1):
        mark, start = match.span()
        if start >= end:
            break
        char = joined[mark]
        after, upto = match.span(2)
        if after == upto and char in _STOPS:
            continue
        if char in _LINES or joined[after:upto] not in ("", " "):
            line = mark if char in _LINES else _line_in(joined, after, upto)
            if line is not None and (not wrapped or _BLANK.match(joined, line + 1)):
                lines.append(line)
            elif char in _LINES:
                continue
        # Most sentences end with a word that is no abbreviation at a glance.
        plain = char == "." and joined[mark + 1] == " " and joined[mark - _LONGER : mark].isalpha()
        if not plain and char in _STOPS and not _ends(joined, mark, start):
            continue
        if start > last:
            if start - last > LONGEST:
                yield from range(last + LONGEST, start, LONGEST)
            yield start
            last = start
    yield from range(last + LONGEST, end, LONGEST)


def _line_in(joined: str, begin: int, end: int) -> int | None:
    """Where a line ends in the white space of a stretch; None: nowhere."""
    return next((at for at in range(begin, end) if joined[at] in _LINES), None)


def _ends(joined: str, mark: int, following: int) -> bool:
    """Whether a mark, with white space behind it and the next word at `following`, ends a sentence."""
    if joined[mark] != ".":
        return joined[mark] != "…"
    if joined[mark + 1] in ".…":
        return False
    near = mark - _LONG if mark > _LONG else 0
    space = max(joined.rfind(" ", near, mark), joined.rfind("\n", near, mark))
    word = joined[space + 1 if space >= 0 else near : mark]
    if len(word) > 2 and word.isalpha():
        return len(word) == _LONG or word.casefold() not in _ABBREVIATED
    word = word.split()[-1] if word and not word[-1].isspace() else ""
    word = word.lstrip("\"'“‘«„([")
    if not word:
        return True
    if "." in word or len(word) == 1 or (len(word) == 2 and word.isdigit()):
        return False
    bare = word.casefold()
    return bare not in _ABBREVIATED and not (bare in _NUMBERED and joined[following].isdigit())


def _is_wrapped(joined: str) -> bool:
    """Whether lines end at a fixed width rather than where paragraphs do."""
    count = joined.count("\n") - joined.count("\n\n")
    if count < 3 or len(joined) / count >= 120:
        return False
    lines = [match.start() for match in _LINE.finditer(joined)]
    inside = sum(joined[line - 1] not in _LAST and joined[line + 1].isalpha() for line in lines)
    return inside * 2 > count
