"""Giving every readable article its story: one writer at a time."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from wirewatch.model import Article
from wirewatch.pipeline.ports import Ports
from wirewatch.store import articles as store
from wirewatch.store import config as shared
from wirewatch.stories import Index, Item, assign

LEASE = "group"
_LEASE_FOR = timedelta(minutes=5)
_BATCH = 1000
_BANDS_AT_ONCE = 4000


async def group(ports: Ports) -> dict[str, int]:
    """Assign a story to every article that has none, in the order in which they were first seen; returns how many, and stories begun.

    Under a lease: two writers could each begin a story with the same text. Where another has it, nothing is done (`busy` 1).
    """
    holder = secrets.token_hex(8)
    done = {"grouped": 0, "stories": 0, "busy": 0}
    token = await shared.lease(ports.documents, LEASE, holder, ports.clock(), _LEASE_FOR)
    if token is None:
        return done | {"busy": 1}
    try:
        index = Index()
        tried: set[str] = set()
        while True:
            waiting = [each for each in await store.ungrouped(ports.documents, limit=_BATCH) if each.id not in tried]
            if not waiting:
                return done
            tried |= {each.id for each in waiting}
            if await shared.lease(ports.documents, LEASE, holder, ports.clock(), _LEASE_FOR) is None:
                return done | {"busy": 1}
            await _look_up(ports, index, [each.value for each in waiting])
            window = ports.bundle.settings.detection.group_window
            stories = assign([item_of(each.value) for each in waiting], index, window=window)
            # Counting looks at what was written since it last ran.
            now = ports.clock()
            results = [(each, replace(each.value, story_id=stories[each.id], indexed_at=now)) for each in waiting]
            saved = await store.save(ports.documents, results)
            done["grouped"] += sum(saved)
            done["stories"] += sum(1 for each, kept in zip(waiting, saved, strict=True) if kept and stories[each.id] == each.id)
    finally:
        await shared.release(ports.documents, LEASE, holder)


async def _look_up(ports: Ports, index: Index, articles: list[Article]) -> None:
    since = min(each.first_seen_at for each in articles) - ports.bundle.settings.detection.group_window
    bands = sorted({band for each in articles for band in each.bands})
    for start in range(0, len(bands), _BANDS_AT_ONCE):
        async for found in store.by_bands(ports.documents, bands[start : start + _BANDS_AT_ONCE], since=since):
            index.add(_known(found))


def _known(found: Mapping[str, Any]) -> Item:
    """An article that has a story, as grouping sees it."""
    return Item(
        id=found["id"],
        title=found["title"],
        at=datetime.fromisoformat(found["first_seen_at"]),
        bands=tuple(found["bands"]),
        fingerprint=found.get("fingerprint"),
        story_id=found["story_id"],
    )


def item_of(article: Article) -> Item:
    """An article as grouping sees it."""
    return Item(
        id=article.id,
        title=article.title,
        at=article.first_seen_at,
        bands=article.bands,
        fingerprint=article.fingerprint,
        story_id=article.story_id,
    )
