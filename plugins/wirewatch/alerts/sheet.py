"""Messages that list things: what came in quiet hours, an alert storm, new stories; pure (a notification to what the templates show)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wirewatch.alerts import phrases
from wirewatch.alerts.plan import RANK, incidents_of, stories_of
from wirewatch.alerts.shown import Line, Shown, line, shown
from wirewatch.alerts.text import clean, runs_right_to_left, safe_url
from wirewatch.config.settings import Alerts
from wirewatch.model import Headline, Incident, IncidentState, Notification, Severity

MAX_ITEMS = 40
"""In one section; how many more there are is said."""
_NAMED = 4
"""Names in a subject."""
_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing of a list."""

    pieces: tuple[tuple[str, bool], ...]
    """Its name, cut into pieces with True for matched words."""
    url: str | None = None
    badge: str = ""
    level: str = "notable"
    language: str = ""
    lines: tuple[Line, ...] = ()
    """What is to be said of it."""
    headline: Shown | None = None

    @property
    def name(self) -> str:
        """The same with matched words between asterisks, for plain text."""
        return "".join(f"*{text}*" if hit else text for text, hit in self.pieces)

    @property
    def rtl(self) -> bool:
        """Whether its name runs from right to left."""
        return runs_right_to_left("".join(text for text, _ in self.pieces))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Things of one kind."""

    title: str
    items: tuple[Item, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A message that lists things."""

    badge: str
    level: str
    title: str
    subject: str
    lines: tuple[Line, ...] = ()
    sections: tuple[Section, ...] = ()


def section(title: str, items: Iterable[Item]) -> Section:
    """A section that is not too long."""
    every = tuple(items)
    return Section(title=title, items=every[:MAX_ITEMS], more=max(0, len(every) - MAX_ITEMS))


def roundup(message: Notification, *, settings: Alerts, where: ZoneInfo, now: datetime) -> Sheet:
    """What a roundup, or a single new story, says."""
    incidents, stories = incidents_of(message), stories_of(message)
    notes: Any = message.payload.get("notes", ())
    why = str(message.payload.get("why", "stories"))
    going = sorted((each for each in incidents if each.state is not IncidentState.CLOSED), key=_gravest_first)
    closed = sorted((each for each in incidents if each.state is IncidentState.CLOSED), key=_gravest_first)
    counts = [
        f"{len(going)} going on" if going else "",
        f"{len(closed)} closed since" if closed else "",
        phrases.counted(len({each.story or each.article for _, _, each in stories}), "new story", "new stories") if stories else "",
        phrases.counted(len(notes), "note about the watch itself", "notes about the watch itself") if notes else "",
    ]
    title = ", ".join(each for each in counts if each)
    badge = {"quiet": "After quiet hours", "many": "Many alerts"}.get(why, "New")
    names = dict.fromkeys([*(each.topic_name for each in (*going, *closed)), *(name for _, name, _ in stories)])
    sections = [
        section("Going on", (incident_item(each, settings.page_url, where, now) for each in going)),
        section("Closed since", (incident_item(each, settings.page_url, where, now) for each in closed)),
        *_story_sections(stories, settings.page_url, where, now),
        section("About the watch itself", (_note_item(each) for each in notes)),
    ]
    return Sheet(
        badge=badge,
        level=str(max((each.severity for each in going), key=lambda each: RANK[each], default="notable" if stories or notes else "calm")),
        title=title[:1].upper() + title[1:],
        subject=f"[{badge}] {_subject(title, tuple(names), stories)}",
        lines=tuple(map(line, _WHY.get(why, ()))),
        sections=tuple(each for each in sections if each.items),
    )


_WHY = {
    "quiet": ("This is what came in your quiet hours, as it stands now.",),
    "many": (
        "More alerts at once than you get one by one; here they are together, as they stand now. What is critical still comes alone.",
    ),
}


def incident_item(incident: Incident, page_url: str, where: ZoneInfo, now: datetime) -> Item:
    """An incident in a list."""
    over = incident.state is IncidentState.CLOSED
    since = phrases.moment(incident.began_at, where, today=now)
    until = phrases.moment(incident.closed_at, where, today=now) if incident.closed_at else ""
    articles = safe_url(phrases.incident_articles(page_url, incident)) if incident.evidence else None
    size = (phrases.total(incident) if over else phrases.size(incident), articles)
    lines = [line(size, f", from {since} to {until}" if over else f", since {since}")]
    if told := phrases.handled(incident, where):
        lines.append(line(told))
    headlines = incident.evidence.headlines if incident.evidence else ()
    return Item(
        pieces=((clean(incident.topic_name, _NAME), False),),
        url=phrases.incident_link(page_url, incident.id),
        badge=phrases.badge(incident, "closed" if over else "opened"),
        level="calm" if over else str(incident.severity),
        lines=tuple(lines),
        headline=shown(headlines[0], page_url, where, now) if headlines else None,
    )


def story_item(headline: Headline, page_url: str, where: ZoneInfo, now: datetime, *said: str) -> Item:
    """A report in a list."""
    each = shown(headline, page_url, where, now)
    told = line(f"{each.publisher} · {each.at}", *((" · ", (each.copies, each.copies_url)) if each.copies else ()))
    return Item(pieces=each.pieces, url=each.url, language=each.language, lines=(told, *map(line, said)))


def _story_sections(stories: Sequence[tuple[str, str, Headline]], page_url: str, where: ZoneInfo, now: datetime) -> list[Section]:
    """A section a topic; a story of several topics stands at the first one, with the names of the others."""
    names: dict[str, list[str]] = {}
    first: dict[str, tuple[str, Headline]] = {}
    for topic, name, headline in stories:
        story = headline.story or headline.article
        first.setdefault(story, (topic, headline))
        names.setdefault(story, []).append(clean(name, _NAME))
    by_topic: dict[str, list[Item]] = {}
    for story, (topic, headline) in first.items():
        others = names[story][1:]
        also = (f"Also: {', '.join(others)}",) if others else ()
        by_topic.setdefault(topic, []).append(story_item(headline, page_url, where, now, *also))
    titles = {topic: clean(name, _NAME) for topic, name, _ in stories}
    return [section(f"New: {titles[topic]}", items) for topic, items in by_topic.items()]


def _note_item(note: Any) -> Item:
    lines = tuple(line(clean(str(each), 600)) for each in note.get("lines", ()))
    level = str(note.get("level", "notable"))
    return Item(pieces=((clean(str(note["title"]), _NAME), False),), level=level, lines=lines[:3])


def _subject(title: str, names: Sequence[str], stories: Sequence[tuple[str, str, Headline]]) -> str:
    if len(stories) == len(names) == 1:
        return f"{names[0]}: {stories[0][2].title}"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{title}: {', '.join(names[:_NAMED])}{more}" if names else title


def _gravest_first(incident: Incident) -> tuple[int, datetime, str]:
    severity: Severity = incident.severity
    return -RANK[severity], incident.began_at, incident.id
