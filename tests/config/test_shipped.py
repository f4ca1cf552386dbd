"""What the project ships in config/ loads, and does what its authors say it does."""

from __future__ import annotations

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
                assert set(report.topics) <= found, title


def _language(outlet: str) -> str:
    from wirewatch.demo.outlets import BY_ID

    return BY_ID[outlet].language
