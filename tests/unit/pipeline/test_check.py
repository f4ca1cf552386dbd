"""Examples and what nothing can meet."""

from __future__ import annotations

import pytest

from wirewatch.config import Bundle, load_files
from wirewatch.errors import ConfigError
from wirewatch.pipeline.check import checked, examples, warnings

FILLER = "Nothing of the kind is told here, and so it goes on. " * 12


def bundle(topics: str) -> Bundle:
    """A bundle of topics alone."""
    return load_files({"wirewatch.yaml": "alerts: {}", "topics/t.yaml": topics})


GOOD = """topics:
  - id: floods
    rule: {phrase: flood*}
    examples: {matches: [Floods rise], rejects: [The river falls]}
"""
BAD = f"""topics:
  - id: floods
    rule: {{phrase: flood*}}
    examples:
      matches:
        - Floods rise
        - The river falls
        - {{title: A day at the harbour, text: "{FILLER} A flood was once here."}}
      rejects:
        - No flooding
        - {{title: "{"A very long headline about floods " * 5}"}}
"""


def test_examples_that_come_out_are_no_problem() -> None:
    assert examples(bundle(GOOD)) == []
    assert checked(bundle(GOOD)).topics[0].id == "floods"


def test_every_example_that_does_not_is_told_with_its_place_and_why() -> None:
    found = [str(problem) for problem in examples(bundle(BAD))]
    assert found == [
        'config/topics/t.yaml:7 topics[0].examples.matches[1]: "The river falls" should match floods, but its rule does not hold',
        'config/topics/t.yaml:8 topics[0].examples.matches[2]: "A day at the harbour" should match floods, but only mentions it: '
        "score 11, by flood",
        'config/topics/t.yaml:10 topics[0].examples.rejects[0]: "No flooding" should not match floods: score 65, by flooding',
        'config/topics/t.yaml:11 topics[0].examples.rejects[1]: "A very long headline about floods A very long headline about floods A …" '
        "should not match floods: score 65, by floods",
    ]
    with pytest.raises(ConfigError) as error:
        checked(bundle(BAD))
    assert len(error.value.problems) == 4


def test_one_topic_of_a_template_is_enough_for_a_match_and_too_many_for_a_reject() -> None:
    text = """topics:
  - id: "{a}-{b}"
    rule: {concepts: ["{a}", "{b}"], at_least: 2}
    for_each_pair: [x, y, z]
    examples: {matches: [xx yy, "{a.name}{a.name} and {b.name}{b.name}"], rejects: [xx alone, xx and zz]}
"""
    files = {
        "wirewatch.yaml": "{}",
        "topics/t.yaml": text,
        "concepts/c.yaml": "concepts: {x: {aliases: [xx]}, y: {aliases: [yy]}, z: {aliases: [zz]}}",
    }
    found = examples(load_files(files))
    assert [problem.key for problem in found] == ["topics[0].examples.rejects[1]"]
    assert "should not match x-z" in found[0].message


def test_conditions_that_no_publisher_meets_are_warned_of() -> None:
    text = GOOD.replace("phrase: flood*", "phrase: flood*, any: [{phrase: rain, country: [FR, KP]}, {phrase: dam, kind: state}]")
    publishers = "publishers: {a: {name: A, country: FR, kind: wire}}"
    found = warnings(load_files({"wirewatch.yaml": "{}", "topics/t.yaml": text, "publishers.yaml": publishers}))
    assert [str(warning) for warning in found] == [
        "topics/t.yaml:3 topics[0].rule.any[0].country: no publisher in publishers.yaml has the country KP: this can never hold",
        "topics/t.yaml:3 topics[0].rule.any[1].kind: no publisher in publishers.yaml has the kind state: this can never hold",
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{any: [flood, rain, flood]}", ".any[2]: adds nothing: flood holds whenever this does"),
        ("{phrases: [flood*, floods, rain]}", ".phrases[1]: adds nothing: flood* holds whenever this does"),
        ("{phrases: [floods, flood*]}", ".phrases[0]: adds nothing: flood* holds whenever this does"),
        ("{any: [{phrase: rain, in: title}, {phrase: rain}]}", ".any[0]: adds nothing: rain holds whenever this does"),
        ("{all: [rain, {phrase: rain, in: title}]}", ".all[1]: adds nothing: rain holds whenever this does"),
        ("{phrase: rain, within: 3 words}", ".within: `within` does nothing: there is only one part"),
        ("{any: [rain, the]}", ": floods matches almost any article in en: score"),
        ("{any: [rain, {all: [und, nicht]}]}", ": floods matches almost any article in de: score"),
        ("{any: [rain, 今年]}", ": floods matches almost any article in zh: score"),
    ],
)
def test_what_adds_nothing_or_matches_everything_is_warned_of(rule: str, said: str) -> None:
    text = GOOD.replace("{phrase: flood*}", rule)
    (found,) = warnings(load_files({"wirewatch.yaml": "{}", "topics/t.yaml": text}))
    assert str(found).startswith(f"topics/t.yaml:3 topics[0].rule{said}")


@pytest.mark.parametrize(
    "rule", ["{any: [rain, flood]}", "{all: [rain, flood], within: sentence}", "{phrase: rain, at_least: 2, within: sentence}"]
)
def test_rules_that_mean_what_they_say_are_not_warned_of(rule: str) -> None:
    assert warnings(load_files({"wirewatch.yaml": "{}", "topics/t.yaml": GOOD.replace("{phrase: flood*}", rule)})) == []
