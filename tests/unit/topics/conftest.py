"""Topics and concepts compiled from plain data, as config/ holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from wirewatch.config.schema import ConceptEntry, TopRule
from wirewatch.model import Topic, TopicMatch
from wirewatch.topics.compile import compile_topics
from wirewatch.topics.match import Matcher

CONCEPTS: dict[str, Any] = {
    "country/russia": {
        "territory": "RU",
        "aliases": {"en": ["Russia*", "Moscow", "Kremlin", "Putin"], "ru": ["Росси*", "Москв*", "Путин*"], "ko": ["러시아", "푸틴"]},
        "not": ["Moscow, Idaho", "Little Russia"],
    },
    "country/north-korea": {
        "territory": "KP",
        "aliases": {
            "en": ["North Korean*", "DPRK", "Pyongyang", "Kim Jong Un"],
            "ru": ["КНДР", "Северн* Коре*", "Ким Чен Ын*"],
            "ko": ["김정은"],
        },
        "weak": {"en": ["Kim"]},
    },
    "country/south-korea": {"territory": "KR", "aliases": {"en": ["Seoul"]}},
    "country/us": {"territory": "US", "aliases": {"en": ["=US", "U.S.", "Washington"]}},
    "country/georgia": {
        "territory": "GE",
        "aliases": {"en": ["Tbilisi"]},
        "weak": {"en": ["Georgia"]},
        "support": {"en": ["Caucasus"]},
        "not": [{"concept": "place/us-state"}],
    },
    "place/us-state": ["Georgia Senate"],
    "country/sudan": {"territory": "SD"},
    "country/south-sudan": {"territory": "SS"},
    "region/koreas": {"includes": ["country/north-korea", "country/south-korea"], "aliases": {"en": ["Korean peninsula"]}},
}


def concepts(raw: Mapping[str, Any] = CONCEPTS) -> dict[str, Mapping[str, object]]:
    """Validated as the loader does."""
    entries = {id: {"aliases": entry} if isinstance(entry, list) else entry for id, entry in raw.items()}
    return {
        id: ConceptEntry.model_validate(entry).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for id, entry in entries.items()
    }


def topic(id: str, rule: Any) -> Topic:
    """A topic by its rule; a list or string is its phrases."""
    given = rule if isinstance(rule, dict) else {"phrases": rule}
    return Topic(id=id, name=id, hash="h", rule=TopRule.model_validate(given).plain())


Build = Callable[..., Matcher]
Find = Callable[..., list[TopicMatch]]


@pytest.fixture(scope="session")
def build() -> Build:
    """`build(name=rule, …)` compiles topics against the concepts above, or against `concepts=…`."""

    def make(*, concepts_: Mapping[str, Any] = CONCEPTS, **rules: Any) -> Matcher:
        return compile_topics([topic(name, rule) for name, rule in rules.items()], concepts(concepts_))

    return make


@pytest.fixture(scope="session")
def find(build: Build) -> Find:
    """What one rule finds in an article: its match, or nothing."""

    def search(rule: Any, title: str = "", text: str = "", summary: str = "", **about: Any) -> list[TopicMatch]:
        given = {"phrases": rule} if isinstance(rule, list | str) else rule
        known = CONCEPTS if "concept" in str(given) else {}
        return build(concepts_=known, it={"min_score": 0, **given}).match(title=title, summary=summary, text=text, **about)

    return search
