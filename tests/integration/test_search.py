"""Stored articles are found by words, phrases, topic, publisher, language and time, in scripts that do not space words too."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from tests.samples import NOW, article

from wirewatch.articles.identity import url_id
from wirewatch.model import Article, Status
from wirewatch.store import articles as store
from wirewatch.store.elastic import ElasticDocuments


def stored(name: str, text: str, hours: int = 0, **changes: object) -> Article:
    at = NOW - timedelta(hours=hours)
    one = article(name, text=text, status=Status.READY, timestamp=at, first_seen_at=at, counted_at=at)
    return replace(one, id=url_id(one.url), **changes)  # type: ignore[arg-type]  # fields by name


STORED = [
    stored("ko", "김정은이 평양에서 러시아의 대표단을 만났다.", language="ko", title="정상 회담"),
    stored("zh", "金正恩在平壤会见了俄罗斯代表团。", 1, language="zh", title="会谈"),
    stored("zh2", "平日里，壤土需要浇水。", 2, language="zh", title="园艺"),
    stored(
        "en", "Kim met the Russian delegation in Pyongyang.", 3, language="en", title="Talks", topics=("ties",), publisher_name="Courier"
    ),
    stored(
        "en2", "The delegation from Russia left Pyongyang and met Kim.", 30, language="en", title="Kim waves goodbye", publisher_name="Post"
    ),
    stored("gone", "Kim met the Russian delegation in Pyongyang.", status=Status.DUPLICATE),
]


def test_articles_are_found_in_every_way(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await store.discover(documents, STORED)
        await documents.refresh("articles")
        names = {each.id: each.url.rpartition("/")[2] for each in STORED}

        async def found(query: str, **how: object) -> list[str]:
            hits = await store.search(documents, query, **how)  # type: ignore[arg-type]  # options by name
            return [names[each.article.id] for each in hits]

        assert await found("평양") == ["ko"]
        assert await found("평양 러시아") == ["ko"]
        assert await found("平壤") == ["zh"]
        assert await found("俄罗斯代表团 平壤") == ["zh"]
        assert sorted(await found("Pyongyang AND Kim")) == ["en", "en2"]
        assert await found('"Russian delegation"') == ["en"]
        assert await found("deleg* AND NOT Russian") == ["en2"]
        assert await found("Kim", newest=True) == ["en", "en2"]
        assert (await found("Kim"))[0] == "en2"
        assert await found("Kim", only={"topics": ["ties"]}) == ["en"]
        assert await found("Kim", only={"publisher_name": ["Post", "Herald"], "topics": []}) == ["en2"]
        assert await found("*", only={"language": ["zh"]}, newest=True) == ["zh", "zh2"]
        assert await found("Kim", since=NOW - timedelta(hours=24)) == ["en"]
        assert await found("Kim", until=NOW - timedelta(hours=24)) == ["en2"]
        (hit,) = await store.search(documents, "Russian")
        assert "<em>Russian</em>" in hit.highlight["text"][0]

    asyncio.run(work())
