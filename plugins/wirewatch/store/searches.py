"""Searches that people keep (index `-config`), each with at most one address at which feed readers may follow it.

Of that address only a hash is kept: it is told once, and gone when somebody takes it back.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from wirewatch.errors import Conflict
from wirewatch.store.base import Documents, Hit

KIND = "config"
MOST = 500
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search under a name."""

    id: str
    name: str
    query: str
    """As the page's address has it: `q=train&topics=ties`."""
    by: str
    at: datetime
    rss_by: str | None = None
    """Who made the address for feed readers; None: there is none."""
    rss_at: datetime | None = None
    rss_hash: str | None = None


async def every(documents: Documents) -> list[Search]:
    """All kept searches, by name."""
    await documents.refresh(KIND)
    hits = await documents.find(KIND, {"term": {"kind": "search"}}, size=MOST)
    return sorted((_search(hit) for hit in hits), key=lambda each: (each.name.casefold(), each.id))


async def get(documents: Documents, id: str) -> Search | None:
    """A kept search in real time."""
    hit = await documents.get(documents.index_for(KIND), f"search-{id}")
    return None if hit is None else _search(hit)


async def keep(documents: Documents, *, name: str, query: str, by: str, now: datetime) -> Search:
    """Keep a search; the same one under the same name is kept once."""
    id = hashlib.sha256(f"{name}\0{query}".encode()).hexdigest()[:16]
    search = Search(id=id, name=name, query=query, by=by, at=now)
    try:
        await documents.put(documents.index_for(KIND), f"search-{id}", _document(search), create=True)
    except Conflict:
        return await get(documents, id) or search
    return search


async def forget(documents: Documents, id: str) -> bool:
    """Take a search away, and its address for feed readers with it; False where it was not there."""
    return await documents.delete(documents.index_for(KIND), f"search-{id}")


async def offer(documents: Documents, id: str, *, by: str, now: datetime) -> tuple[Search, str] | None:
    """Give a search a new address for feed readers; the search and the secret in it. An earlier one ends. None: no such search."""
    secret = secrets.token_urlsafe(32)
    found = await _change(documents, id, lambda each: replace(each, rss_by=by, rss_at=now, rss_hash=_hash(secret)))
    return None if found is None else (found, secret)


async def revoke(documents: Documents, id: str) -> Search | None:
    """End the address for feed readers; None where there is no such search."""
    return await _change(documents, id, lambda each: replace(each, rss_by=None, rss_at=None, rss_hash=None))


async def offered(documents: Documents, id: str, secret: str) -> Search | None:
    """The search that an address for feed readers leads to; None where it is wrong, or has ended."""
    found = await get(documents, id)
    if found is None or found.rss_hash is None or not hmac.compare_digest(found.rss_hash, _hash(secret)):
        return None
    return found


async def _change(documents: Documents, id: str, apply: Callable[[Search], Search]) -> Search | None:
    index = documents.index_for(KIND)
    for _ in range(_TRIES):
        hit = await documents.get(index, f"search-{id}")
        if hit is None:
            return None
        after = apply(_search(hit))
        try:
            await documents.put(index, f"search-{id}", _document(after), seq_no=hit.seq_no, primary_term=hit.primary_term)
        except Conflict:
            continue
        return after
    raise Conflict(f"the search {id} keeps changing")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _document(search: Search) -> dict[str, Any]:
    body = {
        "name": search.name,
        "query": search.query,
        "by": search.by,
        "rss_by": search.rss_by,
        "rss_at": search.rss_at.isoformat() if search.rss_at else None,
        "rss_hash": search.rss_hash,
    }
    return {"kind": "search", "at": search.at.isoformat(), "body": {name: value for name, value in body.items() if value is not None}}


def _search(hit: Hit) -> Search:
    body: Mapping[str, Any] = hit.source["body"]
    rss_at = body.get("rss_at")
    return Search(
        **{
            **body,
            "id": hit.id.removeprefix("search-"),
            "at": datetime.fromisoformat(hit.source["at"]),
            "rss_at": datetime.fromisoformat(rss_at) if rss_at else None,
        }
    )
