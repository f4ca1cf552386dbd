"""Quiet hours by the clock on the reader's wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.alerts.quiet import quiet_until
from wirewatch.config.settings import Recipient

SEOUL = ZoneInfo("Asia/Seoul")
LONDON = ZoneInfo("Europe/London")


def until(where: ZoneInfo, at: datetime, *quiet: str) -> datetime | None:
    hours = Recipient.model_validate({"quiet": list(quiet)}).quiet
    found = quiet_until(hours, where, at)
    return None if found is None else found.astimezone(where)


def local(where: ZoneInfo, day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=where)


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (local(SEOUL, 24, 21, 59), None),
        (local(SEOUL, 24, 22), local(SEOUL, 25, 7)),
        (local(SEOUL, 25, 3), local(SEOUL, 25, 7)),
        (local(SEOUL, 25, 7), None),
    ],
)
def test_nights_run_over_midnight(at: datetime, end: datetime | None) -> None:
    assert until(SEOUL, at, "22:00-07:00") == end


def test_a_weekend_between_two_nights_is_one_quiet() -> None:
    # 2026-11-27 is a Friday.
    assert until(LONDON, local(LONDON, 27, 23), "22:00-07:00", "sat-sun") == local(LONDON, 30, 7)
    assert until(LONDON, local(LONDON, 27, 21), "22:00-07:00", "sat-sun") is None


def test_only_the_days_that_are_named() -> None:
    assert until(LONDON, local(LONDON, 26, 12, 30), "mon,wed 12:00-13:00") is None
    assert until(LONDON, local(LONDON, 25, 12, 30), "mon,wed 12:00-13:00") == local(LONDON, 25, 13)


def test_the_wall_clock_counts_where_it_is_put_forward() -> None:
    # On 2026-03-29 London's clocks go from 01:00 to 02:00: this night is an hour shorter.
    at = local(LONDON, 28, 23, month=3)
    end = until(LONDON, at, "23:00-07:00")
    assert end == local(LONDON, 29, 7, month=3)
    assert end is not None
    assert end.astimezone(UTC) - at.astimezone(UTC) == timedelta(hours=7)


@given(
    minute=st.integers(0, 366 * 1440),
    start=st.integers(0, 1439),
    length=st.integers(1, 1439),
    zone=st.sampled_from(["Asia/Seoul", "Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"]),
)
def test_quiet_always_ends_and_what_ends_it_is_not_quiet(minute: int, start: int, length: int, zone: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    end_min = (start + length) % 1440
    spec = f"{start // 60:02}:{start % 60:02}-{end_min // 60:02}:{end_min % 60:02}"
    hours = Recipient.model_validate({"quiet": spec}).quiet
    end = quiet_until(hours, ZoneInfo(zone), now)
    if end is not None:
        assert now < end <= now + timedelta(hours=26)
        assert quiet_until(hours, ZoneInfo(zone), end) is None
