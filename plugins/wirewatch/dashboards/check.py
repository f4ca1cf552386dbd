"""What Kibana would trip over, found without Kibana; pure.

Kibana takes a file with most of these faults and then shows a broken or empty panel, so they are looked for here: fields that are not
in the mapping or do not suit the operation, accessors without a column, references that lead nowhere, overlapping panels, KQL that
is none, attributes and versions that an import refuses, drawings that ask or show what is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from wirewatch.dashboards import check_vega, kql
from wirewatch.dashboards.asks import specs
from wirewatch.dashboards.build import GRID, TYPE_VERSIONS
from wirewatch.dashboards.fields import SUITS, VALUES, Fields, Mappings, fields_of
from wirewatch.dashboards.lens import Object

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "dashboard": frozenset(
        (
            *("title", "description", "version", "timeRestore", "timeFrom", "timeTo", "refreshInterval"),
            *("optionsJSON", "panelsJSON", "kibanaSavedObjectMeta", "controlGroupInput"),
        )
    ),
    "lens": frozenset(("title", "description", "visualizationType", "state")),
    "visualization": frozenset(("title", "description", "version", "uiStateJSON", "visState", "kibanaSavedObjectMeta")),
    "search": frozenset(
        ("title", "description", "columns", "sort", "grid", "hideChart", "isTextBasedQuery", "kibanaSavedObjectMeta"),
    ),
    "index-pattern": frozenset(("title", "name", "timeFieldName", "fieldFormatMap")),
    "tag": frozenset(("name", "description", "color")),
}
"""Those that Kibana 8.12 knows and the dashboards use; it refuses others."""
_DRAWN = frozenset(("lnsXY", "lnsMetric", "lnsDatatable", "lnsHeatmap"))
_SHAPES = frozenset(("bar", "bar_stacked", "bar_horizontal", "bar_horizontal_stacked", "line", "area"))
_LINKED = re.compile(r"#/view/([\w-]+)")
_LAYERS = frozenset(("data", "annotations", "referenceLine"))


def check(objects: Sequence[Object], mappings: Mappings) -> list[str]:
    """Every fault, as `type id: what`; an empty list where there is none. `mappings`: properties by kind."""
    return list(_Check(objects, mappings).faults())


class _Check:
    def __init__(self, objects: Sequence[Object], mappings: Mappings) -> None:
        self.objects = objects
        self.mappings = mappings
        self.known = {(each["type"], each["id"]) for each in objects}
        self.kinds = {each["id"]: _kind(each["attributes"]["title"], mappings) for each in objects if each["type"] == "index-pattern"}
        self.fields = {id: fields_of(mappings.get(kind, {})) for id, kind in self.kinds.items()}
        self.indices = {each["attributes"]["title"]: self.fields[each["id"]] for each in objects if each["type"] == "index-pattern"}

    def faults(self) -> Iterator[str]:
        seen: set[tuple[str, str]] = set()
        for each in self.objects:
            place = f"{each['type']} {each['id']}"
            if (each["type"], each["id"]) in seen:
                yield f"{place}: is here twice"
            seen.add((each["type"], each["id"]))
            try:
                for fault in self._one(each):
                    yield f"{place}: {fault}"
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                yield f"{place}: cannot be read: {type(error).__name__} {error}"

    def _one(self, each: Object) -> Iterator[str]:
        wanted = TYPE_VERSIONS.get(each["type"])
        if wanted is None:
            yield f"objects of type {each['type']} are not checked"
            return
        if each.get("typeMigrationVersion") != wanted:
            yield f"typeMigrationVersion is {each.get('typeMigrationVersion')}, Kibana 8.12 takes {wanted}"
        for unknown in sorted(each["attributes"].keys() - ATTRIBUTES[each["type"]]):
            yield f"unknown attribute {unknown}"
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
            case "visualization":
                yield from self._visualization(each)
            case "index-pattern":
                yield from self._view(each)

    def _view(self, each: Object) -> Iterator[str]:
        attributes, known = each["attributes"], self.fields[each["id"]]
        time = attributes.get("timeFieldName")
        if self.kinds[each["id"]] not in self.mappings:
            yield f"no index is named {attributes['title']}"
            return
        if time is not None and known.get(time) != "date":
            yield f"the time field {time} is no date in the mapping"
        for field in json.loads(attributes.get("fieldFormatMap", "{}")):
            if field not in known:
                yield f"has a format for the unknown field {field}"

    # ------------------------------------------------------------ dashboards

    def _dashboard(self, each: Object) -> Iterator[str]:
        attributes = each["attributes"]
        names = {reference["name"]: reference for reference in each["references"]}
        cells: dict[tuple[int, int], str] = {}
        seen: set[str] = set()
        for panel in json.loads(attributes["panelsJSON"]):
            id, grid = panel["panelIndex"], panel["gridData"]
            if id in seen:
                yield f"panel {id}: is here twice"
            seen.add(id)
            if grid["i"] != id:
                yield f"panel {id}: gridData.i is {grid['i']}"
            reference = names.get(f"{id}:{panel['panelRefName']}")
            if reference is None:
                yield f"panel {id}: no reference is named {id}:{panel['panelRefName']}"
            elif reference["type"] != panel["type"]:
                yield f"panel {id}: is a {panel['type']}, and refers to a {reference['type']}"
            if grid["x"] < 0 or grid["y"] < 0 or grid["w"] < 1 or grid["h"] < 1 or grid["x"] + grid["w"] > GRID:
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
            elif self.fields.get(reference["id"], {}).get(field) not in VALUES:
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
            if known.get(field) not in VALUES:
                yield f"cannot be sorted by {field}"
        yield from self._kql(source["query"], known)

    def _visualization(self, each: Object) -> Iterator[str]:
        spec = specs(each)
        if spec is not None:
            yield from check_vega.faults(spec, self.indices)
            return
        for linked in _LINKED.findall(each["attributes"]["visState"]):
            if ("dashboard", linked) not in self.known:
                yield f"leads to dashboard {linked}, which is not in the file"

    def _lens(self, each: Object) -> Iterator[str]:
        state, kind = each["attributes"]["state"], each["attributes"]["visualizationType"]
        if kind not in _DRAWN:
            yield f"visualizationType {kind} is not checked"
        layers = state["datasourceStates"]["formBased"]["layers"]
        for name, layer in layers.items():
            view = _referenced(each, f"indexpattern-datasource-layer-{name}")
            if view is None:
                yield f"layer {name}: no reference to its data view"
                continue
            if list(layer["columnOrder"]) != list(layer["columns"]):
                yield f"layer {name}: columnOrder differs from the columns"
            for id, column in layer["columns"].items():
                for fault in self._column(column, layer["columns"], self.fields.get(view, {})):
                    yield f"layer {name}, column {id}: {fault}"
            yield from self._kql(state["query"], self.fields.get(view, {}))
        drawings = state["visualization"].get("layers", [state["visualization"]])
        for missing in sorted(layers.keys() - {drawing["layerId"] for drawing in drawings}):
            yield f"layer {missing}: is not drawn"
        for drawing in drawings:
            for fault in self._drawing(each, drawing, layers, kind):
                yield f"layer {drawing['layerId']}: {fault}"

    def _drawing(self, each: Object, drawing: Object, layers: Object, kind: str) -> Iterator[str]:
        if drawing["layerType"] not in _LAYERS:
            yield f"layerType {drawing['layerType']} is not checked"
        if kind == "lnsXY" and drawing["layerType"] == "data" and drawing["seriesType"] not in _SHAPES:
            yield f"seriesType {drawing['seriesType']} is not checked"
        if drawing["layerType"] == "annotations":
            yield from self._annotations(each, drawing)
            return
        columns = layers.get(drawing["layerId"], {"columns": {}})["columns"]
        for accessor in _accessors(drawing):
            if accessor not in columns:
                yield f"accessor {accessor} names no column"

    def _column(self, column: Object, columns: Object, known: Fields) -> Iterator[str]:
        operation = column["operationType"]
        if operation == "static_value":
            if not _is_number(column["params"].get("value")):
                yield "its value is no number"
            return
        field, params = column["sourceField"], column["params"]
        if operation == "count":
            if field != "___records___":
                yield "count takes no field"
        elif field not in known:
            yield f"unknown field {field}"
        elif known[field] not in SUITS.get(operation, frozenset()):
            yield f"{operation} does not suit {field}, which is {known[field]}"
        elif operation in ("min", "max") and (known[field] == "date") != (column["dataType"] == "date"):
            yield f"dataType is {column['dataType']}, and {field} is {known[field]}"
        if operation == "last_value" and known.get(params.get("sortField")) != "date":
            yield f"its sort field {params.get('sortField')} is no date"
        order = params.get("orderBy", {}).get("columnId")
        if order is not None and (order not in columns or columns[order]["isBucketed"]):
            yield f"is ordered by {order}, which is no measure"
        if "filter" in column:
            yield from self._kql(column["filter"], known)

    def _annotations(self, each: Object, layer: Object) -> Iterator[str]:
        view = _referenced(each, f"xy-visualization-layer-{layer['layerId']}")
        if view is None or view != layer["indexPatternId"]:
            yield "no reference to its data view"
            return
        known = self.fields.get(view, {})
        for mark in layer["annotations"]:
            for field in (mark["timeField"], mark["textField"], *mark.get("extraFields", ())):
                if field not in known:
                    yield f"unknown field {field}"
            if known.get(mark["timeField"], "date") != "date":
                yield f"its time field {mark['timeField']} is no date"
            yield from self._kql(mark["filter"], known)

    def _kql(self, query: Object, known: Fields) -> Iterator[str]:
        if query.get("language") != "kuery":
            yield f"the query's language is {query.get('language')}, not kuery"
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


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _accessors(drawing: Object) -> Iterator[str]:
    """Every column that a drawing names."""
    for key in ("xAccessor", "yAccessor", "valueAccessor", "metricAccessor", "splitAccessor"):
        if key in drawing:
            yield drawing[key]
    yield from drawing.get("accessors", ())
    yield from (config["forAccessor"] for config in drawing.get("yConfig", ()))
    yield from (column["columnId"] for column in drawing.get("columns", ()))
