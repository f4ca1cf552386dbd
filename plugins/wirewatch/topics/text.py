"""Text in the form that patterns are looked for in, with the way back to the original offsets; pure.

Letters are NFKC, case-folded and freed of what writers leave out or vary (Arabic vowel signs and hamza carriers, Greek accents, the
dots of ё); everything else is one space a character, runs of white space are one space, and words of a script that sets spaces are
set apart from scripts that do not. So a word has a space on either side whatever stood there: hyphens, apostrophes and quotation
marks of all shapes are equal, while `North. Korea` keeps two spaces and is not `North Korea`.

The work is done by look-ups in a table over the whole text; only characters that become none or several are handled one by one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEPARATOR = "\uffff"
"""Stands between fields: no pattern reaches over it."""
BREAK = "\n"
"""What `SEPARATOR` becomes."""

OTHER, WORD, ARABIC, HEBREW, HANGUL, RUN = range(6)
"""How a script sets its words: not a letter; at boundaries; with clitics in front (two); with particles behind; without spaces."""

_MAX_CLUSTER = 30
"""Marks on one letter that are looked at (composing them takes quadratic time)."""

_DROP, _SEVERAL, _MARK, _SPACE = (np.uint32(1 << bit) for bit in range(24, 28))
"""What a character is, beside its letter (21 bits) and its kind (3 bits): one that is not read, becomes several, joins the one before
it, is white space.
"""
_LETTER = np.uint32((1 << 21) - 1)
_KIND_SHIFT = np.uint32(21)
_DENSE = np.uint32(HANGUL) << _KIND_SHIFT
"""A bit that only `HANGUL` and `RUN` have."""

_MAPPED = {
    **dict.fromkeys("أإآٱ", "ا"),
    **dict.fromkeys("ىیئ", "ي"),
    "ؤ": "و",
    "ة": "ه",
    "ک": "ك",
    "ё": "е",
    "ı": "i",
    "i\u0307": "i",
}
_DROPPED = ("\u0640", "\u034f", "\ufe0f", "\ufe0e")
_UNSPACED = (
    (0x0E01, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3041, 0x30FF),  # Kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x20000, 0x3FFFF),
)
_HANGUL = ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7FB), (0xFFA0, 0xFFDC))
_RIGHT = {ARABIC: ((0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)), HEBREW: ((0x0590, 0x05FF),)}


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in the form that patterns are looked for in."""

    text: str
    origin: Callable[[int], int]
    """Offset in the original of a character of `text`; for the end of a stretch, where the original's stretch ends."""


def kind(char: str) -> int:
    """How the script of a (folded) character sets its words."""
    return int(_tables().read[ord(char)] >> _KIND_SHIFT) & 7


def fold(text: str) -> Folded:
    """`text` in the form that patterns are looked for in."""
    read = _tables().read[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)]
    letters = read & _LETTER
    holds = int(np.bitwise_or.reduce(read)) if len(read) else 0
    spaces = (read & _SPACE) != 0
    gone = np.zeros(len(read), dtype=bool)
    np.logical_and(spaces[1:], spaces[:-1], out=gone[1:])
    if holds & (_SEVERAL | _MARK | _DENSE):
        apart = _set_apart((read >> _KIND_SHIFT).astype(np.uint8) & np.uint8(7)) if holds & _DENSE else None
        if apart is not None or holds & (_SEVERAL | _MARK):
            return _rebuilt(text, read, letters, gone, apart)
    if holds & _DROP:
        gone |= (read & _DROP) != 0
    if not gone.any():
        return Folded(_decode(letters), int)
    kept = np.flatnonzero(~gone)
    return Folded(_decode(letters[kept]), kept.item)


def _rebuilt(
    text: str, read: NDArray[np.uint32], letters: NDArray[np.uint32], gone: NDArray[np.bool_], apart: NDArray[np.bool_] | None
) -> Folded:
    """A text in which characters become several, or are set apart by a space that was not there."""
    counts = np.ones(len(read), dtype=np.int64)
    counts[gone | ((read & _DROP) != 0)] = 0
    several = _several(text, read, counts)
    if apart is not None:
        counts[1:][apart] += 1
    origins = np.repeat(np.arange(len(read)), counts)
    ends = np.cumsum(counts)
    out = letters[origins]
    if apart is not None:
        # The space goes in front of the letter that begins the other script.
        at = np.flatnonzero(apart) + 1
        first = ends[at] - counts[at]
        out[first[counts[at] > 0]] = 32
    for position, written in several.items():
        end = int(ends[position])
        out[end - len(written) : end] = [ord(letter) for letter in written]
    return Folded(_decode(out), origins.item)


def fold_all(texts: Sequence[str]) -> list[str]:
    """Many short texts in that form, without spaces around them."""
    return [each.strip(" ") for each in fold(SEPARATOR.join(texts)).text.split(BREAK)] if texts else []


def _decode(codes: NDArray[np.uint32]) -> str:
    return codes.tobytes().decode("utf-32-le")


def _set_apart(kinds: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Where a letter follows one of another way to set words; None: nowhere."""
    dense = (kinds == HANGUL) | (kinds == RUN)
    changes = (kinds[1:] != kinds[:-1]) & (dense[1:] | dense[:-1]) & (kinds[1:] != OTHER) & (kinds[:-1] != OTHER)
    return changes if changes.any() else None


def _several(text: str, read: NDArray[np.uint32], counts: NDArray[np.int64]) -> dict[int, str]:
    """What characters become that do not become one, by position; `counts` is brought in line."""
    tables = _tables()
    out: dict[int, str] = {}
    for position in np.flatnonzero(read & _SEVERAL).tolist():
        letters = tables.several[text[position]]
        out[position] = letters
        counts[position] = len(letters)
    marks = (read & _MARK) != 0
    done = -1
    for position in np.flatnonzero(marks).tolist():
        if position <= done:
            continue
        start = max(position - 1, 0)
        end = position + 1
        while end < len(text) and marks[end]:
            end += 1
        done = end - 1
        letters = _cluster(text[start : min(end, start + _MAX_CLUSTER)])
        counts[start:end] = 0
        counts[start] = len(letters)
        out[start] = letters
    return out


def _cluster(text: str) -> str:
    """A letter with its marks: composed where there is such a letter."""
    return _letters(unicodedata.normalize("NFKC", text))


def _letters(text: str) -> str:
    """Composed text as folded letters; all else becomes spaces."""
    folded = unicodedata.normalize("NFKC", text.casefold())
    for written, meant in _MAPPED.items():
        folded = folded.replace(written, meant)
    out: list[str] = []
    script = ""
    for char in folded:
        category = unicodedata.category(char)
        if category[0] == "M" and (script in ("CYRILLIC", "GREEK", "ARABIC", "HEBREW") and unicodedata.combining(char)):
            continue
        if _dropped(char, category):
            continue
        script = unicodedata.name(char, "").split(" ")[0]
        if script == "GREEK":
            out.append(unicodedata.normalize("NFD", char)[0])
            continue
        out.append(char if category[0] in "LMN" and not "\u02b9" <= char <= "\u02bf" else " ")
    return "".join(out)


def _dropped(char: str, category: str) -> bool:
    """Whether a character is not read: vowel signs of Arabic and Hebrew, joiners, soft hyphens."""
    if char in _DROPPED or category == "Cf":
        return True
    return category == "Mn" and ("\u0590" <= char <= "\u06ed" or char == "\ufb1e")


@dataclass(frozen=True, slots=True)
class _Tables:
    read: NDArray[np.uint32]
    """By code point: letter, kind and what else it is."""
    several: dict[str, str]


@cache
def _tables() -> _Tables:
    """What every character becomes; made once a process."""
    letters = np.full(0x110000, 32, dtype=np.uint32)
    flags = np.zeros(0x110000, dtype=np.uint32)
    kinds = np.zeros(0x110000, dtype=np.uint32)
    several: dict[str, str] = {}
    marks = _composing()
    for code in _assigned():
        char = chr(code)
        category = unicodedata.category(char)
        if category in ("Cn", "Co", "Cs"):
            continue
        if char.isspace():
            flags[code] = _SPACE
        elif _dropped(char, category):
            flags[code] = _DROP
        elif category[0] in "LMN":
            kinds[code] = WORD
            if code in marks:
                letters[code] = code
                flags[code] = _MARK
                continue
            folded = _letters(unicodedata.normalize("NFKC", char))
            if len(folded) == 1:
                letters[code] = ord(folded)
            else:
                several[char] = folded
                flags[code] = _SEVERAL
    _self(letters, kinds)
    _set_kinds(kinds)
    letters[ord(SEPARATOR)] = ord(BREAK)
    return _Tables(read=letters | (kinds << _KIND_SHIFT) | flags, several=several)


def _set_kinds(kinds: NDArray[np.uint32]) -> None:
    for which, ranges in ((RUN, _UNSPACED), (HANGUL, _HANGUL), *_RIGHT.items()):
        for start, end in ranges:
            kinds[start : end + 1][kinds[start : end + 1] != OTHER] = which


_THEMSELVES = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, 0x2A6DF), (0x2A700, 0x2EBE0), (0x30000, 0x323AF))
"""Ideographs and syllables, which are letters that nothing folds."""


def _self(letters: NDArray[np.uint32], kinds: NDArray[np.uint32]) -> None:
    for start, end in _THEMSELVES:
        letters[start : end + 1] = np.arange(start, end + 1)
        kinds[start : end + 1] = WORD


def _assigned() -> Any:
    """Code points that have to be looked at one by one."""
    start = 0
    for low, high in _THEMSELVES:
        yield from range(start, min(low, 0x20000))
        start = high + 1
    yield from range(0x2F800, 0x2FA20)


def _composing() -> set[int]:
    """Marks that join the letter before them into one, or whose order may vary."""
    found = set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3)) | {0xFF9E, 0xFF9F}
    for code in _assigned():
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(int(parts[1], 16))
    found |= set(range(0x0300, 0x0370))
    return {code for code in found if not _dropped(chr(code), unicodedata.category(chr(code)))}
