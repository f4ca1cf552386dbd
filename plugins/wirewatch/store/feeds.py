"""Feeds, what people decided about them, and the log of polls (indices `-feeds`, `-feed-controls`, `-polls`)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from wirewatch.errors import Conflict, StoreRejected
from wirewatch.model import Feed, FeedState, Health, PollRecord
from wirewatch.store.base import Documents, Hit, Stored, Write, put_over
from wirewatch.store.documents import changes, from_document, stored, to_document

KIND = "feeds"
CONTROLS = "feed-controls"
POLLS = "polls"
AUDIT = "audit"
MARK = "feeds-synced"
"""Id in `-config` of what `-feeds` was last made to agree with."""
MOST = 10_000

_TRIES = 6
_HEAVY = ("etag", "last_modified", "body_hash", "entry_hashes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A feed that waits to be polled, and where."""

    feed: str
    url: str


# ---------------------------------------------------------------- agreeing with config/


def digest(feeds: Sequence[Feed]) -> str:
    """Of what `sync` depends on."""
    return hashlib.blake2b("\n".join(sorted(f"{feed.id} {feed.url}" for feed in feeds)).encode(), digest_size=16).hexdigest()


async def in_step(documents: Documents, feeds: Sequence[Feed]) -> bool:
    """Whether the stored feeds were last made to agree with these, and none of them has gone since."""
    mark, stored = await asyncio.gather(documents.get(documents.index_for("config"), MARK), documents.count(KIND, {"match_all": {}}))
    return mark is not None and mark.source.get("hash") == digest(feeds) and stored >= len(feeds)


async def sync(
    documents: Documents, feeds: Sequence[Feed], *, now: datetime, new_state: Callable[[Feed, bool], FeedState]
) -> dict[str, int]:
    """Make the stored feeds agree with the configured ones; how many were `added`, `changed`, `removed`, `returned`.

    `new_state(feed, paused)` is the state of a feed that was never polled; one with a changed address begins anew. A feed that is
    no longer configured is kept, inactive. A feed that a poll holds is left to the next call.
    """
    await documents.refresh(KIND)
    before = {hit.id: stored(FeedState, hit) async for hit in documents.scan(KIND, {"match_all": {}})}
    index = documents.index_for(KIND)
    done = {"added": 0, "changed": 0, "removed": 0, "returned": 0}
    writes: list[tuple[str, Write]] = []
    for feed in feeds:
        known = before.get(feed.id)
        if known is None:
            writes.append(("added", Write(op="create", index=index, id=feed.id, doc=to_document(new_state(feed, False)))))
        elif known.value.configured_url != feed.url:
            writes.append(("changed", _over(known, new_state(feed, known.value.paused))))
        elif not known.value.active and known.value.health is not Health.RETIRED:
            writes.append(("returned", _over(known, replace(known.value, active=True, next_attempt_at=now))))
    wanted = {feed.id for feed in feeds}
    for id, known in before.items():
        if id not in wanted and known.value.active:
            writes.append(("removed", _over(known, replace(known.value, active=False))))
    written = await documents.bulk([write for _, write in writes], refresh=True) if writes else []
    agreed = True
    for (what, _), result in zip(writes, written, strict=True):
        if result.outcome in ("created", "updated"):
            done[what] += 1
        elif result.outcome == "conflict":
            agreed = False
    if agreed:
        mark = {"kind": MARK, "hash": digest(feeds), "at": now.isoformat()}
        await documents.put(documents.index_for("config"), MARK, mark)
    return done


def _over(before: Stored[FeedState], after: FeedState) -> Write:
    return Write(
        op="index", index=before.index, id=before.id, doc=to_document(after), seq_no=before.seq_no, primary_term=before.primary_term
    )


# ---------------------------------------------------------------- polling


async def due(documents: Documents, now: datetime, *, slot: int = 0, slots: int = 1, limit: int = MOST) -> list[Due]:
    """Feeds to poll now, in the part of the work that is `slot` of `slots`; the longest due first."""
    await documents.refresh(KIND)
    filters: list[dict[str, Any]] = [
        {"term": {"active": True}},
        {"term": {"paused": False}},
        {"range": {"next_attempt_at": {"lte": now.isoformat()}}},
    ]
    if slots > 1:
        filters.append({"terms": {"slot": [each for each in range(64) if each % slots == slot]}})
    hits = await documents.find(
        KIND, {"bool": {"filter": filters}}, size=limit, sort=[{"next_attempt_at": "asc"}, {"feed": "asc"}], fields=["feed", "url"]
    )
    return [Due(feed=hit.source["feed"], url=hit.source["url"]) for hit in hits]


async def load(documents: Documents, feeds: Sequence[str]) -> list[Stored[FeedState]]:
    """Feeds' states in real time; those that are not there are left out."""
    index = documents.index_for(KIND)
    hits = await documents.mget([(index, feed) for feed in feeds]) if feeds else []
    return [stored(FeedState, hit) for hit in hits if hit is not None]


async def claim(documents: Documents, states: Sequence[Stored[FeedState]], until: datetime) -> list[Stored[FeedState]]:
    """Take feeds until then, before they are asked for; those that somebody else took first are left out."""
    taken = [(each, replace(each.value, attempts=each.value.attempts + 1, next_attempt_at=until)) for each in states]
    return [each for each in await _change(documents, taken) if each is not None]


async def save(documents: Documents, results: Sequence[tuple[Stored[FeedState], FeedState]]) -> list[bool]:
    """Record what became of claimed feeds; False for each that somebody else has taken over since, whose result is dropped.

    A pause that came meanwhile is kept: it does not end a claim.
    """
    written = await _change(documents, results)
    saved = [each is not None for each in written]
    for position, (claimed, after) in enumerate(results):
        if not saved[position]:
            saved[position] = await _save_paused(documents, claimed, after)
    return saved


async def _save_paused(documents: Documents, claimed: Stored[FeedState], after: FeedState) -> bool:
    current = await documents.get(claimed.index, claimed.id)
    if current is None:
        return False
    value = from_document(FeedState, current.source)
    if replace(value, paused=claimed.value.paused) != claimed.value:
        return False
    merged = to_document(replace(after, paused=value.paused))
    try:
        await documents.put(claimed.index, claimed.id, merged, seq_no=current.seq_no, primary_term=current.primary_term)
    except Conflict:
        return False
    return True


async def record(documents: Documents, records: Sequence[tuple[str, PollRecord]]) -> None:
    """Append to the log of polls; a record under a key that is there already is not written twice."""
    writes = [Write(op="create", index=documents.index_for(POLLS, each.at), id=key, doc=to_document(each)) for key, each in records]
    if writes:
        await documents.bulk(writes)


async def _change(documents: Documents, states: Sequence[tuple[Stored[FeedState], FeedState]]) -> list[Stored[FeedState] | None]:
    """Write what is different in each; None for those that have changed since they were read."""
    writes = [
        Write(
            op="update",
            index=before.index,
            id=before.id,
            doc=changes(before.value, after),
            seq_no=before.seq_no,
            primary_term=before.primary_term,
        )
        for before, after in states
    ]
    written = await documents.bulk(writes) if writes else []
    return [
        Stored(value=after, index=before.index, id=before.id, seq_no=result.seq_no, primary_term=result.primary_term)
        if result.outcome == "updated" and result.seq_no is not None and result.primary_term is not None
        else None
        for (before, after), result in zip(states, written, strict=True)
    ]


# ---------------------------------------------------------------- what people decide


async def pause(documents: Documents, feed: str, paused: bool = True, *, who: str, now: datetime) -> None:
    """Poll a feed no more until it is resumed (`paused` False); raises `StoreRejected` for one that is not there."""
    await _control(documents, feed, {"paused": paused}, what="pause" if paused else "resume", who=who, now=now)


async def poll_now(documents: Documents, feed: str, *, who: str, now: datetime) -> None:
    """Let a feed be due at once, also a retired one; raises `StoreRejected` for one that is not there."""
    await _control(documents, feed, {"poll_now_at": now.isoformat()}, what="poll_now", who=who, now=now)


async def _control(documents: Documents, feed: str, change: Mapping[str, Any], *, what: str, who: str, now: datetime) -> None:
    if not await load(documents, [feed]):
        raise StoreRejected(f"there is no feed {feed!r}")
    index = documents.index_for(CONTROLS)
    for _ in range(_TRIES):
        hit = await documents.get(index, feed)
        before = {} if hit is None else dict(hit.source)
        after = {**before, "feed": feed, **change, "who": who, "at": now.isoformat()}
        try:
            await put_over(documents, index, feed, after, hit)
            break
        except Conflict:
            continue
    else:
        raise Conflict(f"the controls of feed {feed} keep changing")
    key = hashlib.blake2b(f"{what} {feed} {who} {now.isoformat()}".encode(), digest_size=16).hexdigest()
    entry = {"at": now.isoformat(), "who": who, "what": f"feed.{what}", "id": feed, "before": before, "after": after}
    await documents.put(documents.index_for(AUDIT), key, entry)
    await documents.refresh(CONTROLS)
    await apply_controls(documents, now)


async def apply_controls(documents: Documents, now: datetime) -> int:
    """Bring what people decided into the states that polling goes by; how many states changed.

    What cannot be written because a poll is just writing is done by the next call.
    """
    controls = await documents.find(CONTROLS, {"match_all": {}}, size=MOST)
    if not controls:
        return 0
    states = {each.id: each for each in await load(documents, [hit.id for hit in controls])}
    writes: list[Write] = []
    answered: dict[str, Hit] = {}
    for hit in controls:
        state = states.get(hit.id)
        if state is None:
            continue
        after = replace(state.value, paused=bool(hit.source.get("paused", False)))
        # What is being polled just now must not come due: two would poll it at once.
        held = state.value.attempts > 0 and state.value.next_attempt_at is not None and state.value.next_attempt_at > now
        if hit.source.get("poll_now_at") and not held:
            answered[hit.id] = hit
            after = replace(after, next_attempt_at=now, active=after.active or after.health is Health.RETIRED)
        if after != state.value:
            writes.append(_over(state, after))
    written = await documents.bulk(writes, refresh=True) if writes else []
    missed = {each.id for each in written if each.outcome != "updated"}
    await documents.bulk([_answered(hit) for hit in answered.values() if hit.id not in missed], refresh=bool(answered))
    return len(writes) - len(missed)


def _answered(hit: Hit) -> Write:
    doc = {name: value for name, value in hit.source.items() if name != "poll_now_at"}
    return Write(op="index", index=hit.index, id=hit.id, doc=doc, seq_no=hit.seq_no, primary_term=hit.primary_term)


# ---------------------------------------------------------------- looking


async def all_states(documents: Documents) -> list[FeedState]:
    """Every feed's state, also of those no longer configured, by id; without validators and entry hashes."""
    await documents.refresh(KIND)
    fields = [name for name in FeedState.__dataclass_fields__ if name not in _HEAVY]
    found = [stored(FeedState, hit).value async for hit in documents.scan(KIND, {"match_all": {}}, fields=fields)]
    return sorted(found, key=lambda each: each.feed)


async def polls(documents: Documents, *, feed: str | None = None, since: datetime | None = None, limit: int = 100) -> list[PollRecord]:
    """The log of polls, newest first; of one feed, or of all."""
    await documents.refresh(POLLS)
    filters: list[dict[str, Any]] = []
    if feed is not None:
        filters.append({"term": {"feed": feed}})
    if since is not None:
        filters.append({"range": {"at": {"gte": since.isoformat()}}})
    hits = await documents.find(POLLS, {"bool": {"filter": filters}}, size=limit, sort=[{"at": "desc"}])
    return [from_document(PollRecord, {"feed": None, **hit.source}) for hit in hits]
