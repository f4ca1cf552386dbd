"""`wirewatch parse-feed · feeds`: what a feed says, how the feeds are, and which there are."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, run

if TYPE_CHECKING:
    from wirewatch.config import Bundle
    from wirewatch.feeds.opml import Addition
    from wirewatch.http import Answer
    from wirewatch.model import Entry, Feed, FeedState, ParsedFeed

app = typer.Typer(help="The feeds that are polled.", no_args_is_help=True)

_FILES = typer.Argument(..., help="Feeds as they were downloaded, gzipped or not.")
_IDS = typer.Argument(..., help="Ids of feeds in feeds.yaml.")
_OPML = typer.Argument(..., help="OPML files.", exists=True, dir_okay=False)
_PARSE_S = 30.0
_TOLD_HEADERS = ("content-type", "content-encoding", "etag", "last-modified", "cache-control", "expires", "retry-after", "server")
_STATE = ("next_attempt_at", "interval_s", "last_poll_at", "last_success_at", "last_new_at", "failures", "outcome", "status", "problem")
"""What `list` tells of a feed's state."""
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_SHOWN = 5
"""Entries that `check` shows to a person."""


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.command("parse-feed")(parse_feed)
    root.add_typer(app, name="feeds")


# ---------------------------------------------------------------- parse-feed


def parse_feed(
    files: list[Path] = _FILES,
    url: str = typer.Option("", "--url", help="The address that they came from."),
    as_json: bool = JSON,
) -> None:
    """Say what is in each feed: title, format, entries, and what is wrong with it; exit code 1 where one is no feed."""
    failed = False
    for file in files:
        found, problem = _parsed(file, url)
        failed = failed or found is None
        if as_json:
            emit([_line(file, found, problem)])
        elif found is None:
            typer.echo(f"{file}: {problem[0]}", err=True)
            for other in problem[1:]:
                typer.echo(f"    {other}", err=True)
        else:
            typer.echo(f"{file}\n{found.title or '(no title)'} · {found.format} · {len(found.entries)} entries")
            _print_entries(found.entries)
            for each in found.problems:
                typer.echo(f"  ! {each}")
            typer.echo("")
    if failed:
        raise typer.Exit(1)


def _parsed(file: Path, url: str) -> tuple[ParsedFeed | None, list[str]]:
    """The feed in a file; else why there is none."""
    from wirewatch.errors import NotAFeed, ParseError
    from wirewatch.feeds.parse import parse_within, unpacked

    try:
        body = file.read_bytes()
        return parse_within(_PARSE_S, unpacked(body), url=url), []
    except OSError as error:
        return None, [error.strerror or str(error)]
    except NotAFeed as error:
        return None, [str(error), *(f"advertises {address}" for address in error.advertised)]
    except ParseError as error:
        return None, [str(error)]


def _line(file: Path, found: ParsedFeed | None, problem: list[str]) -> dict[str, Any]:
    if found is None:
        return {"file": str(file), "title": None, "format": None, "entries": [], "problems": problem}
    names = ("id", "url", "title", "summary", "published_at", "authors")
    entries = [{name: getattr(entry, name) for name in names} for entry in found.entries]
    return {"file": str(file), "title": found.title, "format": found.format, "entries": entries, "problems": list(found.problems)}


def _print_entries(entries: Sequence[Entry]) -> None:
    for entry in entries:
        when = "(no date)       " if entry.published_at is None else f"{entry.published_at:%Y-%m-%d %H:%M}"
        typer.echo(f"  {when}  {entry.title or entry.summary[:80] or '(no title)'}\n{'':20}{entry.url or '(no link)'}")


# ---------------------------------------------------------------- list


@app.command("list")
def list_feeds(
    health: str = typer.Option("", "--health", help="Only those that are so: new, healthy, quiet, empty, failing, lying_304, ..."),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Every feed with its health, when it is polled next, and its publisher (the domain where none is configured)."""
    from wirewatch.model import Health

    if health and health not in list(Health):
        fail(f'unknown health "{health}": one of {", ".join(Health)}', 2)
    rows = [row for row in run(_list(config)) if not health or row["health"] == health]
    if as_json:
        emit(rows)
    else:
        _print_rows(rows)


async def _list(config: Path | None) -> list[dict[str, Any]]:
    from wirewatch.articles.identity import source_of
    from wirewatch.store import feeds as store
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        states = {state.feed: state for state in await store.all_states(found.documents)}
        bundle = found.bundle
    rows = [_row(feed, states.pop(feed.id, None), source_of(feed.url)) for feed in bundle.feeds]
    return [*rows, *(_row(None, state, source_of(state.url)) for state in states.values())]


def _row(feed: Feed | None, state: FeedState | None, source: str) -> dict[str, Any]:
    """One feed that is configured, known, or both."""
    return {
        "id": feed.id if feed else state.feed if state else "",
        "name": (feed.name if feed else "") or (state.title if state else ""),
        "url": feed.url if feed else state.configured_url if state else "",
        "polled_at": state.url if state else None,
        "configured": feed is not None,
        "publisher": (feed.publisher if feed else None) or source,
        "publisher_is_domain": feed is None or feed.publisher is None,
        "health": state.health.value if state else "new",
        "paused": state.paused if state else False,
        **{name: getattr(state, name, None) for name in _STATE},
    }


def _print_rows(rows: Iterable[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("feed", "health", "next poll", "last news", "publisher", "problem"):
        table.add_column(name, overflow="fold")
    colours = {"healthy": "green", "failing": "red", "retired": "dim", "removed": "dim", "new": "cyan"}
    count = 0
    for row in rows:
        count += 1
        health = "removed" if not row["configured"] else "paused" if row["paused"] else row["health"]
        cells = (
            Text(row["id"]),
            Text(health, style=colours.get(health, "yellow")),
            Text("" if row["paused"] or not row["configured"] else _when(row["next_attempt_at"])),
            Text(_when(row["last_new_at"])),
            Text(row["publisher"] + (" (domain)" if row["publisher_is_domain"] else "")),
            Text(row["problem"] or ""),
        )
        table.add_row(*cells)
    Console().print(table if count else "no feeds")


def _when(at: datetime | None) -> str:
    """A time as people say it: how far from now."""
    if at is None:
        return "–"
    seconds = (at - datetime.now(UTC)).total_seconds()
    name, unit = next((each for each in _UNITS if abs(seconds) >= each[1]), _UNITS[-1])
    amount = f"{abs(seconds) / unit:.0f} {name}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


# ---------------------------------------------------------------- check


@app.command()
def check(
    address: str = typer.Argument(..., help="An address, or the id of a feed in feeds.yaml.", metavar="URL"),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Try one feed now and say all that was found; nothing is stored. Exit code 1 where it is no working feed."""
    from wirewatch.config import load, settings_path
    from wirewatch.model import Feed

    bundle = load(config or settings_path())
    feed = next((each for each in bundle.feeds if each.id == address), None)
    if feed is None:
        if "://" not in address:
            near = ", ".join(each.id for each in bundle.feeds if address.lower() in each.id)
            fail(f'"{address}" is neither an http(s) address nor a feed in feeds.yaml' + (f" (there are {near})" if near else ""), 2)
        feed = Feed(id=address, url=address)
    told = run(_check(feed, bundle))
    if as_json:
        emit([told])
    else:
        _print_check(told)
    if told["outcome"] != "ok":
        raise typer.Exit(1)


async def _check(feed: Feed, bundle: Bundle) -> dict[str, Any]:
    from importlib.metadata import version

    from wirewatch.errors import FetchFailed, FetchRefused, NotAFeed, ParseError
    from wirewatch.feeds.fetch import headers_of
    from wirewatch.feeds.parse import parse_within
    from wirewatch.http import Outcome
    from wirewatch.http_client import HttpClient
    from wirewatch.model import FeedState

    polling = bundle.settings.polling
    told: dict[str, Any] = {"url": feed.url}
    fresh = FeedState(feed=feed.id, url=feed.url, configured_url=feed.url, slot=0)
    agent = f"Wirewatch/{version('wirewatch')} (+{bundle.settings.contact})"
    try:
        async with HttpClient(user_agent=agent, allow_hosts=polling.allow_hosts) as http:
            answer = await http.get(
                feed.url,
                headers=headers_of(feed, fresh, datetime.now(UTC), os.environ),
                timeout_s=polling.timeout.total_seconds(),
                max_bytes=polling.max_bytes,
            )
    except (FetchFailed, FetchRefused) as error:
        wait = getattr(error, "retry_after_s", None)
        return told | {"outcome": str(error.outcome), "problem": error.detail, "status": error.status, "retry_after_s": wait}
    told |= _told(answer)
    try:
        found = parse_within(
            _PARSE_S, answer.body, url=answer.url, content_type=answer.headers.get("content-type", ""), max_entries=polling.max_entries
        )
    except NotAFeed as error:
        return told | {"outcome": str(Outcome.NOT_A_FEED), "problem": str(error), "advertised": list(error.advertised)}
    except ParseError as error:
        return told | {"outcome": str(Outcome.MALFORMED), "problem": str(error)}
    return told | _found(found)


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "elapsed_ms": answer.elapsed_ms,
        "bytes": len(answer.body),
        "final_url": answer.url,
        "redirects": [{"status": status, "url": url} for status, url in answer.redirects],
        "headers": {name: answer.headers[name] for name in _TOLD_HEADERS if name in answer.headers},
    }


def _found(feed: ParsedFeed) -> dict[str, Any]:
    return {
        "outcome": "ok",
        "title": feed.title,
        "format": feed.format,
        "link": feed.link,
        "language": feed.language,
        "ttl_s": None if feed.ttl is None else feed.ttl.total_seconds(),
        "skip_hours": feed.skip_hours,
        "skip_days": feed.skip_days,
        "entries": feed.entries,
        "problems": feed.problems,
    }


def _print_check(told: dict[str, Any]) -> None:
    typer.echo(f"{told['url']}: {told['outcome']}" + (f" – {told['problem']}" if told.get("problem") else ""))
    for hop in told.get("redirects", ()):
        typer.echo(f"  {hop['status']} → {hop['url']}")
    if "bytes" in told:
        typer.echo(f"  status {told['status']}, {told['bytes']:,} bytes in {told['elapsed_ms']} ms")
    if told.get("retry_after_s") is not None:
        typer.echo(f"  asks us to wait {told['retry_after_s']:.0f} s")
    for name, value in told.get("headers", {}).items():
        typer.echo(f"  {name}: {value}")
    if told["outcome"] == "ok":
        entries: Sequence[Entry] = told["entries"]
        about = (told["format"], told["language"], f"{len(entries)} entries")
        typer.echo(f"{told['title'] or '(no title)'} · " + " · ".join(each for each in about if each))
        _print_entries(entries[:_SHOWN])
        if len(entries) > _SHOWN:
            typer.echo(f"  and {len(entries) - _SHOWN} more")
        for problem in told["problems"]:
            typer.echo(f"  ! {problem}")
    for address in told.get("advertised", ()):
        typer.echo(f"  advertises {address}")


# ---------------------------------------------------------------- OPML


@app.command("import")
def import_opml(
    files: list[Path] = _OPML,
    config: Path | None = CONFIG,
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would be added, and write nothing."),
    as_json: bool = JSON,
) -> None:
    """Add the feeds of OPML files to feeds.yaml, below what is there; those whose address is there already are named and left out."""
    from wirewatch.config import load, load_files, settings_path
    from wirewatch.errors import ParseError
    from wirewatch.feeds.opml import appended, plan, read_opml
    from wirewatch.model import Feed

    folder = config or settings_path()
    bundle = load(folder)
    known = list(bundle.feeds)
    text = bundle.source.get("feeds.yaml", "")
    planned: list[Addition] = []
    failed = False
    for file in files:
        try:
            additions = plan(read_opml(file.read_bytes()), known)
            text = appended(text, additions, comment=f"from {file.name}")
        except (ParseError, OSError, ValueError) as error:
            typer.echo(f"{file}: {error}", err=True)
            failed = True
            continue
        known += [Feed(id=each.id, url=each.outline.url) for each in additions if each.id is not None]
        planned += additions
    if text != bundle.source.get("feeds.yaml", ""):
        load_files({**bundle.source, "feeds.yaml": text}, root=str(folder))
        if not dry_run:
            _write(folder / "feeds.yaml", text)
    if as_json:
        emit(_addition(each) for each in planned)
    else:
        _print_additions(planned, folder / "feeds.yaml", dry_run)
    if failed:
        raise typer.Exit(1)


def _write(file: Path, text: str) -> None:
    """Replace a file in one step, so that nobody ever reads half of it."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8", newline="")
    if file.exists():
        new.chmod(file.stat().st_mode & 0o777)
    new.replace(file)


def _addition(each: Addition) -> dict[str, Any]:
    what = "added" if each.id else "duplicate" if each.duplicate_of else "refused"
    return {"what": what, "id": each.id or each.duplicate_of, "url": each.outline.url, "title": each.outline.title, "problem": each.problem}


def _print_additions(planned: Sequence[Addition], file: Path, dry_run: bool) -> None:
    for each in planned:
        if each.id is not None:
            typer.echo(f"+ {each.id}: {each.outline.url}")
        elif each.duplicate_of is not None:
            typer.echo(f"= {each.outline.url} is {each.duplicate_of} already")
        else:
            typer.echo(f"! {each.outline.url}: {each.problem}")
    added = sum(each.id is not None for each in planned)
    known = sum(each.duplicate_of is not None for each in planned)
    said = "would be added" if dry_run else f"added to {file}"
    typer.echo(f"{added} {said}, {known} there already, {len(planned) - added - known} refused")


@app.command()
def export(config: Path | None = CONFIG) -> None:
    """Write all feeds of feeds.yaml as OPML 2.0 to standard output."""
    from wirewatch.config import load, settings_path
    from wirewatch.feeds.opml import write_opml

    typer.echo(write_opml(load(config or settings_path()).feeds, title="Wirewatch feeds", now=datetime.now(UTC)), nl=False)


# ---------------------------------------------------------------- what people decide


@app.command()
def pause(feeds: list[str] = _IDS, config: Path | None = CONFIG) -> None:
    """Poll feeds no more until they are resumed."""
    run(_decide(feeds, config, "paused"))


@app.command()
def resume(feeds: list[str] = _IDS, config: Path | None = CONFIG) -> None:
    """Poll paused feeds again."""
    run(_decide(feeds, config, "resumed"))


@app.command("poll-now")
def poll_now(feeds: list[str] = _IDS, config: Path | None = CONFIG) -> None:
    """Let feeds be due at once, also retired ones: the next run of poll_feeds, or of `wirewatch poll`, takes them."""
    run(_decide(feeds, config, "due now"))


async def _decide(feeds: Sequence[str], config: Path | None, what: str) -> None:
    from wirewatch.errors import StoreRejected
    from wirewatch.store import feeds as store
    from wirewatch.wiring.local import ports

    refused = False
    async with ports(config) as found:
        for feed in feeds:
            try:
                if what == "due now":
                    await store.poll_now(found.documents, feed, who=_user(), now=found.clock())
                else:
                    await store.pause(found.documents, feed, who=_user(), now=found.clock(), paused=what == "paused")
                typer.echo(f"{feed}: {what}")
            except StoreRejected as error:
                hint = (
                    ": it is in feeds.yaml, and known once polling has started" if feed in {each.id for each in found.bundle.feeds} else ""
                )
                typer.echo(f"{error}{hint}", err=True)
                refused = True
    if refused:
        raise typer.Exit(1)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "command line"
