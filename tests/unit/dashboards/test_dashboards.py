"""The dashboards: the shipped file is what the definitions make, and the check finds what Kibana would trip over."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wirewatch.dashboards import kql
from wirewatch.dashboards.build import ndjson, objects
from wirewatch.dashboards.check import check
from wirewatch.dashboards.fields import fields_of
from wirewatch.store.indices import PROPERTIES

SHIPPED = Path(__file__).parents[3] / "config" / "kibana" / "wirewatch.ndjson"

Object = dict[str, Any]


def test_the_shipped_file_is_what_the_definitions_make() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == ndjson(), "make dashboards"


def test_the_shipped_file_has_no_faults() -> None:
    assert check([json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()], PROPERTIES) == []


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
    panels(found, lambda inside: inside[1].update(panelRefName="panel_other"))


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
