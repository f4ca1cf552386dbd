"""What people do about incidents: the page and the command line both come here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wirewatch.config import Settings
from wirewatch.model import Incident
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes import incidents as life
from wirewatch.store import incidents as store
from wirewatch.store import labels
from wirewatch.store.base import Documents
from wirewatch.store.documents import to_document


async def change(
    ports_or_documents: Ports | Documents,
    settings: Settings,  # noqa: ARG001 - what a person may do has no settings yet; callers hand over what they hold
    id: str,
    *,
    what: str,
    who: str,
    note: str = "",
    until: datetime | None = None,
    reason: str | None = None,
    now: datetime,
) -> Incident:
    """Apply a person's `ack`, `snooze` (until), `close` (with a reason), `reopen` or `note`; the incident as it is then.

    Whatever detection or others do meanwhile, it is applied to what is there. Raises `Conflict` where the state does not allow it,
    `StoreRejected` for an unknown incident, `ValueError` where `until` or `reason` is missing or wrong.
    """
    documents = ports_or_documents.documents if isinstance(ports_or_documents, Ports) else ports_or_documents
    before: list[Incident] = []

    def apply(incident: Incident) -> Incident:
        before[:] = [incident]
        return life.change(incident, what, who=who, now=now, note=note, until=until, reason=reason)

    after = (await store.change(documents, id, apply)).value
    # Recorded even where nothing changed: an earlier try may have died between the two writes, and the same act has one entry.
    await labels.audit(
        documents, what=f"incident.{what}", id=id, who=who, now=now, before=_state(before[0]), after=_state(after) | {"note": note}
    )
    if what == "close" and reason is not None:
        copy = {name: value for name, value in to_document(after).items() if name != "events"}
        await labels.label(documents, what="incident", id=id, topic=after.topic, verdict=reason, who=who, now=now, note=note, copy=copy)
    return after


def _state(incident: Incident) -> dict[str, Any]:
    names = ("state", "severity", "closed_at", "closed_by", "reason", "snoozed_until", "acknowledged_by")
    document = to_document(incident)
    return {name: document[name] for name in names if name in document}
