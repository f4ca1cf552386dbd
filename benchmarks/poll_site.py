"""Many invented feeds on loopback, slow and broken ones among them; `python -m benchmarks.poll_site --port P --feeds N` serves them.

Feed `n` is at `/n` of any host. The answer takes 200 ms in the median (log-normal), 2 % take seconds, 1 % are errors, 0.5 % break off
and 0.5 % never come. `POST /advance` lets a tenth of the feeds bring `NEW` entries more. A server that is as cheap as it can be, so that
it takes little from the programs that are compared; as most servers, it packs what it sends, and answers 304 to the ETag it gave.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import math
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

LISTED = 30
NEW = 3
"""Entries that a changed feed brings."""
CHANGING = 0.1
"""Share of the feeds that each advance changes."""
MEDIAN_S = 0.2
SPREAD = 0.6
"""Sigma of the log-normal: one answer in 20 takes over half a second."""
_SYLLABLES = [first + then for first in "bcdfgh" for then in "aeiou"]
_MADE = datetime.now(UTC).replace(microsecond=0)


def nature(number: int) -> str:
    """What a feed is: `fine`, `slow`, `error`, `broken` or `silent`."""
    chance = random.Random(f"nature {number}").random()
    for share, kind in ((0.005, "silent"), (0.01, "broken"), (0.02, "error"), (0.04, "slow")):
        if chance < share:
            return kind
    return "fine"


def body(number: int, version: int) -> bytes:
    """A feed as it is after so many new entries."""
    items = "".join(_item(number, entry) for entry in range(LISTED + version - 1, version - 1, -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><channel>'
        f"<title>Paper {number}</title><link>https://paper{number}.example/</link><description>News</description><language>en</language>"
        f'<atom:link href="https://paper{number}.example/feed" rel="self" type="application/rss+xml"/>{items}</channel></rss>'
    ).encode()


def _item(number: int, entry: int) -> str:
    chance = random.Random(f"{number}/{entry}")

    def words(count: int) -> str:
        return " ".join("".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(count)).capitalize()

    title, link = words(9), f"https://paper{number}.example/2026/{entry}/{words(4).replace(' ', '-').lower()}"
    at = _MADE - timedelta(minutes=20 * (LISTED + NEW - entry))
    text = escape(f"<p>{words(22)}. <b>{words(6)}</b>, {words(9)} &amp; {words(5)}.</p>")
    return (
        f"<item><title>{title}</title><link>{link}</link><guid isPermaLink='false'>paper{number}-{entry}</guid>"
        f"<description>{text}</description><pubDate>{format_datetime(at)}</pubDate><dc:creator>{words(2)}</dc:creator>"
        f"<category>World</category><category>{words(1)}</category>"
        f'<media:thumbnail url="https://paper{number}.example/i/{entry}.jpg" width="640" height="360"/></item>'
    )


class Site:
    """The feeds' state and their packed bodies."""

    def __init__(self, feeds: int) -> None:
        self.chance = random.Random("delays")
        self.round = 0
        self.versions = [0] * feeds
        self.kinds = [nature(number) for number in range(feeds)]
        self.packed = [gzip.compress(body(number, 0), 6) for number in range(feeds)]

    def advance(self) -> None:
        """Let some feeds bring news."""
        self.round += 1
        for number in range(len(self.versions)):
            if random.Random(f"{self.round}/{number}").random() < CHANGING:
                self.versions[number] += NEW
                self.packed[number] = gzip.compress(body(number, self.versions[number]), 6)

    def delay_s(self, kind: str) -> float:
        """How long the next answer takes."""
        if kind == "silent":
            return 3600.0
        if kind == "slow":
            return self.chance.uniform(2.0, 6.0)
        return MEDIAN_S * math.exp(SPREAD * self.chance.gauss(0, 1))


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests have no bodies."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.head = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        """See `asyncio.Protocol`."""
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self.head += data
        while b"\r\n\r\n" in self.head:
            head, _, self.head = self.head.partition(b"\r\n\r\n")
            line, *fields = head.decode("latin-1").split("\r\n")
            told = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
            method, target, _ = line.split(" ", 2)
            if method == "POST":
                self.site.advance()
                self.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", close=False)
                continue
            number, close = int(target.rpartition("/")[2]), told.get("connection", "").lower() == "close"
            known = told.get("if-none-match", "")
            asyncio.get_running_loop().call_later(self.site.delay_s(self.site.kinds[number]), self.answer, number, known, close)

    def answer(self, number: int, known: str, close: bool) -> None:
        """Send what the feed has now."""
        kind, etag = self.site.kinds[number], f'"{number}-{self.site.versions[number]}"'
        more = "Connection: close\r\n" if close else ""
        if kind == "broken":
            self.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n<rss>", close=True)
        elif kind == "error":
            self.send(f"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n{more}\r\n".encode(), close=close)
        elif known == etag:
            self.send(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n{more}\r\n".encode(), close=close)
        else:
            packed = self.site.packed[number]
            told = f"Content-Type: application/rss+xml; charset=utf-8\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n"
            self.send(f"HTTP/1.1 200 OK\r\nETag: {etag}\r\n{told}{more}\r\n".encode() + packed, close=close)

    def send(self, data: bytes, *, close: bool) -> None:
        """Write, unless the other side has gone."""
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if close:
            self.transport.close()


async def serve(port: int, feeds: int) -> None:
    """Serve until cancelled; prints `ready` once it does."""
    site = Site(feeds)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(site), "127.0.0.1", port, backlog=4096)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--feeds", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.feeds))
