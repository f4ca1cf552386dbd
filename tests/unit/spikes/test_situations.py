"""What must hold whatever the seed: silence where nothing happens, one incident where something does.

Larger runs, other seeds and the comparison with other detectors are in benchmarks/detect.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from tests.situations import SITUATIONS, WEEKS, Situation, at, eventful, noisy

from wirewatch.config.settings import Detection
from wirewatch.pipeline.backtest import Backtest, backtest

Maker = Callable[[np.random.Generator, int], Situation]
SEED = 1
RATES = np.geomspace(0.03, 10, 60)


def raised(situation: Situation, found: Backtest) -> list[tuple[str, str, float, float]]:
    """What was opened from where it is judged."""
    return [
        (each.topic, each.opened_at.isoformat(), each.observed, each.expected)
        for each in found.incidents
        if each.opened_at >= at(situation.judged_from)
    ]


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda make: make.__name__)
def test_a_situation_raises_what_it_should(make: Maker) -> None:
    situation = make(np.random.default_rng(SEED), WEEKS)
    found = backtest(situation.table, Detection())
    told = raised(situation, found)
    least, most = situation.incidents
    assert least <= len(told) <= most, told
    incidents = [each for each in found.incidents if each.opened_at >= at(situation.judged_from)]
    if situation.within is not None:
        first, last = situation.within
        assert at(first) <= incidents[0].opened_at <= at(last)
    if situation.found_late:
        assert incidents[0].found_late


def test_noise_stays_within_the_budget() -> None:
    situation = noisy(SEED, topics=60)
    assert len(raised(situation, backtest(situation.table, Detection()))) <= situation.incidents[1]


@pytest.mark.parametrize(("times", "least"), [(3, 0.8), (5, 0.95), (10, 1.0)])
def test_events_are_found_soon(times: float, least: float) -> None:
    situation = eventful(SEED, times, rates=RATES, total=False, days=6)
    found = backtest(situation.table, Detection(), topics=100)
    delays = []
    for event in situation.events:
        alerts = np.flatnonzero(found.scores[event.topic, event.begin : event.begin + event.hours + 1] >= 0.5)
        if len(alerts):
            delays.append(int(alerts[0]))
    assert len(delays) >= least * len(situation.events)
    assert float(np.median(delays)) <= 2


def test_a_second_walk_says_the_same() -> None:
    situation = eventful(SEED, 10, rates=np.array([0.1, 1.0, 5.0]), weeks=4, days=4)
    first, second = (backtest(situation.table, Detection()) for _ in range(2))
    assert first.incidents == second.incidents
    assert (first.scores == second.scores).all()


def test_what_comes_later_changes_nothing_before() -> None:
    """No decision looks ahead."""
    situation = eventful(SEED, 10, rates=np.array([0.1, 1.0, 5.0]), weeks=4, days=6)
    table = situation.table
    for each in table.series:
        each.stories[-48:] += 50
    changed = backtest(table, Detection())
    for each in table.series:
        each.stories[-48:] -= 50
    until = at(table.panel.n - 48)
    plain = backtest(table, Detection())
    assert [each.opened_at for each in changed.incidents if each.opened_at <= until - timedelta(hours=1)] == [
        each.opened_at for each in plain.incidents if each.opened_at <= until - timedelta(hours=1)
    ]
    assert (changed.scores[:, :-48] == plain.scores[:, :-48]).all()
