"""Archived articles through tagging, grouping, counting and detection, with a simulated clock and without a store."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from wirewatch.articles.clocks import counted_at
from wirewatch.articles.identity import article_id, normalise, source_of
from wirewatch.articles.outcome import owners_of
from wirewatch.config import Bundle
from wirewatch.errors import ConfigError, Problem
from wirewatch.model import Alert, Precision, Sighting
from wirewatch.pipeline.backtest import Backtest, Progress, backtest
from wirewatch.pipeline.counts_csv import Table
from wirewatch.pipeline.process import matcher_of
from wirewatch.pipeline.tables import sharing, table
from wirewatch.spikes.counts import hour_of
from wirewatch.spikes.series import HOUR, Panel
from wirewatch.stories import Item, assign, signature

_LISTED = 10
"""So many articles of a source that nothing was seen of before are what its feed listed when it was new, whatever their dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """An article as an archive has it."""

    url: str
    title: str
    text: str
    first_seen_at: datetime
    published_at: datetime | None = None
    published_precision: Precision | None = None
    source: str = ""
    """Registrable domain; empty: that of `url`."""
    summary: str = ""
    language: str | None = None
    counted_at: datetime | None = None
    """When it counted, None: never; worked out anew unless `counted`."""
    counted: bool = False
    """Whether the archive says when it counted."""


def archived(row: Mapping[str, object]) -> Archived:
    """An article of a JSON Lines archive; raises `ValueError` saying what is wrong."""
    url = row.get("url")
    if not isinstance(url, str) or not url:
        raise ValueError("no url")
    url = normalise(url)
    published, precision = _time(row, "published_at")
    first_seen, _ = _time(row, "first_seen_at")
    if first_seen is None and published is None:
        raise ValueError("neither first_seen_at nor published_at")
    counts, _ = _time(row, "counted_at")
    title, text, summary = (_text(row, name) for name in ("title", "text", "summary"))
    if not (title or text or summary):
        raise ValueError("no title and no text")
    language = row.get("language")
    return Archived(
        url=url,
        title=title,
        text=text,
        summary=summary,
        source=_text(row, "source").lower(),
        language=language if isinstance(language, str) else None,
        published_at=published,
        published_precision=precision,
        first_seen_at=first_seen or published or datetime.max.replace(tzinfo=UTC),
        counted_at=counts,
        counted="counted_at" in row,
    )


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is not a text")
    return value or ""


def _time(row: Mapping[str, object], name: str) -> tuple[datetime | None, Precision | None]:
    value = row.get(name)
    if value is None or value == "":
        return None, None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{name} {value!r} is not a time such as 2026-11-24T06:00:00Z") from None
    precision = Precision.DAY if len(str(value)) == len("2026-11-24") else Precision.SECOND
    return (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)), precision


def read_coverage(file: Path) -> dict[datetime, float]:
    """Coverage by hour from a CSV with the columns timestamp and coverage; raises `ConfigError` with every problem."""
    problems: list[Problem] = []
    found: dict[datetime, float] = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        names = {name.strip().casefold(): name for name in reader.fieldnames or ()}
        when = names.get("timestamp") or names.get("hour")
        if when is None or "coverage" not in names:
            raise ConfigError([Problem(file=str(file), line=1, key="", message="the columns timestamp and coverage are needed")])
        for row in reader:
            try:
                at, _ = _time(row, when)
                share = float(row[names["coverage"]] or "nan")
                if at is None or not (math.isnan(share) or 0 <= share <= 1):
                    raise ValueError("a time and a coverage between 0 and 1 are needed")
                found[hour_of(at)] = 0.0 if math.isnan(share) else share
            except (ValueError, TypeError) as error:
                problems.append(Problem(file=str(file), line=reader.line_num, key="", message=str(error)))
    if problems:
        raise ConfigError(problems)
    return found


def replay(
    articles: Iterable[Archived],
    bundle: Bundle,
    *,
    coverage: Mapping[datetime, float] | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """What the watch would have raised had it met these articles when they were first seen.

    Counts are those of the live watch, by the same functions; `coverage` is 1 where it says nothing. An article that came late counts
    in the hour that the outage hid, and decisions know of it only from when it was first seen.
    """
    found = table_of(articles, bundle, coverage=coverage or {})
    return backtest(found, bundle.settings.detection, topics=sharing(bundle), progress=progress)


def table_of(
    articles: Iterable[Archived], bundle: Bundle, *, coverage: Mapping[datetime, float], progress: Progress | None = None
) -> Table:
    """The hourly counts of articles, as they were first known, and what was found later; `progress` is told articles done and in all."""
    known = {article_id(each.url): each for each in sorted(articles, key=lambda each: each.first_seen_at, reverse=True)}
    seen = {id: hour_of(each.first_seen_at) for id, each in known.items()}
    if not known:
        return Table(panel=Panel(start=datetime(2000, 1, 1, tzinfo=UTC), coverage=np.zeros(0), stories=np.zeros(0)), series=())
    sightings = _sightings(known, bundle, coverage, progress)
    hours = [*seen.values(), *(hour_of(each.at) for each in sightings)]
    topics = [topic for topic in bundle.topics if topic.alert is Alert.SPIKE]
    start = hour_of(min(hours)).replace(hour=0)
    return table(sightings, seen, topics, coverage, start=start, end=max(hours) + HOUR)


def _sightings(
    known: Mapping[str, Archived], bundle: Bundle, coverage: Mapping[datetime, float], progress: Progress | None
) -> list[Sighting]:
    matcher, owners = matcher_of(bundle), owners_of(bundle.publishers)
    begun = _first_polls(known.values(), bundle.settings.polling.default_interval)
    items, drafts = [], []
    for done, (id, each) in enumerate(known.items(), 1):
        if progress is not None and (done % 100 == 0 or done == len(known)):
            progress(done, len(known))
        source = _source(each)
        owner = owners.get(source)
        when = each.counted_at if each.counted else _counts(each, begun[source], coverage, bundle)
        bands, fingerprint = signature(each.title, each.summary, each.text)
        items.append(Item(id=id, title=each.title, at=each.first_seen_at, bands=bands, fingerprint=fingerprint))
        if when is None:
            continue
        matches = matcher.match(
            title=each.title,
            summary=each.summary,
            text=each.text,
            language=each.language,
            publisher=owner.id if owner else source,
            country=owner.country if owner else None,
            kind=owner.kind if owner else None,
            url=each.url,
            at=when.date(),
        )
        topics = tuple((match.topic, match.hash) for match in matches)
        drafts.append(Sighting(article=id, story="", publisher=owner.id if owner else source, at=when, topics=topics))
    stories = assign(items, window=bundle.settings.detection.group_window)
    return [replace(each, story=stories[each.article]) for each in drafts]


def _source(article: Archived) -> str:
    return article.source or source_of(article.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstPoll:
    """The first time that anything of a source was seen."""

    until: datetime
    """An interval after it."""
    brought: int
    """Articles in that interval."""


def _first_polls(articles: Iterable[Archived], interval: timedelta) -> dict[str, _FirstPoll]:
    """By source: an archive does not say when a feed was new, but what it listed then came all at once."""
    seen: dict[str, list[datetime]] = defaultdict(list)
    for each in articles:
        seen[_source(each)].append(each.first_seen_at)
    ends = {source: min(times) + interval for source, times in seen.items()}
    return {source: _FirstPoll(until=ends[source], brought=sum(time < ends[source] for time in times)) for source, times in seen.items()}


def _counts(article: Archived, begun: _FirstPoll, coverage: Mapping[datetime, float], bundle: Bundle) -> datetime | None:
    """When an article counts, as `articles.clocks` says it."""
    interval = bundle.settings.polling.default_interval
    first = article.first_seen_at < begun.until
    old = article.published_at is not None and article.published_at < article.first_seen_at - interval
    return counted_at(
        article.published_at,
        first_seen=article.first_seen_at,
        previous_success=_previous(article.first_seen_at, coverage, bundle),
        first_poll=first and begun.brought > 1 and (old or begun.brought > _LISTED),
        lateness=bundle.settings.articles.lateness,
        precision=article.published_precision,
    )


def _previous(first_seen: datetime, coverage: Mapping[datetime, float], bundle: Bundle) -> datetime:
    """When the article's feed was last polled before: a poll ago, or before the hours that nobody covered."""
    at = first_seen - bundle.settings.polling.default_interval
    while coverage.get(hour_of(at), 1.0) <= 0:
        at = hour_of(at) - timedelta(seconds=1)
    return at
