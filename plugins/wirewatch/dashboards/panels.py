"""The words that dashboards are written in: a few for every panel; `build` makes Kibana's saved objects of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TimeUnit = Literal["auto", "1h", "1d"]
What = Literal["count", "unique_count", "sum", "average", "min", "max", "median", "last_value"]

RED, AMBER, GREEN, BLUE, GREY = "#CC5642", "#D6BF57", "#54B399", "#6092C0", "#98A2B3"
"""Of Kibana's palette for people who see colours differently."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number: what is worked out of which field, of all documents or `only` some (KQL)."""

    label: str
    what: What
    field: str | None = None
    decimals: int = 0
    percent: bool = False
    only: str = ""
    date: bool = False
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Top:
    """The values of a field that have most of the measure number `by`."""

    field: str
    size: int = 10
    label: str = ""
    by: int = 0
    missing: bool = False
    """Documents without a value have a row of their own."""
    hidden: bool = False
    """Makes rows, but is no column."""


@dataclass(frozen=True, slots=True)
class Time:
    """Along a date; the view's time where none is named."""

    every: TimeUnit = "auto"
    field: str | None = None


Bucket = Top | Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What all panels have; sizes in Kibana's grid of 48 columns."""

    id: str
    title: str
    view: str
    """Kind of document, see `store.indices`."""
    about: str = ""
    """Shown with the title: what it says, and what it does not."""
    query: str = ""
    """KQL."""
    unfiltered: bool = False
    """The dashboard's filters do not hold for it: its documents have none of the fields."""
    width: int = 24
    height: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Panel):
    """One large number, under its own label."""

    measure: Measure
    title: str = ""
    width: int = 8
    height: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One drawing of a chart."""

    shape: Literal["bar_stacked", "line", "area", "bar"]
    measures: tuple[Measure, ...]
    split: Top | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Panel):
    """Bars, lines or areas over time, all layers on one time axis."""

    layers: tuple[Layer, ...]
    time: Time = Time()
    incidents: bool = False
    """Marks where incidents opened."""
    threshold: tuple[str, float] | None = None
    """A line across, with its name."""
    percent: bool = False
    """The axis goes from 0 to 100 %."""
    bridged: bool = False
    """Lines go on over hours that have no document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars(Panel):
    """One lying bar for every value of a field, the longest first."""

    by: Top
    measure: Measure
    split: Top | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """Rows of one field's values, or of several fields'."""

    by: tuple[Top, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Panel):
    """Documents, the newest first unless `sort` says otherwise."""

    columns: tuple[str, ...]
    sort: tuple[str, Literal["asc", "desc"]] | None = None
    width: int = 48
    height: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing(Panel):
    """What Lens has no chart for: a Vega-Lite specification, made for an index prefix."""

    spec: Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Panel):
    """A line of text (Markdown)."""

    text: str
    title: str = ""
    view: str = ""
    width: int = 48
    height: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard: rows of panels from the top, and the fields that it can be filtered by."""

    id: str
    title: str
    description: str
    rows: tuple[tuple[Panel, ...], ...]
    controls: tuple[tuple[str, str, str], ...] = ()
    """View, field and label of each; every panel that is not `unfiltered` has the field."""
    since: str = "now-7d"


@dataclass(frozen=True, slots=True)
class View:
    """A data view: a kind of document under its name in Kibana, with its time and how its fields are shown."""

    kind: str
    title: str
    time: str | None
    formats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def took(unit: str = "seconds") -> Mapping[str, Any]:
    """The format of a field that says how long something took."""
    params = {"inputFormat": unit, "outputFormat": "humanizePrecise", "outputPrecision": 1, "useShortSuffix": True}
    return {"id": "duration", "params": params | {"includeSpaceWithSuffix": True}}


LINK: Mapping[str, Any] = {"id": "url", "params": {}}
BYTES: Mapping[str, Any] = {"id": "bytes", "params": {}}
PERCENT: Mapping[str, Any] = {"id": "percent", "params": {"pattern": "0%"}}

VIEWS = (
    View("articles", "Wirewatch articles", "@timestamp", {"url": LINK, "seen_after_s": took(), "read_after_s": took()}),
    View("counts", "Wirewatch topic hours", "hour"),
    View("coverage", "Wirewatch coverage", "hour", {"coverage": PERCENT}),
    View(
        "incidents",
        "Wirewatch incidents",
        "opened_at",
        {"opened_after_s": took(), "acknowledged_after_s": took(), "closed_after_s": took()},
    ),
    View("notifications", "Wirewatch messages", "planned_at", {"sent_after_s": took(), "told_after_s": took()}),
    View("polls", "Wirewatch polls", "at", {"bytes": BYTES, "elapsed_ms": took("milliseconds")}),
    View("feeds", "Wirewatch feeds", None, {"url": LINK, "interval_s": took()}),
)
