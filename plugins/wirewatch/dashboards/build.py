"""Boards to Kibana's saved objects, at the format of 8.12 that every later Kibana takes; pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from wirewatch.dashboards.boards import BOARDS, VIEWS, Bars, Board, Bucket, Chart, Heat, Listing, Measure, Number, Panel, Time, Top, View

Object = dict[str, Any]

TYPE_VERSIONS = {"dashboard": "8.9.0", "lens": "8.9.0", "search": "8.0.0", "index-pattern": "8.0.0", "tag": "8.0.0"}
"""`typeMigrationVersion` of Kibana 8.12: a file at this floor imports into it and everything newer."""
GRID = 48
TAG = "wirewatch-tag"
_TIMES = {view.kind: view.time for view in VIEWS}


def ndjson(prefix: str = "wirewatch") -> str:
    """The file that Kibana imports: one object a line."""
    return "".join(json.dumps(each, ensure_ascii=False, sort_keys=True) + "\n" for each in objects(prefix))


def objects(prefix: str = "wirewatch", boards: Sequence[Board] = BOARDS) -> list[Object]:
    """Every saved object, what others refer to first; `prefix` is that of the indices."""
    found = [_object("tag", TAG, {"name": "Wirewatch", "description": "", "color": "#2F6FDE"})]
    found += [_view(view, prefix) for view in VIEWS]
    for board in boards:
        found += [_panel(board, panel) for row in board.rows for panel in row]
        found.append(_dashboard(board))
    return found


def view_id(kind: str) -> str:
    """The id of a kind's data view."""
    return f"wirewatch-{kind}"


def board_id(board: Board) -> str:
    """The id of a dashboard, which links name."""
    return f"wirewatch-{board.id}"


def _object(kind: str, id: str, attributes: Object, references: Sequence[Object] = ()) -> Object:
    return {
        "id": id,
        "type": kind,
        "attributes": attributes,
        "references": list(references),
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": TYPE_VERSIONS[kind],
    }


def _reference(kind: str, id: str, name: str) -> Object:
    return {"type": kind, "id": id, "name": name}


def _view(view: View, prefix: str) -> Object:
    attributes = {"title": f"{prefix}-{view.kind}", "name": view.title}
    return _object("index-pattern", view_id(view.kind), attributes | ({"timeFieldName": view.time} if view.time else {}))


# ---------------------------------------------------------------- dashboards


def _dashboard(board: Board) -> Object:
    panels: list[Object] = []
    references = [_reference("tag", TAG, f"tag-ref-{TAG}")]
    y = 0
    for row in board.rows:
        x = 0
        for panel in row:
            kind = "search" if isinstance(panel, Listing) else "lens"
            panels.append(
                {
                    "type": kind,
                    "title": panel.title,
                    "gridData": {"x": x, "y": y, "w": panel.width, "h": panel.height, "i": panel.id},
                    "panelIndex": panel.id,
                    "embeddableConfig": {"enhancements": {}, "hidePanelTitles": not panel.title},
                    "panelRefName": f"panel_{panel.id}",
                }
            )
            references.append(_reference(kind, _panel_id(board, panel), f"{panel.id}:panel_{panel.id}"))
            x += panel.width
        y += max(panel.height for panel in row)
    attributes: Object = {
        "title": board.title,
        "description": board.description,
        "version": 1,
        "timeRestore": True,
        "timeFrom": board.since,
        "timeTo": "now",
        "refreshInterval": {"pause": False, "value": 60_000},
        "optionsJSON": _json({"useMargins": True, "syncColors": True, "syncCursor": True, "syncTooltips": False, "hidePanelTitles": False}),
        "panelsJSON": _json(panels),
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json({"query": _kql(""), "filter": []})},
    }
    if board.controls:
        attributes["controlGroupInput"] = _controls(board)
        references += [
            _reference("index-pattern", view_id(kind), f"controlGroup_{_control_id(field)}:optionsListDataView")
            for kind, field, _ in board.controls
        ]
    return _object("dashboard", board_id(board), attributes, references)


def _controls(board: Board) -> Object:
    panels = {
        _control_id(field): {
            "type": "optionsListControl",
            "order": order,
            "grow": True,
            "width": "medium",
            "explicitInput": {"id": _control_id(field), "fieldName": field, "title": label, "selectedOptions": [], "enhancements": {}},
        }
        for order, (_, field, label) in enumerate(board.controls)
    }
    ignored = {"ignoreFilters": False, "ignoreQuery": False, "ignoreTimerange": False, "ignoreValidations": False}
    return {
        "chainingSystem": "HIERARCHICAL",
        "controlStyle": "oneLine",
        "ignoreParentSettingsJSON": _json(ignored),
        "panelsJSON": _json(panels),
    }


def _control_id(field: str) -> str:
    return f"control-{field}"


# ---------------------------------------------------------------- panels


def _panel_id(board: Board, panel: Panel) -> str:
    return f"wirewatch-{board.id}-{panel.id}"


def _panel(board: Board, panel: Panel) -> Object:
    id = _panel_id(board, panel)
    title = f"{board.title}: {panel.title or getattr(panel, 'measure', None).label}"  # type: ignore[union-attr]  # only numbers have no title
    match panel:
        case Listing():
            return _listing(id, title, panel)
        case Number():
            return _lens(id, title, panel, "lnsMetric", {"main": ([], [panel.measure])}, _metric())
        case Heat():
            layers = {"main": ([Time(panel.every), panel.down], [panel.measure])}
            return _lens(id, title, panel, "lnsHeatmap", layers, _heatmap())
        case Bars():
            layers = {"main": (list(panel.by), list(panel.measures))}
            return _lens(id, title, panel, "lnsDatatable", layers, _table(panel))
        case Chart():
            layers = {
                f"l{number}": ([*([layer.split] if layer.split else []), Time(panel.every)], list(layer.measures))
                for number, layer in enumerate(panel.layers)
            }
            return _lens(id, title, panel, "lnsXY", layers, _xy(panel))
    raise TypeError(f"{panel} cannot be drawn")


def _lens(
    id: str, title: str, panel: Panel, kind: str, layers: dict[str, tuple[list[Any], list[Measure]]], visualization: Object
) -> Object:
    state = {
        "datasourceStates": {"formBased": {"layers": {name: _layer(panel.view, *layer) for name, layer in layers.items()}}},
        "visualization": visualization,
        "query": _kql(panel.query),
        "filters": [],
    }
    references = [_reference("index-pattern", view_id(panel.view), f"indexpattern-datasource-layer-{name}") for name in layers]
    if isinstance(panel, Chart) and panel.incidents:
        references.append(_reference("index-pattern", view_id("incidents"), "xy-visualization-layer-marks"))
    return _object("lens", id, {"title": title, "visualizationType": kind, "state": state}, references)


def _layer(kind: str, buckets: Sequence[Bucket], measures: Sequence[Measure]) -> Object:
    columns = {f"b{number}": _bucket(kind, bucket) for number, bucket in enumerate(buckets)}
    columns |= {f"m{number}": _measure(measure) for number, measure in enumerate(measures)}
    return {"columnOrder": list(columns), "columns": columns}


def _bucket(kind: str, bucket: Bucket) -> Object:
    if isinstance(bucket, Time):
        return {
            "label": "Time",
            "dataType": "date",
            "operationType": "date_histogram",
            "sourceField": _TIMES[kind],
            "isBucketed": True,
            "scale": "interval",
            "params": {"interval": bucket.every, "includeEmptyRows": True, "dropPartials": False},
        }
    return {
        "label": bucket.label or bucket.field,
        "customLabel": True,
        "dataType": "string",
        "operationType": "terms",
        "scale": "ordinal",
        "sourceField": bucket.field,
        "isBucketed": True,
        "params": {
            "size": bucket.size,
            "orderBy": {"type": "column", "columnId": "m0"},
            "orderDirection": "desc",
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
        },
    }


def _measure(measure: Measure) -> Object:
    params: Object = {} if measure.what in ("count", "unique_count") else {"emptyAsNull": True}
    if measure.percent or measure.decimals:
        params["format"] = {"id": "percent" if measure.percent else "number", "params": {"decimals": measure.decimals}}
    return {
        "label": measure.label,
        "customLabel": True,
        "dataType": "number",
        "operationType": measure.what,
        "isBucketed": False,
        "scale": "ratio",
        "sourceField": measure.field or "___records___",
        "params": params,
    }


def _metric() -> Object:
    return {"layerId": "main", "layerType": "data", "metricAccessor": "m0"}


def _heatmap() -> Object:
    return {
        "layerId": "main",
        "layerType": "data",
        "shape": "heatmap",
        "xAccessor": "b0",
        "yAccessor": "b1",
        "valueAccessor": "m0",
        "legend": {"isVisible": True, "position": "right", "type": "heatmap_legend"},
        "gridConfig": {
            "type": "heatmap_grid",
            "isCellLabelVisible": False,
            "isYAxisLabelVisible": True,
            "isXAxisLabelVisible": True,
            "isYAxisTitleVisible": False,
            "isXAxisTitleVisible": False,
        },
    }


def _table(panel: Bars) -> Object:
    columns = [f"b{number}" for number in range(len(panel.by))] + [f"m{number}" for number in range(len(panel.measures))]
    return {"layerId": "main", "layerType": "data", "columns": [{"columnId": column} for column in columns]}


def _xy(panel: Chart) -> Object:
    layers: list[Object] = []
    for number, layer in enumerate(panel.layers):
        drawn = {
            "layerId": f"l{number}",
            "layerType": "data",
            "seriesType": layer.shape,
            "xAccessor": "b1" if layer.split else "b0",
            "accessors": [f"m{position}" for position in range(len(layer.measures))],
        }
        layers.append(drawn | ({"splitAccessor": "b0"} if layer.split else {}))
    if panel.incidents:
        layers.append(_incident_marks())
    return {
        "preferredSeriesType": panel.layers[0].shape,
        "legend": {"isVisible": True, "position": "bottom"},
        "layers": layers,
    }


def _incident_marks() -> Object:
    mark = {
        "id": "incidents",
        "type": "query",
        "label": "Incidents",
        "timeField": "opened_at",
        "key": {"type": "point_in_time"},
        "filter": {"type": "kibana_query", **_kql("severity: *")},
        "icon": "alert",
        "color": "#D36086",
        "textVisibility": True,
        "textField": "topic_name",
        "extraFields": ["severity", "state"],
        "isHidden": False,
        "lineStyle": "dashed",
        "lineWidth": 2,
    }
    return {
        "layerId": "marks",
        "layerType": "annotations",
        "ignoreGlobalFilters": False,
        "indexPatternId": view_id("incidents"),
        "annotations": [mark],
    }


def _listing(id: str, title: str, panel: Listing) -> Object:
    time = _TIMES[panel.view]
    index = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {"query": _kql(panel.query), "filter": [], "indexRefName": index}
    attributes = {
        "title": title,
        "description": "",
        "columns": list(panel.columns),
        "sort": [[time, "desc"]] if time else [],
        "grid": {},
        "hideChart": True,
        "isTextBasedQuery": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
    }
    return _object("search", id, attributes, [_reference("index-pattern", view_id(panel.view), index)])


def _kql(query: str) -> Object:
    return {"query": query, "language": "kuery"}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


__all__ = ["TAG", "Object", "Top", "board_id", "ndjson", "objects", "view_id"]
