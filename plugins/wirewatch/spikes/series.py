"""Counts as the statistics see them: aligned arrays, one cell an hour (or another step); pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wirewatch.model import Sensitivity

Floats = NDArray[np.float64]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What is known of all coverage in `n` steps in a row."""

    start: datetime
    """Begin of the first step, aligned to `step`."""
    step: timedelta = HOUR
    coverage: Floats
    """(n,) 0..1; 0 or nan: nobody looked, so every count of that step is unknown."""
    stories: Floats
    """(n,) stories of all coverage, nan where unknown."""

    @property
    def n(self) -> int:
        """How many steps."""
        return len(self.coverage)

    @property
    def end(self) -> datetime:
        """End of the last step."""
        return self.start + self.n * self.step

    def at(self, index: int) -> datetime:
        """Begin of a step."""
        return self.start + index * self.step

    def index(self, when: datetime) -> int:
        """The step that `when` falls into; may lie outside the panel."""
        return int((when - self.start) // self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One topic's counts, aligned to a `Panel`.

    nan is unknown: not looked, or counted under another hash of the topic (then the topic is learning). Hours after `now` are
    left as they are; nobody looks at them.
    """

    topic: str
    stories: Floats
    """(n,) stories in their first counted hour."""
    publishers: Floats | None = None
    """(n,) publishers, each once a story; None: not counted, its tests are skipped."""
    articles: Floats | None = None
    """(n,); for show only."""
    sensitivity: Sensitivity = Sensitivity.NORMAL
    single_publisher: bool = False
    """True: an incident may rest on one publisher."""
    largest: Floats | None = None
    """(n,) stories of each hour that are there only because of that hour's largest publisher; None: not known."""
