"""Downloading, extracting, judging and tagging the articles that wait."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from wirewatch.articles import outcome
from wirewatch.articles.extract import extract_within
from wirewatch.articles.kept import KeptPages, Page
from wirewatch.articles.robots import Robots
from wirewatch.config import Bundle
from wirewatch.errors import Conflict, FetchFailed, FetchRefused, ParseError, StoreRejected
from wirewatch.http import Answer, Outcome
from wirewatch.logs import logger
from wirewatch.model import Article, Extraction, Publisher, Status, TopicMatch
from wirewatch.pipeline.ports import Ports
from wirewatch.store import articles as store
from wirewatch.store.base import Stored
from wirewatch.store.originals import settle
from wirewatch.stories import signature
from wirewatch.topics.compile import compile_topics
from wirewatch.topics.match import Matcher

_LOG = logger(__name__)
LEASE = timedelta(minutes=10)
_BATCH = 400
"""Articles asked for at a time."""
_PER_SOURCE = 12
"""Articles of one source claimed at a time: so many pages, one after another, end within the lease."""
_SAVE_EVERY_S = 0.3
_LOOK_EVERY_S = 5.0
"""For more work while none of that under way has ended: every look makes what was written visible, which costs Elasticsearch a segment."""
_PAGE_TYPES = frozenset(("", "text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain"))
_GIVE_UP_HOST = 2
"""Failures in a row after which a host's other articles are put off without asking."""


async def process(ports: Ports, *, slot: int = 0, slots: int = 1, deadline: datetime | None = None) -> dict[str, int]:
    """Read the pages of all articles that are due in a part of the work; returns how many became `ready`, `partial`, ...

    Nothing is claimed after `deadline`. Sources are worked on side by side, the pages of one after another.
    """
    return await _Run(ports).run(slot, slots, deadline)


def retag(article: Article, bundle: Bundle) -> Article:
    """An article with the topics that the bundle's rules find in it."""
    matches = matches_in(article, matcher_of(bundle))
    return replace(article, topics=tuple(each.topic for each in matches), topic_matches=tuple(matches), rules=bundle.hash)


def matches_in(article: Article, matcher: Matcher) -> list[TopicMatch]:
    """The topics that a matcher finds in an article."""
    return matcher.match(
        title=article.title,
        summary=article.summary,
        text=article.text,
        language=article.language,
        publisher=article.publisher,
        country=article.country,
        kind=article.kind,
        url=article.url,
        at=article.timestamp.date(),
    )


_matchers: dict[str, Matcher] = {}


def matcher_of(bundle: Bundle) -> Matcher:
    """The compiled topics of a bundle, kept while it is the last one used."""
    if bundle.hash not in _matchers:
        compiled = compile_topics(bundle.topics, bundle.concepts)
        _matchers.clear()
        _matchers[bundle.hash] = compiled
    return _matchers[bundle.hash]


def finished(article: Article, bundle: Bundle) -> Article:
    """An article whose text is settled, with its topics and signature."""
    bands, fingerprint = signature(article.title, article.summary, article.text)
    return replace(retag(article, bundle), bands=bands, fingerprint=fingerprint)


async def extract_apart(ports: Ports, page: Page) -> Extraction:
    """Extract in a worker process, within the time allowed; raises `ParseError` where that is not enough, or where the page ends it."""
    settings = ports.bundle.settings.articles
    call = functools.partial(
        extract_within,
        settings.extract_timeout.total_seconds(),
        page.body,
        url=page.url,
        content_type=page.content_type,
        min_words=settings.min_words,
    )
    try:
        return await asyncio.get_running_loop().run_in_executor(ports.cpu, call)
    except BrokenExecutor as error:
        raise ParseError("the page ends the process that reads it") from error


class _Run:
    """One task's work: sources under way, results waiting to be saved, and the tally."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.settings = ports.bundle.settings.articles
        self.owners: Mapping[str, Publisher] = outcome.owners_of(ports.bundle.publishers)
        self.by_feed = {feed.id: feed.publisher for feed in ports.bundle.feeds if feed.publisher}
        self.robots = Robots(ports.http, host_delay_s=self.settings.host_delay.total_seconds())
        self.requests = asyncio.Semaphore(self.settings.concurrency)
        self.results: list[tuple[Stored[Article], Article]] = []
        self.tally: Counter[str] = Counter({"ready": 0, "partial": 0, "duplicate": 0, "failed": 0})

    async def run(self, slot: int, slots: int, deadline: datetime | None) -> dict[str, int]:
        working: dict[str, asyncio.Task[None]] = {}
        looked = -_LOOK_EVERY_S
        ended = True
        try:
            while True:
                now = asyncio.get_running_loop().time()
                if (ended or now - looked >= _LOOK_EVERY_S) and (deadline is None or self.ports.clock() < deadline):
                    looked = now
                    await self._start(working, slot, slots)
                if not working:
                    await self._save()
                    break
                await asyncio.wait(working.values(), timeout=_SAVE_EVERY_S)
                ended = False
                for source in [source for source, task in working.items() if task.done()]:
                    working.pop(source).result()
                    ended = True
                # Saved before more is asked for, so that what is done is not found due again.
                await self._save()
        finally:
            for task in working.values():
                task.cancel()
            await asyncio.gather(*working.values(), return_exceptions=True)
        return dict(self.tally)

    async def _start(self, working: dict[str, asyncio.Task[None]], slot: int, slots: int) -> None:
        """Claim what is due of sources that nobody here works on, and begin."""
        if len(working) >= self.settings.concurrency:
            return
        now = self.ports.clock()
        due = await store.due(self.ports.documents, now, slot=slot, slots=slots, limit=_BATCH, without_sources=tuple(working))
        by_source: dict[str, list[Stored[Article]]] = defaultdict(list)
        for each in due:
            if len(by_source[each.value.source]) < _PER_SOURCE:
                by_source[each.value.source].append(each)
        chosen = list(by_source.items())[: self.settings.concurrency - len(working)]
        claimed = await store.claim(self.ports.documents, [each for _, group in chosen for each in group], now + LEASE)
        groups: dict[str, list[Stored[Article]]] = defaultdict(list)
        for each in claimed:
            groups[each.value.source].append(each)
        for source, group in groups.items():
            working[source] = asyncio.create_task(self._source(group))

    async def _source(self, claimed: Sequence[Stored[Article]]) -> None:
        failures = 0
        for each in claimed:
            if failures >= _GIVE_UP_HOST:
                self._put(each, self._without(each.value, Outcome.UNAVAILABLE))
                continue
            try:
                after = await self._article(each)
                failures = 0
            except FetchFailed as error:
                failures += 1
                wait = None if error.retry_after_s is None else timedelta(seconds=error.retry_after_s)
                after = self._without(each.value, error.outcome, retry_after=wait)
            except FetchRefused as error:
                after = self._without(each.value, error.outcome, final=True)
            except Conflict:
                continue
            self._put(each, after)
            if after.status is Status.DUPLICATE:
                # Known before the next page of the site is read, which may call this one its original.
                await self._save()

    async def _article(self, claimed: Stored[Article]) -> Article:
        article = claimed.value
        if article.attempts > self.settings.max_attempts:
            # Every earlier attempt ended with its worker: the page itself may be what kills it.
            return self._without(article, "gave_up", final=True)
        answer = await self._fetch(article.url)
        if answer.content_type not in _PAGE_TYPES:
            raise FetchRefused(article.url, Outcome.NOT_A_PAGE, answer.content_type)
        page = Page(url=answer.url, content_type=answer.headers.get("content-type", ""), body=answer.body)
        if self.ports.pages is not None:
            await self._keep(self.ports.pages, article, page)
        try:
            found = await extract_apart(self.ports, page)
        except ParseError:
            return self._without(article, "unreadable")
        if found.quality != "ok":
            return self._without(article, found.quality, extraction=found)
        after = outcome.with_page(article, found, page_url=answer.url, now=self.ports.clock(), min_words=self.settings.min_words)
        if after.source != article.source and not any(feed in self.by_feed for feed in article.feeds):
            after = outcome.owned(after, self.owners)
        address = outcome.known_by_other_address(after)
        if address is not None:
            told = functools.partial(self._told, after, found)
            owner = await settle(self.ports.documents, claimed, after, url_id=address, now=self.ports.clock(), told=told)
            if owner is not None:
                return outcome.as_duplicate(after, owner, now=self.ports.clock())
        return finished(after, self.ports.bundle)

    def _told(self, after: Article, found: Extraction, original: Article) -> Article:
        now = self.ports.clock()
        return finished(outcome.told_by(original, after, found, now=now, min_words=self.settings.min_words), self.ports.bundle)

    async def _fetch(self, url: str) -> Answer:
        async with self.requests:
            if self.settings.obey_robots:
                await self.robots.check(url)
            return await self.ports.http.get(
                url,
                headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"},
                timeout_s=self.settings.timeout.total_seconds(),
                max_bytes=self.settings.max_bytes,
                host_delay_s=self.settings.host_delay.total_seconds(),
            )

    async def _keep(self, pages: KeptPages, article: Article, page: Page) -> None:
        """Keep a page; where that fails, the watch goes on without, and says so."""
        try:
            await pages.keep(article.id, article.first_seen_at, page)
        except OSError as error:
            self.tally["not_kept"] += 1
            _LOG.warning("page cannot be kept", article=article.id, url=article.url, error=str(error))

    def _without(
        self,
        article: Article,
        failure: str,
        *,
        final: bool = False,
        retry_after: timedelta | None = None,
        extraction: Extraction | None = None,
    ) -> Article:
        after = outcome.without_page(
            article,
            str(failure),
            now=self.ports.clock(),
            max_attempts=self.settings.max_attempts,
            min_words=self.settings.min_words,
            final=final,
            retry_after=retry_after,
            extraction=extraction,
        )
        return finished(after, self.ports.bundle) if after.status is Status.PARTIAL else after

    def _put(self, claimed: Stored[Article], after: Article) -> None:
        if after.read_at is None and after.status in (Status.READY, Status.PARTIAL):
            after = replace(after, read_at=after.indexed_at)
        self.results.append((claimed, after))

    async def _save(self) -> None:
        results, self.results = self.results, []
        try:
            saved = await store.save(self.ports.documents, results)
        except StoreRejected as error:
            if not error.refused:
                raise
            saved = [before.id not in error.refused for before, _ in results]
            await self._save_refused([before for before, _ in results if before.id in error.refused], error)
        for (_, after), kept in zip(results, saved, strict=True):
            if kept:
                self.tally[after.status.value] += 1
                _tell(after)

    async def _save_refused(self, claimed: Sequence[Stored[Article]], error: StoreRejected) -> None:
        """Elasticsearch will not have what these pages say: their articles stay as their feeds tell them."""
        _LOG.error("Elasticsearch refuses what a page says", articles=[each.id for each in claimed], error=str(error))
        for before in claimed:
            after = self._without(before.value, "refused", final=True)
            with suppress(StoreRejected):
                if await store.save(self.ports.documents, [(before, after)]) == [True]:
                    self.tally[after.status.value] += 1
                    _tell(after)


def _tell(article: Article) -> None:
    """What became of it; of what went well only where everything is asked for."""
    fields = {"article": article.id, "url": article.url, "publisher": article.publisher}
    if article.status is Status.READY:
        _LOG.debug("article ready", **fields, topics=article.topics)
    else:
        again = article.next_attempt_at.isoformat() if article.next_attempt_at else None
        _LOG.info(f"article {article.status}", **fields, reason=article.failure, attempts=article.attempts, next_attempt=again)
