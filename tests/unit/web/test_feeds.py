"""Feeds: those in need of somebody first, and what people decide about them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wirewatch.model import FeedState, Health, PollRecord, Status
from wirewatch.store import feeds as store

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)


def feed(id: str, **more: Any) -> FeedState:
    url = f"https://{id}.example/rss"
    polled, due = NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)
    made = FeedState(feed=id, url=url, configured_url=url, slot=1, health=Health.HEALTHY, last_poll_at=polled, next_attempt_at=due)
    return replace(made, **more)


def test_feeds_in_need_come_first(web: Any, article: Any) -> None:
    states = [
        feed("harbour", entry_hashes=("a", "b"), etag="secret"),
        feed("mill", title="Mill\u202e title", url="ftp://mill", health=Health.FAILING, problem="timeout"),
        feed("old", active=False),
    ]
    web.put("feeds", {each.feed: each for each in states})
    old = article("old", "Found today, of last week", timestamp=NOW - timedelta(days=7))
    web.add(article("a", "Harbour"), old, article("b", "Old", ago=timedelta(days=2)), article("c", "Unread", status=Status.DISCOVERED))
    page = web.get("/feeds")
    assert [each["id"] for each in page["feeds"]] == ["mill", "harbour", "old"]
    mill, harbour, old = page["feeds"]
    assert (mill["name"], mill["url"], mill["problem"]) == ("Mill title", None, "timeout")
    assert (harbour["name"], harbour["new"]) == ("The Harbour", 2)
    listed = web.get("/articles", params={"feeds": "harbour", "seen_since": page["since"]})
    assert [each["id"] for each in listed["articles"]] == ["a", "old"], "the same that the number leads to"
    assert (old["active"], old["name"]) == (False, "old")
    assert "secret" not in str(page)


def test_a_feed_shows_its_polls_and_obeys(web: Any) -> None:
    web.put("feeds", {"harbour": feed("harbour")})
    polls = [PollRecord(at=NOW - timedelta(minutes=n), feed="harbour", outcome="ok", new=n) for n in range(3)]
    web.put("polls", [(str(each.new), each) for each in polls], at=lambda each: each.at)
    assert [each["new"] for each in web.get("/feeds/harbour")["polls"]] == [0, 1, 2]
    assert web.ask("GET", "/feeds/none").status_code == 404

    assert web.post("/feeds/harbour", {"what": "pause"})["feed"]["paused"] is True
    found = web.post("/feeds/harbour", {"what": "resume"})["feed"]
    assert (found["paused"], found["by"], found["due"]) == (False, "editor", False)
    assert web.post("/feeds/harbour", {"what": "poll_now"})["feed"]["due"] is True
    assert "what" in web.post("/feeds/harbour", {"what": "delete"}, status=422)["detail"]
    assert "no feed" in web.post("/feeds/none", {"what": "pause"}, status=404)["detail"]
    due = asyncio.run(store.due(web.documents, NOW))
    assert [each.feed for each in due] == ["harbour"], "polling finds it"
