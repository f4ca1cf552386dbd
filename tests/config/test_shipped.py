"""What the project ships in config/ loads, and does what its authors say it does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from wirewatch.config import Bundle, load
from wirewatch.demo.stories import NAMES, reports
from wirewatch.pipeline.check import examples, warnings
from wirewatch.pipeline.process import matcher_of

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load(CONFIG)


def test_every_example_of_every_topic_comes_out(bundle: Bundle) -> None:
    assert [str(problem) for problem in examples(bundle)] == []


def test_no_condition_is_out_of_reach(bundle: Bundle) -> None:
    assert [str(warning) for warning in warnings(bundle)] == []


@pytest.mark.parametrize("story", NAMES)
def test_the_demos_stories_are_tagged_in_every_language(bundle: Bundle, story: str) -> None:
    matcher = matcher_of(bundle)
    for report in reports(story):
        if not report.blocks:
            continue
        text = "\n\n".join(block.text for block in report.blocks)
        for title in report.titles:
            for language in (None, _language(report.outlet)):
                found = {match.topic for match in matcher.match(title=title, summary=report.blocks[0].text, text=text, language=language)}
                assert found == set(report.topics), title


def test_every_topic_has_five_examples_of_each_kind_and_what_is_common_is_common(bundle: Bundle) -> None:
    kinds = Counter((example.file, example.key.partition(".")[0], example.matches) for example in bundle.examples)
    assert {which: count for which, count in kinds.items() if count < 5} == {}
    assert sum(id.startswith("country/") for id in bundle.concepts) >= 60
    assert len({feed.language for feed in bundle.feeds}) >= 10
    assert {feed.publisher for feed in bundle.feeds} <= {publisher.id for publisher in bundle.publishers}


AMBIGUOUS = [
    ("Georgia voters wait in line in Atlanta as Russia talks stall", set()),
    ("Georgia and Russia agree to reopen border, Tbilisi says", set()),
    ("Turkey prices soar before Thanksgiving as Iran talks stall", set()),
    ("Turkey and Iran sign gas deal", {"ties/iran-turkey"}),
    ("Michael Jordan sues China shoe maker", set()),
    ("Tell us about Japan", set()),
    ("US and Japan sign pact", {"ties/united-states-japan"}),
    ("Trial over Moscow, Idaho murders told of call from Ukraine", set()),
    ("Moscow and Kyiv swap prisoners", {"ties/russia-ukraine"}),
    ("Kim Kardashian visits Russia", set()),
    ("KCNA certification now offered in Russia", set()),
    ("KCNA: Kim sends letter to Putin", {"russia-north-korea"}),
    ("Korea beats Japan 2-1", set()),
    ("白俄罗斯与日本签署协议", set()),
    ("南美国家与中国加强合作", set()),
    ("其中美国占一半", set()),
    ("한중일 정상회의 개최", {"ties/south-korea-china", "ties/south-korea-japan", "ties/china-japan"}),
    ("북중미 월드컵 한국 출전", set()),
    ("러시아워 피해 출근 시간 조정, 중국집은 예외", set()),
    ("Грузовик упал с трамплина в Китае", set()),
]


@pytest.mark.parametrize(("title", "expected"), AMBIGUOUS)
def test_ambiguous_names_are_told_apart(bundle: Bundle, title: str, expected: set[str]) -> None:
    found = {match.topic for match in matcher_of(bundle).match(title=title, summary="", text="")}
    assert {id for id in found if id.startswith("ties/") or id == "russia-north-korea"} == expected


def _language(outlet: str) -> str:
    from wirewatch.demo.outlets import BY_ID

    return BY_ID[outlet].language
