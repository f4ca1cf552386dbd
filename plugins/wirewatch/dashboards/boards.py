"""The dashboards of the newsroom: everything at once, and one topic (or a few); those of its operations are in `operations`."""

from __future__ import annotations

import functools

from wirewatch.dashboards import vega
from wirewatch.dashboards.operations import GUIDE, OPERATIONS, coverage_by_hour
from wirewatch.dashboards.panels import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    Bars,
    Board,
    Chart,
    Drawing,
    Layer,
    Listing,
    Measure,
    Note,
    Number,
    Table,
    Time,
    Top,
)

READABLE = "status: (ready or partial)"
TAGGED = f"{READABLE} and topics: *"
ARTICLES = Measure("Articles", "count", color=BLUE)
STORIES = Measure("Stories", "unique_count", "story_id", color=GREEN)
PUBLISHERS = Measure("Publishers", "unique_count", "publisher")
SURPRISE = Measure("Surprise", "max", "score", decimals=2)
HEADLINE = Measure("Latest headline", "last_value", "title.keyword")
BEGAN = Measure("First article", "min", "@timestamp", date=True)
ARTICLE_COLUMNS = ("title", "publisher_name", "language", "topics", "url")

NEWSROOM = Board(
    id="newsroom",
    title="Wirewatch: Newsroom",
    description="What comes in, what is unusual, and whether anything was missed.",
    since="now-14d",
    controls=(("counts", "topic", "Topic"),),
    rows=(
        (
            Drawing(
                id="surprise",
                title="Surprise by topic and day",
                view="counts",
                about="The 20 topics with the strongest hour. Days are UTC. A day under 50 % of the usual coverage counts as blind.",
                spec=vega.surprise,
                width=48,
                height=17,
            ),
        ),
        (
            Note(
                id="guide",
                text=f"{GUIDE}\n\nEach cell above is a topic on a day: the redder, the less its own rhythm explains its strongest hour; "
                "from 0.5 on it alerts. Empty on light ground is calm, on dark ground nobody looked.",
            ),
        ),
        (
            coverage_by_hour(
                about="Share of what the watched feeds usually bring that polls have looked at. Filters by topic do not change it.",
                width=48,
                height=7,
            ),
        ),
        (
            Number(id="articles", view="articles", query=READABLE, measure=ARTICLES, width=12),
            Number(id="stories", view="articles", query=READABLE, measure=STORIES, width=12),
            Number(id="publishers", view="articles", query=READABLE, measure=PUBLISHERS, width=12),
            Number(id="incidents", view="incidents", measure=Measure("Incidents", "count"), width=12),
        ),
        (
            Chart(
                id="volume",
                title="Articles and stories",
                view="articles",
                about="A story is one text, however many carry it. Dashed: incidents.",
                query=READABLE,
                layers=(Layer(shape="bar", measures=(ARTICLES,)), Layer(shape="line", measures=(STORIES,))),
                incidents=True,
                height=14,
            ),
            Drawing(
                id="share",
                title="Share by topic",
                view="articles",
                about="Of all articles of a day, how many are about each of the eight largest topics. An article may be about several.",
                spec=functools.partial(vega.share, topics=8, constant=False),
                height=14,
            ),
        ),
        (
            Table(
                id="topics",
                title="Topics",
                view="articles",
                query=TAGGED,
                by=(Top("topics", 15, "Topic", by=2),),
                measures=(STORIES, PUBLISHERS, ARTICLES),
                width=18,
                height=14,
            ),
            Table(
                id="outlets",
                title="Publishers",
                view="articles",
                query=READABLE,
                by=(Top("publisher_name", 15, "Publisher"),),
                measures=(ARTICLES, STORIES),
                width=16,
                height=14,
            ),
            Bars(
                id="languages",
                title="Languages",
                view="articles",
                query=READABLE,
                by=Top("language", 10, "Language"),
                measure=ARTICLES,
                width=14,
                height=14,
            ),
        ),
        (
            Table(
                id="new",
                title="What is new: stories that began last",
                view="articles",
                query=READABLE,
                by=(Top("story_id", 12, "Story", by=1, hidden=True),),
                measures=(HEADLINE, BEGAN, ARTICLES, PUBLISHERS),
                width=30,
                height=15,
            ),
            Drawing(
                id="words",
                title="What is new: words of the last day",
                view="articles",
                about="Words in at least three headlines of the last day, and in at most as many of the time range before it.",
                spec=vega.new_words,
                width=18,
                height=15,
            ),
        ),
        (Listing(id="latest", title="Latest articles", view="articles", query=READABLE, columns=ARTICLE_COLUMNS),),
    ),
)

TOPIC = Board(
    id="topic",
    title="Wirewatch: Topic",
    description="One topic, or up to five side by side: what was seen against what was expected, who wrote it, and the articles.",
    since="now-14d",
    controls=(("counts", "topic", "Topic"),),
    rows=(
        (
            Note(
                id="guide",
                text=f"{GUIDE}\n\nChoose a topic above, or up to five to compare; without a choice all are shown together.",
            ),
        ),
        (
            Chart(
                id="band",
                title="Stories an hour against what was expected",
                view="counts",
                about="Shaded: what the topic's own rhythm explains; bars above it are unusual. Of several topics, the sums.",
                layers=(
                    Layer(shape="area", measures=(Measure("Expected at most", "sum", "upper", decimals=1, color=GREY),)),
                    Layer(shape="bar", measures=(Measure("Stories", "sum", "stories", color=BLUE),)),
                    Layer(shape="line", measures=(Measure("Expected", "sum", "expected", decimals=1, color=AMBER),)),
                ),
                time=Time("1h"),
                bridged=True,
                incidents=True,
                width=48,
                height=15,
            ),
        ),
        (
            Chart(
                id="strength",
                title="Surprise",
                view="counts",
                about="How little the topic's own rhythm explains the strongest hour; the dashed line is where it alerts.",
                layers=(Layer(shape="line", measures=(SURPRISE,), split=Top("topic", 5, "Topic")),),
                threshold=("Alerts", 0.5),
                percent=True,
                height=11,
            ),
            coverage_by_hour(
                about="Share of what the watched feeds usually bring that was looked at: where it is low, few stories mean little.",
                height=11,
            ),
        ),
        (
            Drawing(
                id="compared",
                title="Topics compared: share of a constant panel",
                view="articles",
                about="Up to five topics: of all articles of a day that came by feeds read all the time, how many are about each. "
                "Feeds that came or went meanwhile move no line. Empty where no feed was read all the time: choose a shorter one.",
                spec=functools.partial(vega.share, topics=5, constant=True),
                height=14,
            ),
            Chart(
                id="spread",
                title="Stories, publishers and articles",
                view="counts",
                about="By hour of a story's first report; a publisher counts once a story.",
                layers=(
                    Layer(
                        shape="line",
                        measures=(
                            Measure("Stories", "sum", "stories", color=GREEN),
                            Measure("Publishers", "sum", "publishers", color=AMBER),
                            Measure("Articles", "sum", "articles", color=BLUE),
                        ),
                    ),
                ),
                incidents=True,
                height=14,
            ),
        ),
        (
            Table(
                id="stories",
                title="Stories that most carried",
                view="articles",
                query=TAGGED,
                by=(Top("story_id", 12, "Story", by=2, hidden=True),),
                measures=(HEADLINE, BEGAN, PUBLISHERS, ARTICLES),
                width=30,
                height=15,
            ),
            Table(
                id="writers",
                title="Publishers",
                view="articles",
                query=TAGGED,
                by=(Top("publisher_name", 15, "Publisher"),),
                measures=(ARTICLES, STORIES),
                width=18,
                height=15,
            ),
        ),
        (
            Drawing(
                id="words",
                title="Top words",
                view="articles",
                about="Words in at least three headlines of the topic, and in at most as many of all others.",
                spec=vega.own_words,
                width=16,
                height=15,
            ),
            Bars(
                id="tongues",
                title="Languages",
                view="articles",
                query=TAGGED,
                by=Top("language", 10, "Language"),
                measure=ARTICLES,
                width=12,
                height=15,
            ),
            Table(
                id="episodes",
                title="Incidents",
                view="incidents",
                by=(Top("id", 12, "Incident"), Top("state", 1, "State")),
                measures=(
                    Measure("Opened", "max", "opened_at", date=True),
                    Measure("Observed", "max", "observed"),
                    Measure("Expected", "max", "expected", decimals=1),
                    SURPRISE,
                ),
                width=20,
                height=15,
            ),
        ),
        (Listing(id="articles", title="Articles", view="articles", query=TAGGED, columns=ARTICLE_COLUMNS),),
    ),
)

BOARDS = (NEWSROOM, TOPIC, *OPERATIONS)
