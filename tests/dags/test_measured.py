"""What the steps did reaches Airflow's metrics."""

from __future__ import annotations

import pytest
from airflow.sdk.observability import stats

from wirewatch.wiring.airflow import measured


def test_figures_become_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []
    monkeypatch.setattr(stats, "incr", lambda name, count: seen.append((name, count)))
    summary = {"polled": 4, "new": 2, "failed": 0}
    assert measured("poll", summary) is summary
    assert seen == [("wirewatch.poll.polled", 4), ("wirewatch.poll.new", 2)]
