"""Which hours the feeds were watched in; pure.

An hour that nobody looked at is unknown, not silent: what is expected of it, and what is alerted, depends on this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from statistics import median

from wirewatch.model import FeedState, Span

KEPT = timedelta(weeks=9)
"""How far back a feed's stretches are kept: the history that expectations are learned from, and a week more."""
MAX_SPANS = 500
"""Of one feed; the oldest go first."""
LIGHTEST = 0.05
"""The least that a feed weighs, in entries a day: a silent feed that works is still watched."""
ON_SCHEDULE = 2.0
"""A feed whose last success is at most so many of its intervals old is taken to be watched up to now."""

_HOUR = timedelta(hours=1)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch or overlap made one, empty ones left out."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if span.end <= span.start:
            continue
        if found and span.start <= found[-1].end:
            found[-1] = Span(start=found[-1].start, end=max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def extended(
    covered: Sequence[Span], *, now: datetime, previous_success: datetime | None, overlaps: bool, oldest_listed: datetime | None
) -> tuple[Span, ...]:
    """What a feed covers after a successful poll at `now`.

    Back to its previous success where the feed still `overlaps` what was known then (also after an outage: the missed hours are
    in the list), else only back to the oldest entry that it lists. A first poll covers nothing: what it lists is never counted.
    """
    if previous_success is None:
        return tuple(covered)
    start = previous_success
    if not overlaps:
        start = now if oldest_listed is None else min(now, max(previous_success, oldest_listed))
    kept_from = now - KEPT
    spans = merged([*covered, Span(start=start, end=now)])
    return tuple(Span(start=max(each.start, kept_from), end=each.end) for each in spans if each.end > kept_from)[-MAX_SPANS:]


def weight_of(state: FeedState, configured: float | None, usual: float = 1.0) -> float:
    """A feed's weight: the configured one, else what it usually brings a day, else what feeds `usual`ly do."""
    if configured is not None:
        return configured
    return max(LIGHTEST, usual if state.weight is None else state.weight)


def coverage_of(
    states: Sequence[FeedState],
    weights: Mapping[str, float | None],
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    panel_age: timedelta,
) -> list[tuple[datetime, float, int]]:
    """For every hour that begins from `start` (included, rounded down) to `end` (not) and before `now`: the hour, the covered share
    of the panel's weight (0..1), and how many feeds the panel has.

    `weights` are the configured ones by feed id; where one is missing or None, the feed's own is taken. The panel of an hour is every
    feed that had worked for `panel_age` by then and was still polled. No feeds: nothing is known, and the coverage is 0.
    The running hour is judged up to `now`.
    """
    first = start.replace(minute=0, second=0, microsecond=0)
    hours = max(0, math.ceil((min(end, now) - first) / _HOUR))
    if not hours:
        return []
    panel, feeds, share = _Line(hours), _Line(hours), _Line(hours)
    learned = [max(LIGHTEST, state.weight) for state in states if state.weight is not None]
    usual = median(learned) if learned else 1.0
    for state in states:
        if state.first_success_at is None:
            continue
        weight = weight_of(state, weights.get(state.feed), usual)
        joined = max(0, math.ceil((state.first_success_at + panel_age - first) / _HOUR))
        left = hours if state.active or state.last_poll_at is None else min(hours, math.ceil((state.last_poll_at - first) / _HOUR))
        if joined >= left:
            continue
        panel.add(joined, left, weight)
        feeds.add(joined, left, 1)
        for span in _up_to_now(state, now):
            _cover(share, span, first, now, joined, left, weight)
    found = []
    for number, (whole, count, part) in enumerate(zip(panel.values(), feeds.values(), share.values(), strict=True)):
        known = round(count)
        found.append((first + number * _HOUR, min(1.0, max(0.0, part / whole)) if known else 0.0, known))
    return found


class _Line:
    """Values by hour, to which whole stretches are added in constant time."""

    def __init__(self, hours: int) -> None:
        self._steps = [0.0] * (hours + 1)

    def add(self, start: int, end: int, value: float) -> None:
        self._steps[start] += value
        self._steps[end] -= value

    def values(self) -> list[float]:
        return list(accumulate(self._steps[:-1]))


def _up_to_now(state: FeedState, now: datetime) -> Sequence[Span]:
    """A feed's stretches; between two polls that come on time, the last one reaches to now."""
    if not (state.active and state.failures == 0 and state.last_success_at and state.interval_s):
        return state.covered
    if not state.last_success_at <= now <= state.last_success_at + timedelta(seconds=ON_SCHEDULE * state.interval_s):
        return state.covered
    return merged([*state.covered, Span(start=state.last_success_at, end=now)])


def _cover(share: _Line, span: Span, first: datetime, now: datetime, joined: int, left: int, weight: float) -> None:
    begin = max((span.start - first) / _HOUR, float(joined))
    stop = min((min(span.end, now) - first) / _HOUR, float(left))
    if stop <= begin:
        return
    running = (now - first) / _HOUR
    low, high = math.ceil(begin), math.floor(stop)
    if low < high:
        share.add(low, high, weight)
    for hour in {math.floor(begin), math.floor(stop)}:
        part = min(stop, hour + 1) - max(begin, hour)
        length = min(1.0, running - hour)
        if not low <= hour < high and hour < left and part > 0 and length > 0:
            share.add(hour, hour + 1, weight * min(1.0, part / length))
