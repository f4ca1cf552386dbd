"""A small world that has been watched for three weeks, stored: what tests of detection begin with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from wirewatch.config import Bundle, Settings
from wirewatch.config.settings import Alerts, Recipient
from wirewatch.errors import FetchFailed
from wirewatch.http import Answer, Outcome
from wirewatch.model import (
    Alert,
    Article,
    Evidence,
    Feed,
    FeedState,
    Health,
    Incident,
    Notification,
    Precision,
    Provenance,
    Span,
    Status,
    Topic,
    TopicMatch,
)
from wirewatch.pipeline.ports import Ports
from wirewatch.store.base import Documents, Write
from wirewatch.store.documents import from_document, to_document

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DAYS = 21
OUTLETS = ("wire", "paper", "radio", "agency", "journal", "herald", "courier", "gazette")


def topic(id: str, *, hash: str = "1", alert: Alert = Alert.SPIKE, notify: tuple[str, ...] = ("desk",)) -> Topic:
    return Topic(id=id, name=id.title(), hash=f"{id}-{hash}", rule={}, alert=alert, notify=notify)


TOPICS = (topic("ties"), topic("trade"), topic("quiet"), topic("counted", alert=Alert.NONE))


def article(
    id: str,
    at: datetime,
    topics: Sequence[str] = (),
    *,
    publisher: str = "wire",
    story: str | None = None,
    title: str = "",
    seen: datetime | None = None,
    hash: str = "1",
    rules: str = "rules-1",
) -> Article:
    """Published at `at`, found and read a minute later; grouped where a story is given."""
    title = title or f"Report {id} of the day"
    seen = seen or at + timedelta(minutes=1)
    evidence = (Evidence(field="title", start=0, end=6, words=title[:6]),)
    return Article(
        id=id,
        urls=(f"https://{publisher}.example/{id}",),
        url=f"https://{publisher}.example/{id}",
        source=f"{publisher}.example",
        publisher=publisher,
        publisher_name=publisher.title(),
        title=title,
        text="Text.",
        language="en",
        status=Status.READY,
        published_at=at,
        published_from=Provenance.FEED,
        published_precision=Precision.SECOND,
        first_seen_at=seen,
        indexed_at=seen,
        counted_at=at,
        timestamp=at,
        story_id=story,
        topics=tuple(topics),
        topic_matches=tuple(TopicMatch(topic=each, hash=f"{each}-{hash}", score=80, evidence=evidence) for each in topics),
        rules=rules,
    )


def past(end: datetime = NOW, days: int = DAYS) -> list[Article]:
    """Everyday coverage, busier by day: `ties` about once a day, `trade` some times; all stories grouped."""
    chance = Random(5)
    found = []
    start = end - days * DAY
    for number in range(days * 40):
        at = start + (end - start - HOUR) * (number / (days * 40))
        at += timedelta(minutes=chance.uniform(-20, 20))
        about = ["ties"] if number % 40 == 17 else ["trade"] if number % 14 == 3 else []
        id = f"old-{number}"
        found.append(article(id, at, about, publisher=OUTLETS[number % len(OUTLETS)], story=id))
    return found


@dataclass
class Web:
    """Takes heartbeats."""

    asked: list[str] = field(default_factory=list)
    down: bool = False

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float, max_bytes: int, host_delay_s: float = 0.0
    ) -> Answer:
        self.asked.append(url)
        if self.down:
            raise FetchFailed(url, Outcome.TIMEOUT)
        return Answer(url=url, status=200)


@dataclass
class World:
    """The stored world, with its clock."""

    documents: Documents
    now: datetime = NOW
    topics: tuple[Topic, ...] = TOPICS
    rules: str = "rules-1"
    web: Web = field(default_factory=Web)
    settings: Settings = field(
        default_factory=lambda: Settings(
            alerts=Alerts(
                recipients={
                    "desk": Recipient(mail=("desk@news.example",)),
                    "world": Recipient(mail=("world@news.example",)),
                    "operators": Recipient(mail=("operators@news.example",)),
                },
                heartbeat_url="https://beats.example/1",
            )
        )
    )

    def ports(self, documents: Documents | None = None) -> Ports:
        return Ports(
            documents=documents or self.documents,
            bundle=Bundle(
                settings=self.settings,
                feeds=tuple(Feed(id=name, url=f"https://{name}.example/feed") for name in OUTLETS),
                topics=self.topics,
                hash=self.rules,
                source={},
            ),
            clock=lambda: self.now,
            http=self.web,
            cpu=ThreadPoolExecutor(1),
        )

    async def settle(self) -> None:
        """Store three weeks of coverage by feeds that work."""
        await self.publish(*past(self.now))
        await self.watch()

    async def publish(self, *articles: Article) -> None:
        """Store articles as processing leaves them; one that is there is written over."""
        writes = [
            Write(op="index", index=self.documents.index_for("articles", each.first_seen_at), id=each.id, doc=to_document(each))
            for each in articles
        ]
        await self.documents.bulk(writes, refresh=True)

    async def watch(self, *spans: tuple[datetime, datetime], failing: Sequence[str] = ()) -> None:
        """Let all feeds have been polled over these spans (default: all along, until now)."""
        covered = tuple(Span(start=start, end=end) for start, end in spans or ((self.now - (DAYS + 9) * DAY, self.now),))
        states = [
            FeedState(
                feed=name,
                url=f"https://{name}.example/feed",
                configured_url=f"https://{name}.example/feed",
                slot=0,
                health=Health.HEALTHY,
                interval_s=600,
                failures=3 if name in failing else 0,
                first_success_at=covered[0].start,
                last_success_at=covered[-1].end,
                last_poll_at=self.now,
                weight=5.0,
                covered=covered,
            )
            for name in OUTLETS
        ]
        index = self.documents.index_for("feeds")
        await self.documents.bulk([Write(op="index", index=index, id=each.feed, doc=to_document(each)) for each in states], refresh=True)

    async def breaks(self, *topics: str, reports: int = 12, at: datetime | None = None, key: str = "news") -> None:
        """A story breaks: so many outlets report it in words of their own within the last minutes."""
        at = at or self.now - timedelta(minutes=5)
        await self.publish(
            *(
                article(
                    f"{key}-{number}",
                    at + timedelta(seconds=number * 7 + 1),
                    topics,
                    publisher=f"outlet-{number}",
                    title=f"Summit at Khasan, told by outlet number {number}",
                    seen=self.now,
                )
                for number in range(reports)
            )
        )

    async def incidents(self) -> list[Incident]:
        await self.documents.refresh("incidents")
        hits = await self.documents.find("incidents", {"match_all": {}}, size=100, sort=[{"opened_at": "asc"}, {"id": "asc"}])
        return [from_document(Incident, hit.source) for hit in hits]

    async def messages(self) -> list[Notification]:
        await self.documents.refresh("notifications")
        hits = await self.documents.find("notifications", {"match_all": {}}, size=100, sort=[{"planned_at": "asc"}, {"id": "asc"}])
        return [from_document(Notification, hit.source) for hit in hits]

    async def state(self) -> dict[str, Any]:
        """All that detection leaves behind, without the times at which it did: what must be the same however it got there."""
        kinds: dict[str, Any] = {}
        await self.documents.refresh("counts", "coverage", "baselines", "incidents", "notifications")
        for kind in ("counts", "coverage", "baselines", "incidents", "notifications"):
            found = {hit.id: dict(hit.source) async for hit in self.documents.scan(kind, {"match_all": {}})}
            kinds[kind] = {id: _timeless(source) for id, source in sorted(found.items())}
        return kinds


def _timeless(value: Any) -> Any:
    drop = {
        "until",
        "updated_at",
        "planned_at",
        "next_attempt_at",
        "opened_at",
        "opened_after_s",
        "told_at",
        "last_spike_at",
        "at",
        "payload",
        "learned_at",
        "hours",
    }
    if isinstance(value, Mapping):
        return {key: _timeless(item) for key, item in value.items() if key not in drop}
    if isinstance(value, list):
        return [_timeless(item) for item in value]
    return value


class Died(BaseException):
    """Stands for the end of a process."""


class Mortal:
    """Documents whose user dies at the n-th write, before or after it is done; nothing can be written then."""

    def __init__(self, inner: Documents, writes: int | None = None) -> None:
        self._inner, self._left = inner, writes
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._counting(found) if name in ("put", "bulk", "delete") else found

    def _counting(self, write: Any) -> Any:
        async def counted(*args: Any, **more: Any) -> Any:
            if self._left is not None and self.writes >= self._left:
                raise Died
            self.writes += 1
            return await write(*args, **more)

        return counted


def moved(articles: Sequence[Article], **changes: Any) -> list[Article]:
    """The articles with something about them changed."""
    return [replace(each, **changes) for each in articles]


run = asyncio.run
