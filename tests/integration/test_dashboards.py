"""The dashboards on a real Elasticsearch: every field is there and every panel's query is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from wirewatch.dashboards.boards import VIEWS
from wirewatch.dashboards.build import ndjson, objects
from wirewatch.dashboards.check import fields_of, queries
from wirewatch.dashboards.install import install
from wirewatch.errors import PermanentError, SetupError, TransientError
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.store.indices import PROPERTIES


def test_every_panel_asks_what_elasticsearch_answers(documents: ElasticDocuments) -> None:
    async def work() -> None:
        for query in queries(objects(documents.names.prefix), PROPERTIES):
            answer = await documents.search(query.kind, query.body)
            assert answer["_shards"]["failed"] == 0, query.panel

    asyncio.run(work())


def test_every_view_finds_its_fields(documents: ElasticDocuments) -> None:
    async def work() -> None:
        for view in VIEWS:
            fields = fields_of(PROPERTIES[view.kind])
            query = {"bool": {"should": [{"exists": {"field": name}} for name in fields]}}
            assert await documents.count(view.kind, query) == 0

    asyncio.run(work())


Handler = Callable[[web.Request], Awaitable[web.Response]]


async def importing(handler: Handler, **options: str) -> int:
    app = web.Application()
    app.router.add_post("/s/press/api/saved_objects/_import", handler)
    async with TestServer(app) as server:
        return await install(str(server.make_url("/s/press")), ndjson(), **options)


def test_the_file_is_handed_to_kibana_as_it_takes_it() -> None:
    seen: list[tuple[str, str, str, int]] = []

    async def take(request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        lines = file.file.read().decode().splitlines()
        seen.append((request.query["overwrite"], request.headers["kbn-xsrf"], request.headers["Authorization"], len(lines)))
        return web.json_response({"success": True, "successCount": len(lines)})

    assert asyncio.run(importing(take, api_key="abc")) == len(objects())
    assert seen == [("true", "true", "ApiKey abc", len(objects()))]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "{}", SetupError),
        (503, "starting", TransientError),
        (200, "<html>", SetupError),
        (200, '{"success": false, "errors": [{"type": "lens", "id": "x", "error": {"type": "conflict"}}]}', PermanentError),
    ],
)
def test_what_kibana_refuses_is_said(status: int, body: str, error: type[Exception]) -> None:
    async def refuse(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, text=body)

    with pytest.raises(error):
        asyncio.run(importing(refuse))
