"""A watch in the middle of its work, written straight into the store: what the browser tests look at and the screenshots show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import pi, sin
from random import Random

from wirewatch.config import Bundle, load_files
from wirewatch.model import (
    Article,
    Counts,
    Coverage,
    Delivery,
    Evidence,
    FeedState,
    Headline,
    Health,
    Incident,
    IncidentEvent,
    IncidentEvidence,
    IncidentState,
    Notification,
    PollRecord,
    Precision,
    Provenance,
    PublisherKind,
    Severity,
    Status,
    TopicMatch,
)
from wirewatch.store import articles, counts, notifications
from wirewatch.store import config as published
from wirewatch.store.base import Documents, Write
from wirewatch.store.documents import to_document

HOUR = timedelta(hours=1)
TRAIN = "ties/north-korea-russia"
OPEN = f"{TRAIN}#2"
HARBOURS = "trade/harbours"
IN_HAND = f"{HARBOURS}#1"
HOSTILE = "hostile"

HOUSES = {
    # id: name, country, language, kind, feed health
    "meridian": ("Meridian", "GB", "en", PublisherKind.WIRE, Health.HEALTHY),
    "ledger": ("The Straits Ledger", "SG", "en", PublisherKind.COMMERCIAL, Health.HEALTHY),
    "polyus": ("Полюс", "RU", "ru", PublisherKind.STATE, Health.HEALTHY),
    "hangang": ("한강일보", "KR", "ko", PublisherKind.COMMERCIAL, Health.HEALTHY),
    "morgenpost": ("Norddeutsche Morgenpost", "DE", "de", PublisherKind.COMMERCIAL, Health.HEALTHY),
    "jiangnan": ("江南新报", "CN", "zh", PublisherKind.STATE, Health.HEALTHY),
    "nahar": ("صحيفة المدى", "EG", "ar", PublisherKind.COMMERCIAL, Health.HEALTHY),
    "courier": ("Harbour Courier", "AU", "en", PublisherKind.COMMERCIAL, Health.HEALTHY),
    "radio": ("Radio Nord", "NO", "en", PublisherKind.PUBLIC, Health.QUIET),
    "gazette": ("Prairie Gazette", "US", "en", PublisherKind.COMMERCIAL, Health.HEALTHY),
    "vestnik": ("Вестник Приморья", "RU", "ru", PublisherKind.COMMERCIAL, Health.HEALTHY),
    "chronicle": ("Delta Chronicle", "EG", "en", PublisherKind.BLOG, Health.FAILING),
}
TOPICS = {
    # id: name, usual stories a day
    TRAIN: ("Russia–North Korea ties", 3.0),
    HARBOURS: ("Harbours and shipping", 9.0),
    "ties/china-taiwan": ("China–Taiwan ties", 14.0),
    "ties/iran-israel": ("Iran–Israel ties", 17.0),
    "ties/russia-ukraine": ("Russia–Ukraine ties", 31.0),
    "ties/india-pakistan": ("India–Pakistan ties", 6.0),
    "ties/japan-south-korea": ("Japan–South Korea ties", 4.0),
    "arms/missiles": ("Missile tests", 1.2),
    "energy/grids": ("Power grids", 5.0),
    "weather/floods": ("Floods", 7.0),
    "votes/elections": ("Elections", 22.0),
    "trade/sanctions": ("Sanctions", 8.0),
    "space/launches": ("Rocket launches", 2.5),
    "rare/coups": ("Coups", 0.1),
}
REPORTS = (
    # house, minutes after the first, headline, the words that matched, copy of
    ("vestnik", 0, "На станции Хасан готовят встречу: Ким Чен Ын едет в Россию", ("Ким Чен Ын", "Россию"), None),
    ("meridian", 22, "Kim's green train crosses into Russia, with generals and few words", ("Kim", "Russia"), None),
    ("hangang", 31, "김정은 전용 열차, 두만강 건너 러시아로", ("김정은", "러시아"), None),
    ("courier", 40, "Kim's green train crosses into Russia, with generals and few words", ("Kim", "Russia"), "meridian"),
    ("gazette", 47, "Kim's train crosses into Russia with generals aboard", ("Kim", "Russia"), "meridian"),
    ("polyus", 58, "Лидер КНДР прибыл в Приморье, переговоры с президентом России впереди", ("КНДР", "России"), None),
    ("ledger", 74, "Shells for satellites: what Pyongyang and Moscow could trade", ("Pyongyang", "Moscow"), None),
    ("morgenpost", 95, "Nordkoreas Machthaber reist im Panzerzug nach Russland", ("Nordkoreas", "Russland"), None),
    ("jiangnan", 101, "金正恩乘专列抵达俄罗斯远东", ("金正恩", "俄罗斯"), None),
    ("radio", 118, "Kim's green train crosses into Russia", ("Kim", "Russia"), "meridian"),
    ("nahar", 133, "زعيم كوريا الشمالية يصل إلى روسيا بالقطار", ("كوريا الشمالية", "روسيا"), None),
    ("meridian", 160, "Kremlin says Putin will meet North Korea's Kim “in the coming days”", ("Kremlin", "North Korea"), None),
    ("vestnik", 171, "Лидер КНДР прибыл в Приморье", ("КНДР",), "polyus"),
    ("ledger", 190, "Hotels in Vladivostok fill up ahead of Kim and Putin", ("Kim", "Putin"), None),
    ("chronicle", 205, "Shells for satellites: what Pyongyang and Moscow could trade", ("Pyongyang", "Moscow"), "ledger"),
)
EVERYDAY = (
    ("courier", HARBOURS, "Harbour pilots call off their strike after a night of talks", "Harbour"),
    ("radio", "weather/floods", "Floods close the coast road for a third day", "Floods"),
    ("gazette", "votes/elections", "Election officials test every ballot scanner twice", "Election"),
    ("ledger", "trade/sanctions", "Sanctions list grows by two shipping firms", "Sanctions"),
    ("morgenpost", "energy/grids", "Stromnetz: Neue Leitung geht vor dem Winter ans Netz", "Stromnetz"),
    ("meridian", "space/launches", "Rocket launches double at the northern range", "Rocket"),
)
BIDI = "\u202egnihtyreve si siht\u202c"
LONG = "Endless " + "headline " * 1200


def bundle() -> Bundle:
    """The configuration, with a topic for each of TOPICS."""
    concepts = ["concepts:"] + [f"  w/{n}: {{aliases: {{en: [word{n}]}}}}" for n in range(len(TOPICS))]
    lines = ["topics:"]
    for n, (id, (name, _)) in enumerate(TOPICS.items()):
        lines += [
            f"  - id: {id}",
            f'    name: "{name}"',
            f"    rule: {{all: [{{concept: w/{n}}}]}}",
            "    notify: [desk]",
            f"    examples: {{matches: [word{n}], rejects: [nothing]}}",
        ]
    feeds = ["feeds:"] + [f'  {id}: {{url: "https://{id}.example/rss", name: "{house[0]}"}}' for id, house in HOUSES.items()]
    settings = "alerts:\n  recipients: {desk: {name: Asia desk, mail: [desk@newsdesk.example]}}\n"
    return load_files(
        {
            "wirewatch.yaml": settings,
            "feeds.yaml": "\n".join(feeds),
            "concepts/words.yaml": "\n".join(concepts),
            "topics/all.yaml": "\n".join(lines),
        }
    )


async def fill(documents: Documents, now: datetime) -> None:
    """Four weeks of numbers, a story that broke three and a half hours ago, and everything around it."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    began = now - timedelta(minutes=215)
    await published.publish(documents, bundle(), now)
    series = dict(_series(hour))
    news = [*_breaking(began), *_everyday(now), *_hostile(now)]
    await articles.discover(documents, news)
    train = _train(now, began, series)
    found: list[tuple[str, str, object, datetime | None]] = [
        *(("articles", each.id, each, each.first_seen_at) for each in news),
        *(("counts", f"{each.topic}|{each.hour:%Y-%m-%dT%H}", each, each.hour) for each in series.values() if each.stories),
        *(("coverage", f"{at:%Y-%m-%dT%H}", _coverage(at, now), at) for at in (hour - n * HOUR for n in range(28 * 24))),
        *(("feeds", each.feed, each, None) for each in _feeds(now)),
        *(("polls", f"p{n}", each, each.at) for n, each in enumerate(_polls(now))),
        *(("incidents", each.id, each, None) for each in (train, *_others(now, series))),
    ]
    await documents.bulk(
        [Write(op="index", index=documents.index_for(kind, at), id=id, doc=to_document(value)) for kind, id, value, at in found],
        refresh=True,
    )
    await documents.put("config", counts.CURSOR, {"kind": "cursor", "until": now.isoformat(), "at": now.isoformat()})
    await notifications.create(documents, [_mail(train, now)])
    await documents.refresh("notifications")


def _coverage(at: datetime, now: datetime) -> Coverage:
    return Coverage(hour=at, coverage=0.98, stories=20, publishers=11, articles=30, feeds=11, until=min(now, at + HOUR))


def _series(hour: datetime) -> Iterator[tuple[tuple[str, datetime], Counts]]:
    chance = Random(7)
    for topic, (_, usual) in TOPICS.items():
        for ago in range(28 * 24, -1, -1):
            at = hour - ago * HOUR
            expected = usual / 24 * (1 + 0.7 * sin((at.hour - 6) / 24 * 2 * pi)) * (0.7 if at.weekday() > 4 else 1.1)
            stories = sum(chance.random() < expected / 12 for _ in range(12))
            if topic == TRAIN and ago < 4:
                stories = (4, 5, 3, 2)[ago]
            if topic == HARBOURS and ago < 16:
                stories += (1, 2, 1, 2, 2, 3, 2, 4, 3, 5, 6, 4, 5, 3, 2, 1)[ago]
            yield (
                (topic, at),
                Counts(
                    topic=topic,
                    hash="h",
                    hour=at,
                    stories=stories,
                    publishers=stories,
                    articles=stories * 2,
                    expected=expected,
                    upper=expected + 1.4 * expected**0.5 + 1,
                    score=0.1,
                    until=hour,
                ),
            )


def _hours(series: dict[tuple[str, datetime], Counts], topic: str, since: datetime) -> tuple[tuple[datetime, int, float, float], ...]:
    mine = sorted(at for name, at in series if name == topic and at >= since)
    return tuple((at, series[topic, at].stories, series[topic, at].expected or 0.0, series[topic, at].upper or 0.0) for at in mine)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    words: tuple[str, ...]
    topic: str


def _article(id: str, house: str, at: datetime, title: str, place: _Place | None, text: str, story: str) -> Article:
    name, country, language, kind, _ = HOUSES[house]
    url = f"https://{house}.example/world/{id}"
    matches: tuple[TopicMatch, ...] = ()
    if place:
        evidence = tuple(
            Evidence(field=field, start=body.index(word), end=body.index(word) + len(word), words=word, concept=f"word/{word.lower()}")
            for field, body in (("title", title), ("text", text))
            for word in place.words
            if word in body
        )
        matches = (TopicMatch(topic=place.topic, hash="h", score=84, evidence=evidence),)
    return Article(
        id=id,
        urls=(url,),
        url=url,
        feeds=(house,),
        source=f"{house}.example",
        publisher=house,
        publisher_name=name,
        country=country,
        kind=kind,
        title=title,
        summary="",
        text=text,
        language=language,
        status=Status.READY,
        published_at=at,
        published_from=Provenance.PAGE,
        published_precision=Precision.SECOND,
        first_seen_at=at + timedelta(minutes=4),
        indexed_at=at + timedelta(minutes=5),
        counted_at=at,
        timestamp=at,
        story_id=story,
        topics=(place.topic,) if place else (),
        topic_matches=matches,
    )


def _breaking(began: datetime) -> Iterator[Article]:
    firsts: dict[str, str] = {}
    for n, (house, minutes, title, words, copied) in enumerate(REPORTS):
        id = f"train{n:02}"
        firsts.setdefault(house, id)
        story = firsts[copied] if copied else id
        body = (
            f"{title}.\n\nThe train stopped at Khasan, the first station behind the bridge, where a band played and a governor waited. "
            f"{words[0]} said nothing to the reporters on the platform.\n\nNeither side has said where the two will meet. Those who "
            f"study {words[-1]} expect the talk to turn on weapons, and doubt that anything will be signed in public."
        )
        yield _article(id, house, began + timedelta(minutes=minutes), title, _Place(words=words, topic=TRAIN), body, story)


def _everyday(now: datetime) -> Iterator[Article]:
    for n in range(90):
        house, topic, title, word = EVERYDAY[n % len(EVERYDAY)]
        body = f"{title}.\n\nThose concerned said so on the day, and the day after they said it again."
        yield _article(
            f"day{n:02}", house, now - timedelta(minutes=31 * n + 12), title, _Place(words=(word,), topic=topic), body, f"day{n:02}"
        )


def _hostile(now: datetime) -> Iterator[Article]:
    at = now - 2 * HOUR
    script = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> hostile"
    for n, title in enumerate((script, f"{BIDI} hostile", LONG + " hostile")):
        made = _article(f"{HOSTILE}{n}", "chronicle", at, title, None, f"{title[:300]} again", f"{HOSTILE}{n}")
        yield replace(made, url="javascript:document.title='owned'", publisher_name="<b>Delta</b> Chronicle")


def _headline(n: int, began: datetime) -> Headline:
    house, minutes, title, words, _ = REPORTS[n]
    copies = sum(1 for other in REPORTS if other[4] == house and other[1] > minutes)
    name, _, language, _, _ = HOUSES[house]
    return Headline(
        article=f"train{n:02}",
        title=title,
        url=f"https://{house}.example/world/train{n:02}",
        publisher=house,
        publisher_name=name,
        at=began + timedelta(minutes=minutes),
        language=language,
        story=f"train{n:02}",
        copies=copies,
        words=words,
    )


def _train(now: datetime, began: datetime, series: dict[tuple[str, datetime], Counts]) -> Incident:
    evidence = IncidentEvidence(
        stories=10,
        publishers=12,
        articles=15,
        independent=10,
        copying=4,
        copied=2,
        first=_headline(0, began),
        first_is_certain=True,
        top_publishers=(("Meridian", 2), ("The Straits Ledger", 2), ("Вестник Приморья", 2), ("Полюс", 1), ("한강일보", 1)),
        headlines=tuple(_headline(n, began) for n in (1, 0, 5, 6, 2, 11, 7, 8)),
        words=(("Russia", 5), ("Kim", 5), ("Россию", 3), ("Pyongyang", 2), ("러시아", 1)),
        new_words=("train", "Khasan", "Vladivostok", "shells"),
        hours=_hours(series, TRAIN, now - 72 * HOUR),
    )
    return Incident(
        id=OPEN,
        topic=TRAIN,
        topic_name=TOPICS[TRAIN][0],
        episode=2,
        state=IncidentState.OPEN,
        severity=Severity.CRITICAL,
        peak=Severity.CRITICAL,
        opened_at=began + timedelta(minutes=41),
        began_at=began,
        last_spike_at=now,
        window_h=3,
        series="stories",
        observed=10,
        expected=0.4,
        upper=3.1,
        score=0.99,
        evidence=evidence,
        events=(
            IncidentEvent(at=began + timedelta(minutes=41), what="opened", who="detection", severity=Severity.MAJOR),
            IncidentEvent(at=began + timedelta(minutes=121), what="escalated", who="detection", severity=Severity.CRITICAL),
        ),
    )


def _others(now: datetime, series: dict[tuple[str, datetime], Counts]) -> Iterator[Incident]:
    base = Incident(
        id=IN_HAND,
        topic=HARBOURS,
        topic_name=TOPICS[HARBOURS][0],
        episode=1,
        state=IncidentState.ACKNOWLEDGED,
        severity=Severity.NOTABLE,
        peak=Severity.MAJOR,
        opened_at=now - 14 * HOUR,
        began_at=now - 15 * HOUR,
        last_spike_at=now - HOUR,
        acknowledged_by="mina",
        window_h=6,
        series="stories",
        observed=25,
        expected=3.2,
        upper=9,
        score=0.83,
        evidence=IncidentEvidence(
            stories=41,
            publishers=9,
            articles=77,
            independent=30,
            first=None,
            first_is_certain=False,
            hours=_hours(series, HARBOURS, now - 72 * HOUR),
        ),
        events=(
            IncidentEvent(at=now - 14 * HOUR, what="opened", who="detection", severity=Severity.MAJOR),
            IncidentEvent(at=now - 13 * HOUR, what="acknowledged", who="mina", note="The strike; the trade desk has it."),
        ),
    )
    yield base
    for n, (topic, reason, by) in enumerate((("weather/floods", "useful", "mina"), ("energy/grids", "calmed", "detection"))):
        yield replace(
            base,
            id=f"{topic}#1",
            topic=topic,
            topic_name=TOPICS[topic][0],
            state=IncidentState.CLOSED,
            opened_at=now - timedelta(days=n + 2),
            began_at=now - timedelta(days=n + 2, hours=1),
            last_spike_at=now - timedelta(days=n + 1, hours=12),
            closed_at=now - timedelta(days=n + 1),
            closed_by=by,
            reason=reason,
            acknowledged_by=None,
        )


def _feeds(now: datetime) -> Iterator[FeedState]:
    for n, (id, (name, _, _, _, health)) in enumerate(HOUSES.items()):
        url = f"https://{id}.example/rss"
        failing = health is Health.FAILING
        yield FeedState(
            feed=id,
            url=url,
            configured_url=url,
            slot=n,
            title=name,
            next_attempt_at=now + timedelta(minutes=3 + n),
            interval_s=600,
            failures=6 if failing else 0,
            health=health,
            problem="timeout: no answer within 30 s" if failing else None,
            outcome="timeout" if failing else "ok",
            status=None if failing else 200,
            first_success_at=now - timedelta(days=40),
            last_success_at=now - (timedelta(hours=9) if failing else timedelta(minutes=4)),
            last_poll_at=now - timedelta(minutes=4),
            last_new_at=now - timedelta(minutes=12 + n),
            rate_per_h=2.4,
            weight=12,
        )


def _polls(now: datetime) -> Iterator[PollRecord]:
    for n in range(6):
        yield PollRecord(
            at=now - timedelta(minutes=20 * n + 4), feed="meridian", outcome="ok", status=200, entries=30, new=2, elapsed_ms=180 + n
        )
        yield PollRecord(
            at=now - timedelta(minutes=20 * n + 5), feed="chronicle", outcome="timeout", elapsed_ms=30_000, problem="no answer"
        )


def _mail(incident: Incident, now: datetime) -> Notification:
    return Notification(
        id="mail",
        recipient="desk",
        channel="mail",
        address="desk@newsdesk.example",
        about=incident.id,
        topic=incident.topic,
        event="opened",
        message_id="<one@newsdesk.example>",
        state=Delivery.SENT,
        planned_at=incident.opened_at,
        attempts=1,
        sent_at=incident.opened_at + timedelta(seconds=20),
    )
