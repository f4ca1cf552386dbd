"""Download → extract → tag → index against bare Trafilatura: `python benchmarks/process.py [--data DIR] [--pages N] [--rounds N]`.

Captured pages are served on loopback from a process of their own, over and over, from 64 hosts. In turns, within one run: `process` takes
them all from the queue to Elasticsearch ($ELASTICSEARCH_URL) with the shipped topics; and Trafilatura alone, with metadata, reads as many
from memory on all cores. Prints pages a second of both, CPU a page, and the memory of the main process and its workers as it goes on.
`--rounds 1 --pages 10000` shows the memory.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # it has no stubs
import yaml
from aiohttp import web
from trafilatura import bare_extraction

from wirewatch.articles.identity import article_id, slot_of, source_of
from wirewatch.config import Bundle, load
from wirewatch.http_client import HttpClient
from wirewatch.model import Article
from wirewatch.pipeline.ports import Ports
from wirewatch.pipeline.process import process
from wirewatch.store import articles as store
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.wiring.build import utc_now
from wirewatch.wiring.local import cluster
from wirewatch.wiring.workers import workers

ROOT = Path(__file__).parents[1]
PREFIX = "wirewatch-process"
HOSTS = 64


def captured(data: Path) -> list[bytes]:
    """The captured pages."""
    files = sorted(path for kind in ("extraction", "articles-dach") for path in (data / kind / "pages").glob("*.gz"))
    return [gzip.decompress(path.read_bytes()) for path in files]


def serve(pages: Sequence[bytes], said: Connection) -> None:
    """Serve page n at `/n…`, on a free port that is said; until killed."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=pages[int(request.match_info["n"]) % len(pages)], content_type="text/html")

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/{n}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        said.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


@contextmanager
def served(pages: Sequence[bytes]) -> Iterator[int]:
    """The port of a server in a process of its own."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(pages, there), daemon=True)
    server.start()
    try:
        yield here.recv()
    finally:
        server.kill()
        server.join()


def config(port: int, folder: Path) -> Bundle:
    """The shipped topics, on pages from loopback."""
    import shutil

    for name in ("topics", "concepts", "watchlists", "publishers.yaml"):
        source = ROOT / "config" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    shipped = yaml.safe_load((ROOT / "config" / "wirewatch.yaml").read_text(encoding="utf-8"))
    settings = shipped | {
        "index_prefix": PREFIX,
        "polling": {"allow_hosts": [f"*.localhost:{port}"]},
        "articles": {"host_delay": "0s", "obey_robots": False, "max_attempts": 1},
    }
    (folder / "feeds.yaml").write_text("feeds: {}\n", encoding="utf-8")
    (folder / "wirewatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return load(folder)


def waiting(number: int, port: int, round: int) -> Article:
    """The n-th article of a round, to be read now."""
    url = f"http://h{number % HOSTS}.localhost:{port}/{number}?round={round}"
    now = utc_now()
    return Article(
        id=article_id(url),
        urls=(url,),
        url=url,
        feeds=("pages",),
        source=source_of(url),
        publisher="",
        title=f"Page {number}",
        slot=slot_of(url),
        next_attempt_at=now,
        first_seen_at=now,
        indexed_at=now,
        counted_at=now,
        timestamp=now,
    )


def bare(pages: Sequence[bytes]) -> int:
    """Trafilatura as it comes, with metadata, over some pages."""
    return sum(bare_extraction(page, with_metadata=True) is not None for page in pages)


def cpu_s() -> float:
    """CPU of this process and of its living and ended children."""
    me = psutil.Process()
    alive = sum(sum(child.cpu_times()[:2]) for child in me.children(recursive=True))
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(sum(me.cpu_times()[:2])) + alive + ended.ru_utime + ended.ru_stime


def megabytes(process: psutil.Process) -> float:
    """Memory of its own."""
    return float(process.memory_full_info().uss) / 1e6


async def ours(ports: Ports, port: int, pages: int, round: int, watch: bool) -> tuple[float, dict[str, int]]:
    """Pages a second from the queue to the index, and what they became."""
    for start in range(0, pages, 500):
        await store.discover(ports.documents, [waiting(number, port, round) for number in range(start, min(pages, start + 500))])
    began = time.monotonic()
    work = asyncio.create_task(process(ports))
    while watch and not (await asyncio.wait([work], timeout=15))[0]:
        me = psutil.Process()
        children = [megabytes(child) for child in me.children(recursive=True) if "forkserver" in " ".join(child.cmdline())]
        await ports.documents.refresh("articles")
        left = await ports.documents.count("articles", {"exists": {"field": "next_attempt_at"}})
        print(f"{pages - left:6} read  main {megabytes(me):6.0f} MB  workers {' '.join(f'{each:.0f}' for each in children)} MB", flush=True)
    done = await work
    return pages / (time.monotonic() - began), done


def theirs(pages: Sequence[bytes], number: int) -> tuple[float, float]:
    """Pages a second of Trafilatura alone on all cores, and its CPU a page."""
    cores = os.cpu_count() or 1
    chunks = [[pages[at % len(pages)] for at in range(start, min(number, start + 10))] for start in range(0, number, 10)]
    with ProcessPoolExecutor(cores) as pool:
        list(pool.map(bare, [chunks[0][:1]] * cores * 4))
        began, before = time.monotonic(), cpu_s()
        list(pool.map(bare, chunks))
        return number / (time.monotonic() - began), (cpu_s() - before) / number


async def rounds(bundle: Bundle, port: int, pages: Sequence[bytes], options: Any) -> list[tuple[float, float]]:
    """Pages a second of both, round by round."""
    found: list[tuple[float, float]] = []
    where = cluster(PREFIX)
    async with (
        ElasticDocuments(url=where.url, prefix=PREFIX, api_key=where.api_key, ca=where.ca) as documents,
        HttpClient(user_agent="Wirewatch benchmark", allow_hosts=bundle.settings.polling.allow_hosts) as http,
    ):
        await documents.drop()
        await documents.ensure()
        with workers() as cpu:
            ports = Ports(documents=documents, bundle=bundle, clock=utc_now, http=http, cpu=cpu)
            # Whatever is loaded on first use is loaded by then, as in a worker that lives.
            await ours(ports, port, min(options.pages, 3 * HOSTS), -1, watch=False)
            for round in range(options.rounds):
                before = cpu_s()
                mine, done = await ours(ports, port, options.pages, round, watch=options.pages >= 2000)
                spent = (cpu_s() - before) / options.pages
                if options.alone:
                    print(f"round {round + 1}: {mine:.1f} pages/s ({1000 * spent:.0f} ms CPU a page)  {done}", flush=True)
                    continue
                other, other_spent = await asyncio.to_thread(theirs, pages, min(options.pages, 1000))
                told = f"{mine:.1f} pages/s ({1000 * spent:.0f} ms CPU a page), bare {other:.1f} ({1000 * other_spent:.0f} ms)"
                print(f"round {round + 1}: {told}: {mine / other:.2f}  {done}", flush=True)
                found.append((mine, other))
        await documents.drop()
    return found


def main() -> None:
    """Run it once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "eval", help="folder with extraction/ and articles-dach/")
    parser.add_argument("--pages", type=int, default=600, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without Trafilatura")
    options = parser.parse_args()
    pages = captured(options.data)
    print(f"{len(pages)} captured pages, {sum(map(len, pages)) / len(pages) / 1000:.0f} kB each, on {os.cpu_count()} cores")
    with served(pages) as port, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(rounds(config(port, Path(folder)), port, pages, options))
    if not found:
        return
    mine, other = (statistics.median(each) for each in zip(*found, strict=True))
    print(f"median: {mine:.1f} pages/s against {other:.1f}: {statistics.median(one / two for one, two in found):.2f}")


if __name__ == "__main__":
    main()
