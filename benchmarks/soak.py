"""Weeks of the running watch in an hour: `python -m benchmarks.soak [--days 30 --feeds 1000 --articles 200000] [--png FILE]`.

The clock is simulated, everything else is real: feeds and pages over HTTP, worker processes, an Elasticsearch node of its own, mail over
SMTP. As DAG runs do, every round (`--every` hours) polls, processes, detects and notifies with ports made anew, but all in one process, so
that what a task would leave behind shows. Looks now and then at memory, open files, indices, and how long each step takes; ends with a
comparison of what is stored with what was published, a table of the quarters of the time, and, with `--png`, curves of all of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import yaml
from tests.conftest import free_port

from wirewatch.config import load
from wirewatch.demo import config as demo
from wirewatch.demo.history import SimulatedClock
from wirewatch.embedded import elasticsearch as embedded
from wirewatch.pipeline import counting
from wirewatch.pipeline.detect import detect
from wirewatch.pipeline.digest import digest
from wirewatch.pipeline.maintain import expire
from wirewatch.pipeline.notify import notify
from wirewatch.pipeline.poll import poll
from wirewatch.pipeline.ports import Ports
from wirewatch.pipeline.process import process
from wirewatch.store import config as published
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.wiring.build import Cluster, assemble
from wirewatch.wiring.local import channels
from wirewatch.wiring.workers import end_server

ROOT = Path(__file__).parents[1]
PREFIX = "wirewatch-soak"
START = datetime(2026, 10, 20, tzinfo=UTC)
"""A month ends on the way, so that new indices begin."""
LOOKS_APART = 3
"""Rounds."""
STEPS = {"poll": poll, "process": process, "detect": detect, "notify": notify}
_MB = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was seen at one look."""

    day: float
    articles: int
    main_mb: float
    workers_mb: float
    main_files: int
    processes: int
    node_mb: float
    node_files: int
    heap_mb: float
    indices: int
    store_mb: float
    segments: int


@dataclass
class Curves:
    """Everything that was seen."""

    samples: list[Sample] = field(default_factory=list)
    took: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {name: [] for name in STEPS})
    """Day, and processor seconds of this process, of every run of a step."""


# ---------------------------------------------------------------- the stage


def configure(folder: Path, feeds: int, port: int) -> Path:
    """The shipped topics over the press's feeds."""
    demo.write(folder, port=port, page_url="http://localhost/")
    settings = yaml.safe_load((folder / "wirewatch.yaml").read_text(encoding="utf-8"))
    settings["index_prefix"] = PREFIX
    settings["polling"] = {"host_delay": "0s", "timeout": "20s", "allow_hosts": [f"*.localhost:{port}"]}
    settings["articles"] = {"host_delay": "0s", "timeout": "20s"}
    (folder / "wirewatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    listed = {f"paper{number}": {"url": f"http://paper{number}.localhost:{port}/rss"} for number in range(feeds)}
    (folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": listed}), encoding="utf-8")
    return folder


@contextmanager
def press(given: argparse.Namespace, port: int, mail_port: int) -> Iterator[None]:
    """The servers, for as long as the block lasts."""
    sizes = [f"--{name}={getattr(given, name)}" for name in ("feeds", "articles", "days")]
    command = [sys.executable, "-m", "benchmarks.soak_site", *sizes, f"--port={port}", f"--mail-port={mail_port}", f"--start={START}"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"})
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def told(port: int, path: str) -> Any:
    """Ask the press, or tell it something."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return json.loads(answer.read() or b"null")


# ---------------------------------------------------------------- looking


def resident_mb(pid: int) -> float:
    """Memory of a process, or 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / _MB
    except OSError:
        return 0.0


def children(pid: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(int(child))] if Path(f"/proc/{child}").exists() else []
    return found


async def look(documents: ElasticDocuments, node: int, others: Collection[int], day: float) -> Sample:
    """See how large everything is; `others` are children of this process that are no workers."""
    stats = await documents.ask("GET", f"/{PREFIX}-*/_stats/docs,store,segments")
    heap = await documents.ask("GET", "/_nodes/stats/jvm?filter_path=nodes.*.jvm.mem.heap_used_in_bytes")
    total = stats["_all"]["primaries"]
    below = [pid for pid in children(os.getpid()) if pid not in others]
    return Sample(
        day=day,
        articles=await documents.count("articles", {"match_all": {}}),
        main_mb=resident_mb(os.getpid()),
        workers_mb=sum(resident_mb(pid) for pid in below),
        main_files=len(os.listdir("/proc/self/fd")),
        processes=len(below),
        node_mb=resident_mb(node),
        node_files=len(os.listdir(f"/proc/{node}/fd")),
        heap_mb=sum(each["jvm"]["mem"]["heap_used_in_bytes"] for each in heap["nodes"].values()) / _MB,
        indices=len(stats["indices"]),
        store_mb=total["store"]["size_in_bytes"] / _MB,
        segments=total["segments"]["count"],
    )


# ---------------------------------------------------------------- the weeks


async def live(given: argparse.Namespace, node: embedded.NodeInfo, folder: Path, port: int) -> tuple[Curves, list[str]]:
    """Let the time pass; what was seen, and what is wrong in the end."""
    curves, clock, where = Curves(), SimulatedClock(now=START), Cluster(url=node.url, prefix=PREFIX)
    async with ElasticDocuments(url=node.url, prefix=PREFIX) as documents:
        await documents.ensure()
        await published.publish(documents, load(folder), START)
    others, ends = children(os.getpid()), perf_counter() + 60 * given.minutes
    for number in range(given.days * 24 // given.every + 2):
        hour = number * given.every
        clock.now = START + timedelta(hours=hour)
        await asyncio.to_thread(told, port, f"/clock?now={clock.now.isoformat().replace('+', '%2B')}")
        async with assemble(where, bundle=None, channels=channels, clock=clock) as ports:
            for name, step in STEPS.items():
                # By the processor: others on the machine would show in time on the wall.
                began = process_time()
                await step(ports)
                curves.took[name].append((hour / 24, process_time() - began))
                if name == "process" and number % LOOKS_APART == 0:
                    # While the workers are there.
                    assert isinstance(ports.documents, ElasticDocuments)
                    curves.samples.append(await look(ports.documents, node.pid, others, hour / 24))
            if hour % 24 < given.every:
                await digest(ports)
                await expire(ports)
                print(f"day {hour // 24}: {curves.samples[-1]}", file=sys.stderr, flush=True)
        if perf_counter() > ends:
            print(f"Stopped after {given.minutes:g} minutes, on day {hour // 24} of {given.days}.")
            break
    async with assemble(where, bundle=None, channels=channels, clock=clock) as ports:
        return curves, await _wrong(ports, port)


async def _wrong(ports: Ports, port: int) -> list[str]:
    """How what is stored differs from what was published."""
    figures = told(port, "/figures")
    await ports.documents.refresh("articles", "urls", "notifications")
    stored = await ports.documents.count("articles", {"match_all": {}})
    ready = await ports.documents.count("articles", {"term": {"status": "ready"}})
    sent = await ports.documents.count("notifications", {"term": {"state": "sent"}})
    differing = await counting.differences(ports)
    print(f"{figures['published']} published, {stored} stored, {ready} read, {sent} messages sent, {figures['mails']} mails came,")
    print(f"{len(differing)} counts differ from a rebuild.\n")
    found = {"stored": stored - figures["published"], "ready": ready - stored, "mails": sent - figures["mails"], "counts": len(differing)}
    return [f"{name}: {difference:+d}" for name, difference in found.items() if difference]


# ---------------------------------------------------------------- what came of it

SHOWN = {
    "articles": "articles stored",
    "main_mb": "MB of the process that runs the steps",
    "workers_mb": "MB of its workers together",
    "processes": "its workers and their servers",
    "main_files": "open files of the process",
    "node_mb": "MB of Elasticsearch",
    "heap_mb": "MB of its heap in use",
    "node_files": "its open files",
    "indices": "indices",
    "segments": "segments",
    "store_mb": "MB stored",
}


def quarters(values: Sequence[tuple[float, float]], days: float) -> list[float]:
    """The median of each quarter of the time."""
    parts: list[list[float]] = [[], [], [], []]
    for day, value in values:
        parts[min(3, int(4 * day / days))].append(value)
    return [statistics.median(part) if part else 0.0 for part in parts]


def table(curves: Curves, days: float) -> str:
    """Medians of each quarter of the time."""
    rows = ["| median of | first quarter | second | third | last |", "|---|---|---|---|---|"]
    for name, what in SHOWN.items():
        found = quarters([(each.day, getattr(each, name)) for each in curves.samples], days)
        rows.append(f"| {what} | " + " | ".join(f"{value:,.0f}" for value in found) + " |")
    for name, took in curves.took.items():
        rows.append(
            f"| CPU seconds of `{name}`, without its workers | " + " | ".join(f"{value:.2f}" for value in quarters(took, days)) + " |"
        )
    return "\n".join(rows)


def draw(curves: Curves, file: Path) -> None:
    """Memory, files, indices and latency over the days."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    days = [each.day for each in curves.samples]
    figure, places = plt.subplots(2, 2, figsize=(10, 6), layout="constrained")
    panels = (
        ("memory, MB", {"steps": "main_mb", "workers": "workers_mb", "Elasticsearch": "node_mb", "its heap": "heap_mb"}),
        ("open files", {"steps": "main_files", "Elasticsearch": "node_files"}),
        ("Elasticsearch", {"indices": "indices", "segments": "segments", "MB stored": "store_mb"}),
    )
    for place, (title, lines) in zip(places.flat, panels, strict=False):
        for label, name in lines.items():
            place.plot(days, [getattr(each, name) for each in curves.samples], label=label)
        place.set_title(title)
    for name, took in curves.took.items():
        daily: dict[int, list[float]] = defaultdict(list)
        for day, seconds in took:
            daily[int(day)].append(seconds)
        places.flat[3].plot(list(daily), [statistics.median(each) for each in daily.values()], label=name)
    places.flat[3].set_title("CPU seconds of a step, median of a day")
    for place in places.flat:
        place.set_xlabel("day")
        place.set_ylim(bottom=0)
        place.legend(fontsize=8)
        place.grid(alpha=0.3)
    figure.savefig(file, dpi=90)


def main() -> int:
    """Run it; 1 where something is wrong in the end."""
    parser = argparse.ArgumentParser(description="Weeks of the running watch on a simulated clock.")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--feeds", type=int, default=1_000)
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--every", type=int, default=1, help="hours between two rounds")
    parser.add_argument("--minutes", type=float, default=24 * 60.0, help="stop then, wherever it is")
    parser.add_argument("--png", type=Path)
    given = parser.parse_args()
    port, mail_port = free_port(), free_port()
    os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{mail_port}"
    began = perf_counter()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, press(given, port, mail_port):
        config = configure(Path(folder) / "config", given.feeds, port)
        node = embedded.start(Path(folder) / "elasticsearch", port=free_port(), tied=True)
        try:
            curves, wrong = asyncio.run(live(given, node, config, port))
        finally:
            embedded.stop(Path(folder) / "elasticsearch")
            end_server()
    print(table(curves, curves.samples[-1].day + 0.1))
    print(f"\n{given.days} days, {given.feeds} feeds, {given.articles} articles: {(perf_counter() - began) / 60:.0f} minutes.")
    if given.png is not None:
        draw(curves, given.png)
    for each in wrong:
        print(f"WRONG: {each}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
