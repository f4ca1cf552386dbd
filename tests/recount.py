"""A ledger of what was put into the store, and every panel of the dashboards worked out from it in plain Python.

Nothing here asks Elasticsearch or uses the project's translation of panels: what a query means, and what a document says besides its
values, is written down again.
"""

from __future__ import annotations

import random
import re
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.samples import article, evidence, headline, incident

from wirewatch.dashboards.panels import Bars, Chart, Measure, Number, Panel, Table, Time, TimeUnit, Top
from wirewatch.model import (
    Article,
    Counts,
    Coverage,
    Delivery,
    FeedState,
    Health,
    Incident,
    IncidentEvent,
    IncidentState,
    Notification,
    PollRecord,
    Precision,
    PublisherKind,
    Severity,
    Status,
)

END = datetime(2026, 11, 7, 15, tzinfo=UTC)
"""A week into a month, so that the range reaches over two indices."""
START = END - timedelta(days=14)
TOPICS = ("dprk", "floods", "ties/russia-china", "watch/o'neill")
HOUSES = (
    ("courier", "Harbour Courier", "en"),
    ("agence", "Agence du Port", "fr"),
    ("bote", "Der Bote", "de"),
    ("depesche", "Depesche", "de"),
)
SUBJECTS = ("harbour", "ferry", "treaty", "flood", "missile", "envoy", "summit", "grain")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BLIND_DAY = (END - 5 * DAY).replace(hour=0)

Doc = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What was put in, by kind: id, value, and the time that names its partition."""

    values: dict[str, list[tuple[str, Any, datetime | None]]] = field(default_factory=dict)

    def put(self, kind: str, id: str, value: Any, at: datetime | None = None) -> None:
        self.values.setdefault(kind, []).append((id, value, at))

    def docs(self, kind: str) -> list[Doc]:
        """As plain facts, with what charts need besides."""
        return [FACTS[kind](value) for _, value, _ in self.values.get(kind, ())]


def busy(seed: int = 7) -> Ledger:
    """Weeks of a newsroom in which everything happened: outages, failures, incidents that people dealt with."""
    dice, ledger = random.Random(seed), Ledger()
    for number in range(420):
        ledger.put("articles", f"a{number}", value := _article(dice, number), value.first_seen_at)
    for topic in TOPICS:
        for back in dice.sample(range(24 * 16), 90):
            hour = _hour(END - back * HOUR)
            judged = dice.random() < 0.8
            row = Counts(
                topic=topic,
                hash="h",
                hour=hour,
                stories=dice.randrange(6),
                publishers=dice.randrange(6),
                articles=dice.randrange(9),
                expected=dice.randrange(300) / 100 if judged else None,
                upper=dice.randrange(300, 700) / 100 if judged else None,
                score=dice.randrange(1000) / 1000 if judged else None,
                until=END,
            )
            ledger.put("counts", f"{topic}|{hour:%Y-%m-%dT%H}", row, hour)
    for back in range(24 * 13):
        hour = _hour(END - back * HOUR)
        seen = 0.0 if BLIND_DAY <= hour < BLIND_DAY + DAY else dice.choice((1.0, 1.0, 0.9, 0.6))
        ledger.put("coverage", f"{hour:%Y-%m-%dT%H}", Coverage(hour=hour, coverage=seen, articles=3, feeds=4, until=END), hour)
    for number in range(14):
        ledger.put("incidents", (opened := _incident(dice, number)).id, opened)
    for number in range(30):
        ledger.put("notifications", f"n{number}", _message(dice, number))
    for number in range(160):
        ledger.put("polls", f"p{number}", poll := _poll(dice, number), poll.at)
    for number, health in enumerate([*Health, Health.HEALTHY, Health.HEALTHY]):
        ledger.put("feeds", f"feed{number}", _feed(dice, number, health))
    return ledger


def thin() -> Ledger:
    """What there is after the first hour of a first day: one incident that nobody has taken up, one mail, and nothing that failed."""
    ledger = Ledger()
    for number in range(40):
        at = END - timedelta(minutes=number)
        title = f"Envoy sails for treaty talks, report {number}" if number % 2 else f"Ferry {number} keeps to its hours"
        topics = ("dprk",) if number % 2 else ()
        value = article(
            f"t{number}",
            title=title,
            topics=topics,
            status=Status.READY,
            language="en",
            story_id=f"t{number // 3}",
            published_at=at - timedelta(seconds=30),
            published_precision=Precision.SECOND,
            first_seen_at=at,
            counted_at=at,
            timestamp=at,
            read_at=at + timedelta(seconds=5),
            watched_since=START - DAY,
        )
        ledger.put("articles", value.id, value, at)
    for back in range(2):
        hour = _hour(END - back * HOUR)
        row = Counts(topic="dprk", hash="h", hour=hour, stories=4, publishers=3, articles=9, expected=0.2, upper=2.0, score=0.9, until=END)
        ledger.put("counts", f"dprk|{hour:%H}", row, hour)
        ledger.put("coverage", f"{hour:%H}", Coverage(hour=hour, coverage=1.0, feeds=4, until=END), hour)
    opened = incident(id="dprk#1", topic="dprk", opened_at=END - timedelta(minutes=5), began_at=END - HOUR)
    ledger.put("incidents", opened.id, replace(opened, evidence=evidence(first=headline(1, at=END - timedelta(minutes=7)))))
    ledger.put("notifications", "n", _told("n", "opened", "desk", END - timedelta(minutes=5), END - timedelta(minutes=4), Delivery.SENT))
    ledger.put("polls", "p", PollRecord(at=END - HOUR, feed="feed0", outcome="ok", entries=30, new=12, bytes=9000, elapsed_ms=80), END)
    ledger.put("feeds", "feed0", FeedState(feed="feed0", url="https://a.example/rss", configured_url="https://a.example/rss", slot=1))
    return ledger


# ---------------------------------------------------------------- what is put in


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _article(dice: random.Random, number: int) -> Article:
    at = END - timedelta(minutes=dice.randrange(16 * 24 * 60))
    house, name, language = dice.choice(HOUSES)
    status = dice.choices(list(Status), (1, 12, 3, 1, 1))[0]
    last_day = END - at < DAY
    words = dice.sample(SUBJECTS, 3) + (["eruption"] if last_day and dice.random() < 0.9 else [])
    published = at - timedelta(seconds=dice.randrange(30, 900))
    read = status in (Status.READY, Status.PARTIAL)
    return article(
        f"a{number}",
        title=" ".join(words).capitalize(),
        source=f"{house}.example",
        publisher=house,
        publisher_name=name,
        kind=PublisherKind.COMMERCIAL,
        language=language,
        status=status,
        failure=dice.choice(("paywall", "timeout")) if status in (Status.PARTIAL, Status.FAILED) else None,
        next_attempt_at=END + HOUR if status is Status.DISCOVERED else None,
        published_at=published,
        published_precision=dice.choice((Precision.SECOND, Precision.SECOND, Precision.DAY)),
        first_seen_at=at,
        indexed_at=at,
        counted_at=None if dice.random() < 0.1 else at,
        timestamp=at,
        read_at=at + timedelta(seconds=dice.randrange(1, 90)) if read else None,
        watched_since=START - DAY if dice.random() < 0.7 else at - HOUR,
        story_id=f"s{(END - at) // (12 * HOUR)}-{dice.randrange(3)}" if read else None,
        topics=tuple(dice.sample(TOPICS, dice.choice((0, 0, 1, 1, 2)))) if read else (),
    )


def _incident(dice: random.Random, number: int) -> Incident:
    opened = END - timedelta(minutes=dice.randrange(15 * 24 * 60))
    topic = dice.choice(TOPICS)
    events = [IncidentEvent(at=opened, what="opened", who="detection")]
    state = dice.choice([IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.CLOSED, IncidentState.CLOSED])
    reason = dice.choice(("calmed", "useful", "false_alarm")) if state is IncidentState.CLOSED else None
    if state is IncidentState.ACKNOWLEDGED or (reason and dice.random() < 0.5):
        events.append(IncidentEvent(at=opened + timedelta(minutes=dice.randrange(1, 50)), what="acknowledged", who="kim"))
    closed = opened + 5 * HOUR
    if reason:
        events.append(IncidentEvent(at=closed, what="closed", who="detection" if reason == "calmed" else "lee"))
    severity = dice.choice(list(Severity))
    return incident(
        id=f"{topic}#{number}",
        topic=topic,
        topic_name=topic.title(),
        episode=number,
        state=state,
        severity=severity,
        peak=severity,
        opened_at=opened,
        began_at=opened - HOUR,
        last_spike_at=opened,
        closed_at=closed if reason else None,
        reason=reason,
        observed=float(dice.randrange(5, 60)),
        expected=dice.randrange(100) / 10,
        score=dice.randrange(500, 1000) / 1000,
        notify=tuple(dice.sample(("asia", "europe"), dice.randrange(3))),
        evidence=evidence(first=headline(1, at=opened - timedelta(seconds=dice.randrange(20, 900)))),
        events=tuple(events),
    )


def _told(id: str, event: str, desk: str, planned: datetime, sent: datetime, state: Delivery, **more: Any) -> Notification:
    first = {"at": (planned - timedelta(seconds=130)).isoformat()}
    return Notification(
        id=id,
        recipient=desk,
        channel=more.pop("channel", "mail"),
        address=f"{desk}@newsdesk.example",
        about="dprk#1",
        topic="dprk",
        event=event,
        message_id=f"<{id}@wirewatch>",
        state=state,
        planned_at=planned,
        sent_at=sent if state is Delivery.SENT else None,
        payload={"incident": {"evidence": {"first": first}}},
        **more,
    )


def _message(dice: random.Random, number: int) -> Notification:
    planned = END - timedelta(minutes=dice.randrange(15 * 24 * 60))
    state = dice.choice((Delivery.SENT, Delivery.SENT, Delivery.FAILED, Delivery.PENDING))
    event, desk = dice.choice(("opened", "escalated", "closed")), dice.choice(("asia", "europe"))
    sent = planned + timedelta(seconds=dice.randrange(1, 60))
    channel, attempts = dice.choice(("mail", "teams")), dice.randrange(1, 4)
    return _told(f"n{number}", event, desk, planned, sent, state, channel=channel, attempts=attempts)


def _poll(dice: random.Random, number: int) -> PollRecord:
    at = END - timedelta(minutes=dice.randrange(15 * 24 * 60))
    if number % 4 == 0:
        return PollRecord(at=at, feed=None, outcome="unchanged", polls=dice.randrange(2, 40), bytes=dice.randrange(9000), elapsed_ms=50)
    outcome = dice.choice(("ok", "ok", "timeout", "http_error"))
    new = dice.randrange(9) if outcome == "ok" else 0
    return PollRecord(
        at=at,
        feed=f"feed{dice.randrange(8)}",
        outcome=outcome,
        entries=30,
        new=new,
        bytes=dice.randrange(60_000),
        elapsed_ms=dice.randrange(20, 9000),
    )


def _feed(dice: random.Random, number: int, health: Health) -> FeedState:
    url = f"https://feed{number}.example/rss"
    return FeedState(
        feed=f"feed{number}",
        url=url,
        configured_url=url,
        slot=number,
        active=health is not Health.RETIRED,
        health=health,
        failures=number if health is Health.FAILING else 0,
        problem="it does not answer" if health is Health.FAILING else None,
        last_new_at=END - number * HOUR,
        interval_s=600.0,
    )


# ---------------------------------------------------------------- what documents say


def _plain(value: Any, renamed: Mapping[str, str] = {}) -> Doc:
    names = {renamed.get(name, name): getattr(value, name) for name in value.__dataclass_fields__}
    return {name: each for name, each in names.items() if each is not None and each not in ((), "")}


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()


def _said(doc: Doc, **more: Any) -> Doc:
    return doc | {name: value for name, value in more.items() if value is not None}


def _article_facts(value: Article) -> Doc:
    exact = value.published_precision is Precision.SECOND and value.counted_at
    return _said(
        _plain(value, {"timestamp": "@timestamp"}),
        **{"title.keyword": value.title, "topic": value.topics or None},
        seen_after_s=_seconds(value.published_at, value.first_seen_at) if exact else None,
        read_after_s=_seconds(value.first_seen_at, value.read_at),
        words=set(re.findall("[a-z]{3,}", value.title.lower())),
    )


def _incident_facts(value: Incident) -> Doc:
    people = [each.at for each in value.events if each.who in ("kim", "lee")]
    first = value.evidence.first if value.evidence else None
    return _said(
        _plain(value),
        desk=value.notify or ("(default)",),
        ending=value.reason or value.state.value,
        opened_after_s=_seconds(first.at, value.opened_at) if first else None,
        acknowledged_after_s=_seconds(value.opened_at, min(people)) if people else None,
    )


def _message_facts(value: Notification) -> Doc:
    took = _seconds(value.planned_at, value.sent_at)
    told = took + 130 if took is not None and value.event == "opened" else None
    return _said(_plain(value), desk=value.recipient, sent_after_s=took, told_after_s=told)


FACTS: Mapping[str, Callable[[Any], Doc]] = {
    "articles": _article_facts,
    "incidents": _incident_facts,
    "notifications": _message_facts,
    "counts": _plain,
    "coverage": _plain,
    "polls": _plain,
    "feeds": _plain,
}
TIMES = {
    "articles": "@timestamp",
    "counts": "hour",
    "coverage": "hour",
    "incidents": "opened_at",
    "notifications": "planned_at",
    "polls": "at",
    "feeds": None,
}
_LIVE = ("open", "acknowledged", "snoozed")
MEANT: Mapping[str, Callable[[Doc], bool]] = {
    "": lambda doc: True,
    "status: (ready or partial)": lambda doc: doc["status"] in ("ready", "partial"),
    "status: (ready or partial) and topics: *": lambda doc: doc["status"] in ("ready", "partial") and "topics" in doc,
    "status: (partial or failed)": lambda doc: doc["status"] in ("partial", "failed"),
    "status: (discovered or ready or partial or failed)": lambda doc: doc["status"] != "duplicate",
    "state: (open or acknowledged or snoozed)": lambda doc: doc["state"] in _LIVE,
    "state: open": lambda doc: doc["state"] == "open",
    "state: failed": lambda doc: doc["state"] == "failed",
    "reason: false_alarm": lambda doc: doc.get("reason") == "false_alarm",
    "acknowledged_after_s: *": lambda doc: "acknowledged_after_s" in doc,
    "active: true": lambda doc: doc["active"],
    "health: (failing or retired)": lambda doc: doc["health"] in ("failing", "retired"),
    "health: (quiet or empty)": lambda doc: doc["health"] in ("quiet", "empty"),
    "feed: *": lambda doc: "feed" in doc,
    "next_attempt_at: *": lambda doc: "next_attempt_at" in doc,
    "read_at: *": lambda doc: "read_at" in doc,
    "severity: *": lambda doc: "severity" in doc,
}
"""Every query of the dashboards, as it is meant."""


# ---------------------------------------------------------------- what panels show of it


def inside(ledger: Ledger, kind: str, query: str = "") -> list[Doc]:
    """The facts of a kind in the time range that a query means."""
    time = TIMES[kind]
    return [doc for doc in ledger.docs(kind) if MEANT[query](doc) and (time is None or START <= doc[time] <= END)]


def having(docs: Iterable[Doc], name: str, value: str) -> list[Doc]:
    """Those of which a field has a value, or it among others."""
    return [doc for doc in docs if value in _values(doc, name)]


def _values(doc: Doc, name: str) -> tuple[Any, ...]:
    value = doc.get(name, ())
    return value if isinstance(value, tuple) else (value,)


def layers_of(panel: Panel) -> list[tuple[Sequence[Top | Time], Sequence[Measure]]]:
    """Buckets and measures of every layer that counts something."""
    match panel:
        case Number():
            return [((), (panel.measure,))]
        case Table():
            return [(panel.by, panel.measures)]
        case Bars():
            return [((*((panel.split,) if panel.split else ()), panel.by), (panel.measure,))]
        case Chart():
            return [((*((each.split,) if each.split else ()), panel.time), each.measures) for each in panel.layers]
    return []


def rows_of(docs: Sequence[Doc], buckets: Sequence[Top | Time], measures: Sequence[Measure], time: str | None) -> list[tuple[Any, ...]]:
    """Rows of bucket keys and measures, in the order in which they are shown."""
    if not buckets:
        return [tuple(measured(docs, measure, time) for measure in measures)]
    first, rest = buckets[0], buckets[1:]
    found: list[tuple[Any, ...]] = []
    for key, group in _grouped(docs, first, measures, time):
        found += [(key, *row) for row in rows_of(group, rest, measures, time)]
    return found


def _grouped(docs: Sequence[Doc], bucket: Top | Time, measures: Sequence[Measure], time: str | None) -> Iterable[tuple[Any, list[Doc]]]:
    groups: dict[Any, list[Doc]] = {}
    for doc in docs:
        for key in _keys(doc, bucket, time):
            groups.setdefault(key, []).append(doc)
    if isinstance(bucket, Time):
        return sorted(groups.items())
    by = measures[bucket.by]
    return sorted(groups.items(), key=lambda item: (-_sortable(measured(item[1], by, time)), item[0]))[: bucket.size]


def _keys(doc: Doc, bucket: Top | Time, time: str | None) -> list[Any]:
    if isinstance(bucket, Time):
        return [start_of(doc[bucket.field or time or ""], bucket.every)]
    value = doc.get(bucket.field)
    if value is None:
        return ["__missing__"] if bucket.missing else []
    return [str(each) for each in value] if isinstance(value, tuple) else [str(value)]


def start_of(at: datetime, every: TimeUnit) -> int:
    """Start of an hour or of a day (UTC), in milliseconds."""
    step = 3_600_000 if every == "1h" else 86_400_000
    return int(at.timestamp() * 1000) // step * step


def _sortable(value: Any) -> float:
    return float(value) if value is not None else float("-inf")


def measured(docs: Sequence[Doc], measure: Measure, time: str | None) -> Any:
    """One figure; None where there is nothing to work it out of."""
    chosen = [doc for doc in docs if MEANT[measure.only](doc)]
    if measure.what == "count":
        return len(chosen)
    having = [doc for doc in chosen if measure.field in doc]
    values: list[Any] = [doc[measure.field or ""] for doc in having]
    if measure.what == "unique_count":
        return len({each for value in values for each in (value if isinstance(value, tuple) else (value,))})
    if measure.what == "last_value":
        return max(((doc[time or ""], doc[measure.field or ""]) for doc in having), key=lambda pair: pair[0])[1] if having else None
    numbers = [int(value.timestamp() * 1000) if isinstance(value, datetime) else value for value in values]
    if not numbers:
        return None
    work: Mapping[str, Callable[[list[Any]], Any]] = {
        "sum": sum,
        "max": max,
        "min": min,
        "average": statistics.fmean,
        "median": statistics.median,
    }
    return work[measure.what](numbers)
