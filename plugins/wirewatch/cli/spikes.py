"""`wirewatch backtest · replay`: what the watch would have said of counts, or of articles, from the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wirewatch.cli._shared import CONFIG, JSON, bars, emit, fail, json_lines, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wirewatch.cli._backtested import Evidence
    from wirewatch.config import Bundle
    from wirewatch.config.settings import Detection
    from wirewatch.model import Topic
    from wirewatch.pipeline.backtest import Backtest
    from wirewatch.pipeline.counts_csv import Table
    from wirewatch.pipeline.past import Past

_COUNTS = typer.Option(
    [],
    "--counts",
    help="CSV with timestamp, topic, stories[, publishers, articles, total_stories, coverage] or timestamp, value; else what is stored.",
    exists=True,
    dir_okay=False,
)
_INTERVAL = typer.Option("1h", "--interval", help="What one count of the CSV spans: 5m, 1h, 1d.")
_TOPICS = typer.Option([], "--topic", help="A topic, over what is stored (or the only one wanted of --counts or --rules); may be repeated.")
_RULES = typer.Option(None, "--rules", help="A file of topics not yet saved, as under config/topics/.", exists=True, dir_okay=False)
_FROM = typer.Option(None, "--from", help="First day or moment (UTC) that is judged; default: 8 weeks before --to.")
_TO = typer.Option(None, "--to", help="Last day or moment (UTC); default: now.")
_SCORES = typer.Option(None, "--scores", help="Write timestamp, topic, anomaly (0..1; 0.5 is the alert threshold) of every row here.")
_CHART = typer.Option(None, "--chart", help="Draw what was counted, expected and raised into this PNG file.")
_FALSE_MAILS = typer.Option(None, "--false-mails", help="False alert mails a recipient may expect in a week, instead of the setting.")
_SHARE = typer.Option(None, "--recipient-topics", min=1, help="Topics that share a recipient's false mails; default: all, at most 100.")
_SET = typer.Option([], "--set", help="Another detection setting, as `calm=12h` or `min_stories=5`; may be repeated.")
_AGAINST = typer.Option([], "--against", help="Compare with the same settings but these, as `false_mails_per_week=3`; may be repeated.")
_ARCHIVE = typer.Argument(..., help="JSON Lines {url, title, text, source, published_at, first_seen_at[, counted_at]}; -: standard input.")
_COVERAGE = typer.Option(None, "--coverage", help="CSV with timestamp, coverage (0..1) by hour; 1 where it says nothing.", exists=True)
_JUDGED = timedelta(weeks=8)


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.command()(backtest)
    root.command()(replay)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A table to be walked through, and of what to tell."""

    table: Table
    topics: tuple[str, ...]
    start: datetime
    end: datetime
    share: int | None
    past: Past | None = None


def backtest(
    counts: list[Path] = _COUNTS,
    interval: str = _INTERVAL,
    topics: list[str] = _TOPICS,
    rules: Path | None = _RULES,
    since: str | None = _FROM,
    until: str | None = _TO,
    scores: Path | None = _SCORES,
    chart: Path | None = _CHART,
    false_mails: float | None = _FALSE_MAILS,
    share: int | None = _SHARE,
    changes: list[str] = _SET,
    against: list[str] = _AGAINST,
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Say which incidents the past would have raised, each decision knowing only what was known then."""
    from wirewatch.cli import _backtested as shown
    from wirewatch.pipeline.scores import row_scores

    if bool(counts) == bool(topics or rules) and not (counts and topics and not rules):
        fail("either --counts CSV, or --topic ID or --rules FILE over what is stored", 2)
    changed = [*changes, *([] if false_mails is None else [f"false_mails_per_week={false_mails}"])]
    if counts:
        settings = _settings(config, changed)
        job = _of_file(counts, _step(interval), topics, since, until, share)
    else:
        if scores is not None:
            fail("--scores needs --counts: it writes a line for every row of the file", 2)
        bundle, tried = _bundles(config, rules)
        settings = _changed(bundle.settings.detection, changed)
        job = run(_of_store(config, bundle, tried, topics, _moments(since, until), settings, share))
    other = _changed(settings, against) if against else None
    if job.table.measures:
        _measured(job.table, scores, as_json)
        return
    found = _walk(job, settings, "backtest")
    if scores is not None:
        shown.write_scores(scores, job.table, row_scores(job.table, found))
    compared = None if other is None else _walk(job, other, "compared")
    evidence = {} if job.past is None else run(_evidence(config, job.past, found))
    other_evidence = {} if job.past is None or compared is None else run(_evidence(config, job.past, compared))
    if chart is not None:
        shown.write_picture(chart, job.table, found, job.topics)
    if as_json:
        emit(shown.row(each, evidence.get(each.id)) for each in found.incidents)
        if compared is not None:
            emit({**shown.row(each, other_evidence.get(each.id)), "settings": "against"} for each in compared.incidents)
        return
    shown.tell(job.table, found, settings, job.topics, evidence)
    if compared is not None:
        shown.compare(found, compared, against)


def replay(
    file: Path = _ARCHIVE,
    coverage: Path | None = _COVERAGE,
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Take archived articles through tagging, grouping, counting and detection, each when it was first seen."""
    from wirewatch.cli import _backtested as shown
    from wirewatch.config import load, settings_path
    from wirewatch.pipeline.backtest import backtest as walk
    from wirewatch.pipeline.replay import archived, read_coverage, table_of
    from wirewatch.pipeline.tables import sharing

    bundle = load(config or settings_path())
    shares = {} if coverage is None else read_coverage(coverage)
    articles, failed = [], False
    for place, row, problem in json_lines(file):
        try:
            if row is None:
                raise ValueError(problem)
            articles.append(archived(row))
        except ValueError as error:
            typer.echo(f"{place}: {error}", err=True)
            failed = True
    if failed:
        raise typer.Exit(2)
    settings = bundle.settings.detection
    with _bar("articles", "articles") as told:
        table = table_of(articles, bundle, coverage=shares, progress=told)
    with _bar("replay") as told:
        found = walk(table, settings, topics=sharing(bundle), progress=told)
    if as_json:
        emit(shown.row(each) for each in found.incidents)
    else:
        shown.tell(table, found, settings, [each.topic for each in table.series])


# ---------------------------------------------------------------- where the counts come from


def _of_file(counts: list[Path], step: timedelta, topics: list[str], since: str | None, until: str | None, share: int | None) -> _Job:
    from wirewatch.pipeline.counts_csv import read_counts

    table = read_counts(counts, interval=step)
    known = [each.topic for each in table.series]
    if unknown := [topic for topic in topics if topic not in known]:
        fail("\n".join(f'no rows of topic "{topic}"' for topic in unknown), 2)
    start = table.panel.start if since is None else _moment("--from", since, end=False)
    end = table.panel.end if until is None else _moment("--to", until, end=True)
    return _Job(table=table, topics=tuple(topics or known), start=start, end=end, share=share)


async def _of_store(
    config: Path | None,
    bundle: Bundle,
    tried: Bundle | None,
    ids: list[str],
    between: tuple[datetime, datetime],
    settings: Detection,
    share: int | None,
) -> _Job:
    """What is stored, counted; fails where a topic is unknown or nobody ever looked."""
    from wirewatch.pipeline.past import past
    from wirewatch.pipeline.tables import sharing
    from wirewatch.wiring.local import ports

    start, end = between
    known = {topic.id: topic for topic in (tried or bundle).topics}
    if unknown := [id for id in ids if id not in known]:
        fail("\n".join(f'unknown topic "{id}"' for id in unknown), 2)
    chosen: list[Topic] = [known[id] for id in ids or known]
    async with ports(config) as found:
        with _bar("articles", "articles") as told:
            counted = await past(found.documents, bundle, chosen, tried, start=start - settings.history, end=end, progress=told)
    if not counted.looked:
        fail("nobody has looked at any hour of that time: there is no coverage to judge by")
    new = len(chosen) if tried is not None else 0
    names = tuple(topic.id for topic in chosen)
    # The running hour is judged as a whole one, so what it raises is opened at its end.
    return _Job(
        table=counted.table, topics=names, start=start, end=counted.table.panel.end, share=share or sharing(bundle, new), past=counted
    )


def _bundles(config: Path | None, rules: Path | None) -> tuple[Bundle, Bundle | None]:
    """The configuration, and the same with the topics of a file in the place of all others."""
    from wirewatch.cli.topics import with_rules
    from wirewatch.config import load, settings_path

    return load(config or settings_path()), None if rules is None else with_rules(config, rules)


async def _evidence(config: Path | None, past: Past, found: Backtest) -> Evidence:
    """What speaks for each incident."""
    from wirewatch.pipeline.past import evidence
    from wirewatch.wiring.local import ports

    async with ports(config) as built:
        return {each.id: await evidence(built.documents, past, each) for each in found.incidents}


# ---------------------------------------------------------------- the walk


def _measured(table: Table, scores: Path | None, as_json: bool) -> None:
    """Values that are no counts have scores, but raise no incidents."""
    from wirewatch.cli import _backtested as shown
    from wirewatch.pipeline.scores import row_scores

    if scores is None:
        fail("the values are no counts (some are negative or not whole): only --scores can be had of them", 2)
    found = row_scores(table, None)
    shown.write_scores(scores, table, found)
    told = shown.exceptions(table, found)
    if as_json:
        emit(told)
        return
    typer.echo(f"{len(told)} of {len(found)} rows are exceptional; the values are no counts, so they raise no incidents")
    for each in told:
        typer.echo(f"{each['opened_at']:%Y-%m-%d %H:%M}  {each['topic']}  {each['observed']:g}  {each['score']:.2f}")


def _walk(job: _Job, settings: Detection, name: str) -> Backtest:
    from wirewatch.pipeline.backtest import backtest as walk

    with _bar(name) as told:
        found = walk(job.table, settings, topics=job.share, progress=told)
    return found.between(job.start, job.end, set(job.topics))


@contextmanager
def _bar(name: str, unit: str = "days") -> Iterator[Callable[[int, int], None]]:
    with bars(unit, name) as advance:
        yield partial(advance, name)


# ---------------------------------------------------------------- what was asked for


def _moments(since: str | None, until: str | None) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    end = now if until is None else min(now, _moment("--to", until, end=True))
    start = end - _JUDGED if since is None else _moment("--from", since, end=False)
    if start >= end:
        fail(f"--from {start:%Y-%m-%d %H:%M} is not before --to {end:%Y-%m-%d %H:%M}", 2)
    return start, end


def _moment(option: str, text: str, *, end: bool) -> datetime:
    """A moment; a day alone is its begin, or its end."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text}: a day such as 2026-11-24, or a moment such as 2026-11-24T06:00Z, is needed", 2)
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found + timedelta(days=1) if end and len(text) == len("2026-11-24") else found


def _step(interval: str) -> timedelta:
    from pydantic import TypeAdapter, ValidationError

    from wirewatch.config.settings import Duration

    try:
        step: timedelta = TypeAdapter(Duration).validate_python(interval)
    except ValidationError:
        fail(f"--interval {interval}: a duration such as 5m, 1h or 1d is needed", 2)
    day = timedelta(days=1)
    if step < timedelta(minutes=1) or step > day or day % step:
        fail(f"--interval {interval}: a part of a day, from 1m to 1d, is needed", 2)
    return step


def _settings(config: Path | None, changes: Sequence[str]) -> Detection:
    from wirewatch.config import load
    from wirewatch.config.settings import Detection

    return _changed(Detection() if config is None else load(config).settings.detection, changes)


def _changed(settings: Detection, changes: Sequence[str]) -> Detection:
    from pydantic import ValidationError

    from wirewatch.config.settings import Detection

    values: dict[str, Any] = settings.model_dump()
    for change in changes:
        name, sign, value = change.partition("=")
        if not sign or name not in values:
            fail(f"--set {change}: KEY=VALUE with one of {', '.join(values)} is needed", 2)
        values[name] = value
    try:
        return Detection.model_validate(values)
    except ValidationError as error:
        fail("\n".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()), 2)
