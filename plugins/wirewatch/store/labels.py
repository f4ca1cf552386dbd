"""Verdicts of people, and who changed what (indices `-labels` and `-audit`): only ever added to, and kept longer than what they cite.

Ids are those of what was done and when, so recording the same act again leaves one entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wirewatch.store.base import Documents, Write

LABELS = "labels"
AUDIT = "audit"


async def label(
    documents: Documents,
    *,
    what: str,
    id: str,
    verdict: str,
    who: str,
    now: datetime,
    topic: str | None = None,
    note: str = "",
    copy: Mapping[str, Any] | None = None,
) -> None:
    """Record a verdict (`useful`, `known`, `false_alarm`, `data_fault`, `wrong_tag`) on `what` (`incident`, `article`) of that id.

    `copy` is what the verdict rests on, for when the original is gone.
    """
    doc = {"at": now.isoformat(), "who": who, "what": what, "id": id, "topic": topic, "verdict": verdict, "note": note, "copy": copy}
    await _add(documents, LABELS, doc, (what, id, verdict, who, now.isoformat()))


async def audit(
    documents: Documents, *, what: str, id: str, who: str, now: datetime, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Record that somebody changed something, with what it was and what it became."""
    doc = {"at": now.isoformat(), "who": who, "what": what, "id": id, "before": before, "after": after}
    await _add(documents, AUDIT, doc, (what, id, who, now.isoformat()))


async def _add(documents: Documents, kind: str, doc: Mapping[str, Any], key: tuple[str, ...]) -> None:
    given = {name: value for name, value in doc.items() if value not in (None, "", {})}
    id = hashlib.sha256("\0".join(key).encode()).hexdigest()[:32]
    await documents.bulk([Write(op="create", index=documents.index_for(kind), id=id, doc=given)])
