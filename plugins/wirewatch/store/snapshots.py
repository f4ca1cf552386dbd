"""Snapshots of everything under the prefix, in a repository that Elasticsearch knows, and their return."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from wirewatch.errors import SetupError, StoreRejected
from wirewatch.store.base import Documents

Progress = Callable[[int, int], None]
"""Is told shards done and shards in all."""
POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One snapshot of this prefix."""

    name: str
    state: str
    """`SUCCESS`, `PARTIAL`, `FAILED` or `IN_PROGRESS`."""
    at: datetime
    indices: int


async def register(documents: Documents, repository: str, location: str) -> None:
    """Make a folder, which is under Elasticsearch's `path.repo`, known as a repository; again is the same."""
    await documents.ask("PUT", f"/_snapshot/{quote(repository)}", {"type": "fs", "settings": {"location": location}})


async def take(
    documents: Documents, repository: str, name: str, *, progress: Progress = lambda *_: None, poll_s: float = POLL_S
) -> Snapshot:
    """Take a snapshot and wait until it is complete; one of that name that is complete already is kept.

    Raises `StoreRejected` where it fails, and `SetupError` where the repository is not known.
    """
    path = f"/_snapshot/{quote(repository)}/{quote(name)}"
    before = {each.name: each for each in await listed(documents, repository)}
    if name in before and before[name].state == "SUCCESS":
        return before[name]
    if name in before and before[name].state != "IN_PROGRESS":
        await documents.ask("DELETE", path)
    if name not in before or before[name].state != "IN_PROGRESS":
        body = {"indices": f"{documents.prefix}-*", "include_global_state": False, "metadata": {"wirewatch": documents.prefix}}
        await documents.ask("PUT", f"{path}?wait_for_completion=false", body)
    while True:
        status = (await documents.ask("GET", f"{path}/_status"))["snapshots"][0]
        shards = status["shards_stats"]
        progress(shards["done"], shards["total"])
        found = _snapshot((await documents.ask("GET", path))["snapshots"][0])
        if found.state != "IN_PROGRESS":
            break
        await asyncio.sleep(poll_s)
    if found.state != "SUCCESS":
        raise StoreRejected(f"the snapshot {name} ended as {found.state}")
    return found


async def listed(documents: Documents, repository: str) -> list[Snapshot]:
    """The snapshots of this prefix, oldest first; raises `SetupError` where the repository is not known."""
    try:
        answer = await documents.ask("GET", f"/_snapshot/{quote(repository)}/_all")
    except StoreRejected as error:
        if "repository_missing_exception" not in str(error):
            raise
        raise SetupError(f"Elasticsearch knows no snapshot repository {repository}: give its folder with --location") from error
    ours = [each for each in answer["snapshots"] if each.get("metadata", {}).get("wirewatch") == documents.prefix]
    return sorted((_snapshot(each) for each in ours), key=lambda each: (each.at, each.name))


async def prune(documents: Documents, repository: str, keep: int) -> list[str]:
    """Delete all complete snapshots of this prefix but the newest `keep`; the names of those that are gone."""
    whole = [each for each in await listed(documents, repository) if each.state == "SUCCESS"]
    gone = [each.name for each in whole[: max(0, len(whole) - keep)]]
    for name in gone:
        await documents.ask("DELETE", f"/_snapshot/{quote(repository)}/{quote(name)}")
    return gone


async def restore(
    documents: Documents,
    repository: str,
    name: str,
    *,
    replace: bool = False,
    progress: Progress = lambda *_: None,
    poll_s: float = POLL_S,
) -> int:
    """Bring a snapshot back and wait until it is searchable; how many indices came.

    Raises `SetupError` where there is no such snapshot, or where something is stored under the prefix and `replace` is false:
    with it, all that goes first.
    """
    if name not in {each.name for each in await listed(documents, repository) if each.state == "SUCCESS"}:
        raise SetupError(f"{repository} holds no complete snapshot {name}")
    if present := await documents.versions():
        if not replace:
            raise SetupError(f"{len(present)} indices are there already, as {next(iter(present))}: --replace removes them first")
        await documents.drop()
    body = {"indices": f"{documents.prefix}-*", "include_global_state": False, "include_aliases": True}
    answer = await documents.ask("POST", f"/_snapshot/{quote(repository)}/{quote(name)}/_restore?wait_for_completion=false", body)
    if not answer.get("accepted"):
        raise StoreRejected(f"the snapshot {name} cannot be restored")
    while True:
        health = await documents.ask("GET", f"/_cluster/health/{documents.prefix}-*?level=shards")
        shards = [shard for index in health["indices"].values() for shard in index["shards"].values()]
        up = sum(bool(shard["primary_active"]) for shard in shards)
        progress(up, len(shards))
        if shards and up == len(shards):
            break
        await asyncio.sleep(poll_s)
    await documents.ensure()
    return len(health["indices"])


def named(now: datetime) -> str:
    """The name of the snapshot of a day: taken twice, it is one."""
    return f"wirewatch-{now.astimezone(UTC):%Y-%m-%d}"


def _snapshot(answer: Mapping[str, Any]) -> Snapshot:
    at = datetime.fromtimestamp(answer["start_time_in_millis"] / 1000, tz=UTC)
    ours = [index for index in answer["indices"] if not re.match(r"\.", index)]
    return Snapshot(name=answer["snapshot"], state=answer["state"], at=at, indices=len(ours))
