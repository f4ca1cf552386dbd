"""The overview counts what is stored, puts what matters first, and tells blind from calm."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wirewatch.config.settings import Detection
from wirewatch.model import Counts, Coverage, FeedState, Health, Incident, IncidentState, Severity, Status, Topic
from wirewatch.store import counts
from wirewatch.web.tallies import Numbers, fill_hours, sight
from wirewatch.web.topics import rank, state_of

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
THIS_HOUR = NOW.replace(minute=0)


def incident(topic: str = "harbours", **more: Any) -> Incident:
    made = Incident(
        id=f"{topic}#1",
        topic=topic,
        topic_name=topic.title(),
        episode=1,
        state=IncidentState.OPEN,
        severity=Severity.MAJOR,
        peak=Severity.MAJOR,
        opened_at=NOW - 2 * HOUR,
        began_at=NOW - 3 * HOUR,
        last_spike_at=NOW,
        window_h=3,
        series="stories",
        observed=12,
        expected=1.5,
        upper=4,
        score=0.9,
    )
    return replace(made, **more)


def hour(ago: int, coverage: float = 1.0, **more: Any) -> Coverage:
    at = THIS_HOUR - ago * HOUR
    return replace(Coverage(hour=at, coverage=coverage, feeds=2, until=min(NOW, at + HOUR)), **more)


def count(ago: int, stories: int, topic: str = "harbours") -> Counts:
    return Counts(topic=topic, hash="h", hour=THIS_HOUR - ago * HOUR, stories=stories, articles=2 * stories, until=NOW)


def test_an_empty_store_is_no_error_and_no_calm(web: Any) -> None:
    found = web.get("/overview")
    assert found["watch"]["sight"]["state"] == "unknown"
    assert (found["incidents"], found["closed"], found["watch"]["feeds"], found["watch"]["articles"]) == ([], [], 0, 0)
    assert {each["id"]: each["state"] for each in found["topics"]["topics"]} == {"harbours": "learning", "water/dams": "learning"}
    assert found["kibana"] == "http://localhost:5601/app/dashboards#/view/wirewatch-newsroom"


def test_topics_are_shown_against_what_is_usual_for_them(web: Any, article: Any) -> None:
    web.put("coverage", [(str(ago), hour(ago)) for ago in (0, 1, 2, 24 * 11 - 1)], at=lambda each: each.hour)
    # Ten a day over ten days, then twelve in the last 24 hours, the running hour included.
    past = [(f"p{day}", count(24 * day + 30, 10)) for day in range(10)]
    today = [("t1", count(0, 7)), ("t2", count(23, 5)), ("d", count(2, 1, "water/dams"))]
    web.put("counts", [*past, *today], at=lambda each: each.hour)
    web.put("incidents", {"water/dams#1": incident("water/dams")})
    web.put("feeds", {"harbour": feed("harbour"), "mill": feed("mill", health=Health.FAILING), "old": feed("old", active=False)})
    web.add(article("a", "Harbour is full"), article("b", "Harbour", story_id="a"), article("c", "Old", ago=timedelta(days=2)))
    web.add(article("d", "Late", ago=timedelta(days=2), timestamp=NOW), article("e", "Yet to be read", status=Status.DISCOVERED))

    asyncio.run(web.documents.put("config", counts.CURSOR, {"kind": "cursor", "until": NOW.isoformat(), "at": NOW.isoformat()}))

    found = web.get("/overview")

    dams, harbours = found["topics"]["topics"]
    assert (dams["id"], dams["state"], dams["incident"], dams["usual"]) == ("water/dams", "spiking", "water/dams#1", 0.0)
    assert (harbours["state"], harbours["stories"], harbours["articles"]) == ("calm", 12, 24)
    assert harbours["usual"] == pytest.approx(10.0)
    assert (len(harbours["bars"]), harbours["bars"][-1], sum(harbours["bars"])) == (28, 7, 12 + 60)
    assert [each["id"] for each in found["incidents"]] == ["water/dams#1"]
    assert found["incidents"][0]["size"] == "12 stories where 1.5 are usual"
    watch = found["watch"]
    assert (watch["feeds"], watch["ill"], watch["paused"]) == (2, 1, 0)
    assert (watch["articles"], watch["stories"], watch["publishers"]) == (2, 1, 1)
    listed = web.get("/articles", params={"seen_since": found["topics"]["since"]})
    assert (listed["total"], listed["stories"], listed["publishers"]) == (2, 1, 1), "the same that the number leads to"
    assert watch["sight"] == {"state": "clear", "coverage": 1.0, "since": None, "feeds": 2}

    assert [each["id"] for each in web.get("/topics", params={"q": "DAM"})["topics"]] == ["water/dams"]
    assert web.get("/topics", params={"offset": 1})["topics"] == [harbours]
    one = web.get("/topics/water/dams")
    assert len(one["hours"]) == 14 * 24
    assert [(each["stories"], each["coverage"]) for each in one["hours"][-3:]] == [(1, 1.0), (0, 1.0), (0, 1.0)]
    assert [each["id"] for each in one["incidents"]] == ["water/dams#1"]
    assert web.ask("GET", "/topics/none").status_code == 404


def feed(id: str, **more: Any) -> FeedState:
    url = f"https://{id}.example/rss"
    return replace(FeedState(feed=id, url=url, configured_url=url, slot=1, health=Health.HEALTHY, last_poll_at=NOW), **more)


def test_what_needs_to_be_read_for_long_is_said(web: Any, article: Any) -> None:
    waiting = {"status": Status.DISCOVERED, "counted_at": None}
    web.add(
        article("a", "Waits", next_attempt_at=NOW - 2 * HOUR, **waiting),
        article("b", "Not due", next_attempt_at=NOW + HOUR, **waiting),
    )
    watch = web.get("/overview")["watch"]
    assert watch["waiting"] == 1
    assert watch["waiting_since"] == "2026-11-24T12:20:00Z"


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("hours", "counted_at", "state", "since"),
    [
        ([], None, "unknown", None),
        ([], MINUTE, "unknown", None),
        ([hour(0), hour(1)], MINUTE, "clear", None),
        ([hour(0, 0.0), hour(1)], MINUTE, "clear", None),
        ([hour(0), hour(1, 0.8), hour(2, 0.7), hour(3)], MINUTE, "partial", THIS_HOUR - 2 * HOUR),
        ([hour(0), hour(1, 0.3), hour(2, 0.4), hour(3, 0.8), hour(4, 0.2)], MINUTE, "blind", THIS_HOUR - 2 * HOUR),
        ([hour(0), hour(1, 0.3), hour(4, 0.3)], MINUTE, "blind", THIS_HOUR - HOUR),
        ([hour(0, feeds=0), hour(1, 0.0, feeds=0)], MINUTE, "unknown", None),
        ([hour(0), hour(1)], HOUR, "stale", NOW - HOUR),
    ],
)
def test_sight(hours: list[Coverage], counted_at: timedelta | None, state: str, since: datetime | None) -> None:
    """`counted_at`: how long ago."""
    found = sight(NOW, hours, None if counted_at is None else NOW - counted_at, Detection())
    assert (found.state, found.since) == (state, since)


def test_calm_is_only_said_where_it_is_known() -> None:
    known = Numbers(stories=1, usual=1.0)
    assert state_of(known, None, True) == "calm"
    assert state_of(known, None, False) == "unseen"
    assert state_of(Numbers(), None, True) == "learning"
    assert state_of(known, incident(), False) == "spiking"
    assert state_of(known, incident(state=IncidentState.SNOOZED), True) == "snoozed"


def test_what_matters_comes_first() -> None:
    def key(name: str, stories: int, usual: float | None, found: Incident | None = None) -> Any:
        return rank(Topic(id=name, name=name, hash="h", rule={}), Numbers(stories=stories, usual=usual), found)

    ranked = [
        key("open", 1, 1.0, incident()),
        key("acknowledged", 9, 1.0, incident(state=IncidentState.ACKNOWLEDGED)),
        key("far above", 9, 1.0),
        key("as usual, large", 100, 101.0),
        key("as usual, small", 2, 2.0),
        key("quiet a", 0, 0.0),
        key("quiet b", 0, None),
    ]
    assert ranked == sorted(ranked)


def test_a_chart_has_every_hour() -> None:
    known = [(THIS_HOUR - 3 * HOUR, 1, 0.5, 2.0), (THIS_HOUR - 2 * HOUR, 2, 0.6, 2.5)]
    newer = replace(count(2, 5), expected=0.7)
    found = fill_hours(THIS_HOUR - 3 * HOUR, THIS_HOUR + HOUR, {newer.hour: newer}, {THIS_HOUR: 0.5}, known)
    assert [(each.stories, each.expected, each.upper, each.coverage) for each in found] == [
        (1, 0.5, 2.0, None),
        (5, 0.7, 2.5, None),
        (0, None, None, None),
        (0, None, None, 0.5),
    ]
