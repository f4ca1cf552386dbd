"""What becomes of an article once its page was read, or could not be; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from wirewatch.articles.blocks import count_words
from wirewatch.articles.clocks import timestamp_of
from wirewatch.articles.identity import normalise, source_of, url_id
from wirewatch.model import Article, Extraction, Precision, Provenance, Publisher, Status

FIRST_RETRY = timedelta(minutes=2)
LAST_RETRY = timedelta(hours=24)
HOPELESS = frozenset(("paywall", "index_page", "wrong_language"))
"""Verdicts that another attempt does not change."""
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


def owners_of(publishers: Iterable[Publisher]) -> Mapping[str, Publisher]:
    """Publishers by each of their registrable domains."""
    return {domain.lower(): publisher for publisher in publishers for domain in publisher.domains}


def owned(article: Article, owners: Mapping[str, Publisher]) -> Article:
    """An article with the owner of its source; a source that nobody is known to own is its own publisher."""
    owner = owners.get(article.source)
    if owner is None:
        return replace(article, publisher=article.source, publisher_name=article.source)
    return with_publisher(article, owner)


def with_publisher(article: Article, publisher: Publisher) -> Article:
    """An article with a publisher and what is known of it."""
    return replace(
        article,
        publisher=publisher.id,
        publisher_name=publisher.name,
        country=publisher.country,
        kind=publisher.kind,
        reliability=publisher.reliability,
    )


def own_address(extraction: Extraction, page_url: str) -> str:
    """The address that a page is known by: the canonical one it states if that is of its own domain and no front page, else its own.

    A page that names another domain's address as its own (a copy, or a lie) does not become that other article.
    """
    stated = extraction.canonical_url
    try:
        page = normalise(page_url)
        if stated is None or not _is_deep(stated) or source_of(stated) != source_of(page_url):
            return page
        return normalise(stated)
    except ValueError:
        return page_url


def _is_deep(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path.strip("/") not in ("", "index.html", "index.php") or bool(parts.query)


def with_page(article: Article, extraction: Extraction, *, page_url: str, now: datetime, min_words: int) -> Article:
    """The article as its page tells it: `ready`, final. Only for an extraction whose quality is `ok`."""
    address = own_address(extraction, page_url)
    published, provenance, precision = _published(article, extraction)
    content = article.feed_content
    text = content if count_words(content) > max(min_words, 2 * count_words(extraction.text)) else extraction.text
    return replace(
        article,
        url=address,
        canonical_url=address,
        urls=tuple(dict.fromkeys([*article.urls, address])),
        source=source_of(address),
        title=extraction.title or article.title,
        text=text,
        authors=extraction.authors or article.authors,
        language=extraction.language or article.language,
        image=extraction.image or article.image,
        tags=tuple(dict.fromkeys([*article.tags, *extraction.tags])),
        status=Status.READY,
        failure=None,
        duplicate_of=None,
        next_attempt_at=None,
        published_at=published,
        published_from=provenance,
        published_precision=precision,
        timestamp=timestamp_of(article.counted_at, published=published, first_seen=article.first_seen_at),
        indexed_at=now,
    )


def told_by(original: Article, article: Article, extraction: Extraction, *, now: datetime, min_words: int) -> Article:
    """An article whose page was not read, as another address's page tells it, until its own is read."""
    told = with_page(original, extraction, page_url=article.url, now=now, min_words=min_words)
    same = replace(told, url=original.url, canonical_url=original.canonical_url, urls=original.urls, source=original.source)
    return replace(same, next_attempt_at=original.next_attempt_at, read_at=original.read_at or now)


def without_page(
    article: Article,
    failure: str,
    *,
    now: datetime,
    max_attempts: int,
    min_words: int,
    final: bool = False,
    retry_after: timedelta | None = None,
    extraction: Extraction | None = None,
) -> Article:
    """The article from what its feed said: `partial` (`failed` where that is nothing), with the reason and the next attempt.

    What an earlier attempt read stays, and so does `ready`. `extraction`: a page that was read and is not the whole article, for what is
    on it all the same.
    """
    retry = None if final or failure in HOPELESS or article.attempts >= max_attempts else retry_at(article.attempts, now, retry_after)
    if article.status is Status.READY:
        return replace(article, duplicate_of=None, next_attempt_at=retry, indexed_at=now)
    text = article.text
    found = extraction.text if extraction is not None and extraction.quality in ("paywall", "too_short") else ""
    for candidate in (article.feed_content, found):
        if count_words(candidate) >= min_words and len(candidate) > len(text):
            text = candidate
    usable = bool(article.title.strip() or article.summary.strip() or text)
    return replace(
        article,
        text=text,
        status=Status.PARTIAL if usable else Status.FAILED,
        failure=failure,
        duplicate_of=None,
        next_attempt_at=retry,
        indexed_at=now,
    )


def as_duplicate(article: Article, owner: str, *, now: datetime) -> Article:
    """The article as another address of one that is already there: final, without its text, in no topic, never counted."""
    return replace(
        article,
        status=Status.DUPLICATE,
        failure=f"same page as {owner}",
        duplicate_of=owner,
        next_attempt_at=None,
        text="",
        feed_content="",
        bands=(),
        fingerprint=None,
        topics=(),
        topic_matches=(),
        indexed_at=now,
    )


def retry_at(attempts: int, now: datetime, retry_after: timedelta | None = None) -> datetime:
    """When to try again after so many attempts: 2 minutes, 10, 50, ... a day at most, and not before the server said."""
    growth: int = 5 ** min(10, max(0, attempts - 1))
    wait = min(LAST_RETRY, FIRST_RETRY * growth)
    return now + max(wait, min(retry_after or timedelta(0), LAST_RETRY))


def known_by_other_address(article: Article) -> str | None:
    """The id of the address to register for an article, or None where its first address is the one it is known by."""
    identity = url_id(article.url)
    return None if identity == article.id else identity


def _published(article: Article, extraction: Extraction) -> tuple[datetime | None, Provenance, Precision | None]:
    """The page's date, unless it is impossible or only repeats the feed's with less precision."""
    page, feed = extraction.published_at, article.published_at
    if page is None or not _OLDEST <= page <= article.first_seen_at + timedelta(days=1):
        return feed, article.published_from, article.published_precision
    coarser = extraction.published_precision is Precision.DAY and article.published_precision is Precision.SECOND
    if coarser and feed is not None and abs(feed - page) <= timedelta(days=2):
        return feed, article.published_from, article.published_precision
    return page, Provenance.PAGE, extraction.published_precision
