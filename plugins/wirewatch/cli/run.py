"""`wirewatch poll · process · detect · notify · run · retag`: the steps of the watch without Airflow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, run

if TYPE_CHECKING:
    from wirewatch.pipeline.ports import Ports

Step = Callable[["Ports"], Awaitable[Mapping[str, Any]]]


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.command("run")(run_all)
    for command in (poll, process, detect, notify, retag):
        root.command()(command)


def run_all(config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """Poll, process, detect and notify once."""
    _go(["poll", "process", "detect", "notify"], config, as_json)


def poll(config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """Poll the feeds that are due."""
    _go(["poll"], config, as_json)


def process(
    again: bool = typer.Option(False, "--again", help="Read kept pages anew instead (articles.keep_pages)."),
    since: str | None = typer.Option(None, "--from", help="Of articles first seen from this moment or day (UTC) on."),
    until: str | None = typer.Option(None, "--to", help="... and before this one; now if left out."),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Download, extract and tag the articles that wait."""
    if not again:
        if since or until:
            fail("--from and --to go with --again", 2)
        _go(["process"], config, as_json)
        return
    if since is None:
        fail("--again needs --from: the day that it begins with", 2)
    try:
        start, end = _moment(since), _moment(until) if until else None
    except ValueError as error:
        fail(str(error), 2)
    done = run(_again(start, end, config))
    if as_json:
        emit([{"step": "again", **done}])
    else:
        typer.echo(f"{done['read']} pages read again, {done['changed']} articles changed, {done['missing']} without a kept page")


def _moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


async def _again(start: datetime, end: datetime | None, config: Path | None) -> dict[str, int]:
    from wirewatch.pipeline.again import again
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        return await again(found, since=start, until=end or found.clock())


def detect(config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """Group, count, expect and decide; plan the messages."""
    _go(["detect"], config, as_json)


def notify(config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """Send the messages that wait (to the server that $SMTP_URL names)."""
    _go(["notify"], config, as_json)


def retag(config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """Tag what is stored by the rules as they are now; the next detection counts again what changed."""
    summary = run(_retag(config))
    if as_json:
        emit([{"step": "retag", **summary}])
    else:
        typer.echo(f"retag    {', '.join(f'{value} {key}' for key, value in summary.items())}")


async def _retag(config: Path | None) -> dict[str, int]:
    """May be stopped at any moment, and goes on from there when it is started again."""
    from rich.console import Console
    from rich.progress import Progress

    from wirewatch.pipeline.retag import retag as work
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Articles", total=None)
            return await work(found, progress=lambda done, total: bar.update(task, completed=done, total=total))


def _go(names: list[str], config: Path | None, as_json: bool) -> None:
    run(_steps(names, config, as_json))


async def _steps(names: list[str], config: Path | None, as_json: bool) -> None:
    from rich.console import Console

    from wirewatch.wiring.local import ports

    console = Console(stderr=True)
    async with ports(config, alarm="detect" in names) as found:
        for name in names:
            with console.status(f"{name} …"):
                summary = await _step(name)(found)
            if as_json:
                emit([{"step": name, **summary}])
            else:
                told = ", ".join(f"{value} {key.replace('_', ' ')}" for key, value in summary.items())
                typer.echo(f"{name:8} {told}")


def _step(name: str) -> Step:
    from wirewatch.pipeline.detect import detect as detect_step
    from wirewatch.pipeline.notify import notify as notify_step
    from wirewatch.pipeline.poll import poll as poll_step
    from wirewatch.pipeline.process import process as process_step

    steps: dict[str, Step] = {
        "poll": poll_step,
        "process": process_step,
        "detect": detect_step,
        "notify": notify_step,
    }
    return steps[name]
