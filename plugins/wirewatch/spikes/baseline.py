"""What is expected of a topic: level, growth, hour-of-week rhythm and noise, learned from its past; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wirewatch.spikes.series import Floats, Panel, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The learned state of a topic; one document in `-baselines`."""

    topic: str
    learned_at: datetime
    """When rhythm and noise were learned; `update` moves only the level."""
    through: datetime
    """Begin of the day (UTC) whose hours are not in it yet."""
    known_hours: float
    """Hours that it was learned from."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        raise NotImplementedError

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Baseline:
        """Back from `to_json`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected in every step of a panel, one row a topic."""

    mean: Floats
    """(topics, n) stories in the full hour at that hour's coverage; nan where nothing is known."""
    variance: Floats
    """(topics, n) of a single step."""


def learn(panel: Panel, series: Sequence[Series], *, now: datetime) -> list[Baseline]:
    """Learn every topic anew from the complete days before `now`; in the order of `series`, whatever the order."""
    raise NotImplementedError


def update(baselines: Sequence[Baseline], panel: Panel, series: Sequence[Series], *, now: datetime) -> list[Baseline]:
    """Bring levels up to date with the complete days of the panel (the last days are enough); rhythm and noise stay.

    Doing it twice equals once. A series without a baseline begins one that is learning; a baseline without a series is left out.
    """
    raise NotImplementedError


def expected(baselines: Sequence[Baseline], panel: Panel) -> Expected:
    """What the stories of every step of the panel should be (hours to come included: their coverage says how much is looked at)."""
    raise NotImplementedError
