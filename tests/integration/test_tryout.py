"""A trial says what rules would have matched among what is stored, and which alerts they would have raised."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.watched import DAY, HOUR, NOW, World, article

from wirewatch.config import load_files
from wirewatch.errors import ConfigError, SetupError
from wirewatch.pipeline import tryout
from wirewatch.pipeline.detect import detect
from wirewatch.store import config as shared
from wirewatch.store import lab
from wirewatch.store.elastic import ElasticDocuments

TEXT = """topics:
  - {id: bridges, rule: {phrase: bridge*}, notify: [desk], examples: {matches: [A bridge], rejects: [A road]}}
  - {id: ferries, rule: {phrase: ferr*}, examples: {matches: [A ferry], rejects: [A road]}}
"""
SETTINGS = "alerts: {recipients: {desk: {mail: [desk@news.example]}}}\n"
BROKE = NOW - 3 * DAY


async def _watched(documents: ElasticDocuments) -> World:
    """Three weeks with a bridge a day, and one night in which twelve outlets tell of bridges; no topic watched any of it."""
    world = World(documents)
    await world.settle()
    daily = [article(f"daily-{n}", NOW - n * DAY - 2 * HOUR, title="A bridge is painted", story=f"daily-{n}") for n in range(1, 20)]
    broke = [
        article(
            f"fell-{n}", BROKE + timedelta(minutes=4 * n), title=f"Bridges fall, report {n}", publisher=f"outlet-{n}", story=f"fell-{n}"
        )
        for n in range(12)
    ]
    tagged = replace(article("tagged", NOW - HOUR, ("bridges",), title="No such thing", story="tagged"), counted_at=None)
    await world.publish(*daily, *broke, tagged)
    await detect(world.ports())
    await shared.publish(documents, load_files({"wirewatch.yaml": SETTINGS}), NOW)
    return world


def test_what_rules_would_have_matched_and_which_alerts_they_would_have_raised(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world = await _watched(documents)
        before = await world.state()
        ordered = await lab.order(documents, key="", yaml=TEXT, days=7, by="mina", now=NOW)
        summary = await tryout.run(documents, ordered.id, now=NOW)
        assert summary["topics"] == 2
        assert summary["alerts"] == 1
        assert await tryout.run(documents, ordered.id, now=NOW) == summary, "a second run ends in the same state"
        found = await lab.trial(documents, ordered.id)
        assert found is not None
        assert (found.state, found.problem) == ("done", None)
        assert found.result is not None
        bridges, ferries = found.result["topics"]
        assert (bridges["id"], bridges["articles"], bridges["gained"], bridges["lost"]) == ("bridges", 18, 18, 1)
        assert bridges["by_day"][f"{BROKE:%Y-%m-%d}"] == 13
        assert bridges["notify"] == ["desk"]
        (alert,) = bridges["alerts"]
        assert alert["opened_at"] <= (BROKE + 2 * HOUR).isoformat()
        assert alert["observed"] >= 10 > alert["expected"]
        assert all(each["article"].startswith("fell-") for each in alert["headlines"])
        assert len(alert["headlines"]) == 3
        assert (ferries["articles"], ferries["alerts"]) == (0, [])
        assert (found.result["weeks"], found.result["looked"]) == (1.0, True)
        assert await world.state() == before, "a trial changes nothing that is watched"

    asyncio.run(work())


def test_what_is_wrong_with_a_trial_is_its_result(documents: ElasticDocuments) -> None:
    async def work() -> None:
        await shared.publish(documents, load_files({"wirewatch.yaml": SETTINGS}), NOW)
        ordered = await lab.order(documents, key="", yaml=TEXT.replace("desk", "dusk"), days=7, by="mina", now=NOW)
        with pytest.raises(ConfigError, match="unknown recipient"):
            await tryout.run(documents, ordered.id, now=NOW)
        found = await lab.trial(documents, ordered.id)
        assert found is not None
        assert found.state == "failed"
        assert 'unknown recipient "dusk"' in (found.problem or "")
        with pytest.raises(SetupError, match="there is no trial"):
            await tryout.run(documents, "gone", now=NOW)

    asyncio.run(work())
