"""Which hour an article counts in, and where it stands in charts; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wirewatch.model import Precision

_OLDEST_PLAUSIBLE = datetime(1990, 1, 1, tzinfo=UTC)


def counted_at(
    entry_published: datetime | None,
    *,
    first_seen: datetime,
    previous_success: datetime | None,
    first_poll: bool,
    lateness: timedelta,
    precision: Precision | None = None,
    redated: bool = False,
) -> datetime | None:
    """The time an article counts at, or None where it never counts; set once, when the article is created.

    The feed's date where it lies between the feed's previous successful poll and now (so that what an outage hid falls into the
    hours it belongs in), else `first_seen`. None on a feed's first poll (all it lists is old), for an entry more than `lateness`
    older than `first_seen` that no outage explains, and for an entry that only came back under a new date or id (`redated`).
    """
    if first_poll or previous_success is None or redated:
        return None
    if entry_published is None or entry_published > first_seen:
        return first_seen
    if entry_published >= previous_success:
        return entry_published
    latest = entry_published + timedelta(days=1) if precision is Precision.DAY else entry_published
    return None if first_seen - latest > lateness else first_seen


def timestamp_of(counted: datetime | None, *, published: datetime | None, first_seen: datetime) -> datetime:
    """Where an article stands in charts: when it counts, else a plausible published time, else when it was first seen."""
    if counted is not None:
        return counted
    if published is not None and _OLDEST_PLAUSIBLE <= published <= first_seen:
        return published
    return first_seen
