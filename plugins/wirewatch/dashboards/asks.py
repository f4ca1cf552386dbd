"""What the panels ask of Elasticsearch, as Kibana would ask it; for running against a real one. Pure.

Buckets nest as Lens nests them. Where the embedded node lacks what Kibana uses (`top_metrics`), what answers the same is asked for.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wirewatch.dashboards import kql
from wirewatch.dashboards.lens import Object
from wirewatch.dashboards.magic import filled
from wirewatch.dashboards.panels import VIEWS

MISSING = "__missing__"
"""Stands for documents without a value, as in Kibana."""
_LISTED = 500
"""Documents that a listing asks for, as in Kibana."""
AUTO = "1d"
"""For `auto`: Kibana chooses by the time range and the panel's width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What one layer of a panel, or one data set of a drawing, asks."""

    panel: str
    """Id of its saved object."""
    layer: str
    kind: str
    body: Mapping[str, Any]
    columns: Mapping[str, Object] = field(default_factory=dict)
    """Of Lens, in order; empty for listings, drawings and marks."""


def queries(objects: Sequence[Object], start: datetime, end: datetime, filters: Sequence[Mapping[str, Any]] = ()) -> list[Query]:
    """What all panels ask for a time range, where their dashboard is filtered so."""
    views = {each["id"]: each["attributes"] for each in objects if each["type"] == "index-pattern"}
    found = _Asking(views, start, end, filters)
    return [query for each in objects for query in found.of(each)]


def kind_of(title: str) -> str:
    """`feed-controls` of `wirewatch-feed-controls`, whatever the prefix; the title itself where it names no kind."""
    return max((view.kind for view in VIEWS if title.endswith(f"-{view.kind}")), key=len, default=title)


def specs(each: Object) -> Object | None:
    """The Vega specification of a saved visualisation, if it is one; raises `ValueError` for one that is no JSON."""
    state = json.loads(each["attributes"]["visState"])
    if state["type"] != "vega":
        return None
    spec: Object = json.loads(state["params"]["spec"])
    return spec


def data_of(spec: Any) -> Iterator[Object]:
    """Every data set of a specification that asks Elasticsearch, in order of appearance."""
    if isinstance(spec, Mapping):
        for name, value in spec.items():
            if name == "data" and isinstance(value, dict) and isinstance(value.get("url"), dict):
                yield value
            else:
                yield from data_of(value)
    elif isinstance(spec, Sequence) and not isinstance(spec, str):
        for value in spec:
            yield from data_of(value)


@dataclass(frozen=True, slots=True)
class _Asking:
    views: Mapping[str, Object]
    start: datetime
    end: datetime
    filters: Sequence[Mapping[str, Any]]

    def of(self, each: Object) -> Iterator[Query]:
        match each["type"]:
            case "lens":
                yield from self._lens(each)
            case "search":
                yield self._search(each)
            case "visualization":
                for number, data in enumerate(data_of(specs(each))):
                    url = filled(copy.deepcopy(data["url"]), self.start, self.end, self.filters)
                    yield Query(panel=each["id"], layer=f"data{number}", kind=kind_of(url["index"]), body=url["body"])

    def _view(self, each: Object, name: str) -> Object:
        id = next(reference["id"] for reference in each["references"] if reference["name"] == name)
        return self.views[id]

    def _asked(self, view: Object, query: str, *, time: str | None = None, unfiltered: bool = False) -> Object:
        time = time or view.get("timeFieldName")
        span = [{"range": {time: {"gte": self.start.isoformat(), "lte": self.end.isoformat()}}}] if time else []
        return {"bool": {"filter": [kql.parse(query)[0], *span, *([] if unfiltered else self.filters)]}}

    def _search(self, each: Object) -> Query:
        source = json.loads(each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        view = self._view(each, source["indexRefName"])
        sort = [{name: {"order": order}} for name, order in each["attributes"]["sort"]]
        body = {"size": _LISTED, "query": self._asked(view, source["query"]["query"]), "sort": sort}
        return Query(panel=each["id"], layer="list", kind=kind_of(view["title"]), body=body)

    def _lens(self, each: Object) -> Iterator[Query]:
        state = each["attributes"]["state"]
        for name, layer in state["datasourceStates"]["formBased"]["layers"].items():
            columns = {id: layer["columns"][id] for id in layer["columnOrder"]}
            if any(column["operationType"] == "static_value" for column in columns.values()):
                continue
            view = self._view(each, f"indexpattern-datasource-layer-{name}")
            query = self._asked(view, state["query"]["query"], unfiltered=layer.get("ignoreGlobalFilters", False))
            body = {"size": 0, "track_total_hits": True, "query": query, "aggs": aggregations(columns)}
            yield Query(panel=each["id"], layer=name, kind=kind_of(view["title"]), body=body, columns=columns)
        for drawn in state["visualization"].get("layers", ()):
            if drawn["layerType"] == "annotations":
                view = self._view(each, f"xy-visualization-layer-{drawn['layerId']}")
                for mark in drawn["annotations"]:
                    query = self._asked(view, mark["filter"]["query"], time=mark["timeField"], unfiltered=drawn["ignoreGlobalFilters"])
                    fields = [mark["timeField"], mark["textField"], *mark.get("extraFields", ())]
                    body = {"size": _LISTED, "query": query, "fields": fields, "sort": [{mark["timeField"]: {"order": "asc"}}]}
                    yield Query(panel=each["id"], layer=drawn["layerId"], kind=kind_of(view["title"]), body=body)


def aggregations(columns: Mapping[str, Object]) -> Object:
    """Buckets inside one another, the measures in each of them; `count` needs none."""
    measures = {id: agg for id, column in columns.items() if not column["isBucketed"] and (agg := _metric(column)) is not None}
    found: Object = measures
    for id, column in reversed([item for item in columns.items() if item[1]["isBucketed"]]):
        source, params = column["sourceField"], column["params"]
        if column["operationType"] == "date_histogram":
            every = AUTO if params["interval"] == "auto" else params["interval"]
            bucket: Object = {"date_histogram": {"field": source, "fixed_interval": every, "min_doc_count": 1}}
        else:
            bucket = {"terms": {"field": source, "size": params["size"], "order": _order(params["orderBy"]["columnId"], columns)}}
            if params["missingBucket"]:
                bucket["terms"]["missing"] = MISSING
        found = {id: bucket | {"aggs": {**measures, **found}}}
    return found


def _order(id: str, columns: Mapping[str, Object]) -> Object:
    column = columns[id]
    if column["operationType"] == "count" and "filter" not in column:
        return {"_count": "desc"}
    path = f"{id}>value" if "filter" in column else id
    return {f"{path}.50" if column["operationType"] == "median" else path: "desc"}


def _metric(column: Object) -> Object | None:
    name, filter = column["sourceField"], column.get("filter")
    match column["operationType"]:
        case "count":
            found = None
        case "unique_count":
            found = {"cardinality": {"field": name}}
        case "average":
            found = {"avg": {"field": name}}
        case "median":
            found = {"percentiles": {"field": name, "percents": [50]}}
        case "last_value":
            latest = [{column["params"]["sortField"]: {"order": "desc"}}]
            found = {"top_hits": {"size": 1, "sort": latest, "_source": False, "docvalue_fields": [name]}}
        case other:
            found = {other: {"field": name}}
    if filter is None:
        return found
    return {"filter": kql.parse(filter["query"])[0], "aggs": {} if found is None else {"value": found}}
