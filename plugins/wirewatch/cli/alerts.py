"""`wirewatch alerts test`: whether messages arrive."""

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
    """Send a sample message now, through the same channels as alerts; exit code 1 where one does not go."""
    results = run(_send(recipient or [], config))
    if as_json:
        emit({"recipient": each.recipient, "address": each.address, "sent": not problem, "problem": problem} for each, problem in results)
    else:
        for each, problem in results:
            typer.echo(f"{each.recipient} <{each.address}>: {problem or 'sent'}")
    if not results:
        fail("no recipient has an address: see alerts.recipients in wirewatch.yaml", 2)
    if any(problem for _, problem in results):
        raise typer.Exit(1)


async def _send(recipients: list[str], config: Path | None) -> list[tuple[Notification, str]]:
    from datetime import UTC, datetime

    from wirewatch.alerts.plan import plan_note
    from wirewatch.alerts.render import render
    from wirewatch.config import load, settings_path
    from wirewatch.errors import DeliveryDeferred, DeliveryRefused, SetupError
    from wirewatch.wiring.local import channels

    settings = load(config or settings_path()).settings
    if unknown := [each for each in recipients if each not in settings.alerts.recipients]:
        raise SetupError(f"unknown recipient {unknown[0]}: wirewatch.yaml has {', '.join(settings.alerts.recipients) or 'none'}")
    open_channels = channels(settings)
    if not open_channels:
        raise SetupError("no channel: set SMTP_URL (smtp://user:password@host:port?starttls=1)")
    now = datetime.now(UTC)
    planned = plan_note(
        f"test:{now.isoformat()}",
        "test",
        settings=settings.alerts,
        notify=recipients or list(settings.alerts.recipients),
        now=now,
        payload={"title": "A test message", "lines": ["Alerts of Wirewatch reach you at this address.", "There is nothing to do."]},
    )
    results = []
    for each in planned:
        try:
            await open_channels[each.channel].send(each, render(each, settings=settings.alerts, now=now))
            results.append((each, ""))
        except (DeliveryDeferred, DeliveryRefused) as error:
            results.append((each, str(error)))
    return results
