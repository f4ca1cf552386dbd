"""The client against real servers, friendly and hostile ones."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from aiohttp import web
from backports import zstd

from wirewatch.errors import FetchFailed, FetchRefused
from wirewatch.http import Answer, Outcome
from wirewatch.http_client import HttpClient
from wirewatch.http_client.addresses import AddressRefusedError, GuardedResolver, Policy, is_public

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TEXT = ("The quick brown fox jumps over the lazy dog. " * 50).encode()
MB = 1_000_000


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that answers every path with `handler`."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def speaking(raw: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """The port of a server that says what `raw` writes, whatever it is asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await raw(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def fetch(url: str, *, allow: tuple[str, ...] = ("*.localhost",), **options: Any) -> Answer:
    async with HttpClient(user_agent="Test/1 (+mailto:desk@example.org)", allow_hosts=allow) as client:
        return await client.get(url, **{"timeout_s": 10.0, "max_bytes": MB, **options})


def answer(handler: Handler, path: str = "/", **options: Any) -> Answer:
    async def run() -> Answer:
        async with serving(handler) as port:
            return await fetch(f"http://a.localhost:{port}{path}", **options)

    return asyncio.run(run())


def outcome(handler: Handler, path: str = "/", **options: Any) -> FetchFailed | FetchRefused:
    with pytest.raises((FetchFailed, FetchRefused)) as caught:
        answer(handler, path, **options)
    assert isinstance(caught.value, FetchFailed | FetchRefused)
    return caught.value


async def plain(request: web.Request) -> web.Response:
    return web.Response(body=TEXT, headers={"ETag": '"a"', "Content-Type": "application/rss+xml; charset=utf-8"})


def packed(body: bytes, encoding: str) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": encoding})

    return handler


def test_an_answer_has_all_that_was_said() -> None:
    asked: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request)
        return await plain(request)

    found = answer(handler, "/feed?x=1", headers={"If-None-Match": '"a"'})
    assert (found.status, found.body, found.headers["etag"], found.content_type) == (200, TEXT, '"a"', "application/rss+xml")
    assert found.url.endswith("/feed?x=1")
    assert found.redirects == ()
    headers = asked[0].headers
    assert headers["User-Agent"] == "Test/1 (+mailto:desk@example.org)"
    assert headers["Accept-Encoding"] == "gzip, deflate, br, zstd"
    assert headers["If-None-Match"] == '"a"'


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "X-GZip"),
        (gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]), "gzip"),
        (gzip.compress(TEXT) + b"\0\0\0\0", "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (_raw_deflate(TEXT), "deflate"),
        (brotli.compress(TEXT), "br"),
        (zstd.compress(TEXT), "zstd"),
        (zstd.compress(TEXT[:100]) + zstd.compress(TEXT[100:]), "zstd"),
        (brotli.compress(gzip.compress(TEXT)), "gzip, br"),
        (TEXT, "identity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_packed_bodies_are_unpacked(body: bytes, encoding: str) -> None:
    assert answer(packed(body, encoding)).body == TEXT


def test_an_empty_body_is_empty_whatever_it_is_packed_with() -> None:
    assert answer(packed(b"", "gzip")).body == b""


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"not packed at all", "gzip"),
        (gzip.compress(TEXT)[:-20], "gzip"),
        (b"\xff\xff\xff\xff", "deflate"),
        (brotli.compress(TEXT)[:-5], "br"),
        (b"not packed at all", "br"),
        (zstd.compress(TEXT)[:-5], "zstd"),
        (TEXT, "rot13"),
        (TEXT, "gzip, gzip, gzip, gzip"),
    ],
)
def test_a_body_that_is_not_what_it_says(body: bytes, encoding: str) -> None:
    assert outcome(packed(body, encoding)).outcome == Outcome.BAD_ENCODING


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(bytes(50 * MB)), "gzip"),
        (gzip.compress(gzip.compress(bytes(500 * MB), 1), 1), "gzip, gzip"),
        (zlib.compress(bytes(50 * MB)), "deflate"),
        (brotli.compress(bytes(50 * MB), quality=1), "br"),
        (zstd.compress(bytes(50 * MB)), "zstd"),
        (bytes(MB + 1), "identity"),
    ],
    ids=["gzip", "gzip twice", "deflate", "br", "zstd", "plain"],
)
def test_bombs_are_refused(body: bytes, encoding: str) -> None:
    found = outcome(packed(body, encoding))
    assert isinstance(found, FetchRefused)
    assert found.outcome == Outcome.TOO_LARGE


def test_endless_members_end() -> None:
    body = gzip.compress(b"") * 20_000
    assert answer(packed(body, "gzip")).body == b""


def test_as_much_as_is_allowed_is_not_too_much() -> None:
    assert len(answer(packed(gzip.compress(bytes(MB)), "gzip")).body) == MB


def test_an_endless_stream_is_refused() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()

    assert spoken(endless).outcome == Outcome.TOO_LARGE


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n<rss", b"HTTP/1.1 200 OK\r\nX-A: a"], ids=["body", "headers"])
def test_a_slow_drip_ends_in_time(head: bytes) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    found = spoken(drip, timeout_s=0.3)
    assert isinstance(found, FetchFailed)
    assert found.outcome == Outcome.TIMEOUT


def spoken(raw: Callable[[asyncio.StreamWriter], Awaitable[None]], **options: Any) -> FetchFailed | FetchRefused:
    async def run() -> None:
        async with speaking(raw) as port:
            await fetch(f"http://a.localhost:{port}/", **options)

    with pytest.raises((FetchFailed, FetchRefused)) as caught:
        asyncio.run(run())
    assert isinstance(caught.value, FetchFailed | FetchRefused)
    return caught.value


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", Outcome.CONNECT),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", Outcome.CONNECT),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", Outcome.HTTP_ERROR),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", Outcome.HTTP_ERROR),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", Outcome.HTTP_ERROR),
    ],
    ids=["nothing", "cut short", "bad chunk", "not HTTP", "huge header"],
)
def test_broken_servers(said: bytes, expected: Outcome) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()

    found = spoken(say)
    assert isinstance(found, FetchFailed)
    assert found.outcome == expected


@pytest.mark.parametrize(
    ("status", "expected", "final"),
    [
        (304, None, False),
        (400, Outcome.HTTP_ERROR, False),
        (401, Outcome.HTTP_ERROR, True),
        (403, Outcome.HTTP_ERROR, False),
        (404, Outcome.HTTP_ERROR, True),
        (410, Outcome.GONE, True),
        (429, Outcome.RATE_LIMITED, False),
        (451, Outcome.HTTP_ERROR, True),
        (500, Outcome.HTTP_ERROR, False),
        (503, Outcome.UNAVAILABLE, False),
    ],
)
def test_statuses(status: int, expected: Outcome | None, final: bool) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"ETag": '"b"'})

    if expected is None:
        found = answer(handler)
        assert (found.status, found.body, found.headers["etag"]) == (304, b"", '"b"')
        return
    refused = outcome(handler)
    assert (refused.outcome, refused.status, isinstance(refused, FetchRefused)) == (expected, status, final)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("120", 120, 120),
        ("999999999", 86_400, 86_400),
        (format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 3000, 3600),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 0, 0),
        ("soon", None, None),
        ("-5", None, None),
        ("nan", None, None),
        ("", None, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_how_long_to_wait(status: int, value: str, least: float | None, most: float | None) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": value})

    found = outcome(handler)
    assert isinstance(found, FetchFailed)
    if least is None or most is None:
        assert found.retry_after_s is None
    else:
        assert found.retry_after_s is not None
        assert least <= found.retry_after_s <= most


def redirecting(moves: dict[str, tuple[int, str]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        if request.path in moves:
            status, location = moves[request.path]
            return web.Response(status=status, headers={"Location": location})
        return await plain(request)

    return handler


def test_redirects_are_followed_and_told() -> None:
    found = answer(redirecting({"/a": (301, "/b?x=ü"), "/b": (307, "c#part")}), "/a")
    assert found.body == TEXT
    assert found.url.endswith("/c")
    assert [status for status, _ in found.redirects] == [301, 307]
    assert found.redirects[0][1].endswith("/b?x=%C3%BC")


def test_redirect_loops_end() -> None:
    found = outcome(redirecting({"/a": (302, "/b"), "/b": (302, "/a")}), "/a")
    assert found.outcome == Outcome.REDIRECTS
    endless = {f"/{number}": (302, f"/{number + 1}") for number in range(50)}
    assert outcome(redirecting(endless), "/0").outcome == Outcome.REDIRECTS
    assert answer(redirecting({f"/{number}": (302, f"/{number + 1}") for number in range(10)}), "/0").status == 200


def test_a_redirect_that_leads_nowhere() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302)

    assert outcome(handler).outcome == Outcome.REDIRECTS


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/a", "gopher://127.0.0.1/", "javascript:alert(1)"])
def test_redirects_to_other_schemes_are_refused(target: str) -> None:
    found = outcome(redirecting({"/": (302, target)}))
    assert isinstance(found, FetchRefused)
    assert found.outcome == Outcome.REFUSED_SCHEME


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "b.localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "100.64.0.1",
        "192.168.1.1",
        "172.31.0.1",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "[ff02::1]",
        "255.255.255.255",
        "2130706433",
        "127.1",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "[::1%25lo]",
    ],
)
def test_redirects_to_private_addresses_are_refused(host: str) -> None:
    async def run() -> list[str]:
        reached: list[str] = []

        async def handler(request: web.Request) -> web.Response:
            if request.path == "/inside":
                reached.append(request.host)
                return web.Response(text="secret")
            return web.Response(status=302, headers={"Location": f"http://{host}:{request.url.port}/inside"})

        async with serving(handler) as port:
            with pytest.raises(FetchRefused) as caught:
                await fetch(f"http://a.localhost:{port}/", allow=(f"a.localhost:{port}",))
        assert caught.value.outcome == Outcome.REFUSED_ADDRESS
        return reached

    assert asyncio.run(run()) == []


def test_only_the_public_addresses_of_a_name_are_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    # A name server may say anything, and something else each time: what is connected to is what was judged.
    told = ["10.0.0.1", "::ffff:192.168.0.1", "93.184.215.14", "127.0.0.1", "fd00::1"]

    def look_up(*_: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, 1, 6, "", (each, 80)) for each in told]

    async def resolve() -> list[str]:
        resolver = GuardedResolver(Policy(()))
        try:
            return [each["host"] for each in await resolver.resolve("rebound.example", 80)]
        finally:
            await resolver.close()

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert asyncio.run(resolve()) == ["93.184.215.14"]
    told.remove("93.184.215.14")
    with pytest.raises(AddressRefusedError):
        asyncio.run(resolve())


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "http://a.localhost:9/"])
def test_private_addresses_are_refused_from_the_start(url: str) -> None:
    with pytest.raises(FetchRefused) as caught:
        asyncio.run(fetch(url, allow=("b.localhost", "a.localhost:10")))
    assert caught.value.outcome == Outcome.REFUSED_ADDRESS


@pytest.mark.parametrize("url", ["file:///etc/passwd", "//example.org/", "http:///a", "example.org", "http://exa mple.org:x/", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(FetchRefused) as caught:
        asyncio.run(fetch(url))
    assert caught.value.outcome == Outcome.REFUSED_SCHEME


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("100.63.255.255", True),
        ("100.127.255.255", False),
        ("169.254.0.1", False),
        ("198.19.0.1", False),
        ("239.1.1.1", False),
        ("250.0.0.1", False),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b:1::8.8.8.8", False),
        ("2002:0808:0808::", True),
        ("2002:c0a8:0101::", False),
        ("2001:db8::1", False),
        ("2001::1", False),
        ("fec0::1", False),
        ("::8.8.8.8", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    ("pattern", "host", "port", "allowed"),
    [
        ("feeds.lan", "feeds.lan", 8080, True),
        ("feeds.lan:80", "FEEDS.lan.", 80, True),
        ("feeds.lan:80", "feeds.lan", 8080, False),
        ("*.lan:80", "a.b.lan", 80, True),
        ("*.lan:80", "lan", 80, False),
        ("*.lan", "evil-lan", 80, False),
        ("127.0.0.1:80", "127.0.0.1", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("::1", "::1", 81, True),
    ],
)
def test_allowed_hosts(pattern: str, host: str, port: int, allowed: bool) -> None:
    assert Policy([pattern]).allows(host, port) is allowed


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(FetchFailed) as caught:
        asyncio.run(fetch("http://no-such-host.invalid/"))
    assert caught.value.outcome == Outcome.DNS


def test_a_port_where_nobody_listens() -> None:
    async def run() -> None:
        async with speaking(lambda writer: asyncio.sleep(0)) as port:
            pass
        await fetch(f"http://a.localhost:{port}/")

    with pytest.raises(FetchFailed) as caught:
        asyncio.run(run())
    assert caught.value.outcome == Outcome.CONNECT


def test_a_bad_certificate(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(plain, self_signed(tmp_path)) as port:
            await fetch(f"https://a.localhost:{port}/")

    with pytest.raises(FetchFailed) as caught:
        asyncio.run(run())
    assert caught.value.outcome == Outcome.TLS
    assert "self" in caught.value.detail


def test_https_without_tls() -> None:
    async def run() -> None:
        async with serving(plain) as port:
            await fetch(f"https://a.localhost:{port}/")

    with pytest.raises(FetchFailed) as caught:
        asyncio.run(run())
    assert caught.value.outcome == Outcome.TLS


def self_signed(folder: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_secrets_stay_with_their_origin() -> None:
    async def run() -> list[dict[str, str]]:
        asked: list[dict[str, str]] = []

        async def handler(request: web.Request) -> web.Response:
            asked.append(dict(request.headers))
            if request.path == "/start":
                return web.Response(
                    status=302, headers={"Location": f"http://b.localhost:{request.url.port}/end", "Set-Cookie": "session=1; Path=/"}
                )
            return await plain(request)

        headers = {"Authorization": "Bearer secret", "X-Key": "secret", "If-None-Match": '"a"'}
        async with serving(handler) as port, HttpClient(user_agent="Test", allow_hosts=[f"*.localhost:{port}"]) as client:
            await client.get(f"http://a.localhost:{port}/start", headers=headers, timeout_s=5, max_bytes=MB)
            await client.get(f"http://a.localhost:{port}/other", timeout_s=5, max_bytes=MB)
        return asked

    first, second, third = asyncio.run(run())
    assert first["Authorization"] == "Bearer secret"
    assert first["X-Key"] == "secret"
    assert {"Authorization", "X-Key", "Cookie"}.isdisjoint(second)
    assert second["If-None-Match"] == '"a"'
    assert "Cookie" not in third


def test_one_at_a_time_at_each_host_and_nobody_waits_for_another() -> None:
    async def run() -> tuple[int, int, float]:
        busy = {"slow.localhost": 0, "quick.localhost": 0}
        most = dict(busy)
        begun: list[float] = []

        async def handler(request: web.Request) -> web.Response:
            host = request.url.host or ""
            busy[host] += 1
            most[host] = max(most[host], busy[host])
            if host == "slow.localhost":
                begun.append(monotonic())
                await released.wait()
            busy[host] -= 1
            return await plain(request)

        released = asyncio.Event()
        async with serving(handler) as port, HttpClient(user_agent="Test", allow_hosts=["*.localhost"], connections=2) as client:

            async def get(host: str, delay_s: float) -> Answer:
                return await client.get(f"http://{host}:{port}/", timeout_s=20, max_bytes=MB, host_delay_s=delay_s)

            slow = [asyncio.create_task(get("slow.localhost", 0.1)) for _ in range(3)]
            # The quick host's requests end while the slow one's first is still under way.
            await asyncio.gather(*(get("quick.localhost", 0.0) for _ in range(5)))
            assert not any(task.done() for task in slow)
            released.set()
            await asyncio.gather(*slow)
        return most["slow.localhost"], most["quick.localhost"], min(b - a for a, b in pairwise(begun))

    slow, quick, pause_s = asyncio.run(run())
    assert (slow, quick) == (1, 1)
    assert pause_s >= 0.1


def test_waiting_for_a_turn_costs_no_time_of_the_request() -> None:
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return await plain(request)

    async def run() -> list[Answer]:
        async with serving(handler) as port, HttpClient(user_agent="Test", allow_hosts=["*.localhost"]) as client:
            urls = [f"http://a.localhost:{port}/{number}" for number in range(6)]
            return await asyncio.gather(*(client.get(url, timeout_s=2, max_bytes=MB, host_delay_s=0.5) for url in urls))

    assert all(found.elapsed_ms < 2000 for found in asyncio.run(run()))


def test_connections_are_used_again() -> None:
    async def run() -> int:
        peers: set[Any] = set()

        async def handler(request: web.Request) -> web.Response:
            assert request.transport is not None
            peers.add(request.transport.get_extra_info("peername"))
            return await plain(request)

        async with serving(handler) as port, HttpClient(user_agent="Test", allow_hosts=["*.localhost"]) as client:
            for number in range(5):
                await client.get(f"http://a.localhost:{port}/{number}", timeout_s=5, max_bytes=MB)
        return len(peers)

    assert asyncio.run(run()) == 1


def test_a_cancelled_request_gives_its_turn_back() -> None:
    async def run() -> Answer:
        hang = asyncio.Event()

        async def handler(request: web.Request) -> web.Response:
            if request.path == "/hang":
                await hang.wait()
            return await plain(request)

        async with serving(handler) as port, HttpClient(user_agent="Test", allow_hosts=["*.localhost"]) as client:
            task = asyncio.create_task(client.get(f"http://a.localhost:{port}/hang", timeout_s=60, max_bytes=MB))
            await asyncio.sleep(0.05)
            task.cancel()
            found = await client.get(f"http://a.localhost:{port}/", timeout_s=5, max_bytes=MB)
            hang.set()
            return found

    assert asyncio.run(run()).body == TEXT
