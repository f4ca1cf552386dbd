"""What counting reads and keeps: sightings of stories, hourly counts and coverage, learned states, and how far counting has come.

Counts and coverage are written under external versions (the inputs' cut-off), so a late run never overwrites a newer one. Zero hours
are not stored, except where an hour once had something and has nothing any more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from wirewatch.errors import Conflict, StoreUnavailable
from wirewatch.model import Article, Counts, Coverage, Sighting, Status
from wirewatch.store.articles import to_fields
from wirewatch.store.base import Body, Documents, Hit, Write, put_over
from wirewatch.store.documents import from_document, stored, to_document

COUNTS = "counts"
COVERAGE = "coverage"
STATES = "baselines"
ARTICLES = "articles"
CURSOR = "cursor-counts"
"""In `-config`: how far counting has come."""
HOUR = timedelta(hours=1)
TICK = timedelta(milliseconds=1)

_FIELDS = ("story_id", "publisher", "counted_at", "status", "topic_matches.topic", "topic_matches.hash")
_TERMS = 2000
_RANGES = 200
_PAGE, _LARGE_PAGE = 5000, 10_000
_HOURLY = ("topic", "hash", "hour", "stories", "publishers", "articles")
_TRIES = 8
COUNTABLE = frozenset((Status.READY.value, Status.PARTIAL.value))
"""The states in which an article counts."""


# ---------------------------------------------------------------- how far counting has come


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of counting."""

    until: datetime
    """Cut-off and external version of what it writes: later than that of every run before it, whatever the clock says."""
    done_at: datetime | None
    """When the last complete run began; None: there was none."""
    now: datetime
    seq_no: int
    primary_term: int


async def begin(documents: Documents, now: datetime) -> Run:
    """Begin a run; the writes of those that began earlier give way to its own."""
    index = documents.index_for("config")
    for _ in range(_TRIES):
        hit = await documents.get(index, CURSOR)
        until = now.replace(microsecond=now.microsecond // 1000 * 1000)
        done_at = None
        if hit is not None:
            until = max(until, datetime.fromisoformat(hit.source["until"]) + TICK)
            done_at = datetime.fromisoformat(hit.source["at"]) if hit.source.get("at") else None
        entry = {"kind": "cursor", "until": until.isoformat()} | ({"at": done_at.isoformat()} if done_at else {})
        try:
            written = await put_over(documents, index, CURSOR, entry, hit)
        except Conflict:
            continue
        if written.seq_no is None or written.primary_term is None:
            raise StoreUnavailable("the counting cursor was written without a version")
        return Run(until=until, done_at=done_at, now=now, seq_no=written.seq_no, primary_term=written.primary_term)
    raise StoreUnavailable("the counting cursor keeps changing")


async def finish(documents: Documents, run: Run) -> bool:
    """Record that everything up to a run's beginning is counted; False where another run has begun since."""
    entry = {"kind": "cursor", "until": run.until.isoformat(), "at": run.now.isoformat()}
    try:
        await documents.put(documents.index_for("config"), CURSOR, entry, seq_no=run.seq_no, primary_term=run.primary_term)
    except Conflict:
        return False
    return True


# ---------------------------------------------------------------- sightings


async def changed(documents: Documents, since: datetime | None) -> list[Sighting]:
    """Articles with a story and an hour that were written since then (None: all of them)."""
    await documents.refresh(ARTICLES)
    written: list[Mapping[str, Any]] = [] if since is None else [{"range": {"indexed_at": {"gte": since.isoformat()}}}]
    return [each async for each in _sightings(documents, written)]


async def of_stories(documents: Documents, stories: Collection[str], *, before: datetime | None = None) -> list[Sighting]:
    """All sightings of stories, or only those before a moment."""
    wanted = sorted(stories)
    earlier: list[Mapping[str, Any]] = [] if before is None else [{"range": {"counted_at": {"lt": before.isoformat()}}}]
    found: list[Sighting] = []
    for start in range(0, len(wanted), _TERMS):
        filters = [{"terms": {"story_id": wanted[start : start + _TERMS]}}, *earlier]
        found += [each async for each in _sightings(documents, filters)]
    return found


async def in_hours(documents: Documents, hours: Collection[datetime]) -> list[Sighting]:
    """All sightings in these hours."""
    found: list[Sighting] = []
    for ranges in _ranges("counted_at", hours):
        found += [each async for each in _sightings(documents, [ranges])]
    return found


async def tagged_since(documents: Documents, rules: str) -> datetime | None:
    """The last counted moment of an article that other rules than these tagged: later ones have all been tagged by these."""
    body = {
        "size": 0,
        "query": {"bool": {"filter": [{"terms": {"status": sorted(COUNTABLE)}}], "must_not": [{"term": {"rules": rules}}]}},
        "aggs": {"last": {"max": {"field": "counted_at"}}},
    }
    answer = await documents.search(ARTICLES, body)
    last = answer.get("aggregations", {}).get("last", {}).get("value_as_string")
    return None if last is None else datetime.fromisoformat(last)


async def _sightings(documents: Documents, filters: Sequence[Mapping[str, Any]]) -> AsyncIterator[Sighting]:
    query = {"bool": {"filter": [{"exists": {"field": "counted_at"}}, {"exists": {"field": "story_id"}}, *filters]}}
    async for hit in documents.scan(ARTICLES, query, fields=_FIELDS, page=_PAGE):
        yield _sighting(hit)


def _sighting(hit: Hit) -> Sighting:
    source = hit.source
    return Sighting(
        article=hit.id,
        story=source["story_id"],
        publisher=source["publisher"],
        at=datetime.fromisoformat(source["counted_at"]),
        topics=tuple((match["topic"], match["hash"]) for match in source.get("topic_matches", ())),
        counts=source["status"] in COUNTABLE,
    )


# ---------------------------------------------------------------- counts and coverage


def count_id(topic: str, hour: datetime) -> str:
    """The id of one hour of one topic."""
    return f"{topic}|{hour:%Y-%m-%dT%H}"


async def counts_in(documents: Documents, hours: Collection[datetime]) -> list[Counts]:
    """What is stored of these hours, of all topics."""
    await documents.refresh(COUNTS)
    found: list[Counts] = []
    for ranges in _ranges("hour", hours):
        found += [each async for each in _counts(documents, [ranges])]
    return found


async def counts_between(documents: Documents, start: datetime, end: datetime, topics: Sequence[str] | None = None) -> list[Counts]:
    """What is stored from `start` to `end` (not included), of all topics or of some."""
    await documents.refresh(COUNTS)
    return [each for filters in _between(start, end, topics) async for each in _counts(documents, filters)]


class Hourly(NamedTuple):
    """What was counted in one hour of a topic."""

    topic: str
    hash: str
    hour: datetime
    counts: tuple[int, int, int]
    """Stories, publishers, articles."""


async def scan_hours(documents: Documents, start: datetime, end: datetime, topics: Sequence[str] | None = None) -> AsyncIterator[Hourly]:
    """What was counted from `start` to `end` (not included) one by one, in no order: there may be millions, too many to hold."""
    await documents.refresh(COUNTS)
    for filters in _between(start, end, topics):
        async for hit in documents.scan(COUNTS, {"bool": {"filter": filters}}, fields=_HOURLY, page=_LARGE_PAGE):
            of = hit.source
            yield Hourly(
                of["topic"], of["hash"], _moment(of["hour"]), (of.get("stories", 0), of.get("publishers", 0), of.get("articles", 0))
            )


def _between(start: datetime, end: datetime, topics: Sequence[str] | None) -> list[list[Body]]:
    """Filters, one list a search."""
    between = {"range": {"hour": {"gte": start.isoformat(), "lt": end.isoformat()}}}
    if topics is None:
        return [[between]]
    return [[between, {"terms": {"topic": list(topics[first : first + _TERMS])}}] for first in range(0, len(topics), _TERMS)]


@lru_cache(maxsize=10_000)
def _moment(text: str) -> datetime:
    """Hours are few, and asked for again and again."""
    return datetime.fromisoformat(text)


async def save_counts(documents: Documents, rows: Iterable[Counts]) -> int:
    """Store hours, each unless a newer run has written it; returns how many were written."""
    writes = [
        Write(
            op="index",
            index=documents.index_for(COUNTS, row.hour),
            id=count_id(row.topic, row.hour),
            doc=to_document(row),
            version=version_of(row.until),
        )
        for row in rows
    ]
    return await _save(documents, writes)


async def coverage_between(documents: Documents, start: datetime, end: datetime) -> list[Coverage]:
    """What is stored of the coverage from `start` to `end` (not included), in order."""
    await documents.refresh(COVERAGE)
    query = {"range": {"hour": {"gte": start.isoformat(), "lt": end.isoformat()}}}
    found = [from_document(Coverage, hit.source) async for hit in documents.scan(COVERAGE, query, page=_PAGE)]
    return sorted(found, key=lambda each: each.hour)


async def save_coverage(documents: Documents, rows: Iterable[Coverage]) -> int:
    """As `save_counts`."""
    writes = [
        Write(
            op="index",
            index=documents.index_for(COVERAGE, row.hour),
            id=f"{row.hour:%Y-%m-%dT%H}",
            doc=to_document(row),
            version=version_of(row.until),
        )
        for row in rows
    ]
    return await _save(documents, writes)


def version_of(until: datetime) -> int:
    """The external version that stands for a cut-off."""
    return int(until.timestamp() * 1000 + 0.5)


async def _save(documents: Documents, writes: list[Write]) -> int:
    if not writes:
        return 0
    return sum(1 for each in await documents.bulk(writes) if each.outcome in ("created", "updated"))


async def _counts(documents: Documents, filters: Sequence[Mapping[str, Any]]) -> AsyncIterator[Counts]:
    async for hit in documents.scan(COUNTS, {"bool": {"filter": list(filters)}}, page=_PAGE):
        yield _count(hit.source)


def _count(source: Mapping[str, Any]) -> Counts:
    """Built by hand: there may be a hundred thousand of them in a run."""
    return Counts(
        topic=source["topic"],
        hash=source["hash"],
        hour=_moment(source["hour"]),
        stories=source.get("stories", 0),
        publishers=source.get("publishers", 0),
        articles=source.get("articles", 0),
        expected=source.get("expected"),
        upper=source.get("upper"),
        score=source.get("score"),
        until=datetime.fromisoformat(source["until"]),
    )


def _ranges(field: str, hours: Collection[datetime]) -> list[dict[str, Any]]:
    """Queries for whole hours, neighbours together, some ranges at a time."""
    spans: list[tuple[datetime, datetime]] = []
    for hour in sorted(hours):
        if spans and spans[-1][1] == hour:
            spans[-1] = (spans[-1][0], hour + HOUR)
        else:
            spans.append((hour, hour + HOUR))
    ranges = [{"range": {field: {"gte": start.isoformat(), "lt": end.isoformat()}}} for start, end in spans]
    return [{"bool": {"should": ranges[first : first + _RANGES], "minimum_should_match": 1}} for first in range(0, len(ranges), _RANGES)]


# ---------------------------------------------------------------- learned states


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What is kept of a topic between runs."""

    topic: str
    hash: str
    """The topic's hash that it was learned under."""
    since: datetime | None
    """From when on all articles have been tagged under that hash; None: always."""
    state: Mapping[str, Any] | None
    """The baseline as plain data; None: nothing learned yet."""
    seq_no: int | None = None
    primary_term: int | None = None
    rest: Mapping[str, Any] | None = None
    """The other fields of the stored document."""


async def learned(documents: Documents, topics: Sequence[str]) -> dict[str, Learned]:
    """The learned states of topics, in real time; those without one are left out."""
    index = documents.index_for(STATES)
    found: dict[str, Learned] = {}
    for hit in await documents.mget([(index, topic) for topic in topics]) if topics else []:
        if hit is None:
            continue
        rest = {name: value for name, value in hit.source.items() if name not in ("hash", "updated_at", "state")}
        state = hit.source.get("state") or {}
        found[hit.id] = Learned(
            topic=hit.id,
            hash=hit.source.get("hash", ""),
            since=datetime.fromisoformat(state["since"]) if state.get("since") else None,
            state=state.get("baseline"),
            seq_no=hit.seq_no,
            primary_term=hit.primary_term,
            rest=rest,
        )
    return found


async def save_learned(documents: Documents, states: Iterable[Learned], now: datetime) -> int:
    """Store learned states; one that somebody changed meanwhile is left to the next run."""
    index = documents.index_for(STATES)
    writes = []
    for each in states:
        state = {"since": each.since.isoformat() if each.since else None, "baseline": each.state}
        doc = {**(each.rest or {}), "topic": each.topic, "hash": each.hash, "updated_at": now.isoformat(), "state": state}
        op = "create" if each.seq_no is None else "index"
        writes.append(Write(op=op, index=index, id=each.topic, doc=doc, seq_no=each.seq_no, primary_term=each.primary_term))
    return await _save(documents, writes)


def zeroed(row: Counts, hash: str, until: datetime) -> Counts:
    """An hour that has nothing any more."""
    return replace(row, hash=hash, stories=0, publishers=0, articles=0, until=until)


# ---------------------------------------------------------------- what an incident rests on

_LEFT_OUT = frozenset(("text", "summary", "feed_content", "bands", "fingerprint", "revisions", "tags", "authors", "image"))


async def articles_of(documents: Documents, topic: str, start: datetime, end: datetime, *, limit: int = 5000) -> list[Article]:
    """A topic's counted articles from `start` to `end` (not included), without their text, in the order in which they count."""
    fields = [name for name in to_fields() if name not in _LEFT_OUT]
    query = {
        "bool": {
            "filter": [
                {"term": {"topics": topic}},
                {"terms": {"status": sorted(COUNTABLE)}},
                {"exists": {"field": "story_id"}},
                {"range": {"counted_at": {"gte": start.isoformat(), "lt": end.isoformat()}}},
            ]
        }
    }
    hits = await documents.find(ARTICLES, query, size=limit, sort=[{"counted_at": "asc"}, {"id": "asc"}], fields=fields)
    return [stored(Article, hit).value for hit in hits]


async def titles(documents: Documents, before: datetime, *, topic: str | None = None, limit: int = 400) -> list[str]:
    """The latest headlines before a moment, of a topic or of everything."""
    filters: list[Mapping[str, Any]] = [{"range": {"@timestamp": {"lt": before.isoformat()}}}, {"terms": {"status": sorted(COUNTABLE)}}]
    if topic is not None:
        filters.append({"term": {"topics": topic}})
    hits = await documents.find(ARTICLES, {"bool": {"filter": filters}}, size=limit, sort=[{"@timestamp": "desc"}], fields=["title"])
    return [hit.source.get("title", "") for hit in hits]


async def waiting_since(documents: Documents, now: datetime) -> datetime | None:
    """Since when the longest waiting article that nobody has tried yet is due; None: the queue is empty."""
    query = {"bool": {"filter": [{"term": {"status": Status.DISCOVERED}}, {"range": {"next_attempt_at": {"lte": now.isoformat()}}}]}}
    hits = await documents.find(ARTICLES, query, size=1, sort=[{"first_seen_at": "asc"}], fields=["first_seen_at"])
    return datetime.fromisoformat(hits[0].source["first_seen_at"]) if hits else None
