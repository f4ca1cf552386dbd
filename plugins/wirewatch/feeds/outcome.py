"""What becomes of a feed's state once it was polled; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wirewatch.config.settings import Polling
from wirewatch.feeds.coverage import extended
from wirewatch.feeds.fetch import Reading
from wirewatch.feeds.health import judged
from wirewatch.feeds.recent import Listing
from wirewatch.feeds.schedule import after_failure, after_success, interval_of, learn
from wirewatch.http import Outcome
from wirewatch.model import Entry, Feed, FeedState, ParsedFeed, Precision, Span

MOVES_AFTER = 3
"""Polls in a row that the same permanent redirect is met before it is believed."""
MOVES_BACK_AFTER = 3
"""Failures in a row at an address that a redirect led to, before the configured one is tried again."""
LIE_MARGIN = timedelta(minutes=15)
"""Entries this much older than a 304 should have been in the list by then; less can be a cache on the way."""
LIE_ENTRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A parsed list, and what of it is new."""

    feed: ParsedFeed
    listing: Listing


def new_state(feed: Feed, *, slot: int, now: datetime, paused: bool = False) -> FeedState:
    """The state of a feed that was never polled: due now."""
    return FeedState(feed=feed.id, url=feed.url, configured_url=feed.url, slot=slot, paused=paused, next_attempt_at=now, health_since=now)


def succeeded(state: FeedState, feed: Feed, polling: Polling, *, reading: Reading, shown: Shown | None, now: datetime) -> FeedState:
    """The state after a poll that worked; `shown` is None where the body is the known one."""
    after = _moved(state, reading)
    after = replace(
        after,
        etag=reading.etag,
        last_modified=reading.last_modified,
        body_hash=reading.body_hash,
        full_at=state.full_at if reading.status == 304 else now,
        attempts=0,
        failures=0,
        outcome=Outcome.UNCHANGED if reading.unchanged else Outcome.OK,
        status=reading.status,
        last_poll_at=now,
        covered=state.covered if shown else _watched(state, now),
    )
    if shown is not None:
        after = _listed(after, state, shown, now)
    elif state.last_success_at is not None:
        after = learn(after, now=now, new=0, listed=state.listed or 0, dates=())
    interval = interval_of(after, feed, polling, now, reading.fresh_for)
    after = replace(
        after,
        first_success_at=state.first_success_at or now,
        last_success_at=now,
        interval_s=interval.total_seconds(),
        next_attempt_at=after_success(now, interval, after.skip_hours, feed.id, after.skip_days),
    )
    return judged(after, now)


def failed(
    state: FeedState,
    feed: Feed,
    polling: Polling,
    *,
    outcome: str,
    detail: str,
    status: int | None,
    retry_after: timedelta | None,
    everywhere: bool,
    now: datetime,
) -> FeedState:
    """The state after a poll that did not work: nothing that was known is forgotten, and nothing moves on.

    `everywhere` as in `schedule.after_failure`. A feed whose server says that it is gone is retired.
    """
    after = replace(state, attempts=0, failures=state.failures + 1, outcome=outcome, status=status, last_poll_at=now)
    problem = outcome.replace("_", " ") + (f" {status}" if status and str(status) not in detail else "") + (f": {detail}" if detail else "")
    if outcome == Outcome.GONE:
        return judged(replace(after, active=False, next_attempt_at=None), now, problem[:500])
    if after.url != after.configured_url and after.failures >= MOVES_BACK_AFTER:
        after = replace(after, url=after.configured_url, redirects=0, redirect_url=None)
    due = after_failure(after, feed, polling, now=now, retry_after=retry_after, everywhere=everywhere)
    return judged(replace(after, next_attempt_at=due), now, problem[:500])


def told_at(entry: Entry) -> datetime | None:
    """When a feed says that an entry came out."""
    return entry.published_at or entry.updated_at


def _moved(state: FeedState, reading: Reading) -> FeedState:
    """The state with what a permanent redirect asks for, once it was met often enough."""
    if reading.moved_to is None or reading.moved_to == state.url:
        return replace(state, redirects=0, redirect_url=None) if state.redirect_url else state
    met = state.redirects + 1 if reading.moved_to == state.redirect_url else 1
    if met < MOVES_AFTER:
        return replace(state, redirects=met, redirect_url=reading.moved_to)
    return replace(state, url=reading.moved_to, redirects=0, redirect_url=None)


def _watched(state: FeedState, now: datetime) -> tuple[Span, ...]:
    """What is covered after the same list as last time: nothing came, and nothing was missed."""
    return extended(state.covered, now=now, previous_success=state.last_success_at, overlaps=True, oldest_listed=None)


def _listed(after: FeedState, before: FeedState, shown: Shown, now: datetime) -> FeedState:
    entries, listing = shown.feed.entries, shown.listing
    dates = [date for date in map(_second, entries) if date is not None]
    oldest = min(dates, default=None)
    previous = before.last_success_at
    overlaps = listing.overlaps or before.listed == 0 or previous is None or (oldest is not None and oldest <= previous and len(dates) > 1)
    fresh = [entries[position] for position in listing.new if position not in listing.renewed]
    after = replace(
        after,
        title=shown.feed.title[:500] or after.title,
        ttl_s=None if shown.feed.ttl is None else shown.feed.ttl.total_seconds(),
        skip_hours=shown.feed.skip_hours,
        skip_days=shown.feed.skip_days,
        entry_hashes=listing.keys,
        covered=extended(after.covered, now=now, previous_success=previous, overlaps=overlaps, oldest_listed=oldest),
        lost_at=after.lost_at if overlaps else now,
        lying_304=after.lying_304 or _lied(before, fresh, now),
        last_new_at=_news_at(dates, previous, now) if fresh else after.last_new_at,
    )
    return learn(after, now=now, new=len(fresh), listed=len(entries), dates=dates)


def _second(entry: Entry) -> datetime | None:
    if entry.published_at is None:
        return entry.updated_at
    return None if entry.published_precision is Precision.DAY else entry.published_at


def _news_at(dates: Sequence[datetime], previous: datetime | None, now: datetime) -> datetime:
    """When news last came: what a first poll lists is as old as it says."""
    past = [date for date in dates if date <= now]
    return max(past) if previous is None and past else now


def _lied(before: FeedState, fresh: Sequence[Entry], now: datetime) -> bool:
    """Whether the 304 of the last poll hid entries that were out by then."""
    if before.status != 304 or before.last_poll_at is None or before.failures:
        return False
    since = before.last_success_at or before.last_poll_at
    dates = [_second(entry) for entry in fresh]
    hidden = sum(date is not None and date < since - LIE_MARGIN for date in dates)
    if hidden >= LIE_ENTRIES and 2 * hidden >= len(fresh):
        return True
    # Without dates: far more at once than this feed ever brings in such a time.
    expected = max(before.rate_per_h or 0.0, before.recent_per_h or 0.0) * ((now - since) / timedelta(hours=1))
    return not any(dates) and before.gap_s is None and len(fresh) > 5 + 5 * expected
