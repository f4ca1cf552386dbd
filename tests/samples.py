"""Values that several tests begin from; each takes what a test cares about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wirewatch.config.settings import Alerts, Recipient
from wirewatch.model import Article, Headline, Incident, IncidentEvent, IncidentEvidence, IncidentState, Severity

NOW = datetime(2026, 11, 24, 6, 40, tzinfo=UTC)

ALERTS = Alerts(
    sender="Wirewatch <watch@newsdesk.example>",
    recipients={
        "desk": Recipient(name="Desk", mail=("desk@newsdesk.example",), timezone="Asia/Seoul"),
        "pair": Recipient(name="Two", mail=("one@newsdesk.example", "two@newsdesk.example")),
        "operators": Recipient(mail=("ops@newsdesk.example",)),
    },
    default_notify=("desk",),
    page_url="https://watch.newsdesk.example/wirewatch",
)


def article(name: str = "a1", /, **changes: Any) -> Article:
    """A read article that counts, seen at NOW."""
    url = f"https://www.harbour-courier.example/world/{name}"
    value = Article(
        id=name,
        urls=(url,),
        url=url,
        feeds=("harbour",),
        source="harbour-courier.example",
        publisher="harbour",
        publisher_name="Harbour Courier",
        title="Trains cross the bridge at dawn",
        first_seen_at=NOW,
        indexed_at=NOW,
        counted_at=NOW,
        timestamp=NOW,
    )
    return replace(value, **changes)


def headline(number: int, **changes: Any) -> Headline:
    """The n-th report of a story."""
    value = Headline(
        article=f"a{number}",
        title=f"Kim's train reaches Khasan, report {number}",
        url=f"https://outlet{number}.example/kim",
        publisher=f"outlet{number}",
        publisher_name=f"Outlet {number}",
        at=NOW - timedelta(minutes=30 - number),
        language="en",
        story=f"s{number}",
        words=("Kim", "Khasan"),
    )
    return replace(value, **changes)


def evidence(**changes: Any) -> IncidentEvidence:
    """Nine stories by eight publishers over the last half hour."""
    hours = tuple((NOW - timedelta(hours=back), 9 if back == 0 else back % 3 % 2, 0.2, 2.0) for back in reversed(range(48)))
    value = IncidentEvidence(
        stories=9,
        publishers=8,
        articles=11,
        independent=7,
        first=headline(1),
        first_is_certain=True,
        top_publishers=(("Outlet 1", 2), ("Outlet 2", 1)),
        headlines=tuple(headline(number) for number in range(1, 10)),
        words=(("Khasan", 6), ("Kim", 9)),
        new_words=("armoured train",),
        hours=hours,
    )
    return replace(value, **changes)


def incident(**changes: Any) -> Incident:
    """An open incident that began half an hour ago."""
    value = Incident(
        id="russia-north-korea#3",
        topic="russia-north-korea",
        topic_name="Russia–North Korea ties",
        episode=3,
        state=IncidentState.OPEN,
        severity=Severity.MAJOR,
        peak=Severity.MAJOR,
        opened_at=NOW,
        began_at=NOW - timedelta(minutes=30),
        last_spike_at=NOW,
        window_h=1,
        series="stories",
        observed=9,
        expected=0.1,
        upper=2,
        score=0.97,
        evidence=evidence(),
        events=(IncidentEvent(at=NOW, what="opened", who="detection", severity=Severity.MAJOR),),
    )
    return replace(value, **changes)
