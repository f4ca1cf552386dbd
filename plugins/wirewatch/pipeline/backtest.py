"""What the watch would have said of counts from the past: a walk forward in time, where each decision knows what was known then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from wirewatch.config.settings import Detection
from wirewatch.model import Incident, IncidentState, Spike
from wirewatch.pipeline.counts_csv import Revision, Table
from wirewatch.spikes import incidents as life
from wirewatch.spikes.baseline import DAY, MAX_DAYS, Baseline, learn, update
from wirewatch.spikes.detect import Survey, survey
from wirewatch.spikes.series import Floats, Panel, Series

RELEARN_D = 7
"""As live: rhythm and noise once a week, every day while something is learning, and the level every day."""
_YOUNG_D = 15
_NEWS = ("opened", "escalated", "reopened")
_BEFORE = timedelta(hours=48)

RECIPIENT_TOPICS = 100
"""Counts in a file do not say who is told of what: nobody is taken to watch more of the topics than this."""

Progress = Callable[[int, int], None]
"""Told days done and days in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What came of it."""

    incidents: tuple[Incident, ...]
    """In the order in which they were opened."""
    scores: Floats
    """(topics, n) 0..1; 0.5 is the alert threshold. Where an incident is open already and nobody is told anew, below it."""
    expected: Floats
    """(topics, n) stories; nan where unknown."""
    start: datetime
    weeks: float
    """Of time that was judged."""

    def between(self, start: datetime, end: datetime, topics: Collection[str]) -> Backtest:
        """Only what was opened in a stretch of time, of some topics."""
        kept = tuple(each for each in self.incidents if start <= each.opened_at <= end and each.topic in topics)
        return replace(self, incidents=kept, start=start, weeks=(end - start) / timedelta(weeks=1))


def backtest(table: Table, settings: Detection, *, topics: int | None = None, progress: Progress | None = None) -> Backtest:
    """Walk through a table and keep incidents as the watch would have; `topics` share a recipient's budget (None: those of the table, at
    most `RECIPIENT_TOPICS`).
    """
    names = [each.topic for each in table.series]
    lives: dict[int, Incident] = {}
    ended: list[Incident] = []
    told_at: dict[int, datetime] = {}
    scores = np.zeros((len(names), table.panel.n))
    expected = np.full(scores.shape, np.nan)
    for decision in _decisions(table, settings, topics or min(len(names), RECIPIENT_TOPICS), progress):
        if isinstance(decision, _Span):
            held = slice(decision.begin, decision.end)
            scores[:, held] = np.maximum(scores[:, held], decision.scores)
            expected[:, held] = decision.expected
            continue
        for row in sorted(decision.spikes.keys() | {row for row, each in lives.items() if each.state is not IncidentState.CLOSED}):
            before = lives.get(row)
            after, told = _advanced(before, decision.spikes.get(row, ()), decision, names[row], settings)
            if told == "escalated" and decision.now - told_at.get(row, decision.now) < life.GAP:
                told = None
            if told in _NEWS:
                told_at[row] = decision.now
            elif row in decision.spikes:
                # An alert has gone out; what only goes on is no news.
                scores[row, decision.step] = min(scores[row, decision.step], 0.5 * scores[row, decision.step])
            if after is None:
                continue
            if before is not None and after.id != before.id:
                ended.append(before)
            lives[row] = after
    found = sorted([*ended, *lives.values()], key=lambda each: (each.opened_at, each.topic))
    weeks = table.panel.n * table.panel.step / timedelta(weeks=1)
    return Backtest(incidents=tuple(found), scores=scores, expected=expected, start=table.panel.start, weeks=weeks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Steps judged together."""

    begin: int
    end: int
    scores: Floats
    expected: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    """The end of a step, and what was exceptional then."""

    step: int
    now: datetime
    spikes: Mapping[int, Sequence[Spike]]
    seeing: bool


def _advanced(
    before: Incident | None, spikes: Sequence[Spike], decision: _Decision, topic: str, settings: Detection
) -> tuple[Incident | None, str | None]:
    fresh = [spike for spike in spikes if life.belongs(before, spike)]
    return life.advance(
        before,
        life.strongest(fresh),
        now=decision.now,
        settings=settings,
        topic=topic,
        topic_name=topic,
        episode=before.episode + 1 if before else 1,
        began_at=min((spike.at - timedelta(hours=spike.window_h) for spike in fresh), default=None),
        last_at=max((spike.at for spike in fresh), default=None),
        judged=decision.seeing,
    )


def _decisions(table: Table, settings: Detection, topics: int, progress: Progress | None) -> Iterator[_Span | _Decision]:
    known = _Known(table)
    panel = table.panel
    per_day = max(1, round(DAY / panel.step))
    days = -(-panel.n // per_day)
    baselines: list[Baseline] = []
    for day in range(days):
        begin, end = day * per_day, min(panel.n, (day + 1) * per_day)
        known.until(begin - 1)
        if day:
            baselines = _learned(baselines, known, day, begin, per_day, settings)
            for first, last in pairwise([begin, *known.steps_between(begin + 1, end), end]):
                yield from _span(known, baselines, first, last, settings, topics)
        if progress is not None:
            progress(day + 1, days)


def _learned(baselines: Sequence[Baseline], known: _Known, day: int, begin: int, per_day: int, settings: Detection) -> list[Baseline]:
    now = known.panel.at(begin)
    if not baselines or day < _YOUNG_D or day % RELEARN_D == 0:
        first = max(0, begin - round(min(settings.history, MAX_DAYS * DAY) / known.panel.step))
        return learn(*known.cut(first, begin), now=now)
    panel, series = known.cut(begin - 2 * per_day, begin)
    young = [each.topic for each in baselines if each.learning]
    moved = update(baselines, panel, series, now=now)
    if young:
        first = max(0, begin - round(min(settings.history, MAX_DAYS * DAY) / known.panel.step))
        panel, series = known.cut(first, begin)
        chosen = set(young)
        fresh = {each.topic: each for each in learn(panel, [each for each in series if each.topic in chosen], now=now)}
        moved = [fresh.get(each.topic, each) for each in moved]
    return moved


def _span(
    known: _Known, baselines: Sequence[Baseline], begin: int, end: int, settings: Detection, topics: int
) -> Iterator[_Span | _Decision]:
    """Judge the steps `begin` to `end`, and those before that have just become known."""
    late = known.until(begin)
    earliest = min([begin, *late])
    first = max(0, earliest - max(1, round(_BEFORE / known.panel.step)))
    panel, series = known.cut(first, end)
    found = survey(baselines, panel, series, settings=settings, topics=topics, now=panel.end)
    yield _Span(begin=earliest, end=end, scores=found.score[:, earliest - first :], expected=found.mean[:, earliest - first :])
    exceptional: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows, steps = np.nonzero(found.score[:, earliest - first :] >= 0.5)
    for row, step in zip(rows.tolist(), (steps + earliest).tolist(), strict=True):
        exceptional[max(step, begin)].append((row, step))
    for step in range(begin, end):
        now = known.panel.at(step + 1)
        yield _Decision(
            step=step, now=now, spikes=_spikes(found, exceptional.get(step, ()), first, now), seeing=bool(known.panel.coverage[step] > 0)
        )


def _spikes(found: Survey, cells: Sequence[tuple[int, int]], first: int, now: datetime) -> dict[int, list[Spike]]:
    spikes: dict[int, list[Spike]] = defaultdict(list)
    for row, step in cells:
        spikes[row].append(found.spike(row, step - first, now=now))
    return spikes


class _Known:
    """Counts as they are known at a step; revisions are taken up as the walk comes to them."""

    def __init__(self, table: Table) -> None:
        self.series = [_with(each, _NAMES, _copy) for each in table.series]
        coverage = table.panel.coverage.copy()
        self.panel = replace(table.panel, coverage=coverage)
        self.waiting = list(table.revisions)
        for each in self.waiting:
            # Not seen at all at first: hidden, not zero.
            if not coverage[each.step] > 0:
                grid = getattr(self.series[each.topic], each.name)
                grid[each.step] = np.nan

    def steps_between(self, begin: int, end: int) -> list[int]:
        """Steps in which something becomes known."""
        return sorted({each.known for each in self.waiting if begin <= each.known < end})

    def until(self, step: int) -> list[int]:
        """Take up what is known by then; returns the steps revised."""
        done: list[Revision] = []
        while self.waiting and self.waiting[0].known <= step:
            done.append(self.waiting.pop(0))
        for each in done:
            getattr(self.series[each.topic], each.name)[each.step] = each.value
            if not self.panel.coverage[each.step] > 0:
                self.panel.coverage[each.step] = 1.0
        return sorted({each.step for each in done})

    def cut(self, begin: int, end: int) -> tuple[Panel, list[Series]]:
        """A part of it."""
        begin = max(0, begin)
        panel = Panel(
            start=self.panel.at(begin),
            step=self.panel.step,
            coverage=self.panel.coverage[begin:end],
            stories=self.panel.stories[begin:end],
        )
        return panel, [_with(each, (*_NAMES, "largest"), lambda values: values[begin:end]) for each in self.series]


_NAMES = ("stories", "publishers", "articles")


def _copy(values: Floats) -> Floats:
    return values.copy()


def _with(series: Series, names: Sequence[str], change: Callable[[Floats], Floats]) -> Series:
    """A series with some of its columns changed."""
    changed: dict[str, Any] = {name: change(getattr(series, name)) for name in names if getattr(series, name) is not None}
    return replace(series, **changed)
