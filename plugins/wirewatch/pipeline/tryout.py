"""A trial of rules on what is stored: what they would have matched, and which alerts they would have raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from wirewatch.alerts.text import clean
from wirewatch.config import Bundle
from wirewatch.errors import ConfigError, Conflict, SetupError, WirewatchError
from wirewatch.model import Alert, Incident, Topic
from wirewatch.pipeline.backtest import backtest
from wirewatch.pipeline.lab import at_lines, bundle_of, published_files
from wirewatch.pipeline.past import Past, evidence, past
from wirewatch.pipeline.tables import sharing
from wirewatch.pipeline.trial import Tried, trial
from wirewatch.store import config as shared
from wirewatch.store import lab
from wirewatch.store.base import Documents

LEARN = timedelta(days=28)
"""Before the days that are asked for: what is usual is learned from them."""
_SHOWN = 50
_ALERTS = 40
_HEADLINES = 3
_PUBLISHERS = 12
_TITLE = 200


async def run(documents: Documents, id: str, *, now: datetime) -> dict[str, int]:
    """Run a trial that was ordered, and store what came of it; may be run again.

    Raises `SetupError` where there is none; what is wrong with its rules is its result.
    """
    ordered = await lab.trial(documents, id)
    if ordered is None:
        raise SetupError(f"there is no trial {id!r}: order one on the page, in the topic lab")
    ordered = await lab.answer(documents, ordered, state="running", problem=None)
    key = ordered.key or "new"
    try:
        files = await published_files(documents)
        watched = await shared.published(documents)
        if watched is None:
            raise Conflict("no configuration has been published yet")
        bundle = bundle_of(files, key, ordered.yaml, watched)
        found = await tryout(documents, bundle, watched, days=ordered.days, now=now)
    except WirewatchError as error:
        said = "\n".join(str(each) for each in at_lines(error.problems, key)) if isinstance(error, ConfigError) else str(error)
        await lab.answer(documents, ordered, state="failed", problem=said)
        raise
    await lab.answer(documents, ordered, state="done", result=found)
    return {"articles": found["articles"], "topics": len(bundle.topics), "alerts": sum(each["alerts_total"] for each in found["topics"])}


async def tryout(documents: Documents, bundle: Bundle, watched: Bundle, *, days: int, now: datetime) -> dict[str, Any]:
    """What the topics of a bundle would have matched in the last days, and the alerts that they would have raised beside those that are
    `watched`, as plain data.
    """
    since = now - timedelta(days=days)
    matched = await trial(documents, bundle, since)
    spiking = [topic for topic in bundle.topics if topic.alert is Alert.SPIKE]
    known, incidents = await _incidents(documents, bundle, watched, spiking, since, now)
    found = matched.result()
    order = sorted(bundle.topics, key=lambda topic: (-len(incidents.get(topic.id, ())), -found[topic.id].articles, topic.id))
    default = bundle.settings.alerts.default_notify
    return {
        "since": since.isoformat(),
        "until": now.isoformat(),
        "articles": matched.articles,
        "looked": known.looked if known else True,
        "weeks": round(days / 7, 2),
        "more": max(0, len(order) - _SHOWN),
        "topics": [
            {
                **_topic(topic, found[topic.id], topic.notify or default),
                "alerts_total": len(incidents.get(topic.id, ())),
                "alerts": [await _alert(documents, known, each) for each in incidents.get(topic.id, ())[-_ALERTS:] if known],
            }
            for topic in order[:_SHOWN]
        ],
    }


async def _incidents(
    documents: Documents, bundle: Bundle, watched: Bundle, topics: Sequence[Topic], since: datetime, now: datetime
) -> tuple[Past | None, Mapping[str, Sequence[Incident]]]:
    """The incidents that topics would have had since then, by topic, and what they rest on."""
    if not topics:
        return None, {}
    known = await past(documents, watched, topics, bundle, start=since - LEARN, end=now, progress=lambda *_: None)
    ids = {topic.id for topic in topics}
    new = len(ids - {topic.id for topic in watched.topics if topic.alert is Alert.SPIKE})
    walked = backtest(known.table, watched.settings.detection, topics=sharing(watched, new)).between(since, now, ids)
    return known, {id: [each for each in walked.incidents if each.topic == id] for id in ids}


def _topic(topic: Topic, tried: Tried, notify: Sequence[str]) -> dict[str, Any]:
    return {
        "id": topic.id,
        "name": topic.name,
        "alert": topic.alert.value,
        "notify": list(notify),
        "articles": tried.articles,
        "stories": tried.stories,
        "gained": tried.gained,
        "lost": tried.lost,
        "by_day": dict(tried.by_day),
        "by_publisher": [[clean(name, 80), count] for name, count in list(tried.by_publisher.items())[:_PUBLISHERS]],
        "samples": [
            {**asdict(each), "at": each.at.isoformat(), "title": clean(each.title, _TITLE), "publisher": clean(each.publisher, 80)}
            for each in tried.samples
        ],
    }


async def _alert(documents: Documents, known: Past, incident: Incident) -> dict[str, Any]:
    found = await evidence(documents, known, incident)
    return {
        "opened_at": incident.opened_at.isoformat(),
        "closed_at": incident.closed_at.isoformat() if incident.closed_at else None,
        "severity": incident.peak.value,
        "series": incident.series,
        "window_h": incident.window_h,
        "observed": round(incident.observed, 2),
        "expected": round(incident.expected, 2),
        "stories": found.stories,
        "publishers": found.publishers,
        "headlines": [
            {
                "article": each.article,
                "title": clean(each.title, _TITLE),
                "publisher": clean(each.publisher_name or each.publisher, 80),
                "at": each.at.isoformat(),
            }
            for each in found.headlines[:_HEADLINES]
        ],
    }
