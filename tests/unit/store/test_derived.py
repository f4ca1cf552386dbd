"""What documents say besides their values: how long things took, and where they stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.samples import NOW, article, evidence, headline, incident

from wirewatch.model import Article, Delivery, Incident, IncidentEvent, IncidentState, Notification, Precision
from wirewatch.spikes.incidents import DETECTION
from wirewatch.store.documents import from_document, to_document
from wirewatch.store.indices import PROPERTIES

MINUTE = timedelta(minutes=1)


def happened(minutes: float, what: str, who: str = "desk") -> IncidentEvent:
    return IncidentEvent(at=NOW + minutes * MINUTE, what=what, who=who)


def message(**changes: Any) -> Notification:
    values: dict[str, Any] = {
        "id": "n1",
        "recipient": "desk",
        "channel": "mail",
        "address": "desk@newsdesk.example",
        "about": "ties#1",
        "event": "opened",
        "message_id": "<n1@wirewatch>",
        "state": Delivery.SENT,
        "planned_at": NOW,
        "sent_at": NOW + MINUTE,
    }
    return Notification(**values | changes)


def test_an_article_says_how_long_it_took_to_be_seen_and_read() -> None:
    found = to_document(
        article(published_at=NOW - 3 * MINUTE, published_precision=Precision.SECOND, read_at=NOW + timedelta(seconds=1.5)),
    )
    assert (found["seen_after_s"], found["read_after_s"]) == (180.0, 1.5)


def test_an_article_says_the_words_of_its_title_once_and_none_that_cannot_be_told_apart() -> None:
    assert to_document(article(title="Ferry, ferry: L’Étoile at 12 or 7?"))["words"] == ["ferry", "l’étoile"]
    assert to_document(article(title="북한 미사일 발사"))["words"] == ["북한", "미사일", "발사"]
    assert "words" not in to_document(article(title="朝鲜发射导弹"))


@pytest.mark.parametrize(
    "changes",
    [
        {"published_at": NOW - MINUTE, "published_precision": Precision.DAY},
        {"published_at": NOW - MINUTE, "published_precision": Precision.SECOND, "counted_at": None},
        {"published_at": NOW + MINUTE, "published_precision": Precision.SECOND},
        {},
    ],
    ids=["only a day", "older than the watch", "in the future", "no date"],
)
def test_what_is_not_known_takes_no_time(changes: dict[str, Any]) -> None:
    assert "seen_after_s" not in to_document(article(**changes))


def test_the_first_person_ends_the_wait_for_an_incident() -> None:
    events = (happened(0, "opened", DETECTION), happened(3, "note"), happened(5, "snoozed"), happened(9, "acknowledged"))
    found = to_document(incident(opened_at=NOW, events=events, notify=("asia",), evidence=evidence(first=headline(1, at=NOW - MINUTE))))
    assert found["acknowledged_after_s"] == 300.0
    assert found["opened_after_s"] == 60.0
    assert (found["desk"], found["ending"]) == (["asia"], "open")


def test_an_incident_that_only_calmed_was_never_taken_up() -> None:
    events = (happened(0, "opened", DETECTION), happened(60, "closed", DETECTION))
    found = to_document(
        incident(
            opened_at=NOW,
            events=events,
            state=IncidentState.CLOSED,
            closed_at=NOW + 60 * MINUTE,
            closed_by=DETECTION,
            reason="calmed",
            notify=(),
        )
    )
    assert "acknowledged_after_s" not in found
    assert found["closed_after_s"] == 3600.0
    assert (found["desk"], found["ending"]) == (["(default)"], "calmed")


def test_a_message_says_how_long_it_took_only_once_it_is_sent() -> None:
    payload = {"incident": {"evidence": {"first": {"at": (NOW - 2 * MINUTE).isoformat()}}}}
    found = to_document(message(payload=payload))
    assert (found["sent_after_s"], found["told_after_s"]) == (60.0, 180.0)
    assert "sent_after_s" not in to_document(message(state=Delivery.GATHERED))
    assert "told_after_s" not in to_document(message(event="closed", payload=payload))
    assert "told_after_s" not in to_document(message(payload={"title": "A note"}))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("articles", article(read_at=NOW, watched_since=NOW)), ("incidents", incident(opened_at=NOW)), ("notifications", message())],
)
def test_a_document_has_only_mapped_fields_and_gives_its_value_back(kind: str, value: Article | Incident | Notification) -> None:
    found = to_document(value)
    assert found.keys() <= PROPERTIES[kind].keys()
    assert from_document(type(value), found) == value
