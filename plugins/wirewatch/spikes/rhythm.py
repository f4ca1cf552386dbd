"""Fitting level, growth, hour-of-week shape and noise to many series at once; pure array work.

The model of a count in a step: mean = coverage · scale of all coverage · level · shape(hour of week), variance = fano · mean + phi · mean².
Everything uncertain is shrunk: shapes towards the shape that all series share, noise towards the noise that they share, each by how
much the series differ from one another (empirical Bayes by moments).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wirewatch.spikes.series import Floats
from wirewatch.spikes.tails import log_tail, trailing

CELLS = 168
HALF_LIFE_D = 14.0
"""Of what the level is learned from."""
ALL_HALF_LIFE_D = 3.0
"""The scale of all coverage follows sooner: it is known far better."""
_GROWTH_SD = 0.004
"""A day; how far a topic's share of all coverage is thought to move by itself."""
_GROWTH_SD_ALONE = 0.01
_FIRST_COUNT = 0.3
"""Pseudo-count at the level that the raw rate says, so that silence has a level and an uncertainty."""
_PHI = 0.4
"""Overdispersion where nothing is known yet."""
_CAP_SD = 4.0
_SPIKE_SD = 5.0
_SPIKE_SHARE = 0.02
"""At most so much of the time is taken for spikes; what happens more often is the topic's noise."""
_FOLLOWED = 3.0
"""Parameters that the level of the effective days is as good as fitted with."""
_MOST_FOLLOWED = 0.7
_NOISE_WEIGHT = 4.0
"""Precision of a series' noise factor around the shared one (a standard deviation of one half)."""
_NOISE_HELD = 10.0
"""Series that this is worth as evidence."""
_KURTOSIS = 5.0
_SHAPE_SPREAD = (0.15, 0.15, 0.01)
"""Variances of weekday, hour and hour-of-week effects around the shared shape where nothing is known yet."""
_SHAPE_BOUNDS = ((1e-3, 1.0), (1e-3, 1.0), (1e-4, 0.2))
_STEP, _STEP_SD, _STEP_NOISE = 0.25, 4.0, 0.02
"""ln, and standard deviations, that all coverage must have moved by to be on another level; and the least that days differ by."""
_STEP_BEFORE, _STEP_MEMORY = 4, 14
"""Days that a step is measured against, and days after which it no longer matters."""
_CHUNK = 500
_LEAST_PER_DAY, _LEAST_DAYS = 6, 5
"""Steps a day and known days from which on the tail can be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How the steps of a panel lie in days and weeks."""

    cell: NDArray[np.int64]
    """(n,) hour of the week, Monday 00 UTC is 0."""
    day: NDArray[np.int64]
    """(n,) ordinal of the day."""
    per_day: int
    windows: tuple[int, ...]
    """Widths in steps."""


def grid(start: datetime, step: timedelta, n: int) -> Grid:
    """The grid of `n` steps."""
    seconds = int(step.total_seconds())
    begin = int(start.timestamp())
    times = begin + seconds * np.arange(n, dtype=np.int64)
    hours = times // 3600
    # 1970-01-01 was a Thursday: 72 hours after Monday.
    return Grid(cell=(hours + 72) % CELLS, day=times // 86400, per_day=max(1, 86400 // seconds), windows=windows_of(step))


def windows_of(step: timedelta) -> tuple[int, ...]:
    """1, 3, 6 and 24 hours in steps, and a single step."""
    return tuple(sorted({1, *(max(1, round(timedelta(hours=hours) / step)) for hours in (1, 3, 6, 24))}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What was learned, one row a series."""

    through: int
    """Ordinal of the first day that is not in it; levels are as of its begin."""
    level: Floats
    """(k,) ln of the count a step at full coverage, scale 1 and mean shape."""
    growth: Floats
    """(k,) of `level`, a day."""
    level_var: Floats
    """(k,) of `level` half a day on."""
    shape: Floats
    """(k, 168), mean 1."""
    shape_var: Floats
    """(k, 2) relative variance of the shape: of an hour, of a day."""
    fano: Floats
    """(k, windows)"""
    phi: Floats
    """(k, windows)"""
    tail: Floats
    """(k, windows) how many times heavier the upper tail is than the model's, as a factor of ln p; at least 1."""
    days_y: Floats
    """(k, days) capped counts of the last days before `through`."""
    days_x: Floats
    """(k, days) their exposure: coverage times shape, summed."""
    known: Floats
    """(k,) steps that it was learned from."""

    def rows(self, index: NDArray[np.int64] | list[int]) -> Fit:
        """The same for some series."""
        return replace(self, **{each.name: getattr(self, each.name)[index] for each in fields(self) if each.name != "through"})


def fit(
    counts: Floats,
    coverage: Floats,
    where: Grid,
    *,
    through: int,
    days: int,
    scale: Floats | None,
    parent: Floats | None,
    half_life_d: float = HALF_LIFE_D,
    robust: bool = True,
) -> Fit:
    """Learn from `counts` (k, n; nan unknown) of the `days` days before `through`.

    `scale` (k, days): the scale of all coverage; None: 1, and growth is the series' own. `parent` (168,): a shape to start from.
    """
    k = len(counts)
    inside = (where.day < through) & (where.day >= through - days) & (coverage > 0)
    seen = np.isfinite(counts) & inside[None, :]
    y = np.where(seen, counts, 0.0)
    exposure = np.where(seen, coverage[None, :], 0.0)
    which_day = np.clip(where.day - (through - days), 0, days - 1)
    state = _State(y, exposure, where, which_day, days, np.ones((k, days)) if scale is None else scale)
    state.alone = scale is None
    state.half_life_d = half_life_d
    parent = np.ones(CELLS) if parent is None else parent
    for round_ in range(3):
        if robust:
            state.cap()
        for _ in range(2 if round_ == 0 else 1):
            state.fit_shape(parent)
            state.fit_level()
        state.fit_noise(sparse=round_ < 2)
    return state.result(through, np.count_nonzero(seen, axis=1).astype(float))


class _State:
    """The fit under way; every array has one row a series."""

    def __init__(self, y: Floats, exposure: Floats, where: Grid, which_day: NDArray[np.int64], days: int, scale: Floats) -> None:
        k, n = y.shape
        self.y, self.capped, self.exposure, self.where, self.which_day = y, y, exposure, where, which_day
        self.days, self.scale, self.alone, self.half_life_d = days, scale, True, HALF_LIFE_D
        self.cells = np.zeros((n, CELLS))
        self.cells[np.arange(n), where.cell] = 1.0
        self.by_day = np.zeros((n, days))
        self.by_day[np.arange(n), which_day] = 1.0
        self.shape = np.ones((k, CELLS))
        self.shape_var = np.zeros((k, 2))
        self.freedom = np.zeros((k, 2))
        self.fano = np.ones((k, len(where.windows)))
        self.phi = np.full((k, len(where.windows)), _PHI)
        base = exposure @ self.by_day
        self.level = np.log((y.sum(axis=1) + _FIRST_COUNT) / ((base * scale).sum(axis=1) + max(1.0, where.per_day / 24)))
        self.growth = np.zeros(k)
        self.level_var = np.ones(k)
        self.days_y = y @ self.by_day
        self.days_x = base
        self.spikes = np.zeros_like(y, dtype=bool)

    def cap(self) -> None:
        """Bound what a single step can say about level and shape, so that past spikes do not hide new ones."""
        for part in _chunks(len(self.y)):
            mean = self._mean_of(part)
            sd = np.sqrt(self.fano[part, :1] * mean + self.phi[part, :1] * mean**2 + 1e-9)
            z = np.where(self.exposure[part] > 0, (self.y[part] - mean - 1.0) / sd, -np.inf)
            usual = _upper_share(z, _SPIKE_SHARE, self.exposure[part] > 0)
            limit = np.maximum(usual, _CAP_SD)[:, None]
            if part.start == 0:
                self.capped = np.empty_like(self.y)
            self.capped[part] = np.minimum(self.y[part], mean + 1.0 + limit * sd)
            spikes = z > np.maximum(usual, _SPIKE_SD)[:, None]
            spikes[:, 1:] |= spikes[:, :-1].copy()
            spikes[:, :-1] |= spikes[:, 1:].copy()
            self.spikes[part] = spikes | self._episodes(part, mean)

    def _episodes(self, part: slice, mean: Floats) -> NDArray[np.bool_]:
        """Steps of windows that stick out as a whole, though their steps may not."""
        found = np.zeros(mean.shape, dtype=bool)
        for index, width in enumerate(self.where.windows):
            if width == 1 or width > self.where.per_day // 4:
                continue
            total = trailing(mean, width)
            spread = self.fano[part, index, None] * total + self.phi[part, index, None] * trailing(mean**2, width)
            z = (trailing(self.y[part], width) - total - 1.0) / np.sqrt(spread + 1e-9)
            z[self.exposure[part] <= 0] = -np.inf
            usual = _upper_share(z, _SPIKE_SHARE, self.exposure[part] > 0)
            high = z > np.maximum(usual, _SPIKE_SD)[:, None]
            reached = np.cumsum(high, axis=1)
            # A window ends at its step: all steps that some high window holds.
            ahead = np.minimum(np.arange(high.shape[1]) + width - 1, high.shape[1] - 1)
            found |= reached[:, ahead] - np.pad(reached, ((0, 0), (1, 0)))[:, :-1] > 0
        return found

    def _mean_of(self, part: slice) -> Floats:
        ages = np.arange(self.days) - self.days + 0.5
        daily = np.exp(self.level[part, None] + self.growth[part, None] * ages) * self.scale[part]
        found: Floats = self.exposure[part] * daily[:, self.which_day] * self.shape[part][:, self.where.cell]
        return found

    def fit_shape(self, parent: Floats) -> None:
        """Hour-of-week shapes: shared shape × weekday × hour × what is left, each shrunk."""
        k = len(self.y)
        seen, free = np.empty((k, CELLS)), np.empty((k, CELLS))
        for part in _chunks(k):
            mean = self._mean_of(part)
            weight = 1 / (self.fano[part, :1] + self.phi[part, :1] * mean)
            seen[part] = (self.capped[part] * weight) @ self.cells
            free[part] = (mean * weight) @ self.cells / self.shape[part]
        slow = self._slowness()
        every, whole, one = seen.sum(axis=0)[None], free.sum(axis=0)[None], np.ones(1)
        # The shared shape has errors of its own, which all series have in common.
        shared, errors, _ = _shrunk(every, whole, parent[None], _spread(every, whole, parent[None], one))
        self.shape, own, self.freedom = _shrunk(seen, free, shared, _spread(seen, free, shared, slow), slow)
        self.shape_var = own + errors

    def _slowness(self) -> Floats:
        """(k,) how much noisier days are than their hours alone would make them, at least 1."""
        if len(self.where.windows) < 2:
            return np.ones(len(self.y))
        daily = self.days_x.sum(axis=1) / np.maximum((self.days_x > 0).sum(axis=1), 1) * np.exp(self.level)
        spread = np.mean(self.shape**2, axis=1) / self.where.per_day
        long = self.fano[:, -1] + self.phi[:, -1] * daily * spread
        short = self.fano[:, 0] + self.phi[:, 0] * daily * spread
        found: Floats = np.maximum(long / short, 1.0)
        return found

    def fit_level(self) -> None:
        """Level and growth as of the end of the last day."""
        k = len(self.y)
        for part in _chunks(k):
            self.days_y[part] = self.capped[part] @ self.by_day
            self.days_x[part] = (self.exposure[part] * self.shape[part][:, self.where.cell]) @ self.by_day
        self.level, self.growth, self.level_var = levels(
            self.days_y,
            self.days_x * self.scale,
            fano=self.fano[:, -1],
            phi=self.phi[:, -1] * np.mean(self.shape**2, axis=1) / self.where.per_day,
            half_life_d=self.half_life_d,
            alone=self.alone,
        )

    def fit_noise(self, *, sparse: bool) -> None:
        """Fano factor and overdispersion of every window; `sparse`: from some windows, soon to be done again."""
        steps = np.maximum(np.count_nonzero(self.exposure > 0, axis=1), 1)
        for index, width in enumerate(self.where.windows):
            stride = max(1, width // 3) * (3 if sparse else 1)
            first, second, third = [], [], []
            for part in _chunks(len(self.y)):
                mean = np.where(self.spikes[part], 0.0, self._mean_of(part))
                count = np.where(self.spikes[part], 0.0, self.y[part])
                picked = slice(width - 1, None, stride)
                total = trailing(mean, width)[:, picked]
                first.append(total)
                second.append(trailing(mean**2, width)[:, picked])
                third.append((trailing(count, width)[:, picked] - total) ** 2 - total)
            overlap = 1.0 if width == 1 else 2.0
            # The fitted mean has followed some of the noise: residuals are too small by its leverage.
            slow = (self.freedom[:, 1] + _FOLLOWED * max(1.0, self.days / (2 * self.half_life_d))) * width
            followed = (slow + np.where(width < self.where.per_day, self.freedom[:, 0], 0.0)) / steps
            held = 1 / (1 - np.minimum(followed, _MOST_FOLLOWED))
            third = [(each + mean) * held[part, None] - mean for each, mean, part in zip(third, first, _chunks(len(self.y)), strict=True)]
            self.fano[:, index], self.phi[:, index] = _noise(first, second, third, _KURTOSIS * overlap)

    def tails(self) -> Floats:
        """How much heavier the tails are than the model's: by the daily maxima, whose upper quartile a few past spikes do not move."""
        k = len(self.y)
        found = np.ones((k, len(self.where.windows)))
        per_day = self.where.per_day
        days = self.y.shape[1] // per_day
        if per_day < _LEAST_PER_DAY or days < _LEAST_DAYS:
            return found
        extra = self.level_var + self.shape_var[:, 0]
        for index, width in enumerate(self.where.windows):
            cells = per_day / width * 1.5
            if width >= per_day:
                found[:, index] = found[:, index - 1]
                continue
            for part in _chunks(k):
                step_mean = self._mean_of(part)
                mean, square = trailing(step_mean, width), trailing(step_mean**2, width)
                spread = self.fano[part, index, None] * mean + self.phi[part, index, None] * square + extra[part, None] * mean**2
                count = trailing(self.y[part], width)
                z = np.where(self.exposure[part] > 0, (count - mean) / np.sqrt(spread + 1e-9), -np.inf)
                blocks = z[:, -days * per_day :].reshape(len(z), days, per_day)
                places = blocks.argmax(axis=2) + np.arange(days) * per_day + (z.shape[1] - days * per_day)
                chosen = [np.take_along_axis(each, places, axis=1) for each in (count, mean, spread, z)]
                surprise = -log_tail(chosen[0], chosen[1], chosen[2])
                seen = np.isfinite(chosen[3])
                wanted = -np.log1p(-(0.75 ** (1 / cells)))
                enough = np.count_nonzero(seen, axis=1)
                quartile = np.nanquantile(np.where(seen, surprise, np.nan), 0.75, axis=1) if seen.any(axis=1).all() else np.zeros(len(z))
                # A standard error of the quartile is allowed for: density 0.22, share 0.75.
                allowed = np.sqrt(0.75 * 0.25 / np.maximum(enough, 1)) / 0.22
                heavier = (quartile - allowed) / wanted
                found[part, index] = np.where(enough >= _LEAST_DAYS, np.clip(heavier, 1.0, 20.0), 1.0)
        return found

    def result(self, through: int, known: Floats) -> Fit:
        return Fit(
            through=through,
            level=self.level,
            growth=self.growth,
            level_var=self.level_var,
            shape=self.shape,
            shape_var=self.shape_var,
            fano=self.fano,
            phi=self.phi,
            tail=self.tails(),
            days_y=self.days_y,
            days_x=self.days_x,
            known=known,
        )


def levels(
    y: Floats, x: Floats, *, fano: Floats, phi: Floats, half_life_d: float = HALF_LIFE_D, alone: bool = False
) -> tuple[Floats, Floats, Floats]:
    """Level, growth and the level's variance half a day on, from counts `y` and exposures `x` (k, days), the last day last.

    A discounted log-linear fit by Newton's method; `phi` is relative to a day's squared mean.
    """
    k, days = y.shape
    ages = np.arange(days) - days + 0.5
    discount = 0.5 ** (-ages / half_life_d)
    raw = (y.sum(axis=1) + _FIRST_COUNT) / (x.sum(axis=1) + 24.0)
    # The newest days say where the level is to start from; where they say little, all of them do.
    near = (np.sum(y * discount, axis=1) + _FIRST_COUNT) / (np.sum(x * discount, axis=1) + _FIRST_COUNT / raw)
    level, growth = np.log(near), np.zeros(k)
    stiff = 1 / (_GROWTH_SD_ALONE if alone and half_life_d > ALL_HALF_LIFE_D else _GROWTH_SD) ** 2
    for _ in range(6):
        mean = x * np.exp(np.clip(level[:, None] + growth[:, None] * ages, -30, 30))
        weight = discount / (fano[:, None] + phi[:, None] * mean)
        rest = weight * (y - mean)
        pull = _FIRST_COUNT * (1 - np.exp(np.clip(level - np.log(raw), -30, 30)))
        slope_0, slope_1 = rest.sum(axis=1) + pull, (rest * ages).sum(axis=1) - stiff * growth
        h00 = (weight * mean).sum(axis=1) + _FIRST_COUNT
        h01 = (weight * mean * ages).sum(axis=1)
        h11 = (weight * mean * ages**2).sum(axis=1) + stiff
        det = h00 * h11 - h01**2
        level = level + np.clip((h11 * slope_0 - h01 * slope_1) / det, -2, 2)
        growth = np.clip(growth + np.clip((h00 * slope_1 - h01 * slope_0) / det, -0.05, 0.05), -0.15, 0.15)
    # The level half a day on is level + growth / 2; old days count less than the certainty that they give (a sandwich).
    to_level, to_growth = (h11 - 0.5 * h01) / det, (0.5 * h00 - h01) / det
    pulls = weight * mean * discount * (to_level[:, None] + to_growth[:, None] * ages) ** 2
    return level, growth, pulls.sum(axis=1) + _FIRST_COUNT * to_level**2 + stiff * to_growth**2


def last_step(y: Floats, x: Floats) -> int:
    """The day (index) on which the present level began: after the last step up or down that days differ by for good; 0: there was none.

    From counts `y` and exposures `x` (days,). A day within which the step lies belongs to neither level, once there is a later one.
    """
    known = np.flatnonzero((x > 0.25 * np.max(x, initial=0.0)) & (x > 0))
    if len(known) < _STEP_BEFORE:
        return 0
    logs = np.log((y[known] + _FIRST_COUNT) / x[known])
    usual = float(np.median(np.abs(np.diff(logs)))) / (0.6745 * np.sqrt(2))
    noise = max(usual, _STEP_NOISE)
    best, first = 0.0, 0
    for place in range(max(_STEP_BEFORE - 1, len(known) - _STEP_MEMORY), len(known)):
        before, after = logs[max(0, place - _STEP_BEFORE) : place], logs[place:]
        step = abs(float(np.mean(after)) - float(np.median(before)))
        clear = step / (noise * np.sqrt(1 / len(after) + 1 / len(before)))
        if step >= _STEP and clear >= _STEP_SD and clear > best:
            best, first = clear, place
    if first and len(known) - first > 1 and abs(logs[first] - float(np.mean(logs[first + 1 :]))) > 3 * noise:
        first += 1
    return int(known[first]) if first else 0


def _chunks(k: int) -> list[slice]:
    return [slice(begin, min(begin + _CHUNK, k)) for begin in range(0, k, _CHUNK)]


def _upper_share(z: Floats, share: float, seen: NDArray[np.bool_]) -> Floats:
    """Per row, the value that only `share` of the seen cells exceed."""
    k, n = z.shape
    wanted = np.ceil(seen.sum(axis=1) * share).astype(np.int64)
    most = int(max(wanted.max(initial=0), 0)) + 1
    if most >= n:
        return np.full(k, np.inf)
    top: Floats = -np.sort(-np.partition(z, n - most, axis=1)[:, n - most :], axis=1)
    found: Floats = top[np.arange(k), np.minimum(wanted, most - 1)]
    return found


def _sums(cells: Floats, axis: int) -> Floats:
    found: Floats = cells.reshape(len(cells), 7, 24).sum(axis=axis)
    return found


def _wide(effects: Floats, axis: int) -> Floats:
    found: Floats = np.repeat(effects, 24, axis=1) if axis == 2 else np.tile(effects, (1, 7))
    return found


def _shrunk(
    seen: Floats, free: Floats, parent: Floats, spread: tuple[float, float, float], slow: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Shapes (k, 168) of mean 1, their relative variances (k, 2: of an hour, of a day) and the parameters that they are worth (k, 2:
    within days, of days), from weighted counts and shape-free expectations.
    """
    held = np.ones(len(seen)) if slow is None else slow
    shape = np.broadcast_to(parent, seen.shape).copy()
    errors, freedom = [], []
    for axis, variance, slowness in ((2, spread[0], held), (1, spread[1], np.sqrt(held)), (0, spread[2], np.ones_like(held))):
        prior = (slowness / variance)[:, None]
        base = _matched(free * shape, seen)
        count = seen
        if axis:
            base, count = _sums(base, axis), _sums(seen, axis)
        effect = (count + prior) / (base + prior)
        shape = shape * (_wide(effect, axis) if axis else effect)
        # Quiet hours are known worst, and they are where a false alarm is soonest raised.
        errors.append(np.quantile(slowness[:, None] / (base + prior), 0.9, axis=1))
        freedom.append(np.sum(base / (base + prior), axis=1))
    variances = np.stack([errors[0] + errors[1] + errors[2], errors[0]], axis=1)
    return shape / shape.mean(axis=1, keepdims=True), variances, np.stack([freedom[1] + freedom[2], freedom[0]], axis=1)


def _matched(base: Floats, seen: Floats) -> Floats:
    """Expectations with the level of what was seen: a shape says nothing of the level, least of all from one weekday."""
    total = base.sum(axis=1)
    found: Floats = base * np.where(total > 0, (seen.sum(axis=1) + _FIRST_COUNT) / (total + _FIRST_COUNT), 1.0)[:, None]
    return found


def _spread(seen: Floats, free: Floats, shared: Floats, slow: Floats) -> tuple[float, float, float]:
    """How much the series' weekday, hour and hour-of-week effects differ from the shared shape: variances by moments."""
    found = []
    shape = np.broadcast_to(shared, seen.shape)
    helds = (slow, np.sqrt(slow), np.ones_like(slow))
    for axis, start, bounds, slowness in zip((2, 1, 0), _SHAPE_SPREAD, _SHAPE_BOUNDS, helds, strict=True):
        base = _matched(free * shape, seen)
        base = (base if axis == 0 else _sums(base, axis)) / slowness[:, None]
        count = (seen if axis == 0 else _sums(seen, axis)) / slowness[:, None]
        enough = base > 0.5
        ratio = np.divide(count, base, out=np.ones_like(base), where=enough)
        noise = np.divide(1.0, base, out=np.ones_like(base), where=enough)
        weight = np.where(enough, 1 / (noise + start) ** 2, 0.0)
        held = 10 / start**2
        variance = (float(np.sum(weight * ((ratio - 1) ** 2 - noise))) + held * start) / (float(weight.sum()) + held)
        variance = float(np.clip(variance, *bounds))
        found.append(variance)
        if axis:
            prior = 1 / variance
            shape = shape * _wide((count + prior) / (base + prior), axis)
    return found[0], found[1], found[2]


def _noise(means: list[Floats], squares: list[Floats], excesses: list[Floats], kurtosis: float) -> tuple[Floats, Floats]:
    """Fano factor and overdispersion of every series, shrunk to the shared ones.

    From window means, sums of squared step means, and squared residuals less the mean, in chunks of series.
    """
    extra, phi = 0.0, _PHI
    for _ in range(3):
        a11, a12, a22, b1, b2 = 0.3, 0.0, 10.0 * 0.1, 0.0, 10.0 * 0.1 * _PHI
        for mean, square, excess in zip(means, squares, excesses, strict=True):
            weight = np.where(mean > 0, 1 / (mean + extra * mean + phi * square + 1e-9) ** 2, 0.0) / kurtosis
            pooled = extra * mean + phi * square
            held = _NOISE_WEIGHT / (_NOISE_WEIGHT + np.sum(weight * pooled**2, axis=1, keepdims=True))
            weight = weight * held
            a11 += float(np.sum(weight * mean**2))
            a12 += float(np.sum(weight * mean * square))
            a22 += float(np.sum(weight * square**2))
            b1 += float(np.sum(weight * mean * excess))
            b2 += float(np.sum(weight * square * excess))
        det = a11 * a22 - a12**2
        extra, phi = (a22 * b1 - a12 * b2) / det, (a11 * b2 - a12 * b1) / det
        if extra < 0:
            extra, phi = 0.0, b2 / a22
        if phi < 0.01:
            extra, phi = max(b1 / a11, 0.0), 0.01
    own, known = np.ones(0), np.ones(0)
    for mean, square, excess in zip(means, squares, excesses, strict=True):
        factor = np.ones(len(mean))
        pooled = extra * mean + phi * square
        for _ in range(3):
            # Weights follow the series' own noise, else a noisy one is judged by its few loudest hours.
            weight = np.where(mean > 0, 1 / (mean + factor[:, None] * pooled + 1e-9) ** 2, 0.0) / kurtosis
            precision = np.sum(weight * pooled**2, axis=1)
            raw = np.sum(weight * pooled * excess, axis=1)
            factor = np.clip((raw + _NOISE_WEIGHT) / (precision + _NOISE_WEIGHT), 0.05, 200.0)
        own, known = np.append(own, raw / np.maximum(precision, 1e-9)), np.append(known, precision)
    held = _differ(own, known)
    own = np.clip((own * known + held) / (known + held), 0.05, 200.0)
    # What a false alarm costs is worse than what a spike a little later costs: noise is taken at its upper end.
    own = own * (1 + 1 / np.sqrt(known + held))
    return 1 + own * extra, own * phi


def _differ(factors: Floats, known: Floats) -> float:
    """The precision with which a series' own noise is like the shared one, from how much factors differ beyond their errors."""
    weight = known / (known + _NOISE_WEIGHT)
    variance = np.sum(weight * (np.minimum((factors - 1) ** 2, 4.0) - np.minimum(1 / np.maximum(known, 1e-9), 4.0)))
    variance = (float(variance) + _NOISE_HELD / _NOISE_WEIGHT) / (float(weight.sum()) + _NOISE_HELD)
    return 1 / float(np.clip(variance, 0.005, 1.0))
