"""`wirewatch check`, `tag` and what of `topics` needs no store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from wirewatch.cli import topics
from wirewatch.config import load
from wirewatch.errors import ConfigError

TOPICS = """topics:
  - id: russia-north-korea
    name: Russia–North Korea ties
    rule: {all: [{concept: country/russia}, {concept: country/north-korea}], within: 2 sentences}
    watch: {alert: each, single_publisher: true}
    notify: [desk]
    examples: {matches: [Putin and Pyongyang, {title: Talks, text: Moscow hears Pyongyang.}], rejects: [Moscow]}
  - id: "{a}-{b}"
    for_each_pair: [country/russia, country/north-korea, country/china]
    except: [[country/russia, country/north-korea]]
    examples: {matches: ["Moscow and Beijing meet", "Pyongyang and Beijing meet"], rejects: [Beijing]}
"""
CONCEPTS = """concepts:
  country/russia: {territory: RU, aliases: {en: [Moscow, Putin]}}
  country/north-korea: {territory: KP, aliases: {en: [Pyongyang, Kim Jong Un]}}
  country/china: {territory: CN, aliases: {en: [Beijing]}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    for name, text in {
        "wirewatch.yaml": "alerts: {recipients: {desk: {}}, default_notify: [desk]}",
        "topics/t.yaml": TOPICS,
        "concepts/c.yaml": CONCEPTS,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(*arguments: str | Path, input: str | None = None) -> Result:
    root = typer.Typer()
    topics.register(root)
    return CliRunner().invoke(root, [str(each) for each in arguments], input=input)


def lines(result: Result) -> list[dict[str, Any]]:
    """What was printed for programs."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def article(id: Any = 1, **fields: Any) -> str:
    return json.dumps({"id": id, **fields}, ensure_ascii=False) + "\n"


def test_each_article_gets_its_topics_with_evidence(config: Path) -> None:
    given = article("a", title="Kim Jong Un arrives in Russia", text="He met Putin.", summary=None) + "\n" + article(2, title="Cooking")
    result = run("tag", "--config", config, "--json", input=given)
    assert result.exit_code == 0
    first, second = lines(result)
    assert second == {"id": 2, "topics": []}
    assert first["id"] == "a"
    match = first["topics"][0]
    assert (match["topic"], match["score"] >= 60) == ("russia-north-korea", True)
    assert match["evidence"][0] == {"field": "title", "start": 0, "end": 11, "words": "Kim Jong Un", "concept": "country/north-korea"}


def test_bad_lines_are_told_with_their_place_and_the_others_go_on(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    bad = [
        "{",
        "[]",
        article(None, title="x"),
        article(True, title="x"),
        article(1, title=5),
        article(1, language=7, title="x"),
        article(1),
    ]
    file.write_text("".join(line if line.endswith("\n") else f"{line}\n" for line in bad) + article("z", title="Moscow and Pyongyang"))
    result = run("tag", file, "--config", config, "--json")
    assert result.exit_code == 1
    assert [each["id"] for each in lines(result)] == ["z"]
    told = result.stderr.splitlines()
    assert [line.split(" ")[0] for line in told] == [f"{file}:{number}" for number in range(1, 8)]
    assert [line.partition(" ")[2].split(":")[0] for line in told] == [
        "not JSON",
        "not a JSON object",
        'no "id"',
        '"id"',
        '"title"',
        '"language"',
        "nothing to read",
    ]


def test_halves_of_characters_do_no_harm(config: Path) -> None:
    result = run("tag", "--config", config, "--json", input='{"id": "\\ud83d", "title": "Moscow\\ud83d and Pyongyang"}\n')
    assert result.exit_code == 0
    assert lines(result)[0]["topics"][0]["topic"] == "russia-north-korea"


def test_people_read_titles_and_words(config: Path) -> None:
    given = article("a", title="Kim Jong Un arrives\nin Russia") + article("b", text="Cooking")
    assert run("tag", "--config", config, input=given).stdout == (
        "a: Kim Jong Un arrives in Russia\n     65 russia-north-korea: Kim Jong Un, Russia\nb: Cooking\n    no topic\n"
    )


def test_a_file_that_is_not_there(config: Path, tmp_path: Path) -> None:
    result = run("tag", tmp_path / "none.jsonl", "--config", config)
    assert (result.exit_code, result.stderr) == (1, f"{tmp_path / 'none.jsonl'}: No such file or directory\n")


def test_a_good_folder_is_all_right(config: Path) -> None:
    result = run("check", "--config", config)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{config}: 0 feeds, 0 publishers, 3 topics, 3 concepts, 6 examples: all right\n"
    row = lines(run("check", "--config", config, "--json"))[0]
    assert row["hash"] == load(config).hash
    assert (row["topics"], row["problems"], row["published"]) == (3, [], None)


def test_every_failing_example_is_told(config: Path) -> None:
    (config / "topics" / "t.yaml").write_text(TOPICS.replace("rejects: [Moscow]", "rejects: [Moscow, Moscow and Pyongyang]"))
    result = run("check", "--config", config)
    assert result.exit_code == 2
    assert result.stderr.startswith(f'{config}/topics/t.yaml:7 topics[0].examples.rejects[1]: "Moscow and Pyongyang" should not match')
    assert "1 example fails" in result.stdout


def test_every_wrong_key_is_told(config: Path) -> None:
    (config / "topics" / "u.yaml").write_text("topics:\n  - {id: x, rul: {}}\n  - {id: y, rule: {concept: none}}\n")
    result = run("check", "--config", config, "--publish", "--json")
    assert result.exit_code == 2
    assert f'{config}/topics/u.yaml:2 topics[0]: unknown key "rul" (did you mean "rule"?)' in result.stderr
    assert f'{config}/topics/u.yaml:3 topics[1].rule.concept: unknown concept "none"' in result.stderr
    assert lines(result)[0]["hash"] is None
    assert len(lines(result)[0]["problems"]) == len(result.stderr.splitlines()) > 2


def test_topics_are_listed(config: Path) -> None:
    rows = lines(run("topics", "list", "--config", config, "--json"))
    assert [(row["id"], row["alert"], row["notify"], row["examples"]) for row in rows] == [
        ("russia-north-korea", "each", ["desk"], 3),
        ("russia-china", "spike", ["desk"], 3),
        ("north-korea-china", "spike", ["desk"], 3),
    ]
    assert "Russia–North Korea ties" in run("topics", "list", "--config", config).stdout


def test_what_is_exported_loads_and_says_the_same(config: Path) -> None:
    before = load(config)
    exported = run("topics", "export", "--config", config).stdout
    (config / "topics" / "t.yaml").write_text(exported, encoding="utf-8")
    after = load(config)
    assert [(each.id, each.hash, each.alert, each.single_publisher) for each in after.topics] == [
        (each.id, each.hash, each.alert, each.single_publisher) for each in before.topics
    ]
    assert run("check", "--config", config).exit_code == 0


def test_single_topics_are_exported(config: Path) -> None:
    found = yaml.safe_load(run("topics", "export", "russia-china", "--config", config).stdout)
    assert [each["id"] for each in found["topics"]] == ["russia-china"]
    assert found["topics"][0]["examples"] == {"matches": ["Moscow and Beijing meet"], "rejects": ["Beijing"]}
    result = run("topics", "export", "russia-china", "nope", "--config", config)
    assert (result.exit_code, result.stderr) == (2, 'unknown topic "nope"\n')


def test_rules_to_try_are_checked_first(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("topics:\n  - {id: x, rule: {concept: none}, examples: {matches: [a], rejects: [b]}}\n")
    result = run("topics", "try", file, "--config", config)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == f'{file}:2 topics[0].rule.concept: unknown concept "none"'
    assert run("topics", "try", file, "--last", "soon", "--config", config).exit_code == 2
