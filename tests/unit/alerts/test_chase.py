"""Who hears of what nobody acknowledges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.samples import NOW, incident

from wirewatch.alerts.chase import Chased, overdue
from wirewatch.alerts.plan import UNACKNOWLEDGED, plan, plan_again, route
from wirewatch.config.settings import Alerts
from wirewatch.model import Delivery, Incident, IncidentEvent, IncidentState, Notification, Severity

MINUTE = timedelta(minutes=1)


def alerts(**changes: Any) -> Alerts:
    recipients = {
        "desk": {"mail": "desk@x.example", "escalate": {"after": "30m", "to": "duty"}},
        "duty": {"mail": "duty@x.example", "escalate": {"after": "15m", "to": ["desk", "chief"]}},
        "chief": {"mail": "chief@x.example", "severity": "critical"},
    }
    return Alerts.model_validate({"recipients": recipients, **changes})


SETTINGS = alerts()


def asked(value: Incident | None = None, event: str = "opened", recipient: str = "desk", **changes: Any) -> Notification:
    planned = plan(value or incident(), event, settings=SETTINGS, topic_notify=(recipient,), now=NOW)[0]
    return replace(planned, **{"state": Delivery.SENT, "sent_at": NOW, **changes})


def chased(told: Sequence[Notification], minutes: float, value: Incident | None = None) -> list[tuple[str, tuple[str, ...]]]:
    value = value or incident()
    return [(each.first.recipient, each.to) for each in overdue(told, {value.id: value}, settings=SETTINGS, now=NOW + minutes * MINUTE)]


def test_the_second_hears_of_it_after_its_time() -> None:
    assert chased([asked()], 29) == []
    assert chased([asked()], 30) == [("desk", ("duty",))]


def test_who_acts_ends_it() -> None:
    for state in (IncidentState.ACKNOWLEDGED, IncidentState.SNOOZED, IncidentState.CLOSED):
        assert chased([asked()], 90, incident(state=state)) == []


def test_what_is_held_back_asks_nobody_yet_and_what_failed_asked_in_vain() -> None:
    assert chased([asked(sent_at=NOW + 60 * MINUTE)], 80) == []
    assert chased([asked(state=Delivery.FAILED, sent_at=None)], 30) == [("desk", ("duty",))]


def test_planned_again_it_is_the_same_message_and_goes_no_further_than_its_time() -> None:
    (found,) = overdue([asked()], {incident().id: incident()}, settings=SETTINGS, now=NOW + 30 * MINUTE)
    first = plan_again(found.first, notify=found.to, turn=found.turn, settings=SETTINGS, now=NOW + 30 * MINUTE)[0]
    again = plan_again(found.first, notify=found.to, turn=found.turn, settings=SETTINGS, now=NOW + 50 * MINUTE)[0]
    assert (first.id, first.recipient, first.event) == (again.id, "duty", UNACKNOWLEDGED)
    second = replace(first, state=Delivery.SENT, sent_at=NOW + 31 * MINUTE)
    assert chased([asked(), second], 45) == []
    # The duty's own second: the desk knows already.
    assert chased([asked(), second], 46) == [("duty", ("chief",))]


def test_a_new_turn_asks_again() -> None:
    reopened = NOW + 300 * MINUTE
    again = incident(events=(*incident().events, IncidentEvent(at=reopened, what="reopened", who="detection")))
    old = [asked(), asked(event=UNACKNOWLEDGED, recipient="duty")]
    told = [*old, replace(asked(again, "reopened"), planned_at=reopened, sent_at=reopened)]
    assert chased(told, 331, again) == [("desk", ("duty",))]
    (found,) = overdue(told, {again.id: again}, settings=SETTINGS, now=NOW + 331 * MINUTE)
    assert isinstance(found, Chased)
    assert found.turn == 2


def test_only_from_the_severity_that_is_wanted() -> None:
    recipients = {"desk": {"escalate": {"to": "duty", "severity": "critical"}}, "duty": {}}
    settings = Alerts.model_validate({"recipients": recipients})
    value = incident()
    later = NOW + 90 * MINUTE
    assert overdue([asked()], {value.id: value}, settings=settings, now=later) == ()
    grave = replace(value, severity=Severity.CRITICAL)
    assert len(overdue([asked()], {value.id: grave}, settings=settings, now=later)) == 1


def test_routes_add_to_whom_a_topic_names_and_severity_keeps_away() -> None:
    settings = alerts(routes=[{"topics": ["ties/*"], "severity": "major", "notify": ["duty", "chief"]}], default_notify=["desk"])
    assert route("ties/a-b", (), Severity.NOTABLE, settings) == ("desk",)
    assert route("ties/a-b", ("duty",), Severity.MAJOR, settings) == ("duty",)
    assert route("ties/a-b", (), Severity.CRITICAL, settings) == ("desk", "duty", "chief")
    assert route("floods", ("nobody",), Severity.CRITICAL, settings) == ()
