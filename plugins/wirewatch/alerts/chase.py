"""What nobody acknowledges goes to somebody else; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wirewatch.alerts.plan import RANK, UNACKNOWLEDGED
from wirewatch.config.settings import Alerts
from wirewatch.model import Delivery, Incident, IncidentState, Notification

ANSWERABLE = ("opened", "escalated", "reopened", UNACKNOWLEDGED)
"""The events whose messages ask somebody to look."""
_BEGINS = ("opened", "reopened")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chased:
    """A message that was not answered in time."""

    first: Notification
    to: tuple[str, ...]
    """Ids of those to tell now."""
    turn: int
    """How often the incident had been opened or reopened."""


def overdue(told: Sequence[Notification], incidents: Mapping[str, Incident], *, settings: Alerts, now: datetime) -> tuple[Chased, ...]:
    """What is to be told to whom because those first told have not acknowledged it; `told` are all messages about `incidents`.

    Counted from when a message went out, or was given up: what is held back in quiet hours asks nobody yet. Who knows of it since the
    incident was last opened is not told again.
    """
    found: list[Chased] = []
    for incident in incidents.values():
        if incident.state is not IncidentState.OPEN:
            continue
        begins = [event.at for event in incident.events if event.what in _BEGINS]
        since = begins[-1] if begins else incident.opened_at
        here = [each for each in told if each.about == incident.id and each.event in ANSWERABLE and each.planned_at >= since]
        knowing = {each.recipient for each in here}
        for first in _first_of_each(here):
            wanted = settings.recipients[first.recipient].escalate if first.recipient in settings.recipients else None
            if wanted is None or RANK[incident.severity] < RANK[wanted.severity] or now - _asked_at(first) < wanted.after:
                continue
            to = tuple(id for id in wanted.to if id in settings.recipients and id not in knowing)
            if to:
                knowing.update(to)
                found.append(Chased(first=first, to=to, turn=max(1, len(begins))))
    return tuple(found)


def _first_of_each(messages: Sequence[Notification]) -> list[Notification]:
    """The message that asked first, for each recipient."""
    first: dict[str, Notification] = {}
    for each in sorted(messages, key=lambda each: (_asked_at(each), each.id)):
        first.setdefault(each.recipient, each)
    return list(first.values())


def _asked_at(message: Notification) -> datetime:
    """When somebody could have read it; one that failed asked in vain from the beginning."""
    return message.planned_at if message.state is Delivery.FAILED or message.sent_at is None else message.sent_at
