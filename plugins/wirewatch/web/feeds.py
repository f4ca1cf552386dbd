"""Feeds: how each does, what its last polls brought, and pausing, resuming and polling it now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict

from wirewatch.alerts.text import clean, safe_url
from wirewatch.model import FeedState, Health, PollRecord, Status
from wirewatch.store import config as published
from wirewatch.store import feeds as store
from wirewatch.store.base import Documents
from wirewatch.web.access import Changer, Now, Stored, area

router = area("feeds")

_MAX = 10_000
_POLLS = 50
_ORDER = {
    Health.FAILING: 0,
    Health.RETIRED: 0,
    Health.LYING_304: 1,
    Health.OVERLAP_LOST: 1,
    Health.EMPTY: 2,
    Health.QUIET: 3,
    Health.NEW: 4,
    Health.HEALTHY: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One feed in the list."""

    id: str
    name: str
    url: str | None
    health: str
    problem: str | None
    active: bool
    """Listed in feeds.yaml and not retired."""
    paused: bool
    """As people decided last."""
    due: bool
    """Is polled with the next run."""
    by: str | None
    """Who paused or resumed it last."""
    outcome: str | None
    status: int | None
    failures: int
    interval_s: float | None
    last_poll_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None
    next_attempt_at: datetime | None
    new: int
    """Articles that can be read, first seen in the last 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """All feeds, those in need of somebody first."""

    total: int
    since: datetime
    """Start of the 24 hours."""
    feeds: tuple[FeedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """One feed with its last polls."""

    feed: FeedRow
    since: datetime
    """Start of its 24 hours."""
    title: str
    configured_url: str | None
    first_success_at: datetime | None
    rate_per_h: float | None
    polls: tuple[PollRecord, ...]
    """Those that brought something or failed, the latest first."""


class Control(BaseModel):
    """What somebody does about a feed."""

    model_config = ConfigDict(extra="forbid")

    what: Literal["pause", "resume", "poll_now"]


@router.get("/feeds")
async def list_feeds(documents: Stored, now: Now) -> FeedPage:
    """All feeds with their health, those in need of somebody first."""
    since = now - timedelta(hours=24)
    names, states, controls, new = await asyncio.gather(
        _names(documents),
        store.all_states(documents),
        documents.find("feed-controls", {"match_all": {}}, size=_MAX),
        _new(documents, since),
    )
    decided = {hit.id: hit.source for hit in controls}
    rows = [_row(each, names, decided.get(each.feed, {}), new.get(each.feed, 0), now) for each in states]
    rows.sort(key=lambda each: (not each.active, each.paused, _ORDER.get(Health(each.health), 9), each.name.casefold()))
    return FeedPage(total=len(rows), since=since, feeds=tuple(rows))


@router.get("/feeds/{feed:path}")
async def show_feed(documents: Stored, now: Now, feed: str) -> FeedView:
    """One feed: what polling knows of it, and its last polls that brought something or failed."""
    return await _view(documents, feed, now)


@router.post("/feeds/{feed:path}")
async def control_feed(documents: Stored, now: Now, user: Changer, feed: str, control: Control) -> FeedView:
    """Pause, resume or poll now; answers with the feed as it is then. Polling takes it up with its next run."""
    await _load(documents, feed)
    if control.what == "poll_now":
        await store.poll_now(documents, feed, who=user.id, now=now)
    else:
        await store.pause(documents, feed, control.what == "pause", who=user.id, now=now)
    return await _view(documents, feed, now)


async def _view(documents: Documents, feed: str, now: datetime) -> FeedView:
    state = await _load(documents, feed)
    since = now - timedelta(hours=24)
    names, control, polls, new = await asyncio.gather(
        _names(documents),
        documents.get(documents.index_for("feed-controls"), feed),
        store.polls(documents, feed=feed, limit=_POLLS),
        _new(documents, since, feed),
    )
    return FeedView(
        feed=_row(state, names, control.source if control else {}, new.get(feed, 0), now),
        since=since,
        title=clean(state.title, 200),
        configured_url=safe_url(state.configured_url),
        first_success_at=state.first_success_at,
        rate_per_h=state.rate_per_h,
        polls=tuple(polls),
    )


async def _load(documents: Documents, feed: str) -> FeedState:
    found = await store.load(documents, [feed])
    if not found:
        raise HTTPException(404, f"There is no feed {feed!r}.")
    return found[0].value


async def _names(documents: Documents) -> Mapping[str, str]:
    bundle = await published.published(documents)
    return {each.id: each.name for each in bundle.feeds if each.name} if bundle else {}


async def _new(documents: Documents, since: datetime, feed: str | None = None) -> dict[str, int]:
    """Articles that can be read, first seen since then, by feed."""
    filters: list[dict[str, Any]] = [
        {"range": {"first_seen_at": {"gte": since.isoformat()}}},
        {"terms": {"status": [Status.READY, Status.PARTIAL]}},
    ]
    if feed is not None:
        filters.append({"term": {"feeds": feed}})
    body = {"size": 0, "query": {"bool": {"filter": filters}}, "aggs": {"feeds": {"terms": {"field": "feeds", "size": _MAX}}}}
    answer = await documents.search("articles", body)
    return {each["key"]: each["doc_count"] for each in answer.get("aggregations", {}).get("feeds", {}).get("buckets", ())}


def _row(state: FeedState, names: Mapping[str, str], control: Mapping[str, Any], new: int, now: datetime) -> FeedRow:
    paused = bool(control.get("paused", state.paused))
    waits = state.next_attempt_at is not None and state.next_attempt_at <= now
    return FeedRow(
        id=state.feed,
        name=clean(names.get(state.feed) or state.title or state.feed, 120),
        url=safe_url(state.url),
        health=state.health,
        problem=clean(state.problem, 300) if state.problem else None,
        active=state.active,
        paused=paused,
        due=state.active and not paused and (waits or "poll_now_at" in control),
        by=control.get("who"),
        outcome=state.outcome,
        status=state.status,
        failures=state.failures,
        interval_s=state.interval_s,
        last_poll_at=state.last_poll_at,
        last_success_at=state.last_success_at,
        last_new_at=state.last_new_at,
        next_attempt_at=state.next_attempt_at,
        new=new,
    )
