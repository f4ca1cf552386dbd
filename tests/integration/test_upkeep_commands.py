"""`wirewatch elasticsearch …` and `wirewatch doctor`, as an operator types them, on a real Elasticsearch."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_upkeep import ports_of
from typer.testing import CliRunner, Result

from wirewatch.cli import build
from wirewatch.config import load
from wirewatch.errors import SetupError
from wirewatch.pipeline.maintain import keep_copies
from wirewatch.store import indices, snapshots
from wirewatch.store.elastic import ElasticDocuments

CONFIG = {
    "wirewatch.yaml": "index_prefix: {prefix}\nsnapshots: {{repository: {repository}, keep: 1}}\n",
    "feeds.yaml": "feeds: {{}}\n",
    "publishers.yaml": "publishers: {{}}\n",
}


@pytest.fixture
def repository() -> str:
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture
def config(tmp_path: Path, prefix: str, repository: str) -> Path:
    for name, text in CONFIG.items():
        (tmp_path / name).write_text(text.format(prefix=prefix, repository=repository))
    return tmp_path


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, elasticsearch_url: str) -> None:
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.delenv("WIREWATCH_INDEX_PREFIX", raising=False)
    monkeypatch.delenv("SMTP_URL", raising=False)


def command(*arguments: str, config: Path) -> Result:
    return CliRunner().invoke(build(), [*arguments, "--config", str(config)])


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_snapshot_is_taken_listed_and_brought_back(documents: ElasticDocuments, config: Path, repository: str) -> None:
    asyncio.run(documents.put("feeds", "bbc", {"feed": "bbc"}))
    unknown = command("elasticsearch", "snapshot", "first", config=config)
    assert isinstance(unknown.exception, SetupError)
    assert "--location" in str(unknown.exception)
    taken = command("elasticsearch", "snapshot", "first", "--location", repository, "--json", config=config)
    assert (taken.exit_code, rows(taken)[0]["state"]) == (0, "SUCCESS")
    assert "first" in command("elasticsearch", "snapshots", config=config).stdout
    asyncio.run(documents.delete("feeds", "bbc"))
    assert isinstance(command("elasticsearch", "restore", "first", config=config).exception, SetupError)
    back = command("elasticsearch", "restore", "first", "--replace", config=config)
    assert back.exit_code == 0, back.output
    found = asyncio.run(documents.get("feeds", "bbc"))
    assert found is not None

    ports = ports_of(documents, load(config))

    async def night() -> None:
        told = await keep_copies(ports)
        assert told == {"taken": snapshots.named(ports.clock()), "deleted": ["first"]}
        assert await keep_copies(ports) == {"taken": told["taken"], "deleted": []}
        await snapshots.prune(documents, repository, 0)
        await documents.ask("DELETE", f"/_snapshot/{repository}")

    asyncio.run(night())


def test_the_doctor_says_what_is_wrong_and_what_to_do(documents: ElasticDocuments, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def checks() -> dict[str, dict[str, Any]]:
        result = command("doctor", "--json", config=config)
        found = {row["what"]: row for row in rows(result)}
        assert result.exit_code == (0 if all(row["ok"] for row in found.values()) else 1)
        return found

    first = checks()
    assert {what for what, row in first.items() if not row["ok"]} == {"published"}
    assert "check --publish" in first["published"]["remedy"]
    assert CliRunner().invoke(build(), ["check", "--publish", "--config", str(config)]).exit_code == 0
    assert all(row["ok"] for row in checks().values())

    asyncio.run(documents.ask("PUT", f"/{documents.prefix}-feeds/_settings", {"index.blocks.write": True}))
    assert not checks()["writes"]["ok"]
    asyncio.run(documents.ask("PUT", f"/{documents.prefix}-feeds/_settings", {"index.blocks.write": None}))

    monkeypatch.setattr(indices, "VERSION", indices.VERSION + 1)
    assert "migrate" in checks()["mappings"]["remedy"]
    shown = command("elasticsearch", "migrate", "--dry-run", config=config)
    assert "would be moved" in shown.stdout
    moved = command("elasticsearch", "migrate", "--json", config=config)
    assert moved.exit_code == 0, moved.output
    assert checks()["mappings"]["ok"]

    monkeypatch.setenv("ELASTICSEARCH_URL", "http://someone:secret-word@127.0.0.1:9")
    monkeypatch.setattr("wirewatch.store.elastic.BACKOFF_S", ())
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:9")
    found = checks()
    assert not found["Elasticsearch"]["ok"]
    assert not found["mail"]["ok"]
    assert "secret-word" not in json.dumps(found)


def test_expire_says_what_it_would_drop(documents: ElasticDocuments, config: Path) -> None:
    asyncio.run(documents.put(f"{documents.prefix}-polls-2020-01", "p", {"feed": "old"}))
    assert "polls-2020-01: would be dropped" in command("elasticsearch", "expire", "--dry-run", config=config).stdout
    assert rows(command("elasticsearch", "expire", "--json", config=config)) == [
        {"dropped": [f"{documents.prefix}-polls-2020-01"], "kept": []}
    ]
