"""What goes out now, what waits, and what one message stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from tests.samples import ALERTS, NOW, headline, incident

from wirewatch.alerts.plan import STORY, incidents_of, plan, plan_roundup, plan_story, severity_of, stories_of
from wirewatch.alerts.quiet import quiet_until
from wirewatch.alerts.release import Released, is_urgent, release
from wirewatch.config.settings import Alerts, Recipient
from wirewatch.model import Delivery, Notification, Severity

MINUTE = timedelta(minutes=1)
NIGHT = ALERTS.model_copy(
    update={"recipients": {"desk": Recipient.model_validate({"mail": "desk@newsdesk.example", "quiet": "22:00-07:00"})}}
)
EVENING = NOW.replace(hour=23)
MORNING = EVENING.replace(day=25, hour=7, minute=0)


def message(number: int = 1, *, severity: Severity = Severity.MAJOR, event: str = "opened", at: datetime = NOW) -> Notification:
    value = incident(id=f"t{number}#1", topic=f"t{number}", severity=severity, opened_at=at)
    return plan(value, event, settings=ALERTS, topic_notify=("desk",), now=at)[0]


def story(number: int, at: datetime = NOW) -> Notification:
    return plan_story(headline(number), topic="ties", topic_name="Ties", settings=ALERTS, notify=("desk",), now=at)[0]


def gone(value: Notification, at: datetime) -> Notification:
    return replace(value, state=Delivery.SENT, sent_at=at)


def held(found: Released) -> dict[str, datetime]:
    return {each.id: until for each, until, _ in found.hold}


def back(found: Released) -> list[Notification]:
    """What was held back, as it is stored."""
    return [replace(each, payload={**each.payload, "held": why}, next_attempt_at=until) for each, until, why in found.hold]


def test_what_is_due_goes() -> None:
    due = [message(1), message(2, at=NOW + MINUTE)]
    found = release(due[::-1], (), settings=ALERTS, now=NOW + MINUTE)
    assert (found.send, found.hold, found.gather) == (due, [], [])


def test_quiet_hours_hold_back_what_is_not_critical() -> None:
    due = [message(1, at=EVENING), message(2, severity=Severity.CRITICAL, at=EVENING)]
    found = release(due, (), settings=NIGHT, now=EVENING)
    assert found.send == due[1:]
    assert held(found) == {due[0].id: MORNING}


def test_the_end_of_a_critical_incident_wakes_nobody() -> None:
    over = message(1, severity=Severity.CRITICAL, event="closed", at=EVENING)
    assert held(release([over], (), settings=NIGHT, now=EVENING)) == {over.id: MORNING}


def test_quiet_hours_end_in_one_message() -> None:
    night = release([message(1, at=EVENING), message(2, at=EVENING), story(3, EVENING)], (), settings=NIGHT, now=EVENING)
    fresh = message(4, at=MORNING)
    found = release([*back(night), fresh], (), settings=NIGHT, now=MORNING)
    assert (found.send, found.hold) == ([], [])
    (one,) = found.gather
    assert (one.why, one.lead, len(one.members)) == ("quiet", None, 4)


def test_what_is_about_one_thing_ends_in_its_last_message() -> None:
    opened, closed = message(1, at=EVENING), message(1, event="closed", at=EVENING + MINUTE)
    night = release([opened, closed], (), settings=NIGHT, now=EVENING + MINUTE)
    (one,) = release(back(night), (), settings=NIGHT, now=MORNING).gather
    assert one.lead is not None
    assert one.lead.id == closed.id


def test_one_message_that_was_held_back_goes_as_it_is() -> None:
    night = release([message(1, at=EVENING)], (), settings=NIGHT, now=EVENING)
    found = release(back(night), (), settings=NIGHT, now=MORNING)
    assert [each.id for each in found.send] == [message(1).id]


def test_a_storm_is_one_message() -> None:
    due = [message(number) for number in range(ALERTS.throttle.total + 1)]
    found = release(due, (), settings=ALERTS, now=NOW)
    assert (found.send, found.hold) == ([], [])
    assert [len(each.members) for each in found.gather] == [len(due)]


def test_a_storm_of_critical_ones_is_one_message_that_does_not_wait() -> None:
    due = [message(number, severity=Severity.CRITICAL, at=EVENING) for number in range(ALERTS.throttle.total + 1)]
    found = release(due, (), settings=NIGHT, now=EVENING)
    assert (found.send, found.hold) == ([], [])
    assert [len(each.members) for each in found.gather] == [len(due)]


def test_after_too_many_messages_what_comes_is_gathered() -> None:
    sent = [gone(message(number), NOW - MINUTE) for number in range(ALERTS.throttle.total)]
    due = [message(90), message(91, severity=Severity.CRITICAL)]
    found = release(due, sent, settings=ALERTS, now=NOW)
    assert found.send == due[1:]
    free_at = NOW - MINUTE + ALERTS.throttle.gather
    assert held(found) == {due[0].id: free_at}
    later = release([*back(found), message(92)], sent, settings=ALERTS, now=free_at)
    assert [len(each.members) for each in later.gather] == [2]


def test_a_topic_that_flutters_is_told_so_often_and_then_once() -> None:
    sent = [gone(message(1), NOW - (50 - number) * MINUTE) for number in range(ALERTS.throttle.per_topic)]
    due = [message(1, event="closed"), message(2)]
    found = release(due, sent, settings=ALERTS, now=NOW)
    assert found.send == due[1:]
    assert held(found) == {due[0].id: NOW - 50 * MINUTE + ALERTS.throttle.window}


def test_what_was_tried_goes_alone_for_it_may_have_arrived() -> None:
    due = [replace(message(number), attempts=1) for number in range(40)]
    found = release(due, (), settings=ALERTS, now=NOW)
    assert (len(found.send), found.gather) == (40, [])


def test_new_stories_come_together_and_do_not_swallow_an_alert() -> None:
    due = [story(1), story(2), message(9)]
    found = release(due, (), settings=ALERTS, now=NOW)
    assert found.send == due[2:]
    assert [(each.why, len(each.members)) for each in found.gather] == [("stories", 2)]
    assert release(due[:1], (), settings=ALERTS, now=NOW).send == due[:1]


def test_stories_wait_until_the_same_moment_and_are_planned_once() -> None:
    first, second = story(1), story(2, NOW + 3 * MINUTE)
    assert first.next_attempt_at == second.next_attempt_at == NOW + 10 * MINUTE
    assert story(1, NOW + timedelta(hours=3)).id == first.id != second.id


def test_a_roundup_lists_everything_once_and_has_an_id_of_its_members() -> None:
    other = incident(id="arms#1", topic="arms", topic_name="Arms")
    members = [
        plan(incident(), "opened", settings=ALERTS, topic_notify=("desk",), now=NOW, joined=(other,))[0],
        plan(incident(), "escalated", settings=ALERTS, topic_notify=("desk",), now=NOW + MINUTE)[0],
        story(2),
    ]
    one = plan_roundup(members, why="quiet", settings=ALERTS, now=NOW)
    assert [each.id for each in incidents_of(one)] == [incident().id, "arms#1"]
    assert [found.title for _, _, found in stories_of(one)] == [headline(2).title]
    assert plan_roundup(members[::-1], why="quiet", settings=ALERTS, now=NOW + MINUTE).id == one.id
    assert plan_roundup(members[:2], why="quiet", settings=ALERTS, now=NOW).id != one.id
    assert (one.address, one.in_reply_to) == (members[0].address, None)


def waiting(number: int, severity: Severity, event: str, minutes: int, attempts: int, why: str | None) -> Notification:
    at = NOW - minutes * MINUTE
    if event == STORY:
        return replace(story(number, at), attempts=attempts)
    value = message(number, severity=severity, event=event, at=at)
    return replace(value, attempts=attempts, payload={**value.payload, **({"held": why} if why else {})})


messages = st.builds(
    waiting,
    st.integers(1, 30),
    st.sampled_from(list(Severity)),
    st.sampled_from(["opened", "escalated", "closed", STORY]),
    st.integers(0, 600),
    st.sampled_from([0, 0, 0, 2]),
    st.sampled_from([None, None, "quiet", "many"]),
)


@given(
    due=st.lists(messages, max_size=30, unique_by=lambda each: each.id),
    sent=st.lists(messages, max_size=15),
    hour=st.integers(0, 23),
)
def test_every_message_has_one_end_and_quiet_is_kept(due: Sequence[Notification], sent: Sequence[Notification], hour: int) -> None:
    now = NOW.replace(hour=hour)
    history = [gone(each, now - (number + 1) * MINUTE) for number, each in enumerate(sent)]
    found = release(due, history, settings=NIGHT, now=now)
    ends = [
        *(each.id for each in found.send),
        *(each.id for each, _, _ in found.hold),
        *(each.id for group in found.gather for each in group.members),
    ]
    assert sorted(ends) == sorted(each.id for each in due)
    assert all(until > now for _, until, _ in found.hold)
    assert not [each for each, _, _ in found.hold if is_urgent(each)]
    loose = [each for each in found.send if not is_urgent(each) and not each.attempts]
    if quiet_until(NIGHT.recipients["desk"].quiet, ZoneInfo("UTC"), now):
        assert not loose
    assert len(loose) <= max(NIGHT.throttle.total, 1)
    assert all(severity_of(each) in tuple(Severity) for each in due)


def test_other_recipients_are_decided_apart() -> None:
    two = Alerts(recipients={"a": Recipient(mail=("a@x.example",)), "b": Recipient(mail=("b@x.example",))})
    value = incident()
    due = [*plan(value, "opened", settings=two, topic_notify=("a", "b"), now=NOW)]
    sent = [gone(replace(due[0], topic=f"t{number}"), NOW - MINUTE) for number in range(two.throttle.total)]
    found = release(due, sent, settings=two, now=NOW)
    assert [each.recipient for each in found.send] == ["b"]
    assert [each.recipient for each, _, _ in found.hold] == ["a"]
