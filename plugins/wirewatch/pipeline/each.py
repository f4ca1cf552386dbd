"""Every new story of topics with `alert: each`, once to everybody who is told of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from wirewatch.alerts.plan import plan_story, route
from wirewatch.model import Alert, Article, Notification, Severity
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes.evidence import headline_of
from wirewatch.store import notifications, reports

LOOK_BACK = timedelta(hours=24)
"""Stories found longer ago are no news any more; a topic that is set to `each` begins with those of the last day."""


async def plan_stories(ports: Ports, now: datetime) -> int:
    """Plan the messages about new stories; how many are new. What was planned once is found again by its id, so copies and later runs
    add nothing.
    """
    topics = {topic.id: topic for topic in ports.bundle.topics if topic.alert is Alert.EACH}
    if not topics:
        return 0
    settings = ports.bundle.settings.alerts
    planned: list[Notification] = []
    for (topic, _), told in by_story(await reports.seen_since(ports.documents, sorted(topics), now - LOOK_BACK), topics).items():
        planned += plan_story(
            headline_of(told[0], topic, len(told) - 1),
            topic=topic,
            topic_name=topics[topic].name,
            settings=settings,
            notify=route(topic, topics[topic].notify, Severity.NOTABLE, settings),
            now=now,
        )
    known = await notifications.existing(ports.documents, [each.id for each in planned])
    return await notifications.create(ports.documents, [each for each in planned if each.id not in known])


def by_story(articles: Iterable[Article], topics: Collection[str]) -> dict[tuple[str, str], list[Article]]:
    """Articles by topic (those in `topics`) and story, the first to count first; pure."""
    found: dict[tuple[str, str], list[Article]] = {}
    for each in sorted(articles, key=lambda each: (each.counted_at or each.first_seen_at, each.id)):
        for topic in each.topics:
            if topic in topics and each.story_id is not None:
                found.setdefault((topic, each.story_id), []).append(each)
    return found
