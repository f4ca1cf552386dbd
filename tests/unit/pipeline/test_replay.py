"""Archived articles through the whole watch with a simulated clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirewatch.config import Bundle
from wirewatch.config.loader import load_files
from wirewatch.pipeline.replay import Archived, archived, replay

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 24
FILES = {
    "wirewatch.yaml": "alerts: {recipients: {desk: {mail: [desk@example.org]}}, default_notify: [desk]}\n",
    "publishers.yaml": "publishers: {house: {name: House, domains: [one.example, two.example]}}\n",
    "topics/dams.yaml": (
        "topics:\n- {id: dams, name: Dams, rule: {any: [reservoir], min_score: 1},\n"
        "   examples: {matches: [The reservoir is full], rejects: [The lake is full]}}\n"
    ),
}
WORDS = (
    "water gates engineers valley villages river level morning crews",
    "wall spillway farmers district bridge road minister council mayor",
)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_files(FILES)


def article(number: int, at: datetime, *, source: str = "", seen: datetime | None = None, about: str = "reservoir") -> Archived:
    known = " ".join(WORDS).split()
    words = [known[(number * 7 + place * (number % 11 + 1)) % len(known)] + str(number * place % 97) for place in range(80)]
    host = source or f"site-{number % 23}.example"
    title = f"{words[1]} {words[2]} {about} {words[3]} {words[4]} {number}"
    return Archived(
        url=f"https://{host}/{number}",
        title=title,
        text=f"The {about} {' '.join(words)}.",
        source=host,
        published_at=at - timedelta(minutes=5),
        first_seen_at=seen or at,
    )


def everyday() -> Iterator[Archived]:
    for hour in range(0, DAYS * 24, 8):
        yield article(hour, START + timedelta(hours=hour, minutes=20))
        yield article(100_000 + hour, START + timedelta(hours=hour + 1, minutes=20), about="market")


def burst(at: datetime, *, source: str = "", seen: datetime | None = None) -> list[Archived]:
    return [article(10_000 + place, at + timedelta(minutes=6 * place), source=source, seen=seen) for place in range(40)]


def test_everyday_coverage_raises_nothing(bundle: Bundle) -> None:
    assert replay(list(everyday()), bundle).incidents == ()


def test_a_breaking_story_raises_one_incident_at_once_and_again_when_replayed(bundle: Bundle) -> None:
    at = START + timedelta(days=22, hours=5)
    articles = [*everyday(), *burst(at)]
    first, second = replay(articles, bundle), replay(articles[::-1], bundle)
    assert [each.topic for each in first.incidents] == ["dams"]
    assert first.incidents[0].opened_at == at + timedelta(hours=1)
    assert second.incidents == first.incidents


@settings(max_examples=3, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 200))
def test_what_comes_twice_and_in_any_order_is_replayed_as_once(bundle: Bundle, chance: Random, again: int) -> None:
    articles = [*everyday(), *burst(START + timedelta(days=22, hours=5))]
    twice = [*articles, *chance.choices(articles, k=again)]
    chance.shuffle(twice)
    once = replay(articles, bundle).incidents
    assert len(once) == 1
    assert replay(twice, bundle).incidents == once


def test_one_owner_raises_nothing(bundle: Bundle) -> None:
    at = START + timedelta(days=22, hours=5)
    sources = ("one.example", "two.example")
    flood = [each for place, source in enumerate(sources) for each in burst(at, source=source)[place::2]]
    assert replay([*everyday(), *flood], bundle).incidents == ()


def test_what_an_outage_hid_is_found_late(bundle: Bundle) -> None:
    begin, back = START + timedelta(days=21, hours=6), START + timedelta(days=22, hours=6)
    hidden = burst(begin + timedelta(hours=9), seen=back + timedelta(minutes=3))
    articles = [each for each in everyday() if not begin <= each.first_seen_at < back]
    coverage = {begin + timedelta(hours=hour): 0.0 for hour in range(24)}
    incidents = replay([*articles, *hidden], bundle, coverage=coverage).incidents
    assert len(incidents) == 1
    assert incidents[0].found_late
    assert back < incidents[0].opened_at <= back + timedelta(hours=1)
    assert incidents[0].began_at < back - timedelta(hours=10)


def test_old_articles_of_a_new_feed_never_count(bundle: Bundle) -> None:
    seen = START + timedelta(days=22, hours=5)
    old = burst(seen - timedelta(days=5), seen=seen)
    assert replay([*everyday(), *old], bundle).incidents == ()


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"title": "x", "first_seen_at": "2026-03-02T00:00:00Z"}, "no url"),
        ({"url": "https://a.example/1", "title": "x"}, "neither first_seen_at nor published_at"),
        ({"url": "https://a.example/1", "title": "x", "first_seen_at": "soon"}, "first_seen_at 'soon' is not a time"),
        ({"url": "https://a.example/1", "first_seen_at": "2026-03-02"}, "no title and no text"),
    ],
)
def test_a_bad_row_says_what_is_wrong(row: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        archived(row)
