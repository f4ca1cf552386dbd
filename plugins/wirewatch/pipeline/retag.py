"""Bringing what is stored in line with changed rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from wirewatch.model import Article
from wirewatch.pipeline import process
from wirewatch.pipeline.ports import Ports
from wirewatch.store import articles as store

_BATCH = 500


async def retag(
    ports: Ports,
    *,
    slot: int = 0,
    slots: int = 1,
    deadline: datetime | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, int]:
    """Tag all articles of a part of the work that other rules have tagged, the latest first; how many were `retagged`, of them
    `changed`, and `left` for another run. `progress` gets articles done, and all.

    May end and begin anew at any article. The hours of changed ones are counted again by the next detection.
    """
    total = await store.count_tagged_by_others(ports.documents, ports.bundle.hash, slot=slot, slots=slots)
    done = {"retagged": 0, "changed": 0}
    tried: set[str] = set()
    while deadline is None or ports.clock() < deadline:
        found = await store.tagged_by_others(ports.documents, ports.bundle.hash, slot=slot, slots=slots, limit=_BATCH)
        # What another writer keeps changing is left to the next run.
        fresh = [each for each in found if each.id not in tried]
        if not fresh:
            break
        tried |= {each.id for each in fresh}
        results = [(each, _retagged(each.value, ports)) for each in fresh]
        saved = await store.save(ports.documents, results)
        done["retagged"] += sum(saved)
        progress(len(tried), max(total, len(tried)))
        done["changed"] += sum(kept and _differs(before.value, after) for (before, after), kept in zip(results, saved, strict=True))
    return {**done, "left": max(0, total - done["retagged"])}


def _retagged(article: Article, ports: Ports) -> Article:
    after = process.retag(article, ports.bundle)
    # Detection counts again what was written since its last run: only what counts differently has to be.
    return replace(after, indexed_at=ports.clock()) if _differs(article, after) else after


def _differs(before: Article, after: Article) -> bool:
    return {(each.topic, each.hash) for each in before.topic_matches} != {(each.topic, each.hash) for each in after.topic_matches}
