"""How long the page takes to show: 1,000 topics, 50,000 articles and 200 incidents on the embedded node, in a real Airflow and Chromium.

`python -m benchmarks.page_speed` starts a node, fills it, starts Airflow's api-server and looks at every view. A load is from typing the
address, with a warm browser cache, to the frame that shows the view's own content. Airflow's interface starts first in each: beside every
load the same address is loaded with a page that is empty, and what the view adds is the difference. A view is also what it takes to go
there from another one. Times are taken inside the browser.
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
from dataclasses import dataclass, replace
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
ROUNDS = 5
WARM = 3
"""Loads before the first that counts: the browser compiles what it has seen twice, and keeps that."""
GO = "([hash, shows]) => { globalThis.left = performance.now(); globalThis.await(shows); location.hash = hash; }"
SLOWEST = "Math.max(...performance.getEntriesByType('resource').filter(e => e.name.includes('/wirewatch/api/')).map(e => e.duration))"
VIEWS = {
    "overview": ("", "main article"),
    "incidents": ("#/incidents", "main tbody tr"),
    "incident": ("#/incidents/t%2F3%231", "main svg[role=img]"),
    "topics": ("#/topics", "main tbody tr"),
    "topic": ("#/topics/t%2F3", "main svg[role=img]"),
    "articles": ("#/articles?q=harbour+pilots", "main ol li"),
    "article": ("#/articles/a77", "main dl time"),
    "feeds": ("#/feeds", "main tbody tr"),
    "lab": ("#/lab/new", "main textarea"),
}
"""By view: where it is, and what shows that it is there."""
EMPTY = "globalThis.Wirewatch = () => React.createElement('p', { id: 'empty' }, 'nothing');"
"""A page that is there already, so that Airflow imports none of ours."""
WATCH = """
(() => {
  const look = () => {
    if (globalThis.wanted && document.querySelector(wanted)) {
      wanted = null;
      requestAnimationFrame(() => { globalThis.shown = performance.now(); }); // the frame before this one showed it
    } else requestAnimationFrame(look);
  };
  globalThis.await = (selector) => { shown = undefined; globalThis.wanted = selector; requestAnimationFrame(look); };
  globalThis.shown = undefined;
})();
"""
"""Tells when the page shows something, in milliseconds since the address was typed."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Medians of one view, in seconds."""

    view: str
    load: float
    empty: float
    """The same with an empty page."""
    switch: float
    request: float
    """The slowest of its own requests."""


def measure(browser: Browser, watch: Watch) -> Iterator[Taken]:
    """Every view."""
    desk = Desk(browser, watch)
    desk.log_in()
    page = desk.page
    session = desk.context.new_cdp_session(page)
    session.send("Page.enable")

    def load(address: str, shows: str, before: str = "") -> float:
        page.goto("about:blank")
        script = session.send("Page.addScriptToEvaluateOnNewDocument", {"source": f"{before}{WATCH}globalThis.await({shows!r});"})
        page.goto(address, wait_until="commit")
        page.wait_for_function("globalThis.shown !== undefined")
        session.send("Page.removeScriptToEvaluateOnNewDocument", script)
        return float(page.evaluate("shown")) / 1000

    def switch(fragment: str, shows: str) -> float:
        page.evaluate("location.hash = '#/nowhere'")
        page.get_by_text("There is no such page").wait_for()
        page.evaluate(GO, [fragment, shows])
        page.wait_for_function("globalThis.shown !== undefined")
        return float(page.evaluate("shown - left")) / 1000

    for _ in range(WARM):
        load(watch.page(), VIEWS["overview"][1])
    for name, (fragment, shows) in VIEWS.items():
        loads, empties, requests = [], [], []
        for _ in range(ROUNDS):
            # With a slash it is the same page to Airflow, and none to us.
            empties.append(load(watch.page("/"), "#empty", EMPTY))
            loads.append(load(watch.page(fragment), shows))
            requests.append(float(page.evaluate(SLOWEST)) / 1000)
        switches = [switch(fragment or "#/", shows) for _ in range(ROUNDS)]
        medians = [statistics.median(each) for each in (loads, empties, switches, requests)]
        yield Taken(view=name, load=medians[0], empty=medians[1], switch=medians[2], request=medians[3])
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
            print("| view | load, s | the same with an empty page, s | more, s | from another view, s | its slowest request, s |")
            print("|---|---|---|---|---|---|")
            for each in measure(browser, watch):
                figures = (each.load, each.empty, each.load - each.empty, each.switch, each.request)
                print(f"| {each.view} | {' | '.join(f'{figure:.2f}' for figure in figures)} |", flush=True)
            browser.close()


if __name__ == "__main__":
    main()
