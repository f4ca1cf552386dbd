"""When a feed is polled next: by its rhythm, what it asks for, and the bounds that we set; pure."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from wirewatch.config.settings import Polling
from wirewatch.model import Feed, FeedState

FRESH = timedelta(minutes=70)
"""Interval of a feed that brings one entry an hour. With a budget of polls, waiting is least where intervals go with the inverse
square root of the rate (minimise the sum of rate x interval / 2 over feeds, given the sum of 1 / interval): four times as much
news, twice as many polls.
"""
FRESHEST = timedelta(minutes=8)
"""More often than this is polled only so that nothing is missed."""
BURST = 9.5
"""A feed may at any time begin to bring so many times what is usual at that hour."""
BURST_LEAST = 6.0
BURST_SEEN = 1.4
BURST_OF = 12
BURST_TRUSTED_IN = timedelta(days=14)
BURST_FADES_IN = timedelta(days=30)
"""A feed that is watched for long without bringing `BURST_OF` entries so fast is taken to do at most so many times what it did, and
`BURST_LEAST` times what is usual.
"""
CAUTION = 3.8
"""Standard deviations by which chance may then bring more still, before a list overflows. Both are found by benchmarks/polling_sim.py:
more of either costs polls, less of either misses entries.
"""
UNKNOWN = 5.0
KNOWN_IN = timedelta(days=3)
"""A rhythm that only a list tells may be out by so much; how fast watching takes the place of that."""
AHEAD = 2.5
"""What comes fast already may come so many times faster by the next poll."""
FLOOR_OF_RHYTHM = 0.2
"""A quiet hour slows polling to this share of the long rhythm at most."""
PRIOR = 3.0
"""Entries in every hour of the day that stand against those seen, so that a few of them are no rhythm."""
PRIOR_OF_DAY = 8.0
"""The same for days of the week."""
SHORT_LIST = 8
"""Shorter lists are taken to be as long: mostly there is no more, and no list is so short that every poll must come at once."""
MOST_AT_ONCE = 3.0
"""Feeds that bring whole lists at once do it at their hour."""
RECENT = timedelta(hours=3)
LONG = timedelta(days=7)
USUAL = timedelta(days=28)
"""Time constants of the averages: `recent_per_h`, `rate_per_h` and `weight`."""
RHYTHM = timedelta(days=14)
"""Time constant of `by_hour`."""
WEEKS = timedelta(days=28)
"""Time constant of `by_day` and `day_hours`."""
TELLS_DAYS = timedelta(days=3)
"""A list that reaches back so far tells something of the days of the week."""
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
    usual_gap = (told[-1] - told[0]).total_seconds() / (len(told) - 1) if told else state.gap_s
    if state.last_success_at is None:
        return _seeded(replace(state, listed=listed, gap_s=usual_gap), told, now)
    gap_h = max((now - state.last_success_at) / _HOUR, 1 / 60)
    rate = _averaged(state.rate_per_h, new, gap_h, LONG)
    fresh = [date for date in told if date > state.last_success_at][-new:] if new else []
    kept = math.exp(-gap_h / (WEEKS / _HOUR))
    after = replace(
        state,
        listed=listed,
        gap_s=usual_gap or (3600 / rate if rate else None),
        rate_per_h=rate,
        recent_per_h=_averaged(state.recent_per_h, new, gap_h, RECENT),
        weight=_averaged(None if state.weight is None else state.weight / 24, new, gap_h, USUAL) * 24,
        peak_per_h=_pace(told, now) if told else new / gap_h if new else _slowed(state.peak_per_h, gap_h, listed),
        by_hour=_by_hour(state, fresh or [now] * new, now) if new else state.by_hour,
        by_day=_by_weekday(state.by_day, kept, [(date, 1.0) for date in fresh or [now] * new]),
        day_hours=_by_weekday(state.day_hours, kept, _pieces(state.last_success_at, now)),
        at_once=_at_once(state.at_once, fresh, told),
        burst=None if state.burst is None else round(state.burst * math.exp(-gap_h / (BURST_FADES_IN / _HOUR)), 3),
    )
    return replace(after, burst=_burst(after, told, len(fresh))) if len(told) >= BURST_OF else after


def _seeded(state: FeedState, told: Sequence[datetime], now: datetime) -> FeedState:
    if not told:
        return state
    rate = (len(told) - 1) / max((now - told[0]) / _HOUR, 1 / 60)
    recent = sum(date > now - RECENT for date in told) / (RECENT / _HOUR)
    return replace(
        state,
        rate_per_h=rate,
        recent_per_h=recent,
        weight=rate * 24,
        peak_per_h=_pace(told, now),
        by_hour=_by_hour(state, told, now),
        by_day=_by_weekday((), 1.0, [(date, 1.0) for date in told]) if now - told[0] >= TELLS_DAYS else (),
        day_hours=_by_weekday((), 1.0, _pieces(told[0], now)) if now - told[0] >= TELLS_DAYS else (),
        at_once=_at_once(None, told, told),
        burst=0.0 if len(told) >= BURST_OF else None,
    )


def _averaged(before: float | None, new: int, gap_h: float, constant: timedelta) -> float:
    """An exponential average over time of events an hour."""
    if before is None:
        return new / max(gap_h, 1.0)
    return before + (1 - math.exp(-gap_h / (constant / _HOUR))) * (new / gap_h - before)


def _pace(told: Sequence[datetime], now: datetime) -> float:
    """Entries an hour just now, by the last few and by half of the list, whichever is faster."""
    half = max(1, len(told) // 2)
    long = half / max((now - told[-half]) / _HOUR, 1 / 60)
    return max(long, 4 / max((now - told[-4]) / _HOUR, 0.2)) if len(told) >= 4 else long


def _slowed(pace: float | None, gap_h: float, listed: int) -> float | None:
    """The pace after a while in which nothing came."""
    return 1 / (1 / pace + gap_h / max(1, listed // 2)) if pace else pace


def _by_hour(state: FeedState, new: Sequence[datetime], now: datetime) -> tuple[float, ...]:
    """Entries by hour of the day (UTC), the older ones faded."""
    fade = math.exp(-((now - state.last_new_at) / RHYTHM)) if state.by_hour and state.last_new_at else 0.0
    counts = [each * fade for each in state.by_hour] or [0.0] * 24
    for date in new:
        counts[date.astimezone(UTC).hour] += 1
    return tuple(round(each, 2) for each in counts)


def _by_weekday(before: Sequence[float], kept: float, more: Iterable[tuple[datetime, float]]) -> tuple[float, ...]:
    """Amounts by day of the week (UTC), what was `before` faded."""
    sums = [each * kept for each in before] or [0.0] * 7
    for at, amount in more:
        sums[at.astimezone(UTC).weekday()] += amount
    return tuple(round(each, 3) for each in sums)


def _pieces(start: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
    """The hours of every day between two moments, in the last weeks."""
    start = max(start, end - WEEKS).astimezone(UTC)
    while start < end:
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        yield start, (min(end, midnight) - start) / _HOUR
        start = midnight


def _burst(state: FeedState, told: Sequence[datetime], new: int) -> float:
    """How many times what is usual the new entries of a list came at their fastest, or earlier ones did."""
    found = state.burst or 0.0
    for last in range(max(len(told) - new, BURST_OF - 1), len(told)):
        hours = max((told[last] - told[last - BURST_OF + 1]) / _HOUR, 1 / 6)
        found = max(found, (BURST_OF - 1) / hours / max(usual_rate(state, told[last], reach=1), 0.02))
    return round(found, 3)


def _at_once(before: float | None, new: Sequence[datetime], told: Sequence[datetime]) -> float | None:
    """How many entries usually come within the same minute, as a new one finds it."""
    sizes = [bisect_right(told, date + BATCH) - bisect_left(told, date - BATCH) for date in new]
    if not sizes:
        return before
    if before is None:
        return sum(sizes) / len(sizes)
    kept = (1 - 1 / 20) ** len(sizes)
    return before * kept + (1 - kept) * sum(sizes) / len(sizes)


# ---------------------------------------------------------------- after a success


def bounds(feed: Feed, polling: Polling) -> tuple[timedelta, timedelta]:
    """Shortest and longest interval of a feed: its own where it has them, else the general ones."""
    low = polling.min_interval if feed.min_interval is None else feed.min_interval
    high = polling.max_interval if feed.max_interval is None else feed.max_interval
    return low, max(low, high)


def interval_of(state: FeedState, feed: Feed, polling: Polling, now: datetime, fresh_for: timedelta | None = None) -> timedelta:
    """How long to wait after a success at `now`; within the bounds, a little apart from other feeds'.

    The feed's `ttl`, and that its answer stays `fresh_for` so long, are kept to unless entries would be missed by it at its pace.
    """
    low, high = bounds(feed, polling)
    own = share_of(feed.id)
    wait, known = polling.default_interval, high
    if state.rate_per_h is not None:
        room = room_of(state.listed or 0, state.at_once or 1.0)
        coming = AHEAD * max(state.recent_per_h or 0.0, state.peak_per_h or 0.0)
        known = _times(_HOUR, room / max(coming, 1e-6), high)
        rate = max(state.recent_per_h or 0.0, usual_rate(state, now))
        wait = min(_until_used_up(state, now, room, coming, high), max(FRESHEST, _times(FRESH, 1 / math.sqrt(max(rate, 1e-6)), high)))
    wait *= 1 - 0.1 * own
    asked = max(timedelta(seconds=min(state.ttl_s or 0.0, LAST_RETRY.total_seconds())), fresh_for or timedelta(0))
    wait = max(wait, min(known, asked))
    return min(max(wait, low), high * (1 - 0.1 * own) if high > low else high)


def room_of(listed: int, at_once: float) -> float:
    """How many entries may be expected until the next poll, so that chance hardly ever brings more than the list holds.

    The expectation whose mean + CAUTION standard deviations + skewness (Cornish-Fisher) is the length of the list, for entries
    that come by chance (Poisson), `at_once` of them together.
    """
    size = min(max(1.0, at_once), MOST_AT_ONCE)
    spread = CAUTION * math.sqrt(size)
    left = max(listed, SHORT_LIST) - size * (CAUTION**2 - 1) / 6
    return ((math.sqrt(spread**2 + 4 * max(left, 0.5)) - spread) / 2) ** 2


def usual_rate(state: FeedState, at: datetime, reach: int = 0) -> float:
    """Entries an hour that are usual at an hour of the week, or at the busiest of those around it."""
    mean = max(state.rate_per_h or 0.0, (state.weight or 0.0) / 24)
    if not state.by_hour:
        return mean
    at = at.astimezone(UTC)
    hour, day = at.hour, at.weekday()
    of_day = _of_days(state)
    seen = max((state.by_hour[each % 24] + PRIOR) * of_day[(day + each // 24) % 7] for each in range(hour - reach, hour + reach + 1))
    return mean * max(FLOOR_OF_RHYTHM, 24 * seen / (sum(state.by_hour) + 24 * PRIOR))


def _of_days(state: FeedState) -> Sequence[float]:
    """How many times the mean each day of the week brings."""
    watched = sum(state.day_hours)
    if watched < 1 or not state.by_day:
        return (1.0,) * 7
    mean = sum(state.by_day) / watched
    return [(seen + PRIOR_OF_DAY) / (hours * mean + PRIOR_OF_DAY) for seen, hours in zip(state.by_day, state.day_hours, strict=True)]


def _until_used_up(state: FeedState, now: datetime, room: float, coming: float, most: timedelta) -> timedelta:
    """When the list may have been used up, should a burst begin now."""
    watched = now - state.first_success_at if state.first_success_at else timedelta(0)
    burst = _burst_ahead(state, watched) * (1 + (UNKNOWN - 1) * math.exp(-(watched / KNOWN_IN)))
    at = now.astimezone(UTC)
    spent_h, left_h = 0.0, 1 - (at - at.replace(minute=0, second=0, microsecond=0)) / _HOUR
    while spent_h < most / _HOUR:
        rate = max(burst * usual_rate(state, at, reach=1), coming, 1e-6)
        if rate * left_h >= room:
            return min(most, _HOUR * (spent_h + room / rate))
        room -= rate * left_h
        spent_h, left_h, at = spent_h + left_h, 1.0, at + _HOUR
    return most


def _burst_ahead(state: FeedState, watched: timedelta) -> float:
    """How many times what is usual must be reckoned with: by what was seen, the longer it was watched."""
    if state.burst is None:
        return BURST
    seen = min(max(BURST_SEEN * state.burst, BURST_LEAST), BURST)
    return seen + (BURST - seen) * math.exp(-(watched / BURST_TRUSTED_IN))


def _times(unit: timedelta, factor: float, most: timedelta) -> timedelta:
    return unit * min(factor, most / unit)


def after_success(now: datetime, interval: timedelta, skip_hours: Sequence[int], feed: str, skip_days: Sequence[int] = ()) -> datetime:
    """When to poll after a success: not in the hours (UTC) and days (0: Monday) that the feed asks to be left alone in.

    A feed that asks to be left alone always is not listened to.
    """
    at = now + interval
    hours, days = {hour % 24 for hour in skip_hours}, {day % 7 for day in skip_days}
    if len(hours) == 24 or len(days) == 7 or not (_is_skipped(at, hours, days)):
        return at
    at = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while _is_skipped(at, hours, days):
        at += _HOUR
    return at + timedelta(minutes=5) * share_of(feed)


def _is_skipped(at: datetime, hours: Container[int], days: Container[int]) -> bool:
    at = at.astimezone(UTC)
    return at.hour in hours or at.weekday() in days


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
