"""GET requests with every bound that hostile or broken servers make necessary."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from yarl import URL

from wirewatch.errors import FetchFailed, FetchRefused
from wirewatch.http import Answer, Outcome
from wirewatch.http_client.addresses import AddressRefusedError, GuardedResolver, Policy
from wirewatch.http_client.turns import Turns
from wirewatch.http_client.unpack import ACCEPT_ENCODING, BadEncodingError, TooLargeError, UnknownEncodingError, Unpacker

MAX_REDIRECTS = 10
MAX_RETRY_AFTER_S = 86_400.0
_CONNECT_S = 15.0
"""A host that has not taken the connection by then is down."""
_KEEP_ALIVE_S = 15.0
_KEPT_CONNECTIONS = 400
"""With more hosts than this in `_KEEP_ALIVE_S`, connections close after use, so that open files stay bounded."""
_DNS_S = 300
_HEADER_BYTES = 65_536
"""Of one header: content security policies and cookies of large sites exceed the usual 8 KB."""

_MOVED = frozenset((301, 302, 303, 307, 308))
_FINAL = frozenset((401, 402, 404, 405, 406, 414, 451))
"""A definite no. 403 is not among them: walls against robots come and go."""
_SAFE_ELSEWHERE = frozenset(("accept", "accept-language", "if-none-match", "if-modified-since", "cache-control"))
"""Request headers that follow a redirect to another origin; the others may be secrets of the first."""


class _Hop(NamedTuple):
    """What one request brought."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpClient:
    """A polite client for a whole task; implements `http.Http`.

    `allow_hosts`: hosts (`name`, `name:port`, `*.name:port`) that may be at private or loopback addresses. `connections`: requests under
    way at once, those that wait for their turn at a host not counted.
    """

    def __init__(
        self, *, user_agent: str, allow_hosts: Sequence[str] = (), connections: int = 512, tls: ssl.SSLContext | None = None
    ) -> None:
        self._user_agent = user_agent
        self._policy = Policy(allow_hosts)
        self._turns = Turns(_KEEP_ALIVE_S)
        self._open = asyncio.Semaphore(connections)
        self._tls: ssl.SSLContext | bool = tls or True
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=0,
            resolver=GuardedResolver(self._policy),
            ttl_dns_cache=_DNS_S,
            dns_cache_max_size=20_000,
            keepalive_timeout=_KEEP_ALIVE_S,
            ssl=self._tls,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": ACCEPT_ENCODING},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float, max_bytes: int, host_delay_s: float = 0.0
    ) -> Answer:
        """Fetch `url`; raises `FetchFailed` (worth another try) or `FetchRefused` (final), each with its `Outcome`.

        `timeout_s` is for the requests of all redirects together; waiting for a turn at a host is not counted.
        """
        target = _address(url, url)
        sent = dict(headers or {})
        hops: list[tuple[int, str]] = []
        seen = {str(target)}
        spent_s = 0.0
        while True:
            place = (target.host or "", target.port or 0)
            if not self._policy.accepts_literal(*place):
                raise FetchRefused(url, Outcome.REFUSED_ADDRESS, f"{place[0]} is not a public address")
            async with self._turns.turn(place, host_delay_s), self._open:
                began = monotonic()
                hop = await self._request(url, target, sent, timeout_s - spent_s, max_bytes)
                spent_s += monotonic() - began
            if hop.status not in _MOVED:
                break
            following = _following(url, target, hop)
            hops.append((hop.status, str(following)))
            if str(following) in seen:
                raise FetchRefused(url, Outcome.REDIRECTS, f"a loop at {following}", status=hop.status)
            if len(hops) > MAX_REDIRECTS:
                raise FetchRefused(url, Outcome.REDIRECTS, f"more than {MAX_REDIRECTS}", status=hop.status)
            seen.add(str(following))
            if following.origin() != target.origin():
                sent = {name: value for name, value in sent.items() if name.lower() in _SAFE_ELSEWHERE}
            target = following
        _judge(url, hop)
        return Answer(
            url=str(target), status=hop.status, headers=hop.headers, body=hop.body, elapsed_ms=round(spent_s * 1000), redirects=tuple(hops)
        )

    async def _request(self, url: str, target: URL, headers: Mapping[str, str], left_s: float, max_bytes: int) -> _Hop:
        """One request without its redirects; the body only of what is an answer."""
        if self._session is None:
            raise RuntimeError("HttpClient is used outside of its `async with` block")
        if len(self._turns) > _KEPT_CONNECTIONS:
            headers = {**headers, "Connection": "close"}
        try:
            async with (
                asyncio.timeout(max(left_s, 0.0)),
                self._session.get(target, headers=headers, allow_redirects=False) as response,
            ):
                told = {name.lower(): value for name, value in response.headers.items()}
                body = await _body(response, max_bytes) if 200 <= response.status < 300 else b""
                return _Hop(response.status, told, body)
        except (TimeoutError, TooLargeError, BadEncodingError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(url, target, error, max_bytes) from error


async def _body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or 0) > max_bytes:
        raise TooLargeError
    unpacker = Unpacker(response.headers.get("Content-Encoding", ""), max_bytes)
    async for piece in response.content.iter_any():
        unpacker.feed(piece)
    return unpacker.finish()


def _address(url: str, text: str, base: URL | None = None) -> URL:
    """The http(s) address that `text` is, seen from `base`; raises `FetchRefused` for `url` where it is none."""
    try:
        found = URL(text.strip())
        if base is not None:
            found = base.join(found)
        fit = found.scheme in ("http", "https") and bool(found.host) and bool(found.port)
    except (ValueError, TypeError) as error:
        raise FetchRefused(url, Outcome.REFUSED_SCHEME, f"no address: {text[:200]!r}") from error
    if not fit:
        raise FetchRefused(url, Outcome.REFUSED_SCHEME, f"not http(s): {text[:200]!r}")
    return found.with_fragment(None)


def _following(url: str, target: URL, hop: _Hop) -> URL:
    location = hop.headers.get("location", "").strip()
    if not location:
        raise FetchFailed(url, Outcome.REDIRECTS, "a redirect that leads nowhere", status=hop.status)
    # Some servers send the address unescaped; aiohttp keeps what is not UTF-8 as surrogates.
    return _address(url, location.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), target)


def _judge(url: str, hop: _Hop) -> None:
    """Raise for a status that is no answer."""
    status = hop.status
    if 200 <= status < 300 or status == 304:
        return
    if status == 410:
        raise FetchRefused(url, Outcome.GONE, "the server says it is gone for good", status=status)
    if status in _FINAL:
        raise FetchRefused(url, Outcome.HTTP_ERROR, f"status {status}", status=status)
    wait = _retry_after_s(hop.headers.get("retry-after", ""))
    outcome = {429: Outcome.RATE_LIMITED, 503: Outcome.UNAVAILABLE}.get(status, Outcome.HTTP_ERROR)
    raise FetchFailed(url, outcome, f"status {status}", status=status, retry_after_s=wait)


def _retry_after_s(value: str) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3): a number of them, or a date; a day at most."""
    value = value.strip()
    if value.isdecimal():
        return min(float(value[:12]), MAX_RETRY_AFTER_S)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _failure(url: str, target: URL, error: BaseException, max_bytes: int) -> FetchFailed | FetchRefused:
    """The error of our own for whatever went wrong with one request."""
    at = "" if str(target) == url else f" (at {target})"
    match error:
        case TooLargeError():
            return FetchRefused(url, Outcome.TOO_LARGE, f"more than {max_bytes} bytes{at}")
        case UnknownEncodingError():
            return FetchRefused(url, Outcome.BAD_ENCODING, f"unknown Content-Encoding {error}{at}")
        case BadEncodingError():
            return FetchFailed(url, Outcome.BAD_ENCODING, f"{error}{at}")
        case TimeoutError():
            return FetchFailed(url, Outcome.TIMEOUT, at.strip(" ()"))
        case aiohttp.ClientConnectorDNSError(os_error=AddressRefusedError() as refused):
            return FetchRefused(url, Outcome.REFUSED_ADDRESS, f"{refused}{at}")
        case aiohttp.ClientConnectorDNSError() | UnicodeError():
            return FetchFailed(url, Outcome.DNS, f"{_said(error)}{at}")
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError() | ssl.SSLError():
            return FetchFailed(url, Outcome.TLS, f"{_said(error)}{at}")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError() | ValueError():
            return FetchRefused(url, Outcome.REFUSED_ADDRESS, f"no address to connect to: {_said(error)}{at}")
        case aiohttp.ClientResponseError():
            return FetchFailed(url, Outcome.HTTP_ERROR, f"not HTTP: {error.message}{at}")
        case _:
            return FetchFailed(url, Outcome.CONNECT, f"{_said(error)}{at}")


def _said(error: BaseException) -> str:
    """An error in one line; the system's own words where there are some."""
    inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    text = str(getattr(inner, "strerror", None) or inner) or type(inner).__name__
    return " ".join(text.split())[:300]
