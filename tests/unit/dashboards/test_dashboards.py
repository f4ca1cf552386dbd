"""The dashboards: the shipped file is what the definitions make, and the check finds what Kibana would trip over."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wirewatch.dashboards import kql
from wirewatch.dashboards.asks import data_of
from wirewatch.dashboards.boards import BOARDS
from wirewatch.dashboards.build import ndjson, objects
from wirewatch.dashboards.check import check
from wirewatch.dashboards.fields import fields_of
from wirewatch.dashboards.magic import filled
from wirewatch.dashboards.panels import Note, Number
from wirewatch.store.indices import PROPERTIES

SHIPPED = Path(__file__).parents[3] / "config" / "kibana" / "wirewatch.ndjson"

Object = dict[str, Any]


def test_the_shipped_file_is_what_the_definitions_make() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == ndjson(), "make dashboards"


def test_the_shipped_file_has_no_faults() -> None:
    assert check([json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()], PROPERTIES) == []


def test_the_newsroom_opens_with_the_heat_map() -> None:
    board = find(objects(), "wirewatch-newsroom")["attributes"]
    first = min(json.loads(board["panelsJSON"]), key=lambda panel: (panel["gridData"]["y"], panel["gridData"]["x"]))
    assert (first["panelIndex"], first["gridData"]["w"]) == ("surprise", 48)


def test_every_dashboard_has_panels_that_fill_whole_rows() -> None:
    for each in objects():
        if each["type"] == "dashboard":
            rows: dict[int, int] = {}
            for panel in json.loads(each["attributes"]["panelsJSON"]):
                rows[panel["gridData"]["y"]] = rows.get(panel["gridData"]["y"], 0) + panel["gridData"]["w"]
            assert set(rows.values()) == {48}, each["id"]


def test_another_prefix_reaches_every_data_view() -> None:
    titles = [each["attributes"]["title"] for each in objects("press-room") if each["type"] == "index-pattern"]
    assert titles
    assert all(title.startswith("press-room-") for title in titles)
    assert check(objects("press-room"), PROPERTIES) == []


def find(found: list[Object], id: str) -> Object:
    return next(each for each in found if each["id"] == id)


def layer(found: list[Object], id: str) -> Object:
    layers: dict[str, Object] = find(found, id)["attributes"]["state"]["datasourceStates"]["formBased"]["layers"]
    return next(iter(layers.values()))


def panels(found: list[Object], change: Callable[[list[Object]], None]) -> None:
    board = find(found, "wirewatch-newsroom")["attributes"]
    inside = json.loads(board["panelsJSON"])
    change(inside)
    board["panelsJSON"] = json.dumps(inside)


def break_field(found: list[Object]) -> None:
    layer(found, "wirewatch-newsroom-outlets")["columns"]["b0"]["sourceField"] = "publishr"


def break_operation(found: list[Object]) -> None:
    layer(found, "wirewatch-newsroom-outlets")["columns"]["b0"]["sourceField"] = "text"


def break_average(found: list[Object]) -> None:
    layer(found, "wirewatch-newsroom-coverage")["columns"]["m0"]["sourceField"] = "hour"


def break_order(found: list[Object]) -> None:
    layer(found, "wirewatch-newsroom-outlets")["columnOrder"].reverse()


def break_accessor(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-volume")["attributes"]["state"]["visualization"]["layers"][0]["accessors"] = ["m7"]


def break_view(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-volume")["references"].clear()


def break_panel(found: list[Object]) -> None:
    found.remove(find(found, "wirewatch-newsroom-latest"))


def break_reference_name(found: list[Object]) -> None:
    panels(found, lambda inside: inside[0].update(panelRefName="panel_other"))


def break_attribute(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom")["attributes"]["colour"] = "red"


def break_version(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom")["typeMigrationVersion"] = "10.2.0"


def break_grid(found: list[Object]) -> None:
    panels(found, lambda inside: inside[2]["gridData"].update(y=6))


def break_width(found: list[Object]) -> None:
    panels(found, lambda inside: inside[0]["gridData"].update(x=10))


def break_grid_name(found: list[Object]) -> None:
    panels(found, lambda inside: inside[0]["gridData"].update(i="else"))


def break_kql(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-outlets")["attributes"]["state"]["query"]["query"] = "status: (ready or"


def break_kql_field(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-outlets")["attributes"]["state"]["query"]["query"] = "statos: ready"


def break_column(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-latest")["attributes"]["columns"].append("headline")


def break_control(found: list[Object]) -> None:
    group = find(found, "wirewatch-topic")["attributes"]["controlGroupInput"]
    group["panelsJSON"] = group["panelsJSON"].replace('"fieldName": "topic"', '"fieldName": "theme"')


def break_mark(found: list[Object]) -> None:
    find(found, "wirewatch-topic-band")["attributes"]["state"]["visualization"]["layers"][-1]["annotations"][0]["textField"] = "headline"


def break_time(found: list[Object]) -> None:
    find(found, "wirewatch-counts")["attributes"]["timeFieldName"] = "topic"


def break_twice(found: list[Object]) -> None:
    found.append(copy.deepcopy(found[0]))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (break_field, "unknown field publishr"),
        (break_operation, "terms does not suit text, which is text"),
        (break_average, "average does not suit hour, which is date"),
        (break_order, "columnOrder differs"),
        (break_accessor, "accessor m7 names no column"),
        (break_view, "no reference to its data view"),
        (break_panel, "refers to search wirewatch-newsroom-latest, which is not in the file"),
        (break_reference_name, "no reference is named surprise:panel_other"),
        (break_attribute, "unknown attribute colour"),
        (break_version, "typeMigrationVersion is 10.2.0"),
        (break_grid, "lies over panel surprise"),
        (break_width, "reaches over the grid"),
        (break_grid_name, "gridData.i is else"),
        (break_kql, "is missing"),
        (break_kql_field, "the query names the unknown field statos"),
        (break_column, "unknown field headline"),
        (break_control, "theme has no values"),
        (break_mark, "unknown field headline"),
        (break_time, "the time field topic is no date"),
        (break_twice, "is here twice"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_check_finds(broken: Callable[[list[Object]], None], said: str) -> None:
    found = objects()
    broken(found)
    assert any(said in fault for fault in check(found, PROPERTIES)), check(found, PROPERTIES)


def test_kql_becomes_a_query_of_elasticsearch() -> None:
    assert kql.parse("")[0] == {"match_all": {}}
    assert kql.parse('a: b and not c: "d e"') == (
        {"bool": {"filter": [{"match": {"a": "b"}}, {"bool": {"must_not": [{"match_phrase": {"c": "d e"}}]}}]}},
        {"a", "c"},
    )
    assert kql.parse("(a: x* or b: *) and c >= 3")[1] == {"a", "b", "c"}


@pytest.mark.parametrize("text", ["a", "a b", "a: (b or", "a: b)", "and", "a: b c: d", 'a: "b'])
def test_what_is_no_kql_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        kql.parse(text)


def test_a_kind_that_only_ends_alike_is_not_taken_for_another() -> None:
    assert "poll_now_at" in fields_of(PROPERTIES["feed-controls"])
    assert fields_of(PROPERTIES["articles"])["topic"] == "keyword"


# ---------------------------------------------------------------- drawings


def drawing(found: list[Object], id: str, change: Callable[[Any], None]) -> None:
    """Change a drawing's specification."""
    attributes = find(found, id)["attributes"]
    state = json.loads(attributes["visState"])
    spec = json.loads(state["params"]["spec"])
    change(spec)
    state["params"]["spec"] = json.dumps(spec)
    attributes["visState"] = json.dumps(state)


def data(spec: Any, place: int = 0) -> Any:
    return list(data_of(spec))[place]


def vega_field(spec: Any) -> None:
    data(spec, 1)["url"]["body"]["aggs"]["topics"]["terms"]["field"] = "theme"


def vega_operation(spec: Any) -> None:
    data(spec, 0)["url"]["body"]["aggs"]["days"]["aggs"]["coverage"]["avg"]["field"] = "hour"


def vega_index(spec: Any) -> None:
    data(spec, 1)["url"]["index"] = "wirewatch-count"


def vega_time(spec: Any) -> None:
    data(spec, 1)["url"]["%timefield%"] = "topic"


def vega_both(spec: Any) -> None:
    data(spec, 1)["url"]["body"]["query"] = {"match_all": {}}


def vega_property(spec: Any) -> None:
    data(spec, 1)["format"]["property"] = "aggregations.topic.buckets"


def vega_order(spec: Any) -> None:
    data(spec, 1)["url"]["body"]["aggs"]["topics"]["terms"]["order"] = {"height": "desc"}


def vega_flatten(spec: Any) -> None:
    spec["layer"][1]["transform"][0]["flatten"] = ["day.buckets"]


def vega_expression(spec: Any) -> None:
    spec["layer"][1]["transform"][5]["calculate"] = "datum.day.scores.value"


def vega_encoding(spec: Any) -> None:
    spec["layer"][1]["encoding"]["y"]["field"] = "name"


def vega_schema(spec: Any) -> None:
    spec["$schema"] = "https://vega.github.io/schema/vega/v5.json"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (vega_field, "unknown field theme"),
        (vega_operation, "avg does not suit hour, which is date"),
        (vega_index, "no data view is for wirewatch-count"),
        (vega_time, "the time range does not suit topic, which is keyword"),
        (vega_both, "must not go together with body.query"),
        (vega_property, "format.property aggregations.topic.buckets is no list in the answer"),
        (vega_order, "is ordered by height, which is not worked out"),
        (vega_flatten, "day.buckets cannot be flattened"),
        (vega_expression, "there is no day.scores.value"),
        (vega_encoding, "y shows name, which is not in the answer"),
        (vega_schema, "is not checked"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_check_finds_in_drawings(broken: Callable[[Any], None], said: str) -> None:
    found = objects()
    drawing(found, "wirewatch-newsroom-surprise", broken)
    assert any(said in fault for fault in check(found, PROPERTIES)), check(found, PROPERTIES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda spec: spec["transform"][4]["from"].update(fields=["count"]), "there is no count to be looked up"),
        (lambda spec: spec["transform"][4].update(lookup="name"), "lookup: there is no name"),
        (lambda spec: data(spec, 0)["url"]["body"]["query"]["bool"]["filter"].append({"term": {"statos": "x"}}), "unknown field statos"),
        (lambda spec: data(spec, 0)["url"]["body"]["query"]["bool"]["filter"].append({"wildcard": {"status": "x"}}), "is not checked"),
        (lambda spec: spec["transform"].append({"fold": ["share"]}), "a transform is not checked: fold"),
    ],
)
def test_the_check_follows_what_drawings_look_up_and_ask(change: Callable[[Any], None], said: str) -> None:
    found = objects()
    drawing(found, "wirewatch-topic-compared", change)
    assert any(said in fault for fault in check(found, PROPERTIES)), check(found, PROPERTIES)


def break_reference_kind(found: list[Object]) -> None:
    panels(found, lambda inside: inside[1].update(type="lens"))


def break_twice_on_board(found: list[Object]) -> None:
    panels(found, lambda inside: inside.append(copy.deepcopy(inside[0])))


def break_filter(found: list[Object]) -> None:
    layer(found, "wirewatch-incidents-desks")["columns"]["m1"]["filter"]["query"] = "stat: open"


def break_sort_field(found: list[Object]) -> None:
    layer(found, "wirewatch-newsroom-new")["columns"]["m0"]["params"]["sortField"] = "language"


def break_date(found: list[Object]) -> None:
    layer(found, "wirewatch-newsroom-new")["columns"]["m1"]["dataType"] = "number"


def break_order_by(found: list[Object]) -> None:
    layer(found, "wirewatch-newsroom-outlets")["columns"]["b0"]["params"]["orderBy"]["columnId"] = "m9"


def break_color(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-volume")["attributes"]["state"]["visualization"]["layers"][0]["yConfig"][0]["forAccessor"] = "m9"


def break_undrawn(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-volume")["attributes"]["state"]["visualization"]["layers"].pop(0)


def break_line(found: list[Object]) -> None:
    layers = find(found, "wirewatch-topic-strength")["attributes"]["state"]["datasourceStates"]["formBased"]["layers"]
    layers["line"]["columns"]["value"]["params"]["value"] = "half"


def break_format(found: list[Object]) -> None:
    find(found, "wirewatch-polls")["attributes"]["fieldFormatMap"] = '{"byte": {"id": "bytes"}}'


def break_lens_attribute(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-volume")["attributes"]["colour"] = "red"


def break_json(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom")["attributes"]["panelsJSON"] = "["


def break_link(found: list[Object]) -> None:
    found.remove(find(found, "wirewatch-pipeline"))


def break_language(found: list[Object]) -> None:
    find(found, "wirewatch-newsroom-outlets")["attributes"]["state"]["query"]["language"] = "lucene"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (break_reference_kind, "is a lens, and refers to a visualization"),
        (break_twice_on_board, "panel surprise: is here twice"),
        (break_filter, "the query names the unknown field stat"),
        (break_sort_field, "its sort field language is no date"),
        (break_date, "dataType is number, and @timestamp is date"),
        (break_order_by, "is ordered by m9, which is no measure"),
        (break_color, "accessor m9 names no column"),
        (break_undrawn, "layer l0: is not drawn"),
        (break_line, "its value is no number"),
        (break_format, "has a format for the unknown field byte"),
        (break_lens_attribute, "unknown attribute colour"),
        (break_json, "cannot be read: JSONDecodeError"),
        (break_link, "leads to dashboard wirewatch-pipeline, which is not in the file"),
        (break_language, "the query's language is lucene, not kuery"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_check_finds_besides(broken: Callable[[list[Object]], None], said: str) -> None:
    found = objects()
    broken(found)
    assert any(said in fault for fault in check(found, PROPERTIES)), check(found, PROPERTIES)


def test_every_panel_that_a_control_filters_has_its_field() -> None:
    for board in BOARDS:
        for panel in (panel for row in board.rows for panel in row):
            if panel.view and not panel.unfiltered:
                missing = {field for _, field, _ in board.controls} - fields_of(PROPERTIES[panel.view]).keys()
                assert not missing, (board.id, panel.id)


def test_every_chart_table_and_drawing_has_a_title_of_its_own() -> None:
    for board in BOARDS:
        titles = [panel.title for row in board.rows for panel in row if not isinstance(panel, (Number, Note))]
        assert all(titles), board.id
        assert len(set(titles)) == len(titles), board.id


def test_what_kibana_fills_in_is_filled_in_as_it_does() -> None:
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC)
    mine = {"term": {"topic": "x"}}
    url = {
        "index": "i",
        "body": {
            "query": {
                "bool": {
                    "must": ["%dashboard_context-must_clause%"],
                    "filter": ["%dashboard_context-filter_clause%", {"range": {"at": {"%timefilter%": True}}}],
                }
            },
            "aggs": {"a": {"filter": {"range": {"at": {"gte": {"%timefilter%": "max", "shift": -1, "unit": "day"}}}}}},
        },
    }
    body = filled(url, start, end, [mine])["body"]
    span = {"gte": "2026-11-01T00:00:00.000Z", "lte": "2026-11-08T00:00:00.000Z", "format": "strict_date_optional_time"}
    assert body["query"] == {"bool": {"must": [], "filter": [mine, {"range": {"at": span}}]}}
    assert body["aggs"]["a"]["filter"]["range"]["at"]["gte"] == int((end - timedelta(days=1)).timestamp() * 1000)
    plain = filled({"index": "i", "%timefield%": "at", "body": {"size": 0}}, start, end, [mine])
    assert plain == {"index": "i", "body": {"size": 0, "query": {"bool": {"must": [{"range": {"at": span}}], "filter": []}}}}
