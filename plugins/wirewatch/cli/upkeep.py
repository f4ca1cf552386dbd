"""`wirewatch elasticsearch migrate | snapshot | snapshots | restore | expire`: looking after what is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from wirewatch.cli._shared import CONFIG, JSON, bars, emit, run
from wirewatch.cli.elasticsearch import app
from wirewatch.errors import SetupError

if TYPE_CHECKING:
    from wirewatch.config import Settings
    from wirewatch.store.elastic import ElasticDocuments

T = TypeVar("T")
REPOSITORY = typer.Option(
    None, "--repository", help="Snapshot repository of the cluster. [default: snapshots.repository of wirewatch.yaml]"
)


def register(_: typer.Typer) -> None:
    """Nothing to mount: these commands join those of the embedded node."""


@asynccontextmanager
async def _store(config: Path | None) -> AsyncIterator[tuple[ElasticDocuments, Settings]]:
    """The store as it is: nothing is made or widened."""
    from wirewatch.config import load, settings_path
    from wirewatch.store.elastic import ElasticDocuments
    from wirewatch.wiring.local import cluster

    settings = load(config or settings_path()).settings
    where = cluster(settings.index_prefix)
    async with ElasticDocuments(url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca) as documents:
        yield documents, settings


def _with(config: Path | None, work: Callable[[ElasticDocuments, Settings], Awaitable[T]]) -> T:
    async def go() -> T:
        async with _store(config) as (documents, settings):
            return await work(documents, settings)

    return run(go())


def _repository(given: str | None, settings: Settings) -> str:
    if name := given or settings.snapshots.repository:
        return name
    raise SetupError("name a snapshot repository: --repository, or snapshots.repository in wirewatch.yaml")


@app.command()
def migrate(
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say which indices would be moved."),
    resume: bool = typer.Option(False, "--resume", help="Begin the move again that died on the way."),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Move what is stored to the mappings of this release, one index after the other; writers wait meanwhile."""
    from wirewatch.store import migrate as moving

    async def work(documents: ElasticDocuments, _: Settings) -> list[dict[str, object]]:
        if dry_run:
            return [{"index": move.index, "place": move.place, "begun": move.begun} for move in await moving.outdated(documents)]
        with bars("documents") as advance:
            moved = await moving.migrate(documents, resume=resume, progress=advance)
        return [{"index": index, "documents": count} for index, count in moved.items()]

    rows = _with(config, work)
    if as_json:
        emit(rows)
    elif not rows:
        typer.echo("Every index has the mapping of this release.")
    else:
        for row in rows:
            typer.echo(f"{row['index']}: would be moved" if dry_run else f"{row['index']}: {row['documents']} documents moved")


@app.command()
def snapshot(
    name: str | None = typer.Argument(None, help="[default: the day's]"),
    repository: str | None = REPOSITORY,
    location: str | None = typer.Option(
        None,
        help="Register the repository with this folder first; it must lie under Elasticsearch's path.repo (the embedded node's: any name).",
    ),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Take a snapshot of everything and wait until it is complete; one that is there already is kept."""
    from wirewatch.store import snapshots
    from wirewatch.wiring.build import utc_now

    async def work(documents: ElasticDocuments, settings: Settings) -> snapshots.Snapshot:
        where = _repository(repository, settings)
        if location is not None:
            await snapshots.register(documents, where, location)
        with bars("shards") as advance:
            return await snapshots.take(
                documents, where, name or snapshots.named(utc_now()), progress=lambda done, total: advance("snapshot", done, total)
            )

    taken = _with(config, work)
    if as_json:
        emit([taken])
    else:
        typer.echo(f"{taken.name}: {taken.indices} indices.")


@app.command("snapshots")
def list_snapshots(repository: str | None = REPOSITORY, config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """List the snapshots, oldest first."""
    from wirewatch.store import snapshots

    found = _with(config, lambda documents, settings: snapshots.listed(documents, _repository(repository, settings)))
    if as_json:
        emit(found)
    elif not found:
        typer.echo("No snapshot yet.")
    else:
        for each in found:
            typer.echo(f"{each.at:%Y-%m-%d %H:%M} UTC  {each.name}  {each.state.lower()}  {each.indices} indices")


@app.command()
def restore(
    name: str = typer.Argument(..., help="As `snapshots` lists it."),
    repository: str | None = REPOSITORY,
    replace: bool = typer.Option(False, "--replace", help="Remove what is stored now first. Stop the scheduler before."),
    config: Path | None = CONFIG,
) -> None:
    """Bring a snapshot back, into a cluster that holds nothing of Wirewatch or with --replace, and wait until it is searchable."""
    from wirewatch.store import snapshots

    async def work(documents: ElasticDocuments, settings: Settings) -> int:
        with bars("shards") as advance:
            return await snapshots.restore(
                documents,
                _repository(repository, settings),
                name,
                replace=replace,
                progress=lambda done, total: advance("restore", done, total),
            )

    typer.echo(f"{_with(config, work)} indices are back.")


@app.command()
def expire(
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would be dropped."),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Drop the months of articles and polls that retention does not keep, as the DAG `maintain` does every night."""
    from wirewatch.pipeline.maintain import expire as work
    from wirewatch.wiring.local import ports

    async def go() -> dict[str, list[str]]:
        async with ports(config) as found:
            return await work(found, dry_run=dry_run)

    told = run(go())
    if as_json:
        emit([told])
        return
    for index in told["dropped"]:
        typer.echo(f"{index}: {'would be dropped' if dry_run else 'dropped'}")
    typer.echo(f"{len(told['kept'])} months are kept.")
