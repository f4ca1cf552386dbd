"""`wirewatch backtest · replay`: what the watch would have said of counts, or of articles, from the past."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, json_lines

if TYPE_CHECKING:
    from rich.progress import Progress

    from wirewatch.config.settings import Detection
    from wirewatch.model import Incident
    from wirewatch.pipeline.backtest import Backtest
    from wirewatch.pipeline.counts_csv import Table

_COUNTS = typer.Option(
    ...,
    "--counts",
    help="CSV with timestamp, topic, stories[, publishers, articles, total_stories, coverage] or timestamp, value.",
    exists=True,
)
_INTERVAL = typer.Option("1h", "--interval", help="What one count spans: 5m, 1h, 1d.")
_SCORES = typer.Option(None, "--scores", help="Write timestamp, topic, anomaly (0..1; 0.5 is the alert threshold) of every row here.")
_FALSE_MAILS = typer.Option(None, "--false-mails", help="False alert mails a recipient may expect in a week, instead of the setting.")
_SHARE = typer.Option(None, "--recipient-topics", min=1, help="Topics that share a recipient's false mails; default: all, at most 100.")
_SET = typer.Option([], "--set", help="Another detection setting, as `calm=12h` or `min_stories=5`; may be repeated.")
_AGAINST = typer.Option([], "--against", help="Compare with the same settings but these, as `false_mails_per_week=3`; may be repeated.")
_ARCHIVE = typer.Argument(..., help="JSON Lines {url, title, text, source, published_at, first_seen_at}; - for standard input.")
_COVERAGE = typer.Option(None, "--coverage", help="CSV with timestamp, coverage (0..1) by hour; 1 where it says nothing.", exists=True)
_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH = 72
_SHOWN = 40


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.command()(backtest)
    root.command()(replay)


def backtest(
    counts: list[Path] = _COUNTS,
    interval: str = _INTERVAL,
    scores: Path | None = _SCORES,
    false_mails: float | None = _FALSE_MAILS,
    share: int | None = _SHARE,
    changes: list[str] = _SET,
    against: list[str] = _AGAINST,
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Say which incidents counts from the past would have raised, each decision knowing only what was known then."""
    from wirewatch.pipeline.counts_csv import read_counts

    step = _step(interval)
    settings = _settings(config, [*changes, *([] if false_mails is None else [f"false_mails_per_week={false_mails}"])])
    other = _changed(settings, against) if against else None
    table = read_counts(counts, interval=step)
    found = _run(table, settings, "backtest", share)
    if scores is not None:
        _write_scores(scores, table, found)
    compared = None if other is None else _run(table, other, "compared", share)
    if as_json:
        emit(_row(each) for each in found.incidents)
        if compared is not None:
            emit({**_row(each), "settings": "against"} for each in compared.incidents)
    else:
        _tell(table, found, settings)
        if compared is not None:
            _compare(found, compared, against)


def replay(
    file: Path = _ARCHIVE,
    coverage: Path | None = _COVERAGE,
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> None:
    """Take archived articles through tagging, grouping, counting and detection, each when it was first seen."""
    from wirewatch.config import load, settings_path
    from wirewatch.pipeline.replay import archived, read_coverage, table_of
    from wirewatch.pipeline.replay import replay as walk

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
    with _progress() as bars:
        task = bars.add_task("replay", total=None)
        found = walk(articles, bundle, coverage=shares, progress=lambda done, total: bars.update(task, completed=done, total=total))
    if as_json:
        emit(_row(each) for each in found.incidents)
    else:
        _tell(table_of(articles, bundle, coverage=shares), found, bundle.settings.detection)


def _progress() -> Progress:
    """A bar of days on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("days"), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


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


def _run(table: Table, settings: Detection, name: str, topics: int | None) -> Backtest:
    from wirewatch.pipeline.backtest import backtest as walk

    with _progress() as bars:
        task = bars.add_task(name)
        return walk(table, settings, topics=topics, progress=lambda done, total: bars.update(task, completed=done, total=total))


def _row(incident: Incident) -> dict[str, Any]:
    return {
        "topic": incident.topic,
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "severity": incident.severity.value,
        "peak": incident.peak.value,
        "observed": incident.observed,
        "expected": round(incident.expected, 3),
        "score": round(incident.score, 4),
        "upper": incident.upper,
        "window_h": incident.window_h,
        "series": incident.series,
        "began_at": incident.began_at,
        "found_late": incident.found_late,
    }


def _write_scores(path: Path, table: Table, found: Backtest) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("timestamp", "topic", "anomaly"))
            for row in table.rows:
                writer.writerow((row.timestamp, table.series[row.topic].topic, f"{found.scores[row.topic, row.step]:.4f}"))
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def _tell(table: Table, found: Backtest, settings: Detection) -> None:
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 160)
    weeks = max(found.weeks, 1e-9)
    start, end = table.panel.start, table.panel.end
    console.print(
        f"{len(found.incidents)} incidents of {len({each.topic for each in found.incidents})} among {len(table.series)} topics, "
        f"{start:%Y-%m-%d} to {end:%Y-%m-%d}: {len(found.incidents) / weeks:.2f} a week "
        f"(at most {settings.false_mails_per_week:g} false ones are allowed)",
        highlight=False,
    )
    if not found.incidents:
        return
    grid = Grid(box=None, pad_edge=False)
    for name in ("opened", "topic", "severity", "window", "observed", "expected", "at most", "lasted", ""):
        grid.add_column(name, justify="right" if name in ("observed", "expected", "at most", "lasted") else "left", overflow="fold")
    for each in found.incidents[:_SHOWN]:
        lasted = "open" if each.closed_at is None else f"{(each.closed_at - each.opened_at) / timedelta(hours=1):.0f} h"
        cells = (
            f"{each.opened_at:%Y-%m-%d %H:%M}",
            each.topic,
            each.peak.value,
            f"{each.window_h} h {each.series}",
            f"{each.observed:g}",
            f"{each.expected:.1f}",
            f"{each.upper:g}",
            lasted,
            "found late" if each.found_late else "",
        )
        grid.add_row(*map(Text, cells))
    console.print(grid)
    if len(found.incidents) > _SHOWN:
        console.print(f"... and {len(found.incidents) - _SHOWN} more (--json lists all)")
    for topic in list(dict.fromkeys(each.topic for each in found.incidents))[:10]:
        place = next(index for index, each in enumerate(table.series) if each.topic == topic)
        chart, marks = _chart(table, found, place)
        console.print(Text(f"\n{topic}\n{chart}\n{marks}"))


def _chart(table: Table, found: Backtest, place: int) -> tuple[str, str]:
    """The counts of a topic as a line of bars, and where incidents opened."""
    import numpy as np

    stories = np.nan_to_num(table.series[place].stories, nan=0.0)
    edges = np.linspace(0, len(stories), min(_WIDTH, len(stories)) + 1).astype(int)
    sums = [float(stories[begin:end].max()) for begin, end in pairwise(edges)]
    top = max(sums) or 1.0
    bars = "".join(_BARS[min(len(_BARS) - 1, int(np.ceil(value / top * (len(_BARS) - 1))))] for value in sums)
    marks = [" "] * len(sums)
    for each in found.incidents:
        if each.topic == table.series[place].topic:
            step = min(max(table.panel.index(each.began_at), 0), len(stories) - 1)
            marks[int(np.searchsorted(edges, step, side="right")) - 1] = "▲"
    return f"{bars} {top:g} at most", "".join(marks)


def _compare(found: Backtest, other: Backtest, against: Sequence[str]) -> None:
    weeks = max(found.weeks, 1e-9)
    typer.echo(f"\nwith {', '.join(against)}: {len(other.incidents)} incidents, {len(other.incidents) / weeks:.2f} a week")
    ours = {(each.topic, each.opened_at) for each in found.incidents}
    theirs = {(each.topic, each.opened_at) for each in other.incidents}
    for sign, keys in (("+", sorted(theirs - ours, key=lambda key: key[1])), ("-", sorted(ours - theirs, key=lambda key: key[1]))):
        for topic, opened in keys[:_SHOWN]:
            typer.echo(f"{sign} {opened:%Y-%m-%d %H:%M}  {topic}")
