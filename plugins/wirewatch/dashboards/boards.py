"""What the dashboards show, in a few words a panel; `build` makes Kibana's saved objects of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

TimeUnit = Literal["auto", "1h", "1d"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number: what is worked out of which field."""

    label: str
    what: Literal["count", "unique_count", "sum", "average", "max", "median"]
    field: str | None = None
    decimals: int = 0
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Top:
    """The values of a field that have most of the first measure (or of the alphabet's beginning)."""

    field: str
    size: int = 10
    label: str = ""


@dataclass(frozen=True, slots=True)
class Time:
    """Along the view's time field."""

    every: TimeUnit = "auto"


Bucket = Top | Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What all panels have; sizes in Kibana's grid of 48 columns."""

    id: str
    title: str
    view: str
    """Kind of document, see `store.indices`."""
    query: str = ""
    """KQL."""
    width: int = 24
    height: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Panel):
    """One large number."""

    measure: Measure
    width: int = 8
    height: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One drawing of a chart."""

    shape: Literal["bar_stacked", "line", "area", "bar"]
    measures: tuple[Measure, ...]
    split: Top | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Panel):
    """Bars, lines or areas over time, all layers on one time axis; `incidents` marks where incidents opened."""

    layers: tuple[Layer, ...]
    every: TimeUnit = "auto"
    incidents: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars(Panel):
    """Bars of a field's values, or a table of several fields."""

    by: tuple[Bucket, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat(Panel):
    """A map of values: a field's values down, time across."""

    down: Top
    measure: Measure
    every: TimeUnit = "1d"
    width: int = 48
    height: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Panel):
    """Documents, newest first."""

    columns: tuple[str, ...]
    width: int = 48
    height: int = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard: rows of panels from the top, and the fields that it can be filtered by."""

    id: str
    title: str
    description: str
    rows: tuple[tuple[Panel, ...], ...]
    controls: tuple[tuple[str, str, str], ...] = ()
    """View, field and label of each."""
    since: str = "now-7d"


@dataclass(frozen=True, slots=True)
class View:
    """A data view: a kind of document under its name in Kibana, with its time."""

    kind: str
    title: str
    time: str | None
    shown: tuple[str, ...] = field(default=())


VIEWS = (
    View("articles", "Wirewatch articles", "@timestamp"),
    View("counts", "Wirewatch topic hours", "hour"),
    View("coverage", "Wirewatch coverage", "hour"),
    View("incidents", "Wirewatch incidents", "opened_at"),
    View("notifications", "Wirewatch messages", "planned_at"),
    View("polls", "Wirewatch polls", "at"),
    View("feeds", "Wirewatch feeds", None),
)

READABLE = "status: (ready or partial)"
ARTICLES = Measure("Articles", "count")
STORIES = Measure("Stories", "unique_count", "story_id")
PUBLISHERS = Measure("Publishers", "unique_count", "publisher")
SURPRISE = Measure("Surprise", "max", "score", decimals=2)
COVERAGE = Measure("Coverage", "average", "coverage", percent=True)

NEWSROOM = Board(
    id="newsroom",
    title="Wirewatch: Newsroom",
    description="What comes in, what is unusual, and whether anything was missed.",
    since="now-14d",
    controls=(("articles", "topic", "Topic"), ("articles", "publisher", "Publisher"), ("articles", "language", "Language")),
    rows=(
        (Heat(id="surprise", title="Surprise by topic and day", view="counts", down=Top("topic", 20, "Topic"), measure=SURPRISE),),
        (
            Chart(
                id="coverage",
                title="Coverage: below 100 % something was out of reach",
                view="coverage",
                layers=(Layer(shape="area", measures=(COVERAGE,)),),
                width=48,
                height=8,
            ),
        ),
        (
            Number(id="articles", title="", view="articles", query=READABLE, measure=ARTICLES, width=12),
            Number(id="stories", title="", view="articles", query=READABLE, measure=STORIES, width=12),
            Number(id="publishers", title="", view="articles", query=READABLE, measure=PUBLISHERS, width=12),
            Number(id="incidents", title="", view="incidents", measure=Measure("Incidents", "count"), width=12),
        ),
        (
            Chart(
                id="volume",
                title="Articles by topic",
                view="articles",
                query=f"{READABLE} and topics: *",
                layers=(Layer(shape="bar_stacked", measures=(ARTICLES,), split=Top("topics", 8, "Topic")),),
                incidents=True,
                width=32,
                height=14,
            ),
            Bars(
                id="shares",
                title="Topics",
                view="articles",
                query=f"{READABLE} and topics: *",
                by=(Top("topics", 15, "Topic"),),
                measures=(STORIES, PUBLISHERS, ARTICLES),
                width=16,
                height=14,
            ),
        ),
        (
            Bars(
                id="outlets",
                title="Publishers",
                view="articles",
                query=READABLE,
                by=(Top("publisher_name", 15, "Publisher"),),
                measures=(ARTICLES, STORIES),
            ),
            Bars(
                id="languages",
                title="Languages and countries",
                view="articles",
                query=READABLE,
                by=(Top("language", 8, "Language"), Top("country", 3, "Country of the publisher")),
                measures=(ARTICLES,),
            ),
        ),
        (
            Listing(
                id="latest",
                title="Latest articles",
                view="articles",
                query=READABLE,
                columns=("title", "publisher_name", "language", "topics", "url"),
            ),
        ),
    ),
)

TOPIC = Board(
    id="topic",
    title="Wirewatch: Topic",
    description="One topic, or a few side by side: what was seen against what was expected, who wrote it, and the articles.",
    since="now-14d",
    controls=(("counts", "topic", "Topic"),),
    rows=(
        (
            Chart(
                id="band",
                title="Stories an hour against what was expected",
                view="counts",
                layers=(
                    Layer(shape="bar", measures=(Measure("Stories", "sum", "stories"),)),
                    Layer(
                        shape="line",
                        measures=(Measure("Expected", "sum", "expected", decimals=1), Measure("Upper end", "sum", "upper", decimals=1)),
                    ),
                ),
                every="1h",
                incidents=True,
                width=48,
                height=16,
            ),
        ),
        (
            Chart(
                id="spread",
                title="Stories, publishers and articles",
                view="counts",
                layers=(
                    Layer(
                        shape="line",
                        measures=(
                            Measure("Stories", "sum", "stories"),
                            Measure("Publishers", "sum", "publishers"),
                            Measure("Articles", "sum", "articles"),
                        ),
                    ),
                ),
            ),
            Chart(
                id="compared",
                title="Stories by topic",
                view="counts",
                layers=(Layer(shape="line", measures=(Measure("Stories", "sum", "stories"),), split=Top("topic", 5, "Topic")),),
                every="1d",
            ),
        ),
        (
            Bars(
                id="writers",
                title="Publishers",
                view="articles",
                query=f"{READABLE} and topics: *",
                by=(Top("publisher_name", 15, "Publisher"),),
                measures=(ARTICLES, STORIES),
                width=16,
            ),
            Bars(
                id="tongues",
                title="Languages",
                view="articles",
                query=f"{READABLE} and topics: *",
                by=(Top("language", 10, "Language"),),
                measures=(ARTICLES, PUBLISHERS),
                width=16,
            ),
            Bars(
                id="episodes",
                title="Incidents",
                view="incidents",
                by=(Top("id", 15, "Incident"), Top("state", 1, "State")),
                measures=(Measure("Observed", "max", "observed"), Measure("Expected", "max", "expected", decimals=1), SURPRISE),
                width=16,
            ),
        ),
        (
            Listing(
                id="articles",
                title="Articles",
                view="articles",
                query=f"{READABLE} and topics: *",
                columns=("title", "publisher_name", "language", "topics", "url"),
            ),
        ),
    ),
)

INCIDENTS = Board(
    id="incidents",
    title="Wirewatch: Incidents",
    description="What was out of the ordinary, how it was handled, and what was sent.",
    since="now-30d",
    controls=(("incidents", "topic", "Topic"), ("incidents", "severity", "Severity")),
    rows=(
        (
            Number(
                id="open",
                title="",
                view="incidents",
                query="state: (open or acknowledged or snoozed)",
                measure=Measure("Not closed", "count"),
                width=16,
            ),
            Number(
                id="waiting", title="", view="incidents", query="state: open", measure=Measure("Nobody has taken up", "count"), width=16
            ),
            Number(id="all", title="", view="incidents", measure=Measure("Incidents", "count"), width=16),
        ),
        (
            Chart(
                id="opened",
                title="Incidents by severity",
                view="incidents",
                layers=(Layer(shape="bar_stacked", measures=(Measure("Incidents", "count"),), split=Top("peak", 3, "Severity")),),
                every="1d",
            ),
            Bars(
                id="reasons",
                title="Why they were closed",
                view="incidents",
                query="state: closed",
                by=(Top("reason", 10, "Reason"),),
                measures=(Measure("Incidents", "count"),),
                width=12,
            ),
            Bars(
                id="desks",
                title="By desk",
                view="incidents",
                by=(Top("notify", 10, "Recipient"),),
                measures=(Measure("Incidents", "count"),),
                width=12,
            ),
        ),
        (
            Listing(
                id="list",
                title="Incidents",
                view="incidents",
                columns=("topic_name", "state", "severity", "observed", "expected", "score", "acknowledged_by", "reason"),
            ),
        ),
        (
            Bars(
                id="messages",
                title="Messages",
                view="notifications",
                by=(Top("state", 4, "State"), Top("recipient", 10, "Recipient"), Top("event", 5, "Event")),
                measures=(Measure("Messages", "count"),),
                width=48,
            ),
        ),
    ),
)

FEEDS = Board(
    id="feeds",
    title="Wirewatch: Feeds",
    description="Which feeds work, which are slow, silent or gone, and how much of the news is covered.",
    rows=(
        (
            Number(id="polled", title="", view="feeds", query="active: true", measure=Measure("Feeds", "count"), width=16),
            Number(
                id="ill",
                title="",
                view="feeds",
                query="health: (failing or retired)",
                measure=Measure("Failing, gone", "count"),
                width=16,
            ),
            Number(id="covered", title="", view="coverage", measure=COVERAGE, width=16),
        ),
        (
            Chart(
                id="outcomes",
                title="Polls by outcome",
                view="polls",
                layers=(Layer(shape="bar_stacked", measures=(Measure("Polls", "sum", "polls"),), split=Top("outcome", 8, "Outcome")),),
                width=32,
            ),
            Bars(
                id="health",
                title="Health",
                view="feeds",
                by=(Top("health", 8, "Health"),),
                measures=(Measure("Feeds", "count"),),
                width=16,
            ),
        ),
        (
            Bars(
                id="slowest",
                title="Slowest",
                view="polls",
                query="feed: *",
                by=(Top("feed", 15, "Feed"),),
                measures=(Measure("Answer, median ms", "median", "elapsed_ms"),),
            ),
            Bars(
                id="richest",
                title="Most news",
                view="polls",
                query="feed: *",
                by=(Top("feed", 15, "Feed"),),
                measures=(Measure("New", "sum", "new"),),
            ),
        ),
        (
            Listing(
                id="troubled",
                title="Feeds with a problem",
                view="feeds",
                query="problem: *",
                columns=("feed", "health", "problem", "outcome", "failures", "last_success_at", "next_attempt_at"),
            ),
        ),
    ),
)

PIPELINE = Board(
    id="pipeline",
    title="Wirewatch: Pipeline",
    description="What the steps get done: articles by state, what could not be read and why, messages sent.",
    rows=(
        (
            Number(
                id="waiting", title="", view="articles", query="next_attempt_at: *", measure=Measure("Pages waiting", "count"), width=16
            ),
            Number(
                id="unread",
                title="",
                view="articles",
                query="status: (partial or failed)",
                measure=Measure("Without their page", "count"),
                width=16,
            ),
            Number(
                id="unsent", title="", view="notifications", query="state: failed", measure=Measure("Messages not sent", "count"), width=16
            ),
        ),
        (
            Chart(
                id="throughput",
                title="Articles by state",
                view="articles",
                layers=(Layer(shape="bar_stacked", measures=(ARTICLES,), split=Top("status", 5, "State")),),
            ),
            Bars(
                id="failures",
                title="Why pages could not be read",
                view="articles",
                query="failure: *",
                by=(Top("failure", 12, "Reason"), Top("source", 3, "Source")),
                measures=(ARTICLES,),
            ),
        ),
        (
            Chart(
                id="bytes",
                title="Feeds read",
                view="polls",
                layers=(Layer(shape="bar", measures=(Measure("Bytes", "sum", "bytes"),)),),
            ),
            Bars(
                id="deliveries",
                title="Messages by event",
                view="notifications",
                by=(Top("event", 10, "Event"), Top("state", 4, "State")),
                measures=(Measure("Messages", "count"),),
            ),
        ),
    ),
)

BOARDS = (NEWSROOM, TOPIC, INCIDENTS, FEEDS, PIPELINE)
