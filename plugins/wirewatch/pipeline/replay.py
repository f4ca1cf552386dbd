"""Archived articles through tagging, grouping, counting and detection, with a simulated clock and without a store."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from wirewatch.articles.clocks import counted_at
from wirewatch.articles.identity import article_id, normalise, source_of
from wirewatch.articles.outcome import owners_of
from wirewatch.config import Bundle
from wirewatch.errors import ConfigError, Problem
from wirewatch.model import Alert, Precision, Sighting, Topic
from wirewatch.pipeline.backtest import Backtest, Progress, backtest
from wirewatch.pipeline.counts_csv import Revision, Table
from wirewatch.pipeline.process import matcher_of
from wirewatch.spikes.baseline import covered
from wirewatch.spikes.counts import hour_of, tally
from wirewatch.spikes.series import HOUR, Floats, Panel, Series
from wirewatch.stories import Item, assign, signature

NAMES = ("stories", "publishers", "articles")


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
    table = table_of(articles, bundle, coverage=coverage or {})
    watched = [topic for topic in bundle.topics if topic.alert is Alert.SPIKE]
    return backtest(table, bundle.settings.detection, topics=_shared(watched, bundle), progress=progress)


def table_of(articles: Iterable[Archived], bundle: Bundle, *, coverage: Mapping[datetime, float]) -> Table:
    """The hourly counts of articles, as they were first known, and what was found later."""
    known = {article_id(each.url): each for each in sorted(articles, key=lambda each: each.first_seen_at, reverse=True)}
    seen = {id: hour_of(each.first_seen_at) for id, each in known.items()}
    if not known:
        return Table(panel=Panel(start=datetime(2000, 1, 1, tzinfo=UTC), coverage=np.zeros(0), stories=np.zeros(0)), series=())
    sightings = _sightings(known, bundle, coverage)
    hours = [*seen.values(), *(hour_of(each.at) for each in sightings)]
    start = hour_of(min(hours)).replace(hour=0)
    n = int((max(hours) - start) / HOUR) + 1
    shares = np.array([coverage.get(start + step * HOUR, 1.0) for step in range(n)])
    topics = [topic for topic in bundle.topics if topic.alert is Alert.SPIKE]
    prompt = [each for each in sightings if seen[each.article] <= hour_of(each.at)]
    first, last = (_grids(found, topics, start, n) for found in (prompt, sightings))
    panel = Panel(start=start, coverage=shares, stories=last.total)
    series = tuple(
        Series(
            topic=topic.id,
            **{name: first.counts[name][place] for name in NAMES},
            largest=last.largest[place],
            sensitivity=topic.sensitivity,
            single_publisher=topic.single_publisher,
        )
        for place, topic in enumerate(topics)
    )
    return Table(panel=panel, series=series, revisions=_late(sightings, seen, first, last, panel))


def _sightings(known: Mapping[str, Archived], bundle: Bundle, coverage: Mapping[datetime, float]) -> list[Sighting]:
    matcher, owners = matcher_of(bundle), owners_of(bundle.publishers)
    lateness = bundle.settings.articles.lateness
    items, drafts = [], []
    for id, each in known.items():
        source = each.source or source_of(each.url)
        owner = owners.get(source)
        when = counted_at(
            each.published_at,
            first_seen=each.first_seen_at,
            previous_success=_previous(each.first_seen_at, coverage, bundle),
            first_poll=False,
            lateness=lateness,
            precision=each.published_precision,
        )
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
        )
        topics = tuple((match.topic, match.hash) for match in matches)
        drafts.append(Sighting(article=id, story="", publisher=owner.id if owner else source, at=when, topics=topics))
    stories = assign(items, window=bundle.settings.detection.group_window)
    return [replace(each, story=stories[each.article]) for each in drafts]


def _previous(first_seen: datetime, coverage: Mapping[datetime, float], bundle: Bundle) -> datetime:
    """When the article's feed was last polled before: a poll ago, or before the hours that nobody covered."""
    at = first_seen - bundle.settings.polling.default_interval
    while coverage.get(hour_of(at), 1.0) <= 0:
        at = hour_of(at) - timedelta(seconds=1)
    return at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grids:
    counts: dict[str, Floats]
    """By name, (topics, n)."""
    largest: Floats
    total: Floats


def _grids(sightings: Sequence[Sighting], topics: Sequence[Topic], start: datetime, n: int) -> _Grids:
    places = {topic.id: place for place, topic in enumerate(topics)}
    counted = tally(sightings)
    counts = {name: np.zeros((len(topics), n)) for name in NAMES}
    for (topic, hour), cell in counted.topics.items():
        if topic in places:
            for name in NAMES:
                counts[name][places[topic], int((hour - start) / HOUR)] = getattr(cell, name)
    total = np.zeros(n)
    for hour, cell in counted.totals.items():
        total[int((hour - start) / HOUR)] = cell.stories
    return _Grids(counts=counts, largest=_largest(sightings, places, start, n), total=total)


def _largest(sightings: Sequence[Sighting], places: Mapping[str, int], start: datetime, n: int) -> Floats:
    """(topics, n) stories of each hour that only that hour's largest publisher has."""
    tellers: dict[tuple[str, str], set[str]] = defaultdict(set)
    begun: dict[tuple[str, str], datetime] = {}
    for each in sorted(sightings, key=lambda each: each.at):
        for topic, _ in each.topics:
            tellers[topic, each.story].add(each.publisher)
            begun.setdefault((topic, each.story), hour_of(each.at))
    alone: dict[tuple[str, datetime], Counter[str]] = defaultdict(Counter)
    for (topic, story), publishers in tellers.items():
        if len(publishers) == 1:
            alone[topic, begun[topic, story]][next(iter(publishers))] += 1
    found = np.zeros((len(places), n))
    for (topic, hour), publishers_of in alone.items():
        if topic in places:
            found[places[topic], int((hour - start) / HOUR)] = max(publishers_of.values())
    return found


def _late(sightings: Sequence[Sighting], seen: Mapping[str, datetime], first: _Grids, last: _Grids, panel: Panel) -> tuple[Revision, ...]:
    """What later articles changed in hours that were over, known from when the last of them was seen."""
    known: dict[int, int] = {}
    for each in sightings:
        step, found = panel.index(each.at), panel.index(seen[each.article])
        if found > step:
            known[step] = max(known.get(step, 0), found)
    hidden = covered(panel) <= 0
    revisions = []
    for step, at in known.items():
        for name in NAMES:
            before, after = first.counts[name][:, step], last.counts[name][:, step]
            changed = np.flatnonzero(np.ones(len(after), dtype=bool) if hidden[step] else before != after)
            revisions += [Revision(known=at, step=step, topic=topic, name=name, value=float(after[topic])) for topic in changed.tolist()]
    return tuple(sorted(revisions, key=lambda each: (each.known, each.step, each.topic)))


def _shared(topics: Sequence[Topic], bundle: Bundle) -> int:
    """How many alerting topics the recipient with the most of them has."""
    shares = Counter(recipient for topic in topics for recipient in (topic.notify or bundle.settings.alerts.default_notify or ("",)))
    return max(shares.values(), default=1)
