"""What all machines share: the published rules and settings, and leases (index `-config`).

A bundle is stored under its hash before the pointer moves to it, so the pointer never leads nowhere. Tasks work by the published
files together with the topics that people write on the page (`store.lab`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from wirewatch.config import Bundle
from wirewatch.config.overlay import combined
from wirewatch.errors import Conflict, Problem
from wirewatch.store import lab
from wirewatch.store.base import Documents, put_over

KIND = "config"
_POINTER = "published"
_TRIES = 5
_loaded: dict[str, tuple[Bundle, Mapping[str, Sequence[Problem]]]] = {}
"""The last bundle read, by what it was made of: a worker asks for it at every task."""


async def publish(documents: Documents, bundle: Bundle, now: datetime) -> bool:
    """Make a bundle the one that every task works by; False where it already was."""
    index = documents.index_for(KIND)
    pointer = await documents.get(index, _POINTER)
    if pointer is not None and pointer.source.get("hash") == bundle.hash:
        return False
    stored = {"kind": "bundle", "hash": bundle.hash, "at": now.isoformat(), "body": {"files": dict(bundle.source)}}
    await documents.put(index, f"bundle-{bundle.hash}", stored)
    await documents.put(index, _POINTER, {"kind": _POINTER, "hash": bundle.hash, "at": now.isoformat()})
    return True


async def published(documents: Documents) -> Bundle | None:
    """The published bundle with what people wrote on the page, or None where there is none; raises `ConfigError` where this version
    cannot read it.
    """
    found = await in_effect(documents)
    return found[0] if found else None


async def in_effect(documents: Documents) -> tuple[Bundle, Mapping[str, Sequence[Problem]]] | None:
    """The published bundle, and what of the page's texts is left out of it, by key, with its problems."""
    index = documents.index_for(KIND)
    pointer, page = await documents.mget([(index, _POINTER), (index, lab.ID)])
    if pointer is None:
        return None
    wanted = str(pointer.source["hash"])
    written = [each.written() for each in lab.entries_in(page).values()]
    key = hashlib.sha256(repr((wanted, written)).encode()).hexdigest()
    if key not in _loaded:
        files = await files_of(documents, wanted)
        if files is None:
            return None
        # Beside the event loop: a thousand topics take a moment to read.
        found = await asyncio.to_thread(combined, files, written)
        _loaded.clear()
        _loaded[key] = found
    return _loaded[key]


async def published_hash(documents: Documents) -> str | None:
    """The hash of the published files alone; None where nothing is published."""
    pointer = await documents.get(documents.index_for(KIND), _POINTER)
    return None if pointer is None else str(pointer.source["hash"])


async def files_of(documents: Documents, hash: str) -> dict[str, str] | None:
    """The files of a stored bundle by name."""
    stored = await documents.get(documents.index_for(KIND), f"bundle-{hash}")
    return None if stored is None else dict(stored.source["body"]["files"])


async def lease(documents: Documents, name: str, holder: str, now: datetime, duration: timedelta) -> int | None:
    """Take or prolong a lease until `now + duration`; its fencing token, or None where somebody else has it.

    The token goes up whenever the holder changes, so a write that carries it can be told from a later holder's.
    """
    index = documents.index_for(KIND)
    id = f"lease-{name}"
    for _ in range(_TRIES):
        hit = await documents.get(index, id)
        token = 1
        if hit is not None:
            source: Any = hit.source
            mine = source.get("holder") == holder
            if not mine and source.get("holder") and datetime.fromisoformat(source["until"]) > now:
                return None
            token = int(source["token"]) + (0 if mine else 1)
        entry = {"kind": "lease", "holder": holder, "token": token, "at": now.isoformat(), "until": (now + duration).isoformat()}
        try:
            await put_over(documents, index, id, entry, hit)
        except Conflict:
            continue
        return token
    return None


async def release(documents: Documents, name: str, holder: str) -> None:
    """Give a lease back; nothing where it has gone to somebody else."""
    index = documents.index_for(KIND)
    hit = await documents.get(index, f"lease-{name}")
    if hit is None or hit.source.get("holder") != holder:
        return
    try:
        entry = {key: value for key, value in hit.source.items() if key != "holder"}
        await documents.put(index, f"lease-{name}", entry, seq_no=hit.seq_no, primary_term=hit.primary_term)
    except Conflict:
        return
