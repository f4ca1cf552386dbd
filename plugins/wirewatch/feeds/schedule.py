"""When a feed is polled next: by its rhythm, what it asks for, and the bounds that we set; pure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from wirewatch.config.settings import Polling
from wirewatch.model import Feed, FeedState

FRESH = timedelta(minutes=34)
"""Interval of a feed that brings one entry an hour. With a budget of polls, waiting is least where intervals go with the inverse
square root of the rate (minimise the sum of rate x interval / 2 over feeds, given the sum of 1 / interval): four times as much
news, twice as many polls.
"""
FRESHEST = timedelta(minutes=8)
"""More often than this is polled only so that nothing is missed."""
SHARE_OF_LIST = 0.7
"""No more of a list than this is let go by between two polls, at the fastest that the feed has been."""
BURST = 32
"""A feed may at any time begin to bring so many times what it does in the mean (twice that by day, twelve times as much in a
burst, and several at a time): polls overlap even then. Found by benchmarks/polling_sim.py.
"""
SHORT_LIST = 5
"""Shorter lists do not show how fast a feed can be: two entries of one minute would be taken for its pace."""
FLOOR_OF_RHYTHM = 0.3
"""A quiet night slows polling to this share of the long rhythm at most."""
QUIET_PEAK = 0.35
"""Share of its fastest pace that a feed is trusted not to exceed while it is slow."""
RECENT = timedelta(hours=3)
LONG = timedelta(days=7)
USUAL = timedelta(days=28)
"""Time constants of the averages: `recent_per_h`, `rate_per_h` and `weight`."""
PEAK_HALVES_IN = timedelta(days=14)
BATCH = timedelta(minutes=1)
"""A list whose dates all lie so close was dated when it was written: its dates say nothing of its rhythm."""
FIRST_FAILURES = 3
"""So many failures in a row change nothing; then polls become rarer."""
FAILURE_GROWTH = 1.6
OF_THE_OUTAGE = 4.0
"""A feed that has failed for so long is tried again after a fourth of that time at the latest."""
LAST_RETRY = timedelta(days=3)
"""A dead feed is tried this often for ever."""
LONGEST_RETRY_AFTER = timedelta(days=7)

_HOUR = timedelta(hours=1)


def share_of(feed: str) -> float:
    """A number from 0 to 1 that is a feed's own, so that feeds do not come due together."""
    return int.from_bytes(hashlib.blake2b(feed.encode(), digest_size=4).digest()) / 2**32


# ---------------------------------------------------------------- learning


def learn(state: FeedState, *, now: datetime, new: int, listed: int, dates: Sequence[datetime]) -> FeedState:
    """The state with the rhythm that a successful poll shows: `new` entries since the last success.

    `listed` is how many entries the feed lists, `dates` those of them that are dated to the second (in any order).
    """
    past = sorted(date for date in dates if date <= now)
    told = past if len(past) >= 3 and past[-1] - past[0] >= BATCH else []
    state = replace(state, listed=listed)
    if told:
        state = replace(state, gap_s=(told[-1] - told[0]).total_seconds() / (len(told) - 1))
    if state.last_success_at is None:
        return _seeded(state, told, now, listed)
    gap_h = max((now - state.last_success_at) / _HOUR, 1 / 60)
    rate = _averaged(state.rate_per_h, new, gap_h, LONG)
    faded = (state.peak_per_h or 0.0) * 0.5 ** (gap_h / (PEAK_HALVES_IN / _HOUR))
    return replace(
        state,
        rate_per_h=rate,
        recent_per_h=_averaged(state.recent_per_h, new, gap_h, RECENT),
        weight=_averaged(None if state.weight is None else state.weight / 24, new, gap_h, USUAL) * 24,
        peak_per_h=max(faded, _fastest(told, listed), new / gap_h if new >= _let_go(listed) else 0.0),
        gap_s=state.gap_s if told or not rate else state.gap_s or 3600 / rate,
    )


def _seeded(state: FeedState, told: Sequence[datetime], now: datetime, listed: int) -> FeedState:
    if not told:
        return state
    rate = (len(told) - 1) / max((now - told[0]) / _HOUR, 1 / 60)
    recent = sum(date > now - RECENT for date in told) / (RECENT / _HOUR)
    return replace(state, rate_per_h=rate, recent_per_h=recent, weight=rate * 24, peak_per_h=_fastest(told, listed))


def _averaged(before: float | None, new: int, gap_h: float, constant: timedelta) -> float:
    """An exponential average over time of events an hour."""
    if before is None:
        return new / max(gap_h, 1.0)
    return before + (1 - math.exp(-gap_h / (constant / _HOUR))) * (new / gap_h - before)


def _let_go(listed: int) -> int:
    return max(1, int(SHARE_OF_LIST * listed))


def _fastest(told: Sequence[datetime], listed: int) -> float:
    """Entries an hour in the shortest time that replaced the share of the list that may be let go."""
    count = _let_go(listed)
    if len(told) <= count or listed < SHORT_LIST:
        return 0.0
    shortest = min(later - earlier for earlier, later in zip(told, told[count:], strict=False))
    return count / max(shortest / _HOUR, 1 / 60)


# ---------------------------------------------------------------- after a success


def bounds(feed: Feed, polling: Polling) -> tuple[timedelta, timedelta]:
    """Shortest and longest interval of a feed: its own where it has them, else the general ones."""
    low = polling.min_interval if feed.min_interval is None else feed.min_interval
    high = polling.max_interval if feed.max_interval is None else feed.max_interval
    return low, max(low, high)


def interval_of(state: FeedState, feed: Feed, polling: Polling, fresh_for: timedelta | None = None) -> timedelta:
    """How long to wait after a success; within the bounds, a little apart from other feeds'.

    Caches that hold the answer `fresh_for` so long would give the same one again. The feed's `ttl` is kept to unless
    entries could be missed by it.
    """
    low, high = bounds(feed, polling)
    own = share_of(feed.id)
    wait, known = polling.default_interval, high
    if state.rate_per_h is not None:
        let_go = _let_go(state.listed or 1)
        rate = max(state.recent_per_h or 0.0, FLOOR_OF_RHYTHM * state.rate_per_h)
        # While it is slow its fastest is less fast too.
        peak = (state.peak_per_h or 0.0) * min(1.0, max(QUIET_PEAK, rate / max(state.rate_per_h, 1e-6)))
        known = _times(_HOUR, let_go / max(rate, peak, 1e-6), high)
        # What is recent already is a burst where it is more than the mean.
        sudden = _times(_HOUR, let_go / max(BURST * max(rate / 2, state.rate_per_h), 1e-6), high)
        fresh = max(FRESHEST, _times(FRESH, 1 / math.sqrt(max(rate, 1e-6)), high))
        wait = min(known, sudden, fresh)
    wait *= 0.9 + 0.2 * own
    if state.ttl_s is not None:
        wait = max(wait, min(known, timedelta(seconds=min(state.ttl_s, LAST_RETRY.total_seconds()))))
    if fresh_for is not None:
        wait = max(wait, fresh_for)
    return min(max(wait, low), high * (1 - 0.1 * own) if high > low else high)


def _times(unit: timedelta, factor: float, most: timedelta) -> timedelta:
    return unit * min(factor, most / unit)


def after_success(now: datetime, interval: timedelta, skip_hours: Sequence[int], feed: str) -> datetime:
    """When to poll after a success: not in the hours (UTC) that the feed asks to be left alone in."""
    at = now + interval
    skipped = {hour % 24 for hour in skip_hours}
    if len(skipped) == 24 or at.astimezone(UTC).hour not in skipped:
        return at
    at = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while at.hour in skipped:
        at += _HOUR
    return at + timedelta(minutes=5) * share_of(feed)


def fresh_for(headers: Mapping[str, str]) -> timedelta | None:
    """How long an answer stays fresh by its `Cache-Control`, else `Expires` (RFC 9111, 4.2.1); None where it does not say."""
    told = [part.strip().lower() for part in headers.get("cache-control", "").split(",")]
    if "no-cache" in told or "no-store" in told:
        return None
    for part in told:
        name, _, value = part.partition("=")
        if name == "max-age" and value.strip('"').isdigit():
            age = headers.get("age", "0")
            left = min(int(value.strip('"')[:9]), 10**9) - (int(age[:9]) if age.isdigit() else 0)
            return timedelta(seconds=left) if left > 0 else None
    expires, date = _date(headers.get("expires")), _date(headers.get("date"))
    if expires is None or date is None or expires <= date:
        return None
    return expires - date


def _date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# ---------------------------------------------------------------- after a failure


def after_failure(
    state: FeedState,
    feed: Feed,
    polling: Polling,
    *,
    now: datetime,
    retry_after: timedelta | None = None,
    everywhere: bool = False,
) -> datetime:
    """When to try a feed again that has just failed (`state.failures` counts this one): ever more rarely, never not at all.

    `everywhere`: most feeds fail, so the fault is near us, and says nothing of this feed. Never before the server said.
    """
    low, high = bounds(feed, polling)
    usual = min(max(timedelta(seconds=state.interval_s) if state.interval_s else polling.default_interval, low), high)
    wait = usual
    if not everywhere and state.failures > FIRST_FAILURES:
        wait = _times(usual, FAILURE_GROWTH ** min(60, state.failures - FIRST_FAILURES), max(LAST_RETRY, high))
        if state.last_success_at is not None:
            wait = min(wait, max(usual, (now - state.last_success_at) / OF_THE_OUTAGE))
    wait *= 1 + 0.1 * share_of(feed.id)
    return now + max(wait, min(retry_after or timedelta(0), LONGEST_RETRY_AFTER))
