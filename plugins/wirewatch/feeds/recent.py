"""Which of the entries that a feed lists are new; pure.

A feed's state keeps a short key of every recent entry, so that what is known never reaches the store.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from wirewatch.model import Entry

KEPT_BEYOND_LIST = 50
"""Keys of entries that the feed lists no more are kept: this many, or as many as it lists."""
RENAMED = 5
"""So many entries at once whose titles are all known have only been given new ids and addresses."""
_TELLING_TITLE = 15
"""Shorter titles repeat by themselves."""

_PART = 8
"""Characters of a key's part: 48 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list shows against what was known."""

    new: tuple[int, ...]
    """Positions of entries whose address was not known."""
    renewed: frozenset[int]
    """Those of them that are old entries under a new id or address: never counted."""
    keys: tuple[str, ...]
    """To be kept."""
    overlaps: bool
    """Whether anything in the list was known, or nothing could have been."""


def key_of(entry: Entry, link: str | None) -> str:
    """The key of an entry: its id, its address (`link` is that of the address's normal form) and its title."""
    return _short(entry.id) + _short(link or f"\0{entry.id}") + _short(" ".join(entry.title.split()).casefold())


def compare(entries: Sequence[Entry], links: Sequence[str | None], known: Sequence[str]) -> Listing:
    """Tell new entries from known ones; `links` are the ids of the entries' addresses."""
    keys = [key_of(entry, link) for entry, link in zip(entries, links, strict=True)]
    ids = {key[:_PART] for key in known}
    addresses = {key[_PART : 2 * _PART] for key in known}
    titles = {key[2 * _PART :] for key in known}
    uses = Counter(key[:_PART] for key in keys)
    seen: set[str] = set()
    new: list[int] = []
    for position, key in enumerate(keys):
        address = key[_PART : 2 * _PART]
        if address not in addresses and address not in seen:
            new.append(position)
        seen.add(address)
    # An id that several entries share identifies none of them.
    renewed = {position for position in new if keys[position][:_PART] in ids and uses[keys[position][:_PART]] == 1}
    retold = [each for each in new if keys[each][2 * _PART :] in titles and len(entries[each].title) >= _TELLING_TITLE]
    if len(retold) >= RENAMED and 2 * len(retold) >= len(new):
        renewed |= set(retold)
    listed = set(keys)
    older = [key for key in known if key not in listed]
    return Listing(
        new=tuple(new),
        renewed=frozenset(renewed),
        keys=tuple(dict.fromkeys(keys)) + tuple(older[: max(KEPT_BEYOND_LIST, len(keys))]),
        overlaps=not known or not keys or len(new) < len(seen) or bool(renewed),
    )


def _short(text: str) -> str:
    return urlsafe_b64encode(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).digest()).decode("ascii")
