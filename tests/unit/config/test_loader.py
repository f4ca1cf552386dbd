"""The loader: every error of every file at once, with file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.config import Bundle, fingerprint, load, load_files
from wirewatch.errors import ConfigError
from wirewatch.model import Alert, PublisherKind

SETTINGS = "alerts: {recipients: {desk: {mail: [desk@example.org]}}, default_notify: [desk]}\n"
CONCEPTS = """concepts:
  country/russia: {territory: RU, aliases: {en: [Moscow]}}
  country/china: {territory: CN}
  bloc: {includes: [country/russia, country/china]}
"""
EXAMPLES = "examples: {matches: [Moscow], rejects: [Paris]}"
GOOD = {
    "wirewatch.yaml": SETTINGS,
    "publishers.yaml": "publishers:\n  tass: {name: TASS, domains: [tass.ru, tass.com], country: RU, kind: state, reliability: D}\n",
    "feeds.yaml": "feeds:\n  tass: {url: 'https://tass.com/rss', publisher: tass, language: en, min_interval: 10m}\n",
    "concepts/a.yaml": CONCEPTS,
    "topics/a.yaml": f"topics:\n  - {{id: t, rule: {{concept: country/russia}}, {EXAMPLES}}}\n",
}


def problems(**files: str) -> list[str]:
    """What is wrong with the good files after changes (`topics_a` is topics/a.yaml; empty takes a file away)."""
    changed = {(name.replace("_", "/", 1) + ".yaml" if "." not in name else name): text for name, text in files.items()}
    try:
        load_files({name: text for name, text in (GOOD | changed).items() if text})
    except ConfigError as error:
        return str(error).split("\n")
    return []


def topics(*lines: str) -> str:
    """A file of topics, each with examples unless it has its own."""
    return "topics:\n" + "".join(f"  - {{{line}{'' if 'examples' in line else ', ' + EXAMPLES}}}\n" for line in lines)


def test_good_files_become_a_bundle() -> None:
    bundle = load_files(GOOD)
    assert [(each.id, each.name, each.alert) for each in bundle.topics] == [("t", "t", Alert.SPIKE)]
    assert bundle.publishers[0].kind is PublisherKind.STATE
    assert bundle.feeds[0].min_interval is not None
    assert bundle.feeds[0].min_interval.total_seconds() == 600
    assert {example.key for example in bundle.examples} == {"topics[0].examples.matches[0]", "topics[0].examples.rejects[0]"}
    assert load_files(bundle.source).hash == bundle.hash


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{any: [{phrase: flood, keyword: x}]}", '.any[0]: unknown key "keyword"'),
        ("{conzept: country/russia}", ': unknown key "conzept" (did you mean "concept"?)'),
        ("{concept: country/rusia}", '.concept: unknown concept "country/rusia" (did you mean "country/russia"?)'),
        ("{concepts: [country/russia, nowhere]}", '.concepts[1]: unknown concept "nowhere"'),
        ("{}", ": empty rule"),
        ("{any: []}", ".any: empty rule"),
        ("{none: [flood]}", ": empty rule"),
        ("{publisher: tass}", ": empty rule"),
        ("{phrase: a*}", ".phrase: "),
        ("{phrase: 'fl*od'}", ".phrase: "),
        ("{phrases: [flood, x]}", ".phrases[1]: "),
        ("{phrase: flood, within: 3 miles}", ".within: "),
        ("{phrase: flood, within: 0 words}", ".within: "),
        ("{phrase: flood, in: body}", '.in[0]: "body" is not one of title, lead, text'),
        ("{phrase: flood, weight: 9}", ".weight: "),
        ("{phrase: flood, weight: 0}", ".weight: "),
        ("{phrase: flood, min_score: 101}", ".min_score: "),
        ("{phrase: flood, at_least: 0}", ".at_least: "),
        ("{phrase: flood, country: Russia}", '.country[0]: "Russia" is not a country'),
        ("{phrase: flood, kind: paper}", '.kind[0]: "paper" is not one of '),
        ("{phrase: flood, publisher: reuters}", '.publisher: unknown publisher "reuters"'),
        ("{phrase: flood, language: english}", ".language[0]: "),
        ("{any: [flood, rain], at_least: 3}", ": at_least 3 can never hold: `any` has 2"),
        ("{phrases: [flood], at_least: 2}", ": at_least 2 can never hold: `phrases` has 1"),
        ("{concept: country/russia, none: [{concept: country/russia}]}", 'contradiction: "country/russia" is both needed and excluded'),
        ("{all: [flood, rain], none: [rain]}", 'contradiction: "rain" is both needed and excluded'),
        ("{all: [{phrase: flood, in: text}], in: title}", "contradiction: in title, and inside it in text"),
        ("{all: [{phrase: flood, language: ko}], language: en}", "contradiction: language en, and also ko"),
        ("{phrase: flood, from: 2026-11-25, until: 2026-11-24}", "contradiction: from 2026-11-25 until 2026-11-24"),
        ("{all: [{all: [flood, {phrase: rain}]}], none: [rain]}", 'contradiction: "rain" is both needed and excluded'),
        ("{phrase: flood, ordered: true}", "`ordered` needs two parts"),
        ("{phrase: flood, from: soon}", ".from: "),
        ("{topic: floods}", ': unknown topic "floods"'),
        ("{any: [{topic: t}, flood]}", ": reuses itself: t → t"),
        ("[flood]", ": a mapping is needed"),
        ("{all: flood}", ".all: a list is needed"),
        ("{any: [{min_score: 3, phrase: flood}]}", '.any[0]: unknown key "min_score"'),
    ],
)
def test_rules_that_are_refused(rule: str, problem: str) -> None:
    found = problems(topics_a=topics(f"id: t, rule: {rule}"))
    assert len(found) == 1, found
    assert found[0].startswith("config/topics/a.yaml:2 topics[0].rule")
    assert problem in found[0]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"wirewatch.yaml": ""}, "config/wirewatch.yaml: this file is missing"),
        ({"wirewatch.yaml": "polling: {min_interval: soon}"}, "config/wirewatch.yaml:1 polling.min_interval: a duration such as 90s"),
        ({"wirewatch.yaml": "poling: {}"}, 'config/wirewatch.yaml:1: unknown key "poling" (did you mean "polling"?)'),
        ({"wirewatch.yaml": "alerts:\n  default_notify: [me]"}, 'config/wirewatch.yaml:2 alerts.default_notify[0]: unknown recipient "me"'),
        ({"wirewatch.yaml": "index_prefix: Big"}, "config/wirewatch.yaml:1 index_prefix: "),
        ({"wirewatch.yaml": "a: ["}, "config/wirewatch.yaml:2: not valid YAML"),
        ({"feeds.yaml": "feeds:\n  a: {url: ftp://x}"}, "config/feeds.yaml:2 feeds.a.url: "),
        ({"feeds.yaml": "feeds:\n  a: {}"}, 'config/feeds.yaml:2 feeds.a: the key "url" is missing'),
        ({"feeds.yaml": "feeds:\n  a: {url: 'https://x', publisher: b}"}, 'feeds.a.publisher: unknown publisher "b"'),
        ({"feeds.yaml": "feeds:\n  A b: {url: 'https://x'}"}, "config/feeds.yaml:2 feeds.A b: an id is made of"),
        (
            {"feeds.yaml": "feeds:\n  a: {url: 'https://x'}\n  b: {url: 'https://x'}"},
            'config/feeds.yaml:3 feeds.b.url: duplicate feed address "https://x": config/feeds.yaml:2 has it too',
        ),
        ({"feeds.yaml": "feed: {}"}, 'config/feeds.yaml:1: unknown key "feed" (did you mean "feeds"?)'),
        ({"feeds.yaml": "- a"}, 'config/feeds.yaml:1: the file must be a mapping with the key "feeds"'),
        ({"feeds.yaml": "# nothing"}, 'config/feeds.yaml: empty: the key "feeds" is needed'),
        ({"publishers.yaml": "publishers:\n  tass: {name: T, country: Russia}"}, "publishers.tass.country: "),
        (
            {"publishers.yaml": "publishers:\n  tass: {name: T, domains: [x.org]}\n  a: {name: A, domains: [x.org]}"},
            'duplicate domain "x.org"',
        ),
        ({"concepts/a.yaml": "concepts:\n  a: {}"}, "config/concepts/a.yaml:2 concepts.a: a concept needs aliases"),
        ({"concepts/b.yaml": "concepts:\n  x: {aliases: [xx], includes: [nope]}"}, 'concepts.x.includes[0]: unknown concept "nope"'),
        (
            {"concepts/b.yaml": "concepts:\n  x: {aliases: [xx], not: [{concept: nope}]}"},
            'concepts.x.not[0].concept: unknown concept "nope"',
        ),
        ({"concepts/b.yaml": "concepts:\n  x: {includes: [y]}\n  y: {includes: [x]}"}, "concepts.x.includes: includes itself: x → y → x"),
        ({"concepts/b.yaml": "concepts:\n  bloc: {aliases: [bloc]}"}, 'duplicate concept "bloc": config/concepts/a.yaml:4 has it too'),
        ({"concepts/b.yaml": "concepts:\n  x: {aliases: {english: [xx]}}"}, "concepts.x.aliases.english"),
        ({"concepts/b.yaml": "concepts:\n  x: {aliases: {en: [a*]}}"}, "concepts.x.aliases.en[0]: "),
        ({"topics/b.yaml": topics("id: t, rule: {phrase: flood}")}, 'config/topics/b.yaml:2 topics[0].id: duplicate topic "t"'),
        ({"topics/b.yaml": topics("id: u")}, "topics[0]: a rule is needed"),
        ({"topics/b.yaml": topics("id: 'a b', rule: {phrase: flood}")}, "topics[0].id: "),
        ({"topics/b.yaml": "topics:\n  - {id: u, rule: {phrase: flood}}"}, "config/topics/b.yaml:2 topics[0]: a topic needs examples"),
        ({"topics/b.yaml": topics("id: u, rule: {phrase: flood}, examples: {matches: [flood], rejects: []}")}, "examples.rejects: "),
        (
            {"topics/b.yaml": topics("id: u, rule: {phrase: flood}, examples: {matches: [{}], rejects: [x]}")},
            "examples.matches[0]: an example needs",
        ),
        ({"topics/b.yaml": topics("id: u, rule: {phrase: flood}, notify: [me]")}, 'topics[0].notify[0]: unknown recipient "me"'),
        (
            {"topics/b.yaml": topics("id: u, rule: {phrase: flood}, watch: {alert: always}")},
            '"always" is not one of spike, each, digest, none',
        ),
        ({"topics/b.yaml": topics("id: u, for_each: watchlists/x.csv")}, "the id of a template needs a place holder"),
        ({"topics/b.yaml": topics("id: 'u/{name}', for_each: watchlists/x.csv")}, 'unknown watch list "watchlists/x.csv"'),
        ({"topics/b.yaml": topics("id: 'u/{a}', for_each_pair: [country/russia, country/china, bloc]")}, 'duplicate topic "u/russia"'),
        ({"topics/b.yaml": topics("id: 'u/{x}', for_each_pair: [country/russia, country/china]")}, '"u/{x}": an id has no spaces'),
        ({"watchlists/x.csv": "name\n\nX\n"}, "config/watchlists/x.csv:3 name: "),
    ],
)
def test_files_that_are_refused(files: dict[str, str], problem: str) -> None:
    found = problems(**files)
    assert any(problem in each for each in found), found


def test_every_problem_of_every_file_is_told_at_once() -> None:
    found = problems(
        **{
            "wirewatch.yaml": SETTINGS + "poling: {}\n",
            "feeds.yaml": "feeds:\n  a: {url: x}\n  b: {url: y}\n",
            "topics/a.yaml": topics("id: t, rule: {phrase: a*}", "id: u, rule: {}", "id: v, rule: {concept: nope}"),
        }
    )
    assert [each.split(" ")[0] for each in found] == [
        "config/feeds.yaml:2",
        "config/feeds.yaml:3",
        "config/topics/a.yaml:2",
        "config/topics/a.yaml:3",
        "config/topics/a.yaml:4",
        "config/wirewatch.yaml:2:",
    ]


def test_a_refused_topic_is_told_what_else_is_wrong_with_it() -> None:
    written = """topics:
  - id: a b
    rule: {phrase: "x*"}
  - id: t
    rule: {}
    examples: {matches: [x y], rejects: [z]}
  - id: t
    rule: {phrase: flood}
    examples: {matches: [flood], rejects: [z]}
  - id: u
    rule: {any: [{topic: t}, {topic: nope}]}
    examples: {matches: [flood], rejects: [z]}
"""
    found = [each.split(" ", 1)[1] for each in problems(**{"topics/a.yaml": written})]
    assert [each for each in found if each.startswith("topics[0]")] == [
        "topics[0]: a topic needs examples: what it matches and what it rejects",
        'topics[0].id: "a b": an id has no spaces and none of # | , : * ? < > { }',
        'topics[0].rule.phrase: "x*" is too short: at least 3 letters are needed before a star (2 in a phrase)',
    ]
    assert any('topics[2].id: duplicate topic "t"' in each for each in found)
    assert not any('unknown topic "t"' in each for each in found)


def test_a_rule_stands_for_its_topic_in_other_rules() -> None:
    written = topics(
        "id: floods, rule: {phrases: [flood*, dam], min_score: 50}",
        "id: wide, rule: {any: [{topic: floods}, storm]}",
        "id: narrow, rule: {topic: wide, language: en, min_score: 20}",
    )
    found = {topic.id: topic.rule for topic in load_files(GOOD | {"topics/a.yaml": written}).topics}
    floods = {"phrases": ["flood*", "dam"]}
    assert found["floods"] == {**floods, "min_score": 50}
    assert found["wide"] == {"any": [floods, {"phrase": "storm"}]}
    assert found["narrow"] == {"language": ["en"], "min_score": 20, "all": [found["wide"]]}


def test_what_is_reused_decides_the_hash_of_what_reuses_it() -> None:
    def hashes(phrase: str) -> dict[str, str]:
        written = topics(f"id: a, rule: {{phrase: {phrase}}}", "id: b, rule: {topic: a}", "id: c, rule: {phrase: snow}")
        return {topic.id: topic.hash for topic in load_files(GOOD | {"topics/a.yaml": written}).topics}

    before, after = hashes("flood"), hashes("storm")
    assert {id for id in before if before[id] != after[id]} == {"a", "b"}
    assert before["a"] == before["b"]


def test_a_rule_may_name_topics_that_are_not_part_of_the_bundle() -> None:
    others = load_files(GOOD).topics
    found = load_files(GOOD | {"topics/a.yaml": topics("id: new, rule: {any: [{topic: t}, flood]}")}, besides=others)
    assert [(topic.id, topic.rule) for topic in found.topics] == [("new", {"any": [{"concept": "country/russia"}, {"phrase": "flood"}]})]


def test_circles_of_rules_are_told_at_every_topic_of_them() -> None:
    written = topics("id: a, rule: {topic: b}", "id: b, rule: {any: [{topic: a}, flood]}", "id: c, rule: {topic: a}")
    found = problems(topics_a=written)
    assert [each.split(": reuses", 1)[1] for each in found] == [" itself: a → b → a", " itself: b → a → b", " itself: a → b → a"]


def test_the_watch_keeps_its_own_name() -> None:
    (problem,) = problems(topics_a=topics("id: blindness, rule: {phrase: fog}"))
    assert problem == 'config/topics/a.yaml:2 topics[0].id: "blindness" is the name of what the watch says about itself'


def test_a_topics_hash_is_of_what_decides_its_matches() -> None:
    def hash_of(**changes: str) -> str:
        changed = {name.replace("_", "/", 1) + ".yaml": text for name, text in changes.items()}
        return next(each.hash for each in load_files(GOOD | changed).topics if each.id == "t")

    before = hash_of()
    rule = "id: t, rule: {concept: country/russia}"
    assert hash_of(topics_a=topics(f"{rule}, name: Other, notify: [desk], watch: {{alert: none}}")) == before
    assert hash_of(concepts_a=CONCEPTS.replace("territory: CN", "territory: IN")) == before
    assert hash_of(concepts_a=CONCEPTS.replace("country/russia: {", "country/russia: {name: Other, ")) == before
    assert hash_of(concepts_a=CONCEPTS.replace("Moscow", "Kremlin")) != before
    assert hash_of(topics_a=topics("id: t, rule: {concept: country/russia, min_score: 40}")) != before
    assert hash_of(topics_a=topics("id: t, rule: {concept: bloc}")) != before


def test_examples_of_templates_are_filled_in_and_may_name_their_topic() -> None:
    text = topics(
        "id: '{a}-{b}', for_each_pair: [country/russia, country/china, bloc], examples: {matches: ['{a.name} and {b.name} meet', "
        "{title: Moscow and Beijing, topic: russia-china}, any of them], rejects: [none]}"
    )
    examples = load_files(GOOD | {"topics/a.yaml": text}).examples
    ids = ("russia-china", "russia-bloc", "china-bloc")
    assert [(each.title, each.topics) for each in examples if each.matches] == [
        ("Russia and China meet", ids[:1]),
        ("Russia and Bloc meet", ids[1:2]),
        ("China and Bloc meet", ids[2:]),
        ("Moscow and Beijing", ids[:1]),
        ("any of them", ids),
    ]
    wrong = problems(topics_a=text.replace("topic: russia-china", "topic: russia-chima"))
    assert 'unknown topic "russia-chima" (did you mean "russia-china"?)' in wrong[0]


def test_a_folder_is_read_and_its_fingerprint_is_its_bundles_hash(tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    bundle: Bundle = load(tmp_path)
    assert fingerprint(tmp_path) == bundle.hash
    (tmp_path / "topics" / "latin1.yaml").write_bytes(b"topics: [\xe9]")
    assert fingerprint(tmp_path) is None
    with pytest.raises(ConfigError, match=r"topics/latin1\.yaml: not UTF-8"):
        load(tmp_path)
    with pytest.raises(ConfigError, match="there is no such folder"):
        load(tmp_path / "missing")


yaml_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["country/russia", "flood", "a*", "{a}", "2 words", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "all",
                    "any",
                    "none",
                    "concept",
                    "phrases",
                    "within",
                    "in",
                    "rule",
                    "id",
                    "examples",
                    "for_each_pair",
                    "for_each",
                    "not",
                    "includes",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(yaml_values, yaml_values)
def test_no_file_makes_the_loader_stumble(topic: Any, concept: Any) -> None:
    import yaml

    files = {
        "topics/x.yaml": yaml.safe_dump({"topics": topic}),
        "topics/y.yaml": yaml.safe_dump({"topics": [topic]}),
        "concepts/x.yaml": yaml.safe_dump({"concepts": concept}),
        "concepts/y.yaml": yaml.safe_dump({"concepts": {"x": concept}}),
    }
    for name, text in files.items():
        problems(**{name: text})


@pytest.mark.parametrize(
    ("alerts", "problem"),
    [
        ("recipients: {desk: {mail: nobody}}", 'config/wirewatch.yaml:1 alerts.recipients.desk.mail[0]: "nobody" is not a mail address'),
        ("recipients: {desk: {timezone: Asia/Soul}}", 'alerts.recipients.desk.timezone: "Asia/Soul" is no time zone'),
        ("recipients: {desk: {quiet: 22-07}}", "alerts.recipients.desk.quiet[0]: hours such as 22:00-07:00"),
        ("recipients: {desk: {quiet: mon-sun}}", "alerts.recipients.desk: quiet all week"),
        (
            "recipients: {desk: {escalate: {to: dusk}}}",
            'alerts.recipients.desk.escalate.to[0]: unknown recipient "dusk" (did you mean "desk"?)',
        ),
        ("recipients: {desk: {}}, routes: [{notify: [duty]}]", 'alerts.routes[0].notify[0]: unknown recipient "duty"'),
        (
            "recipients: {desk: {}}, routes: [{topics: x, severity: grave, notify: desk}]",
            'alerts.routes[0].severity: "grave" is not one of',
        ),
        ("recipients: {desk: {digest: hourly}}", 'alerts.recipients.desk.digest[0]: "hourly" is not one of daily, weekly'),
        ("digest_at: noon", "alerts.digest_at: a time of the day such as 07:00 is needed"),
        ("recipients: {desk: {channels: 'slack://secret'}}", "alerts.recipients.desk.channels[0]:"),
    ],
)
def test_who_is_told_is_checked_with_its_place(alerts: str, problem: str) -> None:
    found = problems(**{"wirewatch.yaml": f"alerts: {{{alerts}}}\n"})
    assert [each for each in found if problem in each], found


def test_recipients_take_one_value_where_a_list_may_stand() -> None:
    text = "alerts: {recipients: {desk: {mail: a@b.example, quiet: 'sat-sun 20:00-10:00', digest: weekly, channels: asia-slack}}}\n"
    desk = load_files(GOOD | {"wirewatch.yaml": text}).settings.alerts.recipients["desk"]
    assert (desk.mail, desk.channels, desk.digest) == (("a@b.example",), ("asia-slack",), ("weekly",))
    assert [(each.days, each.start_min, each.length_min) for each in desk.quiet] == [((5, 6), 20 * 60, 14 * 60)]
