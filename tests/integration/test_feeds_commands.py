"""`wirewatch feeds list · pause · resume · poll-now` on a real store."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from wirewatch.cli import feeds
from wirewatch.config import load
from wirewatch.model import Feed, FeedState, Health
from wirewatch.store import feeds as store
from wirewatch.store.elastic import ElasticDocuments

NOW = datetime.now(UTC)


def run(*arguments: str) -> Result:
    root = typer.Typer()
    feeds.register(root)
    return CliRunner().invoke(root, ["feeds", *arguments])


@pytest.fixture
def config(tmp_path: Path, elasticsearch_url: str, prefix: str, documents: ElasticDocuments, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "wirewatch.yaml").write_text("{}\n")
    (tmp_path / "publishers.yaml").write_text("publishers: {bbc: {name: BBC, domains: [bbc.example]}}\n")
    (tmp_path / "feeds.yaml").write_text(
        "feeds:\n  bbc: {url: 'https://feeds.bbc.example/a', publisher: bbc}\n  other: {url: 'https://news.other.example/a'}\n"
    )
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", prefix)

    def state(feed: Feed, paused: bool) -> FeedState:
        wait = NOW + timedelta(hours=2)
        return FeedState(
            feed=feed.id, url=feed.url, configured_url=feed.url, slot=0, paused=paused, next_attempt_at=wait, health=Health.HEALTHY
        )

    gone = Feed(id="gone", url="https://gone.example/a")
    asyncio.run(store.sync(documents, [load(tmp_path).feeds[0], gone], now=NOW, new_state=state))
    return str(tmp_path)


def listed(config: str, *options: str) -> dict[str, dict[str, Any]]:
    result = run("list", "--config", config, "--json", *options)
    assert result.exit_code == 0, result.output
    return {row["id"]: row for row in map(json.loads, result.stdout.splitlines())}


def test_list_knows_the_configured_the_polled_and_the_gone(config: str) -> None:
    rows = listed(config)
    assert list(rows) == ["bbc", "other", "gone"]
    assert (rows["bbc"]["health"], rows["bbc"]["publisher"], rows["bbc"]["publisher_is_domain"]) == ("healthy", "bbc", False)
    assert rows["bbc"]["next_attempt_at"] is not None
    assert (rows["other"]["health"], rows["other"]["publisher"], rows["other"]["publisher_is_domain"]) == ("new", "other.example", True)
    assert (rows["gone"]["configured"], rows["bbc"]["configured"]) == (False, True)
    shown = " ".join(run("list", "--config", config).stdout.split())
    assert "other.example (domain)" in shown
    assert "removed" in shown
    assert list(listed(config, "--health", "new")) == ["other"]
    assert run("list", "--config", config, "--health", "splendid").exit_code == 2


def test_pause_resume_and_poll_now(config: str) -> None:
    assert run("pause", "bbc", "--config", config).exit_code == 0
    assert listed(config)["bbc"]["paused"] is True
    assert run("resume", "bbc", "--config", config).exit_code == 0
    assert listed(config)["bbc"]["paused"] is False
    result = run("poll-now", "bbc", "nosuch", "--config", config)
    assert result.exit_code == 1
    assert "nosuch" in result.stderr
    assert datetime.fromisoformat(listed(config)["bbc"]["next_attempt_at"]) <= datetime.now(UTC)
