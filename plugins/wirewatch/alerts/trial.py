"""A sample alert that looks like a real one, for finding out whether alerts arrive; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from wirewatch.alerts.plan import plan
from wirewatch.config.settings import Alerts
from wirewatch.model import Headline, Incident, IncidentEvent, IncidentEvidence, IncidentState, Notification, Severity

_HOUR = timedelta(hours=1)
_TITLES = (
    ("This is a sample: alerts of Wirewatch reach you here", "en", ("sample",)),
    ("견본입니다: 경보가 도착했습니다", "ko", ("견본",)),
    ("Это образец: оповещения доходят", "ru", ("образец",)),
    ("هذا نموذج: التنبيهات تصل إليك", "ar", ("نموذج",)),
)


def plan_trial(notify: Sequence[str], *, settings: Alerts, now: datetime) -> tuple[Notification, ...]:
    """A sample for every address of these recipients, new each time."""
    incident = _sample(now)
    return plan(incident, "opened", settings=settings, topic_notify=notify, now=now)


def _sample(now: datetime) -> Incident:
    hour = now.replace(minute=0, second=0, microsecond=0)
    began = hour - _HOUR
    reports = [
        Headline(
            article=f"sample-{number}",
            title=title,
            url="https://example.org/",
            publisher=f"sample-{number}",
            publisher_name=f"Sample publisher {number}",
            at=began + timedelta(minutes=7 * number),
            language=language,
            story=f"sample-{number}",
            words=words,
        )
        for number, (title, language, words) in enumerate(_TITLES, 1)
    ]
    evidence = IncidentEvidence(
        stories=4,
        publishers=9,
        articles=12,
        independent=4,
        copying=5,
        copied=1,
        first=reports[0],
        first_is_certain=True,
        top_publishers=tuple((each.publisher_name, 1) for each in reports),
        headlines=(replace(reports[0], copies=5), *reports[1:]),
        words=(("sample", 6), ("образец", 2)),
        hours=tuple((hour - back * _HOUR, 4 if back < 2 else back % 5 % 2, 0.4, 2.0) for back in reversed(range(36))),
    )
    return Incident(
        id=f"sample#{int(now.timestamp() * 1000)}",
        topic="sample",
        topic_name="A sample of an alert",
        episode=1,
        state=IncidentState.OPEN,
        severity=Severity.NOTABLE,
        peak=Severity.NOTABLE,
        opened_at=now,
        began_at=began,
        last_spike_at=now,
        window_h=3,
        series="stories",
        observed=4,
        expected=0.4,
        upper=2,
        score=0.9,
        evidence=evidence,
        events=(IncidentEvent(at=now, what="opened", who="detection", severity=Severity.NOTABLE),),
    )
