"""Which topics are exceptional; a pure function of counts, settings and `now`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wirewatch.config.settings import Detection
from wirewatch.model import Sensitivity, Severity, Spike
from wirewatch.spikes.baseline import LEARNING_HOURS, Baseline, covered, means, scale_at, stacked
from wirewatch.spikes.budget import share, threshold
from wirewatch.spikes.rhythm import grid
from wirewatch.spikes.series import HOUR, Floats, Panel, Series
from wirewatch.spikes.tails import log_tail, trailing, upper_count

LATE = timedelta(hours=2)
"""An hour that ended so long before the decision was found late."""
_FIRST_HOURS, _FIRST_STEPS = 12.0, 3
"""Known hours, and counts, before which nothing is exceptional: there is nothing to be an exception from."""
_STRANGE, _WEEKEND = 3.0, (4, 5, 6)
"""Times as much as the days before that weekdays may bring, as long as those days may all have been a weekend (0 is Monday)."""
_LEARNING = np.log(20.0)
"""How much more improbable an exception must be while a topic is learning; less and less after that."""
_SETTLED_D = LEARNING_HOURS / 24
_SENSITIVITY = {Sensitivity.LOW: -np.log(5.0), Sensitivity.NORMAL: 0.0, Sensitivity.HIGH: np.log(5.0)}
_BOTH = np.log(0.6)
"""What a test leaves of its budget to the other series (stories and publishers rise together)."""
_EXCESS = 1.5
"""For six hours an exception is at least so many times as much again as expected; over longer windows as many stories."""
_EXCESS_H = 6.0
_LONG_H, _LASTING = 6.0, np.log(0.15)
"""Windows from so many hours on must still be going: the tail (ln) that their last third must reach."""
_UPTAKE = 3.0
"""Times the publishers that a story usually has."""
_WITHOUT = 0.5
"""Share of the evidence that must be left without the largest publisher."""
_MAJOR, _CRITICAL = (1.6, 4.0), (2.6, 8.0)
"""From which evidence (in thresholds) and how many times the expected count on."""
_BLIND = 0.25
"""Variance of what the hidden feeds would have brought, relative to their expected share squared."""
_SAMPLE_TOPICS, _SAMPLE_HOURS = 48, 6
_TOLERANCE, _TOLERANCE_SD = 0.05, 0.5
"""ln, and standard deviations of its own noise, that all coverage may rise by without any more being expected of a topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A topic's hours from `since` to the running one."""

    topic: str
    hours: tuple[datetime, ...]
    """Begin of every judged hour, oldest first."""
    expected: Floats
    """(hours,) stories expected in the full hour; nan where unknown."""
    upper: Floats
    """(hours,) what the hour alone would have to reach to alert."""
    score: Floats
    """(hours,) 0..1, the clearest window that ends with the hour; 0.5 is the alert threshold, 0 where unknown."""
    spikes: tuple[Spike, ...]
    """One for every exceptional hour, oldest first (`at` is the end of the hour)."""
    learning: bool
    """Too little is known yet: more evidence was asked for."""

    @property
    def spike(self) -> Spike | None:
        """At the latest exceptional hour; None: nothing is exceptional."""
        return self.spikes[-1] if self.spikes else None


def judge(
    baselines: Sequence[Baseline],
    panel: Panel,
    series: Sequence[Series],
    *,
    settings: Detection,
    topics: int,
    since: datetime,
    now: datetime,
) -> list[Judged]:
    """Judge the hours from the one that holds `since` to the one that holds `now`, in the order of `series`.

    `topics` is how many alerting topics share a recipient's budget of false mails. The panel should begin at least 48 h before `since`.
    Baselines are matched by topic; a series without one is learning and never exceptional. A spike whose hour ended well before `now`
    is marked `found_late`: it matters only where it opens an incident.
    """
    if not series:
        return []
    found = survey(baselines, panel, series, settings=settings, topics=topics, now=now)
    first, last = max(0, panel.index(since)), min(panel.n - 1, panel.index(now))
    hours = tuple(panel.at(index) for index in range(first, last + 1))
    upper = found.upper(first, last + 1)
    return [
        Judged(
            topic=each.topic,
            hours=hours,
            expected=found.mean[row, first : last + 1],
            upper=upper[row],
            score=found.score[row, first : last + 1],
            spikes=tuple(found.spike(row, index, now=now) for index in range(first, last + 1) if found.score[row, index] >= 0.5),
            learning=bool(found.learning[row]),
        )
        for row, each in enumerate(series)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Every step of a panel judged, one row a series; the clearest window at each."""

    panel: Panel
    windows: tuple[int, ...]
    """Widths in steps."""
    topics: tuple[str, ...]
    mean: Floats
    score: Floats
    learning: NDArray[np.bool_]
    window: NDArray[np.int64]
    """Index into `windows`."""
    kind: NDArray[np.int64]
    """Index into `KINDS`."""
    observed: Floats
    expected: Floats
    bound: Floats
    """Upper end of what was expected in the clearest window; worked out only where it alerts."""
    strength: Floats
    """Evidence in thresholds."""
    hour_mean: Floats
    hour_variance: Floats
    limit: Floats
    """(k,) ln of the tail at which a window alerts."""
    min_stories: int

    def upper(self, begin: int, end: int) -> Floats:
        """(k, steps) what an hour alone would have to reach to alert; nan where unknown."""
        mean, variance = self.hour_mean[:, begin:end], self.hour_variance[:, begin:end]
        unknown = np.isnan(mean)
        least = float(self.min_stories)
        counts = upper_count(np.where(unknown, 0.0, mean), np.where(unknown, 1.0, variance), self.limit[:, None], least=least)
        return np.where(unknown, np.nan, counts)

    def spike(self, row: int, index: int, *, now: datetime) -> Spike:
        """The exception at a step."""
        at = self.panel.at(index) + self.panel.step
        expected, observed = float(self.expected[row, index]), float(self.observed[row, index])
        times = observed / max(expected, 1.0)
        strength = float(self.strength[row, index])
        severity = Severity.NOTABLE
        if strength >= _MAJOR[0] and times >= _MAJOR[1]:
            severity = Severity.MAJOR
        if strength >= _CRITICAL[0] and times >= _CRITICAL[1]:
            severity = Severity.CRITICAL
        width = self.windows[int(self.window[row, index])] * self.panel.step
        return Spike(
            topic=self.topics[row],
            at=at,
            window_h=max(1, round(width / HOUR)),
            series=KINDS[int(self.kind[row, index])],
            observed=observed,
            expected=expected,
            upper=float(self.bound[row, index]),
            score=float(self.score[row, index]),
            severity=severity,
            found_late=now - at > LATE,
            learning=bool(self.learning[row]),
        )


KINDS = ("stories", "publishers", "uptake")


def survey(
    baselines: Sequence[Baseline], panel: Panel, series: Sequence[Series], *, settings: Detection, topics: int, now: datetime
) -> Survey:
    """Judge every step of the panel that has begun by `now`."""
    by_topic = {each.topic: each for each in baselines}
    least = max(_FIRST_HOURS, _FIRST_STEPS * (panel.step / HOUR))
    rows = [index for index, each in enumerate(series) if _usable(by_topic.get(each.topic), least)]
    shape = (len(series), panel.n)
    result = Survey(
        panel=panel,
        windows=grid(panel.start, panel.step, 0).windows,
        topics=tuple(each.topic for each in series),
        mean=np.full(shape, np.nan),
        hour_mean=np.full(shape, np.nan),
        hour_variance=np.full(shape, np.nan),
        limit=np.zeros(len(series)),
        min_stories=settings.min_stories,
        score=np.zeros(shape),
        learning=np.array([each.topic not in by_topic or by_topic[each.topic].learning for each in series]),
        window=np.zeros(shape, dtype=np.int64),
        kind=np.zeros(shape, dtype=np.int64),
        observed=np.zeros(shape),
        expected=np.zeros(shape),
        bound=np.zeros(shape),
        strength=np.zeros(shape),
    )
    if rows:
        _Bench([by_topic[series[index].topic] for index in rows], panel, [series[index] for index in rows], settings, topics, now).into(
            result, np.array(rows)
        )
    return result


def _usable(baseline: Baseline | None, least_hours: float) -> bool:
    return baseline is not None and baseline.stories is not None and baseline.known_hours >= least_hours


class _Bench:
    """Series that have a baseline, under judgement."""

    def __init__(
        self,
        baselines: Sequence[Baseline],
        panel: Panel,
        series: Sequence[Series],
        settings: Detection,
        topics: int,
        now: datetime,
    ) -> None:
        self.baselines, self.panel, self.series, self.settings = baselines, panel, series, settings
        self.where = grid(panel.start, panel.step, panel.n)
        self.hours = tuple(width * (panel.step / HOUR) for width in self.where.windows)
        self.coverage, self.begun = _exposure(panel, now)
        self.shares = np.log([share(hours) for hours in self.hours])
        """By window: added to the ln of the tail at which it alerts."""
        self.fit = stacked([each.stories for each in baselines if each.stories is not None])
        self.counts = np.stack([each.stories for each in series])
        self.rise = self._rise(means(baselines, self.fit, panel, self.where))
        sensitivity = np.array([_SENSITIVITY[each.sensitivity] for each in series])
        self.days = np.array([max(each.known_hours, 1.0) / 24 for each in baselines])
        self.strange = np.array([_STRANGE if _only_weekend(each) else 1.0 for each in baselines])
        caution = _LEARNING * np.clip(2 - self.days / _SETTLED_D, 0.0, 1.0)
        self.limit = self._threshold(topics) + sensitivity - caution

    def into(self, result: Survey, rows: NDArray[np.int64]) -> None:
        """Fill in the rows of a survey."""
        stories = _Side(self, self.fit, self.counts, means(self.baselines, self.fit, self.panel, self.where))
        result.mean[rows] = np.where(self.begun, stories.mean, np.nan)
        has = np.array(
            [
                baseline.publishers is not None and each.publishers is not None
                for baseline, each in zip(self.baselines, self.series, strict=True)
            ]
        )
        limit = self.limit + np.where(has, _BOTH, 0.0)
        hour = self.where.windows.index(max(1, round(HOUR / self.panel.step)))
        result.hour_mean[rows], result.hour_variance[rows], result.limit[rows] = (
            stories.means[hour],
            stories.variances[hour],
            (limit + self.shares[hour]) * self.fit.tail[:, hour],
        )
        alone = np.array([each.single_publisher or each.largest is None for each in self.series])
        largest = np.stack([np.zeros(self.panel.n) if each.largest is None else np.nan_to_num(each.largest) for each in self.series])
        for window, width in enumerate(self.where.windows):
            strength = stories.strength(window, limit)
            left = stories.strength(window, limit, without=trailing(np.where(alone[:, None], 0.0, largest), width))
            enough = stories.sums[window] >= self.settings.min_stories
            rests = ~alone[:, None] & (left < _WITHOUT)
            fine = enough & stories.fresh & stories.large(window) & ~rests
            _take(result, rows, strength, fine & stories.lasting(window, fine & (strength >= 1)), window, 0, stories)
        if has.any():
            self._publishers(result, rows, np.flatnonzero(has), stories, limit, np.where(alone[:, None], 0.0, largest))
        exceptional = result.score[rows] >= 0.5
        _bounds(result, rows, exceptional, limit, self)

    def _publishers(
        self,
        result: Survey,
        rows: NDArray[np.int64],
        has: NDArray[np.int64],
        stories: _Side,
        limit: Floats,
        largest: Floats,
    ) -> None:
        baselines = [self.baselines[index] for index in has]
        rhythms = [each.publishers for each in baselines if each.publishers is not None]
        fitted = stacked(rhythms)
        usual = np.maximum([each.uptake for each in baselines], 1.0)[:, None]
        # Publishers come in bunches, a story at a time: of 1 + Poisson(usual - 1) each, they vary at least so much more than their mean.
        fitted = replace(fitted, fano=np.maximum(fitted.fano, usual + (usual - 1) / usual))
        counts = np.stack([self.series[index].publishers for index in has])
        side = _Side(self, fitted, counts, means(baselines, fitted, self.panel, self.where), has)
        for window in range(len(self.where.windows)):
            strength = side.strength(window, limit[has])
            left = side.strength(window, limit[has], without=trailing(largest[has], self.where.windows[window]))
            many = stories.sums[window][has] >= self.settings.min_stories
            taken = side.sums[window] >= np.maximum(self.settings.min_publishers, _UPTAKE * usual)
            several = side.sums[window] >= self.settings.min_publishers
            fine = (taken | (many & several)) & side.fresh & side.large(window)
            fine &= left >= np.minimum(strength, _WITHOUT)
            fine &= side.lasting(window, fine & (strength >= 1))
            kinds = np.where(many, 1, 2)
            _take(result, rows[has], strength, fine, window, kinds, side)

    def _rise(self, mean: Floats) -> Floats | None:
        """(windows, k, n) how many times the expected all other coverage has brought, at least 1; None: not known."""
        first = next((each for each in self.baselines if each.all is not None), None)
        if first is None or first.all is None or not np.isfinite(self.panel.stories).any():
            return None
        held = stacked([first.all])
        base = np.exp(held.level[0]) * held.shape[0, self.where.cell] * scale_at(first.all, first.through, self.panel)
        seen = np.isfinite(self.panel.stories) & (self.coverage > 0)
        total = np.where(seen, base * self.coverage, 0.0)
        count = np.where(seen, self.panel.stories, 0.0)
        own = np.where(seen & np.isfinite(self.counts), self.counts, 0.0)
        usual = np.where(seen, mean * self.coverage, 0.0)
        alone = np.array([each.stories is None or each.stories.alone for each in self.baselines])
        found = np.ones((len(self.where.windows), *mean.shape))
        for window in reversed(range(len(self.where.windows))):
            width = self.where.windows[window]
            whole = trailing(total, width)
            variance = held.fano[0, window] * whole + held.phi[0, window] * trailing(total**2, width)
            variance = variance + (held.level_var[0] + held.shape_var[0, 0]) * whole**2
            rest = np.maximum(trailing(total - np.minimum(usual, total), width), 1e-9)
            others = np.maximum(trailing(count - np.minimum(own, count), width), 0.0)
            tolerance = _TOLERANCE + _TOLERANCE_SD * np.sqrt(variance) / np.maximum(whole, 1e-9)
            rise = np.log(np.maximum(others, 1e-9) / rest)
            # Within the tolerance it may be chance; at twice that it is a rise, and counts in full.
            rise = np.clip(np.minimum(rise, 2 * (rise - tolerance)), 0.0, 5.0)
            rise = np.where(whole > 0, np.exp(rise), 1.0)
            found[window] = rise if window == len(found) - 1 else np.maximum(rise, found[window + 1])
        found[:, alone] = 1.0
        return found

    def _threshold(self, topics: int) -> float:
        """ln of the tail at which a window of a usual topic alerts."""
        order = np.lexsort((self.fit.phi[:, 0], self.fit.level))
        settled = [row for row in order if not self.baselines[row].learning] or list(order)
        picked = np.array(settled)[np.unique(np.linspace(0, len(settled) - 1, min(len(settled), _SAMPLE_TOPICS)).astype(np.int64))]
        per_hour = HOUR / self.panel.step
        found_means, found_variances, least = [], [], []
        for window, hours in enumerate(self.hours):
            cells = (np.arange(_SAMPLE_HOURS)[:, None] * (168 // _SAMPLE_HOURS + 1) + np.arange(max(1, round(hours)))[None]) % 168
            steps = np.exp(self.fit.level[picked])[:, None, None] * self.fit.shape[picked][:, cells]
            repeat = self.where.windows[window] / cells.shape[1]
            mean = steps.sum(axis=2) * repeat
            extra = (self.fit.level_var[picked] + _shape_var(self.fit, hours)[picked])[:, None]
            variance = self.fit.fano[picked, window, None] * mean + self.fit.phi[picked, window, None] * (steps**2).sum(axis=2) * repeat
            found_means.append(mean.ravel())
            found_variances.append((variance + extra * mean**2).ravel())
            least.append(np.maximum(self.settings.min_stories, _least(mean, hours)).ravel())
        return threshold(
            np.stack(found_means),
            np.stack(found_variances),
            np.stack(least),
            hours=self.hours,
            false_a_week=self.settings.false_mails_per_week,
            topics=topics,
            step_h=1 / per_hour,
        )


class _Side:
    """Stories or publishers: observed and expected in every window."""

    def __init__(self, bench: _Bench, fitted: Any, counts: Floats, mean: Floats, rows: NDArray[np.int64] | None = None) -> None:
        known = np.isfinite(counts) & (bench.coverage > 0)[None] & bench.begun[None]
        count = np.where(known, counts, 0.0)
        usual = np.where(known, mean * bench.coverage, 0.0)
        hidden = np.where(known, mean * (1 - bench.coverage), 0.0)
        self.hours, self.shares = bench.hours, bench.shares
        self.tail: Floats = fitted.tail
        self.mean = np.where(known, mean * bench.coverage, np.nan)
        self.known = known
        self.fresh = known & (count >= np.maximum(np.minimum(usual, count.max(initial=0.0) + 1), 1e-9)) & (count > 0)
        self.recent: dict[int, tuple[Floats, Floats, Floats]] = {}
        self.sums: list[Floats] = []
        self.means: list[Floats] = []
        self.variances: list[Floats] = []
        for window, width in enumerate(bench.where.windows):
            days = bench.days if rows is None else bench.days[rows]
            rise = 1.0 if bench.rise is None else bench.rise[window] if rows is None else bench.rise[window][rows]
            rise = rise * (bench.strange if rows is None else bench.strange[rows])[:, None]
            whole = trailing(usual, width) * rise
            square = trailing(usual**2, width) * rise**2
            unsure = (fitted.level_var + _shape_var(fitted, bench.hours[window]) + np.maximum(1 / days - 1 / _SETTLED_D, 0.0))[:, None]
            variance = fitted.fano[:, window, None] * whole + fitted.phi[:, window, None] * square + unsure * whole**2
            variance = variance + _BLIND * trailing(hidden, width) ** 2
            if bench.hours[window] >= _LONG_H:
                part = max(1, width // 3)
                lately, squared = trailing(usual, part) * rise, trailing(usual**2, part) * rise**2
                noise = fitted.fano[:, window, None] * lately + fitted.phi[:, window, None] * squared + unsure * lately**2
                self.recent[window] = (trailing(count, part), lately, noise)
            self.sums.append(trailing(count, width))
            self.means.append(whole)
            self.variances.append(variance)

    def strength(self, window: int, limit: Floats, *, without: Floats | None = None) -> Floats:
        """Evidence in thresholds: 1 alerts; 0 where nothing is above the expected."""
        count, mean, variance = self.sums[window], self.means[window], self.variances[window]
        if without is not None:
            count = np.maximum(count - without, 0.0)
        found = np.zeros_like(count)
        near = count > mean
        rows = np.broadcast_to((limit + self.shares[window])[:, None] * self.tail[:, window, None], count.shape)
        found[near] = log_tail(count[near], mean[near], variance[near]) / rows[near]
        return found

    def lasting(self, window: int, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether a long window's last third is itself more than usual, where `asked`: what was hours ago has been told of then."""
        recent = self.recent.get(window)
        found = np.ones_like(asked)
        if recent is not None and asked.any():
            found[asked] = log_tail(*(each[asked] for each in recent)) <= _LASTING
        return found

    def large(self, window: int) -> NDArray[np.bool_]:
        """Whether it is not only improbable but a good deal more than usual."""
        found: NDArray[np.bool_] = self.sums[window] >= _least(self.means[window], self.hours[window])
        return found


def _only_weekend(baseline: Baseline) -> bool:
    """Whether no day that it was learned from is surely a working day."""
    if baseline.stories is None or baseline.known_hours >= 24.0 * (len(_WEEKEND) + 1):
        return False
    seen = np.flatnonzero(baseline.stories.days_x > 0) - len(baseline.stories.days_x)
    return all((baseline.through + timedelta(days=int(ago))).weekday() in _WEEKEND for ago in seen)


def _least(mean: Floats, hours: float) -> Floats:
    return mean * (1 + _EXCESS * min(1.0, _EXCESS_H / hours))


def _shape_var(fitted: Any, hours: float) -> Floats:
    found: Floats = fitted.shape_var[:, 1 if hours >= 24 else 0]
    return found


def _exposure(panel: Panel, now: datetime) -> tuple[Floats, NDArray[np.bool_]]:
    """Coverage, with the running step judged as if it were over and seen in full; and which steps have begun."""
    coverage = covered(panel)
    running = panel.index(now)
    if 0 <= running < panel.n and panel.at(running) < now:
        coverage = coverage.copy()
        coverage[running] = 1.0
    begun = np.arange(panel.n) <= running
    return coverage, begun


def _take(
    result: Survey,
    rows: NDArray[np.int64],
    strength: Floats,
    fine: NDArray[np.bool_],
    window: int,
    kind: int | NDArray[np.int64],
    side: _Side,
) -> None:
    """Keep the clearest evidence of each step."""
    score = strength / (1 + strength)
    score = np.where(fine, score, np.minimum(score, 0.499) * 0.999)
    score = np.where(side.known, score, 0.0)
    better = score > result.score[rows]
    for name, value in (
        ("score", score),
        ("strength", strength),
        ("observed", side.sums[window]),
        ("expected", side.means[window]),
        ("window", window),
        ("kind", kind),
        ("bound", side.variances[window]),
    ):
        held = getattr(result, name)
        held[rows] = np.where(better, value, held[rows])


def _bounds(result: Survey, rows: NDArray[np.int64], exceptional: NDArray[np.bool_], limit: Floats, bench: _Bench) -> None:
    """Turn the variances kept in `bound` into counts, where they will be shown."""
    bound = result.bound[rows]
    where = np.nonzero(exceptional)
    if len(where[0]):
        least = np.where(result.kind[rows][where] == 0, bench.settings.min_stories, bench.settings.min_publishers)
        counts = upper_count(
            result.expected[rows][where], bound[where], limit[where[0]] + bench.shares[result.window[rows][where]], least=0.0
        )
        bound[where] = np.maximum(counts, least)
    bound[~exceptional] = np.nan
    result.bound[rows] = bound
