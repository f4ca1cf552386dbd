"""Taking an article away: nothing of it is left, the counts are right, and it never comes back, wherever the process dies."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from tests.samples import NOW, article

from wirewatch.articles.identity import url_id
from wirewatch.config import load_files
from wirewatch.errors import StoreUnavailable
from wirewatch.model import Article, Status, TopicMatch
from wirewatch.pipeline import counting
from wirewatch.pipeline.forget import forget
from wirewatch.pipeline.ports import Ports
from wirewatch.store import articles as store
from wirewatch.store.documents import to_document
from wirewatch.store.elastic import ElasticDocuments

HOUR_LATER = NOW.replace(hour=NOW.hour + 1)


def stored(name: str, topic: str = "floods", **changes: Any) -> Article:
    """A counted report of the one story that a topic has."""
    name = f"{topic}-{name}"
    value = article(name, story_id=f"s-{topic}", topics=(topic,), topic_matches=(TopicMatch(topic=topic, hash="h", score=80),))
    return replace(value, id=url_id(value.url), status=Status.READY, text="Floods sweep the pier away.", **changes)


def ports_of(documents: Any) -> Ports:
    unused: Any = None
    return Ports(
        documents=documents,
        bundle=load_files({"wirewatch.yaml": "{}\n", "feeds.yaml": "feeds: {}\n", "publishers.yaml": "publishers: {}\n"}),
        clock=lambda: HOUR_LATER,
        http=unused,
        cpu=unused,
    )


async def begin(documents: ElasticDocuments, topic: str = "floods") -> Article:
    first = stored("a", topic, publisher="one")
    second = stored("b", topic, publisher="two", counted_at=HOUR_LATER, first_seen_at=HOUR_LATER)
    await store.discover(documents, [first, second])
    copy = replace(stored("amp", topic), status=Status.DUPLICATE, duplicate_of=first.id, topics=(), topic_matches=())
    await store.discover(documents, [copy])
    await counting.rebuild(ports_of(documents))
    return first


class Mortal:
    """The store, whose process dies before the n-th change."""

    def __init__(self, documents: ElasticDocuments, changes: int) -> None:
        self.documents, self.left = documents, changes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.documents, name)
        if name not in ("put", "bulk", "delete"):
            return method

        async def change(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise StoreUnavailable("the process is gone")
            return await method(*arguments, **options)

        return change


async def hours(documents: ElasticDocuments, topic: str = "floods") -> dict[int, tuple[int, int]]:
    """Stories and articles of a topic by hour of the day."""
    await documents.refresh("counts")
    rows = [hit.source async for hit in documents.scan("counts", {"term": {"topic": topic}})]
    return {int(row["hour"][11:13]): (row["stories"], row["articles"]) for row in rows if row["articles"] or row["stories"]}


def test_a_forgotten_article_is_gone_and_counted_no_more_wherever_the_process_dies(documents: ElasticDocuments) -> None:
    async def work() -> None:
        died = 0
        for changes in (99, *range(9)):
            topic = f"floods{changes}"
            first = await begin(documents, topic)
            assert await hours(documents, topic) == {6: (1, 1), 7: (0, 1)}
            mortal: Any = Mortal(documents, changes)
            try:
                assert await forget(ports_of(mortal), first.url + "?utm_source=x") == {"articles": 2, "corrected": 2}
            except StoreUnavailable:
                died += 1
                await forget(ports_of(documents), first.urls[0])
            # The story moves to the hour of the one that is left.
            assert await hours(documents, topic) == {7: (1, 1)}
            await documents.refresh("articles")
            kept = await documents.find("articles", {"term": {"url": stored("b", topic).url}})
            assert [hit.source["publisher"] for hit in kept] == ["two"]
            assert await store.discover(documents, [first, stored("amp", topic)]) == ["exists", "exists"]
            assert await documents.count("articles", {"prefix": {"url": first.url.removesuffix("-a")}}) == 1
            assert await forget(ports_of(documents), first.url) == {"articles": 0, "corrected": 0}
        assert died >= 6

    asyncio.run(work())


def test_an_article_is_forgotten_by_the_address_of_its_duplicate(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await begin(documents)
        assert (await forget(ports_of(documents), stored("amp").url))["articles"] == 2
        assert await hours(documents) == {7: (1, 1)}

    asyncio.run(work())


def test_where_nobody_finishes_it_nothing_of_the_text_is_left_and_detection_counts_right(documents: ElasticDocuments) -> None:
    async def work() -> None:
        first = await begin(documents)
        (husk, _) = await store.forget(documents, url=first.url, url_id=first.id, now=HOUR_LATER)
        assert "pier" not in str(to_document(husk.value))
        await counting.rebuild(ports_of(documents))
        assert await hours(documents) == {7: (1, 1)}

    asyncio.run(work())


def test_an_address_never_seen_is_marked_too(documents: ElasticDocuments) -> None:
    async def work() -> None:
        one = stored("later")
        assert await forget(ports_of(documents), one.url) == {"articles": 0, "corrected": 0}
        assert await store.discover(documents, [one]) == ["exists"]
        assert await documents.count("articles", {"match_all": {}}) == 0

    asyncio.run(work())
