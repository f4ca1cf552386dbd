"""Telling somebody else what nobody has acknowledged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from wirewatch.alerts.chase import overdue
from wirewatch.alerts.plan import document_of, plan_again
from wirewatch.model import IncidentState, Notification
from wirewatch.pipeline.ports import Ports
from wirewatch.store import incidents, notifications

_MOST = 1000
"""Open incidents that are looked at, the latest ones."""


async def chase(ports: Ports, now: datetime) -> int:
    """Plan the messages to second recipients that are due; how many are new. The same ones are planned again under the same ids."""
    settings = ports.bundle.settings.alerts
    if not any(recipient.escalate for recipient in settings.recipients.values()):
        return 0
    open_now = {each.id: each for each in await incidents.recent(ports.documents, states=(IncidentState.OPEN,), limit=_MOST)}
    if not open_now:
        return 0
    due = overdue(await notifications.told(ports.documents, list(open_now)), open_now, settings=settings, now=now)
    whole = {each.id: each.value for each in await notifications.some(ports.documents, [each.first.id for each in due])}
    planned: list[Notification] = []
    for each in due:
        first = whole.get(each.first.id)
        if first is None:
            continue
        if "incident" in first.payload:
            first = replace(first, payload={**first.payload, "incident": document_of(open_now[first.about])})
        planned += plan_again(first, notify=each.to, turn=each.turn, settings=settings, now=now)
    return await notifications.create(ports.documents, planned)
