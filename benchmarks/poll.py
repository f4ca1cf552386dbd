"""Polling against its peers, in one run: `python -m benchmarks.poll [--feeds 2000] [--reader PYTHON] [--sizes 500,2000,8000]`.

The feeds of poll_site.py are served from a process of their own. Each program polls all of them in a round in which everything is new,
and then in one in which nine of ten have not changed; its time is when 95 % have ended, for Wirewatch stored in a real Elasticsearch
($ELASTICSEARCH_URL; else a node is started). CPU is that of the polling processes alone: Wirewatch's, its workers' included, not
Elasticsearch's. `--reader` names an interpreter that has lemon24's reader; without it that row is left out. Takes some minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.poll_peers import AT_ONCE, SHARE, TIMEOUT_S, advance, host

from wirewatch.config import Bundle, Settings
from wirewatch.config.settings import Polling
from wirewatch.embedded import elasticsearch as embedded
from wirewatch.feeds.fetch import parse_in_worker
from wirewatch.http_client import HttpClient
from wirewatch.model import Feed
from wirewatch.pipeline.poll import poll
from wirewatch.pipeline.ports import Ports
from wirewatch.store.base import Write, Written
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.wiring.build import utc_now
from wirewatch.wiring.workers import end_server, workers

ROOT = Path(__file__).parents[1]
PREFIX = "wirewatch-bench-poll"
ROUNDS_APART = timedelta(hours=1)
"""All feeds are due again by then, and none is asked for without its validators yet."""
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")

# ---------------------------------------------------------------- ours


class Timed(ElasticDocuments):
    """A store that notes when the results of polls were written."""

    ends: list[float]

    async def bulk(self, writes: Sequence[Write], *, refresh: bool = False) -> list[Written]:
        """See `Documents.bulk`."""
        written = await super().bulk(writes, refresh=refresh)
        # A claim counts an attempt, a result ends it.
        ended = [each.seq_no is not None and each.doc is not None and each.doc.get("attempts") == 0 for each in writes]
        self.ends += [perf_counter()] * sum(ended)
        return written


def family() -> list[int]:
    """This process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents.setdefault(int((entry / "stat").read_text().rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found = [os.getpid()]
    for pid in found:
        found += parents.get(pid, [])
    return found


def cpu_s(pid: int) -> float:
    """Processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def peak_mb(pid: int) -> float:
    """The most memory that a process ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


async def ours(url: str, port: int, feeds: int, rounds: int) -> None:
    """Poll as a task does, in as many worker processes as there are cores."""
    polling = Polling(timeout=timedelta(seconds=TIMEOUT_S), allow_hosts=(f"*.localhost:{port}",), concurrency=AT_ONCE)
    configured = tuple(Feed(id=f"paper-{number}", url=host(number, port)) for number in range(feeds))
    bundle = Bundle(settings=Settings(polling=polling), feeds=configured, hash="benchmark", source={})
    async with (
        Timed(url=url, prefix=PREFIX) as documents,
        HttpClient(user_agent="Wirewatch benchmark", allow_hosts=polling.allow_hosts) as http,
    ):
        await documents.drop()
        await documents.ensure()
        with workers() as cpu:
            # What a worker imports is paid once a task, not once a round.
            for job in [cpu.submit(parse_in_worker, 20.0, b"<rss><channel><title>x</title></channel></rss>", "", "", 1) for _ in range(8)]:
                job.result()
            ports = Ports(documents=documents, bundle=bundle, clock=utc_now, http=http, cpu=cpu)
            for number in range(rounds):
                if number:
                    await asyncio.to_thread(advance, port)
                    ports = replace(ports, clock=_shifted(number))
                documents.ends = []
                before, began = {pid: cpu_s(pid) for pid in family()}, perf_counter()
                done = await poll(ports)
                seconds = perf_counter() - began
                used = {pid: cpu_s(pid) - before.get(pid, 0.0) for pid in family()}
                ends = sorted(each - began for each in documents.ends)
                told = {
                    "feeds": feeds,
                    "s95": ends[min(len(ends), round(SHARE * feeds)) - 1],
                    "s": seconds,
                    "cpu_s": sum(used.values()),
                    "main_cpu_s": used[os.getpid()],
                    "peak_mb": max(map(peak_mb, family())),
                    **done,
                }
                print(json.dumps(told), flush=True)
        await documents.drop()
    end_server()


def _shifted(number: int) -> Any:
    return lambda: utc_now() + number * ROUNDS_APART


# ---------------------------------------------------------------- all of them


@contextlib.contextmanager
def site(feeds: int) -> Iterator[int]:
    """The feeds, served; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "benchmarks.poll_site", "--port", str(port), "--feeds", str(feeds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield port
        finally:
            process.terminate()


def run(command: Sequence[str]) -> list[dict[str, Any]]:
    """The rounds of one program."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def measured(kind: str, feeds: int, *, url: str, python: str = sys.executable) -> list[dict[str, Any]]:
    """Both rounds of one program, against a site of its own."""
    with site(feeds) as port:
        if kind == "wirewatch":
            command = [python, "-m", "benchmarks.poll", "--ours", str(port), "--url", url]
        else:
            command = [python, "-m", "benchmarks.poll_peers", kind, "--port", str(port)]
        found = run([*command, "--feeds", str(feeds)])
    for each in found:
        print(kind, json.dumps(each), file=sys.stderr, flush=True)
    return found


def table(rows: dict[str, list[dict[str, Any]]]) -> str:
    """The programs side by side."""
    lines = [
        "| | all new: feeds/s | CPU ms a feed | 90 % unchanged: feeds/s | CPU ms a feed | peak MB of a process |",
        "|---|---|---|---|---|---|",
    ]
    for name, rounds in rows.items():
        cells = [f"{SHARE * each['feeds'] / each['s95']:.0f} | {1000 * each['cpu_s'] / each['feeds']:.2f}" for each in rounds]
        lines.append(f"| {name} | {' | '.join(cells)} | {max(each['peak_mb'] for each in rounds):.0f} |")
    return "\n".join(lines)


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--sample", type=int, default=60, help="feeds that are polled one after another")
    parser.add_argument("--sizes", default="500,2000,8000", help="numbers of feeds for the time of a round; empty: none")
    parser.add_argument("--reader", help="a Python interpreter that has lemon24's reader")
    parser.add_argument("--without", default="", help="programs to leave out: bare,sequential,wirewatch")
    parser.add_argument("--ours", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--url", default=os.environ.get("ELASTICSEARCH_URL"))
    given = parser.parse_args()
    if given.ours:
        asyncio.run(ours(given.url, given.ours, given.feeds, 2))
        return 0
    with contextlib.ExitStack() as stack:
        url = given.url or stack.enter_context(_node())
        rows: dict[str, list[dict[str, Any]]] = {}
        left_out = given.without.split(",")
        if given.reader:
            rows["reader"] = measured("reader", given.feeds, url=url, python=given.reader)
        for kind, feeds in (("sequential", given.sample), ("bare", given.feeds), ("wirewatch", given.feeds)):
            if kind not in left_out:
                rows[kind] = measured(kind, feeds, url=url)
        print(table(rows), flush=True)
        if sizes := [int(each) for each in given.sizes.split(",") if each]:
            print("\n| feeds | a round with 90 % unchanged: s until 95 % | feeds/s |\n|---|---|---|")
        for size in sizes:
            found = rows["wirewatch"] if size == given.feeds and "wirewatch" in rows else measured("wirewatch", size, url=url)
            print(f"| {size:,} | {found[-1]['s95']:.1f} | {SHARE * size / found[-1]['s95']:.0f} |", flush=True)
    return 0


@contextlib.contextmanager
def _node() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield embedded.start(Path(folder), tied=True).url
        embedded.stop(Path(folder))


if __name__ == "__main__":
    raise SystemExit(main())
