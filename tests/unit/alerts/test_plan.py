"""Who is told what, with ids that a second planning finds again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.samples import ALERTS, NOW, incident

from wirewatch.alerts.plan import incident_of, joined_of, plan, plan_note, retry_at
from wirewatch.model import IncidentEvent, IncidentState


def test_every_address_of_a_recipient_gets_one_message() -> None:
    planned = plan(incident(), "opened", settings=ALERTS, topic_notify=("pair",), now=NOW)
    assert [each.address for each in planned] == ["one@newsdesk.example", "two@newsdesk.example"]
    assert len({each.id for each in planned}) == 2


def test_an_address_that_two_recipients_share_is_told_once() -> None:
    shared = ALERTS.model_copy(update={"recipients": {**ALERTS.recipients, "more": ALERTS.recipients["desk"]}})
    assert len(plan(incident(), "opened", settings=shared, topic_notify=("desk", "more"), now=NOW)) == 1


def test_planning_again_finds_the_same_ids_and_planning_elsewhere_others() -> None:
    first = plan(incident(), "opened", settings=ALERTS, topic_notify=(), now=NOW)
    again = plan(incident(), "opened", settings=ALERTS, topic_notify=(), now=NOW + timedelta(minutes=9))
    other = plan(replace(incident(), id="floods#1"), "opened", settings=ALERTS, topic_notify=(), now=NOW)
    assert [each.id for each in first] == [each.id for each in again]
    assert first[0].id != other[0].id


def test_messages_of_one_incident_are_one_thread() -> None:
    opened = plan(incident(), "opened", settings=ALERTS, topic_notify=(), now=NOW)[0]
    grown = incident(events=(*incident().events, IncidentEvent(at=NOW, what="escalated", who="detection")))
    escalated = plan(grown, "escalated", settings=ALERTS, topic_notify=(), now=NOW)[0]
    assert opened.in_reply_to is None
    assert escalated.in_reply_to == opened.message_id
    assert escalated.message_id != opened.message_id


def test_a_second_escalation_is_a_message_of_its_own() -> None:
    once = incident(events=(IncidentEvent(at=NOW, what="escalated", who="detection"),))
    twice = incident(events=once.events * 2)
    ids = {plan(each, "escalated", settings=ALERTS, topic_notify=(), now=NOW)[0].id for each in (once, twice)}
    assert len(ids) == 2


def test_who_is_named_nowhere_gets_what_is_for_everybody() -> None:
    assert [each.recipient for each in plan(incident(), "opened", settings=ALERTS, topic_notify=(), now=NOW)] == ["desk"]
    assert plan(incident(), "opened", settings=ALERTS, topic_notify=("nobody",), now=NOW) == ()


def test_only_an_escalation_wakes_somebody_who_snoozed() -> None:
    asleep = incident(state=IncidentState.SNOOZED, snoozed_until=NOW + timedelta(hours=1))
    assert plan(asleep, "reopened", settings=ALERTS, topic_notify=(), now=NOW) == ()
    assert len(plan(asleep, "escalated", settings=ALERTS, topic_notify=(), now=NOW)) == 1


def test_a_message_carries_the_incident_as_it_was() -> None:
    other = incident(id="ties/china-russia#1", topic="ties/china-russia")
    planned = plan(incident(), "opened", settings=ALERTS, topic_notify=(), now=NOW, joined=(other,))[0]
    assert incident_of(planned) == incident()
    assert [each.id for each in joined_of(planned)] == ["ties/china-russia#1"]


def test_a_note_is_about_no_incident() -> None:
    note = plan_note("blindness#1", "opened", settings=ALERTS, notify=("operators",), now=NOW, payload={"title": "Blind", "lines": []})[0]
    assert (note.address, note.about, incident_of(note)) == ("ops@newsdesk.example", "blindness#1", None)


def test_attempts_grow_apart_to_an_hour() -> None:
    waits = [(retry_at(attempt, NOW) - NOW).total_seconds() for attempt in range(1, 12)]
    assert waits[:4] == [30, 60, 120, 240]
    assert max(waits) == 3600
