"""From stored counts to judged topics: coverage, learned states, and what is exceptional."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from wirewatch.feeds.coverage import coverage_of
from wirewatch.model import Alert, Counts, Coverage, Spike, Topic
from wirewatch.pipeline.counting import Recounted
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes.baseline import Baseline, learn, update
from wirewatch.spikes.counts import hour_of
from wirewatch.spikes.detect import Judged, judge
from wirewatch.spikes.series import HOUR, Panel, Series
from wirewatch.store import counts as store
from wirewatch.store import feeds as feed_store

BEFORE = 48 * HOUR
"""Hours that judging needs before the first one that it judges."""
LATEST = 72 * HOUR
"""What came so late changes counts, but raises no alarm."""
REFILL = timedelta(days=8)
"""So far back coverage is worked out anew in every run: a resumed feed fills the hours that it missed."""
RELEARN = timedelta(days=7)
AT_ONCE = 200
"""Topics learned anew in one run because of their age; those that know nothing yet are always learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """All topics judged."""

    panel: Panel
    coverage: tuple[Coverage, ...]
    """Of the panel's hours that were looked at or should have been, in order."""
    series: Mapping[str, Series]
    baselines: Mapping[str, Baseline]
    judged: Mapping[str, Judged]
    """Over the whole panel."""
    since: datetime
    """The first hour that may raise an alarm now."""
    seeing: bool
    """Whether anything can be seen in the running hour: where not, nothing is taken to have calmed."""
    alerting: int
    """Alerting topics that share a recipient's budget of false mails, at most."""

    def spikes(self, topic: str) -> tuple[Spike, ...]:
        """A topic's exceptional hours that may raise an alarm now, oldest first."""
        return tuple(spike for spike in self.judged[topic].spikes if spike.at > self.since)


async def look(ports: Ports, run: store.Run, recounted: Recounted) -> Outlook:
    """Store coverage and learned states, and judge every topic since the last run and wherever articles came late."""
    start, end = panel_start(run, recounted), hour_of(run.now) + HOUR
    coverage = await cover(ports, run, recounted, start)
    topics = ports.bundle.topics
    states = await _states(ports, run)
    panel = panel_of(coverage, start, end)
    grids = Grids(topics, panel, states)
    async for each in store.scan_hours(ports.documents, start, end):
        grids.put(each)
    grids.put_all(recounted.rows)
    series = grids.series()
    baselines = await _learned(ports, run, states, panel, series, recounted)
    alerting = shared_budget(ports)
    judged = judge(baselines, panel, series, settings=ports.bundle.settings.detection, topics=alerting, since=start, now=run.now)
    return Outlook(
        panel=panel,
        coverage=tuple(coverage),
        series={each.topic: each for each in series},
        baselines={each.topic: each for each in baselines},
        judged={each.topic: each for each in judged},
        since=judged_since(run, recounted),
        seeing=bool(panel.n and np.nan_to_num(panel.coverage[-1]) > 0),
        alerting=alerting,
    )


def judged_since(run: store.Run, recounted: Recounted) -> datetime:
    """The first hour to judge: the last run's, or an earlier one that articles touched since."""
    last = hour_of(run.now) - 2 * HOUR if run.done_at is None else hour_of(min(run.done_at, run.now))
    touched = [] if run.done_at is None else [hour for hour in recounted.hours - recounted.quiet if hour <= run.now]
    return max(min([last, *touched]), hour_of(run.now - LATEST))


def panel_start(run: store.Run, recounted: Recounted) -> datetime:
    """Where the panel begins, so that the first judged hour has enough before it, and levels can be brought up to date."""
    return min(judged_since(run, recounted) - BEFORE, hour_of(run.now).replace(hour=0) - BEFORE)


def keep_from(now: datetime) -> datetime:
    """Counts before it are not judged, so they need not wait to be."""
    return hour_of(now - LATEST)


def shared_budget(ports: Ports) -> int:
    """How many alerting topics the recipient with the most of them has."""
    default = ports.bundle.settings.alerts.default_notify
    by_recipient: dict[str, int] = {}
    for topic in ports.bundle.topics:
        if topic.alert is Alert.SPIKE:
            for recipient in topic.notify or default or ("",):
                by_recipient[recipient] = by_recipient.get(recipient, 0) + 1
    return max(by_recipient.values(), default=1)


def annotated(row: Counts, judged: Judged | None) -> Counts:
    """A count with what was expected of it, where it was judged."""
    if judged is None or not judged.hours or not judged.hours[0] <= row.hour <= judged.hours[-1]:
        return row
    place = int((row.hour - judged.hours[0]) / HOUR)
    return replace(row, expected=_number(judged.expected[place]), upper=_number(judged.upper[place]), score=_number(judged.score[place]))


def _number(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


# ---------------------------------------------------------------- coverage


async def cover(ports: Ports, run: store.Run, recounted: Recounted, start: datetime) -> list[Coverage]:
    """Work out and store the coverage of the last days, and the totals of the hours counted; what is known from `start` on."""
    detection = ports.bundle.settings.detection
    refill = detection.history if run.done_at is None else max(REFILL, run.now - run.done_at + HOUR)
    first = hour_of(run.now - refill)
    oldest = min([first, start, *recounted.hours])
    known = {each.hour: each for each in await store.coverage_between(ports.documents, oldest, hour_of(run.now) + HOUR)}
    found = dict(known)
    weights = {feed.id: feed.weight for feed in ports.bundle.feeds}
    states = await feed_store.all_states(ports.documents)
    for hour, share, feeds in coverage_of(
        states, weights, start=first, end=hour_of(run.now) + HOUR, now=run.now, panel_age=detection.panel_age
    ):
        before = known.get(hour) or Coverage(hour=hour, coverage=0.0, until=run.until)
        found[hour] = replace(before, coverage=round(share, 3), feeds=feeds)
    for hour in recounted.hours:
        if hour > run.now:
            continue
        before = found.get(hour) or Coverage(hour=hour, coverage=0.0, until=run.until)
        cell = recounted.totals.get(hour)
        sizes = (cell.stories, cell.publishers, cell.articles) if cell else (0, 0, 0)
        found[hour] = replace(before, stories=sizes[0], publishers=sizes[1], articles=sizes[2])
    # An hour before the first feed joined the panel, and with nothing in it, says nothing.
    changed = [each for hour, each in found.items() if each != known.get(hour) and (each.feeds or each.articles or hour in known)]
    await store.save_coverage(ports.documents, [replace(each, until=run.until) for each in changed])
    return [found[hour] for hour in sorted(found) if hour >= start]


def panel_of(coverage: Sequence[Coverage], start: datetime, end: datetime) -> Panel:
    """The hours from `start` to `end` as arrays; an hour without a row is unknown."""
    n = max(0, round((end - start) / HOUR))
    share, stories = np.zeros(n), np.full(n, np.nan)
    for each in coverage:
        place = round((each.hour - start) / HOUR)
        if 0 <= place < n and each.coverage > 0:
            share[place], stories[place] = each.coverage, each.stories
    return Panel(start=start, coverage=share, stories=stories)


class Grids:
    """Counts laid out by topic and hour, row by row, for there may be a million of them.

    What is not stored is nothing, and hours under another hash of the topic are unknown.
    """

    def __init__(self, topics: Sequence[Topic], panel: Panel, states: Mapping[str, store.Learned]) -> None:
        self._topics = topics
        self._at = {topic.id: place for place, topic in enumerate(topics)}
        self._hashes = [topic.hash for topic in topics]
        self._hours = {panel.at(hour): hour for hour in range(panel.n)}
        self._grids = np.zeros((3, len(topics), panel.n))
        for topic in topics:
            state = states.get(topic.id)
            if state is not None and state.since is not None:
                until = min(panel.n, max(0, math.ceil((state.since - panel.start) / HOUR)))
                self._grids[:, self._at[topic.id], :until] = np.nan

    def put(self, found: store.Hourly) -> None:
        """Lay one hour of a topic where it belongs; a later one of the same hour replaces it."""
        place, hour = self._at.get(found.topic), self._hours.get(found.hour)
        if place is not None and hour is not None:
            self._grids[:, place, hour] = found.counts if found.hash == self._hashes[place] else np.nan

    def put_all(self, rows: Iterable[Counts]) -> None:
        """The same of rows that are not stored yet."""
        for row in rows:
            self.put(store.Hourly(row.topic, row.hash, row.hour, (row.stories, row.publishers, row.articles)))

    def series(self) -> list[Series]:
        """One a topic, in their order."""
        stories, publishers, articles = self._grids
        return [
            Series(
                topic=topic.id,
                stories=stories[place],
                publishers=publishers[place],
                articles=articles[place],
                sensitivity=topic.sensitivity,
                single_publisher=topic.single_publisher,
            )
            for place, topic in enumerate(self._topics)
        ]


# ---------------------------------------------------------------- learned states


async def _states(ports: Ports, run: store.Run) -> dict[str, store.Learned]:
    """What is kept of every topic, begun anew where its hash has changed."""
    topics = ports.bundle.topics
    kept = await store.learned(ports.documents, [topic.id for topic in topics])
    next_hour = hour_of(run.now) + HOUR
    found: dict[str, store.Learned] = {}
    for topic in topics:
        state = kept.get(topic.id)
        if state is not None and state.hash == topic.hash:
            found[topic.id] = state
            continue
        # In the very first run every article there is has been tagged by these rules, or by none.
        since = None if run.done_at is None else next_hour
        begun = store.Learned(topic=topic.id, hash=topic.hash, since=since, state=None)
        found[topic.id] = begun if state is None else replace(begun, seq_no=state.seq_no, primary_term=state.primary_term, rest=state.rest)
    if any(state.since is not None for state in found.values()):
        last = await store.tagged_since(ports.documents, ports.bundle.hash)
        whole = None if last is None else hour_of(last) + HOUR
        found = {topic: _reaching_back(state, whole) for topic, state in found.items()}
    return found


async def forget_learned(ports: Ports, topics: Sequence[str]) -> int:
    """Drop what was learned of topics, so that the next run learns them anew; returns of how many anything was."""
    kept = await store.learned(ports.documents, topics)
    known = [replace(state, state=None) for state in kept.values() if state.state is not None]
    return await store.save_learned(ports.documents, known, ports.clock())


def _reaching_back(state: store.Learned, whole: datetime | None) -> store.Learned:
    """A state whose topic's past has been tagged again, as far back as `whole` (None: all of it): to be learned anew."""
    if state.since is None or (whole is not None and state.since - whole < timedelta(days=1)):
        return state
    return replace(state, since=whole, state=None)


async def _learned(
    ports: Ports, run: store.Run, states: Mapping[str, store.Learned], panel: Panel, series: Sequence[Series], recounted: Recounted
) -> list[Baseline]:
    """Every topic's baseline, learned where it must be and brought up to date where a day has ended; stored where it changed."""
    today = run.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    read = {topic: Baseline.from_json(state.state) for topic, state in states.items() if state.state is not None}
    known = {topic: each for topic, each in read.items() if each is not None}
    fit = {topic: each for topic, each in known.items() if panel.start <= each.through <= today}
    missing = [each.topic for each in series if each.topic not in fit]
    young = [topic for topic, each in fit.items() if each.learning and run.now - each.learned_at >= _patience(each)]
    aged = sorted((each.learned_at, topic) for topic, each in fit.items() if run.now - each.learned_at >= RELEARN)
    again = dict.fromkeys([*missing, *young, *(topic for _, topic in aged[:AT_ONCE])])
    fresh = await _learn(ports, run, list(again), states, recounted) if again else {}
    behind = [each for each in series if each.topic in fit and each.topic not in fresh and fit[each.topic].through < today]
    moved = {each.topic: each for each in update([fit[each.topic] for each in behind], panel, behind, now=run.now)} if behind else {}
    found = {**fit, **moved, **fresh}
    changed = [
        replace(states[topic], state=found[topic].to_json())
        for topic in states
        if topic in fresh or topic in moved or states[topic].seq_no is None
    ]
    await store.save_learned(ports.documents, changed, run.now)
    return [found[each.topic] for each in series]


def _patience(young: Baseline) -> timedelta:
    """When a topic that knows little has half as much again to learn from."""
    return max(timedelta(days=1), young.known_hours * HOUR / 2)


async def _learn(
    ports: Ports, run: store.Run, wanted: Sequence[str], states: Mapping[str, store.Learned], recounted: Recounted
) -> dict[str, Baseline]:
    """Learn topics anew from all the history that there is."""
    chosen = set(wanted)
    topics = [topic for topic in ports.bundle.topics if topic.id in chosen]
    end = hour_of(run.now) + HOUR
    start = hour_of(run.now - ports.bundle.settings.detection.history).replace(hour=0)
    coverage = await store.coverage_between(ports.documents, start, end)
    # Days before anybody looked have nothing to teach, and would take as long as others.
    known = next((each.hour for each in coverage if each.coverage > 0), run.now)
    start = max(start, hour_of(known).replace(hour=0))
    panel = panel_of(coverage, start, end)
    some = None if len(topics) == len(ports.bundle.topics) else [topic.id for topic in topics]
    grids = Grids(topics, panel, states)
    async for each in store.scan_hours(ports.documents, start, end, some):
        grids.put(each)
    grids.put_all(recounted.rows)
    found = learn(panel, grids.series(), now=run.now)
    return {each.topic: each for each in found}
