"""Polling real servers into the real store: nothing lost, nothing twice, whatever dies in between."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from aiohttp import web
from backports import zstd

from wirewatch.config import Bundle, Settings
from wirewatch.config.settings import Polling
from wirewatch.errors import StoreUnavailable
from wirewatch.http_client import HttpClient
from wirewatch.model import Article, Feed, FeedState, Health, Publisher, PublisherKind
from wirewatch.pipeline.poll import poll, sync_feeds
from wirewatch.pipeline.ports import Ports
from wirewatch.store import feeds as store
from wirewatch.store.base import Documents
from wirewatch.store.documents import from_document, to_document
from wirewatch.store.elastic import ElasticDocuments

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Site:
    """Feeds on `<name>.localhost`: what each lists, and how its server behaves."""

    port: int
    lists: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    answers: dict[str, Callable[[web.Request], Any]] = field(default_factory=dict)
    """By name: an answer of its own instead of a list."""
    validators: bool = True
    asked: list[tuple[str, int]] = field(default_factory=list)
    """Names asked for, and what was answered."""
    open_now: dict[str, int] = field(default_factory=dict)
    most_open: dict[str, int] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return f"http://{name}.localhost:{self.port}/rss"

    def body(self, name: str) -> bytes:
        items = "".join(
            f"<item><title>{entry} in {name}</title><link>http://{name}.localhost:{self.port}/{entry}</link><guid>{name}-{entry}</guid>"
            f"<pubDate>{format_datetime(at)}</pubDate></item>"
            for entry, at in self.lists[name]
        )
        return f'<rss version="2.0"><channel><title>{name}</title><link>http://{name}/</link>{items}</channel></rss>'.encode()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.host.partition(".")[0]
        self.open_now[name] = self.open_now.get(name, 0) + 1
        self.most_open[name] = max(self.most_open.get(name, 0), self.open_now[name])
        try:
            await asyncio.sleep(0.01)
            response = await self._response(request, name)
        finally:
            self.open_now[name] -= 1
        self.asked.append((name, response.status))
        return response

    async def _response(self, request: web.Request, name: str) -> web.StreamResponse:
        if name in self.answers:
            answer = self.answers[name](request)
            found = await answer if asyncio.iscoroutine(answer) else answer
            assert isinstance(found, web.StreamResponse)
            return found
        body = self.body(name)
        etag = f'"{hash(body)}"'
        if self.validators and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, content_type="application/rss+xml", headers={"ETag": etag} if self.validators else {})


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        site = Site(port=probe.getsockname()[1])
    app = web.Application()
    app.router.add_get("/{path:.*}", site.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", site.port).start()
    try:
        yield site
    finally:
        await runner.cleanup()


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Watch:
    """The ports of a test, with its site and clock."""

    site: Site
    clock: Clock
    ports: Ports
    documents: ElasticDocuments

    async def poll(self, documents: Documents | None = None, **more: Any) -> dict[str, int]:
        ports = self.ports if documents is None else with_documents(self.ports, documents)
        return {what: count for what, count in (await poll(ports, **more)).items() if count}

    async def articles(self) -> dict[str, Article]:
        await self.documents.refresh("articles")
        found = [from_document(Article, hit.source) async for hit in self.documents.scan("articles", {"match_all": {}})]
        return {each.title: each for each in found}

    async def state(self, name: str) -> FeedState:
        return (await store.load(self.documents, [name]))[0].value

    async def rewrite(self, name: str, **changes: Any) -> None:
        """Change a stored state by hand."""
        found = (await store.load(self.documents, [name]))[0]
        doc = {**to_document(found.value), **changes}
        await self.documents.put(found.index, name, {key: value for key, value in doc.items() if value is not None})
        await self.documents.refresh("feeds")


def with_documents(ports: Ports, documents: Documents) -> Ports:
    return Ports(documents=documents, bundle=ports.bundle, clock=ports.clock, http=ports.http, cpu=ports.cpu)


@asynccontextmanager
async def watching(documents: ElasticDocuments, *names: str, settings: Polling | None = None, **more: Any) -> AsyncIterator[Watch]:
    async with serving() as site:
        site.lists = {name: [(f"old{n}", START - n * HOUR) for n in range(1, 4)] for name in names}
        polling = settings or Polling(host_delay=timedelta(0), timeout=timedelta(seconds=2), allow_hosts=(f"*.localhost:{site.port}",))
        polling = polling.model_copy(update={"allow_hosts": (f"*.localhost:{site.port}",)})
        feeds = tuple(Feed(id=name, url=site.url(name), **more) for name in names)
        owner = Publisher(id="house", name="The House", domains=("known.localhost",), country="GB", kind=PublisherKind.WIRE)
        bundle = Bundle(settings=Settings(polling=polling), feeds=feeds, publishers=(owner,), hash="x", source={})
        clock = Clock()
        with ThreadPoolExecutor(2) as cpu:
            async with HttpClient(user_agent="test", allow_hosts=polling.allow_hosts) as http:
                ports = Ports(documents=documents, bundle=bundle, clock=clock, http=http, cpu=cpu)
                yield Watch(site=site, clock=clock, ports=ports, documents=documents)


def test_a_first_poll_stores_all_and_counts_nothing_a_second_counts_what_is_new(documents: ElasticDocuments) -> None:
    async def work() -> None:
        async with watching(documents, "a", "known") as watch:
            assert await watch.poll() == {"polled": 2, "new": 6}
            first = await watch.articles()
            assert len(first) == 6
            assert {each.counted_at for each in first.values()} == {None}
            assert (first["old1 in known"].publisher, first["old1 in known"].country) == ("house", "GB")
            assert (first["old1 in a"].publisher, first["old1 in a"].feeds) == ("a.localhost", ("a",))
            watch.clock.now += DAY
            watch.site.lists["a"].insert(0, ("news", START + 5 * HOUR))
            watch.site.lists["a"].insert(0, ("undated", START - 3 * DAY))
            assert await watch.poll() == {"polled": 2, "new": 2, "unchanged": 1}
            found = await watch.articles()
            assert found["news in a"].counted_at == START + 5 * HOUR
            assert found["undated in a"].counted_at is None
            assert {name: each for name, each in found.items() if name in first} == first
            state = await watch.state("a")
            assert (state.health, state.covered[0].start, state.last_new_at) == (Health.HEALTHY, START, START + DAY)

    asyncio.run(work())


def test_an_unchanged_feed_brings_nothing_by_304_or_by_its_bytes_and_nothing_comes_back_when_all_is_forgotten(
    documents: ElasticDocuments,
) -> None:
    async def work() -> None:
        async with watching(documents, "a") as watch:
            await watch.poll()
            stored = await watch.articles()
            assert await watch.poll() == {}
            watch.clock.now += HOUR
            assert await watch.poll() == {"polled": 1, "unchanged": 1}
            assert watch.site.asked[-1] == ("a", 304)
            watch.site.validators = False
            watch.clock.now += HOUR * 7
            assert await watch.poll() == {"polled": 1, "unchanged": 1}
            assert watch.site.asked[-1] == ("a", 200)
            await watch.rewrite("a", etag=None, last_modified=None, body_hash=None, entry_hashes=None)
            watch.clock.now += HOUR * 7
            assert await watch.poll() == {"polled": 1}
            assert await watch.articles() == stored
            log = await store.polls(documents)
            assert [(each.outcome, each.feed, each.polls, each.new) for each in log[-1:]] == [("ok", "a", 1, 3)]
            assert {(each.outcome, each.feed) for each in log[:-1]} == {("unchanged", None)}

    asyncio.run(work())


def test_an_entry_in_two_feeds_is_one_article_and_a_renewed_one_is_not_counted(documents: ElasticDocuments) -> None:
    async def work() -> None:
        async with watching(documents, "a", "b") as watch:
            await watch.poll()
            watch.clock.now += DAY
            link = f"http://a.localhost:{watch.site.port}/both"
            shared = f"<rss version='2.0'><channel><title>b</title><item><title>both in a</title><link>{link}</link></item></channel></rss>"
            watch.site.answers["b"] = lambda _: web.Response(text=shared, content_type="text/xml")
            watch.site.lists["a"].insert(0, ("both", watch.clock.now - MINUTE))
            assert await watch.poll() == {"polled": 2, "new": 1}
            assert sorted((await watch.articles())["both in a"].feeds) == ["a", "b"]
            watch.clock.now += DAY
            again = watch.site.body("a").replace(b"/old1<", b"/old1-with-a-new-address<")
            watch.site.answers["a"] = lambda _: web.Response(body=again, content_type="text/xml")
            assert (await watch.poll())["new"] == 1
            [moved] = [each for each in (await watch.articles()).values() if each.url.endswith("new-address")]
            assert moved.counted_at is None

    asyncio.run(work())


def test_each_kind_of_trouble_is_recorded_and_its_neighbours_go_on(documents: ElasticDocuments) -> None:
    troubles: dict[str, tuple[Callable[[web.Request], Any], str, Health]] = {
        "html": (
            lambda _: web.Response(text="<html><body><p>Hello</p></body></html>", content_type="text/html"),
            "not_a_feed",
            Health.FAILING,
        ),
        "rubbish": (lambda _: web.Response(body=b"\x00\x01\x02 no feed", content_type="text/xml"), "", Health.FAILING),
        "gone": (lambda _: web.Response(status=410), "gone", Health.RETIRED),
        "broken": (lambda _: web.Response(status=500), "", Health.FAILING),
        "huge": (lambda _: web.Response(body=b"x" * 300_000, content_type="text/xml"), "too_large", Health.FAILING),
        "busy": (lambda _: web.Response(status=429, headers={"Retry-After": "7200"}), "rate_limited", Health.FAILING),
        "slow": (lambda _: asyncio.sleep(1.5, web.Response()), "timeout", Health.FAILING),
        "void": (lambda _: web.Response(text="<rss version='2.0'><channel><title>v</title></channel></rss>"), "ok", Health.EMPTY),
    }

    async def work() -> None:
        settings = Polling(host_delay=timedelta(0), timeout=timedelta(seconds=0.7), max_bytes=200_000)
        async with watching(documents, "a", "b", *troubles, settings=settings) as watch:
            watch.site.answers = {name: answer for name, (answer, _, _) in troubles.items()}
            done = await watch.poll()
            assert done == {"polled": 10, "failed": 7, "new": 6}
            logged = {each.feed: each for each in await store.polls(documents)}
            for name, (_, outcome, health) in troubles.items():
                state = await watch.state(name)
                assert (state.health, state.attempts) == (health, 0), name
                assert state.outcome == (outcome or state.outcome)
                if name != "void":
                    assert logged[name].outcome == state.outcome
                    assert state.problem
            busy = await watch.state("busy")
            assert busy.next_attempt_at == START + 2 * HOUR
            assert (await watch.state("gone")).next_attempt_at is None
            watch.clock.now += 7 * HOUR
            watch.site.asked.clear()
            await watch.poll()
            assert "gone" not in {name for name, _ in watch.site.asked}

    asyncio.run(work())


def test_hostile_servers_end_each_in_its_own_way_and_leave_their_neighbours_alone(documents: ElasticDocuments) -> None:
    flood = b"\0" * 30_000_000
    laughs = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 20}">' for n in range(20))
    item = "<item><title>one</title><link>http://x.example/1</link></item>"

    def xml(text: str, encoding: str | None = None) -> Callable[[web.Request], Any]:
        return packed(text.encode("utf-8"), encoding)

    def packed(body: bytes, encoding: str | None) -> Callable[[web.Request], Any]:
        headers = {"Content-Encoding": encoding} if encoding else {}
        return lambda _: web.Response(body=body, headers={"Content-Type": "text/xml", **headers})

    def feed(title: str, items: str = item) -> str:
        return f"<rss><channel><title>{title}</title>{items}</channel></rss>"

    def sent_to(target: str) -> Callable[[web.Request], Any]:
        return lambda request: web.Response(status=302, headers={"Location": target.replace("PORT", str(request.url.port))})

    async def streamed(request: web.Request, piece: bytes, pause_s: float) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(piece)
                await asyncio.sleep(pause_s)
        return response

    attacks: dict[str, tuple[Callable[[web.Request], Any], str, str]] = {
        "gzip": (packed(gzip.compress(flood), "gzip"), "too_large", "more than 400000 bytes"),
        "brotli": (packed(brotli.compress(flood, quality=3), "br"), "too_large", "more than 400000 bytes"),
        "zstd": (packed(zstd.compress(flood), "zstd"), "too_large", "more than 400000 bytes"),
        "endless": (lambda request: streamed(request, b"<rss>" * 10_000, 0), "too_large", "more than 400000 bytes"),
        "drip": (lambda request: streamed(request, b" ", 0.05), "timeout", "timeout"),
        "unpacked": (xml(feed("u"), "gzip"), "bad_encoding", "bad encoding"),
        "loop": (sent_to("/rss"), "redirects", "a loop"),
        "local-file": (sent_to("file:///etc/passwd"), "refused_scheme", "not http(s): 'file:///etc/passwd'"),
        "inside": (sent_to("http://127.0.0.1:PORT/"), "refused_address", "127.0.0.1 is not a public address"),
        "mapped": (sent_to("http://[::ffff:127.0.0.1]:PORT/"), "refused_address", "is not a public address"),
        "no-tls": (sent_to("https://a.localhost:PORT/"), "tls", "tls"),
        "laughs": (
            xml(f"<!DOCTYPE r [<!ENTITY a0 'ha'>{laughs}]>{feed('&a20;')}"),
            "ok",
            "entities",
        ),
        "nested": (xml("<rss><channel>" + "<a>" * 50_000), "malformed", "nested deeper"),
        "crowd": (xml(feed("c", item * 5_000)), "ok", "more than 100 entries"),
        "nul": (xml(feed("a\0b")), "ok", "NUL bytes"),
        "charset": (
            packed(f"<?xml version='1.0' encoding='utf-8'?>{feed('café')}".encode("latin-1"), None),
            "ok",
            "read as cp1252",
        ),
        "deadly": (xml(feed("deadly")), "malformed", "ended its worker"),
    }

    async def work() -> None:
        settings = Polling(host_delay=timedelta(0), timeout=timedelta(seconds=2), max_bytes=400_000, max_entries=100)
        async with watching(documents, "a", "b", *attacks, settings=settings) as watch:
            watch.site.answers = {name: answer for name, (answer, _, _) in attacks.items()}
            with Deadly(2) as cpu:
                watch.ports = replace(watch.ports, cpu=cpu)
                done = await watch.poll()
            assert done["polled"] == 2 + len(attacks)
            logged = {each.feed: each for each in await store.polls(documents)}
            for name, (_, outcome, said) in attacks.items():
                assert logged[name].outcome == outcome, name
                assert said in f"{logged[name].problem} {(await watch.state(name)).problem}", name
            assert [logged[name].new for name in "ab"] == [3, 3]

    asyncio.run(work())


class Deadly(ThreadPoolExecutor):
    """Workers that one feed ends."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if b"deadly" not in args[1]:
            return super().submit(fn, *args, **kwargs)
        ended: Future[Any] = Future()
        ended.set_exception(BrokenProcessPool())
        return ended


def test_a_moved_feed_is_followed_once_the_move_has_repeated(documents: ElasticDocuments) -> None:
    async def work() -> None:
        async with watching(documents, "old", "new") as watch:
            watch.site.answers["old"] = lambda _: web.Response(status=301, headers={"Location": watch.site.url("new")})
            for _ in range(3):
                await watch.poll()
                watch.clock.now += 7 * HOUR
            moved = await watch.state("old")
            assert (moved.url, moved.slot) == (watch.site.url("new"), (await watch.state("new")).slot)
            watch.site.asked.clear()
            await watch.poll()
            assert {name for name, _ in watch.site.asked} == {"new"}

    asyncio.run(work())


class Died(BaseException):
    """Stands for the end of the process."""


class Mortal:
    """A store that lets so many writes through, then ends the process; or is out of reach."""

    def __init__(self, inner: ElasticDocuments, writes: int, error: type[BaseException] = Died) -> None:
        self._inner, self._left, self._error = inner, writes, error

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in ("bulk", "put"):
            return found

        async def write(*given: Any, **options: Any) -> Any:
            if self._left <= 0:
                raise self._error("the end")
            self._left -= 1
            return await found(*given, **options)

        return write


async def interrupted(watch: Watch, names: tuple[str, str], writes: int) -> int:
    """Poll, let news come, die after so many writes, go on after the lease; how many articles are new after the death."""
    await watch.poll()
    watch.clock.now += DAY
    for name in names:
        watch.site.lists[name].insert(0, ("news", START + 5 * HOUR))
    with suppress(Died):
        await watch.poll(cast(Documents, Mortal(watch.documents, writes)))
    watch.clock.now += HOUR
    return (await watch.poll()).get("new", 0)


def test_a_death_between_any_two_writes_loses_nothing_and_doubles_nothing(documents: ElasticDocuments) -> None:
    async def work() -> None:
        # Claims, addresses, articles, states and the log are a write each.
        for writes, new_after in enumerate((2, 2, 2, 0, 0, 0)):
            names = (f"a{writes}", f"b{writes}")
            async with watching(documents, *names) as watch:
                assert await interrupted(watch, names, writes) == new_after
                found = [each for each in (await watch.articles()).values() if set(each.feeds) & set(names)]
                assert sorted(each.title for each in found if each.counted_at) == [f"news in {name}" for name in names]
                assert sorted(each.feeds for each in found) == [(names[0],)] * 4 + [(names[1],)] * 4
                states = [await watch.state(name) for name in names]
                assert [(each.health, each.listed, each.attempts) for each in states] == [(Health.HEALTHY, 4, 0)] * 2

    asyncio.run(work())


def test_without_the_store_nothing_moves_on(documents: ElasticDocuments) -> None:
    async def work() -> None:
        async with watching(documents, "a") as watch:
            await watch.poll()
            before = await watch.state("a")
            watch.clock.now += DAY
            watch.site.lists["a"].insert(0, ("news", START + 5 * HOUR))
            with pytest.raises(StoreUnavailable):
                await watch.poll(cast(Documents, Mortal(documents, 1, StoreUnavailable)))
            after = await watch.state("a")
            assert (after.etag, after.body_hash, after.entry_hashes, after.attempts) == (
                before.etag,
                before.body_hash,
                before.entry_hashes,
                1,
            )
            watch.clock.now += HOUR
            assert await watch.poll() == {"polled": 1, "new": 1}

    asyncio.run(work())


def test_a_store_out_of_reach_fails_the_task(documents: ElasticDocuments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirewatch.store.elastic.BACKOFF_S", (0.0,))

    async def work() -> None:
        async with watching(documents, "a") as watch, ElasticDocuments(url="http://127.0.0.1:9", prefix="x") as nowhere:
            with pytest.raises(StoreUnavailable):
                await watch.poll(nowhere)
            assert watch.site.asked == []

    asyncio.run(work())


def test_two_pollers_at_once_never_ask_for_one_feed_together(documents: ElasticDocuments) -> None:
    names = [f"f{n}" for n in range(12)]

    async def work() -> None:
        async with watching(documents, *names) as watch:
            await sync_feeds(watch.ports)
            done = await asyncio.gather(*(poll(watch.ports) for _ in range(4)))
            assert sum(each["polled"] for each in done) == 12
            assert sum(each["new"] for each in done) == 36
            assert sorted(name for name, _ in watch.site.asked) == sorted(names)
            assert set(watch.site.most_open.values()) == {1}

    asyncio.run(work())


def test_slots_share_the_work(documents: ElasticDocuments) -> None:
    names = [f"f{n}" for n in range(12)]

    async def work() -> None:
        async with watching(documents, *names) as watch:
            done = [await poll(watch.ports, slot=slot, slots=3) for slot in range(3)]
            assert sum(each["polled"] for each in done) == 12
            assert max(each["polled"] for each in done) < 12

    asyncio.run(work())


def test_after_the_deadline_nothing_is_begun_and_what_was_claimed_is_given_back(documents: ElasticDocuments) -> None:
    async def work() -> None:
        async with watching(documents, "a", "b", "c") as watch:
            assert await watch.poll(deadline=START) == {}
            assert watch.site.asked == []

            def late(_: web.Request) -> web.Response:
                watch.clock.now = START + MINUTE
                return web.Response(status=500)

            watch.site.answers["a"] = late
            one_by_one = watch.ports.bundle.settings.polling.model_copy(update={"concurrency": 1})
            bundle = Bundle(settings=Settings(polling=one_by_one), feeds=watch.ports.bundle.feeds, hash="x", source={})
            watch.ports = Ports(documents=documents, bundle=bundle, clock=watch.clock, http=watch.ports.http, cpu=watch.ports.cpu)
            assert await watch.poll(deadline=START + MINUTE) == {"polled": 1, "failed": 1}
            assert [(await watch.state(name)).attempts for name in "bc"] == [0, 0]
            assert await watch.poll() == {"polled": 2, "new": 6}

    asyncio.run(work())


def test_feeds_of_one_host_are_asked_for_one_after_another(documents: ElasticDocuments) -> None:
    async def work() -> None:
        async with watching(documents, "host") as watch:
            feeds = [Feed(id=f"f{n}", url=f"{watch.site.url('host')}?{n}") for n in range(10)]
            bundle = Bundle(settings=watch.ports.bundle.settings, feeds=tuple(feeds), hash="x", source={})
            watch.ports = Ports(documents=documents, bundle=bundle, clock=watch.clock, http=watch.ports.http, cpu=watch.ports.cpu)
            assert await watch.poll() == {"polled": 10, "new": 3}
            assert watch.site.most_open == {"host": 1}
            assert [sorted(each.feeds) for each in (await watch.articles()).values()] == [sorted(each.id for each in feeds)] * 3

    asyncio.run(work())


def test_what_people_decide_is_kept_to(documents: ElasticDocuments) -> None:
    async def work() -> None:
        async with watching(documents, "a", "b") as watch:
            await sync_feeds(watch.ports)
            await store.pause(documents, "a", who="ann", now=START)
            assert await watch.poll() == {"polled": 1, "new": 3}
            await store.pause(documents, "a", False, who="ann", now=START)
            await store.poll_now(documents, "b", who="ann", now=START)
            assert await watch.poll() == {"polled": 2, "unchanged": 1, "new": 3}

    asyncio.run(work())


def entries_without_address(count: int) -> str:
    items = "".join(
        f"<item><title>Note {n}</title><guid isPermaLink='false'>{n}</guid><description>Words</description></item>" for n in range(count)
    )
    return f"<rss version='2.0'><channel><title>t</title><link>http://a.localhost/</link>{items}</channel></rss>"


def test_entries_without_an_address_are_articles_too(documents: ElasticDocuments) -> None:
    async def work() -> None:
        async with watching(documents, "a") as watch:
            watch.site.answers["a"] = lambda _: web.Response(text=entries_without_address(2), content_type="text/xml")
            assert await watch.poll() == {"polled": 1, "new": 2}
            watch.clock.now += DAY
            watch.site.answers["a"] = lambda _: web.Response(text=entries_without_address(3), content_type="text/xml")
            assert await watch.poll() == {"polled": 1, "new": 1}
            found = (await watch.articles())["Note 2"]
            assert (found.status, found.failure, found.next_attempt_at, found.rules) == ("partial", "no_address", None, "x")
            assert found.counted_at == watch.clock.now

    asyncio.run(work())
