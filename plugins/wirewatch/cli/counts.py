"""`wirewatch counts rebuild · relearn`: the hourly counts, worked out anew from the articles, and what is learned from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, run

if TYPE_CHECKING:
    from rich.progress import Progress

    from wirewatch.model import Counts

app = typer.Typer(no_args_is_help=True, help="Hourly counts of topics.")


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.add_typer(app, name="counts")


@app.callback()
def _group() -> None:
    """Hourly counts of topics."""


@app.command()
def rebuild(
    check: bool = typer.Option(False, "--check", help="Change nothing: exit code 1 where what is stored differs."),
    as_json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Count all stored articles anew, and store what differs."""
    if not check:
        saved = run(_rebuild(config))
        if as_json:
            emit([{"corrected": saved}])
        else:
            typer.echo(f"{saved} hours of topics were corrected." if saved else "All counts were right.")
        return
    found = run(_differences(config))
    if as_json:
        emit({"stored": _plain(stored), "counted": _plain(counted)} for stored, counted in found)
    else:
        for stored, counted in found:
            known = stored or counted
            if known is not None:
                typer.echo(f"{known.topic} {known.hour:%Y-%m-%d %H}:00: stored {_told(stored)}, counted {_told(counted)}")
        typer.echo(f"{len(found)} differ." if found else "All counts are right.")
    if found:
        raise typer.Exit(1)


@app.command()
def relearn(
    topics: list[str] = typer.Option([], "--topic", help="A topic; may be repeated. Default: all."),
    as_json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Let the next detection learn what is usual anew, from all counts that there are."""
    done = run(_relearn(config, topics))
    if as_json:
        emit([{"topics": done}])
    else:
        typer.echo(f"The next detection learns {done} topic{'' if done == 1 else 's'} anew.")


async def _relearn(config: Path | None, topics: list[str]) -> int:
    from wirewatch.pipeline import expecting
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        known = [topic.id for topic in found.bundle.topics]
        if unknown := [topic for topic in topics if topic not in known]:
            fail("\n".join(f'unknown topic "{topic}"' for topic in unknown), 2)
        return await expecting.forget_learned(found, topics or known)


async def _rebuild(config: Path | None) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from wirewatch.pipeline import counting
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            return await counting.rebuild(found, _shown(bar))


def _shown(bar: Progress) -> Callable[[int, int], None]:
    task = bar.add_task("Hours", total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


async def _differences(config: Path | None) -> list[tuple[Counts | None, Counts | None]]:
    from wirewatch.pipeline import counting
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        return await counting.differences(found)


def _plain(row: Counts | None) -> dict[str, object] | None:
    names = ("topic", "hour", "hash", "stories", "publishers", "articles")
    return None if row is None else {name: getattr(row, name) for name in names}


def _told(row: Counts | None) -> str:
    return "nothing" if row is None else f"{row.stories} stories, {row.publishers} publishers, {row.articles} articles"
