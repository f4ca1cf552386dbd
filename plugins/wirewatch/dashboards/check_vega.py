"""Faults of Vega-Lite specifications that Kibana does not tell of: what they ask for that is not there, and what they show that the
answer does not have. Pure.

Every data set's answer is made up from its aggregations, and followed through the transforms to what is drawn.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wirewatch.dashboards.asks import data_of
from wirewatch.dashboards.fields import NUMERIC, VALUES, Fields
from wirewatch.dashboards.magic import filled

Row = dict[str, Any]

_METRICS: Mapping[str, frozenset[str]] = {
    "max": NUMERIC | {"date"},
    "min": NUMERIC | {"date"},
    "sum": NUMERIC,
    "avg": NUMERIC,
    "cardinality": VALUES,
}
_BUCKETS: Mapping[str, frozenset[str]] = {
    "terms": VALUES,
    "date_histogram": frozenset(("date",)),
}
_SINGLE = frozenset(("filter",))
_LEAVES = frozenset(("term", "terms", "range", "match"))
_NAMED = re.compile(r"\bdatum((?:\.[A-Za-z_]\w*)+)")
_START, _END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def faults(spec: Mapping[str, Any], indices: Mapping[str, Fields]) -> Iterator[str]:
    """Every fault of a specification; `indices`: the fields behind the names of all data views."""
    if "/vega-lite/v5" not in spec.get("$schema", ""):
        yield f"is not checked: {spec.get('$schema')}"
        return
    for data in data_of(spec):
        yield from _data(data, indices)
    for view in spec.get("layer", [spec]):
        yield from _drawing({"data": spec.get("data"), **view})


# ---------------------------------------------------------------- what is asked


def _data(data: Mapping[str, Any], indices: Mapping[str, Fields]) -> Iterator[str]:
    url = data["url"]
    index = url.get("index")
    if index not in indices:
        yield f"no data view is for {index}"
        return
    try:
        body = filled(copy.deepcopy(url), _START, _END)["body"]
    except ValueError as error:
        yield str(error)
        return
    if time := url.get("%timefield%"):
        yield from _is(time, frozenset(("date",)), "the time range", indices[index])
    yield from _query(body.get("query"), indices[index])
    yield from _aggregations(body.get("aggs", {}), indices[index])
    if isinstance(_at({"aggregations": _answer(body.get("aggs", {}))}, _property(data)), list):
        return
    yield f"format.property {_property(data)} is no list in the answer"


def _query(query: Any, known: Fields) -> Iterator[str]:
    if isinstance(query, list):
        for each in query:
            yield from _query(each, known)
    elif isinstance(query, Mapping):
        for name, inner in query.items():
            if name == "exists":
                named = [inner["field"]]
            elif name in _LEAVES:
                named = list(inner)
            elif name == "bool":
                named = []
                for clauses in inner.values():
                    yield from _query(clauses, known)
            else:
                named = []
                yield f"the query {name} is not checked"
            yield from (f"the query names the unknown field {field}" for field in named if field not in known)


def _aggregations(aggs: Mapping[str, Any], known: Fields) -> Iterator[str]:
    for name, agg in aggs.items():
        kind = next(key for key in agg if key != "aggs")
        inner = agg.get("aggs", {})
        if kind in _METRICS or kind in _BUCKETS:
            yield from _is(agg[kind]["field"], _METRICS.get(kind) or _BUCKETS[kind], kind, known)
        elif kind == "filter":
            yield from _query(agg[kind], known)
        else:
            yield f"aggregation {name}: {kind} is not checked"
        for order in agg[kind].get("order", {}) if kind == "terms" else ():
            if order not in inner and order not in ("_count", "_key"):
                yield f"aggregation {name}: is ordered by {order}, which is not worked out"
        yield from _aggregations(inner, known)


def _is(field: str, wanted: frozenset[str], what: str, known: Fields) -> Iterator[str]:
    if field not in known:
        yield f"unknown field {field}"
    elif known[field] not in wanted:
        yield f"{what} does not suit {field}, which is {known[field]}"


# ---------------------------------------------------------------- what is shown


def _answer(aggs: Mapping[str, Any]) -> Row:
    """What the answer to aggregations looks like, with one bucket each."""
    found: Row = {}
    for name, agg in aggs.items():
        kind = next(key for key in agg if key != "aggs")
        inner = _answer(agg.get("aggs", {}))
        if kind in _METRICS:
            found[name] = {"value": 1}
        elif kind in _SINGLE:
            found[name] = {"doc_count": 1, **inner}
        else:
            more: Row = {"key_as_string": ""} if kind == "date_histogram" else {}
            found[name] = {"buckets": [{"key": 1, "doc_count": 1, **more, **inner}]}
    return found


def _property(data: Mapping[str, Any]) -> str:
    return str(data.get("format", {}).get("property", ""))


def _row(data: Mapping[str, Any] | None) -> Row | None:
    """The first row of a data set; None where it has none."""
    if data is None:
        return None
    rows = _at({"aggregations": _answer(data["url"].get("body", {}).get("aggs", {}))}, _property(data))
    return dict(rows[0]) if isinstance(rows, list) and rows else None


def _at(row: Any, path: str) -> Any:
    """What a dotted path leads to; None where it leads nowhere."""
    for name in path.split("."):
        if not isinstance(row, Mapping) or name not in row:
            return None
        row = row[name]
    return row


def _drawing(view: Mapping[str, Any]) -> Iterator[str]:
    row = _row(view["data"])
    if row is None:
        yield "a drawing has no data"
        return
    for step in view.get("transform", ()):
        yield from _step(step, row)
    for channel, encodings in view.get("encoding", {}).items():
        for encoding in encodings if isinstance(encodings, list) else [encodings]:
            if "field" in encoding and _at(row, encoding["field"]) is None:
                yield f"{channel} shows {encoding['field']}, which is not in the answer"


def _step(step: Mapping[str, Any], row: Row) -> Iterator[str]:
    """Faults of one transform, whose outcome is added to the row."""
    expression = step.get("calculate") or step.get("filter")
    if isinstance(expression, str):
        yield from (f"{expression}: there is no {path[1:]}" for path in _NAMED.findall(expression) if _at(row, path[1:]) is None)
        if "calculate" in step:
            row[step["as"]] = 1
    elif "flatten" in step:
        for path, name in zip(step["flatten"], step.get("as", step["flatten"]), strict=True):
            inside = _at(row, path)
            if not isinstance(inside, list):
                yield f"{path} cannot be flattened: it is no list"
            row[name] = inside[0] if isinstance(inside, list) and inside else {}
    elif "lookup" in step:
        yield from _lookup(step, row)
    elif "window" in step:
        yield from (f"there is no {each['field']} to sort by" for each in step["sort"] if _at(row, each["field"]) is None)
        row.update({each["as"]: 1 for each in step["window"]})
    else:
        yield f"a transform is not checked: {', '.join(step)}"


def _lookup(step: Mapping[str, Any], row: Row) -> Iterator[str]:
    other, fields = _row(step["from"]["data"]) or {}, step["from"]["fields"]
    if _at(row, step["lookup"]) is None:
        yield f"lookup: there is no {step['lookup']}"
    missing: Sequence[str] = [name for name in (step["from"]["key"], *fields) if _at(other, name) is None]
    yield from (f"lookup: there is no {name} to be looked up" for name in missing)
    row.update(dict.fromkeys(step.get("as", fields), 1))
