"""How an alias or phrase is written, and what makes one unfit; pure.

========================  ==================================================================================================
``North Korea``           these words, in any case, at word boundaries
``North Korean*``         the last word goes on in any way; the star may follow any word: ``Северн* Коре*``
``=US``                   exactly these letters (``us`` and ``Us`` are other words)
``북한``                  Hangul: at the start of a word, whatever particle follows
``朝鲜``, ``ロシア``      Chinese, Japanese and Thai: anywhere (up to three Katakana: not beside others, `タイ` in `タイトル`)
``روسيا``, ``רוסיה``      Arabic and Hebrew: at word boundaries, with or without `and`, `in`, `to`, `the` ... written in front
========================  ==================================================================================================
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_LENGTH = 200
"""Characters in one pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A parsed alias or phrase."""

    words: str
    """Without the signs, NFKC, one space between words; inner stars are kept."""
    prefix: bool = False
    """The last word may go on."""
    exact: bool = False
    """Letters' case counts."""


def parse(text: str) -> Pattern:
    """The pattern that `text` writes; raises `ValueError` saying what is wrong with it."""
    words = " ".join(unicodedata.normalize("NFKC", text).split())
    exact = words.startswith("=")
    words = words.removeprefix("=").strip()
    prefix = words.endswith("*")
    words = words.rstrip("*").rstrip() if prefix else words
    _check(text, words, prefix=prefix)
    return Pattern(words=words, prefix=prefix, exact=exact)


def _check(text: str, words: str, *, prefix: bool) -> None:
    letters = [char for char in words if char.isalnum()]
    if not letters:
        raise ValueError(f'"{text}" has no letters')
    if len(words) > MAX_LENGTH:
        raise ValueError(f"longer than {MAX_LENGTH} characters")
    if re.search(r"(?<![^\s])\*|\*(?![\s])", words):
        raise ValueError(f'"{text}": the star stands at the end of a word')
    ideographic = any(is_ideographic(char) or "\uac00" <= char <= "\ud7a3" for char in letters)
    stems = re.findall(r"[^\s*]+(?=\*)", words + ("*" if prefix else ""))
    shortest = min((sum(char.isalnum() for char in stem) for stem in stems), default=99)
    if not ideographic and shortest < (2 if " " in words and len(letters) > 4 else 3):
        raise ValueError(f'"{text}" is too short: at least 3 letters are needed before a star (2 in a phrase)')
    if len(letters) < 2:
        raise ValueError(f'"{text}" is too short: at least 2 letters are needed')


def is_ideographic(char: str) -> bool:
    """Han and Kana: scripts that run words together."""
    return (
        "\u3400" <= char <= "\u4dbf"
        or "\u4e00" <= char <= "\u9fff"
        or "\u3040" <= char <= "\u30ff"
        or "\uf900" <= char <= "\ufaff"
        or "\U00020000" <= char <= "\U0003ffff"
        or char == "々"
    )
