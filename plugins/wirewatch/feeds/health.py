"""How a feed is, in one word and one line; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from wirewatch.model import FeedState, Health

LOST_SHOWN = timedelta(hours=24)
"""How long a feed that brought only new entries is marked for it."""
QUIET_AFTER = timedelta(days=3)
"""No feed is called quiet before: weekends are not silence."""
QUIET_GAPS = 10
"""Nor before so many of its usual gaps; with chance alone between entries (Poisson) such a silence comes once in 22,000 gaps."""


def judged(state: FeedState, now: datetime, failure: str | None = None) -> FeedState:
    """The state with its health, the line that explains it, and since when it is so. `failure` says how the last poll failed."""
    health, problem = _judge(state, now, failure)
    if health is state.health and state.health_since:
        return state if problem == state.problem else replace(state, problem=problem)
    return replace(state, health=health, problem=problem, health_since=now)


def _judge(state: FeedState, now: datetime, failure: str | None) -> tuple[Health, str | None]:
    if state.next_attempt_at is None:
        return Health.RETIRED, failure or "its server says that it is gone for good"
    if state.failures:
        return Health.FAILING, failure or state.problem
    if state.last_success_at is None:
        return Health.NEW, None
    if state.lying_304:
        return Health.LYING_304, "its server answered 304 although it had changed: it is read whole every time"
    if state.lost_at is not None and now - state.lost_at < LOST_SHOWN:
        return Health.OVERLAP_LOST, "it brought only new entries: some were probably missed"
    if state.listed == 0:
        return Health.EMPTY, "it lists no entries"
    silent = now - (state.last_new_at or state.first_success_at or now)
    if silent > quiet_after(state):
        return Health.QUIET, f"nothing new for {_days(silent)}"
    return Health.HEALTHY, None


def quiet_after(state: FeedState) -> timedelta:
    """The silence beyond which a feed is quiet by its own rhythm."""
    if state.gap_s is None:
        return max(QUIET_AFTER, timedelta(days=14))
    return max(QUIET_AFTER, timedelta(seconds=min(QUIET_GAPS * state.gap_s, 5 * 365 * 86400)))


def _days(time: timedelta) -> str:
    return f"{time.days} days"
