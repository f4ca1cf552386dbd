"""From a queued address to a tagged article: real pages over HTTP, the real store, worker processes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.samples import NOW, article

from wirewatch.articles.identity import article_id, slot_of, source_of, url_id
from wirewatch.articles.kept import KeptPages
from wirewatch.config import Bundle, load_files
from wirewatch.errors import SetupError, StoreUnavailable
from wirewatch.http_client import HttpClient
from wirewatch.model import Article, Status
from wirewatch.pipeline.again import again
from wirewatch.pipeline.ports import Ports
from wirewatch.pipeline.process import process
from wirewatch.store import articles as store
from wirewatch.store.base import Stored
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.wiring.workers import workers

SENTENCES = (
    "The harbour council of Lower Brook voted to rebuild the ferry pier after floods had swept the old one away in spring.",
    "Engineers said the flood had undermined the piles, and that repairs would cost more than a new building of steel.",
    "Shopkeepers on the quay asked for a footbridge meanwhile, since their customers now walk two miles around the basin.",
    "The mayor promised an answer within the month and pointed at the money that the region has put aside for floods.",
    "Work is to begin when the water has fallen, which the river authority expects before the end of the week.",
)
FILES = {
    "wirewatch.yaml": "articles: {host_delay: 0s, timeout: 5s, max_attempts: 3}\n",
    "feeds.yaml": "feeds: {}\n",
    "publishers.yaml": "publishers: {courier: {name: Harbour Courier, domains: [courier.localhost], country: GB}}\n",
    "concepts/water.yaml": "concepts: {flood: {aliases: {en: [flood*]}}}\n",
    "topics/water.yaml": (
        "topics:\n- id: floods\n  name: Floods\n  rule: {concept: flood}\n"
        "  examples: {matches: [Floods sweep pier away], rejects: [Ferry pier rebuilt]}\n"
    ),
}


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_files(FILES)


@pytest.fixture(scope="module")
def cpu() -> Iterator[Any]:
    with workers(2) as pool:
        yield pool


def page(title: str, *, sentences: tuple[str, ...] = SENTENCES, head: str = "") -> str:
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return f"<html lang=en><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>{paragraphs}</article></body></html>"


class Site:
    """Pages by path: a text, a status, or what answers the request itself."""

    def __init__(self, **pages: Any) -> None:
        self.pages: dict[str, Any] = {f"/{name}": content for name, content in pages.items()}
        self.asked: list[str] = []
        self.port = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        content = self.pages.get(request.path, 404)
        if isinstance(content, int):
            return web.Response(status=content)
        if callable(content):
            answered: web.StreamResponse = content(request)
            return answered
        return web.Response(text=content, content_type="text/html")

    def url(self, name: str, host: str = "courier") -> str:
        return f"http://{host}.localhost:{self.port}/{name}"

    def article(self, name: str, host: str = "courier", **changes: Any) -> Article:
        url = self.url(name, host)
        waiting: dict[str, Any] = {
            "id": article_id(url),
            "urls": (url,),
            "url": url,
            "slot": slot_of(url),
            "source": source_of(url),
            "status": Status.DISCOVERED,
            "title": f"Headline of {name}",
            "next_attempt_at": NOW,
        }
        return article(**(waiting | changes))


@asynccontextmanager
async def serving(site: Site, documents: Any, bundle: Bundle, cpu: Any, now: datetime = NOW) -> AsyncIterator[Ports]:
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    async with TestServer(app, host="127.0.0.1") as server, HttpClient(user_agent="test", allow_hosts=("*.localhost",)) as http:
        site.port = server.port or 0
        yield Ports(documents=documents, bundle=bundle, clock=lambda: now, http=http, cpu=cpu)


async def read(documents: ElasticDocuments, article: Article) -> Article:
    place = await store.address(documents, article.id)
    assert place is not None
    hit = await documents.get(place.index, place.article)
    assert hit is not None
    return stored_value(hit)


def stored_value(hit: Any) -> Article:
    from wirewatch.store.documents import stored

    found: Stored[Article] = stored(Article, hit)
    return found.value


def later(ports: Ports, **after: float) -> Ports:
    return replace(ports, clock=lambda: NOW + timedelta(**after))


def test_a_page_becomes_a_tagged_article(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    site = Site(pier=page("Floods sweep the ferry pier away"))

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            waiting = site.article("pier")
            await store.discover(documents, [waiting])
            assert await process(ports) == {"ready": 1, "partial": 0, "duplicate": 0, "failed": 0}
            found = await read(documents, waiting)
            assert (found.status, found.title, found.topics) == (Status.READY, "Floods sweep the ferry pier away", ("floods",))
            assert found.text.split("\n") == list(SENTENCES)
            assert (found.next_attempt_at, found.counted_at, found.rules) == (None, NOW, bundle.hash)
            first = found.topic_matches[0].evidence[0]
            assert getattr(found, first.field)[first.start : first.end] == first.words
            asked = len(site.asked)
            assert await process(later(ports, days=2)) == {"ready": 0, "partial": 0, "duplicate": 0, "failed": 0}
            assert len(site.asked) == asked

    asyncio.run(work())


def test_an_article_whose_page_is_away_counts_at_once_and_is_read_later(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    site = Site(pier=503)

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            waiting = site.article("pier", title="Floods sweep the ferry pier away")
            await store.discover(documents, [waiting])
            assert (await process(ports))["partial"] == 1
            found = await read(documents, waiting)
            assert (found.status, found.failure, found.topics) == (Status.PARTIAL, "unavailable", ("floods",))
            assert found.next_attempt_at is not None
            assert found.next_attempt_at > NOW
            site.pages["/pier"] = page("Floods sweep the ferry pier away")
            assert (await process(later(ports, hours=1)))["ready"] == 1
            assert (await read(documents, waiting)).counted_at == NOW

    asyncio.run(work())


def test_attempts_end_in_a_final_state_with_its_reason(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    site = Site(pier=500)

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            waiting = site.article("pier")
            await store.discover(documents, [waiting])
            for day in range(6):
                await process(later(ports, days=day))
            found = await read(documents, waiting)
            assert (found.status, found.failure, found.next_attempt_at) == (Status.PARTIAL, "http_error", None)
            assert site.asked.count("/pier") == 3

    asyncio.run(work())


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (404, "http_error"),
        (410, "gone"),
        (lambda _: web.Response(body=b"\x89PNG", content_type="image/png"), "not_a_page"),
        (lambda _: web.Response(status=302, headers={"Location": "http://169.254.169.254/latest"}), "refused_address"),
        (lambda _: web.Response(text=page("Sign in", sentences=("Subscribe to continue reading.",)), content_type="text/html"), "paywall"),
    ],
    ids=["missing", "gone", "picture", "inside", "wall"],
)
def test_a_definite_no_is_final(documents: ElasticDocuments, bundle: Bundle, cpu: Any, answer: Any, failure: str) -> None:
    site = Site(pier=answer)

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            waiting = site.article("pier")
            await store.discover(documents, [waiting])
            assert (await process(ports))["partial"] == 1
            found = await read(documents, waiting)
            assert (found.failure, found.next_attempt_at) == (failure, None)

    asyncio.run(work())


def test_robots_are_obeyed(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    site = Site(pier=page("Floods"), **{"robots.txt": lambda _: web.Response(text="User-agent: *\nDisallow: /pier")})

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            waiting = site.article("pier")
            await store.discover(documents, [waiting])
            await process(ports)
            assert (await read(documents, waiting)).failure == "robots"
            assert site.asked == ["/robots.txt"]

    asyncio.run(work())


def test_one_page_that_cannot_be_read_leaves_its_neighbours_alone(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    def slow(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<div>" * 200_000, content_type="text/html")

    site = Site(bad=slow, empty="", **{f"good{number}": page(f"Ferry news {number} of the day") for number in range(4)})

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            names = ["bad", "empty", *(f"good{number}" for number in range(4))]
            waiting = [site.article(name, host=f"h{position}") for position, name in enumerate(names)]
            await store.discover(documents, waiting)
            done = await process(ports)
            assert (done["ready"], done["partial"] + done["failed"]) == (4, 2)

    asyncio.run(work())


def test_what_a_page_calls_its_own_address_joins_two_articles(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    def canonical(request: web.Request) -> web.StreamResponse:
        address = f"http://courier.localhost:{request.url.port}/pier"
        return web.Response(text=page("Floods at the pier", head=f'<link rel="canonical" href="{address}">'), content_type="text/html")

    site = Site(pier=canonical, amp=canonical)

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            first = site.article("pier", feeds=("one",))
            await store.discover(documents, [first])
            await process(ports)
            second = site.article("amp", feeds=("two",))
            await store.discover(documents, [second])
            assert (await process(ports))["duplicate"] == 1
            owner, copy = await read(documents, first), await read(documents, second)
            assert (copy.status, copy.duplicate_of, copy.topics) == (Status.DUPLICATE, first.id, ())
            assert owner.feeds == ("one", "two")
            assert site.url("amp") in owner.urls
            third = site.article("amp", feeds=("three",))
            assert await store.discover(documents, [third]) == ["exists"]
            assert (await read(documents, first)).feeds == ("one", "two", "three")

    asyncio.run(work())


def test_kept_pages_are_read_again_by_better_rules(documents: ElasticDocuments, bundle: Bundle, cpu: Any, tmp_path: Path) -> None:
    site = Site(pier=page("Floods sweep the ferry pier away"), quay=page("Ferry quay", sentences=SENTENCES[:1]), plain=page("Ferry news"))

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            pages = KeptPages(tmp_path / "pages")
            pier, quay, plain = (site.article(name, host=name) for name in ("pier", "quay", "plain"))
            await store.discover(documents, [plain])
            await process(ports)
            kept = replace(ports, pages=pages)
            await store.discover(documents, [pier, quay])
            assert await process(kept) == {"ready": 1, "partial": 1, "duplicate": 0, "failed": 0}
            before = await read(documents, pier)
            # As if earlier rules had lost a part of it.
            (held,) = await store.current(documents, [(documents.index_for("articles", NOW), pier.id)])
            assert held is not None
            worse = replace(before, text=SENTENCES[0], title="Floods", topics=(), topic_matches=(), story_id="s1")
            assert await store.save(documents, [(held, worse)]) == [True]
            asked = len(site.asked)
            hour = timedelta(hours=1)
            assert await again(later(kept, hours=2), since=NOW - hour, until=NOW + hour) == {"read": 2, "changed": 1, "missing": 1}
            after = await read(documents, pier)
            assert replace(after, indexed_at=before.indexed_at, story_id=None) == before
            assert (after.story_id, after.indexed_at) == ("s1", NOW + 2 * hour)
            assert await again(later(kept, hours=3), since=NOW - hour, until=NOW + hour) == {"read": 2, "changed": 0, "missing": 1}
            assert await again(kept, since=NOW + hour, until=NOW + 2 * hour) == {"read": 0, "changed": 0, "missing": 0}
            assert len(site.asked) == asked
            with pytest.raises(SetupError):
                await again(replace(ports, pages=None), since=NOW, until=NOW)

    asyncio.run(work())


def test_where_pages_cannot_be_kept_the_watch_goes_on(documents: ElasticDocuments, bundle: Bundle, cpu: Any, tmp_path: Path) -> None:
    site = Site(pier=page("Floods sweep the ferry pier away"))
    (tmp_path / "file").write_text("not a folder")

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            await store.discover(documents, [site.article("pier")])
            done = await process(replace(ports, pages=KeptPages(tmp_path / "file")))
            assert (done["ready"], done["not_kept"]) == (1, 1)

    asyncio.run(work())


def test_two_workers_read_every_page_once(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    site = Site(**{f"p{number}": page(f"Ferry news {number} of the day") for number in range(12)})

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            await store.discover(documents, [site.article(f"p{number}", host=f"h{number}") for number in range(12)])
            done = await asyncio.gather(process(ports), process(ports))
            assert sum(each["ready"] for each in done) == 12
            assert all(site.asked.count(f"/p{number}") == 1 for number in range(12))

    asyncio.run(work())


def test_a_worker_that_died_is_followed_by_another_after_its_lease(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    site = Site(pier=page("Floods at the pier"))

    async def work() -> None:
        async with serving(site, documents, bundle, cpu) as ports:
            waiting = site.article("pier")
            await store.discover(documents, [waiting])
            claimed = await store.claim(documents, await store.due(documents, NOW), NOW + timedelta(minutes=10))
            assert len(claimed) == 1
            assert (await process(later(ports, minutes=1)))["ready"] == 0
            assert (await process(later(ports, minutes=11)))["ready"] == 1

    asyncio.run(work())


# ---------------------------------------------------------------- identity


class Breaking:
    """The store, which dies at the n-th write."""

    def __init__(self, documents: ElasticDocuments, at: int) -> None:
        self.documents = documents
        self.left = at

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Any] = getattr(self.documents, name)
        if name not in ("put", "bulk"):
            return method

        async def write(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise StoreUnavailable("the process is gone")
            return await method(*arguments, **options)

        return write


@pytest.mark.parametrize("writes", range(4))
def test_an_article_is_not_lost_wherever_the_process_dies(documents: ElasticDocuments, writes: int) -> None:
    async def work() -> None:
        one = article("x", id=url_id("https://www.harbour-courier.example/world/x"), feeds=("one",))
        other = replace(one, feeds=("two",), first_seen_at=NOW + timedelta(days=8))
        broken: Any = Breaking(documents, writes)
        for batch in ([one], [other]):
            try:
                await store.discover(broken, batch)
            except StoreUnavailable:
                broken.left = 99
        await store.discover(documents, [one])
        await store.discover(documents, [replace(one, feeds=("two",))])
        found = await read(documents, one)
        assert sorted(found.feeds) == ["one", "two"]
        await documents.refresh("articles")
        assert await documents.count("articles", {"match_all": {}}) == 1

    asyncio.run(work())


def test_eight_workers_at_once_make_one_article_that_lists_all_feeds(documents: ElasticDocuments) -> None:
    async def work() -> None:
        month_end = datetime.fromisoformat("2026-11-30T23:59:59.900+00:00")
        id = url_id("https://www.harbour-courier.example/world/x")
        seen = [
            article("x", id=id, feeds=(f"feed{number}",), first_seen_at=month_end + timedelta(milliseconds=50 * number))
            for number in range(8)
        ]
        outcomes = await asyncio.gather(*(store.discover(documents, [each]) for each in seen))
        assert sum(each == ["created"] for each in outcomes) == 1
        await documents.refresh("articles")
        hits = await documents.find("articles", {"match_all": {}})
        assert len(hits) == 1
        assert sorted(hits[0].source["feeds"]) == [f"feed{number}" for number in range(8)]

    asyncio.run(work())


def test_what_retention_took_away_does_not_come_back(documents: ElasticDocuments) -> None:
    async def work() -> None:
        one = article("x", id=url_id("https://www.harbour-courier.example/world/x"))
        await store.discover(documents, [one])
        place = await store.address(documents, one.id)
        assert place is not None
        await documents.delete(place.index, place.article)
        again = replace(one, first_seen_at=NOW + timedelta(days=400))
        assert await store.discover(documents, [again]) == ["exists"]
        assert await documents.get(place.index, place.article) is None

    asyncio.run(work())


def test_what_was_forgotten_stays_forgotten(documents: ElasticDocuments) -> None:
    async def work() -> None:
        url = "https://www.harbour-courier.example/world/x"
        one = article("x", id=url_id(url))
        await store.discover(documents, [one])
        for _ in range(2):
            emptied = await store.forget(documents, url=url, url_id=url_id(url), now=NOW)
            assert [(each.value.title, each.value.text, each.value.status) for each in emptied] == [("", "", Status.FAILED)]
        assert await store.remove(documents, emptied) == 1
        assert await store.discover(documents, [one]) == ["exists"]
        assert await store.forget(documents, url=url, url_id=url_id(url), now=NOW) == []
        await documents.refresh("articles")
        assert await documents.count("articles", {"match_all": {}}) == 0

    asyncio.run(work())


class Deadly(Executor):
    """Processes of which one page ends those that read it."""

    def __init__(self, inner: Executor) -> None:
        self.inner = inner

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if any(b"deadly" in value for value in fn.args if isinstance(value, bytes)):
            return self.inner.submit(os._exit, 1)
        return self.inner.submit(fn, *args, **kwargs)


def test_a_page_that_ends_its_readers_is_partial_and_its_neighbours_are_read(documents: ElasticDocuments, bundle: Bundle, cpu: Any) -> None:
    site = Site(pier=page("Floods sweep the ferry pier away"), bomb=page("deadly"))

    async def work() -> None:
        async with serving(site, documents, bundle, Deadly(cpu)) as ports:
            await store.discover(documents, [site.article("bomb"), site.article("pier")])
            told = await process(ports)
            assert (told["ready"], told["partial"]) == (1, 1)
            assert (await read(documents, site.article("bomb"))).failure == "unreadable"

    asyncio.run(work())
