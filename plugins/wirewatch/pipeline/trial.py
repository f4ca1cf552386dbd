"""What a rule would have matched: a file of topics tried on the articles that are stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappush, heappushpop

from wirewatch.config import Bundle
from wirewatch.model import Article, Status, TopicMatch
from wirewatch.pipeline.process import matcher_of, matches_in
from wirewatch.store import articles as store
from wirewatch.store.base import Documents
from wirewatch.store.documents import stored

SAMPLES = 8
"""Articles kept of each topic: the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One article that a topic would have matched."""

    article: str
    """Its id."""
    at: datetime
    title: str
    url: str
    publisher: str
    score: int
    words: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Tried:
    """What one topic would have matched."""

    topic: str
    articles: int = 0
    stories: int = 0
    by_day: dict[str, int] = field(default_factory=dict)
    """By UTC day, `2026-11-24`."""
    by_publisher: dict[str, int] = field(default_factory=dict)
    """By name, most first."""
    gained: int = 0
    """Articles that are not tagged with it now."""
    lost: int = 0
    """Articles that are tagged with it now and would not be."""
    samples: list[Sample] = field(default_factory=list)
    """Latest first."""


class Trial:
    """The tally of all topics tried; articles come in any order."""

    def __init__(self, bundle: Bundle) -> None:
        self.articles = 0
        self._matcher = matcher_of(bundle)
        self._tried = {topic.id: Tried(topic=topic.id) for topic in bundle.topics}
        self._stories: dict[str, set[str]] = {topic.id: set() for topic in bundle.topics}
        self._days: dict[str, Counter[str]] = defaultdict(Counter)
        self._publishers: dict[str, Counter[str]] = defaultdict(Counter)
        self._latest: dict[str, list[tuple[datetime, str, Sample]]] = {topic.id: [] for topic in bundle.topics}

    def add(self, article: Article) -> None:
        """Try every topic on one article."""
        self.articles += 1
        matches = {match.topic: match for match in matches_in(article, self._matcher)}
        for id, match in matches.items():
            self._take(id, article, match)
        for id in article.topics:
            if id in self._tried and id not in matches:
                self._tried[id].lost += 1

    def _take(self, id: str, article: Article, match: TopicMatch) -> None:
        tried = self._tried[id]
        tried.articles += 1
        tried.gained += id not in article.topics
        self._days[id][f"{article.timestamp:%Y-%m-%d}"] += 1
        self._publishers[id][article.publisher_name or article.publisher] += 1
        self._stories[id].add(article.story_id or article.id)
        sample = Sample(
            article=article.id,
            at=article.timestamp,
            title=article.title,
            url=article.url,
            publisher=article.publisher_name or article.publisher,
            score=match.score,
            words=tuple(dict.fromkeys(each.words for each in match.evidence))[:4],
        )
        latest = self._latest[id]
        entry = (article.timestamp, article.id, sample)
        if len(latest) < SAMPLES:
            heappush(latest, entry)
        else:
            heappushpop(latest, entry)

    def result(self) -> Mapping[str, Tried]:
        """By topic."""
        for id, tried in self._tried.items():
            tried.stories = len(self._stories[id])
            tried.by_day = dict(sorted(self._days[id].items()))
            tried.by_publisher = dict(self._publishers[id].most_common())
            tried.samples = [sample for _, _, sample in sorted(self._latest[id], key=lambda entry: entry[:2], reverse=True)]
        return self._tried


async def trial(documents: Documents, bundle: Bundle, since: datetime) -> Trial:
    """Every topic of `bundle` tried on all readable articles since then."""
    found = Trial(bundle)
    await documents.refresh(store.KIND)
    query = {
        "bool": {
            "filter": [
                {"terms": {"status": [Status.READY.value, Status.PARTIAL.value]}},
                {"range": {"@timestamp": {"gte": since.isoformat()}}},
            ]
        }
    }
    fields = [name for name in store.to_fields() if name not in ("feed_content", "topic_matches", "bands", "fingerprint")]
    async for hit in documents.scan(store.KIND, query, fields=fields):
        found.add(stored(Article, hit).value)
    return found
