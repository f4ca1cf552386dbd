"""Model values to documents and back, field by field under the same names; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from pydantic import TypeAdapter

from wirewatch.model import Article, Delivery, Incident, IncidentState, Notification, Precision
from wirewatch.store.base import Hit, Stored

T = TypeVar("T")

_RENAMED: dict[type, dict[str, str]] = {Article: {"timestamp": "@timestamp"}}


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
"""Building one takes longer than using it a thousand times."""


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_document(value: Any) -> dict[str, Any]:
    """The document of a model value: ISO 8601 datetimes, enum values, lists; None and empty collections are left out.

    What charts need besides, and what follows from the value, is added: how long things took, and where they stand.
    """
    plain = _adapter(type(value)).dump_python(value, mode="json")
    names = _RENAMED.get(type(value), {})
    derived = _DERIVED[type(value)](value) if type(value) in _DERIVED else {}
    document = {names.get(name, name): item for name, item in plain.items()} | derived
    return {name: item for name, item in document.items() if item is not None and item not in ([], {})}


def changes(before: T, after: T) -> dict[str, Any]:
    """What of a model value has changed, as its document has it: what is gone is None or empty.

    Only for kinds whose documents have the model's names and nothing besides.
    """
    kind: Any = type(after)
    names = kind.__slots__
    values = attrgetter(*names)
    different = {name for name, old, new in zip(names, values(before), values(after), strict=True) if old is not new and old != new}
    plain: dict[str, Any] = _adapter(kind).dump_python(after, mode="json", include=different)
    return plain


def from_document(kind: type[T], document: Mapping[str, Any]) -> T:
    """The model value of a document, without what only charts need; raises `pydantic.ValidationError` for one that does not fit."""
    back = {stored: name for name, stored in _RENAMED.get(kind, {}).items()}
    value: T = _adapter(kind).validate_python({back.get(name, name): item for name, item in document.items()})
    return value


def stored(kind: type[T], hit: Hit) -> Stored[T]:
    """The model value of a hit, with its place and version."""
    return Stored(value=from_document(kind, hit.source), index=hit.index, id=hit.id, seq_no=hit.seq_no, primary_term=hit.primary_term)


# ---------------------------------------------------------------- for charts


def _of_article(article: Article) -> dict[str, Any]:
    """How long it took from publication to its being seen (where its feed was watched by then), and from there to its being read; and
    the words of its title.
    """
    exact = article.published_precision is Precision.SECOND and article.counted_at is not None
    return {
        "seen_after_s": _seconds(article.published_at, article.first_seen_at) if exact else None,
        "read_after_s": _seconds(article.first_seen_at, article.read_at),
        "words": list(dict.fromkeys(word.casefold() for word in _WORD.findall(article.title) if not _WITHOUT_SPACES.search(word)))[:_WORDS],
    }


def _of_incident(incident: Incident) -> dict[str, Any]:
    """How long it took from the first report to its being opened, to a person's taking it up, and to its end; who has it, and where it
    stands: its closing reason once it is closed.
    """
    first = incident.evidence.first if incident.evidence else None
    taken = next((each.at for each in incident.events if each.what in _TAKEN_UP and each.who != _NOBODY), None)
    return {
        "opened_after_s": _seconds(first.at, incident.opened_at) if first else None,
        "acknowledged_after_s": _seconds(incident.opened_at, taken),
        "closed_after_s": _seconds(incident.opened_at, incident.closed_at),
        "desk": list(incident.notify) or [_DEFAULT_DESK],
        "ending": incident.reason or "closed" if incident.state is IncidentState.CLOSED else incident.state.value,
    }


def _of_notification(notification: Notification) -> dict[str, Any]:
    """How long it took to be sent once it was planned, and, told of a new incident, since the first report."""
    if notification.state is not Delivery.SENT:
        return {}
    payload: Any = notification.payload
    first = ((payload.get("incident") or {}).get("evidence") or {}).get("first") if notification.event == "opened" else None
    return {
        "sent_after_s": _seconds(notification.planned_at, notification.sent_at),
        "told_after_s": _seconds(datetime.fromisoformat(first["at"]), notification.sent_at) if first else None,
    }


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """None where one is not known, or clocks say that the end came first."""
    return None if start is None or end is None or end < start else round((end - start).total_seconds(), 3)


_WORD = re.compile(r"[가-힣]{2,40}|[^\W\d_][\w’'-]{2,40}")
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
"""Scripts whose words cannot be told apart by spaces."""
_WORDS = 40
_TAKEN_UP = frozenset(("acknowledged", "snoozed", "closed"))
_NOBODY = "detection"
_DEFAULT_DESK = "(default)"
"""Of topics that name nobody."""
_DERIVED: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    Article: _of_article,
    Incident: _of_incident,
    Notification: _of_notification,
}
