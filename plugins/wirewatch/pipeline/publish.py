"""Taking over what people change in config/: all of it, or nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from wirewatch.alerts.plan import plan_note
from wirewatch.config import Bundle, fingerprint, load
from wirewatch.errors import ConfigError, Problem
from wirewatch.pipeline.check import checked
from wirewatch.store import config as shared
from wirewatch.store import notifications
from wirewatch.store.base import Documents

_SHOWN = 12
"""Problems that a mail lists; the task's log and `wirewatch check` have all."""


async def publish(documents: Documents, folder: Path, now: datetime) -> dict[str, str | int]:
    """Make `folder` what every task works by, where it has changed and all its examples come out right; says which bundle that is
    and whether it is new.

    Raises `ConfigError` with every problem where it is wrong: the last good one stays, and the operators that it names are told once.
    """
    last = await _last(documents)
    if last is not None and await shared.published_hash(documents) == fingerprint(folder):
        return {"hash": last.hash, "published": 0, "topics": len(last.topics), "feeds": len(last.feeds)}
    try:
        bundle = checked(load(folder))
        if last is not None and (problems := _vanished(last, bundle, folder)):
            raise ConfigError(problems)
    except ConfigError as error:
        if last is not None:
            await _tell(documents, last, error, now)
        raise
    changed = await shared.publish(documents, bundle, now)
    return {"hash": bundle.hash, "published": int(changed), "topics": len(bundle.topics), "feeds": len(bundle.feeds)}


async def _last(documents: Documents) -> Bundle | None:
    try:
        return await shared.published(documents)
    except ConfigError:
        # Published by a version that accepted what this one does not: config/ is to replace it.
        return None


def _vanished(last: Bundle, bundle: Bundle, folder: Path) -> list[Problem]:
    """Files whose absence would end all that is watched: a folder that is being copied or is not mounted looks like that."""
    kinds = {"feeds.yaml": ("feeds", len(last.feeds)), "topics/": ("topics", len(last.topics))}
    return [
        Problem(
            file=f"{folder}/{name}",
            line=None,
            key="",
            message=f"is gone, and {number} {what} with it: a file with nothing but `{what}:` says that none is meant",
        )
        for name, (what, number) in kinds.items()
        if number and any(file.startswith(name) for file in last.source) and not any(file.startswith(name) for file in bundle.source)
    ]


async def _tell(documents: Documents, last: Bundle, error: ConfigError, now: datetime) -> None:
    """One message for every set of problems, however often it is found."""
    found = [str(problem) for problem in error.problems]
    lines = [*found[:_SHOWN], *([f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])]
    lines.append("The watch goes on by the last good configuration. `wirewatch check` says the same on the command line.")
    about = f"config:{hashlib.sha256(str(error).encode()).hexdigest()[:12]}"
    payload = {"title": "config/ is wrong and was not taken over", "badge": "Operations", "lines": lines, "level": "major"}
    await notifications.create(
        documents, plan_note(about, "opened", settings=last.settings.alerts, notify=("operators",), now=now, payload=payload)
    )
