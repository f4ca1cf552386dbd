"""From articles to hourly counts: a story counts once per topic, in its first counted hour, and a publisher once per story; pure.

So hours add up to windows: no story and no publisher's take-up of it is in two of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from wirewatch.model import Counts, Sighting

MIXED = "mixed"
"""Stands for the topic's hash in an hour that was tagged partly under another one: it belongs to neither."""


@dataclass(slots=True)
class Cell:
    """What is counted in one hour, of one topic or of everything."""

    stories: int = 0
    publishers: int = 0
    """Pairs of publisher and story: how often a publisher took up a story."""
    articles: int = 0
    hashes: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts by topic and hour, and of everything by hour; hours without any are not there."""

    topics: dict[tuple[str, datetime], Cell]
    totals: dict[datetime, Cell]

    def rows(self, until: datetime) -> list[Counts]:
        """As they are stored."""
        return [
            Counts(
                topic=topic,
                hash=hash_of(cell),
                hour=hour,
                stories=cell.stories,
                publishers=cell.publishers,
                articles=cell.articles,
                until=until,
            )
            for (topic, hour), cell in self.topics.items()
        ]


def hour_of(at: datetime) -> datetime:
    """The hour that a moment lies in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hash_of(cell: Cell) -> str:
    """The topic's hash that all of a cell was tagged under, or `MIXED`."""
    return next(iter(cell.hashes)) if len(cell.hashes) == 1 else MIXED


def tally(sightings: Iterable[Sighting], hours: Collection[datetime] | None = None) -> Tally:
    """Count `hours` (None: every hour there is), in any order of the input, each article once however often it is given.

    All counted articles of every story that has one in `hours` must be given: the first decides which hour has the story.
    """
    topics: dict[tuple[str, datetime], Cell] = defaultdict(Cell)
    totals: dict[datetime, Cell] = defaultdict(Cell)
    told: set[tuple[str | None, str, str | None]] = set()
    seen: set[str] = set()
    for each in sorted(sightings, key=lambda each: (each.at, each.article)):
        if not each.counts or each.article in seen:
            continue
        seen.add(each.article)
        hour = hour_of(each.at)
        wanted = hours is None or hour in hours
        for topic, hash in (*each.topics, (None, "")):
            story_is_new = (topic, each.story, None) not in told
            publisher_is_new = (topic, each.story, each.publisher) not in told
            told |= {(topic, each.story, None), (topic, each.story, each.publisher)}
            if not wanted:
                continue
            cell = totals[hour] if topic is None else topics[topic, hour]
            cell.articles += 1
            cell.stories += story_is_new
            cell.publishers += publisher_is_new
            cell.hashes.add(hash)
    return Tally(topics=dict(topics), totals=dict(totals))


def touched(changed: Iterable[Sighting], mates: Iterable[Sighting]) -> set[datetime]:
    """The hours whose counts may differ after `changed` articles came, went or changed their topics.

    `mates` are all articles of their stories: one that came first, or no longer does, moves its story from or to a later hour.
    An earlier hour never depends on a later article.
    """
    first: dict[str, datetime] = {}
    hours: set[datetime] = set()
    for each in changed:
        hours.add(hour_of(each.at))
        first[each.story] = min(each.at, first.get(each.story, each.at))
    hours |= {hour_of(each.at) for each in mates if each.story in first and each.at >= first[each.story]}
    return hours
