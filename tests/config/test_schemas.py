"""The JSON Schemas that editors read stay true to the models, take what the loader takes, and refuse what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # Airflow brings it; its stubs are not worth a package

from wirewatch.config.json_schema import FILES, schemas, texts
from wirewatch.config.source import read

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = [path.relative_to(CONFIG) for path in sorted(CONFIG.rglob("*.yaml"))]


def kind_of(file: Path) -> str:
    """Which of the schemas describes a file."""
    return file.parts[0] if len(file.parts) > 1 else file.stem


def wrong(kind: str, data: Any) -> list[str]:
    """What a schema has against data."""
    return [error.message for error in Draft202012Validator(schemas()[kind]).iter_errors(data)]


def test_the_kept_files_are_those_of_the_models() -> None:
    """`make schemas` writes them."""
    assert {path.name: path.read_text(encoding="utf-8") for path in (CONFIG / "schemas").iterdir()} == texts()


@pytest.mark.parametrize("file", SHIPPED, ids=str)
def test_shipped_files_name_their_schema_and_keep_it(file: Path) -> None:
    text = (CONFIG / file).read_text(encoding="utf-8")
    up = "../" * (len(file.parts) - 1)
    assert text.startswith(f"# yaml-language-server: $schema={up}schemas/{kind_of(file)}.json\n")
    assert ((CONFIG / file).parent / f"{up}schemas/{kind_of(file)}.json").is_file()
    assert wrong(kind_of(file), read(str(file), text).data) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("topics", "topics: [{id: a, rule: {phrase: rain, all: [one, {phrase: two}]}, watch: {alert: each}}]"),
        ("topics", "topics: [{id: a, rule: {phrases: flood, language: no, in: url, from: 2026-11-24}}]"),
        (
            "topics",
            "topics: [{id: a, rule: {topic: b, kind: [wire, state], min_score: 3}, examples: {matches: [xx], rejects: [{text: yy}]}}]",
        ),
        ("concepts", "concepts: {a: {aliases: one}, b: {aliases: [one]}, c: {aliases: {en: one, ko: [two]}, not: [xx, {concept: a}]}}"),
        ("feeds", "feeds: {a: {url: 'https://x.org', min_interval: 10m, max_interval: 3600}}"),
        ("publishers", "publishers: {a: {name: A, domains: [x.org], kind: wire}}"),
        ("wirewatch", "polling: {min_interval: 90s}\nalerts: {recipients: {me: {mail: me@example.org}}, default_notify: [me]}"),
    ],
)
def test_what_the_loader_takes_is_taken(kind: str, text: str) -> None:
    data = read("a", text).data
    FILES[kind].model_validate(data)
    assert wrong(kind, data) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("topics", "topics: [{id: a, rule: {phrase: x, keyword: y}}]"),
        ("topics", "topics: [{id: a, rule: {all: [{any: [x], min_score: 3}]}}]"),
        ("topics", "topics: [{rule: x}]"),
        ("topics", "topics: [{id: a, rule: x, watch: {alert: loud}}]"),
        ("topics", "topics: [{id: a, rule: {phrase: x, in: footer}}]"),
        ("concepts", "concepts: {a: {alias: one}}"),
        ("feeds", "feeds: {a: {url: 'ftp://x.org'}}"),
        ("feeds", "feeds: {a: {url: 'https://x.org', min_interval: soon}}"),
        ("publishers", "publishers: {a: {name: A, reliability: Z}}"),
        ("wirewatch", "poling: {}"),
    ],
)
def test_what_the_loader_refuses_is_refused(kind: str, text: str) -> None:
    data = read("a", text).data
    with pytest.raises(ValueError, match=r"\S"):
        FILES[kind].model_validate(data)
    assert wrong(kind, data) != []
