"""Whether Wirewatch can see at all; where it cannot, that is an incident of its own, for the operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wirewatch.alerts.phrases import span
from wirewatch.alerts.plan import plan_note
from wirewatch.config.settings import Detection, Settings
from wirewatch.model import Coverage, Incident, Notification, Severity, Spike
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes.counts import hour_of
from wirewatch.spikes.incidents import BLINDNESS
from wirewatch.store import counts as store

NAME = "Wirewatch cannot see"
OPERATORS = ("operators",)
QUEUE_AGE = timedelta(hours=1)
"""An article that nobody has tried to read for so long means that processing stands still."""
CALM = timedelta(minutes=30)
"""It sees again once nothing was wrong for so long."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is wrong with seeing; nothing where `spike` is None."""

    spike: Spike | None
    lines: tuple[str, ...] = ()
    """In sentences, for the operators."""


async def look(ports: Ports, coverage: Sequence[Coverage], now: datetime) -> Sight:
    """Judge coverage and the queue of articles."""
    return judge(coverage, await store.waiting_since(ports.documents, now), settings=ports.bundle.settings.detection, now=now)


def judge(coverage: Sequence[Coverage], waiting_since: datetime | None, *, settings: Detection, now: datetime) -> Sight:
    """The same, on what was read; pure. Hours before the first feed joined the panel say nothing."""
    lines: list[str] = []
    start = hour_of(now - settings.blind_for)
    recent = [each for each in coverage if start <= each.hour <= now]
    whole = len(recent) == round((hour_of(now) - start) / _HOUR) + 1
    share = max((each.coverage for each in recent), default=1.0)
    blind = whole and all(each.feeds for each in recent) and share < settings.blind_coverage
    if blind:
        lines.append(
            f"For {span(settings.blind_for)}, at most {share:.0%} of what the {recent[-1].feeds} feeds usually bring has been looked at."
        )
        lines.append("What happens meanwhile is found late, or not at all. The list of feeds says which of them fail.")
    age = timedelta(0) if waiting_since is None else now - waiting_since
    stuck = age >= QUEUE_AGE
    if stuck:
        lines.append(f"Articles have been waiting to be read for {span(age)}: processing stands still, or does not keep up.")
    if not lines:
        return Sight(spike=None)
    spike = Spike(
        topic=BLINDNESS,
        at=now,
        window_h=max(1, round((settings.blind_for if blind else age) / _HOUR)),
        series="coverage" if blind else "queue",
        observed=round(share, 3) if blind else round(age / _HOUR, 2),
        expected=1.0 if blind else 0.0,
        upper=settings.blind_coverage if blind else QUEUE_AGE / _HOUR,
        score=round(1 - share, 3) if blind else 1.0,
        severity=Severity.MAJOR,
    )
    return Sight(spike=spike, lines=tuple(lines))


def patience(settings: Detection) -> Detection:
    """The settings that incidents of this kind live by."""
    return settings.model_copy(update={"calm": CALM})


def note(incident: Incident, event: str, lines: Sequence[str], *, settings: Settings, now: datetime) -> tuple[Notification, ...]:
    """The messages about an event of such an incident."""
    seeing = event == "closed"
    if seeing:
        lines = (f"It could not since {incident.began_at:%Y-%m-%d %H:%M} UTC.", "What was missed and is still listed is counted by now.")
    payload = {
        "title": "Wirewatch sees again" if seeing else NAME,
        "badge": "Operations",
        "level": "calm" if seeing else str(incident.severity),
        "lines": list(lines),
    }
    number = max(1, sum(1 for happened in incident.events if happened.what == event))
    return plan_note(incident.id, event, settings=settings.alerts, notify=OPERATORS, now=now, payload=payload, number=number)
