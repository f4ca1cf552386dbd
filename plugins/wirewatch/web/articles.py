"""Articles: search with filters, highlights and facets; one article with its clocks, its topics and why it has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NoReturn

from fastapi import HTTPException, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from wirewatch.alerts.text import clean, safe_url
from wirewatch.errors import StoreRejected
from wirewatch.model import Article, Revision, Status
from wirewatch.store import articles as store
from wirewatch.store import config as published
from wirewatch.store import labels
from wirewatch.store.base import Documents
from wirewatch.store.documents import from_document, to_document
from wirewatch.web.access import Changer, Now, Stored, area
from wirewatch.web.text import END, START, Piece, evidence_in, excerpt, highlighted, pieces
from wirewatch.web.topics import names_of

router = area("articles")

FACETS = ("publisher_name", "language", "country", "kind", "topics")
_ANY_OF = ("topics", "publisher_name", "language", "country", "kind", "feeds", "source", "story_id")
MANY = frozenset((*_ANY_OF, "status"))
"""Filters that take several values."""
_FACET_SIZE = 12
_MAX_TITLE = 400
_MAX_TEXT = 60_000
_SHOWN = [name for name in store.to_fields() if name not in ("feed_content", "fingerprint", "bands")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTag:
    """That an article has a topic."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """One article in a list, with the words that were looked for (or that made its topics) marked."""

    id: str
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    url: str | None
    publisher: str
    publisher_id: str
    country: str | None
    language: str | None
    status: str
    at: datetime
    story: str | None
    topics: tuple[TopicTag, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """How many of the found articles have a value of a field."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    """Articles that were found."""

    total: int
    stories: int
    publishers: int
    facets: dict[str, tuple[Facet, ...]]
    articles: tuple[ArticleRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why an article has a topic."""

    topic: TopicTag
    score: int
    current: bool
    """Tagged by the topic's rule as it is now."""
    evidence: tuple[EvidenceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """One of the words that made it so."""

    field: str
    words: str
    concept: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What somebody said of an article."""

    verdict: str
    topic: TopicTag | None
    who: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """One article with everything that is known of it."""

    row: ArticleRow
    summary: tuple[Piece, ...]
    text: tuple[Piece, ...]
    cut: bool
    """Whether the text shown is not all of it."""
    authors: tuple[str, ...]
    urls: tuple[str, ...]
    feeds: tuple[str, ...]
    source: str
    kind: str
    reliability: str | None
    failure: str | None
    duplicate_of: str | None
    published_at: datetime | None
    published_from: str
    published_precision: str | None
    first_seen_at: datetime
    indexed_at: datetime
    counted_at: datetime | None
    revisions: tuple[Revision, ...]
    why: tuple[Why, ...]
    copies: tuple[ArticleRow, ...]
    """Other articles of its story, the earliest first."""
    verdicts: tuple[Verdict, ...]
    """The latest first."""


class Filters(BaseModel):
    """What to look for; every list means "any of these"."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=1000, description="Lucene query syntax over title, summary and text.")
    topics: list[str] = Field([], max_length=50)
    publisher_name: list[str] = Field([], max_length=50)
    language: list[str] = Field([], max_length=50)
    country: list[str] = Field([], max_length=50)
    kind: list[str] = Field([], max_length=50)
    feeds: list[str] = Field([], max_length=50)
    source: list[str] = Field([], max_length=50)
    story_id: list[str] = Field([], max_length=50)
    status: list[Status] = Field([], description="Default: those that can be read.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    seen_since: AwareDatetime | None = Field(None, description="By when they were first seen, whatever time they give themselves.")
    seen_until: AwareDatetime | None = None
    counted: bool = Field(False, description="Only those that count towards a topic's numbers.")
    sort: Literal["best", "latest", "earliest"] = "latest"
    offset: int = Field(0, ge=0, le=9_900)
    limit: int = Field(25, ge=1, le=100)


@router.get("/articles")
async def list_articles(documents: Stored, filters: Annotated[Filters, Query()]) -> ArticlePage:
    """Search articles."""
    names = names_of(await published.published(documents))
    try:
        answer = await documents.search("articles", request_of(filters))
    except StoreRejected as error:
        refuse(filters, error)
    found = answer.get("aggregations", {})
    return ArticlePage(
        total=answer["hits"]["total"]["value"],
        stories=found.get("stories", {}).get("value", 0),
        publishers=found.get("publishers", {}).get("value", 0),
        facets={name: _facet(name, found.get(name, {}), names) for name in FACETS},
        articles=tuple(_row(from_document(Article, hit["_source"]), names, hit.get("highlight", {})) for hit in answer["hits"]["hits"]),
    )


@router.get("/articles/{article}")
async def show_article(documents: Stored, article: str) -> ArticleView:
    """One article: text with the matched words marked, clocks, topics and why, its copies, and what people said of it."""
    return await _view(documents, await load(documents, article))


class Judgement(BaseModel):
    """What somebody says of an article."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["wrong_tag"] = "wrong_tag"
    topic: str = Field(max_length=500, description="The topic that it is not about.")
    note: str = Field("", max_length=2000)


@router.post("/articles/{article}/verdicts")
async def judge_article(documents: Stored, now: Now, user: Changer, article: str, judgement: Judgement) -> ArticleView:
    """Record that an article is not about one of its topics; answers with the article as it is then."""
    found = await load(documents, article)
    match = next((each for each in found.topic_matches if each.topic == judgement.topic), None)
    if match is None:
        raise HTTPException(409, f"It is not tagged with {judgement.topic!r}: somebody may have mended the rule already.")
    names = ("id", "url", "title", "summary", "text", "language", "publisher")
    copy = {name: getattr(found, name) for name in names} | {"match": to_document(match)}
    note = clean(judgement.note)
    await labels.label(
        documents, what="article", id=found.id, topic=match.topic, verdict=judgement.verdict, who=user.id, now=now, note=note, copy=copy
    )
    after = {"topic": match.topic, "verdict": judgement.verdict, "note": note}
    await labels.audit(documents, what="article.judge", id=found.id, who=user.id, now=now, before={}, after=after)
    await documents.refresh(labels.LABELS)
    return await _view(documents, found)


async def _view(documents: Documents, found: Article) -> ArticleView:
    bundle = await published.published(documents)
    names = names_of(bundle)
    hashes = {topic.id: topic.hash for topic in bundle.topics} if bundle else {}
    copies: list[Article] = []
    if found.story_id:
        query = {"bool": {"filter": [{"term": {"story_id": found.story_id}}], "must_not": [{"term": {"id": found.id}}]}}
        hits = await documents.find("articles", query, size=50, sort=[{"@timestamp": "asc"}], fields=_SHOWN)
        copies = [from_document(Article, hit.source) for hit in hits]
    return ArticleView(
        row=_row(found, names, {}),
        summary=pieces(found.summary, evidence_in(found, "summary")),
        text=pieces(found.text, evidence_in(found, "text"), _MAX_TEXT),
        cut=len(found.text) > _MAX_TEXT,
        authors=tuple(clean(each, 120) for each in found.authors),
        urls=tuple(url for url in map(safe_url, found.urls) if url),
        feeds=found.feeds,
        source=found.source,
        kind=found.kind,
        reliability=found.reliability,
        failure=found.failure,
        duplicate_of=found.duplicate_of,
        published_at=found.published_at,
        published_from=found.published_from,
        published_precision=found.published_precision,
        first_seen_at=found.first_seen_at,
        indexed_at=found.indexed_at,
        counted_at=found.counted_at,
        revisions=tuple(Revision(at=each.at, title=clean(each.title, _MAX_TITLE)) for each in found.revisions),
        why=tuple(
            Why(
                topic=TopicTag(id=match.topic, name=names.get(match.topic, match.topic)),
                score=match.score,
                current=hashes.get(match.topic) == match.hash,
                evidence=tuple(
                    EvidenceView(field=each.field, words=clean(each.words, 120), concept=each.concept) for each in match.evidence
                ),
            )
            for match in sorted(found.topic_matches, key=lambda match: -match.score)
        ),
        copies=tuple(_row(each, names, {}) for each in copies),
        verdicts=await _verdicts(documents, found.id, names),
    )


async def _verdicts(documents: Documents, article: str, names: Mapping[str, str]) -> tuple[Verdict, ...]:
    query = {"bool": {"filter": [{"term": {"what": "article"}}, {"term": {"id": article}}]}}
    fields = ["verdict", "topic", "who", "at", "note"]
    hits = await documents.find(labels.LABELS, query, size=50, sort=[{"at": {"order": "desc", "unmapped_type": "date"}}], fields=fields)
    return tuple(
        Verdict(
            verdict=hit.source["verdict"],
            topic=TopicTag(id=hit.source["topic"], name=names.get(hit.source["topic"], hit.source["topic"]))
            if "topic" in hit.source
            else None,
            who=hit.source["who"],
            at=datetime.fromisoformat(hit.source["at"]),
            note=hit.source.get("note", ""),
        )
        for hit in hits
    )


def refuse(filters: Filters, error: StoreRejected) -> NoReturn:
    """Raise what to say of a search that Elasticsearch refuses: the fault is the query's, where there is one."""
    if not filters.q:
        raise error
    raise HTTPException(422, f"This search cannot be read: {_short(error)}") from error


def request_of(filters: Filters) -> dict[str, Any]:
    """The search that filters mean; pure."""
    wanted: list[dict[str, Any]] = [{"terms": {"status": filters.status or [Status.READY, Status.PARTIAL]}}]
    wanted += [{"terms": {name: values}} for name in _ANY_OF if (values := getattr(filters, name))]
    if filters.counted:
        wanted.append({"exists": {"field": "counted_at"}})
    for field, since, until in (
        ("@timestamp", filters.since, filters.until),
        ("first_seen_at", filters.seen_since, filters.seen_until),
    ):
        if bounds := {name: at.isoformat() for name, at in (("gte", since), ("lt", until)) if at}:
            wanted.append({"range": {field: bounds}})
    must: list[dict[str, Any]] = []
    if filters.q.strip():
        must.append(
            {
                "query_string": {
                    "query": store.reach_words(filters.q),
                    "fields": ["title^3", "summary^2", "text"],
                    "default_operator": "AND",
                    "allow_leading_wildcard": False,
                    "lenient": True,
                }
            }
        )
    newest = {"@timestamp": {"order": "asc" if filters.sort == "earliest" else "desc", "unmapped_type": "date"}}
    tie = {"id": {"order": "asc", "unmapped_type": "keyword"}}
    mark = {"pre_tags": [START], "post_tags": [END]}
    return {
        "query": {"bool": {"must": must, "filter": wanted}},
        "from": filters.offset,
        "size": filters.limit,
        "track_total_hits": True,
        "sort": ["_score", newest, tie] if filters.sort == "best" and must else [newest, tie],
        "_source": {"excludes": ["feed_content", "fingerprint", "bands"]},
        "highlight": {
            **mark,
            "fields": {
                "title": {"number_of_fragments": 0},
                "summary": {"number_of_fragments": 0},
                "text": {"number_of_fragments": 1, "fragment_size": 240},
            },
        },
        "aggs": {
            "stories": {"cardinality": {"field": "story_id", "precision_threshold": 5000}},
            "publishers": {"cardinality": {"field": "publisher", "precision_threshold": 5000}},
            **{name: {"terms": {"field": name, "size": _FACET_SIZE}} for name in FACETS},
        },
    }


async def load(documents: Documents, id: str) -> Article:
    """An article in real time; 404 where there is none."""
    owner = await store.address(documents, id)
    hit = await documents.get(owner.index, id) if owner and owner.index and not owner.forgotten else None
    if hit is None:
        raise HTTPException(404, "There is no such article: it has been taken away, or it is older than what is kept.")
    return from_document(Article, hit.source)


def _row(article: Article, names: Mapping[str, str], marks: Mapping[str, Sequence[str]]) -> ArticleRow:
    title = pieces(article.title, evidence_in(article, "title"), _MAX_TITLE)
    field, body = ("text", article.text) if evidence_in(article, "text") or not article.summary else ("summary", article.summary)
    shown = excerpt(body, evidence_in(article, field))
    if marks:
        title = highlighted(marks["title"][0]) if "title" in marks else pieces(article.title, (), _MAX_TITLE)
        for name in ("text", "summary"):
            if name in marks:
                shown = highlighted(marks[name][0])
                break
    return ArticleRow(
        id=article.id,
        title=_cut(title, _MAX_TITLE) or (Piece(text=article.url),),
        excerpt=_cut(shown, 400),
        url=safe_url(article.url),
        publisher=clean(article.publisher_name or article.publisher, 80),
        publisher_id=article.publisher,
        country=article.country,
        language=article.language,
        status=article.status,
        at=article.timestamp,
        story=article.story_id,
        topics=tuple(TopicTag(id=each, name=names.get(each, each)) for each in article.topics),
    )


def _cut(shown: Sequence[Piece], limit: int) -> tuple[Piece, ...]:
    kept: list[Piece] = []
    left = limit
    for piece in shown:
        if len(piece.text) > left:
            kept.append(Piece(text=piece.text[:left].rstrip() + "…", hit=piece.hit))
            break
        kept.append(piece)
        left -= len(piece.text)
    return tuple(kept)


def _facet(field: str, found: Mapping[str, Any], names: Mapping[str, str]) -> tuple[Facet, ...]:
    shown = names if field == "topics" else {}
    return tuple(
        Facet(value=each["key"], name=clean(shown.get(each["key"], each["key"]), 80), count=each["doc_count"])
        for each in found.get("buckets", ())
    )


def _short(error: Exception) -> str:
    """The part of a query error that says what is wrong with the query."""
    text = str(error)
    found = re.search(r"(Cannot parse|Failed to parse query|not allowed)[^:]*.{0,160}", text)
    return clean(found.group() if found else text.split(": ", 1)[-1], 200)
