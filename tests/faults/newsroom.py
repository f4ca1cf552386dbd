"""A small press that keeps a ledger of everything it published, and servers that can be broken on purpose."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.utils import format_datetime
from random import Random
from typing import Any, TypeVar

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

T = TypeVar("T")

HANG_S = 4.0
"""Longer than a step waits for the mail server."""
OUTLETS = tuple(f"outlet-{number}" for number in range(12))
SUBJECTS = {"ties": "Khasan", "trade": "tariffs", "": "harvest"}
"""The word that a piece has where it is about a topic."""
_NOUNS, _VERBS, _PEOPLE = (
    words.split()
    for words in (
        "bridge ferry council harbour railway orchard library museum factory valley market school airport mill canal tower garden theatre "
        "bakery quarry station forest island chapel stadium archive lighthouse reservoir vineyard shipyard",
        "repair close open paint rent extend inspect sell heat insure guard photograph measure restore lease drain",
        "Adler Brandt Castell Dorsey Eklund Farrow Greer Halloran Ibarra Jansen Kessel Lomax Moreau Nyberg Osborne Pruitt",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One published article."""

    id: str
    outlet: str
    at: datetime
    topic: str
    story: str
    title: str
    text: str


def piece(id: str, outlet: str, at: datetime, topic: str = "", *, story: str | None = None) -> Piece:
    """An article in words of its own; pieces of one story have the same words."""
    chance = Random(story or id)
    subject = SUBJECTS[topic]

    def some(words: Sequence[str]) -> str:
        return chance.choice(words)

    sentences = []
    for _ in range(9):
        number = chance.randrange(100, 9999)
        sentences.append(
            f"{some(_PEOPLE)} said the {some(_NOUNS)} near the {some(_NOUNS)} would cost {number} crowns to {some(_VERBS)}, and "
            f"{some(_PEOPLE)} asked whether the {some(_NOUNS)} could {some(_VERBS)} the {some(_NOUNS)} before winter instead."
        )
    title = (
        f"{some(_PEOPLE)} and {some(_PEOPLE)} on {subject}: the {some(_NOUNS)}, the {some(_NOUNS)} and {chance.randrange(10_000)} crowns"
    )
    text = " ".join([f"Talk of {subject} filled the {some(_NOUNS)} of {some(_PEOPLE)}ton on the day.", *sentences])
    return Piece(id=id, outlet=outlet, at=at, topic=topic, story=story or id, title=title, text=text)


class Background:
    """An event loop in a thread, for servers that must answer while a test waits."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="servers", daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something there, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def stop(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


@contextmanager
def background() -> Iterator[Background]:
    """A loop for as long as the block lasts."""
    found = Background()
    try:
        yield found
    finally:
        found.stop()


@dataclass
class Newsroom:
    """All outlets on `<outlet>.localhost`: what each lists, and its pages; what is out at `now`."""

    now: datetime
    ledger: dict[str, Piece] = field(default_factory=dict)
    down: Callable[[web.Request], bool] = lambda _: False
    """Whether a request is answered 503."""
    port: int = 0
    listed: int = 60
    asked: int = 0
    _runner: web.AppRunner | None = None

    def publish(self, *pieces: Piece) -> None:
        """Enter pieces into the ledger; they are out from their time on."""
        for each in pieces:
            assert each.id not in self.ledger
            self.ledger[each.id] = each

    def begin_anew(self, now: datetime) -> None:
        """Forget everything."""
        self.now, self.ledger, self.down = now, {}, lambda _: False

    def url(self, of: Piece) -> str:
        """Where a piece is read."""
        return f"http://{of.outlet}.localhost:{self.port}/{of.id}"

    async def serve(self) -> None:
        """Listen on a port of its own."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        outlet = request.host.partition(".")[0]
        if self.down(request):
            return web.Response(status=503)
        if request.path == "/rss":
            return self._feed(request, outlet)
        found = self.ledger.get(request.path[1:])
        if found is None or found.outlet != outlet or found.at > self.now:
            return web.Response(status=404)
        paragraphs = "".join(f"<p>{sentence}.</p>" for sentence in found.text.split(". "))
        body = f"<article><h1>{found.title}</h1>{paragraphs}</article>"
        page = f"<html lang=en><head><title>{found.title}</title></head><body>{body}</body></html>"
        return web.Response(text=page, content_type="text/html")

    def _feed(self, request: web.Request, outlet: str) -> web.StreamResponse:
        own = sorted((each for each in self.ledger.values() if each.outlet == outlet and each.at <= self.now), key=lambda each: each.at)
        items = "".join(
            f"<item><title>{each.title}</title><link>{self.url(each)}</link><guid>{each.id}</guid>"
            f"<pubDate>{format_datetime(each.at)}</pubDate></item>"
            for each in own[::-1][: self.listed]
        )
        body = f'<rss version="2.0"><channel><title>{outlet}</title>{items}</channel></rss>'
        etag = f'"{hash(body)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=body, content_type="application/rss+xml", headers={"ETag": etag})


@dataclass
class Mailbox:
    """A mail server that can be away; keeps the recipient and Message-ID of everything it took."""

    got: list[tuple[str, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """For the next messages: an answer, `lost` (taken, and the connection broken before the answer), or `hang` (taken, and no answer)."""
    mute: bool = False
    """Connections are taken, and nothing is ever said."""
    port: int = 0
    _server: asyncio.Server | None = None

    async def serve(self) -> None:
        """Listen, on the same port again after it was away."""
        loop = asyncio.get_running_loop()

        def greet() -> asyncio.BaseProtocol:
            return asyncio.Protocol() if self.mute else SMTP(self, hostname="localhost", loop=loop)

        self._server = await loop.create_server(greet, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Be away."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        """Take a message, or do what is to be done."""
        answer = self.answers.pop(0) if self.answers else "250 taken"
        assert isinstance(envelope.content, bytes)
        if answer in ("lost", "hang") or answer.startswith("250"):
            self.got.append((envelope.rcpt_tos[0], str(message_from_bytes(envelope.content)["Message-ID"])))
        if answer == "hang":
            await asyncio.sleep(HANG_S)
        if answer in ("lost", "hang"):
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]
        return answer


def copied(of: Piece, outlet: str, at: datetime) -> Piece:
    """The same text in another outlet."""
    return replace(of, id=f"{of.id}-in-{outlet}", outlet=outlet, at=at)
