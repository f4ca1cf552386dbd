"""What two texts have in common, from some hundred bytes each: MinHash signatures, numbers and look-up keys; pure.

A. Broder, "On the resemblance and containment of documents" (1997): the share of equal minima of two sets under random
permutations estimates their Jaccard similarity. Splitting the minima into bands gives keys that similar texts share.
"""

from __future__ import annotations

import base64
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 126
ROWS = 3
"""Minima in a key: of 42 keys, texts of similarity .5 share one with probability .99, texts of .1 with .04."""
LEAD_WORDS, LEAD_LEAST = 90, 30
LEAD_PERMUTATIONS = 24
LEAD_ROWS = 2
"""The first words have keys of their own, since they are what is left of a copy that was cut: of 12, similar leads (.4) share one with
probability .88. Shorter texts than a lead have them too: they may be all that was left.
"""
TITLE_PERMUTATIONS = 16
TITLE_ROWS = 2
SHINGLE = 3
"""Words in a shingle."""
UNSPACED_SHINGLE = 5
"""Characters in a shingle where words are not spaced: some two or three words."""
_MAX_SHINGLES = 4000
FEW_NUMBERS = 4
_MAX_NUMBERS = 40
"""Different pairs of numbers of a text that are kept: those with the least hashes, so that two texts keep the same ones."""
_VERSION = 2
_HEAD = struct.Struct("<BIH")

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f]")
_PARTS = re.compile(rf"{_UNSPACED.pattern}|(?:(?!{_UNSPACED.pattern}).)+")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A text's minima, how many different shingles it has, and its numbers."""

    shingles: int
    minima: NDArray[np.uint32]
    numbers: frozenset[int]
    """Hashes of the different pairs of one number and the next in it, at most `_MAX_NUMBERS`: single ones can be the same by chance."""


def signature(title: str, summary: str, text: str) -> tuple[tuple[str, ...], str]:
    """The look-up keys and the fingerprint (base64) of an article; the fingerprint is of its text, else of its summary."""
    words = tokens(text or summary)
    shingles = shingles_of(words)
    minima = _minima(shingles, PERMUTATIONS)
    keys = [*_keys("b", minima, ROWS)] if shingles else []
    if len(words) >= LEAD_LEAST:
        keys += _keys("l", _minima(shingles_of(words[:LEAD_WORDS]), LEAD_PERMUTATIONS), LEAD_ROWS)
    pairs = _shingles(tokens(title), 2)
    if len(pairs) >= 3:
        keys += _keys("t", _minima(pairs, TITLE_PERMUTATIONS), TITLE_ROWS)
    successive = pairwise(_NUMBER.findall(text or summary))
    numbers = sorted({zlib.crc32(f"{one} {other}".encode()) for one, other in successive})[:_MAX_NUMBERS]
    packed = _HEAD.pack(_VERSION, len(shingles), len(numbers)) + minima.astype("<u4").tobytes() + np.array(numbers, dtype="<u4").tobytes()
    return tuple(keys), base64.b64encode(packed).decode()


def unpack(fingerprint: str | None) -> Signature | None:
    """The signature in a fingerprint; None for one of another version, or none."""
    if not fingerprint:
        return None
    packed = base64.b64decode(fingerprint)
    if len(packed) < _HEAD.size + 4 * PERMUTATIONS or packed[0] != _VERSION:
        return None
    _, shingles, _ = _HEAD.unpack_from(packed)
    hashes = np.frombuffer(packed, dtype="<u4", offset=_HEAD.size)
    return Signature(shingles=shingles, minima=hashes[:PERMUTATIONS], numbers=frozenset(hashes[PERMUTATIONS:].tolist()))


def similarity(first: Signature, second: Signature) -> float:
    """The estimated Jaccard similarity of two texts' shingles, 0..1; 0 where one has none."""
    if not first.shingles or not second.shingles:
        return 0.0
    return float(np.count_nonzero(first.minima == second.minima)) / PERMUTATIONS


def containment(first: Signature, second: Signature) -> float:
    """The estimated share of the smaller text's shingles that are in the other, 0..1."""
    jaccard = similarity(first, second)
    smaller = min(first.shingles, second.shingles)
    return min(1.0, jaccard / (1 + jaccard) * (first.shingles + second.shingles) / smaller) if smaller else 0.0


def shared_numbers(first: Signature, second: Signature) -> float | None:
    """The share of the pairs of numbers of the text with fewer that are in the other, 0..1; None where they are too few to tell."""
    mine, theirs = first.numbers, second.numbers
    if max(len(mine), len(theirs)) == _MAX_NUMBERS:
        # Beyond the greatest hash that both could have kept nothing is known.
        limit = min(max(each) for each in (mine, theirs) if len(each) == _MAX_NUMBERS)
        mine, theirs = (frozenset(each for each in numbers if each <= limit) for numbers in (mine, theirs))
    fewer = min(len(mine), len(theirs))
    return len(mine & theirs) / fewer if fewer >= FEW_NUMBERS else None


def tokens(text: str) -> list[str]:
    """The words of a text in their normal form, numbers too; each character where words are not spaced."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return [part for word in words for part in (_PARTS.findall(word) if _UNSPACED.search(word) else (word,))]


def shingles_of(words: list[str]) -> set[str]:
    """The different shingles of a text's words, those of its beginning where it is very long."""
    unspaced = sum(len(each) == 1 for each in words) * 2 > len(words)
    return _shingles(words[:_MAX_SHINGLES], UNSPACED_SHINGLE if unspaced else SHINGLE)


def _shingles(words: list[str], size: int) -> set[str]:
    if not words:
        return set()
    return {" ".join(words[at : at + size]) for at in range(max(1, len(words) - size + 1))}


@cache
def _multipliers(number: int) -> NDArray[np.uint64]:
    """Odd multipliers and addends of multiply-shift hashing, the same for ever: stored fingerprints depend on them."""
    state, values = 0x9E3779B97F4A7C15, []
    for _ in range(2 * number):
        # splitmix64 (Steele, Lea, Flood 2014), so that no library's generator is part of the format.
        state = (state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        values.append((mixed ^ (mixed >> 31)) | 1)
    return np.array(values, dtype=np.uint64).reshape(2, number, 1)


def _minima(shingles: Iterable[str], number: int) -> NDArray[np.uint32]:
    """The least of each permutation of the shingles' hashes; all ones for none."""
    hashes = np.array([zlib.crc32(each.encode()) for each in shingles], dtype=np.uint64)
    if not len(hashes):
        return np.full(number, 0xFFFFFFFF, dtype=np.uint32)
    multiplier, addend = _multipliers(number)
    # Multiply-shift (Dietzfelbinger et al. 1997): arithmetic modulo 2**64, of which the upper half is kept.
    permuted = (multiplier * hashes[None, :] + addend) >> np.uint64(32)
    minima: NDArray[np.uint32] = permuted.min(axis=1).astype(np.uint32)
    return minima


def _keys(prefix: str, minima: NDArray[np.uint32], rows: int) -> Iterable[str]:
    for band in range(len(minima) // rows):
        part = minima[band * rows : (band + 1) * rows].astype("<u4").tobytes()
        yield f"{prefix}{band}:{zlib.crc32(part):08x}"
