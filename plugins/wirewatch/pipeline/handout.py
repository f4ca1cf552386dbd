"""Which parts of the work have anything to do, so that tasks are started only for those."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from wirewatch.articles.identity import SLOTS
from wirewatch.pipeline.poll import sync_feeds
from wirewatch.pipeline.ports import Ports


async def due_feeds(ports: Ports) -> list[dict[str, int]]:
    """The parts (`slot` of `slots`, as `poll` takes them) that have feeds due now, by the bundle's list and people's controls."""
    await sync_feeds(ports)
    wanted = [{"term": {"active": True}}, {"term": {"paused": False}}]
    return _parts(await _slots(ports, "feeds", wanted, ports.clock()), ports.bundle.settings.polling.slots)


async def due_articles(ports: Ports) -> list[dict[str, int]]:
    """The parts (`slot` of `slots`, as `process` takes them) that have articles due now."""
    return _parts(await _slots(ports, "articles", [], ports.clock()), ports.bundle.settings.articles.slots)


async def all_articles(ports: Ports) -> list[dict[str, int]]:
    """All parts of the articles, for work on each of them."""
    return _parts(range(SLOTS), ports.bundle.settings.articles.slots)


async def _slots(ports: Ports, kind: str, wanted: list[dict[str, Any]], now: datetime) -> list[int]:
    await ports.documents.refresh(kind)
    query = {"bool": {"filter": [*wanted, {"range": {"next_attempt_at": {"lte": now.isoformat()}}}]}}
    answer = await ports.documents.search(kind, {"size": 0, "query": query, "aggs": {"slots": {"terms": {"field": "slot", "size": SLOTS}}}})
    return [int(bucket["key"]) for bucket in answer.get("aggregations", {}).get("slots", {}).get("buckets", ())]


def _parts(due: Iterable[int], slots: int) -> list[dict[str, int]]:
    return [{"slot": slot, "slots": slots} for slot in sorted({each % slots for each in due})]
