"""The daily and weekly digest: which are due, and what they show; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from wirewatch.alerts import phrases
from wirewatch.alerts.plan import incident_from, story_from
from wirewatch.alerts.sheet import Item, Section, Sheet, incident_item, section, story_item
from wirewatch.alerts.shown import line, plain
from wirewatch.alerts.text import clean, safe_url
from wirewatch.config.settings import Recipient
from wirewatch.model import IncidentState, Notification

MOST_LATE = timedelta(hours=12)
"""A digest that could not be planned for so long is left out."""
_DAYS = {"daily": 1, "weekly": 7}
_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a digest is about."""

    kind: str
    """`daily` or `weekly`."""
    start: datetime
    end: datetime
    key: str
    """The same for everything planned about it: `2026-11-24`, `week-2026-11-23`."""


def periods(recipient: Recipient, digest_at_min: int, now: datetime) -> tuple[Period, ...]:
    """The digests of a recipient whose time has come, by the clock on the recipient's wall: from that time of one day (or Monday) to it on
    another.
    """
    where = phrases.zone(recipient.timezone)
    today = now.astimezone(where).date()
    if now < _moment(today, digest_at_min, where):
        today -= timedelta(days=1)
    found = []
    for kind in recipient.digest:
        last = today if kind == "daily" else today - timedelta(days=today.weekday())
        end = _moment(last, digest_at_min, where)
        if now - end < MOST_LATE:
            start = _moment(last - timedelta(days=_DAYS[kind]), digest_at_min, where)
            key = last.isoformat() if kind == "daily" else f"week-{last.isoformat()}"
            found.append(Period(kind=kind, start=start, end=end, key=key))
    return tuple(found)


def sheet(message: Notification, *, page_url: str, where: ZoneInfo, now: datetime) -> Sheet:
    """What a digest says; where nothing happened, one line."""
    found: Any = message.payload["digest"]
    weekly = found["kind"] == "weekly"
    badge = "Weekly digest" if weekly else "Daily digest"
    incidents = [incident_from(each) for each in found["incidents"]]
    sections = [
        section("Incidents", (incident_item(each, page_url, where, now) for each in incidents)),
        *_stories(found, page_url, where, now),
        section("Feeds whose state changed", (_feed(each, where) for each in found["health"])),
        section("Messages that did not go", (_trouble(each) for each in found["troubled"])),
    ]
    happened = [each for each in sections if each.items]
    feeds = f"{page_url.rstrip('/')}#/feeds"
    watched = line((f"{found['polled']:,} of {found['feeds']:,} feeds polled, {told_coverage(found['coverage'])}", safe_url(feeds)))
    if not happened:
        said = f"{plain(watched)}, no incidents"
        title = f"A quiet {'week' if weekly else 'day'}"
        return Sheet(badge=badge, level="calm", title=title, subject=f"[{badge}] Quiet: {said}", lines=(line(*watched, ", no incidents."),))
    opened = sum(1 for each in incidents if each.opened_at >= datetime.fromisoformat(found["start"]))
    going = sum(1 for each in incidents if each.state is not IncidentState.CLOSED)
    news = len(found["stories"])
    counts = [
        phrases.counted(opened, "new incident", "new incidents") if opened else "no new incidents",
        f"{going} going on" if going else "",
        phrases.counted(news, "story", "stories") if news else "",
    ]
    title = ", ".join(each for each in counts if each)
    busy = section("Most covered topics", (_topic(each, page_url, found) for each in found["topics"]))
    seen = {"seen_since": found["start"], "seen_until": found["end"]}
    lines = [line(*watched, "; ", (f"{found['articles']:,} new articles", safe_url(phrases.articles_link(page_url, **seen))), ".")]
    if found["failing"]:
        failing = (phrases.counted(found["failing"], "feed fails", "feeds fail"), safe_url(f"{feeds}?show=ill"))
        lines.append(line(failing, " again and again."))
    if found["lowest"]:
        at = phrases.moment(datetime.fromisoformat(found["lowest"]["at"]), where)
        lines.append(line(f"Coverage was lowest at {at}: {found['lowest']['coverage']:.0%}."))
    return Sheet(
        badge=badge,
        level="calm",
        title=title[:1].upper() + title[1:],
        subject=f"[{badge}] {title}",
        lines=tuple(lines),
        sections=tuple([*happened[:1], *([busy] if busy.items else []), *happened[1:]] if incidents else [busy, *happened]),
    )


def told_coverage(share: float | None) -> str:
    """`coverage 97%`."""
    return "coverage not known yet" if share is None else f"coverage {share:.0%}"


def _stories(found: Any, page_url: str, where: ZoneInfo, now: datetime) -> list[Section]:
    by_topic: dict[str, list[Item]] = {}
    names: dict[str, str] = {}
    for topic, name, headline in (story_from(each) for each in found["stories"]):
        names[topic] = clean(name, _NAME)
        by_topic.setdefault(topic, []).append(story_item(headline, page_url, where, now))
    more: dict[str, int] = found["more"]
    return [Section(title=names[topic], items=tuple(items), more=more.get(topic, 0)) for topic, items in by_topic.items()]


def _topic(each: Any, page_url: str, found: Any) -> Item:
    articles = phrases.articles_link(page_url, topics=each["id"], since=found["start"], until=found["end"], counted="1")
    stories = (phrases.counted(each["stories"], "story", "stories"), safe_url(articles))
    url = f"{page_url.rstrip('/')}#/topics/{quote(each['id'], safe='')}"
    return Item(pieces=((clean(each["name"], _NAME), False),), url=url, lines=(line(stories, f", {phrases.usual(each['expected'])}"),))


def _feed(each: Any, where: ZoneInfo) -> Item:
    state = str(each["health"]).replace("_", " ")
    since = phrases.moment(datetime.fromisoformat(each["since"]), where)
    problem = f": {clean(each['problem'], 200)}" if each.get("problem") and each["health"] != "healthy" else ""
    return Item(pieces=((clean(each["name"], _NAME), False),), lines=(line(f"{state} since {since}{problem}"),))


def _trouble(each: Any) -> Item:
    how = "failed" if each["state"] == "failed" else "put off"
    name = f"{each['recipient']}, {each['channel']}"
    return Item(
        pieces=((clean(name, _NAME), False),),
        lines=(line(f"{how}: {clean(each['problem'], 300)}"), line(clean(f"about {each['about']}", _NAME))),
    )


def _moment(day: date, minutes: int, where: ZoneInfo) -> datetime:
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return local.replace(tzinfo=where).astimezone(UTC)
