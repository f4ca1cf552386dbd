"""Counts, coverage and learned states in the real store: newer runs win, and only what changed is read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from tests.watched import HOUR, NOW, article

from wirewatch.model import Counts, Coverage, Status
from wirewatch.store import counts as store
from wirewatch.store.base import Documents, Write
from wirewatch.store.documents import to_document

TWO = NOW.replace(minute=0)


def row(stories: int, until_ms: int = 0, hour: int = 0) -> Counts:
    return Counts(
        topic="ties", hash="1", hour=TWO + hour * HOUR, stories=stories, articles=stories, until=NOW + timedelta(milliseconds=until_ms)
    )


async def publish(documents: Documents, *articles: object) -> None:
    writes = [
        Write(op="index", index=documents.index_for("articles", NOW), id=each.id, doc=to_document(each))  # type: ignore[attr-defined]
        for each in articles
    ]
    await documents.bulk(writes, refresh=True)


def test_a_late_run_never_overwrites_a_newer_one(documents: Documents) -> None:
    async def work() -> None:
        assert await store.save_counts(documents, [row(5, until_ms=20)]) == 1
        assert await store.save_counts(documents, [row(3, until_ms=10)]) == 0
        assert [each.stories for each in await store.counts_in(documents, {TWO})] == [5]
        assert await store.save_counts(documents, [row(6, until_ms=21)]) == 1
        early, late = (Coverage(hour=TWO, coverage=share, feeds=3, until=NOW + timedelta(seconds=share)) for share in (0.2, 0.9))
        assert await store.save_coverage(documents, [late]) == 1
        assert await store.save_coverage(documents, [early]) == 0
        assert await store.coverage_between(documents, TWO, TWO + HOUR) == [late]

    asyncio.run(work())


def test_counts_are_read_by_hours_and_by_topics(documents: Documents) -> None:
    async def work() -> None:
        other = replace(row(9, hour=2), topic="trade")
        await store.save_counts(documents, [row(1), row(2, hour=1), row(3, hour=5), other])
        found = await store.counts_in(documents, {TWO, TWO + HOUR, TWO + 2 * HOUR})
        assert sorted(each.stories for each in found) == [1, 2, 9]
        assert [each.stories for each in await store.counts_between(documents, TWO, TWO + 9 * HOUR, ["trade"])] == [9]
        assert len(await store.counts_between(documents, TWO, TWO + 5 * HOUR)) == 3
        assert (await store.counts_in(documents, {TWO + 5 * HOUR}))[0] == row(3, hour=5)

    asyncio.run(work())


def test_every_run_comes_after_the_one_before_whatever_the_clock_says(documents: Documents) -> None:
    async def work() -> None:
        first = await store.begin(documents, NOW)
        assert first.done_at is None
        second = await store.begin(documents, NOW - HOUR)
        assert second.until > first.until
        assert not await store.finish(documents, first)
        assert await store.finish(documents, second)
        third = await store.begin(documents, NOW)
        assert (third.done_at, third.until > second.until) == (NOW - HOUR, True)

    asyncio.run(work())


def test_sightings_are_what_has_a_story_and_an_hour(documents: Documents) -> None:
    async def work() -> None:
        old = article("old", NOW - 5 * HOUR, ["ties"], story="s")
        gone = replace(article("gone", NOW - 2 * HOUR, story="s", publisher="paper"), status=Status.DUPLICATE)
        never = replace(article("never", NOW, story="t"), counted_at=None)
        await publish(documents, old, gone, never, article("waiting", NOW))
        every = {each.article: each for each in await store.changed(documents, None)}
        assert every.keys() == {"old", "gone"}
        assert (every["old"].topics, every["old"].counts, every["gone"].counts) == ((("ties", "ties-1"),), True, False)
        assert [each.article for each in await store.changed(documents, NOW - 3 * HOUR)] == ["gone"]
        assert {each.article for each in await store.of_stories(documents, {"s"})} == {"old", "gone"}
        assert [each.article for each in await store.of_stories(documents, {"s"}, before=NOW - 3 * HOUR)] == ["old"]
        assert [each.article for each in await store.in_hours(documents, {TWO - 5 * HOUR})] == ["old"]
        assert await store.of_stories(documents, ()) == []

    asyncio.run(work())


def test_when_the_last_article_was_tagged_by_other_rules(documents: Documents) -> None:
    async def work() -> None:
        assert await store.tagged_since(documents, "new") is None
        await publish(documents, article("a", NOW - 3 * HOUR, rules="old"), article("b", NOW, rules="new"))
        assert await store.tagged_since(documents, "new") == NOW - 3 * HOUR

    asyncio.run(work())


def test_learned_states_leave_the_pointer_to_the_incident_alone(documents: Documents) -> None:
    async def work() -> None:
        index = documents.index_for("baselines")
        await documents.put(index, "ties", {"topic": "ties", "episode": 4, "incident": "ties#4"})
        known = (await store.learned(documents, ["ties", "trade"]))["ties"]
        assert (known.hash, known.state, known.since) == ("", None, None)
        state = replace(known, hash="h", since=TWO, state={"level": 0.5})
        assert await store.save_learned(documents, [state], NOW) == 1
        assert await store.save_learned(documents, [state], NOW) == 0, "somebody else wrote it meanwhile"
        assert await store.save_learned(documents, [store.Learned(topic="trade", hash="t", since=None, state=None)], NOW) == 1
        again = await store.learned(documents, ["ties", "trade"])
        assert (again["ties"].since, again["ties"].state, again["trade"].hash) == (TWO, {"level": 0.5}, "t")
        hit = await documents.get(index, "ties")
        assert hit is not None
        assert (hit.source["episode"], hit.source["incident"]) == (4, "ties#4")

    asyncio.run(work())


def test_the_queue_is_as_old_as_what_nobody_has_tried(documents: Documents) -> None:
    async def work() -> None:
        assert await store.waiting_since(documents, NOW) is None
        waiting = replace(article("w", NOW - 3 * HOUR), status=Status.DISCOVERED, next_attempt_at=NOW - 3 * HOUR)
        taken = replace(article("t", NOW - 5 * HOUR), status=Status.DISCOVERED, next_attempt_at=NOW + HOUR)
        await publish(documents, waiting, taken)
        assert await store.waiting_since(documents, NOW) == waiting.first_seen_at

    asyncio.run(work())
