"""`wirewatch doctor`: say what is wrong with the set-up, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, run
from wirewatch.errors import ConfigError, SetupError, WirewatchError

if TYPE_CHECKING:
    from wirewatch.config import Bundle
    from wirewatch.store.elastic import ElasticDocuments

MIN_FREE_BYTES = 2_000_000_000
MIN_FREE_SHARE = 0.1
"""Of Elasticsearch's disk: from 5 % it takes no writes (`cluster.routing.allocation.disk.watermark.flood_stage`)."""
MAX_HEAP_PERCENT = 90
MAX_SKEW = timedelta(seconds=30)
QUEUE_AGE = timedelta(hours=1)
"""As the blindness incident has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at."""

    what: str
    ok: bool
    found: str
    remedy: str = ""


def register(root: typer.Typer) -> None:
    """Mount the command."""
    root.command()(doctor)


def doctor(config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """Say what is wrong with the set-up and what to do about it; exit code 1 where anything is."""
    if not run(_report(config, as_json)):
        raise typer.Exit(1)


async def _report(config: Path | None, as_json: bool) -> bool:
    well = True
    async for check in _checks(config):
        well &= check.ok
        if as_json:
            emit([check])
            continue
        typer.secho("  ok  " if check.ok else " WRONG", fg="green" if check.ok else "red", nl=False)
        typer.echo(f"  {check.what:<15} {check.found}")
        if not check.ok and check.remedy:
            typer.echo(f"{'':>8}{'':<15} → {check.remedy}")
    return well


async def _checks(config: Path | None) -> AsyncIterator[Check]:
    from wirewatch.config import load, settings_path

    free = shutil.disk_usage(Path.cwd()).free
    yield Check(
        what="disk", ok=free > MIN_FREE_BYTES, found=f"{free / 1e9:.0f} GB free here", remedy="make room: logs and old clones go first"
    )
    folder = config or settings_path()
    bundle: Bundle | None = None
    try:
        bundle = load(folder)
        yield Check(what="configuration", ok=True, found=f"{folder}: {len(bundle.feeds)} feeds, {len(bundle.topics)} topics")
    except ConfigError as error:
        found = f"{len(error.problems)} problems, the first: {error.problems[0]}"
        yield Check(what="configuration", ok=False, found=found, remedy="`wirewatch check` lists them all")
    async for check in _store(bundle):
        yield check
    yield await _mail()


async def _store(bundle: Bundle | None) -> AsyncIterator[Check]:
    from wirewatch.store.elastic import ElasticDocuments
    from wirewatch.wiring.local import cluster

    where = cluster(bundle.settings.index_prefix if bundle else "wirewatch")
    try:
        async with ElasticDocuments(url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca) as documents:
            for look in (_cluster, _mappings):
                async for check in look(documents):
                    yield check
            if await documents.versions():
                yield await _published(documents, bundle)
                async for check in _work(documents):
                    yield check
    except WirewatchError as error:
        remedy = "start one with `wirewatch elasticsearch start`, or set ELASTICSEARCH_URL, ELASTICSEARCH_API_KEY and ELASTICSEARCH_CA"
        yield Check(what="Elasticsearch", ok=False, found=str(error), remedy=remedy)


async def _cluster(documents: ElasticDocuments) -> AsyncIterator[Check]:
    """The nodes: versions, health, room, memory and clocks."""
    before = datetime.now(UTC)
    health = await documents.ask("GET", f"/_cluster/health/{documents.prefix}-*")
    nodes = (await documents.ask("GET", "/_nodes?filter_path=nodes.*.version"))["nodes"].values()
    versions = sorted({node["version"] for node in nodes})
    told = f"{documents.address}: {', '.join(versions)}, {len(nodes)} node{'s' * (len(nodes) > 1)}, {health['status']}"
    fit = all(version.startswith("9.") for version in versions) and health["status"] != "red"
    yield Check(what="Elasticsearch", ok=fit, found=told, remedy="version 9 is needed; red: GET /_cluster/allocation/explain says why")
    stats = await documents.ask("GET", "/_nodes/stats/fs,jvm")
    after = datetime.now(UTC)
    for node in stats["nodes"].values():
        total = node["fs"]["total"]
        share = total["available_in_bytes"] / max(1, total["total_in_bytes"])
        room = Check(
            what="its disk",
            ok=share > MIN_FREE_SHARE or total["available_in_bytes"] > 20 * MIN_FREE_BYTES,
            found=f"{total['available_in_bytes'] / 1e9:.0f} GB free ({share:.0%})",
            remedy="`wirewatch elasticsearch expire --dry-run` and articles.retention_months; or give it a larger disk",
        )
        yield room
        heap = node["jvm"]["mem"]["heap_used_percent"]
        yield Check(what="its memory", ok=heap < MAX_HEAP_PERCENT, found=f"{heap} % of the heap in use", remedy="give it a larger heap")
        clock = datetime.fromtimestamp(node["timestamp"] / 1000, UTC)
        skew = max(before - clock, clock - after, timedelta(0))
        yield Check(what="clocks", ok=skew < MAX_SKEW, found=f"{skew.total_seconds():.0f} s apart", remedy="set both by NTP")


async def _mappings(documents: ElasticDocuments) -> AsyncIterator[Check]:
    """Whether every index has this release's mapping and takes writes."""
    from wirewatch.store.migrate import outdated

    moves = await outdated(documents)
    resume = " --resume" if any(move.begun for move in moves) else ""
    told = (
        f"{len(moves)} indices are older, the first: {moves[0].index}"
        if moves
        else f"{len(await documents.versions())} indices, all current"
    )
    yield Check(what="mappings", ok=not moves, found=told, remedy=f"`wirewatch elasticsearch migrate{resume}`")
    answer = await documents.ask("GET", f"/{documents.prefix}-*/_settings?filter_path=*.settings.index.blocks")
    blocked = sorted(answer)
    told = f"{len(blocked)} indices take no writes, the first: {blocked[0]}" if blocked else "every index takes writes"
    remedy = "the disk was full (make room: it ends by itself), or a move died (`wirewatch elasticsearch migrate --resume`)"
    yield Check(what="writes", ok=not blocked, found=told, remedy=remedy)


async def _published(documents: ElasticDocuments, bundle: Bundle | None) -> Check:
    from wirewatch.store.config import published, published_hash

    known = await published(documents)
    remedy = "`wirewatch check --publish` (poll_feeds does it too)"
    if known is None:
        return Check(what="published", ok=False, found="nothing yet", remedy=remedy)
    if bundle is not None and await published_hash(documents) != bundle.hash:
        return Check(what="published", ok=False, found="another configuration than this one", remedy=remedy)
    return Check(what="published", ok=True, found=f"{len(known.topics)} topics, {known.hash[:8]}")


async def _work(documents: ElasticDocuments) -> AsyncIterator[Check]:
    """Feeds by health, pages that wait too long, and messages that did not go."""
    now = datetime.now(UTC)
    feeds: Counter[str] = Counter()
    async for hit in documents.scan("feeds", {"term": {"active": True}}, fields=["health"]):
        feeds[str(hit.source.get("health") or "not polled yet")] += 1
    dead = feeds["failing"]
    told = ", ".join(f"{count} {health.replace('_', ' ')}" for health, count in feeds.most_common()) or "none is stored yet"
    yield Check(what="feeds", ok=dead * 2 <= feeds.total(), found=told, remedy="`wirewatch feeds list --health failing` says why")
    late = {"range": {"next_attempt_at": {"lt": (now - QUEUE_AGE).isoformat()}}}
    waiting = await documents.count("articles", late)
    told = f"{waiting} pages have waited for over an hour" if waiting else "no page waits for long"
    yield Check(what="queue", ok=not waiting, found=told, remedy="look at process_articles in Airflow: is it paused, or failing?")
    failed = await documents.count("notifications", {"term": {"state": "failed"}})
    told = f"{failed} messages were given up" if failed else "no message was given up"
    yield Check(
        what="messages", ok=not failed, found=told, remedy="`wirewatch alerts list` says why; `wirewatch alerts test` sends a sample"
    )


async def _mail() -> Check:
    from wirewatch.wiring.local import mail_channel

    url = os.environ.get("SMTP_URL")
    if not url:
        return Check(what="mail", ok=True, found="SMTP_URL is not set: messages wait until they are sent by Airflow's smtp_default")
    remedy = "SMTP_URL is smtp://user:password@host:port?starttls=1, or smtps://…"
    try:
        server = mail_channel(url, "doctor@localhost")
        await asyncio.to_thread(lambda: socket.create_connection((server.host, server.port), timeout=5).close())
    except (OSError, SetupError) as error:
        return Check(what="mail", ok=False, found=f"{error}", remedy=remedy)
    return Check(what="mail", ok=True, found=f"{server.host}:{server.port} answers")
