"""Planning the messages about what happened to incidents: what was planned once is never planned again, and one story is one mail.

An incident keeps the events that nobody has been told of yet; they are struck off after their messages are stored. A death in
between plans them again, under the same ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wirewatch.alerts.plan import UNACKNOWLEDGED, plan, route
from wirewatch.model import Alert, Incident, Notification, Severity, Topic
from wirewatch.pipeline import blindness
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes.evidence import overlap
from wirewatch.spikes.incidents import BLINDNESS, to_tell, told
from wirewatch.store import counts as counts_store
from wirewatch.store import incidents as store
from wirewatch.store import notifications
from wirewatch.store.base import Stored

SAME = 0.5
"""Topics that share so much of their stories spike on the same ones."""
RECENT = timedelta(hours=1)
"""Who was told of a story so long ago needs no second message about another topic that it is also in."""
_RANK = {Severity.CRITICAL: 0, Severity.MAJOR: 1, Severity.NOTABLE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An incident that messages may be about."""

    incident: Incident
    event: str | None
    """To be told; None: it was told lately, and counts where others are joined."""
    recipients: tuple[str, ...]
    stories: frozenset[str]


async def tell(ports: Ports, living: Sequence[Stored[Incident]], blind_lines: Sequence[str], now: datetime) -> int:
    """Plan and store all that is due about these incidents, and strike it off; returns how many messages are new."""
    waiting = [each for each in living if each.value.untold]
    if not waiting:
        return 0
    candidates = await _candidates(ports, [each.value for each in living], now)
    messages = await _plan(ports, candidates, now)
    for each in waiting:
        if each.value.topic == BLINDNESS:
            for event in to_tell(each.value, now):
                messages += blindness.note(each.value, event, blind_lines, settings=ports.bundle.settings, now=now)
    created = await notifications.create(ports.documents, messages)
    about = {message.about for message in messages}
    for each in waiting:
        # An incident that another one's message shows has been told as well.
        planned = each.id in about or any(found.incident.id == each.id and found.event for found in candidates)
        before = each.value.untold
        await store.change(
            ports.documents,
            each.id,
            lambda incident, before=before, planned=planned: told(incident, before, now, planned=planned),  # type: ignore[misc]
            known=each,
        )
    return created


async def _candidates(ports: Ports, living: Sequence[Incident], now: datetime) -> list[Candidate]:
    topics = {topic.id: topic for topic in ports.bundle.topics}
    found: list[Candidate] = []
    for incident in living:
        topic = topics.get(incident.topic)
        if incident.topic == BLINDNESS or (topic is not None and topic.alert is not Alert.SPIKE):
            continue
        due = to_tell(incident, now)
        recent = incident.closed_at is None and incident.told_at is not None and now - incident.told_at < RECENT
        if not due and not recent:
            continue
        until = (incident.closed_at or now) + timedelta(hours=1)
        articles = await counts_store.articles_of(ports.documents, incident.topic, incident.began_at, until)
        stories = frozenset(each.story_id for each in articles if each.story_id)
        recipients = _recipients(ports, incident, topic)
        # `opened` and `closed` at once: the first message tells of it, the last that it is over.
        found += [Candidate(incident=incident, event=event, recipients=recipients, stories=stories) for event in due or (None,)]
    order = {topic.id: place for place, topic in enumerate(ports.bundle.topics)}
    return sorted(found, key=lambda each: _urgency(each, order))


def _recipients(ports: Ports, incident: Incident, topic: Topic | None) -> tuple[str, ...]:
    named = (topic.notify if topic else ()) or incident.notify
    return route(incident.topic, named, incident.severity, ports.bundle.settings.alerts)


def _urgency(candidate: Candidate, order: Mapping[str, int]) -> tuple[bool, bool, int, int, str]:
    """Which incident leads a message; by what stays the same when it is planned again."""
    severities = [event.severity for event in candidate.incident.events if event.severity and event.what == candidate.event]
    rank = _RANK[severities[-1] if severities else candidate.incident.severity]
    topic = candidate.incident.topic
    return candidate.event is None, candidate.event == "closed", rank, order.get(topic, len(order)), topic


async def _plan(ports: Ports, candidates: Sequence[Candidate], now: datetime) -> list[Notification]:
    alerts = ports.bundle.settings.alerts

    def messages_of(each: Candidate, recipients: Sequence[str], joined: Sequence[Incident] = ()) -> tuple[Notification, ...]:
        if each.event is None or not recipients:
            return ()
        return plan(each.incident, each.event, settings=alerts, topic_notify=recipients, now=now, joined=joined)

    whole = {id(each): messages_of(each, each.recipients) for each in candidates}
    stored = await notifications.existing(ports.documents, [message.id for messages in whole.values() for message in messages])
    # What an earlier run stored before it died leads, so that nobody is told twice.
    begun = {key: {message.recipient for message in messages if message.id in stored} for key, messages in whole.items()}
    reached: list[tuple[Candidate, frozenset[str]]] = [
        (each, frozenset(begun[id(each)] if each.event else each.recipients))
        for each in candidates
        if each.event is None or begun[id(each)]
    ]
    found: list[Notification] = []
    for each in candidates:
        if each.event is None:
            continue
        recipients = await _recipients_of_update(ports, each, found) if each.event in ("escalated", "closed") else each.recipients
        wanted = [recipient for recipient in recipients if not any(recipient in names and _tells(other, each) for other, names in reached)]
        joined = list({other.incident.id: other.incident for other in candidates if _joins(other, each)}.values())
        messages = messages_of(each, wanted, joined)
        found += messages
        reached.append((each, frozenset(message.recipient for message in messages)))
    return found


async def _recipients_of_update(ports: Ports, candidate: Candidate, planned: Sequence[Notification]) -> tuple[str, ...]:
    """Who is told of the end: exactly those who were told of it, or are by this very run. Who is told that it has grown: those whom it
    concerns now, and those who were asked because nobody else had answered.
    """
    told = [*await notifications.about(ports.documents, candidate.incident.id), *planned]
    here = [message for message in told if message.about == candidate.incident.id]
    if candidate.event == "closed":
        return tuple(sorted({message.recipient for message in here}))
    return (*candidate.recipients, *sorted({each.recipient for each in here if each.event == UNACKNOWLEDGED} - set(candidate.recipients)))


def _same(first: Candidate, second: Candidate) -> bool:
    return first.incident.id != second.incident.id and overlap(first.stories, second.stories) >= SAME


def _joins(other: Candidate, each: Candidate) -> bool:
    """Whether a message about `each` shows `other` too."""
    return _same(other, each) and (other.event == "closed") == (each.event == "closed")


def _tells(other: Candidate, each: Candidate) -> bool:
    """Whether who got a message about `other` knows what one about `each` would say."""
    if not _joins(other, each):
        return False
    if other.event is not None:
        return True
    return each.event in ("opened", "reopened") and _RANK[other.incident.severity] <= _RANK[each.incident.severity]
