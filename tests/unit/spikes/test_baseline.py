"""What is expected: rhythm, level, noise, all coverage, and that learned states survive being stored and moved on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.situations import DAY, START, draw, noisy, rhythm, table_of

from wirewatch.pipeline.counts_csv import Table
from wirewatch.spikes.baseline import Baseline, expected, learn, update
from wirewatch.spikes.series import Panel, Series

WEEKS = 6


def part(table: Table, begin: int, end: int) -> tuple[Panel, list[Series]]:
    panel = table.panel
    cut = replace(panel, start=panel.at(begin), coverage=panel.coverage[begin:end], stories=panel.stories[begin:end])
    return cut, [
        replace(each, stories=each.stories[begin:end], publishers=None if each.publishers is None else each.publishers[begin:end])
        for each in table.series
    ]


def learned(table: Table, days: int) -> list[Baseline]:
    return learn(*part(table, 0, days * DAY), now=START + timedelta(days=days))


def ahead(baselines: list[Baseline], days: int, *, coverage: float = 1.0) -> NDArray[np.float64]:
    """Expected counts of the day after."""
    panel = Panel(start=START + timedelta(days=days), coverage=np.full(DAY, coverage), stories=np.full(DAY, np.nan))
    return expected(baselines, panel).mean


def one(stories: NDArray[np.float64], *, total: NDArray[np.float64] | None = None, coverage: NDArray[np.float64] | None = None) -> Table:
    return table_of({"only": stories}, total=total, coverage=coverage)


def test_the_rhythm_of_days_and_weeks_is_expected() -> None:
    days = WEEKS * 7
    daily = np.where(np.arange(days * DAY) // 24 % 7 >= 5, 8.0, 48.0)
    table = one(draw(np.random.default_rng(3), daily / 24))
    monday = ahead(learned(table, days), days).sum()
    saturday = ahead(learned(table, days - 2), days - 2).sum()
    assert monday == pytest.approx(48, rel=0.3)
    assert saturday == pytest.approx(8, rel=0.6)


def test_noise_is_learned_from_all_topics_together() -> None:
    table = noisy(5, topics=80, days=1).table
    found = learned(table, 56)
    phi = np.median([each.stories.phi[0] for each in found if each.stories is not None])
    assert phi == pytest.approx(0.3, rel=0.3)


def test_past_spikes_hardly_move_what_is_expected() -> None:
    days = WEEKS * 7
    rng = np.random.default_rng(4)
    calm = draw(rng, rhythm(rng, days * DAY))
    lively = calm.copy()
    for begin in (200, 500, 800):
        lively[begin : begin + 6] += 30
    assert ahead(learned(one(lively), days), days).sum() < 1.35 * ahead(learned(one(calm), days), days).sum()


def test_unknown_and_half_covered_hours_do_not_lower_what_is_expected() -> None:
    days = WEEKS * 7
    rng = np.random.default_rng(6)
    whole = draw(rng, 3 * rhythm(rng, days * DAY))
    coverage = np.ones(days * DAY)
    coverage[-96:-48], coverage[-48:] = 0.0, 0.5
    seen = np.where(coverage > 0, rng.binomial(whole.astype(int), coverage), np.nan).astype(float)
    full = ahead(learned(one(whole), days), days).sum()
    assert ahead(learned(one(seen, coverage=coverage), days), days).sum() == pytest.approx(full, rel=0.2)
    assert ahead(learned(one(whole), days), days, coverage=0.5).sum() == pytest.approx(full / 2)


def test_expectations_double_with_all_coverage() -> None:
    days = WEEKS * 7
    rng = np.random.default_rng(7)
    n = days * DAY
    shape = rhythm(rng, n)
    factor = np.where(np.arange(n) >= (days - 4) * DAY, 2.0, 1.0)
    rare = draw(rng, 0.5 * shape * factor)
    total = rng.poisson(80 * shape * factor).astype(float)
    before = ahead(learned(one(rare, total=total), days - 7), days - 7).sum()
    assert ahead(learned(one(rare, total=total), days), days).sum() == pytest.approx(2 * before, rel=0.3)


def test_growth_goes_on() -> None:
    days = 8 * 7
    rng = np.random.default_rng(8)
    factor = 1.02 ** (np.arange(days * DAY) / DAY)
    table = one(draw(rng, 2 * rhythm(rng, days * DAY) * factor))
    assert ahead(learned(table, days), days).sum() == pytest.approx(48 * 1.02**days, rel=0.25)


def test_a_stored_state_says_the_same() -> None:
    table = noisy(9, topics=5, days=1, weeks=3).table
    found = learned(table, 21)
    back = [again for each in found if (again := Baseline.from_json(json.loads(json.dumps(each.to_json()))))]
    assert np.allclose(ahead(back, 21), ahead(found, 21), rtol=1e-4)
    assert [each.topic for each in back] == [each.topic for each in found]
    assert max(len(json.dumps(each.to_json())) for each in found) < 20_000


def test_moving_on_comes_close_to_learning_anew_and_twice_equals_once() -> None:
    table = noisy(10, topics=40, days=5).table
    old = learned(table, 56)
    now = START + timedelta(days=60)
    recent = part(table, 54 * DAY, 60 * DAY)
    moved = update(old, *recent, now=now)
    assert [each.to_json() for each in update(moved, *recent, now=now)] == [each.to_json() for each in moved]
    anew = learn(*part(table, 4 * DAY, 60 * DAY), now=now)
    assert ahead(moved, 60).sum() == pytest.approx(ahead(anew, 60).sum(), rel=0.1)
    assert all(each.through == now for each in moved)


def test_a_topic_without_history_knows_nothing_and_says_so() -> None:
    table = one(np.full(3 * DAY, np.nan))
    found = learned(table, 3)
    assert found[0].learning
    assert found[0].known_hours == 0
    panel, series = part(table, 0, DAY)
    begun = update([], panel, series, now=START + timedelta(days=1))
    assert begun[0].learning
    assert np.isnan(ahead(begun, 1)).all()


def test_the_order_of_topics_changes_nothing() -> None:
    table = noisy(11, topics=30, days=1, weeks=4).table
    panel, series = part(table, 0, 28 * DAY)
    now = START + timedelta(days=28)
    turned = learn(panel, series[::-1], now=now)[::-1]
    assert np.allclose(ahead(turned, 28), ahead(learn(panel, series, now=now), 28), rtol=1e-6)
