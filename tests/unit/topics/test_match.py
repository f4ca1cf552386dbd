"""What a matcher promises whatever it is given."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.topics.conftest import CONCEPTS, Build, concepts, topic

from wirewatch.model import TopicMatch
from wirewatch.topics.compile import compile_topics
from wirewatch.topics.match import MAX_EVIDENCE, Matcher
from wirewatch.topics.reading import MAX_CHARACTERS, Reading
from wirewatch.topics.rules import About

RULES: dict[str, Any] = {
    "pair": {"all": [{"concept": "country/russia"}, {"concept": "country/north-korea"}], "within": "2 sentences", "min_score": 0},
    "georgia": {"concept": "country/georgia", "min_score": 0},
    "koreas": {"concepts": ["country/north-korea", "country/south-korea"], "at_least": 2, "min_score": 0},
    "us": {"concept": "country/us", "min_score": 0},
    "arms": {"any": [{"phrase": "arms deal*"}, {"all": ["shell*", "satellite*"], "within": "10 words"}], "min_score": 0},
    "quiet": {"phrase": "talks", "none": [{"concept": "country/russia"}], "min_score": 0},
}
WORDS = """
    Russia Moscow Kremlin, Putin North Korea Korean Koreans Pyongyang Kim Jong Un Jong-un DPRK Seoul US us U.S. Georgia Tbilisi Caucasus
    Senate arms deal deals shells satellites talks Sudan South the of. in and! train 북한은 러시아 김정은이 푸틴 朝鲜 俄罗斯 金正恩 Россией
    Северной Кореи Пхеньян КНДР روسيا وكوريا الشمالية Moscow, Idaho Straße É ß ﬁ 서울
""".split()  # noqa: SIM905 - a list of sixty would be a page
texts = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
anything = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=15).map(" ".join)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return compile_topics([topic(id, rule) for id, rule in RULES.items()], concepts())


def plain(matches: list[TopicMatch]) -> list[tuple[Any, ...]]:
    """Matches without where their words stand."""
    return [(each.topic, each.score, [(place.field, place.concept) for place in each.evidence]) for each in matches]


@given(anything, anything, anything)
def test_evidence_cites_its_field_exactly(matcher: Matcher, title: str, summary: str, text: str) -> None:
    fields = {"title": title, "summary": summary, "text": text}
    found = matcher.match(title=title, summary=summary, text=text)
    assert [(-each.score, each.topic) for each in found] == sorted((-each.score, each.topic) for each in found)
    for match in found:
        assert 0 <= match.score <= 100
        assert 0 < len(match.evidence) <= MAX_EVIDENCE
        for each in match.evidence:
            assert each.words
            assert fields[each.field][each.start : each.end] == each.words
            assert not each.words[0].isspace()
            assert not each.words[-1].isspace()


@given(texts, texts, st.lists(st.sampled_from([word for word in WORDS if len(word) > 2]), min_size=1, max_size=4))
@settings(max_examples=25)
def test_an_unrelated_topic_changes_nothing(title: str, text: str, phrases: list[str]) -> None:
    some = [topic(id, rule) for id, rule in RULES.items()]
    added = [topic("zz", phrases), topic("a", {"all": [phrases[0], "train"], "min_score": 0}), *some]
    known = concepts({id: entry for id, entry in CONCEPTS.items() if "territory" not in entry} | ALIASES)
    before = compile_topics(some, known).match(title=title, summary="", text=text)
    after = compile_topics(added, known).match(title=title, summary="", text=text)
    assert [match for match in after if match.topic not in ("zz", "a")] == before


ALIASES = {id: {key: value for key, value in entry.items() if key != "territory"} for id, entry in CONCEPTS.items() if "territory" in entry}
ALIASES["country/sudan"] = {"aliases": {"en": ["Sudan"]}}
ALIASES["country/south-sudan"] = {"aliases": {"en": ["South Sudan"]}}


@given(texts, texts, st.sampled_from([str.upper, str.lower, str.swapcase]))
def test_case_does_not_matter(matcher: Matcher, title: str, text: str, change: Any) -> None:
    # The exact name is left out: there it does matter, and to the scores of pairs that it stands beside.
    before, after = (
        matcher.match(title=one, summary="", text=two, language="en") for one, two in ((title, text), (change(title), change(text)))
    )
    assert {each.topic for each in before} - {"us"} == {each.topic for each in after} - {"us"}


@given(texts, texts, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_forms_of_unicode_do_not_matter(matcher: Matcher, title: str, text: str, form: Any) -> None:
    changed = [unicodedata.normalize(form, each) for each in (title, text)]
    before = matcher.match(title=title, summary="", text=text, language="en")
    assert plain(matcher.match(title=changed[0], summary="", text=changed[1], language="en")) == plain(before)


@given(texts, texts, st.sampled_from(["  ", "\t", "\u00a0", " \u200b", "\u3000 "]))
def test_white_space_does_not_matter(matcher: Matcher, title: str, text: str, space: str) -> None:
    before = matcher.match(title=title, summary="", text=text, language="en")
    after = matcher.match(title=title.replace(" ", space), summary="", text=text.replace(" ", space), language="en")
    assert plain(after) == plain(before)


PLENTY: dict[str, Any] = {
    **{f"one/{word}": {"phrase": word} for word in ("train*", "talks", "shells", "arms deal", "Seoul", "서울", "朝鲜", "КНДР")},
    **{f"more/{id}": {"concept": id, "min_score": 45} for id in CONCEPTS},
    **{f"{a}+{b}": {"all": [{"concept": a}, {"concept": b}]} for a in list(CONCEPTS)[:4] for b in list(CONCEPTS)[:5] if a < b},
    "either": {"any": ["talks", {"all": ["shells", "train"]}]},
    "weighed": {
        "all": ["talks", {"any": ["train", {"phrase": "shells", "weight": 2}]}, {"concept": "country/us"}],
        "within": "3 sentences",
    },
    "twice": {"phrase": "talks", "at_least": 2},
    "titled": {"all": [{"phrase": "talks", "in": "title"}, "train"]},
    "most": {"any": ["talks", "train", "shells", "Seoul"], "at_least": 3},
}
long_texts = st.lists(st.sampled_from([*WORDS, "lorem ipsum dolor. " * 6, "ut enim\n\n", "sed."]), max_size=40).map(" ".join)


@given(texts, texts, long_texts)
def test_no_topic_is_overlooked(plenty: Matcher, title: str, summary: str, text: str) -> None:
    reading = Reading(plenty._vocabulary, title, summary, text, "en")
    about = About(publisher=None, country=None, kind=None, language="en")
    wanted = {}
    for compiled in plenty._topics:
        finding = compiled.rule.find(reading, about)
        if finding is not None and round(100 * finding.prominence) >= compiled.min_score:
            wanted[compiled.topic.id] = round(100 * finding.prominence)
    found = plenty.match(title=title, summary=summary, text=text, language="en")
    assert {match.topic: match.score for match in found} == wanted


@pytest.fixture(scope="module")
def plenty() -> Matcher:
    return compile_topics([topic(id, rule) for id, rule in PLENTY.items()], concepts())


def test_no_name_reaches_over_fields(matcher: Matcher) -> None:
    assert not matcher.match(title="Up North", summary="Korea", text="")
    assert not matcher.match(title="", summary="Up North", text="Korean food")


def test_evidence_is_the_best_first(matcher: Matcher) -> None:
    text = "Moscow waits. " + "Nothing of it. " * 5 + "Russia and North Korea. " * 20
    match = next(each for each in matcher.match(title="Kim Jong Un in Russia", summary="", text=text) if each.topic == "pair")
    assert [(each.field, each.words) for each in match.evidence[:2]] == [("title", "Kim Jong Un"), ("title", "Russia")]
    assert len(match.evidence) == MAX_EVIDENCE
    assert match.hash == "h"


def test_ten_thousand_topics_are_as_right_as_ten(build: Build) -> None:
    names = [f"name{number} word{number % 97}" for number in range(10_000)]
    matcher = build(concepts_={}, **{f"t{number}": [name] for number, name in enumerate(names)})
    found = matcher.match(title="Name77 word77, name9999 word8", summary="", text="name5 word5 and name5 word6")
    assert {each.topic for each in found} == {"t77", "t9999", "t5"}


@pytest.mark.parametrize(
    "text",
    [
        "Russia North Korea " * 600_000,
        "Kim " * 500_000,
        "북한러시아" * 500_000,
        "朝鲜俄罗斯" * 500_000,
        "e\u0301" * 2_000_000,
        "Северн " * 500_000,
        "." * 5_000_000,
        "\n" * 5_000_000,
        "a" * 10_000_000,
        "Russia, " * 600_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_texts_end(matcher: Matcher, text: str) -> None:
    # What it guards against takes hours.
    assert len(matcher.match(title=text, summary=text, text=text)) <= len(RULES)


def test_a_long_text_is_read_as_far_as_is_allowed(matcher: Matcher) -> None:
    far = "x" * MAX_CHARACTERS["text"] + " Tbilisi"
    assert not matcher.match(title="", summary="", text=far)
    assert matcher.match(title="", summary="", text=far[20:])


def test_an_empty_article_is_about_nothing(matcher: Matcher) -> None:
    assert matcher.match(title="", summary="", text="") == []
    assert compile_topics([], {}).match(title="Kim in Russia", summary="", text="") == []
