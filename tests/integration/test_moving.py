"""Mappings change, months expire, snapshots come back: what is stored survives it, on a real Elasticsearch."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wirewatch.errors import Conflict, SetupError, StoreRejected, StoreUnavailable
from wirewatch.store import indices, migrate, snapshots
from wirewatch.store.base import Write
from wirewatch.store.elastic import ElasticDocuments

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MONTHS = (NOW - timedelta(days=40), NOW)


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next version of the mappings: what was a number is a word now, which Elasticsearch cannot change in place."""
    monkeypatch.setattr(indices, "VERSION", indices.VERSION + 1)
    for kind, field in (("polls", "status"), ("feeds", "status"), ("counts", "stories")):
        changed = indices.PROPERTIES[kind] | {field: indices.KEYWORD}
        monkeypatch.setitem(indices.PROPERTIES, kind, changed)


async def fill(documents: ElasticDocuments, n: int = 60) -> None:
    """Polls of two months, counts with versions of their own, and feeds."""
    writes = []
    for number in range(n):
        at = MONTHS[number % 2]
        place = documents.index_for("polls", at)
        writes.append(Write(op="index", index=place, id=f"p{number}", doc={"at": at.isoformat(), "feed": f"f{number % 7}", "status": 200}))
        writes.append(Write(op="index", index="feeds", id=f"f{number}", doc={"feed": f"f{number}", "status": 304}))
        count = {"topic": "t", "hour": at.isoformat(), "stories": number}
        writes.append(Write(op="index", index=documents.index_for("counts", at), id=f"t{number}", doc=count, version=1_000 + number))
    await documents.bulk(writes, refresh=True)


async def held(documents: ElasticDocuments) -> dict[Any, Any]:
    """Everything that is stored, by kind and id."""
    await documents.refresh("polls", "feeds", "counts")
    found: dict[Any, Any] = {}
    for kind in ("polls", "feeds", "counts"):
        async for hit in documents.scan(kind, {"match_all": {}}):
            assert (kind, hit.id) not in found, "shown twice"
            found[kind, hit.id] = (hit.index, json.dumps(hit.source, sort_keys=True))
    return found


def test_a_new_field_needs_no_move(documents: ElasticDocuments, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        await fill(documents, 4)
        monkeypatch.setattr(indices, "VERSION", indices.VERSION + 1)
        monkeypatch.setitem(indices.PROPERTIES, "feeds", indices.PROPERTIES["feeds"] | {"mood": indices.KEYWORD})
        assert await documents.ensure()
        assert not await documents.ensure(), "nothing is left to do"
        await documents.put("feeds", "f0", {"feed": "f0", "mood": "good"})
        assert await migrate.outdated(documents) == []

    asyncio.run(go())


def test_an_old_release_leaves_newer_templates_alone(documents: ElasticDocuments, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        monkeypatch.setattr(indices, "VERSION", indices.VERSION + 1)
        await documents.ensure()
        monkeypatch.setattr(indices, "VERSION", indices.VERSION - 1)
        assert not await documents.ensure()

    asyncio.run(go())


def test_a_changed_field_is_moved_and_nothing_is_lost(documents: ElasticDocuments, newer: None) -> None:
    async def go() -> None:
        before = await held(documents)
        old = await documents.get("feeds", "f1")
        assert old is not None
        with pytest.raises(StoreRejected, match="elasticsearch migrate"):
            await documents.ensure()
        seen: list[tuple[str, int, int]] = []
        moved = await migrate.migrate(documents, progress=lambda *step: seen.append(step))
        assert sum(moved.values()) == len(before)
        assert seen
        assert all(done <= total for _, done, total in seen)
        after = await held(documents)
        assert after == before, "the same documents, under the same places"
        assert await migrate.migrate(documents) == {}
        # What was written under a version of its own is still not overtaken by what is older; what was read before is read again.
        count = Write(op="index", index=documents.index_for("counts", NOW), id="t1", doc={"topic": "t", "stories": 0}, version=1_001)
        assert [each.outcome for each in await documents.bulk([count])] == ["conflict"]
        fresh = await documents.get("feeds", "f1")
        assert fresh is not None
        await documents.put("feeds", "f1", {"feed": "f1", "status": "200 OK"}, seq_no=fresh.seq_no, primary_term=fresh.primary_term)
        with pytest.raises(Conflict):
            await documents.put("feeds", "f1", {"feed": "f1"}, seq_no=fresh.seq_no, primary_term=fresh.primary_term)
        # Months are found and dropped by the names they had.
        assert await documents.partitions("polls") == [documents.index_for("polls", at) for at in MONTHS]
        assert await documents.drop_partition(documents.index_for("polls", MONTHS[0]))
        assert not await documents.drop_partition(documents.index_for("polls", MONTHS[0]))

    before_change(documents)
    asyncio.run(go())


def before_change(documents: ElasticDocuments) -> None:
    """Fill the store as the release before would have."""
    version, properties = indices.VERSION, dict(indices.PROPERTIES)
    indices.VERSION -= 1
    for kind, field in (("polls", "status"), ("feeds", "status"), ("counts", "stories")):
        indices.PROPERTIES[kind] = indices.PROPERTIES[kind] | {field: indices.INT}

    async def go() -> None:
        await documents.drop()
        await documents.ensure()
        await fill(documents)

    asyncio.run(go())
    indices.VERSION = version
    indices.PROPERTIES.update(properties)


KILLED = """
import asyncio, os, signal, sys
from wirewatch.store import indices, migrate
from wirewatch.store.elastic import ElasticDocuments
indices.VERSION += 1
for kind, field in (("polls", "status"), ("feeds", "status"), ("counts", "stories")):
    indices.PROPERTIES[kind] = indices.PROPERTIES[kind] | {field: indices.KEYWORD}
url, prefix, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
def progress(*_):
    global steps
    steps -= 1
    if steps < 0:
        os.kill(os.getpid(), signal.SIGKILL)
async def go():
    async with ElasticDocuments(url=url, prefix=prefix) as documents:
        await migrate.migrate(documents, progress=progress)
asyncio.run(go())
"""


@pytest.mark.parametrize("steps", [0, 2])
def test_a_move_that_is_killed_is_taken_up(documents: ElasticDocuments, elasticsearch_url: str, newer: None, steps: int) -> None:
    before_change(documents)
    before = asyncio.run(held(documents))
    command = [sys.executable, "-c", KILLED, elasticsearch_url, documents.names.prefix, str(steps)]
    died = subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}).returncode
    assert died == -signal.SIGKILL

    async def go() -> None:
        assert await held(documents) == before, "a half copy is not shown"
        with pytest.raises(SetupError, match="--resume"):
            await migrate.migrate(documents)
        impatient = ElasticDocuments(url=documents.url, prefix=documents.names.prefix, patience_s=())
        (stuck,) = (move for move in await migrate.outdated(documents) if move.begun)
        async with impatient:
            with pytest.raises(StoreUnavailable):  # it may be tried again: nothing is refused for good
                await impatient.bulk([Write(op="index", index=stuck.place, id="new", doc={})])
        await migrate.migrate(documents, resume=True)
        assert await held(documents) == before
        await documents.bulk([Write(op="index", index=stuck.place, id="new", doc={})])

    asyncio.run(go())


def test_a_document_that_does_not_fit_stops_the_move_and_leaves_all_as_it_was(
    documents: ElasticDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        await documents.put("feeds", "f1", {"feed": "f1", "outcome": "not a number"})
        monkeypatch.setattr(indices, "VERSION", indices.VERSION + 1)
        monkeypatch.setitem(indices.PROPERTIES, "feeds", indices.PROPERTIES["feeds"] | {"outcome": indices.INT})
        with pytest.raises(StoreRejected, match="f1"):
            await migrate.migrate(documents)
        await documents.put("feeds", "f2", {"feed": "f2", "outcome": "still writable"})
        (move,) = [move for move in await migrate.outdated(documents) if move.place.endswith("-feeds")]
        assert not move.begun

    asyncio.run(go())


def test_what_was_written_a_moment_ago_is_moved_too(documents: ElasticDocuments, newer: None) -> None:
    before_change(documents)

    async def go() -> None:
        await documents.put("feeds", "last", {"feed": "last", "status": 200})  # not seen by searches yet
        await migrate.migrate(documents)
        found = await documents.get("feeds", "last")
        assert found is not None
        assert found.source["feed"] == "last"

    asyncio.run(go())


def test_a_write_without_its_index_is_refused_rather_than_guessed(documents: ElasticDocuments) -> None:
    async def go() -> None:
        await documents.drop()
        with pytest.raises(StoreRejected):
            await documents.put("feeds", "f1", {"feed": "f1"})
        with pytest.raises(StoreRejected):
            await documents.bulk([Write(op="index", index="feeds", id="f1", doc={"feed": "f1"})])
        await documents.ensure()
        await documents.put("feeds", "f1", {"feed": "f1"})

    asyncio.run(go())


def test_a_snapshot_brings_everything_back(documents: ElasticDocuments) -> None:
    repository = f"test-{secrets.token_hex(4)}"

    async def go() -> None:
        with pytest.raises(SetupError, match="--location"):
            await snapshots.take(documents, repository, "one")
        await snapshots.register(documents, repository, repository)
        await fill(documents, 50)
        before = await held(documents)
        taken = await snapshots.take(documents, repository, "one", poll_s=0.05)
        assert (taken.name, taken.state) == ("one", "SUCCESS")
        assert await snapshots.take(documents, repository, "one") == taken, "taken twice, it is one"
        await documents.put("feeds", "f1", {"feed": "later"})
        with pytest.raises(SetupError, match="--replace"):
            await snapshots.restore(documents, repository, "one")
        with pytest.raises(SetupError, match="two"):
            await snapshots.restore(documents, repository, "two")
        await snapshots.restore(documents, repository, "one", replace=True, poll_s=0.05)
        assert await held(documents) == before
        await documents.put("feeds", "f1", {"feed": "f1"})
        await snapshots.take(documents, repository, "two", poll_s=0.05)
        assert await snapshots.prune(documents, repository, 1) == ["one"]
        assert [each.name for each in await snapshots.listed(documents, repository)] == ["two"]
        await snapshots.prune(documents, repository, 0)
        await documents.ask("DELETE", f"/_snapshot/{repository}")

    asyncio.run(go())


def test_a_folder_outside_of_what_elasticsearch_may_write_is_refused(documents: ElasticDocuments, tmp_path: Path) -> None:
    with pytest.raises(StoreRejected, match=r"path\.repo"):
        asyncio.run(snapshots.register(documents, "outside", str(tmp_path)))
