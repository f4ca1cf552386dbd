"""Which hour an article counts in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wirewatch.articles.clocks import counted_at, timestamp_of
from wirewatch.model import Precision

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATENESS = timedelta(hours=48)


def count(published: datetime | None, previous: datetime | None = NOW - timedelta(minutes=15), **more: object) -> datetime | None:
    return counted_at(
        published,
        first_seen=NOW,
        previous_success=previous,
        lateness=LATENESS,
        **{"first_poll": False, **more},  # type: ignore[arg-type]
    )


def test_a_date_since_the_previous_poll_is_believed() -> None:
    assert count(NOW - timedelta(minutes=7)) == NOW - timedelta(minutes=7)


def test_without_a_date_or_with_one_to_come_it_counts_when_seen() -> None:
    assert count(None) == NOW
    assert count(NOW + timedelta(hours=3)) == NOW


def test_nothing_counts_on_a_first_poll() -> None:
    assert count(NOW - timedelta(minutes=7), first_poll=True) is None
    assert count(NOW, previous=None) is None


def test_an_entry_that_came_late_counts_when_seen_and_one_that_came_too_late_never() -> None:
    assert count(NOW - timedelta(hours=30)) == NOW
    assert count(NOW - timedelta(hours=49)) is None


def test_what_an_outage_hid_counts_in_its_own_hour_however_long_the_outage() -> None:
    published = NOW - timedelta(days=4)
    assert count(published, previous=NOW - timedelta(days=5)) == published


def test_an_entry_that_only_came_back_never_counts() -> None:
    assert count(NOW - timedelta(minutes=1), redated=True) is None


def test_a_day_is_not_older_than_its_end() -> None:
    day = datetime(2026, 3, 7, tzinfo=UTC)
    assert count(day) is None
    assert count(day + timedelta(days=1), precision=Precision.DAY) == NOW


@given(st.integers(-100_000, 100_000), st.integers(0, 100_000))
def test_it_counts_between_the_previous_poll_and_now_or_never(published_s: int, previous_s: int) -> None:
    previous = NOW - timedelta(seconds=previous_s)
    counted = count(NOW - timedelta(seconds=published_s), previous=previous)
    assert counted is None or previous <= counted <= NOW


def test_charts_take_the_counted_time_else_a_plausible_date_else_the_first_sight() -> None:
    published = NOW - timedelta(days=40)
    assert timestamp_of(NOW, published=published, first_seen=NOW) == NOW
    assert timestamp_of(None, published=published, first_seen=NOW) == published
    assert timestamp_of(None, published=datetime(1970, 1, 1, tzinfo=UTC), first_seen=NOW) == NOW
    assert timestamp_of(None, published=NOW + timedelta(days=1), first_seen=NOW) == NOW
