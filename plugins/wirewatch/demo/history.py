"""Loads the newsroom's past through the same steps as everything else, at simulated times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wirewatch.pipeline.ports import Ports

STEP = timedelta(hours=12)
"""Between two simulated polls; every outlet's feed lists more than comes out in it."""
LAST_DAY_STEP = timedelta(hours=2)
DETECTION_STEP = timedelta(days=1)
"""Between two detections before the last day: each judges all hours since the one before it."""

SetClock = Callable[[datetime], Awaitable[None]]


@dataclass(slots=True)
class SimulatedClock:
    """A clock that stands until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Loaded:
    """What loading did, all steps together."""

    totals: Counter[str] = field(default_factory=Counter)
    """`poll.new`, `process.ready`, `detect.opened` and so on: the summed figures of the use cases."""

    def add(self, step: str, summary: Mapping[str, Any]) -> None:
        """Take in the summary of one step."""
        for key, value in summary.items():
            if isinstance(value, int) and not isinstance(value, bool):
                self.totals[f"{step}.{key}"] += value


def moments(start: datetime, end: datetime) -> list[datetime]:
    """When history is polled: twice a day, every two hours on the last day; `end` is the last moment."""
    found = []
    at = start
    while at < end - timedelta(days=1):
        found.append(at)
        at += STEP
    at = end - timedelta(days=1)
    while at < end:
        found.append(at)
        at += LAST_DAY_STEP
    return [*found, end]


async def load(
    ports: Ports,
    clock: SimulatedClock,
    *,
    start: datetime,
    end: datetime,
    set_clock: SetClock,
    progress: Callable[[int, int, Loaded], None] = lambda *_: None,
) -> Loaded:
    """Poll and process, and more rarely detect, from `start` to `end` on `clock`, which `ports` must have been built with.

    `set_clock` moves the newsroom's own clock; `progress` gets the steps done, all steps and the totals so far.
    """
    from wirewatch.pipeline.detect import detect
    from wirewatch.pipeline.poll import poll
    from wirewatch.pipeline.process import process

    loaded = Loaded()
    times = moments(start, end)
    detected = start - DETECTION_STEP
    for number, moment in enumerate(times, 1):
        clock.now = moment
        await set_clock(moment)
        loaded.add("poll", await poll(ports))
        loaded.add("process", await process(ports))
        if moment >= detected + DETECTION_STEP or moment >= end - timedelta(days=1):
            loaded.add("detect", await detect(ports))
            detected = moment
        progress(number, len(times), loaded)
    return loaded
