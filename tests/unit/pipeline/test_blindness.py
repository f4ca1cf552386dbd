"""When Wirewatch says that it cannot see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.samples import ALERTS

from wirewatch.config import Settings
from wirewatch.config.settings import Detection
from wirewatch.model import Coverage, Incident, IncidentEvent, IncidentState, Severity
from wirewatch.pipeline.blindness import CALM, NAME, judge, note, patience

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = Detection()


def coverage(*shares: float, feeds: int = 8) -> list[Coverage]:
    """Of the hours up to the running one."""
    last = NOW.replace(minute=0)
    return [
        Coverage(hour=last - (len(shares) - 1 - place) * HOUR, coverage=share, feeds=feeds, until=NOW) for place, share in enumerate(shares)
    ]


@pytest.mark.parametrize(
    ("hours", "blind"),
    [
        (coverage(1, 1, 1), False),
        (coverage(1, 0.4, 0.3, 0.2), True),
        (coverage(0, 0, 0), True),
        (coverage(0.4, 0.4, 0.6), False),
        (coverage(0.6, 0.4, 0.4), False),
        (coverage(0, 0, 0, feeds=0), False),
        (coverage(0, 0), False),
        ([], False),
    ],
)
def test_it_is_blind_where_less_than_half_was_looked_at_for_hours(hours: list[Coverage], blind: bool) -> None:
    assert (judge(hours, None, settings=SETTINGS, now=NOW).spike is not None) == blind


def test_it_says_how_much_was_seen() -> None:
    sight = judge(coverage(0.1, 0.3, 0.2), None, settings=SETTINGS, now=NOW)
    assert sight.spike is not None
    assert (sight.spike.series, sight.spike.observed, sight.spike.upper, sight.spike.window_h) == ("coverage", 0.3, 0.5, 2)
    assert sight.lines[0].startswith("For 2 hours, at most 30% of what the 8 feeds")


def test_an_old_queue_is_blindness_too() -> None:
    assert judge(coverage(1, 1, 1), NOW - HOUR / 2, settings=SETTINGS, now=NOW).spike is None
    sight = judge(coverage(1, 1, 1), NOW - 3 * HOUR, settings=SETTINGS, now=NOW)
    assert sight.spike is not None
    assert (sight.spike.series, sight.spike.observed) == ("queue", 3)
    assert "3 hours" in sight.lines[0]


def test_both_are_told_in_one_message_to_the_operators_only() -> None:
    sight = judge(coverage(0, 0, 0), NOW - 3 * HOUR, settings=SETTINGS, now=NOW)
    assert len(sight.lines) == 3
    incident = Incident(
        id="blindness#2",
        topic="blindness",
        topic_name=NAME,
        episode=2,
        state=IncidentState.OPEN,
        severity=Severity.MAJOR,
        peak=Severity.MAJOR,
        opened_at=NOW,
        began_at=NOW - 2 * HOUR,
        last_spike_at=NOW,
        window_h=2,
        series="coverage",
        observed=0,
        expected=1,
        upper=0.5,
        score=1,
        events=(IncidentEvent(at=NOW, what="opened", who="detection"),),
    )
    settings = Settings(alerts=ALERTS)
    (message,) = note(incident, "opened", sight.lines, settings=settings, now=NOW)
    assert (message.recipient, message.about, message.payload["title"]) == ("operators", "blindness#2", NAME)
    (again,) = note(incident, "closed", (), settings=settings, now=NOW)
    assert (again.payload["title"], again.in_reply_to) == ("Wirewatch sees again", message.message_id)


def test_it_is_over_soon_after_it_sees_again() -> None:
    assert patience(SETTINGS).calm == CALM < SETTINGS.calm
