"""Boards to Kibana's saved objects, at the format of 8.12 that every later Kibana takes; pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from wirewatch.dashboards import lens
from wirewatch.dashboards.boards import BOARDS
from wirewatch.dashboards.lens import TIMES, Object, kql, reference, view_id
from wirewatch.dashboards.panels import VIEWS, Board, Drawing, Listing, Note, Number, Panel, View

TYPE_VERSIONS = {
    "dashboard": "8.9.0",
    "lens": "8.9.0",
    "visualization": "8.5.0",
    "search": "8.0.0",
    "index-pattern": "8.0.0",
    "tag": "8.0.0",
}
"""`typeMigrationVersion` of Kibana 8.12: a file at this floor imports into it and everything newer."""
GRID = 48
TAG = "wirewatch-tag"


def ndjson(prefix: str = "wirewatch") -> str:
    """The file that Kibana imports: one object a line."""
    return "".join(json.dumps(each, ensure_ascii=False, sort_keys=True) + "\n" for each in objects(prefix))


def objects(prefix: str = "wirewatch", boards: Sequence[Board] = BOARDS) -> list[Object]:
    """Every saved object, what others refer to first; `prefix` is that of the indices."""
    found = [_object("tag", TAG, {"name": "Wirewatch", "description": "", "color": "#2F6FDE"})]
    found += [_view(view, prefix) for view in VIEWS]
    for board in boards:
        found += [_panel(board, panel, prefix) for row in board.rows for panel in row]
        found.append(_dashboard(board))
    return found


def board_id(board: Board) -> str:
    """The id of a dashboard, which links name."""
    return f"wirewatch-{board.id}"


def panel_id(board: Board, panel: Panel) -> str:
    """The id of a panel's own saved object."""
    return f"wirewatch-{board.id}-{panel.id}"


def _object(kind: str, id: str, attributes: Object, references: Sequence[Object] = ()) -> Object:
    return {
        "id": id,
        "type": kind,
        "attributes": attributes,
        "references": list(references),
        "coreMigrationVersion": "8.8.0",
        "managed": False,
        "typeMigrationVersion": TYPE_VERSIONS[kind],
    }


def _view(view: View, prefix: str) -> Object:
    attributes: Object = {"title": f"{prefix}-{view.kind}", "name": view.title}
    if view.time:
        attributes["timeFieldName"] = view.time
    if view.formats:
        attributes["fieldFormatMap"] = _json(view.formats)
    return _object("index-pattern", view_id(view.kind), attributes)


# ---------------------------------------------------------------- dashboards


def _dashboard(board: Board) -> Object:
    panels: list[Object] = []
    references = [reference("tag", TAG, f"tag-ref-{TAG}")]
    y = 0
    for row in board.rows:
        x = 0
        for panel in row:
            kind = _type(panel)
            panels.append(
                {
                    "type": kind,
                    "title": panel.title,
                    "gridData": {"x": x, "y": y, "w": panel.width, "h": panel.height, "i": panel.id},
                    "panelIndex": panel.id,
                    "embeddableConfig": {"enhancements": {}, "hidePanelTitles": not panel.title}
                    | ({"description": panel.about} if panel.about and panel.title else {}),
                    "panelRefName": f"panel_{panel.id}",
                }
            )
            references.append(reference(kind, panel_id(board, panel), f"{panel.id}:panel_{panel.id}"))
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
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json({"query": kql(""), "filter": []})},
    }
    if board.controls:
        attributes["controlGroupInput"] = _controls(board)
        references += [
            reference("index-pattern", view_id(kind), f"controlGroup_{_control_id(field)}:optionsListDataView")
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


def _type(panel: Panel) -> str:
    match panel:
        case Listing():
            return "search"
        case Drawing() | Note():
            return "visualization"
    return "lens"


def _panel(board: Board, panel: Panel, prefix: str) -> Object:
    id, title = panel_id(board, panel), f"{board.title}: {_name(panel)}"
    match panel:
        case Listing():
            return _listing(id, title, panel)
        case Drawing():
            return _visualization(id, title, panel, "vega", {"spec": json.dumps(panel.spec(prefix), ensure_ascii=False, indent=1)})
        case Note():
            return _visualization(id, title, panel, "markdown", {"markdown": panel.text, "openLinksInNewTab": False, "fontSize": 12})
    kind, state, references = lens.drawn(panel)
    attributes = {"title": title, "description": panel.about, "visualizationType": kind, "state": state}
    return _object("lens", id, attributes, references)


def _name(panel: Panel) -> str:
    match panel:
        case Number():
            return panel.measure.label
        case Note():
            return "Guide"
    return panel.title


def _visualization(id: str, title: str, panel: Panel, kind: str, params: Object) -> Object:
    attributes = {
        "title": title,
        "description": panel.about,
        "version": 1,
        "uiStateJSON": "{}",
        "visState": _json({"title": title, "type": kind, "aggs": [], "params": params}),
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json({"query": kql(""), "filter": []})},
    }
    return _object("visualization", id, attributes)


def _listing(id: str, title: str, panel: Listing) -> Object:
    time = TIMES[panel.view]
    index = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {"query": kql(panel.query), "filter": [], "indexRefName": index}
    sort = panel.sort or ((time, "desc") if time else None)
    attributes = {
        "title": title,
        "description": panel.about,
        "columns": list(panel.columns),
        "sort": [list(sort)] if sort else [],
        "grid": {},
        "hideChart": True,
        "isTextBasedQuery": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
    }
    return _object("search", id, attributes, [reference("index-pattern", view_id(panel.view), index)])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


__all__ = ["GRID", "TAG", "TYPE_VERSIONS", "Object", "board_id", "ndjson", "objects", "panel_id", "view_id"]
