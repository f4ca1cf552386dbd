"""From sightings of stories to a table that can be walked through: hourly counts as they were first known, and what was found later."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from wirewatch.config import Bundle
from wirewatch.model import Alert, Sighting, Topic
from wirewatch.pipeline.counts_csv import SERIES, Revision, Table
from wirewatch.spikes.baseline import covered
from wirewatch.spikes.counts import hash_of, hour_of, tally
from wirewatch.spikes.series import HOUR, Floats, Panel, Series


def table(
    sightings: Sequence[Sighting],
    seen: Mapping[str, datetime],
    topics: Sequence[Topic],
    coverage: Mapping[datetime, float],
    *,
    start: datetime,
    end: datetime,
    unknown: float = 1.0,
) -> Table:
    """The hours from `start` to `end`. `seen`: the hour in which each article was first seen; `coverage` by hour, else `unknown`.

    Hours of a topic that hold articles tagged under another hash than its own are unknown.
    """
    n = max(0, round((end - start) / HOUR))
    inside = [each for each in sightings if start <= each.at < end]
    shares = np.array([coverage.get(start + step * HOUR, unknown) for step in range(n)])
    prompt = [each for each in inside if seen[each.article] <= hour_of(each.at)]
    first, last = (_grids(found, topics, start, n) for found in (prompt, inside))
    panel = Panel(start=start, coverage=shares, stories=last.total)
    series = tuple(
        Series(
            topic=topic.id,
            **{name: first.counts[name][place] for name in SERIES},
            largest=last.largest[place],
            sensitivity=topic.sensitivity,
            single_publisher=topic.single_publisher,
        )
        for place, topic in enumerate(topics)
    )
    return Table(panel=panel, series=series, revisions=_late(inside, seen, first, last, panel))


def sharing(bundle: Bundle, more: int = 0) -> int:
    """How many alerting topics the recipient with the most of them has, and `more`."""
    watched = [topic for topic in bundle.topics if topic.alert is Alert.SPIKE]
    shares = Counter(name for topic in watched for name in (topic.notify or bundle.settings.alerts.default_notify or ("",)))
    return max(shares.values(), default=1) + more


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grids:
    counts: dict[str, Floats]
    """By name, (topics, n)."""
    largest: Floats
    total: Floats


def _grids(sightings: Sequence[Sighting], topics: Sequence[Topic], start: datetime, n: int) -> _Grids:
    places = {topic.id: place for place, topic in enumerate(topics)}
    counted = tally(sightings)
    counts = {name: np.zeros((len(topics), n)) for name in SERIES}
    for (topic, hour), cell in counted.topics.items():
        place = places.get(topic)
        if place is None:
            continue
        own = hash_of(cell) == topics[place].hash
        for name in SERIES:
            counts[name][place, int((hour - start) / HOUR)] = getattr(cell, name) if own else np.nan
    total = np.zeros(n)
    for hour, cell in counted.totals.items():
        total[int((hour - start) / HOUR)] = cell.stories
    return _Grids(counts=counts, largest=_largest(sightings, places, start, n), total=total)


def _largest(sightings: Sequence[Sighting], places: Mapping[str, int], start: datetime, n: int) -> Floats:
    """(topics, n) stories of each hour that only that hour's largest publisher has."""
    tellers: dict[tuple[str, str], set[str]] = defaultdict(set)
    begun: dict[tuple[str, str], datetime] = {}
    for each in sorted(sightings, key=lambda each: each.at):
        for topic, _ in each.topics:
            tellers[topic, each.story].add(each.publisher)
            begun.setdefault((topic, each.story), hour_of(each.at))
    alone: dict[tuple[str, datetime], Counter[str]] = defaultdict(Counter)
    for (topic, story), publishers in tellers.items():
        if len(publishers) == 1:
            alone[topic, begun[topic, story]][next(iter(publishers))] += 1
    found = np.zeros((len(places), n))
    for (topic, hour), publishers_of in alone.items():
        if topic in places:
            found[places[topic], int((hour - start) / HOUR)] = max(publishers_of.values())
    return found


def _late(sightings: Sequence[Sighting], seen: Mapping[str, datetime], first: _Grids, last: _Grids, panel: Panel) -> tuple[Revision, ...]:
    """What later articles changed in hours that were over, known from when the last of them was seen."""
    known: dict[int, int] = {}
    for each in sightings:
        step, found = panel.index(each.at), panel.index(seen[each.article])
        if found > step:
            known[step] = max(known.get(step, 0), found)
    hidden = covered(panel) <= 0
    revisions = []
    for step, at in known.items():
        for name in SERIES:
            before, after = first.counts[name][:, step], last.counts[name][:, step]
            changed = np.flatnonzero(np.ones(len(after), dtype=bool) if hidden[step] else before != after)
            revisions += [Revision(known=at, step=step, topic=topic, name=name, value=float(after[topic])) for topic in changed.tolist()]
    return tuple(sorted(revisions, key=lambda each: (each.known, each.step, each.topic)))
