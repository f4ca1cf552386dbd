"""Detection on the real store: one incident and one mail for what breaks, nothing else, whatever dies or happens in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.conftest import LoopDocuments
from tests.watched import DAY, HOUR, NOW, OUTLETS, TOPICS, Died, Mortal, World, article, moved, past, topic

from wirewatch.alerts.plan import incident_of, joined_of
from wirewatch.model import IncidentState, Notification, Status
from wirewatch.pipeline import counting, expecting
from wirewatch.pipeline.detect import _Run, detect
from wirewatch.pipeline.incidents import change
from wirewatch.spikes.incidents import BLINDNESS
from wirewatch.store import config as shared
from wirewatch.store import counts as counts_store
from wirewatch.store.base import Hit
from wirewatch.store.elastic import ElasticDocuments

MINUTE = timedelta(minutes=1)


async def settled(documents: Any, **changes: Any) -> World:
    """A world that has been detected in, quietly, and moved on by five minutes."""
    world = World(documents, **changes)
    await world.settle()
    found = await detect(world.ports())
    assert (found["opened"], found["planned"], found["spiking"]) == (0, 0, 0)
    await later(world, 5 * MINUTE)
    return world


async def later(world: World, by: timedelta) -> None:
    world.now += by
    await world.watch()


def told(messages: list[Notification]) -> list[tuple[str, str, str]]:
    return [(each.recipient, each.event, each.about) for each in messages]


def test_what_breaks_is_one_incident_and_one_mail_through_its_life(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world = await settled(documents)
        assert (await detect(world.ports()))["counted"] == 0
        await world.breaks("ties", reports=4)
        found = await detect(world.ports())
        assert (found["grouped"], found["opened"], found["planned"], found["spiking"]) == (4, 1, 1, 1)
        await later(world, MINUTE)
        await world.breaks("ties", reports=14)
        world.web.down = True
        found = await detect(world.ports())
        assert (found["opened"], found["planned"]) == (0, 0)
        (incident,) = await world.incidents()
        assert (incident.id, incident.state, incident.observed) == ("ties#1", IncidentState.OPEN, 14)
        assert incident.evidence is not None
        assert (incident.evidence.stories, incident.evidence.publishers, incident.evidence.without_largest) == (14, 14, True)
        assert "Khasan" in incident.evidence.new_words
        assert incident.evidence.hours[-1][1] == 14
        assert [event.what for event in incident.events] == ["opened", "escalated"]
        # Growth by the minute is told a while later, once.
        for _ in range(2):
            await later(world, 20 * MINUTE)
            await detect(world.ports())
        assert [event for _, event, _ in told(await world.messages())] == ["opened", "escalated"]

        await later(world, 31 * HOUR)
        found = await detect(world.ports())
        assert (found["closed"], found["planned"]) == (1, 1)
        await later(world, HOUR)
        await world.breaks("ties", key="again")
        found = await detect(world.ports())
        assert (found["opened"], found["reopened"], found["planned"]) == (0, 1, 1)
        (incident,) = await world.incidents()
        assert [event.what for event in incident.events][-2:] == ["closed", "reopened"]
        assert set(world.web.asked) == {"https://beats.example/1"}
        assert await counting.differences(world.ports()) == []

    asyncio.run(work())


def test_killed_between_any_two_writes_it_ends_in_the_same_state(documents: ElasticDocuments, prefix: str) -> None:
    async def undisturbed() -> Any:
        twin = LoopDocuments(url=documents.url, prefix=f"{prefix}-twin")
        await twin.ensure()
        world = await settled(twin)
        await world.breaks("ties")
        await detect(world.ports())
        return await world.state()

    async def disturbed() -> Any:
        world = await settled(documents)
        await world.breaks("ties")
        for writes in range(100):
            mortal = Mortal(documents, writes)
            try:
                await detect(world.ports(mortal))
            except Died:
                await free(world)
                world.now += timedelta(milliseconds=1)
                continue
            assert writes >= 10
            return await world.state()
        raise AssertionError("it never ends")

    expected, found = asyncio.run(undisturbed()), asyncio.run(disturbed())
    assert len(found["incidents"]) == 1
    assert len(found["notifications"]) == 1
    for kind in expected:
        assert found[kind] == expected[kind]


async def free(world: World) -> None:
    """Let the dead run's leases run out."""
    for name in ("detect", "group"):
        await world.documents.delete(world.documents.index_for(shared.KIND), f"lease-{name}")


def test_two_at_once_do_it_once(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world = await settled(documents)
        await world.breaks("ties")
        first, second = await asyncio.gather(detect(world.ports()), detect(world.ports()))
        assert sorted((first["busy"], second["busy"])) == [0, 1]
        await world.breaks("trade", key="more")
        # One whose lease ran out while it worked, beside the one that took it over.
        await asyncio.gather(_Run(world.ports(), "late").go(), _Run(world.ports(), "new").go())
        await free(world)
        await detect(world.ports())
        assert {each.id for each in await world.incidents()} == {"ties#1", "trade#1"}
        assert sorted(told(await world.messages())) == [("desk", "opened", "ties#1"), ("desk", "opened", "trade#1")]
        assert await counting.differences(world.ports()) == []

    asyncio.run(work())


class Meddling:
    """Documents under which a person acts right before detection writes to an incident."""

    def __init__(self, inner: ElasticDocuments, act: Any) -> None:
        self._inner, self._act = inner, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def put(self, index: str, id: str, doc: Any, **more: Any) -> Any:
        if "-incidents" in index and not more.get("create") and self._act is not None:
            act, self._act = self._act, None
            await act()
        return await self._inner.put(index, id, doc, **more)


def test_a_persons_act_in_between_is_kept(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world = await settled(documents)
        await world.breaks("ties")
        await detect(world.ports())
        await later(world, MINUTE)
        await world.breaks("ties", reports=16)

        async def close() -> None:
            await change(documents, world.settings, "ties#1", what="close", who="kim", reason="known", now=world.now)

        await detect(world.ports(Meddling(documents, close)))
        (incident,) = await world.incidents()
        assert (incident.state, incident.closed_by, incident.reason) == (IncidentState.CLOSED, "kim", "known")
        for _ in range(3):
            await later(world, HOUR)
            await world.breaks("ties", key=f"{world.now:%H}")
            found = await detect(world.ports())
            assert (found["opened"], found["reopened"]) == (0, 0)
        assert [event for _, event, _ in told(await world.messages())] == ["opened", "closed"]

    asyncio.run(work())


def test_topics_on_the_same_stories_share_one_mail(documents: ElasticDocuments) -> None:
    async def work() -> None:
        topics = (*TOPICS, topic("abroad", notify=("world",)))
        world = await settled(documents, topics=topics)
        await world.breaks("ties", "trade", "counted", "abroad", reports=12)
        found = await detect(world.ports())
        assert (found["opened"], found["planned"]) == (3, 2)
        messages = await world.messages()
        assert sorted((each.recipient, each.event) for each in messages) == [("desk", "opened"), ("world", "opened")]
        for each in messages:
            lead = incident_of(each)
            assert lead is not None
            assert {lead.topic, *(other.topic for other in joined_of(each))} == {"ties", "trade", "abroad"}
        assert all(not each.untold for each in await world.incidents())

    asyncio.run(work())


def test_nothing_but_news_raises_an_alarm(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world = await settled(documents)
        # A new feed's backlog, and what came too late.
        backlog = [article(f"backlog-{number}", world.now - number * HOUR, ["ties"], story=f"b{number}") for number in range(300)]
        await world.publish(*moved(backlog, counted_at=None, indexed_at=world.now, first_seen_at=world.now))
        # One house that writes ever more about it.
        flood = [article(f"flood-{number}", world.now - number * MINUTE, ["ties"], publisher="wire") for number in range(5)]
        await world.publish(*moved(flood, indexed_at=world.now))
        # Copies of one text by the sites of one owner.
        sites = [article(f"site-{number}", world.now - MINUTE, ["trade"], publisher="owner", story="site-0") for number in range(40)]
        await world.publish(*moved(sites, indexed_at=world.now))
        found = await detect(world.ports())
        assert (found["opened"], found["planned"]) == (0, 0)
        assert await counting.differences(world.ports()) == []

        # A rule that finds far more from now on.
        world.topics = (topic("ties", hash="2"), *TOPICS[1:])
        world.rules = "rules-2"
        await later(world, HOUR)
        await world.publish(
            *(
                article(f"wide-{number}", world.now - number * MINUTE, ["ties"], publisher=f"p{number}", hash="2", rules="rules-2")
                for number in range(40)
            )
        )
        found = await detect(world.ports())
        assert (found["opened"], found["planned"]) == (0, 0)
        assert await counting.differences(world.ports()) == []

    asyncio.run(work())


class Reads:
    """Documents that count how often each article is read."""

    def __init__(self, inner: ElasticDocuments) -> None:
        self._inner = inner
        self.articles: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def scan(self, kind: str, *args: Any, **more: Any) -> AsyncIterator[Hit]:
        async for hit in self._inner.scan(kind, *args, **more):
            if kind == "articles":
                self.articles[hit.id] += 1
            yield hit


def test_what_changes_later_is_counted_again_and_nothing_else_is(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world = await settled(documents)
        known = past()
        tagged = [each for each in known if "trade" in each.topics]
        early = article("early", tagged[-1].timestamp - 2 * HOUR, ["trade"], publisher="paper", story=tagged[-1].story_id)
        copy = article("copy", world.now - MINUTE, ["trade"], publisher="radio", story=tagged[-1].story_id)
        untagged = replace(tagged[-2], topics=(), topic_matches=())
        doubled = replace(tagged[-3], status=Status.DUPLICATE, topics=(), topic_matches=())
        await world.publish(*moved([early, copy, untagged, doubled], indexed_at=world.now))
        found = await detect(world.ports())
        assert 3 <= found["counted"] <= 6
        assert await counting.differences(world.ports()) == []
        hour = tagged[-2].timestamp.replace(minute=0, second=0, microsecond=0)
        zero = {each.topic: each.stories for each in await counts_store.counts_in(documents, {hour})}
        assert zero.get("trade") == 0
        await later(world, MINUTE)
        reads = Reads(documents)
        assert (await detect(world.ports(reads)))["counted"] == 0
        # Only the last hours and what was written lately are looked at, each article a few times, however many there are.
        assert max(reads.articles.values()) <= 6
        assert len(reads.articles) < len(known) / 10

        wrong = replace((await counts_store.counts_in(documents, {hour}))[0], stories=7, until=world.now)
        lost = replace(wrong, topic="ties", hour=hour - 400 * DAY)
        assert await counts_store.save_counts(documents, [wrong, lost]) == 2
        assert len(await counting.differences(world.ports())) == 2
        await later(world, MINUTE)
        assert await counting.rebuild(world.ports()) == 2
        assert await counting.differences(world.ports()) == []

        assert await expecting.forget_learned(world.ports(), ["ties", "gone"]) == 1
        assert (await counts_store.learned(documents, ["ties"]))["ties"].state is None
        await later(world, MINUTE)
        assert (await detect(world.ports()))["learning"] == 0
        assert (await counts_store.learned(documents, ["ties"]))["ties"].state is not None

    asyncio.run(work())


def test_who_cannot_see_says_so_once_and_when_it_sees_again(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world = await settled(documents)
        beats = len(world.web.asked)
        until = world.now
        world.now += 4 * HOUR
        await world.watch((NOW - 30 * DAY, until), failing=OUTLETS[:6])
        for _ in range(2):
            await detect(world.ports())
            world.now += MINUTE
        (incident,) = await world.incidents()
        assert (incident.topic, incident.notify, incident.series) == (BLINDNESS, ("operators",), "coverage")
        assert told(await world.messages()) == [("operators", "opened", incident.id)]
        assert len(world.web.asked) == beats, "the heartbeat stops while it cannot see"
        await later(world, HOUR)
        await detect(world.ports())
        assert told(await world.messages())[-1] == ("operators", "closed", incident.id)
        assert len(world.web.asked) == beats + 1

    asyncio.run(work())


def test_an_event_inside_an_outage_is_found_late_once(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world = await settled(documents)
        out = world.now
        world.now += DAY
        await detect(world.ports())
        await world.watch()
        inside = out + 10 * HOUR
        await world.breaks("ties", at=inside, reports=14)
        await world.publish(*[each for each in past(world.now, 1) if each.timestamp > out and "ties" not in each.topics])
        for _ in range(2):
            await detect(world.ports())
            world.now += 5 * MINUTE
        found = [each for each in await world.incidents() if each.topic == "ties"]
        assert [(each.id, each.found_late) for each in found] == [("ties#1", True)]
        assert [(event, about) for _, event, about in told(await world.messages()) if about.startswith("ties")] == [("opened", "ties#1")]

    asyncio.run(work())
