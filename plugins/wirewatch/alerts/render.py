"""A notification made into what a person reads: subject, plain text, HTML and chart; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError

from wirewatch.alerts import chart, phrases
from wirewatch.alerts.message import MAX_SUBJECT, Message
from wirewatch.alerts.plan import incident_of, joined_of
from wirewatch.alerts.text import clean, marked, safe_url
from wirewatch.config.settings import Alerts
from wirewatch.errors import DeliveryRefused
from wirewatch.model import Headline, Incident, Notification

MAX_HEADLINES = 8
_TITLE = 240
_NAME = 80


def render(notification: Notification, *, settings: Alerts, now: datetime) -> Message:
    """The message as its recipient gets it, times in the recipient's zone; raises `DeliveryRefused` for a payload that is none."""
    known = settings.recipients.get(notification.recipient)
    where = phrases.zone(known.timezone if known else "UTC")
    try:
        incident = incident_of(notification)
        if incident is None:
            return _note(notification, settings, where, now)
        return _incident(notification, incident, joined_of(notification), settings, where, now)
    except (ValidationError, TypeError, KeyError, OverflowError) as error:
        raise DeliveryRefused(f"notification {notification.id} cannot be shown: {clean(str(error), 300)}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A headline as the templates show it."""

    pieces: tuple[tuple[str, bool], ...]
    """Text, and whether it is a matched word."""
    url: str | None
    publisher: str
    at: str
    language: str
    copies: str

    @property
    def title(self) -> str:
        """The title with the matched words between asterisks, for plain text."""
        return "".join(f"*{text}*" if hit else text for text, hit in self.pieces)


def _incident(
    notification: Notification, incident: Incident, joined: tuple[Incident, ...], settings: Alerts, where: ZoneInfo, now: datetime
) -> Message:
    evidence = incident.evidence
    hours = evidence.hours if evidence else ()
    headlines = evidence.headlines[:MAX_HEADLINES] if evidence else ()
    event = notification.event
    closed = event == "closed"
    subject = clean(phrases.subject(incident, event), MAX_SUBJECT)
    picture = chart.draw(hours, began_at=incident.began_at, where=where)
    link = phrases.incident_link(settings.page_url, incident.id)
    view: dict[str, Any] = {
        "subject": subject,
        "badge": phrases.badge(incident, event),
        "level": "calm" if closed else str(incident.severity),
        "topic": clean(incident.topic_name, 120),
        "origin": _origin(incident, where),
        "reason": phrases.closing(incident) if closed else phrases.reason(incident),
        "caveats": phrases.caveats(incident),
        "handled": phrases.handled(incident, where),
        "facts": _facts(incident, where, closed=closed),
        "joined": tuple(
            (clean(each.topic_name, 120), phrases.size(each), phrases.incident_link(settings.page_url, each.id)) for each in joined
        ),
        "headlines": tuple(_shown(each, where, incident.last_spike_at) for each in headlines),
        "more": max(0, (evidence.articles if evidence else 0) - sum(1 + each.copies for each in headlines)),
        "chart": picture is not None,
        "chart_alt": chart.describe(hours),
        "chart_note": f"Stories an hour ({_zone_name(where, now)}). Red: since it began. Grey: the usual range, dashed: expected.",
        "chart_size": (chart.WIDTH_PX, chart.HEIGHT_PX),
        "link": safe_url(link),
        "actions": () if closed else _actions(incident, settings),
        "kibana": safe_url(settings.kibana_url),
        "why": _why(notification),
    }
    return Message(
        subject=subject,
        text=_template("alert.txt.j2").render(view),
        html=_template("alert.html.j2").render(view),
        at=now,
        chart=picture,
        chart_alt=str(view["chart_alt"]),
        urgent=incident.severity == "critical" and not closed,
        headers={
            "X-Wirewatch-Topic": incident.topic,
            "X-Wirewatch-Incident": incident.id,
            "X-Wirewatch-Event": event,
            "X-Wirewatch-Severity": str(incident.severity),
        },
    )


def _note(notification: Notification, settings: Alerts, where: ZoneInfo, now: datetime) -> Message:
    payload: Any = notification.payload
    level = str(payload.get("level", "notable"))
    title = clean(str(payload["title"]), MAX_SUBJECT)
    view = {
        "subject": title,
        "level": level if level in ("notable", "major", "critical", "calm") else "notable",
        "badge": clean(str(payload.get("badge", "Wirewatch")), 40),
        "topic": title,
        "lines": tuple(clean(str(line), 600) for line in payload.get("lines", ())),
        "at": phrases.moment(notification.planned_at, where),
        "link": safe_url(settings.page_url),
        "why": _why(notification),
    }
    return Message(
        subject=clean(f"[{view['badge']}] {title}", MAX_SUBJECT),
        text=_template("note.txt.j2").render(view),
        html=_template("note.html.j2").render(view),
        at=now,
        urgent=level == "critical",
        headers={"X-Wirewatch-Event": notification.event},
    )


def _origin(incident: Incident, where: ZoneInfo) -> tuple[str, Shown] | None:
    """What may be said of who had it first, and the article."""
    evidence = incident.evidence
    if evidence is None or evidence.first is None:
        return None
    first = _shown(evidence.first, where, None)
    claim = f"First: {first.publisher}, {first.at}" if evidence.first_is_certain else f"Earliest seen: {first.publisher}, {first.at}"
    return claim, first


def _facts(incident: Incident, where: ZoneInfo, *, closed: bool) -> tuple[tuple[str, str], ...]:
    evidence = incident.evidence
    facts = [("Since", phrases.moment(incident.began_at, where))]
    if closed and incident.closed_at:
        facts = [("From", phrases.moment(incident.began_at, where)), ("To", phrases.moment(incident.closed_at, where))]
    if closed:
        facts.append(("At its peak", f"{incident.peak}, {phrases.size(incident)}"))
    if evidence is None:
        return tuple(facts)
    if evidence.new_words:
        facts.append(("New", ", ".join(clean(word, _NAME) for word in evidence.new_words[:8])))
    if evidence.words:
        facts.append(("Matched", ", ".join(f"{clean(word, _NAME)} ({count})" for word, count in evidence.words[:6])))
    if evidence.top_publishers:
        facts.append(("Publishers", ", ".join(f"{clean(name, _NAME)} ({count})" for name, count in evidence.top_publishers[:6])))
    facts.append(
        (
            "Size",
            f"{phrases.total(incident)}, {phrases.counted(evidence.articles, 'article', 'articles')}",
        )
    )
    return tuple(facts)


def _shown(headline: Headline, where: ZoneInfo, today: datetime | None) -> Shown:
    return Shown(
        pieces=marked(clean(headline.title, _TITLE) or headline.url, headline.words),
        url=safe_url(headline.url),
        publisher=clean(headline.publisher_name or headline.publisher, _NAME),
        at=phrases.moment(headline.at, where, today=today),
        language=headline.language if headline.language and headline.language.isalnum() else "",
        copies=f"and {phrases.counted(headline.copies, 'other outlet', 'others')}" if headline.copies else "",
    )


def _actions(incident: Incident, settings: Alerts) -> tuple[tuple[str, str], ...]:
    offered = (("Acknowledge", "ack"), ("Snooze", "snooze"))
    return tuple((label, phrases.incident_link(settings.page_url, incident.id, do)) for label, do in offered)


def _why(notification: Notification) -> str:
    about = f" for the topic {clean(notification.topic, _NAME)}" if notification.topic else ""
    return f"Sent to {clean(notification.recipient, _NAME)}{about}. Recipients are set in config/wirewatch.yaml."


def _zone_name(where: ZoneInfo, now: datetime) -> str:
    return f"{now.astimezone(where):%Z}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("wirewatch.alerts"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),  # noqa: S701 - the plain text must not be escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> Any:
    return _environment().get_template(name)
