"""The life of an incident: what detection and people make of it; pure, and safe to apply again to a newer state.

::

    (nothing) ──spike──► open ──► acknowledged ─┐
                          ▲  └──► snoozed ──────┤ calm, or a person
                          │                     ▼
                          └──flares again── closed

Detection opens, escalates, closes what has calmed and reopens what flares again within the cool-down. People acknowledge, snooze,
close with a reason, reopen and note. What a person closed stays closed until the topic has calmed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from wirewatch.config.settings import Detection
from wirewatch.errors import Conflict
from wirewatch.model import Incident, IncidentEvent, IncidentState, Severity, Spike

DETECTION = "detection"
"""Who acts where no person does."""
BLINDNESS = "blindness"
"""Stands for the topic of incidents about Wirewatch itself: it cannot see."""
CALMED = "calmed"
REASONS = ("useful", "known", "false_alarm", "data_fault")
"""What a person may give for closing."""
ACTIONS = ("ack", "snooze", "close", "reopen", "note")
"""What a person may do."""
TOLD = ("opened", "escalated", "closed", "reopened")
"""The events that people are told."""
GAP = timedelta(minutes=15)
"""A story that grows by the minute is told when it opens, and then at most so often."""

Step = Callable[[Incident | None], Incident | None]
"""A topic's latest incident to what becomes of it."""

_RANK = {Severity.NOTABLE: 0, Severity.MAJOR: 1, Severity.CRITICAL: 2}


def incident_id(topic: str, episode: int) -> str:
    """The id of a topic's n-th incident."""
    return f"{topic}#{episode}"


def strength(spike: Spike | Incident) -> tuple[int, float, float]:
    """What is more exceptional compares greater."""
    return _RANK[spike.severity], spike.score, spike.observed


def strongest(spikes: Sequence[Spike]) -> Spike | None:
    """The most exceptional one, the latest of equals."""
    return max(spikes, key=lambda spike: (strength(spike), spike.at), default=None)


def belongs(incident: Incident | None, spike: Spike) -> bool:
    """Whether a spike may change anything: one inside an episode that is over has been dealt with."""
    return incident is None or incident.closed_at is None or spike.at > incident.closed_at


def advance(
    incident: Incident | None,
    spike: Spike | None,
    *,
    now: datetime,
    settings: Detection,
    topic: str,
    topic_name: str,
    episode: int,
    notify: Sequence[str] = (),
    began_at: datetime | None = None,
    last_at: datetime | None = None,
    judged: bool = True,
) -> tuple[Incident | None, str | None]:
    """A topic's latest incident after detection looked, and the event that people are to be told, if any.

    `episode` is the number of a new incident. `began_at` and `last_at` bound the exceptional hours where `spike` is the strongest of
    several. `judged` False: nobody could see, so nothing is taken to have calmed. Applied again at the same time it changes nothing.
    """
    if spike is not None and not belongs(incident, spike):
        spike = None
    if spike is None:
        return (None, None) if incident is None else _without(incident, now, settings, judged=judged)
    last = min(max(last_at or spike.at, spike.at), now)
    if incident is not None and not _is_over(incident, spike, now, settings):
        return _with(incident, spike, last, now, settings)
    opened = Incident(
        id=incident_id(topic, episode),
        topic=topic,
        topic_name=topic_name,
        episode=episode,
        state=IncidentState.OPEN,
        severity=spike.severity,
        peak=spike.severity,
        opened_at=now,
        began_at=min(began_at or now, spike.at - timedelta(hours=spike.window_h)),
        last_spike_at=last,
        window_h=spike.window_h,
        series=spike.series,
        observed=spike.observed,
        expected=spike.expected,
        upper=spike.upper,
        score=spike.score,
        found_late=spike.found_late,
        learning=spike.learning,
        notify=tuple(notify),
    )
    return _happened(opened, "opened", DETECTION, now, severity=spike.severity), "opened"


def change(
    incident: Incident, what: str, *, who: str, now: datetime, note: str = "", until: datetime | None = None, reason: str | None = None
) -> Incident:
    """An incident after a person did one of `ACTIONS`; the same one where that changes nothing.

    Raises `Conflict` where its state does not allow it, `ValueError` where `until` or `reason` is missing or wrong.
    """
    closed = incident.state is IncidentState.CLOSED
    if what == "note":
        if not note.strip():
            raise ValueError("a note needs words")
        return _happened(incident, "note", who, now, note=note)
    if what == "close":
        return _close(incident, who, now, note, reason)
    if what == "reopen":
        if not closed:
            return incident
        return _happened(_live(replace(incident, snoozed_until=None), now), "reopened", who, now, note=note, severity=incident.severity)
    if what not in ACTIONS:
        raise ValueError(f"{what!r} is not one of {', '.join(ACTIONS)}")
    if closed:
        raise Conflict(f"incident {incident.id} is closed: reopen it first")
    if what == "ack":
        if incident.state is IncidentState.ACKNOWLEDGED and incident.acknowledged_by == who and not note:
            return incident
        taken = replace(incident, state=IncidentState.ACKNOWLEDGED, acknowledged_by=who, snoozed_until=None)
        return _happened(taken, "acknowledged", who, now, note=note)
    if until is None or until <= now:
        raise ValueError("snoozing needs a moment to come")
    if incident.state is IncidentState.SNOOZED and incident.snoozed_until == until and not note:
        return incident
    return _happened(replace(incident, state=IncidentState.SNOOZED, snoozed_until=until), "snoozed", who, now, note=note)


def to_tell(incident: Incident, now: datetime) -> tuple[str, ...]:
    """The events whose messages are to be planned now, of those that are `untold`.

    What no longer holds is not told: a closing that was taken back, a flare that is over. One message says how grave it has become.
    """
    closed = incident.state is IncidentState.CLOSED
    turns = incident.untold.count("closed") - incident.untold.count("reopened")
    news = {"opened", "escalated"} | ({"closed"} if closed and turns > 0 else set()) | ({"reopened"} if not closed and turns < 0 else set())
    due = [event for event in dict.fromkeys(incident.untold) if event in news]
    if len(due) > 1 or closed or (incident.told_at is not None and now - incident.told_at < GAP):
        due = [event for event in due if event != "escalated"]
    return tuple(due)


def told(incident: Incident, before: Sequence[str], now: datetime, *, planned: bool) -> Incident:
    """The incident once everything due of its untold events `before` has been planned; events that came since stay untold.

    `planned`: at least one message was. An escalation that waits for its time stays untold.
    """
    if incident.untold[: len(before)] != tuple(before):
        return incident
    due = to_tell(replace(incident, untold=tuple(before)), now)
    waits = "escalated" in before and not due and incident.state is not IncidentState.CLOSED
    rest = incident.untold[len(before) :]
    return replace(incident, untold=(("escalated",) if waits else ()) + rest, told_at=now if planned else incident.told_at)


def _with(incident: Incident, spike: Spike, last: datetime, now: datetime, settings: Detection) -> tuple[Incident, str | None]:
    """An incident whose topic is exceptional."""
    after = replace(incident, last_spike_at=max(incident.last_spike_at, last))
    if incident.state is IncidentState.CLOSED:
        if _held(incident, now, settings):
            return after, None
        after = _measured(replace(_live(after, now), peak=_higher(incident.peak, spike.severity)), spike)
        return _happened(after, "reopened", DETECTION, now, severity=spike.severity), "reopened"
    after = _awake(after, now)
    if strength(spike) <= strength(incident):
        return after, None
    grown = _RANK[spike.severity] > _RANK[incident.peak]
    after = replace(_measured(after, spike), peak=_higher(incident.peak, spike.severity))
    if not grown:
        return after, None
    return _happened(after, "escalated", DETECTION, now, severity=spike.severity), "escalated"


def _without(incident: Incident, now: datetime, settings: Detection, *, judged: bool) -> tuple[Incident, str | None]:
    """An incident whose topic is not exceptional now."""
    calm = judged and now - _stirred_at(incident) >= settings.calm
    if incident.state is IncidentState.CLOSED:
        return (_happened(incident, CALMED, DETECTION, now) if calm and _calmed_at(incident) is None else incident), None
    awake = _awake(incident, now)
    if not calm:
        return awake, None
    closed = replace(awake, state=IncidentState.CLOSED, closed_at=now, closed_by=DETECTION, reason=CALMED)
    if awake.state is IncidentState.SNOOZED:
        # Who snoozed it wants to hear of nothing but an escalation.
        return _happened(closed, "closed", DETECTION, now, tell=False), None
    return _happened(closed, "closed", DETECTION, now), "closed"


def _close(incident: Incident, who: str, now: datetime, note: str, reason: str | None) -> Incident:
    if reason not in REASONS:
        raise ValueError(f"a reason is needed: {', '.join(REASONS)}")
    if incident.state is IncidentState.CLOSED:
        if incident.reason == reason:
            return incident
        # It is over; the reason says what a person thinks of it afterwards.
        said = f"{reason}: {note}" if note else reason
        return _happened(replace(incident, reason=reason), "note", who, now, note=said)
    closed = replace(incident, state=IncidentState.CLOSED, closed_at=now, closed_by=who, reason=reason)
    return _happened(closed, "closed", who, now, note=note)


def _is_over(incident: Incident, spike: Spike, now: datetime, settings: Detection) -> bool:
    """Whether an incident's episode has ended for good, so that a spike begins the next one."""
    if incident.state is not IncidentState.CLOSED or _held(incident, now, settings):
        return False
    if spike.at - timedelta(hours=spike.window_h) < incident.last_spike_at:
        # A long window that still holds the episode's own stories is no other one.
        return False
    calmed = _calmed_at(incident) or _stirred_at(incident) + settings.calm
    return min(spike.at, now) - calmed > settings.cool_down


def _held(incident: Incident, now: datetime, settings: Detection) -> bool:
    """Whether a person closed it and the topic has not calmed since."""
    return _calmed_at(incident) is None and now - _stirred_at(incident) < settings.calm


def _calmed_at(incident: Incident) -> datetime | None:
    """When a closed incident's topic was seen to have calmed."""
    if incident.closed_by == DETECTION:
        return incident.closed_at
    for event in reversed(incident.events):
        if event.what == CALMED:
            return event.at
        if event.what == "closed":
            break
    return None


def _stirred_at(incident: Incident) -> datetime:
    """When something last spoke for its being open: an exceptional hour, or its being opened (found late, perhaps) or reopened."""
    return max([incident.last_spike_at, *(event.at for event in incident.events if event.what in ("opened", "reopened"))])


def _awake(incident: Incident, now: datetime) -> Incident:
    """The incident with a snooze that has run out ended."""
    if incident.state is not IncidentState.SNOOZED or (incident.snoozed_until is not None and now < incident.snoozed_until):
        return incident
    state = IncidentState.ACKNOWLEDGED if incident.acknowledged_by else IncidentState.OPEN
    return _happened(replace(incident, state=state, snoozed_until=None), "unsnoozed", DETECTION, now)


def _live(incident: Incident, now: datetime) -> Incident:
    """A closed incident made live again; a snooze that still runs goes on."""
    snoozed = incident.snoozed_until is not None and now < incident.snoozed_until
    return replace(
        incident,
        state=IncidentState.SNOOZED if snoozed else IncidentState.OPEN,
        snoozed_until=incident.snoozed_until if snoozed else None,
        acknowledged_by=None,
        closed_at=None,
        closed_by=None,
        reason=None,
    )


def _measured(incident: Incident, spike: Spike) -> Incident:
    return replace(
        incident,
        severity=spike.severity,
        window_h=spike.window_h,
        series=spike.series,
        observed=spike.observed,
        expected=spike.expected,
        upper=spike.upper,
        score=spike.score,
    )


def _higher(first: Severity, second: Severity) -> Severity:
    return max(first, second, key=lambda severity: _RANK[severity])


def _happened(
    incident: Incident, what: str, who: str, at: datetime, *, note: str = "", severity: Severity | None = None, tell: bool = True
) -> Incident:
    """The incident with an event appended; clocks of several machines never make the list run backwards."""
    when = max(at, incident.events[-1].at) if incident.events else at
    event = IncidentEvent(at=when, what=what, who=who, note=note, severity=severity)
    untold = (*incident.untold, what) if tell and what in TOLD else incident.untold
    return replace(incident, events=(*incident.events, event), untold=untold)
