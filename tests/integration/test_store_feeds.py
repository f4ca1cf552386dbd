"""The repository of feeds on the real node: agreement with config/, claims, controls and the log."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wirewatch.errors import StoreRejected
from wirewatch.model import Feed, FeedState, Health, PollRecord, Span
from wirewatch.store import feeds as store
from wirewatch.store.elastic import ElasticDocuments

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def feed(name: str, url: str | None = None) -> Feed:
    return Feed(id=name, url=url or f"http://{name}/rss")


def fresh(configured: Feed, paused: bool) -> FeedState:
    slot = ord(configured.id[0]) - ord("a")
    return FeedState(feed=configured.id, url=configured.url, configured_url=configured.url, slot=slot, paused=paused, next_attempt_at=NOW)


async def sync(documents: ElasticDocuments, *feeds: Feed) -> dict[str, int]:
    found = await store.sync(documents, feeds, now=NOW, new_state=fresh)
    return {what: count for what, count in found.items() if count}


async def due(documents: ElasticDocuments, now: datetime = NOW, **more: int) -> list[str]:
    return [each.feed for each in await store.due(documents, now, **more)]


async def state(documents: ElasticDocuments, name: str) -> FeedState:
    return (await store.load(documents, [name]))[0].value


def test_stored_feeds_are_made_to_agree_with_the_configured_ones(documents: ElasticDocuments) -> None:
    async def work() -> None:
        assert not await store.in_step(documents, [feed("a")])
        assert await sync(documents, feed("a"), feed("b"), feed("c")) == {"added": 3}
        assert await store.in_step(documents, [feed("c"), feed("b"), feed("a")])
        assert await sync(documents, feed("a"), feed("b"), feed("c")) == {}
        claimed = await store.claim(documents, await store.load(documents, ["a"]), NOW + MINUTE)
        await store.save(documents, [(claimed[0], replace(claimed[0].value, etag="x", attempts=0, entry_hashes=("k",)))])
        assert not await store.in_step(documents, [feed("a", "http://new/"), feed("b")])
        assert await sync(documents, feed("a", "http://new/"), feed("b")) == {"changed": 1, "removed": 1}
        assert await state(documents, "a") == fresh(feed("a", "http://new/"), False)
        assert await due(documents) == ["a", "b"]
        assert await sync(documents, feed("b"), feed("c")) == {"removed": 1, "returned": 1}
        assert [each.feed for each in await store.all_states(documents) if each.active] == ["b", "c"]

    asyncio.run(work())


def test_feeds_that_somebody_deleted_are_missed(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await sync(documents, feed("a"), feed("b"))
        await documents.delete("feeds", "a")
        await documents.refresh("feeds")
        assert not await store.in_step(documents, [feed("a"), feed("b")])
        assert await sync(documents, feed("a"), feed("b")) == {"added": 1}

    asyncio.run(work())


def test_a_retired_feed_stays_retired_until_somebody_asks(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await sync(documents, feed("a"))
        claimed = await store.claim(documents, await store.load(documents, ["a"]), NOW + MINUTE)
        gone = replace(claimed[0].value, active=False, next_attempt_at=None, health=Health.RETIRED, attempts=0)
        assert await store.save(documents, [(claimed[0], gone)]) == [True]
        assert await sync(documents, feed("a")) == {}
        assert await due(documents) == []
        await store.poll_now(documents, "a", who="ann", now=NOW)
        assert await due(documents) == ["a"]

    asyncio.run(work())


def test_work_is_what_is_due_in_a_slot_the_longest_first(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await sync(documents, *(feed(name) for name in "abcd"))
        claimed = await store.claim(documents, await store.load(documents, ["a", "b", "c"]), NOW + MINUTE)
        later = [(each, replace(each.value, next_attempt_at=NOW - (n - 1) * MINUTE)) for n, each in enumerate(claimed)]
        assert await store.save(documents, later) == [True] * 3
        assert await due(documents) == ["c", "b", "d"]
        assert await due(documents, limit=1) == ["c"]
        assert await due(documents, slot=0, slots=2) == ["c"]
        assert await due(documents, slot=1, slots=2) == ["b", "d"]

    asyncio.run(work())


def test_a_feed_is_claimed_by_one_and_a_late_result_is_dropped(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await sync(documents, feed("a"))
        read = await store.load(documents, ["a"])
        both = await asyncio.gather(*(store.claim(documents, read, NOW + MINUTE) for _ in range(4)))
        won = [each for each in both if each]
        assert len(won) == 1
        assert (await state(documents, "a")).attempts == 1
        assert await due(documents) == []
        assert await due(documents, NOW + MINUTE) == ["a"]
        second = await store.claim(documents, await store.load(documents, ["a"]), NOW + 2 * MINUTE)
        assert await store.save(documents, [(won[0][0], replace(won[0][0].value, etag="late"))]) == [False]
        assert await store.save(documents, [(second[0], replace(second[0].value, etag="right"))]) == [True]
        assert (await state(documents, "a")).etag == "right"

    asyncio.run(work())


def test_a_pause_while_a_poll_runs_keeps_both(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await sync(documents, feed("a"), feed("b"))
        claimed = await store.claim(documents, await store.load(documents, ["a"]), NOW + MINUTE)
        await store.pause(documents, "a", who="ann", now=NOW)
        assert await store.save(documents, [(claimed[0], replace(claimed[0].value, etag="x", next_attempt_at=NOW))]) == [True]
        found = await state(documents, "a")
        assert (found.paused, found.etag) == (True, "x")
        assert await due(documents, NOW + MINUTE) == ["b"]
        await sync(documents, feed("a", "http://new/"), feed("b"))
        assert (await state(documents, "a")).paused
        await store.pause(documents, "a", False, who="bob", now=NOW)
        assert await due(documents, NOW + MINUTE) == ["a", "b"]
        await documents.refresh(store.AUDIT)
        noted = await documents.find(store.AUDIT, {"match_all": {}}, size=10)
        assert sorted((hit.source["what"], hit.source["who"]) for hit in noted) == [("feed.pause", "ann"), ("feed.resume", "bob")]

    asyncio.run(work())


def test_poll_now_waits_for_a_poll_that_runs(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await sync(documents, feed("a"))
        claimed = await store.claim(documents, await store.load(documents, ["a"]), NOW + MINUTE)
        await store.poll_now(documents, "a", who="ann", now=NOW)
        assert await due(documents) == []
        assert await store.save(documents, [(claimed[0], replace(claimed[0].value, attempts=0, next_attempt_at=NOW + 9 * MINUTE))]) == [
            True
        ]
        assert await store.apply_controls(documents, NOW) == 1
        assert await due(documents) == ["a"]
        assert await store.apply_controls(documents, NOW) == 0

    asyncio.run(work())


def test_controls_of_a_feed_that_is_not_there_are_refused(documents: ElasticDocuments) -> None:
    with pytest.raises(StoreRejected, match="no feed 'x'"):
        asyncio.run(store.pause(documents, "x", who="ann", now=NOW))


def test_everything_that_is_known_is_read_back(documents: ElasticDocuments) -> None:
    full = replace(
        fresh(feed("a"), False),
        title="A",
        etag='"1"',
        last_modified="x",
        body_hash="b",
        entry_hashes=("k", "l"),
        interval_s=900.5,
        failures=2,
        health=Health.FAILING,
        problem="dns",
        outcome="dns",
        status=500,
        redirects=1,
        redirect_url="http://b/",
        ttl_s=60.0,
        skip_hours=(1, 2),
        listed=3,
        gap_s=1.5,
        recent_per_h=0.1,
        peak_per_h=9.0,
        skip_days=(6,),
        by_hour=(0.5,) * 24,
        by_day=(0.5,) * 7,
        day_hours=(3.5,) * 7,
        at_once=1.5,
        burst=2.5,
        full_at=NOW,
        lying_304=True,
        lost_at=NOW,
        health_since=NOW,
        first_success_at=NOW,
        last_success_at=NOW,
        last_poll_at=NOW,
        last_new_at=NOW,
        rate_per_h=0.5,
        weight=12.0,
        covered=(Span(start=NOW - MINUTE, end=NOW),),
    )

    async def work() -> None:
        await sync(documents, feed("a"))
        claimed = await store.claim(documents, await store.load(documents, ["a"]), NOW + MINUTE)
        await store.save(documents, [(claimed[0], full)])
        assert await state(documents, "a") == full
        light = replace(full, etag=None, last_modified=None, body_hash=None, entry_hashes=())
        assert await store.all_states(documents) == [light]

    asyncio.run(work())


def test_the_log_has_each_record_once_newest_first(documents: ElasticDocuments) -> None:
    records = [
        ("1", PollRecord(at=NOW - timedelta(days=20), feed="a", outcome="ok", new=3, entries=20)),
        ("2", PollRecord(at=NOW, feed="a", outcome="dns", problem="no such host")),
        ("3", PollRecord(at=NOW, feed=None, outcome="unchanged", polls=40)),
    ]

    async def work() -> None:
        await store.record(documents, records)
        await store.record(documents, records)
        assert await store.polls(documents, feed="a") == [records[1][1], records[0][1]]
        assert {each.outcome for each in await store.polls(documents, since=NOW)} == {"dns", "unchanged"}

    asyncio.run(work())
