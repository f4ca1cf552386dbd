"""Relevance: what an article is about scores high, what it only mentions scores low."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.topics.conftest import Build

from wirewatch.topics.match import Matcher
from wirewatch.topics.score import combined, from_signs, joined, weighed

PAIR = {"all": [{"concept": "country/russia"}, {"concept": "country/north-korea"}], "within": "2 sentences", "min_score": 0}
FILLER = "The harbour was closed for repairs in the morning. Ferries waited, and people drank coffee. "


@pytest.fixture(scope="module")
def matcher(build: Build) -> Matcher:
    return build(pair=PAIR, dam={"phrase": "dam", "min_score": 0}, anywhere={**PAIR, "within": "document"})


def score(matcher: Matcher, topic: str, title: str = "", text: str = "", summary: str = "") -> int:
    """The score of a topic, or 0."""
    found = matcher.match(title=title, summary=summary, text=text, language="en")
    return next((match.score for match in found if match.topic == topic), 0)


def test_a_headline_that_names_both_sides_is_enough(matcher: Matcher) -> None:
    assert score(matcher, "pair", "Putin and Kim Jong Un to meet in Vladivostok") >= 60
    assert score(matcher, "pair", "Putin and Kim Jong Un to meet", FILLER * 20) >= 60


def test_a_headline_and_a_text_about_both_score_highest(matcher: Matcher) -> None:
    text = "Russia received North Korean officials. They spoke of Moscow and Pyongyang. " * 5
    assert score(matcher, "pair", "Putin meets Kim Jong Un", text) >= 85


def test_a_passing_mention_late_in_a_long_text_does_not_tag(matcher: Matcher) -> None:
    assert score(matcher, "pair", "Harbour closed", FILLER * 15 + "Russia and North Korea were named too.") < 30
    assert score(matcher, "dam", "Harbour closed", FILLER * 15 + "A dam was named too.") < 30


def test_sides_that_stand_far_apart_score_low(matcher: Matcher) -> None:
    text = f"{FILLER * 3}\n\nA ship came from Russia.\n\n{FILLER * 5}\n\nAnother was bound for North Korea.\n\n{FILLER * 3}"
    assert score(matcher, "pair", "Harbour closed", text) == 0
    assert 0 < score(matcher, "anywhere", "Harbour closed", text) < 15


def test_a_text_that_keeps_coming_back_tags_without_headline_or_lead(matcher: Matcher) -> None:
    assert score(matcher, "dam", "Harbour closed", FILLER * 3 + "The dam held. Nobody saw the dam leak. The dam is old. " * 3) >= 45


def test_one_side_in_the_headline_and_both_in_the_lead(matcher: Matcher) -> None:
    text = "North Korea's leader arrived in Russia on Tuesday. He will meet Putin. " + FILLER * 4
    assert score(matcher, "pair", "Kim Jong Un travels by train", text) >= 30


def test_a_third_that_is_more_prominent_takes_from_a_pair(matcher: Matcher) -> None:
    text = "Russia and North Korea were named. {0} said so on Friday. " + FILLER * 2
    alone = score(matcher, "pair", "Harbour closed", text.format("the mayor"))
    beside = score(matcher, "pair", "Washington closes harbour", text.format("Washington"))
    assert 0 < beside < alone
    assert score(matcher, "pair", "Russia and North Korea meet", "Washington was named too.") == score(
        matcher, "pair", "Russia and North Korea meet", "Somebody was named too."
    )


def test_either_of_several_pairs_scores_as_the_pair_does(matcher: Matcher, build: Build) -> None:
    inner = {key: value for key, value in PAIR.items() if key != "min_score"}
    either = build(pair={"any": [inner, {"all": ["tide", "snow"]}], "min_score": 0})
    text = "Russia was named. " * 6 + "Russia and North Korea were named. " + FILLER * 2
    assert score(either, "pair", "Russia", text) == score(matcher, "pair", "Russia", text)


def test_more_evidence_never_lowers_a_score(matcher: Matcher) -> None:
    tail = FILLER * 8
    scores = [score(matcher, "dam", "Harbour", FILLER * 4 + "The dam held. " * count + tail) for count in range(1, 8)]
    assert scores == sorted(scores)
    assert score(matcher, "dam", "The dam", tail) > score(matcher, "dam", "Harbour", "The dam held. " + tail) > scores[0]


def test_weight_says_how_much_a_word_counts(build: Build) -> None:
    matcher = build(
        usual={"any": ["dam"], "min_score": 0},
        weak={"any": [{"phrase": "dam", "weight": 0.3}], "min_score": 0},
        strong={"any": [{"phrase": "dam", "weight": 2}], "min_score": 0},
        context={"all": ["dam", {"phrase": "rain", "weight": 0.2}], "min_score": 0},
        equal={"all": ["dam", "rain"], "min_score": 0},
    )
    found = {each.topic: each.score for each in matcher.match(title="Dam", summary="", text=FILLER * 5 + "No rain. A dam. " + FILLER)}
    assert found["weak"] < found["usual"] < found["strong"]
    assert found["equal"] < found["context"]


unit = st.floats(0, 1)


@given(unit, unit, st.integers(0, 50), st.integers(1, 60), st.sampled_from(["title", "lead", "count"]), st.floats(0, 1))
def test_every_sign_only_adds(title: float, lead: float, count: int, length: int, grown: str, more: float) -> None:
    signs: dict[str, Any] = {"title": title, "lead": lead, "count": count}
    grown_signs = signs | {grown: signs[grown] + (1 if grown == "count" else (1 - signs[grown]) * more)}
    before, after = (from_signs(each["title"], each["lead"], each["count"], length) for each in (signs, grown_signs))
    assert 0 <= before <= after + 1e-12 <= 1 + 1e-9


@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.1, 3)), min_size=1, max_size=4), st.floats(0.1, 3))
def test_a_whole_lies_between_its_parts(parts: list[tuple[float, float]], weight: float) -> None:
    values = [value for value, _ in parts]
    whole = combined(values, [each for _, each in parts])
    assert min(values) - 1e-9 <= whole <= max(values) + 1e-9
    assert joined(None, whole) <= whole
    assert 0 <= weighed(whole, weight) <= 1
