"""Incidents, and which one is a topic's latest (indices `-incidents` and `-baselines`).

An incident is created before the topic's state points to it, so the next number is found by looking at both: whoever finds the
number taken adopts what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from wirewatch.errors import Conflict, StoreRejected, StoreUnavailable
from wirewatch.model import Incident, IncidentState
from wirewatch.store.base import Documents, Stored, put_over
from wirewatch.store.documents import stored, to_document

KIND = "incidents"
STATES = "baselines"
GOING_ON = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.SNOOZED)
_TRIES = 8
_MOST = 5000


async def get(documents: Documents, id: str) -> Stored[Incident] | None:
    """One incident in real time."""
    hit = await documents.get(documents.index_for(KIND), id)
    return None if hit is None else stored(Incident, hit)


async def some(documents: Documents, ids: Sequence[str]) -> dict[str, Incident]:
    """Those of these incidents that there are, in real time."""
    index = documents.index_for(KIND)
    hits = await documents.mget([(index, id) for id in ids]) if ids else []
    return {hit.id: stored(Incident, hit).value for hit in hits if hit is not None}


async def latest(documents: Documents, topics: Sequence[str]) -> dict[str, Stored[Incident]]:
    """Every topic's latest incident, in real time; topics that never had one are left out."""
    if not topics:
        return {}
    index, states = documents.index_for(KIND), documents.index_for(STATES)
    episodes = dict.fromkeys(topics, 0)
    for topic, hit in zip(topics, await documents.mget([(states, topic) for topic in topics], fields=["episode"]), strict=True):
        episodes[topic] = 0 if hit is None else int(hit.source.get("episode", 0))
    # One that was created by a run that died before it moved the pointer has the next number.
    keys = [(topic, number) for topic, episode in episodes.items() for number in (episode, episode + 1) if number]
    hits = await documents.mget([(index, f"{topic}#{number}") for topic, number in keys])
    return {topic: stored(Incident, hit) for (topic, _), hit in zip(keys, hits, strict=True) if hit is not None}


async def create(documents: Documents, incident: Incident) -> tuple[Stored[Incident], bool]:
    """Store a new incident and point its topic to it; what is there already is adopted instead, and the answer is False."""
    index = documents.index_for(KIND)
    try:
        written = await documents.put(index, incident.id, to_document(incident), create=True)
    except Conflict:
        found = await get(documents, incident.id)
        if found is None:
            raise StoreUnavailable(f"incident {incident.id} came and went") from None
        await point(documents, found.value)
        return found, False
    await point(documents, incident)
    seq_no, term = written.seq_no, written.primary_term
    if seq_no is None or term is None:
        raise StoreUnavailable(f"incident {incident.id} was written without a version")
    return Stored(value=incident, index=index, id=incident.id, seq_no=seq_no, primary_term=term), True


async def point(documents: Documents, incident: Incident) -> None:
    """Make an incident its topic's latest, unless a later one is."""
    index = documents.index_for(STATES)
    for _ in range(_TRIES):
        hit = await documents.get(index, incident.topic)
        if hit is not None and int(hit.source.get("episode", 0)) >= incident.episode:
            return
        state = {**(hit.source if hit else {"topic": incident.topic}), "episode": incident.episode, "incident": incident.id}
        try:
            await put_over(documents, index, incident.topic, state, hit)
        except Conflict:
            continue
        return
    raise StoreUnavailable(f"the state of topic {incident.topic} keeps changing")


async def change(
    documents: Documents, id: str, apply: Callable[[Incident], Incident], *, known: Stored[Incident] | None = None
) -> Stored[Incident]:
    """Write what `apply` makes of an incident, again on what is there then where somebody else was faster.

    Nothing is written where `apply` changes nothing. Raises `StoreRejected` where there is no such incident, and what `apply` raises.
    """
    current = known
    for _ in range(_TRIES):
        current = current or await get(documents, id)
        if current is None:
            raise StoreRejected(f"there is no incident {id}")
        value = apply(current.value)
        if value == current.value:
            return current
        try:
            written = await documents.put(current.index, id, to_document(value), seq_no=current.seq_no, primary_term=current.primary_term)
        except Conflict:
            current = None
            continue
        if written.seq_no is None or written.primary_term is None:
            raise StoreUnavailable(f"incident {id} was written without a version")
        return replace(current, value=value, seq_no=written.seq_no, primary_term=written.primary_term)
    raise StoreUnavailable(f"incident {id} keeps changing")


async def living(documents: Documents, closed_since: datetime) -> list[Stored[Incident]]:
    """Incidents that detection still has to do with: going on, closed since then, or with something untold."""
    await documents.refresh(KIND)
    query = {
        "bool": {
            "should": [
                {"terms": {"state": list(GOING_ON)}},
                {"range": {"closed_at": {"gte": closed_since.isoformat()}}},
                {"exists": {"field": "untold"}},
            ],
            "minimum_should_match": 1,
        }
    }
    hits = await documents.find(KIND, query, size=_MOST, sort=[{"opened_at": "desc"}])
    return [stored(Incident, hit) for hit in hits]


async def recent(
    documents: Documents, *, states: Sequence[IncidentState] = (), topic: str | None = None, limit: int = 50
) -> list[Incident]:
    """Incidents as a list shows them, the latest opened first."""
    await documents.refresh(KIND)
    filters: list[dict[str, object]] = []
    if states:
        filters.append({"terms": {"state": list(states)}})
    if topic is not None:
        filters.append({"term": {"topic": topic}})
    hits = await documents.find(KIND, {"bool": {"filter": filters}}, size=limit, sort=[{"opened_at": "desc"}])
    return [stored(Incident, hit).value for hit in hits]
