"""One incident an episode: what detection and people do to it in any order keeps it whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from wirewatch.config.settings import Detection
from wirewatch.errors import Conflict
from wirewatch.model import Incident, IncidentState, Severity, Spike
from wirewatch.spikes.incidents import CALMED, DETECTION, GAP, REASONS, advance, change, incident_id, strength, strongest, to_tell, told

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
SETTINGS = Detection()
HOUR = timedelta(hours=1)


def spike(at: datetime = NOW, severity: Severity = Severity.NOTABLE, observed: float = 5, *, late: bool = False) -> Spike:
    end = at.replace(minute=0, second=0, microsecond=0) + HOUR
    return Spike(
        topic="ties",
        at=end,
        window_h=3,
        series="stories",
        observed=observed,
        expected=0.1,
        upper=2,
        score=0.8,
        severity=severity,
        found_late=late,
    )


def step(
    incident: Incident | None, found: Spike | None, now: datetime = NOW, *, episode: int = 1, judged: bool = True
) -> tuple[Incident | None, str | None]:
    return advance(
        incident, found, now=now, settings=SETTINGS, topic="ties", topic_name="Ties", episode=episode, notify=("desk",), judged=judged
    )


def opened(at: datetime = NOW, severity: Severity = Severity.NOTABLE) -> Incident:
    incident, event = step(None, spike(at, severity), at)
    assert incident is not None
    assert event == "opened"
    return incident


def after(incident: Incident, found: Spike | None, now: datetime, **more: bool) -> Incident:
    value, _ = step(incident, found, now, **more)
    assert value is not None
    return value


def what(incident: Incident) -> list[str]:
    return [event.what for event in incident.events]


def test_calm_topics_have_no_incident() -> None:
    assert step(None, None) == (None, None)


def test_a_spike_opens_one_that_says_since_when() -> None:
    incident = opened()
    assert (incident.id, incident.state, incident.opened_at, incident.last_spike_at) == ("ties#1", IncidentState.OPEN, NOW, NOW)
    assert incident.began_at == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert (incident.notify, incident.untold) == (("desk",), ("opened",))


def test_it_goes_on_while_the_topic_is_exceptional_and_closes_after_the_calm() -> None:
    incident = opened()
    for hour in range(1, 5):
        incident = after(incident, spike(NOW + hour * HOUR), NOW + hour * HOUR)
    last = NOW + 4 * HOUR
    assert what(incident) == ["opened"]
    assert incident.last_spike_at == last
    assert after(incident, None, last + SETTINGS.calm - HOUR).state is IncidentState.OPEN
    closed, event = step(incident, None, last + SETTINGS.calm)
    assert closed is not None
    assert (closed.state, closed.closed_by, closed.reason, event) == (IncidentState.CLOSED, DETECTION, CALMED, "closed")


def test_nothing_calms_where_nobody_can_see() -> None:
    assert after(opened(), None, NOW + timedelta(days=2), judged=False).state is IncidentState.OPEN


def test_it_escalates_once_for_each_severity_and_keeps_its_peak() -> None:
    incident = opened()
    major, event = step(incident, spike(severity=Severity.MAJOR, observed=12))
    assert major is not None
    assert (major.severity, major.peak, major.observed, event) == (Severity.MAJOR, Severity.MAJOR, 12, "escalated")
    again, event = step(major, spike(severity=Severity.NOTABLE, observed=4), NOW + HOUR)
    assert again is not None
    assert (again.severity, again.observed, event) == (Severity.MAJOR, 12, None)


def test_a_flare_within_the_cool_down_reopens_and_one_after_it_is_the_next_episode() -> None:
    closed = after(opened(), None, NOW + SETTINGS.calm)
    soon = NOW + SETTINGS.calm + 2 * HOUR
    reopened, event = step(closed, spike(soon, Severity.MAJOR), soon, episode=2)
    assert reopened is not None
    assert (reopened.id, reopened.state, reopened.closed_at, reopened.reason, event) == (
        "ties#1",
        IncidentState.OPEN,
        None,
        None,
        "reopened",
    )
    assert reopened.peak is Severity.MAJOR
    later = NOW + SETTINGS.calm + SETTINGS.cool_down + 2 * HOUR
    following, event = step(closed, spike(later), later, episode=2)
    assert following is not None
    assert (following.id, event) == ("ties#2", "opened")


def test_an_old_hour_of_an_episode_that_is_over_changes_nothing() -> None:
    closed = after(opened(), None, NOW + SETTINGS.calm)
    assert step(closed, spike(NOW, Severity.CRITICAL, late=True), NOW + SETTINGS.calm + HOUR, episode=2) == (closed, None)


def test_what_is_found_late_is_given_its_time() -> None:
    incident, _ = step(None, spike(NOW - timedelta(hours=20), late=True))
    assert incident is not None
    assert incident.found_late
    assert incident.began_at == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert after(incident, None, NOW + HOUR).state is IncidentState.OPEN
    assert after(incident, None, NOW + SETTINGS.calm).state is IncidentState.CLOSED


def test_what_a_person_closed_stays_closed_until_the_topic_has_calmed() -> None:
    incident = change(opened(), "close", who="kim", now=NOW, reason="false_alarm")
    assert (incident.closed_by, incident.reason) == ("kim", "false_alarm")
    at = NOW
    for _ in range(20):
        at += HOUR
        incident, event = step(incident, spike(at, Severity.CRITICAL), at)  # type: ignore[assignment]  # it is there, and stays
        assert (incident.state, event) == (IncidentState.CLOSED, None)
    incident = after(incident, None, at + SETTINGS.calm)
    assert what(incident)[-1] == CALMED
    flared, event = step(incident, spike(at + SETTINGS.calm + HOUR), at + SETTINGS.calm + HOUR)
    assert flared is not None
    assert (flared.id, event) == ("ties#1", "reopened")


def test_a_snooze_ends_and_an_escalation_is_told_through_it() -> None:
    until = NOW + 3 * HOUR
    incident = change(opened(), "snooze", who="kim", now=NOW, until=until)
    worse, event = step(incident, spike(severity=Severity.CRITICAL, observed=40), NOW + HOUR)
    assert worse is not None
    assert (worse.state, event) == (IncidentState.SNOOZED, "escalated")
    awake = after(worse, spike(until), until)
    assert (awake.state, awake.snoozed_until) == (IncidentState.OPEN, None)


def test_a_snoozed_one_that_calms_is_closed_without_a_word() -> None:
    incident = change(opened(), "snooze", who="kim", now=NOW, until=NOW + timedelta(days=1))
    incident = told(incident, incident.untold, NOW, planned=True)
    closed, event = step(incident, None, NOW + SETTINGS.calm)
    assert closed is not None
    assert (closed.state, event, closed.untold) == (IncidentState.CLOSED, None, ())


def test_people_act_once_and_cannot_acknowledge_what_is_closed() -> None:
    taken = change(opened(), "ack", who="kim", now=NOW, note="on it")
    assert (taken.state, taken.acknowledged_by, taken.events[-1].note) == (IncidentState.ACKNOWLEDGED, "kim", "on it")
    assert change(taken, "ack", who="kim", now=NOW + HOUR) is taken
    closed = change(taken, "close", who="kim", now=NOW, reason="known")
    assert change(closed, "close", who="lee", now=NOW, reason="known") is closed
    for what_else in ("ack", "snooze"):
        with pytest.raises(Conflict, match="closed"):
            change(closed, what_else, who="lee", now=NOW, until=NOW + HOUR)
    assert change(closed, "reopen", who="lee", now=NOW).state is IncidentState.OPEN
    assert what(change(closed, "note", who="lee", now=NOW, note="seen before"))[-1] == "note"


def test_a_verdict_may_come_after_the_end() -> None:
    closed = after(opened(), None, NOW + SETTINGS.calm)
    judged = change(closed, "close", who="kim", now=NOW + timedelta(days=1), reason="useful")
    assert (judged.reason, judged.closed_by, what(judged)[-1], judged.untold) == ("useful", DETECTION, "note", closed.untold)


@pytest.mark.parametrize(
    ("action", "more"),
    [("close", {"reason": "bored"}), ("close", {}), ("snooze", {}), ("snooze", {"until": NOW}), ("note", {}), ("burn", {})],
)
def test_incomplete_acts_are_refused(action: str, more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"a reason|moment|words|not one of"):
        change(opened(), action, who="kim", now=NOW, **more)  # type: ignore[arg-type]  # wrong on purpose


def test_what_is_told_is_what_still_holds() -> None:
    incident = opened()
    assert to_tell(incident, NOW) == ("opened",)
    grown = after(incident, spike(severity=Severity.CRITICAL, observed=40), NOW)
    assert to_tell(grown, NOW) == ("opened",)
    done = told(grown, grown.untold, NOW, planned=True)
    assert (done.untold, done.told_at) == ((), NOW)
    slip = change(change(done, "close", who="kim", now=NOW, reason="known"), "reopen", who="kim", now=NOW)
    assert to_tell(slip, NOW) == ()
    assert told(slip, slip.untold, NOW, planned=False).untold == ()


def test_growth_by_the_minute_is_told_a_while_after_the_first_message() -> None:
    first = told(opened(), ("opened",), NOW, planned=True)
    worse = after(first, spike(severity=Severity.MAJOR, observed=12), NOW + timedelta(minutes=1))
    early = NOW + timedelta(minutes=2)
    assert to_tell(worse, early) == ()
    waiting = told(worse, worse.untold, early, planned=False)
    assert waiting.untold == ("escalated",)
    assert to_tell(waiting, NOW + GAP) == ("escalated",)


def test_what_happens_while_messages_are_planned_is_not_lost() -> None:
    incident = opened()
    before = incident.untold
    closed = change(incident, "close", who="kim", now=NOW, reason="known")
    assert told(closed, before, NOW, planned=True).untold == ("closed",)
    assert told(replace(closed, untold=("closed",)), before, NOW, planned=True).untold == ("closed",)


def test_the_strongest_of_several_hours_counts() -> None:
    many = [spike(NOW, observed=9), spike(NOW - HOUR, Severity.MAJOR, 3), spike(NOW - 2 * HOUR)]
    assert strongest(many) is many[1]
    assert strongest([]) is None


severities = st.sampled_from(list(Severity))
minutes = st.integers(1, 900)


class Life(RuleBasedStateMachine):
    """Detection and people take turns at one topic; times pass."""

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.incidents: list[Incident] = []

    def _put(self, value: Incident | None) -> None:
        if value is None:
            return
        if self.incidents and self.incidents[-1].id == value.id:
            assert value.events[: len(self.incidents[-1].events)] == self.incidents[-1].events
            assert strength(replace(value, severity=value.peak))[0] >= strength(replace(value, severity=self.incidents[-1].peak))[0]
            self.incidents[-1] = value
        else:
            assert not self.incidents or self.incidents[-1].state is IncidentState.CLOSED
            self.incidents.append(value)

    @rule(wait=minutes, severity=severities, observed=st.integers(3, 60), ago=st.integers(0, 30))
    def spikes(self, wait: int, severity: Severity, observed: int, ago: int) -> None:
        self._detect(wait, spike(self.now + timedelta(minutes=wait) - ago * HOUR, severity, observed))

    @rule(wait=minutes, judged=st.booleans())
    def is_calm(self, wait: int, judged: bool) -> None:
        self._detect(wait, None, judged=judged)

    def _detect(self, wait: int, found: Spike | None, *, judged: bool = True) -> None:
        self.now += timedelta(minutes=wait)
        current = self.incidents[-1] if self.incidents else None
        value, event = step(current, found, self.now, episode=len(self.incidents) + 1, judged=judged)
        if event in ("opened", "reopened"):
            assert found is not None
        if found is None and not judged:
            assert event is None
        self._put(value)
        assert step(value, found, self.now, episode=len(self.incidents) + 1, judged=judged) == (value, None)

    @rule(action=st.sampled_from(("ack", "snooze", "close", "reopen", "note")), wait=minutes, reason=st.sampled_from(REASONS))
    def a_person_acts(self, action: str, wait: int, reason: str) -> None:
        if not self.incidents:
            return
        until = self.now + timedelta(minutes=wait)
        try:
            value = change(self.incidents[-1], action, who="kim", now=self.now, note="so", until=until, reason=reason)
        except Conflict:
            assert self.incidents[-1].state is IncidentState.CLOSED
            return
        self._put(value)

    @rule(planned=st.booleans())
    def messages_are_planned(self, planned: bool) -> None:
        if not self.incidents:
            return
        incident = self.incidents[-1]
        self._put(told(incident, incident.untold, self.now, planned=planned))
        assert set(self.incidents[-1].untold) <= {"escalated"}

    @invariant()
    def it_is_whole(self) -> None:
        for number, incident in enumerate(getattr(self, "incidents", []), 1):
            assert (incident.episode, incident.id) == (number, incident_id("ties", number))
            closed = incident.state is IncidentState.CLOSED
            assert closed == (incident.closed_at is not None) == (incident.closed_by is not None) == (incident.reason is not None)
            assert (incident.snoozed_until is not None) or incident.state is not IncidentState.SNOOZED
            times = [event.at for event in incident.events]
            assert times == sorted(times)
            happened = what(incident)
            assert happened[0] == "opened"
            assert happened.count("opened") == 1
            assert happened.count("closed") - happened.count("reopened") == int(closed)
            assert incident.began_at <= incident.opened_at


Life.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase
