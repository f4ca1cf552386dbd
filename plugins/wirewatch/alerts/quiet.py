"""Quiet hours: until when somebody wants to hear of nothing but what is critical; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wirewatch.config.settings import Quiet

_DAY = timedelta(days=1)
_MOST = timedelta(days=9)
"""Stretches that follow on each other end within a week, or never: settings refuse that."""


def quiet_until(hours: Sequence[Quiet], where: ZoneInfo, now: datetime) -> datetime | None:
    """When the quiet that `now` lies in is over, stretches that follow on each other taken together; None where it is not quiet."""
    end = now
    while end - now < _MOST:
        ends = [until for start, until in _around(hours, where, end) if start <= end < until]
        if not ends:
            return None if end == now else end
        end = max(ends)
    return end


def _around(hours: Sequence[Quiet], where: ZoneInfo, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches that begin on the day of `at`, the day before or the day after, where the reader is."""
    today = at.astimezone(where).date()
    for day in (today - _DAY, today, today + _DAY):
        for each in hours:
            if day.weekday() in each.days:
                yield _moment(day, each.start_min, where), _moment(day, each.start_min + each.length_min, where)


def _moment(day: date, minutes: int, where: ZoneInfo) -> datetime:
    """The moment at which the clock on the wall shows so many minutes after the midnight that begins `day`."""
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return local.replace(tzinfo=where).astimezone(UTC)
