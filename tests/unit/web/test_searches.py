"""Kept searches, articles as files, and addresses for feed readers that somebody can take back."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from fastapi import HTTPException

from wirewatch.model import Article
from wirewatch.web import searches

from .conftest import NOW, PAGE, Web

FORMULA = '=HYPERLINK("https://evil.example","Harbour")'
SCRIPT = "<script>alert(1)</script> Harbour \u202eevil"


def fill(web: Web, article: Callable[..., Article]) -> None:
    web.add(
        article("a1", "Harbour opens", topic="harbours", summary="The harbour opens at last."),
        article("a2", FORMULA, ago=timedelta(hours=2), text="A harbour of spreadsheets."),
        article("a3", SCRIPT, ago=timedelta(hours=3), url="javascript:alert(1)", language="ar"),
        article("a4", "A dam is full", ago=timedelta(days=9)),
    )


def test_what_is_found_is_taken_along_as_a_file(web: Web, article: Callable[..., Article], monkeypatch: Any) -> None:
    fill(web, article)
    monkeypatch.setattr(searches, "_PAGE", 2)
    answer = web.ask("GET", "/export", params={"q": "harbour"})
    assert answer.headers["content-disposition"] == 'attachment; filename="wirewatch-20261124-1420.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["title"] for row in rows] == ["Harbour opens", f"'{FORMULA}", SCRIPT], "page after page, the latest first"
    assert rows[0]["topics"] == "harbours"
    assert rows[0]["snippet"] == "The harbour opens at last."
    lines = [json.loads(line) for line in web.ask("GET", "/export", params={"as": "jsonl", "sort": "earliest"}).text.splitlines()]
    assert [line["id"] for line in lines] == ["a4", "a3", "a2", "a1"]
    assert lines[2]["text"] == "A harbour of spreadsheets."
    assert web.ask("GET", "/export", params={"q": "title:("}).status_code == 422
    assert web.ask("GET", "/export", who=None).status_code == 401


def test_a_search_is_kept_followed_and_taken_back(web: Web, article: Callable[..., Article]) -> None:
    fill(web, article)
    query = "q=harbour+OR+dam&since=7d"
    assert web.ask("POST", "/searches", json={"name": "H", "query": query}).status_code == 403, "without the page's header"
    web.post("/searches", {"name": "H", "query": query}, status=403, who="viewer")
    assert "query: sincee" in web.post("/searches", {"name": "H", "query": "sincee=7d"}, status=422)["detail"]
    kept = web.post("/searches", {"name": "Harbours\u202e", "query": query})
    assert web.post("/searches", {"name": "Harbours", "query": query})["id"] == kept["id"], "kept once"
    (listed,) = web.get("/searches", who="viewer")
    assert (listed["name"], listed["query"], listed["by"], listed["rss_by"], listed["rss"]) == ("Harbours", query, "editor", None, None)

    made = web.post(f"/searches/{kept['id']}/rss", {})
    assert web.get("/searches")[0]["rss"] is None, "told once"
    feed = web.ask("GET", f"/{made['rss']}", who=None)
    assert feed.status_code == 200
    assert feed.headers["content-type"].startswith("application/rss+xml")
    items = ET.fromstring(feed.text).findall("channel/item")
    assert [item.findtext("guid") for item in items] == ["a1", "a2", "a3"], "nine days are more than seven"
    assert items[2].findtext("title") == SCRIPT
    assert not items[2].findtext("link"), "no address but http"

    again = web.post(f"/searches/{kept['id']}/rss", {})
    assert web.ask("GET", f"/{made['rss']}", who=None).status_code == 404, "a new address ends the old one"
    web.post(f"/searches/{kept['id']}/rss", {}, method="DELETE")
    assert web.ask("GET", f"/{again['rss']}", who=None).status_code == 404
    last = web.post(f"/searches/{kept['id']}/rss", {})
    assert web.ask("DELETE", f"/searches/{kept['id']}", headers=PAGE).status_code == 200
    assert web.ask("GET", f"/{last['rss']}", who=None).status_code == 404
    assert web.get("/searches") == []
    assert web.post(f"/searches/{kept['id']}/rss", {}, status=404)

    async def audited() -> list[str]:
        await web.documents.refresh("audit")
        return [hit.source["what"] for hit in await web.documents.find("audit", {"term": {"id": kept["id"]}})]

    assert sorted(set(asyncio.run(audited()))) == ["search.forget", "search.keep", "search.offer", "search.revoke"]


def test_an_address_means_what_the_page_means_by_it() -> None:
    found = searches.filters_of("q=train&topics=a&topics=b&since=24h&counted=1&offset=50&sort=earliest", NOW)
    assert (found.q, found.topics, found.since, found.counted, found.offset) == ("train", ["a", "b"], NOW - timedelta(hours=24), True, 0)
    for wrong in ("since=yesterday", "status=nice", "limit=1000"):
        with pytest.raises(HTTPException, match="422"):
            searches.filters_of(wrong, NOW)


def test_a_wrong_tag_is_recorded_with_what_it_rests_on(web: Web, article: Callable[..., Article]) -> None:
    fill(web, article)
    web.post("/articles/a1/verdicts", {"topic": "harbours"}, status=403, who="viewer")
    view = web.post("/articles/a1/verdicts", {"topic": "harbours", "note": "It is a film."})
    (said,) = view["verdicts"]
    assert (said["verdict"], said["topic"]["name"], said["who"], said["note"]) == ("wrong_tag", "Harbours", "editor", "It is a film.")
    assert web.post("/articles/a1/verdicts", {"topic": "water/dams"}, status=409)
    assert web.post("/articles/none/verdicts", {"topic": "harbours"}, status=404)

    async def stored() -> tuple[dict[str, Any], list[str]]:
        await web.documents.refresh("labels", "audit")
        (label,) = await web.documents.find("labels", {"term": {"id": "a1"}})
        return dict(label.source), [hit.source["what"] for hit in await web.documents.find("audit", {"term": {"id": "a1"}})]

    label, audit = asyncio.run(stored())
    assert (label["what"], label["topic"], label["verdict"], label["who"]) == ("article", "harbours", "wrong_tag", "editor")
    assert label["copy"]["title"] == "Harbour opens"
    assert label["copy"]["match"]["score"] == 70
    assert audit == ["article.judge"]
