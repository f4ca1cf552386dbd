"""Who is told what: one `Notification` for every address, with ids that a second planning finds again; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from pydantic import TypeAdapter

from wirewatch.alerts.text import clean
from wirewatch.config.settings import Alerts
from wirewatch.model import Incident, IncidentState, Notification

MAIL = "mail"
FIRST_EVENT = "opened"
"""The event whose mail starts the thread."""
_INCIDENT = TypeAdapter(Incident)


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
    payload: dict[str, object] = {"incident": _INCIDENT.dump_python(incident, mode="json")}
    if joined:
        payload["joined"] = [_INCIDENT.dump_python(other, mode="json", exclude={"evidence", "events"}) for other in joined]
    notify = tuple(topic_notify) or incident.notify or settings.default_notify
    return tuple(
        _notification(
            recipient,
            address,
            about=incident.id,
            topic=incident.topic,
            event=event,
            number=number,
            settings=settings,
            now=now,
            payload=payload,
        )
        for recipient, address in _addresses(notify, settings)
    )


def plan_note(
    about: str, event: str, *, settings: Alerts, notify: Sequence[str], now: datetime, payload: Mapping[str, object], number: int = 1
) -> tuple[Notification, ...]:
    """The messages about something that is no topic's incident: blindness, a trial (`alerts test`), a digest.

    `payload` holds `title`, `lines` (sentences) and optionally `level` (`notable`, `major`, `critical`); see `render`.
    """
    return tuple(
        _notification(recipient, address, about=about, topic=None, event=event, number=number, settings=settings, now=now, payload=payload)
        for recipient, address in _addresses(tuple(notify) or settings.default_notify, settings)
    )


def retry_at(attempts: int, now: datetime) -> datetime:
    """When to try again after the `attempts`-th attempt: 30 s, 1, 2, 4 minutes ... at most an hour later."""
    return now + timedelta(seconds=min(30 * 1 << min(max(attempts - 1, 0), 12), 3600))


def incident_of(notification: Notification) -> Incident | None:
    """The incident as it was when the message was planned; None for a note. Raises `pydantic.ValidationError` for a broken one."""
    document = notification.payload.get("incident")
    return None if document is None else _INCIDENT.validate_python(document)


def joined_of(notification: Notification) -> tuple[Incident, ...]:
    """The incidents that this message tells of besides its own."""
    documents: Any = notification.payload.get("joined", ())
    return tuple(_INCIDENT.validate_python(document) for document in documents)


def _addresses(notify: Sequence[str], settings: Alerts) -> Iterator[tuple[str, str]]:
    """Recipient and address, each address once."""
    seen: set[str] = set()
    for recipient in notify:
        known = settings.recipients.get(recipient)
        for address in known.mail if known else ():
            key = address.strip().casefold()
            if key not in seen:
                seen.add(key)
                yield recipient, address.strip()


def _notification(
    recipient: str,
    address: str,
    *,
    about: str,
    topic: str | None,
    event: str,
    number: int,
    settings: Alerts,
    now: datetime,
    payload: Mapping[str, object],
) -> Notification:
    id = _hash(recipient, MAIL, address, about, event, number)
    first = _hash(recipient, MAIL, address, about, FIRST_EVENT, 1)
    domain = clean(parseaddr(settings.sender)[1].rpartition("@")[2]) or "localhost"
    return Notification(
        id=id,
        recipient=recipient,
        channel=MAIL,
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


def _hash(recipient: str, channel: str, address: str, about: str, event: str, number: int) -> str:
    return hashlib.sha256("\0".join((recipient, channel, address, about, event, str(number))).encode()).hexdigest()[:32]
