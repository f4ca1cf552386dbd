"""How improbable a window must be, so that all topics together send a recipient so many false mails a week; pure."""

from __future__ import annotations

import math

import numpy as np

from wirewatch.spikes.series import Floats
from wirewatch.spikes.tails import log_tail, upper_count

HOURS_A_WEEK = 168.0
FEW_TOPICS, FEWEST, ALONE = 100, 25, 833.0
"""Fewer topics do not get more each but less: what a topic on its own does by chance within a few years is no exception to it."""
FRESHNESS = {1: 1.0, 3: 0.67, 6: 0.40, 24: 0.20}
"""By window in hours: how many episodes begin for every hour at which it would be exceptional by chance, given the shorter windows.

Windows overlap, and those of different widths see the same stories; measured on independent negative binomial counts of rates
0.03 to 10 an hour (benchmarks/detect.py calibrates them).
"""
SHARE = {1: 0.15, 3: 1.0, 6: 1.0, 24: 0.4}
"""By window in hours: how much of the tail at which windows of three and six hours alert one of another width is allowed.

News that matters lasts for hours: what only a single hour shows is mostly chance, and what only a day shows is mostly drift.
"""
_STEPS = 5
_RISE = 1.0


def threshold(
    means: Floats,
    variances: Floats,
    least: Floats,
    *,
    hours: tuple[float, ...],
    false_a_week: float,
    topics: int,
    step_h: float = 1.0,
) -> float:
    """ln of the tail probability at which a window alerts, but for its `share`.

    `means`, `variances`, `least` (windows, cells): a sample of windows over topics and hours of the week, and the count below which
    nothing is exceptional. Counts are whole, so most windows cannot spend all of their share; what they leave is given to all.
    """
    wanted = math.log(false_a_week / (_sharing(topics) * HOURS_A_WEEK) * step_h)
    if not means.size:
        return wanted
    weights = np.array([freshness(each, step_h) for each in hours])
    levels = np.array([wanted - 1.0 + index * _RISE for index in range(_STEPS)])
    spent = []
    apart = np.log([share(each) for each in hours])[:, None]
    for level in levels:
        counts = upper_count(means, variances, level + apart, least=0.0)
        attained = np.exp(log_tail(np.maximum(counts, least), means, variances))
        spent.append(math.log(max(float(np.sum(weights * attained.mean(axis=1))), 1e-12)))
    return float(np.interp(wanted, np.maximum.accumulate(spent), levels))


def _sharing(topics: int) -> float:
    """Topics that the budget is shared among."""
    if topics >= FEW_TOPICS:
        return float(topics)
    return ALONE if topics == 1 else FEW_TOPICS * float(FEW_TOPICS / max(topics, FEWEST)) ** 2


def share(hours: float) -> float:
    """How improbable a window of so many hours must be, as a factor of the tail that is asked of all."""
    names = sorted(SHARE)
    return float(np.interp(hours, names, [SHARE[each] for each in names]))


def freshness(hours: float, step_h: float) -> float:
    """Episodes a step at which a window of so many hours would be exceptional by chance."""
    if hours <= step_h:
        return 1.0
    names = sorted(FRESHNESS)
    return float(np.interp(hours, names, [FRESHNESS[each] for each in names])) * min(1.0, step_h)
