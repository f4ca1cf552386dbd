"""What becomes of a feed's state after a poll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from wirewatch.config.settings import Polling
from wirewatch.feeds.fetch import Reading
from wirewatch.feeds.outcome import Shown, failed, new_state, succeeded
from wirewatch.feeds.recent import compare
from wirewatch.http import Outcome
from wirewatch.model import Entry, Feed, FeedState, Health, ParsedFeed, Span

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLLING = Polling()
FEED = Feed(id="bbc", url="http://bbc/")


def reading(status: int = 200, unchanged: bool = False, moved_to: str | None = None) -> Reading:
    return Reading(
        unchanged=unchanged, status=status, etag='"2"', last_modified=None, body_hash="bb", fresh_for=None, moved_to=moved_to
    )  # fmt: skip


def entries(*ages_h: float | None) -> list[Entry]:
    found = []
    for age in ages_h:
        at = None if age is None else NOW - age * HOUR
        found.append(Entry(id=f"{age}", url=f"http://bbc/{at}", title=f"{age}", published_at=at))
    return found


def polled(before: FeedState, listed: Sequence[Entry], now: datetime = NOW, **more: object) -> FeedState:
    listing = compare(listed, [each.url for each in listed], before.entry_hashes)
    shown = Shown(feed=ParsedFeed(title="BBC", format="rss20", entries=tuple(listed)), listing=listing)
    return succeeded(before, FEED, POLLING, reading=reading(**more), shown=shown, now=now)  # type: ignore[arg-type]


def failing(before: FeedState, outcome: str = "timeout", now: datetime = NOW, **more: object) -> FeedState:
    options = {"detail": "", "status": None, "retry_after": None, "everywhere": False, **more}
    return failed(before, FEED, POLLING, outcome=outcome, now=now, **options)  # type: ignore[arg-type]


FRESH = new_state(FEED, slot=3, now=NOW - 10 * HOUR)
WORKED = polled(FRESH, entries(12, 13, 14, 15), now=NOW - 10 * HOUR)


def test_a_first_poll_sets_everything_and_covers_nothing() -> None:
    assert (WORKED.first_success_at, WORKED.last_success_at, WORKED.covered) == (NOW - 10 * HOUR, NOW - 10 * HOUR, ())
    assert (WORKED.etag, WORKED.body_hash, len(WORKED.entry_hashes), WORKED.listed) == ('"2"', "bb", 4, 4)
    assert (WORKED.health, WORKED.last_new_at) == (Health.HEALTHY, NOW - 12 * HOUR)
    assert WORKED.next_attempt_at is not None
    assert POLLING.min_interval <= WORKED.next_attempt_at - (NOW - 10 * HOUR) <= POLLING.max_interval


def test_an_unchanged_list_covers_the_time_since() -> None:
    found = succeeded(WORKED, FEED, POLLING, reading=reading(304, unchanged=True), shown=None, now=NOW)
    assert found.covered == (Span(start=NOW - 10 * HOUR, end=NOW),)
    assert (found.outcome, found.entry_hashes, found.full_at) == (Outcome.UNCHANGED, WORKED.entry_hashes, NOW - 10 * HOUR)
    assert (found.rate_per_h or 0) < (WORKED.rate_per_h or 0)


def test_after_an_outage_the_missed_hours_are_covered_where_the_list_reaches_back() -> None:
    down = failing(failing(WORKED, now=NOW - 5 * HOUR), now=NOW - 2 * HOUR)
    assert (down.failures, down.health, down.covered, down.etag) == (2, Health.FAILING, (), WORKED.etag)
    back = polled(down, entries(1, 3, 8, 12))
    assert (back.covered, back.failures, back.health) == ((Span(start=NOW - 10 * HOUR, end=NOW),), 0, Health.HEALTHY)


def test_where_it_does_not_only_what_it_lists_is_covered_and_the_loss_is_said() -> None:
    back = polled(failing(WORKED, now=NOW - 5 * HOUR), entries(1, 2, 3))
    assert back.covered == (Span(start=NOW - 3 * HOUR, end=NOW),)
    assert (back.health, back.lost_at) == (Health.OVERLAP_LOST, NOW)


def test_old_dates_prove_overlap_when_all_ids_are_new() -> None:
    renamed = [replace(each, id=f"x{each.id}", url=f"http://bbc/x{each.id}") for each in entries(1, 11, 13)]
    assert polled(WORKED, renamed).lost_at is None


def test_a_feed_that_was_empty_has_lost_nothing() -> None:
    empty = polled(WORKED, [], now=NOW - HOUR)
    assert empty.health is Health.EMPTY
    assert polled(empty, entries(0.5, 0.2)).health is Health.HEALTHY


def test_gone_is_final() -> None:
    found = failing(WORKED, Outcome.GONE, status=410)
    assert (found.active, found.next_attempt_at, found.health) == (False, None, Health.RETIRED)


def test_failures_are_said_in_a_line() -> None:
    assert failing(WORKED, "http_error", status=500).problem == "http error 500"
    assert failing(WORKED, "dns", detail="no such host").problem == "dns: no such host"
    assert len(failing(WORKED, "malformed", detail="x" * 9999).problem or "") == 500


def test_a_permanent_redirect_is_believed_when_it_repeats() -> None:
    state = WORKED
    for _ in range(2):
        state = polled(state, entries(1, 12), moved_to="http://new/")
        assert state.url == "http://bbc/"
    assert polled(state, entries(1, 12)).redirects == 0
    moved = polled(state, entries(1, 12), moved_to="http://new/")
    assert (moved.url, moved.configured_url, moved.redirects) == ("http://new/", "http://bbc/", 0)
    other = polled(polled(state, entries(1), moved_to="http://other/"), entries(1), moved_to="http://new/")
    assert (other.url, other.redirects) == ("http://bbc/", 1)


def test_an_address_that_a_redirect_led_to_is_left_when_it_fails() -> None:
    state = replace(WORKED, url="http://new/")
    for _ in range(3):
        assert state.url == "http://new/"
        state = failing(state)
    assert state.url == "http://bbc/"


def test_a_server_that_answers_304_while_it_brings_news_is_found_out() -> None:
    said = succeeded(WORKED, FEED, POLLING, reading=reading(304, unchanged=True), shown=None, now=NOW - HOUR)
    found = polled(said, entries(2, 3, 4, 12))
    assert (found.lying_304, found.health) == (True, Health.LYING_304)
    assert not polled(said, entries(0.2, 0.5, 12)).lying_304
    assert not polled(said, entries(1.1, 12)).lying_304
    assert polled(found, entries(0.1, 2, 3)).lying_304


def test_without_dates_it_is_found_out_by_how_much_comes_at_once() -> None:
    def bare(*names: str) -> list[Entry]:
        return [Entry(id=name, url=f"http://bbc/{name}", title=name) for name in names]

    first = polled(FRESH, bare("a", "b"), now=NOW - 2 * DAY)
    said = succeeded(first, FEED, POLLING, reading=reading(304, unchanged=True), shown=None, now=NOW - 10 * MINUTE)
    assert polled(said, bare(*"cdefghijkl", "a")).lying_304
    assert not polled(said, bare("c", "d", "a")).lying_304


def test_a_claims_count_ends_with_its_result() -> None:
    claimed = replace(WORKED, attempts=1)
    assert polled(claimed, entries(1)).attempts == 0
    assert failing(claimed).attempts == 0
