"""The dashboards of operations: incidents and what was done about them, the feeds, and the pipeline."""

from __future__ import annotations

from wirewatch.dashboards.panels import (
    AMBER,
    BLUE,
    GREEN,
    RED,
    Bars,
    Board,
    Chart,
    Layer,
    Listing,
    Measure,
    Note,
    Number,
    Table,
    Time,
    Top,
)

GUIDE = " · ".join(
    f"[{name}](#/view/wirewatch-{id})"
    for id, name in (
        ("newsroom", "Newsroom"),
        ("topic", "Topic"),
        ("incidents", "Incidents"),
        ("feeds", "Feeds"),
        ("pipeline", "Pipeline"),
    )
)
"""Links from every dashboard to all of them."""

COVERAGE = Measure("Coverage", "average", "coverage", percent=True, color=GREEN)
NUMBER_OF_INCIDENTS = Measure("Incidents", "count", color=BLUE)
TIME_TO_ACKNOWLEDGE = Measure("Time to acknowledge (median)", "median", "acknowledged_after_s")
FEEDS_COUNT = Measure("Feeds", "count", color=BLUE)
POLLED_ALONE = "feed: *"
"""Polls that brought something or failed; unchanged ones are logged together, without a feed."""
STORED = "status: (discovered or ready or partial or failed)"
"""All but other addresses of an article that is there already."""


def coverage_by_hour(*, about: str, height: int, width: int = 24) -> Chart:
    """How much was looked at in each hour: the same on every dashboard, whatever its filters."""
    return Chart(
        id="coverage",
        title="Coverage by hour",
        view="coverage",
        about=about,
        unfiltered=True,
        layers=(Layer(shape="area", measures=(COVERAGE,)),),
        time=Time("1h"),
        percent=True,
        width=width,
        height=height,
    )


INCIDENTS = Board(
    id="incidents",
    title="Wirewatch: Incidents",
    description="What was out of the ordinary, how it was handled, and what was sent.",
    since="now-30d",
    controls=(("incidents", "topic", "Topic"), ("incidents", "desk", "Desk")),
    rows=(
        (
            Note(
                id="guide",
                text=f"{GUIDE}\n\nTime to acknowledge ends when a person first acknowledges, snoozes or closes an incident. "
                "`calmed` ended by itself; `(default)` is the desk of topics that name none.",
            ),
        ),
        (
            Number(
                id="open",
                view="incidents",
                query="state: (open or acknowledged or snoozed)",
                measure=Measure("Not closed", "count"),
                width=10,
            ),
            Number(id="waiting", view="incidents", query="state: open", measure=Measure("Open: nobody has taken it up", "count"), width=10),
            Number(id="all", view="incidents", measure=Measure("Incidents", "count"), width=9),
            Number(id="answered", view="incidents", measure=TIME_TO_ACKNOWLEDGE, width=10),
            Number(id="false", view="incidents", query="reason: false_alarm", measure=Measure("False alarms", "count"), width=9),
        ),
        (
            Chart(
                id="opened",
                title="Incidents by severity",
                view="incidents",
                about="By the day they opened, and the highest severity they have had.",
                layers=(Layer(shape="bar_stacked", measures=(NUMBER_OF_INCIDENTS,), split=Top("peak", 3, "Severity")),),
                time=Time("1d"),
            ),
            Bars(
                id="endings",
                title="Closing reasons, and what is still open",
                view="incidents",
                by=Top("ending", 10, "Ending"),
                measure=NUMBER_OF_INCIDENTS,
            ),
        ),
        (
            Table(
                id="desks",
                title="By desk",
                view="incidents",
                by=(Top("desk", 10, "Desk"),),
                measures=(
                    NUMBER_OF_INCIDENTS,
                    Measure("Not closed", "count", only="state: (open or acknowledged or snoozed)"),
                    Measure("Taken up", "count", only="acknowledged_after_s: *"),
                    TIME_TO_ACKNOWLEDGE,
                    Measure("False alarms", "count", only="reason: false_alarm"),
                ),
                width=28,
            ),
            Bars(
                id="topics",
                title="By topic",
                view="incidents",
                by=Top("topic_name", 10, "Topic"),
                measure=NUMBER_OF_INCIDENTS,
                width=20,
            ),
        ),
        (
            Listing(
                id="list",
                title="Incidents",
                view="incidents",
                columns=(
                    *("topic_name", "state", "severity", "observed", "expected", "score", "desk"),
                    *("acknowledged_after_s", "acknowledged_by", "reason"),
                ),
            ),
        ),
        (
            Table(
                id="messages",
                title="Messages",
                view="notifications",
                by=(Top("event", 8, "Event"), Top("desk", 8, "Desk"), Top("state", 4, "State")),
                measures=(Measure("Messages", "count"), Measure("Sent after (median)", "median", "sent_after_s")),
                width=48,
            ),
        ),
    ),
)

FEEDS = Board(
    id="feeds",
    title="Wirewatch: Feeds",
    description="Which feeds work, which are slow, quiet or gone, and how much of the news is covered.",
    controls=(("feeds", "feed", "Feed"),),
    rows=(
        (
            Note(
                id="guide",
                text=f"{GUIDE}\n\nWhat is known of feeds is as of now, whatever the time range; polls and coverage follow it. "
                "Polls that brought nothing are logged together, without a feed.",
            ),
        ),
        (
            Number(id="watched", view="feeds", query="active: true", measure=Measure("Feeds watched", "count"), width=10),
            Number(id="ill", view="feeds", query="health: (failing or retired)", measure=Measure("Failing or gone", "count"), width=10),
            Number(id="silent", view="feeds", query="health: (quiet or empty)", measure=Measure("Quiet or empty", "count"), width=10),
            Number(id="brought", view="polls", measure=Measure("New articles", "sum", "new"), width=9),
            Number(id="covered", view="coverage", unfiltered=True, measure=COVERAGE, width=9),
        ),
        (
            Bars(id="health", title="Health", view="feeds", by=Top("health", 8, "Health"), measure=FEEDS_COUNT, width=14),
            Chart(
                id="outcomes",
                title="Polls by outcome",
                view="polls",
                layers=(Layer(shape="bar_stacked", measures=(Measure("Polls", "sum", "polls"),), split=Top("outcome", 8, "Outcome")),),
                width=34,
            ),
        ),
        (
            coverage_by_hour(
                about="Share of what the watched feeds usually bring that polls have looked at. A filter by feed does not change it.",
                width=48,
                height=8,
            ),
        ),
        (
            Table(
                id="slowest",
                title="Slowest",
                view="polls",
                about="Of the polls that brought something or failed: how long the answer took.",
                query=POLLED_ALONE,
                by=(Top("feed", 15, "Feed"),),
                measures=(
                    Measure("Answer (median)", "median", "elapsed_ms"),
                    Measure("Slowest answer", "max", "elapsed_ms"),
                    Measure("Polls", "sum", "polls"),
                ),
                height=14,
            ),
            Table(
                id="richest",
                title="Most news",
                view="polls",
                query=POLLED_ALONE,
                by=(Top("feed", 15, "Feed"),),
                measures=(Measure("New articles", "sum", "new"), Measure("Bytes", "sum", "bytes")),
                height=14,
            ),
        ),
        (
            Listing(
                id="troubled",
                title="Feeds, the most failures in a row first",
                view="feeds",
                columns=("feed", "health", "problem", "outcome", "failures", "last_success_at", "next_attempt_at"),
                sort=("failures", "desc"),
            ),
        ),
        (
            Listing(
                id="quiet",
                title="Feeds, the longest quiet first",
                view="feeds",
                columns=("feed", "health", "last_new_at", "rate_per_h", "interval_s", "weight", "last_poll_at"),
                sort=("last_new_at", "asc"),
            ),
        ),
    ),
)

PIPELINE = Board(
    id="pipeline",
    title="Wirewatch: Pipeline",
    description="How far behind the news Wirewatch is, what it gets through, and what fails and why.",
    rows=(
        (
            Note(
                id="guide",
                text=f"{GUIDE}\n\nThe way of a report: published → seen in its feed → read, tagged and searchable → incident → message. "
                "Medians; only articles whose time is known to the second and whose feed was watched by then.",
            ),
        ),
        (
            Number(id="seen", view="articles", measure=Measure("Published → seen", "median", "seen_after_s"), width=10),
            Number(id="read", view="articles", measure=Measure("Seen → searchable", "median", "read_after_s"), width=10),
            Number(id="alarmed", view="incidents", measure=Measure("First report → incident", "median", "opened_after_s"), width=10),
            Number(id="sent", view="notifications", measure=Measure("Planned → sent", "median", "sent_after_s"), width=9),
            Number(id="told", view="notifications", measure=Measure("First report → message", "median", "told_after_s"), width=9),
        ),
        (
            Chart(
                id="lag",
                title="From publication to search",
                view="articles",
                layers=(
                    Layer(
                        shape="line",
                        measures=(
                            Measure("Published → seen (median)", "median", "seen_after_s", color=AMBER),
                            Measure("Seen → searchable (median)", "median", "read_after_s", color=BLUE),
                        ),
                    ),
                ),
            ),
            Chart(
                id="telling",
                title="From the first report to the message",
                view="notifications",
                layers=(
                    Layer(
                        shape="bar",
                        measures=(
                            Measure("First report → message (median)", "median", "told_after_s", color=RED),
                            Measure("Planned → sent (median)", "median", "sent_after_s", color=GREEN),
                        ),
                    ),
                ),
            ),
        ),
        (
            Number(id="found", view="articles", query=STORED, measure=Measure("Articles found", "count"), width=10),
            Number(id="waiting", view="articles", query="next_attempt_at: *", measure=Measure("Pages waiting", "count"), width=10),
            Number(
                id="unread",
                view="articles",
                query="status: (partial or failed)",
                measure=Measure("Without their page", "count"),
                width=10,
            ),
            Number(id="bytes", view="polls", measure=Measure("Feeds read", "sum", "bytes"), width=9),
            Number(id="unsent", view="notifications", query="state: failed", measure=Measure("Messages not sent", "count"), width=9),
        ),
        (
            Chart(
                id="throughput",
                title="Articles found, by what became of them",
                view="articles",
                about="By the time they were first seen. `discovered` wait for their page, `partial` have only what the feed said.",
                layers=(Layer(shape="bar_stacked", measures=(Measure("Articles", "count"),), split=Top("status", 5, "State")),),
                time=Time(field="first_seen_at"),
            ),
            Chart(
                id="reading",
                title="Articles made searchable",
                view="articles",
                query="read_at: *",
                layers=(Layer(shape="bar", measures=(Measure("Articles", "count", color=BLUE),)),),
                time=Time(field="read_at"),
            ),
        ),
        (
            Table(
                id="failures",
                title="Failures by kind: pages",
                view="articles",
                about="Articles by state, and why their page could not be read; (missing value): it could.",
                query=STORED,
                by=(Top("status", 4, "State"), Top("failure", 12, "Why", missing=True)),
                measures=(Measure("Articles", "count"), Measure("Sources", "unique_count", "source")),
                width=18,
                height=14,
            ),
            Table(
                id="polls",
                title="Failures by kind: feeds",
                view="polls",
                by=(Top("outcome", 15, "Outcome"),),
                measures=(Measure("Polls", "sum", "polls"), Measure("Feeds", "unique_count", "feed")),
                width=14,
                height=14,
            ),
            Table(
                id="deliveries",
                title="Failures by kind: messages",
                view="notifications",
                by=(Top("state", 5, "State"), Top("channel", 5, "Channel")),
                measures=(Measure("Messages", "count"), Measure("Attempts", "sum", "attempts")),
                width=16,
                height=14,
            ),
        ),
    ),
)

OPERATIONS = (INCIDENTS, FEEDS, PIPELINE)
