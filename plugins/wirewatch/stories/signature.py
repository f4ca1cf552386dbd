"""What two texts have in common, from a few hundred bytes each: MinHash signatures and look-up keys; pure.

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

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 96
ROWS = 3
"""Minima in a key: of 32 keys, texts of similarity .5 share one with probability .99, texts of .1 with .03."""
TITLE_PERMUTATIONS = 16
TITLE_ROWS = 2
SHINGLE = 3
"""Words in a shingle; characters where words are not spaced."""
_MAX_SHINGLES = 4000
_VERSION = 1
_HEAD = struct.Struct("<BI")

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A text's minima and how many different shingles it has."""

    shingles: int
    minima: NDArray[np.uint32]


def signature(title: str, summary: str, text: str) -> tuple[tuple[str, ...], str]:
    """The look-up keys and the fingerprint (base64) of an article; the fingerprint is of its text, else of its summary."""
    shingles = shingles_of(text or summary)
    minima = _minima(shingles, PERMUTATIONS)
    keys = [*_keys("b", minima, ROWS)] if shingles else []
    pairs = _shingles(tokens(title), 2)
    if len(pairs) >= 3:
        keys += _keys("t", _minima(pairs, TITLE_PERMUTATIONS), TITLE_ROWS)
    packed = _HEAD.pack(_VERSION, len(shingles)) + minima.astype("<u4").tobytes()
    return tuple(keys), base64.b64encode(packed).decode()


def unpack(fingerprint: str | None) -> Signature | None:
    """The signature in a fingerprint; None for one of another version, or none."""
    if not fingerprint:
        return None
    packed = base64.b64decode(fingerprint)
    if len(packed) != _HEAD.size + 4 * PERMUTATIONS or packed[0] != _VERSION:
        return None
    _, shingles = _HEAD.unpack_from(packed)
    return Signature(shingles=shingles, minima=np.frombuffer(packed, dtype="<u4", offset=_HEAD.size))


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


def tokens(text: str) -> list[str]:
    """The words of a text in their normal form, numbers too; each character where words are not spaced."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return [part for word in words for part in (_UNSPACED.findall(word) if _UNSPACED.search(word) else (word,))]


def shingles_of(text: str) -> set[str]:
    """The different shingles of a text, those of its beginning where it is very long."""
    return _shingles(tokens(text)[:_MAX_SHINGLES], SHINGLE)


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
