"""`wirewatch doctor`: say what is wrong with the set-up, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, run
from wirewatch.errors import ConfigError, SetupError, WirewatchError

if TYPE_CHECKING:
    from wirewatch.config import Bundle

MIN_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at."""

    what: str
    ok: bool
    found: str


def register(root: typer.Typer) -> None:
    """Mount the command."""
    root.command()(doctor)


def doctor(config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """Say what is wrong with the set-up; exit code 1 where anything is."""
    if not run(_report(config, as_json)):
        raise typer.Exit(1)


async def _report(config: Path | None, as_json: bool) -> bool:
    well = True
    async for check in _checks(config):
        well &= check.ok
        if as_json:
            emit([check])
        else:
            typer.secho("  ok  " if check.ok else " WRONG", fg="green" if check.ok else "red", nl=False)
            typer.echo(f"  {check.what:<15} {check.found}")
    return well


async def _checks(config: Path | None) -> AsyncIterator[Check]:
    from wirewatch.config import load, settings_path

    free = shutil.disk_usage(Path.cwd()).free
    yield Check(what="disk", ok=free > MIN_FREE_BYTES, found=f"{free / 1e9:.0f} GB free")
    folder = config or settings_path()
    bundle: Bundle | None = None
    try:
        bundle = load(folder)
        yield Check(what="configuration", ok=True, found=f"{folder}: {len(bundle.feeds)} feeds, {len(bundle.topics)} topics")
    except ConfigError as error:
        yield Check(what="configuration", ok=False, found=f"{len(error.problems)} problems, the first: {error.problems[0]}")
    async for check in _store(bundle):
        yield check
    yield await _mail()


async def _store(bundle: Bundle | None) -> AsyncIterator[Check]:
    from wirewatch.store.config import published
    from wirewatch.store.elastic import ElasticDocuments
    from wirewatch.wiring.local import cluster

    where = cluster(bundle.settings.index_prefix if bundle else "wirewatch")
    try:
        async with ElasticDocuments(url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca) as documents:
            articles = await documents.count("articles", {"match_all": {}})
            yield Check(what="Elasticsearch", ok=True, found=f"{where.url}: {articles} articles under {where.prefix}-*")
            known = await published(documents)
    except WirewatchError as error:
        advice = "start one with `wirewatch elasticsearch start`, or set ELASTICSEARCH_URL"
        yield Check(what="Elasticsearch", ok=False, found=f"{error}; {advice}")
        return
    if known is None:
        yield Check(what="published", ok=False, found="nothing yet: `wirewatch check --publish` (the DAGs do it too)")
    elif bundle is not None and known.hash != bundle.hash:
        yield Check(what="published", ok=False, found="another configuration than this one: `wirewatch check --publish`")
    else:
        yield Check(what="published", ok=True, found=f"{len(known.topics)} topics, {known.hash[:8]}")


async def _mail() -> Check:
    from wirewatch.wiring.local import mail_channel

    url = os.environ.get("SMTP_URL")
    if not url:
        return Check(what="mail", ok=True, found="SMTP_URL is not set: messages wait until they are sent by Airflow's smtp_default")
    try:
        server = mail_channel(url, "doctor@localhost")
        await asyncio.to_thread(lambda: socket.create_connection((server.host, server.port), timeout=5).close())
    except (OSError, SetupError) as error:
        return Check(what="mail", ok=False, found=f"{error}")
    return Check(what="mail", ok=True, found=f"{server.host}:{server.port} answers")
