"""Backtests over what is stored: they find what detection found, and what rules would have raised that nobody has saved yet."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.watched import DAY, HOUR, NOW, World
from typer.testing import CliRunner

from wirewatch.cli import build
from wirewatch.pipeline.backtest import backtest
from wirewatch.pipeline.detect import detect
from wirewatch.pipeline.past import evidence, past
from wirewatch.store.elastic import ElasticDocuments

SETTINGS = "alerts: {recipients: {desk: {mail: [desk@news.example]}}, default_notify: [desk]}\n"
RULES = "topics: [{id: khasan, rule: {phrase: Khasan}, examples: {matches: [Khasan], rejects: [Rain]}}]\n"


async def broken(documents: Any) -> World:
    """A world in which a story has broken and been detected, and coverage is known of its past."""
    world = World(documents)
    await world.settle()
    await detect(world.ports())
    world.now += 5 * timedelta(minutes=1)
    await world.watch()
    await world.breaks("ties")
    await detect(world.ports())
    return world


def test_the_past_raises_what_detection_raised_and_the_command_says_why(
    documents: ElasticDocuments, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        return world.now

    now = asyncio.run(work())
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", prefix)
    (tmp_path / "wirewatch.yaml").write_text(SETTINGS, encoding="utf-8")
    rules = tmp_path / "khasan.yaml"
    rules.write_text(RULES, encoding="utf-8")
    picture = tmp_path / "chart.png"
    command = ["backtest", "--rules", str(rules), "--config", str(tmp_path), "--from", "2026-11-20", "--to", now.isoformat()]
    against = ["--against", "min_stories=15", "--against", "min_publishers=15"]
    run = CliRunner().invoke(build(), [*command, *against, "--chart", str(picture), "--json"])
    assert run.exit_code == 0, run.output
    (row,) = map(json.loads, run.stdout.splitlines())
    assert (row["topic"], row["observed"], row["evidence"]["publishers"]) == ("khasan", 12, 12)
    assert row["evidence"]["words"][0] == ["Khasan", 12]
    assert datetime.fromisoformat(row["opened_at"]) - now <= HOUR
    assert picture.read_bytes().startswith(b"\x89PNG")
    text = CliRunner().invoke(build(), [*command, *against]).stdout
    assert "1 incident of 1 among 1 topic" in text
    assert "Summit at Khasan" in text
    assert "with min_stories=15, min_publishers=15: 0 incidents" in text
    assert CliRunner().invoke(build(), ["backtest", "--topic", "nobody", "--config", str(tmp_path)]).exit_code == 2
