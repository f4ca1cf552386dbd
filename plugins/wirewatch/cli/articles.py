"""`wirewatch extract · group · search · articles forget`: pages to articles, articles to stories, and what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, json_lines, run

if TYPE_CHECKING:
    from wirewatch.store.articles import Found

app = typer.Typer(help="What is stored of articles.", no_args_is_help=True)

_FILES = typer.Argument(..., help="Pages as they were downloaded (HTML).")
_LINES = typer.Argument(None, help="JSON Lines {id, title, text, source?, published_at?}; standard input if left out.")


class Format(StrEnum):
    """How found articles are written."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"
    RSS = "rss"


_FORMAT = typer.Option(Format.TABLE, "--format", help="How what is found is written.")


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.command()(extract)
    root.command()(group)
    root.command()(search)
    root.add_typer(app, name="articles")


def extract(
    files: list[Path] = _FILES,
    url: str = typer.Option("", "--url", help="The address that they came from."),
    as_json: bool = JSON,
) -> None:
    """Read the article on each page: title, text, authors, date, language, and whether it can be taken for the article."""
    from wirewatch.articles.extract import extract as read
    from wirewatch.errors import ParseError
    from wirewatch.model import Extraction

    failed = False
    for file in files:
        try:
            html = file.read_bytes()
        except OSError as error:
            typer.echo(f"{file}: {error.strerror}", err=True)
            failed = True
            continue
        try:
            found = read(html, url=url)
        except ParseError as error:
            typer.echo(f"{file}: {error}", err=True)
            found = Extraction(title=None, text="", quality="empty")
        if as_json:
            emit([_page(file, url, found)])
        else:
            when = "" if found.published_at is None else f"{found.published_at:%Y-%m-%d %H:%M} UTC"
            about = " · ".join(each for each in (when, ", ".join(found.authors), found.language or "", found.quality) if each)
            typer.echo(f"{file}\n{found.title or '(no title)'}\n{about}\n\n{found.text}\n")
    if failed:
        raise typer.Exit(1)


def _page(file: Path, url: str, found: Any) -> dict[str, Any]:
    names = ("canonical_url", "title", "text", "authors", "published_at", "published_precision", "language", "quality")
    return {"file": str(file), "url": url or found.canonical_url, **{name: getattr(found, name) for name in names}}


def group(
    file: Path | None = _LINES,
    as_json: bool = JSON,
) -> None:
    """Say which articles are one story: the same text, taken over by several."""
    from wirewatch.stories import Item, assign, signature

    items: list[Item] = []
    failed = False
    last = datetime(2000, 1, 1, tzinfo=UTC)
    for place, row, problem in json_lines(file):
        try:
            if row is None:
                raise ValueError(problem)
            last = _time(row["published_at"]) if row.get("published_at") else last
            title, summary, text = (str(row.get(name) or "") for name in ("title", "summary", "text"))
            bands, fingerprint = signature(title, summary, text)
            items.append(Item(id=str(row["id"]), title=title, at=last, bands=bands, fingerprint=fingerprint))
        except (ValueError, KeyError) as error:
            typer.echo(f"{place} {'no ' + str(error) if isinstance(error, KeyError) else error}", err=True)
            failed = True
    stories = assign(items)
    if as_json:
        emit({"id": each.id, "story_id": stories[each.id]} for each in items)
    else:
        members: dict[str, list[Item]] = {}
        for each in items:
            members.setdefault(stories[each.id], []).append(each)
        for story, among in members.items():
            typer.echo(f"{story}: {among[0].title}" + (f"  ({len(among)} copies)" if len(among) > 1 else ""))
            for each in among[1:]:
                typer.echo(f"    {each.id}: {each.title}")
    if failed:
        raise typer.Exit(1)


def _time(value: object) -> datetime:
    when = datetime.fromisoformat(str(value))
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def search(
    query: str = typer.Argument(..., help='Words, "phrases", field:value, AND, OR, NOT, prefix*.'),
    form: Format = _FORMAT,
    topic: list[str] = typer.Option([], "--topic", help="Only on this topic (its id); may be given several times, as the next two."),
    publisher: list[str] = typer.Option([], "--publisher", help="Only of this publisher (its name)."),
    language: list[str] = typer.Option([], "--language", help="Only in this language (ISO 639)."),
    days: float | None = typer.Option(None, "--days", help="Only of so many last days.", min=0.0),
    since: str | None = typer.Option(None, "--from", help="Only from this moment or day (UTC) on."),
    until: str | None = typer.Option(None, "--to", help="Only before this moment or day (UTC)."),
    newest: bool = typer.Option(False, "--newest", help="The newest first, not the best."),
    limit: int = typer.Option(50, "--limit", min=1, max=10_000),
    as_json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Find stored articles, best first."""
    from wirewatch.articles import export

    try:
        bounds = [None if each is None else _time(each) for each in (since, until)]
    except ValueError as error:
        fail(str(error), 2)
    only = {"topics": topic, "publisher_name": publisher, "language": language}
    found = run(_search(config, query, only, days, bounds, newest, limit))
    if as_json or form is Format.JSONL:
        emit(_row(each) for each in found)
    elif form is Format.CSV:
        columns = (*export.COLUMNS, "score")
        typer.echo(export.csv_line(columns) + "".join(export.csv_row(_row(each), columns) for each in found), nl=False)
    elif form is Format.RSS:
        typer.echo(export.rss(((each.article, _snippet(each)) for each in found), title=f"Wirewatch: {query}", link="https://localhost/"))
    else:
        _print_table(found)


async def _search(
    config: Path | None,
    query: str,
    only: Mapping[str, Sequence[str]],
    days: float | None,
    bounds: Sequence[datetime | None],
    newest: bool,
    limit: int,
) -> Sequence[Found]:
    from wirewatch.store import articles
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        since, until = bounds
        if days is not None:
            since = max(filter(None, (since, found.clock() - timedelta(days=days))))
        return await articles.search(found.documents, query, since=since, until=until, only=only, newest=newest, limit=limit)


def _row(found: Found) -> dict[str, Any]:
    from wirewatch.articles import export

    return {**export.row(found.article, _snippet(found)), "score": round(found.score, 3)}


def _snippet(found: Found) -> str:
    places = [place for name in ("text", "summary", "title") for place in found.highlight.get(name, ())]
    return " … ".join(places[:2]).replace("<em>", "").replace("</em>", "").replace("\n", " ")


def _print_table(found: Sequence[Found]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("when", "publisher", "title", "topics"):
        table.add_column(name, overflow="fold")
    for each in found:
        article = each.article
        when = f"{article.timestamp:%Y-%m-%d %H:%M}"
        cells = (when, article.publisher_name or article.publisher, f"{article.title}\n{article.url}", ", ".join(article.topics))
        table.add_row(*map(Text, cells))
    Console().print(table if found else "nothing found")


@app.command()
def forget(
    url: str = typer.Argument(..., help="Any address of the article."),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Take an article away for good: it is deleted, counts no more, and none of its addresses is ever taken up again."""
    from wirewatch.articles.identity import normalise

    try:
        normal = normalise(url)
    except ValueError as error:
        fail(str(error), 2)
    done = run(_forget(config, normal))
    if as_json:
        emit([{"url": normal, **done}])
    else:
        counts = f", {done['corrected']} hours of topics corrected" if done["corrected"] else ""
        typer.echo(f"{normal}: " + (f"forgotten{counts}" if done["articles"] else "not stored; it will not be taken up"))


async def _forget(config: Path | None, url: str) -> dict[str, int]:
    from wirewatch.pipeline.forget import forget
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        return await forget(found, url)
