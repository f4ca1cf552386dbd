"""`wirewatch alerts test · list`: whether messages arrive, and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, run

if TYPE_CHECKING:
    from wirewatch.model import Notification

app = typer.Typer(no_args_is_help=True, help="Messages to people.")


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.add_typer(app, name="alerts")


@app.command("test")
def send_test(
    recipient: list[str] = typer.Argument(None, help="Ids of recipients in wirewatch.yaml; default: all of them."),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Send a sample alert now, through every channel of every recipient; exit code 1 where one does not go."""
    results = run(_send(recipient or [], config))
    if as_json:
        emit(
            {"recipient": each.recipient, "channel": each.channel, "address": each.address, "sent": not problem, "problem": problem}
            for each, problem in results
        )
    else:
        for each, problem in results:
            typer.echo(f"{each.recipient} ({_place(each)}): {problem or 'sent'}")
    if not results:
        fail("no recipient has an address: see alerts.recipients in wirewatch.yaml", 2)
    if any(problem for _, problem in results):
        raise typer.Exit(1)


@app.command("list")
def list_messages(
    failed: bool = typer.Option(False, "--failed", help="Only those that failed or are put off."),
    limit: int = typer.Option(50, "--limit", min=1, max=5000),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Show the latest messages and what became of them."""
    found = run(_list(config, failed, limit))
    if as_json:
        emit(found)
        return
    for each in found:
        at = each.sent_at or each.planned_at
        typer.echo(f"{at:%Y-%m-%d %H:%M}  {_state(each):<9} {each.event:<14} {each.about:<32} {each.recipient} ({_place(each)})")
        if each.problem:
            typer.echo(f"{'':18}{each.problem}")
    if not found:
        typer.echo("No message failed or is put off." if failed else "No messages yet.")


async def _send(recipients: list[str], config: Path | None) -> list[tuple[Notification, str]]:
    from datetime import UTC, datetime

    from wirewatch.alerts.render import render
    from wirewatch.alerts.trial import plan_trial
    from wirewatch.config import load, settings_path
    from wirewatch.errors import DeliveryDeferred, DeliveryRefused, SetupError
    from wirewatch.wiring.local import channels

    settings = load(config or settings_path()).settings
    if unknown := [each for each in recipients if each not in settings.alerts.recipients]:
        raise SetupError(f"unknown recipient {unknown[0]}: wirewatch.yaml has {', '.join(settings.alerts.recipients) or 'none'}")
    open_channels = channels(settings)
    now = datetime.now(UTC)
    results = []
    for each in plan_trial(recipients or list(settings.alerts.recipients), settings=settings.alerts, now=now):
        channel = open_channels.get(each.channel)
        try:
            if channel is None:
                raise DeliveryDeferred("no mail server: set SMTP_URL (smtp://user:password@host:port?starttls=1)")
            await channel.send(each, render(each, settings=settings.alerts, now=now))
            results.append((each, ""))
        except (DeliveryDeferred, DeliveryRefused) as error:
            results.append((each, str(error)))
    return results


async def _list(config: Path | None, failed: bool, limit: int) -> list[Notification]:
    from datetime import UTC, datetime

    from wirewatch.config import load, settings_path
    from wirewatch.store import notifications
    from wirewatch.store.elastic import ElasticDocuments
    from wirewatch.wiring.local import cluster

    where = cluster(load(config or settings_path()).settings.index_prefix)
    async with ElasticDocuments(url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca) as documents:
        await documents.ensure()
        if failed:
            return await notifications.troubled(documents, datetime.fromtimestamp(0, UTC), limit)
        return await notifications.latest(documents, limit)


def _place(message: Notification) -> str:
    return message.address if message.channel == "mail" else f"channel {message.channel}"


def _state(message: Notification) -> str:
    if message.state == "pending" and message.problem:
        return "put off"
    return "waiting" if message.state == "pending" else message.state.value
