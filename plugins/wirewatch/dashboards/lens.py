"""Panels as Lens's states: columns, layers and what draws them; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wirewatch.dashboards.panels import RED, VIEWS, Bars, Bucket, Chart, Measure, Number, Panel, Table, Time, Top

Object = dict[str, Any]

TIMES = {view.kind: view.time for view in VIEWS}
MAIN = "main"
MARKS, LINE = "marks", "line"
"""Layers of incidents, and of a threshold."""
FORMATTED = frozenset(("sum", "average", "median", "min", "max"))
"""Operations whose numbers look as the data view says for their field, unless the measure says otherwise."""


def view_id(kind: str) -> str:
    """The id of a kind's data view."""
    return f"wirewatch-{kind}"


def kql(query: str) -> Object:
    """A query as saved objects have it."""
    return {"query": query, "language": "kuery"}


def reference(kind: str, id: str, name: str) -> Object:
    """A reference of one saved object to another."""
    return {"type": kind, "id": id, "name": name}


def drawn(panel: Panel) -> tuple[str, Object, list[Object]]:
    """A panel's visualisation type, state and references; raises `TypeError` for one that Lens does not draw."""
    match panel:
        case Number():
            layers = {MAIN: layer(panel, (), (panel.measure,))}
            return _lens("lnsMetric", panel, layers, {"layerId": MAIN, "layerType": "data", "metricAccessor": "m0"})
        case Table():
            layers = {MAIN: layer(panel, panel.by, panel.measures)}
            return _lens("lnsDatatable", panel, layers, _table(panel))
        case Bars():
            layers = {MAIN: layer(panel, (*((panel.split,) if panel.split else ()), panel.by), (panel.measure,))}
            return _lens("lnsXY", panel, layers, _bars(panel))
        case Chart():
            layers = {
                f"l{number}": layer(panel, (*((each.split,) if each.split else ()), panel.time), each.measures)
                for number, each in enumerate(panel.layers)
            }
            if panel.threshold:
                layers[LINE] = _threshold(*panel.threshold)
            return _lens("lnsXY", panel, layers, _chart(panel))
    raise TypeError(f"{panel} cannot be drawn")


def _lens(kind: str, panel: Panel, layers: dict[str, Object], visualization: Object) -> tuple[str, Object, list[Object]]:
    state = {
        "datasourceStates": {"formBased": {"layers": layers}},
        "visualization": visualization,
        "query": kql(panel.query),
        "filters": [],
    }
    references = [reference("index-pattern", view_id(panel.view), f"indexpattern-datasource-layer-{name}") for name in layers]
    if isinstance(panel, Chart) and panel.incidents:
        references.append(reference("index-pattern", view_id("incidents"), f"xy-visualization-layer-{MARKS}"))
    return kind, state, references


# ---------------------------------------------------------------- columns


def layer(panel: Panel, buckets: Sequence[Bucket], measures: Sequence[Measure]) -> Object:
    """The columns of a layer: buckets `b0`, `b1`, ..., then measures `m0`, `m1`, ..."""
    columns = {f"b{number}": _bucket(panel.view, bucket) for number, bucket in enumerate(buckets)}
    columns |= {f"m{number}": _measure(panel.view, measure) for number, measure in enumerate(measures)}
    found: Object = {"columnOrder": list(columns), "columns": columns, "incompleteColumns": {}}
    return found | ({"ignoreGlobalFilters": True} if panel.unfiltered else {})


def _bucket(kind: str, bucket: Bucket) -> Object:
    if isinstance(bucket, Time):
        return {
            "label": "Time",
            "customLabel": True,
            "dataType": "date",
            "operationType": "date_histogram",
            "sourceField": bucket.field or TIMES[kind],
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
            "orderBy": {"type": "column", "columnId": f"m{bucket.by}"},
            "orderDirection": "desc",
            # Lens shows those without a value only together with the rest.
            "otherBucket": bucket.missing,
            "missingBucket": bucket.missing,
            "parentFormat": {"id": "terms"},
        },
    }


def _measure(kind: str, measure: Measure) -> Object:
    column: Object = {
        "label": measure.label,
        "customLabel": True,
        "dataType": "date" if measure.date else "number",
        "operationType": measure.what,
        "isBucketed": False,
        "scale": "ratio",
        "sourceField": measure.field or "___records___",
        "params": _params(kind, measure),
    }
    if measure.what == "last_value":
        # Asked for among documents that have one, as Lens itself does.
        column |= {"dataType": "string", "scale": "ordinal", "filter": kql(measure.only or f"{measure.field}: *")}
    elif measure.only:
        column["filter"] = kql(measure.only)
    return column


def _params(kind: str, measure: Measure) -> Object:
    if measure.what == "last_value":
        return {"sortField": TIMES[kind], "showArrayValues": False}
    params: Object = {} if measure.what in ("count", "unique_count") else {"emptyAsNull": True}
    if measure.percent or measure.decimals:
        params["format"] = {"id": "percent" if measure.percent else "number", "params": {"decimals": measure.decimals}}
    return params


def _threshold(label: str, value: float) -> Object:
    column = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "static_value",
        "isStaticValue": True,
        "isBucketed": False,
        "scale": "ratio",
        "params": {"value": str(value)},
        "references": [],
    }
    return {"columnOrder": ["value"], "columns": {"value": column}, "incompleteColumns": {}}


# ---------------------------------------------------------------- what draws them


def _table(panel: Table) -> Object:
    columns: list[Object] = [{"columnId": f"b{number}"} | ({"hidden": True} if by.hidden else {}) for number, by in enumerate(panel.by)]
    columns += [{"columnId": f"m{number}"} for number in range(len(panel.measures))]
    return {"layerId": MAIN, "layerType": "data", "columns": columns}


def _bars(panel: Bars) -> Object:
    drawing: Object = {
        "layerId": MAIN,
        "layerType": "data",
        "seriesType": "bar_horizontal_stacked" if panel.split else "bar_horizontal",
        "xAccessor": "b1" if panel.split else "b0",
        "accessors": ["m0"],
    }
    drawing |= {"splitAccessor": "b0"} if panel.split else {"yConfig": _colors([panel.measure])}
    return {
        "preferredSeriesType": drawing["seriesType"],
        "legend": {"isVisible": bool(panel.split), "position": "bottom"},
        "valueLabels": "hide" if panel.split else "show",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": True, "yRight": True},
        "layers": [drawing],
    }


def _chart(panel: Chart) -> Object:
    layers: list[Object] = []
    for number, each in enumerate(panel.layers):
        drawing: Object = {
            "layerId": f"l{number}",
            "layerType": "data",
            "seriesType": each.shape,
            "xAccessor": "b1" if each.split else "b0",
            "accessors": [f"m{position}" for position in range(len(each.measures))],
            "yConfig": [] if each.split else _colors(each.measures),
        }
        layers.append(drawing | ({"splitAccessor": "b0"} if each.split else {}))
    if panel.threshold:
        line = {"forAccessor": "value", "axisMode": "left", "color": RED, "lineWidth": 1, "lineStyle": "dashed", "textVisibility": True}
        layers.append({"layerId": LINE, "layerType": "referenceLine", "accessors": ["value"], "yConfig": [line]})
    if panel.incidents:
        layers.append(_incident_marks())
    measures = [measure for each in panel.layers for measure in each.measures]
    return {
        "preferredSeriesType": panel.layers[0].shape,
        "legend": {"isVisible": True, "showSingleSeries": False, "position": "bottom"},
        "valueLabels": "hide",
        "fittingFunction": "Linear" if panel.bridged else "None",
        # What is bridged is drawn like the rest, not dotted.
        "emphasizeFitting": panel.bridged,
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": len(measures) == 1, "yRight": True},
        "layers": layers,
    } | ({"yLeftExtent": {"mode": "custom", "lowerBound": 0, "upperBound": 1}} if panel.percent else {})


def _colors(measures: Sequence[Measure]) -> list[Object]:
    return [{"forAccessor": f"m{number}", "color": measure.color} for number, measure in enumerate(measures) if measure.color]


def _incident_marks() -> Object:
    mark = {
        "id": "incidents",
        "type": "query",
        "label": "Incidents",
        "timeField": "opened_at",
        "key": {"type": "point_in_time"},
        "filter": {"type": "kibana_query", **kql("severity: *")},
        "icon": "alert",
        "color": RED,
        "textVisibility": True,
        "textField": "topic_name",
        "extraFields": ["severity", "state"],
        "isHidden": False,
        "lineStyle": "dashed",
        "lineWidth": 2,
    }
    return {
        "layerId": MARKS,
        "layerType": "annotations",
        "ignoreGlobalFilters": False,
        "indexPatternId": view_id("incidents"),
        "annotations": [mark],
    }


__all__ = ["FORMATTED", "LINE", "MAIN", "MARKS", "TIMES", "Object", "Top", "drawn", "kql", "layer", "reference", "view_id"]
