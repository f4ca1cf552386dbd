"""Serves the newsroom: every outlet a virtual host on one loopback port."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from html import escape

from aiohttp import web

from wirewatch.demo import feeds, pages
from wirewatch.demo.newsroom import STORY_SPREAD, Newsroom
from wirewatch.demo.outlets import BY_ID, OUTLETS, Outlet
from wirewatch.demo.stories import NAMES

NEWSROOM = web.AppKey("newsroom", Newsroom)
AHEAD = timedelta(days=2)
"""How much of the days to come is written when the newsroom starts."""


def create_app(newsroom: Newsroom) -> web.Application:
    """The site of all outlets."""
    app = web.Application()
    app[NEWSROOM] = newsroom
    app.router.add_put("/control", _control)
    app.router.add_get("/{path:.*}", _answer)
    return app


@asynccontextmanager
async def serve(newsroom: Newsroom) -> AsyncIterator[str]:
    """Serve on 127.0.0.1 and the newsroom's port until the block ends; yields the address of the list of outlets."""
    runner = web.AppRunner(create_app(newsroom), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", newsroom.port).start()
        yield f"http://localhost:{newsroom.port}/"
    finally:
        await runner.cleanup()


async def _answer(request: web.Request) -> web.StreamResponse:
    newsroom = request.app[NEWSROOM]
    host = request.host.partition(":")[0].lower()
    outlet = BY_ID.get(host.removesuffix(".localhost"))
    if outlet is None:
        return _page(_index(newsroom), "utf-8")
    path = request.path
    if outlet.moved_from and path == outlet.moved_from:
        return web.Response(status=301, headers={"Location": newsroom.base(outlet) + outlet.feed_path})
    if path == outlet.feed_path:
        return await _feed(request, newsroom, outlet)
    if path == "/robots.txt":
        return web.Response(text="User-agent: *\nDisallow: /admin/\n")
    if path.startswith("/img/"):
        return web.Response(body=_drawing(path), content_type="image/svg+xml")
    base = newsroom.base(outlet)
    if path.startswith("/opinion/") and path[9:].isdigit():
        return _page(pages.opinion(outlet, base, int(path[9:])), outlet.charset)
    if path in ("/", "/about"):
        return _page(pages.front(outlet, base, newsroom.latest(outlet)), outlet.charset)
    piece = newsroom.page(base + request.path_qs)
    if piece is None:
        raise web.HTTPNotFound(text="404\n")
    # Half of the houses name the character set in the header, the others leave it to the page.
    return _page(pages.article(outlet, base, piece), outlet.charset if outlet.style != "flat" else None)


async def _control(request: web.Request) -> web.Response:
    """Move the newsroom's clock or let its story break; only for the one who runs it: browsers ask before they PUT JSON elsewhere.

    Takes any of `clock` (a time to stand at, null: the clock on the wall), `live` (whether slow feeds are slow), `break_in_s` and
    `spread_s`; answers what is out and what the story added.
    """
    newsroom = request.app[NEWSROOM]
    if request.host.partition(":")[0] not in ("localhost", "127.0.0.1") or request.content_type != "application/json":
        raise web.HTTPForbidden(text="403\n")
    wanted = await request.json()
    if "clock" in wanted:
        newsroom.set_clock(datetime.fromisoformat(wanted["clock"]) if wanted["clock"] else _wall)
    newsroom.live = bool(wanted.get("live", newsroom.live))
    told: list[dict[str, str]] = []
    if "break_in_s" in wanted:
        spread = timedelta(seconds=float(wanted.get("spread_s", STORY_SPREAD.total_seconds())))
        pieces = newsroom.break_story(newsroom.now() + timedelta(seconds=float(wanted["break_in_s"])), spread=spread)
        told = [{"url": piece.url, "title": piece.title, "published_at": piece.published_at.isoformat()} for piece in pieces]
    now = newsroom.now()
    return web.json_response(
        {"now": now.isoformat(), "articles": sum(piece.published_at <= now for piece in newsroom.ledger), "story": told}
    )


def _wall() -> datetime:
    return datetime.now(UTC)


async def _feed(request: web.Request, newsroom: Newsroom, outlet: Outlet) -> web.StreamResponse:
    if outlet.feed == "gone":
        return web.Response(status=410, text="This feed has been closed.\n")
    base = newsroom.base(outlet)
    if outlet.feed == "html":
        return _page(pages.front(outlet, base, []), outlet.charset)
    if outlet.delay_s and newsroom.live:
        await asyncio.sleep(outlet.delay_s)
    pieces = newsroom.latest(outlet)
    body = feeds.feed(outlet, base, pieces)
    changed = pieces[0].published_at if pieces else datetime(2000, 1, 1, tzinfo=UTC)
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {}
    if "etag" in outlet.validators:
        headers["ETag"] = etag
    if "last-modified" in outlet.validators:
        headers["Last-Modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
    if _unchanged(request, outlet, etag, changed):
        return web.Response(status=304, headers=headers)
    response = web.Response(body=body, headers=headers)
    response.content_type = feeds.CONTENT_TYPES[outlet.feed]
    response.enable_compression()
    return response


def _unchanged(request: web.Request, outlet: Outlet, etag: str, changed: datetime) -> bool:
    """RFC 9110: If-None-Match decides where it is sent, If-Modified-Since otherwise."""
    if "etag" in outlet.validators and (wanted := request.headers.get("If-None-Match")):
        return etag in [item.strip().removeprefix("W/") for item in wanted.split(",")]
    if "last-modified" in outlet.validators and (since := request.headers.get("If-Modified-Since")):
        try:
            return changed.replace(microsecond=0) <= parsedate_to_datetime(since)
        except ValueError:
            return False
    return False


def _page(body: bytes, charset: str | None) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": f"text/html; charset={charset}" if charset else "text/html"})


def _drawing(path: str) -> bytes:
    """A picture of hills, in colours of its own."""
    hue = int(hashlib.sha256(path.encode()).hexdigest()[:4], 16) % 360
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 300">'
        f'<rect width="640" height="300" fill="hsl({hue},35%,82%)"/><circle cx="{80 + hue}" cy="80" r="36" fill="hsl({hue},60%,93%)"/>'
        f'<path d="M0 220 Q160 {120 + hue % 60} 320 210 T640 190 V300 H0Z" fill="hsl({hue},30%,60%)"/>'
        f'<path d="M0 260 Q200 190 400 250 T640 240 V300 H0Z" fill="hsl({hue},30%,45%)"/></svg>'
    ).encode()


def _index(newsroom: Newsroom) -> bytes:
    rows = "".join(
        f'<li><a href="{newsroom.base(outlet)}/">{escape(outlet.name)}</a> — {outlet.language}, '
        f'<a href="{newsroom.base(outlet)}{outlet.feed_path}">feed</a></li>'
        for outlet in OUTLETS
    )
    return f'<!doctype html><meta charset="utf-8"><title>Newsroom</title><h1>Newsroom</h1><ul>{rows}</ul>'.encode()


async def _run(newsroom: Newsroom, story_after: float | None) -> None:
    # A controlled one is told when: its past is loaded without anybody waiting for slow feeds.
    newsroom.live = story_after is not None
    if story_after is not None:
        newsroom.break_story(datetime.now(UTC) + timedelta(seconds=story_after))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serve(newsroom) as address:
        print(f"{len(newsroom.ledger)} articles, {address}", flush=True)  # noqa: T201 - what the command is for
        await stopped.wait()


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a newsroom until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m wirewatch.demo.newsroom", description="Serve the demo newsroom on loopback.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--story", default="none", choices=("none", *NAMES), help="which story breaks")
    parser.add_argument("--story-after", type=float, default=30.0, metavar="SECONDS", help="when it breaks, after the start")
    parser.add_argument("--controlled", action="store_true", help="let it break when /control is told to")
    parser.add_argument("--days", type=int, default=21, help="days of coverage before now")
    parser.add_argument("--start", type=_time, metavar="TIME", help="the first day of coverage, instead of --days")
    parser.add_argument("--port", type=int, default=8990)
    parser.add_argument("--ledger", action="store_true", help="print what it publishes as JSON Lines and end")
    given = parser.parse_args(arguments)
    now = datetime.now(UTC).replace(microsecond=0)
    newsroom = Newsroom(given.seed, given.story, given.start or now - timedelta(days=given.days), now + AHEAD, port=given.port)
    if given.ledger:
        newsroom.break_story(now + timedelta(seconds=given.story_after))
        for line in newsroom.ledger.lines():
            print(line)  # noqa: T201 - what the command is for
        return 0
    asyncio.run(_run(newsroom, None if given.controlled else given.story_after))
    return 0
