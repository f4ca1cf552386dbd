"""`wirewatch check · tag · topics`: rules are checked, tried and applied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, json_lines, run

if TYPE_CHECKING:
    from wirewatch.config import Bundle
    from wirewatch.model import Topic, TopicMatch
    from wirewatch.pipeline.trial import Trial, Tried
    from wirewatch.store.elastic import ElasticDocuments

app = typer.Typer(help="The topics that are watched.", no_args_is_help=True)

_LINES = typer.Argument(None, help="JSON Lines {id, title, text, summary?, language?}; standard input if left out.")
_TOPICS = typer.Argument(None, help="Ids of topics; all if left out.")
_RULES = typer.Argument(..., help="A file of topics as under config/topics/.", exists=True, dir_okay=False)

_FIELDS = ("title", "summary", "text")
_ASIDE = ("language", "publisher", "country", "kind", "url")


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.command()(check)
    root.command()(tag)
    root.add_typer(app, name="topics")


# ---------------------------------------------------------------- check


def check(
    publish: bool = typer.Option(False, "--publish", help="Make it what every task works by, if it is all right."),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Check config/: every file, and every example of every topic."""
    from wirewatch.config import load, settings_path
    from wirewatch.errors import ConfigError
    from wirewatch.pipeline.check import examples, warnings

    folder = config or settings_path()
    try:
        bundle = load(folder)
        problems = examples(bundle)
    except ConfigError as error:
        bundle, problems = None, error.problems
    said = [] if bundle is None else [replace(each, file=f"{folder}/{each.file}") for each in warnings(bundle)]
    for problem in problems:
        typer.echo(str(problem), err=True)
    for warning in said:
        typer.echo(f"{warning} (warning)", err=True)
    published = run(_publish(bundle)) if publish and bundle is not None and not problems else None
    counted = {} if bundle is None else _counted(bundle)
    if as_json:
        row = {"config": str(folder), **counted, "hash": bundle.hash if bundle else None, "published": published}
        emit([row | {"problems": [asdict(each) for each in problems], "warnings": [asdict(each) for each in said]}])
    elif bundle is not None:
        wrong = f"{len(problems)} examples fail" if len(problems) != 1 else "1 example fails"
        typer.echo(f"{folder}: {', '.join(f'{count} {what}' for what, count in counted.items())}: {wrong if problems else 'all right'}")
        if published is not None:
            typer.echo(f"published as {bundle.hash}" if published else f"already published as {bundle.hash}")
    else:
        typer.echo(f"{folder}: {len(problems)} {'problem' if len(problems) == 1 else 'problems'}", err=True)
    if problems:
        raise typer.Exit(2)


def _counted(bundle: Bundle) -> dict[str, int]:
    return {
        "feeds": len(bundle.feeds),
        "publishers": len(bundle.publishers),
        "topics": len(bundle.topics),
        "concepts": len(bundle.concepts),
        "examples": len(bundle.examples),
    }


async def _publish(bundle: Bundle) -> bool:
    from wirewatch.store.config import publish
    from wirewatch.wiring.build import utc_now

    async with _documents(bundle) as documents:
        return await publish(documents, bundle, utc_now())


@asynccontextmanager
async def _documents(bundle: Bundle) -> AsyncIterator[ElasticDocuments]:
    from wirewatch.store.elastic import ElasticDocuments
    from wirewatch.wiring.local import cluster

    where = cluster(bundle.settings.index_prefix)
    async with ElasticDocuments(url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca) as documents:
        await documents.ensure()
        yield documents


# ---------------------------------------------------------------- tag


def tag(
    file: Path | None = _LINES,
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Say which topics each article is about, and which words say so."""
    from wirewatch.config import load, settings_path
    from wirewatch.pipeline.process import matcher_of

    matcher = matcher_of(load(config or settings_path()))
    failed = False
    for place, row, problem in _lines(file):
        wrong = problem if row is None else _unfit(row)
        if row is None or wrong:
            typer.echo(f"{place} {wrong}", err=True)
            failed = True
            continue
        given = {name: _text(row.get(name) or "") for name in _FIELDS}
        aside: dict[str, Any] = {name: _text(row[name]) for name in _ASIDE if row.get(name)}
        matches = matcher.match(title=given["title"], summary=given["summary"], text=given["text"], **aside)
        if as_json:
            emit([{"id": _text(row["id"]) if isinstance(row["id"], str) else row["id"], "topics": [_match(each) for each in matches]}])
        else:
            _print(row["id"], given["title"] or given["summary"] or given["text"], matches)
    if failed:
        raise typer.Exit(1)


def _lines(file: Path | None) -> Iterable[tuple[str, dict[str, Any] | None, str]]:
    try:
        yield from json_lines(file)
    except OSError as error:
        fail(f"{file}: {error.strerror}")


def _unfit(row: Mapping[str, Any]) -> str:
    """What is wrong with an article, or nothing."""
    if not isinstance(row.get("id"), str | int) or isinstance(row["id"], bool):
        return 'no "id"' if row.get("id") is None else '"id": a string or whole number is needed'
    for name in (*_FIELDS, *_ASIDE):
        if not isinstance(row.get(name), str | None):
            return f'"{name}": a string is needed'
    return "" if any(row.get(name) for name in _FIELDS) else 'nothing to read: "title", "summary" or "text" is needed'


def _text(value: str) -> str:
    """JSON can hold halves of characters, which no output can: they are replaced, one for one."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in value)
    return value


def _match(match: TopicMatch) -> dict[str, Any]:
    return {"topic": match.topic, "score": match.score, "evidence": [asdict(each) for each in match.evidence]}


def _print(id: object, title: str, matches: Sequence[TopicMatch]) -> None:
    typer.echo(_text(f"{id}: {' '.join(title[:400].split())[:120]}"))
    for match in matches:
        words = dict.fromkeys(" ".join(each.words.split()) for each in match.evidence)
        typer.echo(f"    {match.score:3} {match.topic}: {', '.join(list(words)[:8])}")
    if not matches:
        typer.echo("    no topic")


# ---------------------------------------------------------------- topics


@app.command("list")
def list_topics(config: Path | None = CONFIG, as_json: bool = JSON) -> None:
    """All topics, with how each reaches people."""
    from wirewatch.config import load, settings_path

    bundle = load(config or settings_path())
    rows: list[dict[str, Any]] = [
        {
            "id": topic.id,
            "name": topic.name,
            "alert": topic.alert.value,
            "sensitivity": topic.sensitivity.value,
            "notify": list(topic.notify or bundle.settings.alerts.default_notify),
            "examples": sum(topic.id in example.topics for example in bundle.examples),
            "hash": topic.hash,
        }
        for topic in bundle.topics
    ]
    if as_json:
        emit(rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("id", "name", "alert", "sensitivity", "notify"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(", ".join(row[name]) if name == "notify" else str(row[name])) for name in list(row)[:5]))
    Console().print(table if rows else "no topics")


@app.command()
def export(ids: list[str] | None = _TOPICS, config: Path | None = CONFIG) -> None:
    """Topics as YAML, templates spelled out, for a file under config/topics/."""
    from wirewatch.config import load, settings_path
    from wirewatch.pipeline.topic_yaml import as_yaml

    bundle = load(config or settings_path())
    known = {topic.id for topic in bundle.topics}
    if unknown := [id for id in ids or () if id not in known]:
        fail("\n".join(f'unknown topic "{id}"' for id in unknown), 2)
    typer.echo(as_yaml(bundle, ids or [topic.id for topic in bundle.topics]).rstrip())


@app.command("try")
def try_rules(
    file: Path = _RULES,
    last: str = typer.Option("30d", "--last", help="How far back: 12h, 30d, 8w."),
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Say what the topics of a file would have matched among the stored articles, by day and publisher, with samples."""
    from pydantic import TypeAdapter, ValidationError

    from wirewatch.config.settings import Duration

    try:
        span: timedelta = TypeAdapter(Duration).validate_python(last)
    except ValidationError:
        fail(f'--last "{last}": a duration such as 12h, 30d or 8w is needed', 2)
    bundle = with_rules(config, file)
    found = run(_try(bundle, span))
    tried = list(found.result().values())
    if as_json:
        emit({**asdict(each), "of": found.articles} for each in tried)
    else:
        typer.echo(f"{found.articles} articles of the last {last}")
        for each in tried:
            _print_tried(each)


def with_rules(config: Path | None, file: Path) -> Bundle:
    """The configuration with the topics of one file in the place of all others, which its rules may name; problems cite that file."""
    from wirewatch.config import load_files, settings_path
    from wirewatch.config.folder import contents
    from wirewatch.errors import ConfigError

    folder = config or settings_path()
    files, problems = contents(folder)
    if problems:
        raise ConfigError(problems)
    kept = {name: text for name, text in files.items() if not name.startswith("topics/")}
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        fail(f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8'}", 2)
    try:
        return load_files({**kept, "topics/tried.yaml": text}, root=str(folder), besides=_topics(files))
    except ConfigError as error:
        tried = f"{folder}/topics/tried.yaml"
        raise ConfigError([replace(each, file=str(file)) if each.file == tried else each for each in error.problems]) from error


def _topics(files: Mapping[str, str]) -> Sequence[Topic]:
    """The topics of all files; none where one is broken, which is for `check` to say."""
    from wirewatch.config import load_files
    from wirewatch.errors import ConfigError

    try:
        return load_files(files).topics
    except ConfigError:
        return ()


async def _try(bundle: Bundle, span: timedelta) -> Trial:
    from wirewatch.pipeline.trial import trial
    from wirewatch.wiring.build import utc_now

    async with _documents(bundle) as documents:
        return await trial(documents, bundle, utc_now() - span)


def _print_tried(tried: Tried) -> None:
    change = f"{tried.gained} new, {tried.lost} no longer" if tried.gained or tried.lost else "as tagged now"
    typer.echo(f"\n{tried.topic}: {tried.articles} articles, {tried.stories} stories ({change})")
    if not tried.articles:
        return
    most = max(tried.by_day.values())
    for day, count in tried.by_day.items():
        typer.echo(f"    {day} {count:5} {'█' * max(1, round(40 * count / most))}")
    typer.echo("    by " + ", ".join(f"{name} {count}" for name, count in list(tried.by_publisher.items())[:8]))
    for sample in tried.samples:
        typer.echo(f"    {sample.score:3} {sample.at:%Y-%m-%d %H:%M} {sample.publisher}: {sample.title}\n        {', '.join(sample.words)}")
