"""Stored history as a table that can be walked through, for topics as they are or for rules that nobody has saved yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wirewatch.config import Bundle
from wirewatch.model import Alert, Article, Incident, IncidentEvidence, Sighting, Topic, TopicMatch
from wirewatch.pipeline.counts_csv import SERIES, Table
from wirewatch.pipeline.process import matcher_of
from wirewatch.pipeline.tables import table
from wirewatch.spikes.counts import hour_of
from wirewatch.spikes.evidence import evidence_of
from wirewatch.spikes.series import HOUR
from wirewatch.store import articles as article_store
from wirewatch.store import counts as store
from wirewatch.store.base import Documents, Hit
from wirewatch.store.documents import stored
from wirewatch.topics.match import Matcher

COMPANY = 100
"""Topics walked through in all: rhythm and noise are learned by all together, and some tell as much as thousands."""
_BEFORE = timedelta(hours=72)
"""Stories that began so long before are still told."""
_EARLIER = 200
"""Headlines before an incident that say which words are new."""
_SIGHTED = ("story_id", "publisher", "counted_at", "first_seen_at", "status", "topic_matches.topic", "topic_matches.hash")
_READ = ("title", "summary", "text", "language", "country", "kind", "url", "@timestamp")
_HEAVY = frozenset(("text", "summary", "feed_content", "bands", "fingerprint", "revisions", "tags", "authors", "image"))

Progress = Callable[[int, int], None]
"""Told articles read and articles in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An article of a chosen topic, where it is stored."""

    at: datetime
    index: str
    id: str
    match: TopicMatch | None
    """By rules that are only tried; None: as it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was stored, counted."""

    table: Table
    chosen: tuple[Topic, ...]
    """The topics asked about; the table's others keep them company."""
    told: Mapping[str, Sequence[Told]]
    """By chosen topic, oldest first."""
    looked: bool
    """Whether coverage is known of any hour."""


async def past(
    documents: Documents,
    bundle: Bundle,
    chosen: Sequence[Topic],
    tried: Bundle | None = None,
    *,
    start: datetime,
    end: datetime,
    progress: Progress = lambda *_: None,
) -> Past:
    """Count what is stored from `start` to `end`; `tried`: rules by which `chosen` topics are tagged, instead of as they are stored."""
    start, end = hour_of(start).replace(hour=0), hour_of(end - timedelta(microseconds=1)) + HOUR
    coverage = {each.hour: each.coverage for each in await store.coverage_between(documents, start, end)}
    company = _company(bundle, chosen)
    wanted = {topic.id for topic in company}
    names = {topic.id for topic in chosen}
    told: dict[str, list[Told]] = {topic.id: [] for topic in chosen}
    sightings: list[Sighting] = []
    seen: dict[str, datetime] = {}
    matcher = None if tried is None else matcher_of(tried)
    async for hit in _articles(documents, start - _BEFORE, end, _SIGHTED if tried is None else (*_SIGHTED, *_READ), progress):
        at = datetime.fromisoformat(hit.source["counted_at"])
        known = [(match["topic"], match["hash"]) for match in hit.source.get("topic_matches", ())]
        found: list[TopicMatch] = [] if matcher is None else _matches(hit, matcher)
        if matcher is not None:
            known = [(topic, hash) for topic, hash in known if topic not in names] + [(match.topic, match.hash) for match in found]
        topics = tuple((topic, hash) for topic, hash in known if topic in wanted)
        for topic, _ in topics:
            if topic in told:
                match = next((match for match in found if match.topic == topic), None)
                told[topic].append(Told(at=at, index=hit.index, id=hit.id, match=match))
        seen[hit.id] = hour_of(datetime.fromisoformat(hit.source["first_seen_at"]))
        sightings.append(Sighting(article=hit.id, story=hit.source["story_id"], publisher=hit.source["publisher"], at=at, topics=topics))
    counted = table(sightings, seen, company, coverage, start=start, end=end, unknown=0.0)
    if tried is None:
        await _forget_other_rules(documents, chosen, counted)
    ordered = {topic: sorted(each, key=lambda one: (one.at, one.id)) for topic, each in told.items()}
    return Past(table=counted, chosen=tuple(chosen), told=ordered, looked=any(share > 0 for share in coverage.values()))


async def evidence(documents: Documents, known: Past, incident: Incident) -> IncidentEvidence:
    """What an incident of the walk rests on: the articles of its topic until it closed."""
    told = known.told[incident.topic]
    until = incident.closed_at or known.table.panel.end
    inside = [each for each in told if incident.began_at <= each.at < until]
    before = [each for each in told if each.at < incident.began_at][-_EARLIER:]
    articles = await _read(documents, inside, incident.topic)
    return evidence_of(
        articles,
        topic=incident.topic,
        since=incident.began_at,
        known_titles=[each.title for each in await _read(documents, before, incident.topic)],
        other_titles=await store.titles(documents, incident.began_at),
    )


def _company(bundle: Bundle, chosen: Sequence[Topic]) -> list[Topic]:
    """The chosen topics, and others evenly out of all that alert."""
    names = {topic.id for topic in chosen}
    others = [topic for topic in bundle.topics if topic.alert is Alert.SPIKE and topic.id not in names]
    room = max(0, COMPANY - len(chosen))
    step = max(1, -(-len(others) // room)) if room else len(others) + 1
    return [*chosen, *others[::step][:room]]


async def _articles(documents: Documents, start: datetime, end: datetime, fields: Sequence[str], progress: Progress) -> AsyncIterator[Hit]:
    """All that counts in between."""
    query = {
        "bool": {
            "filter": [
                {"exists": {"field": "story_id"}},
                {"terms": {"status": sorted(store.COUNTABLE)}},
                {"range": {"counted_at": {"gte": start.isoformat(), "lt": end.isoformat()}}},
            ]
        }
    }
    await documents.refresh(article_store.KIND)
    total, done = await documents.count(article_store.KIND, query), 0
    progress(0, total)
    async for hit in documents.scan(article_store.KIND, query, fields=fields):
        yield hit
        done += 1
        if done % 500 == 0 or done == total:
            progress(done, total)


def _matches(hit: Hit, matcher: Matcher) -> list[TopicMatch]:
    source = hit.source
    return matcher.match(
        title=source.get("title") or "",
        summary=source.get("summary") or "",
        text=source.get("text") or "",
        language=source.get("language"),
        publisher=source.get("publisher"),
        country=source.get("country"),
        kind=source.get("kind"),
        url=source.get("url") or "",
        at=datetime.fromisoformat(source["@timestamp"]).date() if "@timestamp" in source else None,
    )


async def _forget_other_rules(documents: Documents, chosen: Sequence[Topic], counted: Table) -> None:
    """Hours before a topic's rule was there are unknown, as they are to detection."""
    states = await store.learned(documents, [topic.id for topic in chosen])
    for series in counted.series[: len(chosen)]:
        state = states.get(series.topic)
        if state is not None and state.since is not None:
            for name in SERIES:
                getattr(series, name)[: max(0, counted.panel.index(state.since))] = float("nan")


async def _read(documents: Documents, told: Sequence[Told], topic: str) -> list[Article]:
    fields = [name for name in article_store.to_fields() if name not in _HEAVY]
    found = await documents.mget([(each.index, each.id) for each in told], fields=fields) if told else []
    articles = []
    for each, hit in zip(told, found, strict=True):
        if hit is not None:
            article: Article = stored(Article, hit).value
            articles.append(article if each.match is None else replace(article, topics=(topic,), topic_matches=(each.match,)))
    return articles
