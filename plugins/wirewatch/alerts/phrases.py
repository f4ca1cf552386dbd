"""What messages and the page say about an incident, in short plain sentences; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wirewatch.alerts.text import clean
from wirewatch.model import Headline, Incident, IncidentEvidence, IncidentState

_REASONS = {
    "calmed": "the topic has calmed",
    "useful": "useful",
    "known": "already known",
    "false_alarm": "a false alarm",
    "data_fault": "a fault in the data",
}


def number(value: float) -> str:
    """A count as people write it: 0.1, 2.4, 37."""
    if value < 0.05:
        return "almost none"
    if value < 10 and round(value, 1) != round(value):
        return f"{value:.1f}"
    return f"{round(value):,}"


def counted(value: float, one: str, many: str) -> str:
    """`1 story`, `9 stories`."""
    return f"{number(value) if value else '0'} {one if round(value, 1) == 1 else many}"


def usual(expected: float) -> str:
    """`0.1 is usual`, `2 are usual`."""
    return f"{number(expected)} {'is' if round(expected, 1) <= 1 else 'are'} usual"


def span(length: timedelta) -> str:
    """`40 minutes`, `1 hour`, `11 hours`, `3 days`."""
    hours = length.total_seconds() / 3600
    if hours < 1:
        return counted(max(1, round(hours * 60)), "minute", "minutes")
    if hours < 48:
        return counted(round(hours), "hour", "hours")
    return counted(round(hours / 24), "day", "days")


def size(incident: Incident) -> str:
    """How big it is against the usual: `9 stories by 8 publishers where 0.1 is usual`."""
    evidence = incident.evidence
    if incident.series == "stories":
        by = f" by {counted(evidence.publishers, 'publisher', 'publishers')}" if evidence and evidence.publishers else ""
        return f"{counted(incident.observed, 'story', 'stories')}{by} where {usual(incident.expected)}"
    if incident.series == "uptake":
        return f"1 story taken up by {counted(incident.observed, 'publisher', 'publishers')} where {usual(incident.expected)}"
    return f"{counted(incident.observed, 'publisher', 'publishers')} where {usual(incident.expected)}"


def total(incident: Incident) -> str:
    """How big it has become as a whole: `14 stories by 9 publishers`."""
    evidence = incident.evidence
    if evidence is None:
        return size(incident)
    return f"{counted(evidence.stories, 'story', 'stories')} by {counted(evidence.publishers, 'publisher', 'publishers')}"


def badge(incident: Incident, event: str) -> str:
    """What kind of news this is, in a word or two: `Critical`, `Now critical`, `Calm again`."""
    severity = str(incident.severity)
    if event == "closed":
        return "Calm again" if incident.reason in (None, "calmed") else "Closed"
    words = {"escalated": f"now {severity}", "reopened": f"{severity} again", "unacknowledged": f"{severity}, not acknowledged"}
    word = words.get(event, severity)
    return word.capitalize() + (", found late" if incident.found_late else "")


def subject(incident: Incident, event: str) -> str:
    """The subject line; not yet cleaned of what a topic's name may hold."""
    what = size(incident)
    if event == "closed":
        what = f"{total(incident)} in {span((incident.closed_at or incident.last_spike_at) - incident.began_at)}"
    return f"[{badge(incident, event)}] {incident.topic_name}: {what}"


def reason(incident: Incident) -> str:
    """Why it is an incident, in one sentence."""
    window = f"in {span(timedelta(hours=incident.window_h))}"
    limit = f" (up to {number(incident.upper)} would not surprise)" if incident.upper >= 0.05 else ""
    sentence = f"{size(incident)} {window}{limit}."
    return sentence[0].upper() + sentence[1:]


def claim(first: Headline, where: ZoneInfo, *, certain: bool, today: datetime) -> str:
    """Who had it first, as far as that may be said: `First seen: Agency X 06:12 UTC`."""
    # Others may have had it in the same minute, or say no time at all.
    said = "First seen" if certain else "Among the first"
    at = moment(first.at, where, today=today)
    return f"{said}: {clean(first.publisher_name or first.publisher, 80)} {at} {first.at.astimezone(where):%Z}"


def spread(evidence: IncidentEvidence) -> str:
    """Who has it from where: `40 publishers, 38 copying one report, 2 independent`."""
    publishers, copying = evidence.publishers, evidence.copying
    if publishers < 2:
        return "no other publisher"
    said = [counted(publishers, "publisher", "publishers")]
    if copying:
        said.append(f"{copying:,} copying {'one report' if evidence.copied == 1 else f'{evidence.copied:,} reports'}")
    said.append(f"{publishers - copying:,} independent" if copying else "all independent")
    return ", ".join(said)


def caveats(incident: Incident) -> tuple[str, ...]:
    """What a careful reader should know, a sentence each."""
    said: list[str] = []
    evidence = incident.evidence
    if incident.found_late:
        said.append("Found late: the articles were read after an outage, so this began before it could be seen.")
    if incident.learning:
        said.append("Still learning this topic: what is usual is known from less than two weeks, so more was asked for than will be.")
    if evidence is not None and not evidence.without_largest:
        largest = clean(evidence.top_publishers[0][0], 80) if evidence.top_publishers else "its largest publisher"
        said.append(f"It rests on {largest}: without it this would not have been an alert.")
    return tuple(said)


def closing(incident: Incident) -> str:
    """How it ended, in one sentence."""
    why = _REASONS.get(incident.reason or "calmed", clean(incident.reason or ""))
    if incident.closed_by and incident.closed_by != "detection":
        return f"Closed by {clean(incident.closed_by, 80)}: {why}."
    return f"Closed: {why}. It lasted {span((incident.closed_at or incident.last_spike_at) - incident.began_at)}."


def handled(incident: Incident, zone: ZoneInfo) -> str | None:
    """Who has it in hand, or closed it, if anyone."""
    if incident.state is IncidentState.CLOSED:
        return closing(incident)
    if incident.state is IncidentState.ACKNOWLEDGED and incident.acknowledged_by:
        return f"Acknowledged by {clean(incident.acknowledged_by, 80)}."
    if incident.state is IncidentState.SNOOZED and incident.snoozed_until:
        return f"Snoozed until {moment(incident.snoozed_until, zone)}."
    return None


def zone(name: str) -> ZoneInfo:
    """The time zone of that name, or UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment(at: datetime, where: ZoneInfo, *, today: datetime | None = None) -> str:
    """`Tue 24 Nov 14:02 KST`; only `14:02` on the day of `today`."""
    local = at.astimezone(where)
    if today is not None and local.date() == today.astimezone(where).date():
        return f"{local:%H:%M}"
    shown = f"{local:%a} {local.day} {local:%b %H:%M}"
    return shown if today is not None else f"{shown} {local:%Z}"


def articles_link(page_url: str, **filters: str | datetime | None) -> str:
    """Where the page lists the articles that these filters of its search mean."""
    query = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in filters.items() if value is not None}
    return f"{page_url.rstrip('/')}#/articles?{urlencode(query)}"


def incident_articles(page_url: str, incident: Incident, **filters: str) -> str:
    """Where the page lists the articles of an incident (those that `filters` mean)."""
    since, until = incident.began_at, incident.closed_at
    return articles_link(page_url, topics=incident.topic, since=since, until=until, counted="1", sort="earliest", **filters)


def incident_link(page_url: str, id: str, do: str | None = None) -> str:
    """Where the page shows an incident; `do` opens it with an action ready, which a person still has to confirm."""
    return f"{page_url.rstrip('/')}#/incidents/{quote(id, safe='')}" + (f"?do={do}" if do else "")
