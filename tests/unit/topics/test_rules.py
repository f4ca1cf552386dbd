"""The language of rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.unit.topics.conftest import Build, Find

RUSSIA, NORTH = {"concept": "country/russia"}, {"concept": "country/north-korea"}
FILLER = "Nothing here is about either. "


@pytest.mark.parametrize(
    ("rule", "text", "holds"),
    [
        ({"phrase": "dam burst*"}, "The dam bursts", True),
        ({"phrases": ["flood*", "dam"]}, "A dam", True),
        ({"phrases": ["flood*", "dam"], "at_least": 2}, "A dam, another dam", False),
        ({"phrases": ["flood*", "dam"], "at_least": 2}, "A dam and floods", True),
        ({"phrase": "dam", "at_least": 2}, "A dam, another dam", True),
        ({"phrase": "dam", "at_least": 2}, "A dam", False),
        ({"all": ["dam", "river"]}, "A river with a dam", True),
        ({"all": ["dam", "river"]}, "A river", False),
        ({"any": ["dam", {"all": ["river", "bank"]}]}, "The river bank", True),
        ({"any": ["dam", "river", "bank"], "at_least": 2}, "A river, a river", False),
        ({"any": ["dam", "river", "bank"], "at_least": 2}, "A river, a bank", True),
        ({"phrase": "bank", "none": ["river"]}, "The bank failed", True),
        ({"phrase": "bank", "none": ["river"]}, "The bank of the river", False),
        ({"phrase": "bank", "none": [{"all": ["river", "boat"]}]}, "The bank of the river", True),
        ({"concepts": ["country/russia", "country/sudan"]}, "In Sudan", True),
        ({"concepts": ["country/russia", "country/sudan"], "at_least": 2}, "In Sudan", False),
        ({"concept": "region/koreas"}, "Seoul", True),
        ({"concept": "region/koreas"}, "Pyongyang", True),
        ({"concept": "region/koreas"}, "The Korean peninsula", True),
        ({"concept": "country/russia", "phrases": ["gas", "oil"]}, "Moscow sells oil", True),
        ({"concept": "country/russia", "phrases": ["gas", "oil"]}, "Moscow sells", False),
    ],
)
def test_parts_of_rules(find: Find, rule: dict[str, Any], text: str, holds: bool) -> None:
    assert bool(find(rule, text=text)) is holds


@pytest.mark.parametrize(
    ("within", "text", "holds"),
    [
        ("3 words", "dam near the river", True),
        ("3 words", "dam near the big old river", False),
        ("5 words", "水坝 dam 在河边的地方 river", True),
        ("sentence", "A dam. A river.", False),
        ("sentence", "A dam on a river.", True),
        ("2 sentences", "A dam. A river.", True),
        ("2 sentences", "A dam. No more. A river.", False),
        ("paragraph", "A dam. No more. A river.", True),
        ("paragraph", "A dam.\n\nA river.", False),
        ("2 paragraphs", "A dam.\n\nA river.", True),
        ("document", "A dam.\n\n" + FILLER * 20 + "\n\nA river.", True),
    ],
)
def test_nearness(find: Find, within: str, text: str, holds: bool) -> None:
    assert bool(find({"all": ["dam", "river"], "within": within}, text=text)) is holds


def test_nearness_counts_different_members(find: Find) -> None:
    rule = {"any": ["dam", "river", "bank"], "at_least": 2, "within": "sentence"}
    assert find(rule, text="A dam and a bank. Then a river.")
    assert not find(rule, text="A dam. A bank. Then a river.")


def test_repetition_may_have_to_be_near(find: Find) -> None:
    rule = {"phrase": "dam", "at_least": 2, "within": "sentence"}
    assert find(rule, text="The dam, oh the dam.")
    assert not find(rule, text="The dam. Oh the dam.")


def test_headline_and_first_sentence_are_neighbours(find: Find) -> None:
    rule = {"all": ["dam", "river"], "within": "2 sentences"}
    assert find(rule, title="A dam breaks", text="The river rose.")
    assert find(rule, title="A dam breaks", summary="The river rose.")
    assert not find(rule, title="A dam breaks", text="Nothing. The river rose.")


@pytest.mark.parametrize(
    ("place", "title", "summary", "text", "holds"),
    [
        ("title", "A dam", "", "", True),
        ("title", "", "A dam", "A dam", False),
        ("lead", "A dam", "", "", False),
        ("lead", "", "A dam", "", True),
        ("lead", "", "", "One. Two. A dam.", True),
        ("lead", "", "", "One. Two. Three. A dam.", False),
        ("text", "", "A dam", "", False),
        ("text", "", "", "One. Two. Three. A dam.", True),
        (["title", "lead"], "", "", "One. A dam.", True),
    ],
)
def test_places(find: Find, place: Any, title: str, summary: str, text: str, holds: bool) -> None:
    assert bool(find({"phrase": "dam", "in": place}, title, text, summary)) is holds


@pytest.mark.parametrize(
    ("rule", "text", "holds"),
    [
        ({"all": ["ship", "coal"], "ordered": True}, "The ship took coal", True),
        ({"all": ["ship", "coal"], "ordered": True}, "Coal for the ship", False),
        ({"all": ["ship", "coal"], "ordered": True}, "Coal. The ship took coal", True),
        ({"all": ["ship", "coal"], "ordered": True, "within": "2 words"}, "The ship took coal", True),
        ({"all": ["ship", "coal"], "ordered": True, "within": "2 words"}, "The ship took on board the coal", False),
        ({"all": ["ship", "coal", "port"], "ordered": True, "within": "sentence"}, "A ship with coal left port", True),
        ({"all": ["ship", "coal", "port"], "ordered": True, "within": "sentence"}, "A ship left port with coal", False),
        ({"all": ["ship", "coal"], "ordered": True, "within": "sentence"}, "A ship left. Coal was on board", False),
    ],
)
def test_order(find: Find, rule: dict[str, Any], text: str, holds: bool) -> None:
    assert bool(find(rule, text=text)) is holds


@pytest.mark.parametrize(
    ("rule", "url", "found"),
    [
        ({"phrase": "arms deal", "in": "url"}, "https://n.example/2026/arms-deal-signed?id=3", ["arms-deal"]),
        ({"phrase": "arms deal", "in": ["title", "url"]}, "https://n.example/arms-deal", ["arms-deal"]),
        ({"phrase": "arms deal"}, "https://n.example/arms-deal", []),
        ({"phrase": "arms deal", "in": "url"}, "https://n.example/alarms-dealt", []),
        (
            {"all": [{"phrase": "opinion", "in": "url"}, "budget"], "within": "5 words"},
            "https://n.example/opinion/9",
            ["opinion", "budget"],
        ),
        ({"phrase": "budget", "none": [{"phrase": "opinion", "in": "url"}]}, "https://n.example/opinion/9", []),
        ({"phrase": "budget", "none": [{"phrase": "opinion", "in": "url"}]}, "https://n.example/world/9", ["budget"]),
    ],
)
def test_words_of_an_address(find: Find, rule: dict[str, Any], url: str, found: list[str]) -> None:
    matches = find(rule, title="A budget", url=url)
    assert sorted(each.words for match in matches for each in match.evidence) == sorted(found)
    for each in (each for match in matches for each in match.evidence if each.field == "url"):
        assert url[each.start : each.end] == each.words


def test_a_place_holds_for_everything_inside(find: Find) -> None:
    rule = {"all": ["dam", {"any": ["river", "lake"]}], "in": "title"}
    assert find(rule, title="A dam in a lake")
    assert not find(rule, title="A dam", text="In a lake")


@pytest.mark.parametrize(
    ("condition", "about", "holds"),
    [
        ({"publisher": "reuters"}, {"publisher": "reuters"}, True),
        ({"publisher": ["reuters", "ap"]}, {"publisher": "tass"}, False),
        ({"country": "RU"}, {"country": "RU"}, True),
        ({"country": "RU"}, {}, False),
        ({"kind": ["state", "wire"]}, {"kind": "wire"}, True),
        ({"language": "pt"}, {"language": "pt-BR"}, True),
        ({"language": "pt"}, {"language": "es"}, False),
    ],
)
def test_conditions(find: Find, condition: dict[str, Any], about: dict[str, Any], holds: bool) -> None:
    assert bool(find({"phrase": "dam", **condition}, title="A dam", **about)) is holds


@pytest.mark.parametrize(
    ("given", "at", "holds"),
    [
        ({"from": "2026-11-24"}, "2026-11-24", True),
        ({"from": "2026-11-24"}, "2026-11-23", False),
        ({"until": "2026-11-24"}, "2026-11-24", True),
        ({"until": "2026-11-24"}, "2026-11-25", False),
        ({"from": "2026-11-24", "until": "2026-11-24"}, None, True),
    ],
)
def test_days(find: Find, given: dict[str, Any], at: str | None, holds: bool) -> None:
    day = None if at is None else date.fromisoformat(at)
    assert bool(find({"phrase": "dam", **given}, title="Dam", at=day)) is holds


def test_conditions_may_decide_between_parts(find: Find) -> None:
    rule = {"any": [{"phrase": "dam", "language": "en"}, {"phrase": "Damm", "language": "de"}]}
    assert find(rule, title="A dam", language="en")
    assert not find(rule, title="A dam", language="de")


def test_what_hides_an_alias(find: Find) -> None:
    assert not find(RUSSIA, title="A student in Moscow, Idaho")
    assert find(RUSSIA, title="A student from Moscow, Idaho, goes to Moscow")
    assert find({"concept": "country/georgia"}, title="Tbilisi: Georgia and the Georgia Senate")[0].evidence[-1].words == "Georgia"


def test_the_longest_name_of_a_family_wins(build: Build) -> None:
    matcher = build(sudan={"concept": "country/sudan"}, south={"concept": "country/south-sudan"})
    assert [match.topic for match in matcher.match(title="Floods in South Sudan", summary="", text="", language="en")] == ["south"]
    both = matcher.match(title="From South Sudan to Sudan", summary="", text="", language="en")
    assert {match.topic for match in both} == {"south", "sudan"}
    chinese = build(
        concepts_={"country/india": {"territory": "IN"}, "country/indonesia": {"territory": "ID"}}, india={"concept": "country/india"}
    )
    assert not chinese.match(title="印度尼西亚地震", summary="", text="", language="zh")
    assert chinese.match(title="印度地震", summary="", text="", language="zh")


def test_weak_names_need_company(find: Find) -> None:
    assert not find(NORTH, title="Kim wins the race")
    assert [each.words for each in find(NORTH, title="Kim leaves Pyongyang")[0].evidence] == ["Kim", "Pyongyang"]
    assert find({"concept": "country/georgia"}, title="Georgia and the Caucasus")


def test_an_exact_name_keeps_its_case(find: Find) -> None:
    assert find({"concept": "country/us"}, title="US-led talks")
    assert not find({"concept": "country/us"}, title="Talks lead us nowhere")


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        ("TURKEY SIGNS GAS DEAL", "", ["TURKEY"]),
        ("TURKEY SIGNS GAS DEAL", "The minister said Turkey would buy more.", ["TURKEY", "Turkey"]),
        ("TURKEY PRICES RISE", "A bird of ten pounds costs more than last year.", []),
        ("Turkey signs gas deal", "It was signed on Friday.", ["Turkey"]),
        ("US LEAVES TALKS", "The US envoy flew home.", ["US", "US"]),
    ],
)
def test_the_case_of_a_headline_in_capitals_is_read_from_what_follows(find: Find, title: str, text: str, found: list[str]) -> None:
    matches = find({"phrases": ["=Turkey", "=US"]}, title=title, text=text)
    assert [each.words for match in matches for each in match.evidence] == found


def test_the_least_score_decides(build: Build) -> None:
    passing = "Elsewhere. " * 40 + "A dam was mentioned."
    matcher = build(low={"phrase": "dam", "min_score": 1}, usual={"phrase": "dam"}, high={"phrase": "dam", "min_score": 90})
    assert [match.topic for match in matcher.match(title="", summary="", text=passing)] == ["low"]
    assert {match.topic for match in matcher.match(title="Dam", summary="", text="")} == {"low", "usual"}
    assert [match.topic for match in matcher.near_misses(title="Dam", summary="", text="")] == ["high"]
