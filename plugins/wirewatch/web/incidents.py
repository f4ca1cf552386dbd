"""Incidents: the list, one with its evidence, and what people do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import HTTPException, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from wirewatch.alerts import phrases
from wirewatch.alerts.kibana import dashboard_link, incident_dashboard
from wirewatch.alerts.text import clean, marked, safe_url
from wirewatch.model import Headline, Incident, IncidentEvent, IncidentState, Severity
from wirewatch.pipeline import incidents as life
from wirewatch.spikes.incidents import BLINDNESS
from wirewatch.store import config as published
from wirewatch.store import incidents as store
from wirewatch.store import notifications
from wirewatch.store.base import Documents
from wirewatch.store.documents import from_document
from wirewatch.web import tallies
from wirewatch.web.access import Changer, Now, Stored, area
from wirewatch.web.spread import Dot, StoryView, spread_of
from wirewatch.web.tallies import HourView
from wirewatch.web.text import Piece

router = area("incidents")

_WEIGHT = {Severity.CRITICAL: 0, Severity.MAJOR: 1, Severity.NOTABLE: 2}
_BEFORE = timedelta(hours=48)
_AFTER = timedelta(hours=12)
_LONGEST = timedelta(days=21)
_TITLE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlineView:
    """An article of an incident, with the matched words marked."""

    article: str
    title: tuple[Piece, ...]
    url: str | None
    publisher: str
    at: datetime
    language: str | None
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One incident in a list."""

    id: str
    about: str
    """`topic`, or `sight`: Wirewatch itself could not see enough."""
    topic: str
    topic_name: str
    state: str
    severity: str
    size: str
    """How big against the usual, in words."""
    opened_at: datetime
    began_at: datetime
    last_spike_at: datetime
    closed_at: datetime | None
    closing: str | None
    """How it ended, in a sentence."""
    snoozed_until: datetime | None
    acknowledged_by: str | None
    found_late: bool
    stories: int
    publishers: int
    articles: int
    headline: HeadlineView | None
    bars: tuple[int, ...]
    """Stories an hour over the last 48 hours of its evidence, oldest first."""
    going: int
    """How many of them, at the end, are part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """Incidents, the latest first."""

    total: int
    incidents: tuple[IncidentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message about an incident."""

    recipient: str
    channel: str
    event: str
    state: str
    planned_at: datetime
    sent_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """One incident with all that is known of it."""

    row: IncidentRow
    peak: str
    window_h: int
    series: str
    observed: float
    expected: float
    upper: float
    score: float
    reason: str
    """Why it is one, in a sentence."""
    caveats: tuple[str, ...]
    independent: int
    """Stories that are reports of their own."""
    first: HeadlineView | None
    first_is_certain: bool
    spread_in_words: str | None
    """Who has it from where."""
    headlines: tuple[HeadlineView, ...]
    words: tuple[tuple[str, int], ...]
    new_words: tuple[str, ...]
    top_publishers: tuple[tuple[str, int], ...]
    hours: tuple[HourView, ...]
    events: tuple[IncidentEvent, ...]
    """The latest first."""
    told: tuple[Told, ...]
    spread: tuple[Dot, ...]
    """The earliest first, at most 500."""
    stories: tuple[StoryView, ...]
    """Those that most took up first, at most 40."""
    kibana: str | None
    """Its topic there, over the days around it; the feeds, where it is about sight."""


class Change(BaseModel):
    """What somebody does about an incident."""

    model_config = ConfigDict(extra="forbid")

    what: Literal["ack", "snooze", "close", "reopen", "note"]
    note: str = Field("", max_length=2000)
    until: AwareDatetime | None = Field(None, description="Needed by `snooze`.")
    reason: Literal["useful", "known", "false_alarm", "data_fault"] | None = Field(None, description="Needed by `close`.")

    @model_validator(mode="after")
    def _complete(self) -> Change:
        if (self.what == "snooze") != (self.until is not None):
            raise ValueError("until is needed to snooze, and only then")
        if (self.what == "close") != (self.reason is not None):
            raise ValueError("a reason is needed to close, and only then")
        if self.what == "note" and not self.note.strip():
            raise ValueError("a note needs words")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Incidents that a search found."""

    total: int
    incidents: tuple[Incident, ...]


@router.get("/incidents")
async def list_incidents(
    documents: Stored,
    state: Annotated[list[IncidentState] | None, Query(description="Any of these.")] = None,
    severity: Annotated[list[Severity] | None, Query()] = None,
    topic: Annotated[str | None, Query(max_length=500)] = None,
    offset: Annotated[int, Query(ge=0, le=9_900)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> IncidentPage:
    """Incidents, the latest first."""
    found = await search(documents, states=state or (), severities=severity or (), topic=topic, offset=offset, limit=limit)
    return IncidentPage(total=found.total, incidents=tuple(row(each) for each in found.incidents))


@router.get("/incidents/{incident:path}")
async def show_incident(documents: Stored, now: Now, incident: str) -> IncidentView:
    """One incident: evidence, hours, what happened, who was told, how it spread."""
    found, bundle = await asyncio.gather(load(documents, incident), published.published(documents))
    return await view(documents, found, now, bundle.settings.alerts.kibana_url if bundle else None)


@router.post("/incidents/{incident:path}")
async def change_incident(documents: Stored, now: Now, user: Changer, incident: str, change: Change) -> IncidentView:
    """Acknowledge, snooze, close, reopen or note; answers with the incident as it is then."""
    await load(documents, incident)
    if change.until is not None and change.until <= now:
        raise HTTPException(422, "until: that moment has passed")
    bundle = await published.published(documents)
    if bundle is None:
        raise HTTPException(409, "No configuration has been published yet.")
    changed = await life.change(
        documents,
        bundle.settings,
        incident,
        what=change.what,
        who=user.id,
        note=clean(change.note),
        until=change.until,
        reason=change.reason,
        now=now,
    )
    await documents.refresh(store.KIND)
    return await view(documents, changed, now, bundle.settings.alerts.kibana_url)


async def load(documents: Documents, id: str) -> Incident:
    """An incident in real time; 404 where there is none."""
    found = await store.get(documents, id)
    if found is None:
        raise HTTPException(404, f"There is no incident {id!r}.")
    return found.value


async def ongoing(documents: Documents) -> list[Incident]:
    """Incidents that are not closed, the most urgent first."""
    found = await search(documents, states=store.GOING_ON, limit=500)
    order = {IncidentState.OPEN: 0, IncidentState.ACKNOWLEDGED: 1, IncidentState.SNOOZED: 2}
    return sorted(found.incidents, key=lambda each: (order[each.state], _WEIGHT[each.severity], -each.score, each.id))


async def search(
    documents: Documents,
    *,
    states: Sequence[IncidentState] = (),
    severities: Sequence[Severity] = (),
    topic: str | None = None,
    closed_since: datetime | None = None,
    offset: int = 0,
    limit: int = 50,
) -> Found:
    """Incidents without their events, the latest first."""
    filters: list[dict[str, Any]] = []
    if states:
        filters.append({"terms": {"state": list(states)}})
    if severities:
        filters.append({"terms": {"severity": list(severities)}})
    if topic is not None:
        filters.append({"term": {"topic": topic}})
    if closed_since is not None:
        filters.append({"range": {"closed_at": {"gte": closed_since.isoformat()}}})
    sorting = [{"opened_at": {"order": "desc", "unmapped_type": "date"}}, {"id": {"order": "asc", "unmapped_type": "keyword"}}]
    body = {
        "query": {"bool": {"filter": filters}},
        "from": offset,
        "size": limit,
        "sort": sorting,
        "track_total_hits": True,
        "_source": {"excludes": ["events"]},
    }
    answer = await documents.search(store.KIND, body)
    hits = answer["hits"]["hits"]
    return Found(total=answer["hits"]["total"]["value"], incidents=tuple(from_document(Incident, hit["_source"]) for hit in hits))


def row(incident: Incident) -> IncidentRow:
    """What lists show of an incident; pure."""
    evidence = incident.evidence
    closed = incident.state is IncidentState.CLOSED
    hours = sorted(evidence.hours)[-48:] if evidence else []
    return IncidentRow(
        id=incident.id,
        about="sight" if incident.topic == BLINDNESS else "topic",
        topic=incident.topic,
        topic_name=clean(incident.topic_name, 200),
        state=incident.state,
        severity=incident.severity,
        size=_size(incident),
        opened_at=incident.opened_at,
        began_at=incident.began_at,
        last_spike_at=incident.last_spike_at,
        closed_at=incident.closed_at,
        closing=phrases.closing(incident) if closed else None,
        snoozed_until=incident.snoozed_until if incident.state is IncidentState.SNOOZED else None,
        acknowledged_by=incident.acknowledged_by,
        found_late=incident.found_late,
        stories=evidence.stories if evidence else 0,
        publishers=evidence.publishers if evidence else 0,
        articles=evidence.articles if evidence else 0,
        headline=_headline(evidence.headlines[0]) if evidence and evidence.headlines else None,
        bars=tuple(seen for _, seen, _, _ in hours),
        going=sum(at > incident.began_at - tallies.HOUR for at, _, _, _ in hours),
    )


def _size(incident: Incident) -> str:
    if incident.series == "coverage":
        return f"At most {incident.observed:.0%} of the usual coverage was looked at"
    if incident.series == "queue":
        return f"Articles waited for {phrases.span(timedelta(hours=incident.observed))} to be read"
    return phrases.total(incident) if incident.state is IncidentState.CLOSED else phrases.size(incident)


async def view(documents: Documents, incident: Incident, now: datetime, kibana_url: str | None) -> IncidentView:
    """Everything that the page shows of an incident."""
    evidence = incident.evidence
    end = min(now, incident.closed_at + _AFTER) if incident.closed_at else now
    end = end.replace(minute=0, second=0, microsecond=0) + tallies.HOUR
    start = max(incident.began_at - _BEFORE, end - _LONGEST)
    hours, told, spread = await asyncio.gather(
        tallies.hours_of(documents, incident.topic, start, end, known=evidence.hours if evidence else ()),
        notifications.about(documents, incident.id),
        spread_of(documents, incident, end),
    )
    return IncidentView(
        row=row(incident),
        peak=incident.peak,
        window_h=incident.window_h,
        series=incident.series,
        observed=incident.observed,
        expected=incident.expected,
        upper=incident.upper,
        score=incident.score,
        reason=f"{_size(incident)}." if incident.topic == BLINDNESS else phrases.reason(incident),
        caveats=phrases.caveats(incident),
        independent=evidence.independent if evidence else 0,
        first=_headline(evidence.first) if evidence and evidence.first else None,
        first_is_certain=bool(evidence and evidence.first_is_certain),
        spread_in_words=phrases.spread(evidence) if evidence and evidence.first else None,
        headlines=tuple(_headline(each) for each in evidence.headlines) if evidence else (),
        words=tuple((clean(word, 80), count) for word, count in evidence.words) if evidence else (),
        new_words=tuple(clean(word, 80) for word in evidence.new_words) if evidence else (),
        top_publishers=tuple((clean(name, 80), count) for name, count in evidence.top_publishers) if evidence else (),
        hours=hours,
        events=tuple(sorted(incident.events, key=lambda each: each.at, reverse=True)),
        told=tuple(
            Told(
                recipient=each.recipient,
                channel=each.channel,
                event=each.event,
                state=each.state,
                planned_at=each.planned_at,
                sent_at=each.sent_at,
                problem=each.problem,
            )
            for each in told
        ),
        spread=spread.dots,
        stories=spread.stories,
        kibana=dashboard_link(kibana_url, "feeds") if incident.topic == BLINDNESS else incident_dashboard(kibana_url, incident),
    )


def _headline(headline: Headline) -> HeadlineView:
    title = clean(headline.title, _TITLE) or headline.url
    return HeadlineView(
        article=headline.article,
        title=tuple(Piece(text=text, hit=hit) for text, hit in marked(title, headline.words)),
        url=safe_url(headline.url),
        publisher=clean(headline.publisher_name or headline.publisher, 80),
        at=headline.at,
        language=headline.language,
        copies=headline.copies,
    )
