"""Which hours count as watched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.feeds.coverage import KEPT, MAX_SPANS, coverage_of, extended, merged
from wirewatch.model import FeedState, Span

NOW = datetime(2026, 3, 10, 12, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOP = NOW.replace(minute=0)
DAY = timedelta(days=1)


def span(start_h: float, end_h: float) -> Span:
    """Hours before the top of the running hour are negative."""
    return Span(start=TOP + start_h * HOUR, end=TOP + end_h * HOUR)


def feed(name: str, *covered: Span, since: timedelta = 30 * DAY, weight: float | None = 1.0, **more: object) -> FeedState:
    state = FeedState(feed=name, url="", configured_url="", slot=0, first_success_at=NOW - since, weight=weight, covered=covered)
    return replace(state, **more)  # type: ignore[arg-type]


def cover(*states: FeedState, hours: int = 4, now: datetime = NOW, **weights: float) -> list[tuple[float, int]]:
    """The last hours, the running one last."""
    found = coverage_of(states, weights, start=TOP - (hours - 1) * HOUR, end=TOP + HOUR, now=now, panel_age=2 * DAY)
    assert [hour for hour, _, _ in found] == [TOP - back * HOUR for back in range(hours - 1, -1, -1)]
    return [(round(coverage, 6), feeds) for _, coverage, feeds in found]


def test_an_hour_is_covered_by_the_weight_that_reaches_over_it() -> None:
    heavy = feed("heavy", span(-9, -2), weight=30)
    light = feed("light", span(-9, 0.5), weight=10)
    assert cover(heavy, light) == [(1.0, 2), (0.25, 2), (0.25, 2), (0.25, 2)]


def test_a_configured_weight_wins_over_the_learned_one() -> None:
    assert cover(feed("a", span(-9, 1), weight=1000), feed("b"), a=1, b=3) == [(0.25, 2)] * 4


def test_the_running_hour_is_judged_up_to_now() -> None:
    assert cover(feed("a", span(-9, 20 / 60)))[-1] == (1.0, 1)
    assert cover(feed("a", span(-9, 10 / 60)))[-1] == (0.5, 1)


def test_a_part_of_an_hour_counts_as_that_part() -> None:
    assert cover(feed("a", span(-3, -2.75), span(-2.5, -1.25))) == [(0.75, 1), (0.75, 1), (0.0, 1), (0.0, 1)]


def test_hours_that_nobody_covered_are_not_covered_and_without_a_panel_nothing_is_known() -> None:
    assert cover(feed("a")) == [(0.0, 1)] * 4
    assert cover(feed("new", span(-9, 1), since=DAY)) == [(0.0, 0)] * 4
    assert cover() == [(0.0, 0)] * 4


def test_a_feed_joins_the_panel_at_its_age_and_leaves_it_with_its_last_poll() -> None:
    joined = feed("a", span(-40, 1), since=2 * DAY + HOUR)
    assert [feeds for _, feeds in cover(joined)] == [0, 0, 0, 1]
    retired = feed("b", span(-40, -1.5), active=False, last_poll_at=TOP - 2 * HOUR)
    assert cover(retired) == [(1.0, 1), (0.0, 0), (0.0, 0), (0.0, 0)]


def test_between_polls_that_come_on_time_a_feed_is_watched() -> None:
    slow = feed("a", span(-9, -1), last_success_at=TOP - HOUR, interval_s=3600)
    assert cover(slow) == [(1.0, 1)] * 4
    assert cover(replace(slow, failures=1))[-2:] == [(0.0, 1)] * 2
    assert cover(replace(slow, interval_s=600))[-2:] == [(0.0, 1)] * 2


def test_nothing_is_said_of_hours_to_come() -> None:
    assert coverage_of([], {}, start=NOW + HOUR, end=NOW + 2 * HOUR, now=NOW, panel_age=DAY) == []


spans = st.lists(st.tuples(st.integers(-600, 20), st.integers(0, 300)), max_size=5).map(
    lambda pairs: merged(Span(start=TOP + timedelta(minutes=a), end=min(NOW, TOP + timedelta(minutes=a + b))) for a, b in pairs)
)


@given(st.lists(st.tuples(spans, st.sampled_from([0.5, 1.0, 7.0])), min_size=1, max_size=4))
def test_coverage_is_what_counting_minutes_gives(given_feeds: list[tuple[tuple[Span, ...], float]]) -> None:
    states = [feed(str(n), *covered, weight=weight) for n, (covered, weight) in enumerate(given_feeds)]
    for back, (coverage, _) in zip(range(5, -1, -1), cover(*states, hours=6), strict=True):
        begin = TOP - back * HOUR
        minutes = [begin + timedelta(minutes=n) for n in range(60) if begin + timedelta(minutes=n) < NOW]
        seen = sum(weight * sum(any(s.start <= m < s.end for s in covered) for m in minutes) for covered, weight in given_feeds)
        whole = sum(weight for _, weight in given_feeds) * len(minutes)
        assert coverage == pytest.approx(seen / whole, abs=1e-5)


def test_a_first_poll_covers_nothing() -> None:
    assert extended((), now=NOW, previous_success=None, overlaps=True, oldest_listed=NOW - DAY) == ()


def test_a_poll_covers_back_to_the_previous_success_also_over_an_outage() -> None:
    before = (span(-9, -5),)
    found = extended(before, now=NOW, previous_success=TOP - 5 * HOUR, overlaps=True, oldest_listed=None)
    assert found == (Span(start=TOP - 9 * HOUR, end=NOW),)


def test_without_overlap_only_what_is_listed_is_covered() -> None:
    before = (span(-9, -5),)
    found = extended(before, now=NOW, previous_success=TOP - 5 * HOUR, overlaps=False, oldest_listed=TOP - HOUR)
    assert found == (span(-9, -5), Span(start=TOP - HOUR, end=NOW))
    assert extended(before, now=NOW, previous_success=TOP - 5 * HOUR, overlaps=False, oldest_listed=None) == before
    assert extended(before, now=NOW, previous_success=TOP - 5 * HOUR, overlaps=False, oldest_listed=NOW + DAY) == before


def test_old_stretches_go() -> None:
    old = Span(start=NOW - KEPT - 3 * DAY, end=NOW - KEPT - DAY)
    half = Span(start=NOW - KEPT - HOUR, end=NOW - KEPT + HOUR)
    found = extended((old, half), now=NOW, previous_success=NOW - HOUR, overlaps=True, oldest_listed=None)
    assert found == (Span(start=NOW - KEPT, end=NOW - KEPT + HOUR), Span(start=NOW - HOUR, end=NOW))
    many = tuple(Span(start=NOW - KEPT + n * HOUR, end=NOW - KEPT + n * HOUR + HOUR / 2) for n in range(2, 900))
    assert len(extended(many, now=NOW, previous_success=NOW - HOUR, overlaps=True, oldest_listed=None)) == MAX_SPANS


@given(spans, spans)
def test_merging_keeps_every_moment_and_nothing_else(first: tuple[Span, ...], second: tuple[Span, ...]) -> None:
    both = merged([*first, *second])
    assert all(left.end < right.start for left, right in pairwise(both))
    for minute in range(-600, 21):
        moment = TOP + timedelta(minutes=minute)
        inside = any(s.start <= moment < s.end for s in [*first, *second])
        assert inside == any(s.start <= moment < s.end for s in both)
