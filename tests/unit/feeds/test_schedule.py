"""When a feed is polled next."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.config.settings import Polling
from wirewatch.feeds.schedule import LAST_RETRY, after_failure, after_success, fresh_for, interval_of, learn, room_of, share_of
from wirewatch.model import Feed, FeedState

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLLING = Polling()
FEED = Feed(id="bbc", url="http://bbc/")


def state(**more: object) -> FeedState:
    return replace(FeedState(feed="bbc", url="", configured_url="", slot=0), **more)  # type: ignore[arg-type]


def steady(per_h: float, listed: int = 20, **more: object) -> FeedState:
    """A feed that has brought so much an hour for long."""
    dates = [NOW - n * HOUR / per_h for n in range(listed)]
    first = learn(state(), now=NOW, new=listed, listed=listed, dates=dates)
    known = replace(first, rate_per_h=per_h, recent_per_h=per_h, weight=24 * per_h, first_success_at=NOW - 60 * DAY, last_success_at=NOW)
    return replace(known, **more)  # type: ignore[arg-type]


def wait(before: FeedState, feed: Feed = FEED, fresh: timedelta | None = None) -> timedelta:
    return interval_of(before, feed, POLLING, NOW, fresh)


def test_until_its_rhythm_is_known_the_default_is_taken() -> None:
    assert wait(state()) == pytest.approx(POLLING.default_interval, rel=0.1)


def test_busier_feeds_are_polled_more_often_within_the_bounds() -> None:
    waits = [wait(steady(rate, 50)) for rate in (0.001, 0.05, 0.2, 1, 4, 60)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] == pytest.approx(POLLING.max_interval, rel=0.11)
    assert waits[-1] == pytest.approx(POLLING.min_interval, rel=0.11)


def test_polls_overlap_at_the_fastest_that_the_feed_was_lately() -> None:
    burst = [NOW - n * 2 * MINUTE for n in range(15)] + [NOW - DAY * n for n in range(1, 6)]
    slow = learn(steady(0.1), now=NOW + MINUTE, new=15, listed=20, dates=burst)
    quiet = replace(slow, recent_per_h=0.0, rate_per_h=0.1)
    assert wait(quiet) <= 28 * MINUTE
    later = learn(replace(quiet, last_success_at=NOW), now=NOW + 5 * DAY, new=0, listed=20, dates=())
    assert wait(replace(later, recent_per_h=0.0, rate_per_h=0.1)) > HOUR


def test_even_a_burst_without_notice_does_not_use_up_the_list() -> None:
    # Twelve times as much from now on, until the next poll, at feeds fast and slow with lists long and short.
    for per_h in (0.05, 0.2, 1, 3):
        for listed in (10, 20, 100):
            assert 12 * per_h * (wait(steady(per_h, listed)) / HOUR) <= listed


def test_quiet_hours_are_polled_less_and_not_beyond_their_end() -> None:
    by_hour = tuple(20.0 if 7 <= hour < 22 else 0.0 for hour in range(24))
    busy = steady(3, by_hour=by_hour)
    by_day, by_night = wait(busy), interval_of(replace(busy, recent_per_h=0.1, peak_per_h=0.1), FEED, POLLING, NOW.replace(hour=0))
    assert by_night > 2 * by_day
    before_dawn = interval_of(replace(busy, recent_per_h=0.1, peak_per_h=0.1), FEED, POLLING, NOW.replace(hour=5, minute=55))
    assert before_dawn <= by_day + 6 * MINUTE


def test_a_rhythm_that_only_a_list_tells_is_not_trusted() -> None:
    assert wait(steady(2, first_success_at=NOW)) < wait(steady(2, first_success_at=NOW - 2 * DAY)) < wait(steady(2))


def test_a_feed_that_brings_several_at_once_leaves_room_for_them() -> None:
    singly = learn(state(), now=NOW, new=0, listed=20, dates=[NOW - n * 10 * MINUTE for n in range(20)])
    in_threes = learn(state(), now=NOW, new=0, listed=20, dates=[NOW - n // 3 * 30 * MINUTE for n in range(20)])
    assert singly.at_once == 1
    assert in_threes.at_once == pytest.approx(3, abs=0.2)
    assert room_of(20, 3) < room_of(20, 1) / 2
    assert room_of(20, 50) == room_of(20, 3)


def test_hours_are_learned_and_forgotten() -> None:
    first = learn(state(), now=NOW, new=0, listed=3, dates=[NOW - n * HOUR for n in (1, 2, 2.5)])
    assert first.by_hour == tuple({11: 1.0, 10: 1.0, 9: 1.0}.get(hour, 0.0) for hour in range(24))
    known = replace(first, last_success_at=NOW, last_new_at=NOW)
    assert learn(known, now=NOW + HOUR, new=0, listed=3, dates=()).by_hour == known.by_hour
    later = learn(known, now=NOW + 14 * DAY, new=2, listed=3, dates=()).by_hour
    assert later[11] == pytest.approx(1 / math.e, abs=0.01)
    assert later[12] == 2


def test_a_list_dated_when_it_was_written_says_nothing_of_the_rhythm() -> None:
    found = learn(state(), now=NOW, new=30, listed=30, dates=[NOW - n * timedelta(seconds=1) for n in range(30)])
    assert (found.rate_per_h, found.gap_s, found.peak_per_h) == (None, None, None)


def test_a_feeds_own_bounds_win() -> None:
    own = Feed(id="bbc", url="http://bbc/", min_interval=MINUTE, max_interval=2 * MINUTE)
    assert MINUTE <= wait(steady(0.01), own) <= 2 * MINUTE
    slow = Feed(id="bbc", url="http://bbc/", min_interval=DAY)
    assert wait(steady(60), slow) >= DAY


def test_what_the_feed_and_its_caches_ask_for_is_kept_to() -> None:
    assert wait(steady(1, ttl_s=3600)) >= HOUR
    assert wait(steady(1), fresh=2 * HOUR) >= 2 * HOUR
    assert wait(steady(1), fresh=10 * DAY) <= POLLING.max_interval


def test_a_ttl_that_would_lose_entries_is_shortened() -> None:
    assert wait(steady(20, ttl_s=6 * 3600)) <= HOUR
    assert wait(steady(20), fresh=6 * HOUR) <= HOUR


@given(st.floats(1e-4, 1e4), st.integers(1, 300), st.one_of(st.none(), st.floats(0, 1e9)), st.text(min_size=1, max_size=8))
def test_no_interval_leaves_the_bounds(rate: float, listed: int, ttl: float | None, name: str) -> None:
    before = state(rate_per_h=rate, recent_per_h=rate, peak_per_h=rate, listed=listed, ttl_s=ttl)
    found = interval_of(before, Feed(id=name, url=""), POLLING, NOW)
    assert POLLING.min_interval <= found <= POLLING.max_interval


def test_feeds_of_one_rhythm_do_not_come_due_together() -> None:
    waits = {wait(steady(1), Feed(id=str(n), url="")) for n in range(100)}
    assert len(waits) > 95
    assert {wait(steady(1)) for _ in range(3)} == {wait(steady(1))}
    assert 0 <= share_of("") < 1


def test_hours_to_skip_are_skipped() -> None:
    assert after_success(NOW, HOUR, (), "a") == NOW + HOUR
    assert after_success(NOW, HOUR, (1, 2), "a") == NOW + HOUR
    assert after_success(NOW, HOUR, (13, 14, 24), "a").hour == 15
    assert after_success(NOW, 11 * HOUR, (23, 0, 1), "a").hour == 2
    assert after_success(NOW, HOUR, tuple(range(24)), "a") == NOW + HOUR


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"cache-control": "public, max-age=900"}, 15 * MINUTE),
        ({"cache-control": "max-age=900", "age": "600"}, 5 * MINUTE),
        ({"cache-control": "max-age=900", "age": "1000"}, None),
        ({"cache-control": "max-age=99999999999999999999"}, timedelta(seconds=999999999)),
        ({"cache-control": "no-cache, max-age=900"}, None),
        ({"cache-control": "max-age=x"}, None),
        ({"expires": "Tue, 10 Mar 2026 12:30:00 GMT", "date": "Tue, 10 Mar 2026 12:00:00 GMT"}, 30 * MINUTE),
        ({"expires": "0", "date": "Tue, 10 Mar 2026 12:00:00 GMT"}, None),
        ({"expires": "Tue, 10 Mar 2026 12:30:00 GMT"}, None),
        ({"cache-control": "max-age=60", "expires": "Tue, 10 Mar 2026 12:30:00 GMT", "date": "Tue, 10 Mar 2026 12:00:00 GMT"}, MINUTE),
    ],
)
def test_how_long_an_answer_is_fresh(headers: dict[str, str], expected: timedelta | None) -> None:
    assert fresh_for(headers) == expected


def fails(count: int, since: timedelta, **more: object) -> timedelta:
    before = state(failures=count, interval_s=900, last_success_at=NOW - since)
    return after_failure(before, FEED, POLLING, now=NOW, **more) - NOW  # type: ignore[arg-type]


def test_a_failing_feed_is_tried_ever_more_rarely_but_never_forgotten() -> None:
    waits = [fails(count, 60 * DAY) for count in range(1, 200)]
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(15 * MINUTE, rel=0.11)
    assert waits[-1] == pytest.approx(LAST_RETRY, rel=0.11)


def test_a_feed_that_has_just_gone_down_is_not_left_alone_for_longer_than_it_was() -> None:
    assert fails(30, 2 * HOUR) <= 33 * MINUTE
    assert fails(30, 24 * HOUR) <= 7 * HOUR


def test_an_outage_near_us_is_not_held_against_a_feed() -> None:
    assert fails(30, 60 * DAY, everywhere=True) <= 17 * MINUTE


def test_a_server_that_says_when_is_believed_within_reason() -> None:
    assert fails(1, HOUR, retry_after=5 * HOUR) == 5 * HOUR
    assert fails(1, HOUR, retry_after=MINUTE) >= 15 * MINUTE
    assert fails(1, HOUR, retry_after=400 * DAY) == 7 * DAY


def test_a_feed_that_never_worked_backs_off_too() -> None:
    never = state(failures=50)
    assert after_failure(never, FEED, POLLING, now=NOW) - NOW >= LAST_RETRY


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 3000)), min_size=1, max_size=30))
def test_learning_never_leaves_sense(polls: list[tuple[int, int]]) -> None:
    found, now = replace(learn(state(), now=NOW, new=5, listed=20, dates=()), last_success_at=NOW), NOW
    for new, minutes in polls:
        now += minutes * MINUTE
        found = replace(learn(found, now=now, new=new, listed=20, dates=()), last_success_at=now)
        highest = max(new * 60 / minutes for new, minutes in polls)
        for value in (found.rate_per_h, found.recent_per_h, (found.weight or 0) / 24):
            assert value is not None
            assert 0 <= value <= highest + 1e-9


def test_days_to_skip_are_skipped() -> None:
    # NOW is a Tuesday.
    assert after_success(NOW, HOUR, (), "a", (6,)) == NOW + HOUR
    found = after_success(NOW, HOUR, (0,), "a", (1, 2))
    assert (found.weekday(), found.hour) == (3, 1)
    assert after_success(NOW, HOUR, (), "a", tuple(range(7))) == NOW + HOUR


def test_quiet_days_are_polled_less_once_they_are_known() -> None:
    by_day, day_hours = (60.0,) * 5 + (3.0, 3.0), (96.0,) * 7
    weekly = steady(2, by_hour=(10.0,) * 24, by_day=by_day, day_hours=day_hours)
    saturday = NOW + 4 * DAY
    assert interval_of(weekly, FEED, POLLING, saturday) == interval_of(weekly, FEED, POLLING, saturday + DAY)
    calm = replace(weekly, recent_per_h=0.1, peak_per_h=0.1)
    assert interval_of(calm, FEED, POLLING, saturday) > 2 * interval_of(calm, FEED, POLLING, NOW)


def test_days_are_learned_by_the_hours_that_they_were_watched() -> None:
    known = steady(1, by_day=(10.0,) * 7, day_hours=(20.0,) * 7)
    found = learn(known, now=NOW + 6 * HOUR, new=0, listed=20, dates=())
    assert found.day_hours[1] == pytest.approx(26, abs=0.5)
    assert found.day_hours[2] == pytest.approx(20, abs=0.5)
    assert found.by_day[1] < 10


def test_bursts_that_were_never_seen_are_reckoned_with_less_in_time() -> None:
    new, old = steady(3, burst=0.0, first_success_at=NOW - 10 * DAY), steady(3, burst=0.0)
    assert wait(steady(3, burst=None)) < wait(new) < wait(old)
    assert wait(steady(3, burst=9.0)) == wait(steady(3, burst=None))


def test_a_burst_is_remembered() -> None:
    calm = steady(1, burst=1.0)
    dates = [NOW + n * 3 * MINUTE for n in range(20)]
    found = learn(calm, now=NOW + HOUR, new=19, listed=20, dates=dates)
    assert found.burst is not None
    assert found.burst > 3
    later = replace(found, last_success_at=NOW + HOUR)
    faded = learn(later, now=NOW + 31 * DAY, new=0, listed=20, dates=()).burst
    assert faded is not None
    assert 0.3 * found.burst < faded < 0.5 * found.burst
