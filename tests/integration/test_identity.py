"""One article however it is reached: by many workers at once, by five addresses, over a month's end, and wherever a process dies."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web
from tests.integration.test_process import SENTENCES, Site, bundle, cpu, page, serving

from wirewatch.errors import StoreUnavailable
from wirewatch.model import Article, Status
from wirewatch.pipeline.ports import Ports
from wirewatch.pipeline.process import process
from wirewatch.store import articles as store
from wirewatch.store.base import Write, Written
from wirewatch.store.documents import from_document
from wirewatch.store.elastic import ElasticDocuments

__all__ = ["bundle", "cpu"]

MONTH_END = datetime.fromisoformat("2026-11-30T23:59:50+00:00")
WAYS = ("{n}", "amp/{n}", "print/{n}", "r/{n}", "go/{n}")
"""Addresses of one article: its own, two variants that name it as canonical, a redirect, and a redirect from another host."""


class Mortal:
    """The store of a process that dies after so many written documents, in the middle of a request too."""

    def __init__(self, documents: ElasticDocuments, left: int) -> None:
        self.documents, self.left = documents, left

    def __getattr__(self, name: str) -> Any:
        return getattr(self.documents, name)

    async def put(self, *arguments: Any, **options: Any) -> Written:
        if self.left < 1:
            raise StoreUnavailable("the process is gone")
        self.left -= 1
        return await self.documents.put(*arguments, **options)

    async def bulk(self, writes: list[Write], **options: Any) -> list[Written]:
        done = await self.documents.bulk(writes[: max(0, self.left)], **options) if self.left > 0 and writes else []
        self.left -= len(writes)
        if self.left < 0:
            raise StoreUnavailable("the process is gone")
        return done


def _identity(at: datetime) -> datetime:
    return at


def paper() -> Site:
    """A site on which article n is at five addresses."""

    async def read(request: web.Request) -> web.StreamResponse:
        kind, _, number = request.match_info["path"].rpartition("/")
        home = f"http://courier.localhost:{request.url.port}/{number}"
        if kind in ("r", "go"):
            return web.Response(status=302, headers={"Location": home})
        text = page(f"Ferry pier number {number} is built", sentences=SENTENCES, head=f'<link rel="canonical" href="{home}">')
        return web.Response(text=text, content_type="text/html")

    site = Site()
    site.answer = read  # type: ignore[method-assign]  # this site answers by the kind of an address
    return site


def sighting(site: Site, way: str, number: int, feed: str, at: datetime) -> Article:
    host = "aggregator" if way.startswith("go") else "courier"
    name = way.format(n=number)
    return site.article(name, host, feeds=(feed,), first_seen_at=at, indexed_at=at, counted_at=at, timestamp=at, next_attempt_at=at)


async def settle(ports: Ports, until: datetime) -> None:
    """What others take over from dead processes, after their leases."""
    for minutes in (0, 30, 90):
        later = until + timedelta(minutes=minutes)
        await process(replace(ports, clock=partial(_identity, later)))


async def articles(documents: ElasticDocuments, number: int, port: int) -> list[Article]:
    await documents.refresh("articles")
    urls = [f"http://{host}.localhost:{port}/{way.format(n=number)}" for way in WAYS for host in ("courier", "aggregator")]
    hits = await documents.find("articles", {"terms": {"urls": urls}}, size=50)
    return [from_document(Article, hit.source) for hit in hits]


def check(found: list[Article], feeds: set[str]) -> None:
    """One that counts, which lists every feed; the others point at it."""
    counted = [each for each in found if each.status in (Status.READY, Status.PARTIAL)]
    assert len(counted) == 1, [(each.url, each.status, each.duplicate_of) for each in found]
    (one,) = counted
    assert set(one.feeds) == feeds
    assert (one.status, len(one.urls)) == (Status.READY, 5)
    assert {each.duplicate_of for each in found if each is not one} <= {one.id}


def test_wherever_a_process_dies_one_article_is_left(documents: ElasticDocuments, bundle: Any, cpu: Any) -> None:
    async def work() -> None:
        site = paper()
        async with serving(site, documents, bundle, cpu, MONTH_END) as ports:
            feeds = {f"feed{position}" for position in range(len(WAYS))}
            deaths = 0
            for number in range(0, 40, 4):
                seen = [sighting(site, way, number, f"feed{at}", MONTH_END + timedelta(seconds=5 * at)) for at, way in enumerate(WAYS)]
                mortal: Any = Mortal(documents, number)
                try:
                    await store.discover(mortal, seen)
                    await process(replace(ports, documents=mortal, clock=lambda: MONTH_END + timedelta(minutes=1)))
                except StoreUnavailable:
                    deaths += 1
                    # The feed is polled again: its entries were never taken as done.
                    await store.discover(documents, [replace(each, first_seen_at=each.first_seen_at + timedelta(hours=1)) for each in seen])
            await settle(ports, MONTH_END + timedelta(hours=2))
            for number in range(0, 40, 4):
                check(await articles(documents, number, site.port), feeds)
            assert deaths >= 5

    asyncio.run(work())


def test_eight_mortal_workers_at_once_leave_one_article(documents: ElasticDocuments, bundle: Any, cpu: Any) -> None:
    async def work() -> None:
        site = paper()
        chance = random.Random(5)
        async with serving(site, documents, bundle, cpu, MONTH_END) as ports:

            async def worker(name: int) -> None:
                for life in (chance.randint(0, 30), chance.randint(0, 60), 10_000):
                    mortal: Any = Mortal(documents, life)
                    at = MONTH_END + timedelta(seconds=3 * name + life / 10)
                    seen = [sighting(site, way, number, f"feed{name}", at) for number in range(4) for way in chance.sample(WAYS, len(WAYS))]
                    try:
                        await store.discover(mortal, seen)
                        await process(replace(ports, documents=mortal, clock=partial(_identity, at + timedelta(minutes=1))))
                        return
                    except StoreUnavailable:
                        continue

            await asyncio.gather(*(worker(name) for name in range(8)))
            await settle(ports, MONTH_END + timedelta(hours=2))
            for number in range(4):
                check(await articles(documents, number, site.port), {f"feed{name}" for name in range(8)})

    asyncio.run(work())


def test_of_two_pages_that_name_each_other_one_counts(documents: ElasticDocuments, bundle: Any, cpu: Any) -> None:
    def naming(other: str) -> Any:
        def answer(request: web.Request) -> web.StreamResponse:
            head = f'<link rel="canonical" href="http://courier.localhost:{request.url.port}/{other}">'
            return web.Response(text=page("Ferry pier is built", head=head), content_type="text/html")

        return answer

    async def work() -> None:
        site = Site(one=naming("other"), other=naming("one"))
        async with serving(site, documents, bundle, cpu) as ports:
            await store.discover(documents, [site.article("one", feeds=("a",)), site.article("other", feeds=("b",))])
            done = await process(ports)
            assert (done["ready"], done["duplicate"]) == (1, 1)
            await documents.refresh("articles")
            found = [from_document(Article, hit.source) for hit in await documents.find("articles", {"match_all": {}})]
            (one,) = [each for each in found if each.status is Status.READY]
            assert set(one.feeds) == {"a", "b"}
            assert (
                await store.discover(documents, [site.article("other", feeds=("c",)), site.article("one", feeds=("d",))]) == ["exists"] * 2
            )

    asyncio.run(work())
