"""`wirewatch kibana`: what is found is said with its place, and told by the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from wirewatch.cli import kibana
from wirewatch.dashboards import install as installing
from wirewatch.dashboards.build import ndjson


def run(*arguments: str) -> Result:
    root = typer.Typer()
    kibana.register(root)
    return CliRunner().invoke(root, ["kibana", *arguments])


def test_the_shipped_file_has_no_faults() -> None:
    found = run("check", "--json")
    assert (found.exit_code, found.stdout) == (0, "")


def test_faults_are_lines_and_an_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "broken.ndjson"
    file.write_text(ndjson().replace('"sourceField": "story_id"', '"sourceField": "story"'), encoding="utf-8")
    found = run("check", str(file), "--json")
    assert found.exit_code == 1
    faults = [json.loads(line)["fault"] for line in found.stdout.splitlines()]
    assert faults
    assert all("unknown field story" in fault for fault in faults)


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    file = tmp_path / "torn.ndjson"
    file.write_text(ndjson()[:-200], encoding="utf-8")
    found = run("check", str(file))
    assert found.exit_code == 2
    assert f"torn.ndjson:{len(ndjson().splitlines())}: not JSON" in found.stderr


def test_what_is_built_is_for_the_prefix() -> None:
    assert run("build", "--prefix", "press").stdout == ndjson("press")


def test_installing_takes_the_key_and_the_prefix_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, dict[str, Any]]] = []

    async def put(url: str, text: str, **options: Any) -> int:
        seen.append((url, text, options))
        return 7

    monkeypatch.setattr(installing, "install", put)
    monkeypatch.setenv("KIBANA_API_KEY", "secret")
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", "press")
    found = run("install", "--url", "https://kibana.example/s/press")
    assert (found.exit_code, found.stdout) == (0, "7 objects are in https://kibana.example/s/press\n")
    assert seen == [("https://kibana.example/s/press", ndjson("press"), {"api_key": "secret", "user": None, "ca": None})]
    assert "secret" not in found.output
