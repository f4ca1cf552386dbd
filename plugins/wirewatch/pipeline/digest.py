"""The digest of every recipient: what was watched, how much of it was seen, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wirewatch.alerts.digest import Period, periods
from wirewatch.alerts.plan import document_of, plan_note, route, slim, story_document
from wirewatch.alerts.release import DIGEST
from wirewatch.model import Alert, Coverage, Incident, IncidentState, Notification, Severity, Status, Topic
from wirewatch.pipeline.blindness import OPERATORS
from wirewatch.pipeline.each import by_story
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes.evidence import headline_of
from wirewatch.spikes.incidents import BLINDNESS
from wirewatch.store import counts, incidents, notifications, reports

_TOPICS = 10
_STORIES = 5
"""Of one topic."""
_INCIDENTS = 500
_FEEDS = 40
_TROUBLED = 20
_READABLE: dict[str, Any] = {"terms": {"status": [Status.READY, Status.PARTIAL]}}
_DIP = 0.05


async def digest(ports: Ports) -> dict[str, int]:
    """Plan the digests whose time has come; how many messages are `planned`. The same ones are planned again under the same ids; none is
    where the watch is younger than its period.
    """
    now = ports.clock()
    settings = ports.bundle.settings.alerts
    await ports.documents.refresh("feeds", "articles", "polls")
    planned: list[Notification] = []
    for id, recipient in settings.recipients.items():
        for period in periods(recipient, settings.digest_at, now):
            if not await ports.documents.count("polls", {"range": {"at": {"lte": period.start.isoformat()}}}):
                continue
            empty = plan_note(f"digest:{period.key}", DIGEST, settings=settings, notify=(id,), now=now, payload={})
            known = await notifications.existing(ports.documents, [each.id for each in empty])
            if len(known) < len(empty):
                payload = {"digest": await _content(ports, id, period)}
                planned += plan_note(f"digest:{period.key}", DIGEST, settings=settings, notify=(id,), now=now, payload=payload)
    return {"planned": await notifications.create(ports.documents, planned)}


async def _content(ports: Ports, recipient: str, period: Period) -> dict[str, Any]:
    """What a digest shows; operators see all topics, and the watch itself."""
    documents, start, end = ports.documents, period.start, period.end
    operators = recipient in OPERATORS
    settings = ports.bundle.settings.alerts
    topics = {
        topic.id: topic
        for topic in ports.bundle.topics
        if operators or recipient in route(topic.id, topic.notify, Severity.CRITICAL, settings)
    }
    active: dict[str, Any] = {"term": {"active": True}}
    since = {"gte": start.isoformat()}
    coverage, lowest = covered(await counts.coverage_between(documents, start, end))
    busy = await reports.busiest(documents, [] if operators else sorted(topics), start, end, _TOPICS) if topics else []
    found = [each for each in await incidents.recent(documents, limit=_INCIDENTS) if concerns(each, period)]
    stories, more = await _stories(ports, [each for each in topics.values() if each.alert is Alert.DIGEST], period)
    return {
        "kind": period.kind,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "feeds": await documents.count("feeds", active),
        "polled": await documents.count("feeds", {"bool": {"filter": [active, {"range": {"last_success_at": since}}]}}),
        "failing": await documents.count("feeds", {"bool": {"filter": [active, {"term": {"health": "failing"}}]}}) if operators else 0,
        "articles": await documents.count(
            "articles", {"bool": {"filter": [_READABLE, {"range": {"first_seen_at": {**since, "lt": end.isoformat()}}}]}}
        ),
        "coverage": coverage,
        "lowest": lowest,
        "topics": [
            {"id": id, "name": topics[id].name, "stories": number, "expected": expected} for id, number, expected in busy if id in topics
        ],
        "incidents": [slim(document_of(each)) for each in found if each.topic in topics or (operators and each.topic == BLINDNESS)],
        "stories": stories,
        "more": more,
        "health": await _health(ports, start) if operators else [],
        "troubled": await _troubled(ports, start) if operators else [],
    }


async def _stories(ports: Ports, topics: Sequence[Topic], period: Period) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The stories of topics with `alert: digest` that most publishers have, and by topic how many more there are."""
    names = {topic.id: topic.name for topic in topics}
    found: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    articles = await reports.counted_between(ports.documents, sorted(names), period.start, period.end)
    for (topic, _), told in by_story(articles, names).items():
        document = story_document(headline_of(told[0], topic, len(told) - 1), topic, names[topic])
        found.setdefault(topic, []).append((len({each.publisher for each in told}), document))
    shown: list[dict[str, Any]] = []
    for stories in found.values():
        shown += [document for _, document in sorted(stories, key=lambda each: -each[0])[:_STORIES]]
    return shown, {topic: len(stories) - _STORIES for topic, stories in found.items() if len(stories) > _STORIES}


async def _health(ports: Ports, since: datetime) -> list[dict[str, Any]]:
    names = {feed.id: feed.name for feed in ports.bundle.feeds}
    return [
        {
            "name": names.get(each.feed) or each.title or each.feed,
            "health": each.health.value,
            "problem": each.problem,
            "since": (each.health_since or since).isoformat(),
        }
        for each in await reports.feeds_changed_since(ports.documents, since, limit=_FEEDS)
        # That a feed works from the beginning on is no change.
        if each.health != "healthy" or (each.first_success_at or since) < since
    ]


async def _troubled(ports: Ports, since: datetime) -> list[dict[str, Any]]:
    found = await notifications.troubled(ports.documents, since, limit=_TROUBLED)
    return [
        {
            "recipient": each.recipient,
            "channel": each.channel,
            "about": each.about,
            "state": each.state.value,
            "problem": each.problem or "",
        }
        for each in found
    ]


def covered(hours: Sequence[Coverage]) -> tuple[float | None, dict[str, Any] | None]:
    """The share of the news that was seen, and the worst hour where it was much worse; pure."""
    known = [hour for hour in hours if hour.feeds]
    if not known:
        return None, None
    mean = sum(hour.coverage for hour in known) / len(known)
    lowest = min(known, key=lambda hour: hour.coverage)
    dip = lowest.coverage < mean - _DIP
    return round(mean, 3), {"at": lowest.hour.isoformat(), "coverage": round(lowest.coverage, 3)} if dip else None


def concerns(incident: Incident, period: Period) -> bool:
    """Whether an incident was going on in a period; pure."""
    over_before = incident.state is IncidentState.CLOSED and (incident.closed_at or incident.opened_at) < period.start
    return not over_before and incident.opened_at < period.end
