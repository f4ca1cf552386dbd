"""What all machines share: the published rules and settings, and leases (index `-config`).

A bundle is stored under its hash before the pointer moves to it, so the pointer never leads nowhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wirewatch.config import Bundle, load_files
from wirewatch.errors import Conflict
from wirewatch.store.base import Documents

KIND = "config"
_POINTER = "published"
_TRIES = 5
_loaded: dict[str, Bundle] = {}
"""The last bundle read, by hash: a worker asks for it at every task."""


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
    """The published bundle, or None where there is none; raises `ConfigError` where this version cannot read it."""
    index = documents.index_for(KIND)
    pointer = await documents.get(index, _POINTER)
    if pointer is None:
        return None
    wanted = str(pointer.source["hash"])
    if wanted not in _loaded:
        stored = await documents.get(index, f"bundle-{wanted}")
        if stored is None:
            return None
        bundle = load_files(stored.source["body"]["files"])
        _loaded.clear()
        _loaded[wanted] = bundle
    return _loaded[wanted]


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
            if hit is None:
                await documents.put(index, id, entry, create=True)
            else:
                await documents.put(index, id, entry, seq_no=hit.seq_no, primary_term=hit.primary_term)
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
