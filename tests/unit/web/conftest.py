"""The page's API on the real store, asked over HTTP by whoever a test says is logged in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, Header, HTTPException

from wirewatch.config import Bundle, load_files
from wirewatch.model import Article, Evidence, Status, TopicMatch
from wirewatch.store import articles as store
from wirewatch.store import config as published
from wirewatch.store.base import Documents, Write
from wirewatch.store.documents import to_document
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.web import User, create_app

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
RIGHTS = {"publisher": 2, "editor": 1, "viewer": 0}
"""Who may publish, change, or only look."""
PAGE = {"X-Requested-With": "wirewatch"}

FILES = {
    "wirewatch.yaml": """
alerts:
  recipients: {desk: {name: Desk, mail: [desk@example.org]}}
  kibana_url: http://localhost:5601/app/dashboards
""",
    "feeds.yaml": "feeds: {harbour: {url: 'https://harbour.example/rss', name: The Harbour}, mill: {url: 'https://mill.example/atom'}}",
    "concepts/places.yaml": "concepts: {place/harbour: {aliases: {en: [harbour*]}}, place/dam: {aliases: {en: [dam, dams]}}}",
    "topics/places.yaml": """
topics:
  - id: harbours
    name: Harbours
    rule: {all: [{concept: place/harbour}]}
    notify: [desk]
    examples: {matches: ["A harbour is full"], rejects: ["A field is green"]}
  - id: water/dams
    name: Dams
    rule: {all: [{concept: place/dam}]}
    examples: {matches: ["A dam is full"], rejects: ["A field is green"]}
""",
}


@dataclass(slots=True, kw_only=True)
class Web:
    """The API with its store; `ask` is one request."""

    documents: Documents
    app: Any

    def ask(self, method: str, path: str, *, who: str | None = "editor", **options: Any) -> httpx.Response:
        """One request as `who` (None: nobody is logged in)."""
        return asyncio.run(self._ask(method, path, who, options))

    async def _ask(self, method: str, path: str, who: str | None, options: dict[str, Any]) -> httpx.Response:
        headers = {**options.pop("headers", {}), **({"X-Test-User": who} if who else {})}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://wirewatch.test") as client:
            return await client.request(method, f"/api{path}", headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of a page that must be there."""
        answer = self.ask("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any], *, status: int = 200, method: str = "POST", **options: Any) -> Any:
        """A change from the page, with its header."""
        answer = self.ask(method, path, json=body, headers=PAGE, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def put(self, kind: str, values: Mapping[str, Any] | Sequence[tuple[str, Any]], at: Callable[[Any], datetime] | None = None) -> None:
        """Store model values by id and make them visible."""
        pairs = values.items() if isinstance(values, Mapping) else values
        writes = [
            Write(op="index", index=self.documents.index_for(kind, at(value) if at else None), id=id, doc=to_document(value))
            for id, value in pairs
        ]
        asyncio.run(self.documents.bulk(writes, refresh=True))

    def add(self, *articles: Article) -> None:
        """Store articles as discovery does, then as they were read."""
        asyncio.run(self._add(articles))

    async def _add(self, articles: Sequence[Article]) -> None:
        await store.discover(self.documents, articles)
        await self.documents.bulk(
            [
                Write(op="index", index=self.documents.index_for("articles", each.first_seen_at), id=each.id, doc=to_document(each))
                for each in articles
            ],
            refresh=True,
        )


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """The configuration that these tests publish."""
    return load_files(FILES)


@pytest.fixture
def web(documents: ElasticDocuments, bundle: Bundle) -> Web:
    """The API at NOW over fresh indices with the configuration published."""
    asyncio.run(published.publish(documents, bundle, NOW))
    return _over(documents)


@pytest.fixture(scope="session")
def over() -> Callable[[Documents], Web]:
    """The API at NOW over any store."""
    return _over


async def asking(x_test_user: Annotated[str | None, Header()] = None) -> User:
    """Who a test says is logged in."""
    if x_test_user not in RIGHTS:
        raise HTTPException(401, "Not authenticated")
    return User(id=x_test_user, name=x_test_user.title())


async def may(user: Annotated[User, Depends(asking)]) -> bool:
    """Whether they may change things."""
    return RIGHTS[user.id] >= 1


async def publishes(user: Annotated[User, Depends(asking)]) -> bool:
    """Whether they may publish topics."""
    return RIGHTS[user.id] >= 2


def _over(documents: Documents) -> Web:

    @asynccontextmanager
    async def opened() -> AsyncIterator[Documents]:
        yield documents

    rights: dict[str, Any] = {"user": asking, "may_change": may, "may_publish": publishes}
    return Web(documents=documents, app=create_app(documents=opened, **rights, modules="now", clock=lambda: NOW))


@pytest.fixture(scope="session")
def article() -> Callable[..., Article]:
    """Makes a readable article, see `_article`."""
    return _article


def _article(id: str, title: str, *, ago: timedelta = timedelta(hours=1), topic: str | None = None, **more: Any) -> Article:
    """A readable article, tagged with `topic` because of the first word of its title."""
    at = NOW - ago
    words = title.split(" ")[0]
    tags = (
        (TopicMatch(topic=topic, hash="old", score=70, evidence=(Evidence(field="title", start=0, end=len(words), words=words),)),)
        if topic
        else ()
    )
    made = Article(
        id=id,
        urls=(f"https://harbour.example/{id}",),
        url=f"https://harbour.example/{id}",
        feeds=("harbour",),
        source="harbour.example",
        publisher="harbour",
        publisher_name="The Harbour",
        country="NO",
        title=title,
        language="en",
        status=Status.READY,
        published_at=at,
        first_seen_at=at,
        indexed_at=at,
        counted_at=at,
        timestamp=at,
        story_id=id,
        topics=(topic,) if topic else (),
        topic_matches=tags,
    )
    return replace(made, **more)
