"""How long a detection run takes: `python benchmarks/detect_speed.py [--topics 5000] [--days 56] [--old 100000]`.

Needs an Elasticsearch at $ELASTICSEARCH_URL; writes under the prefix `wirewatch-speed`, which it drops before and after. Weeks of hourly
counts of so many topics (0.005 to 10 stories an hour) and their coverage are stored as detection stores them, then whole runs of
detection are timed: one that learns every topic anew, two that follow after five minutes each with 300 new articles, such a one after many
old articles have been stored, which must not cost more (but for topics that spike: all are then judged once more without their largest
publisher), and the first of the next day. CPU is this process's alone; memory is its highest.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1])]

from tests.situations import draw, rhythm
from tests.watched import HOUR, NOW, World, article, topic

from wirewatch.model import Counts, Coverage
from wirewatch.pipeline.detect import detect
from wirewatch.store import counts as store
from wirewatch.store.elastic import ElasticDocuments

PREFIX = "wirewatch-speed"
NEW = 300
FIVE_MINUTES = timedelta(minutes=5)


async def load(world: World, days: int) -> int:
    """Store the counts and coverage of so many days, as if they had been counted; returns how many rows have something."""
    rng = np.random.default_rng(1)
    end = world.now.replace(minute=0, second=0, microsecond=0)
    n = days * 24
    rates = np.geomspace(0.005, 10, len(world.topics))
    shape = rhythm(rng, n)
    total = np.zeros(n)
    rows: list[Counts] = []
    written = 0
    for place, each in enumerate(world.topics):
        counts = draw(rng, rates[place] * shape)
        total += counts
        rows += [
            Counts(
                topic=each.id,
                hash=each.hash,
                hour=end - (n - int(step)) * HOUR,
                stories=int(counts[step]),
                publishers=int(counts[step]) + int(rng.poisson(counts[step])),
                articles=2 * int(counts[step]),
                until=world.now - 2 * HOUR,
            )
            for step in np.flatnonzero(counts)
        ]
        if len(rows) > 20_000 or each is world.topics[-1]:
            written += await store.save_counts(world.documents, rows)
            rows = []
    coverage = [
        Coverage(hour=end - (n - step) * HOUR, coverage=1.0, feeds=8, stories=int(3 * total[step]), until=world.now - 2 * HOUR)
        for step in range(n)
    ]
    await store.save_coverage(world.documents, coverage)
    return written


async def publish(world: World, count: int, ago: timedelta, key: str) -> None:
    """Articles of some topics, each a story of its own."""
    chance = np.random.default_rng(7)
    ids = [each.id for each in world.topics]
    at = world.now - ago
    for begin in range(0, count, 2000):
        names = [f"{key}-{number}" for number in range(begin, min(count, begin + 2000))]
        about = chance.integers(len(ids), size=len(names))
        some = [article(name, at, [ids[place]], story=name) for name, place in zip(names, about.tolist(), strict=True)]
        # What is old was written long ago, but for this benchmark.
        await world.publish(*(replace(each, indexed_at=at) for each in some))


async def timed(world: World, what: str) -> None:
    """One run of detection, as a row."""
    wall, cpu = time.monotonic(), time.process_time()
    found = await detect(world.ports())
    spent = (time.monotonic() - wall, time.process_time() - cpu)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {what} | {spent[0]:.1f} | {spent[1]:.1f} | {most:.0f} | {found['counted']} | {found['spiking']} |", flush=True)


async def work(topics: int, days: int, old: int) -> None:
    """Load, and time three runs."""
    url = os.environ.get("ELASTICSEARCH_URL", "http://127.0.0.1:9200")
    async with ElasticDocuments(url=url, prefix=PREFIX) as documents:
        await documents.drop()
        await documents.ensure()
        try:
            world = World(documents, topics=tuple(topic(f"topic-{place}") for place in range(topics)), now=NOW)
            began = time.monotonic()
            rows = await load(world, days)
            await world.watch((world.now - (days + 9) * timedelta(days=1), world.now))
            await documents.refresh("counts", "coverage", "feeds")
            run = await store.begin(documents, world.now - timedelta(minutes=10))
            await store.finish(documents, run)
            print(f"{topics} topics, {days} days, {rows} hours with stories (loaded in {time.monotonic() - began:.0f} s)\n")
            print("| run | s | CPU s | MB | hours counted | topics spiking |\n|---|---|---|---|---|---|", flush=True)
            await timed(world, "learns everything")
            midnight = (world.now + timedelta(days=1)).replace(hour=0, minute=5) - world.now
            for what, extra, later in (
                ("incremental", 0, FIVE_MINUTES),
                ("incremental, again", 1, FIVE_MINUTES),
                (f"incremental, {old} old articles more", old, FIVE_MINUTES),
                ("the first of a day, which moves every level", 2, midnight),
            ):
                if extra > 2:
                    await publish(world, extra, timedelta(days=20), "old")
                world.now += later
                await world.watch((world.now - (days + 9) * timedelta(days=1), world.now))
                await publish(world, NEW, timedelta(minutes=1), f"new-{extra}")
                await timed(world, what)
        finally:
            await documents.drop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--topics", type=int, default=5000)
    parser.add_argument("--days", type=int, default=56)
    parser.add_argument("--old", type=int, default=100_000)
    options = parser.parse_args(arguments)
    asyncio.run(work(options.topics, options.days, options.old))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
