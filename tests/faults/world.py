"""The whole watch over a press with a ledger: seeded, run in processes, broken, and compared with the ledger afterwards."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.audit import Audit
from tests.faults.between import Between
from tests.faults.newsroom import OUTLETS, Background, Mailbox, Newsroom, Piece, copied, piece
from tests.faults.step import STEPS, Order, Processes

from wirewatch.articles.identity import slot_of
from wirewatch.config import load_files
from wirewatch.model import (
    Article,
    Delivery,
    Evidence,
    FeedState,
    Health,
    Incident,
    Notification,
    PollRecord,
    Precision,
    Provenance,
    Span,
    Status,
    TopicMatch,
)
from wirewatch.pipeline import counting
from wirewatch.pipeline.detect import detect
from wirewatch.pipeline.ports import Ports
from wirewatch.store import config as published
from wirewatch.store import counts as store
from wirewatch.store.base import Write
from wirewatch.store.documents import from_document, to_document
from wirewatch.store.elastic import ElasticDocuments

NOW = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAYS = 14
PATIENCE = 16 * MINUTE
"""After it every claim of a dead process has run out."""
SEEDED = ("articles", "feeds", "counts", "coverage", "baselines", "config")


def files(port: int, alerts: str = "") -> dict[str, str]:
    """The configuration of the watch over a press at this port."""
    feeds = "".join(f'  {name}: {{url: "http://{name}.localhost:{port}/rss"}}\n' for name in OUTLETS)
    recipients = "".join(f"    {name}: {{mail: [{name}@news.example]}}\n" for name in ("desk", "world", "operators"))
    return {
        "wirewatch.yaml": (
            f'polling: {{host_delay: 0s, timeout: 5s, min_interval: 5m, max_interval: 10m, allow_hosts: ["*.localhost:{port}"]}}\n'
            "articles: {host_delay: 0s, timeout: 5s}\n"
            f"alerts:\n  sender: watch@news.example\n  recipients:\n{recipients}{alerts}"
        ),
        "feeds.yaml": f"feeds:\n{feeds}",
        "publishers.yaml": "publishers: {}\n",
        "concepts/words.yaml": "concepts: {khasan: {aliases: {en: [Khasan]}}, tariffs: {aliases: {en: [tariffs]}}}\n",
        "topics/desk.yaml": (
            "topics:\n"
            "- {id: ties, name: Ties, rule: {concept: khasan}, notify: [desk, world], watch: {alert: spike},\n"
            "   examples: {matches: [Talks at Khasan], rejects: [Harvest]}}\n"
            "- {id: trade, name: Trade, rule: {concept: tariffs}, notify: [desk], watch: {alert: spike},\n"
            "   examples: {matches: [New tariffs], rejects: [Harvest]}}\n"
        ),
    }


def write_files(folder: Path, content: Mapping[str, str]) -> None:
    """Put a configuration on the disk."""
    for name, text in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a comparison with the ledger came to."""

    published: int
    stored: int
    counted: int
    incidents: int
    planned: int
    delivered: int
    repeated: int
    wrong: tuple[str, ...]
    """Every difference; nothing where all is well."""


@dataclass
class Stage:
    """What outlives a single world: the press, the mail server, the proxy, the processes, and a watched past to begin from."""

    url: str
    room: Newsroom
    mail: Mailbox
    between: Between
    servers: Background
    processes: Processes
    folder: Path
    past: dict[str, list[tuple[str, str, dict[str, Any]]]] = field(default_factory=dict)

    now: datetime = NOW
    """When worlds begin."""

    def learn(self, now: datetime = NOW) -> None:
        """Make the past of all worlds to come: two weeks of coverage until `now`, counted and learned from."""
        self.now = now
        asyncio.run(self._learn(f"test-{secrets.token_hex(4)}"))

    async def _learn(self, prefix: str) -> None:
        bundle = load_files(files(self.room.port))
        hashes = {topic.id: topic.hash for topic in bundle.topics}
        async with ElasticDocuments(url=self.url, prefix=prefix) as documents:
            try:
                await documents.ensure()
                await published.publish(documents, bundle, self.now)
                old = [_old(self.now, number, hashes, bundle.hash) for number in range(DAYS * 12)]
                places = [documents.index_for("articles", each.first_seen_at) for each in old]
                await documents.bulk(
                    [Write(op="create", index=place, id=each.id, doc=to_document(each)) for place, each in zip(places, old, strict=True)]
                )
                states = [_watched(self.now, feed.id, feed.url) for feed in bundle.feeds]
                writes = [Write(op="create", index="feeds", id=each.feed, doc=to_document(each)) for each in states]
                await documents.bulk(writes, refresh=True)
                with ThreadPoolExecutor(1) as cpu:
                    ports = Ports(documents=documents, bundle=bundle, clock=lambda: self.now, http=_NoHttp(), cpu=cpu)
                    done = await detect(ports)
                assert done["opened"] == 0, done
                await documents.refresh(*SEEDED)
                for kind in SEEDED:
                    self.past[kind] = [
                        (hit.index.removeprefix(prefix), hit.id, dict(hit.source)) async for hit in documents.scan(kind, {"match_all": {}})
                    ]
            finally:
                await documents.drop()


class _NoHttp:
    async def get(self, url: str, **_: Any) -> Any:
        raise AssertionError(url)


def _old(now: datetime, number: int, hashes: Mapping[str, str], rules: str) -> Article:
    """An article of the past: `ties` about every third day, `trade` a little oftener."""
    at = now - DAYS * DAY + number * 2 * HOUR + timedelta(minutes=7 * number % 50 - 60)
    topic = "ties" if number % 37 == 11 else "trade" if number % 17 == 5 else ""
    told = piece(f"old-{number}", OUTLETS[number % len(OUTLETS)], at, topic)
    evidence = (Evidence(field="title", start=0, end=4, words=told.title[:4]),)
    source = f"{told.outlet}.localhost"
    return Article(
        id=told.id,
        urls=(f"http://{source}/{told.id}",),
        url=f"http://{source}/{told.id}",
        source=source,
        publisher=source,
        publisher_name=source,
        title=told.title,
        text=told.text,
        language="en",
        status=Status.READY,
        published_at=at,
        published_from=Provenance.FEED,
        published_precision=Precision.SECOND,
        first_seen_at=at + MINUTE,
        indexed_at=at + MINUTE,
        counted_at=at,
        timestamp=at,
        story_id=told.id,
        topics=(topic,) if topic else (),
        topic_matches=(TopicMatch(topic=topic, hash=hashes[topic], score=80, evidence=evidence),) if topic else (),
        rules=rules,
    )


def _watched(now: datetime, feed: str, url: str) -> FeedState:
    """A feed that has been polled all along, and is due."""
    start = now - (DAYS + 9) * DAY
    return FeedState(
        feed=feed,
        url=url,
        configured_url=url,
        slot=slot_of(url),
        health=Health.HEALTHY,
        interval_s=600,
        first_success_at=start,
        last_success_at=now,
        last_poll_at=now,
        next_attempt_at=now,
        weight=5.0,
        covered=(Span(start=start, end=now),),
    )


class World:
    """One watch under its own prefix; `now` is the clock of everybody, unless a run is told otherwise."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.room, self.mail = stage, stage.room, stage.mail
        self.prefix = f"test-{secrets.token_hex(4)}"
        self.now = stage.now
        self.config = stage.folder / self.prefix
        self.allowed_repeats = 0
        """Messages that may have come twice: one a death or lost answer after the server took it."""
        write_files(self.config, files(stage.room.port))
        stage.room.begin_anew(self.now)
        stage.between.spoil()
        stage.between.happened = 0
        stage.mail.got.clear()
        stage.mail.answers.clear()
        self.crashes: list[str] = []
        asyncio.run(self._begin())

    async def _begin(self) -> None:
        async with ElasticDocuments(url=self.stage.url, prefix=self.prefix) as documents:
            await documents.ensure()
            writes = []
            for kind in SEEDED:
                for place, id, source in self.stage.past[kind]:
                    # The cut-off of a count is its version: a later run must be able to write over it, an earlier one not.
                    version = store.version_of(datetime.fromisoformat(source["until"])) if kind in ("counts", "coverage") else None
                    writes.append(Write(op="index", index=self.prefix + place, id=id, doc=source, version=version))
            await documents.bulk(writes, refresh=True)

    def drop(self) -> None:
        """Leave nothing behind."""
        asyncio.run(self._drop())

    async def _drop(self) -> None:
        async with ElasticDocuments(url=self.stage.url, prefix=self.prefix) as documents:
            await documents.drop()

    # ------------------------------------------------------------ what happens

    def publish(self, *pieces: Piece) -> None:
        """Let the press publish."""
        self.room.publish(*pieces)

    def breaks(self, topic: str = "ties", *, at: datetime | None = None, reports: int = 9, key: str = "news") -> None:
        """A story breaks: so many outlets report it in words of their own, one more copies the first, and others write of other things."""
        start = at or self.now + MINUTE
        told = [piece(f"{key}-{number}", OUTLETS[number], start + number * timedelta(seconds=20), topic) for number in range(reports)]
        self.publish(*told, copied(told[0], OUTLETS[reports], start + 4 * MINUTE))
        self.publish(*(piece(f"{key}-else-{number}", OUTLETS[-1 - number], start + number * MINUTE) for number in range(4)))

    def passes(self, time: timedelta) -> None:
        """Let time pass for everybody."""
        self.now += time
        self.room.now = self.now

    def order(self, *steps: str, off: timedelta = timedelta(0), direct: bool = False, **more: Any) -> Order:
        """What a process is to do now, by a clock that is `off`."""
        return Order(
            url=self.stage.url if direct else self.stage.between.url,
            prefix=self.prefix,
            now=(self.now + off).isoformat(),
            config=str(self.config),
            smtp_port=self.mail.port,
            out=str(self.stage.folder / f"{secrets.token_hex(6)}.json"),
            steps=steps or STEPS,
            **more,
        )

    def run(self, *steps: str, **more: Any) -> tuple[int, dict[str, Any]]:
        """Let one process do steps; its exit code, and what it did."""
        return self.together(self.order(*steps, **more))[0]

    def together(self, *orders: Order) -> list[tuple[int, dict[str, Any]]]:
        """Let processes work at the same time."""
        found = self.stage.processes.run(*orders)
        for _, done in found:
            if "crashed" in done:
                self.crashes.append(done["crashed"])
                done["failed"] = {"all": done["crashed"]}
        return found

    def settles(self, rounds: int = 3, *steps: str) -> None:
        """Run undisturbed until all that was begun is over; every step must work again by itself."""
        for _ in range(rounds):
            self.passes(PATIENCE)
            code, done = self.run(*steps)
            assert code == 0, done
        assert not done["failed"], done["failed"]

    # ------------------------------------------------------------ what is there

    def verdict(self, *, incidents: Mapping[str, int] | None = None, at_publication: bool = True) -> Verdict:
        """Compare everything with the ledger; `incidents`: how many each topic is to have had (default: one about `ties`)."""
        return asyncio.run(self._verdict(incidents if incidents is not None else {"ties": 1}, at_publication))

    async def _verdict(self, wanted: Mapping[str, int], at_publication: bool) -> Verdict:
        async with ElasticDocuments(url=self.stage.url, prefix=self.prefix) as documents:
            kinds = ("articles", "urls", "counts", "incidents", "notifications", "feeds", "config")
            await documents.refresh(*kinds)
            found = {kind: [hit async for hit in documents.scan(kind, {"match_all": {}})] for kind in kinds}
        differences = await differing(self)
        audit = Audit(self)
        articles = [from_document(Article, hit.source) for hit in found["articles"] if not hit.id.startswith("old-")]
        audit.stored(articles, [hit.source for hit in found["urls"]])
        counted = audit.counted(articles, [hit.source for hit in found["counts"]], at_publication)
        audit.wrong += [f"count differs from a rebuild: {stored} / {fresh}" for stored, fresh in differences[:5]]
        events = [from_document(Incident, hit.source) for hit in found["incidents"]]
        audit.raised(events, wanted)
        messages = [from_document(Notification, hit.source) for hit in found["notifications"]]
        delivered, repeated = audit.mailed(messages)
        audit.calm([from_document(FeedState, hit.source) for hit in found["feeds"]], [hit.source for hit in found["config"]])
        audit.wrong += [f"a step crashed: {crash}" for crash in self.crashes]
        return Verdict(
            published=len(self.room.ledger),
            stored=len(articles),
            counted=counted,
            incidents=len(events),
            planned=sum(message.state is not Delivery.GATHERED for message in messages),
            delivered=delivered,
            repeated=repeated,
            wrong=tuple(audit.wrong),
        )


def shown(verdict: Verdict) -> str:
    """A verdict as one line of JSON, for messages."""
    return json.dumps({name: getattr(verdict, name) for name in verdict.__dataclass_fields__}, default=str, indent=1)


@asynccontextmanager
async def inside(world: World) -> AsyncIterator[Ports]:
    """The ports of a use case in this process, by the configuration that is published."""
    async with ElasticDocuments(url=world.stage.url, prefix=world.prefix) as documents:
        bundle = await published.published(documents)
        assert bundle is not None
        with ThreadPoolExecutor(1) as cpu:
            yield Ports(documents=documents, bundle=bundle, clock=lambda: world.now, http=_NoHttp(), cpu=cpu)


async def differing(world: World) -> list[Any]:
    """How the stored counts differ from a rebuild."""
    async with inside(world) as ports:
        return await counting.differences(ports)


async def rebuilt(world: World) -> None:
    """Do what `wirewatch counts rebuild` does."""
    async with inside(world) as ports:
        await counting.rebuild(ports)


async def deleted(world: World, kind: str) -> None:
    """Delete an index, or all partitions of a kind, as an operator does."""
    async with ElasticDocuments(url=world.stage.url, prefix=world.prefix) as documents:
        for index in await _indices(documents, kind):
            await documents.ask("DELETE", f"/{index}")


async def unaliased(world: World, kind: str) -> None:
    """Take away the alias by which a kind is searched."""
    async with ElasticDocuments(url=world.stage.url, prefix=world.prefix) as documents:
        for index in await _indices(documents, kind):
            await documents.ask("DELETE", f"/{index}/_alias/{world.prefix}-{kind}")


async def _indices(documents: ElasticDocuments, kind: str) -> list[str]:
    return [index for index in await documents.versions() if documents.names.kind_of(index) == kind]


async def polled_before(world: World) -> None:
    """Let the log of polls reach back some days: younger watches have nothing to tell in a digest."""
    async with ElasticDocuments(url=world.stage.url, prefix=world.prefix) as documents:
        at = world.now - 3 * DAY
        record = PollRecord(at=at, feed=OUTLETS[0], outcome="ok")
        await documents.bulk([Write(op="create", index=documents.index_for("polls", at), id="old", doc=to_document(record))], refresh=True)


async def digests(world: World) -> dict[str, int]:
    """How many digests each recipient was planned."""
    async with ElasticDocuments(url=world.stage.url, prefix=world.prefix) as documents:
        await documents.refresh("notifications")
        hits = await documents.find("notifications", {"term": {"event": "digest"}}, size=100, fields=["recipient"])
        return dict(Counter(str(hit.source["recipient"]) for hit in hits))
