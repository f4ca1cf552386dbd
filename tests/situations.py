"""Generated hourly counts for the situations in which detection must speak, or must not; any seed and size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wirewatch.pipeline.counts_csv import Revision, Table
from wirewatch.spikes.series import Panel, Series

Floats = NDArray[np.float64]
START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""
PHI = 0.3
"""var = mean + PHI mean²"""
WEEKS = 8
DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a topic."""

    topic: int
    begin: int
    """Hour."""
    hours: int
    times: float
    """Of the topic's rate, and at least so many an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Counts, and what they hold."""

    name: str
    table: Table
    incidents: tuple[int, int]
    """Least and most that may be raised from `judged_from` on."""
    judged_from: int = 0
    within: tuple[int, int] | None = None
    """Hours in which the first incident must open."""
    found_late: bool = False
    events: tuple[Event, ...] = ()
    rates: Floats = field(default_factory=lambda: np.zeros(0))
    mean: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    """What nobody knows: the true mean of every hour, without events."""


def rhythm(rng: np.random.Generator, n: int, *, strength: float = 0.6, weekend: float = 0.6) -> Floats:
    """A newsroom's day and week, mean 1."""
    hour, weekday = np.arange(n) % 24, np.arange(n) // 24 % 7
    peak = rng.uniform(8, 17)
    shape = (1 + strength * np.cos((hour - peak) / 24 * 2 * np.pi)) * np.where(weekday >= 5, weekend, 1.0)
    scaled: Floats = shape / shape[: 7 * DAY].mean()
    return scaled


def draw(rng: np.random.Generator, mean: Floats | float, size: int | tuple[int, ...] | None = None) -> Floats:
    """Negative binomial counts."""
    means = np.broadcast_to(np.asarray(mean, dtype=np.float64), np.shape(mean) if size is None else size)
    return rng.poisson(means * rng.gamma(1 / PHI, PHI, means.shape)).astype(np.float64)


def table_of(
    stories: Mapping[str, Floats],
    *,
    publishers: Mapping[str, Floats] | None = None,
    articles: Mapping[str, Floats] | None = None,
    total: Floats | None = None,
    coverage: Floats | None = None,
    revisions: tuple[Revision, ...] = (),
) -> Table:
    """Hourly columns as a table."""
    n = len(next(iter(stories.values())))
    known = np.ones(n) if coverage is None else coverage
    panel = Panel(start=START, coverage=known, stories=np.full(n, np.nan) if total is None else total)
    series = tuple(
        Series(
            topic=name,
            stories=values,
            publishers=None if publishers is None else publishers[name],
            articles=None if articles is None else articles[name],
        )
        for name, values in stories.items()
    )
    return Table(panel=panel, series=series, revisions=revisions)


def noisy(seed: int, *, topics: int = 400, days: int = 30, weeks: int = WEEKS, total: bool = True) -> Situation:
    """Many topics of rates 0.03 to 10 an hour in which nothing happens."""
    rng = np.random.default_rng(seed)
    n = (weeks * 7 + days) * DAY
    rates = np.geomspace(0.03, 10, topics)
    mean = rates[:, None] * rhythm(rng, n)
    counts = draw(rng, mean)
    return Situation(
        name="noise",
        table=_many(counts, total),
        incidents=(0, int(0.1 * topics * days / 30)),
        judged_from=weeks * 7 * DAY,
        rates=rates,
        mean=mean,
    )


def eventful(
    seed: int, times: float, *, topics: int = 400, days: int = 10, weeks: int = WEEKS, total: bool = True, rates: Floats | None = None
) -> Situation:
    """The same with one 6-hour event of so many times the rate (at least so many an hour) in each topic."""
    rng = np.random.default_rng(seed)
    n = (weeks * 7 + days) * DAY
    rates = np.geomspace(0.03, 10, topics) if rates is None else rates
    mean = rates[:, None] * rhythm(rng, n)
    counts = draw(rng, mean)
    events = []
    for topic, begin in enumerate(rng.integers(weeks * 7 * DAY, n - 2 * DAY, len(rates)).tolist()):
        counts[topic, begin : begin + 6] += draw(rng, np.maximum(times * mean[topic, begin : begin + 6], times))
        events.append(Event(topic=topic, begin=begin, hours=6, times=times))
    return Situation(
        name=f"events x{times:g}",
        table=_many(counts, total),
        incidents=(0, 10**9),
        judged_from=weeks * 7 * DAY,
        events=tuple(events),
        rates=rates,
        mean=mean,
    )


def _many(counts: Floats, total: bool) -> Table:
    stories = {f"topic-{place}": row for place, row in enumerate(counts)}
    return table_of(stories, total=counts.sum(axis=0) if total else None)


# ---------------------------------------------------------------- single situations


def _n(weeks: int, days: int = 7) -> int:
    return (weeks * 7 + days) * DAY


def silence(rng: np.random.Generator, weeks: int) -> Situation:
    return Situation(name="silence", table=table_of({"quiet": np.zeros(_n(weeks))}), incidents=(0, 0))


def one_after_silence(rng: np.random.Generator, weeks: int) -> Situation:
    stories = np.zeros(_n(weeks))
    stories[weeks * 7 * DAY + int(rng.integers(0, 100))] = 1
    return Situation(name="one article after silence", table=table_of({"quiet": stories}), incidents=(0, 0))


def forty_after_silence(rng: np.random.Generator, weeks: int) -> Situation:
    stories = np.zeros(_n(weeks))
    at = weeks * 7 * DAY + int(rng.integers(0, 100))
    stories[at] = 40
    return Situation(name="40 stories after silence", table=table_of({"quiet": stories}), incidents=(1, 1), within=(at, at + 1))


def _taken_up(rng: np.random.Generator, weeks: int, *, independent: bool) -> Situation:
    n = _n(weeks)
    rate = float(rng.choice([0.02, 0.1, 0.3]))
    stories = draw(rng, rate * rhythm(rng, n))
    publishers = stories + rng.poisson(stories)
    articles = publishers.copy()
    at = weeks * 7 * DAY + 30 + int(rng.integers(0, 60))
    stories[at : at + 3] += (1, 0, 0)
    publishers[at : at + 3] += (14, 14, 12) if independent else (1, 0, 0)
    articles[at : at + 3] += (14, 14, 12)
    table = table_of({"taken": stories}, publishers={"taken": publishers}, articles={"taken": articles})
    name = "one story, 40 publishers" if independent else "one story, 40 sites of one owner"
    return Situation(
        name=name,
        table=table,
        incidents=(1, 1) if independent else (0, 0),
        judged_from=weeks * 7 * DAY,
        within=(at, at + 4) if independent else None,
    )


def taken_up(rng: np.random.Generator, weeks: int) -> Situation:
    return _taken_up(rng, weeks, independent=True)


def one_owner(rng: np.random.Generator, weeks: int) -> Situation:
    return _taken_up(rng, weeks, independent=False)


def weekends(rng: np.random.Generator, weeks: int) -> Situation:
    n = _n(weeks, 14)
    daily = np.where(np.arange(n) // 24 % 7 >= 5, 8.0, 48.0)
    flat = bool(rng.integers(0, 2))
    mean = daily / 24 * (1.0 if flat else rhythm(rng, n, weekend=1.0))
    return Situation(name="weekdays 48, weekends 8", table=table_of({"weekly": draw(rng, mean)}), incidents=(0, 0))


def _newsroom(rng: np.random.Generator, n: int, topics: int) -> tuple[Floats, Floats, Floats]:
    """Means of some topics, their counts' common shape, and the mean of all coverage."""
    shape = rhythm(rng, n)
    rates = np.geomspace(0.05, 8, topics)
    return rates[:, None] * shape, shape, 3 * rates.sum() * shape


def _newsroom_table(
    rng: np.random.Generator, mean: Floats, everything: Floats, coverage: Floats | None, *, told: bool = True, unknown: Floats | None = None
) -> Table:
    seen = np.ones(mean.shape[1]) if coverage is None else coverage
    counts = draw(rng, mean * seen)
    rest = rng.poisson((everything - mean.sum(axis=0)) * seen).astype(float)
    total = counts.sum(axis=0) + rest
    if unknown is not None:
        counts[:, unknown > 0] = np.nan
        total[unknown > 0] = np.nan
    stories = {f"topic-{place}": row for place, row in enumerate(counts)}
    return table_of(stories, total=total, coverage=coverage if told else None)


def outage(rng: np.random.Generator, weeks: int) -> Situation:
    n = _n(weeks)
    mean, _, everything = _newsroom(rng, n, 12)
    at = weeks * 7 * DAY + int(rng.integers(0, 48))
    coverage = np.ones(n)
    coverage[at : at + 24] = 0
    table = _newsroom_table(rng, mean, everything, coverage, unknown=1 - coverage)
    return Situation(name="24 h outage", table=table, incidents=(0, 0))


def outage_untold(rng: np.random.Generator, weeks: int) -> Situation:
    """No coverage column: the hours are empty."""
    n = _n(weeks)
    mean, _, everything = _newsroom(rng, n, 12)
    at = weeks * 7 * DAY + int(rng.integers(0, 48))
    unknown = np.zeros(n)
    unknown[at : at + 24] = 1
    return Situation(name="24 h without counts", table=_newsroom_table(rng, mean, everything, None, unknown=unknown), incidents=(0, 0))


def outage_of_zeros(rng: np.random.Generator, weeks: int) -> Situation:
    """Nobody says that there was an outage: the hours have zeros."""
    n = _n(weeks)
    mean, _, everything = _newsroom(rng, n, 12)
    at = weeks * 7 * DAY + int(rng.integers(0, 48))
    coverage = np.ones(n)
    coverage[at : at + 24] = 0
    return Situation(name="24 h of zeros", table=_newsroom_table(rng, mean, everything, coverage, told=False), incidents=(0, 0))


def half_out(rng: np.random.Generator, weeks: int) -> Situation:
    n = _n(weeks, 9)
    mean, _, everything = _newsroom(rng, n, 12)
    at = weeks * 7 * DAY + int(rng.integers(0, 48))
    coverage = np.ones(n)
    coverage[at : at + 72] = 0.5
    return Situation(name="half of the feeds out for 3 days", table=_newsroom_table(rng, mean, everything, coverage), incidents=(0, 0))


def half_out_untold(rng: np.random.Generator, weeks: int) -> Situation:
    n = _n(weeks, 9)
    mean, _, everything = _newsroom(rng, n, 12)
    at = weeks * 7 * DAY + int(rng.integers(0, 48))
    coverage = np.ones(n)
    coverage[at : at + 72] = 0.5
    table = _newsroom_table(rng, mean, everything, coverage, told=False)
    return Situation(name="half of the feeds out, nobody says so", table=table, incidents=(0, 0))


def hidden_event(rng: np.random.Generator, weeks: int) -> Situation:
    """A 10-times event inside a 24 h outage; the resumed feeds still list its entries."""
    n = _n(weeks)
    rate = float(rng.choice([0.3, 1.0, 4.0]))
    mean = rate * rhythm(rng, n)
    counts = draw(rng, mean)
    at = weeks * 7 * DAY + int(rng.integers(0, 48))
    begin = at + int(rng.integers(2, 16))
    counts[begin : begin + 6] += draw(rng, np.maximum(10 * mean[begin : begin + 6], 10))
    back = at + 24
    coverage = np.ones(n)
    coverage[at:back] = 0
    revisions = tuple(Revision(known=back, step=step, topic=0, name="stories", value=float(counts[step])) for step in range(at, back))
    hidden = counts.copy()
    hidden[at:back] = np.nan
    return Situation(
        name="event inside an outage",
        table=table_of({"hidden": hidden}, coverage=coverage, revisions=revisions),
        incidents=(1, 1),
        judged_from=weeks * 7 * DAY,
        within=(back, back + 1),
        found_late=True,
    )


def doubled(rng: np.random.Generator, weeks: int) -> Situation:
    n = _n(weeks, 10)
    mean, _, everything = _newsroom(rng, n, 12)
    factor = np.ones(n)
    factor[weeks * 7 * DAY + int(rng.integers(0, 72)) :] = 2
    return Situation(name="every feed doubled", table=_newsroom_table(rng, mean * factor, everything * factor, None), incidents=(0, 0))


def growing(rng: np.random.Generator, weeks: int) -> Situation:
    n = _n(weeks, 14)
    mean, _, everything = _newsroom(rng, n, 12)
    factor = 1.02 ** (np.arange(n) / 24 - weeks * 7)
    table = _newsroom_table(rng, mean * factor, everything * factor, None)
    return Situation(name="all news growing 2 % a day", table=table, incidents=(0, 0))


def growing_alone(rng: np.random.Generator, weeks: int) -> Situation:
    """One topic in the file, and nothing to measure it by."""
    n = _n(weeks, 14)
    factor = 1.02 ** (np.arange(n) / 24 - weeks * 7)
    counts = draw(rng, float(rng.choice([0.5, 2.0, 8.0])) * rhythm(rng, n) * factor)
    return Situation(name="one topic growing 2 % a day", table=table_of({"growing": counts}), incidents=(0, 0))


def widened(rng: np.random.Generator, weeks: int) -> Situation:
    """A rule widened to three times the articles: its hours before are unknown under the new hash."""
    n = _n(weeks, 21)
    rate = float(rng.choice([0.3, 1.0, 4.0]))
    counts = draw(rng, 3 * rate * rhythm(rng, n))
    counts[: weeks * 7 * DAY + 11] = np.nan
    return Situation(name="a rule widened", table=table_of({"wide": counts}), incidents=(0, 0))


def second_day(rng: np.random.Generator, weeks: int) -> Situation:
    """A topic that is hardly known yet, and 40 stories."""
    n = 6 * DAY
    counts = draw(rng, np.full(n, float(rng.choice([0.02, 0.1, 0.3]))))
    at = DAY + 4 + int(rng.integers(0, 40))
    counts[at] += 40
    return Situation(name="40 stories on the second or third day", table=table_of({"new": counts}), incidents=(1, 1), within=(at, at + 1))


def begun_at_the_weekend(rng: np.random.Generator, weeks: int) -> Situation:
    """Nothing is known of weekdays when the first Monday comes."""
    n = 26 * DAY
    daily = np.where(np.arange(n) // 24 % 7 >= 5, 8.0, 48.0)
    counts = draw(rng, daily / 24 * rhythm(rng, n, weekend=1.0))
    counts[: 5 * DAY] = np.nan
    return Situation(name="weekdays 48, weekends 8, from a Saturday on", table=table_of({"weekly": counts}), incidents=(0, 0))


def event_after_events(rng: np.random.Generator, weeks: int) -> Situation:
    """Past spikes do not hide a new one."""
    n = _n(weeks)
    mean = 1.0 * rhythm(rng, n)
    counts = draw(rng, mean)
    for week in range(2, weeks, 2):
        begin = week * 7 * DAY + int(rng.integers(0, 100))
        counts[begin : begin + 6] += draw(rng, np.full(6, 10.0))
    at = weeks * 7 * DAY + int(rng.integers(0, 100))
    counts[at : at + 6] += draw(rng, np.full(6, 10.0))
    return Situation(
        name="a spike after spikes", table=table_of({"lively": counts}), incidents=(1, 1), judged_from=weeks * 7 * DAY, within=(at, at + 6)
    )


SITUATIONS: tuple[Callable[[np.random.Generator, int], Situation], ...] = (
    silence,
    one_after_silence,
    forty_after_silence,
    taken_up,
    one_owner,
    weekends,
    outage,
    outage_untold,
    outage_of_zeros,
    half_out,
    half_out_untold,
    hidden_event,
    doubled,
    growing,
    growing_alone,
    widened,
    second_day,
    begun_at_the_weekend,
    event_after_events,
)


TOLD_ONLY: tuple[Callable[[np.random.Generator, int], Situation], ...] = (taken_up, one_owner, half_out, hidden_event)
"""Those that stories alone do not show."""


def at(hour: int) -> datetime:
    """The begin of an hour."""
    return START + timedelta(hours=hour)


def without_total(situation: Situation) -> Situation:
    """The same where nobody counted all coverage."""
    panel = situation.table.panel
    return replace(situation, table=replace(situation.table, panel=replace(panel, stories=np.full(panel.n, np.nan))))
