"""Messages waiting, under way, sent, failed and told by others (index `-notifications`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from wirewatch.errors import Conflict
from wirewatch.model import Delivery, Notification
from wirewatch.store.base import Documents, Stored, Write
from wirewatch.store.documents import stored, to_document

KIND = "notifications"
_WITHOUT_PAYLOAD = [name for name in Notification.__dataclass_fields__ if name != "payload"]
_TOLD = [Delivery.SENT, Delivery.FAILED, Delivery.GATHERED]


async def create(documents: Documents, notifications: Sequence[Notification]) -> int:
    """Store what was planned; one that is already there stays as it is. Returns how many are new."""
    if not notifications:
        return 0
    index = documents.index_for(KIND)
    written = await documents.bulk(
        [Write(op="create", index=index, id=each.id, doc=to_document(each)) for each in notifications], refresh=True
    )
    return sum(1 for each in written if each.outcome == "created")


async def existing(documents: Documents, ids: Sequence[str]) -> set[str]:
    """Those of these ids that are stored already, in real time."""
    index = documents.index_for(KIND)
    hits = await documents.mget([(index, id) for id in ids], fields=["id"]) if ids else []
    return {hit.id for hit in hits if hit is not None}


async def due(documents: Documents, now: datetime, limit: int = 50, *, but: Collection[str] = ()) -> list[Stored[Notification]]:
    """Messages to send now, those planned first first: pending ones, and ones whose sender died with the lease run out; none of the
    channels in `but`.
    """
    await documents.refresh(KIND)
    query = {
        "bool": {
            "filter": [
                {"terms": {"state": [Delivery.PENDING, Delivery.SENDING]}},
                {"range": {"next_attempt_at": {"lte": now.isoformat()}}},
            ],
            "must_not": [{"terms": {"channel": sorted(but)}}],
        }
    }
    hits = await documents.find(KIND, query, size=limit, sort=[{"planned_at": "asc"}, {"id": "asc"}])
    return [stored(Notification, hit) for hit in hits]


async def waiting(documents: Documents, event: str, limit: int = 500) -> list[Stored[Notification]]:
    """Messages about an event that nobody has tried to send."""
    await documents.refresh(KIND)
    query = {"bool": {"filter": [{"term": {"event": event}}, {"term": {"state": Delivery.PENDING}}, {"term": {"attempts": 0}}]}}
    hits = await documents.find(KIND, query, size=limit, sort=[{"planned_at": "asc"}, {"id": "asc"}])
    return [stored(Notification, hit) for hit in hits]


async def some(documents: Documents, ids: Sequence[str]) -> list[Stored[Notification]]:
    """Those of these messages that there are, in real time."""
    index = documents.index_for(KIND)
    hits = await documents.mget([(index, id) for id in ids]) if ids else []
    return [stored(Notification, hit) for hit in hits if hit is not None]


async def sent_since(documents: Documents, since: datetime, limit: int = 5000) -> list[Notification]:
    """Messages that went out since then, without what they were rendered from."""
    query = {"bool": {"filter": [{"term": {"state": Delivery.SENT}}, {"range": {"sent_at": {"gt": since.isoformat()}}}]}}
    hits = await documents.find(KIND, query, size=limit, sort=[{"sent_at": "desc"}], fields=_WITHOUT_PAYLOAD)
    return [stored(Notification, hit).value for hit in hits]


async def told(documents: Documents, subjects: Sequence[str], limit: int = 10_000) -> list[Notification]:
    """Messages about these incidents that people have (or should have), without what they were rendered from."""
    await documents.refresh(KIND)
    query = {"bool": {"filter": [{"terms": {"about": list(subjects)}}, {"terms": {"state": _TOLD}}]}}
    hits = await documents.find(KIND, query, size=limit, sort=[{"planned_at": "desc"}], fields=_WITHOUT_PAYLOAD)
    return [stored(Notification, hit).value for hit in hits]


async def hold(documents: Documents, message: Stored[Notification], until: datetime, why: str) -> bool:
    """Keep a message back; False where somebody else has it."""
    payload = {**message.value.payload, "held": why}
    return (
        await _write(documents, message, replace(message.value, state=Delivery.PENDING, next_attempt_at=until, payload=payload)) is not None
    )


async def gathered(documents: Documents, message: Stored[Notification], now: datetime) -> bool:
    """Record that another message tells it; False where somebody else has it."""
    value = replace(message.value, state=Delivery.GATHERED, sent_at=now, next_attempt_at=None)
    return await _write(documents, message, value) is not None


async def rewritten(documents: Documents, message: Stored[Notification], payload: Mapping[str, object], now: datetime) -> bool:
    """Give a message that waits its content, and let it go; False where somebody else has it."""
    return await _write(documents, message, replace(message.value, payload=payload, next_attempt_at=now)) is not None


async def claim(
    documents: Documents, notification: Stored[Notification], now: datetime, lease: timedelta = timedelta(minutes=5)
) -> Stored[Notification] | None:
    """Take a message for `lease` before it is sent; None where somebody else was faster."""
    value = notification.value
    taken = replace(value, state=Delivery.SENDING, attempts=value.attempts + 1, next_attempt_at=now + lease)
    return await _write(documents, notification, taken)


async def sent(documents: Documents, claimed: Stored[Notification], now: datetime) -> bool:
    """Record that the other side took it; False where the lease had run out and another sender has it."""
    value = replace(claimed.value, state=Delivery.SENT, sent_at=now, next_attempt_at=None, problem=None)
    return await _write(documents, claimed, value) is not None


async def deferred(documents: Documents, claimed: Stored[Notification], next_attempt_at: datetime, problem: str) -> bool:
    """Record that it did not go this time; False as in `sent`."""
    value = replace(claimed.value, state=Delivery.PENDING, next_attempt_at=next_attempt_at, problem=problem)
    return await _write(documents, claimed, value) is not None


async def failed(documents: Documents, claimed: Stored[Notification], problem: str) -> bool:
    """Record that it will never go; False as in `sent`."""
    value = replace(claimed.value, state=Delivery.FAILED, next_attempt_at=None, problem=problem)
    return await _write(documents, claimed, value) is not None


async def about(documents: Documents, subject: str, limit: int = 100) -> list[Notification]:
    """Every message about an incident, newest first, without what it was rendered from."""
    hits = await documents.find(KIND, {"term": {"about": subject}}, size=limit, sort=[{"planned_at": "desc"}], fields=_WITHOUT_PAYLOAD)
    return [stored(Notification, hit).value for hit in hits]


async def latest(documents: Documents, limit: int = 50) -> list[Notification]:
    """The messages planned last, newest first, without what they were rendered from."""
    await documents.refresh(KIND)
    hits = await documents.find(KIND, {"match_all": {}}, size=limit, sort=[{"planned_at": "desc"}, {"id": "asc"}], fields=_WITHOUT_PAYLOAD)
    return [stored(Notification, hit).value for hit in hits]


async def troubled(documents: Documents, since: datetime, limit: int = 20) -> list[Notification]:
    """Messages planned since then that failed or were put off, newest first, without what they were rendered from."""
    query = {
        "bool": {
            "filter": [
                {"terms": {"state": [Delivery.FAILED, Delivery.PENDING]}},
                {"exists": {"field": "problem"}},
                {"range": {"planned_at": {"gte": since.isoformat()}}},
            ]
        }
    }
    hits = await documents.find(KIND, query, size=limit, sort=[{"planned_at": "desc"}], fields=_WITHOUT_PAYLOAD)
    return [stored(Notification, hit).value for hit in hits]


async def _write(documents: Documents, before: Stored[Notification], value: Notification) -> Stored[Notification] | None:
    try:
        written = await documents.put(before.index, before.id, to_document(value), seq_no=before.seq_no, primary_term=before.primary_term)
    except Conflict:
        return None
    seq_no = before.seq_no if written.seq_no is None else written.seq_no
    primary_term = before.primary_term if written.primary_term is None else written.primary_term
    return Stored(value=value, index=before.index, id=before.id, seq_no=seq_no, primary_term=primary_term)
