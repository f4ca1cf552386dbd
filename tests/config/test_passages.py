"""The shipped topics against labelled passages: how often they are right is held, so that no change makes them worse unseen."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from benchmarks.passages import PASSAGES, judge, read

from wirewatch.config import Bundle, load, load_files
from wirewatch.config.folder import contents
from wirewatch.pipeline.process import matcher_of

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """What is shipped."""
    return load(CONFIG)


@pytest.mark.parametrize(("half", "precision", "recall"), [("frozen", 0.88, 0.88), ("tuning", 0.9, 0.95)])
def test_passages_get_the_labels_of_an_editor(bundle: Bundle, half: str, precision: float, recall: float) -> None:
    result = judge(bundle, read(half))
    assert result.overall.precision >= precision
    assert result.overall.recall >= recall


def test_nearly_all_events_between_two_neighbours_are_found(bundle: Bundle) -> None:
    matcher = matcher_of(bundle)
    events = _lines("events")
    found = [
        any(match.topic == "russia-north-korea" for match in matcher.match(title=each["title"], summary="", text=each["text"]))
        for each in events
    ]
    assert sum(found) / len(events) >= 0.93


def test_pairs_of_countries_in_old_wire_copy() -> None:
    """By the rule that pairs have of themselves: far above taking every story that names both (precision 0.5)."""
    pairs = [("iran", "iraq"), ("japan", "south-korea"), ("china", "ussr")]
    named = ", ".join(f"country/{country}" for pair in pairs for country in pair)
    topics = (
        f'topics: [{{id: "{{a}}--{{b}}", for_each_pair: [{named}], examples: {{matches: ["{{a.name}} and {{b.name}}"], rejects: [None]}}}}]'
    )
    files, _ = contents(CONFIG)
    kept = {name: text for name, text in files.items() if not name.startswith("topics/")}
    matcher = matcher_of(load_files({**kept, "topics/pairs.yaml": topics}))
    right = given = true = 0
    for story in _lines("wire"):
        matches = matcher.match(title=story["title"], summary="", text=story["text"], language="en")
        found = {frozenset(match.topic.split("--")) for match in matches}
        labels = {frozenset(pair) for pair in combinations(story["countries"], 2)}
        for pair in pairs:
            given += frozenset(pair) in found
            true += frozenset(pair) in labels
            right += frozenset(pair) in found & labels
    assert right / given >= 0.9
    assert right / true >= 0.9


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PASSAGES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
