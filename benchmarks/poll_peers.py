"""Other ways to poll the feeds of poll_site.py, each for two rounds; run by poll.py, which see.

`bare`: aiohttp and feedparser in one loop, nothing stored. `sequential`: requests and feedparser, one feed after another. `reader`:
lemon24's reader with 200 workers and its SQLite file, in an interpreter that has it. Prints one line of JSON a round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import socket
import tempfile
import urllib.request
from collections.abc import Callable
from time import perf_counter
from typing import Any

TIMEOUT_S = 30.0
AT_ONCE = 200
SHARE = 0.95
"""Of the feeds: a round's time is when so many have ended."""


class Round:
    """The clock of one round."""

    def __init__(self, feeds: int) -> None:
        self.feeds = feeds
        self.cpu = _cpu_s()
        self.began = perf_counter()
        self.ends: list[float] = []

    def end(self) -> None:
        """Note that one feed is done."""
        self.ends.append(perf_counter() - self.began)

    def told(self, **more: Any) -> dict[str, Any]:
        """The round's figures."""
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        most = self.ends[min(len(self.ends), round(SHARE * self.feeds)) - 1]
        return {"feeds": self.feeds, "s95": most, "s": self.ends[-1], "cpu_s": _cpu_s() - self.cpu, "peak_mb": peak_mb, **more}


def _cpu_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def advance(port: int) -> None:
    """Let a tenth of the feeds bring news."""
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/advance", method="POST", data=b"")).close()


def host(number: int, port: int) -> str:
    """A feed's address on a host of its own."""
    return f"http://paper{number}.localhost:{port}/{number}"


async def bare(port: int, feeds: int, rounds: int) -> None:
    """The least that polling can cost: conditional requests, and feedparser for what has changed."""
    import aiohttp
    import feedparser
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Loopback(AbstractResolver):
        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
            return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family or socket.AF_INET, proto=0, flags=0)]

        async def close(self) -> None:
            pass

    etags: dict[int, str] = {}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, resolver=Loopback()), timeout=timeout) as session:
        for number in range(rounds):
            clock = Round(feeds)
            gate, entries = asyncio.Semaphore(AT_ONCE), 0

            async def one(feed: int, gate: asyncio.Semaphore = gate, clock: Round = clock) -> None:
                nonlocal entries
                async with gate:
                    headers = {"If-None-Match": etags[feed]} if feed in etags else {}
                    try:
                        async with session.get(host(feed, port), headers=headers) as answer:
                            if answer.status == 200:
                                found = feedparser.parse(await answer.read())
                                entries += len(found.entries)
                                etags[feed] = answer.headers["ETag"]
                    except (aiohttp.ClientError, TimeoutError):
                        pass
                clock.end()

            await asyncio.gather(*(one(feed) for feed in range(feeds)))
            print(json.dumps(clock.told(entries=entries)), flush=True)
            if number < rounds - 1:
                advance(port)


def sequential(port: int, feeds: int, rounds: int) -> None:
    """One feed after another; those that never answer are left out, in its favour."""
    import feedparser
    import requests
    from benchmarks.poll_site import nature

    chosen = [feed for feed in range(feeds) if nature(feed) != "silent"]
    etags: dict[int, str] = {}
    with requests.Session() as session:
        for number in range(rounds):
            clock, entries = Round(len(chosen)), 0
            for feed in chosen:
                headers = {"If-None-Match": etags[feed]} if feed in etags else {}
                try:
                    answer = session.get(f"http://127.0.0.1:{port}/{feed}", headers=headers, timeout=TIMEOUT_S)
                    if answer.status_code == 200:
                        entries += len(feedparser.parse(answer.content).entries)
                        etags[feed] = answer.headers["ETag"]
                except requests.RequestException:
                    pass
                clock.end()
            print(json.dumps(clock.told(entries=entries)), flush=True)
            if number < rounds - 1:
                advance(port)


def reader(port: int, feeds: int, rounds: int) -> None:
    """lemon24's reader as its documentation says to update many feeds."""
    from reader import make_reader  # type: ignore[import-not-found, unused-ignore]  # not installed here: poll.py names an interpreter

    with tempfile.TemporaryDirectory() as folder:
        library = make_reader(f"{folder}/db.sqlite", session_timeout=(3.05, TIMEOUT_S))
        for feed in range(feeds):
            library.add_feed(f"http://127.0.0.1:{port}/{feed}")
        for number in range(rounds):
            clock = Round(feeds)
            for _ in library.update_feeds_iter(scheduled=False, workers=AT_ONCE):
                clock.end()
            print(json.dumps(clock.told(entries=library.get_entry_counts().total)), flush=True)
            if number < rounds - 1:
                advance(port)
        library.close()


KINDS: dict[str, Callable[[int, int, int], Any]] = {
    "bare": lambda *given: asyncio.run(bare(*given)),
    "sequential": sequential,
    "reader": reader,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--feeds", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    KINDS[given.kind](given.port, given.feeds, given.rounds)
