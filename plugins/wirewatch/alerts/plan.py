"""Who is told what: one `Notification` for every address, with ids that a second planning finds again; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from fnmatch import fnmatchcase
from typing import Any

from pydantic import TypeAdapter

from wirewatch.alerts.text import clean
from wirewatch.config.settings import Alerts
from wirewatch.model import Headline, Incident, IncidentState, Notification, Severity

MAIL = "mail"
FIRST_EVENT = "opened"
"""The event whose mail starts the thread."""
STORY = "story"
"""A new story of a topic with `alert: each`."""
UNACKNOWLEDGED = "unacknowledged"
"""Somebody else is told what those first told have not acknowledged."""
ROUNDUP = "roundup"
"""One message that stands for several."""
RANK = {Severity.NOTABLE: 0, Severity.MAJOR: 1, Severity.CRITICAL: 2}
_INCIDENT = TypeAdapter(Incident)
_HEADLINE = TypeAdapter(Headline)


def route(topic: str, named: Sequence[str], severity: Severity, settings: Alerts) -> tuple[str, ...]:
    """Ids of those who are told of a topic at a severity: those it names, else the default ones, and those whom a route adds."""
    ids = [*(named or settings.default_notify)]
    for each in settings.routes:
        if RANK[severity] >= RANK[each.severity] and any(fnmatchcase(topic, pattern) for pattern in each.topics):
            ids += each.notify
    return tuple(id for id in dict.fromkeys(ids) if id in settings.recipients and RANK[severity] >= RANK[settings.recipients[id].severity])


def plan(
    incident: Incident,
    event: str,
    *,
    settings: Alerts,
    topic_notify: Sequence[str],
    now: datetime,
    joined: Sequence[Incident] = (),
) -> tuple[Notification, ...]:
    """The messages about an event of an incident (`opened`, `escalated`, `closed`, `reopened`), one for every address.

    Recipients are `topic_notify`, else `incident.notify`, else `settings.default_notify`; an id that names no recipient is left
    out. Planning the same event twice gives the same ids. `joined` are incidents on the same stories: they are shown in this
    message and need none of their own. While an incident is snoozed only an escalation is told.
    """
    if incident.state is IncidentState.SNOOZED and event != "escalated" and (incident.snoozed_until or now) > now:
        return ()
    number = max(1, sum(1 for happened in incident.events if happened.what == event))
    payload: dict[str, object] = {"incident": document_of(incident)}
    if joined:
        payload["joined"] = [_INCIDENT.dump_python(other, mode="json", exclude={"evidence", "events"}) for other in joined]
    notify = tuple(topic_notify) or incident.notify or settings.default_notify
    return tuple(
        _notification(
            place, about=incident.id, topic=incident.topic, event=event, number=number, settings=settings, now=now, payload=payload
        )
        for place in _places(notify, settings)
    )


def plan_story(
    story: Headline, *, topic: str, topic_name: str, settings: Alerts, notify: Sequence[str], now: datetime
) -> tuple[Notification, ...]:
    """The messages about a new story of a topic with `alert: each`; they wait for others until the running `gather` ends."""
    payload = {"stories": [story_document(story, topic, topic_name)]}
    about = f"story:{story.story or story.article}"
    step = settings.throttle.gather.total_seconds()
    at = datetime.fromtimestamp((now.timestamp() // step + 1) * step, UTC) if step else now
    return tuple(
        replace(
            _notification(place, about=f"{about}|{topic}", topic=topic, event=STORY, number=1, settings=settings, now=now, payload=payload),
            next_attempt_at=at,
            in_reply_to=None,
        )
        for place in _places(notify, settings)
    )


def plan_again(first: Notification, *, notify: Sequence[str], turn: int, settings: Alerts, now: datetime) -> tuple[Notification, ...]:
    """The messages to others about what `first` told and nobody has acknowledged; `turn` counts how often it was opened or reopened."""
    payload = {**first.payload, "unanswered": {"recipient": first.recipient, "since": (first.sent_at or first.planned_at).isoformat()}}
    return tuple(
        _notification(
            place, about=first.about, topic=first.topic, event=UNACKNOWLEDGED, number=turn, settings=settings, now=now, payload=payload
        )
        for place in _places(notify, settings)
    )


def plan_roundup(members: Sequence[Notification], *, why: str, settings: Alerts, now: datetime) -> Notification:
    """One message to the address of all `members` that stands for them; `why`: `quiet`, `many` or `stories`."""
    ordered = sorted(members, key=lambda each: (each.planned_at, each.id))
    incidents: dict[str, object] = {}
    stories: list[object] = []
    notes: list[object] = []
    for each in ordered:
        payload: Any = each.payload
        for document in [*([payload["incident"]] if "incident" in payload else []), *payload.get("joined", ())]:
            incidents[document["id"]] = slim(document)
        stories += payload.get("stories", ())
        if "title" in payload:
            notes.append({key: payload[key] for key in ("title", "lines", "level", "badge") if key in payload})
    content = {"why": why, "incidents": list(incidents.values()), "stories": stories, "notes": notes}
    ids = [each.id for each in ordered]
    place = (ordered[0].recipient, ordered[0].channel, ordered[0].address)
    about = f"{ROUNDUP}:{_hash(*sorted(ids))[:12]}"
    planned = _notification(
        place, about=about, topic=None, event=ROUNDUP, number=1, settings=settings, now=now, payload={**content, "members": ids}
    )
    return replace(planned, in_reply_to=None)


def plan_note(
    about: str, event: str, *, settings: Alerts, notify: Sequence[str], now: datetime, payload: Mapping[str, object], number: int = 1
) -> tuple[Notification, ...]:
    """The messages about something that is no topic's incident: blindness, a trial (`alerts test`), a digest.

    `payload` holds `title`, `lines` (sentences) and optionally `level` (`notable`, `major`, `critical`); see `render`.
    """
    return tuple(
        _notification(place, about=about, topic=None, event=event, number=number, settings=settings, now=now, payload=payload)
        for place in _places(tuple(notify) or settings.default_notify, settings)
    )


def retry_at(attempts: int, now: datetime) -> datetime:
    """When to try again after the `attempts`-th attempt: 30 s, 1, 2, 4 minutes ... at most an hour later."""
    return now + timedelta(seconds=min(30 * 1 << min(max(attempts - 1, 0), 12), 3600))


def document_of(incident: Incident) -> dict[str, object]:
    """An incident as a payload holds it."""
    document: dict[str, object] = _INCIDENT.dump_python(incident, mode="json")
    return document


def slim(document: Mapping[str, Any]) -> dict[str, Any]:
    """An incident's document with no more evidence than a line of a list shows."""
    kept = {key: value for key, value in document.items() if key not in ("evidence", "events")}
    if evidence := document.get("evidence"):
        kept["evidence"] = {**evidence, "hours": [], "headlines": evidence["headlines"][:1], "words": [], "new_words": []}
    return kept


def incident_from(document: Mapping[str, Any]) -> Incident:
    """An incident as a payload holds it."""
    return _INCIDENT.validate_python(document)


def story_document(story: Headline, topic: str, topic_name: str) -> dict[str, Any]:
    """A story of a topic as a payload holds it."""
    return {"topic": topic, "topic_name": topic_name, "headline": _HEADLINE.dump_python(story, mode="json")}


def story_from(document: Mapping[str, Any]) -> tuple[str, str, Headline]:
    """Topic, its name and the story of such a document."""
    return document["topic"], document["topic_name"], _HEADLINE.validate_python(document["headline"])


def severity_of(notification: Notification) -> Severity:
    """How grave what a message tells was when it was planned."""
    payload: Any = notification.payload
    said = payload["incident"]["severity"] if "incident" in payload else payload.get("level")
    return Severity(said) if said in tuple(Severity) else Severity.NOTABLE


def incident_of(notification: Notification) -> Incident | None:
    """The incident as it was when the message was planned; None for a note. Raises `pydantic.ValidationError` for a broken one."""
    document = notification.payload.get("incident")
    return None if document is None else _INCIDENT.validate_python(document)


def joined_of(notification: Notification) -> tuple[Incident, ...]:
    """The incidents that this message tells of besides its own."""
    documents: Any = notification.payload.get("joined", ())
    return tuple(_INCIDENT.validate_python(document) for document in documents)


def incidents_of(notification: Notification) -> tuple[Incident, ...]:
    """The incidents that a roundup lists."""
    documents: Any = notification.payload.get("incidents", ())
    return tuple(_INCIDENT.validate_python(document) for document in documents)


def stories_of(notification: Notification) -> tuple[tuple[str, str, Headline], ...]:
    """The new stories that a message lists: topic, its name, and the report."""
    documents: Any = notification.payload.get("stories", ())
    return tuple(story_from(each) for each in documents)


Place = tuple[str, str, str]
"""Recipient, channel and address there."""


def _places(notify: Sequence[str], settings: Alerts) -> Iterator[Place]:
    """Where messages for these recipients go, each address once. The address on a channel is its name: the real one is a secret."""
    seen: set[tuple[str, str]] = set()
    for recipient in notify:
        known = settings.recipients.get(recipient)
        places = [*((MAIL, address.strip()) for address in known.mail), *((name, name) for name in known.channels)] if known else []
        for channel, address in places:
            if (channel, address.casefold()) not in seen:
                seen.add((channel, address.casefold()))
                yield recipient, channel, address


def _notification(
    place: Place,
    *,
    about: str,
    topic: str | None,
    event: str,
    number: int,
    settings: Alerts,
    now: datetime,
    payload: Mapping[str, object],
) -> Notification:
    recipient, channel, address = place
    id = _hash(*place, about, event, str(number))
    first = _hash(*place, about, FIRST_EVENT, "1")
    domain = clean(parseaddr(settings.sender)[1].rpartition("@")[2]) or "localhost"
    return Notification(
        id=id,
        recipient=recipient,
        channel=channel,
        address=address,
        about=about,
        topic=topic,
        event=event,
        message_id=f"<{id}@{domain}>",
        in_reply_to=None if id == first else f"<{first}@{domain}>",
        planned_at=now,
        next_attempt_at=now,
        payload=payload,
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
