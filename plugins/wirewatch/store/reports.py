"""What was reported on some topics (index `-articles`), and what makes a digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wirewatch.model import Article, FeedState, Health
from wirewatch.store.articles import to_fields
from wirewatch.store.base import Documents
from wirewatch.store.counts import COUNTABLE
from wirewatch.store.documents import stored

ARTICLES = "articles"
_LEFT_OUT = frozenset(("text", "summary", "feed_content", "bands", "fingerprint", "revisions", "tags", "authors", "image"))


async def seen_since(documents: Documents, topics: Sequence[str], since: datetime, *, limit: int = 2000) -> list[Article]:
    """The counted articles of these topics that were first seen since then, without their text, the latest first."""
    return await _articles(documents, topics, {"first_seen_at": {"gte": since.isoformat()}}, "first_seen_at", limit)


async def counted_between(
    documents: Documents, topics: Sequence[str], start: datetime, end: datetime, *, limit: int = 2000
) -> list[Article]:
    """The articles of these topics that count from `start` to `end` (not included), without their text, the latest first."""
    return await _articles(documents, topics, {"counted_at": {"gte": start.isoformat(), "lt": end.isoformat()}}, "counted_at", limit)


async def busiest(documents: Documents, topics: Sequence[str], start: datetime, end: datetime, limit: int) -> list[tuple[str, int, float]]:
    """Topic, stories and how many were expected from `start` to `end`, for those with most stories; of `topics`, or of all."""
    filters: list[Mapping[str, Any]] = [{"range": {"hour": {"gte": start.isoformat(), "lt": end.isoformat()}}}]
    if topics:
        filters.append({"terms": {"topic": list(topics)}})
    sums = {"stories": {"sum": {"field": "stories"}}, "expected": {"sum": {"field": "expected"}}}
    terms = {"field": "topic", "size": limit, "order": [{"stories": "desc"}, {"_key": "asc"}]}
    body = {"size": 0, "query": {"bool": {"filter": filters}}, "aggs": {"topics": {"terms": terms, "aggs": sums}}}
    answer = await documents.search("counts", body)
    buckets = answer.get("aggregations", {}).get("topics", {}).get("buckets", ())
    found = [(str(each["key"]), round(each["stories"]["value"]), float(each["expected"]["value"])) for each in buckets]
    return [each for each in found if each[1]]


async def feeds_changed_since(documents: Documents, since: datetime, *, limit: int = 500) -> list[FeedState]:
    """Feeds that are watched, or were, whose health has changed since then, the latest change first."""
    query = {"bool": {"filter": [{"range": {"health_since": {"gte": since.isoformat()}}}], "must_not": [{"term": {"health": Health.NEW}}]}}
    hits = await documents.find("feeds", query, size=limit, sort=[{"health_since": "desc"}])
    return [stored(FeedState, hit).value for hit in hits]


async def _articles(documents: Documents, topics: Sequence[str], span: Mapping[str, Any], by: str, limit: int) -> list[Article]:
    if not topics:
        return []
    query = {
        "bool": {
            "filter": [
                {"terms": {"topics": list(topics)}},
                {"terms": {"status": sorted(COUNTABLE)}},
                {"exists": {"field": "story_id"}},
                {"exists": {"field": "counted_at"}},
                {"range": span},
            ]
        }
    }
    fields = [name for name in to_fields() if name not in _LEFT_OUT]
    hits = await documents.find(ARTICLES, query, size=limit, sort=[{by: "desc"}, {"id": "asc"}], fields=fields)
    return [stored(Article, hit).value for hit in hits]
