"""What is expected of a topic: level, growth, hour-of-week rhythm and noise, learned from its past; pure."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wirewatch.spikes.rhythm import ALL_HALF_LIFE_D, HALF_LIFE_D, Fit, Grid, fit, grid, last_step, levels
from wirewatch.spikes.series import Floats, Panel, Series

MAX_DAYS = 56
DAY = timedelta(days=1)
LEARNING_HOURS = 14 * 24.0
"""Known hours below which a topic is learning."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OWN_SHARE = 0.5
"""A topic that is more than so much of all coverage cannot be measured by it."""
_LEAST_COVERAGE = 0.1
"""Below it an hour is as good as unknown."""
_NEVER_NOTHING = 30.0
"""Mean stories an hour from which on an hour without any is an hour in which nobody looked."""
_STEADY = 0.25
"""Relative standard deviation of a day up to which all coverage is a measure."""
_UPTAKE = 2.0
"""Publishers that a story is thought to have where few have been seen."""
_AHEAD_D = 3.0
"""Growth is not believed further ahead."""


VERSION = 2
"""Of what is stored: it goes up when the same numbers would mean something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What was learned from one series of counts (fields as in `rhythm.Fit`)."""

    level: float
    growth: float
    level_var: float
    shape: Floats
    shape_var: Floats
    fano: Floats
    phi: Floats
    tail: Floats
    days_y: Floats
    days_x: Floats
    known: float
    alone: bool
    """True: not measured by the scale of all coverage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The learned state of a topic; one document in `-baselines`."""

    topic: str
    learned_at: datetime
    """When rhythm and noise were learned; `update` moves only the level."""
    through: datetime
    """Begin of the day (UTC) whose hours are not in it yet."""
    known_hours: float
    """Hours that it was learned from."""
    stories: Rhythm | None = None
    """None: nothing is known yet."""
    publishers: Rhythm | None = None
    all: Rhythm | None = None
    """Stories of all coverage; the same for all topics that were learned together."""
    uptake: float = 1.0
    """Publishers a story usually has."""

    @property
    def learning(self) -> bool:
        """Whether it needs more evidence than others."""
        return self.known_hours < LEARNING_HOURS

    def to_json(self) -> dict[str, Any]:
        """Plain data of some kilobytes."""
        return {
            "version": VERSION,
            "topic": self.topic,
            "learned_at": self.learned_at.isoformat(),
            "through": self.through.isoformat(),
            "known_hours": self.known_hours,
            "uptake": round(self.uptake, 4),
            **{name: _plain(getattr(self, name)) for name in ("stories", "publishers", "all")},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Baseline | None:
        """Back from `to_json`; None for one of another version, which has to be learned anew."""
        if data.get("version") != VERSION:
            return None
        return Baseline(
            topic=data["topic"],
            learned_at=datetime.fromisoformat(data["learned_at"]),
            through=datetime.fromisoformat(data["through"]),
            known_hours=float(data["known_hours"]),
            uptake=float(data["uptake"]),
            stories=_rhythm(data.get("stories")),
            publishers=_rhythm(data.get("publishers")),
            all=_rhythm(data.get("all")),
        )


_NUMBERS = ("level", "growth", "level_var", "known")
_ARRAYS = ("shape", "shape_var", "fano", "phi", "tail", "days_y", "days_x")
_STORED = np.dtype("<f4")
"""Arrays are stored as base64 of such: thousands of states are read in every run, and lists of numbers take ten times as long."""


def _plain(rhythm: Rhythm | None) -> dict[str, Any] | None:
    if rhythm is None:
        return None
    arrays = {name: b64encode(np.asarray(getattr(rhythm, name), dtype=_STORED).tobytes()).decode("ascii") for name in _ARRAYS}
    return {"alone": rhythm.alone, **{name: float(getattr(rhythm, name)) for name in _NUMBERS}, **arrays}


def _rhythm(data: Mapping[str, Any] | None) -> Rhythm | None:
    if data is None:
        return None
    arrays: dict[str, Any] = {name: np.frombuffer(b64decode(data[name]), dtype=_STORED).astype(np.float64) for name in _ARRAYS}
    numbers: dict[str, Any] = {name: float(data[name]) for name in _NUMBERS}
    return Rhythm(alone=bool(data["alone"]), **numbers, **arrays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected in every step of a panel, one row a topic."""

    mean: Floats
    """(topics, n) stories in the full hour at that hour's coverage; nan where nothing is known."""
    variance: Floats
    """(topics, n) of a single step."""


def learn(panel: Panel, series: Sequence[Series], *, now: datetime) -> list[Baseline]:
    """Learn every topic anew from the complete days before `now`, at most the last 56; one baseline a series, in their order."""
    through = day_of(now)
    days = min(MAX_DAYS, through - day_of(panel.start))
    begun = [_unknown(each.topic, now, through) for each in series]
    if days < 1 or not series:
        return begun
    where = grid(panel.start, panel.step, panel.n)
    coverage = covered(panel)
    everything = _all_coverage(panel, coverage, where, through, days)
    scale = None if everything is None else scales(everything)
    stories = np.stack([each.stories for each in series])
    alone = _alone(stories, panel.stories, coverage) if scale is not None else np.ones(len(series), dtype=bool)
    parent = None if everything is None else everything.shape
    found = _fitted(stories, coverage, where, through, days, scale, parent, alone)
    with_publishers = [index for index, each in enumerate(series) if each.publishers is not None]
    published: dict[int, Rhythm] = {}
    if with_publishers:
        counts = np.stack([each.publishers for each in series if each.publishers is not None])
        rhythms = _fitted(counts, coverage, where, through, days, scale, parent, alone[with_publishers])
        published = dict(zip(with_publishers, rhythms, strict=True))
    usual = _usual_uptake([(found[index], rhythm) for index, rhythm in published.items()])
    return [
        replace(
            each,
            known_hours=rhythm.known * (panel.step / timedelta(hours=1)),
            stories=rhythm,
            publishers=published.get(index),
            all=everything,
            uptake=_uptake(rhythm, published.get(index), usual),
        )
        for index, (each, rhythm) in enumerate(zip(begun, found, strict=True))
    ]


def update(baselines: Sequence[Baseline], panel: Panel, series: Sequence[Series], *, now: datetime) -> list[Baseline]:
    """Bring levels up to date with the complete days of the panel (the last days are enough); rhythm and noise stay.

    Doing it twice equals once. A series without a baseline begins one that is learning; a baseline without a series is left out.
    """
    through = day_of(now)
    known = {each.topic: each for each in baselines}
    chosen = [known.get(each.topic) or _unknown(each.topic, now, through) for each in series]
    where = grid(panel.start, panel.step, panel.n)
    coverage = covered(panel)
    latest = max((each for each in chosen if each.all is not None), key=lambda each: (each.through, each.learned_at), default=None)
    everything = None if latest is None else latest.all
    if latest is not None and everything is not None:
        moved = _moved([everything], [panel.stories], coverage, where, _ordinal(latest.through), through, robust=False)
        everything = _present(moved[0])
    scale = None if everything is None else scales(everything)
    result = list(chosen)
    for name in ("stories", "publishers"):
        rows = [
            index
            for index, each in enumerate(chosen)
            if getattr(each, name) is not None and getattr(series[index], name) is not None and each.through <= _date(through)
        ]
        for begin in sorted({_ordinal(chosen[index].through) for index in rows}):
            group = [index for index in rows if _ordinal(chosen[index].through) == begin]
            rhythms = [getattr(chosen[index], name) for index in group]
            counts = [getattr(series[index], name) for index in group]
            moved = _moved(rhythms, counts, coverage, where, begin, through, robust=True)
            for index, rhythm in zip(group, _releveled(moved, scale, HALF_LIFE_D), strict=True):
                moved_on: dict[str, Any] = {name: rhythm}
                result[index] = replace(result[index], **moved_on)
    return [
        each if each.stories is None or each.through > _date(through) else replace(each, through=_date(through), all=everything)
        for each in result
    ]


def expected(baselines: Sequence[Baseline], panel: Panel) -> Expected:
    """What the stories of every step of the panel should be (hours to come included: their coverage says how much is looked at)."""
    where = grid(panel.start, panel.step, panel.n)
    mean = np.full((len(baselines), panel.n), np.nan)
    variance = mean.copy()
    rows = [index for index, each in enumerate(baselines) if each.stories is not None]
    if rows:
        chosen = [baselines[index] for index in rows]
        found = stacked([each.stories for each in chosen if each.stories is not None])
        mean[rows] = means(chosen, found, panel, where) * np.where(covered(panel) > 0, covered(panel), np.nan)
        extra = found.level_var + found.shape_var[:, 0]
        variance[rows] = found.fano[:, :1] * mean[rows] + (found.phi[:, :1] + extra[:, None]) * mean[rows] ** 2
    return Expected(mean=mean, variance=variance)


def stacked(rhythms: Sequence[Rhythm]) -> Fit:
    """Rhythms as one set of arrays, in their order."""
    most = max(len(each.days_y) for each in rhythms)
    columns: dict[str, Any] = {name: np.array([getattr(each, name) for each in rhythms], dtype=float) for name in _NUMBERS}
    columns |= {name: np.stack([getattr(each, name) for each in rhythms]) for name in ("shape", "shape_var", "fano", "phi", "tail")}
    for name in ("days_y", "days_x"):
        columns[name] = np.stack([np.pad(getattr(each, name), (most - len(each.days_y), 0)) for each in rhythms])
    return Fit(through=0, **columns)


def means(baselines: Sequence[Baseline], found: Fit, panel: Panel, where: Grid) -> Floats:
    """(topics, n) expected at full coverage; `found` are the rhythms of these baselines."""
    through = np.array([(each.through - panel.start) / DAY for each in baselines])
    middle = (np.arange(panel.n) + 0.5) * (panel.step / DAY)
    ahead = np.minimum(middle[None, :] - through[:, None], _AHEAD_D)
    logs = found.level[:, None] + found.growth[:, None] * ahead
    mean: Floats = np.exp(logs) * found.shape[:, where.cell]
    first = next((each for each in baselines if each.all is not None), None)
    if first is not None and first.all is not None:
        alone = np.array([each.stories is None or each.stories.alone for each in baselines])
        mean = mean * np.where(alone[:, None], 1.0, scale_at(first.all, first.through, panel)[None, :])
    return mean


def scale_at(everything: Rhythm, through: datetime, panel: Panel) -> Floats:
    """(n,) scale of all coverage in every step, 1 at the begin of `through`: as it was, then as it grows."""
    middle = (panel.start - through) / DAY + (np.arange(panel.n) + 0.5) * (panel.step / DAY)
    grown = np.exp(everything.growth * np.clip(middle, 0, _AHEAD_D))
    past = scales(everything)
    index = np.clip(len(past) + np.floor(middle).astype(np.int64), 0, len(past) - 1)
    found: Floats = np.where(middle < 0, past[index], grown)
    return found


def scales(everything: Rhythm) -> Floats:
    """(days,) scale of all coverage day by day, 1 at the end; a step stays a step, a single odd day goes."""
    days = len(everything.days_x)
    known = np.flatnonzero(everything.days_x > 0)
    if not len(known):
        return np.ones(days)
    daily = np.interp(np.arange(days), known, everything.days_y[known] / everything.days_x[known])
    padded = np.concatenate([daily[:1], daily, daily[-1:]])
    smooth = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    found: Floats = np.maximum(smooth, 1e-6) / np.exp(everything.level)
    return found


def covered(panel: Panel) -> Floats:
    """Coverage, 0 where it is unknown or as good as none: also where all coverage together brought nothing, as it never does."""
    found = np.nan_to_num(panel.coverage, nan=0.0)
    found = np.where(found >= _LEAST_COVERAGE, np.minimum(found, 1.0), 0.0)
    something = panel.stories[np.nan_to_num(panel.stories, nan=0.0) > 0]
    if something.size and something.mean() >= _NEVER_NOTHING:
        found[panel.stories == 0] = 0.0
    return found


def day_of(when: datetime) -> int:
    """Ordinal of the day (UTC)."""
    return (when - _EPOCH) // DAY


def _ordinal(when: datetime) -> int:
    return day_of(when)


def _date(ordinal: int) -> datetime:
    return _EPOCH + ordinal * DAY


def _unknown(topic: str, now: datetime, through: int) -> Baseline:
    return Baseline(topic=topic, learned_at=now, through=_date(through), known_hours=0.0)


def _all_coverage(panel: Panel, coverage: Floats, where: Grid, through: int, days: int) -> Rhythm | None:
    """The rhythm of all coverage; None where it is not known or too unsteady to measure by."""
    if not np.isfinite(panel.stories).any():
        return None
    counts = panel.stories[None]
    found = fit(counts, coverage, where, through=through, days=days, scale=None, parent=None, robust=False)
    # Once more around its own scale day by day: what rises and falls for weeks is no noise, and no rhythm.
    scale = scales(_rows(found, np.array([True]))[0])
    found = fit(
        counts,
        coverage,
        where,
        through=through,
        days=days,
        scale=scale[None] / scale[-1],
        parent=None,
        half_life_d=ALL_HALF_LIFE_D,
        robust=False,
    )
    daily = float(np.exp(found.level[0])) * where.per_day
    spread = float(np.mean(found.shape[0] ** 2)) / where.per_day
    unsteady = np.sqrt(found.fano[0, -1] / max(daily, 1e-9) + found.phi[0, -1] * spread)
    return None if found.known[0] < where.per_day or unsteady > _STEADY else _present(_rows(found, np.array([True]))[0])


def _present(everything: Rhythm) -> Rhythm:
    """The rhythm of all coverage with its present level: that of the days since its last step."""
    first = last_step(everything.days_y, everything.days_x)
    y, x = (np.where(np.arange(len(each)) >= first, each, 0.0) for each in (everything.days_y, everything.days_x))
    found = _releveled([replace(everything, days_y=y, days_x=x)], None, ALL_HALF_LIFE_D)[0]
    return replace(everything, level=found.level, growth=found.growth, level_var=found.level_var)


def _alone(stories: Floats, everything: Floats, coverage: Floats) -> NDArray[np.bool_]:
    both = np.isfinite(stories) & np.isfinite(everything)[None] & (coverage > 0)[None]
    own = np.where(both, stories, 0.0).sum(axis=1)
    total = np.where(both, everything[None], 0.0).sum(axis=1)
    found: NDArray[np.bool_] = own > _OWN_SHARE * total
    return found


def _fitted(
    counts: Floats,
    coverage: Floats,
    where: Grid,
    through: int,
    days: int,
    scale: Floats | None,
    parent: Floats | None,
    alone: NDArray[np.bool_],
) -> list[Rhythm]:
    found: list[Rhythm | None] = [None] * len(counts)
    for kind in (False, True):
        rows = np.flatnonzero(alone == kind)
        if not len(rows):
            continue
        own = None if scale is None or kind else np.broadcast_to(scale, (len(rows), days))
        learned = fit(counts[rows], coverage, where, through=through, days=days, scale=own, parent=None if kind else parent)
        for row, rhythm in zip(rows, _rows(learned, alone[rows]), strict=True):
            found[row] = rhythm
    return [each for each in found if each is not None]


def _rows(found: Fit, alone: NDArray[np.bool_]) -> list[Rhythm]:
    rows: list[Rhythm] = []
    for row in range(len(found.level)):
        values: dict[str, Any] = {name: float(getattr(found, name)[row]) for name in _NUMBERS}
        values |= {name: getattr(found, name)[row] for name in _ARRAYS}
        rows.append(Rhythm(**values, alone=bool(alone[row])))
    return rows


def _moved(
    rhythms: Sequence[Rhythm], counts: Sequence[Floats], coverage: Floats, where: Grid, begin: int, through: int, *, robust: bool
) -> list[Rhythm]:
    """The rhythms with the daily sums of the complete days before `through` that the counts hold whole; older days move on."""
    held = stacked(rhythms)
    days = held.days_y.shape[1]
    gone = through - begin
    width = min(MAX_DAYS, days + gone)
    y, x = (np.pad(each, ((0, 0), (0, gone)))[:, -width:] for each in (held.days_y, held.days_x))
    whole = [
        day for day in np.unique(where.day) if np.count_nonzero(where.day == day) == where.per_day and through - width <= day < through
    ]
    for day in whole:
        steps = np.flatnonzero(where.day == day)
        count = np.stack([each[steps] for each in counts])
        exposure = np.where(np.isfinite(count), coverage[steps][None], 0.0) * held.shape[:, where.cell[steps]]
        count = np.where(exposure > 0, count, 0.0)
        if robust:
            mean = exposure * np.exp(held.level + held.growth * np.clip(day - begin + 0.5, -width, _AHEAD_D))[:, None]
            sd = np.sqrt(held.fano[:, :1] * mean + held.phi[:, :1] * mean**2)
            count = np.minimum(count, mean + 1.0 + 4.0 * sd)
        place = day - through + width
        # A day that is in already counts anew only where more of it has become known: so twice equals once.
        fresh = (day >= begin) | ~np.isclose(x[:, place], exposure.sum(axis=1), rtol=1e-4, atol=1e-6)
        y[:, place] = np.where(fresh, count.sum(axis=1), y[:, place])
        x[:, place] = np.where(fresh, exposure.sum(axis=1), x[:, place])
    return [replace(each, days_y=y[row], days_x=x[row]) for row, each in enumerate(rhythms)]


def _releveled(rhythms: Sequence[Rhythm], scale: Floats | None, half_life_d: float) -> list[Rhythm]:
    """The rhythms with level and growth as their daily sums say."""
    found: list[Rhythm] = list(rhythms)
    for kind in (False, True):
        rows = [index for index, each in enumerate(rhythms) if each.alone == kind]
        if not rows:
            continue
        held = stacked([rhythms[index] for index in rows])
        days = held.days_y.shape[1]
        factor = np.ones(days) if kind or scale is None else np.pad(scale, (max(0, days - len(scale)), 0), mode="edge")[-days:]
        per_day = max(1.0, float(np.max(held.days_x)) if held.days_x.size else 1.0)
        level, growth, variance = levels(
            held.days_y,
            held.days_x * factor,
            fano=held.fano[:, -1],
            phi=held.phi[:, -1] * np.mean(held.shape**2, axis=1) / per_day,
            half_life_d=half_life_d,
            alone=kind,
        )
        for row, index in enumerate(rows):
            found[index] = replace(rhythms[index], level=float(level[row]), growth=float(growth[row]), level_var=float(variance[row]))
    return found


def _usual_uptake(pairs: Sequence[tuple[Rhythm, Rhythm]]) -> float:
    """Publishers that a story of any of the topics has."""
    stories, publishers = (sum(float(pair[place].days_y.sum()) for pair in pairs) for place in (0, 1))
    return max(1.0, (publishers + 3.0 * _UPTAKE) / (stories + 3.0))


def _uptake(stories: Rhythm, publishers: Rhythm | None, usual: float) -> float:
    if publishers is None:
        return 1.0
    return float((publishers.days_y.sum() + 3.0 * usual) / (stories.days_y.sum() + 3.0))
