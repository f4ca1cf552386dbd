"""`wirewatch incidents list · show · ack · snooze · close · reopen · note`: what is spiking, and what people do about it."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, run

if TYPE_CHECKING:
    from wirewatch.config import Settings
    from wirewatch.model import Headline, Incident
    from wirewatch.store.base import Documents

app = typer.Typer(no_args_is_help=True, help="Incidents and their life.")

ID = Annotated[str, typer.Argument(help="As `list` shows it: topic#number.")]
WHO = Annotated[str, typer.Option("--who", help="In whose name; default: you.")]
NOTE = Annotated[str, typer.Option("--note", help="A word to the others.")]
_HEADLINES = 8


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.add_typer(app, name="incidents")


@app.command("list")
def list_incidents(
    closed: bool = typer.Option(False, "--all", help="Closed ones too."),
    topic: str | None = typer.Option(None, "--topic", help="Only of this topic."),
    limit: int = typer.Option(50, "--limit", min=1, max=5000),
    as_json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Show incidents that are going on, the latest first."""
    found = run(_list(config, closed, topic, limit))
    if as_json:
        emit(found)
    elif found:
        _table(found)
    else:
        typer.echo("No incidents." if closed else "No incidents are going on.")


@app.command()
def show(id: ID, as_json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Show one incident: why it is one, its headlines, and what happened to it."""
    found = run(_get(config, id))
    if found is None:
        fail(f"there is no incident {id}")
    if as_json:
        emit([found])
    else:
        typer.echo("\n".join(_page(found)))


@app.command()
def ack(id: ID, note: NOTE = "", who: WHO = "", as_json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Say that you have it in hand."""
    _change(config, id, as_json, what="ack", who=who, note=note)


@app.command()
def snooze(
    id: ID,
    until: str = typer.Option("", "--until", help="A moment (2026-11-24T18:00, UTC unless it says otherwise) ..."),
    span: str = typer.Option("", "--for", help="... or for how long: 90m, 6h, 2d."),
    note: NOTE = "",
    who: WHO = "",
    as_json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Hear nothing of it for a while, unless it escalates."""
    now = datetime.now(UTC)
    _change(config, id, as_json, what="snooze", who=who, note=note, until=_until(until, span, now), now=now)


@app.command()
def close(
    id: ID,
    reason: str = typer.Option(..., "--reason", help="useful, known, false_alarm or data_fault."),
    note: NOTE = "",
    who: WHO = "",
    as_json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """End it, and say what it was worth; it stays closed until the topic has calmed."""
    _change(config, id, as_json, what="close", who=who, note=note, reason=reason)


@app.command()
def reopen(id: ID, note: NOTE = "", who: WHO = "", as_json: bool = JSON, config: Path | None = CONFIG) -> None:
    """Take a closing back."""
    _change(config, id, as_json, what="reopen", who=who, note=note)


@app.command()
def note(
    id: ID,
    text: str = typer.Argument(..., help="What the others should know."),
    who: WHO = "",
    as_json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Add a note."""
    _change(config, id, as_json, what="note", who=who, note=text)


# ---------------------------------------------------------------- work


@asynccontextmanager
async def _open(config: Path | None) -> AsyncIterator[tuple[Documents, Settings]]:
    from wirewatch.config import load, settings_path
    from wirewatch.store.elastic import ElasticDocuments
    from wirewatch.wiring.local import cluster

    settings = load(config or settings_path()).settings
    where = cluster(settings.index_prefix)
    async with ElasticDocuments(url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca) as documents:
        await documents.ensure()
        yield documents, settings


async def _list(config: Path | None, closed: bool, topic: str | None, limit: int) -> list[Incident]:
    from wirewatch.store import incidents as store

    async with _open(config) as (documents, _):
        return await store.recent(documents, states=() if closed else store.GOING_ON, topic=topic, limit=limit)


async def _get(config: Path | None, id: str) -> Incident | None:
    from wirewatch.store import incidents as store

    async with _open(config) as (documents, _):
        found = await store.get(documents, id)
        return found.value if found else None


def _change(
    config: Path | None,
    id: str,
    as_json: bool,
    *,
    what: str,
    who: str,
    note: str = "",
    until: datetime | None = None,
    reason: str | None = None,
    now: datetime | None = None,
) -> None:
    async def work() -> Incident:
        from wirewatch.pipeline.incidents import change

        async with _open(config) as (documents, settings):
            at = now or datetime.now(UTC)
            return await change(documents, settings, id, what=what, who=who or _me(), note=note, until=until, reason=reason, now=at)

    try:
        found = run(work())
    except ValueError as error:
        fail(str(error), 2)
    if as_json:
        emit([found])
    else:
        typer.echo(f"{found.id}: {_state(found)}")


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        fail("nobody is logged in: say who you are with --who", 2)


def _until(until: str, span: str, now: datetime) -> datetime:
    from pydantic import TypeAdapter, ValidationError

    from wirewatch.config.settings import Duration

    if bool(until) == bool(span):
        fail("either --until or --for is needed", 2)
    try:
        if span:
            length: timedelta = TypeAdapter(Duration).validate_python(span)
            return now + length
        when = datetime.fromisoformat(until)
    except (ValidationError, ValueError):
        fail(f"{until or span!r} is no time: --until 2026-11-24T18:00, or --for 90m, 6h, 2d", 2)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


# ---------------------------------------------------------------- shown


def _table(found: Sequence[Incident]) -> None:
    from rich import print as show_table
    from rich.table import Table
    from rich.text import Text

    from wirewatch.alerts import phrases
    from wirewatch.alerts.text import clean

    table = Table(box=None, pad_edge=False)
    for name in ("incident", "state", "severity", "since (UTC)", "what"):
        table.add_column(name, no_wrap=name != "what")
    for each in found:
        size = phrases.total(each) if each.evidence else phrases.size(each)
        table.add_row(Text(clean(each.id, 60)), _state(each), str(each.severity), f"{each.began_at:%Y-%m-%d %H:%M}", f"{size}")
    show_table(table)


def _state(incident: Incident) -> str:
    from wirewatch.alerts.text import clean

    state = str(incident.state)
    if incident.closed_at is not None:
        return f"{state} ({clean(incident.reason or '')}, {clean(incident.closed_by or '', 40)})"
    if incident.snoozed_until is not None:
        return f"{state} until {incident.snoozed_until:%Y-%m-%d %H:%M} UTC"
    return f"{state} by {clean(incident.acknowledged_by, 40)}" if incident.acknowledged_by else state


def _page(incident: Incident) -> list[str]:
    from wirewatch.alerts import phrases
    from wirewatch.alerts.text import clean

    lines = [
        f"{clean(incident.topic_name, 120)}  {incident.id}",
        f"{incident.severity}, {_state(incident)}, since {incident.began_at:%Y-%m-%d %H:%M} UTC",
        phrases.reason(incident),
        *phrases.caveats(incident),
    ]
    evidence = incident.evidence
    if evidence is not None:
        if evidence.first is not None:
            claim = "First" if evidence.first_is_certain else "Earliest seen"
            lines.append(f"{claim}: {clean(evidence.first.publisher_name, 80)}, {evidence.first.at:%Y-%m-%d %H:%M} UTC")
        lines += ["", *(_headline(each) for each in evidence.headlines[:_HEADLINES])]
        if evidence.new_words:
            lines += ["", "New: " + ", ".join(clean(word, 60) for word in evidence.new_words)]
    lines.append("")
    for event in incident.events:
        said = f": {clean(event.note, 400)}" if event.note else ""
        lines.append(f"{event.at:%Y-%m-%d %H:%M} {event.what} by {clean(event.who, 60)}{said}")
    return lines


def _headline(headline: Headline) -> str:
    from wirewatch.alerts.text import clean

    copies = f"  (+{headline.copies})" if headline.copies else ""
    words = f"  [{', '.join(clean(word, 40) for word in headline.words)}]" if headline.words else ""
    return (
        f"{headline.at:%H:%M} {clean(headline.publisher_name or headline.publisher, 60)}: {clean(headline.title, 200)}{copies}{words}\n"
        f"      {clean(headline.url, 500)}"
    )
