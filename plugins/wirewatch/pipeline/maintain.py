"""Retention, in whole months, and the nightly snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from wirewatch.pipeline.ports import Ports
from wirewatch.store import snapshots

EXPIRING = ("articles", "polls")
"""Kinds that grow with the news. Counts and coverage, which charts and expectations are made of, are small and stay; so do the
addresses of articles, so that nothing old comes back as new.
"""
_MONTH = re.compile(r"-(\d{4})-(\d{2})$")


async def expire(ports: Ports, *, dry_run: bool = False) -> dict[str, list[str]]:
    """Drop the months that `retention_months` does not keep; the indices that were (or, with `dry_run`, would be) `dropped`, and those
    `kept`.
    """
    months = ports.bundle.settings.articles.retention_months
    told: dict[str, list[str]] = {"dropped": [], "kept": []}
    for kind in EXPIRING:
        there = await ports.documents.partitions(kind)
        gone = expired(there, months=months, now=ports.clock())
        for index in gone:
            if not dry_run:
                await ports.documents.drop_partition(index)
        told["dropped"] += gone
        told["kept"] += [index for index in there if index not in gone]
    if ports.pages is not None and not dry_run:
        first_kept = ports.clock().year * 12 + ports.clock().month - 1 - months
        await ports.pages.expire(f"{first_kept // 12:04}-{first_kept % 12 + 1:02}")
    return told


def expired(indices: Iterable[str], *, months: int, now: datetime) -> list[str]:
    """Those of `…-YYYY-MM` that end more than `months` whole months before `now`; pure."""
    first_kept = now.year * 12 + now.month - 1 - months
    found = []
    for index in indices:
        match = _MONTH.search(index)
        if match and int(match[1]) * 12 + int(match[2]) - 1 < first_kept:
            found.append(index)
    return found


async def keep_copies(ports: Ports, *, dry_run: bool = False) -> dict[str, object]:
    """Take the day's snapshot where a repository is set, and delete those beyond what is kept; what was `taken` and `deleted`, which is
    nothing with `dry_run`.

    Raises `SetupError` where the cluster does not know the repository, and `StoreRejected` where the snapshot fails.
    """
    settings = ports.bundle.settings.snapshots
    if dry_run or settings.repository is None:
        return {"taken": None, "deleted": []}
    taken = await snapshots.take(ports.documents, settings.repository, snapshots.named(ports.clock()))
    return {"taken": taken.name, "deleted": await snapshots.prune(ports.documents, settings.repository, settings.keep)}
