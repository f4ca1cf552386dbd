"""What is exceptional: more never says less, nothing unknown alarms, and the running hour is only judged sooner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import nbinom
from tests.situations import DAY, START, draw, rhythm

from wirewatch.config.settings import Detection
from wirewatch.model import Sensitivity, Severity
from wirewatch.spikes.baseline import Baseline, learn
from wirewatch.spikes.budget import threshold
from wirewatch.spikes.detect import Judged, judge
from wirewatch.spikes.series import Panel, Series
from wirewatch.spikes.tails import log_tail, trailing, upper_count

DAYS = 28
NOW = START + timedelta(days=DAYS)
HOURS = 60
"""Of the panel that is judged: two days before, half a day after."""
SETTINGS = Detection()
Floats = NDArray[np.float64]


@cache
def baselines() -> tuple[Baseline, ...]:
    """Three topics of 0.05, 1 and 6 stories an hour, with publishers twice as many."""
    rng = np.random.default_rng(1)
    shape = rhythm(rng, DAYS * DAY)
    series = []
    for name, rate in (("rare", 0.05), ("usual", 1.0), ("busy", 6.0)):
        stories = draw(rng, rate * shape)
        series.append(Series(topic=name, stories=stories, publishers=stories + rng.poisson(stories)))
    panel = Panel(start=START, coverage=np.ones(DAYS * DAY), stories=np.full(DAYS * DAY, np.nan))
    return tuple(learn(panel, series, now=NOW))


def panel_of(coverage: Floats | None = None) -> Panel:
    known = np.ones(HOURS) if coverage is None else coverage
    return Panel(start=NOW - timedelta(hours=48), coverage=known, stories=np.full(HOURS, np.nan))


def quiet(name: str = "usual") -> Floats:
    return np.random.default_rng(2).poisson({"rare": 0.0, "usual": 0.7, "busy": 4.0}[name], HOURS).astype(float)


def judged(
    series: Sequence[Series],
    *,
    coverage: Floats | None = None,
    now: datetime | None = None,
    topics: int = 100,
    detection: Detection = SETTINGS,
) -> list[Judged]:
    at = NOW + timedelta(hours=12) if now is None else now
    return judge(baselines(), panel_of(coverage), series, settings=detection, topics=topics, since=NOW, now=at)


def test_nothing_is_exceptional_in_a_quiet_day() -> None:
    series = [Series(topic=name, stories=quiet(name)) for name in ("rare", "usual", "busy")]
    for each in judged(series):
        assert each.spike is None
        assert (each.score < 0.5).all()
        assert len(each.hours) == len(each.score) == len(each.expected) == len(each.upper) == 12


def test_a_burst_is_told_in_its_hour() -> None:
    stories = quiet()
    stories[50] = 40
    found = judged([Series(topic="usual", stories=stories)])[0]
    first = found.spikes[0]
    assert first.at == NOW + timedelta(hours=3)
    assert first.series == "stories"
    assert first.observed >= first.upper > first.expected
    assert first.severity is Severity.CRITICAL
    assert first.found_late
    assert found.score[2] > 0.5


def test_the_upper_end_is_where_the_hour_alone_alerts() -> None:
    usual = judged([Series(topic="busy", stories=quiet("busy"))])[0]
    for extra, exceptional in ((0, True), (-1, False)):
        stories = quiet("busy")
        stories[:51] = 0
        stories[51] = usual.upper[3] + extra
        assert bool(judged([Series(topic="busy", stories=stories)])[0].score[3] >= 0.5) == exceptional


@settings(max_examples=60)
@given(st.lists(st.integers(0, 12), min_size=HOURS, max_size=HOURS), st.integers(0, HOURS - 1), st.integers(1, 30))
def test_more_stories_never_lower_a_score(counts: list[int], place: int, more: int) -> None:
    stories = np.array(counts, dtype=float)
    raised = stories.copy()
    raised[place] += more
    for name in ("rare", "usual", "busy"):
        before = judged([Series(topic=name, stories=stories)])[0].score
        after = judged([Series(topic=name, stories=raised)])[0].score
        assert (after >= before - 1e-12).all()


@settings(max_examples=30)
@given(st.lists(st.integers(0, 60), min_size=HOURS, max_size=HOURS), st.lists(st.booleans(), min_size=HOURS, max_size=HOURS))
def test_unknown_hours_never_raise_an_alert(counts: list[int], hidden: list[bool]) -> None:
    coverage = np.where(hidden, 0.0, 1.0)
    found = judged([Series(topic="usual", stories=np.array(counts, dtype=float))], coverage=coverage)[0]
    for spike in found.spikes:
        assert coverage[round((spike.at - NOW) / timedelta(hours=1)) + 47] > 0
    blind = judged([Series(topic="usual", stories=np.where(hidden, np.nan, 0.0))])[0]
    assert blind.spike is None


@settings(max_examples=20)
@given(st.permutations(["rare", "usual", "busy"]))
def test_the_order_of_topics_changes_nothing(order: list[str]) -> None:
    series = {name: Series(topic=name, stories=quiet(name) + np.where(np.arange(HOURS) == 55, 15, 0)) for name in order}
    together = {each.topic: each.score.tolist() for each in judged([series[name] for name in ("rare", "usual", "busy")])}
    assert {each.topic: each.score.tolist() for each in judged([series[name] for name in order])} == together


def test_the_running_hour_is_judged_against_the_full_hour() -> None:
    stories = quiet("busy")
    stories[54] = 90
    series = [Series(topic="busy", stories=stories)]
    coverage = np.ones(HOURS)
    coverage[54:] = 0.2  # few polls have come back yet
    running = judged(series, coverage=coverage, now=NOW + timedelta(hours=6, minutes=10))[0]
    ended = judged(series, now=NOW + timedelta(hours=7))[0]
    assert len(running.hours) == 7
    assert running.score[6] == ended.score[6]
    assert running.spikes[-1].at == NOW + timedelta(hours=7)
    assert not running.spikes[-1].found_late


def test_one_story_taken_up_by_many_is_told_and_one_owner_is_not() -> None:
    def found(publishers: tuple[int, ...]) -> Judged:
        stories, taken = np.zeros(HOURS), np.zeros(HOURS)
        stories[52] = 1
        taken[52 : 52 + len(publishers)] = publishers
        return judged([Series(topic="rare", stories=stories, publishers=taken)])[0]

    spike = found((13, 14, 13)).spike
    assert spike is not None
    assert spike.series == "uptake"
    assert found((1, 0, 0)).spike is None
    assert found((2, 0, 0)).spike is None


def test_no_incident_rests_on_one_publisher() -> None:
    stories, largest = quiet(), np.zeros(HOURS)
    stories[52], largest[52] = 30, 29
    flood = Series(topic="usual", stories=stories, largest=largest)
    assert judged([flood])[0].spike is None
    assert judged([replace(flood, single_publisher=True)])[0].spike is not None
    assert judged([replace(flood, largest=largest / 6)])[0].spike is not None


def test_a_burst_hours_ago_is_not_told_again() -> None:
    stories = np.zeros(HOURS)
    stories[40] = 60
    stories[49:] = np.tile([0, 1, 0], 4)[:11]
    assert judged([Series(topic="usual", stories=stories)])[0].spike is None


def test_a_topic_without_a_baseline_is_learning_and_silent() -> None:
    stories = np.full(HOURS, 50.0)
    found = judged([Series(topic="new", stories=stories)])[0]
    assert found.learning
    assert found.spike is None


def test_what_a_topic_raises_while_it_is_learning_says_so() -> None:
    stories = quiet()
    stories[50] = 60
    series, panel = [Series(topic="usual", stories=stories)], panel_of()
    for hours, learning in ((DAYS * DAY, False), (5 * DAY, True)):
        known = [replace(each, known_hours=float(hours)) for each in baselines()]
        spike = judge(known, panel, series, settings=SETTINGS, topics=100, since=NOW, now=NOW + timedelta(hours=12))[0].spikes[0]
        assert spike.learning is learning


def test_settings_move_the_threshold() -> None:
    def upper(series: Series, detection: Detection = SETTINGS, topics: int = 100) -> float:
        return float(judged([series], detection=detection, topics=topics)[0].upper[5])

    plain = Series(topic="busy", stories=quiet("busy"))
    assert upper(plain, Detection(false_mails_per_week=20)) < upper(plain) < upper(plain, Detection(false_mails_per_week=0.05))
    assert upper(plain, topics=5000) > upper(plain)
    assert upper(replace(plain, sensitivity=Sensitivity.HIGH)) < upper(plain) < upper(replace(plain, sensitivity=Sensitivity.LOW))
    assert upper(Series(topic="rare", stories=quiet("rare")), Detection(min_stories=9)) >= 9


@given(st.integers(0, 400), st.floats(0.01, 200), st.floats(1.01, 8))
def test_tails_are_negative_binomial(count: int, mean: float, spread: float) -> None:
    variance = mean * spread
    size = mean**2 / (variance - mean)
    wanted = nbinom.logsf(count - 1, size, size / (size + mean))
    found = float(log_tail(np.array(float(count)), np.array(mean), np.array(variance)))
    assert abs(found - max(wanted, -690.0)) < 1e-6 + 1e-6 * abs(found)


@given(st.floats(0.01, 500), st.floats(1.01, 8), st.floats(-40, -0.1))
def test_upper_counts_are_the_first_that_are_improbable_enough(mean: float, spread: float, log_p: float) -> None:
    count = upper_count(np.array([mean]), np.array([mean * spread]), log_p)
    tails = log_tail(np.stack([count, count - 1]), np.array([mean]), np.array([mean * spread]))
    assert tails[0, 0] <= log_p < tails[1, 0]


def test_windows_are_trailing_sums() -> None:
    assert trailing(np.array([1.0, 2.0, 3.0, 4.0]), 3).tolist() == [1, 3, 6, 9]
    assert trailing(np.array([1.0, 2.0]), 5).tolist() == [1, 3]


def test_more_topics_ask_for_more_each() -> None:
    cells = np.full((4, 1), 1.0), np.full((4, 1), 1.3), np.full((4, 1), 3.0)
    found = [threshold(*cells, hours=(1, 3, 6, 24), false_a_week=1, topics=topics) for topics in (100, 400, 5000)]
    assert found == sorted(found, reverse=True)
    assert found[0] - found[2] > 2
