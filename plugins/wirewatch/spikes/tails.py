"""Windows and tail probabilities of overdispersed counts; pure.

A count with mean `m` and variance `v > m` is taken for negative binomial with size `m² / (v - m)` (the gamma-Poisson mixture).
"""

from __future__ import annotations

import numpy as np
from scipy.special import betainc

from wirewatch.spikes.series import Floats

FLOOR = -690.0
"""ln of the smallest tail that is told apart (1e-300)."""
_PLAIN = 1e-6
"""Relative excess of the variance below which a count is as good as Poisson."""


def trailing(values: Floats, width: int) -> Floats:
    """Sums over the `width` last cells along the last axis, fewer at the begin."""
    sums = np.cumsum(values, axis=-1)
    if width < sums.shape[-1]:
        late = sums[..., width:] - sums[..., :-width]
        sums = np.concatenate([sums[..., :width], late], axis=-1)
    return sums


def log_tail(count: Floats, mean: Floats, variance: Floats) -> Floats:
    """ln P(N >= count), never below `FLOOR`; 0 for a count of 0.

    Falls strictly with `count` as long as it is above `FLOOR`.
    """
    mean = np.maximum(mean, 1e-9)
    size = mean * mean / np.maximum(variance - mean, _PLAIN * mean)
    with np.errstate(divide="ignore", under="ignore"):
        logs: Floats = np.log(betainc(np.maximum(count, 1e-9), size, mean / (mean + size)))
    found: Floats = np.where(count <= 0, 0.0, np.maximum(logs, FLOOR))
    return found


def upper_count(mean: Floats, variance: Floats, log_p: Floats | float, *, least: float = 0.0) -> Floats:
    """The smallest whole count at or above `least` whose tail is at most `exp(log_p)`."""
    mean, variance, target = np.broadcast_arrays(np.asarray(mean, float), variance, log_p)
    low = np.full(mean.shape, least)
    low = np.maximum(low, 0.0)
    reached = log_tail(low, mean, variance) <= target
    high = np.maximum(low, 1.0)
    open_ = ~reached
    while open_.any() and float(high.max()) < 1e12:
        high = np.where(open_, high * 2 + 2, high)
        open_ = ~reached & (log_tail(high, mean, variance) > target)
    while ((high - low > 1) & ~reached).any():
        middle = np.floor((low + high) / 2)
        fits = log_tail(middle, mean, variance) <= target
        high = np.where(fits & ~reached, middle, high)
        low = np.where(fits | reached, low, middle)
    found: Floats = np.where(reached, low, high)
    return found
