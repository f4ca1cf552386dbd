"""How a walk through the past is shown: incidents as lines or JSON, bars in the terminal, a picture, and two settings side by side."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wirewatch.cli._shared import fail

if TYPE_CHECKING:
    from wirewatch.config.settings import Detection
    from wirewatch.model import Incident, IncidentEvidence
    from wirewatch.pipeline.backtest import Backtest
    from wirewatch.pipeline.counts_csv import Table

    Evidence = Mapping[str, IncidentEvidence]
    """By incident."""

ALERT = 0.5
"""The score from which on something is exceptional."""
_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH = 72
_SHOWN = 40
_CHARTS = 10
_HEADLINES = 3
_NUMBERS = ("observed", "expected", "at most", "lasted")


def row(incident: Incident, evidence: IncidentEvidence | None = None) -> dict[str, Any]:
    """An incident for programs."""
    found: dict[str, Any] = {
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
        "learning": incident.learning,
    }
    if evidence is not None:
        found["evidence"] = {
            "stories": evidence.stories,
            "publishers": evidence.publishers,
            "articles": evidence.articles,
            "top_publishers": [list(each) for each in evidence.top_publishers],
            "words": [list(each) for each in evidence.words],
            "new_words": list(evidence.new_words),
            "headlines": [
                {
                    "title": each.title,
                    "url": each.url,
                    "publisher": each.publisher_name or each.publisher,
                    "at": each.at,
                    "copies": each.copies,
                }
                for each in evidence.headlines
            ],
        }
    return found


def write_scores(path: Path, table: Table, scores: Sequence[float]) -> None:
    """One line for every row of the file that was read."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("timestamp", "topic", "anomaly"))
            for each, score in zip(table.rows, scores, strict=True):
                writer.writerow((each.timestamp, table.series[each.topic].topic, f"{score:.4f}"))
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def exceptions(table: Table, scores: Sequence[float]) -> list[dict[str, Any]]:
    """Where measures that are no counts were exceptional, for programs."""
    return [
        {"topic": table.series[each.topic].topic, "opened_at": each.at, "observed": each.value, "score": round(score, 4)}
        for each, score in zip(table.rows, scores, strict=True)
        if score >= ALERT
    ]


def write_picture(path: Path, table: Table, found: Backtest, topics: Sequence[str]) -> None:
    """The picture as a PNG: the given topics, those with incidents first."""
    from wirewatch.pipeline.picture import draw

    told = list(dict.fromkeys(each.topic for each in found.incidents))
    try:
        path.write_bytes(draw(table, found, [*told, *(topic for topic in topics if topic not in told)]))
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def tell(table: Table, found: Backtest, settings: Detection, topics: Sequence[str], evidence: Evidence | None = None) -> None:
    """Say what would have been raised, with bars of each topic that it was raised for."""
    from rich.console import Console
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 160)
    weeks = max(found.weeks, 1e-9)
    start, end = found.start, found.start + timedelta(weeks=found.weeks)
    one, of = len(found.incidents) == 1, len({each.topic for each in found.incidents})
    console.print(
        f"{len(found.incidents)} incident{'' if one else 's'} of {of} among {len(topics)} topic{'' if len(topics) == 1 else 's'}, "
        f"{start:%Y-%m-%d} to {end:%Y-%m-%d}: {len(found.incidents) / weeks:.2f} a week "
        f"(at most {settings.false_mails_per_week:g} false ones are allowed)",
        highlight=False,
    )
    if found.incidents:
        console.print(_listed(found.incidents[:_SHOWN]))
    if len(found.incidents) > _SHOWN:
        console.print(f"... and {len(found.incidents) - _SHOWN} more (--json lists all)")
    for each in found.incidents[:_SHOWN]:
        if evidence and each.id in evidence:
            console.print(Text("\n".join(_evidence(each, evidence[each.id]))))
    shown = list(dict.fromkeys(each.topic for each in found.incidents)) or list(topics)[:1]
    for topic in shown[:_CHARTS]:
        place = next((index for index, each in enumerate(table.series) if each.topic == topic), None)
        if place is not None and table.panel.n:
            chart, marks = _chart(table, found, place)
            console.print(Text(f"\n{topic}\n{chart}\n{marks}"))


def compare(found: Backtest, other: Backtest, against: Sequence[str]) -> None:
    """Say how many other settings would have raised, and which of the two raised what the other did not."""
    count, weeks = len(other.incidents), max(found.weeks, 1e-9)
    typer.echo(f"\nwith {', '.join(against)}: {count} incident{'' if count == 1 else 's'}, {count / weeks:.2f} a week")
    lacking = [("+", each) for each in other.incidents if not _has(found, each)]
    lacking += [("-", each) for each in found.incidents if not _has(other, each)]
    for sign, each in sorted(lacking, key=lambda pair: pair[1].opened_at)[:_SHOWN]:
        typer.echo(f"{sign} {each.opened_at:%Y-%m-%d %H:%M}  {each.topic}  {each.observed:g} where {each.expected:.1f} was expected")
    for each in found.incidents:
        twin = next((one for one in other.incidents if _overlap(one, each) and one.opened_at != each.opened_at), None)
        if twin is not None:
            typer.echo(f"  {each.opened_at:%Y-%m-%d %H:%M}  {each.topic}  would open at {twin.opened_at:%Y-%m-%d %H:%M}")


def _has(found: Backtest, incident: Incident) -> bool:
    return any(_overlap(each, incident) for each in found.incidents)


def _overlap(first: Incident, second: Incident) -> bool:
    """Whether two incidents of one topic are about the same time."""
    if first.topic != second.topic:
        return False
    latest = max(first.began_at, second.began_at)
    return all(each.closed_at is None or latest <= each.closed_at for each in (first, second))


def _listed(incidents: Sequence[Incident]) -> Any:
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, pad_edge=False)
    for name in ("opened", "topic", "severity", "window", *_NUMBERS, ""):
        grid.add_column(name, justify="right" if name in _NUMBERS else "left", overflow="fold")
    for each in incidents:
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
            ", ".join(said for said, holds in (("found late", each.found_late), ("learning", each.learning)) if holds),
        )
        grid.add_row(*map(Text, cells))
    return grid


def _evidence(incident: Incident, found: IncidentEvidence) -> list[str]:
    lines = [
        f"\n{incident.opened_at:%Y-%m-%d %H:%M} {incident.topic}: {found.stories} stories, {found.publishers} publishers, "
        f"{found.articles} articles; {', '.join(f'{name} {count}' for name, count in found.top_publishers[:5])}"
    ]
    lines += [f"    {each.at:%m-%d %H:%M} {each.publisher_name or each.publisher}: {each.title}" for each in found.headlines[:_HEADLINES]]
    words = [word for word, _ in found.words[:8]]
    return [*lines, f"    matched: {', '.join(words)}", *([f"    new: {', '.join(found.new_words)}"] if found.new_words else [])]


def _chart(table: Table, found: Backtest, place: int) -> tuple[str, str]:
    """The counts of a topic as a line of bars, and where incidents opened."""
    import numpy as np

    first = min(max(0, table.panel.index(found.start)), table.panel.n - 1)
    stories = np.nan_to_num(table.series[place].stories[first:], nan=0.0)
    edges = np.linspace(0, len(stories), min(_WIDTH, len(stories)) + 1).astype(int)
    sums = [float(stories[begin:end].max()) for begin, end in pairwise(edges)]
    top = max(sums) or 1.0
    bars = "".join(_BARS[min(len(_BARS) - 1, int(np.ceil(value / top * (len(_BARS) - 1))))] for value in sums)
    marks = [" "] * len(sums)
    for each in found.incidents:
        if each.topic == table.series[place].topic:
            step = min(max(table.panel.index(each.began_at) - first, 0), len(stories) - 1)
            marks[int(np.searchsorted(edges, step, side="right")) - 1] = "▲"
    return f"{bars} {max(sums):g} at most", "".join(marks)
