"""Whether the dashboards show what the demo's newsroom published: `python benchmarks/dashboards.py [--days 10] [--seed 1]`.

Loads the newsroom's past through polling, reading and detection into an Elasticsearch (ELASTICSEARCH_URL, else a node of its own), lets
its story break, asks what every panel asks, and compares figures with the newsroom's own ledger: articles, outlets' owners, languages,
stories and days. Every panel has to show something.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wirewatch.dashboards.asks import Query, queries
from wirewatch.dashboards.build import objects
from wirewatch.demo import config, history, processes
from wirewatch.demo.control import Control
from wirewatch.demo.ledger import Piece
from wirewatch.demo.newsroom import Newsroom
from wirewatch.demo.outlets import BY_ID
from wirewatch.demo.preflight import free_port
from wirewatch.demo.server import AHEAD
from wirewatch.embedded import elasticsearch

Answer = Mapping[str, Any]
SPREAD = timedelta(seconds=40)


def main() -> None:
    """Load, ask, compare and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.environ["WIREWATCH_INDEX_PREFIX"] = f"dashboards-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if os.environ.get("ELASTICSEARCH_URL"):
            asyncio.run(work(home, given.days, given.seed))
            return
        os.environ["ELASTICSEARCH_URL"] = elasticsearch.start(home / "node", port=free_port(9400), tied=True, brief=True).url
        try:
            asyncio.run(work(home, given.days, given.seed))
        finally:
            elasticsearch.stop(home / "node")


async def work(home: Path, days: int, seed: int) -> None:
    """Everything but the node."""
    from wirewatch.wiring.local import ports

    end = datetime.now(UTC).replace(microsecond=0)
    start = end - timedelta(days=days)
    first = start - timedelta(days=2)
    port = free_port(8990)
    arguments = ["--controlled", f"--seed={seed}", "--story=kim", f"--port={port}", f"--start={first.isoformat()}"]
    newsroom = processes.start("newsroom", "wirewatch.demo.newsroom", arguments, log=home / "newsroom.log")
    try:
        processes.wait_for_port(newsroom, port, 60)
        folder = config.write(home / "config", port=port, page_url="http://localhost/")
        clock, control = history.SimulatedClock(now=start), Control(port)
        async with ports(folder, clock=clock) as found:
            try:
                await found.documents.ensure()
                await history.load(found, clock, start=start, end=end, set_clock=control.set_clock_async)
                await live(found, clock, control)
                asked = queries(objects(os.environ["WIREWATCH_INDEX_PREFIX"]), first - timedelta(days=1), clock.now)
                answers = [(each, await found.documents.search(each.kind, each.body)) for each in asked]
            finally:
                await found.documents.drop()
    finally:
        newsroom.stop()
    ledger = Newsroom(seed, "kim", first, end + AHEAD, port=port, story_at=clock.now - 2 * SPREAD, spread=SPREAD).ledger
    print(*report(answers, [each for each in ledger if each.published_at <= clock.now]), sep="\n")


async def live(ports: Any, clock: history.SimulatedClock, control: Control) -> None:
    """Let the story break and run everything once more."""
    from wirewatch.pipeline.detect import detect
    from wirewatch.pipeline.poll import poll
    from wirewatch.pipeline.process import process

    clock.now = clock.now + timedelta(minutes=5)
    await control.set_clock_async(clock.now)
    control.put(break_in_s=-SPREAD.total_seconds(), spread_s=SPREAD.total_seconds())
    clock.now = clock.now + SPREAD
    await control.set_clock_async(clock.now)
    for step in (poll, process, detect):
        await step(ports)
    await ports.documents.refresh("articles", "counts", "incidents", "notifications", "coverage", "polls", "feeds")


def report(answers: list[tuple[Query, Answer]], pieces: list[Piece]) -> Iterator[str]:
    """A table: what the panel shows, and what the ledger says."""
    by_panel = {(each.panel.removeprefix("wirewatch-"), each.layer): answer for each, answer in answers}
    owners = Counter(BY_ID[each.outlet].owner_name for each in pieces)
    languages = Counter(each.language for each in pieces)
    days = Counter(f"{each.published_at:%Y-%m-%d}" for each in pieces)
    volume = {
        bucket["key_as_string"][:10]: bucket["doc_count"] for bucket in by_panel["newsroom-volume", "l0"]["aggregations"]["b0"]["buckets"]
    }
    rows = {
        "articles": (by_panel["newsroom-articles", "main"]["hits"]["total"]["value"], len(pieces)),
        "stories": (by_panel["newsroom-stories", "main"]["aggregations"]["m0"]["value"], len({each.story for each in pieces})),
        "publishers": (by_panel["newsroom-publishers", "main"]["aggregations"]["m0"]["value"], len(owners)),
        "publishers' articles": (_counts(by_panel["newsroom-outlets", "main"]), dict(owners.most_common(15))),
        "languages": (_counts(by_panel["newsroom-languages", "main"]), dict(languages.most_common(10))),
        "articles by day": (volume, dict(sorted(days.items()))),
    }
    yield "| newsroom | shown | ledger | the same |\n|---|---|---|---|"
    for name, (shown, right) in rows.items():
        yield f"| {name} | {shown} | {right} | {'yes' if shown == right else 'NO'} |"
    empty = [f"{panel} {layer}" for (panel, layer), answer in by_panel.items() if not _shows(answer)]
    yield f"\n{len(by_panel)} questions of all panels, without an answer: {', '.join(empty) or 'none'}"


def _counts(answer: Answer) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["b0"]["buckets"]}


def _shows(answer: Answer) -> bool:
    """Whether there is anything to draw."""
    return bool(answer["hits"]["hits"] or answer["hits"]["total"]["value"])


if __name__ == "__main__":
    main()
