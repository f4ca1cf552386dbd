"""The picture in an alert: what was seen, hour by hour, against what was expected; pure (data to PNG bytes).

Drawn on a transparent ground in tones that can be read on white and on near-black, so that it fits light and dark mail alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

WIDTH_PX = 552
"""How wide it is shown at most."""
_FIGURE_PX = (470, 180)
"""Drawn narrower than it is shown on a desk, so that its words can be read on a phone."""
_SCALE = 2.4
_INK = "#7b8694"
_BAR = "#6e9fe8"
_HOT = "#e5484d"
_BAND = "#8f9bab"

Hours = Sequence[tuple[datetime, int, float, float]]
"""Hour, stories, expected, upper end of the expected band."""


def draw(hours: Hours, *, began_at: datetime, where: ZoneInfo) -> bytes | None:
    """A PNG of more than twice WIDTH_PX; None where there are fewer than two hours to show."""
    if len(hours) < 2:
        return None
    hours = sorted(hours)
    figure = Figure(figsize=(_FIGURE_PX[0] / 100, _FIGURE_PX[1] / 100), dpi=100 * _SCALE)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.06, 0.15, 0.93, 0.79))
    at = [_position(hour, where) for hour, *_ in hours]
    width = 1 / 24
    edges = [*at, at[-1] + width]
    upper = [band for *_, band in hours]
    expected = [each for _, _, each, _ in hours]
    axes.stairs(upper, edges, fill=True, color=_BAND, alpha=0.28, linewidth=0)
    axes.stairs(expected, edges, color=_INK, linewidth=1.1, linestyle=(0, (3, 2)), baseline=None)
    hot = [hour >= began_at.replace(minute=0, second=0, microsecond=0) for hour, *_ in hours]
    seen = [stories for _, stories, *_ in hours]
    axes.bar(at, seen, width=width * 0.82, align="edge", color=[_HOT if each else _BAR for each in hot], linewidth=0)
    top = max([*seen, *upper, 1])
    peak = max(range(len(seen)), key=lambda index: seen[index])
    if seen[peak]:
        axes.annotate(
            f"{seen[peak]}",
            (at[peak] + width * 0.41, seen[peak]),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9,
            fontweight="bold",
            color=_HOT if hot[peak] else _INK,
        )
    axes.set_ylim(0, top * 1.18)
    axes.set_xlim(edges[0], edges[-1])
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    _ticks(axes, hours, where)
    axes.tick_params(colors=_INK, labelsize=8.5, length=0, pad=3)
    axes.grid(axis="y", color=_BAND, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_BAND)
        spine.set_alpha(0.6)
    out = BytesIO()
    figure.savefig(out, format="png", transparent=True)
    return out.getvalue()


def _position(at: datetime, where: ZoneInfo) -> float:
    """Where a moment stands on the axis, by the clock on the reader's wall."""
    return float(date2num(at.astimezone(where).replace(tzinfo=None)))  # type: ignore[no-untyped-call]  # matplotlib has no types here


def _ticks(axes: object, hours: Hours, where: ZoneInfo) -> None:
    """Whole local hours, few enough to be read; the day's name at its first tick."""
    length = hours[-1][0] - hours[0][0] + timedelta(hours=1)
    step = next((each for each in (1, 2, 3, 6, 12, 24, 48) if length <= timedelta(hours=each * 8)), 24 * 7)
    places: list[float] = []
    labels: list[str] = []
    day = None
    for hour, *_ in hours:
        local = hour.astimezone(where)
        if (local.hour + (local.date().toordinal() * 24 if step > 24 else 0)) % step:
            continue
        places.append(_position(local, where))
        labels.append(f"{local:%a} {local.day}" if local.date() != day else f"{local:%H:%M}")
        day = local.date()
    axes.set_xticks(places, labels)  # type: ignore[attr-defined]  # an Axes; matplotlib's own class is too wide to be useful here


def describe(hours: Hours) -> str:
    """The picture in a sentence, for those who do not see it."""
    if not hours:
        return ""
    peak = max(hours, key=lambda each: each[1])
    first, last = min(hours)[0], max(hours)[0]
    return (
        f"Stories an hour from {first:%d %b %H:%M} to {last:%d %b %H:%M} UTC: most {peak[1]} at {peak[0]:%H:%M},"
        f" where {peak[2]:.1f} was expected and {peak[3]:.1f} the upper end"
    )
