"""What an incident says of itself: who was first and how sure that is, copies and reports, what is shown, and what is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from wirewatch.model import Article, Evidence, Precision, Provenance, TopicMatch
from wirewatch.spikes.evidence import chart_from, evidence_of, largest, overlap, sighting_of, without

START = datetime(2026, 11, 24, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def article(
    id: str,
    publisher: str,
    minutes: float,
    *,
    story: str | None = None,
    title: str = "Kim travels to Russia",
    language: str = "en",
    words: tuple[str, ...] = ("Kim", "Russia"),
) -> Article:
    """Published then, seen two minutes later."""
    at = START + minutes * MINUTE
    evidence = tuple(
        Evidence(field="title", start=max(0, title.find(each)), end=max(0, title.find(each)) + len(each), words=each) for each in words
    )
    return Article(
        id=id,
        urls=(f"https://{publisher}.example/{id}",),
        url=f"https://{publisher}.example/{id}",
        source=f"{publisher}.example",
        publisher=publisher,
        publisher_name=publisher.title(),
        title=title,
        language=language,
        published_at=at,
        published_from=Provenance.FEED,
        published_precision=Precision.SECOND,
        first_seen_at=at + 2 * MINUTE,
        indexed_at=at + 2 * MINUTE,
        counted_at=at,
        timestamp=at,
        story_id=story or id,
        topics=("ties",),
        topic_matches=(TopicMatch(topic="ties", hash="1", score=80, evidence=evidence),),
    )


def test_sizes_tell_reports_from_copies() -> None:
    found = evidence_of(
        [article("a", "wire", 0), article("b", "paper", 5, story="a"), article("c", "blog", 6, story="a"), article("d", "radio", 9)],
        topic="ties",
        since=START,
    )
    assert (found.stories, found.publishers, found.articles, found.independent) == (2, 4, 4, 2)
    assert (found.copying, found.copied) == (2, 1)
    assert [(each.article, each.copies) for each in found.headlines] == [("a", 2), ("d", 0)]
    assert found.top_publishers == (("Wire", 1), ("Paper", 1), ("Blog", 1), ("Radio", 1))


def test_what_came_before_or_never_counts_is_left_out() -> None:
    old = article("old", "wire", -90)
    never = replace(article("never", "wire", 3), counted_at=None)
    found = evidence_of([old, never, article("a", "wire", 5)], topic="ties", since=START)
    assert found.articles == 1
    assert evidence_of([], topic="ties", since=START).first is None


def test_the_first_is_certain_where_every_clock_says_so() -> None:
    found = evidence_of([article("b", "paper", 5.3), article("a", "wire", 0.2), article("c", "wire", 1.2)], topic="ties", since=START)
    assert found.first is not None
    assert (found.first.article, found.first.at, found.first_is_certain) == ("a", START + 0.2 * MINUTE, True)


def test_the_first_is_not_certain_within_what_a_clock_can_tell() -> None:
    wire = article("a", "wire", 0)
    rounded = article("b", "paper", 0.5)
    assert not evidence_of([wire, rounded], topic="ties", since=START).first_is_certain
    assert evidence_of([wire, article("b", "paper", 1)], topic="ties", since=START).first_is_certain
    same = [article("a", "wire", 0.2), article("b", "paper", 0.2)]
    assert not evidence_of(same, topic="ties", since=START).first_is_certain


def test_a_date_without_time_or_no_date_may_hide_an_earlier_report() -> None:
    wire = article("a", "wire", 30.2)
    day = replace(article("b", "paper", 60), published_at=START.replace(hour=0), published_precision=Precision.DAY)
    silent = replace(article("c", "blog", 60), published_at=None, published_from=Provenance.NONE, published_precision=None)
    lying = replace(article("d", "radio", 60), published_at=START + timedelta(days=3))
    for other in (day, silent, lying):
        found = evidence_of([wire, other], topic="ties", since=START)
        assert found.first is not None
        assert (found.first.article, found.first_is_certain) == ("a", False)
    found = evidence_of([silent], topic="ties", since=START)
    assert found.first is not None
    assert (found.first.at, found.first_is_certain) == (silent.counted_at, False)


def test_headlines_show_the_most_taken_up_then_other_voices() -> None:
    many = [article(f"wire-{number}", "wire", number) for number in range(10)]
    many += [
        article("ko", "yonhap", 30, language="ko"),
        article("ru", "ria", 31, language="ru"),
        article("copy", "ria", 32, story="wire-4"),
    ]
    shown = evidence_of(many, topic="ties", since=START).headlines
    assert len(shown) == 8
    assert shown[0].article == "wire-4"
    assert {"ko", "ru"} <= {each.article for each in shown}


def test_words_are_counted_once_an_article_as_they_are_written_most() -> None:
    given = [
        article("a", "wire", 0, words=("Kim", "kim", "Russia")),
        article("b", "paper", 1, words=("Kim",)),
        article("c", "blog", 2, words=("KIM",)),
    ]
    found = evidence_of(given, topic="ties", since=START)
    assert found.words == (("Kim", 3), ("Russia", 1))
    assert found.headlines[0].words == ("Kim", "Russia")


def test_new_words_come_from_two_publishers_and_are_neither_known_nor_common() -> None:
    given = [
        article("a", "wire", 0, title="Kim's armoured train with officials at Khasan"),
        article("b", "paper", 1, title="Train with Kim crosses at KHASAN"),
        article("c", "blog", 2, title="Train of Kim arrives at Khasan, 김정은 러시아"),
    ]
    found = evidence_of(
        given, topic="ties", since=START, known_titles=["Kim writes to Moscow"], other_titles=["Talks with unions", "With rain to come"]
    )
    assert found.new_words == ("Khasan", "Train")


def test_the_largest_publisher_is_the_one_that_stories_rest_on() -> None:
    given = [article(f"s{number}", "solo", number) for number in range(4)]
    given += [article("x", "wire", 5, story="s0"), article("y", "paper", 6), article("z", "wire", -60 * 5)]
    sightings = [each for each in map(sighting_of, given) if each]
    assert largest(sightings, START, START + HOUR) == "solo"
    assert without(sightings, "solo", "ties", {START}) == {START: (2, 2, 2)}
    assert largest(sightings, START + HOUR, START + 2 * HOUR) is None


def test_an_article_without_a_story_or_hour_is_no_sighting() -> None:
    assert sighting_of(replace(article("a", "wire", 0), story_id=None)) is None
    assert sighting_of(replace(article("a", "wire", 0), counted_at=None)) is None


def test_overlap_is_of_the_smaller_set() -> None:
    assert overlap({"a", "b"}, {"a", "b", "c", "d"}) == 1
    assert overlap({"a", "b"}, {"b", "c", "d"}) == 0.5
    assert overlap(set(), {"a"}) == 0


def test_a_chart_begins_before_the_incident_and_stays_readable() -> None:
    assert chart_from(START, START + HOUR) == START - 36 * HOUR
    assert chart_from(START - timedelta(days=20), START) == START - timedelta(days=7)
