"""What all tests share: one Elasticsearch node a session, and a fresh set of indices a test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from elasticsearch import AsyncElasticsearch
from hypothesis import HealthCheck, settings

from wirewatch.embedded import elasticsearch as embedded
from wirewatch.store.elastic import ElasticDocuments

# How fast a machine is decides no test.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real node: the one that ELASTICSEARCH_URL names, else one of its own for this session."""
    if given := os.environ.get("ELASTICSEARCH_URL"):
        yield given
        return
    home: Path = tmp_path_factory.mktemp("elasticsearch")
    node = embedded.start(home, port=free_port(), tied=True, brief=True)
    yield node.url
    embedded.stop(home)


@pytest.fixture
def prefix(elasticsearch_url: str) -> Iterator[str]:
    """An index prefix that no other test has; its indices go with the test."""
    name = f"test-{secrets.token_hex(4)}"
    yield name
    asyncio.run(_drop(elasticsearch_url, name))


@pytest.fixture
def documents(elasticsearch_url: str, prefix: str) -> ElasticDocuments:
    """The store on indices of this test's own; usable in any number of event loops, one after another."""
    found = LoopDocuments(url=elasticsearch_url, prefix=prefix)
    asyncio.run(found.ensure())
    return found


class LoopDocuments(ElasticDocuments):
    """Makes a client for every event loop, and closes it when the loop ends, so that tests need not."""

    _clients: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[AsyncElasticsearch, AsyncGenerator[None, None]]]

    @property
    def _client(self) -> AsyncElasticsearch:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            client = AsyncElasticsearch(self.url, request_timeout=30, max_retries=0)
            # A loop closes its asynchronous generators when it ends (PEP 525): the one that holds the client closes it.
            life = _until_the_loop_ends(client)
            with contextlib.suppress(StopIteration):
                life.__anext__().send(None)
            self._clients[loop] = (client, life)
        return self._clients[loop][0]

    @_client.setter
    def _client(self, unused: AsyncElasticsearch) -> None:
        self._clients = WeakKeyDictionary()


async def _until_the_loop_ends(client: AsyncElasticsearch) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await client.close()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _drop(url: str, prefix: str) -> None:
    async with ElasticDocuments(url=url, prefix=prefix) as documents:
        await documents.drop()
