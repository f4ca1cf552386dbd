"""Which digests are due, and what they say."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.samples import ALERTS, NOW, headline, incident

from wirewatch.alerts.digest import Period, periods
from wirewatch.alerts.message import Message
from wirewatch.alerts.plan import document_of, plan_note, slim, story_document
from wirewatch.alerts.render import render
from wirewatch.config.settings import Recipient
from wirewatch.model import IncidentState

SEVEN = 7 * 60


def due(now: datetime, zone: str = "UTC", *kinds: str) -> list[Period]:
    return list(periods(Recipient.model_validate({"timezone": zone, "digest": list(kinds or ("daily",))}), SEVEN, now))


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_digest_is_due_from_its_hour_on_where_its_reader_is() -> None:
    assert due(at(24, 6, 59)) == []
    (found,) = due(at(24, 7))
    assert (found.start, found.end, found.key) == (at(23, 7), at(24, 7), "2026-11-24")
    (seoul,) = due(at(23, 22), "Asia/Seoul")
    assert (seoul.start, seoul.end, seoul.key) == (at(22, 22), at(23, 22), "2026-11-24")


def test_whenever_it_is_planned_that_day_it_is_the_same_one_and_a_late_one_is_left_out() -> None:
    assert due(at(24, 7)) == due(at(24, 18, 59))
    assert due(at(24, 19)) == []


def test_a_weekly_one_comes_on_mondays() -> None:
    # 2026-11-23 is a Monday.
    assert [each.kind for each in due(at(24, 8), "UTC", "daily", "weekly")] == ["daily"]
    found = due(at(23, 8), "UTC", "daily", "weekly")
    assert [(each.kind, each.end - each.start) for each in found] == [("daily", timedelta(days=1)), ("weekly", timedelta(days=7))]
    assert len({each.key for each in found}) == 2


def test_the_day_is_as_long_as_the_clock_says() -> None:
    (found,) = due(at(29, 7, month=3), "Europe/London")
    assert found.end - found.start == timedelta(hours=23)


def shown(**changes: Any) -> Message:
    found: dict[str, Any] = {
        "kind": "daily",
        "start": (NOW - timedelta(days=1)).isoformat(),
        "end": NOW.isoformat(),
        "feeds": 420,
        "polled": 412,
        "failing": 0,
        "articles": 5120,
        "coverage": 0.97,
        "lowest": None,
        "topics": [{"id": "ties/a-b", "name": "A–B", "stories": 31, "expected": 12.4}],
        "incidents": [],
        "stories": [],
        "more": {},
        "health": [],
        "troubled": [],
        **changes,
    }
    note = plan_note("digest:d", "digest", settings=ALERTS, notify=("operators",), now=NOW, payload={"digest": found})[0]
    return render(note, settings=ALERTS, now=NOW)


def test_on_a_quiet_day_it_is_one_line() -> None:
    message = shown()
    assert message.subject == "[Daily digest] Quiet: 412 of 420 feeds polled, coverage 97%, no incidents"
    body = message.text.split("\n\n")
    assert body[1].strip() == "412 of 420 feeds polled, coverage 97%, no incidents."
    assert "A–B" not in message.text


def test_a_day_with_news_lists_it() -> None:
    opened, old = incident(opened_at=NOW - timedelta(hours=2)), incident(id="x#1", topic_name="Old", opened_at=NOW - timedelta(days=3))
    over = replace(old, id="y#1", topic_name="Over", state=IncidentState.CLOSED, closed_at=NOW, closed_by="detection", reason="calmed")
    message = shown(
        failing=2,
        lowest={"at": NOW.isoformat(), "coverage": 0.4},
        incidents=[slim(document_of(each)) for each in (opened, old, over)],
        stories=[story_document(headline(1), "eco", "Economy"), story_document(headline(2), "eco", "Economy")],
        more={"eco": 3},
        health=[{"name": "Mill News", "health": "failing", "problem": "timeout", "since": NOW.isoformat()}],
        troubled=[{"recipient": "desk", "channel": "hook", "about": "x#1", "state": "failed", "problem": "answered 410"}],
    )
    assert message.subject == "[Daily digest] 1 new incident, 2 going on, 2 stories"
    for said in (
        "412 of 420 feeds polled, coverage 97%; 5,120 new articles.",
        "2 feeds fail again and again.",
        "Coverage was lowest at Tue 24 Nov 06:40 UTC: 40%.",
        "[Calm again] Over",
        "31 stories, 12 are usual",
        "https://watch.newsdesk.example/wirewatch#/topics/ties%2Fa-b",
        "3 more on the page",
        "failing since Tue 24 Nov 06:40 UTC: timeout",
        "desk, hook\n  failed: answered 410",
    ):
        assert said in message.text, said
    assert "Kim's train reaches Khasan, report 2" in message.text.replace("*", "")
    links = [html.unescape(each) for each in re.findall(r'href="([^"]+)"', message.html)]
    start = "2026-11-23T06%3A40%3A00%2B00%3A00"
    for link in (
        "#/feeds",
        "#/feeds?show=ill",
        f"#/articles?seen_since={start}&seen_until=2026-11-24T06%3A40%3A00%2B00%3A00",
        f"#/articles?topics=ties%2Fa-b&since={start}&until=2026-11-24T06%3A40%3A00%2B00%3A00&counted=1",
    ):
        assert f"https://watch.newsdesk.example/wirewatch{link}" in links, link
