"""Reading kept pages again, by the rules of extraction as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from wirewatch.articles import outcome
from wirewatch.errors import ParseError, SetupError
from wirewatch.model import Article
from wirewatch.pipeline import process
from wirewatch.pipeline.ports import Ports
from wirewatch.store import articles as store
from wirewatch.store.base import Stored

_BATCH = 64


async def again(ports: Ports, *, since: datetime, until: datetime) -> dict[str, int]:
    """Read the kept pages of articles first seen in a stretch of time: how many were `read`, of them `changed`, and `missing`.

    An article keeps its id, its story, its hour and its addresses; the next detection counts what changed. What cannot be taken for an
    article now stays as it was. May end and begin anew at any article. Raises `SetupError` where no pages are kept.
    """
    if ports.pages is None:
        raise SetupError("no pages are kept: articles.keep_pages in wirewatch.yaml names no place")
    done = {"read": 0, "changed": 0, "missing": 0}
    batch: list[tuple[str, str]] = []
    for key in await store.read_between(ports.documents, since, until):
        batch.append(key)
        if len(batch) == _BATCH:
            await _batch(ports, batch, done)
            batch = []
    await _batch(ports, batch, done)
    return done


async def _batch(ports: Ports, keys: Sequence[tuple[str, str]], done: dict[str, int]) -> None:
    found = [each for each in await store.current(ports.documents, keys) if each is not None]
    results = await asyncio.gather(*(_read(ports, each) for each in found))
    changed: list[tuple[Stored[Article], Article]] = []
    for before, after in zip(found, results, strict=True):
        done["missing" if after is None else "read"] += 1
        if after is not None and after != before.value:
            changed.append((before, replace(after, indexed_at=ports.clock())))
    done["changed"] += sum(await store.save(ports.documents, changed))


async def _read(ports: Ports, stored: Stored[Article]) -> Article | None:
    """An article as its kept page tells it now; None where no page of it is kept."""
    article = stored.value
    page = await ports.pages.read(article.id, article.first_seen_at) if ports.pages else None
    if page is None:
        return None
    try:
        found = await process.extract_apart(ports, page)
    except ParseError:
        return article
    if found.quality != "ok":
        return article
    told = outcome.with_page(article, found, page_url=page.url, now=article.indexed_at, min_words=ports.bundle.settings.articles.min_words)
    # What other addresses lead to it was settled when it was first read.
    same = replace(told, url=article.url, canonical_url=article.canonical_url, urls=article.urls, source=article.source)
    return process.finished(same, ports.bundle)
