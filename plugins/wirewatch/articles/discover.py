"""A feed's entry as a new article; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from wirewatch.articles.clocks import timestamp_of
from wirewatch.articles.identity import article_id, normalise, slot_of, source_of
from wirewatch.articles.outcome import owned, with_publisher
from wirewatch.model import Article, Entry, Feed, Provenance, Publisher, Status

MAX_URL = 4_000
"""Characters; longer addresses are no articles'."""


def new_article(
    entry: Entry,
    feed: Feed,
    *,
    publishers: Mapping[str, Publisher],
    owners: Mapping[str, Publisher],
    language: str | None,
    home: str,
    now: datetime,
    counted: datetime | None,
) -> Article:
    """The article of an entry first seen `now`: to be fetched at once, or, where it has no address, `partial` for good.

    Its publisher is the feed's if config/ names one, else the owner of its domain. `publishers` are by id, `owners` by domain;
    `home` is the address to open for an entry that has none. Raises ValueError for an address that is none.
    """
    address = normalise(entry.url or home)
    if len(address) > MAX_URL:
        raise ValueError("an address of too many characters")
    published = entry.published_at or entry.updated_at
    article = Article(
        id=article_id(address) if entry.url else _id_without_address(entry, feed),
        urls=(address,),
        url=address,
        feeds=(feed.id,),
        source=source_of(address),
        publisher="",
        title=entry.title,
        summary=entry.summary,
        feed_content=entry.content,
        authors=entry.authors,
        language=_language(feed.language or entry.language or language),
        image=entry.image,
        tags=entry.categories,
        slot=slot_of(address),
        next_attempt_at=now,
        published_at=published,
        published_from=Provenance.NONE if published is None else Provenance.FEED,
        published_precision=entry.published_precision if entry.published_at else None,
        first_seen_at=now,
        indexed_at=now,
        counted_at=counted,
        timestamp=timestamp_of(counted, published=published, first_seen=now),
    )
    if entry.url is None:
        article = replace(article, status=Status.PARTIAL, failure="no_address", text=entry.content, next_attempt_at=None)
    return published_by(article, feed, publishers, owners)


def published_by(article: Article, feed: Feed, publishers: Mapping[str, Publisher], owners: Mapping[str, Publisher]) -> Article:
    """The article with its publisher."""
    if feed.publisher is None:
        return owned(article, owners)
    known = publishers.get(feed.publisher)
    if known is None:
        return replace(article, publisher=feed.publisher, publisher_name=feed.publisher)
    return with_publisher(article, known)


def _id_without_address(entry: Entry, feed: Feed) -> str:
    return hashlib.blake2b(f"{feed.id}\n{entry.id}".encode("utf-8", "replace"), digest_size=16).hexdigest()


def _language(told: str | None) -> str | None:
    """ISO 639 of a language tag: `ru` of `ru-RU`."""
    head = (told or "").strip().replace("_", "-").partition("-")[0].lower()
    return head if head.isascii() and head.isalpha() and len(head) in (2, 3) else None
