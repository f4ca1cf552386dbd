"""Measures that are no counts: what is unlike their own past is told once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wirewatch.spikes.measures import scores

Floats = NDArray[np.float64]
STEP_S = 600
N = 12 * 144
AT = 9 * 144 + 40
"""Row in which something happens."""
TIMES = 1_400_000_000 + STEP_S * np.arange(N, dtype=np.int64)


def steady(seed: int = 1, level: float = 50.0) -> Floats:
    return np.random.default_rng(seed).normal(level, 2.0, N)


def daily(seed: int = 1) -> Floats:
    return 100 + 20 * np.sin(TIMES / 86400 * 2 * np.pi) + np.random.default_rng(seed).normal(0, 3.0, N)


def with_(values: Floats, rows: slice, change: Callable[[Floats], Floats | float]) -> Floats:
    changed = values.copy()
    changed[rows] = change(values[rows])
    return changed


def told(values: Floats, **how: bool) -> list[int]:
    return np.flatnonzero(scores(values, TIMES, **how) >= 0.5).tolist()


@pytest.mark.parametrize("values", [steady(), steady(2, -5.0), daily(), np.full(N, 45.0), np.zeros(N)], ids=str)
def test_nothing_is_told_of_what_goes_on_as_ever(values: Floats) -> None:
    assert told(values) == []


@pytest.mark.parametrize(
    "values",
    [
        with_(steady(), slice(AT, None), lambda then: then + 9),
        with_(steady(), slice(AT, None), lambda then: then - 9),
        with_(steady(), slice(AT, AT + 1), lambda _: 95.0),
        with_(steady(2, -5.0), slice(AT, AT + 2), lambda _: -40.0),
        with_(1e9 * steady(), slice(AT, AT + 6), lambda then: 1.4 * then),
        with_(np.full(N, 45.0), slice(AT, AT + 1), lambda _: 46.0),
        with_(np.zeros(N), slice(AT, AT + 1), lambda _: 0.01),
        with_(steady(), slice(AT, AT + 60), lambda then: then[:1].repeat(60)),
        with_(daily(), slice(9 * 144, 10 * 144), lambda _: np.random.default_rng(3).normal(80, 3.0, 144)),
    ],
    ids=["rise", "fall", "jump", "negative", "large", "flat", "silent", "stuck", "odd day"],
)
def test_what_is_unlike_the_past_is_told_once(values: Floats) -> None:
    found = told(values)
    assert len(found) == 1
    assert AT - 40 <= found[0] < AT + 40


def test_falls_only_tells_of_falls() -> None:
    event = slice(AT, AT + 30)
    assert told(with_(steady(), event, lambda then: then + 12), falls_only=True) == []
    assert len(told(with_(steady(), event, lambda then: then - 12), falls_only=True)) == 1


def test_no_score_looks_ahead() -> None:
    changed = with_(steady(), slice(AT, None), lambda then: then * 3)
    assert (scores(changed, TIMES)[:AT] == scores(steady(), TIMES)[:AT]).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-1e12, 1e12) | st.just(np.nan), max_size=200),
    st.lists(st.integers(0, 100_000), min_size=200, max_size=200),
)
def test_any_series_has_scores_between_nothing_and_certainty(values: list[float], steps: list[int]) -> None:
    seconds = np.cumsum(np.array(steps, dtype=np.int64))[: len(values)]
    found = scores(np.array(values, dtype=np.float64), seconds)
    assert len(found) == len(values)
    assert ((found >= 0) & (found <= 1)).all()
