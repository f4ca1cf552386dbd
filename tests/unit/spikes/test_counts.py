"""A story counts once, where it began, whatever order its copies come in; recounting touched hours equals counting everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wirewatch.model import Sighting
from wirewatch.spikes.counts import MIXED, Cell, hash_of, hour_of, tally, touched

START = datetime(2026, 11, 2, 8, tzinfo=UTC)


def sighting(article: str, story: str, publisher: str, hours: float, *topics: str, counts: bool = True) -> Sighting:
    return Sighting(
        article=article,
        story=story,
        publisher=publisher,
        at=START + timedelta(hours=hours),
        topics=tuple((topic, f"{topic}-1") for topic in topics),
        counts=counts,
    )


def figures(cell: Cell) -> tuple[int, int, int]:
    return cell.stories, cell.publishers, cell.articles


def test_a_story_counts_in_its_first_hour_and_a_publisher_once_a_story() -> None:
    found = tally(
        [
            sighting("a", "s", "reuters", 0.2, "ties"),
            sighting("b", "s", "bbc", 0.9, "ties"),
            sighting("c", "s", "bbc", 1.1, "ties"),
            sighting("d", "s", "nk-news", 1.2, "ties"),
            sighting("e", "t", "bbc", 1.3, "ties"),
        ]
    )
    assert figures(found.topics["ties", START]) == (1, 2, 2)
    assert figures(found.topics["ties", START + timedelta(hours=1)]) == (1, 2, 3)
    assert figures(found.totals[START]) == (1, 2, 2)


def test_a_story_counts_for_each_topic_where_it_first_had_that_topic() -> None:
    found = tally([sighting("a", "s", "x", 0, "one"), sighting("b", "s", "y", 1, "one", "two"), sighting("c", "s", "z", 2)])
    later = START + timedelta(hours=1)
    assert figures(found.topics["one", later]) == (0, 1, 1)
    assert figures(found.topics["two", later]) == (1, 1, 1)
    assert figures(found.totals[later + timedelta(hours=1)]) == (0, 1, 1)


def test_what_does_not_count_is_not_there() -> None:
    found = tally([sighting("a", "s", "x", 0, "one", counts=False), sighting("b", "s", "x", 3, "one")])
    assert set(found.totals) == {START + timedelta(hours=3)}
    assert figures(found.topics["one", START + timedelta(hours=3)]) == (1, 1, 1)


def test_an_hour_tagged_under_two_hashes_belongs_to_neither() -> None:
    old = sighting("a", "s", "x", 0, "one")
    new = Sighting(article="b", story="t", publisher="x", at=START, topics=(("one", "one-2"),))
    assert hash_of(tally([old]).topics["one", START]) == "one-1"
    assert hash_of(tally([old, new]).topics["one", START]) == MIXED


def test_hours_are_utc() -> None:
    assert hour_of(datetime.fromisoformat("2026-11-02T13:50:00+05:30")) == START


def test_a_late_first_report_takes_the_story_from_a_later_hour_only() -> None:
    known = [sighting("a", "s", "x", 0), sighting("b", "s", "y", 5), sighting("c", "other", "y", 7)]
    late = sighting("d", "s", "z", 3)
    assert touched([late], [*known, late]) == {START + timedelta(hours=3), START + timedelta(hours=5)}


articles = st.lists(
    st.builds(
        sighting,
        st.integers(0, 30).map(lambda number: f"article-{number}"),
        st.sampled_from("stuvw"),
        st.sampled_from(("x", "y", "z")),
        st.integers(0, 40).map(lambda quarter: quarter / 4),
        st.sampled_from(("one", "two")),
        counts=st.booleans(),
    ),
    max_size=25,
    unique_by=lambda each: each.article,
)


@given(articles, articles)
def test_recounting_the_touched_hours_equals_counting_everything(before: list[Sighting], changes: list[Sighting]) -> None:
    stored = tally(before)
    known = {each.article: each for each in before}
    # An article keeps its story and its hour for good; all else may change.
    changed = [
        Sighting(
            article=each.article,
            story=known[each.article].story if each.article in known else each.story,
            publisher=each.publisher,
            at=known[each.article].at if each.article in known else each.at,
            topics=each.topics,
            counts=each.counts,
        )
        for each in changes
    ]
    after = known | {each.article: each for each in changed}
    hours = touched(changed, [each for each in after.values() if each.story in {change.story for change in changed}])
    inside = {each.story for each in after.values() if hour_of(each.at) in hours}
    again = tally([each for each in after.values() if each.story in inside], hours)
    merged = {key: cell for key, cell in stored.topics.items() if key[1] not in hours} | again.topics
    totals = {hour: cell for hour, cell in stored.totals.items() if hour not in hours} | again.totals
    everything = tally(after.values())
    assert merged == everything.topics
    assert totals == everything.totals


@given(articles, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(given: list[Sighting], random: object) -> None:
    shuffled = [*given, *given[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random has no type of its own
    assert tally(shuffled) == tally(given)


@given(articles)
def test_hours_add_up_to_stories(given: list[Sighting]) -> None:
    found = tally(given)
    counted = [each for each in given if each.counts]
    assert sum(cell.stories for cell in found.totals.values()) == len({each.story for each in counted})
    assert sum(cell.publishers for cell in found.totals.values()) == len({(each.story, each.publisher) for each in counted})
    for topic in ("one", "two"):
        about = {each.story for each in counted if topic in dict(each.topics)}
        assert sum(cell.stories for (name, _), cell in found.topics.items() if name == topic) == len(about)
