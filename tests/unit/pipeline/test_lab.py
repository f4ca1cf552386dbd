"""A text of the topic lab is checked like a file of config/: at its line, with its examples, and within bounds."""

from __future__ import annotations

import pytest

from wirewatch.config import load_files
from wirewatch.config.overlay import Written, combined, ids_of
from wirewatch.errors import ConfigError
from wirewatch.model import Alert
from wirewatch.pipeline import lab
from wirewatch.pipeline.topic_yaml import as_yaml

TEXT = """topics:
  - id: ships
    name: Ships
    rule: {phrases: [ship, ships]}
    notify: [desk]
    examples: {matches: ["Two ships collide"], rejects: ["A shipment of tea"]}
"""
FILES = {
    "wirewatch.yaml": "alerts: {recipients: {desk: {mail: [desk@example.org]}}}\n",
    "concepts/places.yaml": "concepts: {place/harbour: {aliases: {en: [harbour*]}}}\n",
    "topics/places.yaml": """topics:
  - {id: harbours, rule: {concept: place/harbour}, examples: {matches: [A harbour], rejects: [A dam]}}
""",
}


def check(text: str) -> lab.Checked:
    return lab.check(FILES, "new", text, load_files(FILES))


def test_a_failing_example_keeps_a_text_unfit() -> None:
    found = check(TEXT.replace("A shipment of tea", "A ship of tea"))
    assert not found.fit
    assert not found.problems
    assert [(each.ok, each.topic) for each in found.examples] == [(True, "ships"), (False, "ships")]
    assert check(TEXT).fit


def test_what_only_comes_near_is_shown_with_its_words() -> None:
    near = check(TEXT.replace("[ship, ships]", "[ship, ships], min_score: 100")).examples[0]
    assert not near.ok
    assert near.score is not None
    assert [each.words for each in near.evidence] == ["ships"]


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("phrases:", "phrasez:"), 4, 'unknown key "phrasez" (did you mean "phrase"?)'),
        (("ship, ships]", "ship, ships"), 4, "not valid YAML"),
        (("[desk]", "[dessk]"), 5, 'unknown recipient "dessk" (did you mean "desk"?)'),
        (("rule: {phrases: [ship, ships]}", "rule: {concept: place/harbor}"), 4, 'unknown concept "place/harbor"'),
    ],
)
def test_problems_stand_at_their_line(change: tuple[str, str], line: int, said: str) -> None:
    found = check(TEXT.replace(*change))
    assert not found.fit
    assert [(each.line, said in each.message) for each in lab.at_lines(found.problems, "new")] == [(line, True)]


def test_what_no_article_can_meet_is_a_warning() -> None:
    found = check(TEXT.replace("[ship, ships]}", "[ship, ships], country: [NO]}"))
    (warning,) = lab.at_lines(found.warnings, "new")
    assert (warning.line, warning.file) == (4, "")
    assert "no publisher in publishers.yaml has the country NO" in warning.message
    assert found.readable


def test_a_rule_may_name_topics_of_files_and_of_other_texts() -> None:
    watched, _ = combined(FILES, [Written(key="ships", text=TEXT), Written(key="new", text=TEXT.replace("id: ships", "id: own"))])
    text = TEXT.replace("id: ships", "id: own").replace("{phrases: [ship, ships]}", "{all: [{topic: harbours}, {topic: ships}]}")
    found = lab.check(FILES, "new", text.replace("Two ships collide", "Two ships collide in the harbour"), watched)
    assert found.fit
    assert [topic.rule for topic in found.topics] == [{"all": [{"concept": "place/harbour"}, {"phrases": ["ship", "ships"]}]}]
    (unknown,) = lab.check(FILES, "new", text.replace("topic: ships", "topic: shops"), watched).problems
    assert 'unknown topic "shops" (did you mean "ships"?)' in unknown.message
    (itself,) = lab.check(FILES, "new", text.replace("topic: ships", "topic: own"), watched).problems
    assert "reuses itself: own → own" in itself.message


@pytest.mark.parametrize("text", ["", "topics:", "[]", "topics: {a: b}", "topics: [1, null]", "a: &a [*a]", "x" * 100_001])
def test_no_text_is_too_strange(text: str) -> None:
    assert check(text).problems


def test_a_text_cannot_unfold_without_end() -> None:
    concepts = ", ".join(["place/harbour"] * 40)
    pairs = f'topics:\n  - id: "p/{{a}}-{{b}}"\n    for_each_pair: [{concepts}]\n    examples: {{matches: [x], rejects: [y]}}\n'
    (problem,) = check(pairs).problems
    assert "more than 500 topics" in problem.message
    assert problem.line == 2


def test_the_files_win_over_what_was_written_on_the_page() -> None:
    written = [Written(key="a", text=TEXT, draft=True), Written(key="b", text=TEXT), Written(key="c", text="topics: [")]
    bundle, refused = combined(FILES, written)
    assert {topic.id: (topic.name, topic.alert) for topic in bundle.topics} == {
        "harbours": ("harbours", Alert.SPIKE),
        "ships": ("Ships (draft)", Alert.NONE),
    }
    assert refused.keys() == {"b", "c"}
    assert ids_of(bundle, "a") == {"ships"}
    with pytest.raises(ConfigError):
        combined({**FILES, "topics/places.yaml": "topics: ["}, written)
    assert combined(FILES, [])[0] == load_files(FILES)


def test_topics_are_written_out_as_they_were_read() -> None:
    bundle = load_files({**FILES, "topics/ships.yaml": TEXT})
    again = load_files({**FILES, "topics/ships.yaml": as_yaml(bundle, ["ships"])})
    assert again.topics == bundle.topics
    with pytest.raises(KeyError):
        as_yaml(bundle, ["none"])
