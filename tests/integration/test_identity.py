"""One article however it is reached: by many workers at once, by five addresses, over a month's end, and wherever a process dies."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web
from tests.integration.test_process import SENTENCES, Site, bundle, cpu, page, serving

from wirewatch.config import Bundle
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


def naming(name: str, host: str) -> Any:
    """A page that calls another address its own."""

    def answer(request: web.Request) -> web.StreamResponse:
        head = f'<link rel="canonical" href="http://{host}.courier.localhost:{request.url.port}/{name}">'
        return web.Response(text=page("Ferry pier is built", head=head), content_type="text/html")

    return answer


HOSTS = ("www", "m", "amp")


def test_of_pages_that_name_each_other_one_counts(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    """In rings of two and three, read in both orders, at once by a worker each, and by workers that die."""

    async def case(ports: Ports, site: Site, size: int, order: str) -> None:
        ring = [(f"{order}{size}{host}", host) for host in HOSTS[:size]]
        site.pages.update({f"/{name}": naming(*ring[(at + 1) % size]) for at, (name, _) in enumerate(ring)})
        # Each address is another worker's, as hosts are.
        seen = [
            site.article(name, f"{host}.courier", feeds=(host,), slot=at, next_attempt_at=MONTH_END) for at, (name, host) in enumerate(ring)
        ]
        await store.discover(documents, seen)

        async def worker(slot: int) -> None:
            for life in (slot + 1, slot + 2, 10_000) if order == "dying" else (10_000,):
                mortal: Any = Mortal(documents, life)
                with suppress(StoreUnavailable):
                    await process(replace(ports, documents=mortal), slot=slot, slots=64)

        if order in ("together", "dying"):
            await asyncio.gather(*map(worker, range(size)))
        else:
            for slot in range(size) if order == "forth" else reversed(range(size)):
                await worker(slot)
        await settle(ports, MONTH_END + timedelta(hours=2))
        place = {"terms": {"id": [each.id for each in seen]}}
        await documents.refresh("articles")
        found = [from_document(Article, hit.source) for hit in await documents.find("articles", place)]
        assert [each.status for each in found].count(Status.DUPLICATE) == size - 1
        (original,) = [each for each in found if each.status is Status.READY]
        assert (original.text.split("\n"), original.duplicate_of) == (list(SENTENCES), None)
        again = [replace(each, feeds=(f"late-{each.id}",)) for each in seen]
        assert await store.discover(documents, again) == ["exists"] * size
        hit = await documents.get(documents.index_for("articles", original.first_seen_at), original.id)
        assert hit is not None
        assert set(hit.source["feeds"]) == {*HOSTS[:size], *(f"late-{each.id}" for each in seen)}

    async def work() -> None:
        site = Site()
        async with serving(site, documents, bundle, cpu, MONTH_END) as ports:
            for size in (2, 3):
                for order in ("forth", "back", "together", "dying"):
                    await case(ports, site, size, order)

    asyncio.run(work())


def test_what_a_page_has_for_an_original_that_cannot_be_read_is_not_lost(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    async def work() -> None:
        site = Site(amp=naming("one", "www"), one=500)
        async with serving(site, documents, bundle, cpu, MONTH_END) as ports:
            original = site.article("one", "www.courier", feeds=("a",), next_attempt_at=MONTH_END)
            copy = site.article("amp", "m.courier", feeds=("b",), next_attempt_at=MONTH_END + timedelta(hours=1))
            await store.discover(documents, [original, copy])
            assert (await process(ports))["partial"] == 1
            for hours in (1, 3, 60, 120):
                await process(replace(ports, clock=partial(_identity, MONTH_END + timedelta(hours=hours))))
                await documents.refresh("articles")
                found = {hit.id: from_document(Article, hit.source) for hit in await documents.find("articles", {"match_all": {}})}
                one = found[original.id]
                assert found[copy.id].duplicate_of == one.id
                assert (one.status, one.failure, one.text.split("\n")) == (Status.READY, None, list(SENTENCES))
                assert (one.title, set(one.feeds), one.topics) == ("Ferry pier is built", {"a", "b"}, ("floods",))
            assert one.next_attempt_at is None
            # Its own page says more, once it is there.
            late = site.article("two", "www.courier", feeds=("a",), next_attempt_at=MONTH_END)
            site.pages["/two"], site.pages["/amp2"] = 500, naming("two", "www")
            await store.discover(documents, [late, site.article("amp2", "m.courier", next_attempt_at=MONTH_END)])
            await process(ports)
            site.pages["/two"] = page("Ferry pier is built after all")
            await settle(ports, MONTH_END + timedelta(hours=1))
            hit = await documents.get(documents.index_for("articles", late.first_seen_at), late.id)
            assert hit is not None
            assert (hit.source["title"], hit.source["status"]) == ("Ferry pier is built after all", "ready")

    asyncio.run(work())
