"""How the news of an incident spread: every article in time, and its stories with the words that matched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from wirewatch.alerts.text import clean, safe_url
from wirewatch.model import Article, Incident
from wirewatch.store.base import Documents
from wirewatch.store.documents import from_document
from wirewatch.web.text import Piece, evidence_in, excerpt, pieces

MOST = 500
"""Articles in the chart, the earliest."""
_STORIES = 40
_TITLE = 300
_FIELDS = ("id", "urls", "url", "source", "publisher", "publisher_name", "country", "language", "title", "story_id", "status")
_CLOCKS = ("@timestamp", "first_seen_at", "indexed_at", "counted_at")
_TEXT = ("summary", "text", "topics", "topic_matches")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One article of an incident in its chart of how it spread."""

    article: str
    at: datetime
    title: str
    publisher: str
    country: str | None
    language: str | None
    story: str | None
    """Articles with the same story are copies of its first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """One story of an incident by its earliest article; its copies are the other dots of the story."""

    story: str
    article: str
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    """The words that matched, in their surroundings."""
    url: str | None
    publisher: str
    country: str | None
    language: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """All of it."""

    dots: tuple[Dot, ...]
    """The earliest first."""
    stories: tuple[StoryView, ...]
    """Those that most took up first."""


async def spread_of(documents: Documents, incident: Incident, end: datetime) -> Spread:
    """The articles of an incident until `end`, as stored and tagged now."""
    began = incident.began_at - timedelta(hours=1)
    query = {
        "bool": {
            "filter": [
                {"term": {"topics": incident.topic}},
                {"exists": {"field": "counted_at"}},
                {"range": {"@timestamp": {"gte": began.isoformat(), "lt": end.isoformat()}}},
            ],
            "must_not": [{"term": {"status": "duplicate"}}],
        }
    }
    hits = await documents.find("articles", query, size=MOST, sort=[{"@timestamp": "asc"}, {"id": "asc"}], fields=[*_FIELDS, *_CLOCKS])
    found = [from_document(Article, hit.source) for hit in hits]
    firsts: dict[str, int] = {}
    for place, each in enumerate(found):
        firsts.setdefault(each.story_id or each.id, place)
    sizes = Counter(each.story_id or each.id for each in found)
    chosen = sorted(firsts, key=lambda story: (-sizes[story], firsts[story]))[:_STORIES]
    keys = [(hits[firsts[story]].index, hits[firsts[story]].id) for story in chosen]
    read = await documents.mget(keys, fields=[*_FIELDS, *_CLOCKS, *_TEXT]) if keys else []
    stories = [_story(from_document(Article, hit.source), incident.topic) for hit in read if hit is not None]
    return Spread(dots=tuple(_dot(each) for each in found), stories=tuple(stories))


def _dot(article: Article) -> Dot:
    return Dot(
        article=article.id,
        at=article.timestamp,
        title=clean(article.title, _TITLE),
        publisher=clean(article.publisher_name or article.publisher, 80),
        country=article.country,
        language=article.language,
        story=article.story_id,
    )


def _story(article: Article, topic: str) -> StoryView:
    return StoryView(
        story=article.story_id or article.id,
        article=article.id,
        title=pieces(article.title, evidence_in(article, "title", topic), _TITLE) or (Piece(text=article.url),),
        excerpt=_around(article, topic),
        url=safe_url(article.url),
        publisher=clean(article.publisher_name or article.publisher, 80),
        country=article.country,
        language=article.language,
        at=article.timestamp,
    )


def _around(article: Article, topic: str) -> tuple[Piece, ...]:
    in_text = evidence_in(article, "text", topic)
    if in_text or not article.summary:
        return excerpt(article.text, in_text)
    return excerpt(article.summary, evidence_in(article, "summary", topic))
