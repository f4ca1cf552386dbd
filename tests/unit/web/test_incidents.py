"""Incidents with their evidence, and what people do about them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from tests import samples

from wirewatch.model import Counts, Coverage, Delivery, Incident, IncidentState, Notification, Severity

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
ID = "water/dams#3"
PATH = "/incidents/water/dams%233"


@pytest.fixture
def incident() -> Incident:
    """One that began three hours ago."""
    began = NOW - 3 * HOUR
    base = replace(
        samples.incident(),
        id=ID,
        topic="water/dams",
        topic_name="Dams",
        episode=3,
        state=IncidentState.OPEN,
        began_at=began,
        opened_at=began + HOUR,
        last_spike_at=NOW,
        closed_at=None,
    )
    first = samples.headline(1, title="<b>Dam</b> bursts\u202e", url="javascript:alert(1)", words=("Dam",))
    hours = tuple((NOW.replace(minute=0) - n * HOUR, 1, 0.5, 2.0) for n in range(60, -1, -1))
    return replace(base, evidence=samples.evidence(headlines=(first,), hours=hours))


def test_an_incident_comes_with_its_evidence(web: Any, article: Any, incident: Incident) -> None:
    at = NOW.replace(minute=0) - HOUR
    web.put("incidents", {ID: incident})
    web.put("counts", [("c", Counts(topic="water/dams", hash="h", hour=at, stories=9, until=NOW))], at=lambda each: each.hour)
    web.put("coverage", [("v", Coverage(hour=at, coverage=0.4, until=NOW))], at=lambda each: each.hour)
    told = Notification(
        id="n",
        recipient="desk",
        channel="mail",
        address="desk@example.org",
        about=ID,
        event="opened",
        message_id="<a@b>",
        state=Delivery.FAILED,
        planned_at=NOW,
        problem="no such mailbox",
    )
    web.put("notifications", {"n": told})
    web.add(
        article("a", "Dam bursts", topic="water/dams", ago=HOUR),
        article("b", "Dam bursts too", topic="water/dams", ago=HOUR / 2, story_id="a"),
        article("c", "Dam of last week", topic="water/dams", ago=timedelta(days=7)),
        article("d", "Harbour", topic="harbours"),
        article("e", "Dam, old when it was found", topic="water/dams", counted_at=None),
    )

    found = web.get(PATH)

    assert (found["row"]["id"], found["row"]["state"], found["row"]["topic_name"]) == (ID, "open", "Dams")
    assert found["headlines"][0]["url"] is None, "no link that is not http"
    assert found["spread_in_words"] == "8 publishers, all independent"
    shown = found["headlines"][0]["title"]
    assert "".join(piece["text"] for piece in shown) == "<b>Dam</b> bursts"
    assert [piece["text"] for piece in shown if piece["hit"]] == ["Dam"]
    hours = {each["at"]: each for each in found["hours"]}
    assert len(hours) == 51 + 1, "two days before it began until now"
    counted = hours["2026-11-24T13:00:00Z"]
    assert (counted["stories"], counted["expected"], counted["coverage"]) == (9, 0.5, 0.4)
    assert found["told"] == [
        {
            "recipient": "desk",
            "channel": "mail",
            "event": "opened",
            "state": "failed",
            "planned_at": "2026-11-24T14:20:00Z",
            "sent_at": None,
            "problem": "no such mailbox",
        }
    ]
    assert "desk@example.org" not in str(found)
    assert [(each["article"], each["story"]) for each in found["spread"]] == [("a", "a"), ("b", "a")]
    (story,) = found["stories"]
    assert (story["story"], story["article"]) == ("a", "a"), "by its earliest article"
    assert [piece["text"] for piece in story["title"] if piece["hit"]] == ["Dam"]
    assert web.ask("GET", "/incidents/none%231").status_code == 404


def test_the_list_is_filtered_and_paged(web: Any, incident: Incident) -> None:
    many = [replace(incident, id=f"harbours#{n}", topic="harbours", opened_at=NOW - n * HOUR, severity=Severity.MAJOR) for n in range(3)]
    closed = replace(incident, state=IncidentState.CLOSED, closed_at=NOW, closed_by="mina", reason="known", severity=Severity.CRITICAL)
    web.put("incidents", {each.id: each for each in [*many, closed]})

    def ids(**query: Any) -> tuple[int, list[str]]:
        page = web.get("/incidents", params=query)
        return page["total"], [each["id"] for each in page["incidents"]]

    assert ids(topic="harbours") == (3, ["harbours#0", "harbours#1", "harbours#2"])
    assert ids(topic="harbours", offset=1, limit=1) == (3, ["harbours#1"])
    assert ids(state=["closed", "snoozed"]) == (1, [ID])
    assert ids(severity="critical") == (1, [ID])
    assert web.ask("GET", "/incidents", params={"state": "asleep"}).status_code == 422
    assert web.get("/overview")["closed"][0]["closing"] == "Closed by mina: already known."


def test_what_people_do_is_kept_with_who_did_it(web: Any, incident: Incident) -> None:
    web.put("incidents", {ID: incident})

    after = web.post(PATH, {"what": "ack", "note": "  The desk has it.\u202e "})
    assert (after["row"]["state"], after["row"]["acknowledged_by"]) == ("acknowledged", "editor")
    assert (after["events"][0]["who"], after["events"][0]["note"]) == ("editor", "The desk has it.")
    after = web.post(PATH, {"what": "snooze", "until": "2026-11-24T16:00:00Z"})
    assert (after["row"]["state"], after["row"]["snoozed_until"]) == ("snoozed", "2026-11-24T16:00:00Z")
    after = web.post(PATH, {"what": "close", "reason": "useful"})
    assert (after["row"]["state"], after["row"]["closing"]) == ("closed", "Closed by editor: useful.")
    assert web.get("/overview")["incidents"] == [], "the overview knows at once"
    refused = web.post(PATH, {"what": "ack"}, status=409)
    assert "reopen it first" in refused["detail"]
    after = web.post(PATH, {"what": "note", "note": "Seen."})
    assert web.post(PATH, {"what": "reopen"})["row"]["state"] != "closed"

    async def audited() -> list[str]:
        await web.documents.refresh("audit", "labels")
        labels = await web.documents.find("labels", {"match_all": {}})
        assert [each.source["verdict"] for each in labels] == ["useful"]
        hits = await web.documents.find("audit", {"term": {"who": "editor"}})
        return sorted(hit.source["what"] for hit in hits)

    assert asyncio.run(audited()) == sorted(f"incident.{what}" for what in ("ack", "snooze", "close", "note", "reopen"))


HALF: list[tuple[dict[str, str], str]] = [
    ({"what": "snooze"}, "until is needed"),
    ({"what": "snooze", "until": "2026-11-24T14:00:00Z"}, "that moment has passed"),
    ({"what": "snooze", "until": "2026-11-24T16:00:00"}, "until"),
    ({"what": "close"}, "a reason is needed"),
    ({"what": "close", "reason": "bored"}, "reason"),
    ({"what": "note", "note": " "}, "a note needs words"),
    ({"what": "ack", "note": "x" * 2001}, "note"),
    ({"what": "explode"}, "what"),
    ({"what": "ack", "who": "somebody else"}, "who"),
]


def test_half_a_decision_is_refused(web: Any, incident: Incident) -> None:
    web.put("incidents", {ID: incident})
    for body, says in HALF:
        assert says in web.post(PATH, body, status=422)["detail"]
    assert web.get(PATH)["row"]["state"] == "open"


def test_an_unknown_incident_is_not_changed(web: Any) -> None:
    assert "no incident" in web.post("/incidents/none%231", {"what": "ack"}, status=404)["detail"]


def test_blindness_is_told_from_news(web: Any, incident: Incident) -> None:
    blind = replace(incident, id="blindness#1", topic="blindness", topic_name="Wirewatch cannot see", evidence=None)
    web.put("incidents", {"blindness#1": replace(blind, series="coverage", observed=0.12, expected=1.0, upper=0.5)})
    found = web.get("/incidents/blindness%231")
    assert found["row"]["about"] == "sight"
    assert found["kibana"] == "http://localhost:5601/app/dashboards#/view/wirewatch-feeds"
    assert found["reason"] == "At most 12% of the usual coverage was looked at."
    web.put("incidents", {"blindness#1": replace(blind, series="queue", observed=3.0)})
    assert web.get("/overview")["incidents"][0]["size"] == "Articles waited for 3 hours to be read"


def test_an_incident_and_a_topic_lead_to_kibana_with_topic_and_time(web: Any, incident: Incident) -> None:
    web.put("incidents", {ID: incident})
    for path in (PATH, "/topics/water/dams"):
        link = unquote(web.get(path)["kibana"])
        assert link.startswith("http://localhost:5601/app/dashboards#/view/wirewatch-topic?_g=(time:(from:'20"), path
        assert link.endswith("""&_a=(query:(language:kuery,query:'topic : "water/dams"'))"""), path
