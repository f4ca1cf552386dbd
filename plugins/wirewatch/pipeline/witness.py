"""What speaks for an incident: its articles, and whether it would be one without its largest publisher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from wirewatch.model import Article, Incident, IncidentEvidence, Sighting, Spike
from wirewatch.pipeline.expecting import Outlook
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes.counts import hour_of
from wirewatch.spikes.detect import Judged, judge
from wirewatch.spikes.evidence import chart_from, evidence_of, largest, sighting_of, without
from wirewatch.spikes.series import HOUR, Series
from wirewatch.store import counts as store

_LOOK_BACK = timedelta(hours=72)
"""Stories may have begun so long before the window that they are still told in."""
_ALERT = 0.5
_ENOUGH = 1 / 3
"""The score of half the evidence that an alert needs."""
Row = tuple[datetime, int, float, float]


class Witness:
    """Asks the store about topics, each at most once a run; `prepare` first."""

    def __init__(self, ports: Ports, outlook: Outlook, now: datetime) -> None:
        self.ports, self.outlook, self.now = ports, outlook, now
        self._articles: dict[str, tuple[datetime, list[Article]]] = {}
        self._others: list[str] | None = None
        self._silent: Mapping[str, Judged] = {}

    async def prepare(self, spikes: Mapping[str, Sequence[Spike]]) -> None:
        """Judge again, all topics together, as if each spiking topic's largest publisher had been silent."""
        silent = dict(self.outlook.series)
        for topic, found in spikes.items():
            silent[topic] = await self._without_largest(self.outlook.series[topic], found)
        self._silent = self._judge(silent) if spikes else {}

    def independent(self, topic: str, spikes: Sequence[Spike]) -> list[Spike]:
        """The exceptional hours that do not rest on one publisher, unless the topic allows that: without it, much would be left."""
        if self.outlook.series[topic].single_publisher:
            return list(spikes)
        return [spike for spike in spikes if self._left(topic, spike) >= _ENOUGH]

    async def evidence(self, incident: Incident, spike: Spike | None) -> IncidentEvidence:
        """What an incident rests on now."""
        topic, since = incident.topic, incident.began_at
        articles = await self._articles_of(topic, since)
        holds = incident.evidence.without_largest if incident.evidence else True
        if spike is not None and topic in self._silent:
            holds = self._left(topic, spike) >= _ALERT
        if self._others is None:
            self._others = await store.titles(self.ports.documents, since)
        return evidence_of(
            articles,
            topic=topic,
            since=since,
            hours=self._hours(incident),
            known_titles=await store.titles(self.ports.documents, since, topic=topic),
            other_titles=self._others,
            without_largest=holds,
        )

    def _left(self, topic: str, spike: Spike) -> float:
        """The score of an exceptional hour had the largest publisher been silent."""
        judged = self._silent[topic]
        return float(judged.score[judged.hours.index(spike.at - HOUR)])

    async def _articles_of(self, topic: str, since: datetime) -> list[Article]:
        """A topic's counted articles from `since` to now, and some before."""
        start = since - _LOOK_BACK
        known = self._articles.get(topic)
        if known is None or known[0] > start:
            end = hour_of(self.now) + HOUR
            known = (start, await store.articles_of(self.ports.documents, topic, start, end))
            self._articles[topic] = known
        return known[1]

    async def _without_largest(self, series: Series, spikes: Sequence[Spike]) -> Series:
        """A topic's series had the publisher been silent that its exceptional hours rest on most."""
        panel = self.outlook.panel
        start = max(panel.start, min(spike.at - timedelta(hours=spike.window_h) for spike in spikes))
        end = max(spike.at for spike in spikes)
        sightings: list[Sighting] = [each for each in map(sighting_of, await self._articles_of(series.topic, start)) if each is not None]
        hours = [start + number * HOUR for number in range(round((end - start) / HOUR))]
        name = largest(sightings, start, end)
        left = without(sightings, name, series.topic, hours) if name else {}
        stories = series.stories.copy()
        publishers = None if series.publishers is None else series.publishers.copy()
        for hour in hours:
            place = panel.index(hour)
            if not 0 <= place < panel.n or not np.isfinite(stories[place]):
                continue
            fewer = left.get(hour, (0, 0, 0))
            stories[place] = min(stories[place], fewer[0])
            if publishers is not None:
                publishers[place] = min(publishers[place], fewer[1])
        return replace(series, stories=stories, publishers=publishers)

    def _judge(self, series: Mapping[str, Series]) -> Mapping[str, Judged]:
        judged = judge(
            list(self.outlook.baselines.values()),
            self.outlook.panel,
            list(series.values()),
            settings=self.ports.bundle.settings.detection,
            topics=self.outlook.alerting,
            since=self.outlook.panel.start,
            now=self.now,
        )
        return {each.topic: each for each in judged}

    def _hours(self, incident: Incident) -> list[Row]:
        """For the chart: hour, stories, expected, upper; hours of which nothing is known are left out."""
        known: dict[datetime, Row] = {row[0]: row for row in (incident.evidence.hours if incident.evidence else ())}
        if incident.topic in self.outlook.judged:
            known |= {row[0]: row for row in self._judged_hours(incident.topic)}
        start = chart_from(incident.began_at, self.now)
        return [known[hour] for hour in sorted(known) if start <= hour <= self.now]

    def _judged_hours(self, topic: str) -> list[Row]:
        stories, judged, panel = self.outlook.series[topic].stories, self.outlook.judged[topic], self.outlook.panel
        return [
            (hour, int(stories[panel.index(hour)]), round(float(mean), 3), round(float(upper), 3))
            for hour, mean, upper in zip(judged.hours, judged.expected, judged.upper, strict=True)
            if np.isfinite(stories[panel.index(hour)]) and np.isfinite(mean) and np.isfinite(upper)
        ]
