"""What must hold whatever the seed: silence where nothing happens, one incident where something does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from tests.situations import SITUATIONS, WEEKS, Situation, at

from wirewatch.config.settings import Detection
from wirewatch.pipeline.backtest import backtest

Maker = Callable[[np.random.Generator, int], Situation]


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed", [1])
def test_a_situation_raises_what_it_should(make: Maker, seed: int) -> None:
    situation = make(np.random.default_rng(seed), WEEKS)
    found = [each for each in backtest(situation.table, Detection()).incidents if each.opened_at >= at(situation.judged_from)]
    least, most = situation.incidents
    assert least <= len(found) <= most, [(each.topic, each.opened_at, each.series, each.observed, each.expected) for each in found]
    if situation.within is not None:
        first, last = situation.within
        assert at(first) <= found[0].opened_at <= at(last) + timedelta(hours=1)
    if situation.found_late:
        assert found[0].found_late
