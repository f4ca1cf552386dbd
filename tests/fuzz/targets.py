"""Hostile input for everything that reads what others wrote: each target says what must hold whatever comes.

`make fuzz MINUTES=10` runs each for so long; `test_short.py` runs each for a moment in every test run. What a fuzzer finds is kept in
tests/data/hostile/ and read by both.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import re
import socket
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import yaml
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.samples import ALERTS, NOW, article, evidence, headline, incident
from yarl import URL

from wirewatch.alerts.message import compose
from wirewatch.alerts.plan import plan
from wirewatch.alerts.render import render
from wirewatch.articles import export
from wirewatch.articles.discover import new_article
from wirewatch.articles.extract import extract
from wirewatch.articles.identity import host_of, normalise, source_of, url_id
from wirewatch.articles.kept import KeptPages, Page
from wirewatch.config import load_files
from wirewatch.dashboards import kql
from wirewatch.errors import ConfigError, FetchFailed, FetchRefused, ParseError
from wirewatch.feeds.parse import parse
from wirewatch.http_client import HttpClient
from wirewatch.http_client.addresses import GuardedResolver
from wirewatch.model import Entry, Feed
from wirewatch.pipeline.process import matcher_of

HOSTILE = Path(__file__).parents[1] / "data" / "hostile"
LIMIT_S = 20.0
"""No input of these sizes may take longer, on whatever machine; what is found slow here takes minutes."""

_NASTY = st.sampled_from(
    (
        "\x00", "\x0b", "\r\n", "\n\nBcc: victim@example.org", "\u202e", "\u200b",
        "\ufeff", "\ud800", "\U000e0041", "\u2028", "\xa0", "%00",
        "%0d%0aX-Evil: 1", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "data:text/html,x", "]]>",
        "<![CDATA[", "&lt;b&gt;", "&#0;", "&#xD800;", "&undefined;", "=cmd|' /C calc'!A0",
        "@SUM(1)", "+1", "-1+2", "\t=1", "{{7*7}}", "${x}",
        "!!python/object/apply:os.system ['true']", "*a", "&a", "? ", ": ", "- ", "|\n x", "../../../etc/passwd", "\\", "'", '"', "`", "..",
        "//", "http://", "https://user:pass@host/", "ﬁ", "İ", "ß", "ǅ",
        "Ⅷ", "１２", "کتاب", "북한", "中文", "e\u0301", "\u0345" * 9, "a" * 300,
    )
)  # fmt: skip
TEXT: SearchStrategy[str] = st.lists(st.one_of(_NASTY, st.text(max_size=12), st.characters()), max_size=12).map("".join)


def in_time(work: Callable[[], Any]) -> Any:
    """Do it, and see that it ends in time."""
    began = monotonic()
    try:
        return work()
    finally:
        assert monotonic() - began < LIMIT_S, f"took {monotonic() - began:.1f} s"


def fit(text: str, what: str) -> None:
    """Text that may be stored, sent and shown: valid Unicode without control characters."""
    text.encode("utf-8")
    assert not any(unicodedata.category(each) == "Cc" and each not in "\n\t" for each in text), (what, text)


# ---------------------------------------------------------------- feeds and pages

_TAGS = [
    "rss",
    "channel",
    "item",
    "title",
    "link",
    "guid",
    "description",
    "pubDate",
    "feed",
    "entry",
    "id",
    "summary",
    "content",
    "updated",
    "published",
    "author",
    "name",
    "rdf:RDF",
    "dc:date",
    "content:encoded",
    "media:content",
    "enclosure",
    "category",
    "image",
    "language",
    "ttl",
    "skipHours",
    "hour",
    "sy:updatePeriod",
    "atom:link",
    "div",
    "p",
    "b",
    "a",
    "script",
]
_VALUES = st.one_of(
    TEXT,
    st.sampled_from(
        ("Tue, 24 Nov 2026 06:40:00 GMT", "2026-11-24T06:40:00Z", "99 Foo 0000 99:99", "http://a.example/1", "", "1e999", "0x1")
    ),
)


@st.composite
def _markup(draw: st.DrawFn, depth: int = 4) -> str:
    tag = draw(st.sampled_from(_TAGS))
    attributes = "".join(
        f' {draw(st.sampled_from(("href", "type", "rel", "url", "xml:base", "isPermaLink", "xmlns", "src")))}="{draw(_VALUES)}"'
        for _ in range(draw(st.integers(0, 2)))
    )
    inner = draw(_VALUES) if depth == 0 else "".join(draw(st.one_of(_markup(depth - 1), _VALUES)) for _ in range(draw(st.integers(0, 4))))
    end = draw(st.sampled_from((f"</{tag}>", f"</{tag}>", f"</{tag}>", "", "</x>", "/>")))
    return f"<{tag}{attributes}>{inner}{end}"


_HEADS = st.sampled_from(
    (
        "", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-7"?>',
        '<?xml version="1.0" encoding="utf-16"?>', "\ufeff", "<!DOCTYPE html>",
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "&x;&x;">]>', '<?xml version="1.1" encoding="no-such"?>', "{", "[",
    )
)  # fmt: skip
_CODES = st.sampled_from(("utf-8", "utf-16", "latin-1", "cp1251", "euc-kr", "shift_jis", "utf-8"))


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Something like a feed or a page, well or badly formed, in any encoding, cut or spoilt at any place."""
    body = (draw(_HEADS) + draw(_markup())).encode(draw(_CODES), "replace")
    if draw(st.booleans()) and body:
        place = draw(st.integers(0, len(body)))
        body = body[:place] + draw(st.binary(max_size=8)) + body[place + draw(st.integers(0, 8)) :]
    return body[: draw(st.sampled_from((len(body), len(body), len(body) // 2)))]


def feeds(body: bytes, content_type: str) -> None:
    """A feed, or a clear no: every entry storable, with web addresses and aware dates, or none."""
    try:
        found = in_time(lambda: parse(body, url="https://a.example/feed", content_type=content_type))
    except ParseError:
        return
    for entry in found.entries:
        for what in ("id", "title", "summary", "content"):
            fit(getattr(entry, what), what)
        for url in (entry.url, entry.image, *entry.enclosures):
            assert url is None or urlsplit(url).scheme in ("http", "https"), url
        for at in (entry.published_at, entry.updated_at):
            assert at is None or at.tzinfo is not None
        assert entry.id
        assert (
            "<script" not in entry.title.lower() or "<script" in body.decode("utf-8", "replace").lower() or b"&" in body or b"\x00" in body
        )


def raw(body: bytes) -> None:
    """The same of no form at all."""
    feeds(body, "")
    pages(body, "")


def pages(body: bytes, content_type: str) -> None:
    """An extraction, or a clear no."""
    try:
        found = in_time(lambda: extract(body, url="https://a.example/page", content_type=content_type))
    except ParseError:
        return
    for what, text in (("title", found.title or ""), ("text", found.text), *(("author", each) for each in found.authors)):
        fit(text, what)
    for url in (found.canonical_url, found.image):
        assert url is None or urlsplit(url).scheme in ("http", "https"), url
    assert found.published_at is None or found.published_at.tzinfo is not None
    assert len(found.text) <= 20 * len(body) + 1000


# ---------------------------------------------------------------- addresses

_HOSTS = st.one_of(
    st.sampled_from(
        (
            "example.org", "EXAMPLE.org.", "xn--nxasmq6b.example", "münchen.example",
            "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]",
            "localhost", "a.localhost.", "１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "0177.1", "[fe80::1%25lo]", "user@example.org",
            "user:pw@127.0.0.1", "example.org@127.0.0.1", "127.0.0.1#@example.org", "a..b",
            "-a.example", "a_b.example", "ﬀ.example", "ß.example",
        )
    ),
    st.text(max_size=20),
)  # fmt: skip
ADDRESSES: SearchStrategy[str] = st.builds(
    lambda scheme, host, port, path, query, fragment: f"{scheme}{host}{port}{path}{query}{fragment}",
    st.sampled_from(("http://", "https://", "HTTP://", "http:/", "http:", "//", "ftp://", "javascript:", " https://", "http:\\\\", "")),
    _HOSTS,
    st.sampled_from(("", ":80", ":443", ":0", ":99999", ":", ":x", ":08080", ":٨٠")),
    st.one_of(st.sampled_from(("", "/", "/a/../b", "/%2e%2e/x", "/%E0%A4%A", "/a%2Fb", "/%", "/%zz", "/ä", "//x")), TEXT),
    st.one_of(st.sampled_from(("", "?", "?utm_source=x&id=1", "?a=%26b", "?&&", "?a=1&a=2")), TEXT.map(lambda text: "?" + text)),
    st.sampled_from(("", "#", "#x", "#?y")),
)


def addresses(url: str) -> None:
    """A normal form that stays itself, with the same host for everybody who reads it; or a ValueError."""
    try:
        normal = in_time(lambda: normalise(url))
    except ValueError:
        return
    assert normalise(normal) == normal, (url, normal)
    assert url_id(normal) == url_id(url)
    assert host_of(normal) == host_of(url)
    assert source_of(normal)
    assert normal.isascii(), normal
    assert not re.search(r"[\s\x00-\x20]", normal), normal
    try:
        read = URL(normal)
    except ValueError:
        return
    # Who asks must go where who decides thought it would.
    assert (read.host or "").rstrip(".").lower() in (host_of(normal), _unicode(host_of(normal))), (normal, read.host)


def _unicode(host: str) -> str:
    try:
        return str(URL.build(scheme="http", host=host).host)
    except ValueError:
        return host


_SECRET = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"


def inside(url: str, redirect: bool, resolved: tuple[str, ...]) -> None:
    """No request ever reaches this machine: not by a name that leads here, a number written oddly, or a redirect."""
    asyncio.run(_inside(url, redirect, resolved))


async def _inside(url: str, redirect: bool, resolved: tuple[str, ...]) -> None:
    reached: list[bytes] = []

    async def trap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            reached.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(_SECRET)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def guide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            place = _header(target)
            writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + place + b"\r\n\r\n")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def look_up(self: GuardedResolver, host: str, port: int, family: int) -> list[tuple[int, str]]:
        if host == "guide.localhost":
            return [(socket.AF_INET, "127.0.0.1")]
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, each) for each in resolved]

    server = await asyncio.start_server(trap, "127.0.0.1", 0)
    door = await asyncio.start_server(guide, "127.0.0.1", 0)
    port, way = server.sockets[0].getsockname()[1], door.sockets[0].getsockname()[1]
    target = url.replace("PORT", str(port))
    kept = GuardedResolver._look_up
    GuardedResolver._look_up = look_up  # type: ignore[method-assign]
    try:
        async with HttpClient(user_agent="test", allow_hosts=(f"guide.localhost:{way}",)) as client:
            with contextlib.suppress(FetchFailed, FetchRefused):
                await client.get(f"http://guide.localhost:{way}/" if redirect else target, timeout_s=3.0, max_bytes=1000)
            assert not reached, (url, redirect, reached)
    finally:
        GuardedResolver._look_up = kept  # type: ignore[method-assign]
        server.close()
        door.close()


def _header(url: str) -> bytes:
    return re.sub(rb"[\r\n\x00]", b"", url.encode("utf-8", "replace"))


INSIDE: SearchStrategy[str] = st.builds(
    lambda scheme, user, host, dots, path: f"{scheme}{user}{host}{dots}:PORT{path}",
    st.sampled_from(("http://", "HTTP://", "http:///", "http:/", "//", " http://", "http:\\\\", "http://\t")),
    st.sampled_from(("", "a@", "a:b@", "example.org@", "example.org:80@", "@", "example.org%40", "example.org#@", "example.org?@")),
    st.one_of(
        st.sampled_from(
            (
                "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001",
                "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0", "[::]",
                "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "[::1%25lo]",
                "[0:0:0:0:0:0:0:1]", "localhost", "LOCALHOST", "a.localhost",
                "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "１２７.０.０.１", "127。0。0。1", "127｡0｡0｡1", "①②⑦.0.0.1",
                "٠.٠.٠.٠", "inner.example", "INNER.example",
                "inner.example.", "xn--nner-0ra.example", "127.0.0.1%00", "127.0.0.1%2eexample.org",
            )
        ),
        st.integers(0, 2**32 + 10).map(str),
        st.tuples(*[st.sampled_from(("127", "0x7f", "0177", "00000177", "0", "1", "１", "0x0", "00"))] * 4).map(".".join),
    ),
    st.sampled_from(("", ".", "..", "。")),
    st.sampled_from(("", "/", "/x", "/\\@example.org", "?x", "#x")),
)  # fmt: skip
RESOLVED: SearchStrategy[tuple[str, ...]] = st.lists(
    st.sampled_from(
        (
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "fe80::1%lo",
            "2002:7f00:1::",
            "::",
        )
    ),
    min_size=1,
    max_size=4,
).map(tuple)


# ---------------------------------------------------------------- rules

_WORDS = st.one_of(
    st.sampled_from(("summit", "Kim*", "북한", "中国", "war", "*", "a*b", "", " ", "((", "[a]", "a\nb", "İstanbul", "ß")), TEXT
)
_RULES: SearchStrategy[Any] = st.recursive(
    st.one_of(
        _WORDS,
        st.builds(lambda word: {"concept": word}, st.sampled_from(("thing/war", "thing/none", ""))),
        st.builds(lambda word: {"phrase": word}, _WORDS),
        st.sampled_from((None, 1, [], {}, True, -1, 1e308)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda key, rules: {key: rules}, st.sampled_from(("all", "any", "none")), st.lists(inner, max_size=4)),
        st.builds(
            lambda rules, within: {"all": rules, "within": within},
            st.lists(inner, max_size=3),
            st.sampled_from(("2 sentences", "5 words", "paragraph", "document", "0 words", "x", "99999999999 words")),
        ),
        st.builds(
            lambda rules, least: {"any": rules, "at_least": least},
            st.lists(inner, max_size=3),
            st.sampled_from((0, 1, 2, -1, 10**9, "2", None)),
        ),
        st.builds(lambda rule, place: {"any": [rule], "in": place}, inner, st.sampled_from(("title", "lead", "text", "nowhere", 1))),
        st.builds(lambda rule, score: {"any": [rule], "min_score": score}, inner, st.sampled_from((0, 50, 100, 101, -1, "x"))),
    ),
    max_leaves=12,
)


def rules(rule: object, aliases: list[str], text: str) -> None:
    """A topic, or every problem with its file; what matches says where, and exactly what stands there."""
    files = {
        "wirewatch.yaml": "{}",
        "feeds.yaml": "feeds: {}",
        "publishers.yaml": "publishers: {}",
        "concepts/things.yaml": yaml.safe_dump({"concepts": {"thing/war": {"aliases": {"en": aliases or ["war"]}}}}, allow_unicode=True),
        "topics/some.yaml": yaml.safe_dump({"topics": [{"id": "some", "name": "Some", "rule": rule}]}, allow_unicode=True),
    }
    refused: ConfigError | None = None
    try:
        matcher = matcher_of(in_time(lambda: load_files(files)))
    except ConfigError as error:
        refused = error
    if refused is not None:
        assert refused.problems
        assert all(problem.file and problem.message for problem in refused.problems)
        return
    for match in in_time(
        lambda: matcher.match(title=text[:60], summary="", text=text, language="en", publisher="p", country=None, kind=None)
    ):
        assert 0 <= match.score <= 100
        for found in match.evidence:
            assert {"title": text[:60], "summary": "", "text": text}[found.field][found.start : found.end] == found.words


def config(text: str, name: str) -> None:
    """Any text as any file of config/: read, or refused with its place; never run, never another error."""
    text = text.encode("utf-8", "replace").decode()  # as it is read from a disk or a request
    problems = []
    try:
        in_time(lambda: load_files({"wirewatch.yaml": "{}", "feeds.yaml": "feeds: {}", name: text}))
    except ConfigError as refused:
        problems = refused.problems
    assert all(problem.file and problem.message for problem in problems)


_PIECES = (
    "topics:", "- id: a", "  rule: ", "feeds:", " a: {url: ", "}", "&a [*a, *a]", "!!python/name:os.system", "<<: *a", "\t", "? ", "---",
    "...", "%TAG ! x", "0o7", "2026-11-24", "~", "'", '"', "|", ">",
)  # fmt: skip
YAML: SearchStrategy[str] = st.one_of(TEXT, st.lists(st.sampled_from(_PIECES), max_size=10).map("\n".join))


# ---------------------------------------------------------------- mail, tables, queries


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


_HEADERS = frozenset(
    [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "auto-submitted",
        "x-auto-response-suppress",
        "importance",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    ]
)


def mail(title: str, words: str, name: str, url: str) -> None:
    """Whatever the news puts into it, a mail has our headers and recipients, and its page runs nothing and links to nothing but the web."""
    said = replace(headline(1), title=title, words=(words,) if words else (), publisher_name=name, url=url)
    value = incident(
        topic_name=name or "Topic",
        evidence=evidence(headlines=(said,), first=said, words=((words, 3),), new_words=(title,), top_publishers=((name, 2),)),
    )
    message = plan(value, "opened", settings=ALERTS, topic_notify=("desk",), now=NOW)[0]
    made = in_time(lambda: compose(message, render(message, settings=ALERTS, now=NOW), sender=ALERTS.sender))
    read = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert all(each.lower() in _HEADERS or each.lower().startswith("x-wirewatch-") for each in read), list(read)
    assert str(read["To"]) == "desk@newsdesk.example"
    assert len(read.get_all("Subject") or []) == 1
    html = read.get_body(("html",))
    assert html is not None
    for tag, attributes in _Page(html.get_content()).found:
        assert tag not in ("script", "iframe", "object", "embed", "form", "input", "base", "svg"), tag
        for attribute, target in attributes:
            assert not attribute.startswith("on"), attribute
            if attribute in ("href", "src"):
                assert (target or "").lower().startswith(("http://", "https://", "cid:", "mailto:")), target


def tables(title: str, url: str, snippet: str) -> None:
    """What is exported is one row a document, and no cell that a spreadsheet would run; the RSS is XML."""
    told = article(title=title, url=url, publisher_name=title)
    line = export.csv_row(export.row(told, snippet))
    [cells] = list(csv.reader(io.StringIO(line)))
    assert len(cells) == len(export.COLUMNS)
    assert not any(cell.strip()[:1] in ("=", "+", "-", "@") for cell in cells), cells
    tree = ET.fromstring(export.rss([(told, snippet)], title=title, link="https://x.example/").encode("utf-8", "surrogatepass"))
    assert len(tree.findall("./channel/item")) == 1


def paths(id: str, url: str, name: str) -> None:
    """Nothing that a feed, a page or a rule says becomes part of a path: pages are kept in their month's folder, under a hash."""
    entry = Entry(id=id, url=url or None, title=name, summary="")
    feed = Feed(id="paper", url="https://paper.example/rss")
    with contextlib.suppress(ValueError):
        made = new_article(entry, feed, publishers={}, owners={}, language=None, home="https://paper.example/", now=NOW, counted=None)
        assert re.fullmatch("[0-9a-f]{16,64}", made.id), made.id
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "pages"
            page = Page(url=made.url, content_type=name, body=id.encode("utf-8", "replace"))
            asyncio.run(KeptPages(place).keep(made.id, NOW, page))
            assert [str(each.relative_to(folder)) for each in Path(folder).rglob("*") if each.is_file()] == [
                f"pages/{NOW:%Y-%m}/{made.id}.html.gz"
            ]
            assert asyncio.run(KeptPages(place).read(made.id, NOW)) == page
    for file, section in (("feeds.yaml", "feeds"), ("publishers.yaml", "publishers")):
        text = yaml.safe_dump({section: {name: {"url": "https://paper.example/rss"} if section == "feeds" else {"name": "Paper"}}})
        with contextlib.suppress(ConfigError):
            bundle = load_files({"wirewatch.yaml": "{}", "feeds.yaml": "feeds: {}", file: text})
            for known in (*(feed.id for feed in bundle.feeds), *(publisher.id for publisher in bundle.publishers)):
                assert not re.search(r"[\s#|,\"'\\*?<>:\x00]", known), known


def queries(text: str) -> None:
    """A query of the dashboards' language, or a ValueError; nothing but what Elasticsearch's query types take."""
    try:
        query, _ = in_time(lambda: kql.parse(text))
    except ValueError:
        return
    kinds = {"match_all", "bool", "range", "exists", "match_phrase", "wildcard", "match"}
    assert set(query) <= kinds, query


KQL: SearchStrategy[str] = st.lists(
    st.one_of(st.sampled_from(("a", ":", "and", "or", "not", "(", ")", '"', "*", ">=", "<", "\\", '"x y"', "topic", " ")), TEXT),
    max_size=14,
).map(" ".join)

TARGETS: dict[str, tuple[Callable[..., None], tuple[SearchStrategy[Any], ...]]] = {
    "feeds": (feeds, (documents(), st.sampled_from(("", "text/html", "application/rss+xml; charset=utf-7", "application/json")))),
    "pages": (pages, (documents(), st.sampled_from(("", "text/html; charset=euc-kr", "application/xhtml+xml")))),
    "bytes": (raw, (st.binary(max_size=400),)),
    "addresses": (addresses, (ADDRESSES,)),
    "inside": (inside, (INSIDE, st.booleans(), RESOLVED)),
    "rules": (rules, (_RULES, st.lists(_WORDS, max_size=4), TEXT)),
    "config": (config, (YAML, st.sampled_from(("topics/a.yaml", "concepts/a.yaml", "feeds.yaml", "wirewatch.yaml", "publishers.yaml")))),
    "mail": (mail, (TEXT, TEXT, TEXT, st.one_of(ADDRESSES, TEXT))),
    "tables": (tables, (TEXT, ADDRESSES, TEXT)),
    "queries": (queries, (KQL,)),
    "paths": (paths, (TEXT, st.one_of(ADDRESSES, TEXT), TEXT)),
}
"""By name: what must hold, and what it is tried on."""
