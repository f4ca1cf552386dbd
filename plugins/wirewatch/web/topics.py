"""Topics: what each does now, and one topic over the last two weeks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Annotated

from fastapi import HTTPException, Query

from wirewatch.alerts.kibana import dashboard_link
from wirewatch.config import Bundle
from wirewatch.config.settings import Detection
from wirewatch.model import Incident, IncidentState, Topic
from wirewatch.store import config as published
from wirewatch.store.base import Documents
from wirewatch.web import tallies
from wirewatch.web.access import Now, Stored, area
from wirewatch.web.incidents import IncidentRow, ongoing, row
from wirewatch.web.incidents import search as search_incidents
from wirewatch.web.tallies import HourView, Numbers, Sight

router = area("topics")

CHART = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """One topic in a list."""

    id: str
    name: str
    alert: str
    """How it reaches people: `spike`, `each`, `digest` or `none`."""
    state: str
    """`spiking`, `acknowledged`, `snoozed`, `calm`, `learning` (no usual number yet) or `unseen` (calm, but Wirewatch is blind)."""
    stories: int
    """Of the last 24 hours."""
    articles: int
    usual: float | None
    """Stories in 24 hours; None: not known yet."""
    bars: tuple[int, ...]
    """Stories of the last seven days, six hours a bar, oldest first."""
    incident: str | None
    """The one that is going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPage:
    """Topics, those that matter most first."""

    total: int
    since: datetime
    """Start of the 24 hours."""
    topics: tuple[TopicRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """One topic with its last two weeks."""

    topic: TopicRow
    since: datetime
    notify: tuple[str, ...]
    hours: tuple[HourView, ...]
    incidents: tuple[IncidentRow, ...]
    """The latest first."""
    kibana: str | None
    """The topic there, over the same time."""


@router.get("/topics")
async def list_topics(
    documents: Stored,
    now: Now,
    q: Annotated[str, Query(max_length=200, description="Part of a name or id.")] = "",
    offset: Annotated[int, Query(ge=0, le=50_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> TopicPage:
    """Topics with their last 24 hours against the usual, what is spiking first."""
    (bundle, open_now, sight), counted = await asyncio.gather(situation(documents, now), tallies.topic_numbers(documents, now))
    return await page_of(documents, now, bundle, open_now, counted, believable(sight), q=q, offset=offset, limit=limit)


@router.get("/topics/{topic:path}")
async def show_topic(documents: Stored, now: Now, topic: str) -> TopicView:
    """One topic: its hours of two weeks against what was expected, and its incidents."""
    bundle, open_now, sight = await situation(documents, now)
    known = next((each for each in bundle.topics if each.id == topic), None) if bundle else None
    if known is None:
        raise HTTPException(404, f"There is no topic {topic!r} in the published configuration.")
    end = now.replace(minute=0, second=0, microsecond=0) + tallies.HOUR
    found, bars, hours, past = await asyncio.gather(
        tallies.topic_numbers(documents, now, [topic]),
        tallies.sparks(documents, now, [topic]),
        tallies.hours_of(documents, topic, end - CHART, end),
        search_incidents(documents, topic=topic, limit=20),
    )
    current = {each.topic: each for each in open_now}
    return TopicView(
        topic=_row(known, found.get(topic, Numbers()), bars.get(topic, ()), current.get(topic), believable(sight)),
        since=tallies.day_start(now),
        notify=known.notify,
        hours=hours,
        incidents=tuple(row(each) for each in past.incidents),
        kibana=dashboard_link(bundle.settings.alerts.kibana_url, "topic", topic=topic, start=end - CHART) if bundle else None,
    )


def believable(sight: Sight) -> bool:
    """Whether calm means anything."""
    return sight.state in ("clear", "partial", "unknown")


async def situation(documents: Documents, now: datetime) -> tuple[Bundle | None, list[Incident], Sight]:
    """The published configuration, the incidents that go on, and how much is seen."""
    bundle, open_now, seen = await asyncio.gather(published.published(documents), ongoing(documents), tallies.look(documents, now))
    return bundle, open_now, tallies.sight(now, *seen, bundle.settings.detection if bundle else Detection())


async def page_of(
    documents: Documents,
    now: datetime,
    bundle: Bundle | None,
    open_now: Sequence[Incident],
    counted: Mapping[str, Numbers],
    sees: bool,
    *,
    q: str = "",
    offset: int = 0,
    limit: int = 50,
) -> TopicPage:
    """One page of topics in order of what matters."""
    wanted = q.casefold().split()
    topics = [each for each in (bundle.topics if bundle else ()) if all(word in f"{each.name} {each.id}".casefold() for word in wanted)]
    # Without a single count in four weeks a topic is as quiet as it usually is, if there is a usual at all.
    nothing = Numbers(usual=0.0 if any(each.usual is not None for each in counted.values()) else None)
    current = {each.topic: each for each in open_now}
    chosen = sorted(topics, key=lambda each: rank(each, counted.get(each.id, nothing), current.get(each.id)))[offset : offset + limit]
    bars = await tallies.sparks(documents, now, [each.id for each in chosen])
    rows = tuple(_row(each, counted.get(each.id, nothing), bars.get(each.id, ()), current.get(each.id), sees) for each in chosen)
    return TopicPage(total=len(topics), since=tallies.day_start(now), topics=rows)


def rank(topic: Topic, found: Numbers, incident: Incident | None) -> tuple[int, float, int, str]:
    """Sort key: ongoing incidents first, then by how far above the usual, then by size; pure."""
    usual = found.usual or 0.0
    return (_urgency(incident), -max(0.0, (found.stories - usual) / sqrt(usual + 1)), -found.stories, topic.name.casefold())


def _urgency(incident: Incident | None) -> int:
    if incident is None:
        return 3
    return {IncidentState.OPEN: 0, IncidentState.ACKNOWLEDGED: 1}.get(incident.state, 2)


def _row(topic: Topic, found: Numbers, bars: Sequence[int], incident: Incident | None, sees: bool) -> TopicRow:
    return TopicRow(
        id=topic.id,
        name=topic.name,
        alert=topic.alert,
        state=state_of(found, incident, sees),
        stories=found.stories,
        articles=found.articles,
        usual=found.usual,
        bars=tuple(bars) or (0,) * tallies.SPARK_BARS,
        incident=incident.id if incident else None,
    )


def state_of(found: Numbers, incident: Incident | None, sees: bool) -> str:
    """See `TopicRow.state`; pure."""
    if incident is not None:
        return "spiking" if incident.state is IncidentState.OPEN else str(incident.state)
    if not sees:
        return "unseen"
    return "learning" if found.usual is None else "calm"


def names_of(bundle: Bundle | None) -> Mapping[str, str]:
    """Topic ids to names."""
    return {each.id: each.name for each in bundle.topics} if bundle else {}
