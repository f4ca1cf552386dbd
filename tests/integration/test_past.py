"""Backtests and replays of what is stored: they find what detection found, and what rules would have raised that nobody has saved yet."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.watched import DAY, HOUR, NOW, TOPICS, World, article
from tests.watched import past as everyday
from typer.testing import CliRunner

from wirewatch.cli import build
from wirewatch.model import Article
from wirewatch.pipeline.backtest import backtest
from wirewatch.pipeline.detect import detect
from wirewatch.pipeline.past import evidence, past
from wirewatch.pipeline.replay import archived, replay
from wirewatch.store.elastic import ElasticDocuments

TIES = ("Khasan", "Vladivostok")
WORDS = ("harbour", "gates", "engineers", "valley", "crews", "villages", "river", "bridge", "wall", "farmers", "mayor")
SAYS = {"ties": TIES, "trade": ("trade",), "quiet": ("quiet",), "counted": ("counted",)}
LIVE = tuple(replace(each, rule={"any": [{"phrase": word} for word in SAYS[each.id]], "min_score": 1}) for each in TOPICS)
SETTINGS = "alerts: {recipients: {desk: {mail: [desk@news.example]}}, default_notify: [desk]}\ndetection: {history: 2w}\n"
RULES = "topics: [{id: khasan, rule: {phrase: Khasan}, examples: {matches: [Khasan], rejects: [Rain]}}]\n"


def worded(each: Article, number: int) -> Article:
    """An article that no other is like, and that says what it is about."""
    own = [f"{WORDS[(number * 7 + place * 3) % len(WORDS)]}{number * (place + 3) % 971}" for place in range(40)]
    about = " ".join(TIES[number % 2] if topic == "ties" else topic for topic in each.topics)
    return replace(each, title=f"{about} {' '.join(own[:6])}", text=f"{about} {' '.join(own)}.")


async def broken(documents: Any) -> World:
    """A world in which a story has broken and been detected, and coverage is known of its past."""
    world = World(documents, topics=LIVE)
    await world.publish(*(worded(each, number) for number, each in enumerate(everyday(world.now))))
    await world.watch()
    await detect(world.ports())
    world.now += timedelta(minutes=5)
    await world.watch()
    at = world.now - timedelta(minutes=4)
    news = [article(f"new-{number}", at, ["ties"], publisher=f"outlet-{number}", seen=world.now) for number in range(12)]
    await world.publish(*(worded(each, 5000 + number) for number, each in enumerate(news)))
    await detect(world.ports())
    return world


async def archive(documents: Any) -> list[dict[str, Any]]:
    """What is stored, as `wirewatch replay` reads it."""
    await documents.refresh("articles")
    names = ("url", "title", "text", "source", "published_at", "first_seen_at", "counted_at")
    return [{name: hit.source.get(name) for name in names} async for hit in documents.scan("articles", {"match_all": {}})]


def test_the_past_raises_what_detection_raised_and_the_command_says_why(
    documents: ElasticDocuments, elasticsearch_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> datetime:
        world = await broken(documents)
        bundle = world.ports().bundle
        known = await past(documents, bundle, bundle.topics[:1], start=NOW - 21 * DAY, end=world.now)
        assert known.looked
        assert [each.topic for each in known.table.series] == ["ties", "trade", "quiet"]
        found = backtest(known.table, bundle.settings.detection, topics=3)
        (live,) = await world.incidents()
        (incident,) = found.incidents
        assert (incident.topic, incident.observed) == (live.topic, live.observed)
        assert incident.expected == pytest.approx(live.expected, rel=0.2)
        told = await evidence(documents, known, incident)
        assert live.evidence is not None
        assert (told.stories, told.publishers, told.new_words) == (live.evidence.stories, live.evidence.publishers, live.evidence.new_words)
        replayed = replay(map(archived, await archive(documents)), bundle)
        assert [(each.topic, each.observed) for each in replayed.incidents] == [(live.topic, live.observed)]
        assert replay(map(archived, await archive(documents)), bundle).incidents == replayed.incidents
        return world.now

    now = asyncio.run(work())
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", prefix)
    (tmp_path / "wirewatch.yaml").write_text(SETTINGS, encoding="utf-8")
    rules = tmp_path / "khasan.yaml"
    rules.write_text(RULES, encoding="utf-8")
    picture = tmp_path / "chart.png"
    command = ["backtest", "--rules", str(rules), "--config", str(tmp_path), "--from", "2026-11-23", "--to", now.isoformat()]
    against = ["--against", "min_stories=15", "--against", "min_publishers=15"]
    run = CliRunner().invoke(build(), [*command, *against, "--chart", str(picture), "--json"])
    assert run.exit_code == 0, run.output
    (row,) = map(json.loads, run.stdout.splitlines())
    assert (row["topic"], row["observed"], row["evidence"]["publishers"]) == ("khasan", 6, 6)
    assert row["evidence"]["words"][0] == ["Khasan", 6]
    assert datetime.fromisoformat(row["opened_at"]) - now <= HOUR
    assert picture.read_bytes().startswith(b"\x89PNG")
    text = CliRunner().invoke(build(), [*command, *against]).stdout
    assert "1 incident of 1 among 1 topic" in text
    assert "matched: Khasan" in text
    assert "with min_stories=15, min_publishers=15: 0 incidents" in text
    assert CliRunner().invoke(build(), ["backtest", "--topic", "nobody", "--config", str(tmp_path)]).exit_code == 2
