"""A walk through the past as a picture: what was counted, what was expected, and where incidents would have been; data to PNG bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from wirewatch.pipeline.backtest import Backtest
from wirewatch.pipeline.counts_csv import Table

MOST = 12
"""Topics in one picture."""
_WIDTH_IN, _HEIGHT_IN, _DPI = 11.0, 1.9, 130
_BAR, _INK, _HOT = "#6e9fe8", "#4a5560", "#e5484d"


def draw(table: Table, found: Backtest, topics: Sequence[str]) -> bytes:
    """A PNG with one panel a topic, at most `MOST`, over the time that was judged."""
    places = [place for topic in topics[:MOST] for place, each in enumerate(table.series) if each.topic == topic]
    figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN * max(1, len(places)) + 0.3), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, place in zip(figure.subplots(max(1, len(places)), 1, squeeze=False, sharex=True)[:, 0], places, strict=False):
        _panel(axes, table, found, place)
    out = BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _panel(axes: Axes, table: Table, found: Backtest, place: int) -> None:
    panel, series = table.panel, table.series[place]
    first = min(max(0, panel.index(found.start)), max(0, panel.n - 1))
    edges = [_position(panel.start + step * panel.step) for step in range(first, panel.n + 1)]
    axes.stairs(np.nan_to_num(series.stories[first:]), edges, fill=True, color=_BAR, label="stories")
    axes.stairs(found.expected[place, first:], edges, color=_INK, linewidth=0.9, baseline=None, label="expected")
    for each in found.incidents:
        if each.topic == series.topic:
            end = max(each.last_spike_at, each.began_at + timedelta(hours=1))
            axes.axvspan(_position(each.began_at), _position(end), color=_HOT, alpha=0.25, linewidth=0)
            axes.axvline(_position(each.opened_at), color=_HOT, linewidth=1.2)
    axes.set_title(series.topic, loc="left", fontsize=9, color=_INK)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.xaxis_date()
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]  # matplotlib has no types here
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=7.5, colors=_INK, length=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _position(at: datetime) -> float:
    return float(date2num(at.replace(tzinfo=None)))  # type: ignore[no-untyped-call]  # matplotlib has no types here
