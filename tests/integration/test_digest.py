"""Digests and new stories on the real store: planned once, to those whom they concern."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from tests.samples import incident
from tests.watched import HOUR, NOW, article, topic

from wirewatch.config import Bundle, Settings
from wirewatch.config.settings import Alerts
from wirewatch.model import Alert, Coverage, Delivery, FeedState, Health, IncidentState, Notification, PollRecord
from wirewatch.pipeline.digest import digest
from wirewatch.pipeline.each import plan_stories
from wirewatch.pipeline.ports import Ports
from wirewatch.store import counts, incidents
from wirewatch.store import feeds as feed_store
from wirewatch.store.base import Write
from wirewatch.store.documents import from_document, to_document
from wirewatch.store.elastic import ElasticDocuments

MORNING = NOW.replace(hour=7, minute=30)
ALERTS = Alerts.model_validate(
    {
        "recipients": {
            "operators": {"mail": "ops@news.example", "digest": ["daily", "weekly"]},
            "desk": {"mail": ["desk@news.example", "two@news.example"]},
            "world": {"mail": "world@news.example", "digest": []},
        }
    }
)
TOPICS = (
    topic("ties"),
    topic("eco", alert=Alert.DIGEST),
    topic("rare", alert=Alert.EACH),
    topic("scarce", alert=Alert.EACH, notify=("desk", "world")),
)


def ports(documents: ElasticDocuments, now: datetime) -> Ports:
    bundle = Bundle(settings=Settings(alerts=ALERTS), topics=TOPICS, hash="h", source={})
    return Ports(documents=documents, bundle=bundle, clock=lambda: now, http=cast(Any, None), cpu=cast(Executor, None))


async def stored(documents: ElasticDocuments) -> list[Notification]:
    await documents.refresh("notifications")
    return [from_document(Notification, hit.source) for hit in await documents.find("notifications", {"match_all": {}})]


async def publish(documents: ElasticDocuments, *articles: Any) -> None:
    place = documents.index_for
    await documents.bulk(
        [Write(op="index", index=place("articles", each.first_seen_at), id=each.id, doc=to_document(each)) for each in articles],
        refresh=True,
    )


async def watched(documents: ElasticDocuments) -> None:
    """Two feeds, one of which has begun to fail, and hours in which not all was seen."""
    good = FeedState(
        feed="mill",
        url="https://a.example/",
        configured_url="https://a.example/",
        slot=0,
        health=Health.HEALTHY,
        first_success_at=MORNING - timedelta(days=9),
        last_success_at=MORNING - HOUR,
    )
    since = MORNING - HOUR
    states = [good, replace(good, feed="quay", health=Health.FAILING, health_since=since, problem="timeout", last_success_at=None)]
    index = documents.index_for("feeds")
    await documents.bulk([Write(op="index", index=index, id=each.feed, doc=to_document(each)) for each in states], refresh=True)
    hours = [(MORNING - back * HOUR).replace(minute=0) for back in (2, 3, 4)]
    await counts.save_coverage(
        documents, [Coverage(hour=hour, coverage=share, feeds=2, until=MORNING) for hour, share in zip(hours, (1.0, 0.4, 1.0), strict=True)]
    )


def test_everybody_gets_a_digest_of_what_concerns_him_once(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await watched(documents)
        assert await digest(ports(documents, MORNING)) == {"planned": 0}, "the watch is not a day old"
        await feed_store.record(documents, [("p1", PollRecord(at=MORNING - timedelta(days=2), feed="mill", outcome="ok", new=3))])
        await publish(
            documents,
            article("e1", MORNING - 3 * HOUR, ["eco"], story="e1"),
            article("e2", MORNING - 2 * HOUR, ["eco"], story="e1", publisher="paper"),
            article("t1", MORNING - 3 * HOUR, ["ties"], story="t1"),
        )
        ours = incident(id="ties#1", topic="ties", opened_at=MORNING - 2 * HOUR)
        await incidents.create(documents, ours)
        await incidents.create(documents, replace(ours, id="other#1", topic="other"))
        over = replace(ours, id="eco#1", topic="eco", state=IncidentState.CLOSED, opened_at=MORNING - timedelta(days=4))
        await incidents.create(documents, replace(over, closed_at=MORNING - timedelta(days=3)))
        assert await digest(ports(documents, MORNING)) == {"planned": 3}
        for later in (HOUR, 5 * HOUR):
            assert await digest(ports(documents, MORNING + later)) == {"planned": 0}
        found = {each.address: each.payload["digest"] for each in await stored(documents)}
        assert found.keys() == {"ops@news.example", "desk@news.example", "two@news.example"}
        desk: Any = found["desk@news.example"]
        assert [each["id"] for each in desk["incidents"]] == ["ties#1"]
        assert [(each["headline"]["article"], each["headline"]["copies"]) for each in desk["stories"]] == [("e1", 1)]
        assert (desk["polled"], desk["feeds"], desk["coverage"], desk["health"]) == (1, 2, 0.8, [])
        operators: Any = found["ops@news.example"]
        assert [(each["name"], each["health"]) for each in operators["health"]] == [("quay", "failing")]
        assert operators["lowest"]["coverage"] == 0.4
        assert operators["failing"] == 1

    asyncio.run(work())


def test_every_new_story_is_told_once_to_those_whom_it_concerns(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await publish(
            documents,
            article("r1", NOW - HOUR, ["rare"], story="r1"),
            article("r2", NOW - HOUR / 2, ["rare"], story="r1", publisher="paper"),
            article("r3", NOW - HOUR / 3, ["rare", "scarce"], story="r3"),
            article("old", NOW - 30 * HOUR, ["rare"], story="old"),
            article("spike", NOW - HOUR, ["ties"], story="spike"),
            replace(article("late", NOW - HOUR, ["rare"], story="late"), counted_at=None),
            article("alone", NOW - HOUR, ["rare"]),
        )
        # `rare` has two stories for two addresses of the desk, `scarce` one for those and the world.
        assert await plan_stories(ports(documents, NOW), NOW) == 2 * 2 + 3
        await publish(documents, article("r4", NOW, ["rare"], story="r1", publisher="radio"))
        for minutes in (1, 30):
            now = NOW + timedelta(minutes=minutes)
            assert await plan_stories(ports(documents, now), now) == 0
        found = await stored(documents)
        assert {each.about for each in found} == {"story:r1|rare", "story:r3|rare", "story:r3|scarce"}
        assert {each.next_attempt_at for each in found} == {NOW + timedelta(minutes=10)}
        assert {each.state for each in found} == {Delivery.PENDING}
        assert {each.recipient for each in found if each.topic == "rare"} == {"desk"}

    asyncio.run(work())
