"""A score for every row of a file of counts, or of measures that are no counts."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import numpy as np

from wirewatch.pipeline.backtest import Backtest
from wirewatch.pipeline.counts_csv import Table
from wirewatch.spikes import measures
from wirewatch.spikes.series import Floats

_LARGE, _STEADY = 10.0, 0.5
"""From which size on counts vary about as much as their mean, and the share of it below which they are taken for something else."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def row_scores(table: Table, found: Backtest | None) -> list[float]:
    """0 to 1 for every row, in their order; 0.5 is the alert threshold. `found`: the walk through the table, None for measures.

    Rises of counts are scored as the watch judges them. Where the file has a column `value`, falls are scored as well, and so is what is
    steadier than counts of independent things can be (a temperature in whole degrees).
    """
    scores = [0.0 if found is None else float(found.scores[row.topic, row.step]) for row in table.rows]
    if not table.values:
        return scores
    by_topic: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(table.rows):
        by_topic[row.topic].append(place)
    for places in by_topic.values():
        ordered = sorted(places, key=lambda place: table.rows[place].at)
        values = np.array([table.rows[place].value for place in ordered])
        seconds = np.array([int((table.rows[place].at - _EPOCH).total_seconds()) for place in ordered], dtype=np.int64)
        counts = found is not None and not _steady(values[np.isfinite(values)])
        for place, score in zip(ordered, measures.scores(values, seconds, falls_only=counts).tolist(), strict=True):
            scores[place] = max(scores[place], score)
    return scores


def _steady(values: Floats) -> bool:
    """Whether values hardly differ from one row to the next, for counts of their size."""
    level = float(np.median(values)) if len(values) else 0.0
    if len(values) < 2 or level < _LARGE:
        return False
    spread = float(np.median(np.abs(np.diff(values)))) / (0.6745 * np.sqrt(2))
    return bool(spread**2 < _STEADY * level)
