"""Stored counts as the statistics see them: what is zero, what is unknown, and from when on hours are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from wirewatch.config import Bundle, Settings
from wirewatch.config.settings import Alerts
from wirewatch.model import Alert, Counts, Coverage, Topic
from wirewatch.pipeline.counting import Recounted
from wirewatch.pipeline.expecting import Grids, annotated, judged_since, panel_of, panel_start, shared_budget
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes.detect import Judged
from wirewatch.spikes.series import Panel, Series
from wirewatch.store.counts import Learned, Run

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = NOW.replace(minute=0) - 5 * HOUR
END = START + 6 * HOUR


def topic(id: str, *, alert: Alert = Alert.SPIKE, notify: tuple[str, ...] = ()) -> Topic:
    return Topic(id=id, name=id, hash=f"{id}-1", rule={}, alert=alert, notify=notify)


def row(hour: int, stories: int, *, hash: str = "ties-1", name: str = "ties") -> Counts:
    return Counts(topic=name, hash=hash, hour=START + hour * HOUR, stories=stories, publishers=stories + 1, articles=9, until=NOW)


def seen(hour: int, share: float, stories: int = 4) -> Coverage:
    return Coverage(hour=START + hour * HOUR, coverage=share, stories=stories, feeds=3, until=NOW)


def run(done: timedelta | None) -> Run:
    return Run(until=NOW, done_at=None if done is None else NOW - done, now=NOW, seq_no=1, primary_term=1)


def test_an_hour_that_nobody_looked_at_is_unknown() -> None:
    panel = panel_of([seen(0, 1.0), seen(1, 0.0), seen(3, 0.5), seen(9, 1.0)], START, END)
    assert panel.n == 6
    assert panel.coverage.tolist() == [1, 0, 0, 0.5, 0, 0]
    np.testing.assert_equal(panel.stories, [4, np.nan, np.nan, 4, np.nan, np.nan])


def laid_out(topics: Sequence[Topic], panel: Panel, rows: Sequence[Counts], states: Mapping[str, Learned]) -> list[Series]:
    grids = Grids(topics, panel, states)
    grids.put_all(rows)
    return grids.series()


def test_what_is_not_stored_is_zero_and_what_another_rule_counted_is_unknown() -> None:
    panel = panel_of([], START, END)
    rows = [row(0, 2), row(2, 7, hash="ties-0"), row(3, 1), row(9, 5), row(1, 3, name="gone")]
    ties, other = laid_out([topic("ties"), topic("other")], panel, rows, {})
    np.testing.assert_equal(ties.stories, [2, 0, np.nan, 1, 0, 0])
    np.testing.assert_equal(ties.publishers, [3, 0, np.nan, 2, 0, 0])
    assert other.stories.tolist() == [0] * 6


def test_hours_before_a_rule_was_there_are_unknown() -> None:
    panel = panel_of([], START, END)
    state = Learned(topic="ties", hash="ties-1", since=START + 3 * HOUR, state=None)
    (ties,) = laid_out([topic("ties")], panel, [row(4, 2)], {"ties": state})
    np.testing.assert_equal(ties.stories, [np.nan, np.nan, np.nan, 0, 2, 0])


def test_hours_are_judged_from_the_last_run_or_from_what_came_late() -> None:
    this = NOW.replace(minute=0)
    assert judged_since(run(timedelta(minutes=5)), Recounted(hours=set())) == this
    assert judged_since(run(12 * HOUR), Recounted(hours=set())) == this - 12 * HOUR
    assert judged_since(run(HOUR), Recounted(hours={this, this - 7 * HOUR})) == this - 7 * HOUR
    assert judged_since(run(HOUR), Recounted(hours={this - 30 * DAY})) == this - 3 * DAY
    assert judged_since(run(HOUR), Recounted(hours={this - 7 * HOUR}, quiet={this - 7 * HOUR})) == this - HOUR
    assert judged_since(run(None), Recounted(hours={this - 30 * DAY})) == this - 2 * HOUR
    assert panel_start(run(12 * HOUR), Recounted(hours=set())) <= this - 60 * HOUR


def test_a_count_keeps_what_was_expected_of_it() -> None:
    numbers: Any = np.array([0.25, np.nan])
    judged = Judged(topic="ties", hours=(START, START + HOUR), expected=numbers, upper=numbers, score=numbers, spikes=(), learning=False)
    first, second, outside = (annotated(row(hour, 1), judged) for hour in (0, 1, 4))
    assert (first.expected, first.upper, first.score) == (0.25, 0.25, 0.25)
    assert (second.expected, outside.expected, annotated(row(0, 1), None).expected) == (None, None, None)


def test_the_budget_is_that_of_the_recipient_with_the_most_topics() -> None:
    topics = (topic("a", notify=("x", "y")), topic("b", notify=("x",)), topic("c"), topic("d", alert=Alert.NONE, notify=("x",)))
    ports = Ports(
        documents=None,  # type: ignore[arg-type]  # nothing is read
        bundle=Bundle(settings=Settings(alerts=Alerts(default_notify=("y",))), topics=topics, hash="h", source={}),
        clock=lambda: NOW,
        http=None,  # type: ignore[arg-type]  # nothing is fetched
        cpu=ThreadPoolExecutor(1),
    )
    assert shared_budget(ports) == 2
