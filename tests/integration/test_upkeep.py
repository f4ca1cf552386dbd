"""Around the four steps: publishing config/, handing out work, retagging and retention, on the real store."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from tests.samples import NOW, article

from wirewatch.config import Bundle, fingerprint, load, load_files
from wirewatch.errors import ConfigError
from wirewatch.model import Status
from wirewatch.pipeline import counting
from wirewatch.pipeline.handout import all_articles, due_articles, due_feeds
from wirewatch.pipeline.maintain import expire, expired
from wirewatch.pipeline.ports import Ports
from wirewatch.pipeline.process import retag as tagged
from wirewatch.pipeline.publish import publish
from wirewatch.pipeline.retag import retag
from wirewatch.store import articles as article_store
from wirewatch.store import config as shared
from wirewatch.store import counts as count_store
from wirewatch.store import feeds as feed_store
from wirewatch.store import notifications
from wirewatch.store.elastic import ElasticDocuments

FILES = {
    "wirewatch.yaml": "alerts: {recipients: {operators: {mail: [ops@example.org]}}}\narticles: {slots: 3, retention_months: 2}\n",
    "feeds.yaml": "feeds: {mill: {url: 'https://mill.example/rss'}, quay: {url: 'https://quay.example/rss'}}\n",
    "concepts/water.yaml": "concepts: {flood: {aliases: {en: [flood*]}}}\n",
    "topics/water.yaml": (
        "topics:\n- id: floods\n  name: Floods\n  rule: {concept: flood}\n"
        "  examples: {matches: [Floods sweep pier away], rejects: [Ferry pier rebuilt]}\n"
    ),
}
WIDER = {**FILES, "concepts/water.yaml": "concepts: {flood: {aliases: {en: [flood*, deluge]}}}\n"}


def ports_of(documents: ElasticDocuments, bundle: Bundle, now: datetime = NOW) -> Ports:
    return Ports(documents=documents, bundle=bundle, clock=lambda: now, http=cast(Any, None), cpu=cast(Executor, None))


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


# ---------------------------------------------------------------- publishing


def test_a_folder_is_published_once_and_its_hash_is_found_without_loading_it(documents: ElasticDocuments, tmp_path: Path) -> None:
    folder = write(tmp_path, FILES)
    assert fingerprint(folder) == load(folder).hash

    async def go() -> list[int]:
        return [int((await publish(documents, folder, NOW))["published"]) for _ in range(2)]

    assert asyncio.run(go()) == [1, 0]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("topics/water.yaml", "topics:\n- id: floods\n  nmae: Floods\n", 'unknown key "nmae"'),
        ("concepts/water.yaml", "concepts: {flood: {aliases: {en: [deluge]}}}\n", "should match floods"),
    ],
    ids=["unknown key", "failing example"],
)
def test_a_broken_folder_never_replaces_the_last_good_one_and_operators_are_told_once(
    documents: ElasticDocuments, tmp_path: Path, file: str, text: str, said: str
) -> None:
    folder = write(tmp_path, FILES)

    async def go() -> None:
        good = await publish(documents, folder, NOW)
        write(folder, {file: text})
        for minute in range(3):
            with pytest.raises(ConfigError, match=said):
                await publish(documents, folder, NOW + timedelta(minutes=minute))
        last = await shared.published(documents)
        assert last is not None
        assert last.hash == good["hash"]
        told = await notifications.due(documents, NOW + timedelta(hours=1))
        assert [each.value.address for each in told] == ["ops@example.org"]
        lines = cast(list[str], told[0].value.payload["lines"])
        assert any(said in line for line in lines)
        write(folder, {file: FILES[file]})
        assert (await publish(documents, folder, NOW))["published"] == 0

    asyncio.run(go())


def test_the_first_folder_that_is_broken_is_an_error_too(documents: ElasticDocuments, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        asyncio.run(publish(documents, tmp_path / "nowhere", NOW))
    assert asyncio.run(shared.published(documents)) is None


# ---------------------------------------------------------------- handing out


def test_parts_without_work_are_not_handed_out(documents: ElasticDocuments) -> None:
    ports = ports_of(documents, load_files(FILES))

    async def go() -> None:
        assert await due_articles(ports) == []
        feeds = await due_feeds(ports)
        states = [each.value for each in await feed_store.load(documents, ["mill", "quay"])]
        assert len(states) == 2, "the feeds of the bundle are there before work is handed out"
        slots = ports.bundle.settings.polling.slots
        due = {state.slot % slots for state in states if state.next_attempt_at and state.next_attempt_at <= NOW}
        assert [each["slot"] for each in feeds] == sorted(due)
        waiting = [(4, NOW), (7, NOW), (5, NOW + timedelta(hours=1)), (6, None)]
        await article_store.discover(
            documents,
            [
                article(id=f"a{slot}", urls=(f"https://mill.example/{slot}",), slot=slot, next_attempt_at=at, status=Status.DISCOVERED)
                for slot, at in waiting
            ],
        )
        assert await due_articles(ports) == [{"slot": 1, "slots": 3}]
        assert await all_articles(ports) == [{"slot": slot, "slots": 3} for slot in range(3)]

    asyncio.run(go())


# ---------------------------------------------------------------- retagging


def test_changed_rules_reach_what_is_stored_and_only_what_changes_is_counted_again(documents: ElasticDocuments) -> None:
    old, new = load_files(FILES), load_files(WIDER)
    earlier = NOW - timedelta(days=2)
    titles = {"a1": "A deluge closes the pass", "a2": "Ferry pier rebuilt", "a3": "Floods sweep pier away"}
    stored = [
        tagged(
            article(
                id=id,
                urls=(f"https://mill.example/{id}",),
                title=title,
                summary="",
                text="",
                slot=int(id[1]),
                status=Status.READY,
                indexed_at=earlier,
            ),
            old,
        )
        for id, title in titles.items()
    ]

    async def go() -> None:
        await article_store.discover(documents, stored)
        ports = ports_of(documents, new)
        parts = [await retag(ports, slot=slot, slots=2) for slot in range(2)]
        assert {key: sum(part[key] for part in parts) for key in parts[0]} == {"retagged": 3, "changed": 2, "left": 0}
        assert await retag(ports) == {"retagged": 0, "changed": 0, "left": 0}
        found = {each.id: each for each in await _articles(documents)}
        assert {id: each.topics for id, each in found.items()} == {"a1": ("floods",), "a2": (), "a3": ("floods",)}
        assert {each.rules for each in found.values()} == {new.hash}
        # The topic's hash is another one, so its articles count anew; what has no topic then or now does not.
        assert {id: each.indexed_at for id, each in found.items()} == {"a1": NOW, "a2": earlier, "a3": NOW}

    asyncio.run(go())


def test_retagging_that_was_stopped_goes_on_and_leaves_counts_as_a_rebuild_has_them(
    documents: ElasticDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = load_files(FILES), load_files(WIDER)
    titles = ("A deluge closes the pass", "Ferry pier rebuilt", "Floods sweep pier away", "Deluge after deluge", "Floods again")
    stored = [
        tagged(
            article(
                id=f"a{number}",
                urls=(f"https://mill.example/{number}",),
                title=title,
                summary="",
                text="",
                story_id=f"s{number}",
                status=Status.READY,
                counted_at=NOW - timedelta(hours=number + 1),
                indexed_at=NOW - timedelta(days=2),
            ),
            old,
        )
        for number, title in enumerate(titles)
    ]
    monkeypatch.setattr("wirewatch.pipeline.retag._BATCH", 2)
    seen: list[tuple[int, int]] = []

    class Killed(Exception):
        pass

    def die(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            raise Killed

    async def go() -> None:
        await article_store.discover(documents, stored)
        await counting.rebuild(ports_of(documents, old))
        ports = ports_of(documents, new)
        with pytest.raises(Killed):
            await retag(ports, progress=die)
        # What was saved stays saved; another run, stopped by its deadline at once, does nothing; the next one ends the work.
        assert await retag(ports, deadline=NOW) == {"retagged": 0, "changed": 0, "left": 3}
        assert await retag(ports, progress=lambda *each: seen.append(each)) == {"retagged": 3, "changed": 3, "left": 0}
        assert seen == [(2, 5), (2, 3), (3, 3)]
        found = {each.id: each.topics for each in await _articles(documents)}
        assert found == {"a0": ("floods",), "a1": (), "a2": ("floods",), "a3": ("floods",), "a4": ("floods",)}
        run = await count_store.begin(documents, NOW)
        await counting.recount(ports, run, keep_from=NOW + timedelta(days=1))
        assert await counting.differences(ports) == []
        assert await counting.rebuild(ports) == 0

    asyncio.run(go())


async def _articles(documents: ElasticDocuments) -> list[Any]:
    await documents.refresh("articles")
    from wirewatch.model import Article
    from wirewatch.store.documents import stored

    return [stored(Article, hit).value for hit in await documents.find("articles", {"match_all": {}})]


# ---------------------------------------------------------------- retention


def test_whole_months_expire_and_a_dry_run_only_says_which(documents: ElasticDocuments) -> None:
    ports = ports_of(documents, load_files(FILES), datetime(2026, 11, 24, tzinfo=UTC))
    months = [datetime(2026, month, 15, tzinfo=UTC) for month in (7, 8, 9, 10, 11)]
    aged = [article(id=f"m{at.month}", urls=(f"https://mill.example/{at.month}",), first_seen_at=at) for at in months]

    async def go() -> None:
        for each in aged:
            await article_store.discover(documents, [each])
        names = [documents.index_for("articles", at) for at in months]
        assert await documents.partitions("articles") == names
        wanted = {"dropped": names[:2], "kept": names[2:]}
        assert await expire(ports, dry_run=True) == wanted
        assert await documents.partitions("articles") == names
        assert await expire(ports) == wanted
        assert await documents.partitions("articles") == names[2:]
        assert await expire(ports) == {"dropped": [], "kept": names[2:]}
        # The address is still known: what has expired does not come back as new.
        old = replace(aged[0], first_seen_at=months[-1], id="m7")
        assert await article_store.discover(documents, [old]) == ["exists"]
        with pytest.raises(ValueError, match="no partition"):
            await documents.drop_partition(documents.index_for("incidents"))

    asyncio.run(go())


def test_the_turn_of_the_year_is_no_edge() -> None:
    indices = ["w-articles-2025-10", "w-articles-2025-11", "w-articles-2025-12", "w-articles-2026-01", "w-coverage-2020"]
    assert expired(indices, months=2, now=datetime(2026, 1, 31, tzinfo=UTC)) == ["w-articles-2025-10"]
    assert expired(indices, months=1, now=datetime(2026, 2, 1, tzinfo=UTC)) == [
        "w-articles-2025-10",
        "w-articles-2025-11",
        "w-articles-2025-12",
    ]
