"""From a pattern to what the automaton looks for, and from its find to the words that stand there; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from wirewatch.config import patterns
from wirewatch.topics.text import ARABIC, HANGUL, HEBREW, RUN, fold_all, kind

Span = tuple[int, int]
"""Start and end in the folded text."""

_AL = "ال"
_CLITICS = frozenset(a + b + c for a, b, c in product(("", "و", "ف"), ("", "ب", "ل", "ك"), ("", _AL)) if b + c != "ل" + _AL) | frozenset(
    a + "لل" for a in ("", "و", "ف")
)
"""What Arabic writes in front of a word: and, so, by, for, as, the; `for the` runs together."""
_WITH_ARTICLE = frozenset(clitic for clitic in _CLITICS if clitic.endswith((_AL, "لل")))
_HEBREW_LETTERS = frozenset("והבלמשכ")
_MAX_HEBREW = 3

_SHORT_KANA = 3
"""Katakana names up to so many letters are looked for as whole words of Katakana: `タイ` is not in `タイトル`."""


@dataclass(frozen=True, slots=True)
class Key:
    """One alias or phrase as the automaton looks for it."""

    text: str
    """What is looked for: the longest part of the pattern without a star, with the spaces that it must have around it."""
    lead: int
    """Characters of `text` in front of the words."""
    tail: int
    """Characters of `text` behind the words."""
    goes_on: bool
    """The last word may go on."""
    before: tuple[str, ...] = ()
    """Parts in front of `text`, each going on to the end of a word."""
    after: tuple[str, ...] = ()
    script: int = 0
    """How the script of the first letter sets its words."""
    article: bool = False
    """Arabic: the article in front of the first word is part of the name."""
    exact: str = ""
    """The letters that must stand there, in this case; empty: any case."""
    kana: bool = False
    """No Katakana may stand on either side."""
    languages: frozenset[str] | None = None
    """Languages of the articles that it is looked for in; None: all."""
    simple: bool = False
    """A find needs no further look at the text."""

    def span(self, folded: str, start: int, end: int) -> Span | None:
        """The words of a find of `text` at `start:end`; None where they are not what the pattern means."""
        first, last = start + self.lead, end - self.tail
        if self.before:
            found = self._back(folded, start)
            if found is None:
                return None
            first = found
        elif self.script in (ARABIC, HEBREW):
            head = folded.rfind(" ", 0, start) + 1
            if not self._prefixed(folded[head:start]):
                return None
            first = head
        for part in self.after:
            space = folded.find(" ", last)
            if not folded.startswith(part, space + 1):
                return None
            last = space + 1 + len(part)
        if self.after and not self.goes_on and kind(folded[last - 1]) not in (HANGUL, RUN) and folded[last] != " ":
            return None
        if self.goes_on:
            last = folded.find(" ", last)
        if self.kana and (_is_kana(folded[first - 1]) or _is_kana(folded[last])):
            return None
        return first, last

    def _back(self, folded: str, start: int) -> int | None:
        """Where the parts in front of `start` (a space) begin, if they are there."""
        space = start
        for position, part in enumerate(reversed(self.before)):
            for _ in range(part.count(" ") + 1):
                space = folded.rfind(" ", 0, space)
                if space < 0:
                    return None
            first = position == len(self.before) - 1
            if first and self.script in (ARABIC, HEBREW):
                at = folded.find(part, space + 1, space + 1 + len(part) + 4)
                if at < 0 or not self._prefixed(folded[space + 1 : at]):
                    return None
            elif not folded.startswith(part, space + 1):
                return None
        return space + 1

    def _prefixed(self, clitics: str) -> bool:
        if self.script == HEBREW:
            return len(clitics) <= _MAX_HEBREW and _HEBREW_LETTERS.issuperset(clitics)
        return clitics in (_WITH_ARTICLE if self.article else _CLITICS)

    def has_case(self, words: str, *, shouted: bool = False) -> bool:
        """Whether the original's words are written as an exact pattern asks, or (`shouted`) so in capitals."""
        written, exact = _bare(words), self.exact.upper() if shouted else self.exact
        return written.startswith(exact) if self.goes_on else written == exact


def keys_of(parsed: Sequence[patterns.Pattern]) -> list[Key | None]:
    """The key of each pattern; None where nothing of it is a letter in folded text."""
    parts = [pattern.words.split("*") for pattern in parsed]
    folded = iter(fold_all([part for each in parts for part in each]))
    return [_key(pattern, [next(folded) for _ in each], None) for pattern, each in zip(parsed, parts, strict=True)]


def name_key(folded: str, languages: frozenset[str]) -> Key | None:
    """The key of a name that is folded already, in articles of these languages."""
    return _key(patterns.Pattern(words=folded), [folded], languages)


def _key(pattern: patterns.Pattern, folded: Sequence[str], languages: frozenset[str] | None) -> Key | None:
    parts = [part for part in folded if part]
    if not parts:
        return None
    script = kind(parts[0][0])
    article = script == ARABIC and parts[0].startswith(_AL) and len(parts[0]) > len(_AL) + 1
    if article:
        parts[0] = parts[0][len(_AL) :]
    anchor = max(range(len(parts)), key=lambda position: len(parts[position]))
    goes_on = pattern.prefix and kind(parts[-1][-1]) != RUN
    words = parts[anchor]
    lead = " " if anchor > 0 or script not in (ARABIC, HEBREW, RUN) else ""
    closed = anchor == len(parts) - 1 and not pattern.prefix and kind(words[-1]) not in (HANGUL, RUN)
    return Key(
        text=lead + words + (" " if closed else ""),
        lead=len(lead),
        tail=int(closed),
        goes_on=goes_on,
        before=tuple(parts[:anchor]),
        after=tuple(parts[anchor + 1 :]),
        script=script,
        article=article,
        exact=_bare(pattern.words.replace("*", "")) if pattern.exact else "",
        simple=len(parts) == 1 and not pattern.exact and not goes_on and script not in (ARABIC, HEBREW, RUN) and languages is None,
        kana=len(words) <= _SHORT_KANA and all(map(_is_kana, words)),
        languages=languages,
    )


def _bare(words: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", words) if char.isalnum())


def _is_kana(char: str) -> bool:
    return "\u30a1" <= char <= "\u30fa" or char == "\u30fc"
