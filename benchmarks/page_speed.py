"""How long the page takes to show: 1,000 topics, 50,000 articles and 200 incidents on the embedded node, in a real Airflow and Chromium.

`python -m benchmarks.page_speed` starts a node, fills it, starts Airflow's api-server and looks at every view. A load is from typing the
address, with a warm browser cache, to the view's own content; it includes Airflow's interface, which is measured alone too. A view is
what it takes to go there from another one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from playwright.sync_api import Browser, sync_playwright
from tests.conftest import free_port
from tests.samples import article, incident
from tests.ui.conftest import CHROMIUM, FLAGS, PREPARE, Desk, Watch, _environment, _wait

from wirewatch.config import load_files
from wirewatch.embedded import elasticsearch as embedded
from wirewatch.model import Coverage, IncidentState, Status
from wirewatch.store import config as published
from wirewatch.store import counts
from wirewatch.store.base import Write
from wirewatch.store.documents import to_document
from wirewatch.store.elastic import ElasticDocuments

HOUR = timedelta(hours=1)
TOPICS, ARTICLES, INCIDENTS, OPEN = 1000, 50_000, 200, 20
PREFIX = "page"
ROUNDS = 3
VIEWS = {
    "overview": ("", "article"),
    "incidents": ("#/incidents", "row"),
    "incident": ("#/incidents/t%2F3%231", "Stories"),
    "topics": ("#/topics", "row"),
    "topic": ("#/topics/t%2F3", "row"),
    "articles": ("#/articles?q=harbour+pilots", "listitem"),
    "article": ("#/articles/a77", "Topics, and why"),
    "feeds": ("#/feeds", "row"),
    "lab": ("#/lab/new", "Rules in YAML"),
}
"""By view: where it is, and the role or name of what shows that it is there."""


async def fill(url: str, now: datetime) -> None:
    """Four weeks of a busy watch."""
    async with ElasticDocuments(url=url, prefix=PREFIX) as documents:
        await documents.ensure()
        concepts = "".join(f"  w/{n}: {{aliases: {{en: [word{n}]}}}}\n" for n in range(TOPICS))
        topics = "".join(
            f"  - {{id: t/{n}, name: Topic {n}, rule: {{concept: w/{n}}}, examples: {{matches: [word{n}], rejects: [no]}}}}\n"
            for n in range(TOPICS)
        )
        feeds = "".join(f"  f{n}: {{url: 'https://f{n}.example/rss'}}\n" for n in range(300))
        files = {"concepts/w.yaml": f"concepts:\n{concepts}", "topics/t.yaml": f"topics:\n{topics}", "feeds.yaml": f"feeds:\n{feeds}"}
        await published.publish(documents, load_files({"wirewatch.yaml": "{}\n", **files}), now)
        hour = now.replace(minute=0, second=0, microsecond=0)
        chance = Random(1)
        writes: list[Write] = []
        for ago in range(28 * 24):
            at = hour - ago * HOUR
            seen = Coverage(hour=at, coverage=1.0, stories=70, publishers=60, articles=75, feeds=300, until=min(now, at + HOUR))
            writes.append(Write(op="index", index=documents.index_for("coverage", at), id=f"{at}", doc=to_document(seen)))
            for n in range(TOPICS):
                if chance.random() < 0.15:
                    row = {"topic": f"t/{n}", "hash": "h", "hour": at.isoformat(), "stories": chance.randint(1, 4)}
                    row |= {"publishers": 2, "articles": 3, "expected": 0.4, "upper": 3.0, "until": now.isoformat()}
                    writes.append(Write(op="index", index=documents.index_for("counts", at), id=f"t/{n}|{at}", doc=row))
            if len(writes) > 10_000:
                await documents.bulk(writes)
                writes = []
        for n in range(ARTICLES):
            at = now - timedelta(minutes=chance.random() * 28 * 1440)
            topic = f"t/{n % TOPICS}"
            text = "The harbour is full of ships and the pilots strike. " * 40
            value = article(f"a{n}", title=f"Harbour {n} word{n % 97}", text=text, status=Status.READY, first_seen_at=at, indexed_at=at)
            value = replace(value, counted_at=at, timestamp=at, topics=(topic,), story_id=f"a{n // 2 * 2}", feeds=(f"f{n % 300}",))
            writes.append(Write(op="index", index=documents.index_for("articles", at), id=value.id, doc=to_document(value)))
            key = {"url": value.url, "article": value.id, "index": documents.index_for("articles", at), "at": at.isoformat()}
            writes.append(Write(op="index", index=documents.index_for("urls"), id=value.id, doc=key))
            if len(writes) > 4000:
                await documents.bulk(writes)
                writes = []
        for n in range(INCIDENTS):
            going = n < OPEN
            opened = now - n * HOUR
            state = IncidentState.OPEN if going else IncidentState.CLOSED
            found = incident(id=f"t/{n}#1", topic=f"t/{n}", topic_name=f"Topic {n}", state=state, closed_at=None if going else now)
            found = replace(found, opened_at=opened, began_at=opened - 48 * HOUR, last_spike_at=now)
            writes.append(Write(op="index", index=documents.index_for("incidents"), id=found.id, doc=to_document(found)))
        for n in range(300):
            feed = {"feed": f"f{n}", "url": f"https://f{n}.example/rss", "configured_url": f"https://f{n}.example/rss", "slot": n % 64}
            feed |= {"active": True, "health": "healthy", "last_poll_at": now.isoformat(), "weight": 4.0}
            writes.append(Write(op="index", index=documents.index_for("feeds"), id=f"f{n}", doc=feed))
        await documents.bulk(writes)
        await documents.put("config", counts.CURSOR, {"kind": "cursor", "until": now.isoformat(), "at": now.isoformat()})
        await documents.refresh("counts", "articles", "incidents", "coverage", "feeds", "urls")


@contextlib.contextmanager
def airflow(url: str) -> Iterator[Watch]:
    """An api-server over the filled store."""
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder), free_port()
        passwords = {name: secrets.token_urlsafe(12) for name in ("admin", "editor", "viewer")}
        (home / "passwords.json").write_text(json.dumps(passwords))
        env = _environment(home, port, url, PREFIX)
        log = home / "log"
        with log.open("ab") as out:
            subprocess.run([sys.executable, "-c", PREPARE], env=env, stdout=out, stderr=out, check=True)
            server = subprocess.Popen([sys.executable, "-m", "airflow", "api-server"], env=env, stdout=out, stderr=out)
        try:
            _wait(f"http://localhost:{port}/api/v2/monitor/health", server, log)
            yield Watch(url=f"http://localhost:{port}", prefix=PREFIX, elasticsearch=url, passwords=passwords, log=log)
        finally:
            server.terminate()
            server.wait(30)


def measure(browser: Browser, watch: Watch) -> Iterator[tuple[str, float, float, float]]:
    """By view: median of loads, of going there, and of its own request, in seconds."""
    desk = Desk(browser, watch)
    desk.log_in()
    page = desk.page

    def there(what: str) -> None:
        main = page.get_by_role("main").last
        role = what if what in ("row", "article", "listitem") else None
        found = main.get_by_role(role).first if role else main.get_by_text(what).or_(main.get_by_label(what)).first  # type: ignore[arg-type]  # one of three
        found.wait_for()

    alone = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        page.goto(f"{watch.url}/plugins")
        page.get_by_role("link", name="Home").first.wait_for()
        alone.append(time.perf_counter() - begun)
    yield "Airflow's own interface", statistics.median(alone), 0.0, 0.0
    for name, (fragment, what) in VIEWS.items():
        loads, switches, requests = [], [], []
        for _ in range(ROUNDS):
            page.goto("about:blank")
            begun = time.perf_counter()
            page.goto(watch.page(fragment))
            there(what)
            loads.append(time.perf_counter() - begun)
            took = page.evaluate(
                "Math.max(...performance.getEntriesByType('resource').filter(e => e.name.includes('/wirewatch/api/')).map(e => e.duration))"
            )
            requests.append(took / 1000)
        for _ in range(ROUNDS):
            page.evaluate("location.hash = '#/nowhere'")
            page.get_by_text("There is no such page").wait_for()
            begun = time.perf_counter()
            page.evaluate("hash => { location.hash = hash }", fragment or "#/")
            there(what)
            switches.append(time.perf_counter() - begun)
        yield name, statistics.median(loads), statistics.median(switches), statistics.median(requests)
    assert desk.errors == [], desk.errors
    desk.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="an Elasticsearch that is filled already, under the prefix `page`")
    parser.add_argument("--fill", action="store_true", help="fill the one of --url")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = given.url
        if url is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = embedded.start(folder, port=free_port(), tied=True).url
            stack.callback(embedded.stop, folder)
        if given.url is None or given.fill:
            begun = time.perf_counter()
            asyncio.run(fill(url, datetime.now(UTC)))
            print(f"filled in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        watch = stack.enter_context(airflow(url))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            print("| view | load, s | from another view, s | its slowest request, s |\n|---|---|---|---|")
            for name, load, switch, request in measure(browser, watch):
                print(
                    f"| {name} | {load:.2f} | {f'{switch:.2f}' if switch else '–'} | {f'{request:.2f}' if request else '–'} |", flush=True
                )
            browser.close()


if __name__ == "__main__":
    main()
