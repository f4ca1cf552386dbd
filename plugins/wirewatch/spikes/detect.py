"""Which topics are exceptional; a pure function of counts, settings and `now`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wirewatch.config.settings import Detection
from wirewatch.model import Spike
from wirewatch.spikes.baseline import Baseline
from wirewatch.spikes.series import Floats, Panel, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A topic's hours from `since` to the running one."""

    topic: str
    hours: tuple[datetime, ...]
    """Begin of every judged hour, oldest first."""
    expected: Floats
    """(hours,) stories expected in the full hour; nan where unknown."""
    upper: Floats
    """(hours,) what the hour alone would have to reach to alert."""
    score: Floats
    """(hours,) 0..1, the clearest window that ends with the hour; 0.5 is the alert threshold, 0 where unknown."""
    spikes: tuple[Spike, ...]
    """One for every exceptional hour, oldest first (`at` is the end of the hour)."""
    learning: bool
    """Too little is known yet: more evidence was asked for."""

    @property
    def spike(self) -> Spike | None:
        """At the latest exceptional hour; None: nothing is exceptional."""
        return self.spikes[-1] if self.spikes else None


def judge(
    baselines: Sequence[Baseline],
    panel: Panel,
    series: Sequence[Series],
    *,
    settings: Detection,
    topics: int,
    since: datetime,
    now: datetime,
) -> list[Judged]:
    """Judge the hours from the one that holds `since` to the one that holds `now`, in the order of `series`.

    `topics` is how many alerting topics share a recipient's budget of false mails. The panel should begin at least 48 h before `since`.
    Baselines are matched by topic; a series without one is learning and never exceptional. A spike whose hour ended well before `now`
    is marked `found_late`: it matters only where it opens an incident.
    """
    raise NotImplementedError
