"""Topics that people write on the page (index `-config`): all of them in one document, so that every task reads them in real time.

Each has a key, a draft, a published form, or both. Trials of rules are documents of their own, and go after a while.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from wirewatch.config.overlay import Written
from wirewatch.errors import Conflict
from wirewatch.store.base import Documents, Hit, put_over

KIND = "config"
ID = "page-topics"
MOST = 200
"""Texts in one document; more belong into files."""
KEPT = timedelta(days=14)
"""Trials are looked at soon, or not at all."""
_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One form of an entry."""

    yaml: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What somebody wrote under a key: at least one of its forms is there."""

    key: str
    draft: Text | None = None
    live: Text | None = None

    @property
    def text(self) -> str:
        """What is worked on: the draft, else the published form."""
        return next((each.yaml for each in (self.draft, self.live) if each), "")

    def written(self) -> Written:
        """What tasks work by: the published form, else the draft."""
        return Written(key=self.key, text=self.live.yaml if self.live else self.text, draft=self.live is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Rules that somebody wants tried on what is stored."""

    id: str
    key: str
    """Of the entry that it is about; empty: none yet."""
    yaml: str
    days: int
    by: str
    at: datetime
    state: str = "waiting"
    """`waiting`, `running`, `done` or `failed`."""
    result: Mapping[str, Any] | None = None
    problem: str | None = None


def entries_in(hit: Hit | None) -> dict[str, Entry]:
    """The entries of the stored document, by key."""
    stored = hit.source["body"]["entries"] if hit else {}
    return {key: Entry(key=key, draft=_text(each.get("draft")), live=_text(each.get("live"))) for key, each in stored.items()}


async def entries(documents: Documents) -> dict[str, Entry]:
    """All entries by key, in real time."""
    return entries_in(await documents.get(documents.index_for(KIND), ID))


Apply = Callable[[Entry], Entry]


async def change(documents: Documents, key: str, apply: Apply, now: datetime) -> tuple[Entry, Entry]:
    """Apply a change to an entry (an empty one where there is none), whatever others change; before and after. Left empty, it goes.

    `apply` may raise. Raises `Conflict` where there is no room for another entry.
    """
    index = documents.index_for(KIND)
    for _ in range(_TRIES):
        hit = await documents.get(index, ID)
        known = entries_in(hit)
        before = known.get(key, Entry(key=key))
        after = apply(before)
        known.pop(key, None)
        if after.draft or after.live:
            if len(known) >= MOST:
                raise Conflict(f"there are {MOST} topics on the page already: move some into files")
            known[key] = after
        doc = {"kind": "page", "at": now.isoformat(), "body": {"entries": {each.key: plain(each) for each in known.values()}}}
        try:
            await put_over(documents, index, ID, doc, hit)
        except Conflict:
            continue
        return before, after
    raise Conflict("the topics on the page keep changing")


def _text(value: Mapping[str, Any] | None) -> Text | None:
    return Text(yaml=value["yaml"], by=value["by"], at=datetime.fromisoformat(value["at"])) if value else None


def plain(entry: Entry) -> dict[str, Any]:
    """An entry as it is stored."""
    forms = {"draft": entry.draft, "live": entry.live}
    return {name: {"yaml": each.yaml, "by": each.by, "at": each.at.isoformat()} for name, each in forms.items() if each}


# ---------------------------------------------------------------- trials


async def order(documents: Documents, *, key: str, yaml: str, days: int, by: str, now: datetime) -> Trial:
    """Store a trial that is to be run; the same one again where somebody asks twice at once. Old ones go."""
    id = hashlib.sha256(f"{key}\0{yaml}\0{days}\0{by}\0{now.isoformat()}".encode()).hexdigest()[:20]
    trial = Trial(id=id, key=key, yaml=yaml, days=days, by=by, at=now)
    await _put(documents, trial)
    await documents.refresh(KIND)
    old = {"bool": {"filter": [{"term": {"kind": "trial"}}, {"range": {"at": {"lt": (now - KEPT).isoformat()}}}]}}
    for hit in await documents.find(KIND, old, size=100, fields=["kind"]):
        await documents.delete(hit.index, hit.id)
    return trial


async def trial(documents: Documents, id: str) -> Trial | None:
    """A trial in real time."""
    hit = await documents.get(documents.index_for(KIND), f"trial-{id}")
    if hit is None:
        return None
    return Trial(**{**hit.source["body"], "id": id, "at": datetime.fromisoformat(hit.source["at"])})


async def answer(documents: Documents, tried: Trial, **changes: Any) -> Trial:
    """Store how a trial stands."""
    after = replace(tried, **changes)
    await _put(documents, after)
    return after


async def _put(documents: Documents, tried: Trial) -> None:
    names = ("key", "yaml", "days", "by", "state", "result", "problem")
    doc = {"kind": "trial", "at": tried.at.isoformat(), "body": {name: getattr(tried, name) for name in names}}
    await documents.put(documents.index_for(KIND), f"trial-{tried.id}", doc)
