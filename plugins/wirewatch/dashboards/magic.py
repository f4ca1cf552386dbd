"""What Kibana puts into a Vega data source before it asks Elasticsearch: the dashboard's time range and filters. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

CONTEXT, TIME_FIELD, TIME_FILTER = "%context%", "%timefield%", "%timefilter%"
CLAUSES: Mapping[str, str] = {f"%dashboard_context-{name}_clause%": name for name in ("must", "filter", "must_not")}
UNITS: Mapping[str, timedelta] = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}


def filled(url: dict[str, Any], start: datetime, end: datetime, filters: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The data source with its body as Kibana sends it, changed in place; raises `ValueError` for what Kibana refuses."""
    body = url.setdefault("body", {})
    context, time = url.pop(CONTEXT, None), url.pop(TIME_FIELD, None)
    if "query" in body:
        if context is not None or time is not None:
            raise ValueError(f"{CONTEXT} and {TIME_FIELD} must not go together with body.query")
        body["query"] = _filled(body["query"], start, end, filters)
    elif context or time:
        span = [{"range": {time: _span(start, end)}}] if time else []
        body["query"] = {"bool": {"must": span, "filter": list(filters) if context else []}}
    if "aggs" in body:
        body["aggs"] = _filled(body["aggs"], start, end, None)
    return url


def _filled(value: Any, start: datetime, end: datetime, filters: Sequence[Mapping[str, Any]] | None) -> Any:
    if isinstance(value, list):
        found: list[Any] = []
        for each in value:
            if filters is not None and isinstance(each, str) and each in CLAUSES:
                found += filters if CLAUSES[each] == "filter" else []
            else:
                found.append(_filled(each, start, end, filters))
        return found
    if not isinstance(value, dict):
        return value
    match value.get(TIME_FILTER):
        case None:
            return {name: _filled(each, start, end, filters) for name, each in value.items()}
        case True:
            return _span(start, end)
        case "min" | "max" as bound:
            shift = value.get("shift", 0) * UNITS[value.get("unit", "day")]
            return int(((start if bound == "min" else end) + shift).timestamp() * 1000)
        case other:
            raise ValueError(f"{TIME_FILTER} is {other!r}, not true, min or max")


def _span(start: datetime, end: datetime) -> dict[str, str]:
    return {"gte": _text(start), "lte": _text(end), "format": "strict_date_optional_time"}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
