"""The steps of the watch over captured feeds and pages, served on loopback: `python benchmarks/captured.py [--data DIR] [--feeds N]`.

Every captured feed is a feed here, and all captured pages stand in one more feed that brings them in two portions, so that those of the
second count. Needs an Elasticsearch at $ELASTICSEARCH_URL. Prints what each step did and how the feeds and articles ended.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from wirewatch.demo.history import SimulatedClock
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.wiring.build import assemble, utc_now
from wirewatch.wiring.local import cluster

ROOT = Path(__file__).parents[1]
PREFIX = "wirewatch-captured"


def pages(data: Path) -> dict[str, Path]:
    """Every captured page by its name on the server."""
    return {
        path.name.removesuffix(".html.gz"): path
        for kind in ("extraction", "articles-dach")
        for path in (data / kind / "pages").glob("*.gz")
    }


def feeds(data: Path, limit: int) -> list[Path]:
    """Captured feeds, evenly chosen where there are more than `limit`."""
    found = sorted(
        path for path in (data / "feeds").rglob("*") if path.suffix in (".xml", ".rss", ".atom", ".json", ".rdf") and path.is_file()
    )
    return found[:: max(1, len(found) // limit)][:limit]


class Site:
    """Serves the material; `portion` is how much of the pages the feed of pages lists."""

    def __init__(self, data: Path, limit: int) -> None:
        self.pages = pages(data)
        self.feeds = feeds(data, limit)
        self.portion = 0.5
        self.port = 0

    async def page(self, request: web.Request) -> web.Response:
        """One captured page."""
        path = self.pages.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.Response(body=gzip.decompress(path.read_bytes()), headers={"Content-Type": "text/html"})

    async def feed(self, request: web.Request) -> web.Response:
        """One captured feed."""
        return web.Response(body=self.feeds[int(request.match_info["number"])].read_bytes(), headers={"Content-Type": "application/xml"})

    async def listing(self, _: web.Request) -> web.Response:
        """The feed of pages."""
        names = sorted(self.pages)[: int(len(self.pages) * self.portion)]
        now = format_datetime(utc_now())
        items = "".join(
            f"<item><title>{escape(name)}</title><link>http://pages.localhost:{self.port}/page/{name}</link><pubDate>{now}</pubDate></item>"
            for name in names
        )
        return web.Response(
            text=f"<rss version='2.0'><channel><title>Pages</title>{items}</channel></rss>", content_type="application/rss+xml"
        )


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[None]:
    """Serve on a free port of loopback."""
    app = web.Application()
    app.router.add_get("/page/{name}", site.page)
    app.router.add_get("/feed/{number}", site.feed)
    app.router.add_get("/pages.rss", site.listing)
    runner = web.AppRunner(app)
    await runner.setup()
    tcp = web.TCPSite(runner, "127.0.0.1", 0)
    await tcp.start()
    site.port = runner.addresses[0][1]
    try:
        yield
    finally:
        await runner.cleanup()


def config(site: Site, folder: Path) -> Path:
    """The shipped topics on the captured feeds."""
    import shutil

    for name in ("topics", "concepts", "watchlists"):
        if (ROOT / "config" / name).is_dir():
            shutil.copytree(ROOT / "config" / name, folder / name)
    shipped = yaml.safe_load((ROOT / "config" / "wirewatch.yaml").read_text(encoding="utf-8"))
    entries: dict[str, Any] = {
        f"feed-{number}": {"url": f"http://f{number}.localhost:{site.port}/feed/{number}"} for number in range(len(site.feeds))
    }
    entries["pages"] = {"url": f"http://pages.localhost:{site.port}/pages.rss"}
    polling = {"allow_hosts": [f"*.localhost:{site.port}"], "host_delay": "0s", "min_interval": "1s", "max_interval": "2s"}
    settings = shipped | {
        "index_prefix": PREFIX,
        "polling": polling,
        "articles": {"host_delay": "0s", "obey_robots": False, "max_attempts": 1},
    }
    shutil.copy(ROOT / "config" / "publishers.yaml", folder)
    (folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": entries}), encoding="utf-8")
    (folder / "wirewatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder


async def work(site: Site, folder: Path) -> None:
    """Poll twice, process and detect, and say what became of everything."""
    from wirewatch.config import load
    from wirewatch.pipeline.detect import detect
    from wirewatch.pipeline.poll import poll
    from wirewatch.pipeline.process import process

    clock = SimulatedClock(now=utc_now())
    async with serving(site), assemble(cluster(PREFIX), bundle=load(config(site, folder)), channels=lambda _: {}, clock=clock) as ports:
        documents = ports.documents
        if not isinstance(documents, ElasticDocuments):
            raise TypeError("an Elasticsearch is needed")
        await documents.drop()
        await documents.ensure()
        for turn in ("first", "second"):
            for name, step in (("poll", poll), ("process", process), ("detect", detect)):
                clock.now = utc_now()
                began = time.monotonic()
                done = await step(ports)
                print(f"{turn:6} {name:8} {time.monotonic() - began:6.1f} s  {json.dumps(done)}", flush=True)
            site.portion = 1.0
            await asyncio.sleep(3)
        await report(documents)
        await documents.drop()


async def report(documents: Any) -> None:
    """Counts of states, with reasons."""
    await documents.refresh("feeds", "articles", "incidents")
    outcomes = Counter([hit.source.get("outcome") async for hit in documents.scan("feeds", {"match_all": {}})])
    print("feeds   ", dict(outcomes))
    states: Counter[str] = Counter()
    topics: Counter[str] = Counter()
    async for hit in documents.scan("articles", {"prefix": {"url": "http://pages.localhost"}}):
        states[f"{hit.source['status']} {hit.source.get('failure', '')}".strip()] += 1
        topics.update(hit.source.get("topics", ()))
    print("pages   ", dict(states))
    print("topics  ", dict(topics.most_common(20)))
    print(
        "all     ",
        await documents.count("articles", {"match_all": {}}),
        "articles,",
        await documents.count("incidents", {"match_all": {}}),
        "incidents",
    )


def main() -> None:
    """Run it once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "eval", help="folder with feeds/, extraction/ and articles-dach/"
    )
    parser.add_argument("--feeds", type=int, default=400, help="how many of the captured feeds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(work(Site(options.data, options.feeds), Path(folder)))


if __name__ == "__main__":
    main()
