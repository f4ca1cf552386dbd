"""What Kibana would trip over, found without Kibana; pure.

Kibana takes a file with most of these faults and then shows a broken or empty panel, so they are looked for here: fields that are not
in the mapping or do not suit the operation, accessors without a column, references that lead nowhere, overlapping panels, KQL that
is none, attributes and versions that an import refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wirewatch.dashboards import kql
from wirewatch.dashboards.build import GRID, TYPE_VERSIONS, Object

Fields = Mapping[str, str]
"""Elasticsearch type by field name."""
Mappings = Mapping[str, Mapping[str, Any]]
"""Properties of the strict mapping by kind, as `store.indices.PROPERTIES` has them."""

DASHBOARD_ATTRIBUTES = frozenset(
    (
        *("title", "description", "version", "timeRestore", "timeFrom", "timeTo", "refreshInterval"),
        *("optionsJSON", "panelsJSON", "kibanaSavedObjectMeta", "controlGroupInput"),
    )
)
_NUMERIC = frozenset(("integer", "long", "double", "float", "short", "half_float"))
_VALUES = _NUMERIC | {"keyword", "boolean", "date", "ip"}
"""Types that have doc values."""
_SUITS: Mapping[str, frozenset[str]] = {
    "terms": _VALUES,
    "unique_count": _VALUES,
    "sum": _NUMERIC,
    "average": _NUMERIC,
    "median": _NUMERIC,
    "max": _NUMERIC | {"date"},
    "date_histogram": frozenset(("date",)),
}


@dataclass(frozen=True, slots=True)
class Query:
    """What one layer of a panel asks of Elasticsearch."""

    panel: str
    kind: str
    body: Mapping[str, Any]


def fields_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """The searchable fields of a mapping with their types; dotted where nested in objects."""
    return dict(_flat(properties, "", properties))


def _flat(properties: Mapping[str, Any], prefix: str, top: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, mapping in properties.items():
        path = f"{prefix}{name}"
        kind = mapping.get("type", "object")
        if kind == "alias":
            yield path, top[mapping["path"]]["type"]
        elif mapping.get("enabled") is False or mapping.get("index") is False or kind == "nested":
            continue
        elif "properties" in mapping:
            yield from _flat(mapping["properties"], f"{path}.", top)
        else:
            yield path, kind
            for sub, inner in mapping.get("fields", {}).items():
                yield f"{path}.{sub}", inner["type"]


def check(objects: Sequence[Object], mappings: Mappings) -> list[str]:
    """Every fault, as `type id: what`; an empty list where there is none."""
    return list(_Check(objects, mappings).faults())


def queries(objects: Sequence[Object], mappings: Mappings) -> list[Query]:
    """What the panels ask, for running against a real Elasticsearch."""
    kinds = _Check(objects, mappings).kinds
    found = [query for each in objects if each["type"] in ("lens", "search") for query in _queries(each, kinds)]
    return [query for query in found if query.kind in mappings]


class _Check:
    def __init__(self, objects: Sequence[Object], mappings: Mappings) -> None:
        self.objects = objects
        self.mappings = mappings
        self.known = {(each["type"], each["id"]) for each in objects}
        self.kinds = {each["id"]: _kind(each["attributes"]["title"], mappings) for each in objects if each["type"] == "index-pattern"}
        self.fields = {id: fields_of(mappings.get(kind, {})) for id, kind in self.kinds.items()}

    def faults(self) -> Iterator[str]:
        seen: set[tuple[str, str]] = set()
        for each in self.objects:
            place = f"{each['type']} {each['id']}"
            if (each["type"], each["id"]) in seen:
                yield f"{place}: is here twice"
            seen.add((each["type"], each["id"]))
            for fault in self._one(each):
                yield f"{place}: {fault}"

    def _one(self, each: Object) -> Iterator[str]:
        wanted = TYPE_VERSIONS.get(each["type"])
        if wanted is None:
            yield f"objects of type {each['type']} are not checked"
            return
        if each.get("typeMigrationVersion") != wanted:
            yield f"typeMigrationVersion is {each.get('typeMigrationVersion')}, Kibana 8.12 takes {wanted}"
        for reference in each["references"]:
            if (reference["type"], reference["id"]) not in self.known:
                yield f"refers to {reference['type']} {reference['id']}, which is not in the file"
        match each["type"]:
            case "dashboard":
                yield from self._dashboard(each)
            case "lens":
                yield from self._lens(each)
            case "search":
                yield from self._search(each)
            case "index-pattern":
                yield from self._view(each)

    def _view(self, each: Object) -> Iterator[str]:
        time = each["attributes"].get("timeFieldName")
        if self.kinds[each["id"]] not in self.mappings:
            yield f"no index is named {each['attributes']['title']}"
        elif time is not None and self.fields[each["id"]].get(time) != "date":
            yield f"the time field {time} is no date in the mapping"

    # ------------------------------------------------------------ dashboards

    def _dashboard(self, each: Object) -> Iterator[str]:
        attributes = each["attributes"]
        for unknown in sorted(attributes.keys() - DASHBOARD_ATTRIBUTES):
            yield f"unknown attribute {unknown}"
        names = {reference["name"]: reference for reference in each["references"]}
        cells: dict[tuple[int, int], str] = {}
        for panel in json.loads(attributes["panelsJSON"]):
            id, grid = panel["panelIndex"], panel["gridData"]
            if grid["i"] != id:
                yield f"panel {id}: gridData.i is {grid['i']}"
            if panel.get("panelRefName") and f"{id}:{panel['panelRefName']}" not in names:
                yield f"panel {id}: no reference is named {id}:{panel['panelRefName']}"
            if grid["x"] < 0 or grid["x"] + grid["w"] > GRID:
                yield f"panel {id}: reaches over the grid's {GRID} columns"
            covered = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
            if other := next((cells[cell] for cell in sorted(covered) if cell in cells), None):
                yield f"panel {id}: lies over panel {other}"
            cells |= dict.fromkeys(covered, id)
        yield from self._controls(attributes.get("controlGroupInput"), names)

    def _controls(self, group: Any, names: Mapping[str, Object]) -> Iterator[str]:
        for id, control in json.loads(group["panelsJSON"]).items() if group else ():
            field = control["explicitInput"]["fieldName"]
            reference = names.get(f"controlGroup_{id}:optionsListDataView")
            if reference is None:
                yield f"control {id}: no reference to its data view"
            elif self.fields.get(reference["id"], {}).get(field) not in _VALUES:
                yield f"control {id}: {field} has no values to choose from"

    # ------------------------------------------------------------ panels

    def _search(self, each: Object) -> Iterator[str]:
        source = json.loads(each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        view = _referenced(each, source.get("indexRefName", ""))
        if view is None:
            yield "no reference to its data view"
            return
        known = self.fields.get(view, {})
        for column in each["attributes"]["columns"]:
            if column not in known:
                yield f"unknown field {column}"
        for field, _ in each["attributes"]["sort"]:
            if known.get(field) not in _VALUES:
                yield f"cannot be sorted by {field}"
        yield from self._kql(source["query"], known)

    def _lens(self, each: Object) -> Iterator[str]:
        state = each["attributes"]["state"]
        layers = state["datasourceStates"]["formBased"]["layers"]
        for name, layer in layers.items():
            view = _referenced(each, f"indexpattern-datasource-layer-{name}")
            if view is None:
                yield f"layer {name}: no reference to its data view"
                continue
            if list(layer["columnOrder"]) != list(layer["columns"]):
                yield f"layer {name}: columnOrder differs from the columns"
            for id, column in layer["columns"].items():
                yield from self._column(f"layer {name}, column {id}", column, layer["columns"], self.fields.get(view, {}))
            yield from self._kql(state["query"], self.fields.get(view, {}))
        for name, accessor in _accessors(state["visualization"]):
            if accessor not in layers.get(name, {"columns": {}})["columns"]:
                yield f"layer {name}: accessor {accessor} names no column"
        for layer in state["visualization"].get("layers", ()):
            if layer["layerType"] == "annotations":
                yield from self._annotations(each, layer)

    def _column(self, place: str, column: Object, columns: Object, known: Fields) -> Iterator[str]:
        operation, field = column["operationType"], column["sourceField"]
        if operation == "count":
            if field != "___records___":
                yield f"{place}: count takes no field"
        elif field not in known:
            yield f"{place}: unknown field {field}"
        elif known[field] not in _SUITS.get(operation, frozenset()):
            yield f"{place}: {operation} does not suit {field}, which is {known[field]}"
        order = column["params"].get("orderBy", {}).get("columnId")
        if order is not None and order not in columns:
            yield f"{place}: is ordered by {order}, which is no column"

    def _annotations(self, each: Object, layer: Object) -> Iterator[str]:
        view = _referenced(each, f"xy-visualization-layer-{layer['layerId']}")
        if view is None or view != layer["indexPatternId"]:
            yield f"layer {layer['layerId']}: no reference to its data view"
            return
        known = self.fields.get(view, {})
        for mark in layer["annotations"]:
            for field in (mark["timeField"], mark["textField"], *mark.get("extraFields", ())):
                if field not in known:
                    yield f"layer {layer['layerId']}: unknown field {field}"
            yield from self._kql(mark["filter"], known)

    def _kql(self, query: Object, known: Fields) -> Iterator[str]:
        try:
            _, named = kql.parse(query["query"])
        except ValueError as error:
            yield str(error)
            return
        for field in sorted(named - known.keys()):
            yield f"the query names the unknown field {field}"


def _kind(title: str, kinds: Iterable[str]) -> str:
    """`feed-controls` of `wirewatch-feed-controls`, whatever the prefix."""
    return max((kind for kind in kinds if title.endswith(f"-{kind}")), key=len, default=title)


def _referenced(each: Object, name: str) -> str | None:
    return next((str(one["id"]) for one in each["references"] if one["name"] == name), None)


def _accessors(visualization: Object) -> Iterator[tuple[str, str]]:
    """Layer and column of every place that names one."""
    for layer in visualization.get("layers", (visualization,)):
        name = layer["layerId"]
        if layer["layerType"] != "data":
            continue
        for key in ("xAccessor", "yAccessor", "valueAccessor", "metricAccessor", "splitAccessor"):
            if key in layer:
                yield name, layer[key]
        yield from ((name, accessor) for accessor in layer.get("accessors", ()))
        yield from ((name, column["columnId"]) for column in layer.get("columns", ()))


# ---------------------------------------------------------------- what the panels ask


def _queries(each: Object, kinds: Mapping[str, str]) -> Iterator[Query]:
    if each["type"] == "search":
        source = json.loads(each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        kind = kinds[_referenced(each, source["indexRefName"]) or ""]
        sort = [{field: {"order": order}} for field, order in each["attributes"]["sort"]]
        yield Query(each["id"], kind, {"size": 100, "query": kql.parse(source["query"]["query"])[0], "sort": sort})
        return
    state = each["attributes"]["state"]
    query = kql.parse(state["query"]["query"])[0]
    for name, layer in state["datasourceStates"]["formBased"]["layers"].items():
        kind = kinds[_referenced(each, f"indexpattern-datasource-layer-{name}") or ""]
        aggregations = _aggregations(list(layer["columns"].items()))
        yield Query(each["id"], kind, {"size": 0, "track_total_hits": True, "query": query, "aggs": aggregations})


def _aggregations(columns: Sequence[tuple[str, Object]]) -> dict[str, Any]:
    """Buckets inside one another, the measures innermost, as Lens nests them."""
    measures = {id: _metric(column) for id, column in columns if not column["isBucketed"] and column["operationType"] != "count"}
    found: dict[str, Any] = measures
    for id, column in reversed([item for item in columns if item[1]["isBucketed"]]):
        field, params = column["sourceField"], column["params"]
        if column["operationType"] == "date_histogram":
            every = "1d" if params["interval"] == "auto" else params["interval"]
            bucket: dict[str, Any] = {"date_histogram": {"field": field, "fixed_interval": every, "min_doc_count": 0}}
        else:
            by = params["orderBy"]["columnId"]
            order = {by: "desc"} if by in measures else {"_count": "desc"}
            bucket = {"terms": {"field": field, "size": params["size"], "order": order}}
        found = {id: bucket | {"aggs": {**measures, **found}}}
    return found


def _metric(column: Object) -> dict[str, Any]:
    field = column["sourceField"]
    match column["operationType"]:
        case "unique_count":
            return {"cardinality": {"field": field}}
        case "average":
            return {"avg": {"field": field}}
        case "median":
            return {"percentiles": {"field": field, "percents": [50]}}
        case other:
            return {other: {"field": field}}
