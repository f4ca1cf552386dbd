"""Publishing, and trying rules on what is stored."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from tests.samples import NOW, article
from typer.testing import CliRunner

from wirewatch.cli import topics
from wirewatch.config import Bundle, load_files
from wirewatch.errors import ConfigError
from wirewatch.model import Status
from wirewatch.pipeline.check import publish
from wirewatch.pipeline.trial import SAMPLES, trial
from wirewatch.store import articles
from wirewatch.store import config as shared
from wirewatch.store.elastic import ElasticDocuments

TOPICS = """topics:
  - {id: floods, rule: {phrase: flood*}, examples: {matches: [Floods], rejects: [Rain]}}
  - {id: rain, rule: {phrase: rain*}, examples: {matches: [Rain], rejects: [Floods]}}
"""


def bundle(topics: str = TOPICS) -> Bundle:
    """A bundle of topics alone."""
    return load_files({"wirewatch.yaml": "{}", "topics/t.yaml": topics})


def test_only_what_does_as_it_says_is_published(documents: ElasticDocuments) -> None:
    wrong = bundle(TOPICS.replace("rejects: [Rain]", "rejects: [Flooded]"))

    async def work() -> None:
        assert await publish(documents, bundle(), NOW)
        assert not await publish(documents, bundle(), NOW)
        with pytest.raises(ConfigError, match="should not match floods"):
            await publish(documents, wrong, NOW)
        found = await shared.published(documents)
        assert found is not None
        assert found.hash == bundle().hash

    asyncio.run(work())


async def store(documents: ElasticDocuments, now: datetime) -> None:
    """Twelve floods by two publishers over four days, tagged or not, and articles that are none."""
    some = [
        replace(
            article(f"f{number}", title=f"Floods, day {number}", status=Status.READY, topics=("floods",) if number % 2 else ()),
            publisher_name="Harbour Courier" if number % 3 else "Other",
            timestamp=now - timedelta(hours=8 * number + 1),
            first_seen_at=now,
            story_id=f"s{number // 2}",
        )
        for number in range(12)
    ]
    some.append(replace(article("lost", title="Sunshine", status=Status.PARTIAL, topics=("floods",)), timestamp=now, first_seen_at=now))
    some.append(replace(article("old", title="Floods", status=Status.READY), timestamp=now - timedelta(days=40), first_seen_at=now))
    some.append(replace(article("unread", title="Floods", status=Status.DISCOVERED), timestamp=now, first_seen_at=now))
    await articles.discover(documents, some)


def test_what_a_rule_would_have_matched(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await store(documents, NOW)
        found = await trial(documents, bundle(), NOW - timedelta(days=30))
        assert found.articles == 13
        tried = found.result()
        assert tried["rain"].articles == 0
        floods = tried["floods"]
        assert (floods.articles, floods.stories, floods.gained, floods.lost) == (12, 6, 6, 1)
        assert sum(floods.by_day.values()) == 12
        assert floods.by_publisher == {"Harbour Courier": 8, "Other": 4}
        assert [sample.title for sample in floods.samples] == [f"Floods, day {number}" for number in range(SAMPLES)]
        assert floods.samples[0].words == ("Floods",)

    asyncio.run(work())


def test_rules_are_tried_and_published_from_the_command_line(
    documents: ElasticDocuments, prefix: str, elasticsearch_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(store(documents, datetime.now(UTC)))
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", prefix)
    config = tmp_path / "config"
    (config / "topics").mkdir(parents=True)
    (config / "wirewatch.yaml").write_text("{}")
    (config / "topics" / "t.yaml").write_text(TOPICS)
    file = tmp_path / "new.yaml"
    file.write_text("topics:\n  - {id: wet, rule: {phrases: [flood*, rain*]}, examples: {matches: [Rain], rejects: [Sun]}}\n")
    root = typer.Typer()
    topics.register(root)

    tried = CliRunner().invoke(root, ["topics", "try", str(file), "--last", "30d", "--config", str(config), "--json"])
    assert tried.exit_code == 0, tried.exception
    row = json.loads(tried.stdout)
    assert (row["topic"], row["articles"], row["gained"], row["of"]) == ("wet", 12, 12, 13)
    shown = CliRunner().invoke(root, ["topics", "try", str(file), "--config", str(config)]).stdout
    assert "wet: 12 articles, 6 stories (12 new, 0 no longer)" in shown

    said = [CliRunner().invoke(root, ["check", "--publish", "--config", str(config)]).stdout for _ in range(2)]
    assert [text.splitlines()[-1].split(" as ")[0] for text in said] == ["published", "already published"]
    published = asyncio.run(shared.published(documents))
    assert published is not None
    assert [topic.id for topic in published.topics] == ["floods", "rain"]
