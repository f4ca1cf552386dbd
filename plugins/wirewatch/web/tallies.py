"""What topics do now against what is usual for them, from the stored hourly counts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wirewatch.config.settings import Detection
from wirewatch.model import Counts, Coverage
from wirewatch.store import counts
from wirewatch.store.base import Documents
from wirewatch.store.documents import from_document

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
USUAL_OVER = timedelta(days=28)
USUAL_FROM = timedelta(days=2)
"""Less history than this gives no usual number."""
SPARK_HOURS = 6
SPARK_BARS = 28
STALE_AFTER = timedelta(minutes=45)
"""Without a complete detection for so long, what is stored says little about now."""
SEEN_WELL = 0.9
_MAX_TOPICS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How much Wirewatch sees right now: a calm topic means something only where this is `clear`."""

    state: str
    """`clear`, `partial`, `blind`, `stale` (nothing has been counted lately) or `unknown` (nothing can be said yet)."""
    coverage: float | None = None
    """0..1, of the last whole hour."""
    since: datetime | None = None
    """When it began to be blind or partial; for `stale`: up to when was counted."""
    feeds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One topic over the last 24 hours."""

    stories: int = 0
    articles: int = 0
    usual: float | None = None
    """Stories in 24 hours, the average of up to 28 days before; None: not watched for long enough."""


def day_start(now: datetime) -> datetime:
    """The first of the last 24 hours, the running one included."""
    return now.replace(minute=0, second=0, microsecond=0) - 23 * HOUR


async def look(documents: Documents, now: datetime) -> tuple[list[Coverage], datetime | None]:
    """What `sight` needs: recent hours of coverage, newest first, and when detection was last complete."""
    hours, cursor = await asyncio.gather(
        recent_coverage(documents, now - timedelta(days=2)), documents.get(documents.index_for("config"), counts.CURSOR)
    )
    at = cursor.source.get("at") if cursor else None
    return hours, datetime.fromisoformat(at) if at else None


def sight(now: datetime, hours: Sequence[Coverage], counted_at: datetime | None, settings: Detection) -> Sight:
    """What recent hours of coverage, newest first, and the last complete detection say; pure."""
    feeds = hours[0].feeds if hours else 0
    if counted_at is None:
        return Sight(state="unknown", feeds=feeds)
    if now - counted_at > STALE_AFTER:
        return Sight(state="stale", since=counted_at, feeds=feeds)
    whole = [hour for hour in hours if hour.hour + HOUR <= now]
    if not whole or not whole[0].feeds:
        return Sight(state="unknown", feeds=feeds)
    limit = settings.blind_coverage if whole[0].coverage < settings.blind_coverage else SEEN_WELL
    if whole[0].coverage >= limit:
        return Sight(state="clear", coverage=whole[0].coverage, feeds=whole[0].feeds)
    since = whole[0].hour
    for before, after in zip(whole[1:], whole, strict=False):
        if before.coverage >= limit or after.hour - before.hour > HOUR:
            break
        since = before.hour
    state = "blind" if limit == settings.blind_coverage else "partial"
    return Sight(state=state, coverage=whole[0].coverage, since=since, feeds=whole[0].feeds)


async def recent_coverage(documents: Documents, since: datetime, *, until: datetime | None = None) -> list[Coverage]:
    """Hours of coverage, newest first."""
    bounds = {"gte": since.isoformat()} | ({"lt": until.isoformat()} if until else {})
    hits = await documents.find("coverage", {"range": {"hour": bounds}}, size=1000, sort=[{"hour": "desc"}])
    return [from_document(Coverage, hit.source) for hit in hits]


async def watched_since(documents: Documents) -> datetime | None:
    """The first hour that was ever counted."""
    hits = await documents.find("coverage", {"match_all": {}}, size=1, sort=[{"hour": "asc"}], fields=["hour"])
    return datetime.fromisoformat(hits[0].source["hour"]) if hits else None


async def topic_numbers(documents: Documents, now: datetime, topics: Sequence[str] | None = None) -> dict[str, Numbers]:
    """The numbers of all topics that had stories in the last four weeks (or of some)."""
    start = day_start(now)
    # Whole hours, so that Elasticsearch may answer from its cache what it was asked a moment ago.
    bounds = {"gte": (start - USUAL_OVER).isoformat(), "lt": (start + DAY).isoformat()}
    filters: list[dict[str, Any]] = [{"range": {"hour": bounds}}]
    if topics is not None:
        filters.append({"terms": {"topic": list(topics)}})
    day = {"range": {"hour": {"gte": start.isoformat()}}}
    body = {
        "size": 0,
        "query": {"bool": {"filter": filters}},
        "aggs": {
            "topics": {
                "terms": {"field": "topic", "size": _MAX_TOPICS},
                "aggs": {
                    "stories": {"sum": {"field": "stories"}},
                    "day": {"filter": day, "aggs": {"stories": {"sum": {"field": "stories"}}, "articles": {"sum": {"field": "articles"}}}},
                },
            }
        },
    }
    first, answer = await asyncio.gather(watched_since(documents), documents.search("counts", body))
    watched = start - max(first, start - USUAL_OVER) if first is not None else None
    days = watched / DAY if watched is not None and watched >= USUAL_FROM else None
    found: dict[str, Numbers] = {}
    for bucket in answer.get("aggregations", {}).get("topics", {}).get("buckets", ()):
        today = int(bucket["day"]["stories"]["value"])
        usual = None if days is None else (bucket["stories"]["value"] - today) / days
        found[bucket["key"]] = Numbers(stories=today, articles=int(bucket["day"]["articles"]["value"]), usual=usual)
    if days is not None:
        for topic in topics or ():
            found.setdefault(topic, Numbers(usual=0.0))
    return found


async def sparks(documents: Documents, now: datetime, topics: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Stories of the last seven days in 28 bars of six hours, oldest first, of topics that had any."""
    if not topics:
        return {}
    step = SPARK_HOURS * HOUR
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    start = end - SPARK_BARS * step
    offset = int(start.timestamp()) % int(step.total_seconds())
    body = {
        "size": 0,
        "query": {"bool": {"filter": [{"terms": {"topic": list(topics)}}, {"range": {"hour": {"gte": start.isoformat()}}}]}},
        "aggs": {
            "topics": {
                "terms": {"field": "topic", "size": len(topics)},
                "aggs": {
                    "bars": {
                        "date_histogram": {
                            "field": "hour",
                            "fixed_interval": f"{SPARK_HOURS}h",
                            "offset": f"+{offset}s",
                            "min_doc_count": 1,
                        },
                        "aggs": {"stories": {"sum": {"field": "stories"}}},
                    }
                },
            }
        },
    }
    answer = await documents.search("counts", body)
    found: dict[str, tuple[int, ...]] = {}
    for bucket in answer.get("aggregations", {}).get("topics", {}).get("buckets", ()):
        bars = [0] * SPARK_BARS
        for each in bucket["bars"]["buckets"]:
            place = int((each["key"] / 1000 - start.timestamp()) // step.total_seconds())
            if 0 <= place < SPARK_BARS:
                bars[place] = int(each["stories"]["value"])
        found[bucket["key"]] = tuple(bars)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class HourView:
    """One hour of a topic for a chart."""

    at: datetime
    stories: int
    expected: float | None = None
    upper: float | None = None
    coverage: float | None = None
    """None: not known."""


async def hours_of(
    documents: Documents,
    topic: str,
    start: datetime,
    end: datetime,
    *,
    known: Sequence[tuple[datetime, int, float, float]] = (),
) -> tuple[HourView, ...]:
    """Every hour from `start` to before `end`; hours without a stored count have no stories, and what `known` expected of them."""
    query = {"bool": {"filter": [{"term": {"topic": topic}}, {"range": {"hour": {"gte": start.isoformat(), "lt": end.isoformat()}}}]}}
    hits = await documents.find("counts", query, size=2000, sort=[{"hour": "asc"}])
    counted = {each.hour: each for each in (from_document(Counts, hit.source) for hit in hits)}
    seen = {each.hour: each.coverage for each in await recent_coverage(documents, start, until=end)}
    return fill_hours(start, end, counted, seen, known)


def fill_hours(
    start: datetime,
    end: datetime,
    counted: Mapping[datetime, Counts],
    seen: Mapping[datetime, float],
    known: Sequence[tuple[datetime, int, float, float]],
) -> tuple[HourView, ...]:
    """Hours without gaps from what is stored; pure."""
    expected = {hour: (stories, expect, upper) for hour, stories, expect, upper in known}
    found: list[HourView] = []
    at = start.replace(minute=0, second=0, microsecond=0)
    while at < end:
        count = counted.get(at)
        stories, expect, upper = expected.get(at, (0, None, None))
        if count is not None:
            stories = count.stories
            expect = count.expected if count.expected is not None else expect
            upper = count.upper if count.upper is not None else upper
        found.append(HourView(at=at, stories=stories, expected=expect, upper=upper, coverage=seen.get(at)))
        at += HOUR
    return tuple(found)
