"""`ElasticDocuments` against the real node: what a write answers, and that nothing is read or written half."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from wirewatch.embedded import elasticsearch as embedded
from wirewatch.errors import Conflict, SetupError, StoreRejected, StoreUnavailable
from wirewatch.store.base import Write
from wirewatch.store.elastic import ElasticDocuments

NOVEMBER = datetime(2026, 11, 24, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)


def test_set_up_once(documents: ElasticDocuments) -> None:
    assert asyncio.run(documents.ensure()) is False


def test_names_that_somebody_took_away_come_back(documents: ElasticDocuments, prefix: str) -> None:
    async def work() -> None:
        month = documents.index_for("articles", OCTOBER)
        await documents.bulk([Write(op="create", index=month, id="a", doc={"id": "a"})], refresh=True)
        feeds = next(index for index in await documents.versions() if documents.names.kind_of(index) == "feeds")
        for index, kind in ((month, "articles"), (feeds, "feeds")):
            await documents.ask("DELETE", f"/{index}/_alias/{prefix}-{kind}")
        assert await documents.find("articles", {"match_all": {}}) == [], "searches pass over it in silence"
        assert await documents.ensure() is True
        assert [hit.id for hit in await documents.find("articles", {"match_all": {}})] == ["a"]
        await documents.put("feeds", "bbc", {"feed": "bbc"})
        assert await documents.ensure() is False

    asyncio.run(work())


@pytest.mark.parametrize(("status", "said"), [(200, "something else than Elasticsearch"), (401, "answered 401"), (403, "answered 403")])
def test_a_gateway_or_a_key_that_has_run_out_is_a_reason_to_wait(status: int, said: str) -> None:
    async def work() -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, text="<html>Sign in</html>", content_type="text/html")

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        async with TestServer(app) as server, ElasticDocuments(url=str(server.make_url("")), patience_s=()) as documents:
            with pytest.raises(StoreUnavailable, match=said):
                await documents.get("feeds", "a")

    asyncio.run(work())


def test_a_document_is_read_back_in_real_time_with_its_version(documents: ElasticDocuments) -> None:
    async def work() -> None:
        written = await documents.put("feeds", "bbc", {"feed": "bbc", "slot": 3})
        found = await documents.get("feeds", "bbc")
        assert found is not None
        assert (found.source, found.seq_no, found.primary_term) == ({"feed": "bbc", "slot": 3}, written.seq_no, written.primary_term)
        assert await documents.get("feeds", "none") is None
        assert await documents.get(documents.index_for("articles", OCTOBER), "none") is None

    asyncio.run(work())


def test_a_write_under_a_stale_version_is_a_conflict(documents: ElasticDocuments) -> None:
    async def work() -> None:
        first = await documents.put("feeds", "bbc", {"feed": "bbc", "slot": 3})
        await documents.put("feeds", "bbc", {"feed": "bbc", "slot": 4}, seq_no=first.seq_no, primary_term=first.primary_term)
        with pytest.raises(Conflict):
            await documents.put("feeds", "bbc", {"feed": "bbc", "slot": 5}, seq_no=first.seq_no, primary_term=first.primary_term)
        with pytest.raises(Conflict):
            await documents.put("feeds", "bbc", {"feed": "bbc"}, create=True)
        found = await documents.get("feeds", "bbc")
        assert found is not None
        assert found.source["slot"] == 4

    asyncio.run(work())


def test_every_write_of_a_bulk_says_what_became_of_it(documents: ElasticDocuments) -> None:
    async def work() -> None:
        index = documents.index_for("urls")
        written = await documents.bulk(
            [
                Write(op="create", index=index, id="a", doc={"url": "http://a/"}),
                Write(op="create", index=index, id="a", doc={"url": "http://a/"}),
                Write(op="index", index=index, id="a", doc={"url": "http://b/"}),
                Write(op="index", index=index, id="a", doc={"url": "http://c/"}, seq_no=0, primary_term=1),
                Write(op="update", index=index, id="a", doc={"article": "x"}),
                Write(op="update", index=index, id="a", doc={"article": "x"}),
                Write(op="update", index=index, id="a", doc={"article": "y"}, seq_no=0, primary_term=1),
                Write(op="update", index=index, id="b", doc={"article": "x"}),
                Write(op="index", index="baselines", id="v", doc={"topic": "t"}, version=7),
                Write(op="index", index="baselines", id="v", doc={"topic": "u"}, version=6),
                Write(op="delete", index=index, id="a"),
                Write(op="delete", index=index, id="a"),
            ]
        )
        assert [each.outcome for each in written] == [
            "created",
            "exists",
            "updated",
            "conflict",
            "updated",
            "updated",
            "conflict",
            "missing",
            "created",
            "conflict",
            "deleted",
            "missing",
        ]

    asyncio.run(work())


def test_a_refused_document_is_named_and_its_neighbours_are_stored(documents: ElasticDocuments) -> None:
    async def work() -> None:
        index = documents.index_for("urls")
        with pytest.raises(StoreRejected, match="strict"):
            await documents.bulk(
                [
                    Write(op="create", index=index, id="good", doc={"url": "http://a/"}),
                    Write(op="create", index=index, id="bad", doc={"colour": "red"}),
                    Write(op="create", index=index, id="fine", doc={"url": "http://b/"}),
                ]
            )
        assert [hit is not None for hit in await documents.mget([(index, "good"), (index, "bad"), (index, "fine")])] == [True, False, True]

    asyncio.run(work())


def test_partitions_are_made_by_the_template_and_searched_together(documents: ElasticDocuments) -> None:
    async def work() -> None:
        writes = [
            Write(op="create", index=documents.index_for("polls", at), id=str(number), doc={"at": at.isoformat(), "outcome": "ok"})
            for number, at in enumerate((OCTOBER, NOVEMBER))
        ]
        await documents.bulk(writes, refresh=True)
        hits = await documents.find("polls", {"match_all": {}}, sort=[{"at": "desc"}])
        assert [hit.index.rsplit("-", 2)[-2:] for hit in hits] == [["2026", "11"], ["2026", "10"]]
        with pytest.raises(StoreRejected, match="strict"):
            await documents.put(documents.index_for("polls", NOVEMBER), "x", {"surprise": 1})

    asyncio.run(work())


def test_a_kind_without_an_index_is_empty(documents: ElasticDocuments) -> None:
    async def work() -> None:
        assert await documents.find("articles", {"match_all": {}}, sort=[{"first_seen_at": "asc"}]) == []
        assert await documents.count("articles", {"match_all": {}}) == 0
        assert [hit async for hit in documents.scan("articles", {"match_all": {}})] == []
        await documents.refresh("articles", "counts")

    asyncio.run(work())


def test_a_scan_gives_everything_once_while_others_write(documents: ElasticDocuments) -> None:
    async def work() -> None:
        index = documents.index_for("urls")
        await documents.bulk([Write(op="index", index=index, id=str(n), doc={"url": f"http://{n}/"}) for n in range(2_345)], refresh=True)
        seen = []
        async for hit in documents.scan("urls", {"match_all": {}}, fields=["url"], page=500):
            seen.append(hit.id)
            if len(seen) == 1:
                await documents.bulk([Write(op="delete", index=index, id=str(n)) for n in range(2_000, 2_345)], refresh=True)
        assert sorted(seen, key=int) == [str(n) for n in range(2_345)]

    asyncio.run(work())


def test_hostile_text_is_stored(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await documents.bulk([Write(op="create", index="audit", id="x", doc={"who": "a\ud800\n\u2028\u0000b"})])
        found = await documents.get("audit", "x")
        assert found is not None
        assert found.source["who"] == "a?\n\u2028\u0000b"

    asyncio.run(work())


def test_a_document_whose_shard_is_still_starting_is_asked_for_again() -> None:
    refused = {"type": "no_shard_available_action_exception", "reason": "No shard available"}
    items: list[dict[str, object]] = [{"error": refused}, {"error": refused}, {"found": True, "_source": {"feed": "bbc"}}]

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        item: dict[str, object] = {"_index": "x-feeds-v1", "_id": "bbc", **items.pop(0)}
        return web.json_response({"docs": [item]}, headers={"X-Elastic-Product": "Elasticsearch"})

    async def work() -> None:
        app = web.Application()
        app.router.add_post("/_mget", answer)
        async with TestServer(app) as server:
            url = f"http://127.0.0.1:{server.port}"
            async with ElasticDocuments(url=url, prefix="x", patience_s=(0.0, 0.0)) as documents:
                found = await documents.get("feeds", "bbc")
                assert found is not None
                assert found.source == {"feed": "bbc"}
                items.append({"error": refused})
            async with ElasticDocuments(url=url, prefix="x", patience_s=()) as documents:
                with pytest.raises(StoreUnavailable, match="No shard available"):
                    await documents.get("feeds", "bbc")

    asyncio.run(work())


def test_a_node_that_is_down_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirewatch.store.elastic.BACKOFF_S", (0.0,))

    async def work() -> None:
        async with ElasticDocuments(url="http://127.0.0.1:9", prefix="x") as documents:
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                await documents.get("feeds", "a")

    asyncio.run(work())


def test_data_outlives_the_node_and_one_node_has_a_folder(tmp_path: Path) -> None:
    first = embedded.start(tmp_path, port=_port(), heap="256m", tied=True)
    try:
        with pytest.raises(SetupError, match=r"running on .* already"):
            embedded.start(tmp_path)
        assert embedded.status(tmp_path) == first

        async def write() -> None:
            async with ElasticDocuments(url=first.url, prefix="kept") as documents:
                await documents.ensure()
                await documents.put("feeds", "bbc", {"feed": "bbc"})

        asyncio.run(write())
        assert embedded.stop(tmp_path)
        assert embedded.status(tmp_path) is None
        assert not embedded.stop(tmp_path)
        second = embedded.start(tmp_path, heap="256m", tied=True)
        assert second.url == first.url

        async def read() -> bool:
            async with ElasticDocuments(url=second.url, prefix="kept") as documents:
                return await documents.get("feeds", "bbc") is not None

        assert asyncio.run(read())
    finally:
        embedded.stop(tmp_path)


def test_a_taken_port_is_said_before_anything_starts(tmp_path: Path, elasticsearch_url: str) -> None:
    taken = int(elasticsearch_url.rsplit(":", 1)[1])
    with pytest.raises(SetupError, match=f"port {taken} is taken"):
        embedded.start(tmp_path, port=taken)


def test_artifacts_that_cannot_be_fetched_name_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(endpoint: str) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("jgo.build", refuse)
    with pytest.raises(SetupError, match=r"no route to host.*ELASTICSEARCH_URL"):
        embedded.start(tmp_path)
    assert embedded.status(tmp_path) is None


def _port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_answer_that_is_none_is_told_in_one_short_line() -> None:
    async def garbage(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b" * 100_000, content_type="application/json", headers={"X-Elastic-Product": "Elasticsearch"})

    async def work() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", garbage)
        async with TestServer(app) as server, ElasticDocuments(url=str(server.make_url("/")), patience_s=()) as documents:
            with pytest.raises(StoreUnavailable) as told:
                await documents.count("articles", {"match_all": {}})
        assert len(str(told.value)) < 500

    asyncio.run(work())
