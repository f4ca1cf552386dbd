"""Articles and the addresses that lead to them (indices `-urls` and `-articles`).

The id of an article is the id of the address it was first reached by, so a registered address always says where its article is.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from wirewatch.errors import Conflict, StoreUnavailable
from wirewatch.model import Article, Status
from wirewatch.store.base import Documents, Hit, Stored, Write, put_over
from wirewatch.store.documents import from_document, stored, to_document

KIND = "articles"
URLS = "urls"

HEALING = timedelta(days=7)
"""An address registered so long ago whose article is missing lost it to retention, not to a crash between the two writes."""

_REACHED = re.compile(r'"[^"]*"|[\uac00-\ud7a3]{2,}(?![*\w~^:])|[\u3040-\u30ff\u3400-\u9fff]{2,}(?![*~^:])')
FORGOTTEN = "forgotten"
"""Why an article that people took away failed, until it is deleted."""
_KEPT_OF_FORGOTTEN = (
    *("id", "urls", "url", "feeds", "source", "publisher", "slot", "duplicate_of"),
    *("first_seen_at", "counted_at", "timestamp", "story_id"),
)

_TRIES = 40
"""Of a change under a version: in every round of contenders one gets through, so as many can contend."""
_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A registered address: whose it is."""

    article: str
    index: str
    at: datetime
    forgotten: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An article that a search found, with the places that matched (`<em>` around the words)."""

    article: Article
    score: float
    highlight: Mapping[str, Sequence[str]]


async def discover(documents: Documents, articles: Sequence[Article]) -> list[str]:
    """Store new articles; `created` or `exists` for each, in order, however often and by however many it is called.

    Each address is registered first, then the article is created in the index named there; one that is already known gets the
    new feeds and addresses appended. A crash between the two writes is healed by the next call.
    """
    if not articles:
        return []
    merged = _merge(articles)
    owners, own = await _register(documents, list(merged.values()))
    taken = [(article, owner) for article, owner in zip(merged.values(), owners, strict=True) if not owner.forgotten]
    # Behind an address that has only now been registered there is no article yet.
    old = [owner for _, owner in taken if owner.article not in own]
    found = await documents.mget([(each.index, each.article) for each in old], fields=["feeds", "urls", "duplicate_of"]) if old else []
    known = {owner.article: hit for owner, hit in zip(old, found, strict=True)}
    creates: list[Write] = []
    appends: list[tuple[Address, Article]] = []
    for article, owner in taken:
        hit = known.get(owner.article)
        if hit is not None:
            if _news(hit.source, article):
                appends.append((owner, article))
        elif owner.article == article.id and article.first_seen_at - owner.at < HEALING:
            first = article if article.first_seen_at == owner.at else replace(article, first_seen_at=owner.at)
            creates.append(Write(op="create", index=owner.index, id=article.id, doc=to_document(first)))
    written = await documents.bulk(creates) if creates else []
    created = {each.id for each in written if each.outcome == "created"}
    lost_race = {each.id for each in written if each.outcome == "exists"}
    appends += [(owner, article) for article, owner in taken if article.id in lost_race]
    for owner, article in appends:
        await append(documents, owner.article, owner.index, other=article)
    outcomes: list[str] = []
    for article in articles:
        outcomes.append("created" if article.id in created else "exists")
        created.discard(article.id)
    return outcomes


async def append(documents: Documents, article: str, index: str, *, other: Article) -> bool:
    """Add the feeds and addresses of another finding of it to an article, or to the one it is a duplicate of; False where there is
    none any more.
    """
    passed: list[str] = []

    def grown(value: Article) -> Article | None:
        on = value.duplicate_of if value.status is Status.DUPLICATE else None
        if on is None or on in passed:
            return also(value, other)
        passed.append(on)
        return None

    while True:
        hops = len(passed)
        done = await change(documents, index, article, grown)
        if len(passed) == hops:
            return done is not None
        owner = await address(documents, passed[-1])
        if owner is not None:
            article, index = owner.article, owner.index


async def change(documents: Documents, index: str, article: str, how: Callable[[Article], Article | None]) -> Stored[Article] | None:
    """Write what `how` makes of an article as it is now, whatever else changes it meanwhile; None where it is gone, or `how` says so."""
    for tried in range(_TRIES):
        await asyncio.sleep(_PAUSE_S * tried)
        hit = await documents.get(index, article)
        if hit is None:
            return None
        before = stored(Article, hit)
        after = how(before.value)
        if after is None:
            return None
        if after == before.value:
            return before
        with suppress(Conflict):
            await put_over(documents, index, article, to_document(after), hit)
            return replace(before, value=after)
    raise StoreUnavailable(f"article {article} keeps changing")


async def address(documents: Documents, url_id: str) -> Address | None:
    """Whose a registered address is, in real time."""
    hit = await documents.get(documents.index_for(URLS), url_id)
    return None if hit is None else _address(hit)


async def due(
    documents: Documents, now: datetime, *, slot: int = 0, slots: int = 1, limit: int = 500, without_sources: Sequence[str] = ()
) -> list[Stored[Article]]:
    """Articles whose page is to be fetched now, in the part of the work that is `slot` of `slots`; the longest due first."""
    await documents.refresh(KIND)
    filters: list[dict[str, Any]] = [{"range": {"next_attempt_at": {"lte": now.isoformat()}}}]
    if slots > 1:
        filters.append({"terms": {"slot": [each for each in range(64) if each % slots == slot]}})
    query = {"bool": {"filter": filters, "must_not": [{"terms": {"source": list(without_sources)}}]}}
    hits = await documents.find(KIND, query, size=limit, sort=[{"next_attempt_at": "asc"}, {"id": "asc"}])
    return [stored(Article, hit) for hit in hits]


async def claim(documents: Documents, articles: Sequence[Stored[Article]], until: datetime) -> list[Stored[Article]]:
    """Take articles until then, before work on them begins; those that somebody else took first are left out."""
    taken = [replace(each, value=replace(each.value, attempts=each.value.attempts + 1, next_attempt_at=until)) for each in articles]
    return [each for each in await _write(documents, taken) if each is not None]


async def save(documents: Documents, claimed: Sequence[tuple[Stored[Article], Article]]) -> list[bool]:
    """Record the results of claimed work; False for each that somebody else has taken over since, whose result is dropped.

    What came to an article meanwhile does not end a claim: feeds and addresses, its story, a text that another address's page had for
    it. That text stays where the work brought none.
    """
    results = await _write(documents, [replace(before, value=after) for before, after in claimed])
    saved = [each is not None for each in results]
    for position, (before, after) in enumerate(claimed):
        if not saved[position]:
            saved[position] = await _save_changed(documents, before, after)
    return saved


async def _save_changed(documents: Documents, before: Stored[Article], after: Article) -> bool:
    async def hand_on(current: Article) -> None:
        """Give the owner of a duplicate what came to it since it was claimed."""
        owner = await address(documents, after.duplicate_of) if after.duplicate_of is not None else None
        if owner is not None:
            await append(documents, owner.article, owner.index, other=current)

    def merged(current: Article) -> Article | None:
        if not is_claim(current, before.value):
            return None
        both = also(current, after)
        told = current.status is Status.READY and after.status in (Status.PARTIAL, Status.FAILED)
        result = replace(current, next_attempt_at=after.next_attempt_at) if told else after
        return replace(result, feeds=both.feeds, urls=both.urls, watched_since=both.watched_since, story_id=current.story_id)

    hit = await documents.get(before.index, before.id)
    if hit is not None:
        await hand_on(from_document(Article, hit.source))
    changed = await change(documents, before.index, before.id, merged)
    if changed is not None:
        await hand_on(changed.value)
    return changed is not None


def is_claim(current: Article, claimed: Article) -> bool:
    """Whether an article is still in the hands of who claimed it."""
    return (current.attempts, current.next_attempt_at) == (claimed.attempts, claimed.next_attempt_at) and current.failure != FORGOTTEN


async def ungrouped(documents: Documents, *, limit: int = 2000) -> list[Stored[Article]]:
    """Articles that can be read and have no story yet, first seen first."""
    await documents.refresh(KIND)
    query = {"bool": {"filter": [{"terms": {"status": [Status.READY, Status.PARTIAL]}}], "must_not": [{"exists": {"field": "story_id"}}]}}
    hits = await documents.find(KIND, query, size=limit, sort=[{"first_seen_at": "asc"}, {"id": "asc"}])
    return [stored(Article, hit) for hit in hits]


async def tagged_by_others(documents: Documents, rules: str, *, slot: int = 0, slots: int = 1, limit: int = 500) -> list[Stored[Article]]:
    """Articles whose topics were found by other rules than these, in a part of the work, latest first."""
    await documents.refresh(KIND)
    query = _by_others(rules, slot, slots)
    hits = await documents.find(KIND, query, size=limit, sort=[{"first_seen_at": "desc"}, {"id": "asc"}])
    return [stored(Article, hit) for hit in hits]


async def count_tagged_by_others(documents: Documents, rules: str, *, slot: int = 0, slots: int = 1) -> int:
    """How many `tagged_by_others` has in all."""
    await documents.refresh(KIND)
    return await documents.count(KIND, _by_others(rules, slot, slots))


def _by_others(rules: str, slot: int, slots: int) -> dict[str, Any]:
    filters: list[dict[str, Any]] = [{"terms": {"status": [Status.READY, Status.PARTIAL]}}]
    if slots > 1:
        filters.append({"terms": {"slot": [each for each in range(64) if each % slots == slot]}})
    return {"bool": {"filter": filters, "must_not": [{"term": {"rules": rules}}]}}


async def read_between(documents: Documents, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """Where articles are (index and id) that were first seen from `since` to `until` (not included) and can be read."""
    await documents.refresh(KIND)
    seen = {"range": {"first_seen_at": {"gte": since.isoformat(), "lt": until.isoformat()}}}
    query = {"bool": {"filter": [seen, {"terms": {"status": [Status.READY, Status.PARTIAL]}}]}}
    return [(hit.index, hit.id) async for hit in documents.scan(KIND, query, fields=["id"])]


async def current(documents: Documents, keys: Sequence[tuple[str, str]]) -> list[Stored[Article] | None]:
    """Articles as they are now, in real time, with their versions."""
    return [None if hit is None else stored(Article, hit) for hit in await documents.mget(keys)] if keys else []


async def by_bands(documents: Documents, bands: Sequence[str], *, since: datetime) -> AsyncIterator[Mapping[str, Any]]:
    """Of grouped articles first seen since then that share a look-up key: `id`, `title`, `first_seen_at`, `bands`, `fingerprint` and
    `story_id`, as stored, in no particular order.
    """
    if not bands:
        return
    query = {
        "bool": {
            "filter": [
                {"terms": {"bands": list(bands)}},
                {"range": {"first_seen_at": {"gte": since.isoformat()}}},
                {"exists": {"field": "story_id"}},
            ]
        }
    }
    fields = ["id", "title", "first_seen_at", "bands", "fingerprint", "story_id"]
    async for hit in documents.scan(KIND, query, fields=fields):
        yield hit.source


def to_fields() -> list[str]:
    """The names of an article's stored fields."""
    return ["@timestamp" if name == "timestamp" else name for name in Article.__dataclass_fields__]


def reach_words(query: str) -> str:
    """A query that finds Korean words with particles attached too, and Chinese and Japanese ones only with their characters together.

    The index keeps particles on the word, and knows each Chinese character as a word of its own.
    """

    def reached(found: re.Match[str]) -> str:
        text = found.group()
        return text if text.startswith('"') else f"{text}*" if "\uac00" <= text[0] <= "\ud7a3" else f'"{text}"'

    return _REACHED.sub(reached, query)


async def search(
    documents: Documents,
    query: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    only: Mapping[str, Sequence[str]] | None = None,
    newest: bool = False,
    limit: int = 100,
) -> list[Found]:
    """Articles that match a query in Lucene's syntax over title, summary and text, best (or newest) first; `only` those that have one of
    some values of a field. Raises `StoreRejected` for a query that is none.
    """
    filters: list[dict[str, Any]] = [{"terms": {"status": [Status.READY, Status.PARTIAL]}}]
    if since is not None or until is not None:
        bounds = {"gte": since.isoformat() if since else None, "lt": until.isoformat() if until else None}
        filters.append({"range": {"@timestamp": {name: value for name, value in bounds.items() if value}}})
    filters += [{"terms": {name: list(values)}} for name, values in (only or {}).items() if values]
    wanted = {"query": reach_words(query), "fields": ["title^3", "summary^2", "text"], "default_operator": "AND"}
    body = {
        "query": {"bool": {"must": [{"query_string": wanted}], "filter": filters}},
        "size": limit,
        "sort": [{"@timestamp": "desc"}, "_score"] if newest else ["_score", {"@timestamp": "desc"}],
        "track_scores": True,
        "_source": {"excludes": ["feed_content", "fingerprint", "bands"]},
        "highlight": {"fields": {"title": {"number_of_fragments": 0}, "summary": {}, "text": {"number_of_fragments": 2}}},
    }
    answer = await documents.search(KIND, body)
    return [
        Found(
            article=from_document(Article, hit["_source"]),
            score=float(hit.get("_score") or 0.0),
            highlight={name: tuple(places) for name, places in hit.get("highlight", {}).items()},
        )
        for hit in answer["hits"]["hits"]
    ]


async def forget(documents: Documents, *, url: str, url_id: str, now: datetime) -> list[Stored[Article]]:
    """Mark every address of an article so that it never comes back, and empty it and its duplicates; returns what is to be removed.

    What is left of them holds nothing that was written, and tells counting where they counted; `remove` takes that away too.
    An address that was never seen is marked as well. Safe to run again wherever it ended.
    """
    index = documents.index_for(URLS)
    owner = await _owner(documents, url_id)
    entry: dict[str, Any] = {"url": url, "article": url_id, "index": "", "at": now.isoformat(), "forgotten": True}
    if owner is None:
        await documents.put(index, url_id, entry)
        return []
    await documents.refresh(URLS, KIND)
    copies = await documents.find(KIND, {"term": {"duplicate_of": owner.article}}, size=1000)
    places = [(owner.index, owner.article), *((hit.index, hit.id) for hit in copies)]
    hits = await documents.find(URLS, {"terms": {"article": [article for _, article in places]}}, size=1000)
    keys = {hit.id: hit.source for hit in hits} | {url_id: {**entry, "article": owner.article, "index": owner.index}}
    await documents.bulk(
        [Write(op="index", index=index, id=key, doc={**source, "forgotten": True}) for key, source in keys.items()], refresh=True
    )
    emptied = [await _empty(documents, place, article, now) for place, article in places if place]
    return [each for each in emptied if each is not None]


async def remove(documents: Documents, articles: Sequence[Stored[Article]]) -> int:
    """Delete what `forget` emptied; returns how many went."""
    return sum([await documents.delete(each.index, each.id) for each in articles])


async def _owner(documents: Documents, url_id: str) -> Address | None:
    """The address of the article that a registered address leads to, over its duplicates."""
    owner = await address(documents, url_id)
    hit = await documents.get(owner.index, owner.article) if owner is not None and owner.index else None
    original = None if hit is None else hit.source.get("duplicate_of")
    return owner if original is None else (await address(documents, original) or owner)


async def _empty(documents: Documents, index: str, article: str, now: datetime) -> Stored[Article] | None:
    def empty(known: Article) -> Article:
        kept = {name: getattr(known, name) for name in _KEPT_OF_FORGOTTEN}
        return Article(**kept, status=Status.FAILED, failure=FORGOTTEN, title="", indexed_at=now)

    return await change(documents, index, article, empty)


async def _register(documents: Documents, articles: Sequence[Article]) -> tuple[list[Address], set[str]]:
    """Whose the articles' addresses are, and the ids of those that were registered only now."""
    index = documents.index_for(URLS)
    own = [Address(article=each.id, index=documents.index_for(KIND, each.first_seen_at), at=each.first_seen_at) for each in articles]
    writes = [
        Write(
            op="create",
            index=index,
            id=article.id,
            doc={"url": article.urls[0], "article": place.article, "index": place.index, "at": place.at.isoformat()},
        )
        for article, place in zip(articles, own, strict=True)
    ]
    written = await documents.bulk(writes)
    taken = [position for position, each in enumerate(written) if each.outcome != "created"]
    for position, hit in zip(taken, await documents.mget([(index, articles[each].id) for each in taken]) if taken else [], strict=True):
        if hit is None:
            raise StoreUnavailable(f"address {articles[position].id} came and went")
        own[position] = _address(hit)
    return own, {each.id for each in written if each.outcome == "created"}


async def _write(documents: Documents, articles: Sequence[Stored[Article]]) -> list[Stored[Article] | None]:
    if not articles:
        return []
    written = await documents.bulk(
        [
            Write(op="index", index=each.index, id=each.id, doc=to_document(each.value), seq_no=each.seq_no, primary_term=each.primary_term)
            for each in articles
        ]
    )
    return [
        None
        if result.outcome not in ("updated", "created") or result.seq_no is None or result.primary_term is None
        else replace(each, seq_no=result.seq_no, primary_term=result.primary_term)
        for each, result in zip(articles, written, strict=True)
    ]


def _address(hit: Hit) -> Address:
    return from_document(Address, {name: value for name, value in hit.source.items() if name != "url"})


def _merge(articles: Sequence[Article]) -> dict[str, Article]:
    merged: dict[str, Article] = {}
    for each in articles:
        first = merged.get(each.id)
        merged[each.id] = each if first is None else also(first, each)
    return merged


def also(first: Article, other: Article) -> Article:
    """An article that another feed lists too, or that has another address."""
    watched = min(filter(None, (first.watched_since, other.watched_since)), default=None)
    return replace(first, feeds=_union(first.feeds, other.feeds), urls=_union(first.urls, other.urls), watched_since=watched)


def _news(source: Mapping[str, Any], article: Article) -> bool:
    """Whether a known article lacks a feed or address (unless it is a duplicate, whose owner has to be asked)."""
    if source.get("duplicate_of"):
        return True
    return not (set(article.feeds) <= set(source.get("feeds", ())) and set(article.urls) <= set(source.get("urls", ())))


def _union(first: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *more]))
