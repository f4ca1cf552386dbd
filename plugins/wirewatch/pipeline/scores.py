"""A score for every row of a file of counts, or of measures that are no counts."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import numpy as np

from wirewatch.pipeline.backtest import Backtest
from wirewatch.pipeline.counts_csv import Row, Table
from wirewatch.spikes import measures

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def row_scores(table: Table, found: Backtest | None) -> list[float]:
    """0 to 1 for every row, in their order; 0.5 is the alert threshold. `found`: the walk through the table, None for measures.

    Rises of counts are scored as the watch judges them. Where the file has a column `value`, falls are scored as well.
    """
    scores = [0.0 if found is None else float(found.scores[row.topic, row.step]) for row in table.rows]
    if not table.values:
        return scores
    by_topic: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(table.rows):
        by_topic[row.topic].append(place)
    for places in by_topic.values():
        ordered = sorted(places, key=lambda place: table.rows[place].at)
        for place, score in zip(ordered, _scored([table.rows[place] for place in ordered], found is not None), strict=True):
            scores[place] = max(scores[place], score)
    return scores


def _scored(rows: list[Row], falls_only: bool) -> list[float]:
    seconds = np.array([int((row.at - _EPOCH).total_seconds()) for row in rows], dtype=np.int64)
    found: list[float] = measures.scores(np.array([row.value for row in rows]), seconds, falls_only=falls_only).tolist()
    return found
