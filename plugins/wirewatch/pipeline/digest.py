"""The daily note to the operators: what was watched, how much of it was seen, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from wirewatch.alerts.plan import plan_note
from wirewatch.model import Coverage, Incident, IncidentState
from wirewatch.pipeline.ports import Ports
from wirewatch.store import counts, incidents, notifications

DAY = timedelta(days=1)
_SHOWN = 12
"""Incidents that are named."""


async def digest(ports: Ports) -> dict[str, int]:
    """Plan one note a day about the last 24 hours; how many messages are `planned`, and what they say.

    None are where that day's are there, or where the watch is younger than a day.
    """
    now = ports.clock()
    start = now - DAY
    documents = ports.documents
    await documents.refresh("feeds", "articles", "polls")
    if not await documents.count("polls", {"range": {"at": {"lte": start.isoformat()}}}):
        return {"planned": 0}
    active: dict[str, Any] = {"term": {"active": True}}
    polled = await documents.count("feeds", {"bool": {"filter": [active, {"range": {"last_success_at": {"gte": start.isoformat()}}}]}})
    failing = await documents.count("feeds", {"bool": {"filter": [active, {"term": {"health": "failing"}}]}})
    feeds = await documents.count("feeds", active)
    articles = await documents.count("articles", {"range": {"first_seen_at": {"gte": start.isoformat()}}})
    coverage = await counts.coverage_between(documents, start, now)
    found = [each for each in await incidents.recent(documents, limit=500) if _concerns(each, start)]
    lines = [
        f"{polled} of {feeds} feeds answered{f', {failing} fail again and again' if failing else ''}; {articles:,} new articles.",
        told_coverage(coverage),
        *told_incidents(found, start),
    ]
    payload = {"title": "The last 24 hours", "badge": "Daily digest", "level": "calm", "lines": lines}
    messages = plan_note(
        f"digest:{now:%Y-%m-%d}", "digest", settings=ports.bundle.settings.alerts, notify=("operators",), now=now, payload=payload
    )
    created = await notifications.create(documents, messages)
    return {"planned": created, "feeds": feeds, "polled": polled, "failing": failing, "articles": articles, "incidents": len(found)}


def told_coverage(hours: Sequence[Coverage]) -> str:
    """What share of the news was seen, in a sentence; pure."""
    known = [hour for hour in hours if hour.feeds]
    if not known:
        return "Coverage is not known yet: feeds join the panel after some days."
    lowest = min(known, key=lambda hour: hour.coverage)
    mean = sum(hour.coverage for hour in known) / len(known)
    dip = f", at its lowest {lowest.coverage:.0%} at {lowest.hour:%H:%M} UTC" if lowest.coverage < mean - 0.05 else ""
    return f"Coverage {mean:.0%}{dip}."


def told_incidents(found: Sequence[Incident], start: datetime) -> list[str]:
    """What happened, a sentence an incident; pure."""
    if not found:
        return ["No incidents."]
    lines = []
    for each in found[:_SHOWN]:
        began = f"opened {each.opened_at:%H:%M} UTC" if each.opened_at >= start else f"open since {each.opened_at:%Y-%m-%d}"
        state = f", closed ({each.reason or 'calmed'})" if each.state is IncidentState.CLOSED else f", {each.state.value}"
        lines.append(f"{each.topic_name}: {each.peak.value}, {began}{state}.")
    return [*lines, *([f"… and {len(found) - _SHOWN} more."] if len(found) > _SHOWN else [])]


def _concerns(incident: Incident, start: datetime) -> bool:
    return incident.state is not IncidentState.CLOSED or (incident.closed_at or incident.opened_at) >= start
