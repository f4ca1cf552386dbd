"""Searches that a team keeps, articles taken along as a file, and the addresses at which feed readers follow a search."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wirewatch.alerts.text import clean
from wirewatch.articles import export
from wirewatch.errors import StoreRejected
from wirewatch.model import Article
from wirewatch.store import config as published
from wirewatch.store import labels
from wirewatch.store import searches as store
from wirewatch.store.base import Documents
from wirewatch.store.documents import from_document
from wirewatch.web.access import Changer, Now, Stored, area
from wirewatch.web.articles import MANY, Filters, refuse, request_of
from wirewatch.web.text import highlighted

router = area("searches")
readers = APIRouter(prefix="/api", tags=["searches"])
"""What feed readers ask for, who cannot log in: nothing without the secret of a search."""

MOST = 10_000
"""Articles in one file, the latest."""
_PAGE = 500
_IN_FEED = 100
_AGO = re.compile(r"(\d{1,4})([hd])")

Id = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchView:
    """One kept search."""

    id: str
    name: str
    query: str
    by: str
    at: datetime
    rss_by: str | None
    """Who gave it an address for feed readers; None: it has none."""
    rss_at: datetime | None
    rss: str | None = None
    """That address, from the root of the API; told only to whoever makes it."""


class Keeping(BaseModel):
    """A search to keep."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=120)
    query: str = Field(max_length=4000, description="As in the address of the page: `q=train&topics=ties`.")


class Exported(Filters):
    """What to take along, and as what."""

    as_: Literal["csv", "jsonl"] = Field("csv", alias="as")


@router.get("/export")
async def export_articles(documents: Stored, now: Now, filters: Annotated[Exported, Query()]) -> StreamingResponse:
    """What a search finds as a file, the latest 10,000 at most: CSV for spreadsheets, or JSON Lines with the text."""
    first = await _page(documents, filters, None)
    kinds = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
    name = f"wirewatch-{now:%Y%m%d-%H%M}.{filters.as_}"
    body = _csv(documents, filters, first) if filters.as_ == "csv" else _lines(documents, filters, first)
    return StreamingResponse(body, media_type=kinds[filters.as_], headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("/searches")
async def list_searches(documents: Stored) -> tuple[SearchView, ...]:
    """All kept searches, by name."""
    return tuple(_view(each) for each in await store.every(documents))


@router.post("/searches")
async def keep_search(documents: Stored, now: Now, user: Changer, keeping: Keeping) -> SearchView:
    """Keep a search for everybody."""
    name = clean(keeping.name, 120)
    if not name:
        raise HTTPException(422, "name: a search needs one")
    filters_of(keeping.query, now)
    kept = await store.keep(documents, name=name, query=keeping.query, by=user.id, now=now)
    await labels.audit(
        documents, what="search.keep", id=kept.id, who=user.id, now=now, before={}, after={"name": name, "query": kept.query}
    )
    return _view(kept)


@router.delete("/searches/{search}")
async def forget_search(documents: Stored, now: Now, user: Changer, search: Id) -> None:
    """Take a search away, and its address for feed readers with it."""
    before = await _load(documents, search)
    await store.forget(documents, search)
    await labels.audit(
        documents, what="search.forget", id=search, who=user.id, now=now, before={"name": before.name, "query": before.query}, after={}
    )


@router.post("/searches/{search}/rss")
async def offer_rss(documents: Stored, now: Now, user: Changer, search: Id) -> SearchView:
    """Give a search an address for feed readers, who need no login; it is told this once, and ends an earlier one."""
    offered = await store.offer(documents, search, by=user.id, now=now)
    if offered is None:
        raise _gone(search)
    found, secret = offered
    await labels.audit(documents, what="search.offer", id=search, who=user.id, now=now, before={}, after={"name": found.name})
    return _view(found, rss=f"rss/{search}/{secret}")


@router.delete("/searches/{search}/rss")
async def revoke_rss(documents: Stored, now: Now, user: Changer, search: Id) -> SearchView:
    """End the address for feed readers."""
    found = await store.revoke(documents, search)
    if found is None:
        raise _gone(search)
    await labels.audit(documents, what="search.revoke", id=search, who=user.id, now=now, before={"name": found.name}, after={})
    return _view(found)


@readers.get("/rss/{search}/{secret}", response_class=Response)
async def read_rss(documents: Stored, now: Now, search: Id, secret: Annotated[str, Path(max_length=100)]) -> Response:
    """The latest 100 articles of a kept search as RSS 2.0, for whoever has its address."""
    found = await store.offered(documents, search, secret)
    if found is None:
        raise HTTPException(404, "There is no such feed: its address is wrong, or has been taken back.")
    filters = filters_of(found.query, now).model_copy(update={"sort": "latest", "offset": 0, "limit": _IN_FEED})
    hits = await _page(documents, filters, None, _IN_FEED)
    bundle = await published.published(documents)
    link = (bundle.settings.alerts.page_url if bundle else None) or "https://localhost/"
    text = export.rss((_exported(hit) for hit in hits), title=f"Wirewatch: {found.name}", link=f"{link}#/articles?{found.query}")
    return Response(text, media_type="application/rss+xml; charset=utf-8")


def filters_of(query: str, now: datetime) -> Filters:
    """The filters that the page's address means now; 422 where it is none of the page's."""
    given: dict[str, Any] = {name: values if name in MANY else values[-1] for name, values in parse_qs(query).items()}
    given.pop("offset", None)
    for name in ("since", "until"):
        if name in given and (ago := _AGO.fullmatch(given[name])):
            given[name] = now - timedelta(**{"hours" if ago[2] == "h" else "days": int(ago[1])})
    try:
        return Filters.model_validate(given)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise HTTPException(422, f"query: {place}: {error.errors()[0]['msg']}") from error


async def _csv(documents: Documents, filters: Filters, first: list[dict[str, Any]]) -> AsyncIterator[str]:
    # Spreadsheets take UTF-8 for what it is only behind this mark.
    yield "\ufeff" + export.csv_line(export.COLUMNS)
    async for hit in _hits(documents, filters, first):
        yield export.csv_row(export.row(*_exported(hit)))


async def _lines(documents: Documents, filters: Filters, first: list[dict[str, Any]]) -> AsyncIterator[str]:
    async for hit in _hits(documents, filters, first):
        article, snippet = _exported(hit)
        line = export.row(article, snippet) | {"timestamp": article.timestamp.isoformat(), "summary": article.summary, "text": article.text}
        yield json.dumps(line, ensure_ascii=False) + "\n"


async def _hits(documents: Documents, filters: Filters, page: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """Page after page, from the first on."""
    told = 0
    while page and told < MOST:
        for hit in page[: MOST - told]:
            yield hit
        told += len(page)
        page = await _page(documents, filters, page[-1]["sort"]) if len(page) == _PAGE else []


async def _page(documents: Documents, filters: Filters, after: list[Any] | None, size: int | None = None) -> list[dict[str, Any]]:
    order = filters.sort if filters.sort == "earliest" else "latest"
    body = request_of(filters.model_copy(update={"sort": order, "offset": 0})) | {"size": size or _PAGE, "track_total_hits": False}
    body.pop("aggs")
    if after is not None:
        body["search_after"] = after
    try:
        return list((await documents.search("articles", body))["hits"]["hits"])
    except StoreRejected as error:
        refuse(filters, error)


def _exported(hit: dict[str, Any]) -> tuple[Article, str]:
    article = from_document(Article, hit["_source"])
    marks = hit.get("highlight", {})
    found = next((marks[name][0] for name in ("text", "summary", "title") if name in marks), "")
    return article, clean("".join(piece.text for piece in highlighted(found)), 400) or clean(article.summary, 400)


async def _load(documents: Documents, id: str) -> store.Search:
    found = await store.get(documents, id)
    if found is None:
        raise _gone(id)
    return found


def _gone(id: str) -> HTTPException:
    return HTTPException(404, f"There is no kept search {id!r}.")


def _view(found: store.Search, rss: str | None = None) -> SearchView:
    return SearchView(
        id=found.id, name=found.name, query=found.query, by=found.by, at=found.at, rss_by=found.rss_by, rss_at=found.rss_at, rss=rss
    )
