"""`wirewatch parse-feed` and what of `wirewatch feeds` needs no store."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from aiohttp import web
from typer.testing import CliRunner, Result

from wirewatch.cli import feeds
from wirewatch.config import load

RSS = """<rss version="2.0"><channel><title>World</title><link>https://www.example.org/</link><item><title>Talks</title><link>/a</link>
<guid isPermaLink="false">tag-1</guid><description>They &lt;b&gt;go on&lt;/b&gt;.</description><author>jane@example.org (Jane)</author>
<pubDate>Mon, 24 Nov 2025 10:00:00 +0900</pubDate></item></channel></rss>"""
PAGE = '<html><link rel="alternate" type="application/rss+xml" href="/rss"></html>'
OPML = """<opml version="2.0"><body><outline text="Asia"><outline text="New one" xmlUrl="https://new.example/f"/></outline>
<outline text="BBC" xmlUrl="http://www.bbc.example/world/"/><outline text="x" xmlUrl="ftp://x.example/"/></body></opml>"""
FEEDS = """# ours
feeds:
  bbc: {url: "https://bbc.example/world", name: BBC, tags: [world]}  # stays
"""


def run(*arguments: str | Path) -> Result:
    root = typer.Typer()
    feeds.register(root)
    return CliRunner().invoke(root, [str(each) for each in arguments])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "wirewatch.yaml").write_text("polling: {allow_hosts: ['*.localhost'], timeout: 5s}\n")
    (folder / "feeds.yaml").write_text(FEEDS)
    return folder


@contextmanager
def serving(answers: dict[str, web.Response]) -> Iterator[str]:
    """The address of a server in a thread of its own: commands run an event loop of theirs."""
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        async def answer(request: web.Request) -> web.Response:
            given = answers[request.path]
            return web.Response(status=given.status, body=given.body, headers=given.headers)

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.update(loop=asyncio.get_running_loop(), stop=asyncio.Event(), port=runner.addresses[0][1])
        ready.set()
        await found["stop"].wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield f"http://a.localhost:{found['port']}"
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join()


def test_parse_feed_has_one_line_a_file_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(RSS)
    (tmp_path / "b.xml.gz").write_bytes(gzip.compress(RSS.encode()))
    (tmp_path / "c.html").write_text(PAGE)
    (tmp_path / "d.xml").write_text("")
    names = ["a.xml", "c.html", "none.xml", "d.xml", "b.xml.gz"]
    result = run("parse-feed", *(tmp_path / name for name in names), "--json", "--url", "https://www.example.org/feed")
    assert result.exit_code == 1
    first, page, missing, empty, packed = lines(result)
    assert first == {
        "file": str(tmp_path / "a.xml"),
        "title": "World",
        "format": "rss20",
        "entries": [
            {
                "id": "tag-1",
                "url": "https://www.example.org/a",
                "title": "Talks",
                "summary": "They go on.",
                "published_at": "2025-11-24T01:00:00+00:00",
                "authors": ["Jane"],
            }
        ],
        "problems": [],
    }
    assert packed == {**first, "file": str(tmp_path / "b.xml.gz")}
    assert page["entries"] == []
    assert page["problems"] == ["a page (HTML), not a feed; it advertises 1", "advertises https://www.example.org/rss"]
    assert missing["problems"] == ["No such file or directory"]
    assert empty["problems"] == ["empty"]


def test_parse_feed_for_people(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(RSS)
    result = run("parse-feed", tmp_path / "a.xml")
    assert result.exit_code == 0
    assert "World · rss20 · 1 entries" in result.stdout
    assert "2025-11-24 01:00  Talks" in result.stdout


def test_check_tells_what_was_found(config: Path) -> None:
    answers = {
        "/rss": web.Response(body=RSS.encode(), headers={"Content-Type": "application/rss+xml", "ETag": '"a"', "X-Other": "1"}),
        "/old": web.Response(status=301, headers={"Location": "/rss"}),
        "/": web.Response(body=PAGE.encode(), headers={"Content-Type": "text/html"}),
        "/bad": web.Response(body=b"nothing"),
        "/busy": web.Response(status=503, headers={"Retry-After": "120"}),
    }
    with serving(answers) as address:
        good, page, bad, busy = (
            run("feeds", "check", f"{address}{path}", "--config", config, "--json") for path in ("/old", "/", "/bad", "/busy")
        )
        shown = run("feeds", "check", f"{address}/old", "--config", config)
        shown_page = run("feeds", "check", f"{address}/", "--config", config)
    assert (good.exit_code, page.exit_code, bad.exit_code, busy.exit_code) == (0, 1, 1, 1)
    (told,) = lines(good)
    assert (told["outcome"], told["status"], told["final_url"], told["title"]) == ("ok", 200, f"{address}/rss", "World")
    assert told["redirects"] == [{"status": 301, "url": f"{address}/rss"}]
    assert told["headers"]["etag"] == '"a"'
    assert "x-other" not in told["headers"]
    assert told["entries"][0]["title"] == "Talks"
    assert (lines(page)[0]["outcome"], lines(page)[0]["advertised"]) == ("not_a_feed", [f"{address}/rss"])
    assert lines(bad)[0]["outcome"] == "malformed"
    assert (lines(busy)[0]["outcome"], lines(busy)[0]["retry_after_s"]) == ("unavailable", 120)
    assert "Talks" in shown.stdout
    assert f"advertises {address}/rss" in shown_page.stdout


def test_check_takes_an_id_and_refuses_what_is_neither(config: Path) -> None:
    with serving({"/rss": web.Response(body=RSS.encode())}) as address:
        (config / "feeds.yaml").write_text(f"feeds:\n  mine: {{url: '{address}/rss', headers: {{X-Key: '${{FEEDS_TEST_KEY}}'}}}}\n")
        without = run("feeds", "check", "mine", "--config", config, "--json")
    assert lines(without)[0]["outcome"] != "ok"
    assert "FEEDS_TEST_KEY" in lines(without)[0]["problem"]
    assert run("feeds", "check", "min", "--config", config).exit_code == 2


def test_check_refuses_private_addresses(config: Path) -> None:
    (config / "wirewatch.yaml").write_text("{}\n")
    result = run("feeds", "check", "http://127.0.0.1:9/", "--config", config, "--json")
    assert (result.exit_code, lines(result)[0]["outcome"]) == (1, "refused_address")


def test_import_adds_below_and_names_duplicates(config: Path, tmp_path: Path) -> None:
    (tmp_path / "my.opml").write_text(OPML)
    tried = run("feeds", "import", tmp_path / "my.opml", "--config", config, "--dry-run")
    assert "1 would be added, 1 there already, 1 refused" in tried.stdout
    assert (config / "feeds.yaml").read_text() == FEEDS
    result = run("feeds", "import", tmp_path / "my.opml", "--config", config, "--json")
    assert result.exit_code == 0
    assert [(row["what"], row["id"]) for row in lines(result)] == [("added", "new-one"), ("duplicate", "bbc"), ("refused", None)]
    assert (config / "feeds.yaml").read_text().startswith(FEEDS)
    assert {feed.id: feed.tags for feed in load(config).feeds} == {"bbc": ("world",), "new-one": ("Asia",)}
    again = run("feeds", "import", tmp_path / "my.opml", "--config", config)
    assert "0 added" in again.stdout
    assert not list(config.glob(".*"))


def test_import_of_what_is_no_opml_changes_nothing(config: Path, tmp_path: Path) -> None:
    (tmp_path / "my.opml").write_text(RSS)
    result = run("feeds", "import", tmp_path / "my.opml", "--config", config)
    assert result.exit_code == 1
    assert "not OPML" in result.stderr
    assert (config / "feeds.yaml").read_text() == FEEDS


def test_export_is_what_import_reads(config: Path, tmp_path: Path) -> None:
    exported = run("feeds", "export", "--config", config)
    assert exported.exit_code == 0
    (tmp_path / "out.opml").write_text(exported.stdout)
    (config / "feeds.yaml").write_text("feeds: {}\n")
    assert run("feeds", "import", tmp_path / "out.opml", "--config", config).exit_code == 0
    assert [(feed.id, feed.url, feed.tags) for feed in load(config).feeds] == [("bbc", "https://bbc.example/world", ("world",))]
