"""A notification made into what a person reads: subject, plain text, HTML and chart; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError

from wirewatch.alerts import chart, digest, phrases
from wirewatch.alerts.kibana import incident_dashboard
from wirewatch.alerts.message import MAX_SUBJECT, Message
from wirewatch.alerts.plan import ROUNDUP, STORY, incident_of, joined_of
from wirewatch.alerts.sheet import Sheet, roundup
from wirewatch.alerts.shown import MAX_NAME, Line, Shown, line, plain, shown
from wirewatch.alerts.text import clean, disarmed, safe_url
from wirewatch.config.settings import Alerts
from wirewatch.errors import DeliveryRefused
from wirewatch.model import Incident, IncidentState, Notification

MAX_HEADLINES = 8
_BRIEF_HEADLINES = 3
_BRIEF_ITEMS = 12


def render(notification: Notification, *, settings: Alerts, now: datetime) -> Message:
    """The message as its recipient gets it, times in the recipient's zone; raises `DeliveryRefused` for a payload that is none."""
    known = settings.recipients.get(notification.recipient)
    where = phrases.zone(known.timezone if known else "UTC")
    try:
        if notification.event in (ROUNDUP, STORY):
            return _sheet(notification, roundup(notification, settings=settings, where=where, now=now), settings, now)
        if "digest" in notification.payload:
            return _sheet(notification, digest.sheet(notification, page_url=settings.page_url, where=where, now=now), settings, now)
        incident = incident_of(notification)
        if incident is None:
            return _note(notification, settings, where, now)
        return _incident(notification, incident, joined_of(notification), settings, where, now)
    except (ValidationError, TypeError, KeyError, OverflowError) as error:
        raise DeliveryRefused(f"notification {notification.id} cannot be shown: {clean(str(error), 300)}") from error


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
    link = safe_url(phrases.incident_link(settings.page_url, incident.id))
    origin = _origin(incident, where)
    view: dict[str, Any] = {
        "subject": subject,
        "badge": phrases.badge(incident, event),
        "level": "calm" if closed else str(incident.severity),
        "topic": clean(incident.topic_name, 120),
        "origin": origin,
        "reason": phrases.closing(incident) if closed else phrases.reason(incident),
        "caveats": phrases.caveats(incident),
        "handled": None if closed else phrases.handled(incident, where),
        "unanswered": _unanswered(notification, settings, where),
        "facts": _facts(incident, settings.page_url if link else None, where, closed=closed),
        "articles": safe_url(phrases.incident_articles(settings.page_url, incident)) if link and evidence else None,
        "joined": tuple(
            (clean(each.topic_name, 120), phrases.size(each), phrases.incident_link(settings.page_url, each.id)) for each in joined
        ),
        "headlines": tuple(shown(each, settings.page_url, where, incident.last_spike_at) for each in headlines),
        "more": max(0, (evidence.articles if evidence else 0) - sum(1 + each.copies for each in headlines)),
        "chart": picture is not None,
        "chart_alt": chart.describe(hours),
        "chart_note": f"Stories an hour ({_zone_name(where, now)}). Red: since it began. Grey: the usual range, dashed: expected.",
        "chart_width": chart.WIDTH_PX,
        "link": link,
        "actions": () if incident.state is IncidentState.CLOSED else _actions(incident, settings),
        "kibana": incident_dashboard(settings.kibana_url, incident),
        "why": _why(notification),
    }
    return Message(
        subject=subject,
        text=_template("alert.txt.j2").render(view),
        html=_template("alert.html.j2").render(view),
        brief=_brief([*([f"{origin[0]}; {origin[1]}"] if origin else []), str(view["reason"])], view["headlines"][:_BRIEF_HEADLINES], link),
        link=link,
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
    lines = tuple(clean(str(line), 600) for line in payload.get("lines", ()))
    if unanswered := _unanswered(notification, settings, where):
        lines = (unanswered, *lines)
    view = {
        "subject": title,
        "level": level if level in ("notable", "major", "critical", "calm") else "notable",
        "badge": clean(str(payload.get("badge", "Wirewatch")), 40),
        "topic": title,
        "lines": lines,
        "at": phrases.moment(notification.planned_at, where),
        "link": safe_url(settings.page_url),
        "why": _why(notification),
    }
    return Message(
        subject=clean(f"[{view['badge']}] {title}", MAX_SUBJECT),
        text=_template("note.txt.j2").render(view),
        html=_template("note.html.j2").render(view),
        brief=_brief(lines, (), None),
        link=safe_url(settings.page_url),
        at=now,
        urgent=level == "critical",
        headers={"X-Wirewatch-Event": notification.event},
    )


def _sheet(notification: Notification, sheet: Sheet, settings: Alerts, now: datetime) -> Message:
    link = safe_url(settings.page_url)
    view = {
        "subject": clean(sheet.subject, MAX_SUBJECT),
        "badge": sheet.badge,
        "level": sheet.level,
        "title": sheet.title,
        "lines": sheet.lines,
        "sections": sheet.sections,
        "link": link,
        "why": _why(notification),
    }
    listed = [
        f"{f'[{item.badge}] ' if item.badge else ''}{item.name}{f': {plain(item.lines[0])}' if item.lines else ''}"
        for section in sheet.sections
        for item in section.items
    ]
    more = [f"… and {len(listed) - _BRIEF_ITEMS} more"] if len(listed) > _BRIEF_ITEMS else []
    return Message(
        subject=str(view["subject"]),
        text=_template("sheet.txt.j2").render(view),
        html=_template("sheet.html.j2").render(view),
        brief=_brief([*map(plain, sheet.lines), *listed[:_BRIEF_ITEMS], *more], (), link),
        link=link,
        at=now,
        headers={"X-Wirewatch-Event": notification.event},
    )


def _brief(lines: Sequence[str], headlines: Sequence[Shown], link: str | None) -> str:
    """The message as a chat shows it: plain text in which nothing that the news says is a command to the chat."""
    said = [disarmed(line) for line in lines]
    said += [f"• {disarmed(clean(''.join(text for text, _ in each.pieces)))} ({disarmed(each.publisher)}, {each.at})" for each in headlines]
    return "\n".join([*said, *([link] if link else [])])


def _origin(incident: Incident, where: ZoneInfo) -> tuple[str, str, str | None] | None:
    """Who had it first, as far as that may be said, who has it from where, and the first report's address."""
    evidence = incident.evidence
    if evidence is None or evidence.first is None:
        return None
    return (
        phrases.claim(evidence.first, where, certain=evidence.first_is_certain, today=incident.last_spike_at),
        phrases.spread(evidence),
        safe_url(evidence.first.url),
    )


def _unanswered(notification: Notification, settings: Alerts, where: ZoneInfo) -> str | None:
    """Whom this message comes after."""
    asked: Any = notification.payload.get("unanswered")
    if not asked:
        return None
    known = settings.recipients.get(asked["recipient"])
    name = clean((known.name if known else "") or asked["recipient"], MAX_NAME)
    return f"{name} was told {phrases.moment(datetime.fromisoformat(asked['since']), where)}; nobody has acknowledged it since."


def _facts(incident: Incident, page_url: str | None, where: ZoneInfo, *, closed: bool) -> tuple[tuple[str, Line], ...]:
    """What is known of it, a line each; every number leads to what it counts."""

    def to(text: str, **filters: str) -> tuple[str, str | None]:
        return text, safe_url(phrases.incident_articles(page_url, incident, **filters)) if page_url else None

    def listed(pieces: Iterable[tuple[str, str | None]]) -> Line:
        return line(*[part for at, piece in enumerate(pieces) for part in ((", ", piece) if at else (piece,))])

    evidence = incident.evidence
    facts = [("Since", line(phrases.moment(incident.began_at, where)))]
    if closed and incident.closed_at:
        facts = [(name, line(phrases.moment(at, where))) for name, at in (("From", incident.began_at), ("To", incident.closed_at))]
    if closed:
        facts.append(("At its peak", line(f"{incident.peak}, {phrases.size(incident)}")))
    if evidence is None:
        return tuple(facts)
    if evidence.new_words:
        words = [clean(word, MAX_NAME) for word in evidence.new_words[:8]]
        facts.append(("New", listed(to(word, q=_phrase(word)) for word in words)))
    if evidence.words:
        counts = [(clean(word, MAX_NAME), count) for word, count in evidence.words[:6]]
        facts.append(("Matched", listed(to(f"{word} ({count})", q=_phrase(word)) for word, count in counts)))
    if evidence.top_publishers:
        counts = [(clean(name, MAX_NAME), count) for name, count in evidence.top_publishers[:6]]
        facts.append(("Publishers", listed(to(f"{name} ({count})", publisher_name=name) for name, count in counts)))
    facts.append(("Size", line(to(f"{phrases.total(incident)}, {phrases.counted(evidence.articles, 'article', 'articles')}"))))
    return tuple(facts)


def _phrase(words: str) -> str:
    """As the page's search takes words that stand together."""
    return '"{}"'.format(words.replace('"', " ").replace("\\", " "))


def _actions(incident: Incident, settings: Alerts) -> tuple[tuple[str, str], ...]:
    offered = (("Acknowledge", "ack"), ("Snooze", "snooze"))
    return tuple((label, phrases.incident_link(settings.page_url, incident.id, do)) for label, do in offered)


def _why(notification: Notification) -> str:
    about = f" for the topic {clean(notification.topic, MAX_NAME)}" if notification.topic else ""
    return f"Sent to {clean(notification.recipient, MAX_NAME)}{about}. Recipients are set in config/wirewatch.yaml."


def _zone_name(where: ZoneInfo, now: datetime) -> str:
    return f"{now.astimezone(where):%Z}"


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("wirewatch.alerts"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),  # noqa: S701 - the plain text must not be escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["plain"] = plain
    return found


def _template(name: str) -> Any:
    return _environment().get_template(name)
