"""The press and the mail server of soak.py, in a process of their own: what is out depends on the clock that is set, and nothing else."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate, product
from random import Random
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP
from tests.faults.newsroom import Piece

LISTED = 20
SENTENCES = 5
"""Of a page: about a hundred words, so that reading it costs little."""
EVENT_EVERY = timedelta(days=3)
REPORTS = 12
"""Outlets that report each event within two hours."""
_EVENT = "Vladimir Putin received Kim Jong Un in Vladivostok, where Russia and North Korea signed an agreement on arms and workers."

_WORDS = [
    "".join(parts)
    for parts in product(("br", "l", "st", "m", "tr", "p", "gl", "v"), ("a", "e", "o"), ("nd", "r", "lt", "s"), ("er", "in", "al", "ock"))
]
_OFTEN = list(accumulate(1 / (place + 10) for place in range(len(_WORDS))))
"""Some words are much oftener used than others."""


_SMALL = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "that",
    "for",
    "on",
    "with",
    "said",
    "from",
    "by",
    "at",
    "was",
    "has",
    "will",
    "after",
    "its",
    "as",
    "would",
    "not",
    "their",
    "were",
    "been",
    "this",
]


def _sentence(chance: Random) -> str:
    """English by its small words; all are drawn by chance, as pieces with phrases in common would be compared as copies may be."""
    words = [chance.choice(_SMALL) if chance.random() < 0.45 else chance.choices(_WORDS, cum_weights=_OFTEN)[0] for _ in range(18)]
    return f"{' '.join(words).capitalize()} {chance.randrange(100, 99999)}."


@dataclass
class Press:
    """So many outlets, which bring so many articles between them over so many days, and events besides."""

    feeds: int
    articles: int
    start: datetime
    days: int
    port: int = 0
    now: datetime = field(init=False)
    mails: int = 0

    def __post_init__(self) -> None:
        self.now = self.start
        self.each = max(1, self.articles // self.feeds)

    def when(self, outlet: int, number: int) -> datetime:
        """The moment at which an outlet's n-th piece is out: evenly, but for chance."""
        place = (number + Random(f"{outlet}/{number}").random()) / self.each
        return self.start + timedelta(days=self.days) * place

    def out(self, outlet: int) -> list[tuple[str, datetime]]:
        """Ids of what an outlet has published, newest first, as many as it lists."""
        share = (self.now - self.start) / timedelta(days=self.days)
        last = min(self.each, int(share * self.each) + 2)
        found = [(f"{outlet}-{number}", self.when(outlet, number)) for number in range(max(0, last - LISTED - 2), last)]
        if outlet < REPORTS:
            happened = int((self.now - self.start) / EVENT_EVERY)
            first = self.start + timedelta(hours=12, minutes=9 * outlet)
            found += [(f"{outlet}-event{number}", first + number * EVENT_EVERY) for number in range(max(1, happened - 1), happened + 1)]
        return sorted((each for each in found if each[1] <= self.now), key=lambda each: each[1], reverse=True)[:LISTED]

    def published(self) -> int:
        """How much is out in all."""
        events = sum(
            self.start + timedelta(hours=12, minutes=9 * outlet) + number * EVENT_EVERY <= self.now
            for outlet in range(min(REPORTS, self.feeds))
            for number in range(1, self.days // EVENT_EVERY.days + 1)
        )
        return events + sum(self.when(outlet, number) <= self.now for outlet in range(self.feeds) for number in range(self.each))

    def told(self, id: str) -> Piece:
        """A piece in words of its own."""
        chance = Random(id)
        text = " ".join(_sentence(chance) for _ in range(SENTENCES))
        title = " ".join(chance.choices(_WORDS, k=8)).capitalize()
        if "event" in id:
            title, text = f"Putin and Kim Jong Un: {title}", f"{_EVENT} {text}"
        return Piece(id=id, outlet=id.partition("-")[0], at=self.start, topic="", story=id, title=title, text=text)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A feed, a page, or what soak.py asks."""
        if request.path == "/clock":
            self.now = datetime.fromisoformat(request.query["now"])
            return web.Response()
        if request.path == "/figures":
            return web.json_response({"published": self.published(), "mails": self.mails})
        outlet = int(request.host.partition(".")[0].removeprefix("paper"))
        if request.path == "/rss":
            return self._feed(request, outlet)
        if not request.path[1:].startswith(f"{outlet}-"):
            return web.Response(status=404)
        found = self.told(request.path[1:])
        paragraphs = "".join(f"<p>{sentence}.</p>" for sentence in found.text.split(". "))
        body = f"<article><h1>{found.title}</h1>{paragraphs}</article>"
        page = f"<html lang=en><head><title>{found.title}</title></head><body>{body}</body></html>"
        return web.Response(text=page, content_type="text/html")

    def _feed(self, request: web.Request, outlet: int) -> web.StreamResponse:
        listed = self.out(outlet)
        etag = f'"{listed[0][0] if listed else ""}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        items = "".join(
            f"<item><title>{self.told(id).title}</title><link>http://paper{outlet}.localhost:{self.port}/{id}</link><guid>{id}</guid>"
            f"<pubDate>{format_datetime(at)}</pubDate></item>"
            for id, at in listed
        )
        body = f'<rss version="2.0"><channel><title>Paper {outlet}</title>{items}</channel></rss>'
        return web.Response(text=body, content_type="application/rss+xml", headers={"ETag": etag})

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - aiosmtpd calls it so
        """Count a mail."""
        self.mails += 1
        return "250 taken"


async def serve(press: Press, mail_port: int) -> None:
    """Answer until the process ends."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", press.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", press.port).start()
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: SMTP(press, hostname="localhost", loop=loop), "127.0.0.1", mail_port)
    await asyncio.Event().wait()


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser()
    for name in ("feeds", "articles", "days", "port", "mail-port"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--start", type=datetime.fromisoformat, required=True)
    given = parser.parse_args()
    press = Press(feeds=given.feeds, articles=given.articles, start=given.start, days=given.days, port=given.port)
    asyncio.run(serve(press, given.mail_port))


if __name__ == "__main__":
    main()
