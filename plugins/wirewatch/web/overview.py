"""The overview: what is spiking, what the topics do, and how much Wirewatch sees."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Query

from wirewatch.alerts.kibana import dashboard_link
from wirewatch.model import Health, IncidentState, Status
from wirewatch.store.base import Documents
from wirewatch.web import tallies
from wirewatch.web.access import Now, Reader, Stored, area, may_change, may_publish
from wirewatch.web.incidents import IncidentRow, row
from wirewatch.web.incidents import search as search_incidents
from wirewatch.web.tallies import Sight
from wirewatch.web.topics import TopicPage, believable, page_of, situation

router = area("overview")

ILL = frozenset({Health.FAILING, Health.LYING_304, Health.OVERLAP_LOST, Health.RETIRED})
"""Feeds in these states need somebody."""
_WAITING_LONG = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who is logged in."""

    id: str
    name: str
    may_change: bool
    """Incidents, feeds, drafts and verdicts."""
    may_publish: bool
    """Topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How the watch itself does."""

    sight: Sight
    feeds: int
    """Polled ones."""
    ill: int
    """Of them: in need of somebody."""
    paused: int
    last_poll_at: datetime | None
    articles: int
    """That can be read, first seen in the last 24 hours."""
    stories: int
    publishers: int
    waiting: int
    """Articles whose page is yet to be read."""
    waiting_since: datetime | None
    """When the longest waiting one was due, if that is more than an hour ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything the first page shows."""

    now: datetime
    kibana: str | None
    """Where the dashboards are, if that is configured."""
    watch: Watch
    incidents: tuple[IncidentRow, ...]
    """Those going on, the most urgent first."""
    closed: tuple[IncidentRow, ...]
    """Those that ended in the last seven days, the latest first; at most five."""
    topics: TopicPage


@router.get("/me")
async def me(user: Reader, change: Annotated[bool, Depends(may_change)], publish: Annotated[bool, Depends(may_publish)]) -> Me:
    """Who is logged in, and what they may."""
    return Me(id=user.id, name=user.name, may_change=change, may_publish=publish)


@router.get("/overview")
async def overview(documents: Stored, now: Now, topics: Annotated[int, Query(ge=1, le=100)] = 25) -> Overview:
    """What is spiking first, then the topics, and how much is seen."""
    (bundle, open_now, sight), counted, past, feeds, articles = await asyncio.gather(
        situation(documents, now),
        tallies.topic_numbers(documents, now),
        search_incidents(documents, states=[IncidentState.CLOSED], closed_since=now - timedelta(days=7), limit=5),
        _feeds(documents),
        _articles(documents, now),
    )
    page = await page_of(documents, now, bundle, open_now, counted, believable(sight), limit=topics)
    return Overview(
        now=now,
        kibana=dashboard_link(bundle.settings.alerts.kibana_url, "newsroom") if bundle else None,
        watch=Watch(sight=sight, **feeds, **articles),
        incidents=tuple(row(each) for each in open_now),
        closed=tuple(row(each) for each in past.incidents),
        topics=page,
    )


async def _feeds(documents: Documents) -> dict[str, Any]:
    body = {
        "size": 0,
        "track_total_hits": True,
        "query": {"term": {"active": True}},
        "aggs": {
            "ill": {"filter": {"bool": {"filter": [{"terms": {"health": sorted(ILL)}}], "must_not": [{"term": {"paused": True}}]}}},
            "paused": {"filter": {"term": {"paused": True}}},
            "last": {"max": {"field": "last_poll_at"}},
        },
    }
    answer = await documents.search("feeds", body)
    found = answer.get("aggregations", {})
    return {
        "feeds": answer["hits"]["total"]["value"],
        "ill": found.get("ill", {}).get("doc_count", 0),
        "paused": found.get("paused", {}).get("doc_count", 0),
        "last_poll_at": _moment(found.get("last", {})),
    }


async def _articles(documents: Documents, now: datetime) -> dict[str, Any]:
    new = {"range": {"first_seen_at": {"gte": tallies.day_start(now).isoformat(), "lte": now.isoformat()}}}
    due = {"bool": {"filter": [{"term": {"status": "discovered"}}, {"range": {"next_attempt_at": {"lte": now.isoformat()}}}]}}
    body = {
        "size": 0,
        "query": {"bool": {"should": [new, due], "minimum_should_match": 1}},
        "aggs": {
            "new": {
                "filter": {"bool": {"filter": [new, {"terms": {"status": [Status.READY, Status.PARTIAL]}}]}},
                "aggs": {"stories": {"cardinality": {"field": "story_id"}}, "publishers": {"cardinality": {"field": "publisher"}}},
            },
            "due": {"filter": due, "aggs": {"oldest": {"min": {"field": "next_attempt_at"}}}},
        },
    }
    found = (await documents.search("articles", body)).get("aggregations", {})
    new_ones, waiting = found.get("new", {}), found.get("due", {})
    oldest = _moment(waiting.get("oldest", {}))
    return {
        "articles": new_ones.get("doc_count", 0),
        "stories": new_ones.get("stories", {}).get("value", 0),
        "publishers": new_ones.get("publishers", {}).get("value", 0),
        "waiting": waiting.get("doc_count", 0),
        "waiting_since": oldest if oldest and now - oldest > _WAITING_LONG else None,
    }


def _moment(value: Any) -> datetime | None:
    at = value.get("value_as_string") if value.get("value") is not None else None
    return datetime.fromisoformat(at) if at else None
