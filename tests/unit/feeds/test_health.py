"""How a feed is said to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wirewatch.feeds.health import judged, quiet_after
from wirewatch.model import FeedState, Health

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def feed(**more: object) -> FeedState:
    works = FeedState(
        feed="bbc", url="", configured_url="", slot=0, next_attempt_at=NOW + HOUR, first_success_at=NOW - 90 * DAY, last_success_at=NOW,
        last_new_at=NOW - HOUR, gap_s=1800, listed=20, health=Health.HEALTHY, health_since=NOW - DAY,
    )  # fmt: skip
    return replace(works, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "health", "words"),
    [
        ({}, Health.HEALTHY, None),
        ({"last_success_at": None}, Health.NEW, None),
        ({"failures": 1, "problem": "dns"}, Health.FAILING, "dns"),
        ({"listed": 0}, Health.EMPTY, "no entries"),
        ({"lying_304": True}, Health.LYING_304, "304"),
        ({"lost_at": NOW - HOUR}, Health.OVERLAP_LOST, "missed"),
        ({"lost_at": NOW - 2 * DAY}, Health.HEALTHY, None),
        ({"last_new_at": NOW - 4 * DAY}, Health.QUIET, "4 days"),
        ({"last_new_at": NOW - 4 * DAY, "gap_s": 86400}, Health.HEALTHY, None),
        ({"last_new_at": NOW - 11 * DAY, "gap_s": 86400}, Health.QUIET, "11 days"),
        ({"last_new_at": None, "gap_s": None}, Health.QUIET, "90 days"),
        ({"next_attempt_at": None, "failures": 1}, Health.RETIRED, "gone"),
        ({"failures": 2, "lying_304": True, "listed": 0, "problem": "timeout"}, Health.FAILING, "timeout"),
    ],
)
def test_one_word_and_one_line(changes: dict[str, object], health: Health, words: str | None) -> None:
    found = judged(feed(**changes), NOW)
    assert found.health is health
    assert (found.problem is None) if words is None else words in str(found.problem)


def test_it_is_kept_since_when() -> None:
    assert judged(feed(), NOW).health_since == NOW - DAY
    assert judged(feed(failures=1), NOW, "http error 500").health_since == NOW


def test_silence_is_judged_by_the_feeds_own_rhythm() -> None:
    assert quiet_after(feed(gap_s=60)) == 3 * DAY
    assert quiet_after(feed(gap_s=86400)) == 10 * DAY
    assert quiet_after(feed(gap_s=None)) == 14 * DAY
    assert quiet_after(feed(gap_s=1e12)) < timedelta(days=3650)
