"""Drawings that Lens has no chart for, as Vega-Lite; pure.

Kibana fills in what stands between percent signs: the dashboard's filters and the ends of its time range. Days are those of UTC, as
everywhere in Wirewatch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wirewatch.dashboards.panels import AMBER, BLUE, RED

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
DAY_MS = 86_400_000
WATCHED, PARTLY, BLIND = "watched", "partly watched", "blind"
WHOLE, HALF = 0.95, 0.5
"""Shares of the usual coverage: from the first on a day counts as watched, under the second as blind (as blindness mails do)."""
FEW = 3
"""Headlines that a word must be in to be shown."""
_SHOWN_WORDS = 16
_MANY_WORDS, _ALL_WORDS = 300, 5000
_ALL_TOPICS = 200
"""Topics that the largest ones are looked up among."""
_SIGHT_COLORS = ("#E3F1EC", "#C5CBD5", "#3B4150")
_READABLE: Spec = {"terms": {"status": ["ready", "partial"]}}
_TIME_RANGE: Spec = {"%timefilter%": True}
_BOUNDS: Spec = {"min": {"%timefilter%": "min"}, "max": {"%timefilter%": "max"}}


def surprise(prefix: str) -> Spec:
    """Topic by day: how surprising its strongest hour was, over how much of the news was looked at.

    The ground says what was seen: on watched ground an empty cell is calm, on dark ground nobody looked.
    """
    days = {
        "date_histogram": {"field": "hour", "fixed_interval": "1d", "min_doc_count": 1},
        "aggs": {"score": {"max": {"field": "score"}}, "stories": {"sum": {"field": "stories"}}},
    }
    topics = {
        "terms": {"field": "topic", "size": 20, "order": {"peak": "desc"}},
        "aggs": {"peak": {"max": {"field": "score"}}, "days": days},
    }
    cells = {
        "url": {"index": f"{prefix}-counts", "%context%": True, "%timefield%": "hour", "body": {"size": 0, "aggs": {"topics": topics}}},
        "format": {"property": "aggregations.topics.buckets"},
    }
    day = {"field": "at", "type": "temporal", "title": "Day (UTC)", "timeUnit": "utcyearmonthdate"}
    return _whole(
        {
            "layer": [
                {
                    "data": _sight(prefix),
                    "transform": _SIGHT,
                    "mark": {"type": "rect"},
                    "encoding": {
                        "x": _days("start"),
                        "x2": {"field": "end"},
                        "color": {
                            "field": "sight",
                            "type": "nominal",
                            "scale": {"domain": [WATCHED, PARTLY, BLIND], "range": list(_SIGHT_COLORS)},
                            "legend": {"title": "The day was", "orient": "right"},
                        },
                        "tooltip": [_day("start"), {"field": "seen", "type": "quantitative", "format": ".0%", "title": "Coverage"}],
                    },
                },
                {
                    "data": cells,
                    "transform": [
                        {"flatten": ["days.buckets"], "as": ["day"]},
                        _calculate("datum.key", "topic"),
                        _calculate("datum.day.key", "at"),
                        # A little of the ground shows between the days.
                        _calculate(f"datum.day.key + {DAY_MS * 0.06:.0f}", "start"),
                        _calculate(f"datum.day.key + {DAY_MS * 0.94:.0f}", "end"),
                        _calculate("datum.day.score.value", "surprise"),
                        _calculate("datum.day.stories.value", "stories"),
                        {"filter": "isValid(datum.surprise)"},
                    ],
                    "mark": {"type": "rect"},
                    "encoding": {
                        "x": _days("start"),
                        "x2": {"field": "end"},
                        "y": {
                            "field": "topic",
                            "type": "nominal",
                            "sort": None,
                            "title": None,
                            "scale": {"paddingInner": 0.18, "paddingOuter": 0.1},
                            "axis": {"labelLimit": 260, "ticks": False, "domain": False},
                        },
                        "color": {
                            "field": "surprise",
                            "type": "quantitative",
                            "scale": {"domain": [0, 0.5, 1], "range": ["#FFFFFF", AMBER, RED], "interpolate": "rgb", "clamp": True},
                            "legend": {"title": "Surprise (0.5 alerts)", "orient": "right"},
                        },
                        "tooltip": [
                            {"field": "topic", "type": "nominal", "title": "Topic"},
                            day,
                            {"field": "surprise", "type": "quantitative", "format": ".2f", "title": "Surprise"},
                            {"field": "stories", "type": "quantitative", "title": "Stories"},
                        ],
                    },
                },
                {
                    "data": _sight(prefix),
                    "transform": [*_SIGHT, {"filter": f"datum.seen < {HALF}"}],
                    "mark": {"type": "rect", "color": _SIGHT_COLORS[2], "opacity": 0.7},
                    "encoding": {"x": _days("start"), "x2": {"field": "end"}},
                },
            ],
            "resolve": {"scale": {"color": "independent"}},
        }
    )


def share(prefix: str, *, topics: int, constant: bool) -> Spec:
    """The share of all articles that the largest topics have, by day; `constant`: only what feeds brought that were read all the time.

    What a new feed adds, and what a lost one leaves out, moves no line then.
    """
    panel: list[Spec] = [_READABLE]
    if constant:
        panel.append({"range": {"watched_since": {"lte": {"%timefilter%": "min"}}}})
    days = {"date_histogram": {"field": "@timestamp", "fixed_interval": "1d", "min_doc_count": 0, "extended_bounds": _BOUNDS}}
    tagged = {"size": 0, "query": _chosen([*panel, {"exists": {"field": "topics"}}]), "aggs": {"topics": _by_topic(days)}}
    largest = {"terms": {"field": "topic", "size": topics, "order": {"sum": "desc"}}, "aggs": {"sum": {"sum": {"field": "articles"}}}}
    chosen = {"index": f"{prefix}-counts", "%context%": True, "%timefield%": "hour", "body": {"size": 0, "aggs": {"topics": largest}}}
    # All of the panel, whatever topics are chosen: what shares are shares of.
    everything = {"size": 0, "query": {"bool": {"filter": [_in_time("@timestamp"), *panel]}}, "aggs": {"days": days}}
    index = f"{prefix}-articles"
    return _whole(
        {
            "data": {"url": {"index": index, "body": tagged}, "format": {"property": "aggregations.topics.buckets"}},
            "transform": [
                {"flatten": ["days.buckets"], "as": ["day"]},
                _calculate("datum.key", "topic"),
                _calculate("datum.day.key", "at"),
                _calculate("datum.day.doc_count", "articles"),
                # An article about a chosen topic may be about others too: only topics' own hours say which are chosen.
                {
                    "lookup": "topic",
                    "from": {
                        "data": {"url": chosen, "format": {"property": "aggregations.topics.buckets"}},
                        "key": "key",
                        "fields": ["key"],
                    },
                    "as": ["chosen"],
                },
                {"filter": "isValid(datum.chosen)"},
                {
                    "lookup": "at",
                    "from": {
                        "data": {"url": {"index": index, "body": everything}, "format": {"property": "aggregations.days.buckets"}},
                        "key": "key",
                        "fields": ["doc_count"],
                    },
                    "as": ["all"],
                },
                {"filter": "datum.all > 0"},
                _calculate("datum.articles / datum.all", "share"),
            ],
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": _days("at"),
                "y": {
                    "field": "share",
                    "type": "quantitative",
                    "title": "Share of all articles",
                    "axis": {"format": ".1%", "tickCount": 5},
                },
                "color": {
                    "field": "topic",
                    "type": "nominal",
                    "sort": None,
                    "legend": {"title": None, "orient": "bottom", "columns": 2, "labelLimit": 220},
                },
                "tooltip": [
                    {"field": "topic", "type": "nominal", "title": "Topic"},
                    _day("at"),
                    {"field": "share", "type": "quantitative", "format": ".2%", "title": "Share"},
                    {"field": "articles", "type": "quantitative", "title": "Articles"},
                    {"field": "all", "type": "quantitative", "title": "Of all"},
                ],
            },
        }
    )


def new_words(prefix: str) -> Spec:
    """Words half of whose headlines of the time range came in its last day, by how many did."""
    last_day = {"filter": {"range": {"@timestamp": {"gte": {"%timefilter%": "max", "shift": -1, "unit": "day"}}}}}
    found = {"terms": {"field": "words", "size": _MANY_WORDS, "order": {"mine": "desc"}}, "aggs": {"mine": last_day}}
    body = {"size": 0, "query": _chosen([_READABLE]), "aggs": {"words": found}}
    return _words(
        {"url": {"index": f"{prefix}-articles", "body": body}, "format": {"property": "aggregations.words.buckets"}},
        [_calculate("datum.mine.doc_count", "headlines"), _calculate("datum.doc_count", "all")],
        "In the time range",
    )


def own_words(prefix: str) -> Spec:
    """Words half of whose headlines of the time range are of tagged articles (of the chosen topic), by how many are."""
    index = f"{prefix}-articles"
    found = {"terms": {"field": "words", "size": _MANY_WORDS, "min_doc_count": FEW}}
    mine = {"size": 0, "query": _chosen([_READABLE, {"exists": {"field": "topics"}}]), "aggs": {"words": found}}
    every = {"terms": {"field": "words", "size": _ALL_WORDS, "min_doc_count": FEW}}
    everything = {"size": 0, "query": {"bool": {"filter": [_in_time("@timestamp"), _READABLE]}}, "aggs": {"words": every}}
    looked_up = {
        "lookup": "key",
        "from": {
            "data": {"url": {"index": index, "body": everything}, "format": {"property": "aggregations.words.buckets"}},
            "key": "key",
            "fields": ["doc_count"],
        },
        "as": ["all"],
    }
    return _words(
        {"url": {"index": index, "body": mine}, "format": {"property": "aggregations.words.buckets"}},
        [_calculate("datum.doc_count", "headlines"), looked_up, {"filter": "isValid(datum.all)"}],
        "Of all articles",
    )


def _words(data: Spec, counted: Sequence[Spec], beside: str) -> Spec:
    """The words with the most `headlines`, of those that have half of `all`."""
    return _whole(
        {
            "data": data,
            "transform": [
                _calculate("datum.key", "word"),
                *counted,
                {"filter": f"datum.headlines >= {FEW} && datum.headlines >= {HALF} * datum.all"},
                {
                    "window": [{"op": "row_number", "as": "rank"}],
                    "sort": [{"field": "headlines", "order": "descending"}, {"field": "word", "order": "ascending"}],
                },
                {"filter": f"datum.rank <= {_SHOWN_WORDS}"},
            ],
            "mark": {"type": "bar", "color": BLUE, "size": 13},
            "encoding": {
                "y": {"field": "word", "type": "nominal", "sort": "-x", "title": None, "axis": {"labelLimit": 160, "ticks": False}},
                "x": {"field": "headlines", "type": "quantitative", "title": "Headlines", "axis": {"tickMinStep": 1, "format": "d"}},
                "tooltip": [
                    {"field": "word", "type": "nominal", "title": "Word"},
                    {"field": "headlines", "type": "quantitative", "title": "Headlines"},
                    {"field": "all", "type": "quantitative", "title": beside},
                ],
            },
        }
    )


def _whole(spec: Spec) -> Spec:
    config = {
        # An empty panel is no fault: Vega would write over it that its axes have no extent.
        "kibana": {"hideWarnings": True},
        "view": {"stroke": None},
        "axis": {"grid": False},
    }
    return {"$schema": SCHEMA, "autosize": {"type": "fit", "contains": "padding"}, "config": config, **spec}


def _sight(prefix: str) -> Spec:
    """Coverage by day, whatever the dashboard is filtered by; a day without any is there too."""
    days = {
        "date_histogram": {"field": "hour", "fixed_interval": "1d", "min_doc_count": 0, "extended_bounds": _BOUNDS},
        "aggs": {"coverage": {"avg": {"field": "coverage"}}},
    }
    return {
        "url": {"index": f"{prefix}-coverage", "%timefield%": "hour", "body": {"size": 0, "aggs": {"days": days}}},
        "format": {"property": "aggregations.days.buckets"},
    }


def _calculate(expression: str, name: str) -> Spec:
    return {"calculate": expression, "as": name}


_SIGHT: Sequence[Spec] = (
    _calculate("datum.key", "start"),
    _calculate(f"datum.key + {DAY_MS}", "end"),
    _calculate("isValid(datum.coverage.value) ? datum.coverage.value : 0", "seen"),
    _calculate(f"datum.seen >= {WHOLE} ? '{WATCHED}' : datum.seen >= {HALF} ? '{PARTLY}' : '{BLIND}'", "sight"),
)


def _days(field: str) -> Spec:
    axis = {"format": "%d %b", "grid": False, "labelOverlap": True, "tickCount": {"interval": "day", "step": 1}}
    return {"field": field, "type": "temporal", "title": None, "scale": {"type": "utc"}, "axis": axis}


def _day(field: str) -> Spec:
    return {"field": field, "type": "temporal", "timeUnit": "utcyearmonthdate", "title": "Day (UTC)"}


def _in_time(field: str) -> Spec:
    return {"range": {field: dict(_TIME_RANGE)}}


def _chosen(clauses: Sequence[Spec]) -> Spec:
    """What the dashboard is filtered to, in its time range, and these."""
    return {
        "bool": {
            "must": ["%dashboard_context-must_clause%"],
            "filter": ["%dashboard_context-filter_clause%", _in_time("@timestamp"), *clauses],
            "must_not": ["%dashboard_context-must_not_clause%"],
        }
    }


def _by_topic(days: Spec) -> Spec:
    return {"terms": {"field": "topics", "size": _ALL_TOPICS}, "aggs": {"days": days}}
