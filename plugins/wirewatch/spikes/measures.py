"""Scores of measures that are no counts (loads, prices, temperatures): how unlike its own past a series is, up or down; pure.

Every day of rows is judged by what came before it. Three views of a value are compared with how far they ever went: how far it is from
what is usual at that time, how far it jumped, and how much it moves at all. Past extremes, each episode once, are taken for generalised
Pareto (peaks over threshold; Coles 2001, chapter 4), which says how rarely something as extreme is to be expected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wirewatch.spikes.series import Floats

Seconds = NDArray[np.int64]
DAY_S = 86400
FALSE_A_WEEK, FALSE_A_ROW = 0.25, 0.001
"""Episodes that all views together may raise by chance, whichever is less."""
_LEAST_ROWS, _LEAST_DAYS = 60, 2
_MEMORY_D, _MEMORY_ROWS = 28, 400
_SLOW_D = 7
_GAP_H = 24.0
"""An episode is over after so long without anything exceptional."""
_MEAN_H = (0.0, 1.0, 6.0)
"""Windows over which the distance from the usual is averaged; 0: a single row."""
_MOVES_H = 3.0
_TAILS = (0.98, 0.95, 0.9)
_FEWEST = 6
"""Past episodes that a tail is judged by, where that many can be had."""
_SHAPE, _SHAPE_HELD = 0.1, 10.0
"""Shape of a tail where little is known, and the episodes that this is worth."""
_FLAT = 1e-3
"""Of its usual size that a series which never moved may move by."""


def scores(values: Floats, seconds: Seconds, *, falls_only: bool = False) -> Floats:
    """(n,) 0 to 1 for every row, 0.5 or more where an episode begins; nan is unknown and scores 0. `seconds` never decrease.

    `falls_only`: of counts, whose rises are judged better by what counts are.
    """
    found = np.zeros(len(values))
    known = np.flatnonzero(np.isfinite(values))
    if len(known) > _LEAST_ROWS:
        found[known] = _told(_strengths(values[known], seconds[known], falls_only), seconds[known])
    return found


@dataclass(slots=True)
class _View:
    """One way of looking at the series."""

    widths: tuple[int, ...]
    seen: Floats
    """(n,) what is looked at; nan where it could not be said."""
    error: list[float] = field(default_factory=list)
    """Typical size, block by block."""


def _strengths(values: Floats, seconds: Seconds, falls_only: bool) -> Floats:
    """(n,) evidence in thresholds."""
    n = len(values)
    step = float(np.median(np.diff(seconds))) or 1.0
    per_day = max(1, round(DAY_S / step))
    block = max(per_day, 16)
    rows = {hours: max(1, round(hours * 3600 / step)) for hours in (*_MEAN_H, _MOVES_H)}
    widths = tuple(sorted({rows[hours] for hours in _MEAN_H if rows[hours] <= max(1, block // 3)}))
    usual = [_View(widths=widths, seen=np.full(n, np.nan)) for _ in range(3)]
    jump = _View(widths=(1,), seen=_jumps(values, max(3, rows[1.0])))
    moves = _View(widths=(1,), seen=_moves(values, max(12, rows[_MOVES_H]), block))
    tests = 2 * (len(widths) + 2)
    wanted = min(FALSE_A_WEEK * step / (7 * DAY_S), FALSE_A_ROW) / tests
    found = np.zeros(n)
    for begin in range(block, n, block):
        here = slice(begin, min(n, begin + block))
        first = max(0, begin - max(_MEMORY_D * per_day, _MEMORY_ROWS))
        for view, guess in zip(usual, _guesses(values, seconds, first, here, per_day), strict=True):
            if guess is not None:
                view.seen[here] = values[here] - guess
                view.error.append(float(np.mean(np.abs(view.seen[here]))))
        ready = max(_LEAST_ROWS, _LEAST_DAYS * block)
        able = [view for view in usual if np.count_nonzero(np.isfinite(view.seen[first:begin])) >= ready]
        # The guess that has been best lately; the one that only starts out must not win by luck.
        best = min(able, key=lambda view: float(np.median(view.error[-8:-1])), default=None)
        size = _FLAT * float(np.median(np.abs(values[first:begin]))) + 1e-12
        for view in [*([] if falls_only else [jump, moves]), *([best] if best else [])]:
            least = 0.05 if view is moves else size
            for width in view.widths if begin - first >= ready else ():
                seen = _means(view.seen[first : here.stop], width)
                for sign in (-1.0,) if falls_only else (1.0, -1.0):
                    rarity = _rarity(sign * seen[: begin - first], sign * seen[begin - first :], max(width, rows[1.0]), least)
                    found[here] = np.maximum(found[here], np.log(rarity) / np.log(wanted))
    return found


def _guesses(values: Floats, seconds: Seconds, first: int, here: slice, per_day: int) -> list[Floats | None]:
    """What the rows of a block should be: as of late, as at that time of the day, as at that hour of the week."""
    past, times = values[first : here.start], seconds[first : here.start]
    of_late = np.full(here.stop - here.start, np.median(past[-_SLOW_D * per_day :]))
    found: list[Floats | None] = [of_late]
    for period, cell, least in ((DAY_S, 1800, 2), (7 * DAY_S, 3600, 2)):
        cells = max(1, period // cell)
        if per_day < 4 or times[-1] - times[0] < least * period * 0.95:
            found.append(None)
            continue
        places, wanted = ((each % period) * cells // period for each in (times, seconds[here]))
        order = np.argsort(places, kind="stable")
        bounds = np.searchsorted(places[order], np.arange(cells + 1))
        medians = np.array([np.median(past[order[a:b]]) if b > a else np.nan for a, b in pairwise(bounds)])
        guess = medians[wanted]
        found.append(np.where(np.isfinite(guess), guess, of_late))
    return found


def _jumps(values: Floats, width: int) -> Floats:
    """From the median of the rows before."""
    found = np.full(len(values), np.nan)
    if len(values) > width:
        before = np.lib.stride_tricks.sliding_window_view(values, width)[:-1]
        found[width:] = values[width:] - np.median(before, axis=1)
    return found


def _moves(values: Floats, width: int, block: int) -> Floats:
    """ln of how far it goes from row to row, on average over a window."""
    steps = np.abs(np.diff(values, prepend=values[:1]))
    usual = float(np.mean(steps[:block])) or 1e-12
    found: Floats = np.log(_means(steps, width) + 0.01 * usual)
    found[:width] = np.nan
    return found


def _means(values: Floats, width: int) -> Floats:
    """Trailing means of `width` rows; nan while there are fewer."""
    if width == 1:
        return values
    found = np.full(len(values), np.nan)
    if len(values) >= width:
        sums = np.cumsum(np.concatenate([[0.0], np.nan_to_num(values)]))
        found[width - 1 :] = (sums[width:] - sums[:-width]) / width
        gaps = np.cumsum(np.concatenate([[0], np.isnan(values)]))
        found[width - 1 :][gaps[width:] > gaps[:-width]] = np.nan
    return found


def _rarity(past: Floats, present: Floats, apart: int, least: float) -> Floats:
    """Episodes a row that would go as far up as `present` by what the past knows, at most 1; 1 where nothing can be said."""
    known = past[np.isfinite(past)]
    if len(known) < _LEAST_ROWS:
        return np.ones(len(present))
    for share in _TAILS:
        above = float(np.quantile(known, share))
        peaks = _peaks(known, above, apart)
        if len(peaks) >= _FEWEST:
            break
    count = max(len(peaks), 1)
    excess = np.sort(peaks - above) if len(peaks) else np.zeros(1)
    mean = float(excess.mean())
    # Probability-weighted moments (Hosking and Wallis 1987), held where few episodes say little.
    second = float(np.sum(np.arange(len(excess) - 1, -1, -1) * excess)) / max(1, count * (count - 1))
    own = 2 - mean / (mean - 2 * second) if mean - 2 * second > 1e-9 * mean else 0.5
    shape = float(np.clip((count * np.clip(own, -0.5, 0.8) + _SHAPE_HELD * _SHAPE) / (count + _SHAPE_HELD), 0.01, 0.5))
    scale = max(mean * (1 - shape), 0.05 * (above - float(np.median(known))), least) * (1 + 1 / np.sqrt(count))
    over = np.maximum(np.where(np.isfinite(present), present, above) - above, 0.0)
    rate = count / len(known)
    found: Floats = np.where(over > 0, rate * (1 + shape * over / scale) ** (-1 / shape), 1.0)
    return np.clip(found, 1e-300, 1.0)


def _peaks(known: Floats, above: float, apart: int) -> Floats:
    """The highest value of each episode above a height; episodes are at least `apart` rows from one another."""
    rows = np.flatnonzero(known > above)
    if not len(rows):
        return np.zeros(0)
    starts = np.flatnonzero(np.diff(rows, prepend=rows[0] - apart - 1) > apart)
    found: Floats = np.maximum.reduceat(known[rows], starts)
    return found


def _told(strength: Floats, seconds: Seconds) -> Floats:
    """Scores in which an episode is told once."""
    score = strength / (1 + strength)
    last = None
    for row in np.flatnonzero(strength >= 1).tolist():
        if last is not None and seconds[row] - last < _GAP_H * 3600:
            score[row] *= 0.5
        last = int(seconds[row])
    return score
